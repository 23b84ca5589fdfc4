# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2153,SC2154,SC2016
#
# With RUNTIME most of these run against runc as well; crun has no events.

load helpers

setup() {
    setup_container
    needs_v2_of_peer
    differs crun "it has no events"
    limits '{}'
}
teardown() {
    [ -z "${STREAM:-}" ] || kill -KILL "$STREAM" 2>/dev/null || true
    teardown_container
}

# stream [OPTIONS]: events in the background, its lines in LINES_FILE, its pid in STREAM.
stream() {
    LINES_FILE=$BATS_TEST_TMPDIR/lines
    : >"$LINES_FILE"
    # A process of its own, not a function: its pid is what is asked for.
    local options=()
    [ "$CGROUP_DRIVER" != systemd ] || options=(--systemd-cgroup)
    "$RUNTIME" --root "$ROOT" "${options[@]}" events "$@" "$ID" >"$LINES_FILE" 2>&1 3>&- &
    STREAM=$!
}

n_lines() {
    [ "$(wc -l <"$LINES_FILE")" -ge "$1" ]
}

# It has ended by itself, with the status 0.
stream_ends() {
    local status=0
    wait_until eval '! kill -0 "$STREAM" || is_gone "$STREAM"'
    wait "$STREAM" || status=$?
    STREAM=
    [ "$status" -eq 0 ]
}

# figure JQ-PATH: of --stats.
figure() {
    runtime events --stats "$ID" | jq -c "$1"
}

@test "events: --stats prints one line with every member that readers look for, whatever the host has" {
    start /bin/sh -c 'while :; do :; done'
    run runtime events --stats "$ID"
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 1 ]
    [[ "${lines[0]}" == "{\"type\":\"stats\",\"id\":\"$ID\",\"data\":{"* ]]
    local member
    for member in .cpu.usage.kernel .cpu.usage.user .cpu.throttling .cpuset.cpu_exclusive \
        .memory.usage.limit .memory.usage.failcnt .memory.swap.limit .memory.kernel.limit \
        .memory.kernelTCP.failcnt .pids .blkio .hugetlb .intel_rdt; do
        [ "$(jq -c ".data$member" <<<"$output")" != null ] || fail "no member $member"
    done
    [ "$(jq -c '.data | has("network_interfaces")' <<<"$output")" = true ]
    # It works, and the figures say so.
    local before
    before=$(jq .data.cpu.usage.total <<<"$output")
    wait_until eval '[ "$(figure .data.cpu.usage.total)" -gt $((before + 100000000)) ]'
}

@test "events: the figures of cpu and pressure are those of the files" {
    needs_caisson "rounds in another way"
    start /bin/sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); done; exec /bin/sleep 100'
    wait_until eval '[ "$(cat /proc/$(pid_of "$ID")/comm)" = sleep ]'
    sleep 0.2
    [ "$(figure .data.cpu.usage.total)" = "$(($(count_of cpu.stat usage_usec) * 1000))" ]
    [ "$(figure .data.cpu.usage.user)" = "$(($(count_of cpu.stat user_usec) * 1000))" ]
    [ "$(figure .data.cpu.usage.kernel)" = "$(($(count_of cpu.stat system_usec) * 1000))" ]
    if [ -e "$GROUP/cpu.pressure" ]; then
        local total
        total=$(sed -n 's/^some.*total=//p' "$GROUP/cpu.pressure")
        [ "$(figure .data.cpu.psi.some.total)" -ge "$total" ]
        [ "$(figure '.data.memory.psi.full | keys_unsorted')" = '["avg10","avg60","avg300","total"]' ]
        [ "$(figure '.data.blkio.psi | keys_unsorted')" = '["some","full"]' ]
    else
        [ "$(figure .data.cpu.psi)" = null ]
    fi
}

@test "events: the figures of memory and pids are those of the files, without a limit the largest number" {
    needs_controller memory
    needs_controller pids
    limits '{"memory": {"limit": 67108864, "swap": 67108864}, "pids": {"limit": 20}}'
    start /bin/sh -c 'head -c 5000000 /dev/zero >/dev/shm/file; /bin/sleep 100 & exec /bin/sleep 100'
    wait_until eval '[ "$(cat "$GROUP/pids.current")" -eq 2 ]'
    local data
    data=$(figure .data)
    [ "$(jq -c '.pids' <<<"$data")" = '{"current":2,"limit":20}' ]
    [ "$(jq .memory.usage.limit <<<"$data")" = 67108864 ]
    [ "$(jq .memory.swap.limit <<<"$data")" = 67108864 ]
    [ "$(jq .memory.usage.usage <<<"$data")" -gt 5000000 ]
    [ "$(jq .memory.raw.shmem <<<"$data")" -gt 4900000 ]
    [ "$(jq .memory.cache <<<"$data")" = "$(jq .memory.raw.file <<<"$data")" ]
    [ "$(jq '.memory.raw | length' <<<"$data")" = "$(wc -l <"$GROUP/memory.stat")" ]
    if is_caisson && [ -e "$GROUP/memory.peak" ]; then
        [ "$(jq .memory.usage.max <<<"$data")" -gt 5000000 ]
    fi
    end
    limits '{}'
    edit 'del(.linux.resources.memory, .linux.resources.pids)'
    start /bin/sleep 100
    runtime events --stats "$ID" | grep -qE '"memory":\{("cache":[0-9]+,)?"usage":\{"limit":18446744073709551615,'
    [ "$(figure .data.pids.limit)" = null ]
}

@test "events: throttling is counted" {
    needs_controller cpu
    limits '{"cpu": {"quota": 5000, "period": 100000}}'
    start /bin/sh -c 'while :; do :; done'
    wait_until eval '[ "$(count_of cpu.stat nr_throttled)" -gt 2 ]'
    [ "$(figure .data.cpu.throttling.throttledPeriods)" -gt 2 ]
    [ "$(figure .data.cpu.throttling.periods)" -gt 2 ]
    [ "$(figure .data.cpu.throttling.throttledTime)" -gt 1000000 ]
}

@test "events: bytes and operations of a block device are counted" {
    needs_controller io
    needs_block_device
    local major=${SCRATCH_NUMBERS%:*} minor=${SCRATCH_NUMBERS#*:}
    edit --argjson major "$major" --argjson minor "$minor" \
        '.linux.resources.devices += [{allow: true, type: "b", major: $major, minor: $minor, access: "rwm"}]
        | .linux.devices = [{path: "/dev/disk", type: "b", major: $major, minor: $minor, fileMode: 438, uid: 0, gid: 0}]'
    start /bin/sh -c 'dd if=/dev/disk of=/dev/null bs=1M count=3 iflag=direct; exec /bin/sleep 100'
    wait_until eval '[ "$(cat /proc/$(runtime state "$ID" | jq .pid)/comm)" = sleep ]'
    local entry="select(.major == $major and (.minor // 0) == $minor and .op == \"Read\") | .value"
    [ "$(figure ".data.blkio.ioServiceBytesRecursive[] | $entry")" = 3145728 ]
    [ "$(figure ".data.blkio.ioServicedRecursive[] | $entry")" -ge 1 ]
}

@test "events: a line after each interval, and the end when nobody is left" {
    start /bin/sleep 100
    stream --interval 200ms
    wait_until n_lines 3
    runtime kill "$ID" KILL
    stream_ends
    local line
    while read -r line; do
        [ "$(jq -r '.type, .id' <<<"$line" | tr '\n' ' ')" = "stats $ID " ]
    done <"$LINES_FILE"
    [ "$(wc -l <"$LINES_FILE")" -lt 100 ]
}

@test "events: a container that runs out of memory is reported" {
    needs_controller memory
    limits '{"memory": {"limit": 16777216, "swap": 16777216}}'
    # Not before somebody watches.
    edit '.root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/watched"
    start /bin/sh -c 'while [ ! -e /watched/go ]; do /bin/sleep 0.1; done
        /bin/sh -c "x=a; while :; do x=\$x\$x; done"; exec /bin/sleep 100'
    stream --interval 500ms
    wait_until n_lines 1
    touch "$BUNDLE/rootfs/watched/go"
    wait_until grep -qx "{\"type\":\"oom\",\"id\":\"$ID\"}" "$LINES_FILE"
    # The container lives: one of its processes did not.
    kill -0 "$STREAM"
    [ "$(figure .data.memory.usage.failcnt)" -gt 0 ] || ! is_caisson
    runtime delete --force "$ID"
    stream_ends
    [ "$(grep -c oom "$LINES_FILE")" -eq "$(grep -c '"type":"oom"' "$LINES_FILE")" ]
}

@test "events: an OOM that ends the container is reported before the end" {
    needs_caisson "others may miss it"
    needs_controller memory
    limits '{"memory": {"limit": 16777216, "swap": 16777216}}'
    edit '.root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/watched"
    start /bin/sh -c 'while [ ! -e /watched/go ]; do /bin/sleep 0.1; done
        x=a; while :; do x=$x$x; done'
    stream --interval 1h
    wait_until eval '[ -n "$(ls -l /proc/$STREAM/fd | grep timerfd)" ]'
    touch "$BUNDLE/rootfs/watched/go"
    stream_ends
    [ "$(cat "$LINES_FILE")" = "{\"type\":\"oom\",\"id\":\"$ID\"}" ]
}

@test "events: deleting the container ends the stream" {
    start /bin/sleep 100
    stream --interval 1h
    sleep 0.5
    runtime delete --force "$ID"
    stream_ends
    [ ! -s "$LINES_FILE" ]
}

@test "events: a reader that goes away ends the stream, at once and without a word" {
    needs_caisson "notices it when it writes"
    start /bin/sleep 100
    mkfifo "$BATS_TEST_TMPDIR/fifo"
    "$CAISSON" --root "$ROOT" events --interval 1h "$ID" >"$BATS_TEST_TMPDIR/fifo" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
    STREAM=$!
    # Opened, and closed again.
    : <"$BATS_TEST_TMPDIR/fifo"
    stream_ends
    [ ! -s "$BATS_TEST_TMPDIR/errors" ]
    run bash -c '"$0" --root "$1" events --interval 10ms "$2" | head -n 2 | wc -l; exit ${PIPESTATUS[0]}' \
        "$CAISSON" "$ROOT" "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = 2 ]
}

@test "events: waiting costs nothing, and a paused container is watched as well" {
    needs_caisson "how much is its own affair"
    start /bin/sleep 100
    caisson pause "$ID"
    stream --interval 200ms
    wait_until n_lines 2
    kill "$STREAM"
    wait "$STREAM" || true
    stream --interval 1h
    wait_until eval '[ -n "$(ls -l /proc/$STREAM/fd | grep timerfd)" ]'
    sleep 0.2
    # utime and stime, in ticks of 10 ms.
    local before after
    before=$(awk '{print $14 + $15}' "/proc/$STREAM/stat")
    sleep 1
    after=$(awk '{print $14 + $15}' "/proc/$STREAM/stat")
    [ "$after" -le $((before + 1)) ] || fail "$before ticks, then $after"
    caisson resume "$ID"
    kill -TERM "$STREAM"
    local result=0
    wait "$STREAM" || result=$?
    STREAM=
    [ "$result" -eq 143 ]
}

@test "events: memory does not grow with the number of lines" {
    needs_caisson "how much is its own affair"
    start /bin/sleep 100
    stream --interval 1ms
    wait_until n_lines 100
    local before after
    before=$(awk '/^VmRSS/ {print $2}' "/proc/$STREAM/status")
    wait_until n_lines 700
    after=$(awk '/^VmRSS/ {print $2}' "/proc/$STREAM/status")
    # What is kept of each line would be a block of 64 KiB.
    [ "$after" -le $((before + 1024)) ] || fail "$before KiB, then $after KiB"
}

@test "events: wrong states, intervals and containers without a cgroup" {
    start /bin/sleep 100
    local interval
    for interval in 0 0s -1s 5 x 1d ''; do
        run runtime events --interval "$interval" "$ID"
        [ "$status" -ne 0 ] || fail "taken: $interval"
    done
    runtime kill "$ID" KILL
    wait_until eval '[ "$(runtime state "$ID" | jq -r .status)" = stopped ]'
    run runtime events --stats "$ID"
    [ "$status" -ne 0 ]
    assert_output_has "not running"
    run runtime events --stats "$ID-unknown"
    [ "$status" -ne 0 ]
    assert_output_has "does not exist"
    is_caisson || return 0
    end
    edit 'del(.linux.cgroupsPath, .linux.resources)'
    args /bin/sleep 100
    caisson --cgroup-manager disabled run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    run caisson events --stats "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "no cgroup of its own"
}
