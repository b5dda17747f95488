# SPDX-License-Identifier: BSD-2-Clause
"""snmp_exporter, Prometheus and Alertmanager from their packages, fed with the files of contrib/nms and a
netdiagd with real faults."""

import json
import os
import re
import shutil
import signal
import tempfile
import time
import unittest

import yaml

from monitoring import EVERY_S, EXPORTER, MODULES, Monitoring, exporter_packages, start_exporter
from platform_tools import NMS, Host, packages
from harness import MIB_DIR, eventually, run
from watched import Application, load, short, fast
from test_faults import connector

def series(text):
    """[(name, {label: value}, value)] of what an exporter prints."""
    found = []
    for line in text.splitlines():
        match = re.match(r"(\w+)(?:\{(.*)\})? (\S+)$", line)
        if match and not line.startswith("#"):
            labels = {key: json.loads(f'"{value}"') for key, value in
                      re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or "")}
            found.append((match[1], labels, float(match[3])))
    return found


def scraped(host, module, **query):
    """The series of netdiagd's that the exporter makes of it."""
    return [one for one in series(host.http(EXPORTER, "/snmp", target=host.SNMP, module=module, **query))
            if one[0].startswith("netdiag")]


class Exporter(unittest.TestCase):
    """Both forms of snmp.yml, each with an exporter that reads it."""

    def check(self, form, **query):
        exporter_packages(form)
        with Host() as host:
            start_exporter(host, form)
            # The exporter is a listener itself, and the only one.
            eventually("there is a listener", lambda: scraped(host, "netdiag_sockets", **query))
            for module in MODULES:
                began = time.monotonic()
                found = scraped(host, module, **query)
                took = time.monotonic() - began
                self.assertTrue(found, module)
                print(f"snmp{form}.yml {module}: {len(found)} series, {took:.3f} s")

    def test_up_to_0_24(self):
        self.check("-0.22")

    def test_since_0_25(self):
        self.check("", auth="public_v2")


class Rules(unittest.TestCase):
    """Each rule fires, clears, and stays quiet."""

    def test_promtool(self):
        promtool = os.path.join(packages("prometheus", "prometheus-alertmanager"), "usr/bin/promtool")
        directory = os.path.join(NMS, "prometheus")
        run(promtool, "check", "rules", os.path.join(directory, "netdiag.rules.yml"))
        run(promtool, "test", "rules", "netdiag.rules.test.yml", cwd=directory)

    def test_generator(self):
        """snmp.yml is what the exporter's own generator makes of generator.yml and the MIB."""
        for form, more in (("-0.22", []), ("", ["-m", MIB_DIR])):
            tool = os.path.join(exporter_packages(form), "usr/bin/prometheus-snmp-generator")
            with tempfile.TemporaryDirectory() as made:
                shutil.copy(os.path.join(NMS, "prometheus", f"generator{form}.yml"), os.path.join(made, "generator.yml"))
                run(tool, "generate", *more, cwd=made, env={**os.environ, "MIBDIRS": MIB_DIR, "MIBS": "NETDIAG-MIB"})
                with open(os.path.join(made, "snmp.yml")) as theirs, \
                        open(os.path.join(NMS, "prometheus", f"snmp{form}.yml")) as ours:
                    self.same(yaml.safe_load(theirs), yaml.safe_load(ours))

    def same(self, theirs, ours):
        theirs, ours = theirs.get("modules", theirs), ours.get("modules", ours)
        self.assertEqual(set(theirs), set(ours))
        for module, content in ours.items():
            for key in ("walk", "max_repetitions"):
                self.assertEqual(theirs[module][key], content[key], module)
            metrics = {one["name"]: one for one in theirs[module]["metrics"]}
            self.assertEqual(metrics, {one["name"]: one for one in content["metrics"]}, module)


class EndToEnd(unittest.TestCase):
    """A real fault stands in Alertmanager with its advice; it stands as long as nobody answers, which is an
    alert of its own, and is gone when it is over."""

    def setUp(self):
        self.host = Host()
        self.addCleanup(self.host.close)
        self.host.agent.stop_daemon()
        self.host.agent.write_config(
            short("listener.queue", "listener.drops", "tcp.listen_overflows") +
            fast("listener", "counters", interval="1s") + "collector netns off\ncollector softnet off\n"
            f"stateFile {self.host.dir}/state\n")
        self.host.agent.start_daemon()
        # promtool tests the two minutes that stand in the file.
        self.monitoring = Monitoring(self.host, "-0.22", gone_after="20s")
        self.alerts = self.monitoring.alerts

    def test_a_fault(self):
        host, agent = self.host, self.host.agent
        gone, snmpd_gone = ("NetdiagGone", None, None), ("NetdiagSnmpdGone", None, None)
        with Application(host.netns, "shop", "listen", "127.0.0.1", 16) as shop:
            began = time.monotonic()
            with load(host.netns, connector(("127.0.0.1", shop.port)), pause=0.02):
                # Which alarm of the fault speaks for the others depends on which is decided first.
                found = eventually("the alert is in Alertmanager", lambda: {
                    key: texts for key, texts in self.alerts().items() if key[0] == "NetdiagCritical"}, timeout=60)
                print(f"from the fault to the alert: {time.monotonic() - began:.0f} s at intervals of {EVERY_S} s")
                self.assertLess(time.monotonic() - began, 30)
                self.before = found
                for texts in found.values():
                    self.assertRegex(texts["summary"], "accept queue|connections/s")
                    self.assertTrue(texts["advice"])
                agent.stop_daemon(signal.SIGKILL)
                self.until("netdiagd's end is told", lambda now: gone in now)
                self.assertNotIn(snmpd_gone, self.alerts())
                agent.start_daemon()
                self.until("and its return", lambda now: gone not in now)
                agent.kill_master()
                self.until("snmpd's end is told", lambda now: snmpd_gone in now)
                self.assertNotIn(gone, self.alerts())
                agent.start_master()
                self.until("and its return", lambda now: snmpd_gone not in now)
                agent.wait_up()
                self.until("netdiagd is back, too", lambda now: self.monitoring.query("netdiagAgentUptime"))
                shop.work()
            began = time.monotonic()
            eventually("all is resolved", lambda: self.assertEqual(sorted(map(str, self.alerts())), []) is None, timeout=120)
            print(f"from the fault's end to the end of the alert: {time.monotonic() - began:.0f} s")

    def until(self, what, condition):
        """The alerts stand as they did, with their texts, until the condition is true of them."""
        def there():
            now = self.alerts()
            for key, texts in self.before.items():
                if now.get(key) != texts:
                    raise RuntimeError(f"{what}: {key} was {texts}, is {now.get(key)}")
            return condition(now)

        began = time.monotonic()
        eventually(what, there, timeout=120, every=0.5)
        print(f"{what}: after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    unittest.main()
