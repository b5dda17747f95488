# SPDX-License-Identifier: BSD-2-Clause
"""root and nobody see the same rows, and for each column that nobody lacks the collector names the
capability that would provide it."""

import json
import shlex
import socket
import unittest

import harness
import sockpile

# Collectors whose rows have an owner, Command and Pid, which needs CAP_SYS_PTRACE.
HAVE_OWNERS = ("listener", "udpSocket", "buffer")

# Collectors that anybody can read completely.
NEED_NOTHING = ("irq", "limit", "protocolMemory", "sysctl")


def states(data):
    return {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}


def lasting(rows):
    """The rows without stamps, which are each dump's own."""
    return [{key: value for key, value in row.items() if harness.syntaxes()[key] != "NetdiagTimeStamp"}
            for row in rows]


def dump_hidden(netns, *command):
    """netdiagd --dump as nobody, with a /proc that hides the processes of others."""
    hidden = ("mount -t proc -o hidepid=2 proc /proc && exec setpriv "
              f"--reuid={harness.NOBODY} --regid={harness.NOBODY} --clear-groups --inh-caps=-all "
              f"--bounding-set=-all {shlex.join(command)}")
    return json.loads(netns.run("unshare", "-m", "sh", "-c", hidden))


class Privileges(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "setpriv", "unshare")
        self.ns = harness.Netns("caps")
        self.addCleanup(self.ns.delete)
        self.pile = sockpile.Pile(self.ns)
        self.addCleanup(self.pile.close)
        listener = self.pile.listen("127.0.0.1")
        receiver = self.pile.socket(kind=socket.SOCK_DGRAM)
        receiver.bind(("127.0.0.1", 0))
        client = self.pile.connect(listener.getsockname())
        client.send(b"x" * 1000)
        self.pile.enter_context(listener.accept()[0])  # before that it has no owner
        receiver.sendto(b"y" * 1000, receiver.getsockname())

    def assert_owners_missing(self, root, nobody, why):
        """As nobody only the owners are missing, and the collector says so with the remedy."""
        for name in HAVE_OWNERS:
            with self.subTest(collector=name):
                [table] = harness.tables_of(name)
                columns = {item["name"] for item in harness.schema()[table]["objects"]
                           if item["name"].endswith(("Command", "Pid"))}
                whole, part = root[table], nobody[table]
                self.assertTrue(whole)
                self.assertEqual([set(row) - set(other) for row, other in zip(whole, part)],
                                 [columns] * len(whole))
                self.assertEqual([{key: value for key, value in row.items() if key not in columns}
                                  for row in lasting(whole)], lasting(part))
                state = states(nobody)[name]
                self.assertEqual(state["netdiagCollectorStatus"], "ok")
                self.assertIn("CAP_SYS_PTRACE", state["netdiagCollectorLastError"])
                self.assertIn(why, state["netdiagCollectorLastError"])
                self.assertEqual(states(root)[name]["netdiagCollectorLastError"], "")

    def test_sockets(self):
        self.assert_owners_missing(harness.dump(netns=self.ns),
                                   harness.dump(netns=self.ns, user=harness.NOBODY),
                                   "/proc/PID/fd is not readable")

    def test_hidden_processes(self):
        """Where processes are hidden nothing is refused: they simply do not appear."""
        data = dump_hidden(self.ns, harness.BINARY, "--dump=json")
        self.assert_owners_missing(harness.dump(netns=self.ns), data, "hidepid")
        self.assertIn("namespaces of processes are hidden: give CAP_SYS_PTRACE",
                      states(data)["netns"]["netdiagCollectorLastError"])

    def test_what_is_readable_by_all(self):
        """Settings, limits, protocols and interrupts look the same to everybody."""
        root, nobody = harness.dump(netns=self.ns), harness.dump(netns=self.ns, user=harness.NOBODY)
        for name in NEED_NOTHING:
            with self.subTest(collector=name):
                [table] = harness.tables_of(name)
                [key] = harness.schema()[table]["index"]
                self.assertEqual([(row[key], set(row)) for row in root[table]],
                                 [(row[key], set(row)) for row in nobody[table]])
                for data in (root, nobody):
                    self.assertEqual(states(data)[name]["netdiagCollectorStatus"],
                                     states(root)[name]["netdiagCollectorStatus"])
                self.assertEqual(states(nobody)[name]["netdiagCollectorLastError"],
                                 states(root)[name]["netdiagCollectorLastError"])

    def test_a_setting_that_only_root_reads(self):
        """It has no row, and the collector names it."""
        secret = "net.ipv4.tcp_fastopen_key"
        with harness.Agent(f"interval sysctl 500ms\nsysctl {secret}\n", netns=self.ns,
                           user=harness.NOBODY) as agent:
            agent.refreshed("sysctl")
            rows = agent.table("netdiagSysctlTable")
            self.assertIn("net.core.somaxconn", rows)
            self.assertNotIn(secret, rows)
            state = agent.collector("sysctl")
            self.assertEqual(state["netdiagCollectorStatus"], 1)
            self.assertIn(secret, state["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
