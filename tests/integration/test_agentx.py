# SPDX-License-Identifier: BSD-2-Clause
"""The AgentX session: with a real snmpd that is killed, stopped and restarted, and with a made
master that does what no real one does on demand."""

import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import agentx
from harness import (FD_GROWTH_MAX, NOBODY, Agent, Mib, Netns, collectors, dump, eventually,
                     need_root, need_tools, sanitizer, start, stop)

# How long SIGTERM may take, whatever the master or a collector does.
END = 3.0
# How soon the tables must be back after the master is.
BACK = 2.0

ALL = collectors()
QUIET = "".join(f"collector {name} off\n" for name in ALL)
FIRST = "netdiagAgentVersion.0"

# A sanitizer keeps freed memory for a while, which looks like growth: little of it with these
# options, but more than nothing.
SMALL_QUARANTINE = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
                    ":quarantine_size_mb=1:thread_local_quarantine_size_kb=16"}


def growth_limit(still=False):
    """KiB that may come to the resident memory; where the collectors stand still, ASan costs none."""
    found = sanitizer()
    if not found or (still and found == b"a"):
        return 512
    return 6144


def answers(agent):
    """Asks without long waits: a packet that the host loses is no delay of netdiagd."""
    output = agent.snmp("snmpget", "NETDIAG-MIB::" + FIRST, check=False,
                        options=("-t", "0.3", "-r", "0"))
    return "STRING:" in output


def timed(function, *args):
    began = time.monotonic()
    function(*args)
    return time.monotonic() - began


def increasing(test, cells):
    for (before, _), (after, _) in zip(cells, cells[1:]):
        test.assertLess(before, after)


class Restarts(unittest.TestCase):
    takes_s = 35

    def test_fifty_kills(self):
        # One table that stands still: what collectors allocate at each refresh goes here and there
        # in the sanitizer's heap, and would hide what a session leaves behind.
        config = QUIET + "collector softnet on\ninterval softnet 1h\n"
        with Agent(config=config, env=SMALL_QUARANTINE) as agent:
            rows = agent.table("netdiagSoftnetTable").keys()
            self.assertTrue(rows)
            for turn in range(50):
                agent.kill_master()
                agent.start_master()
                took = timed(eventually, f"back, turn {turn}", lambda: answers(agent))
                self.assertLess(took, BACK, f"turn {turn}")
                self.assertEqual(agent.table("netdiagSoftnetTable").keys(), rows)
                if turn == 9:
                    rss, fds = agent.rss_kib(), agent.fd_count()
            self.assertEqual(agent.get("netdiagAgentMasterReconnects.0"), 50)
            self.assertLessEqual(agent.fd_count(), fds + FD_GROWTH_MAX)
            self.assertLess(agent.rss_kib() - rss, growth_limit(still=True))
            log = agent.log()
            self.assertEqual(log.count("lost the AgentX master"), 50)
            self.assertEqual(log.count("back at the AgentX master"), 50)
            self.assertNotIn("net-snmp:", log)

    def test_clean_restart(self):
        with Agent() as agent:
            agent.kill_master(signal.SIGTERM)
            agent.start_master()
            self.assertLess(timed(eventually, "back", lambda: answers(agent)), BACK)

    def test_reconfigured_master(self):
        with Agent(config=QUIET) as agent:
            agent.master.send_signal(signal.SIGHUP)
            eventually("snmpd has read its configuration again",
                       lambda: agent.master_answers() and answers(agent))
            for _ in range(20):
                self.assertIsNotNone(agent.get(FIRST))

    def test_master_comes_later(self):
        with Agent(master=False, daemon=False) as agent:
            agent.start_daemon()
            eventually("the reason is told", lambda: "cannot reach" in agent.log())
            self.assertRegex(agent.log(), "No such file or directory.*master agentx")
            agent.start_master()
            self.assertLess(timed(eventually, "up", lambda: answers(agent)), BACK)
            self.assertEqual(agent.get("netdiagAgentMasterReconnects.0"), 0)

    def test_quiet_and_idle_while_away(self):
        with Agent(config=QUIET) as agent:
            agent.kill_master()
            eventually("the loss is told", lambda: "lost the AgentX" in agent.log())
            before, cpu = agent.log(), agent.cpu_seconds()
            time.sleep(6)
            self.assertLess(agent.cpu_seconds() - cpu, 6 * 0.05)
            more = agent.log()[len(before):].splitlines()
            self.assertEqual(len(more), 1, more)
            self.assertRegex(more[0], "cannot reach .*Connection refused")

    def test_terminated_while_away(self):
        with Agent() as agent:
            agent.kill_master()
            self.assertLess(timed(agent.stop_daemon), END)


class Stopped(unittest.TestCase):
    takes_s = 48

    """A master that is there but does nothing."""

    def test_session_survives(self):
        with Agent() as agent:
            agent.master.send_signal(signal.SIGSTOP)
            time.sleep(7)
            agent.master.send_signal(signal.SIGCONT)
            self.assertLess(timed(eventually, "back", lambda: answers(agent)), BACK)
            self.assertNotIn("lost", agent.log())

    def test_terminated_meanwhile(self):
        with Agent() as agent:
            agent.master.send_signal(signal.SIGSTOP)
            self.assertLess(timed(agent.stop_daemon), END)

    def test_master_dies_while_netdiagd_ends(self):
        with Agent() as agent:
            agent.master.send_signal(signal.SIGSTOP)
            agent.daemon.send_signal(signal.SIGTERM)
            time.sleep(0.2)  # Close is under way; its answer is waited for 0.5 s
            agent.kill_master()
            self.assertEqual(agent.stop_daemon(), 0)
            self.assertNotIn("net-snmp:", agent.log())
            self.assertNotIn("lost the AgentX master", agent.log())

    def test_started_meanwhile(self):
        with Agent(daemon=False) as agent:
            agent.master.send_signal(signal.SIGSTOP)
            agent.start_daemon()
            eventually("the reason is told", lambda: "does not answer" in agent.log())
            # Long enough for the backlog of snmpd's socket to be full.
            time.sleep(16)
            cpu = agent.cpu_seconds()
            time.sleep(2)
            self.assertLess(agent.cpu_seconds() - cpu, 1)
            agent.master.send_signal(signal.SIGCONT)
            eventually("up", lambda: answers(agent))
            self.assertLessEqual(agent.log().count("cannot reach"), 2)

    def test_terminated_while_opening(self):
        with Agent(daemon=False) as agent:
            agent.master.send_signal(signal.SIGSTOP)
            for wait in (0.5, 1, 1.5, 2, 12):
                agent.start_daemon()
                time.sleep(wait)
                self.assertLess(timed(agent.stop_daemon), END, f"after {wait} s")


class Made(unittest.TestCase):
    """With a master of our own."""

    def setUp(self):
        self.agent = Agent(config=QUIET, master=False, daemon=False)
        self.addCleanup(self.agent.close)
        self.master = agentx.Master(self.agent.socket)
        self.addCleanup(self.master.__exit__)
        self.base = Mib.get().oid["netdiagMIB"]

    def begin(self, uptime=0):
        self.agent.start_daemon()
        connection = self.master.accept()
        register = connection.open(uptime)
        return connection, register

    def test_one_registration(self):
        connection, register = self.begin()
        oid, _ = agentx.decode_oid(register.payload, 4)
        self.assertEqual(oid, self.base + (1,))
        self.assertEqual(connection.ask(agentx.GET, self.base + (1, 1, 1, 0)).variables[0][1], 4)
        connection.close()

    def test_close_is_told(self):
        connection, _ = self.begin()
        eventually("up", lambda: "registered at" in self.agent.log())
        self.agent.daemon.send_signal(signal.SIGTERM)
        closing = connection.receive(agentx.CLOSE)
        self.assertEqual(closing.payload[0], 5)  # reasonShutdown
        # What the master had asked before it learnt of that does no harm.
        for _ in range(10):
            connection.send(agentx.GET_NEXT, connection.ranges(self.base))
        connection.respond(closing)
        self.assertEqual(self.agent.stop_daemon(), 0)
        with self.assertRaises((EOFError, ConnectionResetError)):
            while True:
                connection.receive()

    def test_close_is_not_waited_for(self):
        connection, _ = self.begin()
        self.assertLess(timed(self.agent.stop_daemon), END)
        connection.close()

    def test_refused_registration(self):
        self.agent.start_daemon()
        connection = self.master.accept()
        connection.respond(connection.receive(agentx.OPEN))
        arrived = []
        for error in (agentx.DUPLICATE_REGISTRATION, agentx.REQUEST_DENIED, 0):
            connection.respond(connection.receive(agentx.REGISTER), error)
            arrived.append(time.monotonic())
        for want, before, after in zip((1, 4), arrived, arrived[1:]):
            self.assertAlmostEqual(after - before, want, delta=0.7)
        eventually("up", lambda: "is registered" in self.agent.log())
        self.assertEqual(self.agent.log().count("second netdiagd"), 1)
        self.assertEqual(self.agent.log().count("request denied"), 1)
        connection.close()

    def test_unanswered_registration(self):
        self.agent.start_daemon()
        connection = self.master.accept()
        connection.respond(connection.receive(agentx.OPEN))
        connection.receive(agentx.REGISTER)
        # The state at the master is unknown then: a new connection.
        with self.assertRaises(EOFError):
            connection.receive()
        self.master.accept().open()
        eventually("up", lambda: "is registered" in self.agent.log())

    def test_refused_open(self):
        self.agent.start_daemon()
        for _ in range(4):
            connection = self.master.accept()
            connection.respond(connection.receive(agentx.OPEN), 256)
            with self.assertRaises(EOFError):
                connection.receive()
        self.master.accept().open()
        eventually("up", lambda: "is registered" in self.agent.log())
        self.assertLessEqual(self.agent.log().count("cannot reach"), 1)

    def test_hanging_up_is_no_busy_loop(self):
        self.agent.start_daemon()
        began = time.monotonic()
        for _ in range(5):  # at once, then after 0.5, 1 and 2 s
            connection = self.master.accept()
            connection.respond(connection.receive(agentx.OPEN))
            connection.close()
        self.assertGreater(time.monotonic() - began, 3)
        self.assertEqual(self.agent.log().count("cannot reach"), 1, self.agent.log())

    def test_closed_by_the_master(self):
        connection, _ = self.begin()
        connection.send(agentx.CLOSE, bytes([2, 0, 0, 0]))
        with self.assertRaises(EOFError):
            connection.receive()
        again = self.master.accept()
        again.open()
        reconnects = Mib.get().oid["netdiagAgentMasterReconnects"] + (0,)
        self.assertEqual(again.ask(agentx.GET, reconnects).variables[0][2], 1)

    def test_a_byte_at_a_time(self):
        connection, _ = self.begin()
        for byte in connection.build(agentx.GET_NEXT, connection.ranges(self.base)):
            connection.sock.sendall(bytes([byte]))
            time.sleep(0.005)
        response = connection.receive(agentx.RESPONSE)
        self.assertEqual(response.variables[0][0], self.base + (1, 1, 1, 0))

    def test_many_in_one_packet(self):
        connection, _ = self.begin()
        connection.sock.sendall(b"".join(
            connection.build(agentx.GET_NEXT, connection.ranges(self.base), packet)
            for packet in range(500)))
        for packet in range(500):
            self.assertEqual(connection.receive(agentx.RESPONSE).packet, packet)

    def test_garbage(self):
        for garbage in (b"\xff" * 100, b"\x00" * 100, agentx.HEADER.pack(1, 99, 0, 0, 77, 1, 1, 0),
                        agentx.HEADER.pack(1, agentx.GET, 0, 0, 77, 1, 1, 4) + b"\xff\0\0\0",
                        agentx.HEADER.pack(1, agentx.GET, 0, 0, 77, 1, 1, 1 << 30)):
            with self.subTest(garbage=garbage[:24]):
                if self.agent.daemon is None:
                    self.agent.start_daemon()
                connection = self.master.accept()
                connection.open()
                connection.sock.sendall(garbage)
                connection.close()
        self.assertIsNone(self.agent.daemon.poll())
        connection = self.master.accept()
        connection.open()
        self.assertEqual(len(connection.ask(agentx.GET, self.base + (1, 1, 1, 0)).variables), 1)

    def test_a_master_that_does_not_read(self):
        connection, _ = self.begin()
        connection.sock.settimeout(5)
        request = connection.build(agentx.GET_NEXT, connection.ranges(*[self.base] * 20))
        with self.assertRaises(OSError):  # it hangs up, instead of waiting for ever
            for _ in range(100000):
                connection.sock.sendall(request)
        connection.close()
        self.assertLess(timed(self.agent.stop_daemon), END)

    def test_search_ranges(self):
        connection, _ = self.begin()
        first, second = self.base + (1, 1, 1, 0), self.base + (1, 1, 2, 0)
        for start_oid, include, end, want, kind in (
                (first, False, (), second, 66), (first, True, (), first, 4),
                (first, False, second, first, agentx.END_OF_MIB_VIEW),
                (self.base + (2,), False, (), self.base + (2,), agentx.END_OF_MIB_VIEW)):
            connection.send(agentx.GET_NEXT, agentx.encode_oid(start_oid, include) +
                            agentx.encode_oid(end))
            name, found, _ = connection.receive(agentx.RESPONSE).variables[0]
            self.assertEqual((name, found), (want, kind))

    def test_set_is_refused(self):
        connection, _ = self.begin()
        connection.send(agentx.TEST_SET, struct.pack("<HH", 2, 0) +
                        agentx.encode_oid(self.base + (1, 1, 1, 0)) + struct.pack("<I", 1))
        response = connection.receive(agentx.RESPONSE)
        self.assertEqual((response.error, response.error_index), (agentx.NOT_WRITABLE, 1))
        connection.send(agentx.CLEANUP_SET)  # has no response
        self.assertEqual(connection.ask(agentx.GET, self.base + (1, 1, 1, 0)).error, 0)


    def test_stamps_do_not_flicker(self):
        self.agent.write_config("interval softnet 100ms\n")
        up_since = time.monotonic() - 1000
        connection, _ = self.begin(uptime=100000)
        first = self.base + (1, 3, 1, 12)

        def stamp():
            name, kind, value = connection.ask(agentx.GET_NEXT, first).variables[0]
            return value if kind == 67 and name[:len(first)] == first else None

        value = eventually("softnet was collected", stamp)
        self.assertAlmostEqual(value, (time.monotonic() - up_since) * 100, delta=300)
        for _ in range(20):
            time.sleep(0.05)
            self.assertEqual(stamp(), value)
        # The same master, asked a little earlier or later: the same stamp.
        for jitter in (0.3, -0.3):
            connection.close()
            connection = self.master.accept()
            connection.open(int((time.monotonic() - up_since + jitter) * 100))
            self.assertEqual(stamp(), value)
        # Another one, which started after it: 0.
        connection.close()
        connection = self.master.accept()
        connection.open(0)
        self.assertEqual(stamp(), 0)


class Oids(unittest.TestCase):
    def test_versions_see_the_same(self):
        with Agent(config="interval sysctl 1s\n") as agent:
            agent.refreshed("sysctl")
            for table in ("netdiagSysctlTable", "netdiagCollectorTable"):
                rows = agent.table(table)
                self.assertTrue(rows)
                self.assertEqual(agent.table(table, version="3").keys(), rows.keys())
                old = agent.table(table, version="1")
                self.assertEqual(old.keys(), rows.keys())
            # Counter64 does not exist in v1: passed over, nothing else is lost.
            new, old = agent.walk_oids("netdiagNicTable"), agent.walk_oids("netdiagNicTable", "1")
            counters = {oid for oid, _ in new} - {oid for oid, _ in old}
            self.assertTrue(counters)
            types = agent.snmp("snmpwalk", "NETDIAG-MIB::netdiagNicTable", options=("-Cc",))
            for line in types.splitlines():
                oid = tuple(map(int, line.split(" ")[0].strip(".").split(".")))
                self.assertEqual("Counter64" in line, oid in counters, line)

    def test_walk_is_what_get_reaches(self):
        with Netns("walk") as ns, Agent(netns=ns, config="interval sysctl 1s\n") as agent:
            agent.refreshed("sysctl")
            for tool in ("snmpwalk", "snmpbulkwalk"):
                cells = agent.walk_oids(tool=tool)
                increasing(self, cells)
                self.assertGreater(len(cells), 500)
            names = [".".join(map(str, oid)) for oid, _ in cells]
            for at in range(0, len(names), 50):
                output = agent.snmp("snmpget", *("." + name for name in names[at:at + 50]))
                self.assertNotIn("No Such", output)
                self.assertEqual(len(re.findall(r"^\.1\.3", output, re.M)),
                                 len(names[at:at + 50]))

    def test_walk_is_what_the_dump_shows(self):
        """On a tree that does not change: not a cell more, not one less."""
        with Agent(config="interval sysctl 1s\n", daemon=False) as agent:
            proc = os.path.join(agent.dir, "proc")
            for path in ("net/softnet_stat", "sys/net/core/somaxconn"):
                os.makedirs(os.path.dirname(os.path.join(proc, path)), exist_ok=True)
            with open(os.path.join(proc, "net/softnet_stat"), "w") as out:
                out.write("".join(" ".join(f"{cpu * 16 + field:08x}" if field != 12 else f"{cpu:08x}"
                                           for field in range(15)) + "\n" for cpu in range(64)))
            with open(os.path.join(proc, "sys/net/core/somaxconn"), "w") as out:
                out.write("4096\n")
            agent.args = [f"--proc-root={proc}", f"--sys-root={agent.dir}"]
            agent.start_daemon()
            agent.wait_up()
            agent.refreshed("softnet")
            agent.refreshed("sysctl")
            shown = dump(f"--proc-root={proc}", f"--sys-root={agent.dir}")
            for table in ("netdiagSoftnetTable", "netdiagSysctlTable"):
                mib = Mib.get()
                base = mib.oid[table]
                columns = {mib.name[oid[:len(base) + 2]] for oid, _ in agent.walk_oids(table)}
                cells = len(agent.walk_oids(table))
                index = {"netdiagSoftnetCpu", "netdiagSysctlName"}
                self.assertEqual({key for row in shown[table] for key in row} - index, columns)
                self.assertEqual(sum(len(row.keys() - index) for row in shown[table]), cells)
                self.assertGreater(cells, 0)

    def test_interfaces_come_and_go(self):
        need_tools("ip")
        with Netns("churn") as ns, Agent(netns=ns, config="interval nic 100ms\n") as agent:
            done = threading.Event()

            def churn():
                there = set()
                while not done.is_set():
                    name = f"nd{random.randrange(7)}"
                    if name in there:
                        ns.run("ip", "link", "del", name)
                        there.remove(name)
                    else:
                        ns.run("ip", "link", "add", name, "type", "veth", "peer", "name",
                               name + "p")
                        there.add(name)

            thread = threading.Thread(target=churn)
            thread.start()
            try:
                seen = set()
                began = time.monotonic()
                while time.monotonic() - began < 10:
                    cells = agent.walk_oids("netdiagNicTable")
                    increasing(self, cells)
                    names = {oid[-1]: value for oid, value in cells
                             if Mib.get().name.get(oid[:-1]) == "netdiagNicName"}
                    self.assertEqual(names.get(1), "lo")
                    seen.add(len(names))
                self.assertGreater(len(seen), 2, "the interfaces changed between the walks")
            finally:
                done.set()
                thread.join()

    def test_set(self):
        with Agent(config=QUIET) as agent:
            for version, want in (("1", "noSuchName|notWritable|readOnly"), ("2c", "notWritable")):
                done = subprocess.run(
                    agent._client("snmpset", version, "private") +
                    ["NETDIAG-MIB::" + FIRST, "s", "x"], stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT, text=True, env={**os.environ})
                self.assertNotEqual(done.returncode, 0)
                self.assertRegex(done.stdout, want)
            self.assertNotEqual(agent.get(FIRST), "x")


class Stalled(unittest.TestCase):
    """A collector that hangs in open(2): a FIFO where a file of procfs should be."""

    def test_no_answer_is_delayed(self):
        with Agent(daemon=False, config="interval softnet 100ms\n") as agent:
            proc = os.path.join(agent.dir, "proc")
            os.makedirs(os.path.join(proc, "net"))
            path = os.path.join(proc, "net/softnet_stat")
            shutil.copy("/proc/net/softnet_stat", path)
            agent.args = [f"--proc-root={proc}"]
            agent.start_daemon()
            agent.wait_up()
            agent.refreshed("softnet")
            rows = agent.table("netdiagSoftnetTable").keys()
            self.assertTrue(rows)
            os.unlink(path)
            os.mkfifo(path)
            stale = eventually("the stall is shown", lambda: (
                lambda row: row if row["netdiagCollectorStatus"] == 3 else None)(
                    agent.collector("softnet")))
            self.assertIn("under way", stale["netdiagCollectorLastError"])
            self.assertEqual(agent.table("netdiagSoftnetTable").keys(), rows)
            eventually("it is told", lambda: "collector softnet: stale" in agent.log())
            for _ in range(20):
                self.assertLess(timed(agent.get, FIRST), 0.5)
            self.assertLess(timed(agent.stop_daemon), END)
            self.assertEqual(agent.log().count("collector softnet: stale"), 1)

    def test_from_the_start(self):
        with Agent(daemon=False, config="interval softnet 100ms\n") as agent:
            proc = os.path.join(agent.dir, "proc")
            os.makedirs(os.path.join(proc, "net"))
            os.mkfifo(os.path.join(proc, "net/softnet_stat"))
            agent.args = [f"--proc-root={proc}"]
            agent.start_daemon()
            agent.wait_up()
            self.assertEqual(agent.collector("softnet")["netdiagCollectorStatus"], 2)
            self.assertEqual(agent.table("netdiagSoftnetTable"), {})
            self.assertLess(timed(agent.get, FIRST), 0.5)


class Permission(unittest.TestCase):
    def test_the_socket_may_not_be_opened(self):
        need_root()
        need_tools("setpriv")
        with Agent(config=QUIET, daemon=False, user=NOBODY,
                   snmpd_config="agentXPerms 0600 0755\n") as agent:
            agent.start_daemon()
            eventually("the remedy is told", lambda: "netdiagd --check" in agent.log())
            self.assertEqual(agent.log().count("cannot reach"), 1)
            os.chmod(agent.socket, 0o666)
            eventually("up", lambda: answers(agent), timeout=5)

    def test_without_any_capability(self):
        need_root()
        need_tools("setpriv")
        with Agent(user=NOBODY) as agent:
            self.assertTrue(agent.get(FIRST))

    def test_two_netdiagds(self):
        with Agent(config=QUIET) as agent:
            log_path = os.path.join(agent.dir, "second.log")
            with open(log_path, "wb") as out:
                second = start([agent.binary, "--agentx", agent.socket, "--config",
                                agent.config_path], stdout=out, stderr=out)

            def log():
                with open(log_path) as text:
                    return text.read()

            eventually("the second is refused", lambda: "second netdiagd" in log())
            self.assertTrue(answers(agent))
            time.sleep(2.5)
            self.assertEqual(log().count("second netdiagd"), 1)
            with open(os.path.join(agent.dir, "snmpd.log"), encoding="utf-8") as snmpd:
                refused = snmpd.read().count("duplicate registration")
            # It has tried at once and after 1 s, and does so again 4 s and 16 s later: with the
            # minute after that no more than 5 lines in snmpd's log within 2 minutes.
            self.assertIn(refused, (1, 2))
            agent.stop_daemon()
            eventually("the second takes over", lambda: answers(agent), timeout=30)
            self.assertEqual(stop(second), 0)


class Tcp(unittest.TestCase):
    def test_over_tcp(self):
        class TcpAgent(Agent):
            @property
            def socket(self):
                return self._address

            @socket.setter
            def socket(self, path):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", 0))
                    self._address = f"tcp:127.0.0.1:{probe.getsockname()[1]}"

        with TcpAgent(config=QUIET) as agent:
            self.assertTrue(agent.get(FIRST))
            agent.kill_master()
            agent.start_master()
            self.assertLess(timed(eventually, "back", lambda: answers(agent)), BACK)


class Reload(unittest.TestCase):
    def test_a_wrong_configuration_changes_nothing(self):
        with Agent(config=QUIET) as agent:
            agent.write_config("intervall softnet 1s\ncheck\n")
            agent.daemon.send_signal(signal.SIGHUP)
            eventually("it is told", lambda: "the previous one stays" in agent.log())
            self.assertRegex(agent.log(), r"netdiagd\.conf:1: intervall.*did you mean interval")
            self.assertRegex(agent.log(), r"netdiagd\.conf:2: ")
            self.assertIn("turned off", agent.collector("softnet")["netdiagCollectorLastError"])
            agent.write_config("collector buffer off\ninterval softnet 200ms\n")
            agent.daemon.send_signal(signal.SIGHUP)
            eventually("it is in use", lambda: agent.collector("softnet").get(
                "netdiagCollectorStatus") == 1)
            self.assertEqual(agent.collector("softnet")["netdiagCollectorInterval"], 200)
            agent.write_config(QUIET)
            agent.daemon.send_signal(signal.SIGHUP)
            eventually("the rows go away", lambda: not agent.table("netdiagSoftnetTable"))

    def test_another_master(self):
        """agentXSocket is another one after SIGHUP: the session moves there."""
        with Agent(master=False, daemon=False) as agent:
            paths = [os.path.join(agent.dir, name) for name in ("one", "two")]
            with agentx.Master(paths[0]) as one, agentx.Master(paths[1]) as two:
                agent.write_config(QUIET + f"agentXSocket {paths[0]}\n")
                with open(agent.log_path, "wb") as log:
                    daemon = start([agent.binary, "--config", agent.config_path], stderr=log)
                first = one.accept()
                first.open()
                eventually("up", lambda: "is registered" in agent.log())
                agent.write_config(QUIET + f"agentXSocket {paths[1]}\n")
                daemon.send_signal(signal.SIGHUP)
                second = two.accept()
                second.open()
                with self.assertRaises((EOFError, BrokenPipeError, ConnectionResetError)):
                    first.receive(agentx.RESPONSE)
                base = Mib.get().oid["netdiagMIB"]
                self.assertEqual(second.ask(agentx.GET, base + (1, 1, 1, 0)).error, 0)
                self.assertNotIn("lost", agent.log())
                second.close()
                self.assertEqual(stop(daemon), 0)

    def test_many_reloads(self):
        with Agent(config=QUIET, env=SMALL_QUARANTINE) as agent:
            agent.daemon.send_signal(signal.SIGHUP)
            eventually("loaded", lambda: "reloaded" in agent.log())
            for _ in range(200):
                agent.daemon.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            self.assertTrue(answers(agent))
            rss, fds = agent.rss_kib(), agent.fd_count()
            for _ in range(200):
                agent.daemon.send_signal(signal.SIGHUP)
                time.sleep(0.01)
            self.assertTrue(answers(agent))
            self.assertLess(agent.rss_kib() - rss, growth_limit())
            self.assertLessEqual(agent.fd_count(), fds + FD_GROWTH_MAX)
