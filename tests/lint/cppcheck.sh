#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# cppcheck over what we ship. A suppression stands in the source, with its reason on the same line:
# `// cppcheck-suppress id ; reason`; the few below hold for the whole tree.
set -eu
. "$(dirname "$0")/common.sh"

command -v cppcheck >/dev/null || skip "cppcheck is not installed"

# missingInclude*: system headers are not searched.
# unknownMacro: what a .def file defines is only known where it is included.
# normalCheckLevelMaxBranches: says that it looked less deep, not that something is wrong.
list c | grep -E '^(src|libcontainer)/' >"${TMPDIR:-/tmp}/cppcheck.$$"
trap 'rm -f "${TMPDIR:-/tmp}/cppcheck.$$"' EXIT
cppcheck --quiet --language=c --std=c11 --platform=unix64 -j "$(nproc)" \
    --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingInclude --suppress=missingIncludeSystem --suppress=unknownMacro \
    --suppress=normalCheckLevelMaxBranches \
    --template='{file}:{line}: {severity}: {message} [{id}]' \
    -D_GNU_SOURCE -D__x86_64__ -I libcontainer -I src \
    --file-list="${TMPDIR:-/tmp}/cppcheck.$$" 2>&1
