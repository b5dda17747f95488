#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds netdiag in each of its ways and runs all of its tests. Nothing outside a temporary
# directory is written, but for the packages that are installed.
set -u

# How long each fuzz target runs (stage fuzz; stage fuzzlong).
fuzz_seconds=${FUZZ_SECONDS:-1}
fuzz_long_seconds=${FUZZ_LONG_SECONDS:-15}
# How many times as long as in --all the scenarios of --soak last.
soak_factor=${SOAK_FACTOR:-20}

# Two lanes run side by side: the tests with real daemons wait more than they compute, and what is
# compiled meanwhile gives way to them.
stages=(
    "style:1:clang-format, shellcheck, blanks"
    "asan:1:ASan+UBSan, gcc -Werror: unit tests, fuzz corpora"
    "integration:1:ASan+UBSan, gcc: a real snmpd, real faults"
    "tsan:1:TSan, gcc -Werror: unit tests with threads"
    "threads:1:TSan, gcc: a real snmpd"
    "clang:2:ASan+UBSan, clang -Werror: unit tests"
    "fuzz:2:libFuzzer, clang: each target for $fuzz_seconds s"
    "distcheck:2:make distcheck, gcc -O2 -Werror: unit tests, installing"
)
# What --all adds: what takes longer.
more_stages=(
    "bench:1:gcc -O2: benchmarks, the quick way; a million packets of which none is lost"
    "steady:1:ASan+UBSan: alarms that must stay as they are, ordinary work that must raise none"
    "nms:1:gcc -O2: real NMS platforms, from their packages"
    "valgrind:2:valgrind: unit tests, gcc -O2"
    "fuzzlong:2:libFuzzer, clang: each target for $fuzz_long_seconds s"
    "package:2:the packages, on fresh Debians under a real systemd"
)
# What --soak runs instead: what needs wall time, one after the other.
soak_stages=(
    "benchlong:1:benchmarks, in full"
    "soak:1:what --all has as steady, $soak_factor times as long"
)

# Which of the integration tests are run under TSan too: parts of their names. Those that have to
# do with threads: the engine, the session, reloading.
tsan_integration=(
    test_agentx.Oids.test_interfaces_come_and_go
    test_agentx.Reload
    test_agentx.Restarts.test_clean_restart
    test_agentx.Stalled
    test_netns.Netns.test_come_and_go
)

# No stage takes as long, unless it hangs.
stage_limit=1500

usage() {
    cat <<'EOF'
usage: contrib/test.sh [--all | --soak] [--only STAGE]... [--list] [--keep] [--help]

Installs what is missing (Debian, as root), builds in a temporary directory and runs the tests.
The last line is 'N passed, N failed, N skipped'; the exit status is 1 when anything failed.

  --all          also what takes longer: 30 minutes at most on two cores, instead of 8
  --soak         instead: what needs wall time, to be run before a release
  --only STAGE   only this one of any of them (again for more), with the builds that it needs
  --list         the stages
  --keep         leaves the temporary directory

In the environment:
  FUZZ_SECONDS, FUZZ_LONG_SECONDS   how long each fuzz target runs in the stages fuzz and fuzzlong
                                    (default 1 and 15)
  SOAK_FACTOR                       how many times as long as in --all a scenario of --soak lasts
                                    (default 20)
EOF
}

# list TITLE STAGE...
list() {
    local stage
    printf '%s\n' "$1"
    for stage in "${@:2}"; do printf '  %-12s %s\n' "${stage%%:*}" "${stage#*:?:}"; done
}

list_all() {
    list "always:" "${stages[@]}"
    list "with --all:" "${more_stages[@]}"
    list "with --soak:" "${soak_stages[@]}"
}

# select_stages NAME...: leaves only these of the stages, in their order.
select_stages() {
    local name stage selected=()
    for name in "$@"; do
        list_all | grep -q "^  $name " || {
            printf 'there is no stage "%s". There are:\n%s\n' "$name" "$(list_all)" >&2
            exit 64
        }
    done
    for stage in "${stages[@]}" "${more_stages[@]}" "${soak_stages[@]}"; do
        for name in "$@"; do
            [ "${stage%%:*}" != "$name" ] || selected+=("$stage")
        done
    done
    stages=("${selected[@]}")
}

only=()
keep=
which=
while [ $# -gt 0 ]; do
    case $1 in
    --only)
        [ $# -ge 2 ] || { usage >&2; exit 64; }
        only+=("$2")
        shift
        ;;
    --only=*) only+=("${1#*=}") ;;
    --all | --soak)
        [ -z "$which" ] || { usage >&2; exit 64; }
        which=${1#--}
        ;;
    --list) list_all; exit 0 ;;
    --keep) keep=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
    esac
    shift
done
for setting in "FUZZ_SECONDS=$fuzz_seconds" "FUZZ_LONG_SECONDS=$fuzz_long_seconds" \
    "SOAK_FACTOR=$soak_factor"; do
    [[ $setting =~ =[1-9][0-9]*$ ]] || {
        echo "$setting: must be a positive number" >&2
        exit 64
    }
done
if [ ${#only[@]} -gt 0 ]; then
    select_stages "${only[@]}"
elif [ "$which" = all ]; then
    stages+=("${more_stages[@]}")
elif [ "$which" = soak ]; then
    stages=("${soak_stages[@]}")
    # Each scenario has a limit of its own.
    stage_limit=$((stage_limit * (soak_factor + 1)))
fi

clone=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
# shellcheck source=contrib/packages.sh
. "$clone/contrib/packages.sh"
exec </dev/null
umask 022
export LC_ALL=C
# What the caller has set for another build.
unset MAKEFLAGS MFLAGS MAKELEVEL CC CPP CFLAGS CPPFLAGS LDFLAGS LIBS CONFIG_SITE DESTDIR srcdir \
    ASAN_OPTIONS UBSAN_OPTIONS TSAN_OPTIONS CK_FORK CK_RUN_CASE CK_RUN_SUITE MIBS MIBDIRS
jobs=$(nproc)
began=$SECONDS
work=
declare -A child=() current=() since=()
failures=()

say() { printf '%s\n' "$*"; }
elapsed() { echo $((SECONDS - began)); }

# Ends a stage that runs, with all that it started: they are a process group of their own.
end_group() {
    kill -TERM -- "-$1" 2>/dev/null
    local i
    for ((i = 0; i < 25; i++)); do
        kill -0 -- "-$1" 2>/dev/null || break
        sleep 0.2
    done
    kill -KILL -- "-$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

cleanup() {
    trap - EXIT INT TERM HUP
    local lane
    for lane in "${!child[@]}"; do end_group "${child[$lane]}"; done
    [ -n "$work" ] || return
    if [ -n "$keep" ]; then
        say "left: $work" >&2
        return
    fi
    # make distcheck leaves directories that cannot be written.
    chmod -R u+w "$work"
    if [ ${#failures[@]} = 0 ]; then
        rm -rf "$work"
    else
        find "$work" -mindepth 1 -maxdepth 1 ! -name logs -exec rm -rf {} +
    fi
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# A new directory in which programs can be run (not every /tmp allows it).
new_directory() {
    local parent dir
    for parent in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
        dir=$(mktemp -d "$parent/netdiag-test.XXXXXX" 2>/dev/null) || continue
        printf '#!/bin/sh\nexit 0\n' >"$dir/try" && chmod 0755 "$dir" "$dir/try"
        if "$dir/try" 2>/dev/null; then
            rm -f "$dir/try"
            echo "$dir"
            return 0
        fi
        rm -rf "$dir"
    done
    return 1
}

# --- what the stages are made of; this runs in the stage's own process ---------------------------

# count PASSED FAILED SKIPPED: adds to the stage's numbers.
count() { echo "$1 $2 $3" >>"$work/counts/$stage_name"; }

# build NAME CFLAGS CONFIGURE_ARGUMENT...: builds in $work/NAME, unless a stage did before. Where the
# other lane is doing so, waits for it.
build() {
    local dir=$work/$1 cflags=$2
    shift 2
    mkdir -p "$dir" && cd "$dir" || return 1
    (
        flock 9
        [ ! -e built ] || exit 0
        "$source_dir/configure" CFLAGS="$cflags" "$@" &&
            make -j"$jobs" CFLAGS="$cflags -Werror" && touch built
    ) 9>"$dir.lock"
}

# count_check FILE: the numbers in the output of automake's `make check`.
count_check() {
    local p f s
    read -r p f s < <(awk '
        /^# (PASS|XFAIL): / { passed += $3 }
        /^# (FAIL|XPASS|ERROR): / { failed += $3 }
        /^# SKIP: / { skipped += $3 }
        END { print passed + 0, failed + 0, skipped + 0 }' "$1")
    count "$p" "$f" "$s"
}

# What tests are run by.
prefix=()

# unit NAME CFLAGS MAKE_ARGUMENT...: `make check` in $work/NAME, its numbers counted.
unit() {
    local dir=$work/$1 cflags=$2 out=$work/counts/$stage_name.out status
    shift 2
    "${prefix[@]}" make -C "$dir" -k -j"$jobs" check CFLAGS="$cflags -Werror" "$@" 2>&1 |
        tee "$out"
    status=${PIPESTATUS[0]}
    count_check "$out"
    [ "$status" = 0 ] || cat "$dir/test-suite.log"
    return "$status"
}

# counted COMMAND...: runs what ends with a line 'N passed, N failed, N skipped'.
counted() {
    local out=$work/counts/$stage_name.out status
    "$@" 2>&1 | tee "$out"
    status=${PIPESTATUS[0]}
    if [[ $(tail -n 1 "$out") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        count "${BASH_REMATCH[@]:1:3}"
        return "$status"
    fi
    say "it does not end with a line 'N passed, N failed, N skipped'"
    return 1
}

integration() { counted "${prefix[@]}" python3 "$source_dir/tests/integration/run.py" "$@"; }

sanitized="-O1 -g"
optimised="-O2 -g"
build_asan() { build asan "$sanitized" --enable-sanitizers CC=gcc; }
build_tsan() { build tsan "$sanitized" --enable-sanitizers=thread CC=gcc; }
build_clang() { build clang "$sanitized" --enable-fuzzers CC=clang; }
build_optimised() { build optimised "$optimised" CC=gcc; }

stage_style() { counted bash "$source_dir/tests/style.sh" "$source_dir"; }

# No module may need another one that needs it: see tests/circles.py.
circles() {
    if python3 "$source_dir/tests/circles.py" "$1"; then count 1 0 0; else count 0 1 0; return 1; fi
}

stage_asan() { build_asan && circles "$work/asan" && unit asan "$sanitized"; }

# Scenarios that need wall time read NETDIAG_SOAK: how many times as long as usual they last.
steady_integration=(test_steady.Undisturbed test_ordinary.Ordinary)

stage_integration() { build_asan && integration "$work/asan" "${steady_integration[@]/#/--without=}"; }
stage_steady() { build_asan && integration "$work/asan" "${steady_integration[@]}"; }
# Real NMS platforms, from their packages; the quick tests of the files for them are in the plain run.
stage_nms() {
    local cache=$work/nms-cache status
    build_optimised || return 1
    NETDIAG_NMS_CACHE=$cache NETDIAG_TESTS=$source_dir/tests/nms integration -j 3 "$work/optimised"
    status=$?
    rm -rf "$cache"
    return "$status"
}
stage_soak() {
    build_asan && NETDIAG_SOAK=$soak_factor integration "$work/asan" "${steady_integration[@]}"
}

# gcc 12's TSan cannot live with the random addresses of newer kernels.
steady_addresses() { ! setarch -R true 2>/dev/null || prefix=(setarch -R); }

stage_tsan() {
    build_tsan || return 1
    steady_addresses
    unit tsan "$sanitized" TESTS="$(make -s -C "$work/tsan" print-threaded-tests)"
}

stage_threads() {
    build_tsan || return 1
    steady_addresses
    # A collector that the kernel does not let go is left behind at the end: no leak.
    TSAN_OPTIONS=report_thread_leaks=0 integration "$work/tsan" "${tsan_integration[@]}"
}

stage_clang() { build_clang && unit clang "$sanitized"; }

# fuzz_one PROGRAM SECONDS: an input that breaks it is left in the logs.
fuzz_one() {
    local program=$1 seconds=$2 target=${1##*/} out found
    out=$work/counts/$target.out found=$work/clang/found-$target
    mkdir -p "$found"
    if "$work/clang/$program" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="$work/logs/$target-" "$found" \
        "$source_dir/tests/fuzz/corpus/${target#fuzz_}" >"$out" 2>&1; then
        count 1 0 0
        say "ok: $target, $(awk '/number_of_executed_units/ { print $2 }' "$out") inputs"
        return 0
    fi
    count 0 1 0
    tail -n 60 "$out"
    say "FAILED: $target"
    return 1
}

# fuzz SECONDS: every target.
fuzz() {
    local target targets running=0 status=0
    build_clang || return 1
    targets=$(make -s -C "$work/clang" print-fuzz-targets)
    [ -n "$targets" ] || return 1
    for target in $targets; do
        if [ "$running" = "$jobs" ]; then
            wait -n || status=1
            running=$((running - 1))
        fi
        fuzz_one "$target" "$1" &
        running=$((running + 1))
    done
    for (( ; running > 0; running--)); do wait -n || status=1; done
    return "$status"
}

stage_fuzz() { fuzz "$fuzz_seconds"; }
stage_fuzzlong() { fuzz "$fuzz_long_seconds"; }

# bench ARGUMENT...
bench() {
    build_optimised && make -C "$work/optimised" -j"$jobs" CFLAGS="$optimised -Werror" bench &&
        bash "$source_dir/tests/bench/run.sh" "$work/optimised" "$@" && count 1 0 0
}
# Under a sanitizer that test sends a tenth of them.
stage_bench() { bench --quick && integration "$work/optimised" test_a_million_segments; }
stage_benchlong() { bench; }

# What is set for make reaches the build within.
stage_distcheck() {
    local out=$work/counts/$stage_name.out status
    mkdir -p "$work/dist" && cd "$work/dist" && "$source_dir/configure" CC=gcc || return 1
    VERBOSE=1 make -j"$jobs" distcheck CFLAGS="$optimised -Werror" 2>&1 | tee "$out"
    status=${PIPESTATUS[0]}
    count_check "$out"
    return "$status"
}

# The packages are made of what a release is.
stage_package() {
    mkdir -p "$work/package" && cd "$work/package" && "$source_dir/configure" CC=gcc &&
        make -j"$jobs" dist CFLAGS="$optimised -Werror" || return 1
    TMPDIR=$work counted python3 "$source_dir/tests/package/run.py" "$work"/package/netdiag-*.tar.xz
}

stage_valgrind() {
    local run="valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
    build_optimised || return 1
    CK_TIMEOUT_MULTIPLIER=10 unit optimised "$optimised" LOG_COMPILER="$run" \
        TESTS="$(make -s -C "$work/optimised" print-unit-tests)"
}

# --- running them --------------------------------------------------------------------------------

passed=0 failed=0 skipped=0

# Compilers, make, automake's tests, check, sanitizers, valgrind, unittest, our own scripts.
reasons='(error|warning): |\*\*\* |^FAIL|:[EF]:|: runtime error|Error: |ERROR: |WARNING: Threa|FAILED|\.\.\. FAIL|^==[0-9]+== [A-Z]'

# Starts the next stage of a lane, if there is one.
start_stage() {
    local lane=$1 n
    for ((n = 0; n < ${#stages[@]}; n++)); do
        [ -z "${begun[n]-}" ] || continue
        [[ ${stages[n]} == *:$lane:* ]] || continue
        begun[n]=1
        current[$lane]=$n
        since[$lane]=$SECONDS
        stage_name=${stages[n]%%:*}
        say "[$((n + 1))/${#stages[@]}] $stage_name: ${stages[n]#*:?:} ($(elapsed) s)"
        : >"$work/counts/$stage_name"
        set -m
        {
            [ "$lane" = 1 ] || [[ ${stages[*]} != *:1:* ]] || renice -n 19 "$BASHPID" >/dev/null
            "stage_$stage_name"
        } >"$work/logs/$stage_name.log" 2>&1 &
        child[$lane]=$!
        set +m
        return 0
    done
    return 1
}

# end_stage LANE STATUS: what came of the lane's stage.
end_stage() {
    local lane=$1 status=$2 n=${current[$1]} p f s name log
    name=${stages[n]%%:*}
    log=$work/logs/$name.log
    end_group "${child[$lane]}"
    unset "child[$lane]"
    read -r p f s < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' \
        "$work/counts/$name")
    grep '^passed only when it was run again' "$log" | sed "s/^/      $name: /" | tee -a "$work/again"
    # What ends badly has failed, whatever was counted until then.
    [ "$status" = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
    if [ "$f" = 0 ]; then
        say "      $name ok: $p passed, $s skipped ($((SECONDS - since[$lane])) s)"
        sed -nE 's/^(.*\.\.\. )?(SKIP: .*)/\2/p' "$log" | sort | uniq -c | sort -rn | head -n 10 | sed 's/^/      /'
        return
    fi
    failures+=("$name")
    say "      $name FAILED: $p passed, $f failed, $s skipped ($((SECONDS - since[$lane])) s)"
    say "      what looks like a reason in $log:"
    grep -nE "$reasons" "$log" | head -n 20 | sed 's/^/      | /'
    say "      and its end:"
    tail -n 30 "$log" | sed 's/^/      | /'
}

# Looks after what runs, saying now and then that it still does.
look_after() {
    local lane said=$SECONDS status text
    while [ ${#child[@]} -gt 0 ]; do
        sleep 0.3
        for lane in "${!child[@]}"; do
            status=
            if ! kill -0 "${child[$lane]}" 2>/dev/null; then
                wait "${child[$lane]}"
                status=$?
            elif [ $((SECONDS - since[$lane])) -ge "$stage_limit" ]; then
                say "      ${stages[current[$lane]]%%:*} hangs: ended after $stage_limit s"
                status=124
            fi
            [ -z "$status" ] || { end_stage "$lane" "$status"; start_stage "$lane"; }
        done
        [ $((SECONDS - said)) -ge 60 ] || continue
        said=$SECONDS text=
        for lane in "${!child[@]}"; do
            text+=" ${stages[current[$lane]]%%:*} for $((SECONDS - since[$lane])) s,"
        done
        say "      still at it:${text%,} ($(elapsed) s)"
    done
}

say "netdiag: ${#stages[@]} stages of tests, of the files in $clone"
say "packages"
packages_install build run demo test || {
    say "0 passed, 1 failed, 0 skipped"
    exit 1
}
work=$(new_directory) || {
    say "there is no directory in which programs can be run; set TMPDIR to one"
    say "0 passed, 1 failed, 0 skipped"
    exit 1
}
mkdir "$work/logs" "$work/counts"
source_dir=$work/source
say "building in $work; all that the stages print is in its logs/ ($(elapsed) s)"
if ! source_copy "$clone" "$source_dir" ||
    ! (cd "$source_dir" && autoreconf -fi) >"$work/logs/autoreconf.log" 2>&1; then
    tail -n 25 "$work/logs/autoreconf.log"
    failures=(autoreconf)
    say "0 passed, 1 failed, 0 skipped"
    exit 1
fi
begun=()
for lane in 1 2; do start_stage "$lane"; done
look_after
[ ${#failures[@]} = 0 ] || say "failed: ${failures[*]}; see $work/logs"
if [ -s "$work/again" ]; then
    say "these passed only when they were run again, alone:"
    sed -n 's/.*alone: /  /p' "$work/again"
fi
say "$(elapsed) s"
say "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
