# SPDX-License-Identifier: BSD-2-Clause
"""snmp_exporter, Prometheus and Alertmanager from their packages, fed with the files of contrib/nms and a
netdiagd with real faults."""

import json
import os
import re
import shutil
import tempfile
import time
import unittest

import yaml

from platform_tools import NMS, TRIXIE, Host, installed, packages
from harness import MIB_DIR, eventually, run
from watched import Application, load, short, fast
from test_faults import connector

EXPORTER, PROMETHEUS, ALERTMANAGER = 9116, 9090, 9093
MODULES = ("netdiag_alarms", "netdiag", "netdiag_nic", "netdiag_sockets", "netdiag_checks", "netdiag_detail")


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


class Exporter(unittest.TestCase):
    """Both forms of snmp.yml, each with an exporter that reads it."""

    def check(self, root, config, **query):
        with Host() as host:
            host.start("exporter", os.path.join(root, "usr/bin/prometheus-snmp-exporter"),
                       "--config.file=" + os.path.join(NMS, "prometheus", config),
                       f"--web.listen-address=127.0.0.1:{EXPORTER}")
            eventually("the exporter answers", lambda: host.answers(EXPORTER))
            for module in MODULES:
                began = time.monotonic()
                found = series(host.http(EXPORTER, "/snmp", target=host.SNMP, module=module, **query))
                took = time.monotonic() - began
                ours = [name for name, _, _ in found if name.startswith("netdiag")]
                self.assertTrue(ours, module)
                print(f"{config} {module}: {len(ours)} series, {took:.3f} s")

    def test_up_to_0_24(self):
        self.check(packages("prometheus-snmp-exporter"), "snmp-0.22.yml")

    def test_since_0_25(self):
        self.check(packages("prometheus-snmp-exporter", suite=TRIXIE), "snmp.yml", auth="public_v2")


class Rules(unittest.TestCase):
    """Each rule fires, clears, and stays quiet."""

    def test_promtool(self):
        promtool = os.path.join(packages("prometheus"), "usr/bin/promtool")
        directory = os.path.join(NMS, "prometheus")
        run(promtool, "check", "rules", os.path.join(directory, "netdiag.rules.yml"))
        run(promtool, "test", "rules", "netdiag.rules.test.yml", cwd=directory)

    def test_generator(self):
        """snmp.yml is what the exporter's own generator makes of generator.yml and the MIB."""
        for suite, form, more in ((None, "-0.22", []), (TRIXIE, "", ["-m", MIB_DIR])):
            tool = os.path.join(packages("prometheus-snmp-exporter", suite=suite), "usr/bin/prometheus-snmp-generator")
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
    """A real fault stands in Alertmanager with its advice, and is gone when it is over."""

    def setUp(self):
        root = packages("prometheus-snmp-exporter", "prometheus", "prometheus-alertmanager")
        config = short("listener.queue", "listener.drops", "tcp.listen_overflows") + fast("listener", "counters", interval="1s")
        self.host = Host(config + "collector netns off\n")
        self.addCleanup(self.host.close)
        host = self.host
        with open(os.path.join(NMS, "prometheus", "prometheus-0.22.yml")) as text:
            scrape = text.read().replace("192.0.2.1", host.SNMP)
        scrape = re.sub(r"scrape_interval: \d+s", "scrape_interval: 5s", scrape)
        scrape = re.sub(r"scrape_timeout: \d+s", "scrape_timeout: 4s", scrape)
        scrape = scrape.replace("netdiag.rules.yml", os.path.join(NMS, "prometheus", "netdiag.rules.yml"))
        scrape += (f"global: {{evaluation_interval: 5s}}\nalerting: {{alertmanagers: [{{static_configs: "
                   f"[{{targets: ['127.0.0.1:{ALERTMANAGER}']}}]}}]}}\n")
        host.start("exporter", os.path.join(root, "usr/bin/prometheus-snmp-exporter"),
                   "--config.file=" + os.path.join(NMS, "prometheus", "snmp-0.22.yml"),
                   f"--web.listen-address=127.0.0.1:{EXPORTER}")
        host.start("prometheus", os.path.join(root, "usr/bin/prometheus"),
                   "--config.file=" + host.write("prometheus.yml", scrape),
                   f"--web.listen-address=127.0.0.1:{PROMETHEUS}", "--storage.tsdb.path=" + host.dir + "/data")
        config = "route: {receiver: none, group_wait: 1s}\nreceivers: [{name: none}]\n"
        # Debian's reads its templates below /usr/share.
        host.start("alertmanager", *installed(
            [root], os.path.join(root, "usr/bin/prometheus-alertmanager"),
            "--config.file=" + host.write("alertmanager.yml", config), "--cluster.listen-address=",
            f"--web.listen-address=127.0.0.1:{ALERTMANAGER}", "--storage.path=" + host.dir + "/alerts"))
        eventually("Alertmanager answers", lambda: host.answers(ALERTMANAGER), timeout=30)
        eventually("all targets are up", self.targets_up, timeout=60)

    def query(self, expression):
        return self.host.json(PROMETHEUS, "/api/v1/query", query=expression)["data"]["result"]

    def targets_up(self):
        try:
            return len([one for one in self.query("up") if one["value"][1] == "1"]) == len(MODULES)
        except OSError:
            return False

    def alerts(self):
        """{(alert, check, instance): annotations} that are active in Alertmanager."""
        found = self.host.json(ALERTMANAGER, "/api/v2/alerts", active="true")
        return {(one["labels"]["alertname"], one["labels"].get("netdiagAlarmCheck"),
                 one["labels"].get("netdiagAlarmInstance")): one["annotations"] for one in found}

    def test_a_fault(self):
        host = self.host
        with Application(host.netns, "shop", "listen", "127.0.0.1", 16) as shop:
            began = time.monotonic()
            with load(host.netns, connector(("127.0.0.1", shop.port)), pause=0.02):
                # Which alarm of the fault speaks for the others depends on which is decided first.
                found = eventually("the alert is in Alertmanager", lambda: [
                    texts for key, texts in self.alerts().items() if key[0] == "NetdiagCritical"], timeout=60)
                print(f"from the fault to the alert: {time.monotonic() - began:.0f} s at intervals of 5 s")
                self.assertLess(time.monotonic() - began, 30)
                self.assertRegex(found[0]["summary"], "accept queue|connections/s")
                self.assertTrue(found[0]["advice"])
                before = self.alerts()
                host.agent.stop_daemon()
                self.holds("netdiagd's end is told", before, ("NetdiagGone", None, None), timeout=240)
                host.agent.start_daemon()
                eventually("and its return", lambda: ("NetdiagGone", None, None) not in self.alerts(), timeout=60)
                shop.work()
            eventually("all is resolved", lambda: not self.alerts(), timeout=400)

    def holds(self, what, before, key, timeout):
        """No alert of those before is resolved until the one with this key is there."""
        end = time.monotonic() + timeout
        while key not in (now := self.alerts()):
            self.assertLessEqual(set(before), set(now), what)
            self.assertLess(time.monotonic(), end, what)
            time.sleep(1)


if __name__ == "__main__":
    unittest.main()
