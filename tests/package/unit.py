# SPDX-License-Identifier: BSD-2-Clause
"""The systemd unit and its drop-ins, under a real systemd with the stock snmpd: what they allow, what
they bound, and how they fail."""

import os
import re
import subprocess

from debian import active, answers, column, log, show, walk
from machine import Unavailable
from steps import contains, equal

DROPINS = "/etc/systemd/system/netdiagd.service.d"
# The numbers of Linux' capabilities.
CAPABILITIES = {"CAP_DAC_READ_SEARCH": 2, "CAP_NET_ADMIN": 12, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21}
BTF = "/sys/kernel/btf/vmlinux"


def restart(machine):
    """daemon-reload and restart; until netdiagd answers."""
    machine.run("systemctl daemon-reload && systemctl reset-failed netdiagd; systemctl restart netdiagd")
    active(machine)
    machine.eventually("a walk by name", lambda: answers(machine))


def exposure(machine):
    """systemd-analyze: the exposure is at most 1.1, and it knows every line of the unit."""
    said = machine.run("systemd-analyze security --no-pager netdiagd")
    level = re.search(r"Overall exposure level for netdiagd.service: ([\d.]+)", said).group(1)
    assert float(level) <= 1.1, level
    verified(machine)


def verified(machine):
    """systemd knows every line of the unit and its drop-ins. (A minimal root has no man.)"""
    said = machine.run("systemd-analyze verify netdiagd.service 2>&1", None)
    equal([line for line in said.splitlines() if "netdiagd" in line and "Command 'man" not in line], [])


def collectors_are_ok(machine):
    """Every collector is ok under the unit, or the kernel has nothing for it."""
    def bad():
        errors = column(machine, "netdiagCollectorLastError")
        return {name: (status, errors.get(name)) for name, status in
                column(machine, "netdiagCollectorStatus").items() if status not in ("ok", "unsupported")}

    assert len(column(machine, "netdiagCollectorStatus")) >= 13
    machine.eventually(f"every collector is ok: {bad()}", lambda: not bad())
    assert column(machine, "netdiagCollectorStatus")["softnet"] == "ok"


def sees_uids(machine):
    """It runs as the user netdiag, without capabilities, and sees other users as they are."""
    pid = show(machine, "MainPID")
    status = machine.run(f"cat /proc/{pid}/status")
    uid = machine.run("id -u netdiag").strip()
    contains(status, f"Uid:\t{uid}\t{uid}", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000",
             "NoNewPrivs:\t1", "Seccomp:\t2")
    equal(machine.run(f"cat /proc/{pid}/uid_map").split(), ["0", "0", "4294967295"])


def wrong_reload(machine):
    """A wrong configuration at reload fails, changes nothing, and the status says why."""
    pid = show(machine, "MainPID")
    machine.run("echo 'interval nic soon' >/etc/netdiagd.conf")
    said = machine.run("systemctl reload netdiagd; echo status $?")
    assert "status 0" not in said, said
    contains(machine.run("systemctl status netdiagd"), "active (running)",
             "/etc/netdiagd.conf:1: interval 'soon'")
    equal(show(machine, "MainPID"), pid)
    equal(column(machine, "netdiagCollectorInterval")["nic"], "5000")
    machine.run("echo 'interval nic 7s' >/etc/netdiagd.conf && systemctl reload netdiagd")
    machine.eventually("the new interval",
                       lambda: column(machine, "netdiagCollectorInterval")["nic"] == "7000")
    machine.run("rm /etc/netdiagd.conf && systemctl reload netdiagd")
    equal(show(machine, "MainPID"), pid)


def wrong_start(machine):
    """A wrong configuration or option at the start is one failure, not a loop."""
    for configuration, options, status in (("interval nic soon", "", "78"), ("", "--no-such-option", "64")):
        machine.run(f"echo '{configuration}' >/etc/netdiagd.conf; mkdir -p {DROPINS}")
        machine.write(f"{DROPINS}/test.conf", f"[Service]\nEnvironment=NETDIAGD_OPTIONS={options}\n")
        one_failure(machine, status)
        machine.run(f"rm -r /etc/netdiagd.conf {DROPINS}")
    restart(machine)


def one_failure(machine, status):
    """Starts netdiagd, which fails with this status, and is not started again."""
    machine.run("systemctl daemon-reload; systemctl stop netdiagd; systemctl reset-failed netdiagd", None)
    machine.run("systemctl start netdiagd", None)
    machine.pause(3)  # RestartSec is 2 s
    equal((show(machine, "ActiveState"), show(machine, "NRestarts"), show(machine, "ExecMainStatus")),
          ("failed", "0", status))


def missing_user(machine):
    """A user or a group that does not exist is one clear failure, not a loop."""
    machine.run("systemctl stop netdiagd && cp /etc/passwd /etc/group /etc/shadow /etc/gshadow /root/ && "
                "userdel netdiag")
    one_failure(machine, "217")
    contains(machine.run("systemctl status netdiagd", 3), "status=217/USER")
    machine.run("cd /root && mv passwd group shadow gshadow /etc/")
    machine.run(f"mkdir -p {DROPINS}")
    machine.write(f"{DROPINS}/test.conf", "[Service]\nSupplementaryGroups=no-such-group\n")
    one_failure(machine, "216")
    contains(machine.run("systemctl status netdiagd", 3), "status=216/GROUP")
    machine.run(f"rm -r {DROPINS}")
    restart(machine)


def watchdog(machine):
    """One that is stopped (SIGSTOP) for longer than the watchdog waits is restarted."""
    assert show(machine, "WatchdogUSec") not in ("", "0", "infinity")
    machine.run(f"mkdir -p {DROPINS}")
    machine.write(f"{DROPINS}/test.conf", "[Service]\nWatchdogSec=8\nTimeoutAbortSec=1\n")
    restart(machine)
    pid = show(machine, "MainPID")
    machine.pause(12)  # it is left alone as long as it runs
    equal(show(machine, "MainPID"), pid)
    machine.run(f"kill -STOP {pid}")
    machine.eventually("the restart", lambda: show(machine, "NRestarts") == "1")
    active(machine)
    assert show(machine, "MainPID") != pid
    contains(machine.run("journalctl -q -u netdiagd -o cat"), "Watchdog timeout")
    machine.run(f"rm -r {DROPINS}")
    restart(machine)


def warnings(machine):
    """The lines that "journalctl -p warning" shows of netdiagd."""
    return machine.run("journalctl -q -p warning -u netdiagd -o cat").splitlines()


def master_away(machine):
    """snmpd's stop is one warning in the journal; its return is a walk within seconds."""
    before = warnings(machine)
    machine.run("systemctl stop snmpd")
    machine.eventually("status says so", lambda: "master not connected" in show(machine, "StatusText"))
    machine.pause(20)
    machine.run("systemctl start snmpd")
    machine.eventually("a walk by name", lambda: answers(machine))
    more = warnings(machine)[len(before):]
    equal(len(more), 1)
    contains(more[0], "cannot reach the AgentX master")
    machine.eventually("status says so", lambda: "; master connected" in show(machine, "StatusText"))


def second_instance(machine):
    """A second instance for 120 s makes snmpd log at most 5 lines."""
    if machine.suite != "trixie":
        raise Unavailable("shown on trixie, for it takes two minutes")
    before = len(machine.run("journalctl -q -u snmpd -o cat").splitlines())
    machine.run("systemd-run -q --unit=second -p User=netdiag /usr/sbin/netdiagd")
    machine.pause(120)
    contains(machine.run("journalctl -q -u second -o cat"), "refuses to register")
    machine.run("systemctl stop second")
    said = machine.run("journalctl -q -u snmpd -o cat").splitlines()[before:]
    assert 0 < len(said) <= 5, said
    assert answers(machine)


def with_dropin(machine, name, *capabilities):
    """Runs the unit with a drop-in that gives these capabilities."""
    machine.run(f"rm -rf {DROPINS} && mkdir {DROPINS} && ln -s /usr/share/netdiag/systemd/{name}.conf {DROPINS}/")
    restart(machine)
    effective = re.search(r"CapEff:\t(\w+)", machine.run(
        f"cat /proc/{show(machine, 'MainPID')}/status")).group(1)
    equal(int(effective, 16), sum(1 << CAPABILITIES[one] for one in capabilities))
    verified(machine)


def without_dropins(machine):
    machine.run(f"rm -r {DROPINS}")
    restart(machine)


def dropin_owners(machine):
    """owners.conf: the process of another user's listener is named."""
    machine.run("systemd-run -q --unit=listener perl -e 'use IO::Socket::INET; $0 = q(some-listener);"
                "my $l = IO::Socket::INET->new(LocalAddr => q(127.0.0.1), LocalPort => 8090, Listen => 9);"
                "sleep 600'")
    def owners():
        return column(machine, "netdiagListenerCommand").values()

    machine.eventually("the listener", lambda: "127.0.0.1:8090" in column(
        machine, "netdiagListenerQueueLimit"))
    assert "some-listener" not in owners(), "it is named without the drop-in"
    with_dropin(machine, "owners", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH")
    machine.eventually("its name", lambda: "some-listener" in owners())
    machine.run("systemctl stop listener")
    without_dropins(machine)


def dropin_conntrack(machine):
    """conntrack.conf: the statistics come over ctnetlink."""
    with_dropin(machine, "conntrack", "CAP_NET_ADMIN")
    machine.eventually("its source", lambda: "netlink" in column(
        machine, "netdiagCollectorSource")["conntrack"] and "not permitted" not in log_of_this(machine))
    without_dropins(machine)


def log_of_this(machine):
    """What the running daemon has logged."""
    return machine.run(f"journalctl -q _PID={show(machine, 'MainPID')} -o cat")


def dropin_namespaces(machine):
    """namespaces.conf: a namespace without a process is entered."""
    machine.run("ip netns add lonely && ip -n lonely link set lo up")
    with_dropin(machine, "namespaces", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE")
    machine.eventually("its row", lambda: "lonely" in walk(machine, "netdiagNetnsTable"))
    contains(walk(machine, "netdiagNetnsTable"), "netdiagNetnsListenOverflows")
    machine.run("ip netns del lonely")
    without_dropins(machine)


def dropin_nfqueue(machine):
    """nfqueue.conf: the queues of netfilter can be read."""
    with_dropin(machine, "nfqueue", "CAP_DAC_READ_SEARCH")
    said = column(machine, "netdiagCollectorLastError").get("nfqueue", "")
    assert "nfqueue.conf" not in said and "CAP_" not in said, said
    without_dropins(machine)


def dropin_drop_reasons(machine):
    """drop-reasons.conf: counts arrive, the capabilities are given away, a stop leaves nothing."""
    if "libbpf" not in machine.run("dpkg-query -W -f '${Depends}' netdiag"):
        raise Unavailable("this release's libbpf is too old")
    if not os.path.exists(BTF):
        raise Unavailable(f"this kernel has no {BTF}")
    with_dropin(machine, "drop-reasons")
    pid = show(machine, "MainPID")
    contains(machine.run(f"cat /proc/{pid}/status"), "CapPrm:\t0000000000000000", "CapEff:\t0000000000000000",
             "CapAmb:\t0000000000000000")

    def dropped():
        """What netdiagd counts of datagrams to a port where nobody listens; 100 more each time."""
        machine.run("perl -MSocket -e 'socket(S, AF_INET, SOCK_DGRAM, 0);"
                    "send(S, q(x), 0, pack_sockaddr_in(9, inet_aton(q(127.0.0.1)))) for 1..100'")
        return sum(int(value.split()[0]) for row, value in column(machine, "netdiagDropPackets").items()
                   if row.startswith("NO_SOCKET"))

    first = machine.eventually("counts", dropped)
    machine.run("systemctl reload netdiagd")
    machine.eventually("more counts after a reload", lambda: dropped() > first)
    equal(show(machine, "MainPID"), pid)
    programs = set(re.findall(r"prog_id:\s*(\d+)", machine.run(f"cat /proc/{pid}/fdinfo/*")))
    assert programs, "it holds no program"
    machine.run("systemctl stop netdiagd")
    for program in programs:
        machine.eventually("the program is gone", lambda number=program: subprocess.run(
            ["bpftool", "prog", "show", "id", number], capture_output=True, check=False).returncode)
    without_dropins(machine)


def dropin_tcp(machine):
    """tcp-agentx.conf: a master is reached over TCP, and without it is not."""
    machine.run("echo 'agentXSocket tcp:127.0.0.1:7705' >/etc/snmp/snmpd.conf.d/test-tcp.conf && "
                "systemctl restart snmpd && echo 'agentXSocket tcp:127.0.0.1:7705' >/etc/netdiagd.conf && "
                "systemctl restart netdiagd && sleep 3")
    assert not answers(machine)
    with_dropin(machine, "tcp-agentx")
    machine.run("rm /etc/netdiagd.conf /etc/snmp/snmpd.conf.d/test-tcp.conf && systemctl restart snmpd")
    without_dropins(machine)


STEPS = (exposure, collectors_are_ok, sees_uids, wrong_reload, wrong_start, missing_user, watchdog,
         master_away, dropin_owners, dropin_conntrack, dropin_namespaces, dropin_nfqueue,
         dropin_drop_reasons, dropin_tcp, second_instance)
