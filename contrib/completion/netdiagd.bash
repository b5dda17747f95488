# SPDX-License-Identifier: BSD-2-Clause
# bash completion for netdiagd                                             -*- shell-script -*-

_netdiagd() {
    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=
    local joined=
    # Words end at "=" too: "--dump=te" is three of them.
    [ "$cur" != = ] || cur='' joined=1
    [ "$before" != = ] || before=${COMP_WORDS[COMP_CWORD - 2]} joined=1
    # A table stands behind a blank, a format behind "=".
    [ "$before" != --dump ] || [ -n "$joined" ] || before=
    [[ $cur == -* || $before == --* || " ${COMP_WORDS[*]} " != *" --dump "* ]] || before=table
    COMPREPLY=()
    case $before in
    --dump) words="text json schema" ;;
    table) words=$("${COMP_WORDS[0]}" --dump=schema 2>/dev/null | grep -o '\<netdiag[A-Za-z]*Table\>' | sort -u) ;;
    --format) words="text json" ;;
    --as)
        mapfile -t COMPREPLY < <(compgen -u -- "$cur")
        return
        ;;
    --log) words="stderr syslog" ;;
    --log-level) words="error warning notice info debug" ;;
    --agentx | --config | --state-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
        return
        ;;
    --proc-root | --sys-root)
        mapfile -t COMPREPLY < <(compgen -d -- "$cur")
        return
        ;;
    *)
        words="--agentx --alarms --as --check --check-config --community --config --dump --format
            --help --log --log-level --perfdata --proc-root --report --state-file --sys-root
            --test-notification --version"
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o filenames -F _netdiagd netdiagd
