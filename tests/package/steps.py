# SPDX-License-Identifier: BSD-2-Clause
"""Runs the steps of a scenario one after the other, a line for each when it ends."""

import threading
import time
import traceback

from machine import Stopped, Unavailable, commands


class Scenario:
    """Counts what came of the steps."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.lock = threading.Lock()

    def step(self, title, function, *arguments):
        """Whether the step passed, or was skipped with a reason."""
        if commands.stopped.is_set():
            return False
        began = time.monotonic()
        try:
            function(*arguments)
            word, text = "passed", "ok"
        except Stopped:
            return False
        except Unavailable as reason:
            word, text = "skipped", f"SKIP: {reason}"
        except Exception:  # pylint: disable=broad-except
            word, text = "failed", f"FAIL\n{traceback.format_exc()}"
        with self.lock:
            setattr(self, word, getattr(self, word) + 1)
            print(f"{title} ({time.monotonic() - began:.1f} s) ... {text}", flush=True)
        return word != "failed"

    def steps(self, machine, functions):
        """The steps on a machine, until one fails on which the others depend (needed = True)."""
        for function in functions:
            good = self.step(f"{machine.suite}: {function.__doc__.splitlines()[0].rstrip('.')}",
                             function, machine)
            if not good and getattr(function, "needed", False):
                return


def needed(function):
    """Marks a step without which the later ones make no sense."""
    function.needed = True
    return function


def equal(found, wanted):
    """Fails with both where they differ."""
    if found != wanted:
        raise AssertionError(f"found {found!r}, wanted {wanted!r}")


def contains(text, *parts):
    """Fails with the text where a part is not in it."""
    for part in parts:
        if part not in text:
            raise AssertionError(f"{part!r} is not in:\n{text}")
