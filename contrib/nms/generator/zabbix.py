# SPDX-License-Identifier: BSD-2-Clause
"""A template for Zabbix 6.0 and later. A problem is what netdiagd's own check says: its states and texts
are discovered, no limit is repeated here. All other items are for graphs."""

import hashlib
import json

TEMPLATE = "netdiag by SNMP"
LOST_AFTER = "1h"  # what is not discovered any longer is kept for so long
EVERY, DISCOVER = "1m", "2m"
# Without a value for so long netdiagd is gone; a problem of a check is kept for longer, so that it never
# seems to be solved before it is known that nobody watches.
GONE, KEPT = "5m", "10m"

# What is discovered: the macros and the columns that they come from, which rows are left out by default,
# and which need a value. {#SNMPINDEX} is the rest. A table is that of the key, unless it says so; of its
# columns those that begin with `only`, or all but those.
DISCOVERED = {
    "netdiagLoss": {"name": "Loss", "macros": {"PLACE": "Label"}, "row": "{#PLACE}"},
    "netdiagSoftnet": {"name": "CPUs", "macros": {"SEEN": "Processed"}, "row": "cpu{#SNMPINDEX}"},
    "netdiagNic": {"name": "Interfaces", "macros": {"IFNAME": "Name"}, "row": "{#IFNAME}", "leave": "Ring",
                   "without": ("IFNAME", "NETDIAG.IF.NOT_MATCHES", "^(lo|veth.*|docker.*|cali.*)$")},
    "netdiagNicRing": {"table": "netdiagNic", "name": "Rings", "macros": {"IFNAME": "Name", "RINGMAX": "RingRxMax"},
                       "row": "{#IFNAME}", "only": "Ring", "exists": "RINGMAX"},
    "netdiagListener": {"name": "Listeners", "macros": {"ADDRESS": "Address", "PORT": "Port"}, "row": "{#ADDRESS} port {#PORT}"},
    "netdiagLimit": {"name": "Limits", "macros": {"LIMIT": "Label"}, "row": "{#LIMIT}"},
    "netdiagNetns": {"name": "Network namespaces", "macros": {"NETNS": "Label"}, "row": "{#NETNS}"},
    "netdiagCollector": {"name": "Collectors", "macros": {"COLLECTOR": "Label"}, "row": "{#COLLECTOR}"},
}
SCALARS = ("netdiagAgent", "netdiagTcp", "netdiagUdp", "netdiagIp", "netdiagConntrack")
UNITS = {"bytes": "B", "octets": "B", "percent": "%", "milliseconds": "ms", "microseconds": "us", "seconds": "s"}


def _uuid(*words):
    """A UUID of version 4 that depends on nothing but the words."""
    digits = hashlib.md5("/".join(("netdiag",) + words).encode()).hexdigest()
    return digits[:12] + "4" + digits[13:16] + "8" + digits[17:]


def _key(column):
    return "netdiag." + column.name[len("netdiag"):]


def _maps(columns):
    return {column.name: [{"value": str(number), "newvalue": name}
                          for name, number in sorted(column.values.items(), key=lambda one: one[1])]
            for column in columns if column.values}


def _item(column, row=None, text_every=None):
    """An item, or a prototype of one for the row."""
    name = f"{row}: {column.short}" if row else column.name[len("netdiag"):]
    item = {
        "uuid": _uuid("item", column.name), "name": name, "type": "SNMP_AGENT",
        "snmp_oid": "." + column.oid + (".{#SNMPINDEX}" if row else ".0"),
        "key": _key(column) + ("[{#SNMPINDEX}]" if row else ""), "delay": EVERY,
        "description": column.summary + ".",
        "tags": [{"tag": "component", "value": column.table.prefix[len("netdiag"):].lower()}],
    }
    steps = []
    if column.is_counter:
        item.update(value_type="FLOAT", units=(column.units or "packets") + "/s")
        steps.append({"type": "CHANGE_PER_SECOND", "parameters": [""]})
    elif column.is_text:
        item.update(value_type="TEXT", trends="0")
    elif column.is_hundredths or column.syntax == "TimeTicks":
        item.update(value_type="FLOAT", units="uptime" if column.syntax == "TimeTicks" else UNITS.get(column.units, ""))
        steps.append({"type": "MULTIPLIER", "parameters": ["0.01"]})
    elif column.values:
        item["valuemap"] = {"name": column.name}
    elif column.units:
        item["units"] = UNITS.get(column.units, "!" + column.units)
    if steps:
        item["preprocessing"] = steps
    return item


def _discovered(model, key):
    """The columns that are asked for in each row."""
    about = DISCOVERED[key]
    return [column for column in model.table(about.get("table", key)).polled
            if column.short.startswith(about.get("only", "")) and not column.short.startswith(about.get("leave", "-"))]


def _discovery(model, key):
    about = DISCOVERED[key]
    table = model.table(about.get("table", key))
    macros = ",".join(f"{{#{macro}}},.{table.column(short).oid}" for macro, short in about["macros"].items())
    rule = {
        "uuid": _uuid("discovery", key), "name": about["name"], "type": "SNMP_AGENT",
        "snmp_oid": f"discovery[{macros}]", "key": f"netdiag.discovery.{key[len('netdiag'):]}",
        "delay": DISCOVER, "lifetime": LOST_AFTER,
        "item_prototypes": [_item(column, about["row"]) for column in _discovered(model, key)],
    }
    if "without" in about:
        macro, user_macro, _ = about["without"]
        rule["filter"] = {"conditions": [{"macro": f"{{#{macro}}}", "value": f"{{${user_macro}}}",
                                          "operator": "NOT_MATCHES_REGEX", "formulaid": "A"}]}
    if "exists" in about:
        rule["filter"] = {"conditions": [{"macro": f"{{#{about['exists']}}}", "operator": "EXISTS", "formulaid": "A"}]}
    return rule


def _last(key):
    return f"last(/{TEMPLATE}/{key})"


# How the summary of a check that is not over a limit reads. Zabbix asks for states and summaries one after
# the other: a problem waits for its own text.
WELL = "warning (at|above) |too little traffic to judge|no value yet|ok$|but not for long"


def _checks(model):
    """The checks: a problem for each that is critical and that receivers are told of; for a warning only if
    it is not the effect of another."""
    table = model.table("netdiagCheck")
    columns = {short: table.column(short) for short in ("State", "Notify", "CauseId", "Summary", "Advice", "Value")}
    row = "{#CHECK} {#INSTANCE}"
    keys = {short: _key(column) + "[{#SNMPINDEX}]" for short, column in columns.items()}
    states, told = columns["State"].values, columns["Notify"].values["true"]
    alive = f"nodata(/{TEMPLATE}/netdiag.AgentUptime,{KEPT})=0"

    def trigger(state, priority, more=""):
        return {
            "uuid": _uuid("trigger", "check", state),
            "name": f"{row} is {state}",
            "event_name": "{?last(/{HOST.HOST}/%s)}" % keys["Summary"],
            "expression": f"{_last(keys['State'])}={states[state]} and {_last(keys['Notify'])}={told} "
                          f"{more}and {alive} and length({_last(keys['Summary'])})>0 "
                          f"and find(/{TEMPLATE}/{keys['Summary']},,\"regexp\",\"{WELL}\")=0",
            "priority": priority, "manual_close": "NO",
            "description": "{?last(/{HOST.HOST}/%s)}" % keys["Advice"],
            "tags": [{"tag": "check", "value": "{#CHECK}"}, {"tag": "instance", "value": "{#INSTANCE}"}],
        }

    critical, warning = trigger("critical", "HIGH"), trigger("warning", "WARNING", f"and {_last(keys['CauseId'])}=0 ")
    warning["dependencies"] = [{"name": critical["name"], "expression": critical["expression"]}]
    return {
        "uuid": _uuid("discovery", "netdiagCheck"), "name": "Checks", "type": "SNMP_AGENT",
        "snmp_oid": "discovery[{#CHECK},.%s,{#INSTANCE},.%s]" % (table.column("Label").oid, table.column("InstanceLabel").oid),
        "key": "netdiag.discovery.Check", "delay": "1m", "lifetime": LOST_AFTER,
        "item_prototypes": [_item(column, row) for column in columns.values()],
        "trigger_prototypes": [critical, warning],
    }


def _agent_triggers():
    return [{
        "uuid": _uuid("trigger", "gone"), "name": "netdiagd does not answer",
        "expression": f"nodata(/{TEMPLATE}/netdiag.AgentUptime,{GONE})=1", "priority": "HIGH",
        "description": "Nothing is known of this host's packet loss. snmpd or netdiagd is down: "
                       "systemctl status snmpd netdiagd",
        "tags": [{"tag": "check", "value": "netdiagd"}, {"tag": "instance", "value": "-"}],
    }]


def _trap_item(model):
    """For those who feed Zabbix with notifications too; disabled, because polling brings the same. Each
    alarm is a problem of its own, which the notification with the same AlarmId closes."""
    oids = {one["name"]: one["oid"] for one in model.notify["objects"] + model.notifications}
    key = f'snmptrap["(netdiagAlarm(Raised|Cleared)|{model.oid}.0.[12])"]'

    def found(name):
        return f'find(/{TEMPLATE}/{key},,"regexp","({name}|{oids[name]}[[:space:]])")=1'

    def value(name):
        return '{{ITEM.VALUE}.regsub("(?:%s|%s)\\.0 \\"?([^\\"\\n]*)", "\\1")}' % (name, oids[name])

    return {
        "uuid": _uuid("item", "trap"), "name": "Notifications of netdiagd", "type": "SNMP_TRAP", "status": "DISABLED",
        "key": key, "delay": "0", "value_type": "LOG", "trends": "0", "history": "7d",
        "tags": [{"tag": "component", "value": "traps"}],
        "triggers": [{
            "uuid": _uuid("trigger", "trap"), "name": "An alarm of netdiagd was notified", "status": "DISABLED",
            "event_name": f"{value('netdiagNotifyCheck')}: {value('netdiagNotifySummary')}",
            "expression": found("netdiagAlarmRaised"), "recovery_mode": "RECOVERY_EXPRESSION",
            "recovery_expression": found("netdiagAlarmCleared"), "type": "MULTIPLE", "priority": "WARNING",
            "correlation_mode": "TAG_VALUE", "correlation_tag": "alarm", "manual_close": "YES",
            "tags": [{"tag": "alarm", "value": value("netdiagNotifyAlarmId")}],
        }],
    }


def template(model):
    """netdiag.json"""
    tables = [model.table(prefix) for prefix in SCALARS]
    scalars = [column for table in tables for column in table.polled]
    discovered = [column for key in DISCOVERED for column in _discovered(model, key)]
    maps = _maps(scalars + discovered + model.table("netdiagCheck").columns)
    items = [_item(column) for column in scalars] + [_trap_item(model)]
    uptime = next(item for item in items if item["key"] == "netdiag.AgentUptime")
    uptime["triggers"] = _agent_triggers()
    macros = [{"macro": "{$%s}" % about["without"][1], "value": about["without"][2],
               "description": "Interfaces that are not discovered"}
              for about in DISCOVERED.values() if "without" in about]
    return json.dumps({"zabbix_export": {
        "version": "6.0", "date": "2026-01-01T00:00:00Z",
        "groups": [{"uuid": "a571c0d144b14fd4a87a9d9b2aa9fcd6", "name": "Templates/Applications"}],
        "templates": [{
            "uuid": _uuid("template"), "template": TEMPLATE, "name": TEMPLATE,
            "description": "Packet loss of a Linux host, as netdiagd serves it through snmpd.",
            "groups": [{"name": "Templates/Applications"}],
            "items": items, "discovery_rules": [_discovery(model, key) for key in DISCOVERED] + [_checks(model)],
            "macros": macros, "tags": [{"tag": "class", "value": "network"}],
            "valuemaps": [{"uuid": _uuid("map", name), "name": name, "mappings": mappings}
                          for name, mappings in sorted(maps.items())],
        }]}}, indent=1) + "\n"
