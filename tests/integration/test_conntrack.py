# SPDX-License-Identifier: BSD-2-Clause
"""Connection tracking against conntrack(8) and /proc, with real flows in network namespaces."""

import contextlib
import os
import re
import shutil
import socket
import tempfile
import unittest

from harness import NOBODY, Agent, Netns, dump, eventually, need, need_tools

COLUMNS = {
    "Found": "found", "Invalid": "invalid", "Insert": "insert", "InsertFailed": "insert_failed", "Drop": "drop",
    "EarlyDrop": "early_drop", "Error": "error", "SearchRestart": "search_restart",
    "ClashResolve": "clash_resolve", "ChainTooLong": "chaintoolong",
}
MAX_PATH = "/proc/sys/net/netfilter/nf_conntrack_max"


def statistics(ns):
    """{cpu: {name: value}} of conntrack -S."""
    return {int(re.match(r"cpu=(\d+)", line).group(1)):
            {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line) if name != "cpu"}
            for line in ns.run("conntrack", "-S").splitlines()}


def entries(ns):
    return int(ns.run("conntrack", "-C"))


def flows(ns, count, first=20000):
    """So many new UDP flows that nobody answers."""
    with ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for port in range(first, first + count):
            with contextlib.suppress(OSError):  # the kernel says so when it drops
                client.sendto(b"x", ("127.0.0.1", port))


def fields(row, prefix):
    return {name[len(prefix):]: value for name, value in row.items()}


class Conntrack(unittest.TestCase):
    exclusive = "lowers nf_conntrack_max for the whole host"

    def setUp(self):
        need_tools("conntrack", "nft")
        need(os.path.exists(MAX_PATH), "needs nf_conntrack in the kernel")
        self.ns = Netns("conntrack")
        self.addCleanup(self.ns.delete)
        self.ns.run("nft", "add table inet track; add chain inet track in { type filter hook input priority 0; };"
                           " add rule inet track in ct state new counter accept;"
                           " add rule inet track in ct state invalid counter drop")

    def check_dump(self, data):
        """A dump agrees with what the tools say about a namespace that stands still."""
        scalars = fields(data["netdiagConntrack"], "netdiagConntrack")
        oracle = statistics(self.ns)
        with open(MAX_PATH) as text:
            limit = int(text.read())
        self.assertEqual(scalars["Entries"], entries(self.ns))
        self.assertEqual(scalars["Max"], limit)
        self.assertEqual(scalars["Buckets"], int(self.ns.sysctl("net.netfilter.nf_conntrack_buckets")))
        self.assertEqual(scalars["Usage"], scalars["Entries"] * 10000 // limit)
        for scalar, name in (("Drops", "drop"), ("EarlyDrops", "early_drop"), ("InsertFailed", "insert_failed")):
            self.assertEqual(scalars[scalar], sum(cpu[name] for cpu in oracle.values()))
        rows = {row["netdiagConntrackCpuId"]: fields(row, "netdiagConntrackCpu")
                for row in data["netdiagConntrackCpuTable"]}
        self.assertEqual(set(rows), set(oracle))
        for cpu, row in rows.items():
            self.assertEqual({COLUMNS[name]: row[name] for name in COLUMNS if COLUMNS[name] in oracle[cpu]},
                             oracle[cpu])
        return scalars

    def status(self, data):
        return {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}["conntrack"]

    def make_trouble(self):
        flows(self.ns, 40)
        # A segment of no connection, which is invalid to a strict tracker.
        self.ns.sysctl("net.netfilter.nf_conntrack_tcp_loose", 0)
        with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
            for _ in range(5):
                raw.sendto(bytes.fromhex("1f901f9100000001000000015010ffff00000000"), ("127.0.0.1", 0))
        eventually("the kernel sees invalid packets",
                   lambda: sum(cpu["invalid"] for cpu in statistics(self.ns).values()) >= 5)

    def test_as_root_over_ctnetlink(self):
        self.make_trouble()
        data = dump(netns=self.ns)
        self.assertGreaterEqual(self.check_dump(data)["Entries"], 40)
        self.assertEqual(self.status(data)["netdiagCollectorStatus"], "ok")
        self.assertEqual(self.status(data)["netdiagCollectorSource"], "ctnetlink")
        self.assertEqual(self.status(data)["netdiagCollectorLastError"], "")

    def test_as_nobody_from_procfs(self):
        need(os.path.exists("/proc/net/stat/nf_conntrack"), "needs CONFIG_NF_CONNTRACK_PROCFS")
        self.make_trouble()
        data = dump(netns=self.ns, user=NOBODY)
        self.assertGreaterEqual(self.check_dump(data)["Entries"], 40)
        self.assertEqual(self.status(data)["netdiagCollectorStatus"], "ok")
        self.assertEqual(self.status(data)["netdiagCollectorSource"], "/proc/net/stat/nf_conntrack")
        self.assertIn("CAP_NET_ADMIN", self.status(data)["netdiagCollectorLastError"])

    def test_through_snmp(self):
        for user in (None, NOBODY):
            with Agent("interval conntrack 500ms", netns=self.ns, user=user) as agent:
                flows(self.ns, 60, first=30000)
                self.assertGreaterEqual(entries(self.ns), 60)
                # The agent's own queries are flows too; they come and go.
                eventually("the flows are counted", lambda: agent.get("netdiagConntrackEntries.0") >= 60)
                self.assertLessEqual(agent.get("netdiagConntrackEntries.0"), entries(self.ns) + 5)
                self.assertEqual(set(agent.table("netdiagConntrackCpuTable")), set(statistics(self.ns)))
                self.ns.run("conntrack", "-F")

    def test_full(self):
        """The table full: drops and early drops as conntrack -S tells them."""
        with open(MAX_PATH) as text:
            limit = text.read()
        flows(self.ns, 50)
        try:
            with open(MAX_PATH, "w") as text:
                text.write(f"{entries(self.ns)}\n")
            flows(self.ns, 50, first=25000)
            scalars = self.check_dump(dump(netns=self.ns))
        finally:
            with open(MAX_PATH, "w") as text:
                text.write(limit)
        self.assertGreater(scalars["Drops"] + scalars["EarlyDrops"], 0)
        self.assertGreaterEqual(scalars["Usage"], 9000)
        self.check_dump(dump(netns=self.ns))

    def test_without_conntrack(self):
        """Another proc root that has none: absent, not 0, with what to do."""
        root = tempfile.mkdtemp(prefix="netdiag-test-")
        self.addCleanup(shutil.rmtree, root)
        os.makedirs(os.path.join(root, "sys/net/netfilter"))
        data = dump("--proc-root", root)
        self.assertEqual(data["netdiagConntrack"], {})
        self.assertEqual(data["netdiagConntrackCpuTable"], [])
        self.assertEqual(self.status(data)["netdiagCollectorStatus"], "unsupported")
        self.assertIn("modprobe nf_conntrack", self.status(data)["netdiagCollectorLastError"])
