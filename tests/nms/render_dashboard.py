# SPDX-License-Identifier: BSD-2-Clause
"""A plain picture of a Grafana dashboard where there is no Grafana: reads the dashboard's own JSON, asks
Prometheus what its panels ask, and draws panels of the types timeseries, stat and table as a page of HTML."""

import html
import re

COLOURS = ["#73bf69", "#f2cc0c", "#8ab8ff", "#ff780a", "#f2495c", "#5794f2", "#b877d9", "#37872d", "#fade2a", "#c4162a"]
NAMED = {"green": "#37872d", "yellow": "#e0b400", "red": "#c4162a", "blue": "#1f60c4"}
CELL, ROW, GAP = 56, 32, 8
STYLE = """body { background: #111217; color: #ccccdc; font: 13px "DejaVu Sans", sans-serif; margin: 0; position: relative }
div.panel { position: absolute; background: #181b1f; border: 1px solid #2c2f36; border-radius: 3px; overflow: hidden; box-sizing: border-box }
div.row { position: absolute; font-size: 16px; font-weight: bold; padding-top: 9px }
h3 { font-size: 13px; margin: 6px 10px 2px } p { margin: 0 10px; font-size: 11px; overflow: hidden; max-height: 32px }
div.stat { height: 100%; text-align: center; color: white } div.stat b { font-size: 38px; font-weight: 500 }
table { border-collapse: collapse; width: 100%; font-size: 12px } th { text-align: left; color: #6e9fff }
td, th { padding: 5px 9px; border-top: 1px solid #2c2f36; vertical-align: top } svg { display: block }"""


def number(value, unit):
    if unit == "percent":
        return f"{value:.3g} %"
    for limit, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g} {prefix}{ {'bytes': 'B'}.get(unit, '') }"
    return f"{value:.3g} " + {"pps": "p/s", "cps": "c/s", "ops": "ops/s", "s": "s", "bytes": "B"}.get(unit, "")


def expression(target, interval_s, range_s):
    """What Grafana sends, with every choice at All. interval_s: how often Prometheus polls."""
    text = target["expr"].replace('"$instance"', '".*"').replace('"$interface"', '".*"')
    return text.replace("$__rate_interval", f"{4 * interval_s}s").replace("$__range", f"{range_s}s")


def legend(target, labels):
    return re.sub(r"{{(\w+)}}", lambda found: labels.get(found.group(1), ""), target["legendFormat"])


class Page:
    def __init__(self, dashboard, query, query_range, end, range_s, interval_s):
        """query(expression) and query_range(expression, start, end, step): Prometheus' results."""
        self.dashboard, self.query, self.query_range = dashboard, query, query_range
        self.start, self.end, self.interval_s, self.range_s = end - range_s, end, interval_s, range_s

    def _expression(self, target):
        return expression(target, self.interval_s, self.range_s)

    def _stat(self, panel, width, height):
        found = self.query(self._expression(panel["targets"][0]))
        value = float(found[0]["value"][1]) if found else None
        colour = None
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]:
            if step["value"] is None or value is not None and value >= step["value"]:
                colour = step["color"]
        shown = "No data" if value is None else f"{value:.4g}"
        return f'<div class="stat" style="background: {NAMED[colour]}"><h3>{html.escape(panel["title"])}</h3><b>{shown}</b></div>'

    def _table(self, panel, width, height):
        rows = {}
        for target in panel["targets"]:
            for one in self.query(self._expression(target)):
                key = tuple(one["metric"].get(name) for name in ("instance", "netdiagAlarmCheck", "netdiagAlarmInstance"))
                rows.setdefault(key, {}).update({**one["metric"], f"Value #{target['refId']}": one["value"][1]})
        organise = panel["transformations"][-1]["options"]
        order = sorted(organise["renameByName"], key=lambda name: organise["indexByName"][name])
        mapped = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        lines = ["<tr>" + "".join(f"<th>{organise['renameByName'][name]}</th>" for name in order) + "</tr>"]
        for row in rows.values():
            cells = []
            for name in order:
                text, colour = row.get(name, ""), "inherit"
                if name.startswith("Value"):
                    text, colour = mapped[text]["text"], {"red": "#ff5a6a", "yellow": "#f2cc0c"}[mapped[text]["color"]]
                cells.append(f'<td style="color: {colour}">{html.escape(text)}</td>')
            lines.append("<tr>" + "".join(cells) + "</tr>")
        return f"<h3>{html.escape(panel['title'])}</h3><table>{''.join(lines)}</table>"

    def _timeseries(self, panel, width, height):
        step = max(self.interval_s, self.range_s // 200)
        lines = [(legend(target, one["metric"]), [(float(at), float(value)) for at, value in one["values"]
                                                  if value not in ("NaN", "+Inf")])
                 for target in panel["targets"]
                 for one in self.query_range(self._expression(target), self.start, self.end, step)]
        title = f"<h3>{html.escape(panel['title'])}</h3>"
        if not lines:
            return title + f"<p>{panel['fieldConfig']['defaults']['noValue']}</p>"
        unit = panel["fieldConfig"]["defaults"]["unit"]
        top = max((value for _, points in lines for _, value in points), default=0) or 1
        if unit == "percent":
            top = max(top, 100)
        left, right, upper, lower = 62, width - 14, 8, height - 88
        parts = [f'<svg width="{width}" height="{height - 66}">']
        for n in range(3):
            y = lower - (lower - upper) * n / 2
            parts.append(f'<line x1="{left}" x2="{right}" y1="{y}" y2="{y}" stroke="#2c2f36"/><text x="{left - 6}" y="{y + 4}" '
                         f'text-anchor="end" font-size="11" fill="#9a9aa8">{number(top * n / 2, unit)}</text>')
        for n in range(4):
            x, ago = left + (right - left) * n / 3, self.range_s * (3 - n) / 3
            parts.append(f'<text x="{x}" y="{lower + 15}" text-anchor="{"end" if n == 3 else "middle"}" font-size="11" '
                         f'fill="#9a9aa8">{f"-{ago:.0f} s" if n < 3 else "now"}</text>')
        for n, (_, points) in enumerate(lines):
            way = " ".join(f"{left + (at - self.start) / self.range_s * (right - left):.1f},{lower - value / top * (lower - upper):.1f}"
                           for at, value in points)
            parts.append(f'<polyline points="{way}" fill="none" stroke="{COLOURS[n % len(COLOURS)]}" stroke-width="1.6"/>')
        names = " &nbsp; ".join(f'<span style="color: {COLOURS[n % len(COLOURS)]}">&#9644;</span> {html.escape(name)}'
                                for n, (name, _) in enumerate(lines))
        return f"{title}{''.join(parts)}</svg><p>{names}</p>"

    def html(self, rows):
        """The page, its width and its height in pixels; panels below the grid's row `rows` are left out."""
        width = 24 * CELL + GAP
        bottom, parts = 0, []
        for panel in self.dashboard["panels"]:
            at = panel["gridPos"]
            if at["y"] >= rows:
                continue
            x, y, w, h = at["x"] * CELL + GAP, at["y"] * ROW + 48, at["w"] * CELL - GAP, at["h"] * ROW - GAP
            bottom = max(bottom, y + h)
            box = f"left: {x}px; top: {y}px; width: {w}px; height: {h}px"
            if panel["type"] == "row":
                parts.append(f'<div class="row" style="{box}">&#9662; {html.escape(panel["title"])}</div>')
            else:
                made = getattr(self, "_" + panel["type"])(panel, w, h)
                parts.append(f'<div class="panel" style="{box}">{made}</div>')
        title = html.escape(self.dashboard["title"])
        return (f'<!DOCTYPE html><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
                f'<div class="row" style="left: {GAP + 4}px; top: 4px">{title}</div>{"".join(parts)}', width, bottom + GAP)
