# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# procfs and sysfs: what is masked or read-only stays so, and no write goes to the host.

load ../bats/helpers
load canary

setup() { setup_canary; }
teardown() {
    if [ -n "${TWIN:-}" ]; then
        kill "$TWIN" 2>/dev/null || true
    fi
    teardown_canary
}

# The paths of config.json that exist, masked or read-only.
existing() {
    jq -r ".linux.$1[]" "$BUNDLE/config.json" | while read -r path; do
        if [ -e "$path" ]; then
            echo "$path"
        fi
    done
}

core_pattern() {
    cat /proc/sys/kernel/core_pattern
}

@test "C01 C03: root with every capability reads nothing masked and writes nothing read-only" {
    local path n_masked n_readonly
    existing maskedPaths >"$BUNDLE/rootfs/masked"
    existing readonlyPaths >"$BUNDLE/rootfs/readonly"
    n_masked=$(wc -l <"$BUNDLE/rootfs/masked")
    n_readonly=$(wc -l <"$BUNDLE/rootfs/readonly")
    [ "$n_masked" -ge 4 ] && [ "$n_readonly" -ge 4 ]
    all_privileges
    sh_in_container '
        while read p; do
            if [ -d $p ]; then [ -z "$(ls -A $p)" ] && echo hidden
            else [ -z "$(head -c 1 $p 2>/dev/null)" ] && echo hidden; fi
        done </masked
        while read p; do
            f=$p
            [ ! -d $p ] || f=$(find $p -type f -perm -200 2>/dev/null | head -n 1)
            if [ -n "$f" ]; then (: >>$f) 2>&1 | grep -q "Read-only"
            else grep -q " $p ro," /proc/self/mountinfo; fi && echo kept || echo "open: $p"
        done </readonly'
    [ "$(grep -c hidden <<<"$output")" -eq "$n_masked" ] || fail "$output"
    [ "$(grep -c kept <<<"$output")" -eq "$n_readonly" ] || fail "$output"
}

@test "C03: thermal throttle counters of the processors are not shown, if there are any" {
    local throttle
    throttle=$(compgen -G '/sys/devices/system/cpu/cpu*/thermal_throttle' | head -1) || true
    [ -n "$throttle" ] || skip "none on this machine"
    sh_in_container "ls -A $throttle"
    [ -z "$output" ]
}

@test "C05: /dev/null exchanged by a twin while masks are made unmasks nothing" {
    local i before started=0
    before=$(core_pattern)
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))
        | .mounts += [{destination: "/dev", source: "dev", options: ["bind", "rw"]}]
        | .linux.maskedPaths = ["/proc/timer_list", "/proc/keys"]'
    mkdir "$BUNDLE/dev"
    mknod -m 666 "$BUNDLE/dev/null" c 1 3
    ln -s /proc/sys/kernel/core_pattern "$BUNDLE/dev/link"
    twin "$BUNDLE/dev/null" "$BUNDLE/dev/link"
    args /bin/sh -c 'wc -c </proc/timer_list; wc -c </proc/keys; echo x >/proc/timer_list; cat /proc/timer_list'
    for ((i = 0; i < 60; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 0 ] || continue
        started=$((started + 1))
        [[ "${lines[0]}" = 0 && "${lines[1]}" = 0 && ${#lines[@]} -eq 2 ]] || fail "$output"
    done
    end_twin
    [ "$started" -gt 0 ] || fail "it never started"
    [ "$(core_pattern)" = "$before" ]
}

@test "C05: control: another runtime shows what the image's null leads to" {
    command -v runc >/dev/null || skip "no peer here"
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))
        | .mounts += [{destination: "/dev", type: "bind", source: "dev", options: ["bind"]}]
        | .linux.maskedPaths = ["/proc/timer_list"] | .ociVersion = "1.0.2" | del(.linux.seccomp)'
    mkdir "$BUNDLE/dev"
    ln -s /proc/version "$BUNDLE/dev/null"
    args /bin/cat /proc/timer_list
    [[ "$(peer runc)" = *"Linux version"* ]] || skip "no peer here that is vulnerable"
}

@test "C07: a sysctl value is one value, whatever separators are in it" {
    local before value
    before=$(core_pattern)
    for value in '1+kernel.core_pattern=x' '1;kernel.core_pattern=x' $'1\nkernel.core_pattern=x' \
        '1 kernel.core_pattern=x'; do
        edit --arg v "$value" '.linux.sysctl = {"kernel.shm_rmid_forced": $v}'
        in_container /bin/true
        refused
        assert_output_has "kernel.shm_rmid_forced"
        [ "$(core_pattern)" = "$before" ]
    done
    edit '.linux.sysctl = {"kernel.shm_rmid_forced": "1\u0000"}'
    in_container /bin/true
    refused
}

@test "C08: names of sysctls that are not the container's are refused in every spelling" {
    local name
    for name in kernel.core_pattern kernel/core_pattern vm.swappiness fs.file-max kernel.modprobe \
        net/../kernel/core_pattern net..ipv4 net/ net. /net/core/somaxconn net//core/somaxconn \
        ../sys/net/core/somaxconn kernel/hostname kernel.hostname user.max_user_namespaces \
        net/./core/somaxconn fs.mqueue/../file-max kernel; do
        edit --arg n "$name" '.linux.sysctl = {($n): "1"}'
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "$name was accepted"
        refused
        assert_output_has "/linux/sysctl"
    done
}

# With the namespace of the caller given by path nothing is the container's.
@test "C08: a namespace by path that is the caller's own does not make its settings the container's" {
    edit '.linux.namespaces |= map(if .type == "network" then .path = "/proc/self/ns/net" else . end)
        | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
    args /bin/true
    run unshare --net bash -c '
        cat /proc/sys/net/ipv4/ip_forward
        "$0" --root "$1" run --bundle "$2" "$3" && echo accepted
        cat /proc/sys/net/ipv4/ip_forward' "$CAISSON" "$ROOT" "$BUNDLE" "$ID"
    [ "${lines[0]}" = 0 ]
    [ "${lines[-1]}" = 0 ] || fail "the caller's own setting was changed: $output"
    assert_output_has "/linux/sysctl/net.ipv4.ip_forward: this would change the host"
}

@test "C08: the host name of the caller is not changed through its own namespace by path" {
    edit '.linux.namespaces |= map(if .type == "uts" then .path = "/proc/self/ns/uts" else . end)
        | .hostname = "changed" | .linux.sysctl = {"kernel.domainname": "changed"}'
    args /bin/true
    run unshare --uts bash -c '
        hostname before
        "$0" --root "$1" run --bundle "$2" "$3"
        uname -n; cat /proc/sys/kernel/domainname' "$CAISSON" "$ROOT" "$BUNDLE" "$ID"
    [[ "$output" != *$'\n'changed* ]] || fail "$output"
    assert_output_has "/hostname: this would change the host"
    assert_output_has before
}

@test "C09: kernel upcalls of the host cannot be set by root with every capability" {
    local before
    before=$(core_pattern)
    all_privileges
    sh_in_container 'for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe \
            /proc/sys/kernel/hotplug /sys/kernel/uevent_helper /proc/sys/fs/binfmt_misc/register \
            /proc/sysrq-trigger /sys/fs/cgroup/release_agent; do
            [ -e $f ] || continue
            (echo "|/evil" >$f) 2>/dev/null && echo "wrote $f" || echo "kept $f"
        done'
    [ "$(core_pattern)" = "$before" ]
    [[ "$output" != *wrote* ]] || fail "$output"
    assert_output_has "kept /proc/sys/kernel/core_pattern"
}

@test "C10: hundreds of masked directories are one small file system" {
    local i
    for ((i = 0; i < 300; i++)); do
        mkdir -p "$BUNDLE/rootfs/hidden/$i"
        echo secret >"$BUNDLE/rootfs/hidden/$i/file"
    done
    edit '.linux.maskedPaths = [range(300) | "/hidden/\(.)"]'
    all_privileges
    sh_in_container 'grep -c " /hidden/" /proc/self/mountinfo
        grep " /hidden/" /proc/self/mountinfo | cut -d" " -f3 | sort -u | wc -l
        cat /hidden/*/* 2>/dev/null
        mount -o remount,rw /hidden/0; head -c 100000 /dev/zero >/hidden/0/fill
        ls /hidden/1; wc -c /hidden/0/fill'
    [ "${lines[0]}" = 300 ] || fail "$output"
    [ "${lines[1]}" = 1 ]
    [[ "$output" != *secret* ]]
    # Root may make it writable, and finds no room.
    [[ "$output" != *"100000 /hidden/0/fill"* ]] || fail "$output"
}

@test "C11: in nested namespaces masks cannot be taken off, and no other procfs can be had" {
    local paths
    program unmask
    all_privileges
    mapfile -t paths < <(existing maskedPaths | head -4; echo /proc/sys)
    in_container /bin/unmask "${paths[@]}"
    [ "$status" -eq 0 ] || fail "$output"
    assert_output_has "unshare user 0"
    # EPERM or EINVAL for each.
    [ "$(grep -cE "^nested-(unmount|mount) .* (1|22)$" <<<"$output")" -eq $((${#paths[@]} + 2)) ] ||
        fail "$output"
    # Control, and the limit of masks: who has CAP_SYS_ADMIN over the mount namespace takes them off.
    assert_output_has "unmount ${paths[0]} 0"
}

@test "C11: under the default profile the same calls are not even reached" {
    program unmask
    in_container /bin/unmask /proc/keys /proc/sys
    [ "$(grep -cv " 1$" <<<"$output")" -eq 0 ] || fail "$output"
}

@test "C12: odd masked paths are done exactly or refused" {
    local path
    mkdir -p "$BUNDLE/rootfs/etc"
    echo secret >"$BUNDLE/rootfs/etc/hidden"
    ln -s hidden "$BUNDLE/rootfs/etc/alias"
    in_container /bin/cat /etc/alias
    [ "$output" = secret ] # control
    for path in /etc/hidden/ //etc//hidden /etc/./hidden /etc/../etc/hidden /etc/alias; do
        edit --arg p "$path" '.linux.maskedPaths = [$p, $p, "/etc/hidden"]'
        in_container /bin/cat /etc/hidden
        [[ "$output" != *secret* ]] || fail "$path: $output"
    done
    for path in proc/kcore etc/hidden "" . /etc/../../../proc/keys; do
        edit --arg p "$path" '.linux.maskedPaths = [$p]'
        in_container /bin/true
        [[ "$path" = /* ]] || refused
    done
    # Through a link that stands in /proc a mask would hide something else.
    edit '.linux.maskedPaths = ["/proc/self/environ"]'
    in_container /bin/true
    [ "$status" -eq 1 ]
    edit '.linux.maskedPaths = [range(5000) | "/etc/none\(.)"]'
    args /bin/true
    run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [[ "$status" -eq 0 || "$status" -eq 1 ]]
}

@test "C15: with the host's network in a user namespace no file of /sys can be written" {
    all_privileges
    user_namespace
    edit '.linux.namespaces |= map(select(.type != "network"))
        | .mounts |= map(.options |= map(select(startswith("gid=") | not)))'
    # The kernel makes no sysfs for who does not own the network namespace.
    in_container /bin/true
    refused
    assert_output_has "mount sysfs on /sys"
    # Engines bind the host's then. Each file that has a write bit for somebody is tried.
    edit '.mounts |= map(select(.destination | startswith("/sys") | not))
        + [{destination: "/sys", source: "/sys", options: ["bind", "ro"]}]'
    sh_in_container 'for f in $(find /sys -type f -perm /222 2>/dev/null | head -300); do
            (: >>$f) 2>/dev/null && echo "opened $f" || echo "kept $f"; done
        for d in /sys/fs/bpf /sys/kernel/debug /sys/kernel/tracing /sys/kernel/security; do
            stat -f -c "%t $d" $d 2>/dev/null; done; echo "the end"'
    assert_output_has "the end"
    assert_output_has "kept /sys"
    [[ "$output" != *opened* ]] || fail "$output"
    # bpf, debugfs, tracefs, securityfs
    refute grep -qE "^(cafe4a11|64626720|74726163|73636673) " <<<"$output"
}

@test "C15 E02: no rbind of the host's /sys, wherever it comes, shows a cgroup v1 hierarchy" {
    [ "$(stat -f -c %t /sys/fs/cgroup)" != 63677270 ] || skip_or_fail "needs cgroup v1 hierarchies"
    # Control: they are there, and a plain recursive bind shows them.
    mkdir "$BUNDLE/rootfs/seen"
    run unshare --mount sh -c 'mount --rbind /sys "$1/seen"; find "$1/seen" -name release_agent' sh "$BUNDLE/rootfs"
    assert_output_has release_agent
    edit '.mounts |= map(select(.destination | startswith("/sys") | not))'
    local source
    for source in /sys /sys/ /sys/fs /sys/fs/cgroup //sys/./fs/../fs/cgroup/; do
        cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/saved"
        edit --arg s "$source" '.mounts += [{destination: "/seen", source: $s, options: ["rbind"]}]'
        in_container /bin/find /seen -name release_agent
        refused
        assert_output_has "cgroup v1"
        cp "$BATS_TEST_TMPDIR/saved" "$BUNDLE/config.json"
    done
    edit '.mounts += [{destination: "/seen", source: "/sys", options: ["bind", "ro"]}]'
    sh_in_container 'ls /seen/fs; find /seen -name release_agent; grep -c " - cgroup " /proc/self/mountinfo'
    assert_output_has cgroup
    [[ "$output" != *release_agent* ]] || fail "$output"
    [ "${lines[-1]}" = 0 ]
}
