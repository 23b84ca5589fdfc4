# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

# add_mount JSON
add_mount() {
    edit --argjson mount "$1" '.mounts += [$mount]'
}

@test "mounts: root.readonly makes the root read-only, and without it writes reach the rootfs" {
    sh_in_container 'touch /x'
    [ "$status" -ne 0 ]
    edit '.root.readonly = false'
    sh_in_container 'touch /x'
    [ "$status" -eq 0 ]
    [ -e "$BUNDLE/rootfs/x" ]
}

@test "mounts: every mount has the file system and the flags that were asked for" {
    sh_in_container 'cat /proc/self/mountinfo'
    grep -q ' /proc rw,nosuid,nodev,noexec.* - proc ' <<<"$output"
    grep -q ' /dev rw,nosuid,noexec.* - tmpfs ' <<<"$output"
    grep -q ' /dev/pts rw,nosuid,noexec.* - devpts .*ptmxmode=666' <<<"$output"
    grep -q ' /sys ro,nosuid,nodev,noexec.* - sysfs ' <<<"$output"
    grep -q ' /sys/fs/cgroup ro,nosuid,nodev,noexec.* - cgroup2 ' <<<"$output"
    # Nothing of the host's tree is left, and nothing is shared with it.
    [ "$(wc -l <<<"$output")" -lt 40 ]
    run grep -E 'shared:|master:' <<<"$output"
    [ "$status" -eq 1 ]
}

@test "mounts: bind of a directory and a file; missing mount points are made" {
    mkdir -p "$BATS_TEST_TMPDIR/data/sub"
    echo content >"$BATS_TEST_TMPDIR/data/sub/file"
    add_mount "{\"destination\": \"/a/b/dir\", \"type\": \"bind\", \"source\": \"$BATS_TEST_TMPDIR/data\", \"options\": [\"rbind\"]}"
    add_mount "{\"destination\": \"/c/file\", \"source\": \"$BATS_TEST_TMPDIR/data/sub/file\", \"options\": [\"bind\", \"ro\"]}"
    sh_in_container 'cat /a/b/dir/sub/file /c/file; echo more >>/c/file; echo new >/a/b/dir/new'
    [ "${lines[0]}" = content ]
    [ "${lines[1]}" = content ]
    [[ "$output" == *"Read-only file system"* ]]
    [ "$(cat "$BATS_TEST_TMPDIR/data/new")" = new ]
}

@test "mounts: a relative source is taken from the bundle" {
    mkdir "$BUNDLE/beside"
    echo here >"$BUNDLE/beside/file"
    add_mount '{"destination": "/beside", "source": "beside", "options": ["bind"]}'
    sh_in_container 'cat /beside/file'
    [ "$output" = here ]
}

@test "mounts: a source that is missing is named, with the place in config.json" {
    add_mount '{"destination": "/x", "source": "/no/such/thing", "options": ["bind"]}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "config.json /mounts/8"
    assert_output_has "/no/such/thing"
    [ -z "$(caisson list -q)" ]
}

@test "mounts: recursive read-only reaches the mounts beneath, plain ro does not" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/nested"
    mount -t tmpfs tmpfs "$tree/nested"
    add_mount "{\"destination\": \"/t\", \"source\": \"$tree\", \"options\": [\"rbind\", \"ro\"]}"
    sh_in_container 'touch /t/nested/plain'
    local plain=$status
    edit '.mounts[-1].options = ["rbind", "rro"]'
    sh_in_container 'touch /t/nested/recursive'
    local recursive=$status
    umount "$tree/nested"
    [ "$plain" -eq 0 ]
    [ "$recursive" -ne 0 ]
}

@test "mounts: what is mounted inside is not seen on the host" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree"
    mount -t tmpfs tmpfs "$tree"
    mount --make-shared "$tree"
    mkdir "$tree/inner"
    add_mount "{\"destination\": \"/t\", \"source\": \"$tree\", \"options\": [\"rbind\"]}"
    add_mount '{"destination": "/t/inner", "type": "tmpfs", "source": "tmpfs"}'
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    local seen=0
    grep -q " $tree/inner " /proc/self/mountinfo && seen=1
    caisson delete --force "$ID"
    umount "$tree"
    [ "$seen" -eq 0 ]
}

@test "mounts: rslave receives what the host mounts later" {
    local tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree"
    mount -t tmpfs tmpfs "$tree"
    mount --make-shared "$tree"
    mkdir "$tree/later"
    add_mount "{\"destination\": \"/t\", \"source\": \"$tree\", \"options\": [\"rbind\", \"rslave\"]}"
    args /bin/sleep 100
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    mount -t tmpfs tmpfs "$tree/later"
    local seen=1
    grep -q " /t/later " "/proc/$(pid_of "$ID")/mountinfo" || seen=0
    caisson delete --force "$ID"
    umount "$tree/later" "$tree"
    [ "$seen" -eq 1 ]
}

@test "mounts: tmpfs with its options; a size that holds" {
    add_mount '{"destination": "/small", "type": "tmpfs", "source": "tmpfs", "options": ["size=64k", "mode=1770", "uid=5"]}'
    sh_in_container 'stat -c "%a %u" /small; dd if=/dev/zero of=/small/x bs=1k count=100 2>/dev/null; stat -c %s /small/x'
    [ "${lines[0]}" = "1770 5" ]
    [ "${lines[1]}" = 65536 ]
}

@test "mounts: an option that the file system does not know is named" {
    add_mount '{"destination": "/small", "type": "tmpfs", "source": "tmpfs", "options": ["nonsense=1"]}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "/mounts/8"
    assert_output_has "nonsense=1"
}

@test "mounts: tmpcopyup keeps what the image had there" {
    mkdir -p "$BUNDLE/rootfs/var/lib/app/deep"
    echo data >"$BUNDLE/rootfs/var/lib/app/deep/file"
    chmod 640 "$BUNDLE/rootfs/var/lib/app/deep/file"
    chown 0:34 "$BUNDLE/rootfs/var/lib/app/deep/file"
    ln -s /etc/passwd "$BUNDLE/rootfs/var/lib/app/link"
    mkfifo "$BUNDLE/rootfs/var/lib/app/fifo"
    add_mount '{"destination": "/var/lib/app", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "mode=711"]}'
    sh_in_container 'cd /var/lib/app; stat -c "%a %u %g" deep/file; cat deep/file; readlink link; test -p fifo && echo fifo; stat -c %a .; touch new'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "640 0 34" ]
    [ "${lines[1]}" = data ]
    [ "${lines[2]}" = /etc/passwd ]
    [ "${lines[3]}" = fifo ]
    [ "${lines[4]}" = 711 ]
    [ ! -e "$BUNDLE/rootfs/var/lib/app/new" ]
}

@test "mounts: a tmpfs without mode keeps the mode of the directory that it covers" {
    mkdir -m 1777 "$BUNDLE/rootfs/scratch"
    add_mount '{"destination": "/scratch", "type": "tmpfs", "source": "tmpfs"}'
    sh_in_container 'stat -c %a /scratch'
    [ "$output" = 1777 ]
}

@test "mounts: overlay of two directories" {
    mkdir -p "$BATS_TEST_TMPDIR/lower" "$BATS_TEST_TMPDIR/upper" "$BATS_TEST_TMPDIR/work"
    echo low >"$BATS_TEST_TMPDIR/lower/file"
    add_mount "{\"destination\": \"/o\", \"type\": \"overlay\", \"source\": \"overlay\", \"options\": [
        \"lowerdir=$BATS_TEST_TMPDIR/lower\", \"upperdir=$BATS_TEST_TMPDIR/upper\", \"workdir=$BATS_TEST_TMPDIR/work\"]}"
    sh_in_container 'cat /o/file; echo high >/o/file'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = low ]
    [ "$(cat "$BATS_TEST_TMPDIR/upper/file")" = high ]
    [ "$(cat "$BATS_TEST_TMPDIR/lower/file")" = low ]
}

@test "mounts: over /proc only a procfs; beneath it only what reveals nothing" {
    local destination
    mkdir "$BATS_TEST_TMPDIR/fake"
    for destination in /proc //proc /proc/ /./proc /x/../proc /proc/self/attr /proc/sys /proc/self; do
        edit --arg d "$destination" --arg s "$BATS_TEST_TMPDIR/fake" \
            '.mounts |= .[0:8] | .mounts += [{destination: $d, source: $s, options: ["bind"]}]'
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "$destination was accepted"
    done
    for destination in /proc/sys /proc/self/attr; do
        edit --arg d "$destination" '.mounts |= .[0:8] | .mounts += [{destination: $d, type: "tmpfs", source: "tmpfs"}]'
        in_container /bin/true
        [ "$status" -eq 1 ] || fail "tmpfs on $destination was accepted"
    done
}

@test "mounts: superblock options on a bind are refused" {
    add_mount '{"destination": "/t", "source": "/etc/hostname", "options": ["bind", "size=1k"]}'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "size=1k"
}

@test "mounts: rootfsPropagation shared is a peer group of its own" {
    local word
    for word in private slave shared unbindable rslave rprivate rshared; do
        edit --arg word "$word" '.linux.rootfsPropagation = $word'
        sh_in_container 'grep " / / " /proc/self/mountinfo || sed -n 1p /proc/self/mountinfo'
        [ "$status" -eq 0 ]
        case $word in
        shared | rshared) [[ "$output" == *shared:* ]] ;;
        unbindable) [[ "$output" == *unbindable* ]] ;;
        private | rprivate) [[ "$output" != *shared:* ]] ;;
        esac
    done
}

@test "mounts: the default devices are the right ones, and work" {
    sh_in_container 'for d in null zero full random urandom tty; do stat -c "%n %t:%T %a %F" /dev/$d; done
        echo x >/dev/null; head -c 3 /dev/zero | wc -c; head -c 5 /dev/urandom | wc -c; echo x >/dev/full'
    [ "${lines[0]}" = "/dev/null 1:3 666 character special file" ]
    [ "${lines[1]}" = "/dev/zero 1:5 666 character special file" ]
    [ "${lines[2]}" = "/dev/full 1:7 666 character special file" ]
    [ "${lines[3]}" = "/dev/random 1:8 666 character special file" ]
    [ "${lines[4]}" = "/dev/urandom 1:9 666 character special file" ]
    [ "${lines[5]}" = "/dev/tty 5:0 666 character special file" ]
    [ "${lines[6]}" = 3 ]
    [ "${lines[7]}" = 5 ]
    assert_output_has "No space left"
}

@test "mounts: the links of /dev lead where they should" {
    sh_in_container 'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done'
    [ "${lines[0]}" = /proc/self/fd ]
    [ "${lines[1]}" = /proc/self/fd/0 ]
    [ "${lines[4]}" = pts/ptmx ]
}

@test "mounts: configured devices have type, numbers, mode and owner" {
    edit '.linux.devices = [
        {"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 432, "uid": 7, "gid": 8},
        {"path": "/opt/pipe", "type": "p", "fileMode": 420}]'
    sh_in_container 'stat -c "%t:%T %a %u %g %F" /dev/fuse; stat -c "%a %F" /opt/pipe'
    [ "${lines[0]}" = "a:e5 660 7 8 character special file" ]
    [ "${lines[1]}" = "644 fifo" ]
}

@test "mounts: masked files read empty, masked directories are empty, read-only paths are" {
    edit '.linux.maskedPaths = ["/proc/version", "/proc/tty", "/no/such/path", "/etc/passwd"]
        | .linux.readonlyPaths = ["/proc/sys", "/tmp", "/nothing"]'
    sh_in_container 'wc -c </proc/version; ls /proc/tty | wc -l; wc -c </etc/passwd; touch /tmp/x; echo 1 >/proc/sys/kernel/printk'
    [ "${lines[0]}" = 0 ]
    [ "${lines[1]}" = 0 ]
    [ "${lines[2]}" = 0 ]
    [ "$(grep -c "Read-only file system" <<<"$output")" -eq 2 ]
}

@test "mounts: five hundred masked directories share one file system" {
    mkdir -p "$BUNDLE/rootfs/many"
    local i
    for ((i = 0; i < 500; i++)); do mkdir "$BUNDLE/rootfs/many/$i"; done
    edit '.linux.maskedPaths = [range(500) | "/many/\(.)"]'
    sh_in_container 'grep " /many/" /proc/self/mountinfo | cut -d" " -f3 | sort -u | wc -l; grep -c " /many/" /proc/self/mountinfo'
    [ "${lines[0]}" = 1 ]
    [ "${lines[1]}" = 500 ]
}

@test "mounts: four hundred binds work" {
    edit --arg s "$BUNDLE/rootfs/etc/passwd" \
        '.mounts += [range(400) | {destination: "/tmp/m\(.)", source: $s, options: ["bind", "ro"]}]'
    sh_in_container 'grep -c " /tmp/m" /proc/self/mountinfo'
    [ "$output" = 400 ]
}
