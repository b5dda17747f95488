# SPDX-License-Identifier: BSD-2-Clause
"""One real fault at a time, and everything that a receiver is told of it: the alarm of its cause,
its effects only in the tables, and nothing at all where no packet is lost."""

import contextlib
import selectors
import socket
import threading
import time
import unittest

from faults import HOST, PEER, Clients, Fault, Service, shortened
from harness import SOAK, Netns, collectors, eventually, need_tools, veth
from sockpile import Pile, half_open, nstat
from test_softnet import Tree
from traps import TRUE
from watched import Watched, load

class Stalled(Fault):
    """One of ten listeners stalls."""

    takes_s = 60

    def test_one_raise_and_one_clear(self):
        services = [self.listen() for _ in range(10)]
        watched = self.watch(shortened(clear_after="8s"))
        stalled = services[3]
        key = ("listener.queue", stalled.endpoint)
        with Clients(HOST, [service.port for service in services]).connecting(self.peer):
            watched.agent.refreshed("listener")
            stalled.stall()
            speaker = eventually("an alarm is raised", lambda: self.told("AlarmRaised"))[0]
            watched.expected.add(speaker[1:])
            eventually("its cause is in the table", lambda: key in watched.alarms())
            eventually("its effects are in the table", lambda: {
                ("listener.drops", stalled.endpoint), ("tcp.listen_overflows", "-")
            } <= set(watched.alarms()))
            rows = watched.alarms()
            # Whichever was decided first speaks for all.
            for held, row in rows.items():
                self.assertEqual(row["netdiagAlarmNotify"] == TRUE, held == speaker[1:], rows)
                self.assertEqual(row["netdiagAlarmCauseId"] != 0, held != speaker[1:], rows)
            self.assertEqual(len(self.told("AlarmRaised")), 1)
            trap = watched.receiver.of("AlarmRaised")[0]
            self.agreed()
            stalled.work()
            eventually("it is over", lambda: not watched.alarms())
            eventually("that is told", lambda: self.told("AlarmCleared"))
            self.stays([("AlarmRaised", *speaker[1:]), ("AlarmCleared", *speaker[1:])], 3)
        self.agreed()


class Outage(Fault):
    """20 % of all packets are lost, then all, then none."""

    takes_s = 180

    def lose(self, percent):
        self.peer.run("nft", "add table ip lossy; flush table ip lossy; add chain ip lossy in"
                      " { type filter hook prerouting priority -300; }; add rule ip lossy in "
                      + (f"numgen random mod 100 < {percent} " if 0 < percent < 100 else "")
                      + ("counter drop" if percent else "accept"))

    @contextlib.contextmanager
    def sending(self):
        """Traffic to the peer, over thirty connections."""
        sink = self.stack.enter_context(Pile(self.peer)).listen(PEER)
        reader = threading.Thread(target=drain, args=(sink,), daemon=True)
        reader.start()
        mine = self.stack.enter_context(Pile(self.host))
        senders = [mine.connect(sink.getsockname()) for _ in range(30)]
        for sender in senders:
            sender.setblocking(False)

        def send():
            for sender in senders:
                with contextlib.suppress(BlockingIOError):
                    sender.send(bytes(5000))

        with load(self.host, send, 0.05):
            yield
        sink.close()
        reader.join()

    def test_raised_to_the_end(self):
        # With SOAK nothing but the defaults, and longer than they take to clear.
        # TCP waits up to 26 s between two retransmissions within this outage: the clear has to take
        # longer, as it does by default.
        watched = self.watch(shortened(window="10s", clear_after="40s") if SOAK == 1 else "",
                             expected={("tcp.retransmits", None), ("tcp.stalled", None)})
        with self.sending():
            watched.agent.refreshed("counters")
            self.lose(20)
            watched.raised("tcp.retransmits", timeout=120)
            self.lose(100)
            trap = watched.raised("tcp.stalled", timeout=120)
            self.assertIn("path", trap["Advice"])
            end = time.monotonic() + (40 if SOAK == 1 else 400)
            while time.monotonic() < end:
                self.assertEqual(self.told("AlarmCleared"), [])
                self.assertIn(("tcp.retransmits", "-"), watched.alarms())
                time.sleep(0.5)
            self.lose(0)
            watched.cleared("tcp.stalled", timeout=400 * SOAK)
            watched.cleared("tcp.retransmits", timeout=400 * SOAK)
        self.agreed()

    def test_told_when_it_outlives_its_cause(self):
        """Segments are sent again, as a stalled listener makes it happen; and then it works."""
        service = self.listen()
        watched = self.watch(shortened(window="15s", clear_after="3s"), expected={
            (check, None) for check in ("listener.drops", "listener.queue", "tcp.listen_overflows",
                                        "tcp.retransmits")})
        key = ("tcp.retransmits", "-")
        with self.sending(), Clients(HOST, [service.port]).connecting(self.peer):
            watched.agent.refreshed("counters")
            self.lose(10)
            service.stall()
            row = eventually("it is held", lambda: watched.alarms().get(key), timeout=120)
            self.assertNotEqual(row["netdiagAlarmCauseId"], 0)
            self.assertNotEqual(row["netdiagAlarmNotify"], TRUE)
            self.assertNotIn(("AlarmRaised", *key), self.told())
            service.work()
            trap = watched.raised(*key, timeout=120)
            self.assertEqual(trap["CauseId"], "0")
            self.lose(0)
            watched.cleared(*key, timeout=120)
        eventually("nothing is left", lambda: not watched.alarms())
        self.agreed()


def drain(listener):
    """Reads all that is sent to a listener, until it is closed."""
    listener.setblocking(False)
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as accepted:
        selector.register(listener, selectors.EVENT_READ)
        while listener.fileno() >= 0:
            for key, _ in selector.select(0.5):
                if key.fileobj is listener:
                    selector.register(accepted.enter_context(listener.accept()[0]),
                                      selectors.EVENT_READ)
                elif not key.fileobj.recv(1 << 16):
                    selector.unregister(key.fileobj)


class Early(Fault):
    """How long a receiver waits, with the defaults and after more than a whole window."""

    takes_s = 120

    def test_listener(self):
        service = self.listen(backlog=16)
        watched = self.watch("", expected={("listener.drops", None), ("listener.queue", None),
                                           ("tcp.listen_overflows", None)})
        eventually("it has been up for long", lambda: watched.agent.get("netdiagAgentUptime.0") > 7500,
                   timeout=100, every=0.5)
        # The queue fills; each of the ten that come in a second is lost from then on.
        service.stall()
        full = Clients(HOST, [service.port] * 17, patience=100)
        self.addCleanup(full.close)
        with self.peer.entered():
            full.turn()
        time.sleep(0.5)
        began = time.monotonic()
        with Clients(HOST, [service.port], patience=0.9).connecting(self.peer, 0.1):
            eventually("it is told", lambda: self.told("AlarmRaised"), every=0.02)
            took = time.monotonic() - began
            self.assertLess(took, 6)
            # That may get worse; it is no second fault.
            time.sleep(10)
            self.assertEqual([trap["State"] for trap in self.watched.receiver.of("AlarmRaised")].count(
                "raised"), 1)

    def test_softnet(self):
        """200 drops within a second."""
        with Tree() as tree:
            tree.softnet({0: (100, 0), 1: (100, 0)})
            others = "".join(f"collector {name} off\n" for name in collectors() if name != "softnet")
            watched = self.stack.enter_context(Watched(others, self.host, args=tree.args))
            self.watched = watched
            eventually("it has been up for long",
                       lambda: watched.agent.get("netdiagAgentUptime.0") > 7500, timeout=100, every=0.5)
            began = time.monotonic()
            for drops in range(20, 201, 20):
                tree.softnet({0: (100, 0), 1: (1000, drops)})
                time.sleep(0.1)
            trap = watched.raised("softnet.dropped", "cpu1")
            took = time.monotonic() - began
            self.assertLess(took, 6)
            self.stays([("AlarmRaised", "softnet.dropped", "cpu1")], 10)


class CrashLoop(Fault):
    """A listener that fills up, crashes and is started again, with the defaults: for 15 minutes
    when there is time for it."""

    takes_s = 120

    def test_few_notifications(self):
        watched = self.watch("", expected={("listener.drops", None), ("listener.queue", None),
                                           ("tcp.listen_overflows", None)})
        with contextlib.ExitStack() as first:
            port = first.enter_context(Service(self.host, backlog=16)).port
        end = time.monotonic() + (90 if SOAK == 1 else 900)
        crashes = 0
        with Clients(HOST, [port]).connecting(self.peer, 0.02):
            while time.monotonic() < end:
                with Service(self.host, port=port, backlog=16) as service:
                    service.stall()
                    time.sleep(4)
                crashes += 1
                time.sleep(3)
        self.assertGreater(nstat(self.host, "TcpExtListenOverflows"), 100)
        self.assertTrue(self.told("AlarmRaised"))
        self.assertLessEqual(len(self.told()), 4)


class SynFlood(Fault):
    def test_syn_queue_only(self):
        service = self.listen(backlog=64)
        watched = self.watch(shortened())
        with load(self.peer, lambda: half_open(self.peer, "10.77.0.9", HOST, service.port, 200), 0.05):
            trap = watched.raised("tcp.syn_queue", severity="critical")
            self.stays([("AlarmRaised", "tcp.syn_queue", "-")], 10)
            self.assertEqual(set(watched.alarms()), {("tcp.syn_queue", "-")})


class Snat(Fault):
    """Masquerading onto four ports."""

    def test_exhausted_ports(self):
        need_tools("conntrack")
        client = self.stack.enter_context(Netns("client"))
        veth(client, "out", "10.78.0.2/24", self.host, "in", "10.78.0.1/24")
        client.run("ip", "route", "add", "default", "via", "10.78.0.1")
        self.host.sysctl("net.ipv4.ip_forward", 1)
        self.host.run("nft", "add table ip nat; add chain ip nat post "
                      "{ type nat hook postrouting priority 100; }; "
                      "add rule ip nat post oifname left0 udp dport 53 masquerade to :5000-5003")
        watched = self.watch(shortened())

        def ask():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as query:
                with contextlib.suppress(OSError):
                    query.sendto(b"x", (PEER, 53))

        with load(client, ask, 0.002):
            trap = watched.raised("conntrack.insert_failed")
            self.assertIn("port", trap["Advice"])
            self.assertEqual(trap["Command"], "-")
            self.stays([("AlarmRaised", "conntrack.insert_failed", "-")], 10)
            self.assertNotIn("nf_conntrack_max", str(watched.alarms()))


class Frames(Fault):
    """What no protocol of the host handles."""

    def test_lldp_is_no_loss(self):
        watched = self.watch(shortened(window="30s"))
        watched.agent.refreshed("nic")
        frame = bytes.fromhex("0180c200000e020000000001" "88cc") + bytes(60)
        with self.peer.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
            raw.bind(("right0", 0))
            for number in range(30000):
                raw.send(frame)
                if number % 100 == 0:
                    time.sleep(0.01)
        index = int(self.host.run("cat", "/sys/class/net/left0/ifindex"))
        eventually("all are counted", lambda: watched.agent.try_get(
            f"netdiagNicRxPackets.{index}") >= 29000)
        self.stays([], 12)
        self.assertEqual(watched.alarms(), {})


class Tunnel(Fault):
    def test_errors_of_a_virtual_device_are_no_cable(self):
        self.host.run("ip", "link", "add", "vx0", "type", "vxlan", "id", "5", "remote", "10.99.0.1",
                      "dstport", "4789")
        self.host.run("ip", "address", "add", "10.98.0.1/24", "dev", "vx0")
        self.host.run("ip", "link", "set", "vx0", "up")
        self.host.run("ip", "neighbour", "add", "10.98.0.2", "lladdr", "02:00:00:00:00:05", "dev", "vx0")
        watched = self.watch(shortened())
        with self.host.entered():
            sender = self.stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        watched.agent.refreshed("nic")
        watched.expected.add(("nic.drops", "vx0"))

        def send():
            with contextlib.suppress(OSError):
                sender.sendto(b"x", ("10.98.0.2", 9))

        with load(self.host, send, 0.01):
            trap = watched.raised("nic.errors", "vx0")
            self.assertNotIn("cable", str(trap))


if __name__ == "__main__":
    unittest.main()
