# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# Attacks, each named by the class of escape that it tries. A canary directory outside of the bundle
# must be as before, whatever happens.

load ../bats/helpers

setup() {
    setup_container
    CANARY=$BATS_TEST_TMPDIR/canary
    mkdir "$CANARY"
    echo precious >"$CANARY/file"
    : >"$CANARY/null"
    : >"$CANARY/ptmx"
    canary_state >"$BATS_TEST_TMPDIR/canary-before"
}

teardown() {
    teardown_container
    canary_state | diff "$BATS_TEST_TMPDIR/canary-before" -
}

canary_state() {
    find "$CANARY" -printf '%p %y %m %u %g %s %T@\n' | sort
    cat "$CANARY/file"
}

# replace PATH TARGET: PATH of the rootfs becomes a link.
replace() {
    rm -rf "${BUNDLE:?}/rootfs/$1"
    mkdir -p "$(dirname "$BUNDLE/rootfs/$1")"
    ln -s "$2" "$BUNDLE/rootfs/$1"
}

links_out() {
    echo "$CANARY"
    echo "../../../../../../../../..$CANARY"
    echo /
    echo ..
}

@test "B01: a rootfs whose directories are links to the host stays inside" {
    local name target
    edit --arg s "$BUNDLE/rootfs/bin/busybox" '.mounts += [
        {destination: "/etc/hostname", source: $s, options: ["bind"]},
        {destination: "/var/run/x/y", type: "tmpfs", source: "tmpfs"},
        {destination: "/run/secrets", type: "tmpfs", source: "tmpfs"}] | .process.cwd = "/srv/work"'
    while read -r target; do
        for name in etc var run srv; do
            replace "$name" "$target"
        done
        args /bin/true
        run caisson run --bundle "$BUNDLE" "$ID"
        # Whether it starts depends on what the links mean inside; nothing outside may change either way.
        canary_state | diff "$BATS_TEST_TMPDIR/canary-before" -
    done < <(links_out)
}

@test "B16: /dev as a link makes no device on the host" {
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
    local target
    while read -r target; do
        replace dev "$target"
        in_container /bin/true
        [ "$status" -eq 1 ]
        canary_state | diff "$BATS_TEST_TMPDIR/canary-before" -
    done < <(links_out)
}

@test "B07 B15: /proc and /sys as links are refused" {
    local name target
    for name in proc sys; do
        while read -r target; do
            replace "$name" "$target"
            in_container /bin/true
            [ "$status" -eq 1 ] || fail "$name -> $target was accepted"
            assert_output_has "config.json /mounts/"
            rm "$BUNDLE/rootfs/$name"
        done < <(links_out)
    done
}

@test "B20: a working directory behind a link is made inside or not at all" {
    replace a "$CANARY"
    edit '.process.cwd = "/a/b/c" | .root.readonly = false'
    in_container /bin/true
    canary_state | diff "$BATS_TEST_TMPDIR/canary-before" -
}

@test "B08: a mount point that a twin swaps for a link never leads out" {
    mkdir -p "$BATS_TEST_TMPDIR/volume/a"
    edit --arg v "$BATS_TEST_TMPDIR/volume" '.mounts += [
        {destination: "/v", source: $v, options: ["rbind"]},
        {destination: "/v/a/b", type: "tmpfs", source: "tmpfs"}]'
    args /bin/cat /v/a/file /v/file
    (
        set +e
        cd "$BATS_TEST_TMPDIR/volume" || exit
        while :; do
            mv -T a c 2>/dev/null && ln -sT "$CANARY" a 2>/dev/null
            rm -f a 2>/dev/null
            mv -T c a 2>/dev/null
        done
    ) 3>&- &
    local racer=$! i seen=0
    for ((i = 0; i < 150; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [[ "$output" != *precious* ]] || seen=1
    done
    kill "$racer"
    wait "$racer" 2>/dev/null || true
    [ "$seen" -eq 0 ]
}

@test "C05: a mask never shows what the image puts at /dev/null" {
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))
        | .mounts += [{destination: "/dev", source: "dev", options: ["bind"]}]
        | .linux.maskedPaths = ["/proc/timer_list", "/proc/keys"]'
    mkdir "$BUNDLE/dev"
    ln -s /proc/version "$BUNDLE/dev/null"
    sh_in_container 'wc -c </proc/timer_list; wc -c </proc/keys'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = 0 ]
    [ "${lines[1]}" = 0 ]
}

@test "A01: neither the runtime nor init can be overwritten from inside" {
    program overwrite_exe
    local before
    before=$(sha256sum "$CAISSON")
    edit '.linux.namespaces |= map(select(.type != "pid")) | del(.linux.seccomp)
        | .process.noNewPrivileges = false
        | [range(41)] as $n | (["CHOWN","DAC_OVERRIDE","SYS_PTRACE","SYS_ADMIN","DAC_READ_SEARCH"] | map("CAP_" + .)) as $c
        | .process.capabilities = {bounding: $c, effective: $c, permitted: $c}'
    # Only processes of this test may be attacked: a pid namespace of our own holds both containers.
    args /bin/overwrite_exe
    run unshare --pid --fork --mount-proc bash -c '
        jq ".process.args = [\"/bin/sleep\", \"100\"]" <"$2/config.json" >"$2/sleep.json"
        "$0" --root "$1" create --bundle "$2" --config sleep.json waiting </dev/null >/dev/null
        "$0" --root "$1" run --bundle "$2" attacker
        "$0" --root "$1" delete --force waiting' "$CAISSON" "$ROOT" "$BUNDLE"
    assert_output_has "done"
    [[ "$output" != *"opened the program"* ]] || fail "$output"
    [ "$(sha256sum "$CAISSON")" = "$before" ]
}

@test "A07: a working directory through /proc/self/fd is refused" {
    local n
    for n in 3 4 5 6 7 8 9 10 11 12; do
        edit --arg cwd "/proc/self/fd/$n" '.process.cwd = $cwd'
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "descriptor $n"
        edit --arg cwd "/proc/thread-self/fd/$n/../.." '.process.cwd = $cwd'
        in_container /bin/ls
        [[ "$output" != *vmlinuz* && "$output" != *canary* ]]
    done
}

@test "A08: a program through /proc/self/fd is refused" {
    local n
    for n in 3 4 5 6 7 8 9 10 11 12; do
        in_container "/proc/self/fd/$n/../../bin/sh" -c 'echo escaped'
        [ "$status" -ne 0 ]
        [[ "$output" != *escaped* ]]
    done
}

@test "I07 L09: only who knows the word can start a container" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ "$(stat -c %a "$ROOT/$ID")" = 700 ]
    # Garbage of the right and of the wrong size, then silence, then the real thing.
    local i
    for i in 1 2 3; do
        timeout 2 python3 - "$ROOT/$ID/start.sock" "$i" <<'END' || true
import os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
if sys.argv[2] == "1":
    s.send(struct.pack("<6I", 7, 0, 0, 0, 0, 0) + bytes(16))
elif sys.argv[2] == "2":
    s.send(b"x" * 1000)
END
    done
    [ "$(status_of "$ID")" = created ]
    caisson start "$ID"
    [ "$(status_of "$ID")" = running ]
}

@test "I04: a link in a state directory is removed, not followed" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    ln -s "$CANARY/file" "$ROOT/$ID/extra"
    caisson delete --force "$ID"
    [ ! -e "$ROOT/$ID" ]
}

@test "I05: a process that got the pid of a dead init is not touched" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    # Start times have a resolution of 10 ms, and pids do not come round in less.
    sleep 0.1
    sleep 100 3>&- &
    local stranger=$!
    jq --argjson pid "$stranger" '.pid = $pid' <"$ROOT/$ID/state.json" >"$ROOT/$ID/new"
    mv "$ROOT/$ID/new" "$ROOT/$ID/state.json"
    [ "$(status_of "$ID")" = stopped ]
    caisson kill --all "$ID" KILL || true
    caisson delete --force "$ID"
    kill -0 "$stranger"
    kill "$stranger"
}

@test "I14: a creator that is killed at any of its calls leaves what delete --force removes" {
    command -v strace >/dev/null || skip_or_fail "needs strace"
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID"
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    local n
    for ((n = 10; n < 190; n += 12)); do
        timeout -s KILL 20 strace -qq -o /dev/null -e inject=all:signal=KILL:when=$n \
            "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- || true
        caisson delete --force "$ID"
    done
    wait_until no_init_left
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
}

# Every process of the container is born in its cgroup, which is named by its id; the machine may run others.
no_init_left() {
    ! grep -qs -- "$ID\$" /proc/[0-9]*/cgroup
}

@test "I14: an init that is killed at any of its calls fails the run and leaves nothing" {
    command -v strace >/dev/null || skip_or_fail "needs strace"
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID"
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    local n
    for ((n = 90; n < 420; n += 30)); do
        # Calls are counted for each process: the host side makes fewer than these.
        timeout -s KILL 20 strace -f -qq -o /dev/null -e inject=openat2,fsopen,move_mount,prctl,close:signal=KILL:when=$n \
            "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null 3>&- || true
        caisson delete --force "$ID"
    done
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
}

@test "F21: an engine's rule on address families cannot be passed by a bit above the 32nd" {
    program socket_families
    edit --slurpfile seccomp "$BATS_TEST_DIRNAME/../data/moby-seccomp-oci.json" '.linux.seccomp = $seccomp[0]'
    in_container /bin/socket_families
    [ "$status" -eq 0 ]
    # AF_UNIX works; every form of AF_VSOCK and AF_ALG gets the filter's EPERM (1).
    [ "${lines[0]}" = "0x1 0" ]
    local i
    for i in 1 2 3 4 5 6; do
        [ "${lines[$i]##* }" = 1 ] || fail "$output"
    done
}

@test "F08: no new namespace under the default profile, and threads work" {
    sh_in_container 'unshare -U true; unshare -n true; unshare -m true; (echo thread)'
    [ "$(grep -c "Operation not permitted" <<<"$output")" -eq 3 ]
    assert_output_has thread
}

@test "D05: set-id bits on the runtime itself are refused" {
    cp "$CAISSON" "$BATS_TEST_TMPDIR/setuid-caisson"
    chmod 4755 "$BATS_TEST_TMPDIR/setuid-caisson"
    chmod 755 "$BATS_TEST_TMPDIR"
    run setpriv --reuid 1000 --regid 1000 --clear-groups "$BATS_TEST_TMPDIR/setuid-caisson" --version
    [ "$status" -eq 1 ]
    assert_output_has "set-id"
}

@test "J10: a program name that is empty, or no argument at all, is refused" {
    edit '.process.args = []'
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    edit '.process.args = [""]'
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
}

@test "E12: device nodes of the image do not open where the device program is all there is" {
    mknod "$BUNDLE/rootfs/mem" c 1 1
    mknod "$BUNDLE/rootfs/disk" b 8 0
    chmod 666 "$BUNDLE/rootfs/mem" "$BUNDLE/rootfs/disk"
    sh_in_container 'head -c 1 /mem; head -c 1 /disk'
    [ "$(grep -c "Operation not permitted" <<<"$output")" -eq 2 ]
}
