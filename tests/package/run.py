#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds and runs the packages on fresh Debians under a real systemd.

usage: run.py [--only SUITE]... TARBALL

TARBALL: what `make dist` made. The roots are made in a temporary directory, of Debian's archive, one
after the other, and used side by side; nothing else of this host is changed. Where that cannot be done,
everything is skipped, with the reason.

Ends with a line 'N passed, N failed, N skipped'; status 1 when any failed.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time

import debian
import readme
import rpm
import turns
import unit
from machine import Machine, Unavailable, available, commands
from steps import Scenario

SUITES = ("bookworm", "trixie", "bullseye")


class Preparation(threading.Thread):
    """Makes the machines, one after the other, ahead of their use."""

    def __init__(self, machines, tarball):
        super().__init__()
        self.machines = machines
        self.tarball = tarball
        self.made = {machine.suite: threading.Event() for machine in machines}
        self.why_not = {}
        self.fresh = None  # a copy of the first one with nothing but a systemd

    def run(self):
        for machine in self.machines:
            began = time.monotonic()
            try:
                machine.make()
                if machine.suite == SUITES[0]:
                    self.fresh = machine.copy_to(os.path.join(os.path.dirname(machine.root), "fresh"))
                machine.install(*debian.RUN, *debian.BUILD)
                machine.package = debian.build(machine, self.tarball, "first")
                machine.older = debian.older(machine, machine.package)
                print(f"{machine.suite}: made, package built ({time.monotonic() - began:.0f} s)", flush=True)
            except Exception as why:  # pylint: disable=broad-except
                self.why_not[machine.suite] = why
            self.made[machine.suite].set()

    def wait_for(self, machine):
        self.made[machine.suite].wait()
        if machine.suite in self.why_not:
            raise self.why_not[machine.suite]


def one_suite(scenario, preparation, machine):
    """All that is tried on one Debian."""
    with machine:
        title = f"{machine.suite}: a fresh root, the package built"
        if scenario.step(title, preparation.wait_for, machine) and machine.suite not in preparation.why_not:
            on_machine(scenario, preparation, machine, preparation.tarball)


def on_machine(scenario, preparation, machine, tarball):
    scenario.step(f"{machine.suite}: two builds are equal", debian.reproducible, machine, tarball,
                  machine.package)
    first = machine.suite == SUITES[0]
    if first:
        with preparation.fresh as fresh:
            scenario.step(f"{machine.suite}: README.md, followed to the letter", readme.follow, fresh, tarball)
        scenario.step(f"{machine.suite}: lintian", debian.lint, machine, machine.package)
        scenario.step(f"{machine.suite}: the RPM", rpm.build, machine, tarball)
    if scenario.step(f"{machine.suite}: systemd starts", machine.start):
        scenario.steps(machine, debian.FIRST + turns.STEPS + unit.STEPS + debian.LAST +
                       (rpm.LAST if first else ()))


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--only", action="append", choices=SUITES)
    parser.add_argument("tarball")
    arguments = parser.parse_args()
    scenario = Scenario()
    suites = arguments.only or SUITES
    interruptions = []

    def interrupted(number, _):
        """Ends what runs; each thread then stops its machine."""
        interruptions.append(number)
        commands.stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, interrupted)
    try:
        available()
    except Unavailable as why:
        print(f"packages ... SKIP: {why}")
        print(f"0 passed, 0 failed, {len(suites)} skipped")
        return 0
    directory = tempfile.mkdtemp(prefix="netdiag-package-")
    machines = [Machine(suite, directory) for suite in suites]
    preparation = Preparation(machines, os.path.abspath(arguments.tarball))
    threads = [preparation] + [threading.Thread(target=one_suite, args=(scenario, preparation, machine))
                               for machine in machines]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        shutil.rmtree(directory)
    if interruptions:
        print("interrupted", flush=True)
        return 128 + interruptions[0]
    print(f"{scenario.passed} passed, {scenario.failed} failed, {scenario.skipped} skipped")
    return 1 if scenario.failed else 0


if __name__ == "__main__":
    sys.exit(main())
