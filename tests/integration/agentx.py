# SPDX-License-Identifier: BSD-2-Clause
"""A master agent made of a few lines of RFC 2741, for what no real one does on demand: not
answering, refusing, closing, sending a byte at a time, not reading."""

import contextlib
import os
import socket
import struct

OPEN, CLOSE, REGISTER = 1, 2, 3
GET, GET_NEXT, GET_BULK, TEST_SET, CLEANUP_SET, NOTIFY, RESPONSE = 5, 6, 7, 8, 11, 12, 18

NOT_OPEN, DUPLICATE_REGISTRATION, REQUEST_DENIED = 257, 263, 267
NOT_WRITABLE = 17
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_MIB_VIEW = 128, 129, 130

HEADER = struct.Struct("<BBBBIIII")
NETWORK_BYTE_ORDER = 0x10


def encode_oid(arcs, include=False, order="<", prefix=False):
    """prefix: with internet.N (1.3.6.1.N) as one byte, where the OID begins so."""
    first = 0
    if prefix and arcs[:4] == (1, 3, 6, 1) and len(arcs) > 4 and 0 < arcs[4] < 256:
        first, arcs = arcs[4], arcs[5:]
    return struct.pack(f"{order}BBBB{len(arcs)}I", len(arcs), first, int(include), 0, *arcs)


def decode_oid(data, at, order="<"):
    count, prefix = data[at], data[at + 1]
    arcs = struct.unpack_from(f"{order}{count}I", data, at + 4)
    return ((1, 3, 6, 1, prefix) if prefix else ()) + arcs, at + 4 + 4 * count


def decode_variables(data, at, order="<"):
    """[(oid, type, value)] of a response; a value is an int, bytes, an OID or None."""
    found = []
    while at < len(data):
        kind, = struct.unpack_from(order + "H", data, at)
        name, at = decode_oid(data, at + 4, order)
        value = None
        if kind in (2, 65, 66, 67):
            value, at = struct.unpack_from(order + "I", data, at)[0], at + 4
        elif kind == 70:
            value, at = struct.unpack_from(order + "Q", data, at)[0], at + 8
        elif kind in (4, 64, 68):
            length, = struct.unpack_from(order + "I", data, at)
            value, at = data[at + 4:at + 4 + length], at + 4 + (length + 3) // 4 * 4
        elif kind == 6:
            value, at = decode_oid(data, at, order)
        found.append((name, kind, value))
    return found


def byte_order(header):
    return ">" if header[2] & NETWORK_BYTE_ORDER else "<"


class Pdu:
    def __init__(self, data):
        self.type, self.flags = data[1], data[2]
        self.order = byte_order(data)
        self.session, self.transaction, self.packet, length = struct.unpack_from(
            self.order + "IIII", data, 4)
        self.payload = data[HEADER.size:]
        assert len(self.payload) == length

    @property
    def error(self):
        return struct.unpack_from(self.order + "H", self.payload, 4)[0]

    @property
    def error_index(self):
        return struct.unpack_from(self.order + "H", self.payload, 6)[0]

    @property
    def variables(self):
        return decode_variables(self.payload, 8, self.order)


class Connection:
    """One subagent's."""

    def __init__(self, sock, timeout=10):
        self.sock = sock
        self.session = 77
        self.packet = 1000
        sock.settimeout(timeout)

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.sock.recv(count - len(data))
            if not part:
                raise EOFError("the subagent closed the connection")
            data += part
        return data

    def receive(self, want=None):
        """The next PDU. Notifications that come between are taken, unless one is wanted."""
        while True:
            header = self._exactly(HEADER.size)
            length, = struct.unpack_from(byte_order(header) + "I", header, 16)
            pdu = Pdu(header + self._exactly(length))
            if pdu.type != NOTIFY or want == NOTIFY:
                assert want is None or pdu.type == want, f"PDU type {pdu.type} instead of {want}"
                return pdu
            self.respond(pdu)

    def build(self, kind, payload=b"", packet=None):
        if packet is None:
            self.packet += 1
            packet = self.packet
        return HEADER.pack(1, kind, 0, 0, self.session, 1, packet, len(payload)) + payload

    def send(self, kind, payload=b"", packet=None):
        self.sock.sendall(self.build(kind, payload, packet))

    def respond(self, pdu, error=0, uptime=0):
        self.send(RESPONSE, struct.pack("<IHH", uptime, error, 0), pdu.packet)

    def open(self, uptime=0):
        """Plays a master that takes the subagent in."""
        self.respond(self.receive(OPEN), uptime=uptime)
        register = self.receive(REGISTER)
        self.respond(register, uptime=uptime)
        return register

    @staticmethod
    def ranges(*oids, include=False):
        return b"".join(encode_oid(oid, include) + encode_oid(()) for oid in oids)

    def ask(self, kind, *oids):
        """One request and its response."""
        self.send(kind, self.ranges(*oids))
        response = self.receive(RESPONSE)
        assert response.packet == self.packet
        return response

    def close(self):
        self.sock.close()


class Master:
    """Listens where netdiagd connects. A context manager."""

    def __init__(self, path, backlog=5):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.path = path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(backlog)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.listener.close()
        os.unlink(self.path)

    def accept(self, timeout=10):
        self.listener.settimeout(timeout)
        return Connection(self.listener.accept()[0])

    def drain(self):
        """Takes and closes every connection that waits; how many."""
        self.listener.settimeout(0)
        count = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                self.listener.accept()[0].close()
                count += 1
        return count
