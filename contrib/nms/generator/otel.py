# SPDX-License-Identifier: BSD-2-Clause
"""An example for the OpenTelemetry Collector's snmp receiver (of the contrib distribution)."""

from .prometheus import HEAD


def _metric(column, attributes):
    table = column.table
    name = ".".join(("netdiag", table.prefix[len("netdiag"):].lower(), column.short))
    kind = (["        sum:", "          aggregation: cumulative", "          monotonic: true", "          value_type: int"]
            if column.is_counter else ["        gauge:", "          value_type: int"])
    # The receiver cannot divide: hundredths stay hundredths.
    unit = (f"0.01 {column.units}".strip() if column.is_hundredths else column.units) or "1"
    lines = [f"      {name}:", f'        unit: "{unit}"', *kind]
    if not table.is_table:
        return lines + ["        scalar_oids:", f'          - oid: "{column.oid}.0"']
    return lines + ["        column_oids:", f'          - oid: "{column.oid}"', "            attributes:",
                    *(f"              - name: {attribute}" for attribute in attributes)]


def config(model):
    """netdiag.yaml"""
    attributes, metrics = [], []
    for table in [model.table("netdiagAgent"), *model.module("host")]:
        row = "netdiag." + table.prefix[len("netdiag"):].lower()
        named = {f"{row}.{column.short.lower()}": [f'        oid: "{column.oid}"'] for column in table.names} \
            or {f"{row}.index": [f'        indexed_value_prefix: "{row}"']}
        if table.is_table:
            attributes += [line for name, source in named.items() for line in (f"      {name}:", *source)]
        for column in table.polled:
            if not column.is_text:
                metrics += _metric(column, named)
    return "\n".join([HEAD, "receivers:", "  snmp/netdiag:", "    collection_interval: 60s", '    endpoint: "udp://192.0.2.1:161"',
                      "    version: v2c", '    community: "public"', "    attributes:", *attributes, "    metrics:", *metrics,
                      "exporters:", "  debug: {}", "service:", "  pipelines:", "    metrics:",
                      "      receivers: [snmp/netdiag]", "      exporters: [debug]", ""])
