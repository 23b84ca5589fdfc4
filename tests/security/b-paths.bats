# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# Links, races and odd spellings where paths of an image, a volume or a bundle are resolved.

load ../bats/helpers
load canary

setup() { setup_canary; }
teardown() {
    if [ -n "${TWIN:-}" ]; then
        kill "$TWIN" 2>/dev/null || true
    fi
    teardown_canary
}

without_dev() {
    edit '.mounts |= map(select(.destination | startswith("/dev") | not)) | .root.readonly = false'
}

# mount DESTINATION TYPE SOURCE OPTION...
mount_row() {
    local destination=$1 type=$2 source=$3 options
    shift 3
    options=$(printf '%s\n' "$@" | jq -Rnc '[inputs | select(. != "")]')
    edit --arg d "$destination" --arg t "$type" --arg s "$source" --argjson o "$options" \
        '.mounts += [{destination: $d, type: $t, source: $s, options: $o}]'
}

# Where the mounts of the container are, in order.
mounted_inside() {
    awk '{print $5}' "/proc/$(pid_of "$ID")/mountinfo"
}

@test "B01 B13 B14: no file is made or changed outside whatever the image's directories are" {
    local target
    mount_row /etc/hostname bind "$BUNDLE/rootfs/bin/busybox" bind
    mount_row /etc/resolv.conf bind "$BUNDLE/rootfs/bin/busybox" bind ro
    mount_row /var/lib/data tmpfs tmpfs
    mount_row /run/lock/x tmpfs tmpfs
    mount_row /opt/new/deep/place tmpfs tmpfs tmpcopyup
    edit '.process.cwd = "/srv/work/here" | .root.readonly = false
        | .linux.maskedPaths += ["/var/secret", "/etc/shadow"] | .linux.readonlyPaths += ["/opt/new"]
        | .linux.devices = [{path: "/srv/node", type: "c", major: 1, minor: 3, fileMode: 438}]'
    while read -r target; do
        for name in etc var run srv opt; do
            replace "$name" "$target"
        done
        args /bin/true
        run caisson run --bundle "$BUNDLE" "$ID"
        canary_is_unchanged
        [ ! -e /opt/new ] && [ ! -e /srv/node ] && [ ! -e /var/lib/data ]
    done < <(links_out)
}

@test "B01: a farm of links, each component through three others, stays inside" {
    local root=$BUNDLE/rootfs i
    mkdir -p "$root/farm"
    ln -s .. "$root/farm/up"
    ln -s /farm "$root/farm/self"
    ln -s self/up/../../../farm/self "$root/farm/round"
    ln -s "round/up$CANARY" "$root/farm/out"
    ln -s ../../../../../../../.. "$root/farm/top"
    ln -s "top/top$CANARY" "$root/farm/out2"
    ln -s /proc/self/root "$root/farm/magic"
    ln -s /proc/self/cwd "$root/farm/magic2"
    edit '.root.readonly = false'
    for i in out out2 "top$CANARY" "magic$CANARY" "magic2$CANARY" "round/round/self/out"; do
        edit --arg d "/farm/$i/directory/made" '.mounts = (.mounts[0:7] + [
            {destination: $d, type: "tmpfs", source: "tmpfs"}])'
        args /bin/true
        run caisson run --bundle "$BUNDLE" "$ID"
        canary_is_unchanged
        [ ! -e "$CANARY/directory/made" ]
    done
}

@test "B02: mounts land where config.json says, behind links inside, and there are no others" {
    mkdir -p "$BUNDLE/rootfs/real"
    ln -s real "$BUNDLE/rootfs/alias"
    mount_row /alias/one tmpfs tmpfs
    mount_row /alias/../real/two tmpfs tmpfs
    edit '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false'
    args /bin/sleep 100
    run caisson create --bundle "$BUNDLE" "$ID" 3>&-
    if [ "$status" -ne 0 ]; then
        # ".." in a destination may be refused, which is as good.
        assert_output_has "/mounts/"
        edit 'del(.mounts[-1])'
        caisson create --bundle "$BUNDLE" "$ID" 3>&-
    fi
    mounted_inside >"$BATS_TEST_TMPDIR/mounted"
    grep -qx /real/one "$BATS_TEST_TMPDIR/mounted"
    # As many as there are rows, and the root.
    [ "$(wc -l <"$BATS_TEST_TMPDIR/mounted")" -eq $(($(jq '.mounts | length' "$BUNDLE/config.json") + 1)) ]
}

@test "B03 B34: what a payload leaves behind is not followed by the next start or by delete" {
    without_dev
    edit '.mounts |= map(select(.destination != "/tmp" and .destination != "/run"))'
    args /bin/sh -c "for i in data work etc tmp run mnt; do rm -rf /\$i; ln -s $CANARY /\$i || exit; done; echo planted"
    run caisson run --bundle "$BUNDLE" "$ID"
    assert_output_has planted
    canary_is_unchanged
    [ "$(readlink "$BUNDLE/rootfs/data")" = "$CANARY" ]
    mount_row /data/inner tmpfs tmpfs
    mount_row /mnt/null bind "$BUNDLE/rootfs/bin/busybox" bind
    edit '.process.cwd = "/work/here" | .linux.maskedPaths += ["/etc/file"]'
    for _ in 1 2; do
        args /bin/true
        run caisson run --bundle "$BUNDLE" "$ID"
        canary_is_unchanged
        run caisson delete --force "$ID"
        canary_is_unchanged
    done
}

@test "B04 J12: nothing but a procfs or sysfs comes on /proc and /sys, however it is spelled" {
    local place
    mkdir "$BUNDLE/fake"
    cp -r /proc/self/attr "$BUNDLE/fake/" 2>/dev/null || true
    for place in /proc /proc/ //proc /./proc /proc/. /x/../proc /proc//self /proc/self/attr \
        /proc/thread-self /proc/sys /sys /sys/ //sys// /sys/fs /sys/fs/../fs /sys/kernel; do
        for kind in bind tmpfs; do
            edit --arg d "$place" --arg s "$BUNDLE/fake" --arg k "$kind" '.mounts = (.mounts[0:7] + [
                {destination: $d, type: $k, source: $s, options: (if $k == "bind" then ["rbind"] else [] end)}])'
            in_container /bin/true
            [ "$status" -eq 1 ] || fail "$kind on $place was accepted"
            refused
        done
    done
    # Control: elsewhere both are fine.
    edit --arg s "$BUNDLE/fake" '.mounts = (.mounts[0:7] + [
        {destination: "/mnt", type: "bind", source: $s, options: ["rbind"]}]) | .root.readonly = false'
    in_container /bin/true
    [ "$status" -eq 0 ]
}

@test "B07: a place for /proc that is a file or a FIFO is refused without blocking" {
    local kind
    for kind in touch mkfifo; do
        rm -rf "$BUNDLE/rootfs/proc"
        "$kind" "$BUNDLE/rootfs/proc"
        args /bin/true
        run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 1 ]
        rm "$BUNDLE/rootfs/proc"
    done
}

@test "B07 B15: /proc and /sys exchanged for links by a twin are procfs and sysfs, or there is no start" {
    local name i started
    for name in proc sys; do
        mkdir -p "$BUNDLE/rootfs/$name"
        ln -sfn "$CANARY" "$BUNDLE/rootfs/twin"
        twin "$BUNDLE/rootfs/$name" "$BUNDLE/rootfs/twin"
        args /bin/busybox stat -f -c %t "/$name"
        # Few starts find no link in any of their looks.
        started=0
        for ((i = 0; i < 60 || (i < 600 && started == 0); i++)); do
            run caisson run --bundle "$BUNDLE" "$ID"
            [ "$status" -eq 0 ] || continue
            started=$((started + 1))
            [[ "$output" = 9fa0 || "$output" = 62656572 ]] || fail "$output"
        done
        end_twin
        [ "$started" -gt 0 ] || fail "it never started"
        rm -rf "${BUNDLE:?}/rootfs/$name" "$BUNDLE/rootfs/twin"
    done
    canary_is_unchanged
}

@test "B08 B10: a twin that exchanges a directory of a volume never gets a mount or a file outside" {
    local volume=$BATS_TEST_TMPDIR/volume i started=0
    mkdir -p "$volume/a"
    ln -s "$CANARY" "$volume/b"
    twin "$volume/a" "$volume/b"
    mount_row /v bind "$volume" rbind
    mount_row /v/a/new/place tmpfs tmpfs
    mount_row /v/a/file bind "$CANARY/null" bind
    args /bin/cat /v/a/file /v/b/file
    for ((i = 0; i < 100; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [[ "$output" != *precious* ]] || fail "the payload sees the host: $output"
        [[ "$output" = caisson:* ]] || started=$((started + 1))
    done
    end_twin
    [ "$started" -gt 0 ] || fail "it never started"
    canary_is_unchanged
}

@test "B10: a FIFO or device in the place of a mount point does not block" {
    mkdir -p "$BUNDLE/rootfs/v"
    mkfifo "$BUNDLE/rootfs/v/fifo"
    mknod "$BUNDLE/rootfs/v/tty" c 5 0
    mount_row /v/fifo bind "$BUNDLE/rootfs/bin/busybox" bind
    mount_row /v/tty bind "$BUNDLE/rootfs/bin/busybox" bind
    args /bin/true
    run timeout 3 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
    [ "$status" -ne 124 ]
    rm "$BUNDLE/rootfs/v/fifo"
    mkfifo "$BUNDLE/rootfs/v/fifo"
    edit '.mounts = .mounts[0:7]'
    mount_row /v/fifo/below tmpfs tmpfs
    run timeout 3 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID" </dev/null
    [ "$status" -eq 1 ]
}

@test "B11 B22 B35: a source that is exchanged for a link is the directory, or the link's target as a whole" {
    local i started=0
    # Beneath the bundle nothing leads out, whoever exchanges what.
    mkdir -p "$BUNDLE/data/inner"
    echo mine >"$BUNDLE/data/inner/file"
    ln -s "$CANARY" "$BUNDLE/data/link"
    twin "$BUNDLE/data/inner" "$BUNDLE/data/link"
    mount_row /mnt bind data/inner rbind
    edit '.root.readonly = false'
    args /bin/cat /mnt/file
    for ((i = 0; i < 80; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [[ "$output" != *precious* ]] || fail "$output"
        [ "$status" -eq 0 ] || continue
        started=$((started + 1))
        [ "$output" = mine ] || fail "$output"
    done
    end_twin
    [ "$started" -gt 0 ] || fail "it never started"
}

@test "B12: a relative source does not leave the bundle" {
    local source
    ln -s "$CANARY" "$BUNDLE/data"
    ln -s /proc/self/root "$BUNDLE/magic"
    mkdir "$BUNDLE/sub"
    ln -s ../.. "$BUNDLE/sub/up"
    for source in data ../canary sub/../../canary sub/up/canary "magic$CANARY" ./data; do
        edit --arg s "$source" '.mounts = (.mounts[0:7] + [
            {destination: "/mnt", type: "bind", source: $s, options: ["rbind"]}])'
        in_container /bin/cat /mnt/file
        refused
        assert_output_has "beneath the bundle"
    done
}

@test "B16: control: the same bundle makes another runtime change the host" {
    without_dev
    edit '.ociVersion = "1.0.2" | del(.linux.seccomp)'
    replace dev "$CANARY"
    in_container /bin/true
    [ "$status" -eq 1 ]
    canary_is_unchanged
    some_peer_is_vulnerable || skip "no peer here that is vulnerable"
}

@test "B16 B13: entries of /dev that are links, files or directories are not followed" {
    local name
    without_dev
    for name in null zero full random urandom tty ptmx console fd stdin stdout stderr core pts shm mqueue; do
        mkdir -p "$BUNDLE/rootfs/dev"
        replace "dev/$name" "$CANARY/null"
        args /bin/true
        run caisson run --bundle "$BUNDLE" "$ID"
        canary_is_unchanged
        replace "dev/$name" "$CANARY/missing"
        run caisson run --bundle "$BUNDLE" "$ID"
        canary_is_unchanged
        [ ! -e "$CANARY/missing" ]
        rm -rf "${BUNDLE:?}/rootfs/dev"
    done
}

@test "B17: an impostor at /dev/null is refused, and pipes on the streams are left alone" {
    local kind out
    without_dev
    mkdir -p "$BUNDLE/rootfs/dev"
    for kind in "touch %s" "mkfifo %s" "mknod %s c 1 5" "mkdir %s" "ln -s $CANARY/file %s"; do
        # shellcheck disable=SC2059
        eval "$(printf "$kind" "$BUNDLE/rootfs/dev/null")"
        args /bin/true
        run timeout 5 "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 1 ] || fail "$kind was taken for the null device"
        canary_is_unchanged
        rm -rf "$BUNDLE/rootfs/dev/null"
    done
    mknod -m 666 "$BUNDLE/rootfs/dev/null" c 1 3
    args /bin/echo through
    out=$(echo | caisson run --bundle "$BUNDLE" "$ID" | cat)
    [ "$out" = through ]
}

@test "B19 B29: read-only is read-only on every mount, also when /proc/self/fd is covered" {
    mkdir -p "$BUNDLE/source/nested"
    mount -t tmpfs nested "$BUNDLE/source/nested"
    mount_row /mnt bind "$BUNDLE/source" rbind rro
    mount_row /one bind "$BUNDLE/source" bind ro
    mkdir -p "$BUNDLE/rootfs/mnt" "$BUNDLE/rootfs/one"
    edit '.root.readonly = true'
    sh_in_container 'for d in / /bin /mnt /mnt/nested /one; do touch $d/x || echo refused $d; done'
    umount "$BUNDLE/source/nested"
    [ "$(grep -c "^refused" <<<"$output")" -eq 5 ] || fail "$output"
    [ ! -e "$BUNDLE/source/x" ]
}

@test "B19: the host's own mount stays writable, and its flags are as before" {
    mkdir -p "$BUNDLE/source"
    findmnt -n -o OPTIONS -T "$BUNDLE" >"$BATS_TEST_TMPDIR/before"
    mount_row /mnt bind "$BUNDLE/source" bind ro nosuid nodev noexec
    mkdir -p "$BUNDLE/rootfs/mnt"
    in_container /bin/true
    [ "$status" -eq 0 ]
    : >"$BUNDLE/source/y"
    findmnt -n -o OPTIONS -T "$BUNDLE" | diff "$BATS_TEST_TMPDIR/before" -
}

@test "B20: a working directory that a twin exchanges is never one of the host" {
    local i started=0
    mkdir -p "$BUNDLE/rootfs/a"
    ln -s "$CANARY" "$BUNDLE/rootfs/b"
    twin "$BUNDLE/rootfs/a" "$BUNDLE/rootfs/b"
    edit '.process.cwd = "/a/made/here" | .root.readonly = false'
    args /bin/ls
    for ((i = 0; i < 60; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [[ "$output" != *ptmx* ]] || fail "$output"
        [ "$status" -ne 0 ] || started=$((started + 1))
    done
    end_twin
    [ "$started" -gt 0 ] || fail "it never started"
    canary_is_unchanged
}

@test "B23 I03: no file is made or opened in a directory that everybody can write" {
    local state=/run/caisson-test-$$ outside=/run/caisson-bundle-$$
    mkdir -m 700 "$state"
    cp -r "$BUNDLE" "$outside"
    ROOT=$state
    jq '.process.args = ["/bin/true"] | .mounts |= map(select(.destination != "/tmp"))' \
        <"$BUNDLE/config.json" >"$outside/config.json"
    run strace -f -qq -e trace=file -o "$BATS_TEST_TMPDIR/trace" \
        "$CAISSON" --root "$state" run --bundle "$outside" "$ID"
    rm -rf "$outside" "$state"
    [ "$status" -eq 0 ] || fail "$output"
    # Control: the trace has the state directory.
    grep -q "state.json" "$BATS_TEST_TMPDIR/trace"
    run grep -E '(open|mk|link|rename|mount|chdir)[a-z0-9]*\((AT_FDCWD, )?"/(tmp|var/tmp|dev/shm)' \
        "$BATS_TEST_TMPDIR/trace"
    [ "$status" -eq 1 ] || fail "$output"
}

@test "B24: the root filesystem is one inode from the first look to the end" {
    local i
    # A root that is a link is the caller's decision; that it changes meanwhile must have no effect
    # but one or the other.
    cp -r "$BUNDLE/rootfs" "$BUNDLE/other"
    echo first >"$BUNDLE/rootfs/name"
    echo second >"$BUNDLE/other/name"
    mkdir -p "$BUNDLE"/{rootfs,other}/{proc,dev,sys}
    args /bin/cat /name
    run strace -f -qq -e trace=file -o "$BATS_TEST_TMPDIR/trace" \
        "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
    [ "$(grep -c '"[^"]*rootfs"' "$BATS_TEST_TMPDIR/trace")" -eq 1 ] ||
        fail "$(grep '"[^"]*rootfs"' "$BATS_TEST_TMPDIR/trace")"
    twin "$BUNDLE/rootfs" "$BUNDLE/other"
    for ((i = 0; i < 60; i++)); do
        run caisson run --bundle "$BUNDLE" "$ID"
        [ "$status" -eq 0 ] || fail "$output"
        [[ "$output" = first || "$output" = second ]]
    done
    end_twin
}

@test "B25: what covers what is decided by the order in config.json" {
    edit '.root.readonly = false'
    mkdir -p "$BUNDLE/one" "$BUNDLE/two"
    echo one >"$BUNDLE/one/name"
    echo two >"$BUNDLE/two/name"
    mount_row /m tmpfs tmpfs
    mount_row /m/a bind "$BUNDLE/one" rbind
    mount_row /m bind "$BUNDLE/two" rbind
    mount_row /n bind "$BUNDLE/one" rbind
    mount_row /n/sub tmpfs tmpfs
    mount_row /n/sub/deep proc proc
    sh_in_container 'cat /m/name; ls /m; cat /n/name; stat -f -c %t /n/sub /n/sub/deep'
    [ "$status" -eq 0 ] || fail "$output"
    [ "${lines[*]}" = "two name one 1021994 9fa0" ] || fail "$output"
}

@test "B26: mounts of the host and of the container do not reach each other" {
    # A shared tree of the host, in a mount namespace of our own.
    args /bin/true
    run unshare --mount --propagation shared bash -c '
        set -e
        mount -t tmpfs shared "$3"
        mount --make-shared "$3"
        mkdir "$3/inner"
        cat /proc/self/mountinfo >"$3/../before"
        for value in "" private rprivate slave rslave; do
            jq --arg v "$value" "if \$v == \"\" then del(.linux.rootfsPropagation)
                else .linux.rootfsPropagation = \$v end
                | .mounts += [{destination: \"/mnt\", source: \"$3\", options: [\"rbind\"]},
                              {destination: \"/mnt/inner\", type: \"tmpfs\", source: \"tmpfs\"}]
                | .root.readonly = false" <"$2/config.json" >"$2/variant.json"
            "$0" --root "$1" run --bundle "$2" --config variant.json "p$value"
            cat /proc/self/mountinfo | diff "$3/../before" -
        done' "$CAISSON" "$ROOT" "$BUNDLE" "$CANARY/directory"
    rm -f "$CANARY/before"
    forgive_canary
    [ "$status" -eq 0 ] || fail "$output"
}

@test "B27: a call that a filter or kernel hides is a refusal by name, never another way" {
    local call errno
    args /bin/true
    for call in openat2 open_tree move_mount mount_setattr fsopen fsconfig fsmount pivot_root; do
        for errno in ENOSYS EPERM; do
            run timeout 10 strace -f -qq -o "$BATS_TEST_TMPDIR/trace" -e trace="$call,mount,chroot" \
                -e inject="$call":error="$errno" \
                "$CAISSON" --root "$ROOT" run --bundle "$BUNDLE" "$ID"
            [ "$status" -eq 1 ] || fail "$call $errno: status $status: $output"
            assert_output_has caisson:
            grep -q INJECTED "$BATS_TEST_TMPDIR/trace" || fail "$call was never called"
            refute grep -qE "^[0-9]+ +(mount|chroot)\(" "$BATS_TEST_TMPDIR/trace"
            refused
        done
    done
}

@test "B28: options of a file system on a bind are refused, and flags of the host stay" {
    local option
    for option in size=1k data=journal mode=777 nr_inodes=2; do
        edit --arg s "$CANARY" --arg o "$option" '.mounts = (.mounts[0:7] + [
            {destination: "/mnt", source: $s, options: ["rbind", $o]}])'
        in_container /bin/true
        refused
        assert_output_has "$option"
    done
}

@test "B30: root with every capability finds no way out of its root directory" {
    program escape
    all_privileges
    edit '.root.readonly = false | .mounts |= map(select(.destination != "/tmp"))'
    mkdir -p "$BUNDLE/rootfs/tmp"
    in_container /bin/escape "$CANARY/file"
    [ "$(grep -c stayed <<<"$output")" -eq 7 ] || fail "$output"
    [[ "$output" != *escaped* ]]
    # Control: after a bare chroot the first two work.
    run unshare --mount chroot "$BUNDLE/rootfs" /bin/escape "$CANARY/file"
    assert_output_has "double-chroot escaped"
    assert_output_has "descriptor escaped"
}

@test "B32: nosymfollow on a writable volume" {
    mkdir "$BUNDLE/volume"
    chmod 777 "$BUNDLE/volume"
    mount_row /v bind "$BUNDLE/volume" rbind nosymfollow
    edit '.root.readonly = false'
    sh_in_container 'echo x >/v/a; ln -s a /v/l; cat /v/a; cat /v/l'
    [ "${lines[0]}" = x ]
    assert_output_has "Too many levels"
}

@test "B36: a bind source keeps owner, mode and times" {
    mount_row /mnt bind "$CANARY" rbind ro
    edit '.root.readonly = false'
    user_namespace
    in_container /bin/true
    [ "$status" -eq 0 ] || fail "$output"
    canary_is_unchanged
}
