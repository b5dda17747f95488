# SPDX-License-Identifier: BSD-2-Clause
"""A private snmptrapd, decoding by name with NETDIAG-MIB alone, and what an operator's receiver would
make of its output."""

import contextlib
import os
import re
import signal
import socket
import tempfile
import shutil
import subprocess
import urllib.parse

from harness import (MIB_DIR, V3_AUTH, V3_PRIV, V3_USER, eventually, need_tools, start, stop)

SEPARATOR = "\x1f"
ENGINE_ID = "0x8000000001020304"
# netdiagNotify… in a notification, without that prefix.
PREFIX = "NETDIAG-MIB::netdiagNotify"
TRUE = 1  # NetdiagTruthValue


class Trap(dict):
    """Objects of one notification, in their order, by their names without netdiagNotify; kind is the
    notification's name without netdiag; version "1", "2c" or "3"; inform: whether it was one."""

    def __init__(self, kind, version, inform, objects):
        super().__init__(objects)
        self.kind = kind
        self.version = version
        self.inform = inform

    @property
    def instance(self):
        """As the tables have it: in a notification names are percent-encoded."""
        return urllib.parse.unquote(self.get("Instance", ""))

    @property
    def key(self):
        return self["Check"], self.instance


class Receiver:
    """snmptrapd on a port of its own. A context manager. handler: a program that is given every
    notification with numeric OIDs, as snmptt wants it; mib: whether it has NETDIAG-MIB. all() finds none with the
    one or without the other."""

    def __init__(self, netns=None, handler=None, mib=True):
        need_tools("snmptrapd")
        self.netns = netns
        self.dir = tempfile.mkdtemp(prefix="netdiag-traps-")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.output = os.path.join(self.dir, "traps")
        self.child = None
        self.mibs = "NETDIAG-MIB" if mib else ""
        self.format = "-On" if handler or not mib else "-OqU"
        with open(os.path.join(self.dir, "snmptrapd.conf"), "w") as out:
            out.write("disableAuthorization yes\n"
                      "doNotLogTraps no\n"
                      f"createUser {V3_USER} SHA {V3_AUTH} AES {V3_PRIV}\n"
                      f"createUser -e {ENGINE_ID} {V3_USER} SHA {V3_AUTH} AES {V3_PRIV}\n"
                      f"format1 %P{SEPARATOR}%q{SEPARATOR}%v\\n\n"
                      f"format2 %P{SEPARATOR}{SEPARATOR}%v\\n\n")
            if handler:
                out.write(f"traphandle default {handler}\n")

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        if self.child is not None:
            # It may miss SIGTERM, when that comes just before it waits.
            stop(self.child, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)

    def away(self):
        """It is gone, as a receiver that is restarted; start() brings it back."""
        stop(self.child, signal.SIGKILL)
        self.child = None

    def start(self):
        env = {**os.environ, "SNMP_PERSISTENT_DIR": self.dir, "SNMPCONFPATH": self.dir}
        command = ["snmptrapd", "-C", "-c", os.path.join(self.dir, "snmptrapd.conf"), "-f", "-n",
                   "-M", MIB_DIR, "-m", self.mibs, self.format, "-Lf", self.output,
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

    def sinks(self, *kinds):
        return "".join(self.sink(kind) for kind in kinds)

    def all(self):
        """Every notification of netdiagd so far, in the order of arrival."""
        found = []
        # The last line may still be being written.
        for line in self.text().rpartition("\n")[0].splitlines():
            security = re.match(r"(TRAP|TRAP2|INFORM), SNMP v(1|2c|3),", line)
            if not security:
                continue
            trap = _parse(line, security.group(2), security.group(1) == "INFORM")
            if trap is not None:
                found.append(trap)
        return found

    def of(self, kind=None, check=None, instance=None):
        return [trap for trap in self.all() if kind in (None, trap.kind)
                and check in (None, trap.get("Check")) and instance in (None, trap.instance)]

    def wait(self, kind, check=None, instance=None, timeout=30):
        """The first notification of this kind about this alarm."""
        return eventually(f"{kind} {check or ''} {instance or ''} arrives",
                          lambda: self.of(kind, check, instance), timeout)[0]

    def view(self, gaps=False):
        """What is active, {AlarmId: its last notification}, as a receiver makes it out that has
        nothing but the notifications, and goes by their sequence and not by the order of arrival:
        netdiagAlarmRaised adds or updates, netdiagAlarmCleared removes, and netdiagAlarmSync with
        another boot id forgets everything. Asserts that no number was left out, unless this
        receiver has been away (gaps)."""
        numbers, boot = {}, None
        for trap in self.all():
            if trap.kind == "AlarmSync" and trap["BootId"] != boot:
                self._assert_complete(numbers, gaps)
                boot, numbers = trap["BootId"], {}
            elif trap.kind in ("AlarmRaised", "AlarmCleared"):
                # One of a former process that was late.
                if boot not in (None, trap["BootId"]):
                    continue
                before = numbers.setdefault(int(trap["Sequence"]), trap)
                assert before == trap, f"two notifications with one number: {before} and {trap}"
        self._assert_complete(numbers, gaps)
        active = {}
        for _, trap in sorted(numbers.items()):
            if trap.kind == "AlarmCleared":
                active.pop(int(trap["AlarmId"]), None)
            else:
                active[int(trap["AlarmId"])] = trap
        return active

    def agrees(self, agent, gaps=False):
        """Asserts that what this receiver knows is what netdiagAlarmTable says it is told of."""
        names = {2: "warning", 3: "critical"}
        rows = {index: (row["netdiagAlarmCheck"], row["netdiagAlarmInstance"],
                        names[row["netdiagAlarmSeverity"]])
                for index, row in agent.table("netdiagAlarmTable").items()
                if row.get("netdiagAlarmNotify") == TRUE}
        seen = {number: (*trap.key, trap["Severity"]) for number, trap in self.view(gaps).items()}
        assert seen == rows, f"the receiver knows {seen}, netdiagAlarmTable has {rows}"
        return True

    @staticmethod
    def _assert_complete(numbers, gaps):
        """The sequence goes on after a restart, so it need not begin at 1."""
        missing = set(range(min(numbers), max(numbers) + 1)) - set(numbers) if numbers else set()
        assert gaps or not missing, f"these numbers are missing: {sorted(missing)}"


def _parse(line, version, inform):
    """The line of one notification: fields are separated by a tab, names and values by a blank."""
    _, v1_name, text = line.split(SEPARATOR)
    found = re.fullmatch(r"NETDIAG-MIB::netdiag(\w+)", v1_name)
    objects, kind = {}, found.group(1) if found else None
    for field in text.split("\t"):
        name, _, value = field.strip().partition(" ")
        if name.endswith(".6.3.1.1.4.1.0"):  # snmpTrapOID, which no MIB file here names
            kind = value.replace("NETDIAG-MIB::netdiag", "")
        elif name.startswith(PREFIX):
            name = name[len(PREFIX):].rsplit(".", 1)[0]
            value = re.sub('^"(.*)"$', r"\1", value)
            # Hundredths come with a point (DISPLAY-HINT "d-2"); those of the tables have none.
            objects[name] = str(int(value.replace(".", ""))) if name in ("Value", "Limit") else value
    return Trap(kind, version, inform, objects) if kind and "::" not in kind else None


def elements(data):
    """Every BER element of a packet, and those within it: [(tag, contents)]."""
    found = []
    while data:
        length, at = data[1], 2
        if length & 0x80:
            at += length & 0x7f
            length = int.from_bytes(data[2:at], "big")
        contents = data[at:at + length]
        assert len(contents) == length, "an element is longer than what it is in"
        found.append((data[0], contents))
        if data[0] & 0x20:
            found += elements(contents)
        data = data[at + length:]
    return found


class Wire(Receiver):
    """A receiver that keeps the packets as they come, and reads nothing out of them."""

    def start(self):
        with self.netns.entered() if self.netns else contextlib.nullcontext():
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", self.port))
        self.socket.setblocking(False)
        self.packets = []

    def __exit__(self, *exc):
        self.socket.close()
        super().__exit__(*exc)

    def all(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                self.packets.append(self.socket.recv(65536))
        return self.packets
