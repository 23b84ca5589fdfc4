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
teardown() { teardown_container; }

pids() {
    runtime ps --format json "$ID" | jq -r '.[]?' | sort -n | tr '\n' ' '
}

# What the kernel says, by another way: all of /proc whose cgroup is the container's or below it.
pids_by_proc() {
    local group=${GROUP#"$(cgroup_mount)"} file pid
    for file in /proc/[0-9]*/cgroup; do
        pid=${file#/proc/}
        awk -F: -v group="$group" '$1 == 0 && index($3 "/", group "/") == 1 {found = 1}
            END {exit !found}' "$file" 2>/dev/null && echo "${pid%/cgroup}"
    done | sort -n | tr '\n' ' '
}

n_pids() {
    [ "$(pids | wc -w)" -eq "$1" ]
}

@test "ps: json is an array of pids of the caller's namespace, init among them" {
    start /bin/sleep 100
    run runtime ps --format json "$ID"
    [ "$status" -eq 0 ]
    [ "$(jq -c . <<<"$output")" = "[$(runtime state "$ID" | jq .pid)]" ]
    runtime delete --force "$ID"
    start /bin/sh -c '/bin/sleep 100 & wait'
    wait_until n_pids 2
    [ "$(pids)" = "$(pids_by_proc)" ]
    [ "$(runtime ps -f json "$ID" | jq length)" -eq 2 ]
}

@test "ps: processes in groups that the workload made are listed, those of threaded ones too" {
    needs_caisson "the configuration differs"
    edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    start /bin/sh -c 'cd /sys/fs/cgroup && mkdir -p a/b d/t/u &&
        echo threaded >d/t/cgroup.type && echo threaded >d/t/u/cgroup.type &&
        for where in a a/b d; do /bin/sleep 100 & echo $! >$where/cgroup.procs; done &&
        for where in d/t d/t/u; do
            /bin/sleep 100 & echo $! >d/cgroup.procs; echo $! >$where/cgroup.threads; done; wait'
    wait_until n_pids 6
    wait_until grep -q . "$GROUP/d/t/u/cgroup.threads"
    run cat "$GROUP/d/t/u/cgroup.procs"
    [ "$status" -ne 0 ]
    [ "$(pids)" = "$(pids_by_proc)" ]
}

@test "ps: the table has the host's header and this container's lines alone" {
    start /bin/sleep 123
    local pid
    pid=$(runtime state "$ID" | jq .pid)
    run runtime ps "$ID"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 2 ]
    [[ "${lines[0]}" == *PID* ]]
    [[ "${lines[1]}" == *"$pid"* ]]
    # crun has a column of pids alone.
    is_caisson || return 0
    [[ "${lines[0]}" == UID*CMD ]]
    [[ "${lines[1]}" == *"sleep 123" ]]
}

@test "ps: options of ps may come as one word or as several, and end at the id" {
    needs_caisson "crun takes none"
    start /bin/sleep 123
    local pid
    pid=$(pid_of "$ID")
    run caisson ps "$ID" -o pid,comm -A
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 2 ]
    [ "$(awk '{print $1, $2}' <<<"${lines[1]}")" = "$pid sleep" ]
    run caisson ps "$ID" " -A  -o pid,comm "
    [ "$status" -eq 0 ]
    [ "$(awk '{print $1, $2}' <<<"${lines[1]}")" = "$pid sleep" ]
    run caisson ps "$ID" -A -o args,pid
    [ "${#lines[@]}" -eq 2 ]
    [[ "${lines[1]}" == *"sleep 123"*"$pid"* ]]
    # -f is of ps once the id has been
    run caisson ps "$ID" -e -f
    [[ "${lines[0]}" == UID* ]]
    run caisson ps -f nonsense "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "unknown format nonsense"
}

@test "ps: a table in which nothing can be found is an error" {
    needs_caisson "messages"
    start /bin/sleep 123
    run caisson ps "$ID" -A -o comm
    [ "$status" -eq 1 ]
    assert_output_has "no column PID"
    run caisson ps "$ID" --no-such-option
    [ "$status" -eq 1 ]
    assert_output_has "ps ended with exit status"
}

@test "ps: nobody's PATH decides which ps runs, and json needs none" {
    needs_caisson "finds ps by itself"
    start /bin/sleep 123
    mkdir "$BATS_TEST_TMPDIR/bin"
    printf '#!/bin/sh\necho hijacked\n' >"$BATS_TEST_TMPDIR/bin/ps"
    chmod +x "$BATS_TEST_TMPDIR/bin/ps"
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run caisson ps "$ID"
    [ "$status" -eq 0 ]
    [[ "$output" != *hijacked* ]]
    # A host without ps, in a mount namespace of its own.
    export CAISSON ROOT ID
    run unshare -m bash -c 'mount --bind /dev/null /usr/bin/ps && "$CAISSON" --root "$ROOT" ps "$ID"'
    [ "$status" -eq 1 ]
    assert_output_has "this host has no ps"
    run unshare -m bash -c 'mount --bind /dev/null /usr/bin/ps &&
        "$CAISSON" --root "$ROOT" ps --format json "$ID"'
    [ "$status" -eq 0 ]
    [ "$output" = "[$(pid_of "$ID")]" ]
}

@test "ps: who closes the table early is no error" {
    needs_caisson "messages"
    start /bin/sh -c 'i=0; while [ $i -lt 50 ]; do /bin/sleep 100 & i=$((i + 1)); done; wait'
    wait_until n_pids 51
    run bash -c '"$0" --root "$1" ps "$2" | true; exit ${PIPESTATUS[0]}' "$CAISSON" "$ROOT" "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
}

@test "ps: created and paused containers have processes, stopped ones none" {
    args /bin/sleep 100
    runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
    [ "$(pids)" = "$(runtime state "$ID" | jq .pid) " ]
    runtime start "$ID"
    runtime pause "$ID"
    [ "$(pids)" = "$(runtime state "$ID" | jq .pid) " ]
    runtime resume "$ID"
    runtime kill "$ID" KILL
    wait_until eval '[ "$(runtime state "$ID" | jq -r .status)" = stopped ]'
    is_caisson || return 0
    run caisson ps --format json "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = "[]" ]
}

@test "ps: an unknown container, and one without a cgroup" {
    run runtime ps --format json "$ID-unknown"
    [ "$status" -ne 0 ]
    is_crun || assert_output_has "does not exist"
    is_caisson || return 0
    edit 'del(.linux.cgroupsPath, .linux.resources)'
    args /bin/sleep 100
    caisson --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    run caisson ps --format json "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "no cgroup of its own"
}

@test "ps: as many groups as the workload likes do not bring it down, and delete removes them all" {
    needs_caisson "bounds are ours"
    edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    start /bin/sh -c 'cd /sys/fs/cgroup; i=0; while [ $i -lt 500 ]; do mkdir w$i; i=$((i + 1)); done
        i=0; while [ $i -lt 200 ] && mkdir d && cd d; do i=$((i + 1)); done
        echo $$ >cgroup.procs; exec /bin/sleep 100'
    wait_until eval '! grep -q . "$GROUP/cgroup.procs"'
    [ "$(pids)" = "$(pid_of "$ID") " ]
    caisson delete --force "$ID"
    [ ! -e "$GROUP" ]
    start /bin/sh -c 'cd /sys/fs/cgroup; i=0
        while [ $i -lt 1000 ] && mkdir d && cd d; do i=$((i + 1)); done; exec /bin/sleep 100'
    wait_until eval '[ "$(cat /proc/$(pid_of "$ID")/comm)" = sleep ]'
    run caisson ps --format json "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "levels"
    timeout 60 "$CAISSON" --root "$ROOT" delete --force "$ID"
    [ ! -e "$GROUP" ]
}
