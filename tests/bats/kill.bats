# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2153,SC2154,SC2016
#
# Whom a signal reaches. With RUNTIME these run against crun and runc as well, where a v2 hierarchy is all that
# there is.

load helpers

setup() {
    setup_container
    needs_v2_of_peer
    limits '{}'
}
teardown() { teardown_container; }

shares_pids() {
    edit '.linux.namespaces |= map(select(.type != "pid"))'
}

runtime_status_is() {
    [ "$(runtime state "$ID" | jq -r .status)" = "$1" ]
}

group_has() {
    [ "$(grep -c . "$GROUP/cgroup.procs")" -eq "$1" ]
}

is_empty() {
    grep -qx "populated 0" "$GROUP/cgroup.events"
}

# A container whose init has ended and whose orphan lives on.
start_orphan() {
    shares_pids
    start /bin/sh -c '/bin/setsid /bin/sleep 100 & exec /bin/sleep 100'
    wait_until group_has 2
    wait_until eval '[ "$(cat /proc/$(runtime state "$ID" | jq .pid)/comm)" = sleep ]'
    runtime kill "$ID" TERM
    wait_until runtime_status_is stopped
    group_has 1
}

@test "kill: --all KILL ends what a stopped container has left behind, and is no error" {
    start_orphan
    runtime kill --all "$ID" KILL
    wait_until is_empty
    runtime kill --all "$ID" KILL
    runtime kill -a "$ID" 9
    runtime delete "$ID"
    [ ! -e "$GROUP" ]
}

@test "kill: KILL without --all ends leftovers as well, and says that the container is not running" {
    needs_caisson "peers of this age leave them"
    start_orphan
    run caisson kill "$ID" 9
    [ "$status" -eq 1 ]
    assert_output_has "container not running"
    is_empty
}

@test "kill: ps tells what a stopped container has left behind" {
    needs_caisson "a peer may refuse"
    start_orphan
    [ "$(caisson ps --format json "$ID")" = "[$(cat "$GROUP/cgroup.procs")]" ]
}

@test "kill: delete ends what a stopped container has left behind" {
    start_orphan
    local orphan
    orphan=$(cat "$GROUP/cgroup.procs")
    runtime delete "$ID"
    wait_until is_gone "$orphan"
    [ ! -e "$GROUP" ]
}

@test "kill: KILL of a container that shares its pid namespace leaves nobody, however it forks" {
    shares_pids
    start /bin/sh -c 'while :; do /bin/setsid /bin/sh -c "/bin/sleep 100 & /bin/sleep 0.1" & /bin/sleep 0.01; done'
    wait_until eval '[ "$(grep -c . "$GROUP/cgroup.procs")" -gt 30 ]'
    runtime kill --all "$ID" KILL
    wait_until is_empty
    wait_until runtime_status_is stopped
    is_caisson || return 0
    runtime delete "$ID"
    start /bin/sh -c 'while :; do /bin/setsid /bin/sh -c "/bin/sleep 100 & /bin/sleep 0.1" & /bin/sleep 0.01; done'
    wait_until eval '[ "$(grep -c . "$GROUP/cgroup.procs")" -gt 30 ]'
    caisson kill "$ID" KILL
    # Not even a moment later: it returns when nobody is left.
    is_empty
}

@test "kill: --all KILL reaches a frozen container with groups of its own" {
    edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    shares_pids
    start /bin/sh -c 'mkdir -p /sys/fs/cgroup/a/b; /bin/sleep 100 & echo $! >/sys/fs/cgroup/a/b/cgroup.procs; wait'
    wait_until grep -q . "$GROUP/a/b/cgroup.procs"
    runtime pause "$ID"
    runtime kill --all "$ID" KILL
    wait_until is_empty
    runtime delete --force "$ID"
    [ ! -e "$GROUP" ]
}

@test "kill: other signals reach the first process alone, with --all everybody" {
    edit '.root.readonly = false | .mounts |= map(select(.destination != "/tmp"))'
    mkdir -p "$BUNDLE/rootfs/tmp"
    args /bin/sh -c 'trap "echo init >>/tmp/got" USR1
        /bin/sh -c "trap \"echo child >>/tmp/got\" USR1; echo >/tmp/ready; while :; do /bin/sleep 0.05; done" &
        while :; do /bin/sleep 0.05; done'
    # A sleep has no handler: only the shells shall live through it.
    sed -i 's|/bin/sleep 0.05|:|g' "$BUNDLE/config.json"
    OUTPUT=$BATS_TEST_TMPDIR/out
    runtime run -d --bundle "$BUNDLE" "$ID" >"$OUTPUT" 2>&1 </dev/null 3>&-
    GROUP=$(limits_group "$ID")
    wait_until test -e "$BUNDLE/rootfs/tmp/ready"
    runtime kill "$ID" USR1
    wait_until grep -q init "$BUNDLE/rootfs/tmp/got"
    sleep 0.2
    run grep -q child "$BUNDLE/rootfs/tmp/got"
    [ "$status" -eq 1 ]
    runtime kill --all "$ID" USR1
    wait_until grep -q child "$BUNDLE/rootfs/tmp/got"
    wait_until eval '[ "$(grep -c init "$BUNDLE/rootfs/tmp/got")" -eq 2 ]'
    runtime kill --all "$ID" 9
    wait_until is_empty
}

@test "kill: without a cgroup and a pid namespace nobody but the first can be found, and --all says so" {
    needs_caisson "the option has other names elsewhere"
    shares_pids
    edit 'del(.linux.cgroupsPath, .linux.resources)'
    args /bin/sh -c '/bin/sleep 5 & exec /bin/sleep 100'
    caisson --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- >/dev/null
    run caisson kill --all "$ID" KILL
    [ "$status" -eq 1 ]
    assert_output_has "no cgroup of its own"
    wait_until has_status "$ID" stopped
    # What an engine asks for when init is gone must not fail.
    caisson kill --all "$ID" KILL
}

@test "kill: neighbours live on" {
    local other=$ID-other
    shares_pids
    args /bin/sleep 100
    local path=/caisson-limits/$other
    edit --arg path "$path" '.linux.cgroupsPath = $path'
    [ "$CGROUP_DRIVER" != systemd ] || edit --arg path "system.slice:caisson:$other" '.linux.cgroupsPath = $path'
    runtime run -d --bundle "$BUNDLE" "$other" >/dev/null 2>&1 </dev/null 3>&-
    limits '{}'
    start /bin/sleep 100
    runtime kill --all "$ID" KILL
    runtime delete --force "$ID"
    [ "$(runtime state "$other" | jq -r .status)" = running ]
    runtime delete --force "$other"
}
