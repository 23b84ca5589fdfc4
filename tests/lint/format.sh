#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# C is formatted as .clang-format says, by clang-format 14: other versions differ in details, so no other one
# judges. `tests/lint/format.sh --fix` formats in place. .def files are aligned by hand.
set -eu
. "$(dirname "$0")/common.sh"

wanted=14
tool=${CLANG_FORMAT:-$(first_of clang-format-$wanted clang-format)}
[ -n "$tool" ] || skip "clang-format-$wanted is not installed"
version=$("$tool" --version | sed 's/.*version \([0-9]*\)\..*/\1/')
[ "$version" = $wanted ] || skip "clang-format $version is installed, the pinned one is $wanted"

if [ "${1-}" = --fix ]; then
    list c h | xargs -r "$tool" -i
    exit
fi
findings=$(list c h | xargs -r "$tool" --dry-run -Werror 2>&1) && exit 0
echo "$findings" | awk -F: '
    / error: / { lines[$1] = lines[$1] " " $2; next }
    /^(PLEASE|xargs|Stack)/ { print }
    END { for (file in lines) print file ": line" lines[file] }' | cut -c1-200 | sort
echo "tests/lint/format.sh --fix formats in place"
exit 1
