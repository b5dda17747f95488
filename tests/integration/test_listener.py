# SPDX-License-Identifier: BSD-2-Clause
"""netdiagListenerTable: which listener overflows, whose it is, against ss and nstat."""

import re
import resource
import sys
import time
import unittest

import harness
import sockpile

FAST = "interval listener 200ms\n"
RAISED = 2, 3  # netdiagCheckState: warning, critical

# A process with a name of its own that listens on ten ports and accepts nothing.
TEN = """
import ctypes, socket, sys, time
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
keep = []
for _ in range(10):
    keep.append(socket.create_server(("127.0.0.1", 0), backlog=3))
print(*[s.getsockname()[1] for s in keep], flush=True)
time.sleep(1000)
"""


def rows(agent):
    """{endpoint: {column without its prefix: value}}"""
    return {endpoint: {name[len("netdiagListener"):]: value for name, value in row.items()}
            for endpoint, row in agent.table("netdiagListenerTable").items()}


def drops(agent):
    return sum(row.get("Drops", 0) for row in rows(agent).values())


def ss_listeners(netns):
    """{(port, address part of ss): [(queue, limit)]}"""
    found = {}
    for line in netns.run("ss", "-Htln").splitlines():
        _, queue, limit, local, _ = line.split()[:5]
        address, _, port = local.rpartition(":")
        found.setdefault((address, int(port)), []).append((int(queue), int(limit)))
    return found


class Listener(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "ss", "nstat")

    def assert_drops(self, agent, netns):
        """The sums equal the kernel's total."""
        def equal():
            before, sums, after = (sockpile.nstat(netns, "TcpExtListenDrops"), drops(agent),
                                   sockpile.nstat(netns, "TcpExtListenDrops"))
            self.assertEqual(before, after)
            self.assertEqual(sums, after)
            return True
        harness.eventually("the sums are ListenDrops", equal)

    def test_junk_beside_an_alarm(self):
        """Listeners that lose more than the service do not take its row, which its alarm needs."""
        config = FAST + "interval counters 200ms\nmaxRows listener 30\n"
        with harness.Netns("alarm") as ns, harness.Agent(config, netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            service = pile.listen("127.0.0.1", backlog=1)
            name = "127.0.0.1:%d" % service.getsockname()[1]

            def state():
                return agent.table("netdiagCheckTable").get(("listener.drops", name), {}).get(
                    "netdiagCheckState", 0)
            harness.eventually("the first whole look", lambda: name in rows(agent))
            pile.overflow(service.getsockname(), extra=5, limit=1)
            harness.eventually("the service's alarm", lambda: state() in RAISED, timeout=60)
            for listener in [pile.listen("127.0.0.1", backlog=1) for _ in range(60)]:
                pile.overflow(listener.getsockname(), extra=20, limit=1)

            def full():
                table = rows(agent)
                return len(table) == 30 and min(row["Drops"] for endpoint, row in table.items()
                                                if endpoint != name) > table[name]["Drops"]
            harness.eventually("a table full of junk that lost more", full)
            for _ in range(5):
                agent.refreshed("listener")
                self.assertEqual(rows(agent)[name]["Sockets"], 1)
                self.assertIn(state(), RAISED)

    def test_one_of_ten_overflows(self):
        with harness.Netns("ten") as ns, harness.Agent(FAST, netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            child = ns.start(sys.executable, "-c", TEN, "ten-listeners", text=True,
                             stdout=harness.subprocess.PIPE)
            ports = [int(port) for port in child.stdout.readline().split()]
            names = [f"127.0.0.1:{port}" for port in ports]
            pile.overflow(("127.0.0.1", ports[6]), extra=5, limit=3)

            def found():
                row = rows(agent).get(names[6], {"Drops": None})
                self.assertGreaterEqual(row["Drops"] or 0, 5)
                self.assertEqual((row.get("Command"), row.get("Pid")), ("ten-listeners", child.pid))
                return row
            row = harness.eventually("the listener that overflows, and its process", found)
            self.assertEqual((row["QueueLength"], row["QueueLimit"], row["QueuePeak"]), (4, 3, 4))
            self.assertEqual(row["QueueUsage"], 10000)
            self.assertEqual((row["Address"], row["Port"], row["Sockets"]), ("127.0.0.1", ports[6], 1))
            table = rows(agent)
            for name in names:
                if name != names[6]:
                    self.assertEqual(table[name]["Drops"], 0, name)
                    self.assertEqual(table[name]["QueueLength"], 0, name)
            self.assert_drops(agent, ns)
            child.stdout.close()
            harness.stop(child, harness.signal.SIGKILL)

            def closed():
                table = rows(agent)
                self.assertEqual([name for name in names if name in table], [names[6]])
                self.assertEqual(table[names[6]]["Sockets"], 0)
                self.assertNotIn("QueueLength", table[names[6]])
                self.assertNotIn("Pid", table[names[6]])
                self.assertEqual(table[names[6]]["Command"], "ten-listeners")
                return True
            harness.eventually("closed listeners go, but one that dropped", closed)

    def test_sums_go_on(self):
        """SO_REUSEPORT members come and go, the last one closes, another takes the port: one
        endpoint, one sum, and it is the kernel's."""
        with harness.Netns("sums") as ns, harness.Agent(FAST, netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            first = pile.listen("127.0.0.1", backlog=1, reuse_port=True)
            port = first.getsockname()[1]
            name = f"127.0.0.1:{port}"
            members = [first] + [pile.listen("127.0.0.1", port, 1, True) for _ in range(3)]
            for left in range(4, 0, -1):
                pile.overflow(("127.0.0.1", port), extra=20, limit=8)
                self.assert_drops(agent, ns)
                row = rows(agent)[name]
                self.assertEqual(row["Sockets"], left)
                self.assertEqual(row["QueueLimit"], left)
                self.assertEqual(row["QueuePeak"], 2)
                # No more SYNs: what the kernel drops between the last dump and the close is lost.
                pile.close_clients()
                self.assert_drops(agent, ns)
                before = row["Drops"]
                members.pop().close()
            harness.eventually("closed", lambda: rows(agent)[name]["Sockets"] == 0)
            self.assertGreaterEqual(rows(agent)[name]["Drops"], before)
            self.assert_drops(agent, ns)
            pile.listen("127.0.0.1", port, backlog=2)
            harness.eventually("open again", lambda: rows(agent)[name]["Sockets"] == 1)
            pile.overflow(("127.0.0.1", port), extra=3, limit=2)
            self.assert_drops(agent, ns)
            self.assertGreater(rows(agent)[name]["Drops"], before)

    def test_endpoints(self):
        """IPv4, IPv6, dual-stack, link-local with its scope, bound to an interface: names that ss
        confirms, and GET finds."""
        long_name = "a-long-name-15c"
        with harness.Netns("names") as ns, harness.Netns("peer") as peer, sockpile.Pile(ns) as pile:
            harness.veth(ns, long_name, "10.78.0.1/24", peer, "peer0", "10.78.0.2/24")
            ns.run("ip", "address", "add", "fe80::77/64", "dev", long_name, "nodad")
            want = {}
            for address, name, options in (
                    ("127.0.0.1", "127.0.0.1", {}),
                    ("0.0.0.0", "0.0.0.0", {}),
                    ("::1", "[::1]", {}),
                    ("::", "[::]", {"v6only": 0}),
                    ("::", "[::]", {"v6only": 1}),
                    ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]", {"v6only": 0}),
                    (f"fe80::77%{long_name}", f"[fe80::77%{long_name}]", {}),
                    ("0.0.0.0", f"0.0.0.0%{long_name}", {"device": long_name})):
                port = pile.listen(address, backlog=7, **options).getsockname()[1]
                want[f"{name}:{port}"] = port
            with harness.Agent(FAST, netns=ns) as agent:
                table = harness.eventually("all listeners", lambda: (
                    lambda now: now if want.keys() <= now.keys() else None)(rows(agent)))
                for name, port in want.items():
                    self.assertEqual(table[name]["Port"], port)
                    self.assertEqual(table[name]["QueueLimit"], 7)
                    self.assertEqual(table[name]["Address"],
                                     name.rpartition(":")[0].strip("[]"))
                    index = harness.encode_index(name)
                    self.assertEqual(agent.get(f"netdiagListenerPort.{index}"), port)
                    self.assertEqual(agent.get(f'netdiagListenerPort."{name}"'), port)
                self.assertEqual(sorted(table[name]["Port"] for name in table),
                                 sorted(port for _, port in ss_listeners(ns)))
                # An interface that goes leaves no text that cannot be read.
                ns.run("ip", "link", "del", long_name)
                harness.eventually("a refresh without the interface", lambda: all(
                    re.fullmatch(r"[!-~]+", name) for name in rows(agent)))

    def test_peak_between_polls(self):
        """A burst that is over when somebody looks."""
        with harness.Netns("peak") as ns, harness.Agent(netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            listener = pile.listen("127.0.0.1", backlog=50)
            name = f"127.0.0.1:{listener.getsockname()[1]}"
            for _ in range(30):
                pile.connect(listener.getsockname())
            time.sleep(1.5)  # the burst's length: longer than the default interval
            for _ in range(30):
                pile.enter_context(listener.accept()[0])
            row = harness.eventually("the queue is empty again", lambda: (
                lambda row: row if row["QueueLength"] == 0 and row["QueuePeak"] else None)(
                    rows(agent)[name]))
            self.assertEqual(row["QueuePeak"], 30)

    def test_against_ss(self):
        with harness.Netns("ss") as ns, harness.Agent(FAST, netns=ns) as agent, \
                sockpile.Pile(ns) as pile:
            for number in range(20):
                listener = pile.listen("127.0.0.1", backlog=number)
                for _ in range(number // 2):
                    pile.connect(listener.getsockname())

            def same():
                table = {row["Port"]: (row["QueueLength"], row["QueueLimit"])
                         for row in rows(agent).values()}
                self.assertEqual(table, {port: queues[0] for (_, port), queues
                                         in ss_listeners(ns).items()})
                return True
            harness.eventually("queues as ss shows them", same)

    def test_owner_without_privileges(self):
        """The owner is absent, with the remedy; everything else is there."""
        with harness.Netns("nobody") as ns, sockpile.Pile(ns) as pile, \
                harness.Agent(FAST, netns=ns, user=harness.NOBODY) as agent:
            listener = pile.listen("127.0.0.1", backlog=4)
            name = f"127.0.0.1:{listener.getsockname()[1]}"
            row = harness.eventually("the listener", lambda: rows(agent).get(name))
            self.assertNotIn("Command", row)
            self.assertNotIn("Pid", row)
            self.assertEqual(row["QueueLimit"], 4)
            health = agent.collector("listener")
            self.assertEqual(health["netdiagCollectorStatus"], 1)
            self.assertIn("CAP_SYS_PTRACE", health["netdiagCollectorLastError"])
            self.assertIn("CAP_DAC_READ_SEARCH", health["netdiagCollectorLastError"])

    def test_ten_thousand(self):
        """All in one walk, strictly increasing, and no memory that grows with the refreshes."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        harness.need(hard == resource.RLIM_INFINITY or hard >= 12000, "needs 12,000 open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (12000, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with harness.Netns("many") as ns, sockpile.Pile(ns) as pile:
            want = set()
            for number in range(10000):
                listener = pile.listen(f"127.0.0.{1 + number % 10}", 10000 + number, backlog=1)
                want.add("%s:%d" % listener.getsockname())
            # With ASan freed memory would stay for long.
            env = {"ASAN_OPTIONS": "quarantine_size_mb=1"}
            with harness.Agent(FAST, netns=ns, env=env) as agent:
                oids = harness.eventually("10,000 rows", lambda: (
                    lambda cells: cells if len(cells) >= 10000 else None)(
                        agent.walk_oids("netdiagListenerPort")))
                self.assertEqual([oid for oid, _ in oids], sorted({oid for oid, _ in oids}))
                base = len(harness.Mib.get().oid["netdiagListenerPort"])
                names = {harness.decode_index(oid[base:], "s") for oid, _ in oids}
                self.assertLessEqual(want, names)
                for _ in range(3):
                    agent.refreshed("listener")
                first = agent.rss_kib()
                for _ in range(10):
                    agent.refreshed("listener")
                self.assertLess(agent.rss_kib(), first + 8000)
