# SPDX-License-Identifier: BSD-2-Clause
"""README.md, followed to the letter: its code blocks are run, one after the other, in a fresh Debian."""

import os
import re
import subprocess

from debian import SOURCE, answers
from steps import contains


def blocks(title):
    """The code blocks of a section of README.md."""
    with open(os.path.join(SOURCE, "README.md")) as text:
        found = re.search(rf"^## {title}\n(.*?)(?=^## )", text.read(), re.M | re.S)
    assert found, f"README.md has no section {title}"
    return [re.sub(r"^    ", "", block, flags=re.M).strip("\n")
            for block in re.findall(r"(?:^    .*\n)+", found.group(1), re.M)]


def follow(machine, tarball):
    """Every block of README.md's section Installing works, to a walk by name and a notification."""
    os.makedirs(machine.path("/root/netdiag"))
    subprocess.run(["tar", "-C", machine.path("/root/netdiag"), "--strip-components=1",
                    "--no-same-owner", "-xf", tarball], check=True)
    first, *others = blocks("Installing")
    contains(first, "apt-get install", "make install")
    # Before the system runs, which has no network.
    machine.without_daemons(f"cd /root/netdiag\n{first.replace('apt-get', 'apt-get -qq -y')}")
    machine.start()
    said = {}
    for block in others:
        print(f"    $ {block}".replace("\n", "\n    $ "), flush=True)
        said[block] = machine.run(f"set -e\ncd /root/netdiag\n{block}")
        if "restart" in block:
            machine.eventually("netdiagd answers", lambda: answers(machine))
    walk = next(text for block, text in said.items() if "snmptable" in block)
    contains(walk, "netdiagLossTable", "backlog", "no packet was lost")
    seen = next(block for block in others if block.startswith("netdiagd --test-notification"))
    machine.eventually("the notification", lambda: "agent.test" in machine.run(seen.splitlines()[-1]))
