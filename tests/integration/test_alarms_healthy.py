# SPDX-License-Identifier: BSD-2-Clause
"""What happens all day on a healthy host and loses nothing for anybody raises no alarm; what did
happen is shown by the kernel's own totals."""

import contextlib
import ctypes
import socket
import struct
import time
import unittest

from faults import HOST, PEER, Fault, shortened
from harness import SOAK, need_tools
from sockpile import checksum, nstat
from test_conntrack import statistics

ROUNDS = 60 * SOAK


class Healthy(Fault):
    def silent(self, watched):
        """Whole windows later still nobody was told anything."""
        self.stays([], 8)
        self.assertEqual(watched.alarms(), {})


def tcp_segment(source, destination, ports, flags, sequence=7):
    """An IPv4 packet with a TCP header; the kernel fills in the rest."""
    header = struct.pack("!HHIIBBHHH", *ports, sequence, 0, 5 << 4, flags, 1024, 0, 0)
    pseudo = socket.inet_aton(source) + socket.inet_aton(destination)
    total = checksum(pseudo + struct.pack("!HH", socket.IPPROTO_TCP, len(header)) + header)
    header = header[:16] + struct.pack("!H", total) + header[18:]
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(header), 0, 0, 64, 6, 0) + pseudo + header


SYN, RST = 2, 4


class Listeners(Healthy):
    def setUp(self):
        super().setUp()
        # The peer's own TCP answers nothing that it does not know.
        self.peer.run("nft", "add table ip mute; add chain ip mute out { type filter hook output priority 0; };"
                      " add rule ip mute out tcp flags & rst == rst meta mark != 1 counter drop")
        with self.peer.entered():
            self.raw = self.stack.enter_context(
                socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 1)
        self.service = self.listen(backlog=511)

    def send(self, source_port, port, flags, sequence=7):
        self.raw.sendto(tcp_segment(PEER, HOST, (source_port, port), flags, sequence), (HOST, 0))

    def test_health_checks(self):
        """SYN, SYN-ACK, RST, as load balancers ask whether a port is open."""
        watched = self.watch(shortened(window="20s"))
        for number in range(ROUNDS):
            self.send(2000 + number, self.service.port, SYN)
            time.sleep(0.05)
            self.send(2000 + number, self.service.port, RST, 8)
            time.sleep(0.15)
        self.assertGreater(nstat(self.host, "TcpExtTCPReqQFullDrop") + nstat(self.host, "TcpAttemptFails"),
                           ROUNDS // 2)
        self.assertEqual(nstat(self.host, "TcpExtListenDrops"), 0)
        self.silent(watched)

    def test_lost_syn_acks(self):
        """Ten clients send their SYN again, for the answer was lost."""
        watched = self.watch(shortened(window="20s"))
        for _ in range(3):
            for number in range(10):
                self.send(3000 + number, self.service.port, SYN)
            time.sleep(1)
        self.assertEqual(nstat(self.host, "TcpExtListenDrops"), 0)
        self.silent(watched)

    def test_scan(self):
        """One SYN to each of a thousand ports, ours among them, again and again."""
        watched = self.watch(shortened(window="20s"))
        for turn in range(3):
            for port in range(self.service.port - 500, self.service.port + 500):
                self.send(4000 + turn, port, SYN)
                if port % 100 == 0:
                    time.sleep(0.05)
            for _ in range(5):
                self.send(4000 + turn, self.service.port, RST, 8)
        self.assertGreater(nstat(self.host, "TcpOutRsts"), 2000)
        self.assertEqual(nstat(self.host, "TcpExtListenDrops"), 0)
        self.silent(watched)


class Datagrams(Healthy):
    def setUp(self):
        super().setUp()
        with self.host.entered():
            self.receiver = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        self.receiver.bind((HOST, 0))
        self.port = self.receiver.getsockname()[1]

    def test_filter(self):
        """A socket whose BPF program refuses what comes."""
        watched = self.watch(shortened(window="20s"))
        refuse = struct.pack("HBBI", 6, 0, 0, 0)
        program = ctypes.create_string_buffer(refuse)
        self.receiver.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HxxxxxxP", 1, ctypes.addressof(program)))
        with self.peer.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(1000):
                sender.sendto(b"x", (HOST, self.port))
                time.sleep(0.005)
        self.assertEqual(nstat(self.host, "UdpRcvbufErrors"), 0)
        self.silent(watched)

    def test_checksums(self):
        """A few datagrams that were damaged on the way."""
        watched = self.watch(shortened(window="60s"))
        datagram = struct.pack("!HHHH", 5353, self.port, 12, 0xdead) + b"xxxx"
        packet = (struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0)
                  + socket.inet_aton(PEER) + socket.inet_aton(HOST) + datagram)
        with self.peer.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            for _ in range(20):
                raw.sendto(packet, (HOST, 0))
        # Only who looks at them counts them.
        self.receiver.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            self.receiver.recv(100)
        self.assertGreaterEqual(nstat(self.host, "UdpInCsumErrors"), 20)
        self.assertEqual(nstat(self.host, "UdpRcvbufErrors"), 0)
        self.silent(watched)

    def test_nat_clashes(self):
        """What two queries at once from one socket do on every resolver's host, made at a steady
        pace by one port for all: each failed insertion is a drop, too, in a table that is empty."""
        need_tools("conntrack")
        self.host.run("nft", "add table ip nat; add chain ip nat post { type nat hook postrouting priority 100; };"
                      " add rule ip nat post udp dport 53 masquerade to :5000")
        watched = self.watch(shortened(window="20s"))
        for _ in range(3 * ROUNDS // 2):
            with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as query:
                with contextlib.suppress(OSError):
                    query.sendto(b"A", (PEER, 53))
            time.sleep(0.2)
        totals = {name: sum(cpu[name] for cpu in statistics(self.host).values())
                  for name in ("insert_failed", "drop")}
        self.assertGreater(totals["insert_failed"], ROUNDS)
        self.assertGreaterEqual(totals["drop"], totals["insert_failed"])
        self.silent(watched)


if __name__ == "__main__":
    unittest.main()
