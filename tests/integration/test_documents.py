# SPDX-License-Identifier: BSD-2-Clause
"""README.md and contrib/netdiagd.conf name all that there is: tables, checks, collectors and
directives, as the schema does."""

import os
import re
import unittest

import harness
from harness import SRC


def source(*path):
    with open(os.path.join(SRC, *path)) as text:
        return text.read()


def section(title):
    """A section of README.md, up to the next heading of any level."""
    found = re.search(rf"^#+ {title}\n(.*?)(?=^#|\Z)", source("README.md"), re.M | re.S)
    assert found, f"README.md has no section {title}"
    return found.group(1)


def first_cells(text):
    """The first cells of the rows of all tables in a section."""
    return [cell.strip() for cell in re.findall(r"^\| ([^|]*) \|", text, re.M)
            if not cell.startswith("---")][1:]


class Sentences(unittest.TestCase):
    def test_survive_snmptt_and_shells(self):
        """What summaries, advice and commands are made of has no character that snmptt leaves out
        or a shell obeys."""
        literals = []
        for name in ("advice.c", "advice_host.c", "advice_socket.c", "decide.c"):
            code = re.sub(r"/\*.*?\*/|^#include.*?$", "", source("subagent", "checks", name), flags=re.S | re.M)
            literals += re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)
        self.assertGreater(len(literals), 200)
        conversion = r"%[-0]*[.\d*]*(?:hh|h|ll|l|j|z)?[a-zA-Z%]"
        self.assertEqual([text for text in literals
                          if re.search(r"[^\w !#%'()+,./:=@{}~-]", re.sub(conversion, "", text))], [])


class Readme(unittest.TestCase):
    def missing(self, wanted, found, where):
        self.assertEqual(sorted(set(wanted) - set(found)), [], f"not in README.md, {where}")

    def test_tables(self):
        found = re.findall(r"netdiag\w+", " ".join(first_cells(section("Tables"))))
        wanted = [name for name in harness.schema() if name != "netdiagNotify"]
        self.missing(wanted, found, "section Tables")
        self.assertEqual(sorted(set(found) - set(wanted)), [], "README.md, section Tables: no such")

    def test_checks(self):
        found = [cell.split()[0] for cell in first_cells(section("Checks"))]
        wanted = [check["name"] for check in harness.whole_schema()["checks"]]
        self.missing(wanted, found, "section Checks")
        self.assertEqual(sorted(set(found) - set(wanted)), [], "README.md, section Checks: no such")

    def test_limits_and_causes_of_checks(self):
        """Each row: name and marks, instance, value, "warning / critical (clear)", effect of."""
        rows = re.findall(r"^\| ([a-z_.]+)( [¹²])? \| [^|]* \| [^|]* \| ([^|]*) \| ?([^|]*) \|$",
                          section("Checks"), re.M)
        found = {name: (mark.strip(), limits, causes) for name, mark, limits, causes in rows[1:]}

        def number(check, key):
            return f"{check[key]:g}" if key in check else "–"

        wanted = {}
        for check in harness.whole_schema()["checks"]:
            mark = "²" if not check["on"] else "" if check["notify"] else "¹"
            warning = ">0" if check.get("warning") == 0 else number(check, "warning")
            limits = f"{warning} / {number(check, 'critical')} ({number(check, 'clear')})"
            if check["name"] == "tcp.memory":  # its limits are those of a sysctl
                limits = "pressure / 0.9 × high (0.8 × pressure)"
            wanted[check["name"]] = (mark, limits, ", ".join(check["causedBy"]))
        self.assertEqual(found, wanted)

    def test_notifications(self):
        """The objects of each, in their order."""
        notifications = {item["name"]: [name.removeprefix("netdiagNotify") for name in
                                        item["objects"]]
                         for item in harness.whole_schema()["notifications"]}
        text = section("Notifications")
        for name, objects in notifications.items():
            row = re.search(rf"^\| {name} \([.\d]*\) \| [^|]* \| ([^|]*) \|$", text, re.M).group(1)
            if name == "netdiagAlarmCleared":
                self.assertEqual(objects, notifications["netdiagAlarmRaised"])
                self.assertTrue(row.startswith("the same in the same order"))
            else:
                self.assertEqual(row.split(", "), objects, name)

    def test_collectors(self):
        found = re.search(r"Collectors:\n`([\w ]+)`", section("Configuring"))
        self.assertEqual(sorted(found.group(1).split()), sorted(harness.collectors()),
                         "README.md, section Configuring, the list of collectors")

    def test_directives(self):
        wanted = [directive["name"] for directive in harness.whole_schema()["directives"]]
        found = re.findall(r"^\| `(\w+)", section("Configuring"), re.M)
        self.missing([name for name in wanted if not name.startswith("include")], found,
                     "section Configuring")
        shown = re.findall(r"^#? ?(\w+)", source("contrib", "netdiagd.conf"), re.M)
        self.assertEqual(sorted({name for name in wanted if not name.startswith("include")}
                                - set(shown)), [], "not in contrib/netdiagd.conf")


if __name__ == "__main__":
    unittest.main()
