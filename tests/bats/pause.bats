# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2153,SC2154,SC2016
#
# With RUNTIME these run against crun and runc as well, where a v2 hierarchy is all that there is.

load helpers

setup() {
    setup_container
    needs_v2_of_peer
    limits '{}'
}
teardown() {
    [ -z "${STRANGER:-}" ] || kill -KILL "$STRANGER" 2>/dev/null || true
    teardown_container
}

is_frozen() {
    grep -qx "frozen 1" "$GROUP/cgroup.events"
}

runtime_status() {
    runtime state "$ID" | jq -r .status
}

@test "pause: everything stands still when it returns, and goes on after resume" {
    edit '.root.readonly = false | .mounts |= map(select(.destination != "/tmp"))'
    mkdir -p "$BUNDLE/rootfs/tmp"
    start /bin/sh -c '(while :; do echo x >>/tmp/child; done) & while :; do echo x >>/tmp/init; done'
    wait_until test -s "$BUNDLE/rootfs/tmp/init" -a -s "$BUNDLE/rootfs/tmp/child"
    run runtime pause "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    is_frozen
    [ "$(runtime_status)" = paused ]
    local before
    before=$(cat "$BUNDLE/rootfs/tmp/init" "$BUNDLE/rootfs/tmp/child" | wc -c)
    sleep 0.3
    [ "$(cat "$BUNDLE/rootfs/tmp/init" "$BUNDLE/rootfs/tmp/child" | wc -c)" = "$before" ]

    run runtime resume "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    run is_frozen
    [ "$status" -eq 1 ]
    [ "$(runtime_status)" = running ]
    local file
    for file in init child; do
        before=$(wc -c <"$BUNDLE/rootfs/tmp/$file")
        wait_until eval '[ "$(wc -c <"$BUNDLE/rootfs/tmp/$file")" -gt "$before" ]'
    done
}

@test "pause: a hundred times in a row, while processes come and go" {
    differs crun "it does not wait until everything is frozen"
    start /bin/sh -c 'while :; do /bin/true & /bin/true; wait; done'
    local i
    for ((i = 0; i < 100; i++)); do
        runtime pause "$ID"
        is_frozen || fail "not frozen, round $i"
        runtime resume "$ID"
        ! is_frozen || fail "not thawed, round $i"
    done
}

@test "pause: a created container can be paused, and started when it is resumed" {
    args /bin/sleep 100
    runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
    runtime pause "$ID"
    # crun says "created" all the same.
    is_crun || [ "$(runtime_status)" = paused ]
    if is_caisson; then
        run caisson start "$ID"
        [ "$status" -eq 1 ]
        assert_output_has "resume it first"
    fi
    runtime resume "$ID"
    [ "$(runtime_status)" = created ]
    runtime start "$ID"
    [ "$(runtime_status)" = running ]
}

@test "pause: in a wrong state it is refused in the words that engines know" {
    start /bin/sleep 100
    if ! is_crun; then # which takes no notice
        run runtime resume "$ID"
        [ "$status" -ne 0 ]
    fi
    ! is_caisson || assert_output_has "container not paused"
    runtime pause "$ID"
    if is_caisson; then
        run caisson pause "$ID"
        [ "$status" -eq 1 ]
        assert_output_has "container not running"
        is_frozen
    fi
    runtime resume "$ID"
    runtime kill "$ID" KILL
    wait_until eval '[ "$(runtime_status)" = stopped ]'
    local command
    for command in pause resume; do
        run runtime "$command" "$ID"
        [ "$status" -ne 0 ]
        run runtime "$command" "$ID-unknown"
        [ "$status" -ne 0 ]
        is_crun || assert_output_has "does not exist"
    done
    if is_caisson; then
        run caisson pause "$ID"
        assert_output_has "container not running"
    fi
}

@test "pause: KILL ends a paused container, other signals wait for resume" {
    start /bin/sh -c 'trap "exit 9" TERM; while :; do /bin/sleep 0.05; done'
    sleep 0.3
    runtime pause "$ID"
    runtime kill "$ID" TERM
    sleep 0.3
    [ "$(runtime_status)" = paused ]
    runtime resume "$ID"
    wait_until eval '[ "$(runtime_status)" = stopped ]'
    runtime delete "$ID"

    start /bin/sleep 100
    runtime pause "$ID"
    runtime kill "$ID" KILL
    wait_until eval '[ "$(runtime_status)" = stopped ]'
    runtime delete "$ID"
    [ ! -e "$GROUP" ]
}

@test "pause: delete --force of a paused container does not wait for it" {
    start /bin/sh -c '/bin/sleep 100 & /bin/sleep 100'
    runtime pause "$ID"
    export -f runtime
    export RUNTIME ROOT CGROUP_DRIVER ID
    timeout 8 bash -c 'runtime delete --force "$ID"'
    [ ! -e "$GROUP" ]
}

@test "pause: where a process cannot be stopped it fails, and nothing stays frozen" {
    needs_caisson "takes as long as the peer likes"
    start /bin/sh -c 'while :; do :; done'
    host_program never_freezes
    "$HOST_PROGRAMS/never_freezes" >"$BATS_TEST_TMPDIR/ready" 3>&- &
    STRANGER=$!
    wait_until grep -q ready "$BATS_TEST_TMPDIR/ready"
    echo "$STRANGER" >"$GROUP/cgroup.procs"
    run caisson pause "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "did not freeze"
    [ "$(cat "$GROUP/cgroup.freeze")" = 0 ]
    [ "$(runtime_status)" = running ]
    # Once it is gone there is nothing in the way.
    kill -KILL "$STRANGER"
    wait "$STRANGER" || true
    STRANGER=
    caisson pause "$ID"
    is_frozen
}

@test "pause: a container without a cgroup cannot be paused, and the error says how it could" {
    needs_caisson "the option has other names elsewhere"
    edit 'del(.linux.cgroupsPath, .linux.resources)'
    args /bin/sleep 100
    caisson --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    local command
    run caisson pause "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "no cgroup of its own"
    assert_output_has "cgroup-manager disabled"
}
