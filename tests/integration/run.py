#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the integration tests against a build.

usage: run.py [-j JOBS] [--without PATTERN]... BUILD_DIR [PATTERN ...]

PATTERN: part of a test's name, as in test_nic or overflow. JOBS: how many classes of tests run at
the same time (default 6; they wait more than they work). A class with the attribute `exclusive`,
a text that says why, runs when no other does. A test that failed is run once more at the end, alone;
what passed only then is named and counts as passed.

Ends with a line 'N passed, N failed, N skipped'; status 1 when any failed.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
# Where the tests are.
TESTS = os.path.abspath(os.environ.get("NETDIAG_TESTS", HERE))

# No class takes as long, unless it hangs. NETDIAG_SOAK: see harness.py.
CLASS_LIMIT_S = 600 * (1 + int(os.environ.get("NETDIAG_SOAK", "0")))


class Result(unittest.TestResult):
    """A line per test, said when it ends."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self.failed = []  # ids
        self.began = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.began = time.monotonic()

    def _say(self, test, word):
        print(f"{test.id()} ... {word} ({time.monotonic() - self.began:.1f} s)", flush=True)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1
        self._say(test, "ok")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._say(test, f"SKIP: {reason}")

    def _bad(self, test, err):
        whole = getattr(test, "test_case", test).id()
        if whole not in self.failed:
            self.failed.append(whole)
        self._say(test, "FAIL")
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


def find(patterns):
    """{class name: [tests]} of the tests whose name has one of the patterns in it."""
    found = unittest.defaultTestLoader.discover(TESTS, pattern="test_*.py", top_level_dir=TESTS)
    classes = {}
    for test in flatten(found):
        if not patterns or any(part in test.id() for part in patterns):
            classes.setdefault(test.id().rpartition(".")[0], []).append(test)
    return classes


def run_class(name, patterns, wanted):
    """Runs one class in this process, or only the wanted of its tests; what came of it is the last
    line, as JSON."""
    result = Result()
    unittest.TestSuite(test for test in find(patterns).get(name, [])
                       if not wanted or test.id() in wanted).run(result)
    print(json.dumps([result.passed, result.failed, len(result.skipped)]), flush=True)
    return 0


class Tally:
    """Runs classes in processes of their own, a process at a time per worker, and adds up."""

    def __init__(self, build, patterns, classes):
        self.command = [sys.executable, os.path.abspath(__file__)]
        self.rest = [build, *patterns]
        self.classes = classes
        self.results = {}  # {class: (passed, ids of the failed, skipped)}
        self.lock = threading.Lock()

    def run(self, name, wanted=()):
        """(passed, ids of the failed, skipped) of a class, or of the wanted of its tests."""
        only = [word for test in wanted for word in ("--test", test)]
        child = subprocess.Popen([*self.command, "--class", name, *only, *self.rest], text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, errors="replace")
        try:
            output, _ = child.communicate(timeout=CLASS_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[0] + f"\n{name}: FAIL, not within {CLASS_LIMIT_S} s\n"
        text, _, last = output.rstrip("\n").rpartition("\n")
        try:
            passed, failed, skipped = json.loads(last)
        except ValueError:
            text, passed, skipped = f"{output}{name}: FAIL, its process ended early", 0, 0
            failed = [name]
        with self.lock:
            if text:
                print(text, flush=True)
        return passed, failed, skipped

    def work(self, names):
        while True:
            try:
                name = names.get_nowait()
            except queue.Empty:
                return
            self.results[name] = self.run(name)

    def again(self):
        """Runs each failed test once more, alone. Returns the ids of those that passed now."""
        mended = []
        for name, (passed, failed, skipped) in sorted(self.results.items()):
            if not failed:
                continue
            print(f"again, alone: {' '.join(failed)}", flush=True)
            # What failed may be the class's preparation: then the whole class is run.
            whole = not {test.id() for test in self.classes[name]}.issuperset(failed)
            now = self.run(name, () if whole else failed)
            mended += [test for test in failed if test not in now[1]]
            self.results[name] = now if whole else (passed + now[0], now[1], skipped + now[2])
        return mended


def main():
    if "-h" in sys.argv or "--help" in sys.argv or len(sys.argv) < 2:
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 else 64
    parser = argparse.ArgumentParser()
    parser.add_argument("-j", type=int, default=6)
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--class", dest="one")
    parser.add_argument("--test", dest="wanted", action="append", default=[])
    parser.add_argument("build")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    os.environ["NETDIAG_BUILD"] = os.path.abspath(args.build)
    os.environ.setdefault("NETDIAG_SRC", os.path.dirname(os.path.dirname(HERE)))
    sys.path[:0] = [TESTS, HERE]
    sys.dont_write_bytecode = True
    if args.one:
        return run_class(args.one, args.patterns, args.wanted)
    classes = {name: tests for name, tests in find(args.patterns).items()
               if not any(part in name for part in args.without)}
    shared, alone = queue.Queue(), queue.Queue()
    # A class that takes long says so (takes_s, in seconds) and is begun early: else it ends last.
    for name in sorted(classes, key=lambda name: -getattr(classes[name][0], "takes_s", 0)):
        (alone if getattr(classes[name][0], "exclusive", None) else shared).put(name)
    tally = Tally(os.environ["NETDIAG_BUILD"], args.patterns, classes)
    workers = [threading.Thread(target=tally.work, args=(shared,)) for _ in range(max(1, args.j))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tally.work(alone)
    for test in tally.again():
        print(f"passed only when it was run again, alone: {test}", flush=True)
    passed = sum(result[0] for result in tally.results.values())
    failed = sum(len(result[1]) for result in tally.results.values())
    skipped = sum(result[2] for result in tally.results.values())
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not classes else 0


if __name__ == "__main__":
    sys.exit(main())
