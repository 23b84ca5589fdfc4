#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Who may include whom. The drawing is in docs/architecture.md; this is its table:
#
#     src ──▶ container.h ──▶ lifecycle ──▶ rootfs  cgroup  seccomp  network  process  state
#                                                   │             (siblings never include each other)
#                                                   ▼
#                                           plan  profile ──▶ spec ──▶ base
#                                                    └──────▶ kernel ──▶ base
#     systemd ──▶ plan/unit_request.h
#     init ──▶ plan/format.h  plan/ops.def  plan/channel.h  kernel/abi.h  kernel/sys.h
#
# Everybody may include base, except init and what init includes: that must stand alone.
set -eu
. "$(dirname "$0")/common.sh"

list c h S def | grep -E '^(src|libcontainer)/' | while read -r file; do
    # An include by way of a macro (#define JSON_DEF "spec/fields.def") counts as one.
    awk -v file="$file" '
        match($0, /^[ \t]*#[ \t]*(include|define[ \t]+[A-Z_]+_DEF)[ \t]+"[^"]*"/) {
            line = substr($0, RSTART, RLENGTH)
            sub(/^[^"]*"/, "", line)
            sub(/"$/, "", line)
            print file, NR, line
        }' "$file"
done | awk '
    BEGIN {
        below = "plan profile spec kernel base"
        may["lifecycle"] = "rootfs cgroup seccomp network process state container.h " below
        for (i = split("rootfs cgroup seccomp network process state", rooms, " "); i > 0; i--)
            may[rooms[i]] = below
        may["plan"] = "spec kernel base"
        may["profile"] = "spec kernel base"
        may["spec"] = "base"
        may["kernel"] = "base"
        may["base"] = ""
        may["container.h"] = "base"
        may["src"] = "container.h base"
        may["init"] = ""
        may["systemd"] = "plan"

        alone = "plan/format.h plan/ops.def plan/channel.h kernel/abi.h kernel/sys.h"
        # What init is made of, and what that includes, may include nothing else.
        n = split(alone " kernel/sys.c", files, " ")
        for (i = 1; i <= n; i++)
            stands_alone[files[i]] = 1
    }

    function has(list, word) {
        return index(" " list " ", " " word " ") > 0
    }

    function room_of(path,    parts) {
        sub(/^libcontainer\//, "", path)
        split(path, parts, "/")
        return parts[1]
    }

    function why(from, to) {
        if (from == "src")
            return "it sees container.h and base, nothing else of the library"
        if (has(may[to], from))
            return "arrows point down only"
        return "what both need moves down, what joins them moves up"
    }

    function complain(text) {
        printf "%s:%d: %s\n", $1, $2, text
        bad = 1
    }

    {
        path = $1
        sub(/^libcontainer\//, "", path)
        from = room_of($1)
        target = $3
        if (target == "config.h") {
            if (from == "init" || path in stands_alone)
                complain("caisson-init is built without config.h")
            next
        }
        if (from == "src" && target !~ /\//) {
            if (target == "container.h" || system("test -e src/" target) == 0)
                next
        }
        if (target !~ /\// && target != "container.h") {
            complain("\"" target "\" is included without its room")
            next
        }
        to = room_of(target)

        if (from == "init" || path in stands_alone) {
            if (to == "init" && from == "init")
                next
            if (!has(alone, target))
                complain("\"" target "\" would be part of caisson-init, which has only " alone)
            next
        }
        if (to == from)
            next
        if (!(from in may))
            complain("the room " from " is not in the drawing: add it to layers.sh")
        else if (to == "init")
            complain("nobody includes init: it is another program")
        else if (!has(may[from], to))
            complain(from " must not include " to " (\"" target "\"): " why(from, to))
    }

    END {
        exit bad
    }'
