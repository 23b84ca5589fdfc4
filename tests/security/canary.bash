# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What the files of this directory share: a directory of the host that must be as before whatever is
# tried, and the peers that serve as positive controls.

setup_canary() {
    setup_container
    CANARY=$BATS_TEST_TMPDIR/canary
    mkdir -p "$CANARY/directory"
    echo precious >"$CANARY/file"
    : >"$CANARY/null"
    : >"$CANARY/ptmx"
    : >"$CANARY/console"
    chmod 600 "$CANARY/file"
    canary_state >"$BATS_TEST_TMPDIR/canary-before"
}

teardown_canary() {
    teardown_container
    canary_is_unchanged
}

canary_state() {
    find "$CANARY" -printf '%p %y %m %u %g %s %T@ %l\n' | sort
    cat "$CANARY/file"
}

canary_is_unchanged() {
    canary_state | diff "$BATS_TEST_TMPDIR/canary-before" -
}

# A control has damaged it on purpose.
forgive_canary() {
    canary_state >"$BATS_TEST_TMPDIR/canary-before"
}

# replace PATH TARGET: PATH of the rootfs becomes a link.
replace() {
    rm -rf "${BUNDLE:?}/rootfs/$1"
    mkdir -p "$(dirname "$BUNDLE/rootfs/$1")"
    ln -s "$2" "$BUNDLE/rootfs/$1"
}

# Every way to write the canary's name in a link, and two links that are no more than "up".
links_out() {
    echo "$CANARY"
    echo "../../../../../../../../../../..$CANARY"
    echo "/..$CANARY"
    echo /
    echo ..
}

# Everything allowed that a test of the mounts and links needs to be the reason of a refusal.
all_privileges() {
    local all
    all=$(capsh --decode="$(awk '/^CapBnd/ {print $2}' /proc/self/status)" 2>/dev/null |
        sed 's/.*=//' | tr '[:lower:]' '[:upper:]' | tr , '\n' | jq -Rnc '[inputs]')
    edit --argjson caps "$all" 'del(.linux.seccomp) | .process.noNewPrivileges = false
        | .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}'
}

# user_namespace [HOST_ID]: ids of the container are 65536 host ids from there.
user_namespace() {
    local first=${1:-100000}
    chmod 755 "$BATS_TEST_TMPDIR" "$BUNDLE"
    edit --argjson first "$first" '.linux.namespaces += [{type: "user"}]
        | .linux.uidMappings = [{containerID: 0, hostID: $first, size: 65536}]
        | .linux.gidMappings = .linux.uidMappings'
    chown -R "$first:$first" "$BUNDLE/rootfs"
}

refused() {
    [ "$status" -eq 1 ] || fail "status $status: $output"
    [ ! -d "$ROOT" ] || [ -z "$(caisson list -q)" ]
}

# twin A B: somebody who exchanges two names all the time. Ends with end_twin.
twin() {
    host_program exchange
    "$HOST_PROGRAMS/exchange" "$1" "$2" 3>&- &
    TWIN=$!
}

end_twin() {
    # Had it ended by itself, there would have been no race.
    kill "$TWIN"
    wait "$TWIN" 2>/dev/null || true
    TWIN=
}

# peer NAME: runs the bundle with another runtime, as a positive control.
peer() {
    case $1 in
    crun) timeout 10 crun --root "$BATS_TEST_TMPDIR/peer" --cgroup-manager=disabled run \
        --bundle "$BUNDLE" "peer-$$" </dev/null 2>&1 ;;
    runc) timeout 10 runc --root "$BATS_TEST_TMPDIR/peer" run --bundle "$BUNDLE" "peer-$$" \
        </dev/null 2>&1 ;;
    esac
}

# The attack that the bundle holds, by runtimes that are known not to withstand it: true if one of
# them changed the canary.
some_peer_is_vulnerable() {
    local name
    for name in crun runc; do
        command -v "$name" >/dev/null || continue
        peer "$name" >"$BATS_TEST_TMPDIR/peer-output" || true
        if ! canary_is_unchanged >/dev/null; then
            forgive_canary
            return 0
        fi
    done
    return 1
}
