# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2153,SC2154,SC2016
#
# Every field of linux.resources: the file that it becomes, read back, and what it does to a workload. With
# RUNTIME=crun or runc the same tests are a check of themselves; docs/cgroups.md says where peers differ.

load helpers

setup() { setup_container; }

teardown() {
    local id
    for id in "$ID" "$ID-b"; do
        runtime delete --force "$id" >/dev/null 2>&1 || true
    done
    if [ -n "${SWAP:-}" ]; then
        swapoff "$SWAP"
    fi
    if [ -n "${SCHEDULER:-}" ]; then
        echo none >"$SCHEDULER"
    fi
    if [ -n "${COSTS:-}" ]; then
        echo "$COSTS enable=0" >"$(cgroup_mount)/io.cost.qos"
    fi
    if [ -n "${HUGE_PAGES:-}" ]; then
        echo "$HUGE_PAGES" >/proc/sys/vm/nr_hugepages
    fi
    teardown_container
    rmdir "$(cgroup_mount)/caisson-limits/$ID" 2>/dev/null || true
    rmdir "$(cgroup_mount)/caisson-limits" 2>/dev/null || true
}

MIB=$((1024 * 1024))

# --- memory ---------------------------------------------------------------------------------------

@test "resources: memory.limit, reservation and swap become three files" {
    needs_controller memory
    limits '{"memory": {"limit": 67108864, "reservation": 33554432, "swap": 100663296}}'
    start sleep 1000
    has_limit memory.max $((64 * MIB))
    has_limit memory.low $((32 * MIB))
    has_limit memory.swap.max $((32 * MIB))
}

@test "resources: swap is the sum with memory, and each of its special values means what v1 said" {
    needs_controller memory
    local given wanted
    while read -r given wanted; do
        limits "{\"memory\": $given}"
        start sleep 1000
        has_limit memory.swap.max "$wanted" || fail "for $given"
        end
    done <<'TABLE'
{"limit":67108864,"swap":67108864} 0
{"limit":67108864,"swap":-1}       max
{"limit":67108864,"swap":null}     max
{"limit":-1,"swap":-1}             max
TABLE
    differs crun "before 1.22 a swap of 0 was no swap"
    limits '{"memory": {"limit": 67108864, "swap": 0}}'
    start sleep 1000
    has_limit memory.swap.max max
}

@test "resources: a sum with swap needs a limit of memory, and room for it" {
    needs_controller memory
    needs_caisson "the words of the error"
    limits '{"memory": {"swap": 67108864}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "/linux/resources/memory/swap"
    limits '{"memory": {"limit": 67108864, "swap": 1}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "below memory alone"
}

@test "resources: a memory hog is killed: 137, and the group has counted it" {
    needs_controller memory
    limits '{"memory": {"limit": 33554432, "swap": 33554432}}'
    args dd if=/dev/zero of=/dev/null bs=64M count=1
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 137 ] || fail "$status: $output"
    start sh -c 'dd if=/dev/zero of=/dev/null bs=64M count=1; echo "status $?"; sleep 1000'
    wait_until grep -q "status 137" "$OUTPUT"
    has_counted memory.events oom_kill
}

@test "resources: within its limit the same program ends well" {
    needs_controller memory
    limits '{"memory": {"limit": 134217728, "swap": 134217728}}'
    args dd if=/dev/zero of=/dev/null bs=64M count=1
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$status: $output"
}

@test "resources: swap holds what memory does not, up to its own limit" {
    needs_controller memory
    needs_block_device
    mkswap "$SCRATCH_DEVICE"
    swapon "$SCRATCH_DEVICE"
    SWAP=$SCRATCH_DEVICE
    limits '{"memory": {"limit": 33554432, "swap": 83886080}}'
    # Not zeros: the kernel keeps pages of those without memory and without swap.
    args dd if=/dev/urandom of=/dev/shm/data bs=1M count=48
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$status: $output"
    limits '{"memory": {"limit": 33554432, "swap": 41943040}}'
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 137 ] || fail "$status: $output"
}

@test "resources: a container starts with memory.max = 512 KiB" {
    needs_controller memory
    needs_caisson "peers need more memory to start"
    limits '{"memory": {"limit": 524288, "swap": 524288}}'
    args /bin/busybox echo "up and running"
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$status: $output"
    [ "$output" = "up and running" ]
    start sleep 1000
    has_limit memory.max 524288
}

# --- pids -----------------------------------------------------------------------------------------

@test "resources: a fork bomb stops at pids.limit" {
    needs_controller pids
    limits '{"pids": {"limit": 20}}'
    # The shell itself would end when it cannot fork.
    start sh -c 'bomb() { bomb | bomb & }; bomb & exec sleep 1000'
    has_limit pids.max 20
    wait_until has_counted pids.events max
    for _ in 1 2 3 4 5; do
        [ "$(cat "$GROUP/pids.current")" -le 20 ]
        sleep 0.1
    done
    end
    [ ! -e "$GROUP" ]
}

@test "resources: pids.limit 0 lets nothing fork, -1 and nothing are no limit" {
    needs_controller pids
    limits '{"pids": {"limit": -1}}'
    start sleep 1000
    has_limit pids.max max
    end
    needs_caisson "0 became a limit in runc 1.4 and crun 1.27"
    limits '{"pids": {"limit": 0}}'
    [ "$CGROUP_DRIVER" != systemd ] || skip "systemd takes no TasksMax of 0"
    start sleep 1000
    has_limit pids.max 0
    end
    args sh -c 'sleep 1; echo forked'
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    assert_output_has "can't fork"
}

# --- cpu ------------------------------------------------------------------------------------------

@test "resources: cpu.shares become a weight" {
    needs_controller cpu
    needs_caisson "until crun 1.23 and runc 1.3.2 the conversion was another"
    local shares weight
    while read -r shares weight; do
        limits "{\"cpu\": {\"shares\": $shares}}"
        start sleep 1000
        has_limit cpu.weight "$weight"
        end
    done <<'TABLE'
0       100
2       1
256     35
512     59
1024    100
262144  10000
TABLE
}

# milliseconds of CPU time that a group has had
usage_of() {
    echo $(($(awk '$1 == "usage_usec" {print $2}' "$1/cpu.stat") / 1000))
}

@test "resources: two busy containers with weights 100 and 400 on one CPU get 1:4" {
    needs_controller cpu
    needs_controller cpuset
    local id=$ID first second a b
    limits '{"cpu": {"cpus": "0"}, "unified": {"cpu.weight": "100"}}'
    start sh -c 'while :; do :; done'
    first=$GROUP
    ID=$id-b
    limits '{"cpu": {"cpus": "0"}, "unified": {"cpu.weight": "400"}}'
    start sh -c 'while :; do :; done'
    second=$GROUP
    ID=$id
    a=$(usage_of "$first")
    b=$(usage_of "$second")
    sleep 6
    a=$(($(usage_of "$first") - a))
    b=$(($(usage_of "$second") - b))
    echo "100: $a ms, 400: $b ms"
    [ "$a" -gt 200 ]
    [ $((b * 10)) -gt $((a * 25)) ]
    [ "$b" -lt $((a * 6)) ]
}

@test "resources: a quota of 20 % holds" {
    needs_controller cpu
    limits '{"cpu": {"quota": 20000, "period": 100000}}'
    start sh -c 'while :; do :; done'
    has_limit cpu.max "20000 100000"
    local before used
    before=$(usage_of "$GROUP")
    sleep 5
    used=$(($(usage_of "$GROUP") - before))
    echo "$used ms of 5000"
    [ "$used" -gt 400 ]
    [ "$used" -lt 1500 ]
    has_counted cpu.stat nr_throttled
}

@test "resources: quota, period and burst with one of them missing" {
    needs_controller cpu
    local given wanted
    while read -r given wanted; do
        limits "{\"cpu\": $given}"
        start sleep 1000
        has_limit cpu.max "$wanted" || fail "for $given"
        end
        edit 'del(.linux.resources.cpu)'
    done <<'TABLE'
{"quota":50000}                 50000 100000
{"quota":50000,"period":200000} 50000 200000
{"quota":-1,"period":200000}    max 200000
{"quota":-1}                    max 100000
TABLE
    differs runc "before 1.2 a burst was left out"
    limits '{"cpu": {"quota": 50000, "burst": 10000}}'
    start sleep 1000
    has_limit cpu.max.burst 10000
}

@test "resources: idle is written before the weight, which an idle group would not take" {
    needs_controller cpu
    differs runc "before 1.2 idle was left out"
    limits '{"cpu": {"idle": 1}}'
    start sleep 1000
    has_limit cpu.idle 1
    end
    limits '{"cpu": {"idle": 0, "shares": 1024}}'
    start sleep 1000
    has_limit cpu.idle 0
}

@test "resources: cpus and mems are where the workload can run" {
    needs_controller cpuset
    limits '{"cpu": {"cpus": "0", "mems": "0"}}'
    start sh -c 'grep _list: /proc/self/status; sleep 1000'
    has_limit cpuset.cpus 0
    has_limit cpuset.mems 0
    wait_until grep -q Mems_allowed_list "$OUTPUT"
    grep -q '^Cpus_allowed_list:.0$' "$OUTPUT"
    grep -q '^Mems_allowed_list:.0$' "$OUTPUT"
}

# --- io -------------------------------------------------------------------------------------------

# The scratch device in the container as /dev/disk.
with_disk() {
    needs_block_device
    edit --arg major "${SCRATCH_NUMBERS%:*}" --arg minor "${SCRATCH_NUMBERS#*:}" '
        {type: "b", major: ($major | tonumber), minor: ($minor | tonumber)} as $device
        | .linux.devices += [$device + {path: "/dev/disk", fileMode: 384, uid: 0, gid: 0}]
        | .linux.resources.devices += [$device + {allow: true, access: "rwm"}]'
}

# device_limit LIST NUMBER MEMBER: of the scratch device.
device_limit() {
    limits "{\"blockIO\": {\"$1\": [{\"major\": ${SCRATCH_NUMBERS%:*}, \"minor\": ${SCRATCH_NUMBERS#*:}, \"$3\": $2}]}}"
}

# takes MILLISECONDS at least: runs the container's program.
takes() {
    timed runtime run --bundle "$BUNDLE" "$ID"
    echo "$MILLISECONDS ms: $output"
    [ "$status" -eq 0 ]
    [ "$MILLISECONDS" -ge "$1" ]
}

@test "resources: io.max holds when reading from a disk" {
    needs_controller io
    with_disk
    limits '{}'
    args dd if=/dev/disk of=/dev/null bs=64k count=64 iflag=direct
    takes 0
    local without=$MILLISECONDS
    device_limit throttleReadBpsDevice $MIB rate
    takes $((without + 2000))
    edit 'del(.linux.resources.blockIO)'
    device_limit throttleReadIOPSDevice 16 rate
    takes $((without + 2000))
    start sleep 1000
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=max wbps=max riops=16 wiops=max"
    end
    needs_caisson "peers write a rate of 0, which io.max does not take"
    device_limit throttleReadIOPSDevice 0 rate
    device_limit throttleWriteIOPSDevice 17 rate
    start sleep 1000
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=max wbps=max riops=max wiops=17"
}

@test "resources: io.max holds when writing to a disk" {
    needs_controller io
    with_disk
    device_limit throttleWriteBpsDevice $MIB rate
    args dd if=/dev/zero of=/dev/disk bs=64k count=64 oflag=direct
    takes 3000
    start sleep 1000
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=max wbps=$MIB riops=max wiops=max"
    end
    edit 'del(.linux.resources.blockIO)'
    device_limit throttleWriteIOPSDevice 16 rate
    args dd if=/dev/zero of=/dev/disk bs=64k count=64 oflag=direct
    takes 3000
}

@test "resources: four lists of one device are one line of io.max" {
    needs_controller io
    with_disk
    device_limit throttleReadBpsDevice 100000 rate
    device_limit throttleWriteBpsDevice 200000 rate
    device_limit throttleReadIOPSDevice 300 rate
    device_limit throttleWriteIOPSDevice 400 rate
    start sleep 1000
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=100000 wbps=200000 riops=300 wiops=400"
}

@test "resources: blockIO.weight becomes the weight that this kernel has" {
    needs_controller io
    limits '{"blockIO": {"weight": 500}}'
    start sleep 1000
    if [ -e "$GROUP/io.bfq.weight" ]; then
        has_limit_line io.bfq.weight "default 500"
    else
        has_limit_line io.weight "default 4950"
    fi
}

@test "resources: the weight of a device goes to the scheduler that it has" {
    needs_controller io
    with_disk
    needs_caisson "crun and runc know device weights of bfq alone"
    modprobe bfq || skip_or_fail "needs the module bfq"
    SCHEDULER=/sys/class/block/${SCRATCH_DEVICE##*/}/queue/scheduler
    echo bfq >"$SCHEDULER"
    device_limit weightDevice 200 weight
    start sleep 1000
    has_limit_line io.bfq.weight "$SCRATCH_NUMBERS 200"
    end
    # With neither bfq nor the cost model there is nobody who could keep it.
    echo none >"$SCHEDULER"
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "/linux/resources/blockIO/weightDevice/0/weight"
    assert_output_has "does not know weights"
    echo "$SCRATCH_NUMBERS enable=1" >"$(cgroup_mount)/io.cost.qos" || skip_or_fail "needs io.cost.qos"
    COSTS=$SCRATCH_NUMBERS
    start sleep 1000
    has_limit_line io.weight "$SCRATCH_NUMBERS 1920"
}

# --- huge pages, rdma -----------------------------------------------------------------------------

@test "resources: hugepageLimits are limits of reservations and of faults" {
    needs_controller hugetlb
    limits '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    start sleep 1000
    has_limit hugetlb.2MB.max 4194304
    differs crun "reservations are not limited"
    has_limit hugetlb.2MB.rsvd.max 4194304
}

@test "resources: more huge pages than that cannot be mapped" {
    needs_controller hugetlb
    needs_block_device
    program huge_pages
    HUGE_PAGES=$(cat /proc/sys/vm/nr_hugepages)
    [ "$HUGE_PAGES" -ge 4 ] || echo 4 >/proc/sys/vm/nr_hugepages
    [ "$(cat /proc/sys/vm/nr_hugepages)" -ge 4 ]
    limits '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
    args /bin/huge_pages 2
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$output"
    args /bin/huge_pages 3
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    differs crun "reservations are not limited, and the program dies of SIGBUS"
    assert_output_has "Cannot allocate memory"
}

@test "resources: a size of huge pages that the kernel does not have" {
    needs_controller hugetlb
    limits '{"hugepageLimits": [{"pageSize": "3MB", "limit": 0}]}'
    args /bin/true
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    assert_output_has hugetlb.3MB
    is_caisson || return 0
    assert_output_has "no huge pages of that size"
    [ ! -e "$(cgroup_mount)/caisson-limits/$ID" ]
}

@test "resources: rdma limits the handles and objects of a device" {
    needs_controller rdma
    needs_block_device
    modprobe rdma_rxe 2>/dev/null || skip "needs the module rdma_rxe, which cloud kernels do not have"
    rdma link add caisson0 type rxe netdev lo || skip_or_fail "needs rdma(8) of iproute2"
    limits '{"rdma": {"caisson0": {"hcaHandles": 3, "hcaObjects": 10000}}}'
    start sleep 1000
    local line
    line=$(cat "$GROUP/rdma.max")
    rdma link delete caisson0
    # The kernel puts a space behind each number.
    [ "$line" = "caisson0 hca_handle=3 hca_object=10000 " ] || fail "$line"
}

@test "resources: rdma limits of a device that is not there" {
    needs_controller rdma
    differs crun "an unknown device is left out"
    limits '{"rdma": {"caisson9": {"hcaHandles": 3}}}'
    args /bin/true
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    assert_output_has rdma
}

# --- unified, and what is refused -----------------------------------------------------------------

@test "resources: unified reaches any file of a controller, and comes last" {
    needs_controller memory
    needs_controller pids
    limits '{"memory": {"limit": 67108864}, "unified": {"memory.max": "134217728", "memory.high": "100663296", "pids.max": "77", "memory.oom.group": "1"}}'
    start sleep 1000
    has_limit memory.max $((128 * MIB))
    has_limit memory.high $((96 * MIB))
    has_limit pids.max 77
    has_limit memory.oom.group 1
}

@test "resources: lines of a unified value are written one by one" {
    needs_controller io
    with_disk
    differs runc "before 1.2 all lines were one write"
    limits '{"unified": {"io.max": "'"$SCRATCH_NUMBERS"' rbps=1000000\n'"$SCRATCH_NUMBERS"' wbps=2000000"}}'
    start sleep 1000
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=1000000 wbps=2000000 riops=max wiops=max"
}

@test "resources: a value that the kernel refuses fails the create, by name, and leaves nothing" {
    needs_controller pids
    needs_caisson "the words of the error"
    limits '{"unified": {"pids.max": "many"}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has '/linux/resources/unified/pids.max'
    assert_output_has 'invalid argument'
    [ ! -e "$(cgroup_mount)/caisson-limits" ]
    edit 'del(.linux.resources.unified)'
    limits '{"unified": {"pids.unheard-of": "1"}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "this kernel does not have that file"
}

# A group that was there before the container, with the controller.
existing_group() {
    [ "$CGROUP_DRIVER" = cgroupfs ] || skip "only cgroupfs takes a group that is there"
    local top
    top=$(cgroup_mount)
    GROUP=$top/caisson-limits/$ID
    echo "+$1" >"$top/cgroup.subtree_control"
    mkdir "$top/caisson-limits"
    echo "+$1" >"$top/caisson-limits/cgroup.subtree_control"
    mkdir "$GROUP"
}

@test "resources: a group that was there before gets its limits back when a later one is refused" {
    needs_controller hugetlb
    needs_caisson "peers leave it half changed"
    existing_group hugetlb
    echo 2097152 >"$GROUP/hugetlb.2MB.max"
    limits '{"unified": {"hugetlb.2MB.max": "6291456", "hugetlb.2MB.rsvd.max": "many"}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "/linux/resources/unified/hugetlb.2MB.rsvd.max"
    has_limit hugetlb.2MB.max 2097152
    rmdir "$GROUP"
}

@test "resources: so does a device of such a group" {
    needs_controller io
    needs_caisson "peers leave it half changed"
    needs_block_device
    existing_group io
    limits '{"unified": {"io.max": "'"$SCRATCH_NUMBERS"' wbps=2000000", "io.weight": "heavy"}}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    has_limit io.max ""
    echo "$SCRATCH_NUMBERS rbps=1000000" >"$GROUP/io.max"
    in_container /bin/true
    [ "$status" -eq 1 ]
    has_limit_line io.max "$SCRATCH_NUMBERS rbps=1000000 wbps=max riops=max wiops=max"
    rmdir "$GROUP"
}

@test "resources: an unknown controller is an error" {
    limits '{"unified": {"unheard.of": "1"}}'
    args /bin/true
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    assert_output_has unheard
}

@test "resources: what only cgroup v1 knew is refused by name" {
    needs_caisson "peers leave these out in silence"
    local field
    while read -r field; do
        edit "del(.linux.resources.network, .linux.resources.cpu, .linux.resources.blockIO, .linux.resources.memory)"
        edit ".linux.resources.$field"
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "$field was taken"
        assert_output_has "exists only in cgroup v1"
    done <<'TABLE'
network.classID = 1048577
network.priorities = [{"name": "lo", "priority": 1}]
cpu.realtimeRuntime = 950000
cpu.realtimePeriod = 1000000
blockIO.leafWeight = 10
memory.kernel = 1048576
memory.kernelTCP = 1048576
memory.swappiness = 60
memory.disableOOMKiller = true
TABLE
}

# --- devices --------------------------------------------------------------------------------------

# probes RULES: the answers of this kernel to the words of standard input, "WORD allowed|denied", with these rules
# behind "deny all".
probes() {
    local wanted
    program device_probe
    wanted=$(cat)
    edit --argjson rules "$1" '.linux.resources.devices = [{"allow": false, "access": "rwm"}] + $rules
        | .process.capabilities = ({bounding: ["CAP_MKNOD"]} | .effective = .bounding | .permitted = .bounding)
        | del(.linux.seccomp)'
    limits '{}'
    # shellcheck disable=SC2046
    args /bin/device_probe $(awk '{print $1}' <<<"$wanted")
    run runtime run --bundle "$BUNDLE" "$ID"
    # Without the warnings of peers.
    diff <(awk '{print $1, $2}' <<<"$wanted") <(grep '^[bc]:' <<<"$output")
}

# Majors 240 to 254 are for local use: no driver answers for them, which the program tells from a denial.
@test "resources: devices of the list open, others get EPERM" {
    probes '[{"allow": true, "type": "c", "major": 240, "minor": 1, "access": "rw"},
             {"allow": true, "type": "b", "major": 240, "minor": 1, "access": "r"},
             {"allow": true, "type": "c", "major": 241, "access": "w"}]' <<'TABLE'
c:240:1:rw allowed
c:240:1:r  allowed
c:240:1:w  allowed
c:240:2:r  denied
b:240:1:r  allowed
b:240:1:w  denied
b:240:1:rw denied
b:240:2:r  denied
c:241:0:w  allowed
c:241:77:w allowed
c:241:0:r  denied
c:241:0:rw denied
b:241:0:w  denied
c:242:1:r  denied
c:1:1:r    denied
c:1:11:w   denied
c:10:229:rw denied
c:1:3:rw   allowed
c:1:5:r    allowed
c:1:9:r    allowed
TABLE
}

@test "resources: tun is a device like any other: it opens if it is in the list" {
    needs_caisson "runc and crun allow 10:200 to everybody"
    probes '[]' <<<"c:10:200:rw denied"
    probes '[{"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rwm"}]' <<<"c:10:200:rw allowed"
}

@test "resources: the order of the rules decides, for each kind of access by itself" {
    needs_caisson "peers ask one rule for all kinds of access at once"
    probes '[{"allow": true, "type": "b", "access": "rwm"},
             {"allow": false, "type": "b", "major": 241, "access": "w"},
             {"allow": true, "type": "b", "major": 241, "minor": 3, "access": "w"},
             {"allow": true, "type": "c", "major": 240, "access": "rw"},
             {"allow": false, "type": "c", "minor": 5, "access": "r"},
             {"allow": true, "type": "c", "major": 242, "minor": 1, "access": "r"},
             {"allow": true, "type": "c", "major": 242, "minor": 1, "access": "w"}]' <<'TABLE'
b:240:0:rw allowed
b:241:0:r  allowed
b:241:0:w  denied
b:241:0:rw denied
b:241:3:rw allowed
c:240:0:rw allowed
c:240:5:w  allowed
c:240:5:r  denied
c:240:5:rw denied
c:242:1:rw allowed
c:242:2:r  denied
TABLE
}

@test "resources: without any list everything but the defaults is denied" {
    needs_caisson "peers take an empty list for none"
    probes '[]' <<'TABLE'
c:240:1:r denied
b:240:1:r denied
c:1:1:r   denied
c:1:3:rw  allowed
c:5:0:m   allowed
TABLE
    edit 'del(.linux.resources.devices)'
    args /bin/device_probe c:240:1:r b:8:0:r c:1:5:r
    run runtime run --bundle "$BUNDLE" "$ID"
    [ "$output" = "c:240:1:r denied
b:8:0:r denied
c:1:5:r allowed" ] || fail "$output"
}

@test "resources: a privileged list allows every device" {
    probes '[{"allow": true, "access": "rwm"}]' <<'TABLE'
c:240:1:rw allowed
b:240:1:rw allowed
c:253:99:r allowed
TABLE
}

@test "resources: a list of a thousand rules" {
    needs_caisson "its own generator of programs"
    probes "$(jq -nc '[range(1000) | {allow: (. % 5 != 0), type: (if . % 2 == 0 then "c" else "b" end),
        major: (200 + . % 50), minor: ., access: "rw"}]')" <<'TABLE'
c:246:896:rw allowed
c:246:897:rw denied
b:249:999:rw allowed
b:245:995:r  denied
c:202:2:rw   allowed
b:202:2:rw   denied
TABLE
}
