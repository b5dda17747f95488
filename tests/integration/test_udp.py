# SPDX-License-Identifier: BSD-2-Clause
"""netdiagUdpSocketTable: which UDP socket drops, against ss and nstat."""

import os
import re
import resource
import socket
import sys
import unittest

import harness
import sockpile

FAST = "interval udpSocket 200ms\n"
CRITICAL = 3  # netdiagCheckState


def rows(agent):
    return {endpoint: {name[len("netdiagUdpSocket"):]: value for name, value in row.items()}
            for endpoint, row in agent.table("netdiagUdpSocketTable").items()}


def rcvbuf_errors(netns):
    return sockpile.nstat(netns, "UdpRcvbufErrors") + sockpile.nstat(netns, "Udp6RcvbufErrors")


def memory(netns):
    """{port: (queue, buffer, drops)} of ss's skmem, by local port."""
    found = {}
    for line in re.sub(r"\n\s+", " ", netns.run("ss", "-Huanm")).splitlines():
        port = int(line.split()[3].rpartition(":")[2])
        skmem = re.search(r"skmem:\(r(\d+),rb(\d+),.*,d(\d+)\)", line)
        found[port] = tuple(map(int, skmem.groups()))
    return found


def kernel_drops(netns):
    """{endpoint: drops} of /proc/net/udp."""
    found = {}
    for line in netns.run("cat", "/proc/net/udp").splitlines()[1:]:
        words = line.split()
        address, port = words[1].split(":")
        address = socket.inet_ntoa(int(address, 16).to_bytes(4, sys.byteorder))
        found[f"{address}:{int(port, 16)}"] = int(words[12])
    return found


class Udp(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "ss", "nstat")

    def receiver(self, pile, address="127.0.0.1", port=0):
        """A socket that nobody reads."""
        sock = pile.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.bind((address, port))
        return sock

    def flood(self, pile, to, count=300):
        family = socket.AF_INET6 if ":" in to[0] else socket.AF_INET
        with pile.netns.entered(), socket.socket(family, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(b"x" * 400, to[:2])

    def assert_sum(self, agent, netns):
        def equal():
            # A walk takes longer than a refresh: of a row that came meanwhile (the socket of the
            # walk itself) it has the last columns only.
            table = {name: row for name, row in rows(agent).items() if "Sockets" in row}
            self.assertEqual(sum(row.get("Drops", 0) for row in table.values()),
                             rcvbuf_errors(netns))
            return table
        return harness.eventually("the sums are RcvbufErrors", equal)

    def test_flood(self):
        """Of many the one that is flooded drops, in both families; its drops outlast it and go on
        with the next socket there."""
        with harness.Netns("flood") as ns, harness.Agent(FAST, netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            quiet = [self.receiver(pile) for _ in range(9)]
            ipv4, ipv6 = self.receiver(pile), self.receiver(pile, "::1")
            name4 = f"127.0.0.1:{ipv4.getsockname()[1]}"
            name6 = f"[::1]:{ipv6.getsockname()[1]}"
            self.flood(pile, ipv4.getsockname())
            self.flood(pile, ipv6.getsockname(), 200)
            table = self.assert_sum(agent, ns)
            self.assertGreater(table[name4]["Drops"], 200)
            self.assertGreater(table[name6]["Drops"], 100)
            for sock in quiet:
                self.assertEqual(table["%s:%d" % sock.getsockname()]["Drops"], 0)
            with open("/proc/self/comm") as comm:
                self_named = (os.getpid(), comm.read().strip())
            harness.eventually("its owner", lambda: (
                lambda row: (row.get("Pid"), row.get("Command")))(rows(agent)[name4]) == self_named)
            port = ipv4.getsockname()[1]
            oracle = memory(ns)[port]
            self.assertEqual((table[name4]["RxQueueBytes"], table[name4]["RxBufferBytes"],
                              table[name4]["Drops"]), oracle)
            drops = table[name4]["Drops"]
            ipv4.close()
            closed = harness.eventually("the socket is closed", lambda: (
                lambda row: row if row["Sockets"] == 0 else None)(rows(agent)[name4]))
            self.assertEqual(closed["Drops"], drops)
            self.assertNotIn("RxQueueBytes", closed)
            self.assertNotIn("Pid", closed)
            self.assert_sum(agent, ns)
            again = self.receiver(pile, port=port)
            self.flood(pile, again.getsockname())
            table = self.assert_sum(agent, ns)
            self.assertGreater(table[name4]["Drops"], drops + 200)
            harness.eventually("it is open", lambda: rows(agent)[name4]["Sockets"] == 1)

    def test_bounded(self):
        """The busiest by drops, then by queue."""
        with harness.Netns("bound") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST + "maxRows udpSocket 5\n", netns=ns) as agent:
            socks = [self.receiver(pile) for _ in range(60)]
            dropping, queued = socks[33], socks[44]
            self.flood(pile, dropping.getsockname())
            self.flood(pile, queued.getsockname(), 2)
            want = {"%s:%d" % sock.getsockname() for sock in (dropping, queued)}

            def bounded():
                table = rows(agent)
                self.assertEqual(len(table), 5)
                self.assertLessEqual(want, table.keys())
                return True
            harness.eventually("five rows, with those that count", bounded)
            for _ in range(3):
                agent.refreshed("udpSocket")
                bounded()
            self.assertEqual(agent.collector("udpSocket")["netdiagCollectorLastError"], "")

    def test_junk(self):
        """Sockets that lose much and are closed do not push out one that goes on losing."""
        with harness.Netns("junk") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST + "maxRows udpSocket 20\n", netns=ns) as agent:
            service = self.receiver(pile)
            name = "%s:%d" % service.getsockname()
            self.flood(pile, service.getsockname(), 40)
            harness.eventually("the service drops", lambda: rows(agent).get(name, {}).get(
                "Drops", 0))
            with sockpile.Pile(ns) as more:
                junk = [self.receiver(more) for _ in range(60)]
                for sock in junk:
                    self.flood(pile, sock.getsockname(), 200)
                most = self.assert_sum_above(agent, 60 * 100)
                agent.refreshed("udpSocket")
            for _ in range(5):
                self.flood(pile, service.getsockname(), 5)
                agent.refreshed("udpSocket")
                table = rows(agent)
                self.assertEqual(len(table), 20)
                self.assertEqual(table[name]["Sockets"], 1)
                self.assertGreater(most, table[name]["Drops"])

    def test_junk_beside_an_alarm(self):
        """600 sockets of another user that lose more than the service do not take its row, which
        its alarm needs."""
        config = FAST + "interval counters 200ms\nmaxRows udpSocket 300\n"
        with harness.Netns("alarm") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(config, netns=ns) as agent:
            service = self.receiver(pile)
            name = "%s:%d" % service.getsockname()
            key = ("udp.socket_drops", name)

            def state():
                self.flood(pile, service.getsockname(), 20)
                return agent.table("netdiagCheckTable").get(key, {}).get("netdiagCheckState")
            harness.eventually("the service's alarm", lambda: state() == CRITICAL, timeout=60)
            alarm = [row for row in agent.table("netdiagAlarmTable").values()
                     if row["netdiagAlarmInstance"] == name]
            with sockpile.Pile(ns) as more:
                junk = [self.receiver(more) for _ in range(600)]
                for sock in junk:
                    self.flood(pile, sock.getsockname(), 200)
                harness.eventually("a table full of junk", lambda: len(rows(agent)) == 300)
                for _ in range(5):
                    agent.refreshed("udpSocket")
                    self.assertEqual(rows(agent)[name]["Sockets"], 1)
                    self.assertEqual(state(), CRITICAL)
            agent.refreshed("udpSocket")
            self.assertEqual(state(), CRITICAL)
            self.assertEqual([row["netdiagAlarmRaisedAt"] for row in alarm],
                             [row["netdiagAlarmRaisedAt"] for row
                              in agent.table("netdiagAlarmTable").values()
                              if row["netdiagAlarmInstance"] == name])

    def assert_sum_above(self, agent, least):
        """The highest number of drops of one row, once some have many."""
        def many():
            drops = [row.get("Drops", 0) for row in rows(agent).values()]
            return max(drops) if sum(drops) > least / 4 else None
        return harness.eventually("junk that drops has rows", many)

    def test_ten_thousand(self):
        """All in one walk, strictly increasing, as /proc/net/udp has them, and no memory that grows
        with the refreshes."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        harness.need(hard == resource.RLIM_INFINITY or hard >= 12000, "needs 12,000 open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (12000, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with harness.Netns("many") as ns, sockpile.Pile(ns) as pile:
            socks = [self.receiver(pile, f"127.0.0.{1 + number % 10}", 10000 + number)
                     for number in range(10000)]
            self.flood(pile, socks[7777].getsockname())
            # With ASan freed memory would stay for long.
            env = {"ASAN_OPTIONS": "quarantine_size_mb=1"}
            with harness.Agent(FAST + "maxRows udpSocket 16384\n", netns=ns, env=env) as agent:
                cells = harness.eventually("10,000 rows", lambda: (
                    lambda cells: cells if len(cells) >= 10000 else None)(
                        agent.walk_oids("netdiagUdpSocketDrops")))
                oids = [oid for oid, _ in cells]
                self.assertEqual(oids, sorted(set(oids)))
                base = len(harness.Mib.get().oid["netdiagUdpSocketDrops"])
                drops = {harness.decode_index(oid[base:], "s"): value for oid, value in cells}
                want = kernel_drops(ns)
                self.assertLessEqual({"%s:%d" % sock.getsockname() for sock in socks}, want.keys())
                self.assertEqual({name: drops[name] for name in want if want[name]},
                                 {name: count for name, count in want.items() if count})
                self.assertGreater(drops["%s:%d" % socks[7777].getsockname()], 200)
                for _ in range(3):
                    agent.refreshed("udpSocket")
                first = agent.rss_kib()
                for _ in range(10):
                    agent.refreshed("udpSocket")
                self.assertLess(agent.rss_kib(), first + 8000)

    def test_many_clients(self):
        """Connected sockets with ephemeral ports: one row each, within the bound."""
        with harness.Netns("clients") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST + "maxRows udpSocket 100\n", netns=ns) as agent:
            server = self.receiver(pile)
            for _ in range(500):
                pile.socket(kind=socket.SOCK_DGRAM).connect(server.getsockname())
            self.flood(pile, server.getsockname())
            name = "%s:%d" % server.getsockname()
            harness.eventually("100 rows, the server among them", lambda: (
                lambda table: len(table) == 100 and name in table)(rows(agent)))
