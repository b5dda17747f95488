# SPDX-License-Identifier: BSD-2-Clause
"""A private snmptrapd, decoding by name with NETDIAG-MIB alone, and what an operator's receiver would
make of its output."""

import os
import re
import socket
import tempfile
import shutil
import subprocess

from harness import (MIB_DIR, V3_AUTH, V3_PRIV, V3_USER, eventually, need_tools, start, stop)

SEPARATOR = "\x1f"
ENGINE_ID = "0x8000000001020304"
# netdiagNotify… in a notification, without that prefix.
PREFIX = "NETDIAG-MIB::netdiagNotify"


class Trap(dict):
    """Objects of one notification by their names without netdiagNotify; kind is the notification's
    name without netdiag; version "1", "2c" or "3"."""

    def __init__(self, kind, version, objects):
        super().__init__(objects)
        self.kind = kind
        self.version = version

    @property
    def key(self):
        return self["Check"], self["Instance"]


class Receiver:
    """snmptrapd on a port of its own. A context manager."""

    def __init__(self, netns=None):
        need_tools("snmptrapd")
        self.netns = netns
        self.dir = tempfile.mkdtemp(prefix="netdiag-traps-")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = os.path.join(self.dir, "traps")
        self.child = None
        with open(os.path.join(self.dir, "snmptrapd.conf"), "w") as out:
            out.write("disableAuthorization yes\n"
                      "doNotLogTraps no\n"
                      f"createUser {V3_USER} SHA {V3_AUTH} AES {V3_PRIV}\n"
                      f"createUser -e {ENGINE_ID} {V3_USER} SHA {V3_AUTH} AES {V3_PRIV}\n"
                      f"format1 V1{SEPARATOR}%q{SEPARATOR}%v\\n\n"
                      f"format2 V2{SEPARATOR}%v\\n\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        if self.child is not None:
            stop(self.child)
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self):
        env = {**os.environ, "SNMP_PERSISTENT_DIR": self.dir, "SNMPCONFPATH": self.dir}
        command = ["snmptrapd", "-C", "-c", os.path.join(self.dir, "snmptrapd.conf"), "-f", "-n",
                   "-M", MIB_DIR, "-m", "NETDIAG-MIB", "-OqU", "-Lf", self.output,
                   f"udp:127.0.0.1:{self.port}"]
        self.child = start(self.netns.command(*command) if self.netns else command, env=env,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually("snmptrapd is ready", lambda: "NET-SNMP version" in self.text())

    def text(self):
        try:
            with open(self.output, errors="replace") as text:
                return text.read()
        except FileNotFoundError:
            return ""

    def sink(self, kind="trap2sink"):
        """The line of snmpd.conf that sends notifications here."""
        address = f"127.0.0.1:{self.port}"
        if kind.startswith("v3"):
            inform = "-Ci " if kind == "v3inform" else ""
            return (f"trapsess {inform}-v3 -u {V3_USER} -l authPriv -a SHA -A {V3_AUTH} -x AES "
                    f"-X {V3_PRIV} {'' if inform else '-e ' + ENGINE_ID} udp:{address}\n")
        return f"{kind} {address} public\n"

    def all(self):
        """Every notification of netdiagd so far, in the order of arrival."""
        found = []
        for line in self.text().splitlines():
            version, _, rest = line.partition(SEPARATOR)
            if version not in ("V1", "V2"):
                continue
            trap = _parse(version, rest)
            if trap is not None:
                found.append(trap)
        return found

    def of(self, kind, check=None, instance=None):
        return [trap for trap in self.all() if trap.kind == kind
                and check in (None, trap.get("Check")) and instance in (None, trap.get("Instance"))]

    def wait(self, kind, check=None, instance=None, timeout=30):
        """The first notification of this kind about this alarm."""
        return eventually(f"{kind} {check or ''} {instance or ''} arrives",
                          lambda: self.of(kind, check, instance), timeout)[0]

    def view(self):
        """What is active, by key: {(check, instance): severity}, as a receiver that goes by sequence
        numbers and netdiagAlarmSync sees it. Asserts that no number is left out."""
        active, last, boot = {}, 0, None
        for trap in self.all():
            if trap.kind == "AlarmSync":
                # What is still so is told again.
                active.clear()
                if trap["BootId"] != boot:
                    boot, last = trap["BootId"], 0
                continue
            if trap.kind not in ("AlarmRaised", "AlarmCleared"):
                continue
            number = int(trap["Sequence"])
            if number <= last:
                continue
            assert number == last + 1, f"sequence {last + 1} is missing: {number} came"
            last = number
            if trap.kind == "AlarmRaised":
                active[trap.key] = trap["Severity"]
            else:
                active.pop(trap.key, None)
        return active


def _parse(version, text):
    """The line of one notification: fields are separated by a tab, names and values by a blank."""
    objects, kind = {}, None
    if version == "V1":
        head, _, text = text.partition(SEPARATOR)
        found = re.fullmatch(r"NETDIAG-MIB::netdiag(\w+)", head)
        if not found:
            return None
        kind = found.group(1)
    for field in text.split("\t"):
        name, _, value = field.strip().partition(" ")
        if name.endswith(".6.3.1.1.4.1.0"):  # snmpTrapOID, which no MIB file here names
            kind = value.replace("NETDIAG-MIB::netdiag", "")
        elif name.startswith(PREFIX):
            objects[name[len(PREFIX):].rsplit(".", 1)[0]] = value.strip('"')
    return Trap(kind, version, objects) if kind and "::" not in kind else None
