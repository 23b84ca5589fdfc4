# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

# Real programs in a real distribution, confined as Docker confines them: its 14 capabilities and its
# default seccomp profile. The root tree is made once by mmdebstrap and kept beside the build.

load helpers

TREE=${CAISSON_DEBIAN_ROOT:-$(dirname "$CAISSON")/debian-root}

setup_file() {
    [ "$(id -u)" = 0 ] || return 0
    command -v mmdebstrap >/dev/null || return 0
    [ -e "$TREE/etc/debian_version" ] && return 0
    mmdebstrap --variant=apt \
        --include=python3-minimal,gcc,libc6-dev,redis-server,nginx-light,curl,iproute2 \
        "$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")" "$TREE.new" >"$TREE.log" 2>&1 || return 0
    mv "$TREE.new" "$TREE"
}

setup() {
    [ "$(id -u)" = 0 ] || skip_or_fail "needs root"
    command -v mmdebstrap >/dev/null || skip_or_fail "needs mmdebstrap"
    [ -e "$TREE/etc/debian_version" ] || skip_or_fail "mmdebstrap could not make a root: see $TREE.log"
    setup_container
    edit --arg tree "$(realpath "$TREE")" \
        --slurpfile seccomp "$BATS_TEST_DIRNAME/../data/moby-seccomp-oci.json" '
        .root = {path: $tree, readonly: true}
        | .linux.seccomp = $seccomp[0]
        | (["AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
            "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"]
            | map("CAP_" + .)) as $caps
        | .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
        | .process.noNewPrivileges = false'
    local path
    for path in /run /var/log /var/lib/redis /var/lib/nginx /root /var/lib/apt /var/cache/apt; do
        edit --arg path "$path" '.mounts += [{destination: $path, type: "tmpfs", source: "tmpfs",
            options: ["nosuid", "nodev", "mode=1777", "tmpcopyup"]}]'
    done
}
teardown() { teardown_container; }

@test "debian: apt-get check" {
    in_container /usr/bin/apt-get check
    [ "$status" -eq 0 ]
}

@test "debian: python3" {
    in_container /usr/bin/python3 -c 'import os, socket, threading
t = threading.Thread(target=print, args=("thread",)); t.start(); t.join()
s = socket.socket(); s.bind(("127.0.0.1", 0)); print("socket")
print(os.popen("echo popen").read().strip())'
    [ "$status" -eq 0 ]
    [ "$output" = "$(printf 'thread\nsocket\npopen')" ]
}

@test "debian: a compile with gcc, and its result" {
    edit '.mounts |= map(if .destination == "/tmp" then .options -= ["noexec"] else . end)'
    in_container /bin/sh -c 'cd /tmp && printf "#include <stdio.h>\nint main(void){puts(\"compiled\");return 3;}\n" >a.c &&
        gcc -O2 -o a a.c && ./a'
    [ "$status" -eq 3 ]
    [ "$output" = compiled ]
}

in_its_network() {
    nsenter --net="/proc/$(pid_of "$ID")/ns/net" "$@"
}

answers_redis() {
    [ "$(in_its_network "$TREE/usr/bin/redis-cli" -p 6379 ping 2>/dev/null)" = PONG ] ||
        [ "$(printf 'PING\r\n' | in_its_network timeout 2 bash -c 'exec 5<>/dev/tcp/127.0.0.1/6379; cat >&5; head -c 7 <&5' 2>/dev/null | tr -d '\r\n')" = +PONG ]
}

answers_nginx() {
    in_its_network bash -c 'exec 5<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.0\r\n\r\n" >&5; cat <&5' 2>/dev/null |
        grep -qi "welcome to nginx"
}

@test "debian: redis-server answers in the network namespace of its container, and ends on TERM" {
    args /usr/bin/redis-server --save "" --dir /var/lib/redis --daemonize no
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1
    wait_until answers_redis
    caisson kill "$ID" TERM
    wait_until has_status "$ID" stopped
    caisson delete "$ID"
}

@test "debian: nginx with its workers answers in the network namespace of its container" {
    args /usr/sbin/nginx -g 'daemon off;'
    caisson create --bundle "$BUNDLE" "$ID" 3>&- >"$BATS_TEST_TMPDIR/out" 2>&1
    [ "$(status_of "$ID")" = created ]
    caisson start "$ID"
    wait_until answers_nginx
    [ "$(status_of "$ID")" = running ]
    caisson kill "$ID" QUIT
    wait_until has_status "$ID" stopped
    caisson delete "$ID"
}

@test "debian: the same programs under the default profile of caisson spec" {
    "$CAISSON" spec --bundle "$BUNDLE" --file fresh.json
    edit --slurpfile fresh "$BUNDLE/fresh.json" '.linux.seccomp = $fresh[0].linux.seccomp
        | .process.noNewPrivileges = true
        | .mounts |= map(if .destination == "/tmp" then .options -= ["noexec"] else . end)'
    in_container /bin/sh -c 'apt-get check >/dev/null && python3 -c "import threading; t = threading.Thread(); t.start(); t.join()" &&
        cd /tmp && echo "int main(void){return 0;}" >a.c && gcc a.c && ./a.out && echo fine'
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = fine ] || fail "$output"
}
