# SPDX-License-Identifier: BSD-2-Clause
"""README.md, the manual pages, the completions and contrib/netdiagd.conf name all that there is: tables,
checks, collectors, directives and options, as the program does."""

import os
import re
import subprocess
import tempfile
import unittest

import harness
from harness import BINARY, BUILD, SRC, need_tools, run


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


def man_section(page, title):
    """A section of a manual page's source."""
    found = re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh |\Z)", source("man", page), re.M | re.S)
    assert found, f"{page} has no section {title}"
    return found.group(1)


class Documents(unittest.TestCase):
    def same(self, found, wanted, where):
        self.assertEqual(sorted(set(wanted) - set(found)), [], f"not in {where}")
        self.assertEqual(sorted(set(found) - set(wanted)), [], f"only in {where}")

    def test_tables(self):
        found = re.findall(r"netdiag\w+", " ".join(first_cells(section("Tables"))))
        self.same(found, [name for name in harness.schema() if name != "netdiagNotify"],
                  "README.md, section Tables")

    def test_checks(self):
        """Each item: name, instance, value, limits, and what it is an effect of."""
        found = {}
        for item in man_section("netdiagd.conf.5.in", "CHECKS").split(".It Ic ")[1:]:
            text = re.sub(r"\s+", " ", item.split(".El")[0])
            limits = re.search(r"Limits: (.*? \(.*?\)+)\.", text)
            causes = re.search(r"Effect of: (.*?)\. *$", text)
            found[item.split()[0]] = (limits and limits.group(1), "It is off." in text,
                                      "It is not notified." in text, causes.group(1) if causes else "")

        def number(check, key):
            return f"{check[key]:g}" if key in check else "–"

        wanted = {}
        for check in harness.whole_schema()["checks"]:
            warning = ">0" if check.get("warning") == 0 else number(check, "warning")
            limits = f"{warning} / {number(check, 'critical')} ({number(check, 'clear')})"
            if check["name"] == "tcp.memory":  # its limits are those of a sysctl
                limits = "pressure / 0.9 × high (0.8 × pressure)"
            wanted[check["name"]] = (limits, not check["on"], bool(check["on"] and not check["notify"]),
                                     ", ".join(check["causedBy"]))
        self.maxDiff = None
        self.assertEqual(found, wanted)

    def test_notifications(self):
        """The objects of each, in their order."""
        notifications = {item["name"]: [name.removeprefix("netdiagNotify") for name in
                                        item["objects"]]
                         for item in harness.whole_schema()["notifications"]}
        text = re.sub(r"\s+", " ", man_section("netdiagd.8.in", "NOTIFICATIONS"))
        for name, objects in notifications.items():
            said = re.search(rf"\.It {name} \([.\d]*\) .*?Objects: (.*?)\. ", text).group(1)
            if name == "netdiagAlarmCleared":
                self.assertEqual(objects, notifications["netdiagAlarmRaised"])
                self.assertTrue(said.startswith("the same in the same order"))
            else:
                self.assertEqual(said.split(", "), objects, name)

    def test_collectors(self):
        self.same(re.findall(r"^\.It Cm (\w+)$", man_section("netdiagd.conf.5.in", "COLLECTORS"), re.M),
                  harness.collectors(), "netdiagd.conf(5), section COLLECTORS")

    def test_directives(self):
        wanted = [directive["name"] for directive in harness.whole_schema()["directives"]]
        self.same(re.findall(r"^\.It Ic (\w+)", man_section("netdiagd.conf.5.in", "DIRECTIVES"), re.M),
                  wanted, "netdiagd.conf(5), section DIRECTIVES")
        shown = re.findall(r"^#? ?(\w+)", source("contrib", "netdiagd.conf"), re.M)
        self.assertEqual(sorted({name for name in wanted if not name.startswith("include")}
                                - set(shown)), [], "not in contrib/netdiagd.conf")

    def test_examples_of_netdiagd_conf(self):
        examples = re.findall(r"^\.Bd.*?\n(.*?)^\.Ed", man_section("netdiagd.conf.5.in", "EXAMPLES"),
                              re.M | re.S)
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf:
            conf.write("".join(examples))
            conf.flush()
            run(BINARY, "--check-config", "--config", conf.name)


class Options(unittest.TestCase):
    """The options of the manual page and of the completions are those of --help."""

    def setUp(self):
        self.help = run(BINARY, "--help")
        self.options = sorted(set(re.findall(r"^  (--[\w-]+)", self.help, re.M)))
        self.assertGreater(len(self.options), 12)

    def test_manual(self):
        text = man_section("netdiagd.8.in", "DESCRIPTION")
        self.assertEqual(sorted("-" + name for name in re.findall(r"^\.It Fl (-[\w-]+)", text, re.M)),
                         self.options)

    def complete(self, *words):
        """What bash offers for the last of the words of a command line."""
        script = (f". {SRC}/contrib/completion/netdiagd.bash; COMP_WORDS=(\"$@\"); "
                  "COMP_CWORD=$(($# - 1)); _netdiagd; printf '%s\\n' \"${COMPREPLY[@]}\"")
        return run("bash", "-c", script, "bash", BINARY, *words).split()

    def test_bash(self):
        self.assertEqual(sorted(self.complete("--")), self.options)
        self.assertEqual(self.complete("--re"), ["--report"])
        self.assertEqual(self.complete("--dump", "=", "j"), ["json"])
        self.assertEqual(self.complete("--dump", "netdiagSof"), ["netdiagSoftnetTable"])
        self.assertEqual(self.complete("--dump", "=", "json", "netdiagSof"), ["netdiagSoftnetTable"])
        self.assertEqual(self.complete("--dump", "--config"), ["--config"])
        # What the help says behind an option, bash offers behind it, too.
        for option, values in (("--dump", "text json schema"), ("--format", "text json"),
                               ("--log", "stderr syslog"), ("--log-level", "error warning notice info debug")):
            self.assertEqual(self.complete(option, "="), values.split())
            for value in values.split():
                self.assertIn(value, self.help)

    def test_zsh(self):
        text = source("contrib", "completion", "_netdiagd")
        self.assertEqual(sorted(re.findall(r"^    '(--[\w-]+)", text, re.M)), self.options)


class Manual(unittest.TestCase):
    def test_lint(self):
        need_tools("mandoc")
        pages = [os.path.join(BUILD, "man", name)
                 for name in ("netdiagd.8", "netdiagd.conf.5", "NETDIAG-MIB.7")]
        for page in pages:
            self.assertTrue(os.path.exists(page), page)
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", *pages], capture_output=True,
                              text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_objects(self):
        """NETDIAG-MIB(7) has every object and notification."""
        with open(os.path.join(BUILD, "man", "NETDIAG-MIB.7")) as text:
            page = text.read()
        for group in harness.whole_schema()["groups"]:
            for item in group["objects"]:
                self.assertIn(f".It Va {item['name']}\n", page)
        for item in harness.whole_schema()["notifications"]:
            self.assertIn(f".Ss {item['name']}\n", page)


if __name__ == "__main__":
    unittest.main()
