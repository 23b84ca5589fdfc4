# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# Attacks on limits, on the device list and on groups of others.

load ../bats/helpers

setup() { setup_container; }
teardown() {
    teardown_container
    [ -z "${OTHER:-}" ] || rmdir "$OTHER" 2>/dev/null || true
}

group_of() {
    echo "$(cgroup_mount)$(awk -F: '$1 == 0 {print $3}' "/proc/$(pid_of "$1")/cgroup")"
}

all_capabilities() {
    echo '["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FOWNER","CAP_MKNOD","CAP_NET_ADMIN","CAP_SYS_ADMIN","CAP_SYS_RESOURCE"]'
}

become_powerful() {
    edit --argjson all "$(all_capabilities)" \
        '.process.capabilities = {bounding: $all, effective: $all, permitted: $all} | del(.linux.seccomp)'
}

# What the workload says of each node that it makes and opens.
open_devices() {
    local script='' device
    for device in "$@"; do
        script+="mknod /dev/n-${device//[: ]/-} $(tr : ' ' <<<"$device") && "
        script+="if head -c 1 /dev/n-${device//[: ]/-} >/dev/null 2>/tmp/e; then echo '$device opened'; "
        script+="else grep -q 'Operation not permitted' /tmp/e && echo '$device EPERM' || cat /tmp/e; fi; "
    done
    edit '.mounts += [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}]'
    sh_in_container "$script"
}

@test "E01 E14: a list without \"deny all\" opens nothing but the default devices" {
    local rules
    become_powerful
    for rules in 'del(.linux.resources.devices)' '.linux.resources.devices = []' \
        '.linux.resources.devices = [{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "w"}]'; do
        edit "$rules"
        open_devices "c:1:1" "b:8:0" "c:10:200" "c:10:229" "b:254:0" "c:1:11" "c:1:5"
        [ "$output" = "c:1:1 EPERM
b:8:0 EPERM
c:10:200 EPERM
c:10:229 EPERM
b:254:0 EPERM
c:1:11 EPERM
c:1:5 opened" ]
        edit '.mounts |= map(select(.destination != "/tmp"))'
    done
    # The control: with a rule it is the driver that answers.
    edit '.linux.resources.devices = [{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]'
    open_devices "c:10:200"
    [[ "$output" != *EPERM* ]]
}

@test "E02: no release_agent can be seen, and no v1 hierarchy mounted" {
    sh_in_container 'find / -xdev -name release_agent 2>/dev/null; find /sys -name release_agent 2>/dev/null;
        for c in memory cpu pids devices rdma misc name=systemd; do
            mkdir -p /tmp/c 2>/dev/null; mount -t cgroup -o $c none /proc 2>&1 && echo mounted $c; done; echo end'
    [[ "$output" != *release_agent* ]]
    [[ "$output" != *mounted* ]]
    [ "${lines[-1]}" = end ]
}

@test "E03: what can be written in a writable tree are the files for groups, and in one's own alone" {
    edit '.linux.namespaces += [{"type": "user"}]
        | .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}]
        | .linux.gidMappings = .linux.uidMappings
        | .mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    chown -R 100000:100000 "$BUNDLE/rootfs"
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    sh_in_container 'cd /sys/fs/cgroup; ls -d ../../../..; for f in *; do [ -f "$f" ] && (: >>"$f") 2>/dev/null && echo "$f"; done'
    local name
    for name in "${lines[@]:1}"; do
        grep -qx "$name" /sys/kernel/cgroup/delegate
    done
    [ "${#lines[@]}" -gt 2 ]
}

@test "E04 I13: annotations change neither place nor limits nor devices" {
    args /bin/sleep 100
    edit '.annotations = {
        "org.systemd.property.MemoryMax": "uint64 1", "org.systemd.property.ExecStart": "x",
        "run.oci.systemd.subgroup": "other", "run.oci.delegate-cgroup": "x", "run.oci.handler": "krun",
        "io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw": "true", "x": "line\nDeviceAllow=/dev/mem"}'
    local before
    before=$(caisson plan --bundle "$BUNDLE")
    [ "$before" = "$(edit 'del(.annotations)'; caisson plan --bundle "$BUNDLE")" ]
    [[ "$before" != *other* ]]
}

@test "E06 E07: names that lead elsewhere and values of many lines are refused, and nothing is made" {
    local before member
    before=$(find "$(cgroup_mount)" -type d | sort)
    while read -r member; do
        cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/saved"
        edit "$member"
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "accepted: $member"
        [[ "$output" == *"config.json /linux/"* ]] || fail "no place in: $output"
        cp "$BATS_TEST_TMPDIR/saved" "$BUNDLE/config.json"
    done <<'CASES'
.linux.resources.unified = {"../../x": "1"}
.linux.resources.unified = {"cgroup.procs": "0"}
.linux.resources.unified = {"cgroup.kill": "1"}
.linux.resources.unified = {"cgroup.freeze": "1"}
.linux.resources.unified = {"cgroup.type": "threaded"}
.linux.resources.unified = {"cgroup.subtree_control": "+memory"}
.linux.resources.unified = {"memory.max/..": "1"}
.linux.resources.unified = {"memory.max/../../memory.max": "1"}
.linux.resources.unified = {"memory": "1"}
.linux.resources.unified = {"memory.max": "max\n0"}
.linux.resources.unified = {"memory.max": ""}
.linux.resources.hugepageLimits = [{"pageSize": "2MB/../x", "limit": 1}]
.linux.resources.hugepageLimits = [{"pageSize": "../2MB", "limit": 1}]
.linux.resources.rdma = {"a/b": {"hcaHandles": 1}}
.linux.resources.rdma = {"a b hca_object=9": {"hcaHandles": 1}}
.linux.cgroupsPath = "../escape"
.linux.cgroupsPath = "/a/../../escape"
.linux.cgroupsPath = "/"
CASES
    [ "$before" = "$(find "$(cgroup_mount)" -type d | sort)" ]
}

@test "E08: a fork bomb from the first instruction stays below its limit" {
    needs_controller pids
    edit '.linux.resources.pids = {"limit": 16}'
    args /bin/sh -c 'bomb() { bomb | bomb & }; bomb; sleep 100'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null 2>&1
    local group i
    group=$(group_of "$ID")
    wait_until grep -q 'max [1-9]' "$group/pids.events"
    for ((i = 0; i < 20; i++)); do
        [ "$(cat "$group/pids.current")" -le 16 ]
    done
    caisson delete --force "$ID"
    [ ! -e "$group" ]
}

# Chains of processes that each make the next and end: no list of pids is ever true.
chains() {
    echo 'chain() { (chain &); }; for i in 1 2 3 4 5 6; do (chain &); done; sleep 100'
}

@test "E09 I19: kill and delete leave no survivor among processes that never stand still" {
    edit '.linux.namespaces |= map(select(.type != "pid"))'
    args /bin/sh -c "$(chains)"
    local group i
    for ((i = 0; i < 5; i++)); do
        caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null 2>&1
        group=$(group_of "$ID")
        wait_until test "$(wc -l <"$group/cgroup.procs")" -ge 2
        if [ $((i % 2)) = 0 ]; then
            caisson kill "$ID" KILL
            wait_until has_status "$ID" stopped
            wait_until grep -q 'populated 0' "$group/cgroup.events"
            caisson delete "$ID"
        else
            echo 1 >"$group/cgroup.freeze"
            caisson delete --force "$ID"
        fi
        [ ! -e "$group" ]
    done
}

@test "E10: exactly one device program of ours is attached" {
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    host_program device_programs
    [ "$("$HOST_PROGRAMS/device_programs" "$(group_of "$ID")")" = 1 ]
}

@test "E10: a group that was left with a device program gets another, not a second" {
    # A create that fails leaves a group that was there before.
    OTHER=$(cgroup_mount)/caisson-test-again
    mkdir "$OTHER"
    edit '.linux.cgroupsPath = "/caisson-test-again"'
    host_program device_programs
    local i
    for i in 1 2; do
        edit '.process.args = ["/no/such/program"]'
        run caisson run --bundle "$BUNDLE" "$ID"
        [ "$status" -ne 0 ]
        [ "$("$HOST_PROGRAMS/device_programs" "$OTHER")" = 1 ]
    done
}

@test "E10: an update with another list changes the devices at no moment to more than both allow" {
    become_powerful
    host_program device_programs
    args /bin/sh -c 'mknod /dev/tun c 10 200; mknod /dev/z c 1 5; mknod /dev/kmsg c 1 11
        while :; do (: </dev/tun) 2>&1 | grep -q "not permitted" || echo opened; sleep 0.01; done'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1
    local i list
    for ((i = 0; i < 60; i++)); do
        list='[{"allow": false}]'
        [ $((i % 2)) = 0 ] || list='[{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "rw"}]'
        caisson update --resources - "$ID" <<<"{\"devices\": $list}"
        [ "$("$HOST_PROGRAMS/device_programs" "$(group_of "$ID")")" = 1 ]
    done
    [ ! -s "$BATS_TEST_TMPDIR/out" ] || fail "$(head -3 "$BATS_TEST_TMPDIR/out")"
    # The control: a list that allows it is in force at once.
    caisson update --resources - "$ID" <<<'{"devices": [{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]}'
    wait_until grep -q opened "$BATS_TEST_TMPDIR/out"
    # The list of create changes nothing.
    local before
    before=$(jq -c '{devices: .linux.resources.devices}' "$BUNDLE/config.json")
    caisson update --resources - "$ID" <<<"$before"
    : >"$BATS_TEST_TMPDIR/out"
    wait_until grep -q opened "$BATS_TEST_TMPDIR/out"
}

@test "E13: no device of the host changes owner, mode or time" {
    local before
    before=$(stat -c '%n %u %g %a %Z' /dev/null /dev/zero /dev/full /dev/tty)
    edit '.process.user = {uid: 1000, gid: 1000}'
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>/dev/zero
    caisson run --bundle "$BUNDLE" "$ID" </dev/zero >/dev/full 2>/dev/null
    [ "$before" = "$(stat -c '%n %u %g %a %Z' /dev/null /dev/zero /dev/full /dev/tty)" ]
}
