#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What netdiagd costs, beside what people use today, in one run. Prints ratios; nothing here
passes or fails by time, but memory that grows is a failure.

usage: bench.py BUILD_DIR [--quick] [PART ...]    PART: collectors sockets ledger listeners netns walk
                                                    memory cost drops

BUILD_DIR must be built without sanitizers. --quick: smaller numbers, for the test script.
"""

import os
import sys


def main():
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not words or {"-h", "--help"} & set(sys.argv):
        print(__doc__.strip())
        return 0 if words or len(sys.argv) > 1 else 64
    os.environ["NETDIAG_BUILD"] = os.path.abspath(words[0])
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, os.path.join(os.path.dirname(here), "integration"))
    sys.dont_write_bytecode = True
    import parts
    quick = "--quick" in sys.argv
    chosen = words[1:] or list(parts.PARTS)
    for name in chosen:
        if name not in parts.PARTS:
            print(f"bench: {name}: no such part; there are {' '.join(parts.PARTS)}", file=sys.stderr)
            return 64
    for name in chosen:
        print(f"\n== {name}", flush=True)
        try:
            parts.PARTS[name](quick)
        except parts.harness.unittest.SkipTest as reason:
            print(f"left out: {reason}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
