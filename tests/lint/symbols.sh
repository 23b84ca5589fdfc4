#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Two promises that the linker keeps: pure code makes no system call, and caisson-init has no allocation,
# no stdio, no environment and no locale. What they need from outside is compared with the lists
# pure-symbols.txt and init-symbols.txt: a name that is not there fails. Add one only if the promise holds
# for it.
set -eu
. "$(dirname "$0")/common.sh"

lists=$SRC/tests/lint
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

# undefined FILE...: names that these objects need and none of them defines. A compiler's variant counts as
# the function itself: __memcpy_chk is memcpy, __isoc99_sscanf is sscanf.
undefined() {
    nm -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 { print $3 }' | sort -u >"$work/defined"
    nm -u "$@" 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u | comm -23 - "$work/defined" |
        sed -e 's/^__\(.*\)_chk$/\1/' -e 's/^__isoc[0-9]*_//' | sort -u
}

# compare WHAT LIST FILE...
compare() {
    what=$1
    sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$lists/$2" | sort -u >"$work/allowed"
    shift 2
    undefined "$@" | comm -23 - "$work/allowed" >"$work/extra"
    [ -s "$work/extra" ] || return 0
    status=1
    while read -r symbol; do
        users=$(nm -uA "$@" 2>/dev/null | grep -w -e "$symbol" -e "__${symbol}_chk" |
            sed -e 's/^\([^ ]*\):.*/\1/' -e 's|.*[/:]||' | sort -u | paste -sd, -)
        echo "$what needs $symbol ($users)"
    done <"$work/extra"
}

archive=$BUILD/libcaisson-pure.a
[ -f "$archive" ] || skip "libcaisson-pure.a is not built"
! nm -u "$archive" 2>/dev/null | grep -q '__asan_' ||
    skip "libcaisson-pure.a is built with sanitizers"
LC_ALL=C
export LC_ALL
compare libcaisson-pure.a pure-symbols.txt "$archive"

# caisson-init has no objects of its own in the build: they are made here, one for each source.
init_cc=${INIT_CC:-$(sed -n 's/^INIT_CC = //p' "$BUILD/Makefile" 2>/dev/null)}
for source in "$SRC"/libcontainer/init/*.c "$SRC/libcontainer/kernel/sys.c"; do
    # shellcheck disable=SC2086  # a compiler with flags
    ${init_cc:-cc} -std=gnu11 -D_GNU_SOURCE -Os -fno-stack-protector -U_FORTIFY_SOURCE \
        -I "$SRC/libcontainer" -c -o "$work/$(basename "$source" .c).o" "$source"
done
compare caisson-init init-symbols.txt "$work"/*.o
exit $status
