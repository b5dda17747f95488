# SPDX-License-Identifier: BSD-2-Clause
"""What the host, the kernel or a permission does not provide is absent and explained in
netdiagCollectorTable; it is never 0, nor any other wrong value."""

import ctypes
import json
import os
import platform
import resource
import shutil
import struct
import tempfile
import unittest

from harness import (BINARY, NOBODY, SRC, Agent, Netns, eventually, need, need_root, run, schema, syntaxes,
                     tables_of)

# Which file of procfs feeds which collectors.
FILES = {
    "net/softnet_stat": ("softnet",), "softirqs": ("softnet",), "stat": ("softnet",), "net/netstat": ("counters",),
    "net/snmp": ("counters", "socketState"), "net/snmp6": ("counters",), "net/xfrm_stat": ("counters",),
    "net/stat/arp_cache": ("counters",), "net/stat/ndisc_cache": ("counters",),
    "net/sockstat": ("protocolMemory", "socketState", "buffer"),
    "net/sockstat6": ("protocolMemory", "socketState", "buffer"),
    "sys/net/ipv4/tcp_mem": ("protocolMemory", "limit", "sysctl"),
    "sys/net/ipv4/ip_local_port_range": ("limit", "sysctl"),
    "sys/net/ipv4/ip_local_reserved_ports": ("limit",),
    "net/raw": ("socketDrop",), "net/netlink": ("socketDrop",),
}
# Of a host where sockets have dropped something: only those have a row.
CAPTURED = {name: os.path.join(SRC, "tests/data/socket_drops/6.18/proc", name) for name in ("net/raw", "net/netlink")}
# This one is allowed to be empty.
MAY_BE_EMPTY = "sys/net/ipv4/ip_local_reserved_ports"
# Collectors that read nothing else, so that two dumps of one tree can be compared.
ONLY_FILES = ("softnet", "counters", "protocolMemory", "limit", "sysctl", "socketDrop")
# How each file is spoiled.
BROKEN = {
    "missing": lambda path: os.unlink(path),
    "unreadable": lambda path: os.chmod(path, 0),
    "empty": lambda path: write(path, b""),
    "binary": lambda path: write(path, bytes(range(256)) * 4),
    "a page of HTML": lambda path: write(path, b"<html><body>404 -1 0 0 0</body></html>\n"),
    "cut": lambda path: write(path, read(path)[:len(read(path)) // 2]),
    "a directory": lambda path: (os.unlink(path), os.mkdir(path)),
}
# "cut" may happen to leave whole lines, with which nothing is wrong.
MAY_GO_UNNOTICED = {"cut"}
# Settings are shown as they are, whatever they say.
NOT_COMPARED = {"netdiagSysctlValue"}

AUDIT_ARCH = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
AF_NETLINK = 16
ERRNO = {"EAFNOSUPPORT": 97, "EPERM": 1, "ENOBUFS": 105}


def read(path):
    with open(path, "rb") as data:
        return data.read()


def write(path, data):
    with open(path, "wb") as out:
        out.write(data)


def cells(data):
    """{(table, index, column): value} of ONLY_FILES' tables in a dump, without stamps, which are
    each dump's own."""
    found = {}
    for table in tables_of(*ONLY_FILES):
        rows = data[table]
        for row in rows if isinstance(rows, list) else [rows]:
            key = tuple(row[name] for name in schema()[table].get("index", []))
            for column, value in row.items():
                if syntaxes()[column] != "NetdiagTimeStamp":
                    found[table, key, column] = value
    return found


def collectors(data):
    return {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}


class Tree(unittest.TestCase):
    """A copy of this host's files, each broken in turn, read without privileges."""

    def setUp(self):
        need_root()
        self.dir = tempfile.mkdtemp(prefix="netdiag-missing-")
        self.addCleanup(shutil.rmtree, self.dir)
        os.chmod(self.dir, 0o755)
        self.good = os.path.join(self.dir, "good")
        for name in FILES:
            need(os.path.exists(f"/proc/{name}"), f"this kernel has no /proc/{name}")
            path = os.path.join(self.good, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, read(CAPTURED.get(name, f"/proc/{name}")))
            if name == MAY_BE_EMPTY:
                write(path, b"33000-33010\n")
        self.binary = os.path.join(self.dir, "netdiagd")
        shutil.copy(BINARY, self.binary)

    def dump(self, root):
        return json.loads(run("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                              "--inh-caps=-all", "--bounding-set=-all", self.binary, "--dump=json",
                              "--proc-root", root, "--sys-root", self.dir))

    def test_each_file_in_each_way(self):
        want = cells(self.dump(self.good))
        before = collectors(self.dump(self.good))
        self.assertGreater(len(want), 200)
        for name, users in FILES.items():
            for way, spoil in BROKEN.items():
                if (name, way) == (MAY_BE_EMPTY, "empty"):
                    continue
                with self.subTest(f"{name}: {way}"):
                    root = os.path.join(self.dir, "broken")
                    shutil.copytree(self.good, root)
                    try:
                        spoil(os.path.join(root, name))
                        self.compare(name, users, way, want, before, self.dump(root))
                    finally:
                        shutil.rmtree(root)

    def compare(self, name, users, way, want, before, data):
        found = cells(data)
        invented = {cell: value for cell, value in found.items()
                    if cell[2] not in NOT_COMPARED and want.get(cell, None) != value}
        if way not in MAY_GO_UNNOTICED:
            self.assertEqual(invented, {}, f"{name}, {way}")
            self.assertLess(len(found), len(want), f"{name}, {way}: nothing is absent")
        health = collectors(data)
        for collector, row in health.items():
            if collector not in users:
                self.assertEqual(row["netdiagCollectorStatus"],
                                 before[collector]["netdiagCollectorStatus"],
                                 f"{collector} has nothing to do with {name}")
        if way not in MAY_GO_UNNOTICED:
            told = [collector for collector in users
                    if health[collector]["netdiagCollectorLastError"] !=
                    before[collector]["netdiagCollectorLastError"]]
            self.assertTrue(told, f"{name}, {way}: nobody says so")

    def test_permission_has_its_status(self):
        os.chmod(os.path.join(self.good, "net/softnet_stat"), 0)
        row = collectors(self.dump(self.good))["softnet"]
        self.assertEqual(row["netdiagCollectorStatus"], "denied")
        self.assertIn("Permission denied", row["netdiagCollectorLastError"])
        self.assertIn("softnet_stat", row["netdiagCollectorLastError"])


def refuse_netlink(errno):
    """A preexec_fn: from then on socket(AF_NETLINK) fails with this errno."""
    arch, number = AUDIT_ARCH[platform.machine()]
    load, equal, ret = 0x20, 0x15, 0x06
    program = b"".join(struct.pack("<HBBI", *step) for step in (
        (load, 0, 0, 4), (equal, 0, 5, arch),        # the architecture
        (load, 0, 0, 0), (equal, 0, 3, number),      # socket(2)
        (load, 0, 0, 16), (equal, 0, 1, AF_NETLINK),  # its first argument
        (ret, 0, 0, SECCOMP_RET_ERRNO | errno),
        (ret, 0, 0, SECCOMP_RET_ALLOW)))
    buffer = ctypes.create_string_buffer(program, len(program))
    filter_ = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(buffer)))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply():
        if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
                libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter_, 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
        return buffer  # it must live until then
    return apply


class Netlink(unittest.TestCase):
    """A service without AF_NETLINK, because its RestrictAddressFamilies is too strict."""

    COLLECTORS = ("nic", "queue", "peer", "socketState", "listener", "udpSocket", "buffer")

    def setUp(self):
        need(platform.machine() in AUDIT_ARCH, "the numbers of system calls are not known here")

    def refused(self, errno):
        return json.loads(run(BINARY, "--dump=json", preexec_fn=refuse_netlink(errno)))

    def test_refused(self):
        for name, status in (("EAFNOSUPPORT", "unsupported"), ("EPERM", "denied"), ("ENOBUFS", "error")):
            with self.subTest(name):
                data = self.refused(ERRNO[name])
                health = collectors(data)
                for collector in self.COLLECTORS:
                    row = health[collector]
                    self.assertEqual(row["netdiagCollectorStatus"], status, collector)
                    self.assertIn(os.strerror(ERRNO[name]), row["netdiagCollectorLastError"])
                    for table in tables_of(collector):
                        self.assertEqual(data[table], [], table)
                # The others are not affected.
                for collector in ("softnet", "counters"):
                    self.assertEqual(health[collector]["netdiagCollectorStatus"], "ok")
                self.assertTrue(data["netdiagSoftnetTable"])

    def test_conntrack_falls_back(self):
        need(os.path.exists("/proc/net/stat/nf_conntrack"), "needs CONFIG_NF_CONNTRACK_PROCFS")
        data = self.refused(ERRNO["EAFNOSUPPORT"])
        row = collectors(data)["conntrack"]
        self.assertEqual(row["netdiagCollectorStatus"], "ok")
        self.assertEqual(row["netdiagCollectorSource"], "/proc/net/stat/nf_conntrack")
        self.assertTrue(data["netdiagConntrackCpuTable"])


class Descriptors(unittest.TestCase):
    def test_none_left_for_a_while(self):
        """While no file can be opened the old rows stay and the error is shown; then it recovers."""
        need_root()
        with Netns("files") as ns, Agent("interval softnet 200ms\n", netns=ns) as agent:
            agent.refreshed("softnet")
            rows = agent.table("netdiagSoftnetTable").keys()
            limit = resource.prlimit(agent.daemon.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(agent.daemon.pid, resource.RLIMIT_NOFILE, (3, limit[1]))
            failed = eventually("the failure is shown", lambda: (
                lambda row: row if row["netdiagCollectorStatus"] == 6 else None)(
                    agent.collector("softnet")))
            self.assertIn("Too many open files", failed["netdiagCollectorLastError"])
            self.assertEqual(agent.table("netdiagSoftnetTable").keys(), rows)
            resource.prlimit(agent.daemon.pid, resource.RLIMIT_NOFILE, limit)
            eventually("the collector has recovered", lambda: agent.collector("softnet")[
                "netdiagCollectorStatus"] == 1)


if __name__ == "__main__":
    unittest.main()
