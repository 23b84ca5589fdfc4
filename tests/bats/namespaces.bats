# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

load helpers

setup() { setup_container; }
teardown() {
    teardown_container
    if [ -n "${HOLDER:-}" ]; then
        kill "$HOLDER" 2>/dev/null || true
    fi
}

# unshare has done its work when the holder, or its child, is sleep.
has_joined() {
    grep -q sleep "/proc/$HOLDER/comm" || pgrep -P "$HOLDER" sleep >/dev/null
}

has_no_leftover() {
    ! pgrep -x -f "/bin/sleep 1234567" >/dev/null
}

# A process that holds new namespaces, in HOLDER.
hold() {
    unshare "$@" sleep 100 3>&- &
    HOLDER=$!
    wait_until has_joined
}

@test "namespaces: each configured one is new, each other one is the host's" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    local pid type
    pid=$(pid_of "$ID")
    for type in pid net ipc uts mnt cgroup; do
        [ "$(readlink "/proc/$pid/ns/$type")" != "$(readlink "/proc/self/ns/$type")" ]
    done
    for type in user time; do
        [ "$(readlink "/proc/$pid/ns/$type")" = "$(readlink "/proc/self/ns/$type")" ]
    done
}

@test "namespaces: a new network namespace has loopback, up, and nothing else" {
    sh_in_container 'ls /sys/class/net; ip -o link show lo | grep -c "LOOPBACK,UP"; ping -c 1 -W 1 127.0.0.1 >/dev/null 2>&1; ip -o addr show lo | grep -c 127.0.0.1'
    [ "${lines[0]}" = lo ]
    [ "${lines[1]}" = 1 ]
    [ "${lines[2]}" = 1 ]
}

@test "namespaces: the container is pid 1 of its pid namespace and sees itself alone" {
    sh_in_container 'echo $$; ls -d /proc/[0-9]* | wc -l'
    [ "${lines[0]}" = 1 ]
    [ "${lines[1]}" -le 4 ]
}

@test "namespaces: the root of the cgroup namespace is the container's cgroup" {
    sh_in_container 'grep ^0:: /proc/self/cgroup'
    [ "$output" = "0::/" ]
}

@test "namespaces: network, ipc, uts joined by path" {
    hold --net --ipc --uts
    edit --arg pid "$HOLDER" '.linux.namespaces |= map(
        if .type == "network" then .path = "/proc/\($pid)/ns/net"
        elif .type == "ipc" then .path = "/proc/\($pid)/ns/ipc"
        elif .type == "uts" then .path = "/proc/\($pid)/ns/uts" else . end)'
    edit 'del(.hostname)'
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    local type
    for type in net ipc uts; do
        [ "$(readlink "/proc/$(pid_of "$ID")/ns/$type")" = "$(readlink "/proc/$HOLDER/ns/$type")" ]
    done
}

@test "namespaces: a joined pid namespace" {
    hold --pid --fork --kill-child
    local inner
    inner=$(pgrep -P "$HOLDER")
    edit --arg pid "$inner" '.linux.namespaces |= map(
        if .type == "pid" then .path = "/proc/\($pid)/ns/pid" else . end)'
    args /bin/sleep 99
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    [ "$(readlink "/proc/$(pid_of "$ID")/ns/pid")" = "$(readlink "/proc/$inner/ns/pid")" ]
    [ "$(awk '/^PPid/ {print $2}' "/proc/$(pid_of "$ID")/status")" != "$inner" ]
    caisson kill "$ID" KILL
    wait_until has_status "$ID" stopped
}

@test "namespaces: a path of another type, or no namespace at all, is refused without blocking" {
    local path
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    for path in /proc/self/ns/ipc /etc/passwd /dev/null "$BATS_TEST_TMPDIR/fifo" /no/such/file /; do
        edit --arg path "$path" '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)'
        args /bin/true
        run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 1 ]
        assert_output_has "/linux/namespaces/"
    done
    [ -z "$(caisson list -q)" ]
}

@test "namespaces: a user namespace maps ids both ways" {
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    edit '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
        | .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]
        | .mounts |= map(.options |= map(select(startswith("gid=") | not)))'
    chown -R 100000:200000 "$BUNDLE/rootfs"
    args /bin/sh -c 'id -u; id -g; sleep 100'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out"
    wait_until grep -q 0 "$BATS_TEST_TMPDIR/out"
    local pid
    pid=$(pid_of "$ID")
    [ "$(stat -c %u:%g "/proc/$pid")" = 100000:200000 ]
    [ "$(tr -s ' ' <"/proc/$pid/uid_map")" = " 0 100000 65536" ]
    [ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
}

@test "namespaces: a user namespace with six extents, read back" {
    edit '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [range(6) | {"containerID": (. * 10), "hostID": (300000 + . * 100), "size": 10}]
        | .linux.gidMappings = .linux.uidMappings
        | .mounts |= map(.options |= map(select(startswith("gid=") | not)))'
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    chown -R 300000:300000 "$BUNDLE/rootfs"
    in_container /bin/cat /proc/self/uid_map
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 6 ]
}

@test "namespaces: a joined user namespace owns the container's new ones" {
    hold --user --map-root-user --net
    edit --arg pid "$HOLDER" '.linux.namespaces += [{"type": "user", "path": "/proc/\($pid)/ns/user"}]
        | .linux.namespaces |= map(if .type == "network" then .path = "/proc/\($pid)/ns/net" else . end)
        | .mounts |= map(.options |= map(select(startswith("gid=") | not)))'
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    [ "$(readlink "/proc/$(pid_of "$ID")/ns/user")" = "$(readlink "/proc/$HOLDER/ns/user")" ]
    [ "$(readlink "/proc/$(pid_of "$ID")/ns/net")" = "$(readlink "/proc/$HOLDER/ns/net")" ]
}

@test "namespaces: a time namespace with offsets" {
    edit '.linux.namespaces += [{"type": "time"}]
        | .linux.timeOffsets = {"boottime": {"secs": 1000000, "nanosecs": 5}, "monotonic": {"secs": 500000}}'
    sh_in_container 'cut -d. -f1 /proc/uptime'
    [ "$status" -eq 0 ]
    [ "$output" -ge 1000000 ]
    [ "$(cut -d. -f1 /proc/uptime)" -lt 1000000 ]
}

@test "namespaces: without a pid namespace kill takes everything in the cgroup" {
    edit '.linux.namespaces |= map(select(.type != "pid")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
    args /bin/sh -c '/bin/sleep 1234567 & exec /bin/sleep 100'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    wait_until pgrep -x -f "/bin/sleep 1234567" >/dev/null
    caisson kill "$ID" KILL
    wait_until has_no_leftover
    wait_until has_status "$ID" stopped
}
