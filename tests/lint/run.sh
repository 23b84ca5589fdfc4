#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# All checks of the source, as TAP. `run.sh NAME...` runs only those.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
output=$(mktemp)
trap 'rm -f "$output"' EXIT

[ $# -gt 0 ] || set -- format sources layers headers symbols banned shell cppcheck tidy
echo "1..$#"
number=0
failed=0
for name in "$@"; do
    number=$((number + 1))
    result=0
    "$here/$name.sh" >"$output" 2>&1 </dev/null || result=$?
    case $result in
    0) echo "ok $number - lint: $name" ;;
    77) echo "ok $number - lint: $name # SKIP $(tail -n 1 "$output")" ;;
    *)
        echo "not ok $number - lint: $name"
        sed 's/^/# /' "$output"
        failed=1
        ;;
    esac
done
exit $failed
