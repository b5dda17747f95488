# SPDX-License-Identifier: BSD-2-Clause
"""netdiagLossTable where no card here loses anything: what served ones (served_nics.c) count raises the
right place by exactly as much, and no other of class loss."""

import contextlib
import json
import os
import subprocess
import tempfile
import time
import unittest

import harness
from harness import NOBODY, Agent, eventually, need_root, need_tools
from losses import Losses
from served import ServedNics
from test_nic import links, nics, pair, quiet, send
from watched import fast

CONFIG = fast("nic", "queue", "counters") + "collector softnet off\ncollector netns off\n"
# Attributes of qstats.
RX_HW_DROPS, RX_OVERRUNS, RX_RATELIMITS, TX_RATELIMITS = 13, 14, 23, 32
ALLOWANCES = ("bw_in", "bw_out", "pps", "conntrack", "linklocal")


class Served(Losses, unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip")
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.enter = stack.enter_context
        self.ns = self.enter(quiet("losses"))
        pair(self.ns, "card0", "peer0")
        pair(self.ns, "card1", "peer1")
        self.served = self.enter(ServedNics())
        self.other = self.served.card("card1", "e1000e")

    def serve(self, fixture=None, **head):
        """Makes card0 such a card, and starts netdiagd."""
        self.card = self.served.card("card0", fixture, **head)
        self.start()

    def start(self):
        self.agent = self.enter(Agent(CONFIG, netns=self.ns, env=self.served.env, user=NOBODY))
        for collector in ("nic", "counters"):
            self.agent.refreshed(collector)

    def loses(self, place, expected, *faults):
        """The faults are (method, arguments...) of the card. This place alone has a rate then."""
        def fault():
            for method, *args in faults:
                method(*args)
            return expected
        others = {label: row.get("RateMinute", 0) for label, row in self.rows().items() if label != place}
        row = self.lost(place, "^card0$", fault)
        self.assertEqual(others, {label: it.get("RateMinute", 0) for label, it in self.rows().items()
                                  if label != place})
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), row["RateMinute"])
        self.assertEqual(self.agent.get("netdiagAgentWorstPlace.0"), place)
        return row

    def test_igb(self):
        """The device's missed frames are in rtnetlink's statistics too. Frames that wait in its FIFO are
        no loss."""
        self.serve("igb")
        self.loses("ring", 17, (self.card.count, "rx_missed_errors", 17),
                   (self.card.count64, "rx_missed_errors", 17), (self.card.count64, "rx_errors", 17),
                   (self.card.count, "rx_no_buffer_count", 500))

    def test_e1000e(self):
        self.serve("e1000e")
        row = self.loses("ring", 23, (self.card.count, "rx_missed_errors", 23),
                         (self.card.count64, "rx_missed_errors", 23),
                         (self.card.count, "rx_no_buffer_count", 4000))
        self.assertEqual(self.agent.get(row["ObjectId"].removeprefix("NETDIAG-MIB::")), 23 + 23)
        # Another card loses more.
        self.other.count("rx_missed_errors", 400)
        eventually("it is named", lambda: self.rows()["ring"]["Worst"] == "card1")
        self.assertEqual(self.packets()["ring"], 423)

    def test_ena_allowances(self):
        self.serve("ena")
        self.loses("providerLimit", 15, *((self.card.count, f"{name}_allowance_exceeded", n)
                                          for n, name in enumerate(ALLOWANCES, 1)),
                   (self.card.count, "conntrack_allowance_available", 1000))

    def test_ena_rx_dropped(self):
        """What rtnetlink tells as dropped is the ring's, and not left over for the place unhandled."""
        self.serve("ena")
        unhandled = self.packets()["unhandled"]
        self.loses("ring", 60, (self.card.count64, "rx_dropped", 60),
                   (self.card.count, "queue_0_rx_empty_rx_ring", 7))
        self.assertEqual(self.packets()["unhandled"], unhandled)

    def test_unhandled(self):
        """LLDP on a card that tells its own losses apart."""
        self.serve("igb")
        before = self.packets()
        dropped = links(self.ns)["card0"]["stats64"]["rx"]["dropped"]
        send(self.ns, "peer0", 300)
        dropped = links(self.ns)["card0"]["stats64"]["rx"]["dropped"] - dropped
        self.assertGreaterEqual(dropped, 300)
        eventually("they are no loss", lambda: self.rise(before) == {"unhandled": dropped})
        self.assertEqual(self.agent.get("netdiagAgentLossRate.0"), 0)

    def test_mlx5(self):
        """A block that FEC could not correct makes a CRC error, most of the time: whichever rises more."""
        self.card = self.served.card("card0", driver="mlx5_core", fec="100000 5000")
        for name, value in (("rx_out_of_buffer", 3), ("rx_discards_phy", 4)):
            self.card.count(name, value)
        self.card.count64("rx_crc_errors", 900)
        self.start()
        row = self.loses("phy", 40, (self.card.count64, "rx_crc_errors", 40),
                         (self.card.count64, "rx_errors", 40), (self.card.set,))
        self.assertEqual(self.agent.get(row["ObjectId"].removeprefix("NETDIAG-MIB::")), 940)
        self.lost("phy", "^card0$", lambda: self.card.set(fec="100700 5021") or 21)
        self.assertEqual(self.packets()["ring"], 0)
        self.lost("ring", "^card0$", lambda: self.card.count("rx_out_of_buffer", 6) or
                  self.card.count("rx_discards_phy", 9) or 15)

    def test_length_errors(self):
        self.serve("igb")
        self.loses("phy", 9, (self.card.count64, "rx_length_errors", 9), (self.card.count64, "rx_errors", 9))

    def test_overruns(self):
        """The kernel's own terms come before the driver's: what the whole device had no buffers for, that
        of queues which are gone included."""
        self.card = self.served.card("card0", driver="virtio_net")
        self.card.count_queue("device", 0, RX_OVERRUNS, 1000)
        self.card.count_queue("rx", 0, RX_OVERRUNS, 50)
        self.card.count("rx_drops", 70)
        self.start()
        self.assertEqual(nics(self.agent)["card0"]["RxDiscards"], 1050)
        row = self.loses("ring", 31, (self.card.count_queue, "rx", 0, RX_OVERRUNS, 20),
                         (self.card.count_queue, "rx", 3, RX_OVERRUNS, 11), (self.card.count, "rx_drops", 100))
        self.assertEqual(self.agent.get(row["ObjectId"].removeprefix("NETDIAG-MIB::")), 1081)

    def test_rate_limits(self):
        """A queue's: they are in its drops, which are no lack of buffers."""
        self.card = self.served.card("card0", driver="virtio_net")
        for way, queue, attribute in (("rx", 0, RX_HW_DROPS), ("rx", 0, RX_RATELIMITS), ("tx", 1, TX_RATELIMITS)):
            self.card.count_queue(way, queue, attribute, 700)
        self.start()
        self.agent.refreshed("queue")
        row = self.loses("providerLimit", 19, (self.card.count_queue, "rx", 0, RX_HW_DROPS, 16),
                         (self.card.count_queue, "rx", 0, RX_RATELIMITS, 16),
                         (self.card.count_queue, "tx", 1, TX_RATELIMITS, 3))
        self.assertEqual(self.agent.get(row["ObjectId"].removeprefix("NETDIAG-MIB::")), 716)

    def test_report(self):
        """Where packets were lost in the sample comes first."""
        self.card = self.served.card("card0", "ena", fec="0 0")
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write(CONFIG)
            config.flush()
            command = self.ns.command(harness.BINARY, "--config", config.name, "--report=5", "--format=json")
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, **self.served.env}) as child:
                time.sleep(2)
                self.card.count64("rx_crc_errors", 7)
                self.card.count64("rx_dropped", 8)
                self.card.count("pps_allowance_exceeded", 9)
                data = json.loads(child.communicate(timeout=60)[0])
        self.assertEqual({row["place"]: (row["packets"], row["worst"]) for row in data["losses"]
                          if row["class"] == "loss" and row.get("packets")},
                         {"phy": (7, "card0"), "ring": (8, "card0"), "providerLimit": (9, "card0")})


if __name__ == "__main__":
    unittest.main()
