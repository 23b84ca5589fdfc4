#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What every source file has (a licence line; headers: #pragma once) and no file of the tree has: the place
# where somebody happened to check it out, trailing blanks, or tabs in C.
set -eu
. "$(dirname "$0")/common.sh"

findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

{
    for file in $(list c h S def sh bats bash jq ac am) bootstrap .ci/run; do
        [ -f "$file" ] || continue
        head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
            echo "$file:1: has no line SPDX-License-Identifier: Apache-2.0"
    done

    for file in $(list h); do
        grep -q -e '^#pragma once$' -e 'No #pragma once:' "$file" ||
            echo "$file:1: has no #pragma once (a template says \"No #pragma once:\" and why)"
    done

    for file in $(list c h S def sh bats bash jq); do
        grep -nH '[[:blank:]]$' "$file" | sed 's/:[^:]*$/: blanks at the end of the line/' || true
    done
    for file in $(list c h def); do
        grep -nH "$(printf '\t')" "$file" | sed 's/^\([^:]*:[0-9]*\):.*/\1: has a tab/' || true
    done

    # The checkout's own path, and what lies beside it, unless the directory above is a common one.
    places=$SRC
    parent=$(dirname "$SRC")
    case $parent in
    / | /home | /home/* | /root | /tmp | /usr/src | /src | /opt | /srv | /mnt | /var/tmp | /build | /builds) ;;
    *) places="$places $(find "$parent" -mindepth 1 -maxdepth 1 ! -path "$SRC" ! -name "* *" | paste -sd" " -)" ;;
    esac
    for place in $places; do
        list_all | while read -r file; do
            grep -nHIE "(^|[^[:alnum:]_.-])$place(/|[^[:alnum:]_.-]|\$)" "$file" |
                sed "s|^\\([^:]*:[0-9]*\\):.*|\\1: names a directory of this machine ($place)|" || true
        done
    done
} >"$findings"

cat "$findings"
[ ! -s "$findings" ]
