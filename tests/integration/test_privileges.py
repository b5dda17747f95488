# SPDX-License-Identifier: BSD-2-Clause
"""What netdiagd shows to root and to nobody: the same rows, and of each column that is missing the
collector says what would give it."""

import json
import shlex
import socket
import unittest

import harness
import sockpile

# Which capability the columns of a collector need, and which these are.
NEEDS = {
    "listener": ("CAP_SYS_PTRACE", "netdiagListenerTable",
                 {"netdiagListenerCommand", "netdiagListenerPid"}),
    "udpSocket": ("CAP_SYS_PTRACE", "netdiagUdpSocketTable",
                  {"netdiagUdpSocketCommand", "netdiagUdpSocketPid"}),
    "buffers": ("CAP_SYS_PTRACE", "netdiagBufferTable",
                {"netdiagBufferCommand", "netdiagBufferPid"}),
}

# Those that nobody may read all of.
NEED_NOTHING = {
    "irq": ("netdiagIrqTable", "netdiagIrqNumber"),
    "limits": ("netdiagLimitTable", "netdiagLimitName"),
    "protocols": ("netdiagProtocolMemTable", "netdiagProtocolName"),
    "sysctls": ("netdiagSysctlTable", "netdiagSysctlName"),
}


def states(data):
    return {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}


def lasting(rows):
    """Without stamps: they are each dump's own."""
    return [{key: value for key, value in row.items() if "Discont" not in key} for row in rows]


def dump_hidden(netns, *command):
    """netdiagd --dump as nobody where /proc hides what is not nobody's."""
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
        self.pile.enter_context(listener.accept()[0])  # else it has no owner yet
        receiver.sendto(b"y" * 1000, receiver.getsockname())

    def assert_owners_missing(self, root, nobody, why):
        """As nobody the owners are missing, which is told with the remedy, and nothing else."""
        for name, (capability, table, columns) in NEEDS.items():
            with self.subTest(collector=name):
                whole, part = root[table], nobody[table]
                self.assertTrue(whole)
                self.assertEqual([set(row) - set(other) for row, other in zip(whole, part)],
                                 [columns] * len(whole))
                self.assertEqual([{key: value for key, value in row.items() if key not in columns}
                                  for row in lasting(whole)], lasting(part))
                state = states(nobody)[name]
                self.assertEqual(state["netdiagCollectorStatus"], "ok")
                self.assertIn(capability, state["netdiagCollectorLastError"])
                self.assertIn(why, state["netdiagCollectorLastError"])
                self.assertEqual(states(root)[name]["netdiagCollectorLastError"], "")

    def test_sockets(self):
        self.assert_owners_missing(harness.dump(netns=self.ns),
                                   harness.dump(netns=self.ns, user=harness.NOBODY),
                                   "/proc/PID/fd is not readable")

    def test_hidden_processes(self):
        """Where processes are hidden nothing is refused: there just are none."""
        data = dump_hidden(self.ns, harness.BINARY, "--dump=json")
        self.assert_owners_missing(harness.dump(netns=self.ns), data, "hidepid")
        self.assertIn("namespaces of processes are hidden: give CAP_SYS_PTRACE",
                      states(data)["netns"]["netdiagCollectorLastError"])

    def test_what_is_readable_by_all(self):
        """Settings, limits, protocols and interrupts are the same for everybody."""
        root, nobody = harness.dump(netns=self.ns), harness.dump(netns=self.ns, user=harness.NOBODY)
        for name, (table, key) in NEED_NOTHING.items():
            with self.subTest(collector=name):
                self.assertEqual([(row[key], set(row)) for row in root[table]],
                                 [(row[key], set(row)) for row in nobody[table]])
                for data in (root, nobody):
                    self.assertEqual(states(data)[name]["netdiagCollectorStatus"],
                                     states(root)[name]["netdiagCollectorStatus"])
                self.assertEqual(states(nobody)[name]["netdiagCollectorLastError"],
                                 states(root)[name]["netdiagCollectorLastError"])

    def test_a_setting_that_only_root_reads(self):
        """It has no row, and is named."""
        secret = "net.ipv4.tcp_fastopen_key"
        with harness.Agent(f"interval sysctls 500ms\nsysctl {secret}\n", netns=self.ns,
                           user=harness.NOBODY) as agent:
            agent.refreshed("sysctls")
            rows = agent.table("netdiagSysctlTable")
            self.assertIn("net.core.somaxconn", rows)
            self.assertNotIn(secret, rows)
            state = agent.collector("sysctls")
            self.assertEqual(state["netdiagCollectorStatus"], 1)
            self.assertIn(secret, state["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
