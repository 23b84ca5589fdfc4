# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154,SC2016

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

all_caps() {
    jq -nc '["CAP_CHOWN","CAP_SETUID","CAP_SETGID","CAP_KILL"]'
}

@test "process: uid, gid, additional groups are exactly the configured ones" {
    edit '.process.user = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6]}'
    sh_in_container 'id -u; id -g; id -G'
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = 1000 ]
    [ "${lines[1]}" = 1001 ]
    [ "${lines[2]}" = "1001 5 6" ]
}

@test "process: no groups of the caller are left, also when none are configured" {
    edit '.process.user = {"uid": 1000, "gid": 1000}'
    sh_in_container 'grep ^Groups: /proc/self/status | tr -d "\t "'
    [ "$output" = "Groups:" ]
}

@test "process: umask is the configured one, else the caller's" {
    edit '.process.user.umask = 63'
    sh_in_container 'umask'
    [ "$output" = 0077 ]
    edit 'del(.process.user.umask)'
    args /bin/sh -c umask
    run bash -c 'umask 0027; "$0" --root "$1" run --bundle "$2" "$3"' "$CAISSON" "$ROOT" "$BUNDLE" "$ID"
    [ "$output" = 0027 ]
}

@test "process: the five capability sets are exactly the configured ones" {
    edit --argjson caps "$(all_caps)" '.process.capabilities = {
        bounding: $caps, permitted: $caps, effective: ["CAP_KILL"],
        inheritable: ["CAP_CHOWN"], ambient: ["CAP_CHOWN"]} | .process.user = {uid: 1000, gid: 1000}'
    sh_in_container 'grep ^Cap /proc/self/status | tr -d "\t"'
    [ "$status" -eq 0 ]
    # After execve without file capabilities a non-root process has its ambient set.
    [ "${lines[0]}" = CapInh:0000000000000001 ]
    [ "${lines[1]}" = CapPrm:0000000000000001 ]
    [ "${lines[2]}" = CapEff:0000000000000001 ]
    [ "${lines[3]}" = CapBnd:00000000000000e1 ]
    [ "${lines[4]}" = CapAmb:0000000000000001 ]
}

@test "process: a waiting container has no capability that its workload would not have" {
    edit --argjson caps "$(all_caps)" '.process.capabilities = {
        bounding: $caps, permitted: $caps, effective: $caps}'
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&-
    grep -q "CapEff:.00000000000000e1" "/proc/$(pid_of "$ID")/status"
    grep -q "CapPrm:.00000000000000e1" "/proc/$(pid_of "$ID")/status"
}

@test "process: non-root has no capabilities unless they are ambient" {
    edit --argjson caps "$(all_caps)" '.process.capabilities = {
        bounding: $caps, permitted: $caps, effective: $caps} | .process.user = {uid: 1000, gid: 1000}'
    sh_in_container 'grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/self/status | tr -d "\t"'
    local line
    for line in "${lines[@]}"; do
        [[ "$line" == *:0000000000000000 ]]
    done
}

@test "process: noNewPrivileges keeps a set-uid program from gaining anything" {
    program ids
    chmod 4755 "$BUNDLE/rootfs/bin/ids"
    edit --argjson caps "$(all_caps)" '.process.capabilities.bounding = $caps
        | .process.user = {uid: 1000, gid: 1000}'
    in_container /bin/ids
    [ "$output" = "ruid=1000 euid=1000 suid=1000" ]
    # The same without it: the test would notice.
    edit '.process.noNewPrivileges = false'
    in_container /bin/ids
    [ "$output" = "ruid=1000 euid=0 suid=0" ]
}

@test "process: rlimits, as given" {
    edit '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200},
        {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]'
    sh_in_container 'ulimit -n; ulimit -Hn; ulimit -c'
    [ "${lines[0]}" = 100 ]
    [ "${lines[1]}" = 200 ]
    [ "${lines[2]}" = 0 ]
}

@test "process: a limit that cannot be raised is an error with its pointer" {
    edit '.process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 1099511627776}]'
    in_container /bin/true
    [ "$status" -eq 1 ]
    assert_output_has "config.json /process/rlimits/0: "
    assert_output_has "operation not permitted"
}

@test "process: the environment is the configured one and nothing else; the last duplicate wins" {
    edit '.process.env = ["PATH=/bin", "A=1", "B=2", "A=3", "HOME=/h"]'
    export LEAK=canary
    in_container /bin/env
    [ "$status" -eq 0 ]
    [ "$(sort <<<"$output")" = "$(printf 'A=3\nB=2\nHOME=/h\nPATH=/bin\n')" ]
}

@test "process: HOME comes from the container's passwd when it is missing or empty" {
    edit '.process.user = {uid: 1000, gid: 1000} | .process.env = ["PATH=/bin", "HOME="]'
    sh_in_container 'echo $HOME'
    [ "$output" = /home/user ]
    edit '.process.user = {uid: 4711, gid: 1000}'
    sh_in_container 'echo $HOME'
    [ "$output" = / ]
}

@test "process: a passwd that is a FIFO, a link to the host or endless is no problem" {
    rm "$BUNDLE/rootfs/etc/passwd"
    mkfifo "$BUNDLE/rootfs/etc/passwd"
    sh_in_container 'echo $HOME'
    [ "$output" = / ]
    rm "$BUNDLE/rootfs/etc/passwd"
    truncate -s 10G "$BUNDLE/rootfs/etc/passwd"
    sh_in_container 'echo $HOME'
    [ "$output" = / ]
}

@test "process: cwd is made when it is missing, and must be inside" {
    edit '.root.readonly = false | .process.cwd = "/a/b/c"'
    sh_in_container 'pwd'
    [ "$output" = /a/b/c ]
    edit '.process.cwd = "/proc/self/fd/0"'
    in_container /bin/true
    [ "$status" -eq 1 ]
}

@test "process: hostname and domainname" {
    edit '.hostname = "h1" | .domainname = "d1"'
    sh_in_container 'hostname; cat /proc/sys/kernel/domainname'
    [ "${lines[0]}" = h1 ]
    [ "${lines[1]}" = d1 ]
    [ "$(hostname)" != h1 ]
}

@test "process: sysctls of its own namespaces" {
    edit '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shmmni": "1234",
        "net/ipv4/ip_default_ttl": "77"}'
    sh_in_container 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shmmni /proc/sys/net/ipv4/ip_default_ttl'
    [ "${lines[0]}" = 1 ]
    [ "${lines[1]}" = 1234 ]
    [ "${lines[2]}" = 77 ]
    [ "$(cat /proc/sys/kernel/shmmni)" != 1234 ]
}

@test "process: sysctls of the host are refused by name" {
    local before key
    before=$(cat /proc/sys/kernel/core_pattern)
    for key in kernel.core_pattern vm.overcommit_memory fs.file-max net/../kernel/core_pattern \
        net..ipv4 kernel/hostname; do
        edit --arg key "$key" '.linux.sysctl = {($key): "1"}'
        in_container /bin/true
        [ "$status" -eq 1 ]
        assert_output_has "/linux/sysctl"
    done
    [ "$(cat /proc/sys/kernel/core_pattern)" = "$before" ]
}

@test "process: personality LINUX32" {
    edit '.linux.personality = {"domain": "LINUX32"}'
    sh_in_container 'uname -m'
    [[ "$output" == i?86 ]]
}

@test "process: oomScoreAdj is set, and left alone when it is not" {
    edit '.process.oomScoreAdj = 500'
    sh_in_container 'cat /proc/self/oom_score_adj'
    [ "$output" = 500 ]
    edit 'del(.process.oomScoreAdj)'
    sh_in_container 'cat /proc/self/oom_score_adj'
    [ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "process: no ignored or blocked signals of the caller" {
    args /bin/grep -E '^Sig(Blk|Ign)' /proc/self/status
    run bash -c 'trap "" HUP INT QUIT USR1 PIPE RTMIN RTMAX; "$0" --root "$1" run --bundle "$2" "$3"' \
        "$CAISSON" "$ROOT" "$BUNDLE" "$ID"
    [ "${lines[0]}" = "SigBlk:	0000000000000000" ]
    [ "${lines[1]}" = "SigIgn:	0000000000000000" ]
}

@test "process: a new session" {
    sh_in_container 'cut -d" " -f6 /proc/$$/stat'
    [ "$output" = 1 ]
}

@test "process: a new session keyring" {
    args /bin/sh -c 'cat /proc/keys 2>/dev/null | wc -l'
    edit '.linux.maskedPaths -= ["/proc/keys"]'
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
}

@test "process: pipes on the standard streams belong to the workload's user" {
    edit '.process.user = {uid: 1000, gid: 1000}'
    args /bin/sh -c 'echo through >/dev/stdout'
    [ "$(caisson run --bundle "$BUNDLE" "$ID" | cat)" = through ]
}
