# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016
#
# The edges of mounts, devices and paths; what everybody uses is in mounts.bats.

load helpers

setup() {
    setup_container
    mkdir -p "$BUNDLE/rootfs/data" "$BUNDLE/source/nested"
    echo outside >"$BUNDLE/source/file"
}

teardown() {
    umount "$BUNDLE/source/nested" 2>/dev/null || true
    umount "$BUNDLE/source" 2>/dev/null || true
    teardown_container
}

# mounts JSON...: added after those that `caisson spec` writes.
mounts() {
    local each
    for each in "$@"; do
        edit '.mounts += [$mount]' --argjson mount "$each"
    done
}

# bind TARGET OPTION...: of the directory "source".
bind() {
    local target=$1
    shift
    edit '.mounts += [{destination: $target, source: $source, type: "bind", options: $ARGS.positional}]' \
        --arg target "$target" --arg source "$BUNDLE/source" --args bind "$@"
}

writable_root() {
    edit '.root.readonly = false'
}

refused() {
    args /bin/true
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -ne 0 ]
    [[ $output == *"$1"* ]] || fail "expected \"$1\" in: $output"
}

# --- binds -----------------------------------------------------------------------------------------------

@test "rootfs: a bind without rbind leaves the mounts beneath behind" {
    mount -t tmpfs tmpfs "$BUNDLE/source/nested"
    touch "$BUNDLE/source/nested/inside"
    bind /data
    sh_in_container 'ls /data/nested'
    [ "$output" = "" ]
}

@test "rootfs: a file is bound on a file that is made for it" {
    edit '.mounts += [{destination: "/etc/made/for/it", source: ($bundle + "/source/file"), options: ["bind"]}]' \
        --arg bundle "$BUNDLE"
    sh_in_container 'cat /etc/made/for/it'
    [ "$output" = outside ]
    [ -f "$BUNDLE/rootfs/etc/made/for/it" ]
    [ ! -s "$BUNDLE/rootfs/etc/made/for/it" ]
}

@test "rootfs: a relative source cannot leave the bundle" {
    mkdir "$BATS_TEST_TMPDIR/elsewhere"
    ln -s ../elsewhere "$BUNDLE/link"
    mounts '{"destination": "/data", "source": "../elsewhere", "options": ["bind"]}'
    refused "/mounts/8: open the bind source ../elsewhere"
    edit '.mounts[-1].source = "link"'
    refused "/mounts/8: open the bind source link"
}

@test "rootfs: a source that does not exist is named, and nothing is left" {
    host_snapshot >"$BATS_TEST_TMPDIR/before"
    mounts '{"destination": "/data", "source": "/no/such/source", "options": ["bind"]}'
    refused "/mounts/8: open the bind source /no/such/source: no such file or directory"
    host_snapshot | diff "$BATS_TEST_TMPDIR/before" -
}

@test "rootfs: file system options on a bind are refused" {
    bind /data size=1k
    refused "/mounts/8/options"
}

@test "rootfs: noexec, nosuid, nodev, noatime and nosymfollow arrive" {
    bind /data noexec nosuid nodev noatime nosymfollow
    ln -s file "$BUNDLE/source/link"
    sh_in_container 'grep " /data " /proc/self/mountinfo; cat /data/link || echo not followed'
    for word in noexec nosuid nodev noatime nosymfollow; do
        [[ $output == *"$word"* ]] || fail "$word: $output"
    done
    [[ $output == *"not followed"* ]]
}

# --- propagation -----------------------------------------------------------------------------------------

# The mount that a container with CAP_SYS_ADMIN makes on /data/nested: does the host see it?
make_inside() {
    mount -t tmpfs tmpfs "$BUNDLE/source"
    mount --make-shared "$BUNDLE/source"
    mkdir "$BUNDLE/source/nested"
    edit 'del(.linux.seccomp) | .process.capabilities |= map_values(["CAP_SYS_ADMIN"])'
    sh_in_container 'mount -t tmpfs inside /data/nested && grep -c " /data/nested " /proc/self/mountinfo'
    [ "$output" = 1 ]
}

@test "rootfs: what is mounted inside stays inside by default" {
    bind /data rbind
    make_inside
    run grep "tmpfs inside" /proc/self/mountinfo
    [ "$status" -ne 0 ]
}

@test "rootfs: what is mounted inside stays inside a slave" {
    bind /data rbind rslave
    make_inside
    run grep "tmpfs inside" /proc/self/mountinfo
    [ "$status" -ne 0 ]
}

@test "rootfs: what is mounted inside a shared volume reaches the host" {
    bind /data rbind rshared
    make_inside
    grep -q "tmpfs inside" /proc/self/mountinfo
}

@test "rootfs: every rootfsPropagation leaves the host's mounts as they were" {
    local word
    awk '{$1=""; $2=""; print}' /proc/self/mountinfo >"$BATS_TEST_TMPDIR/before"
    for word in private rprivate slave rslave shared rshared unbindable; do
        edit '.linux.rootfsPropagation = $word' --arg word "$word"
        sh_in_container 'cut -d" " -f5,7- /proc/self/mountinfo | grep "^/ "'
        [ "$status" -eq 0 ] || fail "$word: $output"
        case $word in
        *shared) [[ $output == *shared:* ]] ;;
        unbindable) [[ $output == *unbindable* ]] ;;
        *) [[ $output != *shared:* ]] ;;
        esac || fail "$word: $output"
        awk '{$1=""; $2=""; print}' /proc/self/mountinfo | diff "$BATS_TEST_TMPDIR/before" -
    done
}

# --- file systems ----------------------------------------------------------------------------------------

@test "rootfs: a tmpfs keeps the mode of the directory that it covers" {
    writable_root
    mkdir "$BUNDLE/rootfs/sticky" "$BUNDLE/rootfs/closed"
    chmod 1777 "$BUNDLE/rootfs/sticky"
    chmod 700 "$BUNDLE/rootfs/closed"
    mounts '{"destination": "/sticky", "type": "tmpfs", "source": "tmpfs"}' \
        '{"destination": "/closed", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]}' \
        '{"destination": "/asked", "type": "tmpfs", "source": "tmpfs", "options": ["mode=711"]}' \
        '{"destination": "/missing", "type": "tmpfs", "source": "tmpfs"}'
    sh_in_container 'stat -c %a /sticky /closed /asked /missing; touch /closed/x || echo read-only'
    [ "$(head -4 <<<"$output" | tr '\n' ' ')" = "1777 700 711 1777 " ] || fail "$output"
    [[ $output == *read-only ]]
}

@test "rootfs: tmpcopyup keeps what the image has there, also when it is read-only" {
    mkdir -p "$BUNDLE/rootfs/copied/sub"
    echo kept >"$BUNDLE/rootfs/copied/sub/file"
    chmod 644 "$BUNDLE/rootfs/copied/sub/file"
    chown 5:6 "$BUNDLE/rootfs/copied/sub/file"
    mounts '{"destination": "/copied", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "ro"]}'
    sh_in_container 'cat /copied/sub/file; stat -c "%a %u %g" /copied/sub/file; touch /copied/x'
    [[ $output == kept$'\n'"644 5 6"$'\n'*"Read-only"* ]] || fail "$output"
}

@test "rootfs: a read-only /dev has its devices and cannot be written" {
    edit '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]'
    sh_in_container 'echo x >/dev/null && touch /dev/new'
    [[ $output == *"/dev/new: Read-only file system"* ]] || fail "$output"
}

@test "rootfs: a read-only tmpfs can hold later mounts" {
    mounts '{"destination": "/top", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755", "ro"]}' \
        '{"destination": "/top/below", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]}'
    sh_in_container 'touch /top/below/x && echo below; touch /top/x || echo top'
    [[ $output == *below*top ]] || fail "$output"
}

@test "rootfs: overlay takes its directories as they are spelled" {
    mkdir -p "$BUNDLE/l,1" "$BUNDLE/upper" "$BUNDLE/work"
    echo lower >"$BUNDLE/l,1/file"
    edit '.mounts += [{destination: "/data", type: "overlay", source: "overlay",
        options: ["lowerdir=" + $b + "/l,1", "upperdir=" + $b + "/upper", "workdir=" + $b + "/work"]}]' --arg b "$BUNDLE"
    sh_in_container 'cat /data/file; echo upper >/data/new'
    if uname -r | grep -qE '^(5|6\.[0-4])\.'; then
        skip_or_fail "before Linux 6.5 a comma is refused"
    fi
    [ "$output" = lower ] || fail "$output"
    [ "$(cat "$BUNDLE/upper/new")" = upper ]
}

@test "rootfs: a remount changes what it names and nothing else" {
    mounts '{"destination": "/t", "type": "tmpfs", "source": "tmpfs", "options": ["mode=755", "nosuid", "size=1m"]}' \
        '{"destination": "/t", "options": ["remount", "ro", "size=2m"]}'
    sh_in_container 'grep " /t " /proc/self/mountinfo'
    [[ $output == *"ro,nosuid,relatime - tmpfs"*size=2048k* ]] || fail "$output"
}

@test "rootfs: the cgroup mount is the container's own cgroup and no more" {
    sh_in_container 'grep " /sys/fs/cgroup " /proc/self/mountinfo; grep -c cgroup /proc/self/mountinfo; grep ^0 /proc/self/cgroup'
    [[ $output == *" / /sys/fs/cgroup ro,"*"- cgroup2 "*$'\n'1$'\n'0::/ ]] || fail "$output"
}

@test "rootfs: without a cgroup namespace the host's tree is shown to be read, and its options stay" {
    grep cgroup2 /proc/self/mountinfo | cut -d' ' -f6- >"$BATS_TEST_TMPDIR/before"
    edit '.linux.namespaces |= map(select(.type != "cgroup"))'
    sh_in_container 'mkdir /sys/fs/cgroup/new; grep -c " /sys/fs/cgroup " /proc/self/mountinfo'
    [[ $output == *"Read-only file system"*1 ]] || fail "$output"
    grep cgroup2 /proc/self/mountinfo | cut -d' ' -f6- | diff "$BATS_TEST_TMPDIR/before" -
    edit '(.mounts[] | select(.type == "cgroup") | .options) = []'
    refused "cgroup namespace"
}

@test "rootfs: without a cgroup mount no v1 hierarchy is visible" {
    edit '.mounts |= map(select(.type != "cgroup"))'
    sh_in_container 'ls /sys/fs/cgroup; grep cgroup /proc/self/mountinfo'
    [ "$output" = "" ]
    bind /data
    edit '.mounts[-1].source = "/sys/fs/cgroup/memory"'
    [ -d /sys/fs/cgroup/memory ] || skip_or_fail "no cgroup v1 hierarchy here"
    refused "v1"
}

# --- places ----------------------------------------------------------------------------------------------

@test "rootfs: nothing but the genuine thing is mounted on /proc and /sys" {
    local place
    for place in /proc //proc/ /proc/self /proc/self/attr /proc/sys /proc/net/dev; do
        bind "$place"
        refused "/mounts/8"
        edit 'del(.mounts[8])'
    done
    for place in /sys /sys/fs/cgroup /sys/./firmware; do
        bind "$place"
        refused "may be bound"
        edit 'del(.mounts[8])'
    done
}

@test "rootfs: files of /proc that only inform can be replaced" {
    mkdir "$BATS_TEST_TMPDIR/lxcfs"
    echo "MemTotal: 1 kB" >"$BATS_TEST_TMPDIR/lxcfs/meminfo"
    edit '.mounts += [{destination: "/proc/meminfo", source: $file, options: ["bind"]}]' \
        --arg file "$BATS_TEST_TMPDIR/lxcfs/meminfo"
    sh_in_container 'cat /proc/meminfo'
    [ "$output" = "MemTotal: 1 kB" ]
}

@test "rootfs: a /proc or /sys that is a link is refused" {
    ln -s data "$BUNDLE/rootfs/proc"
    refused "/mounts/0"
    rm "$BUNDLE/rootfs/proc"
    ln -s data "$BUNDLE/rootfs/sys"
    refused "/mounts/5"
}

@test "rootfs: links in the image lead to places in the image, or nowhere" {
    mkdir "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/real"
    ln -s ../../../../../../../../real "$BUNDLE/rootfs/upwards"
    ln -s /real "$BUNDLE/rootfs/absolute"
    bind /upwards/made
    bind /absolute/too
    sh_in_container 'cat /real/made/file /real/too/file'
    [ "$status" -eq 0 ] || fail "$output"
    ln -s "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/out"
    bind /out/made
    # The name of a directory of the host means a directory of the image, which is made like any other.
    sh_in_container "cmp /out/made/file $BATS_TEST_TMPDIR/canary/made/file"
    [ "$status" -eq 0 ] || fail "$output"
    [ -z "$(ls -A "$BATS_TEST_TMPDIR/canary")" ]
}

@test "rootfs: a file whose link has no target is made where the link leads inside" {
    writable_root
    mkdir -p "$BUNDLE/rootfs/etc"
    ln -sfn ../run/resolve/stub.conf "$BUNDLE/rootfs/etc/resolv.conf"
    edit '.mounts += [{destination: "/etc/resolv.conf", source: ($bundle + "/source/file"), options: ["bind"]}]' \
        --arg bundle "$BUNDLE"
    sh_in_container 'cmp /etc/resolv.conf /run/resolve/stub.conf && [ -s /etc/resolv.conf ]'
    [ "$status" -eq 0 ] || fail "$output"
    [ -L "$BUNDLE/rootfs/etc/resolv.conf" ]
    [ -f "$BUNDLE/rootfs/run/resolve/stub.conf" ]
}

@test "rootfs: an image whose /dev is a link gets no device and the host no file" {
    mkdir "$BATS_TEST_TMPDIR/canary"
    touch "$BATS_TEST_TMPDIR/canary/ptmx" "$BATS_TEST_TMPDIR/canary/null"
    find "$BATS_TEST_TMPDIR/canary" -printf '%p %i %C@\n' >"$BATS_TEST_TMPDIR/before"
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
    ln -s "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/dev"
    refused "/dev/null"
    find "$BATS_TEST_TMPDIR/canary" -printf '%p %i %C@\n' | diff "$BATS_TEST_TMPDIR/before" -
}

@test "rootfs: they are made in the listed order" {
    mkdir "$BUNDLE/second"
    echo second >"$BUNDLE/second/file"
    mounts '{"destination": "/data", "source": "source", "options": ["bind"]}' \
        '{"destination": "/data", "source": "second", "options": ["bind"]}'
    sh_in_container 'cat /data/file'
    [ "$output" = second ]
    edit '.mounts[-2:] |= reverse'
    sh_in_container 'cat /data/file'
    [ "$output" = outside ]
}

# --- devices, links, paths -------------------------------------------------------------------------------

@test "rootfs: modes do not depend on the umask of the caller" {
    local mask
    edit '.linux.devices = [{path: "/dev/full", type: "c", major: 1, minor: 7, fileMode: 438, uid: 3, gid: 4}]'
    for mask in 0000 0022 0077 0777; do
        umask "$mask"
        sh_in_container 'stat -c "%a %u %g" /dev/null /dev/full /dev/pts /data'
        umask 0022
        [ "$(tr '\n' ';' <<<"$output")" = "666 0 0;666 3 4;755 0 0;755 0 0;" ] || fail "$mask: $output"
    done
}

@test "rootfs: a device that is something else already is an error" {
    writable_root
    edit '.linux.devices = [{path: "/data/node", type: "c", major: 1, minor: 5}]'
    touch "$BUNDLE/rootfs/data/node"
    refused "/linux/devices/0"
}

@test "rootfs: configured devices can be anywhere, and a pipe is one" {
    writable_root
    edit '.linux.devices = [{path: "/data/zero", type: "u", major: 1, minor: 5, fileMode: 384},
        {path: "/data/pipe", type: "p", fileMode: 416}]'
    sh_in_container 'stat -c "%F %t:%T %a" /data/zero /data/pipe; head -c 3 /data/zero | wc -c'
    [ "$output" = "character special file 1:5 600
fifo 0:0 640
3" ] || fail "$output"
}

@test "rootfs: urandom can be bound on /dev/random" {
    mounts '{"destination": "/dev/random", "source": "/dev/urandom", "options": ["bind"]}'
    sh_in_container 'stat -c %t:%T /dev/random'
    [ "$output" = 1:9 ] || fail "$output"
}

@test "rootfs: the host's /dev is left as it is" {
    find /dev -printf '%p %y %m %u %g\n' | sort >"$BATS_TEST_TMPDIR/before"
    edit '.mounts |= map(select(.destination | startswith("/dev") | not))
        | .linux.devices = [{path: "/dev/made-by-test", type: "c", major: 1, minor: 5}]'
    mkdir -p "$BUNDLE/rootfs/dev"
    mounts '{"destination": "/dev", "source": "/dev", "options": ["rbind", "rslave"]}'
    sh_in_container 'echo x >/dev/null; [ ! -e /dev/made-by-test ]'
    [ "$status" -eq 0 ] || fail "$output"
    find /dev -printf '%p %y %m %u %g\n' | sort | diff "$BATS_TEST_TMPDIR/before" -
    [ ! -e /dev/made-by-test ]
}

@test "rootfs: masked files read empty, masked directories list empty, read-only paths are" {
    sh_in_container 'cat /proc/keys /proc/timer_list | wc -c; ls /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/printk; touch /sys/firmware/x'
    [[ $output == 0$'\n'0$'\n'*"Read-only file system"*"Read-only file system" ]] || fail "$output"
}

@test "rootfs: paths to mask that do not exist are no error" {
    edit '.linux.maskedPaths += ["/no/such/path", "/proc/keys", "/etc/passwd/x"]'
    sh_in_container true
    [ "$status" -eq 0 ] || fail "$output"
}

@test "rootfs: a read-only root cannot be written, and mount points were made before" {
    rmdir "$BUNDLE/rootfs/data"
    bind /data
    sh_in_container 'touch /x; cat /data/file'
    [[ $output == *"/x: Read-only file system"*outside ]] || fail "$output"
}

@test "rootfs: the working directory is made if it is missing" {
    edit '.process.cwd = "/made/for/this"'
    sh_in_container pwd
    [ "$output" = /made/for/this ]
    [ "$(stat -c %a "$BUNDLE/rootfs/made/for/this")" = 755 ]
}

@test "rootfs: the host's mounts are what they were" {
    awk '{$1=""; $2=""; print}' /proc/self/mountinfo >"$BATS_TEST_TMPDIR/before"
    bind /data rbind
    sh_in_container 'cat /data/file'
    awk '{$1=""; $2=""; print}' /proc/self/mountinfo | diff "$BATS_TEST_TMPDIR/before" -
}
