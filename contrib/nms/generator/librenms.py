# SPDX-License-Identifier: BSD-2-Clause
"""For LibreNMS: what its discovery of Linux hosts adds, a handler of the notifications, and rules for
alerts. States are netdiagd's own, and no sensor has a limit: LibreNMS judges nothing again."""

import json

from .prometheus import HEAD

FINE, BAD, WORSE, UNKNOWN = range(4)  # LibreNMS' generic states
STATES = {
    "netdiagAgentWorstSeverity": {"none": FINE, "warning": BAD, "critical": WORSE},
    "netdiagCheckState": {"ok": FINE, "warning": BAD, "critical": WORSE},
    "netdiagCollectorStatus": {"ok": FINE, "stale": BAD, "denied": BAD, "error": BAD},
}
GROUP = "netdiag"


def _sensor(table, short, descr, *more):
    """Everything is walked with numeric indexes (-Ob), which can be appended to the OID as they are."""
    column = table.column(short)
    return [f"                - oid: NETDIAG-MIB::{table.name if table.is_table else column.name}",
            f"                  value: NETDIAG-MIB::{column.name}",
            f"                  num_oid: '.{column.oid}.{{{{ $index }}}}'",
            f"                  index: '{column.name}.{{{{ $index }}}}'",
            f"                  descr: '{descr}'",
            f"                  group: {GROUP}",
            "                  snmp_flags: ['-OteQUsb']",
            *("                  " + line for line in more)]


def _state(table, short, descr, *more):
    column = table.column(short)
    generic = STATES[column.name]
    return _sensor(table, short, descr, f"state_name: {column.name}", *more, "states:", *(
        f"  - {{ descr: {word}, value: {number}, graph: 0, generic: {generic.get(word, UNKNOWN)} }}"
        for word, number in column.values.items()))


def _named(*columns):
    return " ".join(f"{{{{ NETDIAG-MIB::{column.name} }}}}" for column in columns)


def discovery(model):
    """netdiag.yaml"""
    agent, check, collector, loss, limit = (model.table("netdiag" + name) for name in (
        "Agent", "Check", "Collector", "Loss", "Limit"))
    notify = check.column("Notify")
    quiet = ("skip_values:", f"  - {{ oid: NETDIAG-MIB::{notify.name}, op: '!=', value: {notify.values['true']} }}")
    return "\n".join([
        HEAD, "modules:", "    sensors:",
        "        state:", "            data:",
        *_state(agent, "WorstSeverity", "Packet loss"),
        *_state(check, "State", _named(check.column("Label"), check.column("InstanceLabel")), *quiet),
        *_state(collector, "Status", "Source " + _named(*collector.names)),
        "        count:", "            data:",
        *_sensor(loss, "Packets", "Lost: " + _named(*loss.names), "rrd_type: COUNTER"),
        "        percent:", "            data:",
        *_sensor(limit, "Usage", _named(*limit.names), "divisor: 100"),
        ""])


def handler(model):
    """NetdiagAlarm.php"""
    severities = model.notify_values("netdiagNotifySeverity")
    return f"""<?php
// SPDX-License-Identifier: BSD-2-Clause
// {HEAD[2:]}

namespace LibreNMS\\Snmptrap\\Handlers;

use App\\Models\\Device;
use LibreNMS\\Enum\\Severity;
use LibreNMS\\Interfaces\\SnmptrapHandler;
use LibreNMS\\Snmptrap\\Trap;

/**
 * An alarm of netdiagd was raised, changed, repeated or cleared: one line in the device's event log.
 */
class NetdiagAlarm implements SnmptrapHandler
{{
    public function handle(Device $device, Trap $trap)
    {{
        $cleared = str_ends_with($trap->getTrapOid(), 'netdiagAlarmCleared');
        $text = $this->value($trap, 'Check') . ' ' . $this->value($trap, 'Instance') . ': ' . $this->value($trap, 'Summary');
        $advice = $this->value($trap, 'Advice');
        if (! $cleared && $advice !== '') {{
            $text .= ' Advice: ' . $advice;
        }}
        $trap->log($text, $cleared ? Severity::Ok : $this->severity($this->value($trap, 'Severity')), 'netdiag');
    }}

    private function value(Trap $trap, string $name): string
    {{
        return (string) $trap->getOidData($trap->findOid('NETDIAG-MIB::netdiagNotify' . $name));
    }}

    private function severity(string $severity): Severity
    {{
        return match ($severity) {{
            'critical', '{severities["critical"]}' => Severity::Error,
            'warning', '{severities["warning"]}' => Severity::Warning,
            default => Severity::Info,
        }};
    }}
}}
"""


def _rule(name, severity, notes, *conditions):
    return {"name": name, "severity": severity, "notes": notes, "builder": {
        "condition": "AND", "valid": True, "rules": [
            {"id": field, "field": field, "type": "integer" if field.startswith("macros.") else "string",
             "input": "radio" if field.startswith("macros.") else "text", "operator": "equal", "value": value}
            for field, value in conditions]}}


def alerts(_model):
    """alert_rules.json"""
    return json.dumps([
        _rule("netdiag: critical", "critical", "A check of netdiagd is critical. Its advice is in the event log.",
              ("sensors.sensor_type", "netdiagCheckState"), ("macros.state_sensor_critical", "1")),
        _rule("netdiag: warning", "warning", "A check of netdiagd warns.",
              ("sensors.sensor_type", "netdiagCheckState"), ("macros.state_sensor_warning", "1")),
        _rule("netdiag: a source without data", "warning", "A collector of netdiagd is stale, denied or in error.",
              ("sensors.sensor_type", "netdiagCollectorStatus"), ("macros.state_sensor_warning", "1")),
        _rule("netdiag: netdiagd does not answer", "critical",
              "Nothing is known of this host's packet loss: check_snmp gets no values. systemctl status snmpd netdiagd",
              ("services.service_desc", "netdiag"), ("services.service_status", "3")),
    ], indent=2) + "\n"
