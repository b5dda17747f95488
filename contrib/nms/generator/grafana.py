# SPDX-License-Identifier: BSD-2-Clause
"""A Grafana dashboard over what Prometheus has: what is wrong now and what to do, and then the way of a
packet through the host, place by place."""

import json
import re

from .prometheus import EVERY, JOB
from .prometheus_rules import ALARMS, TEXTS, filled

HOST = 'instance=~"$instance"'
NIC = HOST + ',netdiagNicName=~"$interface"'
WIDTH = 24

RATE = "rate({metric}{{{labels}}}[$__rate_interval])"


def rate(metric, labels=HOST):
    return RATE.format(metric=metric, labels=labels)


# Only the places where anything was lost in the time that is shown.
ANY = f" and on (instance, netdiagLossPlace) increase(netdiagLossPackets{{{HOST}}}[$__range]) > 0"

# title of a row, [(title of a panel, [(expression, legend)], unit)]
ROWS = [
    ("The way of a packet", [
        ("Lost, by place", [(f"netdiag:loss:rate5m{{{HOST}}}{ANY}", "{{instance}} {{netdiagLossPlace}}")], "pps"),
        ("Dropped on purpose, not for us, or lost elsewhere",
         [(f"{rate('netdiagLossPackets')}{ANY} unless netdiagLossClass{{{HOST}}} == {{loss}}",
           "{{instance}} {{netdiagLossPlace}}")], "pps"),
        ("Rings: packets that found no buffer", [(rate("netdiagNicRxDiscards", NIC), "{{instance}} {{netdiagNicName}}")], "pps"),
        ("Interfaces: dropped on sending", [(rate("netdiagNicTxDropped", NIC), "{{instance}} {{netdiagNicName}} device"),
                                          (rate("netdiagNicQdiscDrops", NIC), "{{instance}} {{netdiagNicName}} qdisc")], "pps"),
        ("Hardware queues that lose most", [(f"topk(10, {rate('netdiagQueueDrops', NIC)})",
                                             "{{instance}} {{netdiagNicName}} {{netdiagQueueType}}{{netdiagQueueId}}")], "pps"),
        ("Backlog: dropped, by CPU", [(rate("netdiagSoftnetDropped"), "{{instance}} cpu{{netdiagSoftnetCpu}}")], "pps"),
        ("Softirqs that ran out of time, by CPU", [(rate("netdiagSoftnetTimeSqueeze"), "{{instance}} cpu{{netdiagSoftnetCpu}}")], "ops"),
        ("Connection table", [(f"netdiagConntrackUsage{{{HOST}}}", "{{instance}}")], "percent"),
        ("Connection table: failures", [(rate("netdiagConntrackInsertFailed"), "{{instance}} not inserted"),
                                      (rate("netdiagConntrackDrops"), "{{instance}} dropped")], "pps"),
        ("Accept queues: longest", [(f"topk(10, netdiagListenerQueueUsage{{{HOST}}})", "{{instance}} {{netdiagListenerEndpoint}}")], "percent"),
        ("Accept queues: connections lost", [(rate("netdiagTcpListenDrops"), "{{instance}}")], "cps"),
        ("UDP: datagrams lost at sockets", [(rate("netdiagUdpRcvbufErrors"), "{{instance}} IPv4"),
                                          (rate("netdiagUdp6RcvbufErrors"), "{{instance}} IPv6")], "pps"),
        ("Loss, by the kernel's own reasons",
         [(f"topk(10, sum by (instance, netdiagDropReason) ({rate('netdiagDropPackets')} and netdiagDropClass{{{HOST}}} == {{drop}}))",
           "{{instance}} {{netdiagDropReason}}")], "pps"),
        ("Netfilter's queues: dropped",
         [(f"{rate('netdiagNfqueueDropped')} + {rate('netdiagNfqueueUserDropped')}", "{{instance}} queue {{netdiagNfqueueQueue}}")], "pps"),
    ]),
    ("TCP", [
        ("Segments sent again", [(rate("netdiagTcpRetransSegs"), "{{instance}}"),
                                 (rate("netdiagTcpSynRetrans"), "{{instance}} SYN")], "pps"),
        ("Connections", [(f'netdiagSocketCount{{{HOST},netdiagSocketFamily="any"}} > 0', "{{instance}} {{netdiagSocketState}}")], "short"),
        ("SYN queue", [(rate("netdiagTcpReqQFullDrop"), "{{instance}} dropped"),
                       (rate("netdiagTcpReqQFullDoCookies"), "{{instance}} cookies")], "cps"),
        ("Attempts that failed, and resets", [(rate("netdiagTcpAttemptFails"), "{{instance}} failed"),
                                            (rate("netdiagTcpOutRsts"), "{{instance}} resets sent")], "cps"),
    ]),
    ("Limits and memory", [
        ("Limits: used", [(f"topk(10, netdiagLimitUsage{{{HOST}}})", "{{instance}} {{netdiagLimitName}}")], "percent"),
        ("Memory of protocols", [(f"netdiagProtocolMemBytes{{{HOST}}}", "{{instance}} {{netdiagProtocolName}}")], "bytes"),
    ]),
    ("Network namespaces", [
        ("Connections lost at listeners", [(f"topk(10, {rate('netdiagNetnsListenDrops')})", "{{instance}} {{netdiagNetnsName}}")], "cps"),
        ("Datagrams lost at sockets", [(f"topk(10, {rate('netdiagNetnsUdpRcvbufErrors')})", "{{instance}} {{netdiagNetnsName}}")], "pps"),
    ]),
    ("netdiagd", [
        ("Age of the data", [(f"netdiagCollectorAge{{{HOST}}} / 1000", "{{instance}} {{netdiagCollectorName}}")], "s"),
        ("Notifications", [(rate("netdiagAgentTrapsSent"), "{{instance}} sent"),
                           (f"netdiagAgentTrapsPending{{{HOST}}}", "{{instance}} waiting")], "short"),
    ]),
]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def expressions(made):
    """[(title of the panel, expression)] of a dashboard."""
    return [(panel["title"], target["expr"]) for panel in json.loads(made)["panels"] for target in panel.get("targets", [])]


def _scaled(model, panel):
    """The panel for an exporter that cannot scale: percentages and rates come in hundredths."""
    names = "|".join(name for name, column in model.columns.items() if column.is_hundredths)
    for target in panel.get("targets", []):
        target["expr"] = re.sub(rf"\b(?:{names})\{{[^}}]*\}}", r"(\g<0> / 100)", target["expr"])
    return panel


def _every(model, expression):
    """How often what an expression asks for is polled, in seconds. Grafana takes its own shortest interval
    otherwise, and the rate over $__rate_interval of what is polled less often is empty."""
    modules = [model.columns[name].table.purpose["module"] for name in re.findall(r"netdiag[A-Z]\w*", expression)
               if name in model.columns and model.columns[name].polled]
    return max((EVERY[module] for module in modules), default=EVERY["host"])


def _target(expression, legend="", **more):
    return {"datasource": SOURCE, "expr": expression, "legendFormat": legend, "refId": "A", "editorMode": "code",
            "range": True, **more}


def _stat(title, expression, x, colours):
    steps = [{"color": colour, "value": value} for value, colour in colours]
    return {"type": "stat", "title": title, "datasource": SOURCE, "gridPos": {"h": 4, "w": 4, "x": x, "y": 0},
            "targets": [_target(expression, instant=True, range=False)],
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "background"},
            "fieldConfig": {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []}}


def _alarm_text(word):
    """The text of each alarm beside what it is about."""
    return (f"{ALARMS}{{{HOST}}} * on (instance, netdiagAlarmCheck, netdiagAlarmInstance) "
            f"group_left (netdiagAlarm{word.capitalize()}) {TEXTS[word]}{{{HOST}}}")


def _override(name, *properties):
    """What is different in one column of a table."""
    return {"matcher": {"id": "byName", "options": name}, "properties": list(properties)}


def _head():
    green, yellow, red = "green", "yellow", "red"
    count = [(None, green), (1, yellow)]
    shown = ["instance", "netdiagAlarmCheck", "netdiagAlarmInstance", "Value #A",
             *(f"netdiagAlarm{word.capitalize()}" for word in TEXTS)]
    titles = ["host", "check", "where", "severity", *TEXTS]
    table = {"type": "table", "title": "Alarms now, and what to do", "datasource": SOURCE,
             "gridPos": {"h": 8, "w": WIDTH, "x": 0, "y": 4},
             "targets": [_target(_alarm_text(word), refId=ref, format="table", instant=True, range=False)
                         for word, ref in zip(TEXTS, "ABC")],
             "transformations": [
                 {"id": "merge", "options": {}},
                 {"id": "organize", "options": {
                     "excludeByName": {name: True for name in ("Time", "job", "Value #B", "Value #C")},
                     "indexByName": {name: n for n, name in enumerate(shown)},
                     "renameByName": dict(zip(shown, titles))}}],
             "fieldConfig": {"defaults": {
                 "noValue": "none", "custom": {"cellOptions": {"type": "auto", "wrapText": True}},
                 "mappings": [{"type": "value", "options": {
                     "2": {"text": "warning", "color": yellow, "index": 0},
                     "3": {"text": "critical", "color": red, "index": 1}}}]},
                 "overrides": [_override(name, {"id": "custom.width", "value": width})
                               for name, width in zip(titles, (150, 150, 170, 90))] +
                              [_override("severity", {"id": "custom.cellOptions", "value": {"type": "color-text"}})]},
             "options": {"showHeader": True}}
    return [
        _stat("Critical", f"sum(netdiagAgentCriticalAlarms{{{HOST}}})", 0, [(None, green), (1, red)]),
        _stat("Warnings", f"sum(netdiagAgentWarningAlarms{{{HOST}}})", 4, count),
        _stat("Lost packets/s", f"sum(netdiagAgentLossRate{{{HOST}}})", 8, [(None, "blue")]),
        _stat("Checks without data", f"sum(netdiagAgentUnknownChecks{{{HOST}}})", 12, count),
        _stat("Sources without data", f"sum(netdiagAgentStaleCollectors{{{HOST}}})", 16, count),
        _stat("Hosts without an answer", f'count(up{{job="{JOB}-alarms",{HOST}}} unless on (instance) '
              'netdiagAgentUptime) or vector(0)', 20, [(None, green), (1, red)]),
        table,
    ]


def _variable(name, query, label):
    return {"name": name, "label": label, "type": "query", "datasource": SOURCE, "query": {"query": query, "refId": name},
            "multi": True, "includeAll": True, "allValue": ".*", "refresh": 2, "sort": 1,
            "current": {"text": "All", "value": "$__all"}, "options": []}


def dashboard(model, scale):
    """netdiag.json; scale: whether the exporter scales hundredths."""
    panels, y = _head(), 12
    classes = {word: model.columns[name].values["loss"]
               for word, name in (("loss", "netdiagLossClass"), ("drop", "netdiagDropClass"))}
    for row, content in ROWS:
        panels.append({"type": "row", "title": row, "collapsed": False, "panels": [],
                       "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y}})
        for n, (title, targets, unit) in enumerate(content):
            panels.append({
                "type": "timeseries", "title": title, "datasource": SOURCE,
                "gridPos": {"h": 7, "w": WIDTH // 2, "x": n % 2 * WIDTH // 2, "y": y + 1 + n // 2 * 7},
                "targets": [_target(filled(expression, classes), legend, refId=ref,
                                    interval=f"{_every(model, expression)}s")
                            for ref, (expression, legend) in zip("ABCDEF", targets)],
                "fieldConfig": {"defaults": {"unit": unit, "min": 0, "noValue": "none", "custom": {
                    "fillOpacity": 10, **({"axisSoftMax": 100} if unit == "percent" else {})}}, "overrides": []},
                "options": {"legend": {"displayMode": "list", "placement": "bottom"}}})
        y += 1 + (len(content) + 1) // 2 * 7
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
        if not scale:
            _scaled(model, panel)
    return json.dumps({
        "title": "netdiag: where packets are lost", "uid": "netdiag", "schemaVersion": 38, "version": 1, "editable": True,
        "tags": ["netdiag"], "time": {"from": "now-1h", "to": "now"}, "refresh": "30s", "timezone": "browser",
        "templating": {"list": [
            {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "options": []},
            _variable("instance", "label_values(netdiagAgentUptime, instance)", "host"),
            _variable("interface", "label_values(netdiagNicRxPackets, netdiagNicName)", "interface")]},
        "annotations": {"list": []}, "links": [], "panels": panels}, indent=1, sort_keys=True) + "\n"
