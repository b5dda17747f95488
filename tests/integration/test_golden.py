# SPDX-License-Identifier: BSD-2-Clause
"""A walk of a made host gives the OIDs, types and values that 1.0.0 gave, apart from what was
changed on purpose: those differences are listed below, each with its reason.

tests/data/golden/walk-1.0.0 has one cell per line: the OID below the base OID, the type and the
value as snmpwalk prints them; '*' stands for values that move with time. It was recorded from
1.0.0 and is not recorded again:

    NETDIAG_GOLDEN=write tests/integration/run.py BUILD_OF_1.0.0 test_golden

A cell that changes on purpose gets an entry in CHANGED. With NETDIAG_GOLDEN=all the test lists
every difference, also the intended ones.
"""

import json
import os
import re
import shutil
import tempfile
import unittest

from harness import SRC, Agent, Netns, dump, encode_index, eventually

DATA = os.path.join(SRC, "tests", "data")
GOLDEN = os.path.join(DATA, "golden", "walk-1.0.0")
# The captures that make up the host's /proc and /sys; the last has what the others lack.
CAPTURES = ("counters/6.18", "softnet/linux-6.6", "conntrack/6.18", "limits/host", "golden")

# Columns whose values move with time.
MOVING = re.compile(r"BootId$|Uptime$|Age$|Duration$|Refreshes$|Discont\w*Time$|Since$|RaisedAt$"
                    r"|HistoryTime$|LastChange$|Nic[RT]xPackets$")
# Cells that are there only after a collector's third collection, up to 90 seconds after the start.
LATE = re.compile(r"netdiagCheck\w+\[agent\.collector,")

# What 1.0.0 read from the running kernel although it was given another /proc: these collectors and
# their tables refuse to answer now.
LIVE_TABLES = ("netdiagNic|netdiagNicStat|netdiagSocketState|netdiagListener|netdiagUdpSocket"
               "|netdiagBuffer|netdiagNetns|netdiagQueue|netdiagPeer")
LIVE_COLLECTORS = "nic|sockets?|socketState|listener|udpSocket|buffers?|netns|queue|dropReason|peer"

# What collectors were called in 1.0.0: the configuration has one word for one thing now.
RENAMED = {"sockets": "socketState", "protocols": "protocolMemory", "buffers": "buffer",
           "limits": "limit", "sysctls": "sysctl"}

# The columns whose arcs moved before the first release, in the order that they had in 1.0.0.
MOVED = {
    "netdiagAgent": "Version BootId Uptime ActiveAlarms WorstSeverity TrapsSent "
                    "TrapsSuppressed TrapsPending MasterReconnects",
    "netdiagCollector": "Name Status Source Interval Age Duration "
                        "Refreshes Errors LastError Rows",
    "netdiagNicStat": "Name Value DiscontinuityTime",
    "netdiagUdpSocket": "Endpoint Sockets RxQueueBytes RxBufferBytes "
                        "Drops Command Pid DiscontTime",
    "netdiagProtocol": "Name InUse Orphans TimeWait Allocated MemPages "
                       "MemLow MemPressure MemHigh MemUsage MemBytes",
    "netdiagLimit": "Name Used Max Usage Sysctl Detail",
    "netdiagSysctl": "Name Value",
    "netdiagNetns": "Name Inode Source Pid Command SocketsUsed TcpInUse "
                    "TimeWait CloseWait ListenOverflows ListenDrops RetransSegs AttemptFails "
                    "UdpRcvbufErrors ConntrackEntries ConntrackUsage DiscontinuityTime",
    "netdiagCheck": "Name Instance State Value Warning Critical Clear Units "
                    "Since Raises ObjectId Summary Advice",
    "netdiagAlarm": "Id Check Instance Severity Value Limit RaisedAt Summary "
                    "Advice",
}

# The intended differences: a pattern that begins a line "COLUMN[index]: was OLD, is NEW", and why it
# differs. A text in an index is written as it is, numbers and texts separated by a comma.
CHANGED = [
    (rf"({LIVE_TABLES})Table", "not of the served tree: the engine refuses it"),
    (rf"netdiagCollector\w+\[({LIVE_COLLECTORS})\]", "not of the served tree: the engine refuses it"),
    (r"netdiagCheck\w+\[(nic|listener|netns)\.", "their collectors refuse"),
    (r"netdiagCheck\w+\[(tcp\.(time|close)_wait,|udp\.socket_drops)", "their collectors refuse"),
    (r"netdiagAgentVersion\[0\]", "the version"),
    (r"netdiagAgent(Last(Sequence|Change)|(Critical|Warning|Shelved)Alarms|UnknownChecks"
     r"|StaleCollectors|Summary|ConfigHash|HeldBack)\[0\]", "new: the host's health in one GET"),
    (r"netdiagAgentViewpoint\[0\]", "new"),
    (r"netdiagAgentTrapsSent\[0\]", "a heartbeat is sent by default"),
    (r"netdiag(Collector|NicStat|Protocol|Limit|Sysctl|Netns|Check|CheckInstance)Label\[",
     "new: the index again, for tools that cannot read one"),
    (r"netdiagAgent(LossRate|WorstPlace)\[0\]|netdiagLoss\w+\[", "new: the loss ledger"),
    (r"netdiagIp\w+\[0\]", "new: IP, neighbor tables, IPsec"),
    (r"netdiagTcp(OfoDrop|InCsumErrors|PfMemallocDrop|MinTtlDrop)\[0\]", "new"),
    (r"netdiagCounterValue\[(Xfrm|Arp|Ndisc),", "new groups"),
    (r"netdiagCollector(Rows|Source)\[counters\]", "new groups"),
    (r"netdiagCheck(Command|Notify|TimeToFull|CauseId)\[", "new"),
    (r"netdiagCheckObjectId\[(tcp\.memory|limits\.usage),", "the arcs of what they watch moved"),
    (r"netdiagCheck\w+\[(tcp\.stalled|socket\.stuck|agent\.held_back),", "new checks"),
    (r"netdiagCheck\w+\[(ip|icmp|neighbor|xfrm)\.|netdiagCheck\w+\[(udp\.csum_errors"
     r"|tcp\.(pruned|in_errs|time_wait_overflow)),", "new checks"),
    (r"netdiagCheck\w+\[softnet\.imbalance,", "a share now, which has a maximum"),
    (r"netdiagCheckState\[[^]]+\]: was INTEGER: 4, is INTEGER: 1",
     "a rate over a part of its window is a lower bound: ok, no longer unknown"),
    (r"netdiagCheckValue\[[^]]+\]: was absent, is INTEGER: 0", "likewise"),
    (r'netdiagCheckSummary\[[^]]+\]: was STRING: "(cpu\d: )?no value yet, or no data", is STRING: '
     r'"(cpu\d: )?(0 [a-z]+/s, warning (at|above) [0-9.]+|too little traffic to judge)"',
     "likewise"),
    (r'netdiagCheckSummary\[(limits|conntrack)\.usage,[^]]+\]: was STRING: "[^"]+ % (used|full)", '
     r'is STRING: "[^"]+ %, warning at 70"', "what is fine says from where on it is not"),
    (r"netdiagCheckSummary\[tcp\.memory,", "likewise"),
    (r"netdiag(CheckSummary\[limits\.usage,tcp-time-wait\]|Alarm(History)?Summary\[1\])",
     "says how many of how many"),
    (r"netdiag(CheckAdvice\[limits\.usage,tcp-time-wait|AlarmAdvice\[1)\]",
     "the command is an object of its own"),
    (r"netdiagCollector\w+\[(socketDrop|nfqueue)\]", "new collectors"),
    (r"netdiagCheck\w+\[softnet\.starved,|netdiagSoftnet(Ksoftirqd(Run|Wait)|Softirq|Steal)Time\[",
     "new: what keeps softirqs from their CPU"),
    (r"netdiagAlarm(State|Peak|Units|ChangedAt|Age|Count|Notify|CauseId|ObjectId|Command)\[1\]: "
     "was absent", "new"),
    (r"netdiagAlarm(RaisedAt|HistoryTime)\[1\]: was Hex-STRING: \*, is STRING: \*", "text for times"),
]


class MadeTree:
    """The captures as one /proc and /sys. A context manager."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="netdiag-golden-")
        for capture in CAPTURES:
            shutil.copytree(os.path.join(DATA, capture), self.dir, dirs_exist_ok=True)
        os.chmod(self.dir, 0o755)
        self.args = ["--proc-root", f"{self.dir}/proc", "--sys-root", f"{self.dir}/sys"]
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)


class Names:
    """COLUMN[index] of an OID below the base OID, by the schema."""

    def __init__(self, schema):
        self.base = "." + schema["oid"] + "."
        self.columns = {}
        syntax = {item["name"]: item["syntax"] for group in schema["groups"]
                  for item in group["objects"]}
        for group in schema["groups"]:
            kinds = [syntax[name] for name in group.get("index", ())]
            for item in group["objects"]:
                self.columns[item["oid"][len(self.base) - 1:]] = (item["name"], group["name"], kinds)

    def of(self, oid):
        """(column, "COLUMN[index]", the table's name) of an OID."""
        arcs = oid.split(".")
        for length in range(len(arcs) - 1, 0, -1):
            found = self.columns.get(".".join(arcs[:length]))
            if found:
                column, table, kinds = found
                return column, f"{column}[{self._index(kinds, list(map(int, arcs[length:])))}]", table
        return oid, oid, ""

    @staticmethod
    def _index(kinds, arcs):
        parts = []
        for kind in kinds:
            if kind == "NetdiagText":
                length = arcs.pop(0)
                parts.append(bytes(arcs[:length]).decode("latin-1"))
                del arcs[:length]
            else:
                parts.append(str(arcs.pop(0)))
        return ",".join(parts) if kinds else "0"


def walk(agent, names, tree):
    """{OID below the base: "TYPE: value"} of everything that is served. The one alarm there is gets
    the id 1: ids begin at a random number."""
    cells = {}
    alarm = ""
    output = agent.snmp("snmpbulkwalk", names.base.rstrip("."), options=("-Cc", "-m", ""))
    for line in output.replace(tree.dir, "").splitlines():
        oid, _, value = line.partition(" = ")
        assert oid.startswith(names.base), line
        oid = oid[len(names.base):]
        column, name, table = names.of(oid)
        if LATE.match(name):
            continue
        if MOVING.search(column):
            value = value.partition(":")[0] + ": *"
        if table == "netdiagAlarmTable":
            oid, _, alarm = oid.rpartition(".")
            oid += ".1"
        elif column == "netdiagAlarmHistoryAlarmId":
            value = value.replace(alarm, "1")
        assert oid not in cells, line
        cells[oid] = value
    return cells


def moved_arcs(names):
    """{OID of a column in 1.0.0: that of today}, below the base OID."""
    today = {column: oid for oid, (column, _, _) in names.columns.items()}
    moved = {}
    for prefix, columns in MOVED.items():
        for arc, column in enumerate(columns.split(), 1):
            oid = today[prefix + column]
            moved[f"{oid.rpartition('.')[0]}.{arc}"] = oid
    return moved


def read_golden(collectors, names):
    """The recorded cells, at the arcs and under the names of collectors that they have today."""
    moved = moved_arcs(names)

    def today(oid):
        arcs = oid.split(".")
        for length in range(len(arcs) - 1, 0, -1):
            column = ".".join(arcs[:length])
            if column in moved:
                return ".".join([moved[column], *arcs[length:]])
        return oid

    with open(GOLDEN) as golden:
        lines = (line.rstrip("\n").split(" = ", 1) for line in golden)
        cells = {today(oid): value for oid, value in lines}
    table = "1.2.1."
    for old, new in RENAMED.items():
        if new not in collectors:
            continue
        index = "." + encode_index(old)
        for oid in [oid for oid in cells if oid.startswith(table) and oid.endswith(index)]:
            cells[oid[:-len(index)] + "." + encode_index(new)] = cells.pop(oid)
    return cells


def differences(old, new, names):
    """(unintended, intended) lines about what differs."""
    unintended, intended = [], []
    for oid in sorted(old.keys() | new.keys(), key=lambda oid: list(map(int, oid.split(".")))):
        if old.get(oid) == new.get(oid):
            continue
        _, name, table = names.of(oid)
        line = f"{name}: was {old.get(oid, 'absent')}, is {new.get(oid, 'absent')}"
        for pattern, reason in CHANGED:
            if re.match(pattern, line) or re.match(pattern, table):
                intended.append(f"{oid} {line} ({reason})")
                break
        else:
            unintended.append(f"{oid} {line}")
    return unintended, intended


class Golden(unittest.TestCase):
    maxDiff = None

    def test_walk(self):
        names = Names(json.loads(dump(fmt="schema")))
        with MadeTree() as tree, Netns("golden") as ns:
            with Agent(args=tree.args, netns=ns) as agent:
                if os.environ.get("NETDIAG_GOLDEN") == "write":
                    self.write(agent, names, tree)
                    return
                golden = read_golden(agent.table("netdiagCollectorTable"), names)
                self.assertGreater(len(golden), 500)
                found = None

                def same():
                    nonlocal found
                    walked = differences(golden, walk(agent, names, tree), names)
                    # States of checks move on when a minute has passed: the nearest walk counts.
                    if not found or len(walked[0]) < len(found[0]):
                        found = walked
                    return not found[0]

                try:
                    eventually("the walk is that of 1.0.0", same, every=1)
                except AssertionError:
                    self.fail("differs from 1.0.0; what is intended belongs into CHANGED:\n" +
                              "\n".join(found[0]))
                if os.environ.get("NETDIAG_GOLDEN") == "all":
                    print("\n".join(found[1]))

    @staticmethod
    def write(agent, names, tree):
        """Records a walk once nothing has moved for 10 walks, a second apart."""
        seen = []

        def settled():
            seen.append(walk(agent, names, tree))
            return len(seen) > 15 and all(cells == seen[-1] for cells in seen[-10:])

        eventually("the walk has settled", settled, timeout=120, every=1)
        with open(GOLDEN, "w") as out:
            out.writelines(f"{oid} = {value}\n" for oid, value in seen[-1].items())


if __name__ == "__main__":
    unittest.main()
