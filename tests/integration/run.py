#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the integration tests against a build.

usage: run.py BUILD_DIR [PATTERN ...]     PATTERN: part of a test's name, as in test_nic or overflow

Ends with a line 'N passed, N failed, N skipped'; status 1 when any failed.
"""

import os
import sys
import time
import unittest


class Result(unittest.TestResult):
    """A line per test, said when it begins and completed when it ends."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.said = set()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()
        print(f"{test.id()} ... ", end="", flush=True)

    def _end(self, word):
        print(f"{word} ({time.monotonic() - self.began:.1f} s)", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._end("ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if not hasattr(self, "began"):
            self.began = time.monotonic()
        self._end(f"SKIP: {reason}")

    def _bad(self, test, err):
        if not hasattr(self, "began"):
            self.began = time.monotonic()
        self._end("FAIL")
        print(self._exc_info_to_string(err, test), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._bad(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._bad(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._bad(subtest, err)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 else 64
    here = os.path.dirname(os.path.abspath(__file__))
    os.environ["NETDIAG_BUILD"] = os.path.abspath(sys.argv[1])
    os.environ.setdefault("NETDIAG_SRC", os.path.dirname(os.path.dirname(here)))
    sys.path.insert(0, here)
    sys.dont_write_bytecode = True
    found = unittest.defaultTestLoader.discover(here, pattern="test_*.py", top_level_dir=here)
    wanted = [test for test in flatten(found)
              if not sys.argv[2:] or any(part in test.id() for part in sys.argv[2:])]
    result = Result()
    unittest.TestSuite(wanted).run(result)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
