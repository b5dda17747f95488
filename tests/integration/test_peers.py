# SPDX-License-Identifier: BSD-2-Clause
"""netdiagPeerTable against `ss -ti`, with two networks of peers, one of which loses packets."""

import contextlib
import re
import socket
import threading
import unittest

from harness import Agent, Netns, eventually, need_root, need_tools, veth

FAST = "interval peer 3s\n"
LOSSY, CLEAN, MAPPED = "198.51.100.0/24", "203.0.113.0/24", "2001:db8:7:1200::/56"
PORT = 7007
PAIRS = 10


def peers(agent):
    return {(row["netdiagPeerRemote"], row["netdiagPeerLocalPort"], row["netdiagPeerRemotePort"]):
            {"Rank": rank, **{name.removeprefix("netdiagPeer"): value for name, value in row.items()}}
            for rank, row in agent.table("netdiagPeerTable").items()}


def retransmitted(netns):
    """{remote address: what ss says was sent again in the lives of its connections}"""
    found = {}
    for line in re.sub(r"\n\s+", " ", netns.run("ss", "-Htin", "state", "established")).splitlines():
        remote = line.split()[3].rpartition(":")[0].strip("[]").removeprefix("::ffff:")
        again = re.search(r"\bretrans:\d+/(\d+)", line)
        found[remote] = found.get(remote, 0) + (int(again.group(1)) if again else 0)
    return found


class Talk:
    """Connections between two namespaces over which a little is sent all the time, until the end."""

    def __init__(self, here, there, address, stack, listen_here=False):
        self.pairs = []
        with (here if listen_here else there).entered():
            server = stack.enter_context(socket.create_server(
                (address, PORT), family=socket.AF_INET6 if ":" in address else socket.AF_INET, backlog=100))
        for _ in range(PAIRS):
            with (there if listen_here else here).entered():
                client = stack.enter_context(socket.create_connection(server.getsockname()[:2], 30))
            accepted = stack.enter_context(server.accept()[0])
            ours, theirs = (accepted, client) if listen_here else (client, accepted)
            for sock in (ours, theirs):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.setblocking(False)
            self.pairs.append((ours, theirs))
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        stack.callback(self.end)

    def _run(self):
        while not self.ended.wait(0.02):
            for ours, theirs in self.pairs:
                with contextlib.suppress(BlockingIOError):
                    ours.send(b"x" * 100)
                with contextlib.suppress(BlockingIOError):
                    theirs.recv(65536)

    def end(self):
        self.ended.set()
        self.thread.join()


class Peers(unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip", "ss", "nft")

    def networks(self, stack):
        here, lossy, clean = (stack.enter_context(Netns(name)) for name in ("here", "lossy", "clean"))
        veth(here, "v0", "198.51.100.1/24", lossy, "v0", "198.51.100.2/24")
        veth(here, "v1", "203.0.113.1/24", clean, "v0", "203.0.113.2/24")
        for ns, device, address in ((here, "v1", "1"), (clean, "v0", "2")):
            ns.run("ip", "address", "add", f"2001:db8:7:1234::{address}/64", "dev", device, "nodad")
        return here, lossy, clean

    def test_a_network_that_loses_packets(self):
        config = FAST + ("interval counters 200ms\ncheck tcp.retransmits window 5s hold 1s clearAfter 2s\n")
        with contextlib.ExitStack() as stack:
            here, lossy, clean = self.networks(stack)
            Talk(here, lossy, "198.51.100.2", stack)
            Talk(here, clean, "203.0.113.1", stack, listen_here=True)
            Talk(here, clean, "2001:db8:7:1234::2", stack)
            agent = stack.enter_context(Agent(config, netns=here))
            out, accepted, ipv6 = (LOSSY, 0, PORT), (CLEAN, PORT, 0), (MAPPED, 0, PORT)

            def all_are_there():
                table = peers(agent)
                return table if table.keys() == {out, accepted, ipv6} and all(
                    "Retransmits" in row for row in table.values()) else None
            table = eventually("three groups", all_are_there)
            for row in table.values():
                self.assertEqual(row["Connections"], PAIRS)
                self.assertGreater(row["RttMedian"], 0)
            # A share of what arrives there is dropped.
            lossy.run("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; }; "
                      f"add rule inet t in tcp dport {PORT} numgen random mod 5 == 0 drop")

            def collected():
                """What a collection counted, and what ss counts before and after it and the one before."""
                refreshes = agent.collector("peer")["netdiagCollectorRefreshes"]
                eventually("a collection", lambda: agent.collector("peer")[
                    "netdiagCollectorRefreshes"] > refreshes)
                return refreshes + 1
            first = collected()
            low = retransmitted(here)
            while collected() != first + 1:
                first = collected()
                low = retransmitted(here)
            high = retransmitted(here)
            row = peers(agent)[out]
            # ss looked a moment after each of the two collections.
            rose = high["198.51.100.2"] - low["198.51.100.2"]
            self.assertGreater(rose, 50)
            self.assertAlmostEqual(row["Retransmits"], rose, delta=max(rose * 0.25, 20))
            self.assertEqual(row["Rank"], 1)
            self.assertGreaterEqual(row["RetransmitShare"], 9000)
            # One in five is dropped; some of it is hidden in acknowledgements.
            self.assertGreater(row["LostShare"], 500)
            self.assertLess(row["LostShare"], 5000)
            for key in (accepted, ipv6):
                self.assertLess(peers(agent)[key]["Retransmits"], rose / 10)

            def alarm():
                for found in agent.table("netdiagAlarmTable").values():
                    if found["netdiagAlarmCheck"] == "tcp.retransmits" and LOSSY in found["netdiagAlarmSummary"]:
                        return found
                return None
            text = eventually("the alarm names the network", alarm)
            self.assertRegex(text["netdiagAlarmSummary"],
                             rf"^[\d.]+ % of TCP segments sent again, (9\d|100) % of them to {LOSSY} \([\d.,]+/s\)$")
            self.assertIn("Of 3 networks only that one is hit: look at the path to it", text["netdiagAlarmAdvice"])

    def test_lengths_of_prefixes_and_bound(self):
        with contextlib.ExitStack() as stack:
            here, lossy, clean = self.networks(stack)
            Talk(here, lossy, "198.51.100.2", stack)
            Talk(here, clean, "203.0.113.2", stack)
            agent = stack.enter_context(Agent("interval peer 200ms\npeers prefix 32 128\nmaxRows peer 1\n",
                                              netns=here))
            table = eventually("a row", lambda: peers(agent))
            self.assertEqual(len(table), 1)
            self.assertRegex(next(iter(table))[0], r"^(198\.51\.100|203\.0\.113)\.2/32$")
            agent.write_config("interval peer 200ms\npeers sockets 10\n")
            agent.daemon.send_signal(1)
            eventually("no rows", lambda: not peers(agent))
            health = agent.collector("peer")
            self.assertEqual(health["netdiagCollectorStatus"], 4)
            self.assertRegex(health["netdiagCollectorLastError"], r"\d+ TCP sockets .*`peers sockets 10`")
