# SPDX-License-Identifier: BSD-2-Clause
"""Prometheus' alerting and recording rules, and for each of them a unit test for promtool: that it fires,
that it clears, and that it stays quiet. netdiagAlarmTable is the source of truth: no rule repeats a limit
of netdiagd, and none waits, because netdiagd has waited already."""

import json
import re

from .prometheus import EVERY, HEAD, JOB

# While netdiagd does not answer, its alarms stand as they were: for as long as its host is polled at all.
HELD = f' or ({{record}} unless on (instance) netdiagAgentUptime and on (instance) up{{job="{JOB}-alarms"}})'

# Alarms that netdiagd tells receivers of, and their texts, which are labels of series of their own.
ALARMS = "netdiag:alarm:severity"
TEXTS = {word: f"netdiag:alarm:{word}" for word in ("summary", "advice", "command")}


def _held(record, expression):
    return record, expression + HELD.replace("{record}", record)


RECORDED = [
    _held(ALARMS, "netdiagAlarmSeverity and (netdiagAlarmNotify == {notify}) unless (netdiagAlarmState == {shelved})"),
    *(_held(record, f"netdiagAlarm{word.capitalize()}") for word, record in TEXTS.items()),
]
RECORDED_LOSS = [
    ("netdiag:loss:rate5m",
     "rate(netdiagLossPackets[5m]) and (netdiagLossClass == {loss})"),
    ("netdiag:loss_by_instance:rate5m", "sum by (instance) (netdiag:loss:rate5m)"),
    ("netdiag:loss_by_place:rate5m", "sum by (netdiagLossPlace) (netdiag:loss:rate5m)"),
]


def _text(word):
    """A template that looks up a text of an alarm."""
    query = TEXTS[word] + "{instance=%q,netdiagAlarmCheck=%q,netdiagAlarmInstance=%q}"
    labels = "$labels.instance $labels.netdiagAlarmCheck $labels.netdiagAlarmInstance"
    return f'{{{{ with printf "{query}" {labels} | query }}}}{{{{ . | first | label "netdiagAlarm{word.capitalize()}" }}}}{{{{ end }}}}'


ALARM_TEXTS = {word: _text(word) for word in TEXTS}

# Those that were seen in netdiagAlarmTable, under the names of netdiagCheckTable. An alarm is polled more
# often than its check: what is counted within ten minutes was seen, if at all, within eleven or so.
SEEN = ('label_replace(label_replace(last_over_time(netdiagAlarmSeverity[15m]), "netdiagCheckName", "$1", '
        '"netdiagAlarmCheck", "(.*)"), "netdiagCheckInstance", "$1", "netdiagAlarmInstance", "(.*)")')

# A listener, for one, has no row before its first trouble: increase() does not see what that raised.
RAISED = ("increase(netdiagCheckRaises[10m]) > 0 or (netdiagCheckRaises > 0 and on (instance) "
          "netdiagAgentUptime offset 10m unless netdiagCheckRaises offset 10m)")

# name, expression, for how many minutes, severity, annotations
ALERTS = [
    ("NetdiagCritical", ALARMS + " == {critical}", 0, "critical", ALARM_TEXTS),
    ("NetdiagWarning", ALARMS + " == {warning}", 0, "warning", ALARM_TEXTS),
    ("NetdiagCameAndWent",
     f"({RAISED}) and netdiagCheckState == {{ok}} and netdiagCheckNotify == {{notify}} "
     f"unless on (instance, netdiagCheckName, netdiagCheckInstance) {SEEN}",
     0, "info", {"summary": "{{ $labels.netdiagCheckName }} {{ $labels.netdiagCheckInstance }} was raised in the "
                 "last ten minutes for less than a poll, and is over"}),
    ("NetdiagGone", f'up{{job="{JOB}-alarms"}} == 1 unless on (instance) netdiagAgentUptime', 2, "critical",
     {"summary": "snmpd answers, netdiagd does not: nothing is known of this host's packet loss",
      "command": "systemctl status netdiagd"}),
    ("NetdiagSnmpdGone", f'up{{job="{JOB}-alarms"}} == 0', 2, "critical",
     {"summary": "the poll of snmpd fails: it is down or cannot be reached, or netdiagd hangs", "command": "systemctl status snmpd"}),
    ("NetdiagCollector", "netdiagCollectorStatus == {stale} or netdiagCollectorStatus == {denied} or "
     "netdiagCollectorStatus == {error}", 5, "warning",
     {"summary": "netdiagd's collector {{ $labels.netdiagCollectorName }} has no current data",
      "command": "netdiagd --dump=text netdiagCollectorTable"}),
    ("NetdiagTrapsPending", "netdiagAgentTrapsPending > 0", 5, "warning",
     {"summary": "{{ $value }} notifications of netdiagd wait: the connection to snmpd is gone, or there is a storm"}),
    ("NetdiagReconnects", "increase(netdiagAgentMasterReconnects[15m]) > 3", 0, "warning",
     {"summary": "netdiagd lost its connection to snmpd {{ $value | humanize }} times in 15 minutes"}),
]


def _values(model):
    def value(name, word):
        return model.columns[name].values[word]

    return {"critical": value("netdiagAlarmSeverity", "critical"), "warning": value("netdiagAlarmSeverity", "warning"),
            "shelved": value("netdiagAlarmState", "shelved"), "notify": value("netdiagAlarmNotify", "true"),
            "ok": value("netdiagCheckState", "ok"), "loss": value("netdiagLossClass", "loss"),
            **{word: value("netdiagCollectorStatus", word) for word in ("stale", "denied", "error")}}


def filled(text, values):
    """Fills in {word}s, and leaves all other braces as they are."""
    for word, value in values.items():
        text = text.replace("{" + word + "}", str(value))
    return text


def _recorded(records, values):
    for name, expression in records:
        yield f"  - record: {name}"
        yield f"    expr: {json.dumps(filled(expression, values))}"


def rules(model):
    """netdiag.rules.yml"""
    values = _values(model)
    lines = [HEAD, "groups:", "- name: netdiag", f"  interval: {EVERY['alarms']}s", "  rules:", *_recorded(RECORDED, values)]
    for name, expression, minutes, severity, annotations in ALERTS:
        lines += [f"  - alert: {name}", f"    expr: {json.dumps(filled(expression, values))}", f"    for: {minutes}m",
                  "    labels:", f"      severity: {severity}", "    annotations:",
                  *(f"      {key}: {json.dumps(text)}" for key, text in annotations.items())]
    lines += ["- name: netdiag-loss", "  rules:", *_recorded(RECORDED_LOSS, values)]
    return "\n".join(lines) + "\n"


def _series(name, values, **labels):
    chosen = ",".join(f'{key}="{value}"' for key, value in {"instance": "host1", **labels}.items())
    return f"    - {{series: {_yaml(f'{name}{{{chosen}}}')}, values: {_yaml(values)}}}"


def _yaml(text):
    return "'" + text.replace("'", "''") + "'"


def _scenarios(v):
    """[(what happens, {series: values, one a minute}, [(minute, alert, the labels that fire beside instance)])]"""
    alarm = {"netdiagAlarmCheck": "listener.queue", "netdiagAlarmInstance": "0.0.0.0:80"}
    check = {"netdiagCheckName": "tcp.retransmits", "netdiagCheckInstance": "-"}
    up = ("up", "1x30", {"job": f"{JOB}-alarms"})
    uptime = ("netdiagAgentUptime", "100+6000x30", {})

    def raised(severity, values, notify=v["notify"], state=1, alarm=alarm):
        """An alarm in the minutes in which values, a pattern, has an x."""
        def line(value):
            return " ".join(str(value) if x == "x" else "stale" if n and values[n - 1] == "x" else "_"
                            for n, x in enumerate(values))
        return [("netdiagAlarmSeverity", line(severity), alarm), ("netdiagAlarmNotify", line(notify), alarm),
                ("netdiagAlarmState", line(state), alarm),
                ("netdiagAlarmSummary", line(1), {**alarm, "netdiagAlarmSummary": "accept queue full"}),
                ("netdiagAlarmAdvice", line(1), {**alarm, "netdiagAlarmAdvice": "add workers"}),
                ("netdiagAlarmCommand", line(1), {**alarm, "netdiagAlarmCommand": "-"})]

    texts = {"summary": "accept queue full", "advice": "add workers", "command": "-"}
    during = "__xxxxx_____________"
    return [
        ("a critical alarm is raised, and cleared", [up, uptime, *raised(v["critical"], during)],
         [(1, "NetdiagCritical", None, None), (3, "NetdiagCritical", alarm, texts), (3, "NetdiagWarning", None, None),
          (8, "NetdiagCritical", None, None)]),
        ("a warning", [up, uptime, *raised(v["warning"], during)],
         [(3, "NetdiagWarning", alarm, texts), (3, "NetdiagCritical", None, None), (8, "NetdiagWarning", None, None)]),
        ("an alarm that receivers are not told of, and a shelved one",
         [up, uptime, *raised(v["critical"], during, notify=2)], [(3, "NetdiagCritical", None, None)]),
        ("a shelved alarm", [up, uptime, *raised(v["critical"], during, state=v["shelved"])],
         [(3, "NetdiagCritical", None, None)]),
        ("netdiagd is killed during an alarm, and comes back",
         [up, ("netdiagAgentUptime", "1 2 3 4 5 stale _ _ _ _ 1+1x9", {}), *raised(v["critical"], "__xxx_____xxxxx_____")],
         [(6, "NetdiagCritical", alarm, texts), (6, "NetdiagGone", None, None), (8, "NetdiagGone", {"job": f"{JOB}-alarms"}, None),
          (8, "NetdiagCritical", alarm, texts), (11, "NetdiagGone", None, None), (12, "NetdiagCritical", alarm, texts),
          (18, "NetdiagCritical", None, None)]),
        ("netdiagd is gone for long during an alarm, until its host is no longer polled",
         [("up", "1x30 stale", {"job": f"{JOB}-alarms"}), ("netdiagAgentUptime", "1x3 stale", {}),
          *raised(v["critical"], "__xx_____")],
         [(8, "NetdiagGone", {"job": f"{JOB}-alarms"}, None), (25, "NetdiagCritical", alarm, texts),
          (33, "NetdiagCritical", None, None), (33, "NetdiagGone", None, None)]),
        ("netdiagd is restarted soon after an alarm: what was over stays over",
         [up, ("netdiagAgentUptime", "1 2 3 4 5 6 7 stale _ 1+1x9", {}), *raised(v["critical"], "__xxx_____")],
         [(4, "NetdiagCritical", alarm, texts), (6, "NetdiagCritical", None, None), (7, "NetdiagCritical", None, None),
          (8, "NetdiagCritical", None, None), (10, "NetdiagCritical", None, None)]),
        ("snmpd is killed during an alarm",
         [("up", "1 1 1 1 0x10", {"job": f"{JOB}-alarms"}), ("netdiagAgentUptime", "1 2 3 4 stale", {}),
          *raised(v["warning"], "__xx_____")],
         [(5, "NetdiagWarning", alarm, texts), (8, "NetdiagWarning", alarm, texts),
          (8, "NetdiagSnmpdGone", {"job": f"{JOB}-alarms"}, None)]),
        ("snmpd is killed, and comes back",
         [("up", "1 1 1 0 0 0 0 0 1x10", {"job": f"{JOB}-alarms"}), ("netdiagAgentUptime", "1 2 3 stale _ _ _ _ 1+1x10", {})],
         [(4, "NetdiagSnmpdGone", None, None), (6, "NetdiagSnmpdGone", {"job": f"{JOB}-alarms"}, None),
          (6, "NetdiagGone", None, None), (9, "NetdiagSnmpdGone", None, None)]),
        ("an alarm came and went between two polls",
         [("netdiagCheckRaises", "0x3 1x30", check), ("netdiagCheckState", "1x33", check),
          ("netdiagCheckNotify", f"{v['notify']}x33", check)],
         [(2, "NetdiagCameAndWent", None, None), (6, "NetdiagCameAndWent", check, None), (20, "NetdiagCameAndWent", None, None)]),
        ("the first trouble of something came and went",
         [up, uptime, ("netdiagCheckRaises", "_x14 1x16", check), ("netdiagCheckState", "_x14 1x16", check),
          ("netdiagCheckNotify", f"_x14 {v['notify']}x16", check)],
         [(10, "NetdiagCameAndWent", None, None), (16, "NetdiagCameAndWent", check, None),
          (29, "NetdiagCameAndWent", None, None)]),
        ("a host that is polled for the first time",
         [up, uptime, ("netdiagCheckRaises", "3x30", check), ("netdiagCheckState", "1x30", check),
          ("netdiagCheckNotify", f"{v['notify']}x30", check)],
         [(2, "NetdiagCameAndWent", None, None), (12, "NetdiagCameAndWent", None, None)]),
        ("what was seen while it lasted did not come and go",
         [up, uptime, ("netdiagCheckRaises", "0x3 1x30", check), ("netdiagCheckState", "1x33", check),
          ("netdiagCheckNotify", f"{v['notify']}x33", check),
          *raised(v["warning"], "___x_____", alarm={"netdiagAlarmCheck": "tcp.retransmits", "netdiagAlarmInstance": "-"})],
         [(6, "NetdiagCameAndWent", None, None), (12, "NetdiagCameAndWent", None, None)]),
        ("a collector has no current data",
         [("netdiagCollectorStatus", f"1 {v['stale']}x10 1x10", {"netdiagCollectorName": "nic"})],
         [(3, "NetdiagCollector", None, None), (8, "NetdiagCollector", {"netdiagCollectorName": "nic"}, None),
          (14, "NetdiagCollector", None, None)]),
        ("notifications wait", [("netdiagAgentTrapsPending", "0 7x10 0x10", {})],
         [(3, "NetdiagTrapsPending", None, None), (8, "NetdiagTrapsPending", {}, None), (14, "NetdiagTrapsPending", None, None)]),
        ("the connection to snmpd is lost again and again", [("netdiagAgentMasterReconnects", "0x5 1+1x6 7x30", {})],
         [(4, "NetdiagReconnects", None, None), (12, "NetdiagReconnects", {}, None), (40, "NetdiagReconnects", None, None)]),
    ]


def _shown(text, labels):
    """An annotation as it is shown; the value is 7 in all tests."""
    text = re.sub(r"{{ \$value[^}]* }}", "7", text)
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found.group(1)], text)


def tests(model):
    """netdiag.rules.test.yml, for `promtool test rules`."""
    values = _values(model)
    alerts = {name: (severity, annotations) for name, _, _, severity, annotations in ALERTS}
    lines = [HEAD, "rule_files: [netdiag.rules.yml]", "evaluation_interval: 1m", "tests:"]
    for title, series, expected in _scenarios(values):
        lines += [f"  - name: {_yaml(title)}", "    interval: 1m", "    input_series:"]
        lines += [_series(name, points, **labels) for name, points, labels in series]
        lines.append("    alert_rule_test:")
        for minute, alert, labels, texts in expected:
            lines.append(f"    - eval_time: {minute}m")
            lines.append(f"      alertname: {alert}")
            if labels is not None:
                severity, annotations = alerts[alert]
                every = {"instance": "host1", "severity": severity, **labels}
                texts = texts or {key: _shown(text, labels) for key, text in annotations.items()}
                lines += ["      exp_alerts:", f"        - exp_labels: {json.dumps(every)}",
                          f"          exp_annotations: {json.dumps(texts)}"]
    return "\n".join(lines) + "\n"
