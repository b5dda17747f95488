# SPDX-License-Identifier: BSD-2-Clause
"""The Grafana dashboard: its form, and each of its queries, put to a Prometheus that polls a netdiagd with
real faults. With NETDIAG_SCREENSHOTS=DIR its picture is drawn there."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import unittest

from monitoring import Monitoring
from platform_tools import CACHE, NMS, Host
from harness import Netns, eventually, need, run, veth
from render_dashboard import Page, expression
from test_faults import connector
from watched import Application, fast, load, short

sys.path.insert(0, NMS)
from generator import grafana  # noqa: E402

FORMS = ("", "-0.22")
EVERY_S, RANGE_S = 2, 120
SCREENSHOTS = os.environ.get("NETDIAG_SCREENSHOTS")
# The rows of Grafana's grid that the picture shows, and its size.
PICTURE_ROWS, PICTURE_BYTES_MAX = 50, 200 * 1024

# What may be empty on a host that is well in this respect, or that lacks something.
MAY_BE_EMPTY = {
    "Hardware queues that lose most": "no virtual interface reports its queues",
    "Netfilter's queues: dropped": "no rule gives packets to a program",
    "Connection table": "the namespace of the test tracks no connections, unless a rule asks for it",
    "Connection table: failures": "the same",
    "Loss, by the kernel's own reasons": "needs a kernel with type information, and the privilege for BPF",
    "Dropped on purpose, not for us, or lost elsewhere": "nothing was",
}


def dashboard(form=""):
    with open(os.path.join(NMS, "grafana", f"netdiag{form}.json")) as text:
        return text.read()


class Form(unittest.TestCase):
    def test_structure(self):
        for form in FORMS:
            made = json.loads(dashboard(form))
            panels = made["panels"]
            self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
            variables = {one["name"] for one in made["templating"]["list"]}
            used = set(re.findall(r"\$\{?(\w+)", dashboard(form)))
            self.assertEqual(used - variables, {"__rate_interval", "__range", "__all"})
            self.assertEqual(variables - used, set())
            taken = set()
            for panel in panels:
                at = panel["gridPos"]
                cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
                self.assertFalse(cells & taken, panel["title"])
                self.assertLessEqual(at["x"] + at["w"], 24, panel["title"])
                taken |= cells
                refs = [target["refId"] for target in panel.get("targets", [])]
                self.assertEqual(len(set(refs)), len(refs), panel["title"])
                self.assertTrue(refs or panel["type"] == "row", panel["title"])

    def test_intervals(self):
        """What is polled every five minutes has no rate over less."""
        for title, text, interval in ((panel["title"], target["expr"], target["interval"])
                                      for panel in json.loads(dashboard())["panels"] if panel["type"] == "timeseries"
                                      for target in panel["targets"]):
            self.assertEqual(interval, "300s" if re.search("netdiag(Netns|Drop|Nfqueue)", text) else
                             "15s" if re.search("netdiagAgent", text) else "60s", title)

    def test_schema(self):
        """It is a Dashboard by Grafana's own types."""
        need(shutil.which("npm"), "needs npm")
        directory = os.path.join(CACHE, "grafana-schema")
        os.makedirs(directory, exist_ok=True)
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "@grafana/schema@12", "typescript@5"],
                              cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300)
        need(done.returncode == 0, f"npm cannot download @grafana/schema: {done.stdout.strip()[-200:]}")
        for form in FORMS:
            path = os.path.join(directory, "dashboard.ts")
            with open(path, "w") as out:
                # An enumeration of texts takes no text as it stands in JSON.
                out.write("import type { Dashboard } from '@grafana/schema/dist/types/raw/dashboard/x/types.gen';\n"
                          "type Plain<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T\n"
                          "  : T extends Array<infer U> ? Plain<U>[] : { [K in keyof T]: Plain<T[K]> };\n"
                          f"export const made: Plain<Dashboard> = {dashboard(form)};\n")
            done = subprocess.run([os.path.join(directory, "node_modules", ".bin", "tsc"), "--noEmit", "--strict",
                                   "--skipLibCheck", path], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.assertEqual(done.returncode, 0, done.stdout[:1000])


class Live(unittest.TestCase):
    """A host whose service does not accept, whose UDP service does not read, and that is talked to by
    another host."""

    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        enter = self.stack.enter_context
        self.peer = enter(Netns("nms-peer"))
        self.host = enter(Host(short("listener.queue", "listener.drops", "tcp.listen_overflows") + fast(
            "listener", "counters", "nic", "udpSocket", interval="1s") +
            # Other namespaces of the machine are shown, but their faults are not this host's.
            "check netns.listen_overflows off\n"))
        veth(self.host.netns, "eth0", "10.77.0.1/24", self.peer, "eth0", "10.77.0.2/24")
        # A veth has no queue of its own.
        self.host.netns.run("tc", "qdisc", "add", "dev", "eth0", "root", "pfifo", "limit", "1000")
        shop = enter(Application(self.host.netns, "shop", "listen", "10.77.0.1", 16))
        deaf = enter(Application(self.host.netns, "deaf", "receive", "10.77.0.1", 2304))
        self.monitoring = Monitoring(self.host, "", every=EVERY_S)
        enter(load(self.peer, connector(("10.77.0.1", shop.port)), pause=0.02))

        def flood():
            with socket.socket(type=socket.SOCK_DGRAM) as sender:
                for _ in range(5):
                    sender.sendto(bytes(1000), ("10.77.0.1", deaf.port))

        enter(load(self.peer, flood, 0.05))

    def missing(self):
        """{panel: why} of the queries without series, or with others than their legends say."""
        missing = {}
        for panel in json.loads(dashboard())["panels"]:
            for target in panel.get("targets", []):
                found = self.monitoring.query(expression(target, EVERY_S, RANGE_S))
                if not found:
                    missing[panel["title"]] = target["expr"]
                for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
                    if found and label not in found[0]["metric"]:
                        missing[panel["title"]] = f"no label {label}"
        return missing

    def test_queries(self):
        self.assertTrue(set(MAY_BE_EMPTY) <= {title for title, _ in grafana.expressions(dashboard())})
        eventually("each query has series", lambda: self.assertEqual(
            set(self.missing()) - set(MAY_BE_EMPTY), set()) is None, timeout=90, every=2)
        asked = len(grafana.expressions(dashboard()))
        missing = self.missing()
        print(f"{asked} queries; without series: " + "; ".join(f"{title} ({MAY_BE_EMPTY[title]})" for title in missing))
        for title, text in missing.items():
            self.assertNotIn("no label", text, title)
        if SCREENSHOTS:
            time.sleep(RANGE_S)
            self.draw()

    def draw(self):
        browser = shutil.which("chromium") or shutil.which("chromium-browser")
        need(browser, "needs chromium")
        text, width, height = Page(json.loads(dashboard()), self.monitoring.query, self.monitoring.query_range,
                                   time.time(), RANGE_S, EVERY_S).html(PICTURE_ROWS)
        page, picture = self.host.write("page.html", text), os.path.join(SCREENSHOTS, "dashboard.png")
        run(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}",
            f"--user-data-dir={self.host.dir}/browser", f"--screenshot={picture}", "file://" + page)
        self.assertLess(os.path.getsize(picture), PICTURE_BYTES_MAX)


if __name__ == "__main__":
    unittest.main()
