# SPDX-License-Identifier: BSD-2-Clause
"""Network cards that are not here: interfaces of the tests that look to netdiagd like those of a
driver with statistics, limits, pause frames, FEC and bonds of its own. See served_nics.c."""

import os
import shlex
import shutil
import tempfile

import harness

WAYS = {"device": -1, "rx": 0, "tx": 1}
FIXTURES = os.path.join(harness.SRC, "tests", "data", "nic")


class Card:
    """What one interface is served as. Changes are seen with the next collection."""

    def __init__(self, path, fixture=None, **head):
        self.path = path
        self.head = {"bus-info": "0000:01:00.0"}
        self.statistics = {}
        self.stats64 = {}
        self.standard = {}
        self.qstats = {}
        self.queues = []
        if fixture:
            with open(os.path.join(FIXTURES, fixture)) as lines:
                for line in lines:
                    name, _, value = line.rstrip("\n").rpartition(":")
                    if line.startswith(" "):
                        self.statistics[name.strip()] = int(value)
                    elif value:
                        name, _, value = line.partition(":")
                        self.head[name] = value.strip()
        self.set(**head)

    def set(self, **head):
        """driver="ena", speed=1000, duplex="half", carrier=0, pause="12 5", link_state="5 1 12" …"""
        self.head.update((name.replace("_", "-"), value) for name, value in head.items())
        self.write()

    def count(self, name, n=1):
        """One of the driver's statistics rises."""
        self.statistics[name] = self.statistics.get(name, 0) + n
        self.write()

    def count64(self, name, n=1):
        """One of rtnl_link_stats64 rises."""
        self.stats64[name] = self.stats64.get(name, 0) + n
        self.write()

    def count_standard(self, group, number, n=1):
        """A number of one of the groups of ETHTOOL_MSG_STATS_GET rises."""
        self.standard[group, number] = self.standard.get((group, number), 0) + n
        self.write()

    def count_queue(self, way, queue, attribute, n=1):
        """What a queue counts by qstats of the generic netlink family netdev rises: an attribute by its
        number. way is "rx", "tx", or "device" for queues that are gone."""
        key = WAYS[way], queue, attribute
        self.qstats[key] = self.qstats.get(key, 0) + n
        self.write()

    def add_queue(self, way, queue, napi, irq):
        """A queue that is served by this NAPI instance, with this interrupt."""
        self.queues.append((WAYS[way], queue, napi, irq))
        self.write()

    def write(self):
        lines = [f"{name}: {value}" for name, value in self.head.items()]
        lines += [f"stats64: {name} {value}" for name, value in self.stats64.items()]
        lines += [f"standard: {group} {number} {value}"
                  for (group, number), value in self.standard.items()]
        lines += [f"qstats: {way} {queue} {attribute} {value}"
                  for (way, queue, attribute), value in self.qstats.items()]
        lines += ["queue: " + " ".join(map(str, queue)) for queue in self.queues]
        lines += ["NIC statistics:"]
        lines += [f"     {name}: {value}" for name, value in self.statistics.items()]
        with open(self.path + "~", "w") as out:
            out.write("\n".join(lines) + "\n")
        os.replace(self.path + "~", self.path)


class ServedNics:
    """A context manager; env is for the netdiagd that sees the cards."""

    def __enter__(self):
        self.dir = tempfile.mkdtemp(prefix="netdiag-nics-")
        self.cards = os.path.join(self.dir, "cards")
        os.mkdir(self.cards)
        for path in (self.dir, self.cards):
            os.chmod(path, 0o755)
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "served_nics.c")
        library = os.path.join(self.dir, "served_nics.so")
        harness.run(*shlex.split(os.environ.get("CC", "cc")), "-shared", "-fPIC", "-o", library, source)
        options = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        self.env = {"LD_PRELOAD": library, "SERVED_NICS": self.cards, "ASAN_OPTIONS": options}
        return self

    def __exit__(self, *exc):
        shutil.rmtree(self.dir)

    def card(self, ifname, fixture=None, **head):
        """From now on the interface is one, as tests/data/nic/FIXTURE has it."""
        return Card(os.path.join(self.cards, ifname), fixture, **head)
