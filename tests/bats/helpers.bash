# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What every bats file loads. Each test has its own state directory and its own bundle below
# BATS_TEST_TMPDIR, and nothing else on the host is touched.
#
#   CAISSON        the binary under test (default: build/caisson)
#   BATS_STRICT=1  a test that would be skipped fails instead

CAISSON=${CAISSON:-$BATS_TEST_DIRNAME/../../build/caisson}

setup_container() {
    [ "$(id -u)" = 0 ] || skip_or_fail "needs root"
    ROOT=$BATS_TEST_TMPDIR/state
    BUNDLE=$BATS_TEST_TMPDIR/bundle
    ID=t-$BATS_SUITE_TEST_NUMBER-$$
    make_bundle "$BUNDLE"
}

teardown_container() {
    [ -d "${ROOT:-/nonexistent}" ] || return 0
    local id
    for id in $("$CAISSON" --root "$ROOT" list -q 2>/dev/null); do
        "$CAISSON" --root "$ROOT" delete --force "$id" || true
    done
}

skip_or_fail() {
    if [ "${BATS_STRICT:-0}" = 1 ]; then
        echo "strict: $1" >&2
        return 1
    fi
    skip "$1"
}

# A busybox bundle with what `caisson spec` writes. A second argument makes another directory.
make_bundle() {
    local bundle=$1 busybox
    busybox=$(command -v busybox) || skip_or_fail "needs busybox"
    mkdir -p "$bundle/rootfs/bin"
    cp "$busybox" "$bundle/rootfs/bin/busybox"
    chroot "$bundle/rootfs" /bin/busybox --install -s /bin
    mkdir -p "$bundle/rootfs/etc"
    printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' \
        >"$bundle/rootfs/etc/passwd"
    "$CAISSON" spec --bundle "$bundle"
}

# edit [jq options...] FILTER: changes the bundle's config.json.
edit() {
    jq "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new"
    mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# args WORD...: what the container executes.
args() {
    # One word at a time: jq's --args takes words such as -c for its own.
    local word json='[]'
    for word in "$@"; do
        json=$(jq -c --arg word "$word" '. + [$word]' <<<"$json")
    done
    edit --argjson words "$json" '.process.args = $words'
}

caisson() {
    "$CAISSON" --root "$ROOT" "$@"
}

# in_container WORD...: runs it in a fresh container of the bundle, with `run`.
in_container() {
    args "$@"
    run caisson run --bundle "$BUNDLE" "$ID"
}

# sh_in_container SCRIPT
sh_in_container() {
    in_container /bin/sh -c "$1"
}

status_of() {
    caisson state "$1" | jq -r .status
}

pid_of() {
    caisson state "$1" | jq -r .pid
}

# wait_until COMMAND...: at most 10 s.
wait_until() {
    local i
    for ((i = 0; i < 200; i++)); do
        "$@" 2>/dev/null && return 0
        sleep 0.05
    done
    echo "gave up waiting for: $*" >&2
    return 1
}

# Ended, though perhaps not yet reaped by whoever adopted it.
is_gone() {
    ! grep -q "^State:.[^Z]" "/proc/$1/status" 2>/dev/null
}

has_status() {
    [ "$(status_of "$1")" = "$2" ]
}

# The v2 hierarchy as caisson finds it.
cgroup_mount() {
    if [ "$(stat -f -c %t /sys/fs/cgroup)" = 63677270 ]; then
        echo /sys/fs/cgroup
    else
        echo /sys/fs/cgroup/unified
    fi
}

needs_controller() {
    grep -qw "$1" "$(cgroup_mount)/cgroup.controllers" 2>/dev/null ||
        skip_or_fail "needs the cgroup v2 controller $1"
}

needs_systemd() {
    [ -d /run/systemd/system ] || skip_or_fail "needs systemd"
}

# The one of uid 1000.
needs_user_manager() {
    [ -S /run/user/1000/systemd/private ] || skip_or_fail "needs a systemd manager of uid 1000"
}

# compile NAME DIRECTORY: from tests/programs, or as it was compiled before for a machine without gcc.
compile() {
    if [ -x "${PROGRAMS:-}/$1" ]; then
        cp "$PROGRAMS/$1" "$2/$1"
    else
        gcc -static -O1 -D_GNU_SOURCE -Wall -Werror -o "$2/$1" "$BATS_TEST_DIRNAME/../programs/$1.c"
    fi
}

# program NAME: a small static program of tests/programs, put into the rootfs as /bin/NAME.
program() {
    compile "$1" "$BUNDLE/rootfs/bin"
}

# host_program NAME: the same, for the host: $HOST_PROGRAMS/NAME.
host_program() {
    HOST_PROGRAMS=$BATS_TEST_TMPDIR/programs
    mkdir -p "$HOST_PROGRAMS"
    compile "$1" "$HOST_PROGRAMS"
}

# What a container must not change on the host.
host_snapshot() {
    awk '{$1=""; $2=""; print}' /proc/self/mountinfo
    find "$(cgroup_mount)" -mindepth 1 -type d 2>/dev/null | sort
    cat /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname
    ls -l /dev/null /dev/zero /dev/full /dev/tty
    ls /proc/sys/net/ipv4/conf
    find "$ROOT" -mindepth 1 -not -path '*/.seccomp*' 2>/dev/null | sort
}

# In a bats test "! command" would not fail it.
refute() {
    ! "$@" || fail "this should not have succeeded: $*"
}

fail() {
    echo "$*" >&2
    return 1
}

assert_output_has() {
    [[ "$output" == *"$1"* ]] || fail "expected \"$1\" in: $output"
}

# --- limits ---------------------------------------------------------------------------------------
#
# Tests of limits use only what caisson, crun and runc have in common, so that a peer can run them as a
# check of the tests:
#
#   RUNTIME            the binary whose limits are tested (default: $CAISSON)
#   CGROUP_DRIVER      cgroupfs (default) or systemd
#   SCRATCH_DEVICE     a block device of this machine that tests may overwrite

RUNTIME=${RUNTIME:-$CAISSON}
CGROUP_DRIVER=${CGROUP_DRIVER:-cgroupfs}

runtime() {
    local options=()
    [ "$CGROUP_DRIVER" != systemd ] || options=(--systemd-cgroup)
    "$RUNTIME" --root "$ROOT" "${options[@]}" "$@"
}

is_caisson() {
    [ "$RUNTIME" = "$CAISSON" ]
}

is_crun() {
    [[ "$RUNTIME" == *crun ]]
}

# Where both peers do otherwise, or nothing: with the reason.
needs_caisson() {
    is_caisson || skip "caisson only: $1"
}

# differs crun|runc REASON: the same for one of them.
differs() {
    [ "$(basename "$RUNTIME")" != "$1" ] || skip "$1: $2"
}

# For BATS_STRICT a machine must have one; a test that writes to it may also change what is the whole
# machine's, such as the number of huge pages.
needs_block_device() {
    [ -b "${SCRATCH_DEVICE:-}" ] || skip_or_fail "needs a block device to write to (SCRATCH_DEVICE)"
    # shellcheck disable=SC2034  # for the test
    SCRATCH_NUMBERS=$(cat "/sys/class/block/${SCRATCH_DEVICE##*/}/dev")
}

# limits JSON: merged into linux.resources; a cgroupsPath in the form of the driver, and a version that all
# peers know.
limits() {
    local path=/caisson-limits/$ID
    [ "$CGROUP_DRIVER" != systemd ] || path=system.slice:caisson:$ID
    edit --argjson limits "$1" --arg path "$path" \
        '.linux.resources *= $limits | .linux.cgroupsPath = $path | .process.terminal = false
        | .ociVersion = "1.0.2"'
}

# start WORD...: a running container of the bundle, its output in OUTPUT, its cgroup in GROUP.
start() {
    args "$@"
    OUTPUT=$BATS_TEST_TMPDIR/$ID.out
    runtime run -d --bundle "$BUNDLE" "$ID" >"$OUTPUT" 2>&1 </dev/null 3>&- || {
        cat "$OUTPUT" >&2
        return 1
    }
    GROUP=$(limits_group "$ID")
}

# The cgroup that a container's processes are in. crun with systemd makes one below the scope and writes its
# files there.
limits_group() {
    local pid path
    pid=$(runtime state "$1" | jq -r .pid)
    path=$(awk -F: '$1 == 0 {print $3}' "/proc/$pid/cgroup")
    echo "$(cgroup_mount)$path"
}

# has_limit FILE VALUE: the whole content of the file.
has_limit() {
    local found
    found=$(cat "$GROUP/$1")
    [ "$found" = "$2" ] || fail "$1: \"$found\" instead of \"$2\""
}

# has_limit_line FILE LINE
has_limit_line() {
    grep -qxF "$2" "$GROUP/$1" || fail "$1: no line \"$2\" in: $(cat "$GROUP/$1")"
}

# count_of FILE KEY: the number of a flat keyed file such as memory.events.
count_of() {
    awk -v key="$2" '$1 == key {print $2}' "$GROUP/$1"
}

# has_counted FILE KEY: it is not 0.
has_counted() {
    [ "$(count_of "$1" "$2")" -gt 0 ]
}

# timed COMMAND...: `run`, and how long it took in MILLISECONDS.
timed() {
    local begin
    begin=$(date +%s%N)
    run "$@"
    # shellcheck disable=SC2034  # for the test
    MILLISECONDS=$((($(date +%s%N) - begin) / 1000000))
}

end() {
    runtime delete --force "$ID"
}

# A peer on a hybrid host looks at v1 alone.
needs_v2_of_peer() {
    is_caisson || [ "$(cgroup_mount)" = /sys/fs/cgroup ] || skip_or_fail "peers need a host without v1"
}
