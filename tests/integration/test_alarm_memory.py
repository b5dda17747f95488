# SPDX-License-Identifier: BSD-2-Clause
"""Alarms outlive netdiagd, by its state file, and a receiver's absence, by being told again."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import tempfile
import time
import unittest
from pathlib import Path

from faults import HOST, Clients, Fault, shortened
from harness import BINARY, eventually, run, whole_schema
from watched import Application, Watched, load

# Of a stalled listener; the first one that is seen is told.
EFFECTS = {("listener.drops", None), ("listener.queue", None), ("tcp.listen_overflows", None)}


class Saved(Fault):
    """A place for a state file, and a listener that can be stalled."""

    def setUp(self):
        super().setUp()
        directory = tempfile.mkdtemp(prefix="netdiag-state-")
        self.addCleanup(shutil.rmtree, directory)
        self.state = os.path.join(directory, "state")
        self.service = self.listen(backlog=16)


class Remembered(Saved):
    """Six alarms with a state file: of a level, of rates, and those that others stand for."""

    takes_s = 180

    KINDS = {"udp.socket_drops", "listener.drops", "listener.queue", "tcp.attempt_fails",
             "tcp.listen_overflows", "udp.rcvbuf_errors"}

    def faults(self):
        """They last until the context ends."""
        stack = contextlib.ExitStack()
        deaf = stack.enter_context(Application(self.host, "deaf", "receive", HOST, 2304))

        def flood():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for _ in range(5):
                    sender.sendto(bytes(1000), (HOST, deaf.port))

        stack.enter_context(load(self.peer, flood, 0.05))
        self.service.stall()
        stack.callback(self.service.work)
        stack.enter_context(Clients(HOST, [self.service.port]).connecting(self.peer))

        def refused():
            for _ in range(10):
                with socket.socket() as client:
                    client.connect_ex(("10.77.0.2", 9))

        stack.enter_context(load(self.host, refused, 0.05))
        return stack

    def table(self):
        """{(check, instance): (id, when it was raised)}"""
        return {(row["netdiagAlarmCheck"], row["netdiagAlarmInstance"]): (index, row["netdiagAlarmRaisedAt"])
                for index, row in self.watched.agent.table("netdiagAlarmTable").items()}

    def shown(self, *args):
        return run(BINARY, "--alarms", "--config", self.watched.agent.config_path, *args)

    def test_restart(self):
        """SIGTERM, then kill -9: nothing is told to be over, the alarms stand as they did, and each
        ends by its own value."""
        watched = self.watch(shortened(window="10s", clear_after="4s") + f"stateFile {self.state}\n"
                             "check tcp.attempt_fails hold 2s\n",
                             expected={(check["name"], None) for check in whole_schema()["checks"]})
        agent = watched.agent
        agent.refreshed("listener")
        with self.faults():
            eventually("all alarms are there", lambda: self.assertLessEqual(
                self.KINDS, {check for check, _ in watched.alarms()}) or True)
            time.sleep(6)  # the severities settle
            self.agreed()
            before, boot = self.table(), agent.get("netdiagAgentBootId.0")
            for sig in (signal.SIGTERM, signal.SIGKILL):
                # A change is on the disk within a second.
                time.sleep(2)
                told = self.told()
                agent.stop_daemon(sig)
                agent.start_daemon()
                agent.wait_up()
                self.assertEqual({key: row for key, row in self.table().items() if key in before}, before)
                self.assertEqual(agent.get("netdiagAgentBootId.0"), boot)
                time.sleep(8)
                self.assertEqual(self.table(), before)
                self.assertEqual([line for line in self.told()[len(told):] if line[0] == "AlarmCleared"], [])
                self.agreed()
            text = self.shown()
            found = json.loads(self.shown("--format=json"))
            for check, instance in before:
                self.assertIn(check, text)
            self.assertEqual({(alarm["id"], alarm["raisedAt"]) for alarm in found["alarms"]},
                             set(before.values()))
        # The deaf socket is gone, and has to be for a minute.
        eventually("each ends by its value", lambda: not watched.alarms(), timeout=150)
        self.agreed()
        self.assertEqual(watched.receiver.view(), {})


class Broken(Saved):
    """A state file that cannot be used, or not be written, is told of once and is never in the way."""

    takes_s = 60

    def content(self):
        return Path(self.state).read_text() if os.path.exists(self.state) else ""

    def lines(self):
        return [line for line in self.watched.agent.log().splitlines() if self.state in line]

    def test_contents(self):
        watched = self.watch(shortened() + f"stateFile {self.state}\n", expected=EFFECTS)
        agent = watched.agent
        with Clients(HOST, [self.service.port]).connecting(self.peer):
            self.service.stall()
            eventually("an alarm is raised", lambda: self.told("AlarmRaised"))
            eventually("it is on the disk", lambda: "listener" in self.content())
            agent.stop_daemon()
            good, kernel = self.content(), Path("/proc/sys/kernel/random/boot_id").read_text().strip()
            self.assertIn(kernel, good)
            # Nobody else may change it.
            self.assertEqual(os.stat(self.state).st_mode & 0o037, 0)
            for name, text in (("truncated", good[:len(good) // 2]), ("empty", ""),
                               ("garbage", os.urandom(3000).decode("latin-1")),
                               ("one digit", good.replace("listener", "listenes", 1)),
                               ("another boot", whole(good.replace(kernel, kernel[::-1]))),
                               ("from the future", whole(re.sub(r"saved=\d+", f"saved={2**62}", good))),
                               ("another version", whole(good.replace("version=1", "version=999"))),
                               ("huge", "x" * (5 << 20))):
                with self.subTest(name):
                    Path(self.state).write_text(text)
                    boot = watched.receiver.of("AlarmSync")[-1]["BootId"]
                    before = len(self.lines())
                    agent.start_daemon()
                    try:
                        agent.wait_up()
                        eventually("another memory", lambda: watched.receiver.of(
                            "AlarmSync")[-1]["BootId"] != boot)
                        eventually("it is told again", lambda: watched.receiver.view())
                        self.agreed()
                        self.assertEqual(len(self.lines()), before + 1)
                    finally:
                        agent.stop_daemon()
            agent.start_daemon()
            agent.wait_up()

    def test_places(self):
        """Where no file can be, or none can be replaced: alarms are told as ever."""
        directory = tempfile.mkdtemp(prefix="netdiag-full-")
        self.addCleanup(os.rmdir, directory)
        run("mount", "-t", "tmpfs", "-o", "size=16k", "none", directory)
        self.addCleanup(run, "umount", directory)
        with contextlib.suppress(OSError):
            Path(directory, "filler").write_bytes(bytes(64 << 10))
        for place in (f"{directory}/state", "/proc/no/such/state", "/sys/state", "/tmp"):
            with self.subTest(place):
                with contextlib.ExitStack() as stack:
                    watched = self.watched = stack.enter_context(Watched(
                        self.OTHERS_OFF + shortened() + f"stateFile {place}\n", self.host,
                        expected=EFFECTS))
                    with Clients(HOST, [self.service.port]).connecting(self.peer):
                        self.service.stall()
                        eventually("an alarm is raised", lambda: self.told("AlarmRaised"))
                        time.sleep(3)
                        self.assertEqual(len([line for line in watched.agent.log().splitlines()
                                              if place in line and "cannot be saved" in line]), 1)
                        self.agreed()
                    self.service.work()


def whole(text):
    """A state file with the checksum that its text should have."""
    body, total = text[:text.rindex("end ")], 14695981039346656037
    for byte in body.encode("latin-1"):
        total = (total ^ byte) * 1099511628211 & (1 << 64) - 1
    return f"{body}end {total:016x}\n"


class Away(Fault):
    """The receiver is away for 20 s, and an alarm is raised then."""

    takes_s = 90
    CONFIG = ("renotify warning 30s critical 10s\nheartbeat 5s\n" + shortened())

    def absent(self, sink):
        watched = self.watch(self.CONFIG, sinks=(sink,), expected=EFFECTS)
        service = self.listen(backlog=16)
        receiver = watched.receiver
        receiver.wait("Heartbeat")
        receiver.away()
        gone = time.monotonic()
        with Clients(HOST, [service.port]).connecting(self.peer):
            service.stall()
            eventually("it is raised", lambda: watched.alarms())
            time.sleep(max(0, 20 - (time.monotonic() - gone)))
            receiver.start()
            back = time.monotonic()
            eventually("the picture is right", lambda: receiver.view(gaps=True)
                       and receiver.agrees(watched.agent, gaps=True), timeout=40)
            took = time.monotonic() - back
            last = receiver.view(gaps=True)
            self.assertLess(took, 12)
            # A receiver sees by the heartbeat that it has missed something.
            heartbeat = eventually("a heartbeat", lambda: [trap for trap in receiver.of("Heartbeat")
                                                           if int(trap["LastSequence"])])[-1]
            self.assertEqual(int(heartbeat["CriticalAlarms"]) + int(heartbeat["WarningAlarms"]), len(last))
        service.work()
        eventually("it is over", lambda: not watched.alarms())
        eventually("that is told", lambda: receiver.view(gaps=True) == {})

    def test_trap(self):
        self.absent("trap2sink")

    def test_inform(self):
        self.absent("informsink")


if __name__ == "__main__":
    unittest.main()
