# SPDX-License-Identifier: BSD-2-Clause
"""Network interfaces: what netdiagNicTable and netdiagNicStatTable say is what ip, tc and ethtool
say, under real traffic and real drops, and while interfaces come, go and are made anew."""

import json
import re
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import NOBODY, Agent, Netns, eventually, need, need_root, need_tools, run

TRUE, FALSE = 1, 2
OPER = {"UP": 1, "DOWN": 2, "TESTING": 3, "UNKNOWN": 4, "DORMANT": 5, "NOTPRESENT": 6,
        "LOWERLAYERDOWN": 7}  # as ifOperStatus
DUPLEX = {"Unknown!": 1, "Half": 2, "Full": 3}
OK, STALE, UNSUPPORTED = 1, 3, 4

# Columns and where `ip -j -s -s link` has them; ip leaves out what is not counted often.
LINK_STATISTICS = {
    "RxPackets": ("rx", "packets"), "RxErrors": ("rx", "errors"), "RxDropped": ("rx", "dropped"),
    "RxMissed": ("rx", "missed_errors"), "RxFifoErrors": ("rx", "fifo_errors"),
    "RxCrcErrors": ("rx", "crc_errors"), "RxFrameErrors": ("rx", "frame_errors"),
    "RxOverErrors": ("rx", "over_errors"), "RxLengthErrors": ("rx", "length_errors"), "TxPackets": ("tx", "packets"),
    "TxErrors": ("tx", "errors"), "TxDropped": ("tx", "dropped"),
    "TxFifoErrors": ("tx", "fifo_errors"), "TxCarrierErrors": ("tx", "carrier_errors"),
    "CarrierChanges": ("tx", "carrier_changes"),
}

# An Ethernet type for experiments that nobody handles, so that each frame is dropped as unknown.
ETHERTYPE = b"\x88\xb5"


def command(ns, *words):
    """A command's output in a namespace, or in the host's."""
    return ns.run(*words) if ns else run(*words)


def links(ns):
    return {link["ifname"]: link for link in json.loads(command(ns, "ip", "-j", "-d", "-s", "-s", "link"))}


def root_qdiscs(ns):
    return {q["dev"]: q for q in json.loads(command(ns, "tc", "-s", "-j", "qdisc")) if q.get("root")}


def ethtool(ns, *words):
    """What ethtool prints, or "" where the device has none of it."""
    done = subprocess.run((ns.command if ns else lambda *c: list(c))("ethtool", *words),
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode == 0 else ""


def driver_statistics(ns, name):
    return {key.strip(): int(value) for key, value in
            re.findall(r"^\s*(\S.*): (\d+)$", ethtool(ns, "-S", name), re.M)}


def rings(ns, name):
    """{"RxMax": 256, …} by `ethtool -g`; n/a is left out."""
    maximum, _, current = ethtool(ns, "-g", name).partition("Current hardware settings:")
    found = {}
    for text, what in ((maximum, "Max"), (current, "Current")):
        for way in ("RX", "TX"):
            value = re.search(rf"^{way}:\s+(\d+)$", text, re.M)
            if value:
                found[f"Ring{way.capitalize()}{what}"] = int(value.group(1))
    return found


def nics(agent):
    """{name: {column without its prefix: value}}. A walk that takes longer than a snapshot lasts may
    see a part of a row that went away; it has no name then."""
    rows = {}
    for ifindex, row in agent.table("netdiagNicTable").items():
        plain = {column.removeprefix("netdiagNic"): value for column, value in row.items()}
        if "Name" in plain:
            rows[plain["Name"]] = {**plain, "IfIndex": ifindex}
    return rows


def statistics(agent, ifindex):
    return {name: row["netdiagNicStatValue"] for (index, name), row in
            agent.table("netdiagNicStatTable").items() if index == ifindex}


def quiet(label):
    """A namespace in which nothing sends by itself."""
    ns = Netns(label)
    for scope in ("all", "default"):
        ns.run("sysctl", "-qw", f"net.ipv6.conf.{scope}.disable_ipv6=1", check=False)
    return ns


def pair(ns, left, right, index=None, queues=1):
    """A veth pair within a namespace, up."""
    ns.run("ip", "link", "add", "name", left, *(["index", str(index)] if index else []), "type",
           "veth", "peer", "name", right, "numrxqueues", str(queues))
    for name in (left, right):
        ns.run("ip", "link", "set", name, "up")


def send(ns, name, count, size=60):
    """Sends frames out of an interface. Those that are dropped on the way are nobody's error."""
    frame = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01" + ETHERTYPE
    frame += b"\0" * (size - len(frame))
    with ns.entered():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind((name, 0))
            for _ in range(count):
                try:
                    raw.send(frame)
                except OSError:
                    pass


class Oracles(unittest.TestCase):
    """The tables beside the tools, column by column."""

    def setUp(self):
        need_root()
        need_tools("ip", "tc", "ethtool")

    def compare_link(self, row, link, link_names):
        self.assertEqual(row["IfIndex"], link["ifindex"])
        self.assertEqual(row["Mtu"], link["mtu"])
        self.assertEqual(row["TxQueueLen"], link["txqlen"])
        self.assertEqual(row["RxQueues"], link["num_rx_queues"])
        self.assertEqual(row["TxQueues"], link["num_tx_queues"])
        self.assertEqual(row["OperStatus"], OPER[link["operstate"]])
        if "UP" in link["flags"]:
            self.assertEqual(row["Carrier"], TRUE if "LOWER_UP" in link["flags"] else FALSE)
        else:
            self.assertNotIn("Carrier", row)
        self.assertEqual(row.get("MasterName"), link.get("master"))
        if "master" in link:
            self.assertEqual(row["MasterIfIndex"], link_names[link["master"]]["ifindex"])
        for column, (way, key) in LINK_STATISTICS.items():
            self.assertEqual(row[column], link["stats64"][way][key], column)
        self.assertEqual(row["RxNoHandler"], link["stats64"]["rx"].get("nohandler", 0))

    def compare_qdisc(self, row, qdisc):
        if qdisc is None or qdisc["kind"] == "noqueue":
            for column in ("QdiscDrops", "QdiscBacklog", "QdiscRequeues"):
                self.assertNotIn(column, row)
            return
        self.assertEqual(row["QdiscDrops"], qdisc["drops"])
        self.assertEqual(row["QdiscBacklog"], qdisc["backlog"])
        self.assertEqual(row["QdiscRequeues"], qdisc["requeues"])

    def compare_ethtool(self, ns, row):
        name = row["Name"]
        info = dict(re.findall(r"^(driver|bus-info): (.*)$", ethtool(ns, "-i", name), re.M))
        self.assertEqual(row.get("Driver", ""), info.get("driver", ""))
        self.assertEqual(row.get("BusInfo", ""), info.get("bus-info", "").replace("N/A", ""))
        have = {key: row[key] for key in row if re.match("Ring[RT]x", key)}
        self.assertEqual(have, rings(ns, name))
        settings = ethtool(ns, name)
        speed = re.search(r"Speed: (\d+)Mb/s", settings)
        duplex = re.search(r"Duplex: (Half|Full|Unknown!)", settings)
        self.assertEqual(row.get("SpeedMbps"), int(speed.group(1)) if speed else None)
        self.assertEqual(row.get("Duplex"), DUPLEX[duplex.group(1)] if duplex else None)

    def compare_statistics(self, agent, ns, row):
        shown = statistics(agent, row["IfIndex"])
        real = driver_statistics(ns, row["Name"])
        wanted = {key: value for key, value in real.items()
                  if re.search("drop|discard|miss|error|timeout", key)}
        self.assertLessEqual(wanted.items(), shown.items())
        self.assertLessEqual(shown.items(), real.items())

    def compare_all(self, agent, ns):
        """One snapshot beside one reading of the tools: equal where nothing moves meanwhile."""
        agent.refreshed("nic")
        rows, expected, qdiscs = nics(agent), links(ns), root_qdiscs(ns)
        self.assertEqual(sorted(rows), sorted(expected))
        for name, row in rows.items():
            if name == "lo":  # these questions themselves go over it
                continue
            self.compare_link(row, expected[name], expected)
            self.compare_qdisc(row, qdiscs.get(name))
            self.compare_ethtool(ns, row)
            self.compare_statistics(agent, ns, row)
        return rows

    def test_host(self):
        with Agent("interval nic 300ms\ninterfaces exclude lo veth*\n") as agent:
            # the host's own traffic goes on: one of some attempts falls into a pause
            rows = eventually("the tables agree with ip, tc and ethtool",
                              lambda: self.compare_host(agent))
            self.assertTrue(rows)
            self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)

    def compare_host(self, agent):
        expected, qdiscs = links(None), root_qdiscs(None)
        agent.refreshed("nic")
        rows = nics(agent)
        names = [name for name in expected if name != "lo" and not name.startswith("veth")]
        self.assertEqual(sorted(rows), sorted(names))
        for name, row in rows.items():
            self.compare_link(row, expected[name], expected)
            self.compare_qdisc(row, qdiscs.get(name))
            self.compare_ethtool(None, row)
        return rows

    def test_virtio(self):
        card = next((name for name in links(None)
                     if "driver: virtio_net" in ethtool(None, "-i", name)), None)
        need(card, "no virtio_net interface here")
        with Agent("interval nic 300ms\n") as agent:
            row = nics(agent)[card]
            self.assertEqual({key: row[key] for key in row if re.match("Ring[RT]x", key)},
                             rings(None, card))
            self.assertEqual(row["BusInfo"],
                             re.search("bus-info: (.*)", ethtool(None, "-i", card)).group(1))
            source = row["RxDiscardsSource"]
            real = driver_statistics(None, card)
            if "rx_drops" in real:
                self.assertEqual(source, "rx_drops")
                self.assertEqual(row["RxDiscards"], real["rx_drops"])
            else:
                self.assertIn(source, ("sum of rx_queue_N_drops", "rx_missed (stats64)"))

    def test_namespace(self):
        with quiet("nic") as ns:
            pair(ns, "left", "right", queues=3)
            ns.run("ip", "link", "set", "right", "mtu", "1400", "txqueuelen", "77")
            ns.run("ip", "link", "add", "off0", "type", "veth", "peer", "name", "off1")
            ns.run("ip", "link", "add", "br0", "type", "bridge")
            ns.run("ip", "link", "set", "left", "master", "br0")
            with Agent("interval nic 200ms\n", netns=ns) as agent:
                rows = eventually("the tables agree with ip, tc and ethtool",
                                  lambda: self.compare_all(agent, ns))
                self.assertEqual(rows["left"]["MasterName"], "br0")
                self.assertEqual(rows["right"]["RxQueues"], 3)
                self.assertEqual(rows["right"]["RxDiscardsSource"], "sum of rx_queue_N_drops")
                self.assertEqual(rows["right"]["RpsEnabled"], FALSE)
                self.assertEqual(rows["left"]["SpeedMbps"], 10000)
                self.assertEqual(root_qdiscs(ns)["left"]["kind"], "noqueue")
                # seen at once, not when what rarely changes is read again
                ns.run("sh", "-c", "echo 1 >/sys/class/net/right/queues/rx-0/rps_cpus")
                agent.refreshed("nic")
                agent.refreshed("nic")
                self.assertEqual(nics(agent)["right"]["RpsEnabled"], TRUE)

    def test_without_privileges(self):
        """Nothing of it needs a capability."""
        with quiet("nic") as ns:
            pair(ns, "left", "right", queues=2)
            with Agent("interval nic 200ms\n", netns=ns, user=NOBODY) as agent:
                eventually("the tables agree with ip, tc and ethtool",
                           lambda: self.compare_all(agent, ns))
                health = agent.collector("nic")
                self.assertEqual(health["netdiagCollectorStatus"], OK)
                self.assertEqual(health["netdiagCollectorLastError"], "")

    def test_traffic_and_drops(self):
        with quiet("nic") as ns:
            pair(ns, "left", "right")
            with Agent("interval nic 200ms\n", netns=ns) as agent:
                before = nics(agent)["right"]
                send(ns, "left", 250)
                # nobody handles these frames: the kernel counts them as dropped
                after = eventually("250 frames came and were dropped", lambda: next(
                    (row for row in (nics(agent)["right"],)
                     if row["RxDropped"] - before["RxDropped"] == 250), None))
                self.assertEqual(after["RxPackets"] - before["RxPackets"], 250)
                self.assertEqual(after["DiscontinuityTime"], before["DiscontinuityTime"])
                self.compare_all(agent, ns)

    def test_qdisc_drops(self):
        with quiet("nic") as ns:
            pair(ns, "left", "right")
            done = subprocess.run(ns.command("tc", "qdisc", "replace", "dev", "left", "root", "tbf",
                                             "rate", "8kbit", "burst", "1600", "limit", "3000"),
                                  stderr=subprocess.PIPE, text=True)
            need(done.returncode == 0, f"no tbf qdisc: {done.stderr.strip()}")
            with Agent("interval nic 200ms\n", netns=ns) as agent:
                self.assertEqual(nics(agent)["left"]["QdiscDrops"], 0)
                send(ns, "left", 50, size=1000)
                drops = root_qdiscs(ns)["left"]["drops"]
                self.assertGreater(drops, 40)
                row = eventually("the drops of tbf are shown", lambda: next(
                    (row for row in (nics(agent)["left"],) if row["QdiscDrops"] == drops), None))
                self.assertLessEqual(row["QdiscBacklog"], 3000)
                stamp = row["DiscontinuityTime"]
                # another qdisc starts from 0; the total does not go back
                ns.run("tc", "qdisc", "replace", "dev", "left", "root", "pfifo", "limit", "10")
                row = eventually("the reset is a discontinuity", lambda: next(
                    (row for row in (nics(agent)["left"],) if row["DiscontinuityTime"] != stamp),
                    None))
                self.assertEqual(row["QdiscDrops"], drops)


class Lifetimes(unittest.TestCase):
    """Interfaces that come, go, are renamed and are made again."""

    takes_s = 40

    def setUp(self):
        need_root()
        need_tools("ip")

    def test_come_and_go(self):
        with quiet("nic") as ns, Agent("interval nic 200ms\n", netns=ns) as agent:
            self.assertNotIn("come", nics(agent))
            pair(ns, "come", "peer")
            row = eventually("the interface shows up", lambda: nics(agent).get("come"))
            self.assertTrue(statistics(agent, row["IfIndex"]))
            ns.run("ip", "link", "set", "come", "down")
            ns.run("ip", "link", "set", "come", "name", "renamed")
            other = eventually("the new name is shown", lambda: nics(agent).get("renamed"))
            self.assertEqual(other["IfIndex"], row["IfIndex"])
            self.assertEqual(other["DiscontinuityTime"], row["DiscontinuityTime"])
            ns.run("ip", "link", "del", "renamed")
            eventually("the interface is gone", lambda: "renamed" not in nics(agent))
            self.assertFalse(statistics(agent, row["IfIndex"]))
            self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)
            self.assertEqual(agent.collector("nic")["netdiagCollectorErrors"], 0)

    def test_same_name(self):
        with quiet("nic") as ns:
            pair(ns, "again", "peer")
            send(ns, "peer", 300)
            with Agent("interval nic 200ms\n", netns=ns) as agent:
                before = eventually("the interface is there", lambda: nics(agent).get("again"))
                self.assertEqual(before["RxPackets"], 300)
                ns.run("ip", "link", "del", "again")
                pair(ns, "again", "peer")
                send(ns, "peer", 7)
                after = eventually("the new interface is shown", lambda: next(
                    (row for row in (nics(agent).get("again"),)
                     if row and row["IfIndex"] != before["IfIndex"] and row["RxPackets"] == 7), None))
                self.assertGreater(after["DiscontinuityTime"], before["DiscontinuityTime"])

    def remake(self, more):
        """Deletes an interface and makes another one with its ifindex, which counts fewer or more
        packets until it is seen. It has its own counts, under a new stamp."""
        with quiet("nic") as ns:
            pair(ns, "one", "peer", index=77)
            send(ns, "peer", 200)
            # long enough for all of it to happen between two collections
            with Agent("interval nic 2s\n", netns=ns) as agent:
                agent.refreshed("nic")
                before = nics(agent)["one"]
                self.assertEqual((before["IfIndex"], before["RxPackets"]), (77, 200))
                old_stamps = {key: row["netdiagNicStatDiscontinuityTime"] for key, row in
                              agent.table("netdiagNicStatTable").items() if key[0] == 77}
                self.assertTrue(old_stamps)
                agent.refreshed("nic")
                ns.run("ip", "link", "del", "one")
                pair(ns, "two", "peer", index=77)
                send(ns, "peer", more)
                after = eventually("the new interface is shown under the old index", lambda: next(
                    (row for row in (nics(agent).get("two"),)
                     if row and row["RxPackets"] == more), None))
                self.assertEqual(after["IfIndex"], 77)
                self.assertGreater(after["DiscontinuityTime"], before["DiscontinuityTime"])
                for key, row in agent.table("netdiagNicStatTable").items():
                    if key[0] == 77:
                        self.assertGreater(row["netdiagNicStatDiscontinuityTime"], old_stamps[key])

    def test_same_ifindex_fewer_packets(self):
        self.remake(more=5)

    def test_same_ifindex_more_packets(self):
        # without the announcement this would look like a counter that went on
        self.remake(more=450)

    def test_away_and_back(self):
        """An interface is moved to another namespace and back with its ifindex and its counts."""
        with quiet("nic") as ns, quiet("away") as away:
            pair(ns, "one", "peer", index=77)
            send(ns, "peer", 200)
            with Agent("interval nic 2s\n", netns=ns) as agent:
                agent.refreshed("nic")
                before = nics(agent)["one"]
                self.assertEqual(before["RxPackets"], 200)
                ns.run("ip", "link", "set", "one", "netns", away.name)
                away.run("ip", "link", "set", "one", "netns", ns.name)
                ns.run("ip", "link", "set", "one", "up")
                send(ns, "peer", 7)
                after = eventually("it is back, with its own counts", lambda: next(
                    (row for row in (nics(agent).get("one"),)
                     if row and row["RxPackets"] == 207), None))
                self.assertEqual(links(ns)["one"]["stats64"]["rx"]["packets"], 207)
                self.assertEqual(after["IfIndex"], 77)
                self.assertGreater(after["DiscontinuityTime"], before["DiscontinuityTime"])

    def test_swapped_names(self):
        """Two interfaces swap their names over and over, as udev has them do at boot: each keeps
        its own driver and statistics."""
        with quiet("nic") as ns:
            pair(ns, "swap0", "peer", queues=2)
            ns.run("ip", "link", "set", "peer", "down")  # an interface that is up keeps its name
            ns.run("ip", "link", "add", "swap1", "type", "bridge")
            drivers = {links(ns)["peer"]["ifindex"]: "veth", links(ns)["swap1"]["ifindex"]: "bridge"}
            names = ["peer", "swap1"]
            stop = threading.Event()

            def swap():
                first, second = names
                batch = (f"link set {first} name between\nlink set {second} name {first}\n"
                         f"link set between name {second}\n")
                while not stop.is_set():
                    subprocess.run(ns.command("ip", "-batch", "-"), input=batch, text=True,
                                   check=True)

            with Agent("interval nic 100ms\n", netns=ns) as agent:
                whole = {index: set(row) for index, row in self.by_index(agent, drivers).items()}
                worker = threading.Thread(target=swap)
                worker.start()
                seen = incomplete = 0
                try:
                    for _ in range(40):
                        agent.refreshed("nic")
                        for index, row in self.by_index(agent, drivers).items():
                            seen += 1
                            incomplete += set(row) != whole[index]
                            self.assertEqual(row.get("Driver", drivers[index]), drivers[index])
                finally:
                    stop.set()
                    worker.join()
                # renamed twice while it was read: rare, and never for long
                self.assertLess(incomplete, seen / 10)
                agent.refreshed("nic")
                for index, row in self.by_index(agent, drivers).items():
                    self.assertEqual(row["Driver"], drivers[index])
                    self.assertEqual(set(row), whole[index])
                    self.assertEqual(row["Name"], {link["ifindex"]: name for name, link in
                                                   links(ns).items()}[index])
                    self.assertEqual(bool(statistics(agent, index)), drivers[index] == "veth")

    @staticmethod
    def by_index(agent, wanted):
        return {row["IfIndex"]: row for row in nics(agent).values() if row["IfIndex"] in wanted}

    def test_churn(self):
        """Interfaces come and go as fast as they can: nothing fails and nothing leaks."""
        with quiet("nic") as ns:
            pair(ns, "stays", "peer")
            with Agent("interval nic 100ms\n", netns=ns) as agent:
                agent.refreshed("nic")
                descriptors = agent.fd_count()
                ifindex = nics(agent)["stays"]["IfIndex"]
                cells = [oid for oid in agent.reached("netdiagNicTable") if oid[-1] == ifindex]
                self.assertGreater(len(cells), 20)
                stop = threading.Event()

                def churn():
                    number = 0
                    while not stop.is_set():
                        number += 1
                        ns.run("ip", "link", "add", f"c{number}", "type", "veth", "peer", "name",
                               f"d{number}")
                        ns.run("ip", "link", "del", f"c{number}")

                worker = threading.Thread(target=churn)
                worker.start()
                try:
                    for _ in range(30):
                        walked = [oid for oid, _ in agent.walk_oids("netdiagNicTable")]
                        self.assertEqual(walked, sorted(set(walked)))
                        # What stays is whole in each walk, and GET reaches the same of it.
                        self.assertEqual([oid for oid in walked if oid[-1] == ifindex], cells)
                        self.assertEqual(sorted(agent.get_many(cells)), cells)
                finally:
                    stop.set()
                    worker.join()
                health = agent.collector("nic")
                self.assertIn(health["netdiagCollectorStatus"], (OK, STALE))
                agent.refreshed("nic")
                self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)
                self.assertEqual(agent.reached("netdiagNicTable"),
                                 [oid for oid, _ in agent.walk_oids("netdiagNicTable")])
                # Some are open only while something is read; one left open for each of those
                # interfaces would be many more.
                self.assertLess(agent.fd_count(), descriptors + 10)


class Settings(unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip", "ethtool")

    def test_include_and_exclude(self):
        with quiet("nic") as ns:
            pair(ns, "in0", "in1")
            pair(ns, "out0", "in2")
            with Agent("interval nic 200ms\ninterfaces include in* o*\ninterfaces exclude *1 out?\n",
                       netns=ns) as agent:
                agent.refreshed("nic")
                rows = nics(agent)
                self.assertEqual(sorted(rows), ["in0", "in2"])
                shown = {index for index, _ in agent.table("netdiagNicStatTable")}
                self.assertEqual(shown, {row["IfIndex"] for row in rows.values()})

    def test_statistics(self):
        with quiet("nic") as ns:
            pair(ns, "one", "peer", queues=4)
            with Agent("interval nic 200ms\nnicStatistics *xdp_tx peer_ifindex\n",
                       netns=ns) as agent:
                agent.refreshed("nic")
                ifindex = nics(agent)["peer"]["IfIndex"]
                wanted = {name: value for name, value in driver_statistics(ns, "peer").items()
                          if name.endswith("xdp_tx") or name == "peer_ifindex"}
                self.assertTrue(wanted)
                self.assertEqual(statistics(agent, ifindex), wanted)

    def test_bound(self):
        with quiet("nic") as ns:
            pair(ns, "one", "peer", queues=4)
            with Agent("interval nic 200ms\nmaxRows nic 3\n", netns=ns) as agent:
                agent.refreshed("nic")
                self.assertEqual(len(statistics(agent, nics(agent)["peer"]["IfIndex"])), 3)
                health = agent.collector("nic")
                self.assertEqual(health["netdiagCollectorStatus"], OK)
                self.assertIn("maxRows nic", health["netdiagCollectorLastError"])

    def test_other_roots(self):
        """Interfaces of the running kernel are not shown beside another host's files."""
        with quiet("nic") as ns, tempfile.TemporaryDirectory() as empty:
            with Agent("interval nic 200ms\n", args=("--sys-root", empty), netns=ns) as agent:
                health = eventually("nic has been tried", lambda: next(
                    (row for row in (agent.collector("nic"),)
                     if "--sys-root" in row["netdiagCollectorLastError"]), None))
                self.assertEqual(health["netdiagCollectorStatus"], UNSUPPORTED)
                self.assertEqual(nics(agent), {})


class Many(unittest.TestCase):
    takes_s = 30

    def test_a_thousand(self):
        """A walk of 1,000 interfaces visits each cell once, in order, and each can be got."""
        need_root()
        need_tools("ip")
        with quiet("nic") as ns:
            batch = "".join(f"link add a{i} type veth peer name b{i}\n" for i in range(500))
            subprocess.run(ns.command("ip", "-batch", "-"), input=batch, text=True, check=True)
            with Agent("interval nic 500ms\n", netns=ns) as agent:
                agent.refreshed("nic")
                walked = agent.walk_oids("netdiagNicTable")
                oids = [oid for oid, _ in walked]
                self.assertEqual(oids, sorted(set(oids)))
                rows = nics(agent)
                self.assertEqual(sorted(rows), sorted(links(ns)))
                self.assertEqual(len(rows), 1001)
                for name, row in rows.items():
                    for column in ("OperStatus", "Mtu", "RxPackets", "TxDropped", "RxDiscards",
                                   "DiscontinuityTime"):
                        self.assertIn(column, row, name)
                # GET reaches what the walk visited, and no more: of 300 of them, for time's sake.
                self.assertEqual(agent.reached("netdiagNicTable", lambda index: index[0] <= 301),
                                 [oid for oid in oids if oid[-1] <= 301])
                stats = agent.walk_oids("netdiagNicStatTable")
                oids = [oid for oid, _ in stats]
                self.assertEqual(oids, sorted(set(oids)))
                self.assertGreaterEqual(len(oids), 2000)

    def test_all_at_once(self):
        """More interfaces go away than the kernel can announce to somebody without privileges."""
        need_root()
        need_tools("ip")
        with quiet("nic") as ns:
            def batch(text):
                subprocess.run(ns.command("ip", "-batch", "-"), input=text, text=True, check=True)

            make = "".join(f"link add a{i} type veth peer name b{i}\n" for i in range(200))
            batch(make)
            with Agent("interval nic 1s\n", netns=ns, user=NOBODY) as agent:
                eventually("all are there", lambda: len(nics(agent)) == 401)
                batch("".join(f"link del a{i}\n" for i in range(200)))
                eventually("all are gone", lambda: list(nics(agent)) == ["lo"])
                batch(make)
                eventually("all are back", lambda: len(nics(agent)) == 401)
                health = agent.collector("nic")
                self.assertEqual(health["netdiagCollectorStatus"], OK)
                self.assertEqual(health["netdiagCollectorErrors"], 0)


if __name__ == "__main__":
    unittest.main()
