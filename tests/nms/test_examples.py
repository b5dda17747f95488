# SPDX-License-Identifier: BSD-2-Clause
"""The files for platforms that cannot be run here: LibreNMS, OpenNMS, Telegraf and the OpenTelemetry
Collector. What they demand of their files is written down here as far as ours use it."""

import json
import os
import re
import subprocess
import tempfile
import tomllib
import unittest
import xml.etree.ElementTree as xml

import yaml

from platform_tools import NMS, packages
from harness import whole_schema

# What stands around a handler of notifications in LibreNMS, as far as ours uses it.
LIBRENMS = r"""<?php
namespace App\Models { class Device {} }
namespace LibreNMS\Enum { enum Severity: int { case Ok = 1; case Info = 2; case Warning = 4; case Error = 5; } }
namespace LibreNMS\Interfaces {
    interface SnmptrapHandler { public function handle(\App\Models\Device $device, \LibreNMS\Snmptrap\Trap $trap); }
}
namespace LibreNMS\Snmptrap {
    class Trap {
        public function __construct(private array $data) {}
        public function findOid($search) {
            foreach (array_keys($this->data) as $oid) { if (str_contains($oid, $search)) { return $oid; } }
            return '';
        }
        public function getOidData($oid) { return $this->data[$oid] ?? null; }
        public function getTrapOid() { return $this->getOidData('SNMPv2-MIB::snmpTrapOID.0'); }
        public function log($text, $severity, $type) { echo "$severity->name|$type|$text\n"; }
    }
}
namespace {
    require $argv[1];
    foreach (json_decode($argv[2], true) as $trap) {
        (new LibreNMS\Snmptrap\Handlers\NetdiagAlarm())->handle(new App\Models\Device(), new LibreNMS\Snmptrap\Trap($trap));
    }
}
"""


def text_of(*path):
    with open(os.path.join(NMS, *path)) as text:
        return text.read()


class LibreNms(unittest.TestCase):
    def test_handler(self):
        php = os.path.join(packages("php8.2-cli"), "usr/bin/php8.2")
        handler = os.path.join(NMS, "librenms", "NetdiagAlarm.php")
        done = subprocess.run([php, "-n", "-l", handler], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-500:])

        def trap(name, severity):
            values = {"Check": "listener.queue", "Instance": "0.0.0.0:80", "Severity": severity, "PreviousSeverity": "2",
                      "Summary": "the queue is full", "Advice": "listen(2) with more"}
            return {"SNMPv2-MIB::snmpTrapOID.0": "NETDIAG-MIB::" + name,
                    **{f"NETDIAG-MIB::netdiagNotify{key}.0": value for key, value in values.items()}}
        with tempfile.NamedTemporaryFile("w", suffix=".php") as around:
            around.write(LIBRENMS)
            around.flush()
            done = subprocess.run([php, "-n", around.name, handler, json.dumps([
                trap("netdiagAlarmRaised", "critical"), trap("netdiagAlarmRaised", "2"), trap("netdiagAlarmCleared", "1")])],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        line = "|netdiag|listener.queue 0.0.0.0:80: the queue is full"
        self.assertEqual(done.stdout.splitlines(), [
            f"Error{line} Advice: listen(2) with more", f"Warning{line} Advice: listen(2) with more", f"Ok{line}"])

    def test_discovery(self):
        """The keys that LibreNMS' schema of discovery has, and all states of each enumeration."""
        sensors = yaml.safe_load(text_of("librenms", "netdiag.yaml"))["modules"]["sensors"]
        objects = {one["name"]: one for group in whole_schema()["groups"] for one in group["objects"]}
        own = {"state": {"states", "state_name"}, "count": {"rrd_type"}, "percent": {"divisor"}}
        self.assertEqual(set(sensors), set(own))
        for kind, sensor in ((kind, one) for kind, about in sensors.items() for one in about["data"]):
            self.assertLessEqual(set(sensor), {"oid", "value", "num_oid", "index", "descr", "group", "snmp_flags", "skip_values"}
                                 | own[kind])
            self.assertRegex(sensor["num_oid"], r"^(\.\d+)+\.\{\{ \$index \}\}$")
            value = objects[sensor["value"].split("::")[1]]
            self.assertEqual(sensor["num_oid"], f".{value['oid']}.{{{{ $index }}}}")
            if kind == "state":
                self.assertEqual({one["descr"]: one["value"] for one in sensor["states"]}, value["values"])
                for state in sensor["states"]:
                    self.assertEqual(set(state), {"descr", "value", "graph", "generic"})
                    self.assertIn(state["generic"], range(4))

    def test_alerts(self):
        rules = json.loads(text_of("librenms", "alert_rules.json"))
        types = re.findall(r"state_name: (\w+)", text_of("librenms", "netdiag.yaml"))
        for rule in rules:
            self.assertIn(rule["severity"], ("ok", "warning", "critical"))
            for one in rule["builder"]["rules"]:
                self.assertEqual(set(one), {"id", "field", "type", "input", "operator", "value"})
                if one["field"] == "sensors.sensor_type":
                    self.assertIn(one["value"], types)


class OpenNms(unittest.TestCase):
    def parse(self, name, namespace):
        """The elements without their namespace."""
        top = xml.fromstring(text_of("opennms", name).encode())
        for one in top.iter():
            self.assertTrue(one.tag.startswith("{" + namespace + "}"), one.tag)
            one.tag = one.tag.split("}")[1]
        return top

    def test_events(self):
        events = {event.findtext("event-label"): event for event in
                  self.parse("netdiag.events.xml", "http://xmlns.opennms.org/xsd/eventconf")}
        self.assertEqual(len(events), 5)
        for event in events.values():
            # In the order in which OpenNMS writes them.
            self.assertEqual([one.tag for one in event][:6], ["mask", "uei", "event-label", "descr", "logmsg", "severity"])
        keys = {events[f"netdiag: {word}"].find("alarm-data").get(attribute) for word, attribute in (
            ("critical", "reduction-key"), ("warning", "reduction-key"), ("cleared", "clear-key"))}
        self.assertEqual(len(keys), 1)
        self.assertNotIn("%severity%", keys.pop())
        notifications = {one["oid"].rsplit(".", 1)[1]: one["objects"] for one in whole_schema()["notifications"]}
        for event in events.values():
            specific = next(one.findtext("mevalue") for one in event.iter("maskelement") if one.findtext("mename") == "specific")
            used = [int(number) for one in event.iter() for number in re.findall(r"%parm\[#(\d+)\]%", one.text or "")]
            self.assertLessEqual(max(used), len(notifications[specific]))

    def test_datacollection(self):
        top = self.parse("netdiag.datacollection.xml", "http://xmlns.opennms.org/xsd/config/datacollection")
        types = {one.get("name") for one in top.iter("resourceType")}
        aliases = [one.get("alias") for one in top.iter("mibObj")]
        self.assertEqual(len(aliases), len(set(aliases)))
        self.assertLessEqual(max(map(len, aliases)), 19)
        for one in top.iter("mibObj"):
            self.assertIn(one.get("instance"), types | {"0", "ifIndex"})
            self.assertIn(one.get("type"), ("counter", "gauge", "string"))
        self.assertEqual([one.text for one in top.iter("includeGroup")], [one.get("name") for one in top.iter("group")])
        self.assertEqual(sorted(set(one.tag for one in top), key=[one.tag for one in top].index),
                         ["resourceType", "group", "systemDef"])


class Collectors(unittest.TestCase):
    def test_telegraf(self):
        inputs = tomllib.loads(text_of("telegraf", "netdiag.conf"))["inputs"]["snmp"]
        for one in inputs:
            for fields in (one["field"], *(table["field"] for table in one.get("table", []))):
                self.assertEqual(len({field["name"] for field in fields}), len(fields))
                for field in fields:
                    self.assertLessEqual(set(field), {"oid", "name", "is_tag", "conversion"})
                    self.assertRegex(field["oid"], r"^(\.\d+)+$")

    def test_opentelemetry(self):
        receiver = yaml.safe_load(text_of("otel", "netdiag.yaml"))["receivers"]["snmp/netdiag"]
        self.assertTrue(receiver["metrics"])
        for name, metric in receiver["metrics"].items():
            self.assertEqual(len({"gauge", "sum"} & set(metric)), 1, name)
            for scalar in metric.get("scalar_oids", []):
                self.assertTrue(scalar["oid"].endswith(".0"), name)
            for column in metric.get("column_oids", []):
                self.assertTrue(column["attributes"], name)
                for attribute in column["attributes"]:
                    self.assertIn(attribute["name"], receiver["attributes"])


if __name__ == "__main__":
    unittest.main()
