#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records what the kernel answers to the NIC collector's dumps, for tests and fuzz corpora.

    record.py DIRECTORY

writes DIRECTORY/links and qdiscs: the replies of the network namespace that it runs in, one
netlink message after the other as they came, all with sequence number 1.
"""

import os
import socket
import struct
import sys

NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NETLINK_ROUTE = 0
RTM_GETLINK, RTM_GETQDISC = 18, 38


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


def main(directory):
    dumps = {
        "links": (NETLINK_ROUTE, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)),
        "qdiscs": (NETLINK_ROUTE, RTM_GETQDISC, struct.pack("=BxxxiIII", 0, 0, 0, 0, 0)),
    }
    for name, (family, kind, payload) in dumps.items():
        reply, _ = exchange(family, kind, NLM_F_DUMP, payload)
        with open(os.path.join(directory, name), "wb") as out:
            out.write(reply)


if __name__ == "__main__":
    main(sys.argv[1])
