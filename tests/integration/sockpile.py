# SPDX-License-Identifier: BSD-2-Clause
"""Sockets in all their states, for the tests of the socket tables; and what ss says about them."""

import collections
import contextlib
import re
import socket
import struct

import harness

STATES = {"ESTAB": 1, "SYN-SENT": 2, "SYN-RECV": 3, "FIN-WAIT-1": 4, "FIN-WAIT-2": 5,
          "TIME-WAIT": 6, "UNCONN": 7, "CLOSE-WAIT": 8, "LAST-ACK": 9, "LISTEN": 10, "CLOSING": 11}
ANY, IPV4, IPV6 = 1, 2, 3


def ss_states(netns):
    """{(family, state): count} of all TCP sockets, from ss; only those that are not 0."""
    counts = collections.Counter()
    for option, family in (("-4", IPV4), ("-6", IPV6)):
        for line in netns.run("ss", "-Htan", option).splitlines():
            state = STATES[line.split()[0]]
            counts[family, state] += 1
            counts[ANY, state] += 1
    return dict(counts)


def nstat(netns, name):
    """A counter of the namespace, absolute."""
    found = re.search(rf"^{name}\s+(\d+)", netns.run("nstat", "-asz", name), re.M)
    return int(found.group(1))


class Pile(contextlib.ExitStack):
    """Sockets in a namespace that are closed with it."""

    def __init__(self, netns):
        super().__init__()
        self.netns = netns
        self.clients = []

    def socket(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        with self.netns.entered():
            return self.enter_context(socket.socket(family, kind))

    def listen(self, address, port=0, backlog=1024, reuse_port=False, v6only=None, device=None):
        listener = self.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        if reuse_port:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if v6only is not None:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, v6only)
        if device is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        with self.netns.entered():
            scope = address.partition("%")[2]
            where = (address, port, 0, socket.if_nametoindex(scope)) if scope else (address, port)
            listener.bind(where)
        listener.listen(backlog)
        return listener

    def connect(self, address, wait=True):
        client = self.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        if wait:
            client.settimeout(10)
            client.connect(address[:2])
        else:
            client.setblocking(False)
            client.connect_ex(address[:2])
        self.clients.append(client)
        return client

    def close_clients(self):
        """Closes what connect() and overflow() opened: no more SYNs are sent."""
        while self.clients:
            self.clients.pop().close()

    def connections(self, listener, address, count, what):
        """Connections to a listener that end up as `what`: established, timeWait, closeWait (and a
        FIN_WAIT2 mini-socket of the orphan at the other end), finWait2 (and closeWait)."""
        where = (address, listener.getsockname()[1])
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.netns.entered():
            for _ in range(count):
                client = socket.socket(family)
                client.connect(where)
                accepted, _peer = listener.accept()
                if what == "timeWait":
                    client.close()
                    accepted.close()
                    continue
                if what == "closeWait":
                    client.close()
                elif what == "finWait2":
                    client.shutdown(socket.SHUT_WR)
                for sock in (client, accepted):
                    self.enter_context(sock)

    def overflow(self, address, extra, limit):
        """More connections than a listener's queue takes, whose listener accepts none."""
        for _ in range(limit + 1 + extra):
            self.connect(address, wait=False)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def half_open(netns, source, destination, port, count):
    """SYNs from an address that nobody has: nothing answers the SYN-ACKs. Run in `netns`."""
    with netns.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for source_port in range(2000, 2000 + count):
            pseudo = socket.inet_aton(source) + socket.inet_aton(destination)
            tcp = struct.pack("!HHIIBBHHH", source_port, port, 7, 0, 5 << 4, 2, 1024, 0, 0)
            total = checksum(pseudo + struct.pack("!HH", socket.IPPROTO_TCP, len(tcp)) + tcp)
            tcp = tcp[:16] + struct.pack("!H", total) + tcp[18:]
            header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + pseudo
            raw.sendto(header + tcp, (destination, 0))


def veth_pair(left, right):
    """The namespaces joined; 10.77.0.1 and 10.77.0.2. SYN-ACKs for 10.77.0.9 go to `right`, where
    nobody has that address."""
    harness.veth(left, "left0", "10.77.0.1/24", right, "right0", "10.77.0.2/24")
    mac = right.run("cat", "/sys/class/net/right0/address").strip()
    left.run("ip", "neighbour", "replace", "10.77.0.9", "lladdr", mac, "dev", "left0")
