#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy with the checks of .clang-tidy over what we ship. It needs no compilation database: the flags of
# compile_flags are enough. A file that was found clean is not looked at again until it, one of its headers,
# .clang-tidy or the tool changes; the stamps are in $BUILD/.tidy.
set -eu
. "$(dirname "$0")/common.sh"

wanted=14
tool=${CLANG_TIDY:-$(first_of clang-tidy-$wanted clang-tidy)}
[ -n "$tool" ] || skip "clang-tidy is not installed"
clang=$(first_of clang-$wanted clang)
[ -n "$clang" ] || skip "clang is not installed"
[ -f "$BUILD/config.h" ] || skip "not configured: $BUILD/config.h is missing"

stamps=$BUILD/.tidy
mkdir -p "$stamps"
flags=$(compile_flags | tr '\n' ' ')
identity=$("$tool" --version | grep -i version; cat .clang-tidy; echo "$flags")

one() {
    # shellcheck disable=SC2086  # flags in words
    hash=$({ echo "$identity"; "$clang" $flags -E "$1"; } 2>/dev/null | sha256sum | cut -c1-40)
    [ ! -e "$stamps/$hash" ] || return 0
    # shellcheck disable=SC2086
    if "$tool" --quiet --warnings-as-errors='*' "$1" -- $flags 2>/dev/null; then
        : >"$stamps/$hash"
    else
        return 1
    fi
}

if [ "${1-}" = --one ]; then
    shift
    status=0
    for file in "$@"; do
        one "$file" || status=1
    done
    exit $status
fi

list c | grep -E '^(src|libcontainer)/' | xargs -r -P "$(nproc)" -n 4 "$0" --one
