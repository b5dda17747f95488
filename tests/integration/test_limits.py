# SPDX-License-Identifier: BSD-2-Clause
"""Limits and protocols' memory against /proc, sysctl and what the kernel really refuses."""

import contextlib
import errno
import json
import os
import socket
import unittest

from harness import NOBODY, Agent, Netns, dump, eventually, need, need_root, run

FILES = {  # the setting, the line and the word of sockstat
    "tcp-memory": ("net.ipv4.tcp_mem", "TCP", "mem"), "udp-memory": ("net.ipv4.udp_mem", "UDP", "mem"),
    "tcp-orphans": ("net.ipv4.tcp_max_orphans", "TCP", "orphan"),
    "tcp-time-wait": ("net.ipv4.tcp_max_tw_buckets", "TCP", "tw"),
    "fragment-memory": ("net.ipv4.ipfrag_high_thresh", "FRAG", "memory"),
    "fragment-memory-ipv6": ("net.ipv6.ip6frag_high_thresh", "FRAG6", "memory"),
}
HOST_ONLY = {"tcp-memory", "udp-memory", "tcp-orphans"}


def limits(netns=None, user=None):
    """{name: {column: value}}, and the collector's LastError."""
    data = dump(netns=netns, user=user)
    status = {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}["limit"]
    rows = {row["netdiagLimitName"]: {name[len("netdiagLimit"):]: value for name, value in row.items()}
            for row in data["netdiagLimitTable"]}
    return rows, status["netdiagCollectorLastError"]


def sockstat(runner):
    """{protocol: {word: number}} of both files."""
    found = {}
    for line in runner("cat", "/proc/net/sockstat", "/proc/net/sockstat6").splitlines():
        words = line.split()
        found[words[0][:-1]] = dict(zip(words[1::2], map(int, words[2::2])))
    return found


class Host(unittest.TestCase):

    def setUp(self):
        need_root()
        need(os.path.exists("/proc/net/sockstat6"), "needs IPv6")

    def check_counts(self, user):
        before = sockstat(run)
        rows, note = limits(user=user)
        for name in FILES:
            self.assertNotIn(name, note)
        # The whole host's memory moves meanwhile; asked again until it stands still.
        self.assertEqual(before, sockstat(run))
        for name, (setting, line, word) in FILES.items():
            limit = int(run("sysctl", "-n", setting).split()[-1])
            self.assertEqual((rows[name]["Sysctl"], rows[name]["Max"]), (setting, limit))
            self.assertEqual(rows[name]["Used"], before[line][word], name)
            self.assertEqual(rows[name]["Usage"], before[line][word] * 10000 // limit, name)
        return rows

    def test_settings_and_counts(self):
        # Something to count: data that nobody reads. Its memory is in the whole host's.
        with Netns("limits") as ns:
            with ns.entered():
                server = socket.create_server(("127.0.0.1", 0))
                client = socket.create_connection(server.getsockname())
            with contextlib.closing(server), contextlib.closing(client):
                client.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    while client.send(b"x" * 65536):
                        pass
                for user in (None, NOBODY):
                    rows = eventually("limits equal the kernel's", lambda: self.check_counts(user))
                    self.assertGreater(rows["tcp-memory"]["Used"], 100)

    def test_protocols(self):
        with Netns("limits") as ns, ns.entered(), contextlib.ExitStack() as stack:
            for family, kind in ((socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM),
                                 (socket.AF_INET6, socket.SOCK_DGRAM)):
                opened = stack.enter_context(socket.socket(family, kind))
                opened.bind(("", 0))
                if kind == socket.SOCK_STREAM:
                    opened.listen()
            oracle = sockstat(ns.run)
            rows = {row["netdiagProtocolName"]: row for row in dump(netns=ns)["netdiagProtocolMemTable"]}
            self.assertEqual(set(rows), set(oracle))
            self.assertEqual(oracle["UDP6"]["inuse"], 2)
            for name, words in oracle.items():
                if name != "sockets":  # the dump's own sockets are counted there
                    self.assertEqual(rows[name]["netdiagProtocolInUse"], words["inuse"], name)
            self.assertEqual(rows["TCP"]["netdiagProtocolTimeWait"], oracle["TCP"]["tw"])
            self.assertEqual(rows["FRAG"]["netdiagProtocolMemBytes"], oracle["FRAG"]["memory"])
            self.assertNotIn("netdiagProtocolMemHigh", rows["TCP"])  # not in a child namespace


class Namespace(unittest.TestCase):

    def setUp(self):
        self.ns = Netns("limits")
        self.addCleanup(self.ns.delete)

    def test_what_only_the_host_has_is_absent(self):
        rows, note = limits(self.ns)
        for name in HOST_ONLY:
            self.assertNotIn("Max", rows[name])
            self.assertNotIn("Usage", rows[name])
            self.assertIn(name, note)
        self.assertEqual(rows["tcp-time-wait"]["Max"], int(self.ns.sysctl("net.ipv4.tcp_max_tw_buckets")))

    def test_time_wait(self):
        with self.ns.entered(), socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            for _ in range(30):
                with socket.create_connection(server.getsockname()):
                    server.accept()[0].close()
        self.assertEqual(eventually("30 connections wait", lambda: sockstat(self.ns.run)["TCP"]["tw"] == 30 and 30),
                         limits(self.ns)[0]["tcp-time-wait"]["Used"])

    def test_fragments(self):
        """One fragment without its others waits half a minute."""
        with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            header = bytes.fromhex("45000000123420004011000000000000") + socket.inet_aton("127.0.0.1")
            raw.sendto(header + bytes(1000), ("127.0.0.1", 0))
        memory = eventually("a fragment waits", lambda: sockstat(self.ns.run)["FRAG"]["memory"])
        self.assertEqual(limits(self.ns)[0]["fragment-memory"]["Used"], memory)

    def test_neighbors(self):
        """Entries count, permanent ones do not, as the kernel has it since 5.0."""
        self.ns.run("ip", "link", "add", "left", "type", "veth", "peer", "name", "right")
        self.ns.run("ip", "link", "set", "left", "up")
        for family, name, prefix in (("-4", "neighbor-ipv4", "192.0.2."), ("-6", "neighbor-ipv6", "2001:db8::")):

            def batch(verb, state=""):
                self.ns.run("ip", family, "-batch", "-", input="".join(
                    f"neigh {verb} {prefix}{number} dev left{state}\n" for number in range(1, 51)))

            def grown(state):
                """By how much the count grows with 50 entries, and falls without them."""
                before = limits(self.ns)[0][name]["Used"]
                batch("add", f" lladdr 02:00:00:00:00:01 nud {state}")
                between = limits(self.ns)[0][name]["Used"]
                batch("del")
                return between - before, between - limits(self.ns)[0][name]["Used"]

            def maximum():
                table = [part for part in json.loads(self.ns.run("ip", "-j", family, "ntable", "show"))
                         if "thresh3" in part]
                return limits(self.ns)[0][name]["Max"] == table[0]["thresh3"]

            # The setting and other namespaces' entries are the host's, and may change meanwhile.
            eventually("the maximum is gc_thresh3", maximum)
            for state, count in (("permanent", 0), ("stale", 50)):
                eventually(f"{name}: {count} more {state}", lambda: all(
                    abs(difference - count) <= 5 for difference in grown(state)), every=0.5)


class EphemeralPorts(unittest.TestCase):
    """Full is when the kernel says EADDRNOTAVAIL, and not before."""

    LOW, HIGH = 40001, 40060

    def setUp(self):
        self.ns = Netns("ports")
        self.addCleanup(self.ns.delete)
        self.ns.sysctl("net.ipv4.ip_local_port_range", f"{self.LOW} {self.HIGH}")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.servers = [self.listen("127.0.0.1", port) for port in (1001, 1002)]

    def listen(self, address, port):
        with self.ns.entered():
            server = self.stack.enter_context(socket.socket())
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen(1000)
            return server

    def fill(self, server):
        """Connects until no port is left; returns the connections."""
        found = []
        with self.ns.entered():
            while True:
                client = self.stack.enter_context(socket.socket())
                error = client.connect_ex(server.getsockname())
                if error == errno.EADDRNOTAVAIL:
                    return found
                self.assertEqual(error, 0)
                found.append(client)

    def row(self, **options):
        return limits(self.ns, **options)[0]["ephemeral-ports"]

    def test_full_to_one_destination(self):
        count = self.HIGH - self.LOW + 1
        self.assertEqual(self.row()["Used"], 0)
        self.assertEqual(len(self.fill(self.servers[0])), count)
        for user in (None, NOBODY):
            row = self.row(user=user)
            self.assertEqual((row["Used"], row["Max"], row["Usage"]), (count, count, 10000))
            self.assertEqual(row["Detail"], f"{count} to 127.0.0.1:1001 from 127.0.0.1")
        # Another destination has all ports for itself.
        self.assertEqual(len(self.fill(self.servers[1])), count)
        self.assertEqual(self.row()["Used"], count)

    def test_reserved_and_listening_ports(self):
        self.ns.sysctl("net.ipv4.ip_local_reserved_ports", f"{self.LOW}-{self.LOW + 9},50000")
        self.listen("127.0.0.1", self.LOW + 20)
        row = self.row()
        self.assertEqual((row["Used"], row["Max"]), (1, 50))
        self.assertEqual(len(self.fill(self.servers[0])), 49)
        self.assertEqual(self.row()["Usage"], 10000)

    def test_time_wait(self):
        """With tcp_tw_reuse 0 waiting connections hold their ports, with 2 not those of loopback."""
        self.ns.sysctl("net.ipv4.tcp_tw_reuse", "0")
        clients = self.fill(self.servers[0])
        for client in clients:
            client.close()
            self.servers[0].accept()[0].close()
        eventually("all wait", lambda: sockstat(self.ns.run)["TCP"]["tw"] == len(clients))
        self.assertEqual(self.fill(self.servers[0]), [])
        self.assertEqual(self.row()["Usage"], 10000)
        self.ns.sysctl("net.ipv4.tcp_tw_reuse", "2")
        self.assertEqual(self.row()["Used"], 0)

    def test_through_snmp(self):
        with Agent("interval limit 500ms", netns=self.ns, user=NOBODY) as agent:
            count = len(self.fill(self.servers[0]))
            eventually("the limit is reached", lambda: agent.table("netdiagLimitTable")["ephemeral-ports"][
                "netdiagLimitUsage"] == 10000)
            row = agent.table("netdiagLimitTable")["ephemeral-ports"]
            self.assertEqual(row["netdiagLimitUsed"], count)
            self.assertEqual(row["netdiagLimitSysctl"], "net.ipv4.ip_local_port_range")
