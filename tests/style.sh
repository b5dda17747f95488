#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: tests/style.sh [SOURCE_DIR]
# Whether the files look as they should: clang-format (.clang-format), shellcheck, no blanks at the
# ends of lines. Ends with a line 'N passed, N failed, N skipped'; status 1 when any failed.
set -u
export LC_ALL=C

cd "${1:-$(dirname "$0")/..}" && [ -f configure.ac ] || exit 1
passed=0 failed=0 skipped=0

# All files of the source, but for what was made of them and for inputs of tests, which are as the
# kernel wrote them.
sources() {
    find . \( -path ./.git -o -path './build*' -o -path ./autom4te.cache -o -path ./tests/data \
        -o -path ./tests/fuzz/corpus -o -name .deps -o -name __pycache__ \) -prune -o -type f \
        ! -name '*.o' ! -name '*.a' ! -name Makefile ! -name Makefile.in ! -name aclocal.m4 \
        ! -name 'configure*~' ! -name configure ! -name 'config.*' -print0
}

# verdict STATUS WHAT
verdict() {
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
        echo "ok: $2"
    else
        failed=$((failed + 1))
        echo "FAILED: $2"
    fi
}

skip() {
    skipped=$((skipped + 1))
    echo "SKIP: $1"
}

# Versions differ in what they make of the same .clang-format.
format=
for candidate in clang-format-14 clang-format; do
    if command -v "$candidate" >/dev/null && "$candidate" --version | grep -q 'version 14\.'; then
        format=$candidate
        break
    fi
done
if [ -n "$format" ]; then
    sources | grep -z '\.[ch]$' | xargs -0 -r "$format" --dry-run --Werror
    verdict $? "clang-format"
else
    skip "clang-format 14 is not here"
fi

if command -v shellcheck >/dev/null; then
    sources | grep -z -e '\.sh$' -e '^\./\.ci/run$' | xargs -0 -r shellcheck -x
    verdict $? "shellcheck"
else
    skip "shellcheck is not here"
fi

# -I passes over binary files. xargs makes grep's "nothing found" 123.
found=$(sources | xargs -0 -r grep -nIE '[[:blank:]]+$')
[ -z "$found" ]
verdict $? "no blanks at the ends of lines"
[ -z "$found" ] || printf '%s\n' "$found"

unfinished=$(sources | while IFS= read -r -d '' file; do
    [ -s "$file" ] && [ -n "$(tail -c 1 "$file" | tr -d '\n')" ] && grep -qI . "$file" && echo "$file"
done)
[ -z "$unfinished" ]
verdict $? "every text file ends with a newline"
[ -z "$unfinished" ] || printf '%s\n' "$unfinished"

# A header that no makefile names is missing in what `make dist` packs.
unnamed=$(find collectors subagent tests/unit tests/fuzz -name '*.h' | while read -r header; do
    grep -qrF --include='*.am' "$header" . || echo "$header"
done)
[ -z "$unnamed" ]
verdict $? "every header is named in a makefile"
[ -z "$unnamed" ] || printf '%s\n' "$unnamed"

if command -v python3 >/dev/null; then
    python3 tests/directions.py .
    verdict $? "includes run in the directions of the rooms"
    python3 tests/test_layout.py
    verdict $? "directions.py and circles.py find what runs the wrong way"
else
    skip "python3 is not here"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
