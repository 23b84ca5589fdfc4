# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# Many containers, one after the other and at once, leave nothing behind; and what one costs in system
# calls.

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

# Processes, mounts, cgroups, namespaces, state and descriptors that belong to us.
count_everything() {
    # Zombies of others aside, processes that run as init.
    pgrep -c caisson-init || true
    wc -l </proc/self/mountinfo
    find "$(cgroup_mount)" -mindepth 1 -type d | wc -l
    find /proc/[0-9]*/ns -lname 'net:*' -printf '%l\n' 2>/dev/null | sort -u | wc -l
    find "$ROOT" -mindepth 1 -not -path '*/.seccomp*' 2>/dev/null | wc -l
}

# What the kernel takes apart after the fact gets a moment.
is_as_before() {
    count_everything | diff "$BATS_TEST_TMPDIR/before" - >/dev/null
}

@test "stress: two thousand runs in a row leave nothing behind" {
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID"
    count_everything >"$BATS_TEST_TMPDIR/before"
    local i
    for ((i = 0; i < 2000; i++)); do
        "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null || fail "run $i failed"
    done
    wait_until is_as_before || { count_everything | diff "$BATS_TEST_TMPDIR/before" - && false; }
}

@test "stress: two hundred containers at once" {
    args /bin/sleep 1000
    mkdir -p "$ROOT"
    chmod 700 "$ROOT"
    count_everything >"$BATS_TEST_TMPDIR/before"
    local i failed=0
    for ((i = 0; i < 200; i++)); do
        "$CAISSON" --root "$ROOT" run -d --bundle "$BUNDLE" "c$i" </dev/null >/dev/null 2>>"$BATS_TEST_TMPDIR/errors" 3>&- &
        # Ten creators at a time.
        if ((i % 10 == 9)); then wait; fi
    done
    wait
    [ ! -s "$BATS_TEST_TMPDIR/errors" ] || fail "$(head -3 "$BATS_TEST_TMPDIR/errors")"
    [ "$(caisson list -f json | jq '[.[] | select(.status == "running")] | length')" -eq 200 ]
    for ((i = 0; i < 200; i++)); do
        caisson delete --force "c$i" || failed=1
    done
    [ "$failed" -eq 0 ]
    wait_until is_as_before || { count_everything | diff "$BATS_TEST_TMPDIR/before" - && false; }
}

@test "stress: the hundredth start of one id is like the first" {
    args /bin/sh -c 'exit 3'
    local i
    for ((i = 0; i < 100; i++)); do
        caisson create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 3>&-
        caisson start "$ID"
        wait_until has_status "$ID" stopped
        caisson delete "$ID"
    done
}

@test "stress: the system calls of a run, by process" {
    command -v strace >/dev/null || skip_or_fail "needs strace"
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID" # the filter is cached from here on
    strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
    local host init
    host=$(awk 'NR == 1 {print $1}' "$BATS_TEST_TMPDIR/trace")
    init=$(awk -v host="$host" '$1 != host {print $1; exit}' "$BATS_TEST_TMPDIR/trace")
    [ "$(awk '{print $1}' "$BATS_TEST_TMPDIR/trace" | sort -u | wc -l)" -eq 2 ]
    # Begun calls only ("<... x resumed>" is the second half of one), init's until it is the workload.
    awk -v pid="$host" '$1 == pid && !/resumed>|\+\+\+/ {n++} END {print n}' "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/host"
    awk -v pid="$init" '$1 == pid && !/resumed>|\+\+\+/ {n++} $1 == pid && /execve\("\/bin\/true"/ {exit} END {print n}' \
        "$BATS_TEST_TMPDIR/trace" >"$BATS_TEST_TMPDIR/init"
    echo "# system calls: host side $(cat "$BATS_TEST_TMPDIR/host"), caisson-init $(cat "$BATS_TEST_TMPDIR/init")" >&3
    # A change that adds some must say why here.
    [ "$(cat "$BATS_TEST_TMPDIR/host")" -le 280 ]
    [ "$(cat "$BATS_TEST_TMPDIR/init")" -le 480 ]
}
