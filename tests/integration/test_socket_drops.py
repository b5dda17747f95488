# SPDX-License-Identifier: BSD-2-Clause
"""netdiagSocketDropTable and netdiagNfqueueTable, under sockets and queues that nobody reads,
against /proc/net and what was sent less what could still be received."""

import os
import shutil
import tempfile
import unittest

import harness
import socket_faults

FAST = "interval socketDrop 200ms\ninterval nfqueue 200ms\n"


def rows(agent, table):
    return {key: {name[len(table):]: value for name, value in row.items()}
            for key, row in agent.table(f"{table}Table").items()}


def self_named():
    with open("/proc/self/comm") as comm:
        return os.getpid(), comm.read().strip()


class SocketDrops(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip")

    def row(self, agent, endpoint, drops):
        """The row, when it has this many drops."""
        def there():
            row = rows(agent, "netdiagSocketDrop").get(endpoint)
            return row if row and row.get("Drops") == drops else None
        return harness.eventually(f"{endpoint} has {drops} drops", there)

    def assert_owner(self, agent, endpoint):
        harness.eventually("its owner", lambda: (
            lambda row: (row.get("Pid"), row.get("Command")))(
                rows(agent, "netdiagSocketDrop")[endpoint]) == self_named())

    def test_raw(self):
        """What a raw socket loses is what was sent less what it still holds. Its drops outlast it,
        and another socket's are added."""
        with harness.Netns("raw") as ns, harness.Agent(FAST, netns=ns) as agent, \
                socket_faults.Sockets(ns) as sockets:
            idle = sockets.unread_raw("127.0.0.2")
            unread = sockets.unread_raw()
            sockets.flood_icmp(300)
            name, drops = socket_faults.kernel_drops(ns, socket_faults.inode_of(unread))
            self.assertEqual(name, "raw")
            self.assertGreater(drops, 200)
            row = self.row(agent, "raw 127.0.0.1 proto 1", drops)
            self.assertGreater(row["RxQueueBytes"], 0)
            self.assertEqual((row["Sockets"], row["Uid"], row["Label"]),
                             (1, 0, "raw 127.0.0.1 proto 1"))
            self.assertEqual(rows(agent, "netdiagSocketDrop")["raw 127.0.0.2 proto 1"]["Drops"], 0)
            self.assert_owner(agent, "raw 127.0.0.1 proto 1")
            self.assertEqual(drops, 300 - socket_faults.received(unread))
            self.assertEqual(socket_faults.received(idle), 0)
            unread.close()
            harness.eventually("it is closed", lambda: rows(agent, "netdiagSocketDrop")[
                "raw 127.0.0.1 proto 1"]["Sockets"] == 0)
            closed = self.row(agent, "raw 127.0.0.1 proto 1", drops)
            self.assertNotIn("RxQueueBytes", closed)
            self.assertNotIn("Pid", closed)
            again = sockets.unread_raw()
            sockets.flood_icmp(100)
            drops += 100 - socket_faults.received(again)
            self.row(agent, "raw 127.0.0.1 proto 1", drops)

    def test_netlink(self):
        """Two subscribers to the same messages: the small one loses what the large one has more."""
        with harness.Netns("nl") as ns, harness.Agent(FAST, netns=ns) as agent, \
                socket_faults.Sockets(ns) as sockets:
            large = sockets.link_monitor(16 << 20, force=True)
            small = sockets.link_monitor()
            sockets.make_links(20)
            name, drops = socket_faults.kernel_drops(ns, socket_faults.inode_of(small))
            self.assertEqual(name, "netlink")
            endpoint = f"netlink route portid {small.getsockname()[0]}"
            row = self.row(agent, endpoint, drops)
            self.assertNotIn("Uid", row)
            self.assert_owner(agent, endpoint)
            lossless = f"netlink route portid {large.getsockname()[0]}"
            self.assertEqual(rows(agent, "netdiagSocketDrop")[lossless]["Drops"], 0)
            self.assertEqual(drops, socket_faults.received(large) - socket_faults.received(small))
            self.assertGreater(drops, 20)
            alarms = rows(agent, "netdiagAlarm")
            self.assertEqual(alarms, {}, "a monitor that sleeps is no alarm")

    def test_without_privileges(self):
        """Another user's netdiagd counts as well; the owners it may not see."""
        with harness.Netns("nobody") as ns, socket_faults.Sockets(ns) as sockets, \
                harness.Agent(FAST, netns=ns, user=harness.NOBODY) as agent:
            unread = sockets.unread_raw()
            sockets.flood_icmp(300)
            row = self.row(agent, "raw 127.0.0.1 proto 1", 300 - socket_faults.received(unread))
            self.assertNotIn("Pid", row)


class Nfqueue(unittest.TestCase):
    def setUp(self):
        harness.need_root()
        harness.need_tools("ip", "nft")

    def row(self, agent, queue, **wanted):
        def there():
            row = rows(agent, "netdiagNfqueue").get(queue)
            return row if row and wanted.items() <= row.items() else None
        return harness.eventually(f"queue {queue}: {wanted}", there)

    def test_full_queue(self):
        """A program that gives no verdict: the queue holds ten, the others are lost. It is
        replaced by one whose socket is too small, and the sums go on."""
        with harness.Netns("queue") as ns, harness.Agent(FAST, netns=ns) as agent, \
                socket_faults.Sockets(ns) as sockets:
            socket_faults.queue_rule(ns, 9, 5)
            program = sockets.queue(5, maxlen=10)
            sockets.flood_queue(9, 100)
            portid, length, dropped, user_dropped, packets = socket_faults.kernel_queue(ns, 5)
            self.assertEqual((length, dropped, user_dropped), (10, 90, 0))
            self.row(agent, 5, QueueLength=10, Dropped=90, UserDropped=0, Packets=packets,
                     PortId=portid)
            pid, command = self_named()
            self.row(agent, 5, Pid=pid, Command=command)
            self.assertEqual(socket_faults.received(program), 10)
            program.close()
            row = self.row(agent, 5, Dropped=90)
            harness.eventually("nobody serves it", lambda: "PortId" not in
                               rows(agent, "netdiagNfqueue")[5])
            second = sockets.queue(5, size=socket_faults.SMALL_BUFFER)
            sockets.flood_queue(9, 100)
            _, _, dropped, user_dropped, _ = socket_faults.kernel_queue(ns, 5)
            self.assertEqual(dropped, 0)
            self.assertEqual(user_dropped, 100 - socket_faults.received(second))
            self.assertGreater(user_dropped, 50)
            again = self.row(agent, 5, Dropped=90, UserDropped=user_dropped)
            self.assertEqual(again["DiscontTime"], row["DiscontTime"])

    def status(self, agent):
        row = agent.collector("nfqueue")
        return row["netdiagCollectorStatus"], row["netdiagCollectorLastError"]

    def test_privilege(self):
        """Without the capability it is unsupported, and denied where the configuration asks for
        it; with the drop-in's capability alone it works."""
        unsupported, denied = 4, 5
        with harness.Netns("nfpriv") as ns, socket_faults.Sockets(ns) as sockets:
            harness.need("nfnetlink_queue" in ns.run("ls", "/proc/net/netfilter"),
                         "this kernel has no nfnetlink_queue")
            for config, wanted in (("", unsupported), ("collector nfqueue on\n", denied)):
                with harness.Agent(FAST + config, netns=ns, user=harness.NOBODY) as agent:
                    status, error = self.status(agent)
                    self.assertEqual(status, wanted)
                    self.assertIn("CAP_DAC_READ_SEARCH", error)
                    self.assertIn("nfqueue.conf", error)
            sockets.queue(7)
            directory = tempfile.mkdtemp(prefix="netdiag-nfqueue-")
            self.addCleanup(shutil.rmtree, directory)
            os.chmod(directory, 0o755)
            binary = shutil.copy(harness.BINARY, directory)
            text = ns.run("setpriv", f"--reuid={harness.NOBODY}", f"--regid={harness.NOBODY}",
                          "--clear-groups", "--bounding-set=-all,+dac_read_search",
                          "--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search",
                          binary, "--dump=text")
            self.assertRegex(text, r"netdiagNfqueueTable: 1 row\n\s+Queue 7 ")
