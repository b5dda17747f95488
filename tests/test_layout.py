#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: tests/test_layout.py

Tests directions.py and circles.py: a tree that is laid out the wrong way must fail."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parent
COMPILER = next(filter(shutil.which, ("cc", "gcc", "clang")), None)


class Layout(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.top = pathlib.Path(directory.name)

    def write(self, path, text):
        path = self.top / path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def check(self, script):
        """(exit status, output) of one of the scripts, run over the tree that was made."""
        done = subprocess.run([sys.executable, TESTS / script, self.top], text=True, timeout=60,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return done.returncode, done.stdout


class Directions(Layout):
    def check_include(self, source, target):
        self.write(source, f'#include <stdio.h>\n#include "{target}"\n')
        return self.check("directions.py")

    def test_the_right_way(self):
        for source, target in (
                ("collectors/cpu/softnet.c", "collectors/cpu/softnet.h"),
                ("collectors/cpu/softnet.c", "collectors/kernel/procfs.h"),
                ("collectors/registry.c", "collectors/cpu/softnet.h"),
                ("subagent/tables/map.c", "collectors/cpu/softnet.h"),
                ("subagent/checks/state.c", "subagent/log.h"),
                ("subagent/main.c", "subagent/agentx/session.h")):
            with self.subTest(source=source, target=target):
                self.assertEqual(self.check_include(source, target), (0, ""))

    def test_the_wrong_way(self):
        for source, target, reason in (
                ("collectors/base/rows.c", "collectors/kernel/procfs.h",
                 "base may not include collectors/kernel/procfs.h"),
                ("collectors/cpu/softnet.h", "collectors/nic/nic.h",
                 "cpu may not include collectors/nic/nic.h"),
                ("collectors/cpu/softnet.c", "subagent/tables/map.h",
                 "cpu may not include subagent/tables/map.h"),
                ("collectors/nic/nic.c", "collectors/registry.h",
                 "nic may not include collectors/registry.h"),
                ("subagent/tables/view.c", "subagent/checks/alarms.h",
                 "tables may not include subagent/checks/alarms.h"),
                ("subagent/checks/list.c", "subagent/options.h",
                 "checks may not include subagent/options.h"),
                ("collectors/cpu/softnet.c", "softnet.h",
                 "softnet.h: write the whole path from the top")):
            with self.subTest(source=source, target=target):
                status, output = self.check_include(source, target)
                self.assertEqual((status, output), (1, f"{source}:2: {reason}\n"))
                (self.top / source).unlink()

    def test_a_line_in_the_product(self):
        """The product passes; with one line the wrong way it does not."""
        for folder in ("collectors", "subagent"):
            shutil.copytree(TESTS.parent / folder, self.top / folder,
                            ignore=lambda _, names: [n for n in names if n.endswith((".o", ".a"))])
        self.assertEqual(self.check("directions.py"), (0, ""))
        path = self.top / "collectors/base/rows.c"
        path.write_text(path.read_text() + '#  include "collectors/engine.h"\n')
        status, output = self.check("directions.py")
        self.assertEqual(status, 1)
        self.assertRegex(output, r"\Acollectors/base/rows\.c:\d+: "
                                 r"base may not include collectors/engine\.h\n\Z")


@unittest.skipUnless(COMPILER and shutil.which("nm"), "there is no compiler here")
class Circles(Layout):
    def compile(self, module, text):
        source = self.write(module + ".c", text)
        subprocess.run([COMPILER, "-c", source, "-o", source.with_suffix(".o")], check=True,
                       timeout=60)

    def test_nothing_built(self):
        self.assertEqual(self.check("circles.py"),
                         (77, f"{self.top}: no object files; run make first\n"))

    def test_one_way(self):
        self.compile("collectors/a", "int b(void); int a(void) { return b(); }")
        self.compile("collectors/b", "static int own(void) { return 1; } int b(void) { return own(); }")
        # A static function is its module's own, whatever others call theirs.
        self.compile("subagent/c", "int a(void); static int own(void) { return a(); }"
                                   "int c(void) { return own(); }")
        self.assertEqual(self.check("circles.py"), (0, ""))

    def test_two_that_need_each_other(self):
        self.compile("collectors/a", "int b(void); int a(void) { return b(); }")
        self.compile("collectors/b", "int a(void); int b(void) { return a(); }")
        self.assertEqual(self.check("circles.py"), (1, (
            "these modules need each other: collectors/a, collectors/b\n"
            "    collectors/a needs b of collectors/b\n"
            "    collectors/b needs a of collectors/a\n")))

    def test_a_circle_through_data_and_rooms(self):
        self.compile("collectors/a", "extern int d; int a(void) { return d; }")
        self.compile("collectors/x", "int a(void); int x(void) { return a(); }")
        self.compile("subagent/c", "int x(void); int c(void) { return x(); }")
        self.compile("subagent/d", "int c(void); int d = 1; int e(void) { return c(); }")
        status, output = self.check("circles.py")
        self.assertEqual(status, 1)
        self.assertIn("these modules need each other: "
                      "collectors/a, collectors/x, subagent/c, subagent/d\n", output)


if __name__ == "__main__":
    unittest.main()
