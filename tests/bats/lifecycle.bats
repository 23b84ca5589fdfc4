# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

@test "lifecycle: run prints what the workload prints and returns its status" {
    sh_in_container 'echo hello; exit 7'
    [ "$status" -eq 7 ]
    [ "$output" = hello ]
}

@test "lifecycle: a workload killed by a signal gives 128 + signal" {
    sh_in_container 'kill -9 $$'
    # pid 1 ignores signals from inside its namespace, so a child dies instead
    args /bin/sh -c 'sh -c "kill -15 \$\$"; exit $?'
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 143 ]
}

@test "lifecycle: run returns 137 when the container is killed from outside" {
    args /bin/sleep 100
    caisson run --bundle "$BUNDLE" "$ID" 3>&- &
    local runner=$!
    wait_until has_status "$ID" running
    caisson kill "$ID" KILL
    local result=0
    wait "$runner" || result=$?
    [ "$result" -eq 137 ]
}

@test "lifecycle: create, start, state, kill, delete go through the states of runtime.md" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" 3>&- >/dev/null
    [ "$(status_of "$ID")" = created ]
    [ "$(cat "$BATS_TEST_TMPDIR/pid")" = "$(pid_of "$ID")" ]
    [ "$(tail -c 1 "$BATS_TEST_TMPDIR/pid" | od -An -c | tr -d ' ')" != '\n' ]

    caisson start "$ID"
    [ "$(status_of "$ID")" = running ]
    run caisson start "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "already running"
    run caisson delete "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "not stopped"

    caisson kill "$ID" KILL
    wait_until has_status "$ID" stopped
    [ "$(pid_of "$ID")" = 0 ]
    run caisson kill "$ID" KILL
    [ "$status" -eq 1 ]
    assert_output_has "container not running"
    caisson kill --all "$ID" KILL
    run caisson start "$ID"
    [ "$status" -eq 1 ]
    caisson delete "$ID"
    run caisson state "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "does not exist"
}

@test "lifecycle: the workload does not run before start" {
    args /bin/touch /tmp/ran
    edit '.mounts |= map(select(.destination != "/tmp")) | .root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/tmp"
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    sleep 0.2
    [ ! -e "$BUNDLE/rootfs/tmp/ran" ]
    caisson start "$ID"
    wait_until has_status "$ID" stopped
    [ -e "$BUNDLE/rootfs/tmp/ran" ]
}

@test "lifecycle: config.json changed after create has no effect" {
    args /bin/sh -c 'echo first >/tmp/out'
    edit '.mounts |= map(select(.destination != "/tmp")) | .root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/tmp"
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    args /bin/sh -c 'echo second >/tmp/out'
    caisson start "$ID"
    wait_until has_status "$ID" stopped
    [ "$(cat "$BUNDLE/rootfs/tmp/out")" = first ]
}

@test "lifecycle: a created container can be deleted, with nothing left" {
    args /bin/sleep 100
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    local pid
    pid=$(pid_of "$ID")
    caisson delete "$ID"
    wait_until is_gone "$pid"
    host_snapshot >"$BATS_TEST_TMPDIR/after"
    grep -v "^$ROOT" "$BATS_TEST_TMPDIR/after" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "lifecycle: delete --force ends a running container; of an unknown id it is no error" {
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    [ "$(status_of "$ID")" = running ]
    caisson delete --force "$ID"
    run caisson state "$ID"
    [ "$status" -eq 1 ]
    caisson delete --force "$ID"
    run caisson delete "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "does not exist"
}

@test "lifecycle: an id is taken until it is deleted" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run caisson create --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "already exists"
    [ "$(status_of "$ID")" = created ]
    caisson delete --force "$ID"
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
}

@test "lifecycle: run --keep leaves the stopped container" {
    args /bin/true
    caisson run --keep --bundle "$BUNDLE" "$ID"
    [ "$(status_of "$ID")" = stopped ]
    caisson delete "$ID"
}

@test "lifecycle: run forwards signals" {
    args /bin/sh -c 'trap "exit 42" TERM; echo up; while :; do sleep 0.1; done'
    "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out" &
    local runner=$!
    wait_until grep -q up "$BATS_TEST_TMPDIR/out"
    kill -TERM "$runner"
    local result=0
    wait "$runner" || result=$?
    [ "$result" -eq 42 ]
}

@test "lifecycle: list shows the containers as table, ids and JSON" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run caisson list
    assert_output_has "ID "
    assert_output_has "$ID"
    assert_output_has "created"
    [ "$(caisson list -q)" = "$ID" ]
    [ "$(caisson list -f json | jq -r '.[0].id')" = "$ID" ]
    run caisson list -f yaml
    [ "$status" -eq 1 ]
}

@test "lifecycle: state is the JSON that engines read" {
    args /bin/sleep 100
    edit '.annotations = {"org.example/a": "1"}'
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    caisson state "$ID" >"$BATS_TEST_TMPDIR/state.json"
    jq -e --arg bundle "$BUNDLE" --arg id "$ID" '
        .ociVersion == "1.3.0" and .id == $id and .status == "created" and (.pid | type) == "number"
        and .bundle == $bundle and .rootfs == $bundle + "/rootfs"
        and .annotations["org.example/a"] == "1"
        and (.created | test("^[0-9-]+T[0-9:.]+Z$"))' "$BATS_TEST_TMPDIR/state.json"
    # Keys that CRI-O would take for its own.
    run grep -E '"(started|finished|exitCode|oomKilled|error|initPid)"' "$BATS_TEST_TMPDIR/state.json"
    [ "$status" -eq 1 ]
}

@test "lifecycle: a program that does not exist fails create, not start" {
    args no-such-program
    run caisson create --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has 'exec: "no-such-program": executable file not found in $PATH'
    [ "${#lines[@]}" -eq 1 ]
    args /no/such/program
    run caisson create --bundle "$BUNDLE" "$ID"
    assert_output_has 'exec: "/no/such/program": no such file or directory'
    args /etc/passwd
    run caisson create --bundle "$BUNDLE" "$ID"
    assert_output_has 'exec: "/etc/passwd": permission denied'
    args /etc
    run caisson create --bundle "$BUNDLE" "$ID"
    assert_output_has 'exec: "/etc": is a directory: permission denied'
    [ -z "$(caisson list -q)" ]
}

@test "lifecycle: a program whose interpreter is missing fails start" {
    printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/bin/script"
    chmod 755 "$BUNDLE/rootfs/bin/script"
    args /bin/script
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run caisson start "$ID"
    [ "$status" -eq 1 ]
    assert_output_has 'exec: "/bin/script": no such file or directory'
    wait_until has_status "$ID" stopped
}

@test "lifecycle: without a process create works and start says why not" {
    edit 'del(.process)'
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run caisson start "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "no process to start"
}

@test "lifecycle: init is reparented to the caller's subreaper and waits with little memory" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    local pid kib
    pid=$(pid_of "$ID")
    [ "$(awk '/^PPid/ {print $2}' "/proc/$pid/status")" != 0 ]
    kib=$(awk '/^Private/ {sum += $2} END {print sum}' "/proc/$pid/smaps_rollup")
    echo "# a waiting container has $kib KiB of private memory" >&3
    [ "$kib" -lt 300 ]
}

@test "lifecycle: a caller without CAP_SYS_PTRACE sees what waits and what runs, and starts it" {
    args /bin/sleep 100
    local id without=(setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace "$CAISSON" --root "$ROOT")
    for id in "$ID" "$ID-user"; do
        "${without[@]}" create --bundle "$BUNDLE" "$id" 3>&- </dev/null
        # Control: its program really cannot be seen.
        run setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace \
            readlink "/proc/$(pid_of "$id")/exe"
        [ "$status" -ne 0 ]
        [ "$("${without[@]}" state "$id" | jq -r .status)" = created ]
        "${without[@]}" start "$id"
        [ "$("${without[@]}" state "$id" | jq -r .status)" = running ]
        edit '.linux.namespaces += [{type: "user"}]
            | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
            | .linux.gidMappings = .linux.uidMappings'
        chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
        chown -R 100000:100000 "$BUNDLE/rootfs"
    done
}

@test "lifecycle: eight starters at once start it exactly once" {
    args /bin/sh -c 'echo started >>/tmp/out; sleep 100'
    edit '.mounts |= map(select(.destination != "/tmp")) | .root.readonly = false'
    mkdir -p "$BUNDLE/rootfs/tmp"
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    for _ in 1 2 3 4 5 6 7 8; do
        (caisson start "$ID" 2>/dev/null && echo ok >>"$BATS_TEST_TMPDIR/ok") 3>&- &
    done
    wait
    [ "$(wc -l <"$BATS_TEST_TMPDIR/ok")" -eq 1 ]
    wait_until test -s "$BUNDLE/rootfs/tmp/out"
    [ "$(wc -l <"$BUNDLE/rootfs/tmp/out")" -eq 1 ]
}

@test "lifecycle: a container whose creator is killed half-way can be deleted" {
    args /bin/sleep 100
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    # Killed by a tracer before its n-th system call, for n in steps through the whole create.
    local n
    for n in 60 90 120 150 180 210 240; do
        timeout -s KILL 20 strace -qq -o /dev/null -e inject=all:signal=KILL:when=$n \
            "$CAISSON" --root "$ROOT" create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 3>&- || true
        caisson delete --force "$ID"
    done
    host_snapshot | grep -v "^$ROOT" | diff "$BATS_TEST_TMPDIR/before" -
}
