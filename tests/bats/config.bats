# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# What is wrong with a configuration is said before anything is made, all of it, one line each.

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

refused() {
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
}

@test "config: every finding has its line, its pointer and its cure" {
    edit '.process.cwd = "relative" | .process.rlimits += [{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}]
        | .linux.maskedPaths += ["proc/kcore"] | .process.user.uid = -1'
    refused
    [ "${#lines[@]}" -eq 4 ]
    local pointer
    for pointer in /process/cwd /process/rlimits/2 /linux/maskedPaths/ /process/user/uid; do
        assert_output_has "$pointer"
    done
    local line
    for line in "${lines[@]}"; do
        [[ "$line" == "caisson: config.json /"* ]]
    done
}

@test "config: what fields demand of each other is found all at once, too" {
    edit '.linux.namespaces += [{"type": "pid"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1, "size": 1}]
        | .process.rlimits[0].soft = 2000 | .linux.sysctl = {"vm.swappiness": "1"}
        | .mounts += [{"destination": "/a/../b", "type": "tmpfs"}]'
    refused
    [ "${#lines[@]}" -ge 5 ]
    local pointer
    for pointer in /linux/namespaces/6 /linux/uidMappings /process/rlimits/0 /linux/sysctl /mounts/8/destination; do
        assert_output_has "$pointer"
    done
}

@test "config: broken JSON, two documents, bad UTF-8, NUL, duplicates, bombs" {
    local text
    for text in '{' '' '[]' '{}{}' '{"ociVersion": "1.3.0",}' '{"root": {"path": "a"}, "root": {"path": "b"}}' \
        '{"hostname": "a\u0000b"}' '{"hostname": "\ud800"}' $'{"hostname": "\xff"}' '// comment' \
        '{"process": {"user": {"uid": 1.5}}}' '{"process": {"user": {"uid": 18446744073709551616}}}'; do
        printf '%s' "$text" >"$BUNDLE/config.json"
        refused
        [ -n "$output" ]
    done
    (printf '{"a":' && head -c 1000000 /dev/zero | tr '\0' '[') >"$BUNDLE/config.json"
    refused
    assert_output_has "nest"
}

@test "config: a hundred megabytes are refused without reading them" {
    head -c 100000000 /dev/zero | tr '\0' '[' >"$BUNDLE/config.json"
    # A sanitizer reserves address space of its own.
    local limit=400000
    ! grep -q __asan_init "$CAISSON" || limit=unlimited
    run bash -c 'ulimit -v "$4"; "$0" --root "$1" run --bundle "$2" "$3"' "$CAISSON" "$ROOT" "$BUNDLE" "$ID" "$limit"
    [ "$status" -eq 1 ]
    assert_output_has "more than"
}

@test "config: a FIFO, a directory or nothing in place of config.json does not block" {
    rm "$BUNDLE/config.json"
    run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "config.json"
    mkfifo "$BUNDLE/config.json"
    run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "not a regular file"
}

@test "config: unknown fields are ignored, as the specification demands" {
    edit '.unheardOf = {"a": [1, 2]} | .process.alsoUnheardOf = true | .linux.x = null'
    in_container /bin/true
    [ "$status" -eq 0 ]
}

@test "config: what is not supported yet is refused by name" {
    local field
    for field in '.process.terminal = true' '.process.apparmorProfile = "x"' '.process.selinuxLabel = "x"' \
        '.process.scheduler = {"policy": "SCHED_OTHER"}' '.process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 1}' \
        '.linux.mountLabel = "x"' '.linux.intelRdt = {"closID": "x"}' '.linux.memoryPolicy = {"mode": "MPOL_DEFAULT"}' \
        '.linux.netDevices = {"eth0": {}}'; do
        "$CAISSON" spec --bundle "$BUNDLE" --file fresh.json
        mv "$BUNDLE/fresh.json" "$BUNDLE/config.json"
        edit "$field"
        refused
        assert_output_has "not supported yet"
    done
}

@test "config: a limit whose controller is missing names the controller and the cure" {
    grep -qw memory "$(cgroup_mount)/cgroup.controllers" && skip "this host has the controller"
    edit '.linux.resources.memory = {"limit": 100000000}'
    refused
    assert_output_has "/linux/resources/memory/limit"
    assert_output_has "controller memory"
}

@test "config: the root filesystem must be there" {
    edit '.root.path = "nothing"'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "config.json /root/path"
    [ -z "$(caisson list -q)" ]
}

@test "plan: prints every step with its place, and does nothing" {
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    run caisson plan --bundle "$BUNDLE"
    [ "$status" -eq 0 ]
    assert_output_has "mount proc on /proc"
    assert_output_has "[/mounts/0]"
    assert_output_has "load the seccomp filter"
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
    [ ! -e "$ROOT" ]
}

@test "plan: as JSON for programs" {
    caisson plan --bundle "$BUNDLE" --format json >"$BATS_TEST_TMPDIR/plan.json"
    jq -e '.planVersion == 1 and (.operations | length > 40)
        and (.operations | map(.op) | index("PIVOT") != null)
        and all(.operations[]; has("op") and has("phase") and has("does"))' "$BATS_TEST_TMPDIR/plan.json"
}

@test "plan: escapes what a bundle could do to a terminal" {
    edit '.process.args = ["a\u001b[31mb"] | .process.env = ["X=\u009b1m"]'
    run caisson plan --bundle "$BUNDLE"
    [ "$status" -eq 0 ]
    run grep -P '\x1b' <<<"$output"
    [ "$status" -eq 1 ]
}

@test "spec: what it writes is closed by default, runs, and is not overwritten" {
    run caisson spec --bundle "$BUNDLE"
    [ "$status" -eq 1 ]
    assert_output_has "already exists"
    jq -e '.root.readonly and .process.noNewPrivileges and (.process.capabilities.bounding == [])
        and (.linux.seccomp.defaultAction == "SCMP_ACT_ERRNO")
        and ([.linux.namespaces[].type] | sort == ["cgroup", "ipc", "mount", "network", "pid", "uts"])' \
        "$BUNDLE/config.json"
    sh_in_container 'echo fine'
    [ "$output" = fine ]
}
