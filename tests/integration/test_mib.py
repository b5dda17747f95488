# SPDX-License-Identifier: BSD-2-Clause
"""NETDIAG-MIB agrees with the code, passes lint, describes its objects, and can be loaded on a
machine without any other MIB module. Judged by smidump and smilint (libsmi) and by Net-SNMP."""

import copy
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

from harness import BINARY, MIB_DIR, need, need_tools, run

MIB_FILE = os.path.join(MIB_DIR, "NETDIAG-MIB.txt")
MODULE = "NETDIAG-MIB"

# Just enough of the SMI's own modules for parsers that know the macros anyway.
SMI_STUBS = {
    "SNMPv2-SMI": """SNMPv2-SMI DEFINITIONS ::= BEGIN
        MODULE-IDENTITY MACRO ::= BEGIN END
        OBJECT-TYPE MACRO ::= BEGIN END
        NOTIFICATION-TYPE MACRO ::= BEGIN END
        Integer32 ::= INTEGER (-2147483648..2147483647)
        Unsigned32 ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
        Gauge32 ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
        TimeTicks ::= [APPLICATION 3] IMPLICIT INTEGER (0..4294967295)
        Counter64 ::= [APPLICATION 6] IMPLICIT INTEGER (0..18446744073709551615)
        END""",
    "SNMPv2-TC": """SNMPv2-TC DEFINITIONS ::= BEGIN
        TEXTUAL-CONVENTION MACRO ::= BEGIN END
        END""",
    "SNMPv2-CONF": """SNMPv2-CONF DEFINITIONS ::= BEGIN
        OBJECT-GROUP MACRO ::= BEGIN END
        NOTIFICATION-GROUP MACRO ::= BEGIN END
        MODULE-COMPLIANCE MACRO ::= BEGIN END
        END""",
}
# Where distributions install the real modules.
SMI_DIRS = ("/usr/lib/erlang/lib/snmp-*/mibs", "/usr/lib64/erlang/lib/snmp-*/mibs",
            "/usr/share/mibs/ietf", "/var/lib/mibs/ietf")

ACCESS = {"noaccess": "not-accessible", "readonly": "read-only", "notifyonly": "accessible-for-notify"}
# The base types of the textual conventions that --dump=schema names.
CONVENTIONS = {"NetdiagText": "OctetString", "NetdiagTimeStamp": "TimeTicks",
               "NetdiagTime": "OctetString", "NetdiagHundredths": "Integer32",
               "NetdiagPercent": "Unsigned32", "NetdiagRate": "Gauge32"}
NUMBERS = ("Counter64", "Gauge32", "Unsigned32", "Integer32")
# Numbers that identify something rather than count it, and so have no units.
IDENTIFIERS = re.compile(r"(IfIndex|NapiId|Irq|Pid|Uid|Port|PortId|Cpu|Inode|AlarmId|CauseId|Sequence)$")

_scratch = tempfile.TemporaryDirectory(prefix="netdiag-mib-")


def scratch(*names):
    return os.path.join(_scratch.name, *names)


def smi_config(modules):
    """A configuration that makes libsmi's tools use only these SMI modules; Debian's own hides
    findings."""
    path = scratch(f"smi-{abs(hash(modules))}.conf")
    with open(path, "w") as out:
        out.write(f"path {modules}\nlevel 6\n")
    return path


def stubs():
    directory = scratch("smi")
    if not os.path.isdir(directory):
        os.mkdir(directory)
        for name, text in SMI_STUBS.items():
            with open(os.path.join(directory, name), "w") as out:
                out.write(text + "\n")
    return directory


def real_smi():
    for pattern in SMI_DIRS:
        for directory in glob.glob(pattern):
            if glob.glob(os.path.join(directory, "SNMPv2-CONF*")):
                return directory
    return None


def mib_text():
    with open(MIB_FILE) as text:
        return text.read()


def write_mib(text):
    path = scratch("changed", "NETDIAG-MIB.txt")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as out:
        out.write(text)
    return path


def replace_once(text, old, new):
    assert text.count(old) == 1, f"{text.count(old)} of {old!r}"
    return text.replace(old, new)


# --- the code's and the MIB's view of each name, in the same form: {name: {property: value}} -------

def code_side(schema):
    side = {}
    for group in schema["groups"]:
        table = {"oid": group["oid"]}
        if "entry" in group:
            side[group["entry"]] = {"oid": group["oid"] + ".1", "index": group["index"]}
        side[group["name"]] = table
        for item in group["objects"]:
            known = {key: item[key] for key in ("oid", "syntax", "access")}
            if "values" in item:
                known["values"] = item["values"]
            if "size" in item:
                known["size"] = [1 if item["access"] == "not-accessible" else 0, item["size"]]
            assert item["name"] not in side, f"{item['name']} twice"
            side[item["name"]] = known
    for item in schema["notifications"]:
        side[item["name"]] = {"oid": item["oid"], "objects": item["objects"]}
    return side


def _values(element):
    return {number.get("name"): int(number.get("number")) for number in element.iter("namednumber")}


def _object(element, typedefs):
    """The object's syntax as the schema has it: a base type or a textual convention, and its access."""
    syntax, access = element.find("syntax")[0], element.find("access").text
    known = {"oid": element.get("oid"), "access": ACCESS.get(access, access)}
    parent = syntax if syntax.tag == "type" else syntax.find("parent")
    name = parent.get("name") if parent is not None else syntax.get("basetype")
    values = _values(syntax) or _values(typedefs[name]) if name in typedefs else _values(syntax)
    if values:
        known.update(syntax="INTEGER", values=values)
    elif name == "ObjectIdentifier":
        known["syntax"] = "OBJECT IDENTIFIER"
    else:
        known["syntax"] = name
    if name == "NetdiagText":
        sizes = [(int(r.get("min")), int(r.get("max"))) for r in syntax.findall("range")]
        known["size"] = list(sizes[0]) if len(sizes) == 1 else sizes
    return known


def mib_xml(path=MIB_FILE):
    return ElementTree.fromstring(run("smidump", "-k", "-c", smi_config(stubs()), "-f", "xml", path))


def mib_side(tree):
    side = {}
    typedefs = {item.get("name"): item for item in tree.iter("typedef") if item.get("name")}
    for item in tree.iter("table"):
        side[item.get("name")] = {"oid": item.get("oid")}
    for item in tree.iter("row"):
        side[item.get("name")] = {"oid": item.get("oid"),
                                  "index": [i.get("name") for i in item.find("linkage").iter("index")]}
    for kind in ("scalar", "column"):
        for item in tree.iter(kind):
            side[item.get("name")] = _object(item, typedefs)
    for item in tree.iter("notification"):
        if item.get("oid"):
            side[item.get("name")] = {"oid": item.get("oid"),
                                      "objects": [o.get("name") for o in item.find("objects")]}
    objects = base_of(tree) + ".1."
    for item in tree.iter("node"):  # groups of scalars
        if (item.get("oid") + ".").startswith(objects) and item.get("oid") + "." != objects:
            side[item.get("name")] = {"oid": item.get("oid")}
    return side


def base_of(tree):
    identity = tree.find("module/identity").get("node")
    return next(n.get("oid") for n in tree.iter("node") if n.get("name") == identity)


def differences(code, mib):
    """A line for each name that only one side has, or that differs."""
    lines = [f"{name}: only in the code" for name in code.keys() - mib.keys()]
    lines += [f"{name}: only in the MIB" for name in mib.keys() - code.keys()]
    for name in code.keys() & mib.keys():
        if code[name] != mib[name]:
            lines.append(f"{name}: the code says {code[name]}, the MIB {mib[name]}")
    return sorted(lines)


class Agreement(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        need_tools("smidump")
        cls.schema = json.loads(run(BINARY, "--dump=schema"))
        cls.tree = mib_xml()
        cls.code = code_side(cls.schema)
        cls.mib = mib_side(cls.tree)

    def test_code_and_mib_agree(self):
        self.assertEqual(differences(self.code, self.mib), [])
        self.assertEqual(self.schema["oid"], base_of(self.tree))
        self.assertGreater(len(self.code), 300)  # there was something to compare

    def test_textual_conventions_are_what_is_sent(self):
        found = {}
        for item in self.tree.iter("typedef"):
            if item.get("name") in CONVENTIONS:
                parent = item.find("parent")
                found[item.get("name")] = parent.get("name") if parent is not None \
                    else item.get("basetype")
        self.assertEqual(found, CONVENTIONS)

    def test_a_change_of_the_mib_alone_is_seen(self):
        text = mib_text()
        column = re.search(r"netdiagSoftnetFlowLimit OBJECT-TYPE.*?\n    ::= \{[^}]*\}\n", text, re.S).group()
        one_more = column.replace("netdiagSoftnetFlowLimit", "netdiagSoftnetOneMore").replace(
            "netdiagSoftnetEntry 6", "netdiagSoftnetEntry 99")
        member = "    netdiagSoftnetFlowLimit         Counter64,\n"
        changes = {
            "one more column": lambda t: replace_once(t, column, column + "\n" + one_more),
            "one column less": lambda t: replace_once(replace_once(t, column, ""), member, ""),
            "another name": lambda t: t.replace("netdiagSoftnetFlowLimit", "netdiagSoftnetFlowLimits"),
            "another arc": lambda t: replace_once(t, "{ netdiagSoftnetEntry 6 }", "{ netdiagSoftnetEntry 66 }"),
            "another type": lambda t: replace_once(t, column, column.replace("Counter64", "Gauge32")),
            "another access": lambda t: replace_once(t, column, column.replace("read-only", "read-write")),
            "another size": lambda t: re.sub(r"(netdiagNicStatName OBJECT-TYPE\s+SYNTAX\s+NetdiagText \(SIZE \(1\.\.)\d+", r"\g<1>63", t),
            "another label": lambda t: replace_once(t, "halfDuplex(2), fullDuplex(3)", "halfDuplex(2), fuller(3)"),
            "another value": lambda t: replace_once(t, "halfDuplex(2), fullDuplex(3)", "halfDuplex(2), fullDuplex(4)"),
            "another convention": lambda t: replace_once(t, "none(1), warning(2), critical(3)",
                                                         "none(1), warning(3), critical(2)"),
            "another index": lambda t: replace_once(t, "{ netdiagNicIfIndex, netdiagNicStatName }",
                                                    "{ netdiagNicStatName, netdiagNicIfIndex }"),
            "another table's arc": lambda t: replace_once(t, "{ netdiagObjects 6 }", "{ netdiagObjects 66 }"),
            "varbinds in another order": lambda t: t.replace(
                "netdiagNotifyCheck,\n        netdiagNotifyInstance,",
                "netdiagNotifyInstance,\n        netdiagNotifyCheck,"),
            "one varbind less": lambda t: t.replace("netdiagNotifyBootId,\n        netdiagNotifyLastSequence,\n        netdiagNotifyActiveAlarms",
                                                  "netdiagNotifyLastSequence"),
            "another notification's arc": lambda t: replace_once(t, "{ netdiagNotifications 4 }",
                                                                 "{ netdiagNotifications 5 }"),
        }
        for what, change in changes.items():
            with self.subTest(what):
                changed = change(text)
                self.assertNotEqual(changed, text)
                found = differences(self.code, mib_side(mib_xml(write_mib(changed))))
                self.assertTrue(found, f"{what}: nothing was seen")

    def test_a_change_of_the_code_alone_is_seen(self):
        def one_more(schema):
            columns = schema["groups"][2]["objects"]
            columns.append({**columns[-1], "name": columns[-1]["name"] + "2", "oid": columns[-1]["oid"] + "2"})

        changes = {
            "one more column": one_more,
            "one column less": lambda s: s["groups"][2]["objects"].pop(),
            "one scalar less": lambda s: s["groups"][0]["objects"].pop(),
            "another type": lambda s: s["groups"][2]["objects"][3].update(syntax="Gauge32"),
            "another size": lambda s: s["groups"][0]["objects"][0].update(size=63),
            "one table less": lambda s: s["groups"].pop(),
            "one notification less": lambda s: s["notifications"].pop(),
            "varbinds in another order": lambda s: s["notifications"][0]["objects"].reverse(),
            "one more label": lambda s: next(o for g in s["groups"] for o in g["objects"]
                                           if o["name"] == "netdiagNicDuplex")["values"].update(quarterDuplex=4),
        }
        for what, change in changes.items():
            with self.subTest(what):
                schema = copy.deepcopy(self.schema)
                change(schema)
                self.assertTrue(differences(code_side(schema), self.mib), f"{what}: nothing was seen")

    def test_net_snmp_reads_the_same_names_and_oids(self):
        need_tools("snmptranslate")
        output = run("snmptranslate", "-M", MIB_DIR, "-m", MODULE, "-Tz")
        found = {name: oid for name, oid in re.findall(r'^"(netdiag\S+)"\s+"([\d.]+)"', output, re.M)}
        missing = {name: known["oid"] for name, known in self.code.items()
                   if found.get(name) != known["oid"]}
        self.assertEqual(missing, {})


class Wording(unittest.TestCase):
    """What RFC 4181, trap receivers and readers expect of a MIB beyond its grammar."""

    @classmethod
    def setUpClass(cls):
        need_tools("smidump")
        cls.tree = mib_xml()
        cls.mib = mib_side(cls.tree)
        cls.objects = {item.get("name"): item for kind in ("scalar", "column")
                       for item in cls.tree.iter(kind)}
        cls.text = mib_text()

    def test_names(self):
        names = set(self.mib) | {item.get("name") for kind in ("node", "group", "compliance")
                                 for item in self.tree.iter(kind) if item.get("name")}
        self.assertGreater(len(names), 300)
        self.assertEqual([n for n in names if len(n) > 32 or not re.fullmatch(r"netdiag[A-Za-z0-9]+", n)], [])
        conventions = [t.get("name") for t in self.tree.iter("typedef") if t.get("name")]
        self.assertEqual([n for n in conventions if len(n) > 32 or not n.startswith("Netdiag")], [])

    def test_every_object_says_what_it_means_and_where_it_comes_from(self):
        poor = []
        for name, item in self.objects.items():
            text = " ".join(item.find("description").text.split())
            meaning, _, source = text.partition("Source: ")
            if len(meaning) < 30 or len(source) < 5:
                poor.append(f"{name}: {text}")
        self.assertEqual(poor, [])

    def test_every_quantity_has_units(self):
        bare = [name for name, item in self.objects.items()
                if self.mib[name]["syntax"] in NUMBERS and self.mib[name]["access"] != "not-accessible"
                and not IDENTIFIERS.search(name) and item.find("units") is None]
        self.assertEqual(bare, [])

    def test_shares_are_hundredths_of_a_percent(self):
        shares = [name for name in self.objects if re.search(r"(Usage|Share)$", name)]
        self.assertGreater(len(shares), 5)
        for name in shares:
            self.assertEqual(self.mib[name]["syntax"], "NetdiagPercent", name)
            self.assertEqual(self.objects[name].find("units").text, "percent", name)

    def test_indexes_are_bounded(self):
        for name, known in self.mib.items():
            if known.get("access") == "not-accessible" and known["syntax"] != "INTEGER":
                self.assertIsNotNone(self.objects[name].find("syntax//range"), name)
        entries = [known["index"] for known in self.mib.values() if "index" in known]
        for name in {name for index in entries for name in index}:
            self.assertEqual(self.mib[name]["access"], "not-accessible", name)

    def test_notifications_carry_nothing_of_64_bits(self):
        for name, known in self.mib.items():
            for item in known.get("objects", []):
                self.assertNotEqual(self.mib[item]["syntax"], "Counter64", f"{item} in {name}")

    def test_raised_and_cleared_carry_the_same(self):
        self.assertEqual(self.mib["netdiagAlarmRaised"]["objects"], self.mib["netdiagAlarmCleared"]["objects"])

    def test_notifications_have_comments_for_snmptt(self):
        found = re.findall(r"^(\w+) NOTIFICATION-TYPE(.*?)::=", self.text, re.S | re.M)
        self.assertEqual({name for name, _ in found}, {n for n, k in self.mib.items() if "objects" in k})
        for name, body in found:
            summary = re.search(r'^ +--#SUMMARY "([^"\n]*)"$', body, re.M).group(1)
            arguments = re.search(r"^ +--#ARGUMENTS \{([\d,]*)\}$", body, re.M).group(1).split(",")
            self.assertRegex(body, r"(?m)^ +--#SEVERITY (NORMAL|WARNING|MINOR|MAJOR|CRITICAL)$")
            self.assertEqual(summary.count("%s"), len(arguments), name)
            for argument in arguments:
                self.assertLess(int(argument), len(self.mib[name]["objects"]), name)

    def test_imports_are_macros_and_base_types_only(self):
        imports = {item.get("name") for item in self.tree.find("imports")}
        allowed = {"MODULE-IDENTITY", "OBJECT-TYPE", "NOTIFICATION-TYPE", "Integer32", "Unsigned32", "Gauge32",
                   "Counter64", "TimeTicks", "TEXTUAL-CONVENTION", "OBJECT-GROUP", "NOTIFICATION-GROUP",
                   "MODULE-COMPLIANCE"}
        self.assertEqual(imports - allowed, set())

    def test_is_ascii_with_short_lines(self):
        self.assertTrue(self.text.isascii())
        self.assertEqual([line for line in self.text.splitlines() if (len(line) > 80 and "--#" not in line) or "\t" in line], [])


class Lint(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        need_tools("smilint")

    @staticmethod
    def findings(path=MIB_FILE, modules=None):
        """[(line of the file, name of the finding, the whole message)]. smilint's status is always 0."""
        done = subprocess.run(["smilint", "-c", smi_config(modules or stubs()), "-m", "-s", "-l", "6", path],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        findings = []
        for line in done.stdout.splitlines():
            found = re.match(r"[^:]*:(\d+): \[\d\] \{([\w-]+)\} ", line)
            findings.append((int(found.group(1)), found.group(2), line) if found else (0, "?", line))
        return findings

    def unwelcome(self, findings):
        """All findings except the unnamed nodes of a root that is given in numbers."""
        lines = mib_text().splitlines()
        identity = next(i for i, line in enumerate(lines, 1) if "MODULE-IDENTITY" in line and "," not in line)
        root = next(i for i, line in enumerate(lines, 1) if i > identity and "::=" in line)
        return [text for line, name, text in findings if not (name == "node-implicit" and line in (identity, root))]

    def test_clean(self):
        findings = self.findings()
        self.assertIn("node-implicit", [name for _, name, _ in findings])  # the file was read at all
        self.assertEqual(self.unwelcome(findings), [])

    def test_clean_with_the_real_smi_modules(self):
        directory = real_smi()
        need(directory, "needs SNMPv2-SMI, SNMPv2-TC and SNMPv2-CONF (Debian: erlang-snmp)")
        self.assertEqual(self.unwelcome(self.findings(modules=directory)), [])

    def test_lint_sees_faults(self):
        text = mib_text()
        changes = {
            "an object in no group": lambda t: replace_once(t, "        netdiagSoftnetFlowLimit,\n", ""),
            "a group in no compliance": lambda t: replace_once(t, "            netdiagSoftnetObjectGroup,\n", ""),
            "an unbounded index": lambda t: replace_once(t, "NetdiagText (SIZE (1..64))\n    MAX-ACCESS  not-accessible\n"
                                                         "    STATUS      current\n    DESCRIPTION\n        \"The statistic",
                                                         "OCTET STRING\n    MAX-ACCESS  not-accessible\n"
                                                         "    STATUS      current\n    DESCRIPTION\n        \"The statistic"),
            "no revision": lambda t: re.sub(r"    REVISION.*?version\.\"\n", "", t, flags=re.S),
            "an unknown type": lambda t: t.replace("NetdiagTimeStamp\n", "TimeStamp\n", 1),
        }
        for what, change in changes.items():
            with self.subTest(what):
                changed = change(text)
                self.assertNotEqual(changed, text)
                self.assertTrue(self.unwelcome(self.findings(write_mib(changed))), f"{what}: nothing was found")


class BareMachine(unittest.TestCase):
    """Net-SNMP's tools with this MIB file and no other."""

    def translate(self, *arguments, directory=MIB_DIR):
        need_tools("snmptranslate")
        own = scratch("net-snmp")
        os.makedirs(os.path.join(own, "cert_indexes"), exist_ok=True)  # otherwise its creation is announced
        done = subprocess.run(["snmptranslate", "-M", directory, *arguments], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env={"PATH": os.environ["PATH"], "HOME": own, "SNMPCONFPATH": own,
                                   "SNMP_PERSISTENT_DIR": own})
        self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
        return done.stdout

    def only_ours(self):
        directory = scratch("only")
        os.makedirs(directory, exist_ok=True)
        shutil.copy(MIB_FILE, directory)
        return directory

    def test_names_become_oids_and_back(self):
        directory = self.only_ours()
        for load in (MODULE, "ALL"):
            oid = self.translate("-m", load, "-On", f"{MODULE}::netdiagNicName.1", directory=directory).strip()
            self.assertRegex(oid, r"^(\.\d+)+\.1\.4\.1\.2\.1$")
            self.assertEqual(self.translate("-m", load, oid, directory=directory).strip(),
                             f"{MODULE}::netdiagNicName.1")

    def test_the_build_directory_is_as_good(self):
        self.assertIn("netdiagHeartbeat", self.translate("-m", "ALL", "-Tz"))

    def test_details(self):
        details = self.translate("-m", MODULE, "-Td", f"{MODULE}::netdiagAlarmRaisedAt", directory=self.only_ours())
        self.assertIn("TEXTUAL CONVENTION NetdiagTime", details)
        self.assertIn('DISPLAY-HINT\t"255t"', details)
