# SPDX-License-Identifier: BSD-2-Clause
"""snmp_exporter, Prometheus and Alertmanager from their packages, polling a Host with the files of
contrib/nms, only more often."""

import os
import re

from platform_tools import NMS, TRIXIE, installed, packages
from harness import eventually

EXPORTER, PROMETHEUS, ALERTMANAGER = 9116, 9090, 9093
MODULES = ("netdiag_alarms", "netdiag", "netdiag_nic", "netdiag_sockets", "netdiag_checks", "netdiag_detail")
EVERY_S = 5


def exporter_packages(form):
    """form: "" for the files for an exporter since 0.25, "-0.22" for those before."""
    return packages("prometheus-snmp-exporter", suite=None if form else TRIXIE)


def start_exporter(host, form):
    host.start("exporter", os.path.join(exporter_packages(form), "usr/bin/prometheus-snmp-exporter"),
               "--config.file=" + os.path.join(NMS, "prometheus", f"snmp{form}.yml"),
               f"--web.listen-address=127.0.0.1:{EXPORTER}")
    eventually("the exporter answers", lambda: host.answers(EXPORTER))


class Monitoring:
    def __init__(self, host, form, every=EVERY_S, gone_after="2m"):
        """gone_after: for how long something must not answer until there is an alert."""
        root = packages("prometheus", "prometheus-alertmanager")
        self.host = host
        start_exporter(host, form)
        with open(os.path.join(NMS, "prometheus", "netdiag.rules.yml")) as text:
            rules = re.sub(r"interval: \d+s", f"interval: {every}s", text.read()).replace("for: 2m", f"for: {gone_after}")
        with open(os.path.join(NMS, "prometheus", f"prometheus{form}.yml")) as text:
            scrape = text.read().replace("192.0.2.1", host.SNMP)
        scrape = re.sub(r"scrape_interval: \d+s", f"scrape_interval: {every}s", scrape)
        scrape = re.sub(r"scrape_timeout: \d+s", f"scrape_timeout: {every}s", scrape)
        scrape = scrape.replace("netdiag.rules.yml", host.write("netdiag.rules.yml", rules))
        scrape += (f"global: {{evaluation_interval: {every}s}}\nalerting: {{alertmanagers: [{{static_configs: "
                   f"[{{targets: ['127.0.0.1:{ALERTMANAGER}']}}]}}]}}\n")
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

    def query_range(self, expression, start, end, step):
        return self.host.json(PROMETHEUS, "/api/v1/query_range", query=expression, start=start, end=end,
                              step=step)["data"]["result"]

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
