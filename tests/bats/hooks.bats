# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

load helpers

setup() {
    setup_container
    LOG=$BATS_TEST_TMPDIR/hooks.log
}
teardown() { teardown_container; }

# hook POINT SCRIPT [timeout]: a hook that is a shell script of the host.
hook() {
    local path=$BATS_TEST_TMPDIR/hook-$1-$RANDOM
    printf '#!/bin/sh\n%s\n' "$2" >"$path"
    chmod 755 "$path"
    edit --arg point "$1" --arg path "$path" --arg timeout "${3:-}" \
        '.hooks[$point] += [{path: $path, args: [$path, "arg"]} + (if $timeout == "" then {} else {timeout: ($timeout | tonumber)} end)]'
}

@test "hooks: all six kinds run, in order, with the state and its status on stdin" {
    local point
    for point in prestart createRuntime createContainer poststart poststop; do
        hook "$point" "echo $point \$(jq -r '.status + \" \" + .id' 2>/dev/null || /usr/bin/jq -r .status) >>$LOG"
    done
    # startContainer is a program of the image.
    printf '#!/bin/sh\necho startContainer $(cat | grep -o "\\"status\\":\\"[a-z]*\\"") pid1=$$ >>/tmp/log\n' >"$BUNDLE/rootfs/bin/inner"
    chmod 755 "$BUNDLE/rootfs/bin/inner"
    edit '.hooks.startContainer = [{path: "/bin/inner"}]'
    args /bin/cat /tmp/log
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [[ "$output" == 'startContainer "status":"created"'* ]]
    [ "$(cut -d' ' -f1 "$LOG" | tr '\n' ' ')" = "prestart createRuntime createContainer poststart poststop " ]
    grep -q "^prestart creating $ID" "$LOG"
    grep -q "^createContainer creating $ID" "$LOG"
    grep -q "^poststart running $ID" "$LOG"
    grep -q "^poststop stopped $ID" "$LOG"
}

@test "hooks: they run in the namespaces that the specification says" {
    hook createRuntime "readlink /proc/self/ns/mnt /proc/self/ns/net >$LOG.runtime"
    hook createContainer "readlink /proc/self/ns/mnt /proc/self/ns/net >$LOG.container; ls -d $BUNDLE/rootfs/proc/self >>$LOG.container"
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    local pid
    pid=$(pid_of "$ID")
    [ "$(readlink /proc/self/ns/mnt /proc/self/ns/net)" = "$(cat "$LOG.runtime")" ]
    [ "$(readlink "/proc/$pid/ns/mnt" "/proc/$pid/ns/net")" = "$(head -2 "$LOG.container")" ]
    # Before the root switch the host's paths are there, with the container's mounts on the rootfs.
    [ "$(tail -1 "$LOG.container")" = "$BUNDLE/rootfs/proc/self" ]
}

@test "hooks: the pid in the state is the container's, as the host sees it" {
    hook createRuntime "jq .pid >$LOG"
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(cat "$LOG")" = "$(pid_of "$ID")" ]
}

@test "hooks: args[0] need not be the path, and the environment is the hook's alone" {
    hook createRuntime "env >$LOG"
    edit '.hooks.createRuntime[0].env = ["ONLY=this"] | .process.env += ["LD_PRELOAD=/evil.so"]'
    args /bin/true
    SECRET=canary caisson run --bundle "$BUNDLE" "$ID"
    grep -q '^ONLY=this$' "$LOG"
    run grep -E 'SECRET|LD_PRELOAD|PATH=/usr/local/sbin' "$LOG"
    [ "$status" -eq 1 ]
}

@test "hooks: no descriptor but the standard ones reaches them" {
    hook createRuntime "ls /proc/self/fd | wc -l >$LOG"
    args /bin/true
    exec 9</etc
    caisson run --bundle "$BUNDLE" "$ID"
    exec 9<&-
    [ "$(cat "$LOG")" -le 4 ] # 0 to 2 and the directory that ls reads
}

@test "hooks: one that fails before start fails create, with its words; everything is undone" {
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    hook poststop "echo poststop >>$LOG"
    local point
    for point in prestart createRuntime createContainer; do
        edit 'del(.hooks.prestart, .hooks.createRuntime, .hooks.createContainer)'
        hook "$point" 'echo "sorry, no" >&2; exit 3'
        args /bin/true
        run caisson create --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 1 ]
        assert_output_has "/hooks/$point/0"
        assert_output_has "exit status 3"
        assert_output_has "sorry, no"
        [ "${#lines[@]}" -eq 1 ]
        [ -z "$(caisson list -q)" ]
    done
    [ "$(wc -l <"$LOG")" -eq 3 ]
    host_snapshot | grep -v "^$ROOT" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "hooks: a startContainer hook that fails stops the start" {
    edit '.hooks.startContainer = [{path: "/bin/false"}]'
    args /bin/true
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run caisson start "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "startContainer"
    wait_until has_status "$ID" stopped
}

@test "hooks: startContainer hooks have no more privilege than the workload" {
    edit '.process.user = {uid: 1000, gid: 1000} | .hooks.startContainer = [
        {path: "/bin/sh", args: ["sh", "-c", "id -u >/tmp/who; grep -E ^Cap.*: /proc/self/status | sed 1d | grep -v Amb >>/tmp/who; ls /proc/self/fd | wc -l >>/tmp/who"], env: ["PATH=/bin"]}]'
    in_container /bin/cat /tmp/who
    [ "${lines[0]}" = 1000 ]
    [[ "${lines[1]}" == CapPrm:*0000000000000000 ]]
    [[ "${lines[2]}" == CapEff:*0000000000000000 ]]
    [[ "${lines[3]}" == CapBnd:*0000000000000000 ]]
    [ "${lines[4]}" -le 4 ]
}

@test "hooks: a poststart hook that fails kills the container" {
    hook poststart 'exit 1'
    args /bin/sleep 100
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "/hooks/poststart/0"
    [ -z "$(caisson list -q)" ]
}

@test "hooks: a poststop hook that fails is a warning and the next one runs" {
    hook poststop 'exit 1'
    hook poststop "echo second >$LOG"
    args /bin/true
    run caisson --log "$BATS_TEST_TMPDIR/log" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    [ "$(cat "$LOG")" = second ]
    grep -q "warning.*poststop" "$BATS_TEST_TMPDIR/log"
}

@test "hooks: a timeout ends a hook with its children" {
    hook createRuntime 'sleep 54321 & sleep 54321' 1
    args /bin/true
    local began=$SECONDS
    run caisson create --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "timeout of 1 s"
    [ $((SECONDS - began)) -le 5 ]
    run pgrep -x -f "sleep 54321"
    [ "$status" -eq 1 ]
}

@test "hooks: one that ignores its stdin, or fills its stderr, is no problem" {
    hook createRuntime 'exec 0<&-; head -c 1000000 /dev/zero >&2; exit 0'
    args /bin/true
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
}

@test "hooks: a path that is missing is named" {
    edit '.hooks.createRuntime = [{path: "/no/such/hook"}]'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "/no/such/hook"
    assert_output_has "/hooks/createRuntime/0"
}
