# SPDX-License-Identifier: BSD-2-Clause
"""Wrong turns of an administrator: `netdiagd --check` names each, with the command that mends it, and the
commands lead back to a walk by name."""

import re

from debian import answers
from steps import contains, equal

RESTART = "systemctl restart snmpd"


def findings(machine):
    """What --check says: [(word, subject, its command or None)]; errors, and what is wrong with snmpd."""
    said = machine.run("netdiagd --check", None)
    found = re.findall(r"^(ok|warning|error) +(\S+) .*\n(?: +# (.*)\n)?", said, re.M)
    assert len(found) > 10, said
    return [(word, subject, command) for word, subject, command in found
            if word == "error" or (word == "warning" and subject in ("view", "snmpd.conf"))]


def wrong_turn(machine, subject, make):
    """Makes it, and does what --check says, until it has nothing to say."""
    machine.run("cp -a /etc/snmp /root/saved-snmp")
    try:
        machine.run(make)
        follow_check(machine, subject)
    finally:
        machine.run(f"rm -rf /etc/snmp && mv /root/saved-snmp /etc/snmp && {RESTART}")
    machine.eventually("a walk by name", lambda: answers(machine))


def settled(machine):
    """The findings when an snmpd that was just started has its socket, if it gets it at all."""
    for _ in range(20):
        said = findings(machine)
        subjects = [found[1] for found in said]
        if "socket" not in subjects or "snmpd.conf" in subjects:
            break
        machine.pause(0.5)
    return said


def follow_check(machine, subject):
    said = findings(machine) if subject == "socket" else settled(machine)
    contains([found[1] for found in said], subject)
    for _ in range(5):
        if not said:
            break
        command = next((found[2] for found in said if found[2]), None)
        assert command, f"no command for {said}"
        print(f"    {said[0][0]}, {said[0][1]}: # {command}", flush=True)
        machine.run(command)
        said = settled(machine)
    equal(said, [])
    machine.eventually("a walk by name", lambda: answers(machine))


def closed_directory(machine):
    """--check: the socket's directory is not passable."""
    wrong_turn(machine, "socket", "chmod 0700 /var/agentx")


def no_snmpd(machine):
    """--check: snmpd does not run."""
    wrong_turn(machine, "socket", "systemctl stop snmpd")


def no_permissions(machine):
    """--check: snmpd.conf has no agentXPerms."""
    wrong_turn(machine, "socket", f"rm /etc/snmp/snmpd.conf.d/netdiag.conf && {RESTART}")


def no_directory(machine):
    """--check: snmpd.conf reads no directory, as on Debian 11 and RHEL."""
    wrong_turn(machine, "view", f"sed -i 's/^includeDir/#&/; s/^master/#&/' /etc/snmp/snmpd.conf && {RESTART}")


def no_view(machine):
    """--check: the view hides the MIB."""
    wrong_turn(machine, "view", f"rm /etc/snmp/snmpd.conf.d/netdiag-view.conf && {RESTART}")


STEPS = (closed_directory, no_snmpd, no_permissions, no_directory, no_view)
