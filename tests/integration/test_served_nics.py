# SPDX-License-Identifier: BSD-2-Clause
"""Network cards that are not here, served to netdiagd in place of veths (served_nics.c): what their
drivers count is in one column for all of them, and the limits, pauses and links that are told."""

import unittest

from harness import NOBODY, Agent, eventually, need_root, need_tools
from served import ServedNics
from test_nic import links, nics, pair, quiet, send, statistics
from watched import OK, WARNING, Watched, fast, short

FAST = "interval nic 200ms\n"

ACTIVE, BACKUP = 1, 2                # netdiagNicBondState
UP, DOWN = 1, 3                      # netdiagNicBondMiiStatus
DISTRIBUTING, OUT_OF_SYNC = 1, 4     # netdiagNicBondLacpState
LACP_DISTRIBUTING, LACP_OUT_OF_SYNC = 0x3d, 0x05
MODE_1000, MODE_10000 = 1 << 5, 1 << 12  # ETHTOOL_LINK_MODE_1000baseT_Full_BIT, 10000baseT
ETH_MAC, FCS_ERRORS, CABLE_ISSUE, UNSUPPORTED_CABLE = 1, 4, 5, 1
RX_CRC_ERRORS = "eth-mac-FrameCheckSequenceErrors"


def down_counts(ns):
    """{name: how often the carrier was lost}, by sysfs."""
    return {name: int(ns.run("cat", f"/sys/class/net/{name}/carrier_down_count"))
            for name in links(ns)}


class Base(unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip")


class Columns(Base):
    def served(self, ns, served, fixture=None, **head):
        """A veth that is served as a card, and its card."""
        pair(ns, "card0", "peer0")
        return served.card("card0", fixture, **head)

    def assert_columns(self, agent, **columns):
        def agree():
            row = nics(agent)["card0"]
            self.assertEqual({name: row.get(name) for name in columns}, columns)
            return row
        return eventually("the columns are those of the card", agree)

    def test_allowances(self):
        """The cloud's limits, and discards that are in rx_dropped alone."""
        with quiet("served") as ns, ServedNics() as served:
            card = self.served(ns, served, "ena")
            card.count64("rx_dropped", 5)
            with Agent(FAST, netns=ns, env=served.env, user=NOBODY) as agent:
                row = self.assert_columns(
                    agent, Driver="ena", BusInfo="0000:00:05.0", LimitInBandwidth=10,
                    LimitOutBandwidth=200, LimitPackets=3000, LimitConntrack=40000,
                    LimitLinkLocal=500000, TxQueueStops=3, PauseRx=None, FecCorrected=None,
                    LinkDownReason=None, RxDiscardsSource="rx_dropped (stats64)")
                dropped = links(ns)["card0"]["stats64"]["rx"]["dropped"]
                self.assertEqual(row["RxDiscards"], dropped + 5)
                self.assertEqual(row["RxDropped"], dropped + 5)
                shown = statistics(agent, row["IfIndex"])
                for part, count in (("_exceeded", 5), ("_queue_stop", 2), ("_rx_empty_rx_ring", 2)):
                    wanted = {name: value for name, value in card.statistics.items() if part in name}
                    self.assertEqual(len(wanted), count)
                    self.assertLessEqual(wanted.items(), shown.items())
                self.assertNotIn("conntrack_allowance_available", shown)  # no counter
                # A veth beside it has none of them.
                for name in ("LimitPackets", "PauseRx", "FecCorrected", "TxQueueStops", "BondState"):
                    self.assertNotIn(name, nics(agent)["peer0"])
                self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)

    def test_what_is_not_lost(self):
        """Frames that wait in the FIFO are no loss."""
        with quiet("served") as ns, ServedNics() as served:
            self.served(ns, served, "igb")
            with Agent(FAST, netns=ns, env=served.env) as agent:
                self.assert_columns(agent, Driver="igb", RxDiscards=1151, PauseRx=46, PauseTx=11,
                                    RxDiscardsSource="rx_missed_errors", TxQueueStops=5)

    def test_netlink(self):
        """What only ethtool's netlink family has, before the same by the driver's names."""
        with quiet("served") as ns, ServedNics() as served:
            card = self.served(ns, served, "igb", pause="120 7", fec="1000 3", carrier=0,
                               link_state=f"{CABLE_ISSUE} {UNSUPPORTED_CABLE} 12", speed=25000,
                               duplex="full", ring="256 4096")
            card.count_standard(ETH_MAC, FCS_ERRORS, 17)
            card.count64("rx_crc_errors", 17)
            card.count64("rx_length_errors", 4)
            with Agent(FAST, netns=ns, env=served.env, user=NOBODY) as agent:
                row = self.assert_columns(
                    agent, PauseRx=120, PauseTx=7, FecCorrected=1000, FecUncorrectable=3,
                    LinkDownReason="cable issue, unsupported cable", LinkDownCount=12, Carrier=2,
                    RxCrcErrors=17, RxLengthErrors=4, SpeedMbps=25000, RingRxMax=4096)
                shown = statistics(agent, row["IfIndex"])
                self.assertEqual(shown[RX_CRC_ERRORS], 17)
                card.set(pause="150 7")
                card.count_standard(ETH_MAC, FCS_ERRORS, 5)
                self.assert_columns(agent, PauseRx=150)
                eventually("the standard statistic rises", lambda: statistics(
                    agent, row["IfIndex"])[RX_CRC_ERRORS] == 22)
                # The reason is that of a link that is down.
                card.set(carrier=1, carrier_down_count=1)
                self.assert_columns(agent, LinkDownReason=None, Carrier=1)

    def test_link_down_count(self):
        """Without a driver's own count it is the kernel's, which every device has."""
        with quiet("served") as ns:
            pair(ns, "one", "two")
            for state in ("down", "up") * 3:
                ns.run("ip", "link", "set", "two", state)
            with Agent(FAST, netns=ns) as agent:
                expected = down_counts(ns)
                self.assertGreaterEqual(expected["one"], 3)
                agent.refreshed("nic")
                self.assertEqual({name: row["LinkDownCount"] for name, row in nics(agent).items()},
                                 expected)

    def test_continues(self):
        """The driver's counters begin anew, as with ethtool -G: the columns go on."""
        with quiet("served") as ns, ServedNics() as served:
            card = self.served(ns, served, "ena", pause="100 0")
            with Agent(FAST, netns=ns, env=served.env) as agent:
                before = self.assert_columns(agent, LimitPackets=3000, PauseRx=100)
                card.statistics["pps_allowance_exceeded"] = 0
                card.set(pause="0 0")
                row = eventually("the stamp moves", lambda: next(
                    (row for row in (nics(agent)["card0"],)
                     if row["DiscontinuityTime"] > before["DiscontinuityTime"]), None))
                self.assertEqual((row["LimitPackets"], row["PauseRx"]), (3000, 100))
                card.count("pps_allowance_exceeded", 25)
                card.set(pause="4 0")
                self.assert_columns(agent, LimitPackets=3025, PauseRx=104)

    def test_bond(self):
        with quiet("served") as ns, ServedNics() as served:
            card = self.served(ns, served, "e1000e",
                               bond=f"{BACKUP - 1} {DOWN - 1} 17 {LACP_OUT_OF_SYNC}")
            ns.run("ip", "link", "add", "bond0", "type", "bridge")
            ns.run("ip", "link", "set", "card0", "master", "bond0")
            with Agent(FAST, netns=ns, env=served.env) as agent:
                self.assert_columns(agent, MasterName="bond0", BondState=BACKUP, BondMiiStatus=DOWN,
                                    BondLinkFailures=17, BondLacpState=OUT_OF_SYNC, RxDiscards=23)
                card.set(bond=f"{ACTIVE - 1} {UP - 1} 18 {LACP_DISTRIBUTING}")
                self.assert_columns(agent, BondState=ACTIVE, BondMiiStatus=UP, BondLinkFailures=18,
                                    BondLacpState=DISTRIBUTING)
                card.set(bond=f"{ACTIVE - 1} {UP - 1} 18 -1")  # another mode
                self.assert_columns(agent, BondState=ACTIVE, BondLacpState=None)


class Alarms(Base):
    takes_s = 30

    def test_limited(self):
        with quiet("limited") as ns, ServedNics() as served:
            pair(ns, "card0", "peer0")
            card = served.card("card0", "ena")
            with Watched(short("nic.limited") + fast("nic"), netns=ns, env=served.env) as watched:
                # What was exceeded before is no alarm.
                eventually("it is judged", lambda: watched.state("nic.limited", "card0") == OK)

                def exceed():
                    card.count("conntrack_allowance_exceeded")
                    return any(trap.get("Check") == "nic.limited" for trap in watched.receiver.all())

                eventually("it is told", exceed)
                trap = watched.raised("nic.limited", "card0")
                self.assertIn("card0: ", trap["Summary"])
                self.assertIn("by the cloud", trap["Summary"])
                self.assertTrue(trap["Summary"].endswith("allowance of tracked connections"),
                                trap["Summary"])
                self.assertIn("larger instance", trap["Advice"])
                self.assertEqual(trap["Command"], "-")
                watched.cleared("nic.limited", "card0")

    def test_flapping(self):
        """The link is lost for real, again and again. On a veth that is none of a card it is not
        told: that is how containers end."""
        with quiet("flapping") as ns, ServedNics() as served:
            pair(ns, "card0", "peer0")
            pair(ns, "veth0", "veth1")
            served.card("card0", "e1000e", link_state=f"{CABLE_ISSUE} {UNSUPPORTED_CABLE} -1")
            with Watched(short("link.flapping", window="60s") + fast("nic"), netns=ns,
                         env=served.env) as watched:
                eventually("it is judged", lambda: watched.state("link.flapping", "card0") == OK)
                before = down_counts(ns)["card0"]
                for state in ("down", "up") * 5:
                    for name in ("peer0", "veth1"):
                        ns.run("ip", "link", "set", name, state)
                    watched.agent.refreshed("nic")
                lost = down_counts(ns)["card0"] - before
                self.assertEqual(lost, 5)
                trap = watched.raised("link.flapping", "card0", "warning")
                self.assertRegex(trap["Summary"], r"^card0: link lost \d times in 1 min, cable issue, "
                                 "unsupported cable$")
                eventually("all of it is counted", lambda: watched.check(
                    "link.flapping", "card0")["netdiagCheckValue"] == lost * 100)
                self.assertEqual(watched.check("link.flapping", "veth0"), {})

    def test_degraded(self):
        """A port of a bond that is slower than the other."""
        with quiet("degraded") as ns, ServedNics() as served:
            pair(ns, "card0", "peer0")
            pair(ns, "card1", "peer1")
            ns.run("ip", "link", "add", "bond0", "type", "bridge")
            cards = [served.card(name, "e1000e", speed=10000, duplex="full", bond="0 0 0 -1")
                     for name in ("card0", "card1")]
            for name in ("card0", "card1"):
                ns.run("ip", "link", "set", name, "master", "bond0")
            with Watched(short("link.degraded") + "check link.degraded hold 1s\n" + fast("nic"),
                         netns=ns, env=served.env) as watched:
                eventually("both are judged", lambda: [watched.state("link.degraded", name)
                                                       for name in ("card0", "card1")] == [OK, OK])
                # A card that cannot be faster is meant to be the reserve.
                cards[1].set(speed=1000, supported=MODE_1000)
                eventually("it is slower", lambda: nics(watched.agent)["card1"]["SpeedMbps"] == 1000)
                watched.agent.refreshed("nic")
                self.assertEqual(watched.state("link.degraded", "card1"), OK)
                cards[1].set(supported=MODE_1000 | MODE_10000)
                trap = watched.raised("link.degraded", "card1", "warning")
                self.assertEqual(trap["Summary"],
                                 "card1: 1000 Mbit/s, while another port of bond0 has 10000")
                self.assertEqual(watched.state("link.degraded", "card0"), OK)
                cards[1].set(speed=10000)
                watched.cleared("link.degraded", "card1")
                # Its link is gone, then that of the other, too.
                cards[1].set(carrier=0, carrier_down_count=1)
                trap = watched.raised("link.degraded", "card1")
                self.assertIn("no link, while other ports of bond0 have one", trap["Summary"])
                cards[0].set(carrier=0, carrier_down_count=1)
                watched.cleared("link.degraded", "card1")
                self.assertEqual(watched.state("link.degraded", "card0"), OK)

    def test_paused(self):
        """Shown, and told to nobody."""
        with quiet("paused") as ns, ServedNics() as served:
            pair(ns, "card0", "peer0")
            card = served.card("card0", "igb", pause="0 0")
            with Watched(short("nic.paused") + fast("nic"), netns=ns, env=served.env) as watched:
                eventually("it is judged", lambda: watched.state("nic.paused", "card0") == OK)
                frames = 0

                def paused():
                    nonlocal frames
                    frames += 50
                    card.set(pause=f"{frames} 0")
                    return watched.state("nic.paused", "card0") == WARNING

                eventually("the rate is seen", paused)
                self.assertIn("pause frames/s received",
                              watched.check("nic.paused", "card0")["netdiagCheckSummary"])
                self.assertNotIn("AlarmRaised", [kind for kind in watched.told()])

    def test_no_handler(self):
        """Frames that nobody handles are no loss."""
        with quiet("nohandler") as ns, ServedNics() as served:
            pair(ns, "card0", "peer0")
            served.card("card0", "igb")
            with Watched(short("nic.drops", "nic.rx_discards", "nic.errors") + fast("nic"),
                         netns=ns, env=served.env) as watched:
                eventually("it is judged", lambda: watched.state("nic.rx_discards", "card0") == OK)
                send(ns, "peer0", 12000)
                row = eventually("they are dropped", lambda: next(
                    (row for row in (nics(watched.agent)["card0"],) if row["RxDropped"] >= 12000), None))
                self.assertEqual(row["RxDiscards"], 1151)
                watched.agent.refreshed("nic")
                self.assertEqual(watched.alarms(), {})


if __name__ == "__main__":
    unittest.main()
