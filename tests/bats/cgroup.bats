# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

load helpers

setup() { setup_container; }
teardown() {
    teardown_container
    [ -z "${OTHER:-}" ] || rmdir "$OTHER" 2>/dev/null || true
}

group_of() {
    echo "$(cgroup_mount)$(awk -F: '$1 == 0 {print $3}' "/proc/$(pid_of "$1")/cgroup")"
}

@test "cgroup: the process is where cgroupsPath says, alone, and delete removes what create made" {
    edit '.linux.cgroupsPath = "/caisson-test/a/b"'
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(group_of "$ID")" = "$(cgroup_mount)/caisson-test/a/b" ]
    [ "$(cat "$(group_of "$ID")/cgroup.procs")" = "$(pid_of "$ID")" ]
    caisson delete "$ID"
    [ ! -e "$(cgroup_mount)/caisson-test" ]
}

@test "cgroup: a directory that was there before stays" {
    OTHER=$(cgroup_mount)/caisson-test-parent
    mkdir "$OTHER"
    edit '.linux.cgroupsPath = "/caisson-test-parent/x"'
    in_container /bin/true
    [ "$status" -eq 0 ]
    [ -d "$OTHER" ]
    [ ! -e "$OTHER/x" ]
}

@test "cgroup: one that holds processes is refused, and its processes live on" {
    OTHER=$(cgroup_mount)/caisson-test-busy
    mkdir "$OTHER"
    sleep 100 3>&- &
    local stranger=$!
    echo "$stranger" >"$OTHER/cgroup.procs"
    edit '.linux.cgroupsPath = "/caisson-test-busy"'
    in_container /bin/true
    local alive=0
    kill -0 "$stranger" && alive=1
    kill "$stranger"
    wait "$stranger" || true
    [ "$status" -eq 1 ]
    assert_output_has "container's cgroup is not empty"
    [ "$alive" -eq 1 ]
}

@test "cgroup: without cgroupsPath it is named by the id" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(basename "$(group_of "$ID")")" = "$ID" ]
}

@test "cgroup: groups that the workload makes are removed with it" {
    edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    args /bin/sh -c 'mkdir -p /sys/fs/cgroup/inner/deep && sleep 100'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    local group
    group=$(group_of "$ID")
    wait_until test -d "$group/inner/deep"
    caisson delete --force "$ID"
    [ ! -e "$group" ]
}

@test "cgroup: a paused container is shown as such and can be deleted by force" {
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    echo 1 >"$(group_of "$ID")/cgroup.freeze"
    wait_until has_status "$ID" paused
    run caisson delete "$ID"
    [ "$status" -eq 1 ]
    caisson delete --force "$ID"
    [ -z "$(caisson list -q)" ]
}

@test "cgroup: devices outside of the list cannot be opened, those inside can" {
    edit '.process.capabilities = {bounding: ["CAP_MKNOD"], effective: ["CAP_MKNOD"], permitted: ["CAP_MKNOD"]}
        | del(.linux.seccomp) | .mounts |= map(if .destination == "/dev" then . else . end)'
    sh_in_container 'mknod /dev/mem-by-us c 1 1 && echo made; head -c 1 /dev/mem-by-us; mknod /dev/z c 1 5 && head -c 1 /dev/z | wc -c'
    [ "${lines[0]}" = made ]
    assert_output_has "Operation not permitted"
    [ "${lines[-1]}" = 1 ]
    # A loop device with no file behind it: refused by the program, then by the driver for its own reason.
    sh_in_container 'mknod /dev/l b 7 0 && head -c 1 /dev/l'
    assert_output_has "Operation not permitted"
    edit '.linux.resources.devices += [{"allow": true, "type": "b", "major": 7, "minor": 0, "access": "r"}]'
    sh_in_container 'mknod /dev/l b 7 0 && head -c 1 /dev/l'
    [[ "$output" != *"Operation not permitted"* ]]
}

@test "cgroup: pids.limit stops a fork bomb" {
    needs_controller pids
    edit '.linux.resources.pids = {"limit": 16}'
    sh_in_container 'i=0; while [ $i -lt 40 ]; do sleep 5 & i=$((i + 1)); done; ls -d /proc/[0-9]* | wc -l'
    assert_output_has "Resource temporarily unavailable"
}

@test "cgroup: memory.limit is in force" {
    needs_controller memory
    edit '.linux.resources.memory = {"limit": 33554432, "swap": 33554432}'
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    [ "$(cat "$(group_of "$ID")/memory.max")" = 33554432 ]
    [ "$(cat "$(group_of "$ID")/memory.swap.max")" = 0 ]
}
