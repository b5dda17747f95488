# SPDX-License-Identifier: BSD-2-Clause
"""How many series each module of snmp.yml makes of this host, and of one with very much of everything; and
that no text that changes is a label of any but the alarms'."""

import contextlib
import os
import re
import unittest

import yaml

from monitoring import MODULES, start_exporter
from platform_tools import NMS, Host
from harness import Netns, eventually
from test_prometheus import scraped
from test_storms import Crowd
from watched import fast, short

FORM = "-0.22"
INTERFACES, LISTENERS, NAMESPACES = 200, 300, 100
# A Prometheus holds a few million series: hundreds of hosts of the larger kind.
SMALL_MAX = {"netdiag_alarms": 30, "netdiag": 500, "netdiag_nic": 600, "netdiag_sockets": 400, "netdiag_checks": 1200,
             "netdiag_detail": 1500}
LARGE_MAX = {"netdiag_alarms": 100, "netdiag": 500, "netdiag_nic": 50 * INTERFACES, "netdiag_sockets": 9 * LISTENERS,
             "netdiag_checks": 16 * LISTENERS + 20 * INTERFACES, "netdiag_detail": 1500 + 15 * 2 * NAMESPACES}


class Cardinality(unittest.TestCase):
    def labels(self, host, module):
        """{(name, its labels)} of what the exporter makes of a module."""
        return {(name, tuple(sorted(labels.items()))) for name, labels, _ in scraped(host, module)}

    def within(self, what, host, bounds):
        counts = {module: len(scraped(host, module)) for module in MODULES}
        print(f"{what}: " + ", ".join(f"{module} {count}" for module, count in counts.items()) +
              f", {sum(counts.values())} series in all")
        for module, count in counts.items():
            self.assertTrue(0 < count <= bounds[module], f"{module}: {count}")
        return counts

    def test_this_host(self):
        # What other tests do elsewhere on the machine is none of this host's.
        with Host("collector netns off\ncollector softnet off\n") as host:
            start_exporter(host, FORM)
            host.agent.refreshed("socketState")
            self.within("a small namespace of this host", host, SMALL_MAX)
            for name, labels in self.labels(host, "netdiag_alarms"):
                self.assertTrue(labels in ((), (("netdiagAgentSummary", "ok"),)) or "Alarm" in name, (name, labels))

    def test_large(self):
        with contextlib.ExitStack() as stack:
            host = stack.enter_context(Host("maxRows listener 1000\ncollector softnet off\n" + short("listener.queue", "listener.drops") + fast(
                "listener", interval="1s"), label="large"))
            for n in range(NAMESPACES):
                stack.enter_context(Netns(f"large-{n}"))
            commands = "".join(f"link add card{n} type veth peer name peer{n}\n" for n in range(INTERFACES // 2))
            host.netns.run("ip", "-batch", "-", input=commands)
            crowd = stack.enter_context(Crowd(host.netns, LISTENERS))
            start_exporter(host, FORM)
            for table, rows in (("netdiagNicTable", INTERFACES), ("netdiagListenerTable", LISTENERS),
                                ("netdiagNetnsTable", NAMESPACES)):
                eventually(f"{table} has {rows} rows", lambda: len(host.agent.table(table)) >= rows, timeout=90, every=1)
            self.within(f"{INTERFACES} interfaces, {LISTENERS} listeners, {NAMESPACES} namespaces", host, LARGE_MAX)
            # A check has no value before its first window is over.
            seen = []
            eventually("there is nothing new", lambda: seen.append(self.steady(host)) or seen[-2:-1] == seen[-1:], every=5)
            alarms = self.labels(host, "netdiag_alarms")
            crowd.does("fill 3")
            eventually("there is an alarm", lambda: [
                row for row in host.agent.table("netdiagAlarmTable").values()
                if row.get("netdiagAlarmCheck", "").startswith("listener.")])
            self.assertNotEqual(self.labels(host, "netdiag_alarms"), alarms)
            # A listener's checks have rows from its first trouble on.
            troubled = [f"'{endpoint}'" for endpoint in crowd.endpoints[:3]]
            new = {labels for labels in self.steady(host) - seen[-1]
                   if not ("netdiagCheckName" in str(labels) and any(name in str(labels) for name in troubled))}
            self.assertEqual((len(new), sorted(new)[:3]), (0, []))

    def steady(self, host):
        """The labels that an alarm makes no more of. Namespaces come and go on the whole machine, and the
        kernel's reasons are counted as they come."""
        return {labels for module in MODULES[1:] for name, labels in self.labels(host, module)
                if not re.match("netdiag(Netns|Drop)", name) and not re.search(r"'netns\.", str(labels))}

    def test_texts(self):
        """A text is a series of its own in netdiag_alarms only; in other modules it names a row at most."""
        for form in ("", "-0.22"):
            with open(os.path.join(NMS, "prometheus", f"snmp{form}.yml")) as text:
                made = yaml.safe_load(text)
            for module, content in made.get("modules", made).items():
                texts = {metric["name"] for metric in content["metrics"] if metric["type"] == "DisplayString"}
                self.assertEqual(bool(texts), module == "netdiag_alarms", texts)


if __name__ == "__main__":
    unittest.main()
