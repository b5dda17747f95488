# SPDX-License-Identifier: BSD-2-Clause
"""Packets that a host loses, made on purpose, and what its kernel counts of them. Each fault says how
many packets it lost where that can be known; where it depends on the kernel, ask the counter."""

import contextlib
import itertools
import re
import socket
import struct

from sockpile import checksum

ETH_P_IP = 0x0800
UDP, TCP, ICMP = 17, 6, 1
MORE_FRAGMENTS = 0x2000


def ipv4(source, destination, protocol, payload, ttl=64, identifier=0, fragment=0, damage=0):
    """An IPv4 packet; damage is added to the header's checksum."""
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identifier, fragment, ttl, protocol, 0)
    header += socket.inet_aton(source) + socket.inet_aton(destination)
    total = (checksum(header) + damage) & 0xffff
    return header[:10] + struct.pack("!H", total) + header[12:] + payload


def transport(source, destination, protocol, header, at, damage=0):
    """A header of UDP, TCP or (without addresses) ICMP with its checksum set; damage is added."""
    pseudo = b"" if protocol == ICMP else (
        socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", protocol, len(header)))
    total = (checksum(pseudo + header) + damage) & 0xffff
    return header[:at] + struct.pack("!H", total) + header[at + 2:]


def udp(source, destination, port, data=b"xxxx", damage=0):
    header = struct.pack("!HHHH", 5353, port, 8 + len(data), 0) + data
    return transport(source, destination, UDP, header, 6, damage)


def tcp(source, destination, port, damage=0):
    header = struct.pack("!HHIIBBHHH", 5353, port, 7, 0, 5 << 4, 2, 1024, 0, 0)
    return transport(source, destination, TCP, header, 16, damage)


def echo(damage=0):
    return transport("", "", ICMP, struct.pack("!BBHHH", 8, 0, 0, 1, 1), 2, damage)


class Wire:
    """The peer's end of a veth pair: what it sends goes to the host's end as it is, whatever the
    peer's own routes and checks say. A context manager."""

    def __init__(self, host, host_device, peer, peer_device, host_address, peer_address):
        self.host, self.host_device = host, host_device
        self.peer, self.peer_device = peer, peer_device
        self.host_address, self.peer_address = host_address, peer_address
        words = host.run("cat", f"/sys/class/net/{host_device}/address").strip()
        self.mac = bytes.fromhex(words.replace(":", ""))
        with peer.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.identifiers = itertools.count(1)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def send(self, packet, count=1):
        with self.peer.entered():
            for _ in range(count):
                self.socket.sendto(packet, (self.peer_device, ETH_P_IP, 0, 0, self.mac))
        return count

    def to_host(self, protocol, payload, **options):
        return ipv4(options.pop("source", self.peer_address), options.pop("destination", self.host_address),
                    protocol, payload, **options)

    # Each of these loses as many packets as it is asked for, and returns how many these are.

    def header_checksum(self, count):
        """IpInHdrErrors and IpExtInCsumErrors."""
        return self.send(self.to_host(UDP, udp(self.peer_address, self.host_address, 9), damage=1), count)

    def header_version(self, count):
        """IpInHdrErrors alone."""
        packet = self.to_host(UDP, udp(self.peer_address, self.host_address, 9))
        return self.send(b"\x55" + packet[1:], count)

    def spoofed(self, count, source="192.0.2.7"):
        """TcpExtIPReversePathFilter, after reverse_path_filter(): nothing routes to this source."""
        return self.send(self.to_host(UDP, udp(source, self.host_address, 9), source=source), count)

    def reverse_path_filter(self, value=1):
        self.host.sysctl(f"net.ipv4.conf.{self.host_device}.rp_filter", value)

    def stranger(self, count, destination="203.0.113.7", ttl=64):
        """For none of the host's addresses: IpInAddrErrors; after forward() IpExtInNoRoutes, as the
        host has no default route."""
        return self.send(self.to_host(UDP, udp(self.peer_address, destination, 9), destination=destination,
                                      ttl=ttl), count)

    def forward(self):
        self.host.sysctl("net.ipv4.ip_forward", 1)

    def udp_checksum(self, count, port):
        """UdpInCsumErrors and UdpInErrors, to a port where somebody looks at them (receive())."""
        return self.send(self.to_host(UDP, udp(self.peer_address, self.host_address, port, damage=1)), count)

    def tcp_checksum(self, count, port=9):
        """TcpInCsumErrors and TcpInErrs."""
        return self.send(self.to_host(TCP, tcp(self.peer_address, self.host_address, port, damage=1)), count)

    def icmp_checksum(self, count):
        """IcmpInCsumErrors and IcmpInErrors."""
        return self.send(self.to_host(ICMP, echo(damage=1)), count)

    def unknown_protocol(self, count):
        """IpInUnknownProtos."""
        return self.send(self.to_host(253, b"xxxxxxxx"), count)

    def fragments(self, count):
        """The first fragment of so many datagrams, and nothing more: IpReasmFails, once the time for
        the others is up (reassembly_time())."""
        for _ in range(count):
            self.send(self.to_host(UDP, udp(self.peer_address, self.host_address, 9, b"x" * 56),
                                   identifier=next(self.identifiers), fragment=MORE_FRAGMENTS))
        return count

    def reassembly_time(self, seconds=1):
        self.host.sysctl("net.ipv4.ipfrag_time", seconds)


def no_route(netns, count, address="203.0.113.9"):
    """IpOutNoRoutes or Ip6OutNoRoutes: datagrams to where no route leads."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with netns.entered(), socket.socket(family, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            with contextlib.suppress(OSError):
                sender.sendto(b"x", (address, 9))
    return count


def neighbor_burst(netns, address, count):
    """Datagrams to a neighbor that does not answer. More than its queue takes are lost as
    unresolved_discards, of which the number depends on the kernel's bookkeeping."""
    with netns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
        for _ in range(count):
            with contextlib.suppress(OSError):
                sender.sendto(b"x" * 1000, (address, 9))


def neighbor_stat(column):
    """A counter of both neighbor tables, of all namespaces and CPUs."""
    total = 0
    for table in ("arp_cache", "ndisc_cache"):
        with open(f"/proc/net/stat/{table}") as lines:
            at = next(lines).split().index(column)
            total += sum(int(line.split()[at], 16) for line in lines)
    return total


# --- IPsec ------------------------------------------------------------------------------------------


def xfrm_stat(netns, name):
    """A line of /proc/net/xfrm_stat."""
    return int(re.search(rf"^{name}\s+(\d+)", netns.run("cat", "/proc/net/xfrm_stat"), re.M).group(1))


def ipsec_policy(netns, source, destination, direction="out", action="allow"):
    """What goes from here to there is to be encrypted, but no keys are set up: each packet that is sent
    is one of XfrmOutNoStates, and with direction "in" each that comes in clear text one of
    XfrmInTmplMismatch. With action "block" it is dropped on purpose: Xfrm(In|Out)PolBlock."""
    template = ("tmpl", "src", source, "dst", destination, "proto", "esp", "mode", "transport", "reqid", "1")
    netns.run("ip", "xfrm", "policy", "add", "dir", direction, "src", source, "dst", destination,
              "action", action, *(template if action == "allow" else ()))


def no_ipsec_policies(netns):
    netns.run("ip", "xfrm", "policy", "flush")


# --- TCP --------------------------------------------------------------------------------------------


def time_wait_overflow(netns, count, buckets=1):
    """Connections that are closed by the client: TcpExtTCPTimeWaitOverflow, for all but the first
    few."""
    netns.sysctl("net.ipv4.tcp_max_tw_buckets", buckets)
    with netns.entered(), socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        for _ in range(count):
            client = socket.create_connection(server.getsockname(), timeout=60)
            accepted = server.accept()[0]
            client.close()
            accepted.close()


class Unread(contextlib.ExitStack):
    """Connections within a namespace whose receivers have little room and do not read. press() sends
    tiny segments until the kernel has to compact their queues: TcpExtPruneCalled."""

    def __init__(self, netns, count=20):
        super().__init__()
        with netns.entered(), contextlib.ExitStack() as stack:
            server = stack.enter_context(socket.socket())
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            server.bind(("127.0.0.1", 0))
            server.listen(count)
            self.clients, self.receivers = [], []
            for _ in range(count):
                client = stack.enter_context(socket.create_connection(server.getsockname(), timeout=60))
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                client.setblocking(False)
                self.clients.append(client)
                self.receivers.append(stack.enter_context(server.accept()[0]))
            self.push(stack.pop_all())

    def press(self, size=1, times=100):
        for _ in range(times):
            for client in self.clients:
                with contextlib.suppress(BlockingIOError):
                    client.send(b"x" * size)

    def read(self):
        """What waits is read."""
        for receiver in self.receivers:
            receiver.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while receiver.recv(65536):
                    pass
