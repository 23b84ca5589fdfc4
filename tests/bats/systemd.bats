# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# The systemd driver. tests/bats/resources.bats runs with it, too (CGROUP_DRIVER=systemd).

load helpers

setup() {
    setup_container
    UNIT=caissontest-$ID.scope
    edit --arg path "system.slice:caissontest:$ID" '.linux.cgroupsPath = $path'
}

teardown() {
    teardown_container
    [ -z "${FOREIGN:-}" ] || systemctl stop "$FOREIGN" 2>/dev/null || true
}

managed() {
    caisson --systemd-cgroup "$@"
}

# property NAME: of the container's unit.
property() {
    systemctl show --value --property "$1" "$UNIT"
}

group() {
    echo "$(cgroup_mount)/system.slice/$UNIT"
}

sleeper() {
    args /bin/sleep 1000
    managed run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
}

@test "systemd: without it the driver is refused with one clear line, and nothing is left" {
    [ ! -d /run/systemd/system ] || skip "needs a host without systemd"
    args /bin/true
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    [ "${#lines[@]}" -eq 1 ]
    assert_output_has "/linux/cgroupsPath: systemd does not run this host"
    assert_output_has "use the cgroupfs driver"
    [ -z "$(caisson list -q)" ]
}

@test "systemd: a container is a scope, in its slice, and delete stops it" {
    needs_systemd
    sleeper
    [ "$(property ActiveState)" = active ]
    [ "$(property Slice)" = system.slice ]
    [ "$(property Delegate)" = yes ]
    [ "$(property Description)" = "container $ID" ]
    [ "$(cat "$(group)/cgroup.procs")" = "$(pid_of "$ID")" ]
    caisson delete --force "$ID"
    [ "$(property LoadState)" = not-found ]
    [ ! -e "$(group)" ]
}

@test "systemd: an empty path is caisson-ID.scope in system.slice, and slices are expanded" {
    needs_systemd
    edit '.linux.cgroupsPath = ""'
    args /bin/cat /proc/self/cgroup
    edit '.linux.namespaces |= map(select(.type != "cgroup"))'
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$output" = "0::/system.slice/caisson-$ID.scope" ]
    edit --arg path "caissona-b-c.slice:x:$ID" '.linux.cgroupsPath = $path'
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$output" = "0::/caissona.slice/caissona-b.slice/caissona-b-c.slice/x-$ID.scope" ]
    edit --arg path "-:x:$ID" '.linux.cgroupsPath = $path'
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$output" = "0::/x-$ID.scope" ]
}

@test "systemd: limits are properties and files, and a reload of the manager changes neither" {
    needs_systemd
    edit '.linux.resources += {
        memory: {limit: 67108864, reservation: 33554432, swap: 67108864},
        cpu: {shares: 512, quota: 25000, period: 100000, cpus: "0"}, pids: {limit: 20},
        unified: {"memory.high": "50331648"}}'
    sleeper
    check() {
        [ "$(property MemoryMax) $(property MemoryLow) $(property MemorySwapMax)" = "67108864 33554432 0" ]
        [ "$(property MemoryHigh) $(property TasksMax) $(property CPUWeight)" = "50331648 20 59" ]
        [ "$(property CPUQuotaPerSecUSec) $(property AllowedCPUs)" = "250ms 0" ]
        [ "$(cat "$(group)"/memory.{max,low,swap.max,high} | paste -sd' ')" = "67108864 33554432 0 50331648" ]
        [ "$(cat "$(group)"/{pids.max,cpu.weight,cpu.max,cpuset.cpus} | paste -sd' ')" = "20 59 25000 100000 0" ]
    }
    check
    systemctl daemon-reload
    check
}

@test "systemd: the device list holds, also when the manager reloads" {
    needs_systemd
    edit '.process.capabilities = {bounding: ["CAP_MKNOD"], effective: ["CAP_MKNOD"], permitted: ["CAP_MKNOD"]}
        | del(.linux.seccomp) | .root.readonly = false'
    args /bin/sh -c 'mknod /dev/f c 10 200; mknod /dev/z c 1 5;
        while sleep 0.1; do head -c 1 /dev/z >/dev/null && echo zero; (: </dev/f) 2>&1; done'
    managed run -d --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out"
    wait_until grep -q "not permitted" "$BATS_TEST_TMPDIR/out"
    systemctl daemon-reload
    : >"$BATS_TEST_TMPDIR/out"
    wait_until grep -q "not permitted" "$BATS_TEST_TMPDIR/out"
    wait_until grep -q zero "$BATS_TEST_TMPDIR/out"
    host_program device_programs
    [ "$("$HOST_PROGRAMS/device_programs" "$(group)")" -ge 1 ]
}

@test "systemd: later commands know the driver by themselves" {
    needs_systemd
    args /bin/sleep 1000
    managed create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(property ActiveState)" = active ]
    caisson start "$ID"
    [ "$(status_of "$ID")" = running ]
    caisson kill "$ID" KILL
    wait_until has_status "$ID" stopped
    caisson delete "$ID"
    [ "$(property LoadState)" = not-found ]
}

@test "systemd: groups that the workload makes do not keep the unit" {
    needs_systemd
    edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
    args /bin/sh -c 'mkdir -p /sys/fs/cgroup/inner/deep && echo 0 >/sys/fs/cgroup/inner/deep/cgroup.procs; sleep 1000'
    managed run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    wait_until grep -q . "$(group)/inner/deep/cgroup.procs"
    caisson delete --force "$ID"
    [ "$(property LoadState)" = not-found ]
    [ ! -e "$(group)" ]
}

@test "systemd: a name that is taken is refused, and its unit lives on" {
    needs_systemd
    FOREIGN=$UNIT
    systemd-run --quiet --scope --unit "${UNIT%.scope}" sleep 1000 3>&- >/dev/null 2>&1 &
    wait_until systemctl --quiet is-active "$UNIT"
    args /bin/true
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "the unit $UNIT exists already"
    systemctl --quiet is-active "$UNIT"
    [ -z "$(caisson list -q)" ]
}

@test "systemd: a property that the manager refuses fails the create, and nothing is left" {
    needs_systemd
    edit '.annotations = {"org.systemd.property.CollectMode": "'"'never-heard-of'"'"}'
    args /bin/true
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "systemd: StartTransientUnit:"
    [ "$(property LoadState)" = not-found ]
    [ -z "$(caisson list -q)" ]
}

@test "systemd: annotations set what is in the table, and nothing else" {
    needs_systemd
    edit '.annotations = {"org.systemd.property.TimeoutStopSec": "uint64 7",
        "org.systemd.property.CollectMode": "'"'inactive-or-failed'"'"}'
    sleeper
    [ "$(property TimeoutStopUSec) $(property CollectMode)" = "7s inactive-or-failed" ]
    caisson delete --force "$ID"
    edit '.annotations = {"org.systemd.property.ExecStopPost": "'"['/bin/sh']"'"}'
    run managed run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "/annotations/org.systemd.property.ExecStopPost"
}

@test "systemd: a create that is killed on the way leaves what delete --force removes" {
    needs_systemd
    # It waits for ever after the unit was made: a hook that never ends.
    edit '.hooks = {createRuntime: [{path: "/bin/sleep", args: ["sleep", "1000"]}]}'
    args /bin/true
    # Not by way of a function: that would be a shell of its own to kill.
    "$CAISSON" --root "$ROOT" --systemd-cgroup create --bundle "$BUNDLE" "$ID" 3>&- >/dev/null 2>&1 &
    local creator=$!
    wait_until systemctl --quiet is-active "$UNIT"
    wait_until pgrep -f -x 'sleep 1000'
    kill -9 "$creator"
    wait "$creator" || true
    caisson delete --force "$ID"
    [ "$(property LoadState)" = not-found ]
    pkill -f -x 'sleep 1000' || true
}
