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

@test "cgroup: beneath a frozen group nothing is started, and nothing is left" {
    OTHER=$(cgroup_mount)/caisson-test-frozen
    mkdir "$OTHER"
    echo 1 >"$OTHER/cgroup.freeze"
    edit '.linux.cgroupsPath = "/caisson-test-frozen/below"'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "container's cgroup is frozen"
    [ ! -e "$OTHER/below" ]
    echo 0 >"$OTHER/cgroup.freeze"
    in_container /bin/true
    [ "$status" -eq 0 ]
}

@test "cgroup: beneath a threaded group there is no place, and the error says so" {
    OTHER=$(cgroup_mount)/caisson-test-threaded
    mkdir "$OTHER" "$OTHER/threads"
    echo threaded >"$OTHER/threads/cgroup.type"
    edit '.linux.cgroupsPath = "/caisson-test-threaded/container"'
    in_container /bin/true
    rmdir "$OTHER/threads"
    [ "$status" -eq 1 ]
    assert_output_has "cgroup.type"
    [ ! -e "$OTHER/container" ]
}

@test "cgroup: one that hands controllers down cannot hold the container" {
    # Not one that may be shared among threads: those go together with processes.
    needs_controller hugetlb
    OTHER=$(cgroup_mount)/caisson-test-inner
    echo +hugetlb >"$(cgroup_mount)/cgroup.subtree_control"
    mkdir "$OTHER"
    echo +hugetlb >"$OTHER/cgroup.subtree_control"
    edit '.linux.cgroupsPath = "/caisson-test-inner"'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "cgroup.subtree_control"
    [ -d "$OTHER" ]
}

@test "cgroup: a user namespace with a writable tree gets its group, but not its limits" {
    edit '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
        | .linux.gidMappings = .linux.uidMappings
        | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    chown -R 100000:100000 "$BUNDLE/rootfs"
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    args /bin/sh -c 'cd /sys/fs/cgroup && mkdir mine && echo 0 >mine/cgroup.procs && : >/tmp/made; sleep 100'
    edit '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    local group
    group=$(cgroup_mount)$(caisson state "$ID" | jq -r .pid | xargs -I{} awk -F: '$1 == 0 {print $3}' /proc/{}/cgroup)
    group=${group%/mine}
    wait_until test -d "$group/mine"
    wait_until grep -q . "$group/mine/cgroup.procs"
    [ "$(stat -c %u "$group")" = 100000 ]
    [ "$(stat -c %u "$group/cgroup.procs")" = 100000 ]
    [ "$(stat -c %u "$group/cgroup.freeze")" = 0 ]
    [ "$(stat -c %u "$(dirname "$group")")" = 0 ]
    caisson delete --force "$ID"
    [ ! -e "$group" ]
}

@test "cgroup: read-only, the tree keeps its owner" {
    edit '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
        | .linux.gidMappings = .linux.uidMappings'
    chown -R 100000:100000 "$BUNDLE/rootfs"
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(stat -c %u "$(group_of "$ID")")" = 0 ]
}

@test "cgroup: --cgroup-manager disabled leaves the container where its runtime is" {
    # Its cgroup namespace would hide which group that is.
    edit '.linux.namespaces |= map(select(.type != "cgroup")) | del(.linux.resources)
        | .linux.cgroupsPath = "/caisson-test-unused"'
    args /bin/cat /proc/self/cgroup
    run caisson --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = "$(cat /proc/self/cgroup)" ]
    [ ! -e "$(cgroup_mount)/caisson-test-unused" ]
    edit '.linux.resources = {"pids": {"limit": 5}}'
    run caisson --cgroup-manager disabled run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "/linux/resources: limits need a cgroup"
    run caisson --cgroup-manager other run --bundle "$BUNDLE" "$ID"
    assert_output_has "cgroupfs, systemd or disabled"
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
