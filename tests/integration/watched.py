# SPDX-License-Identifier: BSD-2-Clause
"""What the tests of alarms stand on: netdiagd with an snmptrapd, and faults to be seen by it."""

import contextlib
import os
import shlex
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

import harness
import traps

OK, WARNING, CRITICAL, UNKNOWN, GONE = 1, 2, 3, 4, 5  # netdiagCheckState
RAISED, CHANGED, REPEATED, CLEARED = 1, 2, 3, 4       # netdiagAlarmHistoryEvent

# Checks that judge the present value: they have no window.
LEVELS = {"agent.held_back", "conntrack.usage", "limits.usage", "link.degraded", "listener.queue", "netns.conntrack",
          "socket.stuck", "tcp.close_wait", "tcp.memory", "tcp.time_wait"}

ALARM_OBJECTS = ["Sequence", "Check", "Instance", "Severity", "Summary", "Value", "Limit", "Units",
                 "ObjectId", "RaisedAt", "Advice", "AlarmId", "State", "PreviousSeverity", "ChangedAt",
                 "HostName", "BootId", "CauseId", "Command"]


def short(*checks, window="2s", clear_after="1s"):
    """Settings that make checks quick; their limits stay."""
    return "notifications rate 600/m\n" + "".join(
        f"check {check} clearAfter {clear_after}"
        f"{'' if check in LEVELS else f' window {window}'}\n" for check in checks)


def fast(*collectors, interval="200ms"):
    return "".join(f"interval {collector} {interval}\n" for collector in collectors)


def only(*collectors):
    """These fast, the others off."""
    return fast(*collectors) + "".join(f"collector {collector} off\n" for collector in harness.collectors()
                                       if collector not in collectors)


class Watched(contextlib.ExitStack):
    """netdiagd, its snmpd and an snmptrapd, in `netns` when it is given. No other alarms than those
    of `expected`, (check, instance), or (check, None) for any of the check's, may occur. The other
    namespaces of the machine are only looked at when the settings name them."""

    def __init__(self, config, netns=None, expected=(), sinks=("trap2sink",), snmpd_config="",
                 **options):
        super().__init__()
        self.expected = set(expected)
        with contextlib.ExitStack() as stack:
            self.receiver = stack.enter_context(traps.Receiver(netns))
            self.agent = stack.enter_context(harness.Agent(
                config if "netns " in config else config + "collector netns off\n", netns=netns,
                snmpd_config=self.receiver.sinks(*sinks) + snmpd_config, **options))
            self.push(stack.pop_all())

    def __exit__(self, exc_type, *exc):
        try:
            if exc_type is None:
                self.no_others()
        except BaseException:
            super().__exit__(*sys.exc_info())
            raise
        return super().__exit__(exc_type, *exc)

    def no_others(self):
        seen = {(row["netdiagAlarmHistoryCheck"], row["netdiagAlarmHistoryInstance"])
                for row in self.history()}
        quiet = {check["name"] for check in harness.whole_schema()["checks"] if not check["notify"]}
        # Each namespace sees the softnet of the whole host, which other tests flood.
        others = {key for key in seen - self.expected
                  if (key[0], None) not in self.expected and key[0] not in quiet
                  and not key[0].startswith("softnet.")}
        assert not others, f"unexpected alarms: {others}, expected {self.expected}"

    def _rows(self, table, *columns):
        """The rows of a table that have all of these columns. One that came or went while the table
        was walked has not."""
        prefix = table.removesuffix("Table")
        return {index: row for index, row in self.agent.table(table).items()
                if all(prefix + column in row for column in columns)}

    def check(self, check, instance="-"):
        """The row of netdiagCheckTable, or {}."""
        return self.agent.table("netdiagCheckTable").get((check, instance), {})

    def state(self, check, instance="-"):
        return self.agent.try_get("netdiagCheckState." + harness.encode_index(check, instance))

    def alarms(self):
        """{(check, instance): row} of netdiagAlarmTable, with its index as netdiagAlarmId."""
        return {(row["netdiagAlarmCheck"], row["netdiagAlarmInstance"]): {**row, "netdiagAlarmId": index}
                for index, row in self._rows("netdiagAlarmTable", "Check", "Advice").items()}

    def history(self, check=None, instance="-"):
        """The rows of netdiagAlarmHistoryTable, of one alarm if it is named."""
        rows = [row for _, row in sorted(self._rows("netdiagAlarmHistoryTable", "Event",
                                                    "Summary").items())]
        return [row for row in rows if check is None or (check, instance) == (
            row["netdiagAlarmHistoryCheck"], row["netdiagAlarmHistoryInstance"])]

    def told(self):
        """The kinds of all notifications so far, but heartbeats."""
        return [trap.kind for trap in self.receiver.all() if trap.kind != "Heartbeat"]

    def raised(self, check, instance="-", severity=None, timeout=harness.PATIENCE_S):
        """Waits until the alarm is told, for itself and not as a part of another. Returns the
        notification, which agrees with the tables."""
        self.expected.add((check, instance))

        def told():
            last = self._active(check, instance)
            assert last, self.history()
            assert severity in (None, last["Severity"])
            return last

        trap = harness.eventually(f"{check} {instance} is raised", told, timeout)
        assert list(trap) == ALARM_OBJECTS, trap
        row = self.alarms()[check, instance]
        assert row["netdiagAlarmRaisedAt"] == trap["RaisedAt"], (trap, row)
        assert str(row["netdiagAlarmId"]) == trap["AlarmId"], (trap, row)
        assert row["netdiagAlarmNotify"] == traps.TRUE and not row["netdiagAlarmCauseId"], row
        # On a busy machine its data may be old for a moment.
        harness.eventually(f"{check} {instance} has a value",
                           lambda: self.state(check, instance) in (WARNING, CRITICAL))
        told = [[str(row["netdiagAlarmHistory" + column]) for column in ("Value", "Limit", "Summary")]
                for row in self.history(check, instance)]
        assert [trap["Value"], trap["Limit"], trap["Summary"]] in told, (trap, told)
        self.check_object(trap["ObjectId"])
        return trap

    def _active(self, check, instance):
        """The last notification of the alarm if the receiver knows it as active. The raise of a new
        one may be sent before the end of the one before it."""
        return next((trap for trap in self.receiver.view(gaps=True).values()
                     if trap.key == (check, instance)), None)

    def check_object(self, object_id):
        """There is such an object."""
        assert self.agent.get(object_id.removeprefix("NETDIAG-MIB::")) is not None, object_id

    def group(self, *keys, severity=None, timeout=harness.PATIENCE_S):
        """Waits until the alarms of one fault, (check, instance) or (check, instance, severity), stand
        in netdiagAlarmTable. One of them is told, whichever was decided first, with the worst severity
        of them; the others point to it. Returns the notification, and {(check, instance): row}."""
        severities = {"warning": (WARNING, CRITICAL), "critical": (CRITICAL,)}
        states = {tuple(key[:2]): severities[key[2]] if len(key) > 2 else (WARNING, CRITICAL)
                  for key in keys}

        def stand():
            rows = {key: row for key, row in self.alarms().items() if key in states}
            assert set(rows) == set(states), self.alarms()
            now = {key: self.state(*key) for key in states}
            assert all(now[key] in states[key] for key in states), now
            told = [key for key, row in rows.items() if row["netdiagAlarmNotify"] == traps.TRUE]
            assert len(told) == 1, rows
            for key, row in rows.items():
                speaker = 0 if key == told[0] else rows[told[0]]["netdiagAlarmId"]
                assert row["netdiagAlarmCauseId"] == speaker, rows
            return told[0], rows

        speaker, rows = harness.eventually(f"{keys} are one fault", stand, timeout)
        for row in rows.values():
            self.check_object(row["netdiagAlarmObjectId"])
        trap = self.raised(*speaker, severity, timeout)
        told = {trap.key for trap in self.receiver.of("AlarmRaised")} & set(states)
        assert told == {speaker}, told
        return trap, rows

    def over(self, *keys, timeout=harness.PATIENCE_S):
        """Waits until none of these alarms is left and the end of those that were told is told. Returns
        {(check, instance): notification} of the latter."""
        self.expected.update(keys)
        harness.eventually(f"{keys} are over", lambda: not set(keys) & set(self.alarms()), timeout)
        told = {trap.key for trap in self.receiver.of("AlarmRaised")} & set(keys)
        return {key: self.cleared(*key, timeout) for key in told}

    def cleared(self, check, instance="-", timeout=harness.PATIENCE_S):
        """Waits until the alarm's end is told. Returns the notification."""
        def told():
            traps_of = self.receiver.of("AlarmCleared", check, instance)
            assert traps_of and not self._active(check, instance), self.history()
            return max(traps_of, key=lambda trap: int(trap["Sequence"]))

        trap = harness.eventually(f"{check} {instance} is cleared", told, timeout)
        assert list(trap) == ALARM_OBJECTS, trap
        assert trap["Severity"] == "none" and trap["State"] == "cleared", trap
        assert "over after " in trap["Summary"], trap
        assert (check, instance) not in self.alarms()
        events = [row["netdiagAlarmHistoryEvent"] for row in self.history(check, instance)]
        assert events[0] == RAISED and events[-1] == CLEARED, events
        return trap


class Clock:
    """Steps of the clocks of a netdiagd that is started with env. A context manager."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="netdiag-clock-")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock_offset.c")
        library, self.path = (os.path.join(self.dir, name) for name in ("clock.so", "offset"))
        harness.run(*shlex.split(os.environ.get("CC", "cc")), "-shared", "-fPIC", "-o", library, source)
        with open(self.path, "wb") as out:
            out.write(bytes(16))
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.env = {"LD_PRELOAD": library, "CLOCK_OFFSET_FILE": self.path, "ASAN_OPTIONS": options}
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)

    def step(self, wall=0, monotonic=0):
        """From now on they differ from the kernel's by so many seconds."""
        with open(self.path, "r+b") as out:
            out.write(struct.pack("=qq", wall, monotonic))


class Application:
    """application.py in a namespace: what it is told is there. A context manager."""

    def __init__(self, netns, name, mode, *args):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "application.py")
        self.name = name
        self.process = netns.start(sys.executable, path, name, mode, *map(str, args), text=True,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = [int(port) for port in self.process.stdout.readline().split()]
        self.port = self.ports[0]

    def work(self):
        """From now on it does what it should."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        harness.stop(self.process)

    def __str__(self):
        return f"{self.name}[{self.process.pid}]"


@contextlib.contextmanager
def load(netns, turn, pause=0.01):
    """Calls turn() again and again, in a namespace if it is given, until the block ends."""
    done = threading.Event()
    failed = []

    def work():
        try:
            with netns.entered() if netns else contextlib.nullcontext():
                while not done.is_set():
                    turn()
                    done.wait(pause)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not failed, failed
