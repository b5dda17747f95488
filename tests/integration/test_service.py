# SPDX-License-Identifier: BSD-2-Clause
"""What a service manager and a system log see of netdiagd, and what its command line refuses."""

import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import BINARY, Agent, eventually, need, need_root, run, start, stop


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

    def holds(self, text):
        """Whether a datagram with this text has come."""
        while True:
            try:
                self.got.append(self.socket.recv(4096).decode(errors="replace"))
            except BlockingIOError:
                return any(text in one for one in self.got)


class Service(unittest.TestCase):
    def test_notify_socket(self):
        with Datagrams("notify") as manager:
            with Agent(env={"NOTIFY_SOCKET": manager.path}):
                eventually("READY=1", lambda: manager.holds("READY=1"))
            eventually("STOPPING=1", lambda: manager.holds("STOPPING=1"))

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
