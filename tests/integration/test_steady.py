# SPDX-License-Identifier: BSD-2-Clause
"""Alarms over a made proc tree, whose counters rise as the tests say: checks whose faults cannot be
had for real, and what must change no alarm: steps of the clock, missing data, a stopped master."""

import calendar
import collections
import os
import signal
import time
import unittest

from harness import SOAK, eventually
from test_softnet import U32, Tree
from traps import TRUE
from watched import (CLEARED, CRITICAL, OK, RAISED, UNKNOWN, WARNING, Clock, Watched, load, only,
                     short)

DAY = 24 * 3600


def seconds(when):
    """Since 1970, of ISO 8601."""
    return calendar.timegm(time.strptime(when, "%Y-%m-%dT%H:%M:%SZ"))


class MadeHost(Tree):
    """A proc and sys root of a host: `rate` tells how fast each counter rises (per second), `socks`
    its memory in pages. A context manager; counters rise within it."""

    COUNTERS = {
        "netstat": {"TcpExt": ("ListenOverflows", "ListenDrops", "TCPReqQFullDrop",
                               "TCPReqQFullDoCookies", "TCPAbortOnMemory", "TCPRcvQDrop",
                               "TCPZeroWindowDrop", "TCPBacklogDrop")},
        "snmp": {"Tcp": ("OutSegs", "RetransSegs", "AttemptFails"),
                 "Udp": ("InDatagrams", "InErrors", "RcvbufErrors")},
    }
    SETTINGS = {
        "net/ipv4/tcp_mem": "1000\t2000\t3000", "net/ipv4/tcp_rmem": "4096\t131072\t6291456",
        "net/ipv4/tcp_syncookies": "0", "net/core/netdev_max_backlog": "1000",
        "net/core/netdev_budget": "300", "net/core/netdev_budget_usecs": "2000",
        "net/netfilter/nf_conntrack_max": "65536", "net/netfilter/nf_conntrack_count": "7",
        "net/netfilter/nf_conntrack_buckets": "65536",
    }
    CPUS = 8

    def __init__(self):
        super().__init__()
        self.rate = collections.Counter()
        self.count = collections.Counter()
        self.last = time.monotonic()
        self.tcp_pages = 10
        self.withheld = set()
        for name, value in self.SETTINGS.items():
            self.write(f"proc/sys/{name}", value + "\n")
        self.write("sys/devices/system/cpu/online", f"0-{self.CPUS - 1}\n")
        self.write("sys/devices/system/cpu/possible", f"0-{self.CPUS - 1}\n")
        self.turn()
        self.load = load(None, self.turn, pause=0.05)

    def __enter__(self):
        self.load.__enter__()
        return self

    def __exit__(self, *exc):
        self.load.__exit__(*exc)
        super().__exit__(*exc)

    def turn(self):
        now = time.monotonic()
        for name, rate in list(self.rate.items()):
            self.count[name] += rate * (now - self.last)
        self.last = now
        for path, groups in self.COUNTERS.items():
            self.put(f"proc/net/{path}", "".join(
                f"{group}: {' '.join(names)}\n"
                f"{group}: {' '.join(str(int(self.count[name])) for name in names)}\n"
                for group, names in groups.items()))
        self.put("proc/net/sockstat", "sockets: used 9\n"
                 f"TCP: inuse 5 orphan 0 tw 0 alloc 6 mem {self.tcp_pages}\n"
                 "UDP: inuse 1 mem 0\n")
        numbers = ("processed", "dropped", "squeezed")
        self.put("proc/net/softnet_stat", "".join(
            " ".join(f"{int(value) % U32:08x}" for value in (
                *(self.count[f"{number} cpu{cpu}"] for number in numbers), *[0] * 9, cpu, 0, 0)) +
            "\n" for cpu in range(self.CPUS)))
        self.put("proc/softirqs", "".join(f"{f'CPU{cpu}':>11}" for cpu in range(self.CPUS)) + "\n" +
                 f"{'NET_TX':>8}:" + f"{0:11}" * self.CPUS + "\n" + f"{'NET_RX':>8}:" + "".join(
                     f"{int(self.count[f'NET_RX cpu{cpu}']):11}" for cpu in range(self.CPUS)) + "\n")
        names = ("entries", "clashres", "found", "new", "invalid", "ignore", "delete",
                 "chainlength", "insert", "insert_failed", "drop", "early_drop", "icmp_error",
                 "expect_new", "expect_create", "expect_delete", "search_restart")
        self.put("proc/net/stat/nf_conntrack", " ".join(names) + "\n" + "".join(
            " ".join(f"{int(self.count[f'{name} cpu{cpu}']):08x}" for name in names) + "\n"
            for cpu in range(self.CPUS)))

    def put(self, name, text):
        if name not in self.withheld:
            self.write(name, text)

    def stall(self, name):
        """From now on reading a file takes for ever."""
        self.withheld.add(name)
        time.sleep(0.2)  # a turn may be under way
        path = os.path.join(self.dir, name)
        os.unlink(path)
        os.mkfifo(path)

    def release(self, name):
        """Reading it goes on, and finds it empty; then it is as before."""
        path = os.path.join(self.dir, name)
        aside = path + ".stalled"

        def opened():
            try:
                os.close(os.open(aside, os.O_WRONLY | os.O_NONBLOCK))
                return True
            except OSError:
                return False  # nobody reads it

        # Who reads it again must not find it stalled once more.
        os.rename(path, aside)
        self.withheld.discard(name)
        eventually("it is a file again", lambda: os.path.isfile(path))
        eventually("somebody waits at it", opened)


class Steady(unittest.TestCase):
    def setUp(self):
        self.host = MadeHost()
        self.host.__enter__()
        self.addCleanup(self.host.__exit__, None, None, None)

    def watched(self, config, **options):
        return Watched(config, args=self.host.args, **options)

    def has_value(self, watched, check, instance="-"):
        eventually(f"{check} has a value", lambda: watched.state(check, instance) == OK)


class Checks(Steady):
    takes_s = 40

    def test_those_that_rise(self):
        """(check, instance, counter, rate, severity, advice, command)"""
        cases = (
            ("tcp.syn_queue", "-", "TCPReqQFullDrop", 20, "critical",
             "syncookies are off", "sysctl -w net.ipv4.tcp_syncookies=1"),
            ("tcp.abort_on_memory", "-", "TCPAbortOnMemory", 5, "critical",
             "raise net.ipv4.tcp_mem, in pages", "-"),
            ("tcp.rcvq_drops", "-", "TCPZeroWindowDrop", 20, "warning",
             "the last number of net.ipv4.tcp_rmem, 6,291,456", "-"),
            ("udp.rcvbuf_errors", "-", "RcvbufErrors", 200, "critical", "SO_RCVBUF", "-"),
            ("softnet.dropped", "cpu5", "dropped cpu5", 5, "warning", "spread the load",
             "sysctl -w net.core.netdev_max_backlog=2000"),
            ("conntrack.insert_failed", "-", "insert_failed cpu3", 50, "warning",
             "add SNAT addresses, or --random-fully", "-"),
        )
        with self.watched(short(*(case[0] for case in cases)) + only(
                "counters", "softnet", "conntrack", "sysctl")) as watched:
            for check, instance, *_ in cases:
                self.has_value(watched, check, instance)
            self.host.rate.update({counter: rate for _, _, counter, rate, *_ in cases})
            # The kernel counts what it fails to insert among its drops too.
            self.host.rate["drop cpu3"] = self.host.rate["insert_failed cpu3"]
            for check, instance, _, rate, severity, advice, command in cases:
                with self.subTest(check=check):
                    trap = watched.raised(check, instance, severity)
                    self.assertIn(advice, trap["Advice"])
                    self.assertEqual(trap["Command"], command)
                    eventually("the value is the rate", lambda: abs(watched.check(check, instance)[
                        "netdiagCheckValue"] - rate * 100) <= max(rate * 30, 50))
            self.assertEqual(watched.state("conntrack.drops"), OK)
            self.host.rate.clear()
            for check, instance, *_ in cases:
                with self.subTest(check=check):
                    watched.cleared(check, instance)

    def test_drops_of_connection_tracking(self):
        """Alone they are told; as an effect of insertions that fail they are not. The table is not
        full, so that a larger one is not spoken of."""
        checks = ("conntrack.insert_failed", "conntrack.drops")
        with self.watched(short(*checks, window="5s", clear_after="4s") +
                          only("conntrack", "sysctl")) as watched:
            for check in checks:
                self.has_value(watched, check)
            self.host.rate["early_drop cpu1"] = 5
            trap = watched.raised("conntrack.drops", severity="critical")
            self.assertIn("the table is not full", trap["Advice"])
            self.assertEqual(trap["Command"], "-")
            eventually("the value is the rate", lambda: abs(watched.check("conntrack.drops")[
                "netdiagCheckValue"] - 500) <= 150)
            self.host.rate.clear()
            watched.cleared("conntrack.drops")
            self.host.rate["insert_failed cpu3"] = 50
            cause = watched.raised("conntrack.insert_failed")
            self.host.rate["drop cpu3"] = 55
            row = eventually("the effect is in the table",
                             lambda: watched.alarms().get(("conntrack.drops", "-")))
            self.assertEqual((row["netdiagAlarmNotify"] == TRUE, row["netdiagAlarmCauseId"]),
                             (False, int(cause["AlarmId"])))
            self.host.rate.clear()
            watched.over(("conntrack.insert_failed", "-"), ("conntrack.drops", "-"))
            states = [(trap["Check"], trap["State"]) for trap in watched.receiver.all()
                      if "Check" in trap and trap["State"] != "changed"]
            self.assertEqual(states, [(check, state) for check in reversed(checks)
                                      for state in ("raised", "cleared")])

    def test_tcp_memory(self):
        """Its limits are the kernel's own."""
        with self.watched(short("tcp.memory") + only("protocolMemory", "sysctl")) as watched:
            self.has_value(watched, "tcp.memory")
            row = watched.check("tcp.memory")
            self.assertEqual([row[f"netdiagCheck{limit}"] for limit in
                              ("Warning", "Critical", "Clear")], [200000, 270000, 160000])
            self.host.tcp_pages = 2000
            trap = watched.raised("tcp.memory", severity="warning")
            self.assertEqual((trap["Value"], trap["Limit"], trap["Units"]),
                             ("200000", "200000", "pages"))
            self.assertIn("raise net.ipv4.tcp_mem, in pages", trap["Advice"])
            self.host.tcp_pages = 2800
            watched.raised("tcp.memory", severity="critical")
            self.host.tcp_pages = 1700  # neither over nor raised anew
            eventually("it is milder, and goes on", lambda: watched.state("tcp.memory") == WARNING)
            self.host.tcp_pages = 1600
            watched.cleared("tcp.memory")

    def test_what_is_only_shown(self):
        """Squeezes and imbalance are noise on many hosts: shown, and not sent."""
        checks = ("softnet.squeezed", "softnet.imbalance")
        with self.watched(short(*checks) + only("softnet", "sysctl"), expected=[
                ("softnet.squeezed", "cpu2"), ("softnet.imbalance", "-")]) as watched:
            self.has_value(watched, "softnet.squeezed", "cpu2")
            self.host.rate.update({"squeezed cpu2": 300, "NET_RX cpu2": 10000, "NET_RX cpu3": 50})
            alarms = eventually("both are alarms", lambda: (
                lambda now: now if len(now) == 2 else None)(watched.alarms()))
            self.assertEqual(
                alarms["softnet.squeezed", "cpu2"]["netdiagAlarmCommand"],
                "sysctl -w net.core.netdev_budget=600 net.core.netdev_budget_usecs=4000")
            imbalance = alarms["softnet.imbalance", "-"]
            self.assertRegex(imbalance["netdiagAlarmSummary"], r"does most receive work, (9\d(\.\d+)?|100) %")
            self.assertEqual({row["netdiagAlarmNotify"] == TRUE for row in alarms.values()}, {False})
            self.assertIn("irqbalance", imbalance["netdiagAlarmAdvice"])
            self.host.rate.clear()
            eventually("both are over", lambda: not watched.alarms())
            self.assertEqual(watched.told(), ["AlarmSync"])
            # The same with notifications.
            watched.agent.write_config(short(*checks) + only("softnet", "sysctl") +
                                       "check softnet.squeezed cpu[2-4] notify on\n")
            watched.agent.daemon.send_signal(signal.SIGHUP)
            self.host.rate.update({"squeezed cpu2": 300, "squeezed cpu5": 300})
            watched.expected.add(("softnet.squeezed", "cpu5"))
            watched.raised("softnet.squeezed", "cpu2")
            eventually("the other one is an alarm too",
                       lambda: ("softnet.squeezed", "cpu5") in watched.alarms())
            self.assertEqual(watched.receiver.of(None, "softnet.squeezed", "cpu5"), [])

    def test_a_collector_that_fails(self):
        with self.watched(only("softnet", "counters") +
                          "check agent.collector clearAfter 1s\n") as watched:
            self.has_value(watched, "agent.collector", "softnet")
            self.host.withheld.add("proc/net/softnet_stat")
            time.sleep(0.2)
            self.host.write("proc/net/softnet_stat", "this is no softnet_stat\n")
            trap = watched.raised("agent.collector", "softnet", "warning")
            self.assertEqual(trap["Advice"], watched.agent.collector("softnet")
                             ["netdiagCollectorLastError"].replace("'", "%27"))
            self.assertIn("softnet_stat", trap["Advice"])
            self.assertEqual(watched.state("agent.collector", "counters"), OK)
            self.host.withheld.clear()
            watched.cleared("agent.collector", "softnet")


class Undisturbed(Steady):
    takes_s = 55

    """An alarm that must stay as it is, and a check that must stay ok beside it."""

    CHECKS = ("tcp.listen_overflows", "tcp.rcvq_drops")
    CONFIG = short(*CHECKS) + only("counters")

    def begin(self, watched):
        for check in self.CHECKS:
            self.has_value(watched, check)
        self.host.rate.update({"ListenOverflows": 50, "TCPRcvQDrop": 0.5})
        return watched.raised("tcp.listen_overflows", severity="warning")

    def test_steps_of_the_clock(self):
        with Clock() as clock, self.watched(self.CONFIG, env=clock.env) as watched:
            first = self.begin(watched)
            eventually("the rate is there", lambda: 4000 < watched.check("tcp.listen_overflows")[
                "netdiagCheckValue"] < 6000)
            uptime = watched.agent.get("netdiagAgentUptime.0")
            began = time.monotonic()
            for by in (DAY, -DAY):
                clock.step(wall=by)
                until = time.monotonic() + 5 * SOAK  # more than twice the window
                while time.monotonic() < until:
                    row = watched.check("tcp.listen_overflows")
                    self.assertEqual(row["netdiagCheckState"], WARNING)
                    self.assertGreater(row["netdiagCheckValue"], 3500)
                    self.assertLess(row["netdiagCheckValue"], 6500)
                    self.assertEqual(watched.state("tcp.rcvq_drops"), OK)
                    collector = watched.agent.collector("counters")
                    self.assertEqual(collector["netdiagCollectorStatus"], 1)
                    self.assertLess(collector["netdiagCollectorAge"], 2000)
                    self.assertEqual(len(watched.history()), 1)
            shown = watched.agent.get("netdiagAgentUptime.0") - uptime
            self.assertLess(abs(shown / 100 - (time.monotonic() - began)), 3)
            self.assertEqual(watched.told(), ["AlarmSync", "AlarmRaised"])
            # The clock is where it was put: a new alarm is of yesterday.
            self.host.rate["TCPRcvQDrop"] = 20
            second = watched.raised("tcp.rcvq_drops")
            when = [seconds(trap["RaisedAt"]) for trap in (first, second)]
            self.assertAlmostEqual(when[1] - when[0], -DAY + (time.monotonic() - began), delta=60)
            clock.step()
            self.host.rate.clear()
            watched.cleared("tcp.listen_overflows")
            watched.cleared("tcp.rcvq_drops")

    def test_a_collector_that_hangs(self):
        config = self.CONFIG + "check agent.collector clearAfter 1s\n"
        with self.watched(config, expected=[("agent.collector", "counters")]) as watched:
            self.begin(watched)
            self.host.stall("proc/net/netstat")
            eventually("nothing is known", lambda: [watched.state(check) for check in self.CHECKS]
                       == [UNKNOWN, UNKNOWN])
            watched.raised("agent.collector", "counters", "warning")
            # The fault ends, and nobody knows.
            self.host.rate.clear()
            until = time.monotonic() + 4 * SOAK
            while time.monotonic() < until:
                self.assertIn(("tcp.listen_overflows", "-"), watched.alarms())
                self.assertEqual(watched.state("tcp.listen_overflows"), UNKNOWN)
            self.assertEqual(watched.receiver.of("AlarmCleared"), [])
            self.host.release("proc/net/netstat")
            watched.cleared("agent.collector", "counters")
            watched.cleared("tcp.listen_overflows")
            self.assertEqual(len(watched.history("tcp.listen_overflows")), 2)

    def test_a_stopped_master(self):
        """What happened meanwhile is in the history, at its time; what is so now is told."""
        with self.watched(self.CONFIG) as watched:
            for check in self.CHECKS:
                self.has_value(watched, check)
            watched.agent.master.send_signal(signal.SIGSTOP)
            began = time.time()
            try:
                # Raised, over, raised again and worse: each takes window, hold and clearAfter.
                for rate in (50, 0, 500):
                    self.host.rate["ListenOverflows"] = rate
                    time.sleep(8 * SOAK)
            finally:
                ended = time.time()
                watched.agent.master.send_signal(signal.SIGCONT)
            watched.raised("tcp.listen_overflows", severity="critical")
            rows = watched.history("tcp.listen_overflows")
            events = [row["netdiagAlarmHistoryEvent"] for row in rows]
            self.assertEqual(events[:3], [RAISED, CLEARED, RAISED], rows)
            self.assertEqual(watched.state("tcp.listen_overflows"), CRITICAL)
            for row in rows:
                when = seconds(row["netdiagAlarmHistoryTime"])
                self.assertLess(began - 2, when)
                self.assertLess(when, ended + 1)
            self.assertEqual(watched.agent.collector("counters")["netdiagCollectorStatus"], 1)
            eventually("the receiver sees what is so",
                       lambda: watched.receiver.agrees(watched.agent) and
                       len(watched.receiver.view()) == 1)
            self.host.rate.clear()
            watched.cleared("tcp.listen_overflows")
            self.assertEqual(watched.receiver.view(), {})


if __name__ == "__main__":
    unittest.main()
