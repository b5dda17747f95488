# SPDX-License-Identifier: BSD-2-Clause
"""netdiagBufferTable: the fullest sockets, against ss's skmem."""

import os
import re
import socket
import unittest

import harness
import sockpile

FAST = "interval buffer 200ms\n"
SKMEM = re.compile(r"skmem:\(r(\d+),rb(\d+),t(\d+),tb(\d+),f\d+,w(\d+),o\d+,bl\d+,d(\d+)\)")


def rows(agent):
    return {rank: {name[len("netdiagBuffer"):]: value for name, value in row.items()}
            for rank, row in agent.table("netdiagBufferTable").items()}


def by_fullness(netns):
    """[(fullness, protocol, local port, skmem)] of ss, fullest first, empty ones left out."""
    found = []
    for protocol, option in (("tcp", "-Htanm"), ("udp", "-Huanm")):
        for line in re.sub(r"\n\s+", " ", netns.run("ss", option)).splitlines():
            skmem = SKMEM.search(line)
            words = line.split()
            if not skmem or words[0] in ("LISTEN", "SYN-RECV", "TIME-WAIT"):
                continue
            rx, rx_max, alloc, tx_max, queued, drops = map(int, skmem.groups())
            tx = queued if protocol == "tcp" else alloc
            if rx or tx:
                fullness = max(rx * 10000 // rx_max, tx * 10000 // tx_max)
                found.append((fullness, protocol, int(words[3].rpartition(":")[2]),
                              (rx, rx_max, tx, tx_max, drops)))
    return sorted(found, reverse=True)


def fill(pile):
    """Sockets with queues of many lengths: TCP that is not read, UDP that is not read."""
    dual = pile.listen("::", v6only=0)
    for number, address in enumerate(("127.0.0.1", "::1", "::ffff:127.0.0.1"), 1):
        client = pile.connect((address, dual.getsockname()[1]))
        pile.enter_context(dual.accept()[0])
        client.setblocking(False)
        try:
            for _ in range(1 if number > 1 else 1000):
                client.send(b"x" * 20000 * number)
        except BlockingIOError:
            pass
    for number in range(1, 6):
        receiver = pile.socket(kind=socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        sender = pile.socket(kind=socket.SOCK_DGRAM)
        for _ in range(number * 7):
            sender.sendto(b"y" * 500, receiver.getsockname())


class Buffers(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "ss")

    def assert_same(self, agent, netns, limit):
        def same():
            before, table, after = by_fullness(netns), rows(agent), by_fullness(netns)
            self.assertEqual(before, after)
            self.assertEqual(sorted(table), list(range(1, min(limit, len(before)) + 1)))
            shown = [(max(row["RxUsage"], row["TxUsage"]), row["Protocol"],
                      int(row["Local"].rpartition(":")[2]),
                      (row["RxQueueBytes"], row["RxBufferBytes"], row["TxQueueBytes"],
                       row["TxBufferBytes"], row["Drops"])) for row in table.values()]
            self.assertEqual(shown, before[:limit])
            return table
        return harness.eventually("the fullest sockets as ss shows them", same)

    def test_against_ss(self):
        with harness.Netns("buffers") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST, netns=ns) as agent:
            fill(pile)
            table = self.assert_same(agent, ns, 20)
            self.assertGreaterEqual(len(table), 9)
            self.assertGreater(max(row["RxUsage"] for row in table.values()), 5000)
            self.assertGreater(max(row["TxUsage"] for row in table.values()), 5000)
            harness.eventually("their owner", lambda: {
                row.get("Pid") for row in rows(agent).values()} == {os.getpid()})
            remotes = {row["Remote"] for row in table.values() if row["Protocol"] == "udp"}
            self.assertEqual(remotes, {"0.0.0.0:*"})
            self.assertTrue([row for row in table.values()
                             if row["Local"].startswith("[::ffff:127.0.0.1]:")])

    def test_fewer_places(self):
        with harness.Netns("places") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST + "maxRows buffer 3\n", netns=ns) as agent:
            fill(pile)
            self.assert_same(agent, ns, 3)

    def test_too_many_sockets(self):
        """Past the bound the rows go, and it says why and what to do; below it they are back."""
        with harness.Netns("bound") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST + "bufferSockets 40\n", netns=ns) as agent:
            fill(pile)
            harness.eventually("rows", lambda: rows(agent))
            with sockpile.Pile(ns) as more:
                for _ in range(40):
                    more.socket(kind=socket.SOCK_DGRAM).bind(("127.0.0.1", 0))
                harness.eventually("no rows", lambda: not rows(agent))
                health = agent.collector("buffer")
                self.assertEqual(health["netdiagCollectorStatus"], 4)
                self.assertRegex(health["netdiagCollectorLastError"],
                                 r"\d+ TCP and UDP sockets .*`bufferSockets 40`")
            harness.eventually("rows again", lambda: rows(agent))
            self.assertEqual(agent.collector("buffer")["netdiagCollectorLastError"], "")
