# SPDX-License-Identifier: BSD-2-Clause
"""What IP, neighbor tables, IPsec and TCP's receive queues lose, by real packets: counted as the kernel
counts it, raised, with advice that fits, and over when the fault is."""

import contextlib
import socket
import unittest

from faults import HOST, PEER, Fault
from harness import dump, eventually, need
from packet_faults import (Unread, Wire, ipsec_policy, neighbor_burst, neighbor_stat, no_ipsec_policies,
                           no_route, time_wait_overflow, xfrm_stat)
from sockpile import nstat

COUNT = 300


class Faulty(Fault):
    def setUp(self):
        super().setUp()
        self.wire = self.stack.enter_context(Wire(self.host, "left0", self.peer, "right0", HOST, PEER))

    def receiver(self):
        """The port of a UDP socket on the host, and what has its datagrams looked at."""
        with self.host.entered():
            receiver = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        receiver.bind((HOST, 0))
        receiver.setblocking(False)

        def look():
            with contextlib.suppress(BlockingIOError):
                while True:
                    receiver.recv(1000)
        return receiver.getsockname()[1], look


class Counts(Faulty):
    """Each fault is in the scalars that it should be in, and in no other."""

    def scalars(self):
        data = dump(netns=self.host)
        found = {**data["netdiagIp"], **data["netdiagTcp"], **data["netdiagUdp"]}
        return {name.removeprefix("netdiag"): value for name, value in found.items()}

    # What is sent on the way, and what any host receives from its peer.
    INNOCENT = {"UdpNoPorts", "UdpInDatagrams", "Udp6InDatagrams", "TcpOutRsts", "TcpOutSegs"}

    def lost(self, expected, fault, *args):
        """The fault raises these scalars by so much."""
        before = self.scalars()
        fault(*args)
        def rises():
            rise = {name: value - before[name] for name, value in self.scalars().items()
                    if value != before[name] and name not in self.INNOCENT}
            self.assertEqual(rise, expected)
            return True
        eventually(f"{fault.__name__} is counted", rises)

    def test_header(self):
        self.lost({"IpInHdrErrors": COUNT, "IpCsumErrors": COUNT}, self.wire.header_checksum, COUNT)
        self.lost({"IpInHdrErrors": COUNT}, self.wire.header_version, COUNT)

    def test_checksums(self):
        port, look = self.receiver()
        def datagrams():
            self.wire.udp_checksum(COUNT, port)
            look()
        self.lost({"UdpInCsumErrors": COUNT, "UdpInErrors": COUNT}, datagrams)
        self.lost({"TcpInCsumErrors": COUNT, "TcpInErrs": COUNT}, self.wire.tcp_checksum, COUNT)
        self.lost({"IpIcmpCsumErrors": COUNT}, self.wire.icmp_checksum, COUNT)

    def test_routes(self):
        self.lost({"IpInAddrErrors": COUNT}, self.wire.stranger, COUNT)
        self.lost({"IpOutNoRoutes": COUNT}, no_route, self.host, COUNT)
        self.lost({"IpOutNoRoutes": COUNT}, no_route, self.host, COUNT, "2001:db8::9")
        self.lost({"IpInUnknownProtos": COUNT}, self.wire.unknown_protocol, COUNT)
        self.wire.reverse_path_filter()
        self.lost({"IpReversePath": COUNT}, self.wire.spoofed, COUNT)
        self.wire.forward()
        self.wire.reverse_path_filter(0)
        self.lost({"IpInNoRoutes": COUNT}, self.wire.stranger, COUNT)

    def test_fragments(self):
        self.wire.reassembly_time()
        self.lost({"IpReasmFails": COUNT}, self.wire.fragments, COUNT)

    def test_ipsec(self):
        need("netdiagIpXfrmInErrors" in dump(netns=self.host)["netdiagIp"], "needs CONFIG_XFRM_STATISTICS")
        for direction, action, ways, counter, scalar in (
                ("out", "allow", (self.host, HOST, PEER), "XfrmOutNoStates", "IpXfrmOutErrors"),
                ("in", "allow", (self.peer, PEER, HOST), "XfrmInTmplMismatch", "IpXfrmInErrors"),
                ("out", "block", (self.host, HOST, PEER), "XfrmOutPolBlock", None),
                ("in", "block", (self.peer, PEER, HOST), "XfrmInPolBlock", None)):
            with self.subTest(counter):
                sender, source, destination = ways
                ipsec_policy(self.host, source, destination, direction, action)
                expected = {scalar: COUNT} if scalar else {}
                if direction == "in":
                    expected["UdpInErrors"] = COUNT  # UDP asks for the policy, and counts too
                self.lost(expected, no_route, sender, COUNT, destination)
                self.assertEqual(xfrm_stat(self.host, counter), COUNT)
                no_ipsec_policies(self.host)

    def test_neighbor(self):
        """The tables are the machine's: only the initial namespace shows them."""
        def discards():
            return dump()["netdiagIp"].get("netdiagIpNeighborDiscards")
        need(discards() is not None, "not in the initial network namespace")
        before = discards()
        oracle = neighbor_stat("unresolved_discards")
        self.assertLessEqual(before, oracle)
        neighbor_burst(self.host, "10.77.0.99", 1000)
        self.assertGreater(neighbor_stat("unresolved_discards") - oracle, 500)
        self.assertGreater(discards() - before, 500)

    def test_time_wait(self):
        before = nstat(self.host, "TcpExtTCPTimeWaitOverflow")
        time_wait_overflow(self.host, COUNT)
        after = nstat(self.host, "TcpExtTCPTimeWaitOverflow")
        self.assertGreaterEqual(after - before, COUNT - 5)
        self.assertEqual(self.scalars()["TcpTimeWaitOverflow"], after)

    def test_prune(self):
        with Unread(self.host) as unread:
            eventually("the kernel compacts receive queues", lambda: (
                unread.press(), unread.read(), nstat(self.host, "TcpExtPruneCalled") > 100)[-1])
        self.assertEqual(self.scalars()["TcpPruneCalled"], nstat(self.host, "TcpExtPruneCalled"))


if __name__ == "__main__":
    unittest.main()
