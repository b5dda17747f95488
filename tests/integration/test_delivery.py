# SPDX-License-Identifier: BSD-2-Clause
"""Notifications while the master, netdiagd or the rate are not what they should be: in the end the
receiver knows what is in netdiagAlarmTable, and no sequence number is missing."""

import contextlib
import random
import signal
import socket
import threading
import time
import unittest

from harness import Agent, Netns, collectors, eventually, need_root
from sockpile import Pile, half_open, veth_pair
from test_softnet import Tree
from traps import Receiver

# What is looked at is fast, so that a fault is told within seconds; nothing else of the machine
# counts. (Advice is made of sysctl's rows.)
FAST = ("counters", "listener", "udpSocket", "softnet")
INTERVALS = "".join(f"interval {name} 500ms\n" if name in FAST else f"collector {name} off\n"
                    for name in collectors() if name != "sysctl")


def quick(check, extra="", window=True, clear="1s"):
    """A line of the configuration that makes a check fast."""
    return f"check {check} {'window 2s ' if window else ''}hold 1 clearAfter {clear} {extra}\n"


class Repeat:
    """Does something again and again, in a thread, until it is told to stop."""

    def __init__(self, what, every=0.05):
        self.what = what
        self.every = every
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while not self.ended.wait(self.every):
            self.what()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.ended.set()
        self.thread.join()


class Delivered(unittest.TestCase):
    """A namespace with an agent and a receiver in it."""

    def setUp(self):
        need_root()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.ns = self.stack.enter_context(Netns("delivery"))
        self.receiver = self.stack.enter_context(Receiver(netns=self.ns))
        self.pile = self.stack.enter_context(Pile(self.ns))

    # Informs are sent again when the machine is so busy that it drops them.
    def agent(self, config, **options):
        return self.stack.enter_context(Agent(INTERVALS + config, netns=self.ns,
                                              snmpd_config=self.receiver.sink("informsink"), **options))

    def settle(self, agent, check, instance="-"):
        """Waits until a check has a value."""
        eventually(f"{check} is ok", lambda: agent.table("netdiagCheckTable").get(
            (check, instance), {}).get("netdiagCheckState") == 1)

    def active(self, agent):
        """{key: severity} of netdiagAlarmTable, in a receiver's words."""
        names = {2: "warning", 3: "critical"}
        return {(row["netdiagAlarmCheck"], row["netdiagAlarmInstance"]): names[row["netdiagAlarmSeverity"]]
                for row in agent.table("netdiagAlarmTable").values()}

    def settled(self, agent):
        """[what is active], once the receiver knows just that and nothing is waiting; else it
        raises."""
        active = self.active(agent)
        self.receiver.agrees(agent)
        self.assertEqual(agent.get("netdiagAgentTrapsPending.0"), 0)
        return [active]


class Ends(Delivered):

    def test_an_alarm_ends_with_its_listener(self):
        """Once it has been gone for a minute: services restart."""
        agent = self.agent(quick("listener.queue", window=False) + "check listener.drops off\n"
                           "check tcp.listen_overflows off\n")
        listener = self.pile.listen("127.0.0.1", backlog=16)
        endpoint = "127.0.0.1:%d" % listener.getsockname()[1]
        self.pile.overflow(listener.getsockname(), extra=2, limit=16)
        self.receiver.wait("AlarmRaised", "listener.queue", endpoint)
        listener.close()
        trap = self.receiver.wait("AlarmCleared", "listener.queue", endpoint, timeout=120)
        self.assertIn("its object was removed", trap["Summary"])
        self.assertEqual(agent.table("netdiagCheckTable")["listener.queue", endpoint]["netdiagCheckState"], 5)

    def test_reload_keeps_alarms(self):
        with Tree() as tree:
            tree.softnet({0: (100, 0)})
            agent = self.agent(quick("softnet.dropped"), args=tree.args)
            self.settle(agent, "softnet.dropped", "cpu0")
            drops = iter(range(1, 10**9, 40))
            with Repeat(lambda: tree.softnet({0: (100, next(drops))}), every=0.1):
                self.receiver.wait("AlarmRaised", "softnet.dropped", "cpu0")
                before = agent.table("netdiagAlarmTable")
                agent.write_config(INTERVALS + quick("softnet.dropped") + "heartbeat 1s\n")
                agent.daemon.send_signal(signal.SIGHUP)
                eventually("it is in use", lambda: len({
                    trap["ConfigHash"] for trap in self.receiver.of("Heartbeat")}) == 2)
                self.assertEqual(list(before), list(agent.table("netdiagAlarmTable")))
                self.assertEqual(self.receiver.of("AlarmCleared"), [])
                agent.write_config(INTERVALS + "check softnet.dropped off\n")
                agent.daemon.send_signal(signal.SIGHUP)
                trap = self.receiver.wait("AlarmCleared", "softnet.dropped", "cpu0")
                self.assertIn("the check was turned off", trap["Summary"])
                self.assertEqual(agent.table("netdiagAlarmTable"), {})
                history = [row["netdiagAlarmHistoryEvent"]
                           for _, row in sorted(agent.table("netdiagAlarmHistoryTable").items())]
                self.assertEqual((history[0], history[-1]), (1, 4))

    def test_syn_queue(self):
        other = self.stack.enter_context(Netns("client"))
        veth_pair(self.ns, other)
        self.ns.sysctl("net.ipv4.tcp_syncookies", 0)
        agent = self.agent(quick("tcp.syn_queue"))
        listener = self.pile.listen("0.0.0.0", backlog=4)
        self.settle(agent, "tcp.syn_queue")
        with Repeat(lambda: half_open(other, "10.77.0.9", "10.77.0.1", listener.getsockname()[1], 40)):
            trap = self.receiver.wait("AlarmRaised", "tcp.syn_queue")
            self.assertIn("syncookies are off", trap["Advice"])
            self.assertEqual(trap["Command"], "sysctl -w net.ipv4.tcp_syncookies=1")
        trap = self.receiver.wait("AlarmCleared", "tcp.syn_queue")
        self.assertIn("tcp.syn_queue: over after", trap["Summary"])


class Flooded(Delivered):
    # Sockets that lose datagrams, each an alarm of its own; and not the sum of them, nor what else
    # this machine is loaded with.
    CONFIG = "check udp.rcvbuf_errors off\ncollector softnet off\n"

    def flooder(self, count):
        """UDP sockets that lose datagrams while they are switched on: an alarm each."""
        sockets = []
        for _ in range(count):
            deaf = self.pile.socket(kind=socket.SOCK_DGRAM)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.bind(("127.0.0.1", 0))
            sockets.append(deaf)
        client = self.pile.socket(kind=socket.SOCK_DGRAM)
        self.on = set()

        def flood():
            for number in list(self.on):
                for _ in range(10):
                    client.sendto(bytes(1000), sockets[number].getsockname())

        return Repeat(flood), ["127.0.0.1:%d" % deaf.getsockname()[1] for deaf in sockets]

    def whole_window(self, agent):
        """Before it nothing is judged."""
        eventually("a whole window has passed", lambda: agent.get("netdiagAgentUptime.0") > 300)


class Restarted(Flooded):
    def test_a_restarted_daemon_tells_what_is_wrong(self):
        agent = self.agent(self.CONFIG + quick("udp.socket_drops"))
        flood, endpoints = self.flooder(1)
        with flood:
            self.receiver.wait("AlarmSync")
            self.whole_window(agent)
            self.on.add(0)
            self.receiver.wait("AlarmRaised", "udp.socket_drops", endpoints[0])
            agent.stop_daemon()
            agent.start_daemon()
            agent.wait_up()
            eventually("it is told again", lambda: len(
                self.receiver.of("AlarmRaised", "udp.socket_drops", endpoints[0])) == 2)
            first, second = self.receiver.of("AlarmSync")
            self.assertNotEqual(first["BootId"], second["BootId"])
            self.assertEqual(second["LastSequence"], "0")
            eventually("all is told", lambda: self.settled(agent))


class Chaos(Flooded):
    takes_s = 45

    def test_chaos(self):
        agent = self.agent(self.CONFIG + quick("udp.socket_drops", clear="0s") + "notifications rate 100/s\n")
        flood, endpoints = self.flooder(8)
        chance = random.Random(7)
        restarts = 0
        with flood:
            self.receiver.wait("AlarmSync")
            self.whole_window(agent)
            end = time.monotonic() + 30
            while time.monotonic() < end:
                self.on.symmetric_difference_update({chance.randrange(len(endpoints))})
                time.sleep(chance.uniform(0.1, 1.0))
                if chance.random() < 0.35:
                    agent.kill_master(chance.choice((signal.SIGKILL, signal.SIGTERM)))
                    time.sleep(chance.uniform(0, 1.5))
                    agent.start_master()
                    restarts += 1
            agent.wait_up()
            self.assertGreater(restarts, 5)
            eventually("all is told", lambda: self.settled(agent), every=0.5)
            self.assertTrue(self.receiver.of("AlarmRaised"))
            self.on.clear()
            eventually("all alarms end", lambda: self.settled(agent) == [{}], every=0.5)


class Rate(Flooded):
    takes_s = 90

    def test_the_rate_is_kept_and_the_end_is_right(self):
        agent = self.agent(self.CONFIG + quick("udp.socket_drops", clear="0s") + "notifications rate 10/m\n")
        flood, endpoints = self.flooder(9)
        with flood:
            self.receiver.wait("AlarmSync")
            self.whole_window(agent)
            began = time.monotonic()
            for _ in range(4):
                self.on.update(range(9))
                time.sleep(3)
                self.on.clear()
                time.sleep(5)
            took = time.monotonic() - began
            told = len(self.receiver.of("AlarmRaised")) + len(self.receiver.of("AlarmCleared"))
            self.assertLessEqual(told, 10 + took / 6 + 1)
            self.assertGreater(agent.scalars("netdiagAgent")["netdiagAgentTrapsSuppressed"], 12)
            self.assertEqual(eventually("all is told", lambda: self.settled(agent), timeout=120, every=0.5), [{}])


if __name__ == "__main__":
    unittest.main()
