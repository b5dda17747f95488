# SPDX-License-Identifier: BSD-2-Clause
"""Notifications on their way to a receiver: every version and kind, decoded by the names of
NETDIAG-MIB alone, and as snmptt shows them."""

import contextlib
import glob
import os
import re
import shutil
import socket
import tempfile
import unittest

import traps
from harness import BINARY, MIB_DIR, Mib, Netns, eventually, need_root, need_tools, run, veth
from watched import ALARM_OBJECTS, Application, Watched, fast, short

# What snmpd.conf has for each, and what arrives: the version, and whether it is an inform.
KINDS = {"trapsink": ("1", False), "trap2sink": ("2c", False), "informsink": ("2c", True),
         "v3": ("3", False), "v3inform": ("3", True)}

# RFC 2578; a Counter64 would cost the notification its way to version 1.
INTEGER, TEXT, OID, GAUGE32, COUNTER64 = 0x02, 0x04, 0x06, 0x42, 0x46
TYPES = {"Sequence": GAUGE32, "Severity": INTEGER, "Value": INTEGER, "Limit": INTEGER,
         "ObjectId": OID, "AlarmId": GAUGE32, "State": INTEGER, "PreviousSeverity": INTEGER,
         "CauseId": GAUGE32}
LARGEST = 1400  # bytes
SYNC_OBJECTS = ["BootId", "LastSequence", "ActiveAlarms", "Complete"]
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"

# The smallest backlog that listener.queue judges; the queue takes one more.
BACKLOG = 8
QUICK = short("listener.queue") + "check listener.queue hold 0ms\n" + fast("listener")
# What no text of ours holds, because snmptt would leave it out or a shell obey it.
FOR_A_SHELL = r"[;\[\]<>*$&|`\\]"

# A link-local address in its longest form, on an interface whose name is as long as names get.
ADDRESS = "fe80::1234:5678:9abc:def0"
INTERFACE = "interface-with-"


def number(data):
    """An OID of BER as a tuple."""
    arcs, value = [], 0
    for byte in data:
        value = value << 7 | byte & 0x7f
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    return (arcs[0] // 40, arcs[0] % 40, *arcs[1:])


def objects_on_the_wire(packet):
    """[(name without netdiagNotify, BER type)] of the notification's own variables."""
    mib, found = Mib.get(), []
    for tag, contents in traps.elements(packet):
        parts = traps.elements(contents) if tag == 0x30 else []
        if len(parts) == 2 and parts[0][0] == OID:
            name = mib.name.get(number(parts[0][1])[:-1], "")
            if name.startswith("netdiagNotify"):
                found.append((name.removeprefix("netdiagNotify"), parts[1][0]))
    return found

SNMPTT_INI = """
[General]
mode = standalone
dns_enable = 0
[Logging]
stdout_enable = 1
log_enable = 0
syslog_enable = 0
syslog_system_enable = 0
[TrapFiles]
snmptt_conf_files = <<END
{}
END
"""


class Traps(unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip", "snmptrapd")
        self.netns, self.peer = Netns("traps"), Netns("peer")
        self.addCleanup(self.peer.delete)
        self.addCleanup(self.netns.delete)
        veth(self.netns, INTERFACE, f"{ADDRESS}/64", self.peer, "peer", None)

    def fill(self, address, port):
        """As many connections as the queue takes."""
        with contextlib.ExitStack() as stack, self.netns.entered():
            for _ in range(BACKLOG + 1):
                stack.enter_context(socket.create_connection((address, port), 10))
            return stack.pop_all()

    def test_every_kind_is_decoded(self):
        """An alarm with texts that are as long as they get, and its end: by name, in their order,
        the same in all five ways."""
        with traps.Wire(self.netns) as wire, Watched(
                QUICK, self.netns, sinks=KINDS,
                snmpd_config=wire.sinks("trapsink", "trap2sink", "v3")) as watched, Application(
                    self.netns, "a-name-that-is-much-too-long", "listen", f"{ADDRESS}%{INTERFACE}",
                    BACKLOG) as shop:
            key = f"[{ADDRESS}%{INTERFACE}]:{shop.port}"
            with self.fill(f"{ADDRESS}%{INTERFACE}", shop.port):
                watched.raised("listener.queue", key)
                shop.work()
                watched.cleared("listener.queue", key)
            for kind in ("AlarmSync", "AlarmRaised", "AlarmCleared"):
                found = eventually(f"{kind} is there in all ways", lambda: (
                    lambda all_of: all_of if len(all_of) >= len(KINDS) else None)(
                        watched.receiver.of(kind)))
                self.assertEqual(sorted((trap.version, trap.inform) for trap in found),
                                 sorted(KINDS.values()))
                for trap in found:
                    self.assertEqual(list(trap.items()), list(found[0].items()))
                self.assertEqual(list(found[0]), SYNC_OBJECTS if kind == "AlarmSync"
                                 else ALARM_OBJECTS)
            raised, cleared = (watched.receiver.of(kind)[0] for kind in
                               ("AlarmRaised", "AlarmCleared"))
            self.assertEqual(raised["Instance"],
                             key.replace("%", "%25").replace("[", "%5B").replace("]", "%5D"))
            self.assertEqual([trap["State"] for trap in (raised, cleared)], ["raised", "cleared"])
            self.assertEqual([trap["Severity"] for trap in (raised, cleared)], ["warning", "none"])
            self.assertEqual([trap["PreviousSeverity"] for trap in (raised, cleared)],
                             ["none", "warning"])
            self.assertEqual(raised["ObjectId"], f'NETDIAG-MIB::netdiagListenerQueueUsage."{key}"')
            self.assertEqual((raised["Value"], raised["Limit"], raised["Units"]),
                             ("10000", "7000", "%"))
            self.assertEqual((raised["HostName"], raised["CauseId"]), (os.uname().nodename, "0"))
            self.assertEqual(raised["BootId"], watched.agent.get("netdiagAgentBootId.0"))
            for same in ("AlarmId", "RaisedAt", "HostName", "BootId"):
                self.assertEqual(raised[same], cleared[same])
            self.assertGreater(int(raised["AlarmId"]), 0)
            for trap in (raised, cleared):
                for time in (trap["RaisedAt"], trap["ChangedAt"]):
                    self.assertRegex(time, TIME)
            self.assertGreater(cleared["ChangedAt"], cleared["RaisedAt"])
            self.assertEqual(int(cleared["Sequence"]), int(raised["Sequence"]) + 1)

            for packet in wire.all():
                self.assertLess(len(packet), LARGEST)
            # Of version 3 they are encrypted.
            packets = [variables for variables in map(objects_on_the_wire, wire.all()) if variables]
            self.assertGreaterEqual(len(packets), 2 * 3)
            alarms = [variables for variables in packets if variables[0][0] == "Sequence"]
            self.assertEqual(len(alarms), 2 * 2)
            for variables in packets:
                self.assertNotIn(COUNTER64, [tag for _, tag in variables])
            for variables in alarms:
                self.assertEqual(variables,
                                 [(name, TYPES.get(name, TEXT)) for name in ALARM_OBJECTS])
            # Nothing in them is for a shell, and nothing is empty.
            for trap in watched.receiver.all():
                for name, text in trap.items():
                    self.assertTrue(text, name)
                    if name != "ObjectId":
                        self.assertNotRegex(text, FOR_A_SHELL)

    def test_without_the_mib(self):
        """snmptrapd prints every object of a notification whole, by number."""
        mib = Mib.get()
        with traps.Receiver(self.netns, mib=False) as bare, Watched(
                QUICK, self.netns, snmpd_config=bare.sinks("trap2sink")) as watched, Application(
                    self.netns, "shop", "listen", "127.0.0.1", BACKLOG) as shop:
            with self.fill("127.0.0.1", shop.port):
                raised = watched.raised("listener.queue", f"127.0.0.1:{shop.port}")
            line = eventually("it arrives there too", lambda: next(
                (line for line in bare.text().splitlines()
                 if f'"{raised["Summary"]}"' in line), None))
            for name, text in raised.items():
                oid = ".".join(map(str, mib.oid["netdiagNotify" + name]))
                value = re.search(rf"\.{re.escape(oid)}\.0 = ([^\t]*)", line).group(1)
                if TYPES.get(name, TEXT) == TEXT:
                    self.assertEqual(value, f'STRING: "{text}"')
                elif text.isdigit():
                    self.assertEqual(value.rpartition(" ")[2], text)
            shop.work()
            watched.cleared("listener.queue", f"127.0.0.1:{shop.port}")

    def snmptt(self, config):
        """A directory, a handler that keeps each notification there, and a function that gives the
        lines that snmptt makes of them with a configuration."""
        directory = tempfile.mkdtemp(prefix="netdiag-snmptt-")
        self.addCleanup(shutil.rmtree, directory)
        handler, converted, ini = (os.path.join(directory, name) for name in
                                   ("handler", "snmptt.conf", "snmptt.ini"))
        with open(handler, "w") as out:
            out.write(f'#!/bin/sh\ncat >"{directory}/$$.part" && '
                      f'mv "{directory}/$$.part" "{directory}/$$.trap"\n')
        os.chmod(handler, 0o755)
        with open(ini, "w") as out:
            out.write(SNMPTT_INI.format(converted))
        config(converted)

        def lines():
            found = []
            for path in sorted(glob.glob(f"{directory}/*.trap"), key=os.path.getmtime):
                with open(path) as trap:
                    found += run("snmptt", f"--ini={ini}", input=trap.read()).splitlines()
            return found

        return handler, lines

    def test_snmptt(self):
        """Its configuration is made of the MIB by its own tool; it shows our summary."""
        need_tools("snmptt", "snmpttconvertmib")

        def convert(path):
            self.assertRegex(
                run("snmpttconvertmib", f"--in={MIB_DIR}/NETDIAG-MIB.txt", f"--out={path}",
                    env={**os.environ, "MIBDIRS": MIB_DIR, "MIBS": ""}),
                r"Successful translations: +4\nFailed translations: +0")

        handler, lines = self.snmptt(convert)
        with traps.Receiver(self.netns, handler=handler) as receiver, Watched(
                QUICK, self.netns,
                snmpd_config=receiver.sinks("trap2sink")) as watched, Application(
                    self.netns, "shop", "listen", "127.0.0.1", BACKLOG) as shop:
            key = f"127.0.0.1:{shop.port}"
            with self.fill("127.0.0.1", shop.port):
                raised = watched.raised("listener.queue", key)
                shop.work()
                cleared = watched.cleared("listener.queue", key)

            def shown():
                found = lines()
                return found if sum("netdiag" in line for line in found) >= 3 else None

            text = "\n".join(eventually("the handler has all", shown))
            host = os.uname().nodename
            for line in (f'MAJOR "Status Events" .* - netdiag: warning, listener.queue {key}: '
                         + re.escape(f'{raised["Summary"]} ({host})'),
                         f'NORMAL "Status Events" .* - netdiag: cleared, listener.queue {key}: '
                         + re.escape(f'{cleared["Summary"]} ({host})')):
                self.assertRegex(text, line)
            self.assertRegex(text, r"netdiag sync: boot id \w{16}, .*, complete: (true|false)")

    def test_snmptt_leaves_nothing_out(self):
        """Each object of a notification as snmptt shows it is as it was sent, with the MIB and
        without; netdiagd --test-notification has a command too."""
        need_tools("snmptt")
        base = ".".join(map(str, Mib.get().oid["netdiagAlarmRaised"]))

        def all_objects(path):
            values = " ~ ".join(f"${place}" for place in range(1, len(ALARM_OBJECTS) + 1))
            with open(path, "w") as out:
                out.write(f'EVENT netdiagAlarmRaised .{base} "Status Events" MAJOR\n'
                          f"FORMAT whole: {values} ~ end\n")

        for mib in (True, False):
            handler, lines = self.snmptt(all_objects)
            with self.subTest(mib=mib), traps.Receiver(self.netns, handler=handler,
                                                       mib=mib) as receiver, Watched(
                    "", self.netns, snmpd_config=receiver.sinks("trap2sink")) as watched:
                done = run(BINARY, "--test-notification", "--agentx", watched.agent.socket)
                self.assertIn("accepted two test notifications", done)
                sent = watched.receiver.wait("AlarmRaised", "agent.test")
                self.assertEqual(list(sent), ALARM_OBJECTS)
                self.assertEqual((sent["State"], sent["AlarmId"], sent["Severity"]),
                                 ("raised", "0", "warning"))
                over = watched.receiver.wait("AlarmCleared", "agent.test")
                self.assertEqual((over["State"], over["Severity"], over["PreviousSeverity"]),
                                 ("cleared", "none", "warning"))
                self.assertEqual((over["Advice"], over["Command"]), ("-", "-"))
                self.assertRegex(sent["Command"], r"^netdiagd --\w+$")
                line = eventually("snmptt shows it", lambda: next(
                    (line for line in lines() if "whole: " in line), None))
                shown = dict(zip(ALARM_OBJECTS, line.partition("whole: ")[2].split(" ~ ")))
                for name in ALARM_OBJECTS:
                    if TYPES.get(name, TEXT) == TEXT:
                        self.assertEqual(shown[name], sent[name], name)


if __name__ == "__main__":
    unittest.main()
