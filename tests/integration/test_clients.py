# SPDX-License-Identifier: BSD-2-Clause
"""Net-SNMP's four tools, in SNMPv1, v2c and v3, on every table: all of them see the same cells, and
GETNEXT visits those that GET reaches, no more and no less.

The collectors run at the start and at a change of the settings only, so that nothing moves between
two questions."""

import contextlib
import itertools
import json
import re
import signal
import socket
import time
import unittest

import harness
import socket_faults
import sockpile
from harness import Agent, Mib, Netns, dump, eventually, need_root, need_tools
from served import ServedNics

ONCE = "".join(f"interval {name} 1h\n" for name in harness.collectors())
# Whatever namespaces the host has.
ONCE += "maxRows netns 20\n"
# Raises an alarm at the first look at the sockets, for the tables of alarms.
ALARM = "check tcp.time_wait warning 1 critical off clear 0 hold 1 notify on\n"

VERSIONS = ("1", "2c", "3")
# Columns that move by themselves, between any two questions.
MOVES = re.compile(r"netdiag(CollectorAge|AlarmAge|Agent(Uptime|Traps\w+|LastSequence|HeldBack))$")
# What not each machine has: cards with interrupts, conntrack.
MAY_BE_EMPTY = {"netdiagIrqTable", "netdiagConntrack", "netdiagConntrackCpuTable"}
# What not each kernel and build has: their collector says so, and why.
MAY_BE_UNSUPPORTED = {"netdiagDropTable": "dropReason", "netdiagNfqueueTable": "nfqueue"}
UNSUPPORTED = 4
RX_PACKETS, TX_PACKETS = 8, 10  # attributes of qstats
# Between snmptable's columns; in no text.
SEPARATOR = "\x1f"
# Syntaxes whose values are printed as they are.
NUMBERS = ("Counter64", "Gauge32", "Unsigned32", "Integer32", "INTEGER")
# Those of which they print a hundredth.
HUNDREDTHS = ("NetdiagHundredths", "NetdiagPercent", "NetdiagRate")


class Clients(unittest.TestCase):
    takes_s = 36

    @classmethod
    def setUpClass(cls):
        need_root()
        need_tools("snmpget", "snmpwalk", "snmpbulkwalk", "snmptable")
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        cls.schema = [group for group in json.loads(dump(fmt="schema"))["groups"]
                      if group["name"] != "netdiagNotify"]
        ns = cls.stack.enter_context(Netns("clients"))
        harness.veth(ns, "left", "192.0.2.1/24", ns, "right", "192.0.2.2/24")
        pile = cls.stack.enter_context(sockpile.Pile(ns))
        udp = pile.socket(kind=socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        pile.connections(pile.listen("127.0.0.1"), "127.0.0.1", 5, "timeWait")
        pile.connections(pile.listen("::1"), "::1", 3, "established")
        # Something that waits to be read, for the table of buffers.
        sender = pile.socket()
        sender.connect(pile.listen("127.0.0.1").getsockname())
        sender.sendall(b"x" * 5000)
        # A card with queues in place of a veth; a queue of netfilter.
        served = cls.stack.enter_context(ServedNics())
        card = served.card("left", "igb")
        for queue in range(2):
            card.add_queue("rx", queue, 8200 + queue, 60 + queue)
            card.count_queue("rx", queue, RX_PACKETS, 1000 + queue)
            card.count_queue("tx", queue, TX_PACKETS, 500 + queue)
        with contextlib.suppress(unittest.SkipTest):  # where there are none
            cls.stack.enter_context(socket_faults.Sockets(ns)).queue(5)
        # Drops are counted from the start on, and looked at until there are some.
        soon = ONCE.replace("interval dropReason 1h", "interval dropReason 200ms")
        cls.agent = cls.stack.enter_context(Agent(soon + ALARM, netns=ns, env=served.env))
        eventually("every collector has run once", cls.settled)
        cls.empty = MAY_BE_EMPTY | {table for table, name in MAY_BE_UNSUPPORTED.items()
                                    if cls.status(name) == UNSUPPORTED}
        if "netdiagDropTable" not in cls.empty:
            with socket_faults.Sockets(ns) as sockets:
                eventually("something is dropped", lambda: sockets.flood_queue(9, 3) or
                           cls.agent.table("netdiagDropTable"))
        looks = cls.looks()
        cls.agent.write_config(ONCE + ALARM)
        cls.agent.daemon.send_signal(signal.SIGHUP)
        eventually("every collector has run once more", lambda: all(
            now > looks[name] for name, now in cls.looks().items()))
        eventually("there is an alarm", lambda: cls.agent.table("netdiagAlarmHistoryTable"))
        # Nothing that the start brings about is still under way.
        eventually("nothing moves any more", cls.still)

    @classmethod
    def settled(cls):
        return all(row["netdiagCollectorStatus"] != 2
                   for row in cls.agent.table("netdiagCollectorTable").values())

    @classmethod
    def looks(cls):
        return {name: row["netdiagCollectorRefreshes"] + row["netdiagCollectorErrors"]
                for name, row in cls.agent.table("netdiagCollectorTable").items()}

    @classmethod
    def status(cls, collector):
        return cls.agent.collector(collector)["netdiagCollectorStatus"]

    @classmethod
    def still(cls):
        before = cls.cells(cls.agent.walk_oids())
        time.sleep(1)
        return before == cls.cells(cls.agent.walk_oids())

    @classmethod
    def columns(cls, group):
        """{OID of a column or scalar: what the schema says of it}, those that can be read."""
        return {tuple(map(int, item["oid"].split("."))): item for item in group["objects"]
                if item["access"] != "not-accessible"}

    @staticmethod
    def cells(walked):
        """{oid: value} without what moves by itself."""
        mib = Mib.get()

        def moves(oid):
            return any(MOVES.match(mib.name.get(oid[:length], "")) for length in range(len(oid)))
        return {oid: None if moves(oid) else value for oid, value in walked}

    def walk(self, name, version, tool):
        walked = self.agent.walk_oids(name, version=version, tool=tool)
        oids = [oid for oid, _ in walked]
        self.assertEqual(oids, sorted(set(oids)), f"{name}, {tool} -v{version}")
        return self.cells(walked)

    def get(self, oids, version):
        return self.cells(self.agent.get_many(oids, version).items())

    def test_walks_and_gets_see_the_same(self):
        """snmpwalk, snmpbulkwalk (which SNMPv1 does not have) and snmpget."""
        for group in self.schema:
            name = group["name"]
            with self.subTest(name):
                want = self.walk(name, "2c", "snmpwalk")
                if name not in self.empty:
                    self.assertTrue(want, f"{name} has nothing to compare")
                counters = {oid for oid, item in self.columns(group).items()
                            if item["syntax"] == "Counter64"}
                # There is no Counter64 in SNMPv1: those are passed over, and nothing else is.
                old = {oid: value for oid, value in want.items()
                       if not any(oid[:len(column)] == column for column in counters)}
                self.assertEqual(self.walk(name, "1", "snmpwalk"), old)
                self.assertEqual(self.walk(name, "3", "snmpwalk"), want)
                for version in ("2c", "3"):
                    self.assertEqual(self.walk(name, version, "snmpbulkwalk"), want)
                    self.assertEqual(self.get(want, version), want)
                some = dict(itertools.islice(want.items(), 0, None, max(1, len(want) // 25)))
                self.assertEqual(self.get(some, "1"),
                                 {oid: value for oid, value in some.items() if oid in old})

    def test_getnext_visits_what_get_reaches(self):
        """Each column with each index that any column has, and with some that none has: what GET
        finds is the walk, neither more nor less."""
        for group in self.schema:
            name = group["name"]
            with self.subTest(name):
                walked = self.walk(name, "2c", "snmpbulkwalk")
                columns = self.columns(group)
                depth = len(next(iter(columns)))
                indexes = {oid[depth:] for oid in walked}
                near = set()
                for index in sorted(indexes)[:20]:
                    near |= {index[:-1] + (index[-1] + 1,), index + (0,), index[:-1]}
                asked = [column + index for column in columns for index in indexes | near if index]
                asked += [column[:-1] + (max(columns)[-1] + 1,) + index
                          for column in list(columns)[:1] for index in indexes]
                self.assertEqual(self.get(asked, "2c"), walked)
                self.assertLessEqual(walked.keys(), set(asked))

    def test_snmptable(self):
        """As many rows and columns as the walk, and every number in its place."""
        for group in self.schema:
            if "entry" not in group:
                continue
            walked = self.walk(group["name"], "2c", "snmpbulkwalk")
            for version in VERSIONS if walked else ():
                with self.subTest(f"{group['name']} -v{version}"):
                    self.compare_table(group, walked, version)

    def compare_table(self, group, walked, version):
        output = self.agent.snmp("snmptable", "NETDIAG-MIB::" + group["name"], version=version,
                                 options=("-Os", "-Cf", SEPARATOR))
        lines = output.splitlines()
        columns = {item["name"]: oid for oid, item in self.columns(group).items()
                   if version != "1" or item["syntax"] != "Counter64"}
        syntax = {item["name"]: item["syntax"] for item in group["objects"]}
        depth = len(next(iter(self.columns(group))))
        rows = {}
        for oid, value in walked.items():
            if oid[:depth] in columns.values():
                rows.setdefault(oid[depth:], {})[oid[:depth]] = value
        if not rows:
            self.assertEqual(lines, [f"{group['name']}: No entries"])
            return
        # A line with the table's name and an empty one come first.
        self.assertEqual(lines[0], f"SNMP table: {group['name']}")
        names = lines[2].split(SEPARATOR)
        shown = [line.split(SEPARATOR) for line in lines[3:]]
        there = {name for name, oid in columns.items() if any(oid in row for row in rows.values())}
        self.assertLessEqual(there, set(names))
        self.assertEqual(len(shown), len(rows))
        for (_, row), fields in zip(sorted(rows.items()), shown):
            self.assertEqual(len(fields), len(names))
            for name, field in zip(names, fields):
                oid = columns.get(name)
                if oid not in row:
                    self.assertEqual(field, "?", name)
                elif isinstance(row[oid], int) and syntax[name] in NUMBERS:
                    self.assertEqual(int(field.split()[0]), row[oid], name)
                elif isinstance(row[oid], int) and syntax[name] in HUNDREDTHS:
                    self.assertRegex(field, r"^\d*\.\d\d\b", name)
                    self.assertEqual(round(float(field.split()[0]) * 100), row[oid], name)
                else:
                    self.assertNotEqual(field, "?", name)


if __name__ == "__main__":
    unittest.main()
