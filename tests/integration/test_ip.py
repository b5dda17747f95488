# SPDX-License-Identifier: BSD-2-Clause
"""What IP, neighbor tables, IPsec and TCP's receive queues lose, by real packets: counted as the kernel
counts it, raised, with advice that fits, and over when the fault is."""

import contextlib
import socket
import time
import unittest

from faults import HOST, PEER, Fault, shortened
from harness import dump, eventually, need, whole_schema
from packet_faults import (Unread, Wire, ipsec_policy, neighbor_burst, neighbor_stat, no_ipsec_policies,
                           no_route, time_wait_overflow, xfrm_stat)
from sockpile import nstat
from traps import TRUE
from watched import CRITICAL, WARNING, Watched, load

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



# They have to last for 90 s; the tests do not wait for so long.
LASTING = ("ip.header_errors", "ip.csum_errors", "ip.reverse_path", "ip.no_route", "ip.reasm_fails",
           "udp.csum_errors", "icmp.csum_errors", "tcp.in_errs", "neighbor.discards", "xfrm.errors")
SOON = "".join(f"check {check} hold 1s\n" for check in LASTING)


class Told(Faulty):
    def one_alarm(self, check, fault, summary, advice, config="", quiet=False):
        """While a fault lasts there is this alarm and no other, and it ends with the fault."""
        watched = self.watch(shortened() + SOON + "interval counters 500ms\n" + config)
        key = (check, "-")
        with load(None, fault, 0.1):
            if quiet:
                watched.expected.add(key)
                eventually(f"{check} is in the table", lambda: watched.state(check) in (WARNING, CRITICAL))
                row = watched.alarms()[key]
                self.assertNotEqual(row["netdiagAlarmNotify"], TRUE)
                said = row["netdiagAlarmSummary"], row["netdiagAlarmAdvice"]
            else:
                trap = watched.raised(check)
                self.assertEqual(set(self.told()), {("AlarmRaised", *key)})
                said = trap["Summary"], trap["Advice"]
            command = watched.alarms()[key]["netdiagAlarmCommand"]
            self.assertRegex(said[0], summary)
            self.assertIn(advice, said[1])
            self.assertEqual(set(watched.alarms()), {key})
        watched.over(key)
        # It may have become critical meanwhile, which is told as it is raised.
        self.assertEqual(set(self.told()), set() if quiet else {("AlarmRaised", *key), ("AlarmCleared", *key)})
        self.assertLessEqual(len(self.told()), 3)
        return command

    def every(self, fault, *args):
        return lambda: fault(20, *args)


class Headers(Told):
    takes_s = 100

    def test_header(self):
        self.one_alarm("ip.header_errors", self.every(self.wire.header_version),
                       "packets/s dropped for their IP header", "malformed headers")

    def test_header_checksum(self):
        self.one_alarm("ip.csum_errors", self.every(self.wire.header_checksum),
                       "wrong IPv4 header checksum", "cable")

    def test_loop(self):
        """A router whose packets come back again and again."""
        self.wire.forward()
        self.host.run("ip", "route", "add", "203.0.113.0/24", "via", PEER)
        self.one_alarm("ip.header_errors", lambda: self.wire.stranger(20, ttl=1),
                       "packets/s dropped for their IP header", "a routing loop")

    def test_tcp_checksum(self):
        self.one_alarm("tcp.in_errs", self.every(self.wire.tcp_checksum),
                       "TCP segments/s lost for a wrong checksum or header", "offloads")

    def test_udp_checksum(self):
        port, look = self.receiver()
        def fault():
            self.wire.udp_checksum(20, port)
            look()
        self.one_alarm("udp.csum_errors", fault, "datagrams/s lost for a wrong UDP checksum", "middlebox")

    def test_icmp_checksum(self):
        self.one_alarm("icmp.csum_errors", self.every(self.wire.icmp_checksum),
                       "ICMP messages/s lost for a wrong checksum", "middlebox")

    def test_all_checksums(self):
        """What damages packets of all protocols is one fault."""
        port, look = self.receiver()
        def fault():
            self.wire.tcp_checksum(20)
            self.wire.udp_checksum(20, port)
            self.wire.icmp_checksum(20)
            look()
        watched = self.watch(shortened() + SOON + "interval counters 500ms\n")
        keys = [(check, "-") for check in ("tcp.in_errs", "udp.csum_errors", "icmp.csum_errors")]
        with load(None, fault, 0.1):
            eventually("all are in the table", lambda: set(watched.alarms()) == set(keys))
            watched.expected.update(keys)
        watched.over(*keys)
        self.assertEqual(self.told("AlarmRaised"), [("AlarmRaised", "tcp.in_errs", "-")])


class Ways(Told):
    takes_s = 100

    def test_reverse_path(self):
        self.wire.reverse_path_filter()
        self.assertEqual(self.one_alarm("ip.reverse_path", self.every(self.wire.spoofed),
                                        "dropped by the reverse path filter", "asymmetric routes"), "")

    def test_no_route_to_forward(self):
        self.wire.forward()
        self.one_alarm("ip.no_route", self.every(self.wire.stranger), "packets/s had no route", "default route")

    def test_no_route_to_send(self):
        self.one_alarm("ip.no_route", lambda: no_route(self.host, 20), "packets/s had no route", "ip route")

    def test_fragments(self):
        self.wire.reassembly_time()
        self.one_alarm("ip.reasm_fails", self.every(self.wire.fragments),
                       "fragmented datagrams/s could not be put together", "MTU")

    def test_ipsec_out(self):
        need("netdiagIpXfrmInErrors" in dump(netns=self.host)["netdiagIp"], "needs CONFIG_XFRM_STATISTICS")
        ipsec_policy(self.host, HOST, PEER)
        self.one_alarm("xfrm.errors", lambda: no_route(self.host, 20, PEER),
                       "packets/s lost by IPsec.*, XfrmOutNoStates", "the tunnel is not up")

    def test_ipsec_in(self):
        need("netdiagIpXfrmInErrors" in dump(netns=self.host)["netdiagIp"], "needs CONFIG_XFRM_STATISTICS")
        ipsec_policy(self.host, PEER, HOST, "in")
        self.one_alarm("xfrm.errors", lambda: no_route(self.peer, 20, HOST),
                       "packets/s lost by IPsec.*, XfrmInTmplMismatch", "clear text")


class Tables(Told):
    takes_s = 40

    def test_neighbor(self):
        """Seen from the initial namespace, where every other check is off: the machine is not ours."""
        need("netdiagIpNeighborDiscards" in dump()["netdiagIp"], "not in the initial network namespace")
        others = "".join(f"check {check['name']} off\n" for check in whole_schema()["checks"]
                         if check["name"] != "neighbor.discards")
        watched = self.stack.enter_context(Watched(
            self.OTHERS_OFF + shortened() + SOON + "interval counters 500ms\n" + others))
        with load(None, lambda: neighbor_burst(self.host, "10.77.0.99", 500), 0.1):
            trap = watched.raised("neighbor.discards")
            self.assertIn("lost for want of a neighbor", trap["Summary"])
            self.assertIn("ip neigh show nud incomplete", trap["Advice"])
        watched.cleared("neighbor.discards")

    def test_time_wait(self):
        command = self.one_alarm("tcp.time_wait_overflow", lambda: time_wait_overflow(self.host, 20, 7),
                                 "closed without TIME_WAIT", "reuse connections", quiet=True,
                                 config="check limits.usage off\n")
        self.assertEqual(command, "sysctl -w net.ipv4.tcp_max_tw_buckets=14")

    def test_time_wait_is_the_limits(self):
        """What bounds them is told, in its place."""
        watched = self.watch(shortened() + "interval counters 500ms\ninterval limit 500ms\n")
        with load(None, lambda: time_wait_overflow(self.host, 20, 40), 0.1):
            watched.expected.add(("tcp.time_wait_overflow", "-"))
            trap = watched.raised("limits.usage", "tcp-time-wait")
            self.assertIn("tcp_max_tw_buckets", trap["Command"])
            self.assertIn(("tcp.time_wait_overflow", "-"), watched.alarms())
            self.assertEqual(self.told("AlarmRaised"), [("AlarmRaised", "limits.usage", "tcp-time-wait")])

    def test_prune(self):
        unread = self.stack.enter_context(Unread(self.host))
        def fault():
            unread.press()
            unread.read()
        self.one_alarm("tcp.pruned", fault, "a TCP receive queue was compacted", "reads too slowly", quiet=True)


class Healthy(Faulty):
    """What happens on hosts that are well."""

    takes_s = 60

    def silent(self, *faults, rounds=60):
        watched = self.watch(shortened(window="20s") + "interval counters 500ms\n")
        for _ in range(rounds):
            for fault in faults:
                fault()
            time.sleep(0.2)
        self.stays([], 5)
        self.assertEqual(watched.alarms(), {})

    def test_a_burst(self):
        """A scanner or a restart: what does not go on is nothing to wake anybody for."""
        port, look = self.receiver()
        self.wire.reverse_path_filter()
        self.wire.reassembly_time()
        def burst():
            for fault in (self.wire.header_version, self.wire.header_checksum, self.wire.spoofed,
                          self.wire.tcp_checksum, self.wire.icmp_checksum, self.wire.fragments,
                          self.wire.unknown_protocol, self.wire.stranger):
                fault(COUNT)
            self.wire.udp_checksum(COUNT, port)
            look()
        self.silent(burst, rounds=1)

    def test_no_ipv6_route(self):
        """Resolvers and browsers that try IPv6 first; packets for others; foreign multicasts."""
        self.silent(lambda: no_route(self.host, 50, "2001:db8::9"), lambda: self.wire.stranger(50),
                    lambda: self.wire.unknown_protocol(50))
        self.assertGreaterEqual(nstat(self.host, "Ip6OutNoRoutes"), 3000)

    def test_traceroute(self):
        """Through a router, every probe of which is answered."""
        self.wire.forward()
        self.host.sysctl("net.ipv4.icmp_ratelimit", 0)
        self.host.run("ip", "route", "add", "203.0.113.0/24", "via", PEER)
        self.silent(lambda: self.wire.stranger(3, ttl=1))
        self.assertGreaterEqual(nstat(self.host, "IpInHdrErrors"), 180)

    def test_scan_of_a_subnet(self):
        """By this host: nobody answers, and nothing is lost that could have arrived."""
        before = neighbor_stat("unresolved_discards")
        for last in range(3, 255):
            no_route(self.host, 3, f"10.77.0.{last}")
        self.assertEqual(neighbor_stat("unresolved_discards"), before)

    def test_blocked_by_ipsec(self):
        need("netdiagIpXfrmInErrors" in dump(netns=self.host)["netdiagIp"], "needs CONFIG_XFRM_STATISTICS")
        ipsec_policy(self.host, HOST, PEER, "out", "block")
        self.silent(lambda: no_route(self.host, 50, PEER), rounds=30)
        self.assertEqual(xfrm_stat(self.host, "XfrmOutPolBlock"), 1500)


if __name__ == "__main__":
    unittest.main()
