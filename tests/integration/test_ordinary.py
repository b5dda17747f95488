# SPDX-License-Identifier: BSD-2-Clause
"""Ordinary work with the defaults asks nobody for an action: no notification is sent."""

import contextlib
import os
import time
import unittest

import harness
from harness import SOAK, need_root, need_tools
from ordinary import Work
from sockpile import veth_pair
from traps import Receiver

# As long as one round of all the work takes; with the default of --soak it is half an hour.
ROUND_S = 90
HOST = "10.77.0.1"
COUNTERS = ("TcpRetransSegs", "TcpAttemptFails", "TcpInErrs", "TcpExtListenOverflows", "TcpExtListenDrops",
            "TcpExtTCPReqQFullDrop", "TcpExtTCPRcvQDrop", "TcpExtTCPBacklogDrop", "UdpRcvbufErrors",
            "UdpNoPorts", "IpExtInNoRoutes")


class Ordinary(unittest.TestCase):
    takes_s = ROUND_S + 20
    exclusive = "what others do to the machine's CPUs and namespaces would be told"

    def setUp(self):
        need_root()
        need_tools("ip", "nft", "nstat", "conntrack", "snmptrapd")
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.host, self.peer = (stack.enter_context(harness.Netns(name)) for name in ("host", "peer"))
        veth_pair(self.host, self.peer)
        # A firewall that lets pass what belongs to a connection, as distributions have it.
        self.host.run("nft", "add table ip wall; add chain ip wall in { type filter hook input priority 0; };"
                      " add rule ip wall in ct state invalid drop;"
                      " add rule ip wall in ct state new,established,related accept")
        self.receiver = stack.enter_context(Receiver(self.host))
        self.agent = stack.enter_context(harness.Agent(
            netns=self.host, snmpd_config=self.receiver.sinks("trap2sink")))
        self.work = stack.enter_context(Work(self.host, self.peer, HOST, "right0"))

    def kernel(self):
        """What the kernel counted meanwhile."""
        return "\n".join((self.host.run("nstat", "-asz", *COUNTERS),
                          self.host.run("conntrack", "-S"), harness.run("cat", "/proc/net/softnet_stat")))

    @staticmethod
    def is_ours(trap):
        """Not of a namespace that somebody else has on this machine."""
        return not trap["Check"].startswith("netns.") or trap.instance.startswith(f"nd-{os.getpid()}-")

    def test_no_alarm(self):
        before, end = self.kernel(), time.monotonic() + ROUND_S * SOAK
        while time.monotonic() < end:
            told = [trap for trap in self.receiver.of("AlarmRaised") if self.is_ours(trap)]
            self.assertEqual(told, [], f"{told}\nbefore:\n{before}\nnow:\n{self.kernel()}\n"
                             f"work: {self.work.done}")
            self.assertEqual(self.work.failed, [])
            time.sleep(5)
        self.assertEqual(len(self.work.done), 8, self.work.done)
        self.assertTrue(self.receiver.agrees(self.agent))


if __name__ == "__main__":
    unittest.main()
