# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# What leads from inside a container back to the host: descriptors, programs, keyrings, sockets,
# environments.

load ../bats/helpers
load canary

setup() { setup_canary; }
teardown() { teardown_canary; }

@test "A01: a program that is a script for /proc/self/exe executes nothing of the host" {
    local before script
    before=$(sha256sum "$CAISSON")
    printf '#!/proc/self/exe\n' >"$BUNDLE/rootfs/bin/loop"
    chmod 755 "$BUNDLE/rootfs/bin/loop"
    all_privileges
    for script in /bin/loop /proc/self/exe /proc/1/exe /proc/thread-self/exe; do
        args "$script" --version
        run timeout 10 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
        [ "$status" -ne 0 ]
        [ "$status" -ne 124 ]
        [[ "$output" != *"caisson version"* ]] || fail "the host's program ran: $output"
    done
    [ "$(sha256sum "$CAISSON")" = "$before" ]
}

@test "A01: init is executed from a sealed memory file, not from the installed one" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    local pid
    pid=$(pid_of "$ID")
    [[ "$(readlink "/proc/$pid/exe")" = /memfd:caisson-init* ]]
    # F_GET_SEALS: SEAL, SHRINK, GROW and WRITE
    run python3 -c '
import fcntl, os, sys
fd = os.open("/proc/%s/exe" % sys.argv[1], os.O_RDONLY)
print(fcntl.fcntl(fd, 1034) & 15)
try:
    os.open("/proc/self/fd/%d" % fd, os.O_RDWR)
    print("writable")
except OSError as error:
    print(error.errno)' "$pid"
    [ "${lines[0]}" = 15 ]
    # ETXTBSY while it runs, EPERM for the seal
    [[ "${lines[1]}" = 26 || "${lines[1]}" = 1 ]]
}

@test "A02: no library of the image is loaded while a container is set up" {
    local name
    mkdir -p "$BUNDLE/rootfs/lib/x86_64-linux-gnu" "$BUNDLE/rootfs/usr/lib/gconv"
    printf '/lib/evil.so\n' >"$BUNDLE/rootfs/etc/ld.so.preload"
    for name in evil.so libc.so.6 libnss_files.so.2 x86_64-linux-gnu/libnss_files.so.2; do
        printf 'int x;__attribute__((constructor)) static void f(void){__builtin_trap();}' |
            gcc -shared -fPIC -x c -o "$BUNDLE/rootfs/lib/$name" -
    done
    printf 'passwd: evil\n' >"$BUNDLE/rootfs/etc/nsswitch.conf"
    edit 'del(.process.env) | .process.env = ["PATH=/bin", "LANG=xx_XX.EVIL"]'
    args /bin/true
    run strace -f -qq -e trace=openat,openat2,open,execve -o "$BATS_TEST_TMPDIR/trace" \
        env LANG=C "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    # The trace saw what there is to see (control), and after init began no library in it.
    grep -q 'execve("/bin/true"' "$BATS_TEST_TMPDIR/trace"
    grep -q 'etc/passwd' "$BATS_TEST_TMPDIR/trace"
    run grep -E '\.so|nsswitch|gconv' <(sed -n '/etc\/passwd/,$p' "$BATS_TEST_TMPDIR/trace")
    [ "$status" -eq 1 ] || fail "$(head -20 <<<"$output")"
    # init needs no loader at all: while it waits, nothing but its own memory file is mapped.
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    run awk '$6 ~ /^\// && $6 !~ /memfd:caisson-(init|plan)/' "/proc/$(pid_of "$ID")/maps"
    [ -z "$output" ] || fail "$output"
}

@test "A03 A04 A17: decoys for every helper in the image, the bundle and PATH are not run" {
    local name directory
    mkdir -p "$BUNDLE/rootfs/usr/bin" "$BUNDLE/rootfs/sbin" "$BATS_TEST_TMPDIR/decoys"
    for directory in "$BUNDLE/rootfs/usr/bin" "$BUNDLE/rootfs/sbin" "$BUNDLE" \
        "$BATS_TEST_TMPDIR/decoys"; do
        for name in nsenter newuidmap newgidmap nft iptables ip mount umount criu tar gzip xz \
            caisson-init modprobe ldconfig; do
            printf '#!/bin/sh\necho %s >>%s\n' "$directory/$name" "$BATS_TEST_TMPDIR/ran" \
                >"$directory/$name"
            chmod 755 "$directory/$name"
        done
    done
    user_namespace
    args /bin/true
    cd "$BUNDLE"
    run env PATH="$BATS_TEST_TMPDIR/decoys:$PATH" strace -f -qq -e trace=execve,execveat \
        -o "$BATS_TEST_TMPDIR/trace" "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$output"
    [ ! -e "$BATS_TEST_TMPDIR/ran" ]
    # The runtime, init, the payload: there is nothing else.
    [ "$(grep -c ' exec' "$BATS_TEST_TMPDIR/trace")" -eq 3 ] || fail "$(cat "$BATS_TEST_TMPDIR/trace")"
    grep -q 'execve("/bin/true"' "$BATS_TEST_TMPDIR/trace"
}

# A container that watches, and others that join its pid and user namespaces. What it saw is in "seen".
watch_others() {
    local pid i
    program watcher
    edit '.root.readonly = false'
    args /bin/watcher
    caisson run -d --bundle "$BUNDLE" watcher 3>&- >"$BATS_TEST_TMPDIR/seen"
    wait_until grep -q ready "$BATS_TEST_TMPDIR/seen"
    pid=$(pid_of watcher)
    edit --arg pid "$pid" '.linux.namespaces |= map(
            if .type == "pid" or .type == "user" then .path = "/proc/\($pid)/ns/\(.type)" else . end)
        | del(.linux.uidMappings, .linux.gidMappings)'
    args /bin/sleep 0.05
    # First slowly, with a pause at each call that changes who may look: between the clone and execve
    # of init, between that and init's own first call, and when it has no more rights than we.
    timeout 30 strace -f -qq -o "$BATS_TEST_TMPDIR/trace" \
        -e trace=execveat,prctl,setresgid,setresuid,capset \
        -e inject=execveat,setresgid,setresuid:delay_enter=100000:when=1 \
        -e inject=prctl:delay_enter=100000:when=1..4 -e inject=capset:delay_exit=100000 \
        "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" slowly </dev/null 3>&-
    grep -q "execveat(.*DELAYED" "$BATS_TEST_TMPDIR/trace"
    grep -q "capset(.*DELAYED" "$BATS_TEST_TMPDIR/trace"
    # Nobody can trace what is traced; that is only tried now.
    for ((i = 0; i < 20; i++)); do
        caisson run --bundle "$BUNDLE" "joined$i" </dev/null
    done
    touch "$BUNDLE/rootfs/stop"
    wait_until has_status watcher stopped
    # The payloads themselves are fair game, which also shows that the watcher works.
    grep -q " exe -> /bin/busybox" "$BATS_TEST_TMPDIR/seen" || fail "the watcher saw nothing"
    run grep -E "caisson|memfd|socket|$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/seen"
    [ "$status" -eq 1 ] || fail "$(sort -u <<<"$output" | head -20)"
}

@test "A05 A06 D11 D12 L03: root of a shared user namespace cannot look into a runtime that joins it" {
    all_privileges
    user_namespace
    watch_others
    grep -q "^attached .* sleep" "$BATS_TEST_TMPDIR/seen" || fail "the watcher traced nothing"
}

@test "A05 L02: a container without CAP_SYS_PTRACE sees nothing of init in a shared pid namespace" {
    watch_others
}

@test "A09: descriptors of the caller do not reach the payload" {
    program descriptors
    args /bin/descriptors
    # shellcheck disable=SC2261
    run "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 9<"$CANARY" 57<"$CANARY" \
        800<"$CANARY" </dev/null
    [ "$status" -eq 0 ]
    [ "$(grep -c "^fd " <<<"$output")" -eq 3 ] || fail "$output"
    [[ "$output" != *"walked"* && "$output" != *"changed"* ]] || fail "$output"
    # Control: a program that is simply executed has them.
    run "$BUNDLE/rootfs/bin/descriptors" 9<"$CANARY"
    assert_output_has "walked out of 9"
}

@test "A09: with create and start it is the same" {
    program descriptors
    args /bin/descriptors
    caisson create --bundle "$BUNDLE" "$ID" 3>&- 9<"$CANARY" 57<"$CANARY" \
        >"$BATS_TEST_TMPDIR/out" </dev/null
    caisson start "$ID" 9<"$CANARY" 57<"$CANARY"
    wait_until has_status "$ID" stopped
    [ "$(grep -c "^fd " "$BATS_TEST_TMPDIR/out")" -eq 3 ]
    refute grep -qE "walked|changed" "$BATS_TEST_TMPDIR/out"
}

@test "A10: links at the names of the standard streams are not opened" {
    replace dev/stdout "$CANARY/file"
    replace dev/stderr "$CANARY/file"
    replace dev/fd "$CANARY/directory"
    edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .root.readonly = false'
    args /bin/echo fine
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$output" = fine ]
    canary_is_unchanged
}

@test "A11: options that open files leave nothing open in the payload" {
    program descriptors
    args /bin/descriptors
    run "$CAISSON" --root "$ROOT" --log "$BATS_TEST_TMPDIR/log" --log-format json --debug run \
        --bundle "$BUNDLE" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" </dev/null
    [ "$status" -eq 0 ]
    [ "$(grep -c "^fd " <<<"$output")" -eq 3 ] || fail "$output"
}

@test "A12: there is no abstract socket at any time" {
    args /bin/sleep 100
    awk '$8 ~ /^@/ {print $8}' /proc/net/unix | sort >"$BATS_TEST_TMPDIR/before"
    timeout 20 strace -qq -e trace=bind -o "$BATS_TEST_TMPDIR/trace" \
        "$CAISSON" --root "$ROOT" create --bundle "$BUNDLE" "$ID" 3>&- </dev/null >/dev/null
    [ "$(status_of "$ID")" = created ]
    # Control: the trace has the start socket.
    grep -q 'start.sock' "$BATS_TEST_TMPDIR/trace"
    refute grep -q 'sun_path=@' "$BATS_TEST_TMPDIR/trace"
    awk '$8 ~ /^@/ {print $8}' /proc/net/unix | sort | comm -13 "$BATS_TEST_TMPDIR/before" - |
        (! grep -i caisson)
}

@test "A13: keys of the caller's session are not the payload's, and containers share none" {
    program keyring
    edit 'del(.linux.seccomp)'
    args /bin/keyring canary
    cat >"$BATS_TEST_TMPDIR/with-key.py" <<'END'
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(250, 1, None) < 0:  # keyctl(JOIN_SESSION_KEYRING)
    sys.exit(77)
if libc.syscall(248, b"user", b"canary", b"secret", 6, -3) < 0:  # add_key
    sys.exit(77)
os.execv(sys.argv[1], sys.argv[1:])
END
    # Control: the key is there for a program that is simply executed.
    run python3 "$BATS_TEST_TMPDIR/with-key.py" "$BUNDLE/rootfs/bin/keyring" canary
    [ "$status" -ne 77 ] || skip_or_fail "no keyrings here"
    [ "${lines[1]}" = "search 0" ]
    local outside=${lines[0]} first
    run python3 "$BATS_TEST_TMPDIR/with-key.py" "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "search 126" ] # ENOKEY
    [ "${lines[0]}" != "$outside" ]
    first=${lines[0]}
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "${lines[0]}" != "$first" ]
}

# shows_host_root PID: is the whole file system of / among its mounts?
shows_host_root() {
    awk -v device="$(mountpoint -d /)" '$3 == device && $4 == "/" {found = 1} END {exit !found}' \
        "/proc/$1/mountinfo"
}

@test "A14 I07: what waits for start holds its streams and one socket, and no mount of the host" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&- </dev/null >/dev/null 2>&1
    local pid fd
    pid=$(pid_of "$ID")
    for fd in /proc/"$pid"/fd/*; do
        case $(readlink "$fd") in
        /dev/null) ;;
        socket:*) ;;
        *) fail "$(ls -l "$fd")" ;;
        esac
    done
    [ "$(find "/proc/$pid/fd" -type l -lname 'socket:*' | wc -l)" -eq 1 ]
    # Its root is the container's, and no mount shows the host's (whose own, for control, does).
    [ "$(stat -L -c %d:%i "/proc/$pid/root/.")" = "$(stat -c %d:%i "$BUNDLE/rootfs")" ]
    shows_host_root self
    refute shows_host_root "$pid"
    [ "$(awk '{print $5}' "/proc/$pid/mountinfo" | head -1)" = / ]
}

@test "A14: a startContainer hook has no descriptor but its three" {
    program descriptors
    edit '.hooks = {startContainer: [{path: "/bin/sh", args: ["sh", "-c",
        "/bin/descriptors >/tmp/found"]}]} | .root.readonly = false
        | .mounts |= map(select(.destination != "/tmp"))'
    mkdir -p "$BUNDLE/rootfs/tmp"
    args /bin/true
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$output"
    [ "$(grep -c "^fd " "$BUNDLE/rootfs/tmp/found")" -eq 3 ] || fail "$(cat "$BUNDLE/rootfs/tmp/found")"
    refute grep -qE "walked|changed" "$BUNDLE/rootfs/tmp/found"
}

@test "A16: hooks get nothing of the payload's environment and none of the caller's" {
    printf '#!/bin/sh\n{ /usr/bin/env; pwd; } >>%s/hooks\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/hook"
    chmod 755 "$BATS_TEST_TMPDIR/hook"
    edit --arg hook "$BATS_TEST_TMPDIR/hook" '
        .process.env = ["PATH=/evil", "LD_PRELOAD=/lib/evil.so", "LD_LIBRARY_PATH=/evil", "GCONV_PATH=/evil"]
        | .hooks = {createRuntime: [{path: $hook}], createContainer: [{path: $hook}],
                    poststart: [{path: $hook}], poststop: [{path: $hook, env: ["MINE=1"]}]}'
    args /bin/busybox true
    run env SECRET=canary "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ] || fail "$output"
    grep -q MINE=1 "$BATS_TEST_TMPDIR/hooks"
    [ "$(grep -c PWD= "$BATS_TEST_TMPDIR/hooks")" -eq 4 ]
    ! grep -qE "evil|SECRET|/rootfs" "$BATS_TEST_TMPDIR/hooks" || fail "$(cat "$BATS_TEST_TMPDIR/hooks")"
}

@test "A18: nothing of the caller's environment is in the payload, or where it can look" {
    sh_in_container 'cat /proc/*/environ | tr "\0" "\n"'
    SECRET=canary-18 run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [[ "$output" != *canary-18* ]]
    # In a shared pid namespace init itself can be seen; it has no environment.
    args /bin/sleep 100
    SECRET=canary-18 caisson create --bundle "$BUNDLE" "$ID" 3>&-
    [ ! -s "/proc/$(pid_of "$ID")/environ" ]
}

@test "A20: a standard stream that leads to the host is refused by name" {
    args /bin/ls -l /proc/self/fd/0/..
    run "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" <"$CANARY"
    refused
    assert_output_has "standard input is a directory"
    run bash -c '"$@" >/dev/null 2>"$0" <&9' "$BATS_TEST_TMPDIR/err" \
        "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" 9</proc/self/ns/mnt
    refused
    grep -q "a namespace" "$BATS_TEST_TMPDIR/err"
    run python3 - "$CANARY" "$CAISSON" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID" <<'END'
import os, sys
os.dup2(os.open(sys.argv[1], os.O_PATH), 0)
os.execv(sys.argv[2], sys.argv[2:])
END
    refused
    assert_output_has "O_PATH"
    run python3 - "$CAISSON" --root "$ROOT" run -d --bundle "$BUNDLE" "$ID" <<'END'
import os, sys
os.dup2(os.pidfd_open(os.getpid()), 0)
os.execv(sys.argv[1], sys.argv[1:])
END
    refused
    assert_output_has "a pidfd"
    # Pipes, files and the null device are fine.
    args /bin/true
    caisson run --bundle "$BUNDLE" "$ID" <"$CANARY/file"
    echo | caisson run --bundle "$BUNDLE" "$ID"
}
