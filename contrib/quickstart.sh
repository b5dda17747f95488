#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds netdiagd and shows what it tells about this host, through a private snmpd on loopback.
# Nothing outside a temporary directory is written, but for the packages that are installed.
set -u

usage() {
    cat <<'EOF'
usage: contrib/quickstart.sh [--once] [--prometheus]

Installs what is missing (Debian, as root), builds netdiagd in a temporary directory, starts a
private snmpd, snmptrapd and netdiagd on loopback, walks the tables, then makes a real fault in a
network namespace of its own and shows the alarm, its notification, and its end.
Then it stays and shows this host's notifications until Ctrl-C.

  --once        ends after the show
  --prometheus  also runs snmp_exporter, Prometheus and Alertmanager with the files of contrib/nms, so
                that the fault is an alert with its advice. Their Debian packages are downloaded and
                taken apart in the temporary directory (400 MB), not installed.
  --help        this text
EOF
}

once=
prometheus=
for word in "$@"; do
    case $word in
    --once) once=1 ;;
    --prometheus) prometheus=1 ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
    esac
done

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
# shellcheck source=contrib/packages.sh
. "$source_dir/contrib/packages.sh"

community=quickstart
steps=6
[ -z "$prometheus" ] || steps=8
began=$SECONDS
pids=()
building=
namespace=
work=

step() { printf '\n[%d/%d] %s (%d s)\n' "$1" "$steps" "$2" $((SECONDS - began)); }
note() { printf '      %s\n' "$*"; }
title() { printf '\n--- %s\n' "$*"; }

die() {
    printf 'quickstart: %s\n' "$1" >&2
    [ -n "${2-}" ] && [ -s "$2" ] && tail -n 25 "$2" >&2
    exit 1
}

# Ends a process that this script started, and waits for it: by pid, never by name.
end() {
    kill "$1" 2>/dev/null || return 0
    wait "$1" 2>/dev/null
}

# build DIR COMMAND...: a part of the build, run in DIR. In the background, since a script handles a
# signal only when the command in its foreground has ended, and as a process group of its own, which
# can be ended with all that it started.
build() {
    local status
    set -m
    (cd "$1" && "${@:2}") >>"$work/build.log" 2>&1 </dev/null &
    building=$!
    set +m
    wait "$building"
    status=$?
    building=
    return "$status"
}

end_build() {
    kill -TERM -- "-$building" 2>/dev/null
    wait "$building" 2>/dev/null
    wait_for 5 eval "! kill -0 -- -$building" || kill -KILL -- "-$building"
}

cleanup() {
    trap - EXIT
    # A terminal that is closed tells so twice.
    trap '' INT TERM HUP
    local i
    [ -z "$building" ] || end_build
    for ((i = ${#pids[@]} - 1; i >= 0; i--)); do end "${pids[i]}"; done
    [ -n "$namespace" ] && ip netns del "$namespace" 2>/dev/null
    [ -n "$work" ] && rm -rf "$work"
}
trap cleanup EXIT
trap 'echo; exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

# wait_for SECONDS COMMAND...: polls until the command succeeds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -ge "$deadline" ] && return 1
        sleep 0.2
    done
}

# A UDP and TCP port that nobody on this host uses, from $1 on.
free_port() {
    local port=$1
    while grep -qi ":$(printf '%04X' "$port") " /proc/net/{udp,udp6,tcp,tcp6} 2>/dev/null; do
        port=$((port + 1))
    done
    echo "$port"
}

# The daemons run as nobody without capabilities where this script may choose.
unprivileged=()
[ "$(id -u)" = 0 ] && unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups
    --inh-caps=-all --bounding-set=-all)

# instance DIR TRAPLINE...: writes the private configuration of one set of daemons.
write_configuration() {
    local dir=$1
    mkdir -p "$dir" && chmod 0755 "$dir"
    cat >"$dir/snmpd.conf" <<EOF
agentAddress udp:127.0.0.1:$snmp_port
master agentx
agentXSocket $dir/agentx
agentXPerms 0666 0755
rocommunity $community 127.0.0.1
trap2sink 127.0.0.1:$trap_port $community
EOF
    cat >"$dir/snmptrapd.conf" <<EOF
disableAuthorization yes
doNotLogTraps no
format2 --- notification at %02.2h:%02.2j:%02.2k\n  %V\n  %v\n
EOF
}

# start_daemons DIR PREFIX...: snmptrapd, snmpd and netdiagd, each command behind the prefix.
start_daemons() {
    local dir=$1
    shift
    local environment=(env MIBS= "SNMP_PERSISTENT_DIR=$dir/state" "SNMPCONFPATH=$dir")
    "$@" env "MIBDIRS=$mib_dir" MIBS=NETDIAG-MIB "SNMP_PERSISTENT_DIR=$dir/state" "SNMPCONFPATH=$dir" \
        snmptrapd -C -c "$dir/snmptrapd.conf" -f -n -OQsXU -Lf "$dir/traps.log" \
        "udp:127.0.0.1:$trap_port" >"$dir/snmptrapd.log" 2>&1 &
    pids+=($!)
    "$@" "${environment[@]}" snmpd -C -c "$dir/snmpd.conf" -f -r -I -smux -Lf "$dir/snmpd.log" \
        >/dev/null 2>&1 &
    pids+=($!)
    wait_for 10 test -S "$dir/agentx" || die "snmpd did not start" "$dir/snmpd.log"
    "$@" "${unprivileged[@]}" "$work/netdiagd" --config "$dir/netdiagd.conf" \
        --agentx "$dir/agentx" >"$dir/netdiagd.log" 2>&1 &
    pids+=($!)
    client=("$@" env "SNMP_PERSISTENT_DIR=$dir/state" "SNMPCONFPATH=$dir")
    wait_for 15 ask snmpget netdiagAgentVersion.0 ||
        die "netdiagd did not come up" "$dir/netdiagd.log"
}

# ask TOOL [OPTION...] NAME: one of Net-SNMP's tools against the private snmpd.
ask() {
    local tool=$1 name=${!#}
    local options=("${@:2:$#-2}")
    "${client[@]}" "$tool" -v2c -c "$community" -M "$mib_dir" -m NETDIAG-MIB -t 2 "${options[@]}" \
        "127.0.0.1:$snmp_port" "NETDIAG-MIB::$name"
}

# notification FILE NAME: the first notification of that name in snmptrapd's log. (Names of SNMPv2-MIB
# stay numbers where that module is not installed.)
notification() {
    awk -v name="$2" '
        /^--- notification/ { if (found) exit; text = "" }
        { text = text $0 "\n" }
        $NF == name { found = 1 }
        END { if (found) printf "%s", text }' "$1" |
        sed -e '/^--- /d' -e '/sysUpTime\|1\.3\.0 = /d' \
            -e 's/^  *[^ ]*6\.3\.1\.1\.4\.1\.0 = /  /' -e 's/^/  /'
}

# follow FILE: this host's notifications as they come, without snmpd's own. Through a named pipe, so
# that both ends can be ended by pid.
follow() {
    mkfifo "$work/follow" || die "cannot make a named pipe"
    tail -n +1 -f "$1" >"$work/follow" &
    pids+=($!)
    perl -ne 'BEGIN { $| = 1 }
        if (/^--- notification at (\S+)/) { ($at, $show) = ($1, 0) }
        elsif (/6\.3\.1\.1\.4\.1\.0 = (\S+)/) { $name = $1; $show = $name =~ /^netdiag/; print "\n--- $name, $at\n" if $show }
        elsif ($show && /^  \S/) { print "  $_" }' <"$work/follow" &
    pids+=($!)
    wait "${pids[-1]}"
}

# packages_apart DIR PACKAGE...: downloads packages, with what they need beside what is installed, and
# takes them apart below DIR/root. Nothing is installed.
packages_apart() {
    local dir=$1 package
    shift
    mkdir -p "$dir/partial" "$dir/root" &&
        apt-get -q -y --no-install-recommends --download-only --reinstall -o APT::Sandbox::User=root \
            -o Debug::NoLocking=1 -o "Dir::Cache::archives=$dir" install "$@" || return
    for package in "$dir"/*.deb; do
        dpkg-deb -x "$package" "$dir/root" && rm -f "$package" || return
    done
}

# get URL: what an HTTP server on loopback answers. The platforms themselves need no such tool.
get() {
    # The $ signs are perl's.
    # shellcheck disable=SC2016
    perl -MHTTP::Tiny -e 'my $answer = HTTP::Tiny->new(timeout => 10)->get($ARGV[0]);
        exit 1 unless $answer->{success}; print $answer->{content}' "$1" 2>/dev/null
}

# seeing_share COMMAND...: the command, to which what was taken apart looks as if it were installed below
# /usr/share, where Debian's builds have their pages and templates.
seeing_share() {
    # The names are for the shell that runs in the mount namespace.
    # shellcheck disable=SC2016
    exec unshare -m sh -c 'mount -t overlay overlay -o "lowerdir=$1/usr/share:/usr/share" /usr/share &&
        shift && exec "$@"' sh "$work/platforms/root" "${unprivileged[@]}" "$@"
}

# prometheus_configuration DIR: the files of contrib/nms, as shipped, for two hosts that are polled every
# five seconds: this one and, behind a relay, that of the demonstration.
prometheus_configuration() {
    local files=$work/source/contrib/nms/prometheus form=-0.22
    sed "s/^  max_repetitions:.*/&\n  auth:\n    community: $community/" "$files/snmp$form.yml" >"$1/snmp.yml"
    sed 's/interval: .*/interval: 5s/' "$files/netdiag.rules.yml" >"$1/netdiag.rules.yml"
    {
        sed -e 's/scrape_interval: .*/scrape_interval: 5s/' -e 's/scrape_timeout: .*/scrape_timeout: 5s/' \
            -e "s/192\.0\.2\.1/\"127.0.0.1:$snmp_port\", \"127.0.0.1:$relay_port\"/" \
            -e "s/127\.0\.0\.1:9116/127.0.0.1:$exporter_port/" "$files/prometheus$form.yml"
        printf '%s\n' 'global: {evaluation_interval: 5s}' 'alerting:' '  alertmanagers:' \
            "  - static_configs: [{targets: ['127.0.0.1:$alertmanager_port']}]"
    } >"$1/prometheus.yml"
    printf '%s\n' 'route: {receiver: none, group_wait: 1s}' 'receivers: [{name: none}]' >"$1/alertmanager.yml"
}

start_prometheus() {
    local dir=$work/prometheus bin=$work/platforms/root/usr/bin
    mkdir -p "$dir/data" "$dir/alerts"
    exporter_port=$(free_port 19116)
    prometheus_port=$(free_port 19090)
    alertmanager_port=$(free_port 19093)
    relay_port=$(free_port 11171)
    prometheus_configuration "$dir"
    [ ${#unprivileged[@]} = 0 ] || chown -R 65534:65534 "$dir"
    "${unprivileged[@]}" "$bin/prometheus-snmp-exporter" "--config.file=$dir/snmp.yml" \
        "--web.listen-address=127.0.0.1:$exporter_port" >"$dir/exporter.log" 2>&1 &
    pids+=($!)
    seeing_share "$bin/prometheus-alertmanager" "--config.file=$dir/alertmanager.yml" --cluster.listen-address= \
        "--web.listen-address=127.0.0.1:$alertmanager_port" "--storage.path=$dir/alerts" >"$dir/alertmanager.log" 2>&1 &
    pids+=($!)
    seeing_share "$bin/prometheus" "--config.file=$dir/prometheus.yml" "--storage.tsdb.path=$dir/data" \
        "--web.listen-address=127.0.0.1:$prometheus_port" >"$dir/prometheus.log" 2>&1 &
    pids+=($!)
    wait_for 30 get "http://127.0.0.1:$exporter_port/" || die "snmp_exporter did not start" "$dir/exporter.log"
    wait_for 30 get "http://127.0.0.1:$alertmanager_port/-/ready" || die "Alertmanager did not start" "$dir/alertmanager.log"
    wait_for 30 get "http://127.0.0.1:$prometheus_port/classic/graph" || die "Prometheus did not start" "$dir/prometheus.log"
    note "Prometheus:    http://127.0.0.1:$prometheus_port/classic/graph?g0.range_input=5m&g0.tab=0&g0.expr=rate%28netdiagTcpListenDrops%5B1m%5D%29"
    note "               http://127.0.0.1:$prometheus_port/classic/alerts"
    note "Alertmanager:  http://127.0.0.1:$alertmanager_port/api/v2/alerts"
    note "snmp_exporter: http://127.0.0.1:$exporter_port/snmp?module=netdiag_alarms&target=127.0.0.1:$snmp_port"
}

# The alerts of the demonstration's host, as Alertmanager tells them.
alerts() {
    get "http://127.0.0.1:$alertmanager_port/api/v2/alerts?active=true" | perl -MJSON::PP -e '
        for my $alert (@{decode_json(join "", <STDIN>)}) {
            my ($labels, $texts) = @$alert{qw(labels annotations)};
            next unless ($labels->{instance} // "") eq $ARGV[0];
            print "  $labels->{alertname} $labels->{netdiagAlarmCheck} $labels->{netdiagAlarmInstance}\n";
            print "    $_: $texts->{$_}\n" for grep { length $texts->{$_} } qw(summary advice command);
        }' "127.0.0.1:$relay_port" | grep .
}

# The alert of the demonstration, from the fault's begin on. $1: when it began.
show_alert() {
    wait_for 60 eval 'alerts | grep -q "^  Netdiag\(Critical\|Warning\) "' ||
        die "no alert in Alertmanager" "$work/prometheus/prometheus.log"
    title "the alert, as Alertmanager has it, $((SECONDS - $1)) s after the fault began"
    alerts
    [ -z "$once" ] || return 0
    [ -t 0 ] || return 0
    note "the fault stays for 90 s, or until Enter is pressed: http://127.0.0.1:$prometheus_port/classic/alerts"
    read -r -t 90 || echo
}

has_rows() { ask snmpwalk -Cc -Oqn "$1" 2>/dev/null | grep -qv 'No Such'; }

# How many rows of a table are shown.
rows_max=13

# and_more NUMBER NAME: says how many rows were left out, and how to see them.
and_more() {
    [ "$1" -gt 0 ] || return 0
    if [ -n "$once" ]; then
        printf '  … and %d more (run without --once to ask for all of %s)\n' "$1" "$2"
    else
        printf '  … and %d more: %s -v2c -c %s -M %s -m NETDIAG-MIB 127.0.0.1:%s %s\n' "$1" \
            "$([[ $2 == *Table ]] && echo snmptable || echo snmpwalk)" "$community" "$mib_dir" \
            "$snmp_port" "$2"
    fi
}

# show_lines NAME: standard input's first lines, and how many more there are. NAME: what was asked.
show_lines() {
    local lines
    mapfile -t lines
    [ ${#lines[@]} = 0 ] || printf '  %s\n' "${lines[@]:0:rows_max}"
    and_more $((${#lines[@]} - rows_max)) "$1"
}

# show_table TABLE TITLE RANK COLUMN...: an snmptable, of which these columns are shown (names
# without the table's prefix; none: all), and the rows with the largest values in RANK: a column, or the sum of COLUMN+COLUMN.
show_table() {
    local table=$1 prefix=${1%Table}
    title "$2"
    ask snmptable -Ci -CB -OU -Cf '|' "$table" 2>/dev/null >"$work/table"
    awk -F'|' -v OFS='|' -v prefix="$prefix" -v rank="$3" -v wanted="${*:4}" -v max="$rows_max" '
        NF < 2 { next }
        !columns {
            many = split(wanted, names, " ")
            ranks = split(rank, by, "+")
            for (i = 1; i <= NF; i++) { sub("^" prefix, "", $i); at[$i] = i }
            keep[++columns] = 1
            if (many) { for (n = 1; n <= many; n++) if (names[n] in at) keep[++columns] = at[names[n]] }
            else for (i = 2; i <= NF; i++) keep[++columns] = i
        }
        {
            line[++rows] = $0
            value[rows] = 0
            for (n = 1; n <= ranks; n++) if (by[n] in at) value[rows] += $at[by[n]]
            place[rows] = rows
        }
        END {
            # The heading, then the largest in their order; those that are equal stay as they are.
            last = rows - 1 < max ? rows : max + 1
            for (r = 2; r <= last; r++) {
                best = r
                for (other = r + 1; other <= rows; other++)
                    if (value[place[other]] > value[place[best]]) best = other
                chosen = place[best]
                for (; best > r; best--) place[best] = place[best - 1]
                place[r] = chosen
            }
            for (r = 1; r <= last; r++) {
                split(line[place[r]], cell)
                for (n = 1; n <= columns; n++)
                    if (length(cell[keep[n]]) > width[n]) width[n] = length(cell[keep[n]])
            }
            for (r = 1; r <= last; r++) {
                split(line[place[r]], cell)
                text = " "
                for (n = 1; n <= columns; n++) text = text sprintf(" %-" width[n] "s", cell[keep[n]])
                sub(/ +$/, "", text)
                print text
            }
        }' "$work/table"
    and_more $(($(grep -c '|' "$work/table") - 1 - rows_max)) "$table"
}

# ------------------------------------------------------------------------------------------------
echo "netdiag quickstart: build netdiagd, run it beside a private snmpd on loopback, show its tables."
echo "Nothing in /etc is touched, no service is started or stopped; all of it ends with this script."

step 1 "packages"
packages_install build run demo || exit 1

step 2 "build"
work=$(mktemp -d "${TMPDIR:-/tmp}/netdiag-quickstart.XXXXXX") || die "no temporary directory"
chmod 0755 "$work"
mkdir "$work/build"
source_copy "$source_dir" "$work/source" || die "cannot copy the source"
note "configuring and compiling in $work"
build "$work/source" autoreconf -fi || die "autoreconf failed" "$work/build.log"
build "$work/build" ../source/configure || die "configure failed" "$work/build.log"
build "$work/build" make -j"$(nproc)" netdiagd mib/NETDIAG-MIB.txt ||
    die "the build failed" "$work/build.log"
cp "$work/build/netdiagd" "$work/netdiagd" && chmod 0755 "$work/netdiagd"
mkdir "$work/mibs" && cp "$work/build/mib/NETDIAG-MIB.txt" "$work/mibs/" && chmod -R a+rX "$work/mibs"
mib_dir=$work/mibs
note "$("$work/netdiagd" --version)"

step 3 "a private snmpd, snmptrapd and netdiagd"
snmp_port=$(free_port 11161)
trap_port=$(free_port $((snmp_port + 1)))
host=$work/host
write_configuration "$host"
: >"$host/netdiagd.conf"
start_daemons "$host"
host_client=("${client[@]}")
wait_for 15 has_rows netdiagSocketStateTable || die "no data" "$host/netdiagd.log"
wait_for 15 has_rows netdiagNicTable || die "no data" "$host/netdiagd.log"
note "snmpd on udp:127.0.0.1:$snmp_port, community $community; netdiagd runs as user id" \
    "$(awk '$1 == "Uid:" { print $2 }' "/proc/${pids[-1]}/status"), with capabilities" \
    "$(awk '$1 == "CapEff:" { print $2 }' "/proc/${pids[-1]}/status")"

step 4 "this host's tables"
rows_max=40 show_table netdiagLossTable "where packets are lost (netdiagLossTable)" Packets \
    Class Packets RateMinute Worst
show_table netdiagSoftnetTable "per-CPU backlog (netdiagSoftnetTable)" Dropped+TimeSqueeze \
    Processed Dropped TimeSqueeze ReceivedRps FlowLimit NetRxSoftirqs NetTxSoftirqs BacklogLen
show_table netdiagNicTable "interfaces (netdiagNicTable)" RxDiscards+RxDropped+TxDropped+QdiscDrops \
    Name Driver OperStatus SpeedMbps RingRxCurrent RingRxMax RxPackets RxDropped RxMissed RxDiscards \
    TxDropped QdiscDrops
title "connection tracking (netdiagConntrack…)"
ask snmpwalk -Cc -OQsU netdiagConntrack | sed 's/^/  /'
show_table netdiagConntrackCpuTable "connection tracking per CPU (netdiagConntrackCpuTable)" InsertFailed+Drop+EarlyDrop \
    Found Invalid Insert InsertFailed Drop EarlyDrop Error SearchRestart
show_table netdiagSocketStateTable "TCP sockets by family and state (netdiagSocketStateTable)" netdiagSocketCount
show_table netdiagListenerTable "listeners (netdiagListenerTable)" Drops+QueuePeak \
    Sockets QueueLength QueueLimit QueuePeak Drops SynReceived Command Pid
title "TcpExt counters that are not zero (netdiagCounterTable)"
ask snmpwalk -Cc -OQsXU netdiagCounterValue | grep '\[TcpExt\]' | grep -v ' = 0$' |
    sed 's/^netdiagCounterValue//' | sort -t= -k2,2nr | show_lines netdiagCounterTable
show_table netdiagLimitTable "limits and what is used of them (netdiagLimitTable)" Usage Used Max Usage Sysctl
show_table netdiagCollectorTable "the collectors' health (netdiagCollectorTable)" Errors \
    Status Source Interval Age Duration Refreshes Errors Rows
title "what they lack, and what would give it (netdiagCollectorLastError)"
ask snmpwalk -Cc -OQsX netdiagCollectorLastError | grep -v '= $' |
    sed 's/^netdiagCollectorLastError//' | show_lines netdiagCollectorTable

# show_losses: the rows of netdiagLossTable that have lost something.
show_losses() {
    ask snmptable -Ci -CB -OU -Cf '|' netdiagLossTable 2>/dev/null |
        awk -F'|' 'NF < 2 { next }
            !at["netdiagLossPackets"] { for (i = 1; i <= NF; i++) at[$i] = i; next }
            $at["netdiagLossPackets"] + 0 > 0 {
                printf "  %s: %s packets, class %s, most: %s\n", $at["netdiagLossLabel"],
                    $at["netdiagLossPackets"], $at["netdiagLossClass"], $at["netdiagLossWorst"]
            }'
}

if [ -n "$prometheus" ]; then
    step 5 "packages of Prometheus, Alertmanager and snmp_exporter: downloaded and taken apart, not installed"
    [ "$(id -u)" = 0 ] || die "--prometheus needs root, for a mount namespace"
    build "$work" packages_apart "$work/platforms" prometheus prometheus-alertmanager prometheus-snmp-exporter ||
        die "they cannot be downloaded" "$work/build.log"
    step 6 "snmp_exporter, Prometheus and Alertmanager on loopback"
    start_prometheus
fi

step $((steps - 1)) "a real fault: a listener in a namespace of its own whose queue overflows"
demo() {
    local dir=$work/demo listener_pid fault_began
    namespace=netdiag-quickstart-$$
    if ! { ip netns add "$namespace" && ip netns exec "$namespace" true; } 2>"$work/netns.log"; then
        note "left out: no network namespace can be used here ($(head -n 1 "$work/netns.log"))"
        return
    fi
    ip -n "$namespace" link set lo up
    write_configuration "$dir"
    # Shorter than the defaults (60 s, 5 minutes), so that nobody has to wait.
    cat >"$dir/netdiagd.conf" <<'EOF'
check tcp.listen_overflows window 3s clearAfter 3s
check listener.queue hold 1 clearAfter 3s
check listener.drops window 3s clearAfter 3s
collector netns off
EOF
    start_daemons "$dir" ip netns exec "$namespace"
    if [ -n "$prometheus" ]; then
        perl "$work/source/contrib/demo-relay.pl" "$relay_port" "$namespace" "$snmp_port" >"$dir/relay.log" 2>&1 &
        pids+=($!)
    fi
    fault_began=$SECONDS
    ip netns exec "$namespace" "${unprivileged[@]}" perl "$work/source/contrib/demo-overflow.pl" 8080 180 &
    listener_pid=$!
    pids+=("$listener_pid")
    wait_for 40 grep -q 'netdiagAlarmRaised' "$dir/traps.log" || die "no alarm" "$dir/netdiagd.log"
    wait_for 15 has_rows netdiagAlarmTable
    title "the notification, as snmptrapd got it"
    notification "$dir/traps.log" netdiagAlarmRaised
    title "active alarms (netdiagAlarmTable)"
    ask snmpwalk -Cc -OQsXU netdiagAlarmTable | grep -E 'Check|Instance|Severity|CauseId|Notify|Summary|Advice' | sed 's/^/  /'
    title "where its packets are lost (netdiagLossTable; places without a loss left out)"
    show_losses
    title "the listener (netdiagListenerTable)"
    ask snmpwalk -Cc -OQsXU netdiagListenerTable | grep -E 'Queue|Drops|Command' | sed 's/^/  /'
    [ -z "$prometheus" ] || show_alert "$fault_began"
    kill -USR1 "$listener_pid"
    note "the service works again; waiting for the alarm to end"
    if wait_for 60 grep -q 'netdiagAlarmCleared' "$dir/traps.log"; then
        title "its end, as snmptrapd got it"
        notification "$dir/traps.log" netdiagAlarmCleared
    else
        die "the alarm did not end" "$dir/netdiagd.log"
    fi
    end "$listener_pid"
    client=("${host_client[@]}")
}
demo

step "$steps" "done"
if [ -n "$once" ]; then
    note "without --once this stays and shows this host's notifications"
    exit 0
fi
cat <<EOF
      snmpd stays on 127.0.0.1:$snmp_port. From another terminal:

        snmpwalk -v2c -c $community -M $mib_dir -m NETDIAG-MIB 127.0.0.1:$snmp_port netdiagMIB

      This host's notifications follow as they come. Ctrl-C ends all of it.
EOF
follow "$host/traps.log"
