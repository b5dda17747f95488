# SPDX-License-Identifier: BSD-2-Clause
"""For Prometheus' snmp_exporter: what its generator reads (generator.yml) and what it makes of that
(snmp.yml), in the form up to 0.22, and in that since 0.23, which can also scale."""

# Which tables are polled together: the modules of the exporter.
MODULES = {"alarms": "netdiag_alarms", "host": "netdiag", "nic": "netdiag_nic",
           "sockets": "netdiag_sockets", "checks": "netdiag_checks", "detail": "netdiag_detail"}
# What the names of the scrape jobs begin with.
JOB = "netdiag"
HEAD = "# Made by `make nms` from the schema of netdiagd: do not edit."
# A GETBULK brings so many cells.
REPETITIONS = 25


def _type(column):
    if column.is_text:
        return "DisplayString"
    return "counter" if column.is_counter else "gauge"


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"


def _lookups(model, table):
    """[(the indexes, their column that is shown instead, whether the indexes are dropped)]"""
    if not table.is_table:
        return []
    if table.prefix == "netdiagAlarm":
        return [(table.index, table.column(short), n == 1) for n, short in
                enumerate(table.purpose["name"])]
    if table.index[0] == "netdiagNicIfIndex":
        return [(table.index[:1], model.columns["netdiagNicName"], False)]
    if table.prefix in ("netdiagIrq", "netdiagDrop"):
        return [(table.index, table.column(table.purpose["name"][0]), False)]
    return []


def _walks(tables):
    """OIDs: a table as a whole when most of it is wanted, else its columns."""
    walks = []
    for table in tables:
        wanted = table.polled
        if not wanted:
            continue
        readable = [column for column in table.columns if column.readable]
        if 3 * len(wanted) >= 2 * len(readable):
            walks.append((table.name, table.oid))
        else:
            walks += [(column.name, column.oid) for column in wanted]
    return walks


def _walked(model, tables):
    """The walks, and the columns that name the rows where no walk has them."""
    walks = _walks(tables)
    for table in tables:
        for _, column, _ in _lookups(model, table):
            if all(not (column.oid + ".").startswith(oid + ".") for _, oid in walks):
                walks.append((column.name, column.oid))
    return sorted(walks, key=lambda walk: walk[1])


def _shown(column):
    """What the exporter calls the type of an index: enumerations by their names."""
    if column.syntax == "NetdiagText":
        return "DisplayString"
    return "EnumAsInfo" if column.values else "gauge"


def _indexes(model, table):
    return [model.columns[name] for name in table.index]


def generator(model, scale):
    """generator.yml"""
    lines = [HEAD, "modules:"]
    for module, name in MODULES.items():
        tables = model.module(module)
        lines += [f"  {name}:", "    walk:"]
        lines += [f"      - {walk}" for walk, _ in _walked(model, tables)]
        lines.append(f"    max_repetitions: {REPETITIONS}")
        lookups = {(tuple(indexes), column.name, drop) for table in tables
                   for indexes, column, drop in _lookups(model, table)}
        if lookups:
            lines.append("    lookups:")
        for indexes, column, drop in sorted(lookups):
            dropped = ", drop_source_indexes: true" if drop else ""
            lines.append(f"      - {{source_indexes: [{', '.join(indexes)}], lookup: {column}{dropped}}}")
        lines.append("    overrides:")
        for column in (column for table in tables for column in table.columns):
            override = [] if column.polled else ["ignore: true"]
            if column.name in column.table.index and _shown(column) == "EnumAsInfo":
                override.append("type: EnumAsInfo")
            if scale and column.polled and column.is_hundredths:
                override.append("scale: 0.01")
            if override:
                lines.append(f"      {column.name}: {{{', '.join(override)}}}")
    return "\n".join(lines) + "\n"


def _enumeration(column, indent):
    if not column.values:
        return []
    values = sorted((number, name) for name, number in column.values.items())
    return [f"{indent}enum_values:", *(f"{indent}  {number}: {_quoted(name)}" for number, name in values)]


def _metric(model, table, column, scale, indent):
    lines = [f"{indent}- name: {column.name}", f"{indent}  oid: {column.oid}",
             f"{indent}  type: {_type(column)}",
             f"{indent}  help: {_quoted(column.summary + ' - ' + column.oid)}"]
    if table.index:
        lines.append(f"{indent}  indexes:")
    for index in _indexes(model, table):
        lines += [f"{indent}  - labelname: {index.name}", f"{indent}    type: {_shown(index)}",
                  *_enumeration(index, indent + "    ")]
    lookups = _lookups(model, table)
    if lookups:
        lines.append(f"{indent}  lookups:")
    for indexes, name, _ in lookups:
        lines += [f"{indent}  - labels:", *(f"{indent}    - {index}" for index in indexes),
                  f"{indent}    labelname: {name.name}", f"{indent}    oid: {name.oid}",
                  f"{indent}    type: DisplayString"]
    for index in dict.fromkeys(index for indexes, _, drop in lookups if drop for index in indexes):
        lines += [f"{indent}  - labels: []", f"{indent}    labelname: {index}"]
    lines += _enumeration(column, indent + "  ")
    if scale and column.is_hundredths:
        lines.append(f"{indent}  scale: 0.01")
    return lines


def exporter(model, scale):
    """snmp.yml"""
    lines = [HEAD]
    if scale:
        lines += ["auths:", "  public_v2:", "    community: public", "    security_level: noAuthNoPriv",
                  "    auth_protocol: MD5", "    priv_protocol: DES", "    version: 2", "modules:"]
    indent = "  " if scale else ""
    for module, name in MODULES.items():
        tables = model.module(module)
        lines += [f"{indent}{name}:", f"{indent}  walk:"]
        lines += [f"{indent}  - {oid}" for _, oid in _walked(model, tables)]
        lines.append(f"{indent}  metrics:")
        for table in tables:
            for column in table.polled:
                lines += _metric(model, table, column, scale, indent + "  ")
        lines.append(f"{indent}  max_repetitions: {REPETITIONS}")
    return "\n".join(lines) + "\n"


# How often each module is asked for, in seconds.
EVERY = {"alarms": 15, "host": 60, "nic": 60, "sockets": 60, "checks": 60, "detail": 300}


def scrape(model, scale):
    """prometheus.yml: an example of what goes into yours."""
    lines = [HEAD, "# An example: add these jobs to your scrape_configs, with your hosts as targets, and the",
             "# address of your snmp_exporter as replacement.", "rule_files: [netdiag.rules.yml]", "scrape_configs:"]
    for module, name in MODULES.items():
        lines += [f"- job_name: {JOB}-{module}", "  metrics_path: /snmp", f"  scrape_interval: {EVERY[module]}s",
                  f"  scrape_timeout: {min(EVERY[module], 30) - 1}s", "  params:", f"    module: [{name}]",
                  *(["    auth: [public_v2]"] if scale else []),
                  "  static_configs:", "  - targets: [192.0.2.1]", "  relabel_configs:",
                  "  - source_labels: [__address__]", "    target_label: __param_target",
                  "  - source_labels: [__param_target]", "    target_label: instance",
                  "  - target_label: __address__", "    replacement: 127.0.0.1:9116"]
    return "\n".join(lines) + "\n"
