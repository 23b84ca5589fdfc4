#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every script under shellcheck: those with an extension, and those that start with #!.
set -eu
. "$(dirname "$0")/common.sh"

command -v shellcheck >/dev/null || skip "shellcheck is not installed"
# SC2016: programs for jq and awk stand in single quotes on purpose.
# SC2154: bats sets `output`, `status` and `lines`.
{
    list sh bash bats
    for file in $(list_all | grep -v '\.'); do
        ! head -n 1 "$file" | grep -qE '^#!.*\b(sh|bash|bats)$' || echo "$file"
    done
    [ ! -f .ci/run ] || echo .ci/run
} | sort -u | xargs -r shellcheck --external-sources --source-path=SCRIPTDIR --format=gcc \
    --exclude=SC2016,SC2154
