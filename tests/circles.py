#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: tests/circles.py BUILD_DIR

Checks that no modules (object files) of the product need each other in a circle: what one defines
and another uses, as nm lists it, must run one way only. Prints each circle; the exit status is 1
then, and 77 where nothing has been built."""
import os
import pathlib
import subprocess
import sys

# Modules that may stand in a circle together, with the reason.
EXCEPTIONS = {
    frozenset({"subagent/checks/alarms", "subagent/checks/alarm_rows"}):
        "merged when the alarms are rewritten",
}
FOLDERS = ("collectors", "subagent")
DEFINED, UNDEFINED = "ABCDGRSTVW", "U"


def symbols(build):
    """{module: (names that it defines, names that it needs)}; a module is a path without ".o"."""
    objects = [path for folder in FOLDERS for path in sorted((build / folder).rglob("*.o"))]
    found = {}
    for path in objects:
        output = subprocess.run([os.environ.get("NM", "nm"), "-P", path], check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        kinds = [line.split()[:2] for line in output.splitlines()]
        found[str(path.relative_to(build).with_suffix(""))] = (
            {name for name, kind in kinds if kind in DEFINED},
            {name for name, kind in kinds if kind == UNDEFINED})
    return found


def dependencies(modules):
    """{module: {module that it needs: a name that it needs from there}}"""
    # What several define, such as a sanitizer's marks, belongs to none of them.
    owners = {}
    for module, (defined, _) in modules.items():
        for name in defined:
            owners.setdefault(name, []).append(module)
    return {module: {owners[name][0]: name for name in sorted(needed)
                     if len(owners.get(name, ())) == 1}
            for module, (_, needed) in modules.items()}


def reached_from(needs, start):
    seen, pending = set(), list(needs[start])
    while pending:
        module = pending.pop()
        if module not in seen:
            seen.add(module)
            pending += needs[module]
    return seen


def circles(needs):
    """Sets of modules each of which reaches all the others."""
    reach = {module: reached_from(needs, module) for module in needs}
    return {frozenset(other for other in reach[module] if module in reach[other])
            for module in needs if module in reach[module]}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    modules = symbols(pathlib.Path(sys.argv[1]))
    if not modules:
        print(f"{sys.argv[1]}: no object files; run make first")
        return 77
    needs = dependencies(modules)
    wrong = circles(needs) - EXCEPTIONS.keys()
    for circle in sorted(map(sorted, wrong)):
        print("these modules need each other: " + ", ".join(circle))
        for module in circle:
            for other, name in sorted(needs[module].items()):
                if other in circle:
                    print(f"    {module} needs {name} of {other}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
