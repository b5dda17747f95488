# SPDX-License-Identifier: BSD-2-Clause
"""The Debian package on a fresh Debian with its own snmpd and snmptrapd: built, installed, walked by
name, a trap seen, upgraded with an alarm, purged."""

import hashlib
import json
import os
import shutil

from machine import Failed, Unavailable
from steps import contains, equal, needed

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
BUILD = ("build-essential", "debhelper", "libbpf-dev", "libmnl-dev", "libnl-3-dev", "libsnmp-dev", "pkg-config")
RUN = ("snmpd", "snmp", "snmptrapd", "libmnl0", "iproute2", "procps")
UNIT_OF_FAULT = "overflow"


def build(machine, tarball, directory, version=None):
    """The package made of the tarball in a directory of that name; returns its path in the machine."""
    top = machine.path(f"/build/{directory}")
    os.makedirs(top)
    shutil.copy(tarball, top)
    machine.chroot(f"""
        cd /build/{directory}
        tar -xf {os.path.basename(tarball)} --no-same-owner
        cd netdiag-*/
        cp -r contrib/debian debian
        {f"sed -i '1s/([^)]*)/({version})/' debian/changelog" if version else ""}
        DEB_BUILD_OPTIONS='nocheck parallel={os.cpu_count()}' dpkg-buildpackage -us -uc -b >../log 2>&1 ||
            {{ tail -n 40 ../log; exit 1; }}""")
    return machine.chroot(f"ls /build/{directory}/netdiag_*.deb").strip()


def digest(machine, path):
    with open(machine.path(path), "rb") as data:
        return hashlib.sha256(data.read()).hexdigest()


def reproducible(machine, tarball, first):
    """Two builds, in two directories at two times, are equal byte for byte."""
    second = build(machine, tarball, "again/and-somewhere-else")
    equal(digest(machine, second), digest(machine, first))


def lint(machine, package):
    """lintian finds nothing but what an unreleased package has."""
    machine.install("lintian")
    said = machine.chroot(f"lintian --allow-root --fail-on none {package}")
    # It is for no release, closes no bug, and is of nobody yet.
    allowed = ("initial-upload-closes-no-bugs", "unreleased-changes", "bogus-mail-host-in-debian-changelog",
               "running-as-root", "mail-address-loops-or-bounces", "bogus-mail-host")
    found = [line for line in said.splitlines()
             if line[:2] in ("E:", "W:") and not any(tag in line for tag in allowed)]
    equal(found, [])


def older(machine, package):
    """The same package as an earlier version."""
    machine.chroot(f"""
        rm -rf /build/older && dpkg-deb -R {package} /build/older
        sed -i 's/^Version: .*/Version: 0.9.0-1/' /build/older/DEBIAN/control
        dpkg-deb -b /build/older /build/older.deb >/dev/null""")
    return "/build/older.deb"


def files(machine):
    """All that a package could leave, as a set of paths."""
    return set(machine.run("find /etc /usr /var /lib /opt /srv /root -xdev -not -path '/var/log/*' "
                           "-not -path '/var/lib/dpkg/*' -not -path '/var/cache/*' -not -path '/var/lib/snmp/*' "
                           "-not -path '/var/lib/systemd/*' -not -path '/var/tmp/*'").splitlines())


def walk(machine, name, status=0):
    """snmpwalk by name, as README.md has it."""
    return machine.run(f"snmpwalk -m NETDIAG-MIB -v2c -c public localhost NETDIAG-MIB::{name}", status)


def answers(machine):
    """Whether netdiagd is registered."""
    try:
        return "netdiagAgentVersion.0 =" in walk(machine, "netdiagAgentVersion", None)
    except Failed:
        return False


def column(machine, name):
    """A column, as {index: value}; without units."""
    found = {}
    for line in machine.run("snmpwalk -OqsU -m NETDIAG-MIB -v2c -c public localhost "
                            f"NETDIAG-MIB::{name}").splitlines():
        key, _, value = line.partition(" ")
        if key.startswith(name + "."):
            found[key[len(name) + 1:].strip('"')] = value.strip('"')
    return found


def show(machine, prop, unit="netdiagd"):
    return machine.run(f"systemctl show -P {prop} {unit} 2>/dev/null || "
                       f"systemctl show -p {prop} {unit} | sed 's/^[^=]*=//'").strip()


def active(machine):
    machine.eventually("netdiagd is active", lambda: show(machine, "ActiveState") == "active")


@needed
def installs(machine):
    """dpkg -i alone gives an active service, which has reached the stock snmpd."""
    machine.before = files(machine)
    if "includeDir" not in machine.run("cat /etc/snmp/snmpd.conf"):  # Debian 11: netdiagd(8) has this
        machine.run("mkdir -p /etc/snmp/snmpd.conf.d && "
                    "echo 'includeDir /etc/snmp/snmpd.conf.d' >>/etc/snmp/snmpd.conf")
        machine.before.add("/etc/snmp/snmpd.conf.d")
    machine.run(f"dpkg -i {machine.older}")
    contains(machine.run("systemctl status netdiagd"), "active (running)", "enabled")
    machine.eventually("it reaches snmpd", lambda: "is registered at" in log(machine))


def no_warning(machine):
    """An installation warns of nothing."""
    equal(machine.run("journalctl -q -p warning -u netdiagd -o cat"), "")


@needed
def view_is_a_decision(machine):
    """The view is not active before it is made so, by one command; then a walk by name works."""
    contains(walk(machine, "netdiagMIB", None), "No")
    equal(answers(machine), False)
    machine.run("ln -s /usr/share/netdiag/snmpd/netdiag-view.conf /etc/snmp/snmpd.conf.d/ && "
                "systemctl restart snmpd")
    machine.eventually("a walk by name", lambda: answers(machine))
    contains(walk(machine, "netdiagSoftnetTable"), "NETDIAG-MIB::netdiagSoftnetProcessed.1 = ")


def trap_is_seen(machine):
    """A notification is in the stock snmptrapd's log, by name, with the lines of netdiagd(8)."""
    machine.run("""
        cp /usr/share/netdiag/snmpd/snmptrapd.conf /etc/snmp/snmptrapd.conf
        mkdir -p /etc/systemd/system/snmptrapd.service.d
        cp /usr/share/netdiag/systemd/snmptrapd-log.conf /etc/systemd/system/snmptrapd.service.d/
        systemctl daemon-reload
        systemctl restart snmptrapd
        echo 'trap2sink localhost public' >/etc/snmp/snmpd.conf.d/test-sink.conf
        systemctl restart snmpd""")
    machine.eventually("a walk by name", lambda: answers(machine))
    contains(machine.run("netdiagd --test-notification"), "accepted two test notifications")
    machine.eventually("the notification", lambda: "netdiagAlarmRaised" in machine.run(
        "journalctl -q -u snmptrapd -o cat"))
    contains(machine.run("journalctl -q -u snmptrapd -o cat"), "agent.test", "netdiagAlarmCleared")


def alarms(machine):
    return json.loads(machine.run("netdiagd --alarms --format=json"))


def upgrade_keeps_alarms(machine):
    """An upgrade keeps an active alarm, with its id, and replaces the program."""
    shutil.copy(os.path.join(SOURCE, "contrib", "demo-overflow.pl"), machine.path("/root/overflow.pl"))
    machine.run(f"systemd-run -q --unit={UNIT_OF_FAULT} perl /root/overflow.pl 8080 600")
    machine.eventually("the alarm", lambda: "listener.queue" in column(
        machine, "netdiagAlarmCheck").values())
    before = {key: value for key, value in column(machine, "netdiagAlarmRaisedAt").items()}
    pid = show(machine, "MainPID")
    machine.run(f"dpkg -i {machine.package}")
    active(machine)
    machine.eventually("a walk by name", lambda: answers(machine))
    assert show(machine, "MainPID") != pid, "it still runs the old program"
    after = machine.eventually("the alarm", lambda: column(machine, "netdiagAlarmRaisedAt"))
    equal({key: after.get(key) for key in before}, before)
    machine.run(f"systemctl stop {UNIT_OF_FAULT}; rm /root/overflow.pl")


def purge_leaves_nothing(machine):
    """After a purge nothing is left but the system user."""
    # What this scenario has made, also where a step failed.
    machine.run("""
        rm -f /etc/snmp/snmpd.conf.d/netdiag-view.conf /etc/snmp/snmpd.conf.d/test-*.conf
        rm -f /etc/netdiagd.conf /root/overflow.pl
        rm -rf /etc/systemd/system/snmptrapd.service.d /etc/systemd/system/netdiagd.service.d
        dpkg --purge netdiag""")
    left = {path for path in files(machine) - machine.before if not path.startswith("/var/lib/snmp")}
    # The directory of snmpd's own socket.
    equal(sorted(left - {"/var/agentx", "/var/agentx/master"}), [])
    equal(machine.run("systemctl list-units --all --plain --no-legend 'netdiagd*'"), "")
    contains(machine.run("getent passwd netdiag"), "/usr/sbin/nologin")
    machine.eventually("snmpd runs", lambda: show(machine, "ActiveState", "snmpd") == "active")


def log(machine):
    return machine.run("journalctl -q -u netdiagd -o cat")


FIRST = (installs, no_warning, view_is_a_decision, trap_is_seen, upgrade_keeps_alarms)
LAST = (purge_leaves_nothing,)
