# SPDX-License-Identifier: BSD-2-Clause
"""What the generated files are made from: the schema that netdiagd prints, the descriptions of the MIB,
and, written down once for all platforms, what each table is for."""

import json
import re

# What a table is for. `module`: with which others it is polled, None for those that are read on demand
# only. `name`: the column that names a row for a person, where the index is a number. `texts`: columns of
# text that a poller wants; all others would make a new series, or a new item, whenever a text changes.
# `leave`: columns that are no use to a poller.
PURPOSE = {
    "netdiagAgent": {"module": "alarms", "texts": ["Summary"]},
    "netdiagAlarm": {"module": "alarms", "name": ["Check", "Instance"],
                     "texts": ["Summary", "Advice", "Command", "Units"]},
    "netdiagCollector": {"module": "host"},
    "netdiagLoss": {"module": "host"},
    "netdiagSoftnet": {"module": "host"},
    "netdiagTcp": {"module": "host"},
    "netdiagUdp": {"module": "host"},
    "netdiagIp": {"module": "host"},
    "netdiagConntrack": {"module": "host"},
    "netdiagSocket": {"module": "host"},
    "netdiagProtocol": {"module": "host"},
    "netdiagLimit": {"module": "host"},
    "netdiagNic": {"module": "nic", "name": ["Name"]},
    "netdiagNicStat": {"module": "nic", "name": ["Name"]},
    "netdiagQueue": {"module": "nic", "name": ["IfName"], "leave": ["NapiId", "Irq"]},
    "netdiagIrq": {"module": "nic", "name": ["Name"], "leave": ["IfIndex"]},
    "netdiagListener": {"module": "sockets", "leave": ["Port", "Pid"]},
    # A client's socket has another port each time: on demand only. The alarms name those that lose datagrams.
    "netdiagUdpSocket": {"module": None, "leave": ["Port", "Pid"]},
    "netdiagCheck": {"module": "checks", "leave": ["TimeToFull", "Clear"]},
    "netdiagCounter": {"module": "detail"},
    "netdiagConntrackCpu": {"module": "detail"},
    "netdiagNetns": {"module": "detail", "leave": ["Inode", "Pid"]},
    "netdiagDrop": {"module": "detail", "name": ["IfName"], "leave": ["RateMinute"]},
    "netdiagNfqueue": {"module": "detail", "leave": ["PortId", "Pid"]},
    # Netlink sockets are named by port ids, which are new with each process: on demand only.
    "netdiagSocketDrop": {"module": None},
    "netdiagSysctl": {"module": None},
    "netdiagBuffer": {"module": None},
    "netdiagPeer": {"module": None},
    "netdiagAlarmHistory": {"module": None},
}

TEXTS = {"NetdiagText", "NetdiagTime", "OBJECT IDENTIFIER"}
STAMPS = {"NetdiagTimeStamp"}


class Column:
    def __init__(self, table, data, descriptions, hundredths):
        self.table = table
        self.name = data["name"]
        self.short = self.name[len(table.prefix):]
        self.oid = data["oid"]
        self.syntax = data["syntax"]
        self.values = data.get("values", {})
        self.readable = data["access"] != "not-accessible"
        self.description, self.units = descriptions[self.name]
        self.is_text = self.syntax in TEXTS
        self.is_counter = self.syntax == "Counter64"
        self.is_hundredths = self.syntax in hundredths

    @property
    def summary(self):
        """The first sentence of its description."""
        return re.split(r"\.(?:\s|$)", self.description, maxsplit=1)[0]

    @property
    def polled(self):
        """Whether a poller wants it."""
        purpose = self.table.purpose
        if not self.readable or self.syntax in STAMPS or self.short in purpose.get("leave", []):
            return False
        return not self.is_text or self.short in purpose.get("texts", [])


class Table:
    """A table, or a group of scalars."""

    def __init__(self, data, descriptions, hundredths):
        self.name = data["name"]
        self.is_table = "index" in data
        self.oid = data["oid"]
        self.collector = data.get("collector")
        names = [column["name"] for column in data["objects"]]
        # The prefix of netdiagSocketStateTable's columns is netdiagSocket: the longest that has a purpose.
        self.prefix = max((prefix for prefix in PURPOSE if all(name.startswith(prefix) for name in names
                                                               if name not in data.get("index", []))),
                          key=len)
        self.purpose = PURPOSE[self.prefix]
        self.columns = [Column(self, column, descriptions, hundredths) for column in data["objects"]
                        if column["name"].startswith(self.prefix)]
        self.index = data.get("index", [])

    @property
    def names(self):
        """The columns that name a row for a person; none where its index does."""
        return [column for column in self.columns if column.short in self.purpose.get("name", ["Label"])]

    def column(self, short):
        return next(column for column in self.columns if column.short == short)

    @property
    def polled(self):
        return [column for column in self.columns if column.polled]


class Model:
    def __init__(self, schema, mib):
        """schema: the text of `netdiagd --dump=schema`; mib: that of NETDIAG-MIB."""
        data = json.loads(schema)
        descriptions = _descriptions(mib)
        self.oid = data["oid"]
        self.checks = data["checks"]
        self.collectors = data["collectors"]
        self.notifications = data["notifications"]
        self.notify = next(group for group in data["groups"] if group["name"] == "netdiagNotify")
        # Those that are shown with two decimals.
        hundredths = set(re.findall(r'^(\w+) ::= TEXTUAL-CONVENTION\s+DISPLAY-HINT "d-2"', mib, re.M))
        self.tables = [Table(group, descriptions, hundredths) for group in data["groups"]
                       if group["name"] != "netdiagNotify"]
        self.columns = {column.name: column for table in self.tables for column in table.columns}

    def table(self, prefix):
        return next(table for table in self.tables if table.prefix == prefix)

    def notify_values(self, name):
        """The enumeration of a notification's object."""
        return next(one for one in self.notify["objects"] if one["name"] == name)["values"]

    def module(self, module):
        return [table for table in self.tables if table.purpose["module"] == module]


def _descriptions(mib):
    """{name: (its description, its units)} of all objects."""
    found = {}
    for name, body in re.findall(r"^(netdiag\w+)\s+OBJECT-TYPE\n(.*?)::=", mib, re.M | re.S):
        units = re.search(r'UNITS\s+"([^"]*)"', body)
        text = re.search(r'DESCRIPTION\s+"([^"]*)"', body).group(1)
        found[name] = " ".join(text.split()), units.group(1) if units else ""
    return found
