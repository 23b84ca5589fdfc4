# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016,SC2054 # SC2054: the commas belong to the calls

# Filters on the real kernel. What a filter refuses may also be missing from the kernel or want a
# capability, so each test first looks at the same calls without the filter, or lets the filter refuse with
# an errno that the kernel never gives for them. Every number and argument is judged in tests/unit/seccomp_*.

load helpers

setup_file() {
    local top=$BATS_TEST_DIRNAME/..
    gcc -static -O1 -o "$BATS_FILE_TMPDIR/probe" "$top/seccomp/probe.c"
    gcc -static -nostdlib -fno-stack-protector -fcf-protection=none -O1 -o "$BATS_FILE_TMPDIR/exits" \
        "$top/seccomp/exits.c"
    export DOCKER=$top/data/moby-seccomp-oci.json DEFAULT=$top/../seccomp-profiles/default.json
}

setup() {
    setup_container
    [ "$(uname -m)" = x86_64 ] || skip_or_fail "needs x86_64"
    cp "$BATS_FILE_TMPDIR/probe" "$BATS_FILE_TMPDIR/exits" "$BUNDLE/rootfs/bin/"
}

teardown() {
    teardown_container
}

# profile FILE [jq filter]: the section of the bundle.
profile() {
    edit --slurpfile section "$1" ".linux.seccomp = (\$section[0] | ${2:-.})"
}

# section TEXT
section() {
    edit --argjson section "$1" '.linux.seccomp = $section'
}

no_section() {
    edit 'del(.linux.seccomp)'
}

# probe CALL...: results below each other in $output.
probe() {
    in_container /bin/probe "$@" </dev/null
    [ "$status" -eq 0 ] || fail "$output"
}

# result CALL: of the last probe.
result() {
    local call rest
    while read -r call rest; do
        [ "$call" != "$1" ] || echo "$rest"
    done <<<"$output"
}

# expect RESULT CALL...: of the last probe.
expect() {
    local wanted=$1 call
    shift
    for call in "$@"; do
        [ "$(result "$call")" = "$wanted" ] || fail "$call: wanted $wanted, got $(result "$call")"
    done
}

@test "seccomp: without a section there is no filter, with one there is" {
    no_section
    sh_in_container 'grep ^Seccomp: /proc/self/status'
    [ "$output" = "$(printf 'Seccomp:\t0')" ]
    profile "$DEFAULT"
    sh_in_container 'grep ^Seccomp /proc/self/status'
    [ "${lines[0]}" = "$(printf 'Seccomp:\t2')" ]
    [ "${lines[1]}" = "$(printf 'Seccomp_filters:\t1')" ]
}

@test "seccomp: one bit above an int opens no socket of a refused family (F21)" {
    local calls=(socket,40,1,0 socket,0x100000028,1,0 socket,0x8000000000000028,1,0
        socket,0xffffffff00000028,1,0)
    local more=(socket,38,5,0 socket,0x100000026,5,0)
    no_section
    probe "${calls[@]}"
    [ "$(result socket,40,1,0)" = ok ] || skip_or_fail "needs a kernel with AF_VSOCK"
    expect ok "${calls[@]}"
    profile "$DOCKER"
    probe "${calls[@]}" "${more[@]}" socket,1,1,0 socket,2,1,0
    expect EPERM "${calls[@]}" "${more[@]}"
    expect ok socket,1,1,0 socket,2,1,0
    profile "$DEFAULT"
    probe "${calls[@]}" "${more[@]}" socket,1,1,0 socket,2,1,0
    expect EPERM "${calls[@]}" "${more[@]}"
    expect ok socket,1,1,0 socket,2,1,0
}

@test "seccomp: one bit above an int defeats no rule on ioctl, clone or personality (F12, H02)" {
    local requests=(ioctl,0,0x5412 ioctl,0,0x100005412 ioctl,0,0x541c ioctl,0,0x10000541c
        ioctl,0,0x5423 ioctl,0,0x8000000000005423)
    local others=(clone,0x10000011 clone,0x110000011 clone,0x20011 personality,0x40000
        personality,0x100040000)
    no_section
    probe "${requests[@]}" "${others[@]}"
    expect ENOTTY "${requests[@]}"
    expect ok personality,0x40000 personality,0x100040000
    profile "$DEFAULT"
    probe "${requests[@]}" "${others[@]}" ioctl,0,0x5413 clone,17
    expect EPERM "${requests[@]}" "${others[@]}"
    expect ENOTTY ioctl,0,0x5413
    expect ok clone,17
}

@test "seccomp: foreign ABIs are shut (F01, F02)" {
    local calls=(i386:getpid i386:socket,40,1,0 "i386:socketcall,1,[38:5:0]" i386:socket,1,1,0)
    no_section
    probe "${calls[@]}"
    [ "$(result i386:getpid)" = ok ] || skip_or_fail "needs a kernel that runs 32-bit programs"
    profile "$DEFAULT"
    probe "${calls[@]}" x32:getpid x32:socket,40,1,0 x32:ptrace,0
    expect SIGSYS "${calls[@]}"
    # Such a kernel is rare; but the filter answers first.
    expect ENOSYS x32:getpid x32:socket,40,1,0 x32:ptrace,0
    # 64-bit code brings whole registers, of which the kernel takes the lower halves.
    profile "$DOCKER"
    probe i386:getpid i386:socket,40,1,0 i386:socket,0x100000028,1,0 i386:socket,1,1,0
    expect ok i386:getpid i386:socket,1,1,0
    expect EPERM i386:socket,40,1,0 i386:socket,0x100000028,1,0
}

@test "seccomp: numbers above the newest named call do not exist (F09)" {
    section '{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 71,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"], "syscalls": [
        {"names": ["openat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71},
        {"names": ["read", "write", "writev", "openat", "mmap", "munmap", "mprotect", "brk", "fstat",
            "newfstatat", "close", "execve", "exit", "exit_group", "arch_prctl", "set_tid_address",
            "set_robust_list", "rseq", "prlimit64", "readlink", "readlinkat", "getrandom", "uname",
            "getpid", "gettid", "clone", "wait4", "ioctl", "rt_sigprocmask", "rt_sigaction",
            "getuid", "geteuid", "getgid", "getegid"], "action": "SCMP_ACT_ALLOW"}]}'
    probe 436 437 438 467 999 4294967295 i386:436 i386:438 i386:999
    expect "errno 71" 436 437 i386:436
    expect ENOSYS 438 467 999 4294967295 i386:438 i386:999
}

@test "seccomp: new namespaces are refused, and clone3 does not exist (F08)" {
    profile "$DEFAULT" '.defaultErrnoRet = 71'
    edit '.process.capabilities |= map_values(["CAP_SYS_ADMIN"])'
    probe clone3,0,0 clone,0x10000011 clone,0x20000011 clone,0x40000011 clone,0x2000011 clone,0x4000011 \
        clone,0x8000011 clone,0x20011 unshare,0x10000000 unshare,0x20000 unshare,0x80 unshare,0x200 \
        setns,3,0
    expect ENOSYS clone3,0,0
    expect "errno 71" clone,0x10000011 clone,0x20000011 clone,0x40000011 clone,0x2000011 \
        clone,0x4000011 clone,0x8000011 clone,0x20011 unshare,0x10000000 unshare,0x20000 unshare,0x80 \
        setns,3,0
    expect ok unshare,0x200
}

@test "seccomp: the default profile refuses these by the filter, not for want of a capability (F05-F07)" {
    local calls=(bpf,0 perf_event_open,0 userfaultfd,0 io_uring_setup,1,0 keyctl,0 add_key,0 request_key,0
        kexec_load,0 init_module,0 finit_module,0 mount,0 fsopen,0 open_tree,0 pivot_root,0 swapoff,0
        reboot,0 syslog,10 open_by_handle_at,0 ptrace,0 kcmp,0 process_vm_readv,0 mknod,0,0x2000)
    profile "$DEFAULT" '.defaultErrnoRet = 71'
    probe "${calls[@]}"
    expect "errno 71" "${calls[@]}"
}

@test "seccomp: a profile that leaves hardly anything starts a program (F13)" {
    local nnp
    # The program makes one call, and every other one would kill it.
    section '{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [
        {"names": ["execve", "exit"], "action": "SCMP_ACT_ALLOW"}]}'
    for nnp in true false; do
        edit ".process.noNewPrivileges = $nnp"
        in_container /bin/exits
        [ "$status" -eq 7 ] || fail "noNewPrivileges $nnp: $status $output"
    done
    section '{"defaultAction": "SCMP_ACT_KILL_PROCESS", "syscalls": [
        {"names": ["execve"], "action": "SCMP_ACT_ALLOW"}]}'
    in_container /bin/exits
    [ "$status" -eq $((128 + 31)) ] || fail "$status $output"
}

@test "seccomp: flags reach the kernel" {
    profile "$DEFAULT" '.flags = ["SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG"]'
    sh_in_container 'grep ^Seccomp: /proc/self/status'
    [ "$output" = "$(printf 'Seccomp:\t2')" ]
    # The kernel ends the mitigation for a thread whose filter says so, and for no other (F16).
    sh_in_container 'grep ^Speculation_Store_Bypass /proc/self/status || true'
    [[ "$output" != *" vulnerable"* ]] || skip_or_fail "needs a processor or kernel with the mitigation"
}

@test "seccomp: a refusal beside an allowance is kept (F10)" {
    section '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["ioctl"], "action": "SCMP_ACT_ALLOW"},
        {"names": ["ioctl"], "action": "SCMP_ACT_ERRNO", "errnoRet": 71,
         "args": [{"index": 1, "op": "SCMP_CMP_EQ", "value": 21522}]}]}'
    probe ioctl,0,0x5412 ioctl,0,0x5413
    expect "errno 71" ioctl,0,0x5412
    expect ENOTTY ioctl,0,0x5413
}

@test "seccomp: a section that the kernel would not take is refused, and nothing is left (J14)" {
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [range(10000) | {
        names: ["ioctl"], action: "SCMP_ACT_ALLOW", args: [{index: 2, op: "SCMP_CMP_EQ", value: .}]}]}'
    in_container /bin/true
    [ "$status" -ne 0 ]
    assert_output_has "/linux/seccomp: the filter needs more than the 4096 instructions"
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
    section '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["socket"],
        "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 38},
        {"index": 0, "op": "SCMP_CMP_EQ", "value": 40}]}]}'
    in_container /bin/true
    [ "$status" -ne 0 ]
    assert_output_has "/linux/seccomp/syscalls/0/args: no call can satisfy all of these conditions"
}

@test "seccomp: names that nobody knows are skipped with a warning (F14)" {
    profile "$DEFAULT" '.syscalls += [{names: ["no_such_call"], action: "SCMP_ACT_KILL"}]'
    args /bin/echo fine
    # Each time: what there is a warning about is not taken from the cache.
    for _ in 1 2; do
        run caisson --log "$BATS_TEST_TMPDIR/log" run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 0 ]
        [ "$output" = fine ]
    done
    [ "$(grep -c "warning: config.json /linux/seccomp/syscalls/.*no_such_call" "$BATS_TEST_TMPDIR/log")" -eq 2 ] ||
        fail "$(cat "$BATS_TEST_TMPDIR/log")"
}

@test "seccomp: a spoilt cache changes nothing (F18)" {
    local file
    profile "$DEFAULT"
    probe socket,40,1,0
    file=$(echo "$ROOT"/.seccomp/*)
    [ "$(stat -c '%a %u' "$file")" = "600 0" ]
    [ "$(stat -c '%a %u' "$ROOT/.seccomp")" = "700 0" ]
    for damage in 'truncate -s 100 "$file"' ': >"$file"' 'chmod 666 "$file"' 'rm "$file"; mkdir "$file"' \
        'rm -r "$file"; ln -s /dev/zero "$file"' 'rm "$file"; mkfifo "$file"' \
        'rm "$file"; printf "\1\0\0\0" >"$file"'; do
        eval "$damage"
        probe socket,40,1,0 socket,1,1,0
        expect EPERM socket,40,1,0
        expect ok socket,1,1,0
    done
}

@test "seccomp: the README's comparison with Docker's profile is what compare.sh prints" {
    local profiles=$BATS_TEST_DIRNAME/../../seccomp-profiles
    sed -n '/^<!-- compare.sh -->/,/^<!-- end/p' "$profiles/README.md" | sed '1d;$d' >"$BATS_TEST_TMPDIR/written"
    "$profiles/compare.sh" "$DEFAULT" "$DOCKER" Docker | diff "$BATS_TEST_TMPDIR/written" -
}
