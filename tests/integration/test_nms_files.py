# SPDX-License-Identifier: BSD-2-Clause
"""The files of contrib/nms: made of the schema and of nothing else, and true to it."""

import os
import re
import shutil
import sys
import tempfile
import unittest

from harness import BUILD, SRC, dump, need, run, whole_schema

NMS = os.path.join(SRC, "contrib", "nms")
DEFAULT = "1.3.6.1.4.1.8072.9999.9999.2718"
OTHER = "1.3.6.1.4.1.99999.7"


def files(top):
    """{path below it: content} of what is made."""
    found = {}
    for directory, names, texts in os.walk(top):
        names[:] = [name for name in names if name not in ("generator", "__pycache__", "doc")]
        for name in texts:
            with open(os.path.join(directory, name), "rb") as content:
                found[os.path.relpath(os.path.join(directory, name), top)] = content.read().decode()
    return found


class Files(unittest.TestCase):
    def make(self, schema, mib, out):
        paths = []
        for name, text in (("schema", schema), ("mib", mib)):
            paths.append(os.path.join(out, name))
            with open(paths[-1], "w") as file:
                file.write(text)
        made = os.path.join(out, "made")
        run(sys.executable, "-B", os.path.join(NMS, "generator"), *paths, made)
        return files(made)

    def setUp(self):
        need(whole_schema()["oid"] == DEFAULT, "this build has another base OID")
        self.dir = tempfile.mkdtemp(prefix="netdiag-nms-")
        self.addCleanup(shutil.rmtree, self.dir)
        self.schema = dump(fmt="schema")
        with open(os.path.join(BUILD, "mib", "NETDIAG-MIB.txt")) as text:
            self.mib = text.read()

    def test_made_again(self):
        """`make nms` would change nothing."""
        made, kept = self.make(self.schema, self.mib, self.dir), files(NMS)
        self.assertTrue(made)
        for name, text in made.items():
            self.assertTrue(text == kept.get(name), f"{name}: run `make nms`")

    def test_another_base_oid(self):
        """What is installed for another one is what would be made for it: the OID is exchanged, which
        stands there in one form only."""
        made = self.make(self.schema.replace(DEFAULT, OTHER), self.mib, self.dir)
        for name, text in made.items():
            # What net-snmp calls a Linux host is the same everywhere.
            self.assertFalse(".8072" in text.replace("1.3.6.1.4.1.8072.3.2.10", ""), name)
        kept = files(NMS)
        for name, text in made.items():
            self.assertTrue(kept[name].replace(DEFAULT, OTHER) == text, name)

    def test_names_and_oids(self):
        """Whatever begins with netdiag and a capital is a name of the MIB, and each OID below the base one
        is an object's."""
        schema = whole_schema()
        names, oids = {"netdiagMIB"}, {DEFAULT}
        for group in schema["groups"]:
            for one in (group, *group["objects"]):
                names.add(one["name"])
                oids.add(one["oid"])
            names.add(group.get("entry", group["name"]))
        for one in schema["notifications"]:
            names.add(one["name"])
            oids.add(one["oid"])
        for name, text in files(NMS).items():
            for word in re.findall(r"(?<![\w.])netdiag[A-Z]\w*\b(?!\()", text):
                self.assertTrue(word in names, f"{name}: {word}")
            for oid in re.findall(re.escape(DEFAULT) + r"(?:\.\d+)*", text):
                # A scalar's instance ends in .0.
                self.assertTrue(oid in oids or oid.removesuffix(".0") in oids, f"{name}: {oid}")

    def test_pages(self):
        """Where a page names an object and an OID side by side, they are of one another."""
        schema = whole_schema()
        oids = {one["name"]: one["oid"] for group in schema["groups"] for one in (group, *group["objects"])}
        oids.update({one["name"]: one["oid"] for one in schema["notifications"]})
        with open(os.path.join(NMS, "README.md")) as text:
            pairs = re.findall(r"(netdiag\w+)(?: \| |,? is |, )(" + re.escape(DEFAULT) + r"[.\d]*\d)", text.read())
        self.assertGreater(len(pairs), 15)
        for name, oid in pairs:
            self.assertEqual(oid.removesuffix(".0"), oids[name], name)

    def test_polled(self):
        """What the rules and the dashboard ask for is polled by a module, or is one of its labels."""
        kept = files(NMS)
        for form in ("", "-0.22"):
            polled = set(re.findall(r"(?:- name|labelname): (netdiag\w+)", kept[f"prometheus/snmp{form}.yml"]))
            for name in ("prometheus/netdiag.rules.yml", f"grafana/netdiag{form}.json"):
                asked = set(re.findall(r"\bnetdiag[A-Z]\w+(?<!Table)\b", kept[name]))
                self.assertEqual(asked - polled, set(), name)

    def test_no_limit(self):
        """netdiagd's limits are netdiagd's: no rule of another platform compares a counter."""
        rules = files(NMS)["prometheus/netdiag.rules.yml"]
        for line in rules.splitlines():
            if "expr:" in line:
                compared = re.findall(r"(netdiag\w+)(?:\[\w+\])?\)* [<>]=? *\d", line)
                self.assertLessEqual(set(compared), {
                    "netdiagAgentTrapsPending", "netdiagCheckRaises", "netdiagAgentMasterReconnects"}, line)


if __name__ == "__main__":
    unittest.main()
