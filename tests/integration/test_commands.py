# SPDX-License-Identifier: BSD-2-Clause
"""Every command that advice can contain, run: each takes effect, none lowers a setting, and none is
given where nothing is left to be raised. tests/integration/commands.c makes the texts."""

import collections
import glob
import json
import os
import re
import subprocess
import tempfile
import unittest

import harness
import sockpile

PROGRAM = os.path.join(harness.BUILD, "tests/integration/commands")
SOURCES = os.path.join(harness.SRC, "subagent/checks")
INT_MAX = 2**31 - 1

# Where no command asks for more, or can.
LARGEST = {"net.core.netdev_max_backlog": 65536, "net.core.netdev_budget": 4800,
           "net.core.netdev_budget_usecs": 40000, "net.ipv4.tcp_syncookies": 1}
TXQUEUELEN_LARGEST = 10000

# What snmptt lets through. Shells leave the words of a command alone.
TEXT = re.compile(r"""[a-zA-Z0-9 !"#%'()+,\-_.:/=@{}~`]*""")
COMMAND = re.compile(r"[a-zA-Z0-9 ._=/:@-]*")

Said = collections.namedtuple("Said", "case check summary advice command")


def setting_path(name):
    return "/proc/sys/" + name.replace(".", "/")


def limits():
    """Of this host, each with its setting."""
    rows = harness.dump()["netdiagLimitTable"]
    return [f"{row['netdiagLimitName']}={row['netdiagLimitSysctl']}" for row in rows]


def sources():
    """The text of the files that make advice, by name."""
    found = {}
    for path in glob.glob(os.path.join(SOURCES, "advice*.c")):
        with open(path, encoding="utf-8") as source:
            found[os.path.basename(path)] = source.read()
    return found


def command_forms():
    """A pattern for each place in the sources where a command is made."""
    forms = {}
    for name, text in sources().items():
        macros = dict(re.findall(r'^#define\s+(\w+)\s+"([^"]*)"', text, re.M))
        made = re.findall(r'advice_say\(\s*text->command,((?:\s*"[^"]*")+)', text)
        assert len(re.findall(r"\btext->command\b", text)) == len(made), \
            f"{name}: a command that is not made by advice_say() with a text of its own"
        for form in ("".join(re.findall(r'"([^"]*)"', strings)) for strings in made):
            if form != "sysctl -w %s=%llu":
                forms[form] = re.escape(form).replace("%s", r"\S+").replace("%llu", r"\d+")
        for setting in re.findall(r"(?<!bool )advice_double\(advice, ([^,]+),", text):
            if setting == "limit->sysctl":
                continue
            setting = macros.get(setting, setting.strip('"'))
            forms[f"double {setting}"] = rf"sysctl -w {re.escape(setting)}=\d+"
    doubled = re.findall(r'\{"([a-z0-9-]+)",(?:\s*"[^"]*")+,\s*true\}', sources()["advice_host.c"])
    settings = dict(limit.split("=") for limit in limits())
    for limit in doubled:
        setting = settings[limit]
        forms[f"double {setting}"] = rf"sysctl -w {re.escape(setting)}=\d+"
    return forms


class Commands(unittest.TestCase):
    exclusive = "raises settings of the whole host, and puts them back"

    @classmethod
    def setUpClass(cls):
        harness.need_root()
        harness.need_tools("sysctl", "ip", "nsenter", "ss")
        harness.need(os.access(PROGRAM, os.X_OK), "needs make check")
        cls.limits = limits()

    def setUp(self):
        self.ns = harness.Netns("commands")
        self.addCleanup(self.ns.delete)
        self.inner = harness.Netns("pod")
        self.addCleanup(self.inner.delete)
        self.pile = sockpile.Pile(self.inner)
        self.addCleanup(self.pile.close)
        self.pile.listen("127.0.0.1", 4711)
        self.process = self.inner.start("sleep", "600")
        self.addCleanup(harness.stop, self.process)
        self.device = "nd0"
        self.ns.run("ip", "link", "add", self.device, "type", "veth", "peer", "name", "nd1")
        self.stubs = self.enterContext(tempfile.TemporaryDirectory())
        self.record = os.path.join(self.stubs, "record")
        with open(os.path.join(self.stubs, "ethtool"), "w", encoding="ascii") as stub:
            stub.write(f'#!/bin/sh\necho "$*" >> {self.record}\n')
        os.chmod(os.path.join(self.stubs, "ethtool"), 0o755)
        self.ring = [256, 4096]
        self.ran = set()

    def said(self, where, device=None):
        """What the checks say in a namespace, or on the host (None)."""
        words = [PROGRAM, device or self.device, str(self.txqueuelen()), *map(str, self.ring),
                 str(self.process.pid), *self.limits]
        lines = where.run(*words) if where else harness.run(*words)
        return [Said(*line.split("\t")) for line in lines.splitlines()]

    def txqueuelen(self):
        return json.loads(self.ns.run("ip", "-j", "link", "show", self.device))[0]["txqlen"]

    def read(self, where, name):
        value = where.sysctl(name) if where else harness.run("sysctl", "-n", name)
        return int(value)

    def write(self, where, name, value):
        if where:
            where.sysctl(name, value)
            return
        self.addCleanup(harness.run, "sysctl", "-qw", f"{name}={self.read(None, name)}")
        harness.run("sysctl", "-qw", f"{name}={value}")

    def is_writable(self, where, name):
        """A namespace has some settings of its own, sees some of the host's, and others not."""
        command = ["stat", "-c", "%a", setting_path(name)]
        done = subprocess.run(where.command(*command) if where else command, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return done.returncode == 0 and int(done.stdout, 8) & 0o200

    def execute(self, where, command):
        """As an operator would who pastes it, but for the ring."""
        command = ["env", f"PATH={self.stubs}:{os.environ['PATH']}", "sh", "-c", command]
        return where.run(*command) if where else harness.run(*command)

    def run_sysctl(self, where, command):
        wanted = [word.split("=") for word in command.split()[2:]]
        self.assertTrue(wanted, command)
        if not all(self.is_writable(where, name) for name, _ in wanted):
            return False
        before = {name: self.read(where, name) for name, _ in wanted}
        for name, _ in wanted:
            self.write(where, name, before[name])  # is put back at the end
        self.execute(where, command)
        for name, value in wanted:
            self.assertEqual(self.read(where, name), int(value), command)
            self.assertGreater(int(value), before[name], command)
        return True

    def run_ethtool(self, where, command):
        self.execute(where, command)
        with open(self.record, encoding="ascii") as record:
            words = record.read().splitlines()[-1].split()
        self.assertEqual(words, ["-G", self.device, "rx", str(self.ring[1])])
        self.assertGreater(self.ring[1], self.ring[0])
        return True

    def run_ip(self, where, command):
        if not where:
            return False
        before = self.txqueuelen()
        self.execute(where, command)
        self.assertEqual(self.txqueuelen(), int(command.split()[-1]))
        self.assertGreater(self.txqueuelen(), before)
        return True

    def run_nsenter(self, where, command):
        self.assertIn(":4711 ", self.execute(where, command))
        return True

    def run_all(self, where):
        """Runs what is said in a place, as far as it can be run in it."""
        runners = {"sysctl": self.run_sysctl, "ethtool": self.run_ethtool, "ip": self.run_ip,
                   "nsenter": self.run_nsenter}
        commands = {said.command for said in self.said(where)} - {""}
        self.assertTrue(commands)
        for command in sorted(commands):
            self.assertTrue(COMMAND.fullmatch(command), command)
            self.assertNotIn("kernel.panic", command)
            with self.subTest(command=command):
                if runners[command.split()[0]](where, command):
                    self.ran.add(command)

    def test_each_takes_effect(self):
        """In a namespace and on the host; as they are, and again after the commands were run."""
        self.ns.sysctl("net.ipv4.tcp_syncookies", 0)
        for _ in range(2):
            self.run_all(self.ns)
            self.run_all(None)
            self.ring = [512, 1024]
        left = {form for form, pattern in command_forms().items()
                if not any(re.fullmatch(pattern, command) for command in self.ran)}
        self.assertFalse(left, "commands in the sources that were not run")
        for command in self.ran:
            self.assertTrue(any(re.fullmatch(pattern, command)
                                for pattern in command_forms().values()), command)

    def test_none_where_it_is_so_already(self):
        settings = {word.split("=")[0] for where in (self.ns, None) for said in self.said(where)
                    if said.command.startswith("sysctl") for word in said.command.split()[2:]}
        self.assertIn("net.core.somaxconn", settings)
        settings.add("net.ipv4.tcp_syncookies")
        for name in sorted(settings):
            for where in (self.ns, None):
                if self.is_writable(where, name):
                    self.write(where, name, max(LARGEST.get(name, INT_MAX), self.read(where, name)))
        self.ns.run("ip", "link", "set", "dev", self.device, "txqueuelen", str(TXQUEUELEN_LARGEST))
        self.ring = [4096, 4096]
        for where in (self.ns, None):
            given = {said.command for said in self.said(where)}
            given = {command for command in given if not command.startswith("sysctl") or
                     self.is_writable(where, command.split()[2].split("=")[0])}
            self.assertEqual(given, {"", f"nsenter -n -t {self.process.pid} ss -ltn"})

    def test_none_with_a_name_that_a_shell_reads(self):
        for name in ("-oops", "a;b", "$(id)", "a b", "*", "a'b", "\u00fc" * 7 + "x"):
            for said in self.said(self.ns, device=name):
                self.assertNotRegex(said.command, "^(ethtool|ip) ", name)

    def test_texts_can_be_sent(self):
        for where in (self.ns, None):
            for said in self.said(where):
                self.assertTrue(TEXT.fullmatch(said.summary), said)
                self.assertTrue(TEXT.fullmatch(said.advice), said)


if __name__ == "__main__":
    unittest.main()
