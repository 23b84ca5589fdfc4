# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2153,SC2154,SC2016
#
# Limits of a container that is there already. How fields become files is for resources.bats; this is about the
# command, what it keeps and what it puts back. With RUNTIME most of these run against crun and runc as well.

load helpers

setup() {
    setup_container
    needs_v2_of_peer
    limits '{}'
}
teardown() {
    teardown_container
    rmdir "$(cgroup_mount)/caisson-limits" 2>/dev/null || true
}

MIB=$((1024 * 1024))

# update_resources JSON [OPTIONS]: by standard input, as containerd does.
update_resources() {
    local json=$1
    shift
    runtime update --resources=- "$@" "$ID" <<<"$json"
}

# refused JSON TEXT: and nothing has changed.
refused() {
    run update_resources "$1"
    [ "$status" -eq 1 ] || fail "status $status for $1"
    assert_output_has "$2"
}

# Which limits are there; device programs are for another test.
all_limits() {
    local file
    for file in "$GROUP"/*.{max,low,high,weight,idle,burst,cpus,mems}; do
        [ ! -f "$file" ] || echo "${file##*/} $(cat "$file")"
    done
}

# --- the way in -----------------------------------------------------------------------------------

@test "update: options become limits, and absent ones keep theirs" {
    needs_controller memory
    needs_controller pids
    needs_controller cpu
    limits '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 50}, "cpu": {"quota": 50000, "period": 100000}}'
    start /bin/sleep 100
    run runtime update --memory 33554432 --memory-swap 50331648 "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    has_limit memory.max $((32 * MIB))
    has_limit memory.swap.max $((16 * MIB))
    has_limit pids.max 50
    has_limit cpu.max "50000 100000"
    runtime update --pids-limit 60 "$ID"
    has_limit pids.max 60
    runtime update --memory-reservation 16777216 "$ID"
    has_limit memory.low $((16 * MIB))
    has_limit memory.max $((32 * MIB))
    runtime update --pids-limit=-1 "$ID"
    has_limit pids.max max
    is_caisson || return 0
    runtime update --memory-reservation=-1 "$ID"
    has_limit memory.low 0
}

@test "update: options of cpu and cpuset" {
    needs_controller cpu
    needs_controller cpuset
    start /bin/sleep 100
    runtime update --cpu-quota 30000 "$ID"
    has_limit cpu.max "30000 100000"
    runtime update --cpu-period 50000 --cpu-quota 20000 "$ID"
    has_limit cpu.max "20000 50000"
    runtime update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
    has_limit cpuset.cpus 0
    has_limit cpuset.mems 0
    is_caisson || return 0
    runtime update --cpu-quota=-1 "$ID"
    has_limit cpu.max "max 50000"
    runtime update --cpu-share 2048 "$ID"
    has_limit cpu.weight 174
    runtime update --cpu-quota 20000 --cpu-burst 5000 "$ID"
    has_limit cpu.max.burst 5000
    runtime update --cpu-idle 1 "$ID"
    has_limit cpu.idle 1
    runtime update --cpu-idle 0 "$ID"
    has_limit cpu.idle 0
}

@test "update: options may come after the id, with units, with = and as empty words" {
    needs_caisson "crun wants them before the id, and numbers alone"
    needs_controller memory
    start /bin/sleep 100
    caisson update "$ID" --memory 50M
    has_limit memory.max $((50 * MIB))
    caisson update "$ID" --memory=60MiB --memory-swap=100m
    has_limit memory.max $((60 * MIB))
    has_limit memory.swap.max $((40 * MIB))
    caisson update --memory '' "$ID" --pids-limit ''
    has_limit memory.max $((60 * MIB))
    caisson update "$ID"
    has_limit memory.max $((60 * MIB))
}

@test "update: a weight of block I/O" {
    needs_controller io
    start /bin/sleep 100
    local file=io.bfq.weight wanted="default 200"
    if [ ! -e "$GROUP/$file" ]; then
        file=io.weight wanted="default 1920"
    fi
    [ -e "$GROUP/$file" ] || skip_or_fail "needs a scheduler that knows weights"
    runtime update --blkio-weight 200 "$ID"
    grep -qxE "(default )?${wanted#default }" "$GROUP/$file" || fail "$(cat "$GROUP/$file")"
}

@test "update: resources come from a file or from standard input, and options beside them do not count" {
    needs_controller pids
    start /bin/sleep 100
    echo '{"pids": {"limit": 31}}' >"$BATS_TEST_TMPDIR/resources"
    runtime update --resources "$BATS_TEST_TMPDIR/resources" "$ID"
    has_limit pids.max 31
    runtime update -r - "$ID" <<<'{"pids": {"limit": 32}}'
    has_limit pids.max 32
    runtime update --resources=- --pids-limit 77 "$ID" <<<'{"pids": {"limit": 33}}'
    has_limit pids.max 33
    echo '{"pids": {"limit": 34}}' | runtime update --resources - "$ID"
    has_limit pids.max 34
    is_caisson || return 0
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    run timeout 5 "$CAISSON" --root "$ROOT" update -r "$BATS_TEST_TMPDIR/fifo" "$ID"
    [ "$status" -eq 1 ]
    run caisson update -r "$BATS_TEST_TMPDIR/nothing" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "no such file"
}

@test "update: huge pages, on any host that counts them" {
    needs_controller hugetlb
    start /bin/sleep 100
    local file
    file=$(cd "$GROUP" && ls hugetlb.2MB.max) || skip_or_fail "needs huge pages of 2 MB"
    update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    has_limit "$file" 4194304
    update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
    has_limit "$file" 2097152
}

@test "update: unified is applied verbatim, and last" {
    needs_controller memory
    start /bin/sleep 100
    update_resources '{"memory": {"limit": 67108864}, "unified": {"memory.high": "41943040", "memory.max": "50331648"}}'
    has_limit memory.high $((40 * MIB))
    has_limit memory.max $((48 * MIB))
}

# --- what is kept ---------------------------------------------------------------------------------

@test "update: a period keeps the quota in force, a quota the period" {
    needs_controller cpu
    limits '{"cpu": {"quota": 40000, "period": 80000}}'
    start /bin/sleep 100
    update_resources '{"cpu": {"period": 60000}}'
    has_limit cpu.max "40000 60000"
    update_resources '{"cpu": {"quota": 20000}}'
    has_limit cpu.max "20000 60000"
    is_caisson || return 0
    update_resources '{"cpu": {"quota": -1}}'
    has_limit cpu.max "max 60000"
}

@test "update: idle without shares writes no weight" {
    needs_caisson "older peers do"
    needs_controller cpu
    limits '{"cpu": {"shares": 2048}}'
    start /bin/sleep 100
    has_limit cpu.weight 174
    update_resources '{"cpu": {"idle": 1}}'
    has_limit cpu.idle 1
    update_resources '{"cpu": {"idle": 0}}'
    has_limit cpu.idle 0
    update_resources '{"cpu": {"shares": 2048}}'
    has_limit cpu.weight 174
}

@test "update: memory without a limit takes that of swap with it, and swap counts from the memory in force" {
    needs_controller memory
    limits '{"memory": {"limit": 67108864, "swap": 100663296}}'
    start /bin/sleep 100
    has_limit memory.swap.max $((32 * MIB))
    update_resources '{"memory": {"limit": -1}}'
    has_limit memory.max max
    has_limit memory.swap.max max
    is_caisson || return 0
    update_resources '{"memory": {"limit": 67108864}}'
    has_limit memory.swap.max max
    update_resources '{"memory": {"swap": 75497472}}'
    has_limit memory.swap.max $((8 * MIB))
    has_limit memory.max $((64 * MIB))
}

@test "update: zeros and empty lists, as engines send them, change nothing" {
    needs_controller memory
    needs_controller cpu
    needs_controller pids
    limits '{"memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"shares": 512, "quota": 40000}, "pids": {"limit": 20}}'
    start /bin/sleep 100
    local before
    before=$(all_limits)
    update_resources '{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0},
        "cpu": {"shares": 0, "quota": 0, "period": 0, "cpus": "", "mems": ""},
        "blockIO": {"weight": 0, "weightDevice": []}, "hugepageLimits": [], "devices": [], "unified": {}}'
    [ "$(all_limits)" = "$before" ] || fail "$(diff <(echo "$before") <(all_limits))"
    update_resources '{}'
    [ "$(all_limits)" = "$before" ]
}

@test "update: the device list is left alone, whatever is sent" {
    needs_caisson "runc before 1.0 and crun before 1.19 replace it"
    start /bin/sh -c 'while :; do /bin/dd if=/dev/zero of=/dev/null bs=1 count=1 2>/dev/null || echo broken; echo x; done'
    wait_until test -s "$OUTPUT"
    host_program device_programs
    local before
    before=$("$HOST_PROGRAMS/device_programs" "$GROUP")
    update_resources '{"devices": [{"allow": false, "access": "rwm"}]}'
    [ "$("$HOST_PROGRAMS/device_programs" "$GROUP")" = "$before" ]
    sleep 0.3
    run grep -q broken "$OUTPUT"
    [ "$status" -eq 1 ]
}

# --- failures -------------------------------------------------------------------------------------

@test "update: one that fails half-way leaves all limits as they were" {
    needs_controller memory
    needs_controller cpu
    needs_controller pids
    needs_caisson "peers leave the first half"
    limits '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 1048576}, "pids": {"limit": 50},
        "cpu": {"quota": 50000, "period": 100000, "shares": 512, "burst": 1000}}'
    start /bin/sleep 100
    local before
    before=$(all_limits)
    refused '{"memory": {"limit": 33554432, "swap": 33554432, "reservation": 2097152}, "pids": {"limit": 7},
        "cpu": {"quota": 20000, "period": 50000, "shares": 1024, "burst": 500},
        "unified": {"memory.high": "10485760", "pids.max": "nonsense"}}' \
        'resources /unified/pids.max: write "nonsense" to pids.max: invalid argument'
    [ "$(all_limits)" = "$before" ] || fail "$(diff <(echo "$before") <(all_limits))"
}

@test "update: the same on a host that can limit huge pages alone" {
    needs_controller hugetlb
    needs_caisson "peers leave the first half"
    start /bin/sleep 100
    [ -e "$GROUP/hugetlb.2MB.max" ] || skip_or_fail "needs huge pages of 2 MB"
    update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    local before
    before=$(all_limits)
    refused '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}], "unified": {"hugetlb.2MB.rsvd.max": "x"}}' \
        "hugetlb.2MB.rsvd.max"
    [ "$(all_limits)" = "$before" ] || fail "$(diff <(echo "$before") <(all_limits))"
}

@test "update: what is wrong is named with its place in the document, all of it at once" {
    needs_caisson "messages"
    start /bin/sleep 100
    local before
    before=$(all_limits)
    refused '{"memory": {"limit": "50M"}}' "resources /memory/limit: a string is of the wrong type"
    refused '{"memory": {"kernel": 5, "swappiness": 60}, "network": {"classID": 7}}' "resources /memory/kernel"
    assert_output_has "resources /memory/swappiness"
    assert_output_has "resources /network"
    refused '{"cpu": {"realtimeRuntime": 950000}}' "exists only in cgroup v1"
    refused '{"unified": {"cgroup.procs": "1"}}' "the runtime's to write"
    refused '{"unified": {"../x": "1"}}' "not a file of a controller"
    refused '{"hugepageLimits": [{"pageSize": "2MB/../x", "limit": 1}]}' "resources /hugepageLimits/0/pageSize"
    refused '{"pids": {"limit": 1e3}}' "resources /pids/limit"
    refused '{"pids": {"limit": 1}, "pids": {"limit": 2}}' "resources"
    refused '' "the document is empty"
    refused '[]' "not an object"
    refused '{"pids": {"limit": 1}} x' "resources line 1"
    [ "$(all_limits)" = "$before" ]
}

@test "update: options that mean nothing in v2 are refused or ignored as each deserves" {
    needs_caisson "messages"
    start /bin/sleep 100
    run caisson update --cpu-rt-runtime 950000 "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "realtimeRuntime"
    run caisson update --l3-cache-schema "L3:0=f" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "not supported"
    run caisson update --mem-bw-schema "MB:0=50" "$ID"
    [ "$status" -eq 1 ]
    run caisson --log "$BATS_TEST_TMPDIR/log" update --kernel-memory 50M --kernel-memory-tcp 5M "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    grep -q "kernel-memory has no effect" "$BATS_TEST_TMPDIR/log"
    local option
    for option in --memory=5X --memory=-2 --cpu-share=-1 --cpu-quota=x --pids-limit=1.5 --blkio-weight=abc \
        --cpuset-cpus=a-b --blkio-weight=65536; do
        run caisson update "$option" "$ID"
        [ "$status" -eq 1 ] || fail "taken: $option"
        [[ "$output" == *"${option%%=*}"* || "$output" == *"resources /"* ]] || fail "$option: $output"
    done
}

@test "update: a limit below what is in use is refused with checkBeforeUpdate" {
    needs_caisson "crun does not know it"
    needs_controller memory
    limits '{"memory": {"limit": 67108864, "swap": 67108864}}'
    start /bin/sh -c 'head -c 20000000 /dev/zero >/dev/shm/file; exec /bin/sleep 100'
    wait_until eval '[ "$(cat /proc/$(pid_of "$ID")/comm)" = sleep ]'
    refused '{"memory": {"limit": 8388608, "checkBeforeUpdate": true}}' "the container uses"
    has_limit memory.max $((64 * MIB))
    has_status "$ID" running
    update_resources '{"memory": {"limit": 50331648, "checkBeforeUpdate": true}}'
    has_limit memory.max $((48 * MIB))
}

@test "update: containers in other states" {
    needs_controller hugetlb
    args /bin/sleep 100
    runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
    GROUP=$(limits_group "$ID")
    update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    has_limit hugetlb.2MB.max 4194304
    runtime start "$ID"
    has_limit hugetlb.2MB.max 4194304
    runtime pause "$ID"
    update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 2097152}]}'
    has_limit hugetlb.2MB.max 2097152
    runtime resume "$ID"
    runtime kill "$ID" KILL
    wait_until eval '[ "$(runtime state "$ID" | jq -r .status)" = stopped ]'
    run update_resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    [ "$status" -ne 0 ]
    ! is_caisson || assert_output_has "container not running"
    end
    run update_resources '{}'
    [ "$status" -ne 0 ]
    is_caisson || return 0
    assert_output_has "does not exist"
    edit 'del(.linux.cgroupsPath, .linux.resources)'
    caisson --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID" </dev/null 3>&- >/dev/null
    refused '{}' "no cgroup of its own"
}

@test "update: a controller that the host lacks is named" {
    needs_caisson "messages"
    ! grep -qw memory "$(cgroup_mount)/cgroup.controllers" || skip "this host has the controller"
    start /bin/sleep 100
    refused '{"memory": {"limit": 33554432}}' "the cgroup v2 controller memory is not available"
    # To lift what cannot be is no promise.
    update_resources '{"memory": {"limit": -1}, "pids": {"limit": -1}}'
}

# --- what it does ---------------------------------------------------------------------------------

@test "update: the workload feels it at once" {
    needs_controller pids
    limits '{"pids": {"limit": 6}}'
    edit '.root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/seen"
    start /bin/sh -c 'while :; do
            /bin/sh -c "for i in 1 2 3 4 5 6 7 8; do /bin/sleep 1 & done; wait; echo x >>/seen/enough" ||
                echo x >>/seen/short
        done 2>/dev/null'
    wait_until test -s "$BUNDLE/rootfs/seen/short"
    [ ! -e "$BUNDLE/rootfs/seen/enough" ]
    runtime update --pids-limit 30 "$ID"
    wait_until test -s "$BUNDLE/rootfs/seen/enough"
}

@test "update: twenty at once leave a limit that one of them has set" {
    needs_controller cpu
    needs_caisson "peers take no lock"
    start /bin/sleep 100
    local i updates=()
    for ((i = 1; i <= 20; i++)); do
        caisson update --cpu-quota $((i * 2000)) --cpu-period $((i * 4000)) "$ID" 3>&- &
        updates+=($!)
    done
    wait "${updates[@]}"
    local quota period
    read -r quota period <"$GROUP/cpu.max"
    [ "$period" -eq $((quota * 2)) ]
}

@test "update: with systemd the new limits live through a reload of the manager" {
    [ "$CGROUP_DRIVER" = systemd ] || skip "needs the systemd driver (CGROUP_DRIVER=systemd)"
    limits '{"memory": {"limit": 67108864}, "pids": {"limit": 50}, "cpu": {"quota": 50000, "period": 100000}}'
    start /bin/sleep 100
    update_resources '{"memory": {"limit": 33554432}, "pids": {"limit": 33}, "cpu": {"quota": 20000}}'
    systemctl daemon-reload
    has_limit memory.max $((32 * MIB))
    has_limit pids.max 33
    has_limit cpu.max "20000 100000"
    local unit=${GROUP##*/}
    [ "$(systemctl show -P MemoryMax "$unit")" = $((32 * MIB)) ]
    [ "$(systemctl show -P TasksMax "$unit")" = 33 ]
}
