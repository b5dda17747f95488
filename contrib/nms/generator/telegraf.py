# SPDX-License-Identifier: BSD-2-Clause
"""An example for Telegraf's inputs.snmp. All OIDs are numeric: no MIB is needed where it runs."""

from .prometheus import HEAD


def _field(kind, column, name, instance="", tag=False):
    lines = [f"  [[inputs.snmp.{kind}]]", f'    oid = ".{column.oid}{instance}"', f'    name = "{name}"']
    if tag:
        lines.append("    is_tag = true")
    if column.is_hundredths:
        lines.append('    conversion = "float(2)"')
    return lines


def _input(interval):
    return ["[[inputs.snmp]]", '  agents = ["udp://192.0.2.1:161"]', "  version = 2", '  community = "public"',
            f'  interval = "{interval}"', '  name = "netdiag"']


def config(model):
    """netdiag.conf"""
    agent = model.table("netdiagAgent")
    lines = [HEAD, "# Each minute the health of the host. Without a value of Uptime netdiagd is gone.", *_input("60s")]
    for column in agent.polled:
        lines += _field("field", column, column.short, ".0")
    lines += ["", "# Every five minutes where packets are lost, and what is full.", *_input("300s")]
    tables = model.module("host")
    for table in (one for one in tables if not one.is_table):
        for column in table.polled:
            lines += _field("field", column, column.name[len("netdiag"):], ".0")
    for table in (one for one in tables if one.is_table):
        lines += ["  [[inputs.snmp.table]]", f'    name = "netdiag_{table.prefix[len("netdiag"):].lower()}"',
                  "    index_as_tag = true"]
        for column in table.names + table.polled:
            lines += _field("table.field", column, column.short, tag=column in table.names)
    return "\n".join(lines) + "\n"
