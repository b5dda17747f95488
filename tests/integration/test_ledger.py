# SPDX-License-Identifier: BSD-2-Clause
"""netdiagLossTable: a fault at each place where packets can be lost raises its row by exactly as many
packets as others count, and no other row of class loss, and says who lost them. What is not lost
raises none."""

import contextlib
import fcntl
import json
import os
import re
import socket
import struct
import subprocess
import sys

import harness
import socket_faults
from faults import HOST, PEER, Fault
from harness import Agent, eventually, need, need_tools
from losses import BENIGN, ELSEWHERE, LOSS, POLICY, Losses
from packet_faults import (Wire, ipsec_policy, neighbor_burst, neighbor_stat, no_ipsec_policies, no_route,
                           xfrm_stat)
from sockpile import Pile, nstat
from watched import fast

COUNT = 300
# Under a sanitizer a tenth of it.
SEGMENTS = 1_000_000
EXPERIMENTAL = 0x88b5  # an Ethernet type that nobody handles

QUICK = fast("counters", "nic", "conntrack", "listener", "udpSocket", "socketDrop", "nfqueue", "dropReason")
# Counted of the whole host, which other tests flood.
SHARED = "collector softnet off\n"
CONFIG = QUICK + "collector netns off\ncollector buffer off\ncollector irq off\n"


class Faulty(Losses, Fault):
    CONFIG = CONFIG + SHARED

    def setUp(self):
        super().setUp()
        need_tools("tc", "ethtool")
        for netns in (self.host, self.peer):
            netns.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.wire = self.stack.enter_context(Wire(self.host, "left0", self.peer, "right0", HOST, PEER))
        # Known, so that nothing is asked for while packets are counted.
        for netns, device, address, other in ((self.host, "left0", PEER, self.peer),
                                              (self.peer, "right0", HOST, self.host)):
            end = "right0" if device == "left0" else "left0"
            mac = other.run("cat", f"/sys/class/net/{end}/address").strip()
            netns.run("ip", "neighbour", "replace", address, "lladdr", mac, "dev", device)
        self.agent = self.stack.enter_context(Agent(self.CONFIG, netns=self.host))
        eventually("all collectors have looked twice", lambda: all(
            row["netdiagCollectorRefreshes"] + row["netdiagCollectorErrors"] > 1
            for name, row in self.agent.table("netdiagCollectorTable").items() if f"interval {name} " in QUICK))

    def receiver(self, size=None):
        with self.host.entered():
            receiver = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        if size:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        receiver.bind((HOST, 0))
        receiver.setblocking(False)
        return receiver

    def send(self, count, size, address=(PEER, 9)):
        """Datagrams from the host, refused or not."""
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                with contextlib.suppress(OSError):
                    sender.sendto(bytes(size), address)
        return count


class Stack(Faulty):
    """What IP, TCP, UDP and sockets lose."""

    def test_headers_and_routes(self):
        self.lost("header", "^InHdrErrors$", self.wire.header_checksum, COUNT)
        self.lost("header", "^InHdrErrors$", self.wire.header_version, COUNT)
        self.lost("header", "^InHdrErrors$|^TcpInCsumErrors$", self.wire.tcp_checksum, COUNT)
        self.lost("header", "Errors$", self.wire.icmp_checksum, COUNT)
        self.assertEqual(self.agent.get("netdiagAgentWorstPlace.0"), "header")
        before = self.packets()["noRoute"]
        self.no_ipv6_route()
        self.lost("noRoute", "^OutNoRoutes$", no_route, self.host, COUNT)
        self.assertEqual(self.packets()["noRoute"] - before, COUNT)
        self.wire.reverse_path_filter()
        self.lost("reversePath", "^IPReversePathFilter$", self.wire.spoofed, COUNT)
        self.wire.reverse_path_filter(0)
        self.wire.forward()
        self.lost("noRoute", "NoRoutes$", self.wire.stranger, 2 * COUNT)

    def no_ipv6_route(self):
        """A host with IPv6 addresses and no route tries all day. The kernel counts it, the ledger does
        not."""
        self.host.sysctl("net.ipv6.conf.lo.disable_ipv6", 0)
        self.host.run("ip", "link", "set", "lo", "up")
        no_route(self.host, COUNT, "2001:db8::9")
        self.host.sysctl("net.ipv6.conf.lo.disable_ipv6", 1)
        self.assertEqual(nstat(self.host, "Ip6OutNoRoutes"), COUNT)

    def test_fragments(self):
        self.wire.reassembly_time()
        self.lost("reassembly", "^ReasmFails$", self.wire.fragments, COUNT)

    def test_ipsec(self):
        need("ipsec" in self.packets(), "needs CONFIG_XFRM_STATISTICS")
        ipsec_policy(self.host, HOST, PEER)
        self.lost("ipsec", "^XfrmOutNoStates$", self.send, COUNT, 10,
                  count=lambda: xfrm_stat(self.host, "XfrmOutNoStates"))
        no_ipsec_policies(self.host)

    def test_listen(self):
        """SYNs come again as long as their clients live; the kernel's count is the last word."""
        with Pile(self.peer) as pile:
            with self.host.entered():
                listener = self.stack.enter_context(socket.create_server((HOST, 0), backlog=8))

            def overflow():
                for _ in range(60):
                    pile.connect(listener.getsockname(), wait=False)
                eventually("SYNs are dropped", lambda: nstat(self.host, "TcpExtListenDrops") > 40)
                pile.close_clients()
            port = listener.getsockname()[1]
            self.lost("listen", rf"^{HOST}:{port} \w+", overflow,
                      count=lambda: nstat(self.host, "TcpExtListenDrops"))

    def test_tcp_queue(self):
        names = ("BacklogDrop", "RcvQDrop", "ZeroWindowDrop", "OFODrop")

        def counted():
            return sum(nstat(self.host, f"TcpExtTCP{name}") for name in names) + nstat(self.host, "TcpExtOfoPruned")

        def shrink():
            """Receivers whose buffer becomes smaller than the window that they announced."""
            with self.host.entered():
                server = socket.create_server((HOST, 0), backlog=64)
            with server, contextlib.ExitStack() as stack:
                for _ in range(40):
                    with self.peer.entered():
                        client = stack.enter_context(socket.create_connection(server.getsockname(), timeout=60))
                    receiver = stack.enter_context(server.accept()[0])
                    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
                    client.setblocking(False)
                    client.send(bytes(60000))
                eventually("segments find no room", lambda: counted() > 20)
        self.lost("tcpQueue", "^(TCP(BacklogDrop|RcvQDrop|ZeroWindowDrop|OFODrop)|OfoPruned)$", shrink, count=counted)

    def test_udp_buffer(self):
        receiver = self.receiver(size=4096)
        port = receiver.getsockname()[1]

        def flood():
            with self.peer.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(COUNT):
                    sender.sendto(bytes(100), (HOST, port))
            return COUNT - socket_faults.received(receiver)
        self.lost("udpBuffer", rf"^{HOST}:{port} \w+", flood)
        self.assertEqual(self.packets()["udpBuffer"], nstat(self.host, "UdpRcvbufErrors"))

    def test_sockets(self):
        with socket_faults.Sockets(self.host) as sockets:
            raw = sockets.unread_raw()
            self.agent.refreshed("socketDrop")

            def flood():
                sockets.flood_icmp(COUNT)
                return COUNT - socket_faults.received(raw)
            self.lost("socket", r"^raw 127\.0\.0\.1 proto 1 \w+", flood)
            small, large = sockets.link_monitor(), sockets.link_monitor(16 << 20, force=True)
            self.agent.refreshed("socketDrop")

            def links():
                sockets.make_links(20)
                return socket_faults.received(large) - socket_faults.received(small)
            self.lost("socket", r"^(netlink route|raw)", links)

    def test_nfqueue(self):
        """What the queue or its program's socket has no room for: the latter is no loss of the place
        socket."""
        need("nfqueue" in self.packets(), "needs nfnetlink_queue")
        with socket_faults.Sockets(self.host) as sockets:
            socket_faults.queue_rule(self.host, 9, 5)
            sockets.queue(5, maxlen=10)
            self.agent.refreshed("nfqueue")
            self.lost("nfqueue", r"^queue 5 \w+", sockets.flood_queue, 9, 100,
                      count=lambda: socket_faults.kernel_queue(self.host, 5)[2])

    def test_netfilter(self):
        need("netfilter" in self.packets(), "drop reasons are not to be had here")
        self.host.run("nft", "add table t; add chain t c { type filter hook input priority 0; };"
                      "add rule t c udp dport 7 counter drop")

        def flood():
            with self.peer.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(COUNT):
                    sender.sendto(b"x", (HOST, 7))

        def counted():
            return int(re.search(r"counter packets (\d+)", self.host.run("nft", "list", "table", "t")).group(1))
        row = self.lost("netfilter", "^left0$", flood, count=counted)
        self.assertEqual(row["Class"], POLICY)

    def test_unhandled(self):
        def frames():
            with self.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0) as sender:
                for _ in range(COUNT):
                    sender.sendto(bytes(60), ("right0", EXPERIMENTAL, 0, 0, self.wire.mac))
        row = self.lost("unhandled", "^left0$", frames, count=lambda: self.link("rx", "dropped"))
        self.assertEqual(row["Class"], BENIGN)
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), 0)
        self.assertEqual(self.agent.get("netdiagAgentWorstPlace.0"), "-")

    def link(self, way, counter):
        return json.loads(self.host.run("ip", "-j", "-s", "link", "show", "left0"))[0]["stats64"][way][counter]


class Sending(Faulty):
    """What is lost on the way out."""

    def test_qdisc(self):
        """A datagram that a qdisc drops is in UDP's SndbufErrors too, and is counted once."""
        self.host.run("tc", "qdisc", "add", "dev", "left0", "root", "tbf", "rate", "1mbit", "burst", "500",
                      "limit", "5000")
        self.agent.refreshed("nic")

        def dropped():
            text = self.host.run("tc", "-s", "qdisc", "show", "dev", "left0")
            return int(re.search(r"dropped (\d+)", text).group(1))
        self.lost("qdisc", "^left0$", self.send, COUNT, 1000, count=dropped)
        self.assertEqual(nstat(self.host, "UdpSndbufErrors"), COUNT)

    def test_device(self):
        """Frames that are longer than the other end of a veth pair takes."""
        self.peer.run("ip", "link", "set", "right0", "mtu", "600")
        self.lost("device", "^left0$", self.send, COUNT, 1000, count=lambda: json.loads(self.host.run(
            "ip", "-j", "-s", "link", "show", "left0"))[0]["stats64"]["tx"]["dropped"])

    def test_tap(self):
        """A device that nobody reads: what its queue has no room for."""
        self.host.run("ip", "tuntap", "add", "tap0", "mode", "tun")
        with self.host.entered(), open("/dev/net/tun", "r+b", buffering=0) as tun:
            fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tap0", 0x1001))
            self.host.run("ip", "link", "set", "tap0", "up", "txqueuelen", "10")
            self.host.run("ip", "addr", "add", "192.0.2.1/24", "dev", "tap0")
            self.agent.refreshed("nic")
            self.agent.refreshed("nic")
            self.lost("device", "^tap0$", self.send, COUNT, 10, ("192.0.2.9", 9), count=lambda: json.loads(
                self.host.run("ip", "-j", "-s", "link", "show", "tap0"))[0]["stats64"]["tx"]["dropped"])

    def test_path(self):
        """Segments that are lost on the way are sent again."""
        for netns, device in ((self.host, "left0"), (self.peer, "right0")):
            netns.run("ethtool", "-K", device, "tso", "off", "gso", "off", "gro", "off")
        self.peer.run("nft", "add table t; add chain t c { type filter hook prerouting priority 0; };"
                      "add rule t c tcp dport 5001 meta length > 200 numgen inc mod 20 0 counter drop")

        def transfer():
            with self.peer.entered():
                server = socket.create_server((PEER, 5001))
            with server, self.host.entered(), socket.create_connection((PEER, 5001), timeout=60) as client:
                accepted = server.accept()[0]
                with accepted:
                    for _ in range(40):
                        client.sendall(bytes(20000))
                        left = 20000
                        while left:
                            left -= len(accepted.recv(left))

        def sent_again():
            return nstat(self.host, "TcpRetransSegs") - nstat(self.host, "TcpExtTCPSynRetrans")
        row = self.lost("path", "^RetransSegs$", transfer, count=sent_again)
        self.assertEqual(row["Class"], ELSEWHERE)
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), 0)

    def test_a_million_segments(self):
        """Nothing is lost, and nothing is said to be."""
        segments = SEGMENTS // (10 if harness.sanitizer() else 1)
        for netns, device in ((self.host, "left0"), (self.peer, "right0")):
            netns.run("ethtool", "-K", device, "tso", "off", "gso", "off", "gro", "off")
            netns.run("ip", "link", "set", device, "mtu", "576")
        before = self.packets()
        code = """
import socket, sys
if sys.argv[1] == "receive":
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    server.bind((sys.argv[2], 5001))
    server.listen(1)
    print(flush=True)
    peer = server.accept()[0]
    while peer.recv(1 << 20):
        pass
else:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    client.connect((sys.argv[2], 5001))
    left = int(sys.argv[3])
    while left > 0:
        left -= client.send(bytes(min(left, 1 << 16)))
"""
        receiver = self.peer.start(sys.executable, "-c", code, "receive", PEER, stdout=subprocess.PIPE)
        receiver.stdout.readline()
        sender = self.host.start(sys.executable, "-c", code, "send", PEER, str(segments * 524))
        self.assertEqual(sender.wait(300), 0)
        self.assertEqual(receiver.wait(60), 0)
        receiver.stdout.close()
        self.assertGreater(nstat(self.host, "TcpOutSegs"), segments)
        for collector in ("nic", "counters"):
            self.agent.refreshed(collector)
        rise = {label: value for label, value in self.rise(before).items()
                if self.rows()[label]["Class"] == LOSS}
        self.assertEqual(rise, {})
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), 0)


class Healthy(Faulty):
    """What kernels count as errors although nobody misses a packet."""

    def none_lost(self, count):
        """No place of class loss rose; count() says that the kernel had something to count."""
        eventually("the kernel counts them", lambda: count() > 0)
        for collector in ("nic", "counters"):
            self.agent.refreshed(collector)
            self.agent.refreshed(collector)
        self.assertEqual({label: row["Packets"] for label, row in self.rows().items()
                          if row["Class"] == LOSS and row.get("Packets")}, {})
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), 0)
        self.assertEqual(self.agent.get("netdiagAgentWorstPlace.0"), "-")

    def test_packets_for_nobody_here(self):
        """As a broadcast of another subnet on the same wire."""
        row = self.lost("unhandled", "^InAddrErrors$", self.wire.stranger, COUNT, "192.168.77.255")
        self.assertEqual(row["Class"], BENIGN)
        self.none_lost(lambda: nstat(self.host, "IpInAddrErrors"))

    def test_path_mtu_discovery(self):
        """Through this host, to a link that takes less."""
        far = self.stack.enter_context(harness.Netns("far"))
        harness.veth(self.host, "out0", "10.78.0.1/24", far, "in0", "10.78.0.2/24")
        self.host.run("ip", "link", "set", "out0", "mtu", "1400")
        far.run("ip", "route", "add", "default", "via", "10.78.0.1")
        self.peer.run("ip", "route", "add", "10.78.0.0/24", "via", HOST)
        self.wire.forward()
        with far.entered():
            server = self.stack.enter_context(socket.create_server(("10.78.0.2", 0)))
        with self.peer.entered(), socket.create_connection(server.getsockname(), timeout=60) as client:
            with server.accept()[0] as accepted:
                client.sendall(bytes(50000))
                left = 50000
                while left:
                    left -= len(accepted.recv(left))
        self.none_lost(lambda: nstat(self.host, "IpFragFails"))

    def test_sender_that_does_not_block(self):
        """It sends faster than its link, and tries again when it is told to."""
        self.host.run("tc", "qdisc", "add", "dev", "left0", "root", "tbf", "rate", "8mbit", "burst", "5000",
                      "limit", "1000000")
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
            sender.setblocking(False)
            for _ in range(200):
                with contextlib.suppress(BlockingIOError):
                    sender.sendto(bytes(1000), (PEER, 9))
        self.none_lost(lambda: nstat(self.host, "UdpSndbufErrors"))

    def test_nobody_at_the_other_end(self):
        """A tap whose program has ended, and a bridge whose containers have."""
        self.host.run("ip", "tuntap", "add", "tap0", "mode", "tap")
        self.host.run("ip", "link", "set", "tap0", "up")
        self.host.run("ip", "addr", "add", "192.0.2.1/24", "dev", "tap0")
        self.host.run("ip", "link", "add", "br0", "type", "bridge")
        self.host.run("ip", "addr", "add", "198.51.100.1/24", "dev", "br0")
        self.host.run("ip", "link", "set", "br0", "up")
        with harness.Netns("gone") as gone:
            harness.veth(self.host, "port0", None, gone, "in0", "198.51.100.2/24")
            self.host.run("ip", "link", "set", "port0", "master", "br0")
            self.agent.refreshed("nic")
            self.agent.refreshed("nic")
        for address in ("192.0.2.9", "198.51.100.2"):
            self.send(20, 10, (address, 9))
        self.none_lost(lambda: json.loads(self.host.run(
            "ip", "-j", "-s", "link", "show", "tap0"))[0]["stats64"]["tx"]["dropped"])


class Whole(Faulty):
    """What the kernel counts, or bounds, for the whole host."""

    exclusive = "lowers netdev_max_backlog and nf_conntrack_max for the whole host"
    CONFIG = CONFIG + "interval softnet 200ms\n"

    @contextlib.contextmanager
    def limit(self, path, value):
        need(os.access(path, os.W_OK), f"{path} cannot be set here")
        with open(path) as text:
            old = text.read()
        try:
            with open(path, "w") as text:
                text.write(f"{value}\n")
            yield
        finally:
            with open(path, "w") as text:
                text.write(old)

    def backlog_drops(self):
        with open("/proc/net/softnet_stat") as text:
            return sum(int(line.split()[1], 16) for line in text)

    def flood(self, sender, address, device):
        """Until its backlog overflows; how often it did."""
        before = self.backlog_drops()
        stats = self.host.run("ip", "-j", "-s", "link", "show", "left0")
        with self.limit("/proc/sys/net/core/netdev_max_backlog", 1), sender.entered(), \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            def some():
                for _ in range(2000):
                    with contextlib.suppress(OSError):
                        out.sendto(bytes(100), (address, 9))
                return self.backlog_drops() > before + 100
            eventually("the backlog overflows", some)
        after = self.host.run("ip", "-j", "-s", "link", "show", "left0")
        way = "rx" if device == "left0" else "tx"
        rise = [json.loads(text)[0]["stats64"][way]["dropped"] for text in (stats, after)]
        self.assertGreater(rise[1], rise[0], "the interface counts them too")
        return self.backlog_drops() - before

    def test_backlog(self):
        """Counted by the receiving interface, and as tx_dropped by the sending end of a veth pair, too."""
        need(len(os.sched_getaffinity(0)) >= 2, "needs two CPUs")
        self.host.run("sh", "-c", "echo 2 > /sys/class/net/left0/queues/rx-0/rps_cpus")
        self.peer.run("sh", "-c", "echo 2 > /sys/class/net/right0/queues/rx-0/rps_cpus")
        unhandled = self.packets()["unhandled"]
        self.lost("backlog", r"^cpu\d+$", self.flood, self.peer, HOST, "left0")
        self.lost("backlog", r"^cpu\d+$", self.flood, self.host, PEER, "right0")
        self.assertEqual(self.packets()["unhandled"], unhandled)

    def test_conntrack(self):
        """New connections when the table is full."""
        need("conntrack" in self.packets(), "needs nf_conntrack in the kernel")
        need_tools("conntrack")
        self.host.run("nft", "add table t; add chain t c { type filter hook output priority 0; };"
                      "add rule t c ct state new counter accept")

        def drops():
            return sum(map(int, re.findall(r" drop=(\d+)", self.host.run("conntrack", "-S"))))

        def fill():
            before = drops()
            with self.host.entered(), contextlib.ExitStack() as stack:
                for port in range(20000, 20400):
                    out = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                    with contextlib.suppress(OSError):
                        out.sendto(b"x", (PEER, port))
            return drops() - before
        fill()
        entries = int(self.host.run("conntrack", "-C"))
        with self.limit("/proc/sys/net/netfilter/nf_conntrack_max", max(entries // 2, 10)):
            self.lost("conntrack", "^drop$", fill)

    def test_neighbor(self):
        """The tables are the machine's: only the initial namespace shows them."""
        with Agent(self.CONFIG) as agent:
            def row():
                return next(row for row in agent.table("netdiagLossTable").values()
                            if row["netdiagLossLabel"] == "neighbor")

            def counted():
                return sum(neighbor_stat(name) for name in ("unresolved_discards", "table_fulls"))
            need("netdiagLossPackets" in row(), "not in the initial network namespace")
            agent.refreshed("counters")
            start, first = counted(), row()["netdiagLossPackets"]
            neighbor_burst(self.host, "10.77.0.99", 1000)
            self.assertGreater(counted() - start, 500)
            eventually("as many as the kernel counts",
                       lambda: row()["netdiagLossPackets"] - first == counted() - start)
            self.assertEqual(row()["netdiagLossWorst"], "unresolved_discards")


if __name__ == "__main__":
    harness.unittest.main()
