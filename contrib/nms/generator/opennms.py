# SPDX-License-Identifier: BSD-2-Clause
"""For OpenNMS: alarms from the notifications, and what its collector stores."""

import re
from xml.sax.saxutils import escape, quoteattr

from .prometheus import HEAD

EVENTS = "http://xmlns.opennms.org/xsd/eventconf"
DATA = "http://xmlns.opennms.org/xsd/config/datacollection"
UEI = "uei.opennms.org/netdiag/"
# One alarm a check and instance on a node, whatever its severity: varbinds 2 and 3.
KEY = UEI + "alarm:%dpname%:%nodeid%:%parm[#2]%:%parm[#3]%"
LINUX = ".1.3.6.1.4.1.8072.3.2.10"  # sysObjectID of net-snmp on Linux
ALIAS_MAX = 19


def _head():
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {HEAD[2:]} -->\n'


def _event(model, notification, word, severity, text, alarm, mask=""):
    """mask: the value that the notification's severity must have."""
    objects = {name[len("netdiagNotify"):]: f"%parm[#{number}]%" for number, name in enumerate(notification["objects"], 1)}
    specific = notification["oid"].rsplit(".", 1)[1]
    lines = ["  <event>", "    <mask>"]
    for name, value in (("id", "." + model.oid), ("generic", 6), ("specific", specific)):
        lines.append(f"      <maskelement><mename>{name}</mename><mevalue>{value}</mevalue></maskelement>")
    if mask:
        number = notification["objects"].index("netdiagNotifySeverity") + 1
        lines.append(f"      <varbind><vbnumber>{number}</vbnumber><vbvalue>{mask}</vbvalue></varbind>")
    described = "".join(f"<p>{name}: {objects[name]}</p>" for name in ("Advice", "Command", "HostName", "State", "AlarmId")
                        if name in objects)
    return lines + [
        "    </mask>", f"    <uei>{UEI}{word}</uei>", f"    <event-label>netdiag: {word}</event-label>",
        f"    <descr>{escape(text.format(**objects) + described)}</descr>",
        f'    <logmsg dest="logndisplay">{escape(text.format(**objects))}</logmsg>',
        f"    <severity>{severity}</severity>", *alarm, "  </event>"]


def events(model):
    """netdiag.events.xml"""
    by_name = {one["name"]: one for one in model.notifications}
    severities = model.notify_values("netdiagNotifySeverity")
    raised, text = by_name["netdiagAlarmRaised"], "{Check} {Instance}: {Summary}"
    alarm = [f'    <alarm-data reduction-key="{KEY}" alarm-type="1" auto-clean="false">',
             '      <update-field field-name="severity" update-on-reduction="true"/>', "    </alarm-data>"]
    over = [f'    <alarm-data reduction-key="{UEI}cleared:%dpname%:%nodeid%:%parm[#2]%:%parm[#3]%" alarm-type="2" '
            f'clear-key="{KEY}" auto-clean="true"/>']
    lines = [f'<events xmlns="{EVENTS}">']
    lines += _event(model, raised, "critical", "Critical", text, alarm, severities["critical"])
    lines += _event(model, raised, "warning", "Warning", text, alarm, severities["warning"])
    lines += _event(model, by_name["netdiagAlarmCleared"], "cleared", "Cleared", text, over)
    lines += _event(model, by_name["netdiagAlarmSync"], "sync", "Normal",
                    "netdiagd began, or has snmpd again: {ActiveAlarms} alarms are active", [])
    lines += _event(model, by_name["netdiagHeartbeat"], "heartbeat", "Normal", "netdiagd lives: {ActiveAlarms} alarms are active", [])
    return _head() + "\n".join(lines + ["</events>", ""])


def _alias(column, taken):
    """A name that RRD can hold: the words of the column's, shortened evenly until they fit."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|[0-9]+", column.name[len("netdiag"):])
    for longest in range(max(map(len, words)), 0, -1):
        alias = "nd" + "".join(word[:longest] for word in words)
        if len(alias) <= ALIAS_MAX:
            assert alias not in taken, (column.name, alias)
            taken.add(alias)
            return alias
    raise ValueError(column.name)


def _group(table):
    return "netdiag-" + table.prefix[len("netdiag"):].lower()


def datacollection(model):
    """netdiag.datacollection.xml"""
    taken, types, groups = set(), [], []
    tables = [model.table("netdiagAgent"), *model.module("host"), model.table("netdiagNic")]
    for table in tables:
        name, names = table.prefix, [column for column in table.names if column.is_text]
        columns = [column for column in table.polled if not column.is_text]
        instance = "0"
        if name == "netdiagNic":
            instance, names = "ifIndex", []  # the interfaces that OpenNMS knows
        elif table.is_table:
            instance = "nd" + name[len("netdiag"):] + "Index"
        aliases = {column: _alias(column, taken) for column in names + columns}
        if instance.startswith("nd"):
            label = " ".join(f"${{{aliases[column]}}}" for column in names) or "${index}"
            types += [f"  <resourceType name={quoteattr(instance)} label={quoteattr(_group(table))} resourceLabel={quoteattr(label)}>",
                      '    <persistenceSelectorStrategy class="org.opennms.netmgt.collection.support.PersistAllSelectorStrategy"/>',
                      '    <storageStrategy class="org.opennms.netmgt.collection.support.IndexStorageStrategy"/>',
                      "  </resourceType>"]
        kinds = [(column, "string" if column.is_text else "counter" if column.is_counter else "gauge") for column in names + columns]
        groups += [f'  <group name="{_group(table)}" ifType="{"all" if table.is_table else "ignore"}">',
                   *(f'    <mibObj oid=".{column.oid}" instance="{instance}" alias="{aliases[column]}" type="{kind}"/>'
                     for column, kind in kinds),
                   "  </group>"]
    system = ['  <systemDef name="netdiag">', f"    <sysoid>{LINUX}</sysoid>", "    <collect>",
              *(f"      <includeGroup>{_group(table)}</includeGroup>" for table in tables), "    </collect>", "  </systemDef>"]
    return _head() + "\n".join([f'<datacollection-group xmlns="{DATA}" name="netdiag">', *types, *groups, *system,
                                "</datacollection-group>", ""])
