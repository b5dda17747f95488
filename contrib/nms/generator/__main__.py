# SPDX-License-Identifier: BSD-2-Clause
"""usage: python3 generator SCHEMA MIB DIRECTORY

Writes the files for each platform below DIRECTORY. SCHEMA: what `netdiagd --dump=schema` prints;
MIB: NETDIAG-MIB.txt."""

import os
import pathlib
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from generator import (grafana, librenms, nagios, opennms, otel, prometheus, prometheus_rules,  # noqa: E402
                       snmptt, telegraf, zabbix)
from generator.model import Model  # noqa: E402

FILES = {
    "prometheus/generator.yml": lambda model: prometheus.generator(model, True),
    "prometheus/snmp.yml": lambda model: prometheus.exporter(model, True),
    "prometheus/prometheus.yml": lambda model: prometheus.scrape(model, True),
    "prometheus/generator-0.22.yml": lambda model: prometheus.generator(model, False),
    "prometheus/snmp-0.22.yml": lambda model: prometheus.exporter(model, False),
    "prometheus/prometheus-0.22.yml": lambda model: prometheus.scrape(model, False),
    "prometheus/netdiag.rules.yml": prometheus_rules.rules,
    "prometheus/netdiag.rules.test.yml": prometheus_rules.tests,
    "grafana/netdiag.json": lambda model: grafana.dashboard(model, True),
    "grafana/netdiag-0.22.json": lambda model: grafana.dashboard(model, False),
    "zabbix/netdiag.json": zabbix.template,
    "snmptt/netdiag.snmptt.conf": snmptt.config,
    "nagios/netdiag.cfg": nagios.commands,
    "icinga2/netdiag.conf": nagios.icinga,
    "librenms/netdiag.yaml": librenms.discovery,
    "librenms/NetdiagAlarm.php": librenms.handler,
    "librenms/alert_rules.json": librenms.alerts,
    "opennms/netdiag.events.xml": opennms.events,
    "opennms/netdiag.datacollection.xml": opennms.datacollection,
    "telegraf/netdiag.conf": telegraf.config,
    "otel/netdiag.yaml": otel.config,
}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    schema, mib, directory = map(pathlib.Path, sys.argv[1:])
    model = Model(schema.read_text(), mib.read_text())
    for name, make in FILES.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(model))


if __name__ == "__main__":
    main()
