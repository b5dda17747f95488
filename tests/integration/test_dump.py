# SPDX-License-Identifier: BSD-2-Clause
"""netdiagd --dump: all that the MIB shows, without a master agent."""

import json
import os
import re
import subprocess
import unittest

from harness import BINARY, MIB_DIR, SRC, Netns, dump, run


class Dump(unittest.TestCase):
    maxDiff = None

    def test_json_has_the_names_and_types_of_the_schema(self):
        schema, data = json.loads(dump(fmt="schema")), dump()
        known = {o["name"]: o for g in schema["groups"] for o in g["objects"]}
        groups = {g["name"]: g for g in schema["groups"] if g["name"] != "netdiagNotify"}
        self.assertEqual(set(data), set(groups))
        for name, rows in data.items():
            for row in rows if "entry" in groups[name] else [rows]:
                for key, value in row.items():
                    self.check_value(known[key], value)
                for index in groups[name].get("index", []):
                    self.assertIn(index, row, name)

    def check_value(self, item, value):
        if "values" in item:
            kinds = bool if set(item["values"]) == {"true", "false"} else str
            if kinds is str:
                self.assertIn(value, item["values"], item["name"])
        else:
            kinds = {"NetdiagText": str, "OBJECT IDENTIFIER": str, "NetdiagTime": str,
                     "NetdiagTimeStamp": (int, float), "TimeTicks": (int, float)}.get(item["syntax"], int)
        self.assertIsInstance(value, kinds, item["name"])

    def test_one_table(self):
        """By its name or the shorter one; only the collector that it needs is run."""
        data = json.loads(run(BINARY, "--dump=json", "netdiagNicTable"))
        self.assertEqual(list(data), ["netdiagNicTable"])
        self.assertEqual({row["netdiagNicName"] for row in data["netdiagNicTable"]},
                         {link["ifname"] for link in json.loads(run("ip", "-j", "link"))})
        self.assertRegex(run(BINARY, "--dump", "softnet"), r"^netdiagSoftnetTable: \d+ rows?\n")
        every = json.loads(run(BINARY, "--dump=json", "collector"))["netdiagCollectorTable"]
        self.assertGreater(len(every), 10)

    def test_json_agrees_with_the_kernel(self):
        data = dump()
        names = {row["netdiagNicName"]: row["netdiagNicIfIndex"] for row in data["netdiagNicTable"]}
        links = {link["ifname"]: link["ifindex"] for link in json.loads(run("ip", "-j", "link"))}
        self.assertEqual(names, links)
        self.assertEqual({row["netdiagCollectorStatus"] for row in data["netdiagCollectorTable"]
                          if row["netdiagCollectorName"] == "softnet"}, {"ok"})

    def test_text_names_every_table_and_fits_a_line(self):
        schema, text = json.loads(dump(fmt="schema")), dump(fmt="text")
        lines = text.splitlines()
        for group in schema["groups"]:
            if group["name"] != "netdiagNotify":
                self.assertEqual(len([line for line in lines if line.split(":")[0] == group["name"]]), 1, group["name"])
        # Only what stands below a row, or a long name in a scalar, may be longer.
        self.assertEqual([line for line in lines if len(line) > 120 and not line.startswith("      ")], [])
        self.assertEqual([line for line in lines if line.endswith(" ")], [])

    def test_odd_names_of_interfaces(self):
        with Netns("dump") as ns:
            name = 'a"$(x);\u00e4'  # 11 bytes of UTF-8; the kernel forbids blanks and slashes only
            ns.run("ip", "link", "add", name, "type", "veth", "peer", "name", "other")
            found = [row["netdiagNicName"] for row in dump(netns=ns)["netdiagNicTable"]]
            self.assertEqual(sorted(found), sorted(["lo", "other", name]))
            self.assertIn(name, dump(fmt="text", netns=ns))

    def test_a_full_disk_is_reported(self):
        with open("/dev/full", "wb") as full:
            for option in ("--dump=text", "--dump=json", "--dump=schema", "--help", "--version", "--check-config"):
                done = subprocess.run([BINARY, option], stdout=full, stderr=subprocess.PIPE)
                self.assertEqual(done.returncode, os.EX_IOERR, option)
                self.assertEqual(done.stderr.count(b"cannot be written"), 1, option)

    def test_schema_lists_what_else_there_is(self):
        schema, data = json.loads(dump(fmt="schema")), dump()
        names = {part: [item["name"] for item in schema[part]] for part in ("checks", "collectors", "directives", "checkSettings")}
        self.assertEqual(sorted(names["collectors"]), sorted(row["netdiagCollectorName"] for row in data["netdiagCollectorTable"]))
        intervals = {row["netdiagCollectorName"]: row["netdiagCollectorInterval"] for row in data["netdiagCollectorTable"]}
        self.assertEqual({item["name"]: item["interval"] for item in schema["collectors"]}, intervals)
        tables = {group["name"]: group for group in schema["groups"]}
        for check in schema["checks"]:
            self.assertIn(check["table"], tables, check["name"])
        for group in tables.values():
            self.assertIn(group.get("collector", names["collectors"][0]), names["collectors"])
        for file, words in (("man/netdiagd.conf.5.in", sum(names.values(), [])), ("contrib/netdiagd.conf", names["directives"])):
            with open(os.path.join(SRC, file)) as text:
                content = re.sub(r"\\f[BR]", "", text.read())  # fonts
            self.assertEqual([word for word in words if not re.search(rf"\b{re.escape(word)}\b", content)], [], file)

    def test_units_are_those_of_the_mib(self):
        """Where a number is read as a fraction or a time, the code knows the UNITS of the MIB."""
        with open(os.path.join(MIB_DIR, "NETDIAG-MIB.txt")) as text:
            mib = dict(re.findall(r'^(netdiag\w+) OBJECT-TYPE\s+SYNTAX[^"]*?UNITS\s+"([^"]+)"', text.read(), re.M))
        code = {item["name"]: item["units"] for group in json.loads(dump(fmt="schema"))["groups"]
                for item in group["objects"] if "units" in item}
        self.assertEqual(code, {name: units for name, units in mib.items() if re.match(r"percent|milli|micro", units)})
