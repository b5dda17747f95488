# SPDX-License-Identifier: BSD-2-Clause
"""Sockets that lose what is sent to them because nobody reads: raw, netlink and nfqueue, with
exact counts of what was sent and of what can still be read."""

import contextlib
import errno
import os
import socket
import struct

import harness

SMALL_BUFFER = 4096
SO_RCVBUFFORCE = 33
ICMP_ECHO_REPLY = 0  # nobody answers it
RTMGRP_LINK = 1
NETLINK_NETFILTER = 12
NFNL_SUBSYS_QUEUE = 3
NFQNL_MSG_PACKET, NFQNL_MSG_CONFIG = 0, 2
NFQA_CFG_CMD, NFQA_CFG_PARAMS, NFQA_CFG_QUEUE_MAXLEN = 1, 2, 3
NFQNL_CFG_CMD_BIND, NFQNL_COPY_PACKET = 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLMSG_ERROR = 1, 4, 2


def received(sock):
    """How many messages wait in a socket; they are read."""
    count = 0
    while True:
        try:
            sock.recv(65536, socket.MSG_DONTWAIT)
            count += 1
        except OSError as error:
            if error.errno == errno.ENOBUFS:  # a netlink socket says once that it has lost some
                continue
            if error.errno != errno.EAGAIN:
                raise
            return count


def kernel_drops(netns, inode):
    """The drops of a socket by /proc/net: (file, drops)."""
    for name, column in (("raw", 9), ("raw6", 9), ("icmp", 9), ("icmp6", 9), ("netlink", 9)):
        for line in netns.run("cat", f"/proc/net/{name}").splitlines()[1:]:
            words = line.split()
            if int(words[column]) == inode:
                return name, int(words[8 if name == "netlink" else 12])
    raise AssertionError(f"no socket {inode} in /proc/net")


def inode_of(sock):
    return os.fstat(sock.fileno()).st_ino


class Sockets(contextlib.ExitStack):
    """Sockets in a namespace, closed at the end. A context manager."""

    def __init__(self, netns):
        super().__init__()
        self.netns = netns

    def socket(self, *args):
        with self.netns.entered():
            return self.enter_context(socket.socket(*args))

    def unread_raw(self, address="127.0.0.1", size=SMALL_BUFFER):
        """A raw socket for ICMP that is not read."""
        v6 = ":" in address
        sock = self.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_RAW,
                           socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        sock.bind((address, 0))
        return sock

    def flood_icmp(self, count, address="127.0.0.1"):
        """Sends echo replies from a socket that receives none itself."""
        header = struct.pack("!BBHHH", ICMP_ECHO_REPLY, 0, 0, 0, 0)
        data = bytes(200)
        total = sum(struct.unpack("!104H", header + data))
        total = (total & 0xffff) + (total >> 16)
        message = struct.pack("!BBHHH", ICMP_ECHO_REPLY, 0, ~total & 0xffff, 0, 0) + data
        destination = socket.inet_aton(address)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(message), 0, 0, 64,
                         socket.IPPROTO_ICMP, 0, destination, destination)
        with self.netns.entered(), \
                socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
            for _ in range(count):
                sender.sendto(ip + message, (address, 0))

    def link_monitor(self, size=SMALL_BUFFER, force=False):
        """A netlink socket that is told of every link; a small one that nobody reads loses most."""
        sock = self.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE if force else socket.SO_RCVBUF, size)
        sock.bind((0, RTMGRP_LINK))
        return sock

    def make_links(self, count):
        """Makes links and removes them: several messages each."""
        for i in range(count):
            self.netns.run("ip", "link", "add", f"fault{i}", "type", "veth")
        for i in range(count):
            self.netns.run("ip", "link", "del", f"fault{i}")

    def queue(self, number, maxlen=None, size=None):
        """Serves a queue of netfilter without ever giving a verdict."""
        sock = self.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        sock.bind((0, 0))
        if size:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        _configure_queue(sock, number, NFQA_CFG_CMD,
                         struct.pack("!BBH", NFQNL_CFG_CMD_BIND, 0, socket.AF_INET))
        _configure_queue(sock, number, NFQA_CFG_PARAMS,
                         struct.pack("!IB", 0xffff, NFQNL_COPY_PACKET))
        if maxlen:
            _configure_queue(sock, number, NFQA_CFG_QUEUE_MAXLEN, struct.pack("!I", maxlen))
        return sock

    def flood_queue(self, port, count):
        """Sends datagrams that a rule of queue_rule() queues. One that is lost may be an error."""
        with self.netns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                try:
                    sender.sendto(bytes(400), ("127.0.0.1", port))
                except OSError as error:
                    if error.errno != errno.EPERM:
                        raise


def queue_rule(netns, port, number):
    """Datagrams to this port go to a queue; without a program that serves it they are lost. With
    nft, or with iptables where the kernel has no such expression."""
    ways = (["nft", "add table ip fault; add chain ip fault out { type filter hook output priority 0; };"
             f"add rule ip fault out udp dport {port} queue num {number}"],
            ["iptables-legacy", "-A", "OUTPUT", "-p", "udp", "--dport", str(port),
             "-j", "NFQUEUE", "--queue-num", str(number)])
    failures = []
    for way in ways:
        harness.need_tools(way[0])
        try:
            netns.run(*way)
            return
        except AssertionError as error:
            failures.append(str(error))
    harness.need(False, f"no rule can queue here: {failures}")


def kernel_queue(netns, number):
    """(portid, length, dropped, user_dropped, packets) of a queue by /proc/net."""
    for line in netns.run("cat", "/proc/net/netfilter/nfnetlink_queue").splitlines():
        words = list(map(int, line.split()))
        if words[0] == number:
            return words[1], words[2], words[5], words[6], words[7]
    return None


def _configure_queue(sock, number, kind, value):
    attribute = struct.pack("=HH", 4 + len(value), kind) + value
    attribute += bytes(-len(attribute) % 4)
    body = struct.pack("!BBH", socket.AF_UNSPEC, 0, number) + attribute
    sock.send(struct.pack("=IHHII", 16 + len(body), NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_CONFIG,
                          NLM_F_REQUEST | NLM_F_ACK, 1, 0) + body)
    reply = sock.recv(8192)
    _, kind, _, _, _, error = struct.unpack_from("=IHHIIi", reply)
    harness.need(kind == NLMSG_ERROR and not error,
                 f"no program can serve a queue here: {os.strerror(-error)}")
