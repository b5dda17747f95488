#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tests/bench/run.sh BUILD_DIR [--quick] [PART ...]; see bench.py
exec python3 "$(dirname "${BASH_SOURCE[0]}")/bench.py" "$@"
