# SPDX-License-Identifier: BSD-2-Clause
"""netdiagSocketStateTable: the cheap way against ss and against the full dump."""

import os
import tempfile
import unittest

import harness
import sockpile
from sockpile import ANY, IPV4, IPV6, STATES

FAST = "interval socketState 200ms\n"
SPLIT_MAX = 10000  # of collectors/socket/tcp_states.c


def table(agent):
    return {index: row.get("netdiagSocketCount")
            for index, row in agent.table("netdiagSocketStateTable").items()}


def dumped(netns, config):
    """The same from --dump, with a configuration."""
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as out:
        out.write(config)
        out.flush()
        rows = harness.dump("--config", out.name, netns=netns)["netdiagSocketStateTable"]
    return {(row["netdiagSocketFamily"], row["netdiagSocketState"]): row.get("netdiagSocketCount")
            for row in rows}


def mixture(pile):
    """Each kind in both families, with IPv4 on dual-stack sockets at one end or at both."""
    ipv4 = pile.listen("127.0.0.1")
    dual = pile.listen("::", v6only=0)
    for number, what in enumerate(("established", "closeWait", "timeWait", "finWait2"), 3):
        pile.connections(ipv4, "127.0.0.1", number, what)
        pile.connections(dual, "::1", number + 5, what)
        pile.connections(dual, "127.0.0.1", number + 10, what)
        pile.connections(dual, "::ffff:127.0.0.1", number + 15, what)


class Sockets(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "ss")

    def test_against_ss(self):
        """Every family and state, dense, as ss counts them; and again when all are closed."""
        with harness.Netns("piles") as ns, harness.Agent(FAST, netns=ns) as agent:
            with sockpile.Pile(ns) as pile:
                mixture(pile)
                self.assert_same(ns, agent)
                counts = table(agent)
                self.assertGreater(counts[IPV4, STATES["TIME-WAIT"]], 0)
                self.assertGreater(counts[IPV6, STATES["FIN-WAIT-2"]], 0)
                self.assertGreaterEqual(counts[ANY, STATES["LISTEN"]], 2)
            self.assert_same(ns, agent)
            self.assertEqual(agent.collector("socketState")["netdiagCollectorStatus"], 1)
            self.assertIn("sockstat6", agent.collector("socketState")["netdiagCollectorSource"])

    def assert_same(self, ns, agent):
        def same():
            before, counts, after = sockpile.ss_states(ns), table(agent), sockpile.ss_states(ns)
            self.assertEqual(before, after)
            self.assertEqual(len(counts), 33)
            self.assertEqual({k: v for k, v in counts.items() if v}, before)
            return True
        harness.eventually("the table says what ss says", same)

    def test_cheap_is_full(self):
        with harness.Netns("cheap") as ns, sockpile.Pile(ns) as pile:
            mixture(pile)

            def agree():
                first = dumped(ns, "socketStates full\n")
                cheap = dumped(ns, "")
                self.assertEqual(first, dumped(ns, "socketStates full\n"))
                self.assertEqual(cheap, first)
                self.assertGreater(first["ipv6", "timeWait"], 0)
                return True
            harness.eventually("cheap and full agree", agree)

    def test_half_open(self):
        """Request sockets count as synRecv; they are in no sockstat number."""
        with harness.Netns("server") as ns, harness.Netns("client") as other:
            sockpile.veth_pair(ns, other)
            with sockpile.Pile(ns) as pile, \
                    harness.Agent(FAST + "interval listener 200ms\n", netns=ns) as agent:
                port = pile.listen("0.0.0.0", backlog=64).getsockname()[1]
                pile.connections(pile.listen("127.0.0.1"), "127.0.0.1", 4, "established")
                sockpile.half_open(other, "10.77.0.9", "10.77.0.1", port, 17)
                self.assert_same(ns, agent)
                counts = table(agent)
                self.assertEqual(counts[IPV4, STATES["SYN-RECV"]], 17)
                self.assertEqual(counts[IPV4, STATES["ESTAB"]], 8)
                row = harness.eventually("half-open connections by port", lambda: [
                    row for name, row in agent.table("netdiagListenerTable").items()
                    if name == f"0.0.0.0:{port}" and row.get("netdiagListenerSynReceived") == 17])[0]
                self.assertEqual(row["netdiagListenerQueueLength"], 0)

    def test_many_time_wait(self):
        """More than are split by family: the sum is right, the parts are absent and this is said;
        with one family small all of it is there."""
        with harness.Netns("tw") as ns, sockpile.Pile(ns) as pile:
            ns.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=2000 65000")
            harness.need(int(ns.sysctl("net.ipv4.tcp_max_tw_buckets")) > 3 * SPLIT_MAX,
                         "tcp_max_tw_buckets is too small")
            ipv4, ipv6 = pile.listen("127.0.0.1"), pile.listen("::1")
            pile.connections(ipv4, "127.0.0.1", SPLIT_MAX + 2000, "timeWait")
            pile.connections(ipv6, "::1", 30, "timeWait")
            with harness.Agent(FAST, netns=ns) as agent:
                self.assert_same(ns, agent)
                self.assertEqual(table(agent)[IPV6, STATES["TIME-WAIT"]], 30)
                pile.connections(ipv6, "::1", SPLIT_MAX + 1000, "timeWait")
                state = STATES["TIME-WAIT"]

                def both():
                    before, counts = sockpile.ss_states(ns), table(agent)
                    self.assertEqual(counts[ANY, state], before[ANY, state])
                    self.assertIsNone(counts.get((IPV4, state)))
                    self.assertIsNone(counts.get((IPV6, state)))
                    return True
                harness.eventually("the sum without its parts", both)
                self.assertIn("socketStates full", agent.collector("socketState")["netdiagCollectorLastError"])
            full = dumped(ns, "socketStates full\n")
            self.assertGreater(full["ipv6", "timeWait"], SPLIT_MAX)
            self.assertGreater(full["ipv4", "timeWait"], SPLIT_MAX)

    def test_as_nobody(self):
        """Costs nothing: no capability is needed."""
        with harness.Netns("nobody") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST, netns=ns, user=harness.NOBODY) as agent:
            mixture(pile)
            self.assert_same(ns, agent)
