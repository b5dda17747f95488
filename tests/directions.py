#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""usage: tests/directions.py [SOURCE_DIR]

Checks that each include between rooms runs in a direction that is allowed, so that the layout of
CONTRIBUTING.md stays true. Prints what runs the wrong way; the exit status is 1 then."""
import pathlib
import re
import sys

# What a room may include besides its own headers. "top" of a folder is what lies in it directly.
COLLECTORS = {
    "base": (),
    "kernel": ("base",),
    "top": ("base", "kernel"),
    "cpu": ("top", "base", "kernel"),
    "nic": ("top", "base", "kernel"),
    "protocol": ("top", "base", "kernel"),
    "socket": ("top", "base", "kernel"),
    "limit": ("top", "base", "kernel", "socket", "protocol"),
    "loss": ("top", "base", "kernel"),
    "netns": ("top", "base", "kernel", "socket", "protocol"),
}
SUBAGENT = {
    "tables": (),
    "agentx": ("tables",),
    "checks": ("tables",),
    "config": ("checks", "agentx", "tables"),
    "notify": ("checks", "agentx", "tables"),
    "loss": ("tables",),
    "console": ("checks", "config", "loss", "tables"),
    "preflight": ("config", "agentx", "checks", "tables"),
    "top": ("tables", "agentx", "checks", "config", "notify", "loss", "console", "preflight"),
}
# Everything may write to the log.
COMMON = {"subagent/log.h"}
# The registries know everything: that is what they are for.
REGISTRIES = {
    "collectors/registry.c",
    "subagent/tables/map.c",
    "subagent/tables/notifications.c",
}


def room_of(path):
    """(folder, room): ("collectors", "base"), ("subagent", "top")."""
    parts = path.split("/")
    return parts[0], parts[1] if len(parts) > 2 else "top"


def allowed(source, target):
    if source in REGISTRIES or target in COMMON:
        return True
    folder, room = room_of(source)
    target_folder, target_room = room_of(target)
    if target_folder == "collectors" and folder == "subagent":
        return True
    if target_folder != folder:
        return False
    if target == "collectors/registry.h":
        return False
    rooms = COLLECTORS if folder == "collectors" else SUBAGENT
    return room == target_room or target_room in rooms[room]


def main():
    top = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    wrong = 0
    for folder in ("collectors", "subagent"):
        for file in sorted((top / folder).rglob("*.[ch]")):
            source = str(file.relative_to(top))
            for number, line in enumerate(file.read_text().splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not match:
                    continue
                target = match.group(1)
                if not target.startswith(("collectors/", "subagent/")):
                    print(f"{source}:{number}: {target}: write the whole path from the top")
                    wrong += 1
                elif not allowed(source, target):
                    print(f"{source}:{number}: {room_of(source)[1]} may not include {target}")
                    wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
