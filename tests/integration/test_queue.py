# SPDX-License-Identifier: BSD-2-Clause
"""netdiagQueueTable against sysfs and `ip -s link`, on the host's own interfaces: no virtual device
reports its queues."""

import json
import os
import unittest

from harness import NOBODY, Agent, Netns, dump, eventually, need, need_root, need_tools, run, veth

RX, TX = "rx", "tx"
UNSUPPORTED = 4


def queues(data):
    """{(interface, rx or tx, number): {column without its prefix: value}}"""
    return {(row["netdiagQueueIfName"], row["netdiagQueueType"], row["netdiagQueueId"]):
            {name.removeprefix("netdiagQueue"): value for name, value in row.items()}
            for row in data["netdiagQueueTable"]}


def statistics():
    return {link["ifname"]: link["stats64"] for link in json.loads(run("ip", "-j", "-s", "link"))}


class Host(unittest.TestCase):
    def setUp(self):
        need_tools("ip")
        self.found = queues(dump())
        need(self.found, "no driver of this host's interfaces reports its queues")

    def test_the_queues_are_those_of_sysfs(self):
        for ifname in {key[0] for key in self.found}:
            wanted = {(ifname, *entry.split("-")) for entry in os.listdir(f"/sys/class/net/{ifname}/queues")}
            self.assertEqual({key for key in self.found if key[0] == ifname},
                             {(name, way, int(number)) for name, way, number in wanted})

    def test_packets_are_those_of_the_interface(self):
        """A driver that was never reconfigured counts in its queues what it counts as a device."""
        def same():
            before, found, after = statistics(), queues(dump()), statistics()
            for ifname in {key[0] for key in found}:
                for way in (RX, TX):
                    for column, key in (("Packets", "packets"), ("Bytes", "bytes")):
                        total = sum(row[column] for (name, kind, _), row in found.items()
                                    if (name, kind) == (ifname, way))
                        self.assertGreaterEqual(total, before[ifname][way][key])
                        self.assertLessEqual(total, after[ifname][way][key])
                        self.assertGreater(total, 0)
            return found
        eventually("the sums of ip -s link", same)

    def test_nobody_may_read_it(self):
        need_root()
        found = queues(dump(user=NOBODY))
        self.assertEqual(found.keys(), self.found.keys())
        self.assertTrue(all("Packets" in row for row in found.values()))

    def test_bound(self):
        need_root()
        with Agent("interval queue 200ms\nmaxRows queue 1\n") as agent:
            eventually("one row", lambda: len({
                index for index in agent.table("netdiagQueueTable")}) == 1)
            self.assertIn("`maxRows queue 1`", agent.collector("queue")["netdiagCollectorLastError"])


class Virtual(unittest.TestCase):
    def test_a_namespace_without_hardware(self):
        need_root()
        need_tools("ip")
        with Netns("queue") as left, Netns("queue") as right:
            veth(left, "v0", "192.0.2.1/24", right, "v0", "192.0.2.2/24")
            with Agent("interval queue 200ms\n", netns=left) as agent:
                eventually("unsupported", lambda: agent.collector("queue").get(
                    "netdiagCollectorStatus") == UNSUPPORTED)
                self.assertEqual(agent.table("netdiagQueueTable"), {})
                self.assertIn("no driver", agent.collector("queue")["netdiagCollectorLastError"])
