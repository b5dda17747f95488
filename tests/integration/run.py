#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs the integration tests against a build.

usage: run.py [-j JOBS] BUILD_DIR [PATTERN ...]

PATTERN: part of a test's name, as in test_nic or overflow. JOBS: how many classes of tests run at
the same time (default 6; they wait more than they work). A class with the attribute `exclusive`,
a text that says why, runs when no other does.

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

# No class takes as long, unless it hangs.
CLASS_LIMIT_S = 600


class Result(unittest.TestResult):
    """A line per test, said when it ends."""

    def __init__(self):
        super().__init__()
        self.passed = 0
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
    found = unittest.defaultTestLoader.discover(HERE, pattern="test_*.py", top_level_dir=HERE)
    classes = {}
    for test in flatten(found):
        if not patterns or any(part in test.id() for part in patterns):
            classes.setdefault(test.id().rpartition(".")[0], []).append(test)
    return classes


def run_class(name, patterns):
    """Runs one class in this process; what came of it is the last line, as JSON."""
    result = Result()
    unittest.TestSuite(find(patterns).get(name, [])).run(result)
    print(json.dumps([result.passed, len(result.failures) + len(result.errors),
                      len(result.skipped)]), flush=True)
    return 0


class Tally:
    """Runs classes in processes of their own, a process at a time per worker, and adds up."""

    def __init__(self, build, patterns):
        self.command = [sys.executable, os.path.abspath(__file__)]
        self.rest = [build, *patterns]
        self.counts = [0, 0, 0]
        self.lock = threading.Lock()

    def add(self, name):
        child = subprocess.Popen([*self.command, "--class", name, *self.rest], text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, errors="replace")
        try:
            output, _ = child.communicate(timeout=CLASS_LIMIT_S)
        except subprocess.TimeoutExpired:
            child.kill()
            output = child.communicate()[0] + f"\n{name}: FAIL, not within {CLASS_LIMIT_S} s\n"
        text, _, last = output.rstrip("\n").rpartition("\n")
        try:
            counts = json.loads(last)
        except ValueError:
            text, counts = f"{output}{name}: FAIL, its process ended early", [0, 1, 0]
        with self.lock:
            if text:
                print(text, flush=True)
            self.counts = [a + b for a, b in zip(self.counts, counts)]

    def work(self, names):
        while True:
            try:
                self.add(names.get_nowait())
            except queue.Empty:
                return


def main():
    if "-h" in sys.argv or "--help" in sys.argv or len(sys.argv) < 2:
        print(__doc__.strip())
        return 0 if len(sys.argv) > 1 else 64
    parser = argparse.ArgumentParser()
    parser.add_argument("-j", type=int, default=6)
    parser.add_argument("--class", dest="one")
    parser.add_argument("build")
    parser.add_argument("patterns", nargs="*")
    args = parser.parse_args()
    os.environ["NETDIAG_BUILD"] = os.path.abspath(args.build)
    os.environ.setdefault("NETDIAG_SRC", os.path.dirname(os.path.dirname(HERE)))
    sys.path.insert(0, HERE)
    sys.dont_write_bytecode = True
    if args.one:
        return run_class(args.one, args.patterns)
    classes = find(args.patterns)
    shared, alone = queue.Queue(), queue.Queue()
    # A class that takes long says so (takes_s, in seconds) and is begun early: else it ends last.
    for name in sorted(classes, key=lambda name: -getattr(classes[name][0], "takes_s", 0)):
        (alone if getattr(classes[name][0], "exclusive", None) else shared).put(name)
    tally = Tally(os.environ["NETDIAG_BUILD"], args.patterns)
    workers = [threading.Thread(target=tally.work, args=(shared,)) for _ in range(max(1, args.j))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tally.work(alone)
    print("{} passed, {} failed, {} skipped".format(*tally.counts), flush=True)
    return 1 if tally.counts[1] or not classes else 0


if __name__ == "__main__":
    sys.exit(main())
