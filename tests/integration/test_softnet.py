# SPDX-License-Identifier: BSD-2-Clause
"""netdiagSoftnetTable against /proc/net/softnet_stat, with real backlog drops, and made trees."""

import os
import shutil

import sys
import tempfile
import unittest

from harness import Agent, Netns, eventually, need, need_root, run, stop, veth

U32 = 1 << 32

# softnet_stat's columns, since 6.4.
COLUMNS = {"netdiagSoftnetProcessed": 0, "netdiagSoftnetDropped": 1, "netdiagSoftnetTimeSqueeze": 2,
           "netdiagSoftnetReceivedRps": 9, "netdiagSoftnetFlowLimit": 10}

FLOOD = """
import os, socket, sys, time
os.sched_setaffinity(0, {int(sys.argv[3])})
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    for _ in range(500):
        try:
            s.sendto(b"x" * 32, (sys.argv[1], 9))
        except OSError:
            pass
"""


def softnet_stat(path="/proc/net/softnet_stat"):
    """{cpu: columns} of the kernel's own file."""
    with open(path) as lines:
        rows = [[int(word, 16) for word in line.split()] for line in lines]
    return {row[12]: row for row in rows}


class Tree:
    """A made proc and sys root; what is not in it is not there."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="netdiag-tree-")
        os.chmod(self.dir, 0o755)
        self.args = ["--proc-root", f"{self.dir}/proc", "--sys-root", f"{self.dir}/sys"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)

    def write(self, name, text):
        """Puts a file in its place in one step: a reader sees the old one or the new one."""
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path + ".new", "w") as out:
            out.write(text)
        os.rename(path + ".new", path)

    def softnet(self, rows):
        """rows: {cpu: (processed, dropped)}; as Linux 6.4 writes it."""
        self.write("proc/net/softnet_stat", "".join(
            " ".join(f"{value:08x}" for value in
                     (processed % U32, dropped % U32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, cpu, 0, 0)) + "\n"
            for cpu, (processed, dropped) in rows.items()))
        cpus = ",".join(map(str, rows))
        self.write("sys/devices/system/cpu/online", cpus + "\n")

    def softirqs(self, cpus):
        header = "".join(f"{f'CPU{cpu}':>11}" for cpu in range(cpus))
        self.write("proc/softirqs", f"{'':10}{header}\n" + "".join(
            f"{name:>8}:" + "".join(f"{base + cpu:11}" for cpu in range(cpus)) + "\n"
            for name, base in (("HI", 0), ("NET_TX", 1000), ("NET_RX", 2000), ("RCU", 5))))


class Live(unittest.TestCase):
    exclusive = "lowers netdev_max_backlog for the whole host"

    def test_equals_softnet_stat(self):
        with Agent() as agent:
            before = softnet_stat()
            agent.refreshed("softnet")
            rows = agent.table("netdiagSoftnetTable")
            after = softnet_stat()
        self.assertEqual(sorted(rows), sorted(after))
        for cpu, row in rows.items():
            for name, column in COLUMNS.items():
                self.assertLessEqual(before[cpu][column], row[name] % U32, f"{name} of cpu{cpu}")
                self.assertLessEqual(row[name] % U32, after[cpu][column], f"{name} of cpu{cpu}")

    def test_backlog_drops_on_a_veth_pair(self):
        need_root()
        need(len(os.sched_getaffinity(0)) >= 2, "needs two CPUs")
        limit = "/proc/sys/net/core/netdev_max_backlog"
        need(os.access(limit, os.W_OK), "netdev_max_backlog cannot be set here")
        with open(limit) as current:
            old = current.read().strip()
        with Netns("left") as left, Netns("right") as right, Agent() as agent:
            veth(left, "va", "10.99.0.1/24", right, "vb", "10.99.0.2/24")
            # Received on another CPU than the sender's, through that CPU's backlog.
            right.run("sh", "-c", "echo 2 > /sys/class/net/vb/queues/rx-0/rps_cpus")
            first = agent.table("netdiagSoftnetTable")[1]["netdiagSoftnetDropped"]
            started = softnet_stat()[1][1]
            try:
                with open(limit, "w") as out:
                    out.write("1")
                flood = left.start(sys.executable, "-c", FLOOD, "10.99.0.2", "30", "0")
                eventually("the kernel counts drops",
                           lambda: softnet_stat()[1][1] > started + 100)
                stop(flood)
            finally:
                with open(limit, "w") as out:
                    out.write(old)
            agent.refreshed("softnet")
            counted = softnet_stat()[1][1] - started
            served = agent.table("netdiagSoftnetTable")[1]["netdiagSoftnetDropped"] - first
            self.assertEqual(served, counted)
            self.assertGreater(served, 100)


class Made(unittest.TestCase):
    def test_512_cpus(self):
        with Tree() as tree:
            tree.softnet({cpu: (cpu * 1000, cpu) for cpu in range(512)})
            tree.softirqs(1024)
            with Agent(args=tree.args) as agent:
                rows = agent.table("netdiagSoftnetTable")
                self.assertEqual(list(rows), list(range(512)))
                for cpu in (0, 1, 255, 256, 511):
                    self.assertEqual(rows[cpu]["netdiagSoftnetProcessed"], cpu * 1000)
                    self.assertEqual(rows[cpu]["netdiagSoftnetNetRxSoftirqs"], 2000 + cpu)
                    self.assertEqual(rows[cpu]["netdiagSoftnetNetTxSoftirqs"], 1000 + cpu)
                cells = [oid for oid, _ in agent.walk_oids("netdiagSoftnetTable")]
                self.assertEqual(cells, sorted(set(cells)))
                self.assertEqual(len(cells), 512 * 11)
                self.assertEqual(agent.reached("netdiagSoftnetTable"), cells)

    def test_wrap_and_offline_cpu(self):
        with Tree() as tree:
            tree.softnet({0: (U32 - 100, 7), 1: (50, 0), 3: (33, 3)})
            with Agent(args=tree.args) as agent:
                rows = agent.table("netdiagSoftnetTable")
                self.assertEqual(sorted(rows), [0, 1, 3])
                stamp = rows[0]["netdiagSoftnetDiscontinuityTime"]
                tree.softnet({0: (U32 + 400, 7), 3: (34, 3)})
                eventually("the wrap is passed", lambda: agent.get(
                    "netdiagSoftnetProcessed.0") == U32 + 400)
                rows = agent.table("netdiagSoftnetTable")
                self.assertEqual(sorted(rows), [0, 3])
                self.assertEqual(rows[3]["netdiagSoftnetProcessed"], 34)
                self.assertEqual(rows[0]["netdiagSoftnetDiscontinuityTime"], stamp)

    def test_garbage_keeps_the_rows_and_says_so(self):
        with Tree() as tree:
            tree.softnet({0: (100, 1), 1: (200, 2)})
            with Agent(args=tree.args) as agent:
                eventually("ok", lambda: agent.collector("softnet")["netdiagCollectorStatus"] == 1)
                tree.write("proc/net/softnet_stat", "zzzz not hex\n\0\xff\n")
                eventually("the error is shown", lambda: agent.collector("softnet")
                           ["netdiagCollectorStatus"] == 6)
                error = agent.collector("softnet")["netdiagCollectorLastError"]
                self.assertIn("softnet_stat", error)
                self.assertEqual(agent.table("netdiagSoftnetTable")[1]["netdiagSoftnetProcessed"],
                                 200)
                tree.softnet({0: (101, 1), 1: (201, 2)})
                eventually("ok again", lambda: agent.collector("softnet")
                           ["netdiagCollectorStatus"] == 1)
                self.assertEqual(agent.get("netdiagSoftnetProcessed.1"), 201)

    def test_absent_is_not_zero(self):
        with Tree() as tree:
            tree.softnet({0: (1, 1)})
            with Agent(args=tree.args) as agent:
                self.assertIsNone(agent.try_get("netdiagSoftnetNetRxSoftirqs.0"))
                self.assertIsNone(agent.try_get("netdiagTcpListenDrops.0"))
                self.assertIn("softirqs",
                              agent.collector("softnet")["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
