#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Records what the kernel answers to the dumps of the collectors of interfaces and queues, for tests
and fuzz corpora.

    record.py DIRECTORY

writes DIRECTORY/links and qdiscs and, where the kernel has the generic netlink family netdev,
queues, napis, qstats-queue and qstats-device: the replies of the network namespace that it runs in,
one netlink message after the other as they came, all with sequence number 1.
"""

import os
import socket
import struct
import sys

NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NETLINK_ROUTE, NETLINK_GENERIC = 0, 16
RTM_GETLINK, RTM_GETQDISC = 18, 38
GENL_ID_CTRL, CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
QUEUE_GET, NAPI_GET, QSTATS_GET, QSTATS_SCOPE = 10, 11, 12, 4


def exchange(protocol, kind, flags, payload):
    """The reply's bytes, and its messages as (type, payload)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as sock:
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


def generic(command, attributes=b""):
    return struct.pack("=BBH", command, 1, 0) + attributes


def family(name):
    """The number of a generic netlink family, or None."""
    _, messages = exchange(NETLINK_GENERIC, GENL_ID_CTRL, 0,
                           generic(CTRL_CMD_GETFAMILY,
                                   struct.pack(f"=HH{(len(name) + 4) // 4 * 4}s", 5 + len(name),
                                               CTRL_ATTR_FAMILY_NAME, name)))
    kind, payload = messages[0]
    at = 4
    while kind == GENL_ID_CTRL:
        length, attribute = struct.unpack_from("=HH", payload, at)
        if attribute == CTRL_ATTR_FAMILY_ID:
            return struct.unpack_from("=H", payload, at + 4)[0]
        at += (length + 3) & ~3
    return None


def main(directory):
    dumps = {
        "links": (NETLINK_ROUTE, RTM_GETLINK, struct.pack("=BxHiII", 0, 0, 0, 0, 0)),
        "qdiscs": (NETLINK_ROUTE, RTM_GETQDISC, struct.pack("=BxxxiIII", 0, 0, 0, 0, 0)),
    }
    netdev = family(b"netdev")
    if netdev:
        scope = struct.pack("=HHI", 8, QSTATS_SCOPE, 1)
        dumps["queues"] = (NETLINK_GENERIC, netdev, generic(QUEUE_GET))
        dumps["napis"] = (NETLINK_GENERIC, netdev, generic(NAPI_GET))
        dumps["qstats-queue"] = (NETLINK_GENERIC, netdev, generic(QSTATS_GET, scope))
        dumps["qstats-device"] = (NETLINK_GENERIC, netdev, generic(QSTATS_GET))
    for name, (protocol, kind, payload) in dumps.items():
        reply, _ = exchange(protocol, kind, NLM_F_DUMP, payload)
        with open(os.path.join(directory, name), "wb") as out:
            out.write(reply)


if __name__ == "__main__":
    main(sys.argv[1])
