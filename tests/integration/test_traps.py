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
from harness import MIB_DIR, Mib, Netns, eventually, need_root, need_tools, run, veth
from watched import ALARM_OBJECTS, Application, Watched, fast, short

# What snmpd.conf has for each, and what arrives: the version, and whether it is an inform.
KINDS = {"trapsink": ("1", False), "trap2sink": ("2c", False), "informsink": ("2c", True),
         "v3": ("3", False), "v3inform": ("3", True)}

# RFC 2578; a Counter64 would cost the notification its way to version 1.
INTEGER, TEXT, OID, GAUGE32, COUNTER64 = 0x02, 0x04, 0x06, 0x42, 0x46
TYPES = {"Sequence": GAUGE32, "Severity": INTEGER, "Value": INTEGER, "Limit": INTEGER,
         "ObjectId": OID}
LARGEST = 1000  # bytes

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
        """More connections than a queue of one takes."""
        with contextlib.ExitStack() as stack, self.netns.entered():
            for _ in range(2):
                stack.enter_context(socket.create_connection((address, port), 10))
            return stack.pop_all()

    def test_every_kind_is_decoded(self):
        """An alarm with texts that are as long as they get, and its end: by name, in their order,
        the same in all five ways."""
        config = short("listener.queue") + fast("listener")
        with traps.Wire(self.netns) as wire, Watched(
                config, self.netns, sinks=KINDS,
                snmpd_config=wire.sinks("trapsink", "trap2sink", "v3")) as watched, Application(
                    self.netns, "a-name-that-is-much-too-long", "listen", f"{ADDRESS}%{INTERFACE}",
                    1) as shop:
            key = f"[{ADDRESS}%{INTERFACE}]:{shop.port}"
            with self.fill(f"{ADDRESS}%{INTERFACE}", shop.port):
                watched.raised("listener.queue", key)
                shop.work()
                watched.cleared("listener.queue", key)
            for kind, count in (("AlarmSync", 1), ("AlarmRaised", 1), ("AlarmCleared", 1)):
                found = eventually(f"{kind} is there in all ways", lambda: (
                    lambda all_of: all_of if len(all_of) >= len(KINDS) * count else None)(
                        watched.receiver.of(kind)))
                self.assertEqual(sorted((trap.version, trap.inform) for trap in found),
                                 sorted(KINDS.values()))
                for trap in found:
                    self.assertEqual(list(trap.items()), list(found[0].items()))
                self.assertEqual(list(found[0]), ["BootId", "LastSequence", "ActiveAlarms"]
                                 if kind == "AlarmSync" else ALARM_OBJECTS)
            raised, cleared = (watched.receiver.of(kind)[0] for kind in
                               ("AlarmRaised", "AlarmCleared"))
            self.assertEqual(raised["Instance"], key)
            self.assertEqual((raised["Severity"], cleared["Severity"]), ("critical", "critical"))
            self.assertEqual(raised["ObjectId"], f'NETDIAG-MIB::netdiagListenerQueueUsage."{key}"')
            self.assertEqual((raised["Value"], raised["Limit"], raised["Units"]),
                             ("20000", "9000", "%"))
            self.assertEqual(cleared["Advice"], "")
            self.assertEqual(int(cleared["Sequence"]), int(raised["Sequence"]) + 1)

            for packet in wire.all():
                self.assertLess(len(packet), LARGEST)
            # Of version 3 they are encrypted.
            packets = [packet for packet in wire.all() if objects_on_the_wire(packet)]
            self.assertEqual(len(packets), 2 * 3)
            self.assertGreater(len(wire.all()), 3 * 3)
            for packet in packets:
                self.assertNotIn(COUNTER64, [tag for tag, _ in traps.elements(packet)])
                variables = objects_on_the_wire(packet)
                if len(variables) > 3:
                    self.assertEqual([name for name, _ in variables], ALARM_OBJECTS)
                    self.assertEqual([tag for _, tag in variables],
                                     [TYPES.get(name, TEXT) for name in ALARM_OBJECTS])
            # Nothing in them is for a shell.
            for trap in watched.receiver.all():
                for text in trap.values():
                    self.assertNotRegex(text.replace(f'."{key}"', ""), "[;`$'\"&<>|\\\\]")

    def test_snmptt(self):
        """Its configuration is made of the MIB by its own tool; it shows our summary."""
        need_tools("snmptt", "snmpttconvertmib")
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
        self.assertRegex(
            run("snmpttconvertmib", f"--in={MIB_DIR}/NETDIAG-MIB.txt", f"--out={converted}",
                env={**os.environ, "MIBDIRS": MIB_DIR, "MIBS": ""}),
            r"Successful translations: +4\nFailed translations: +0")

        with traps.Receiver(self.netns, handler=handler) as receiver, Watched(
                short("listener.queue") + fast("listener"), self.netns,
                snmpd_config=receiver.sinks("trap2sink")) as watched, Application(
                    self.netns, "shop", "listen", "127.0.0.1", 1) as shop:
            key = f"127.0.0.1:{shop.port}"
            with self.fill("127.0.0.1", shop.port):
                raised = watched.raised("listener.queue", key)
                shop.work()
                cleared = watched.cleared("listener.queue", key)

            def shown():
                lines = []
                for path in sorted(glob.glob(f"{directory}/*.trap"), key=os.path.getmtime):
                    with open(path) as trap:
                        lines += run("snmptt", f"--ini={ini}", input=trap.read()).splitlines()
                return lines if sum("netdiag" in line for line in lines) == 3 else None

            lines = "\n".join(eventually("the handler has all three", shown))
            for line in (f'MAJOR "Status Events" .* - netdiag: critical, listener.queue {key}: '
                         + raised["Summary"],
                         f'NORMAL "Status Events" .* - netdiag: cleared, listener.queue {key}: '
                         + cleared["Summary"]):
                # snmptt leaves brackets out.
                self.assertRegex(lines, re.sub(r"[\[\]]", "", line))
            self.assertIn("netdiag sync: boot id", lines)


if __name__ == "__main__":
    unittest.main()
