# SPDX-License-Identifier: BSD-2-Clause
"""Very many alarms at once, and what one local user can do to those of others: receivers hear of it in
a few notifications, first of what concerns the host, and in the end know what netdiagAlarmTable says."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import unittest

import harness
from harness import Agent, NOBODY, Netns, eventually, need_root, sanitizer, stop
from traps import TRUE, Receiver

# What crowds of sockets are seen by; nothing else of the machine counts.
SEEN_BY = ("counters", "listener", "udpSocket", "socketState", "limit", "conntrack")
ONLY = "".join(f"collector {name} off\n" for name in harness.collectors() if name not in SEEN_BY)

# The end of an alarm takes five minutes by default.
SOON = "check listener.queue clearAfter 2s\n" + "".join(
    f"check {check} window 10s clearAfter 2s\n" for check in (
        "tcp.listen_overflows", "listener.drops", "tcp.retransmits", "tcp.stalled", "tcp.rcvq_drops",
        "udp.rcvbuf_errors", "udp.socket_drops"))

SEVERITY = {2: "warning", 3: "critical"}
FIRST_PORT = 10001     # below the ports that clients are given
FIRST_USER = 61000     # of those that nobody is
SERVICE_USER = 33
HOST_WIDE_S = 10       # until receivers know what concerns the host, or a service beside a storm
STORM_MAX = 12         # notifications about a storm from its beginning to its end
AGREE_S = 60           # until receiver and table agree
MIB = 1024             # KiB
OPEN_FILES = 20000


class Crowd:
    """crowd.py in a namespace: very many sockets of a user. A context manager."""

    def __init__(self, netns, count, uid=NOBODY, name="crowd", address="127.0.0.1", port=FIRST_PORT,
                 backlog=8, users=0):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "crowd.py")
        self.process = netns.start(
            sys.executable, path, str(uid), name, address, str(port), str(count), str(backlog),
            str(users), text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.endpoints = [f"{address}:{port + i}" for i in range(count)]
        self._answers("ready")

    def _answers(self, word):
        answer = self.process.stdout.readline()
        assert answer == word + "\n", f"{answer!r} instead of {word}"

    def does(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        self._answers("done")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        stop(self.process)


class Storm(unittest.TestCase):
    """A namespace with an agent and a receiver in it."""

    def setUp(self):
        need_root()
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.ns = self.stack.enter_context(Netns("storm"))
        self.receiver = self.stack.enter_context(Receiver(netns=self.ns))

    def agent(self, config="", base=ONLY):
        # Informs are sent again when the machine is so busy that it drops them.
        agent = self.stack.enter_context(Agent(base + config, netns=self.ns,
                                               snmpd_config=self.receiver.sink("informsink")))
        # It waits until every check was evaluated.
        self.receiver.wait("AlarmSync", timeout=90)
        return agent

    def crowd(self, *args, netns=None, **options):
        return self.stack.enter_context(Crowd(netns or self.ns, *args, **options))

    def told(self):
        """The notifications about alarms so far."""
        return [trap for trap in self.receiver.all() if trap.kind in ("AlarmRaised", "AlarmCleared")]

    def column(self, agent, name):
        """{index: value} of one column: the table is too long to be walked whole again and again."""
        length = len(harness.Mib.get().oid[name])
        return {oid[length:]: value for oid, value in agent.walk_oids(name)}

    def speakers(self, agent):
        """{AlarmId: (check, instance, severity)} of the alarms that receivers are told of."""
        told = [index for index, notify in self.column(agent, "netdiagAlarmNotify").items()
                if notify == TRUE]
        check, instance, severity = (harness.Mib.get().oid["netdiagAlarm" + name]
                                     for name in ("Check", "Instance", "Severity"))
        cells = agent.get_many(column + index for index in told for column in (check, instance, severity))
        assert len(cells) == 3 * len(told), "an alarm has just ended"
        return {index[0]: (cells[check + index], cells[instance + index],
                           SEVERITY[cells[severity + index]]) for index in told}

    def agreed(self, agent):
        """[what is active], once the receiver knows what the table says, and nothing is on its way."""
        speakers = self.speakers(agent)
        self.assertEqual({number: (*trap.key, trap["Severity"])
                          for number, trap in self.receiver.view().items()}, speakers)
        self.assertEqual(agent.get("netdiagAgentTrapsPending.0"), 0)
        return [speakers]

    def agree(self, agent, what=lambda: None, timeout=AGREE_S, least=0):
        """Waits until they agree, while something is done. Returns what is active."""
        def agreed():
            what()
            active = self.agreed(agent)
            self.assertGreaterEqual(len(active[0]), least)
            return active

        return eventually("receiver and table agree", agreed, timeout, every=0.5)[0]

    def all_over(self, agent, timeout=AGREE_S):
        eventually("all is over, and the receiver knows", lambda: self.agreed(agent) == [{}], timeout,
                   every=0.5)


class Listeners(Storm):
    takes_s = 60

    def test_1200_listeners(self):
        """All at once in trouble, and all at once well again."""
        agent = self.agent(SOON)
        crowd = self.crowd(1200)
        agent.refreshed("listener")
        crowd.does("fill")
        # Whoever was first speaks for all of them: what the host counts, or the storm.
        speakers = (("tcp.listen_overflows", "-"), ("listener.drops", f"all uid {NOBODY}"))
        eventually("receivers hear of it", lambda: [trap for trap in self.told() if trap.key in speakers],
                   timeout=HOST_WIDE_S)
        active = self.agree(agent, lambda: crowd.does("lose"))
        self.assertLessEqual(len(active), 3)
        storm = [index for index, instance in self.column(agent, "netdiagAlarmInstance").items()
                 if instance == f"all uid {NOBODY}"]
        counts = self.column(agent, "netdiagAlarmCount")
        self.assertIn(1200, [counts[index] for index in storm])
        crowd.does("drain")
        self.all_over(agent)
        self.assertLessEqual(len(self.told()), STORM_MAX)
        for trap in self.told():
            if trap.instance.startswith("all"):
                self.assertRegex(trap["Summary"], r"^1,200 listeners in trouble, worst 127\.0\.0\.1:|"
                                 r"^[a-z.]+: over after [0-9]+ \w+, 1,200 listeners at worst")


class Master(Storm):
    takes_s = 100

    def master_dies(self, users, each, speakers, config=""):
        agent = self.agent(SOON + config)
        crowd = self.crowd(users * each, uid=FIRST_USER, users=users)
        agent.refreshed("listener")
        crowd.does("fill")
        eventually("some of it is told", lambda: len(self.told()) >= speakers // 4)
        agent.kill_master()
        for _ in range(2):
            time.sleep(1)
            crowd.does("lose")
        agent.start_master()
        agent.wait_up()
        self.agree(agent, lambda: crowd.does("lose"), least=speakers)
        crowd.does("drain")
        self.all_over(agent, 2 * AGREE_S)

    def test_500_alarms(self):
        """Each told by itself: nobody has enough of them for a storm."""
        self.master_dies(56, 9, 500, "notifications rate 1200/m\n")

    def test_500_alarms_of_25_users(self):
        """A storm of each, at the default rate."""
        self.master_dies(25, 20, 25)


# KiB. AddressSanitizer keeps what was freed, 256 MiB of it.
GROWTH = 400 * MIB if sanitizer() else 16 * MIB


class Flips(Storm):
    takes_s = 60
    # Each evaluation is a flip of all listeners, if it sees them full and the next one empty.
    CONFIG = ("interval listener 100ms\ncheck listener.queue hold 0s clearAfter 0s\n"
              "check listener.drops off\ncheck tcp.listen_overflows off\nnotifications rate 600/m\n")

    def test_10000_flips(self):
        agent = self.agent(self.CONFIG)
        crowds = [self.crowd(150, uid=FIRST_USER + 30 * i, users=30, port=FIRST_PORT + 1000 * i)
                  for i in range(2)]
        agent.refreshed("listener")
        memory = agent.rss_kib()

        def flipped():
            for crowd in crowds:
                crowd.does("flip 1")
            # A raise and an end each.
            return 2 * sum(self.column(agent, "netdiagCheckRaises").values()) >= 10000

        # It takes about ten seconds; a busy machine, longer.
        eventually("there are 10,000 flips", flipped, timeout=60)
        self.assertLess(agent.rss_kib() - memory, GROWTH)
        self.all_over(agent, 2 * AGREE_S)  # with its sequence, which has no gaps
        self.assertLess(agent.rss_kib() - memory, GROWTH)
        self.assertGreater(agent.get("netdiagAgentTrapsSuppressed.0"), 5000)
        self.assertLess(len(self.told()), 5000)


class HeldBack(Storm):
    takes_s = 60

    def test_what_is_held_back_is_an_alarm(self):
        config = SOON + "check tcp.listen_overflows off\ncheck agent.held_back warning 0.05 clearAfter 1s\n"
        agent = self.agent(config + "notifications rate 4/m\n")
        crowd = self.crowd(8)
        agent.refreshed("listener")
        crowd.does("fill")
        trap = self.receiver.wait("AlarmRaised", "agent.held_back", timeout=AGREE_S)
        self.assertRegex(trap["Summary"], r"^\d+ notifications held back, for [0-9.]+ min so far$")
        self.assertIn("notifications rate", trap["Advice"])
        # It is before others that are waiting.
        self.assertLess(len(self.told()), 8)
        self.assertGreater(agent.get("netdiagAgentHeldBack.0"), 0)
        agent.write_config(ONLY + config + "notifications rate 600/m\n")
        agent.daemon.send_signal(signal.SIGHUP)
        self.receiver.wait("AlarmCleared", "agent.held_back", timeout=AGREE_S)
        self.agree(agent, lambda: crowd.does("lose"))
        self.assertEqual(agent.get("netdiagAgentHeldBack.0"), 0)


class Many(Storm):
    takes_s = 60

    def test_36000_listeners(self):
        """Twice as many cost twice as much: no more than three times, on a machine with other work."""
        # How many files a process may have open.
        each, cost = OPEN_FILES - 2000, []
        agent = self.agent("maxRows listener 65536\n")
        for i in range(2):
            self.crowd(each, address=f"127.0.0.{i + 1}")
            agent.refreshed("listener")
            self.assertEqual(agent.collector("listener")["netdiagCollectorRows"], (i + 1) * each)
            before = agent.collector("listener")["netdiagCollectorRefreshes"]
            began = agent.cpu_seconds()
            eventually("it is read ten times", lambda: agent.collector("listener")[
                "netdiagCollectorRefreshes"] >= before + 10, every=0.5)
            refreshes = agent.collector("listener")["netdiagCollectorRefreshes"] - before
            cost.append((agent.cpu_seconds() - began) / refreshes)
        self.assertEqual(agent.collector("listener")["netdiagCollectorStatus"], 1)
        self.assertLess(cost[1], 3 * cost[0])


# What local users call their processes; nothing of it may be read by a shell, or as a setting.
HOSTILE = ("kernel.panic=1 ", "web;1", "web_1", "$(reboot)", "`reboot`", "\"'\\ -w x=1", "\u202e\u2066gnp",
           "\nnginx", "%3B%%", "-w kernel.x=1")

# A command that can be run as it is. Of what comes from outside only an interface's name is in it.
COMMAND = re.compile(r"-|sysctl -w [a-z0-9_.]+=[0-9]+|nsenter -n -t [0-9]+ ss -ltn|"
                     r"ethtool -G [A-Za-z0-9_.:@-]{1,15} rx [0-9]+")
# What our own sentences consist of: names are percent-encoded.
HARMLESS = re.compile(r"[a-zA-Z0-9 %'()+,_.:/=@-]*")


class OneUser(Storm):
    takes_s = 60

    def rows(self, agent):
        return set(self.column(agent, "netdiagCheckState"))

    def texts_are_harmless(self, agent):
        for trap in self.told():
            self.assertTrue(COMMAND.fullmatch(trap["Command"]), trap)
            for name in ("Summary", "Advice", "Instance"):
                self.assertTrue(HARMLESS.fullmatch(trap[name]), trap)
        for command in self.column(agent, "netdiagAlarmCommand").values():
            self.assertTrue(COMMAND.fullmatch(command or "-"), command)

    def test_a_service_beside_junk(self):
        """1,100 full listeners, 600 UDP sockets that lose, 5,000 listeners for the tables, and names
        for shells: a service's alarm is told at once and stays, and the host's checks keep their rows."""
        # Every backlog is at somaxconn, so that there is a command to be offered.
        self.ns.sysctl("net.core.somaxconn", 8)
        agent = self.agent()
        before = self.rows(agent)
        full = self.crowd(1100, name="kernel.panic=1 ")
        deaf = self.crowd(600, name="$(reboot)", address="127.0.0.3")
        junk = self.crowd(5000, name="web;1", address="127.0.0.2")
        named = [self.crowd(1, uid=FIRST_USER + i, name=name, port=9001 + i)
                 for i, name in enumerate(HOSTILE)]
        service = self.crowd(1, uid=SERVICE_USER, name="shop", port=9000)
        key = service.endpoints[0]
        agent.refreshed("listener")
        full.does("fill")
        deaf.does("udp 600")
        junk.does("knock")
        for crowd in named:
            crowd.does("fill")

        def lose(*crowds):
            for crowd in crowds:
                crowd.does("lose")
            return True

        def all_lose():
            lose(full, service, *named)

        eventually("the junk is told", lambda: lose(full, *named) and len(self.told()) > len(HOSTILE),
                   every=0.5)

        def told():
            all_lose()
            return self.receiver.of("AlarmRaised", "listener.drops", key)

        service.does("fill")
        trap = eventually("the service's alarm is told", told, timeout=HOST_WIDE_S, every=0.5)[0]
        self.assertTrue(trap["Summary"].startswith(f"{key} shop pid "), trap)
        for _ in range(10):
            all_lose()
            time.sleep(0.5)
            self.assertIn(int(trap["AlarmId"]), self.receiver.view())
        active = self.agree(agent, all_lose)
        self.assertIn(int(trap["AlarmId"]), active)
        # What concerns the host has its rows, and so has the service.
        rows = self.rows(agent)
        self.assertEqual(before - rows, set())
        self.assertIn(("listener.drops", key), agent.table("netdiagCheckTable"))
        self.texts_are_harmless(agent)
        # Two names never look the same.
        # In the table: what the host counts may speak for one of them.
        summaries = self.column(agent, "netdiagAlarmSummary")
        seen = {instance: summaries[index].split(" pid ")[0].partition(" ")[2]
                for index, instance in self.column(agent, "netdiagAlarmInstance").items()
                if index in summaries and instance in [crowd.endpoints[0] for crowd in named]}
        self.assertEqual((len(seen), len(set(seen.values()))), (len(HOSTILE), len(HOSTILE)), seen)

    def test_names_that_a_shell_reads_differently(self):
        """What was one name after sanitising: the end of one alarm does not clear the other."""
        agent = self.agent("interval netns 1s\ncheck netns.listen_overflows window 10s clearAfter 2s\n",
                           ONLY.replace("collector netns off\n", ""))
        names = [f"nd-{os.getpid()};1", f"nd-{os.getpid()}_1"]
        spaces = [self.stack.enter_context(Netns(name=name)) for name in names]
        crowds = [self.crowd(4, netns=space) for space in spaces]
        agent.refreshed("netns")
        for crowd in crowds:
            crowd.does("fill")

        def told(kind, name, *losing):
            for crowd in losing:
                crowd.does("lose")
            return self.receiver.of(kind, "netns.listen_overflows", name)

        first, second = (eventually("both are raised", lambda: told("AlarmRaised", name, *crowds),
                                    every=0.5)[0] for name in names)
        self.assertNotEqual(first["Instance"], second["Instance"])
        crowds[0].does("drain")
        eventually("the first is over", lambda: told("AlarmCleared", names[0], crowds[1]), every=0.5)
        view = self.receiver.view()
        self.assertNotIn(int(first["AlarmId"]), view)
        self.assertIn(int(second["AlarmId"]), view)
        self.texts_are_harmless(agent)


if __name__ == "__main__":
    unittest.main()
