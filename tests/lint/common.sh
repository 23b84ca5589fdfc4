# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What every check sources. A check is called from anywhere, looks at the whole tree (or at $SRC), prints
# one line for each finding and ends with 0 (clean), 1 (findings) or 77 (could not look; the last line says
# why).
#
#   SRC     the tree to look at (the one that this file is in)
#   BUILD   the build directory, for what only a build can tell ($SRC/build)

SRC=${SRC:-$(cd "$(dirname "$0")/../.." && pwd -P)}
BUILD=${BUILD:-$SRC/build}
cd "$SRC" || exit 1

skip() {
    echo "$*"
    exit 77
}

# list EXTENSION...: the files of the tree that end so, tracked or not yet, but not ignored.
list() {
    _pattern=
    for _extension in "$@"; do
        _pattern="$_pattern${_pattern:+|}\\.$_extension"
    done
    list_all | grep -E "($_pattern)\$" || true
}

list_all() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard
    else
        find . -type f -not -path './build*' -not -path './.git/*' | sed 's|^\./||'
    fi | LC_ALL=C sort -u | while read -r _file; do
        [ ! -f "$_file" ] || echo "$_file"
    done
}

# first_of COMMAND...: the first that is installed, or nothing.
first_of() {
    for _command in "$@"; do
        if command -v "$_command" >/dev/null; then
            echo "$_command"
            return
        fi
    done
}

# Flags with which a file of ours compiles outside of make.
compile_flags() {
    echo "-std=gnu11 -D_GNU_SOURCE -I$SRC/libcontainer -I$SRC/src -I$BUILD"
    pkg-config --cflags yajl libseccomp 2>/dev/null || true
}
