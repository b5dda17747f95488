# SPDX-License-Identifier: BSD-2-Clause
"""For snmptt: how each notification is written into its log, and with which severity. Nothing is
executed: texts of a notification do not belong into a shell."""

from .prometheus import HEAD


def _variables(notification):
    """{object: $n, as snmptt counts the varbinds}"""
    return {name: f"${number}" for number, name in enumerate(notification["objects"], 1)}


def _alarm(notification):
    at = {name[len("netdiagNotify"):]: variable for name, variable in _variables(notification).items()}
    return (f"{at['HostName']}: {at['Check']} {at['Instance']}: {at['Summary']} | advice: {at['Advice']} | "
            f"command: {at['Command']} | alarm {at['AlarmId']}, {at['State']}")


def _event(notification, severity, text, match=""):
    lines = [f"EVENT {notification['name']} .{notification['oid']} \"netdiag\" {severity}", f"FORMAT {text}"]
    return lines + ([match] if match else []) + [""]


def config(model):
    """netdiag.snmptt.conf"""
    by_name = {one["name"]: one for one in model.notifications}
    severities = model.notify_values("netdiagNotifySeverity")
    lines = [HEAD, ""]
    raised = by_name["netdiagAlarmRaised"]
    severity = _variables(raised)["netdiagNotifySeverity"]
    for word, level in (("critical", "CRITICAL"), ("warning", "WARNING")):
        # snmptrapd hands enumerations over as words where it knows the MIB, else as numbers.
        lines += _event(raised, level, _alarm(raised), f"MATCH {severity}: (^({word}|{severities[word]})$)")
    cleared = by_name["netdiagAlarmCleared"]
    lines += _event(cleared, "Normal", _alarm(cleared))
    for name, text in (("netdiagAlarmSync", "netdiagd began, or has snmpd again"), ("netdiagHeartbeat", "netdiagd lives")):
        at = {key[len("netdiagNotify"):]: variable for key, variable in _variables(by_name[name]).items()}
        lines += _event(by_name[name], "Normal", f"{text}: {at['ActiveAlarms']} alarms, last sequence number "
                        f"{at['LastSequence']}, boot id {at['BootId']}")
    return "\n".join(lines)
