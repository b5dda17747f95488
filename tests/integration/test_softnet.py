# SPDX-License-Identifier: BSD-2-Clause
"""netdiagSoftnetTable against /proc/net/softnet_stat, with real backlog drops, and made trees."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import (BINARY, NOBODY, Agent, Netns, eventually, need, need_root, need_tools, run, start,
                     stop, veth)
from watched import Watched, only, short

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


def ksoftirqd():
    """{cpu: its directory in /proc}"""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                name = re.search(r"\((.*)\)", stat.read()).group(1)
        except OSError:
            continue
        if name.startswith("ksoftirqd/"):
            found[int(name.partition("/")[2])] = f"/proc/{pid}"
    return found


def schedstat(directory):
    """(run, wait) in us."""
    with open(f"{directory}/schedstat") as numbers:
        return tuple(int(word) // 1000 for word in numbers.read().split()[:2])


def stat():
    """{cpu: (softirq, steal)} in ms."""
    tick = 1000 // os.sysconf("SC_CLK_TCK")
    with open("/proc/stat") as lines:
        rows = [line.split() for line in lines if re.match(r"cpu\d", line)]
    return {int(row[0][3:]): (int(row[7]) * tick, int(row[8]) * tick) for row in rows}


class Starved(unittest.TestCase):
    exclusive = "takes a CPU, and makes the host's softirqs shorter"

    def setUp(self):
        need_root()
        need(len(os.sched_getaffinity(0)) >= 2, "needs two CPUs")
        self.threads = ksoftirqd()
        need(self.threads, "ksoftirqd cannot be seen here")
        need(any(schedstat(path)[1] for path in self.threads.values()),
             "this kernel does not count what threads wait")

    def test_columns(self):
        names = ("KsoftirqdRunTime", "KsoftirqdWaitTime", "SoftirqTime", "StealTime")

        def kernel():
            return {cpu: schedstat(path) + stat()[cpu] for cpu, path in self.threads.items()}
        for user in (None, NOBODY):
            with self.subTest(user=user), Agent(user=user) as agent:
                before = kernel()
                agent.refreshed("softnet")
                rows = agent.table("netdiagSoftnetTable")
                after = kernel()
                for cpu, row in rows.items():
                    values = [row[f"netdiagSoftnet{name}"] for name in names]
                    for name, *between in zip(names, before[cpu], values, after[cpu]):
                        self.assertEqual(between, sorted(between), f"{name} of cpu{cpu}")

    def test_hidden(self):
        """In a PID namespace of its own netdiagd does not see the threads, and says so."""
        done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", BINARY, "--dump=json"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        need(not done.returncode, f"no PID namespace here: {done.stderr}")
        data = json.loads(done.stdout)
        for row in data["netdiagSoftnetTable"]:
            self.assertNotIn("netdiagSoftnetKsoftirqdWaitTime", row)
            self.assertIn("netdiagSoftnetSoftirqTime", row)
        health = {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}
        self.assertEqual(health["softnet"]["netdiagCollectorStatus"], "ok")
        self.assertIn("cannot be seen in /proc", health["softnet"]["netdiagCollectorLastError"])

    @contextlib.contextmanager
    def settings(self, **values):
        """Sets net.core settings of the host while the block lasts."""
        old = {name: run("sysctl", "-n", f"net.core.{name}").strip() for name in values}
        try:
            for name, value in values.items():
                run("sysctl", "-qw", f"net.core.{name}={value}")
            yield
        finally:
            for name, value in old.items():
                run("sysctl", "-qw", f"net.core.{name}={value}")

    @contextlib.contextmanager
    def flooded(self, seconds):
        """CPU 0 sends to CPU 1."""
        with Netns("left") as left, Netns("right") as right:
            veth(left, "va", "10.99.0.1/24", right, "vb", "10.99.0.2/24")
            right.run("sh", "-c", "echo 2 > /sys/class/net/vb/queues/rx-0/rps_cpus")
            flood = left.start(sys.executable, "-c", FLOOD, "10.99.0.2", str(seconds), "0")
            try:
                yield
            finally:
                stop(flood)

    @contextlib.contextmanager
    def hogs(self, count, *command):
        """Processes that do nothing but run."""
        running = [start([*command, "sh", "-c", "while :; do :; done"]) for _ in range(count)]
        try:
            yield
        finally:
            for hog in running:
                stop(hog, signal.SIGKILL)

    def test_a_real_time_process(self):
        """It runs where packets arrive, in softirqs so short that ksoftirqd has to go on with them."""
        need_tools("chrt", "taskset")
        need(not subprocess.run(["chrt", "-f", "50", "true"], stderr=subprocess.DEVNULL).returncode,
             "no real-time scheduling here")
        config = short("softnet.starved", window="5s") + only("softnet", "sysctl")
        with Watched(config, expected=[("softnet.starved", "cpu1"), ("softnet.squeezed", None),
                                       ("softnet.dropped", None), ("softnet.imbalance", None)]) as watched:
            with self.settings(netdev_budget=8, dev_weight=8), self.flooded(60), \
                    self.hogs(1, "taskset", "-c", "1", "chrt", "-f", "50"):
                trap = watched.raised("softnet.starved", "cpu1")
                self.assertRegex(trap["Summary"], r"^cpu1: ksoftirqd waited [\d.,]+ ms/s, packets")
                self.assertRegex(trap["Advice"], "real-time process|hypervisor")
                self.assertEqual(trap["Command"], "-")
            watched.cleared("softnet.starved", "cpu1")

    def test_load_alone(self):
        """Processes of the usual priority, and packets that are all served: however long ksoftirqd
        waits, nothing is wrong."""
        config = short("softnet.starved", window="5s") + only("softnet")
        with Watched(config, expected=[("softnet.imbalance", None)]) as watched:
            left = sum(softnet_stat()[1][1:3])
            with self.flooded(30), self.hogs(8):
                for _ in range(20):
                    watched.agent.refreshed("softnet")
                self.assertEqual(sum(softnet_stat()[1][1:3]), left,
                                 "packets were left behind: this is no ordinary load")
                row = watched.check("softnet.starved", "cpu1")
            self.assertEqual((row["netdiagCheckState"], row["netdiagCheckValue"]), (1, 0))


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
