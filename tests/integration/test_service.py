# SPDX-License-Identifier: BSD-2-Clause
"""What a service manager and a system log see of netdiagd, and what its command line refuses."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, Agent, collectors, eventually, need, need_root, run, start, stop


class Datagrams:
    """A Unix datagram socket in a directory of its own."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix="netdiag-socket-")
        self.path = os.path.join(self.dir, name)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(self.path)
        self.got = []

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()
        shutil.rmtree(self.dir)

    def drain(self):
        while True:
            try:
                self.got.append(self.socket.recv(4096).decode(errors="replace"))
            except BlockingIOError:
                return

    def holds(self, text):
        """Whether a datagram with this text has come."""
        self.drain()
        return any(text in one for one in self.got)

    def last(self, start_of_it):
        """The last datagram that starts so, or nothing."""
        self.drain()
        return next((one for one in reversed(self.got) if one.startswith(start_of_it)), "")


def state_of(pid):
    """The state of a process: T when it is stopped."""
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0]


class Service(unittest.TestCase):
    def test_notify_socket(self):
        with Datagrams("notify") as manager:
            with Agent(env={"NOTIFY_SOCKET": manager.path}):
                eventually("READY=1", lambda: manager.holds("READY=1"))
            eventually("STOPPING=1", lambda: manager.holds("STOPPING=1"))

    def test_status(self):
        with Datagrams("notify") as manager:
            with Agent(env={"NOTIFY_SOCKET": manager.path}, config="collector netns off\n") as agent:
                eventually("connected", lambda: re.fullmatch(
                    r"STATUS=(no alarms|\d+ alarms?, worst \w+); master connected", manager.last("STATUS=")))
                agent.write_config("bogus 1\n")
                agent.daemon.send_signal(1)
                eventually("the reload is over", lambda: manager.got[-1:] == ["READY=1"]
                           if manager.holds("RELOADING=1\nMONOTONIC_USEC=") else False)
                self.assertIn("the configuration file is wrong, the previous one is in use",
                              manager.last("STATUS="))
                agent.write_config("collector netns off\n")
                agent.daemon.send_signal(1)
                eventually("it is right again", lambda: manager.last("STATUS=").endswith("master connected"))
                agent.kill_master()
                eventually("not connected", lambda: "; master not connected" in manager.last("STATUS="))

    def test_watchdog(self):
        """Fed while the main loop and a collector make progress, and no longer."""
        need_root()
        with Datagrams("notify") as manager:
            only = "".join(f"collector {name} off\n" for name in collectors() if name != "softnet")
            env = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "600000"}
            with Agent(daemon=False, config=only + "interval softnet 200ms\n", env=env) as agent:
                path = os.path.join(agent.dir, "proc/net/softnet_stat")
                os.makedirs(os.path.dirname(path))
                shutil.copy("/proc/net/softnet_stat", path)
                agent.args = [f"--proc-root={agent.dir}/proc"]
                agent.start_daemon()
                agent.wait_up()

                def fed():
                    manager.drain()
                    return manager.got.count("WATCHDOG=1")

                eventually("it is fed", lambda: fed() > 3)
                # A stopped process.
                agent.daemon.send_signal(signal.SIGSTOP)
                eventually("stopped", lambda: state_of(agent.daemon.pid) == "T")
                before = fed()
                time.sleep(1.5)
                self.assertEqual(fed(), before)
                agent.daemon.send_signal(signal.SIGCONT)
                eventually("it is fed again", lambda: fed() > before)
                # A collector, the only one, that waits for ever, while the main thread answers.
                os.unlink(path)
                os.mkfifo(path)
                eventually("that is told", lambda: "no collector makes progress" in manager.last("STATUS="))
                before = fed()
                time.sleep(1.5)
                self.assertEqual(fed(), before)
                self.assertTrue(agent.master_answers())

    def test_journal(self):
        """A line in the journal has its priority; a stderr that is no journal has none."""
        with tempfile.TemporaryFile("w+") as journal, tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("bogus 1\n")
            conf.flush()
            stat = os.fstat(journal.fileno())
            for stream, want in ((f"{stat.st_dev}:{stat.st_ino}", "<3>"),
                                 (f"{stat.st_dev}:{stat.st_ino + 1}", "netdiagd: error: ")):
                journal.seek(0)
                journal.truncate()
                subprocess.run([BINARY, "--config", conf.name], stderr=journal, timeout=60,
                               env={**os.environ, "JOURNAL_STREAM": stream})
                journal.seek(0)
                self.assertEqual(journal.read(), f"{want}{conf.name}:1: no such directive (column 1)\n")

    def test_snmpd_stopped(self):
        """One warning and no more; a restart is none."""
        with tempfile.TemporaryFile("w+") as journal:
            stat = os.fstat(journal.fileno())
            with Agent(daemon=False) as agent:
                child = start([BINARY, "--config", agent.config_path, "--agentx", agent.socket], stderr=journal,
                              env={**os.environ, "JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"})

                def said(*texts):
                    journal.seek(0)
                    lines = journal.read().splitlines()
                    return [line for line in lines if all(text in line for text in texts)]

                eventually("up", lambda: said("<5>connected"))
                agent.kill_master()
                agent.start_master()
                eventually("back", lambda: said("<5>back at"))
                self.assertEqual(said("<4>", "master"), [])
                agent.kill_master(signal.SIGTERM)
                eventually("the reason", lambda: said("<4>cannot reach the AgentX master"))
                time.sleep(3)
                self.assertEqual(len([line for line in said() if line[:3] in ("<3>", "<4>")]), 1, said())
                self.assertEqual(stop(child), 0)

    def test_syslog(self):
        need_root()
        need(shutil.which("unshare"), "needs unshare")
        with Datagrams("log") as log:
            # A /dev with nothing but this socket in it, seen by netdiagd alone.
            child = start(["unshare", "--mount", "sh", "-c", f'mount --bind {log.dir} /dev && exec "$@"',
                           "sh", BINARY, "--log", "syslog", "--agentx", f"{log.dir}/nobody-there"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                eventually("the version", lambda: log.holds("version"))
                eventually("the missing master", lambda: log.holds("nobody-there"))
            finally:
                status = stop(child)
            self.assertEqual(status, 0)
            self.assertEqual(child.stdout.read(), b"", "stderr stays empty")
            child.stdout.close()
            for line in log.got:
                self.assertRegex(line, r"^<\d+>.*netdiagd")


class CommandLine(unittest.TestCase):
    def refused(self, *args, status=64):
        done = subprocess.run([BINARY, *args], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=20)
        self.assertEqual(done.returncode, status, done.stderr)
        self.assertNotIn("Sanitizer", done.stderr)
        self.assertTrue(done.stderr.strip(), "says why")
        return done.stderr

    def test_wrong_usage(self):
        self.assertIn("--help", self.refused("--no-such-option"))
        self.refused("stray")
        self.refused("--dump=xml")
        self.refused("--log", "printer")
        self.refused("--report=never")
        self.refused("--agentx", "no:such:address")
        self.assertIn("/nonexistent.conf", self.refused("--config", "/nonexistent.conf",
                                                        "--check-config", status=78))

    def test_wrong_configuration_at_start(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("check tcp.listen_overflow warning 1\n\ninterval softnet soon\n")
            conf.flush()
            said = self.refused("--config", conf.name, status=78)
        self.assertIn(f"{conf.name}:1: check tcp.listen_overflow: no such check; "
                      "did you mean tcp.listen_overflows?", said)
        self.assertIn(f"{conf.name}:3: interval 'soon'", said)

    def test_shelf_of_the_past(self):
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("shelve nic.errors eth* until 2020-02-03T04:05Z\n"
                       "shelve nic.drops until 2099-01-01T00:00Z\n")
            conf.flush()
            done = subprocess.run([BINARY, "--config", conf.name, "--check-config"], text=True,
                                  capture_output=True, timeout=20)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("shelve nic.errors eth* until 2020-02-03T04:05:00Z", done.stderr)
        self.assertNotIn("nic.drops", done.stderr)

    def test_version_and_help(self):
        self.assertRegex(run(BINARY, "--version"), r"^netdiag \d+\.\d+\.\d+")
        self.assertIn("--test-notification", run(BINARY, "--help"))


class Reload(unittest.TestCase):
    def test_wrong_file_changes_nothing(self):
        with Agent(config="interval nic 2s\n") as agent:
            self.assertEqual(agent.collector("nic")["netdiagCollectorInterval"], 2000)
            # The last two are net-snmp's own, which its reader accepted at a reload.
            agent.write_config("interval nic 3s\nbogus 1\nagentuser nobody\nquit yes\n")
            agent.daemon.send_signal(1)
            eventually("the problem is told with its line",
                       lambda: "netdiagd.conf:2: bogus: no such directive" in agent.log())
            self.assertIn("netdiagd.conf:3: agentuser: no such directive", agent.log())
            self.assertIn("netdiagd.conf:4: quit: no such directive", agent.log())
            self.assertEqual(agent.collector("nic")["netdiagCollectorInterval"], 2000)
            agent.write_config("interval nic 3s\ncollector irq off\n")
            agent.daemon.send_signal(1)
            eventually("the new interval", lambda: agent.collector("nic")
                       ["netdiagCollectorInterval"] == 3000)
            irq = agent.collector("irq")
            self.assertEqual(irq["netdiagCollectorStatus"], 4)
            self.assertIn("collector irq off", irq["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
