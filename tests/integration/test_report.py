# SPDX-License-Identifier: BSD-2-Clause
"""netdiagd --report and --test-notification, as people and monitoring systems use them."""

import contextlib
import json
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

from harness import BINARY, Netns, need, need_root, need_tools, run
from sockpile import Pile


class Report(unittest.TestCase):

    def setUp(self):
        need_root()
        self.ns = Netns("report")
        self.addCleanup(self.ns.delete)
        # Leave out the collectors that see what other tests do to the whole machine.
        self.config = tempfile.NamedTemporaryFile("w", suffix=".conf")
        self.addCleanup(self.config.close)
        self.config.write("".join(f"collector {name} off\n" for name in ("netns", "softnet", "conntrack")))
        # Its limits are the host's alone, and so it is unknown in a namespace.
        self.config.write("check tcp.memory off\n")
        self.config.flush()

    def report(self, *args, status=0, env=None):
        done = subprocess.run(self.ns.command(BINARY, "--config", self.config.name, *args), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=60, env={**os.environ, **(env or {})})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_all_is_well(self):
        lines = self.report("--report=1").splitlines()
        self.assertRegex(lines[0], r"^netdiag OK: 0 critical, 0 warning, 0 unknown, \d+ ok, in 1 s$")
        self.assertTrue(all(len(line) <= 80 for line in lines), lines)
        head = " ".join(" ".join(lines[1:3]).split())
        self.assertRegex(head, rf"^host {re.escape(os.uname().nodename)}, \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ, "
                               r"netdiagd \d+\.\d+\.\d+.*; network: own namespace, processes: ")
        self.assertEqual(lines[3], "[OK]      losses                  no packet was lost where this host can tell")
        self.assertRegex(lines[4], r"^\[INFO\]    losses                  cannot be told here: [a-z]+")
        self.assertIn("netfilter (counts only in a netdiagd that serves)", " ".join(" ".join(lines[4:7]).split()))
        checks = (line for line in lines[5:] if not line.startswith(" " * 10))
        self.assertTrue(all(re.match(r"\[OK\]      [a-z]+\.[a-z_]+ ", line) for line in checks), lines)
        self.assertNotIn("\033", "".join(lines))

    def test_perfdata(self):
        """One line as the Monitoring Plugins' guidelines have it, with the numbers of the report."""
        pile = Pile(self.ns)
        self.addCleanup(pile.close)
        self.ns.sysctl("net.ipv4.tcp_max_tw_buckets", 100)
        pile.connections(pile.listen("127.0.0.1"), "127.0.0.1", 95, "timeWait")
        line, rest = self.report("--report=1", "--perfdata", status=2).split("\n")
        self.assertEqual(rest, "")
        text, bar, data = line.partition(" | ")
        self.assertEqual(bar, " | ")
        self.assertRegex(text, r"^netdiag CRITICAL: limits\.usage: tcp-time-wait.*; 1 critical, 0 warning, \d+ unknown, \d+ ok$")
        found = {}
        for item in data.split(" "):
            label, value, units, warning, critical = re.fullmatch(
                r"([a-z]+\.[a-z_]+)=(\d+(?:\.\d+)?)(%|s|);(\d*(?:\.\d+)?);(\d*(?:\.\d+)?)", item).groups()
            self.assertNotIn(label, found)
            found[label] = (float(value), units, warning, critical)
        self.assertTrue(95 <= found["limits.usage"][0] <= 100, found)
        self.assertEqual(found["limits.usage"][1:], ("%", "70", "90"))
        self.assertEqual(found["tcp.listen_overflows"], (0, "", "1", "100"))

    def test_a_limit_is_near(self):
        pile = Pile(self.ns)
        self.addCleanup(pile.close)
        self.ns.sysctl("net.ipv4.tcp_max_tw_buckets", 100)
        pile.connections(pile.listen("127.0.0.1"), "127.0.0.1", 95, "timeWait")
        command = "sysctl -w net.ipv4.tcp_max_tw_buckets=200"
        text = self.report("--report=1", status=2)
        self.assertTrue(text.startswith("netdiag CRITICAL: 1 critical"), text)
        first = [line for line in text.splitlines()[1:] if line[0] == "[" and "losses" not in line][0]
        self.assertTrue(first.startswith("[CRIT]    limits.usage"), text)
        self.assertIn(command, " ".join(text.split()))
        data = json.loads(self.report("--report=1", "--format=json", status=2))
        self.assertEqual(data["status"], "critical")
        row = [row for row in data["checks"] if row["instance"] == "tcp-time-wait"][0]
        self.assertEqual((row["check"], row["state"], row["critical"], row["units"]),
                         ("limits.usage", "critical", 90, "%"))
        self.assertTrue(95 <= row["value"] <= 100, row)
        self.assertEqual(row["command"], command)

    def test_where_packets_are_lost(self):
        """In the sample, not before it; and what is no loss."""
        self.ns.run("ip", "link", "add", "lost0", "type", "veth", "peer", "name", "lost1")
        self.ns.run("ip", "link", "set", "lost1", "up")
        self.ns.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.ns.run("ip", "link", "set", "lost0", "up")
        # Whatever is longer than the bucket is dropped.
        self.ns.run("tc", "qdisc", "add", "dev", "lost0", "root", "tbf", "rate", "1mbit", "burst", "500",
                    "limit", "5000")
        self.ns.run("ip", "addr", "add", "192.0.2.1/24", "dev", "lost0")
        self.ns.run("ip", "neigh", "add", "192.0.2.2", "lladdr", "02:00:00:00:00:01", "dev", "lost0")

        def lose(count):
            with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
                for _ in range(count):
                    with contextlib.suppress(OSError):
                        out.sendto(bytes(1000), ("192.0.2.2", 9))

        lose(40)
        with subprocess.Popen(self.ns.command(BINARY, "--config", self.config.name, "--report=2"),
                              stdout=subprocess.PIPE, text=True) as child:
            time.sleep(1)
            lose(7)
            text = child.communicate(timeout=60)[0]
        self.assertEqual([line for line in text.splitlines() if line.startswith("[")][0],
                         "[LOST]    qdisc                   7 packets, worst lost0", text)
        self.assertNotIn("no packet was lost", text)
        data = json.loads(self.report("--report=1", "--format=json"))
        places = {row["place"]: row for row in data["losses"]}
        self.assertEqual(len(places), 21)
        self.assertEqual((places["qdisc"]["packets"], places["qdisc"]["class"]), (0, "loss"))
        self.assertNotIn("packets", places["backlog"])

    def test_words_where_a_number_says_nothing(self):
        lines = {line.split()[1]: " ".join(line.split()[2:])
                 for line in self.report("--report=1").splitlines() if line.startswith("[OK]")}
        self.assertEqual(lines["nic.limited"], "nothing on this host counts it")
        self.assertRegex(lines["agent.collector"], r"^\w+: ok, and \d+ more$")

    def test_what_takes_longer_is_not_said_to_be_well(self):
        """Whether CLOSE_WAIT is a leak is known after five minutes."""
        pile = Pile(self.ns)
        self.addCleanup(pile.close)
        pile.connections(pile.listen("127.0.0.1"), "127.0.0.1", 120, "closeWait")
        line, = (line for line in self.report("--report=1").splitlines() if "tcp.close_wait" in line)
        self.assertIn("no value in so short a time, or no data", line)

    def test_colour_only_on_a_terminal(self):
        need_tools("script")
        command = " ".join(self.ns.command(BINARY, "--config", self.config.name, "--report=1"))
        try:
            for end in os.openpty():
                os.close(end)
        except OSError as error:
            need(False, f"needs a pseudo-terminal: {error.strerror}")
        self.assertNotIn("sampling", run("sh", "-c", f"{command} 2>&1"))
        coloured = run("script", "-qec", command, "/dev/null", env={**os.environ, "TERM": "xterm"})
        self.assertIn("\033[32m[OK]\033[0m", coloured)
        self.assertIn("sampling: 1 s left", coloured)
        plain = run("script", "-qec", command, "/dev/null", env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
        self.assertNotIn("\033", plain)

    def test_wrong_settings_are_refused(self):
        for args in (("--report=0",), ("--report=-1",), ("--report=4000",), ("--report", "--format=xml"),
                     ("--format=json",)):
            self.report(*args, status=64)


class TestNotification(unittest.TestCase):

    def test_without_a_master(self):
        done = subprocess.run([BINARY, "--test-notification", "--agentx", "/nonexistent/agentx"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("master agentx", done.stderr)
        self.assertIn("no test notification was sent", done.stderr)


if __name__ == "__main__":
    unittest.main()
