#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records what the kernel answers to the NIC collector's dumps, for tests and fuzz corpora.

    record.py DIRECTORY

writes DIRECTORY/links, qdiscs and rings: the replies of the network namespace that it runs in, one
netlink message after the other as they came, all with sequence number 1.
"""

import os
import socket
import struct
import sys

NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NETLINK_ROUTE, NETLINK_GENERIC, GENL_ID_CTRL = 0, 16, 16
RTM_GETLINK, RTM_GETQDISC = 18, 38
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 3, 1, 2
ETHTOOL_MSG_RINGS_GET, ETHTOOL_A_RINGS_HEADER, ETHTOOL_A_HEADER_FLAGS = 15, 1, 3
NLA_F_NESTED = 0x8000


def attribute(kind, payload):
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + b"\0" * (-length % 4)


def exchange(family, kind, flags, payload):
    """The reply's bytes, and its messages as (type, payload)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as sock:
        sock.bind((0, 0))
        sock.send(struct.pack("=IHHII", 16 + len(payload), kind, NLM_F_REQUEST | flags, 1, 0) + payload)
        reply, messages = b"", []
        while True:
            part = sock.recv(1 << 16)
            reply += part
            while part:
                length, kind, _, _, _ = struct.unpack_from("=IHHII", part)
                messages.append((kind, part[16:length]))
                part = part[(length + 3) & ~3:]
            if not flags & NLM_F_DUMP or messages[-1][0] in (NLMSG_ERROR, NLMSG_DONE):
                return reply, messages


def ethtool_family():
    name = attribute(CTRL_ATTR_FAMILY_NAME, b"ethtool\0")
    _, messages = exchange(NETLINK_GENERIC, GENL_ID_CTRL, 0,
                           struct.pack("=BBH", CTRL_CMD_GETFAMILY, 1, 0) + name)
    kind, payload = messages[0]
    assert kind != NLMSG_ERROR, "this kernel has no ethtool netlink"
    at = 4
    while at < len(payload):
        length, kind = struct.unpack_from("=HH", payload, at)
        if kind == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("=H", payload, at + 4)[0]
        at += (length + 3) & ~3
    raise AssertionError("ethtool's family has no number")


def main(directory):
    header = attribute(NLA_F_NESTED | ETHTOOL_A_RINGS_HEADER,
                       attribute(ETHTOOL_A_HEADER_FLAGS, struct.pack("=I", 1)))
    dumps = {
        "links": (NETLINK_ROUTE, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)),
        "qdiscs": (NETLINK_ROUTE, RTM_GETQDISC, struct.pack("=BxxxiIII", 0, 0, 0, 0, 0)),
        "rings": (NETLINK_GENERIC, ethtool_family(),
                  struct.pack("=BBH", ETHTOOL_MSG_RINGS_GET, 1, 0) + header),
    }
    for name, (family, kind, payload) in dumps.items():
        reply, _ = exchange(family, kind, NLM_F_DUMP, payload)
        with open(os.path.join(directory, name), "wb") as out:
            out.write(reply)


if __name__ == "__main__":
    main(sys.argv[1])
