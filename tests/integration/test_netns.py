# SPDX-License-Identifier: BSD-2-Clause
"""netdiagNetnsTable: namespaces of `ip netns` and of processes, against nstat, ss, lsns."""

import contextlib
import os
import re
import socket
import subprocess
import threading
import time
import unittest

import harness

FAST = "interval netns 200ms\n"
MANY = 500


def rows(agent):
    return agent.table("netdiagNetnsTable")


def counters(netns):
    """{name: value} of nstat in a namespace, since it was made."""
    output = netns.run("nstat", "-asz")
    return {m.group(1): int(m.group(2)) for m in re.finditer(r"^(\w+)\s+(\d+)", output, re.M)}


def inode_of(netns):
    return os.stat(f"/run/netns/{netns.name}").st_ino


def overflow(netns, connections=12):
    """Overflows a listener's accept queue in a namespace. Returns its sockets: to be closed."""
    with netns.entered(), contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        for _ in range(connections):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        harness.eventually("the listener overflows",
                           lambda: counters(netns)["TcpExtListenOverflows"] > 0)
        return stack.pop_all()


def removed(path):
    with contextlib.suppress(OSError):
        os.rmdir(path)
    return not os.path.exists(path)


@contextlib.contextmanager
def cgroup(name):
    """A cgroup of this name at the top of a hierarchy; what is left in it is killed at the end."""
    with open("/proc/self/mounts") as text:
        mounts = [line.split()[1] for line in text if line.split()[2] in ("cgroup", "cgroup2")]
    for mount in mounts:
        path = os.path.join(mount, name)
        try:
            os.mkdir(path)
        except OSError:
            continue
        try:
            yield path
        finally:
            with open(os.path.join(path, "cgroup.procs")) as procs:
                for pid in procs.read().split():
                    os.kill(int(pid), 9)
            harness.eventually("the cgroup can be removed", lambda: removed(path))
        return
    harness.need(False, "no cgroup can be made here")


class Netns(unittest.TestCase):
    takes_s = 58

    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "nstat", "lsns", "ss")

    def test_which_loses(self):
        """Of three namespaces the one whose listener overflows says so, as much as nstat does."""
        with harness.Netns("quiet") as quiet, harness.Netns("lossy") as lossy, \
                harness.Netns(name=f"nd-netns-{os.getpid()} b;$(x)") as odd, overflow(lossy), \
                harness.Agent(FAST) as agent:
            def exact():
                before, table, after = counters(lossy), rows(agent), counters(lossy)
                row = table[lossy.name]
                return before == after and row if (
                    row["netdiagNetnsListenOverflows"] == after["TcpExtListenOverflows"] and
                    row["netdiagNetnsListenDrops"] == after["TcpExtListenDrops"] and
                    row["netdiagNetnsRetransSegs"] == after["TcpRetransSegs"]) else None

            def shown():
                table = rows(agent)
                return table if {quiet.name, lossy.name, odd.name} <= set(table) else None

            table = harness.eventually("all three are there", shown)
            harness.eventually("the counters agree with nstat", exact, every=0.2)
            for netns in (quiet, odd):
                self.assertEqual(table[netns.name]["netdiagNetnsListenOverflows"], 0)
                self.assertEqual(table[netns.name]["netdiagNetnsCloseWait"], 0)
            for netns in (quiet, lossy, odd):
                self.assertEqual(table[netns.name]["netdiagNetnsInode"], inode_of(netns))
                self.assertEqual(table[netns.name]["netdiagNetnsSource"], 1)
                self.assertEqual(agent.get(f'netdiagNetnsInode."{netns.name}"'), inode_of(netns))
            self.assertIn("setns", agent.collector("netns")["netdiagCollectorSource"])
            # The one that netdiagd itself lives in is not among them.
            self.assertNotIn(os.stat("/proc/self/ns/net").st_ino,
                             [row["netdiagNetnsInode"] for row in table.values()])

    def test_close_wait(self):
        """Connections that the peer closed and the application did not, in both families."""
        with harness.Netns("closewait") as netns, contextlib.ExitStack() as stack, \
                harness.Agent(FAST) as agent:
            with netns.entered():
                for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
                    listener = stack.enter_context(socket.socket(family))
                    listener.bind((address, 0))
                    listener.listen(8)
                    for _ in range(3):
                        client = socket.create_connection(listener.getsockname()[:2])
                        stack.enter_context(listener.accept()[0])
                        client.close()
            self.assertEqual(len(netns.run("ss", "-Htn", "state", "close-wait").splitlines()), 6)
            harness.eventually("six are counted", lambda: rows(agent).get(netns.name, {}).get(
                "netdiagNetnsCloseWait") == 6)
            self.assertEqual(rows(agent)[netns.name]["netdiagNetnsTcpInUse"],
                             len(netns.run("ss", "-Htan", "exclude", "time-wait", "exclude",
                                           "fin-wait-2").splitlines()))

    def test_of_processes(self):
        """Namespaces without a name have that of their process, once for several processes."""
        child = harness.start(["unshare", "-n", "sh", "-c", "sleep 600 & exec sleep 601"])
        try:
            with harness.Agent(FAST) as agent:
                inode = harness.eventually(
                    "the process has its own namespace",
                    lambda: (os.stat(f"/proc/{child.pid}/ns/net").st_ino !=
                             os.stat("/proc/self/ns/net").st_ino) and
                    os.stat(f"/proc/{child.pid}/ns/net").st_ino)
                name = harness.eventually("its row is there", lambda: [
                    name for name, row in rows(agent).items()
                    if row["netdiagNetnsInode"] == inode and name == f"sleep:{child.pid}"])[0]
                row = rows(agent)[name]
                self.assertEqual(row["netdiagNetnsSource"], 2)
                self.assertEqual(row["netdiagNetnsPid"], child.pid)
                self.assertEqual(row["netdiagNetnsCommand"], "sleep")
                inodes = [row["netdiagNetnsInode"] for row in rows(agent).values()]
                self.assertEqual(len(inodes), len(set(inodes)))
                self.kill_members(inode)
                harness.eventually("it goes with its last process",
                                   lambda: name not in rows(agent))
        finally:
            harness.stop(child) if child.poll() is None else None

    def kill_members(self, inode):
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{pid}/ns/net").st_ino == inode:
                    os.kill(int(pid), 9)

    def test_of_a_container(self):
        """A namespace of a container has its short id, also when its file is named by a UUID."""
        container = f"{os.getpid():064x}"[::-1]
        made = "cni-8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"
        with cgroup(f"docker-{container}.scope") as group, harness.Netns(name=made) as netns, \
                harness.Agent(FAST) as agent:
            harness.eventually("it has its file's name", lambda: made in rows(agent))
            child = netns.start("sleep", "600")
            with open(os.path.join(group, "cgroup.procs"), "w") as procs:
                procs.write(str(child.pid))
            row = harness.eventually("it has its container's name", lambda: (
                lambda row: "netdiagNetnsPid" in row and row)(rows(agent).get(
                    f"docker:{container[:12]}", {})))
            self.assertEqual(row["netdiagNetnsPid"], child.pid)
            self.assertEqual(row["netdiagNetnsInode"], inode_of(netns))
            self.assertNotIn(made, rows(agent))
            harness.stop(child)

    def test_named_and_lived_in(self):
        """A name wins over the process, and both are told."""
        with harness.Netns("lived") as netns, harness.Agent(FAST) as agent:
            child = netns.start("sleep", "600")
            harness.eventually("the process is told", lambda: rows(agent).get(netns.name, {}).get(
                "netdiagNetnsPid") == child.pid)
            same = [row for row in rows(agent).values()
                    if row["netdiagNetnsInode"] == inode_of(netns)]
            self.assertEqual(len(same), 1)
            self.assertEqual(same[0]["netdiagNetnsSource"], 1)
            harness.stop(child)
            harness.eventually("the process is gone, the name stays", lambda: (
                netns.name in rows(agent) and
                "netdiagNetnsPid" not in rows(agent)[netns.name]))

    def test_come_and_go(self):
        """Made and deleted all the time while the table is walked: walks stay in order, nothing
        stale stays, nothing is pinned, nothing leaks."""
        names = [f"nd-netns-{os.getpid()}-loop{i}" for i in range(10)]
        batch = "".join(f"netns {what} {name}\n" for what in ("add", "del") for name in names)
        stop = threading.Event()
        made = []

        def churn():
            while not stop.is_set():
                # One that only a process keeps, too.
                child = subprocess.Popen(["unshare", "-n", "sleep", "0.02"])
                subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
                child.wait()
                made.extend([*names, child.pid])

        def walk(agent, count):
            """Walks until so many more were made. What netdiagd is then, in KiB."""
            enough = len(made) + count
            deadline = time.monotonic() + 60
            while len(made) < enough:
                self.assertLess(time.monotonic(), deadline)
                self.assertTrue(worker.is_alive())
                oids = [oid for oid, _ in agent.walk_oids("netdiagNetnsTable")]
                self.assertEqual(oids, sorted(set(oids)))
            return agent.rss_kib()

        # With ASan freed memory would stay for long.
        env = {"ASAN_OPTIONS": "quarantine_size_mb=1"}
        with harness.Agent("interval netns 100ms\n", env=env) as agent:
            agent.refreshed("netns")
            fds = agent.fd_count()
            worker = threading.Thread(target=churn)
            worker.start()
            try:
                first = walk(agent, 300)
                last = walk(agent, 700)
            finally:
                stop.set()
                worker.join()
            # TSan remembers each of the short-lived threads.
            if harness.sanitizer() != b"t":
                self.assertLess(last, first + 4000)
            agent.refreshed("netns")  # two refreshes at the most
            self.assertFalse(set(names) & set(rows(agent)))
            self.assertEqual(agent.collector("netns")["netdiagCollectorErrors"], 0)
            self.assertLessEqual(agent.fd_count(), fds + harness.FD_GROWTH_MAX)

    def test_nothing_is_pinned(self):
        """The veth to a deleted namespace goes away while netdiagd reads on."""
        with harness.Agent("interval netns 100ms\n") as agent, harness.Netns("near") as near:
            far = harness.Netns("far")
            harness.veth(near, "near0", "192.0.2.1/24", far, "far0", "192.0.2.2/24")
            with overflow(far):
                harness.eventually("it is read", lambda: rows(agent).get(far.name, {}).get(
                    "netdiagNetnsListenOverflows"))
            far.delete()
            harness.eventually("the peer vanishes with it", lambda: "near0" not in near.run(
                "ip", "-o", "link"))
            harness.eventually("its row goes", lambda: far.name not in rows(agent))

    def made_anew(self, interval, same_inode_s=0):
        """Makes a namespace in which a listener overflows, then another one of the same name, and
        tries for so many seconds to make it one with the same inode. The row of the second one,
        and whether the inode is the same."""
        with harness.Agent(f"interval netns {interval}\n") as agent:
            netns = harness.Netns("anew")
            try:
                with overflow(netns):
                    first = harness.eventually("it is read", lambda: (
                        lambda row: row.get("netdiagNetnsListenOverflows") and
                        row.get("netdiagNetnsDiscontinuityTime") is not None and row)(
                            rows(agent).get(netns.name, {})))
                before, deadline = inode_of(netns), time.monotonic() + same_inode_s
                while True:
                    netns.delete()
                    netns = harness.Netns(name=netns.name)
                    if inode_of(netns) == before or time.monotonic() > deadline:
                        break
                again = harness.eventually("the stamp moves", lambda: (
                    lambda row: row.get("netdiagNetnsListenOverflows") is not None and
                    row.get("netdiagNetnsDiscontinuityTime") not in
                    (None, first["netdiagNetnsDiscontinuityTime"]) and row)(
                        rows(agent).get(netns.name, {})))
                # The walk that saw the stamp move may have read other columns just before.
                again = rows(agent)[netns.name]
                return again, inode_of(netns) == before
            finally:
                netns.delete()

    def test_made_anew(self):
        """The same name, another namespace: the stamp moves, and it starts at its own counts."""
        again, _ = self.made_anew("200ms")
        self.assertEqual(again["netdiagNetnsListenOverflows"], 0)

    def test_made_anew_between_refreshes(self):
        """The same, also when the new one got the inode of the old one before netdiagd looked."""
        again, same = self.made_anew("5s", same_inode_s=3)
        self.assertEqual(again["netdiagNetnsListenOverflows"], 0)
        if not same:
            self.skipTest("the kernel did not use the inode again")

    def test_without_privileges(self):
        """As nobody each namespace has one row at most: that of its process, and none that has
        only a name, for it may be the same."""
        with harness.Netns("lived") as lived, harness.Netns("empty") as empty, overflow(lived):
            child = lived.start("sleep", "600")
            with harness.Agent(FAST, user=harness.NOBODY) as agent:
                row = harness.eventually("the process' namespace is read", lambda: rows(agent).get(
                    f"sleep:{child.pid}"))
                self.assertEqual(row["netdiagNetnsListenOverflows"],
                                 counters(lived)["TcpExtListenOverflows"])
                self.assertNotIn("netdiagNetnsInode", row)
                self.assertNotIn("netdiagNetnsCloseWait", row)
                self.assertFalse({lived.name, empty.name} & set(rows(agent)))
                state = agent.collector("netns")
                self.assertEqual(state["netdiagCollectorStatus"], 1)
                self.assertIn("CAP_SYS_ADMIN", state["netdiagCollectorLastError"])
            harness.stop(child)

    def test_moved_late(self):
        """A process that enters a namespace of its own long after it was first seen."""
        child = harness.start(["sh", "-c", "read line; exec unshare -n sleep 600"],
                              stdin=subprocess.PIPE)
        try:
            with harness.Agent(FAST) as agent:
                agent.refreshed("netns")
                agent.refreshed("netns")
                self.assertFalse([n for n in rows(agent) if n.endswith(f":{child.pid}")])
                child.stdin.close()
                harness.eventually("its row is there", lambda: rows(agent).get(
                    f"sleep:{child.pid}"))
        finally:
            harness.stop(child)

    def test_a_user_makes_many(self):
        """The namespaces that a user made before do not take the rows of root's."""
        start = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                 "unshare", "-rn", "sleep", "600"]
        if subprocess.run([*start[:-2], "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("users may not make namespaces here")
        with contextlib.ExitStack() as stack:
            # Other tests' namespaces count as well.
            for _ in range(60):
                stack.callback(harness.stop, harness.start(start))
            agent = stack.enter_context(harness.Agent(FAST + "maxRows netns 40\n"))
            harness.eventually("they fill the table", lambda: len(rows(agent)) == 40)
            named = stack.enter_context(harness.Netns("late"))
            child = harness.start(["unshare", "-n", "sleep", "600"])
            stack.callback(harness.stop, child)
            harness.eventually("root's are there", lambda: {
                named.name, f"sleep:{child.pid}"} <= set(rows(agent)))
            # A walk that overlaps a refresh can see a row of each.
            harness.eventually("there are as many as before", lambda: len(rows(agent)) == 40)

    def test_a_name_is_claimed(self):
        """A cgroup that a user named after a container is not taken for that container."""
        container = f"{os.getpid():064x}"[::-1]
        real, claimed = f"docker-{container}.scope", f"docker:{container[:12]}"
        with cgroup(f"nd-user-{os.getpid()}") as own, cgroup(real) as group, \
                harness.Agent(FAST) as agent:
            os.chown(own, 65534, 65534)
            inner = os.path.join(own, real)
            os.mkdir(inner)
            started = [harness.start(["unshare", "-n", "sleep", "600"]) for _ in range(2)]
            try:
                for path, child in zip((inner, group), started):
                    with open(os.path.join(path, "cgroup.procs"), "w") as procs:
                        procs.write(str(child.pid))
                row = harness.eventually("the container has its name", lambda: (
                    lambda row: "netdiagNetnsPid" in row and row)(rows(agent).get(claimed, {})))
                self.assertEqual(row["netdiagNetnsPid"], started[1].pid)
                self.assertIn(f"sleep:{started[0].pid}", rows(agent))
                self.assertNotIn(claimed + "#2", rows(agent))
            finally:
                for child in started:
                    harness.stop(child)
                harness.eventually("the cgroup can be removed", lambda: removed(inner))

    def test_not_entered(self):
        """Told not to, netdiagd enters nothing, and does not complain."""
        with harness.Netns("closed") as netns, \
                harness.Agent(FAST + "netnsEnter off\n") as agent:
            row = harness.eventually("it is told", lambda: rows(agent).get(netns.name))
            self.assertNotIn("netdiagNetnsListenOverflows", row)
            state = agent.collector("netns")
            self.assertNotIn("setns", state["netdiagCollectorSource"])
            self.assertEqual(state["netdiagCollectorLastError"], "")

    def test_left_behind(self):
        """A file without a namespace, as a crash of `ip netns` leaves it, is none."""
        path = f"/run/netns/nd-netns-{os.getpid()}-stub"
        with harness.Netns("whole") as netns, harness.Agent(FAST) as agent:
            with open(path, "w"):
                pass
            try:
                agent.refreshed("netns")
                self.assertIn(netns.name, rows(agent))
                self.assertNotIn(os.path.basename(path), rows(agent))
            finally:
                os.unlink(path)

    def test_many(self):
        """All of them in one walk, in order, and within the bound."""
        prefix = f"nd-netns-{os.getpid()}-many"
        with contextlib.ExitStack() as stack:
            names = {stack.enter_context(harness.Netns(name=f"{prefix}{i}")).name
                     for i in range(MANY)}
            with harness.Agent("interval netns 1s\n") as agent:
                table = harness.eventually("all are there", lambda: (
                    lambda found: names <= set(found) and found)(rows(agent)))
                for version in ("1", "2c"):
                    oids = [oid for oid, _ in agent.walk_oids("netdiagNetnsTable", version)]
                    self.assertEqual(oids, sorted(set(oids)))
                values = {table[name].get("netdiagNetnsListenDrops") for name in names}
                if None in values:
                    # Entering so many takes its time where a sanitizer or others slow it down.
                    self.assertIn("takes longer than",
                                  agent.collector("netns")["netdiagCollectorLastError"])
                self.assertLessEqual(values, {0, None})
                self.assertIn(0, values)
            with harness.Agent("interval netns 1s\nmaxRows netns 50\n") as agent:
                # Another test's namespace may end between being listed and being entered.
                found = harness.eventually("as many as the bound allows", lambda: (
                    lambda found: len(found) >= 50 and found)(rows(agent)))
                self.assertEqual(len(found), 50)
                self.assertIn("maxRows netns",
                              agent.collector("netns")["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
