#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# bundle.sh [-c CGROUPS-PATH] DIR [WORD...]
#
# Makes the engine-shaped bundle in DIR: the config.json that containerd and Docker write for an
# ordinary container, over a root filesystem of busybox. WORDs are what it executes (/bin/true).
#
#   -c CGROUPS-PATH  linux.cgroupsPath (/caisson-bench/run)
#
# No limits of memory, CPU or pids: not every host that runs this has those controllers in v2.
# floor.c makes the same calls from tables of its own: change both together.
set -eu

cgroups_path=/caisson-bench/run
if [ "${1-}" = -c ]; then
    cgroups_path=$2
    shift 2
fi
if [ $# -lt 1 ]; then
    echo "usage: bundle.sh [-c CGROUPS-PATH] DIR [WORD...]" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
bundle=$1
shift
[ $# -gt 0 ] || set -- /bin/true

busybox=$(command -v busybox) || {
    echo "bundle.sh: busybox is missing: install busybox-static" >&2
    exit 1
}

for directory in bin dev etc home proc root sys tmp usr var; do
    mkdir -p "$bundle/rootfs/$directory"
done
cp "$busybox" "$bundle/rootfs/bin/busybox"
"$busybox" --list | while read -r applet; do
    [ "$applet" = busybox ] || ln -sf busybox "$bundle/rootfs/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$bundle/rootfs/etc/passwd"
printf 'root:x:0:\n' >"$bundle/rootfs/etc/group"
for file in resolv.conf hostname hosts; do
    : >"$bundle/rootfs/etc/$file"
done
printf 'nameserver 192.0.2.1\n' >"$bundle/resolv.conf"
printf 'bench\n' >"$bundle/hostname"
printf '127.0.0.1 localhost\n::1 localhost\n' >"$bundle/hosts"

bundle=$(cd "$bundle" && pwd)
jq -n --arg bundle "$bundle" --arg cgroups_path "$cgroups_path" \
    --slurpfile seccomp "$here/../data/moby-seccomp-oci.json" '
    def caps: [
        "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
        "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID",
        "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"
    ];
    def bind($file): {
        destination: "/etc/\($file)", type: "bind", source: "\($bundle)/\($file)",
        options: ["rbind", "rprivate"]
    };
    def allow($major; $minor): {
        allow: true, type: "c", major: $major, minor: $minor, access: "rwm"
    };
    {
        ociVersion: "1.0.2",
        process: {
            user: {uid: 0, gid: 0, additionalGids: [0]},
            args: $ARGS.positional,
            env: [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "HOSTNAME=bench"
            ],
            cwd: "/",
            capabilities: {bounding: caps, effective: caps, permitted: caps},
            rlimits: [{type: "RLIMIT_NOFILE", hard: 1024, soft: 1024}],
            noNewPrivileges: false
        },
        root: {path: "rootfs", readonly: false},
        hostname: "bench",
        mounts: [
            {destination: "/proc", type: "proc", source: "proc",
             options: ["nosuid", "noexec", "nodev"]},
            {destination: "/dev", type: "tmpfs", source: "tmpfs",
             options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
            {destination: "/dev/pts", type: "devpts", source: "devpts",
             options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
            {destination: "/sys", type: "sysfs", source: "sysfs",
             options: ["nosuid", "noexec", "nodev", "ro"]},
            {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
             options: ["ro", "nosuid", "noexec", "nodev"]},
            {destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
             options: ["nosuid", "noexec", "nodev"]},
            {destination: "/dev/shm", type: "tmpfs", source: "shm",
             options: ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
            bind("resolv.conf"), bind("hostname"), bind("hosts")
        ],
        linux: {
            resources: {
                devices: [
                    {allow: false, access: "rwm"},
                    allow(1; 5), allow(1; 3), allow(1; 9), allow(1; 8), allow(5; 0), allow(5; 1)
                ]
            },
            cgroupsPath: $cgroups_path,
            namespaces: [
                {type: "mount"}, {type: "network"}, {type: "uts"}, {type: "pid"}, {type: "ipc"},
                {type: "cgroup"}
            ],
            seccomp: $seccomp[0],
            maskedPaths: [
                "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys",
                "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list",
                "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"
            ],
            readonlyPaths: [
                "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"
            ]
        }
    }' --args "$@" >"$bundle/config.json.new"
mv "$bundle/config.json.new" "$bundle/config.json"
