#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Runs inside of the machine, from the job's disk: `bare` as its first process, `systemd` as a unit. Does what
# the job says and switches the machine off. What it leaves on that disk is the result.
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8

bare() {
    mount -t proc -o nosuid,nodev,noexec proc /proc
    mount -t sysfs -o nosuid,nodev,noexec sysfs /sys
    mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
    mkdir -p /dev/pts /dev/shm
    mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
    mount -t tmpfs tmpfs /dev/shm
    mount -t tmpfs tmpfs /run
    mount -t cgroup2 -o nosuid,nodev,noexec,nsdelegate cgroup2 /sys/fs/cgroup
    mount -t bpf bpf /sys/fs/bpf
    mount -t securityfs securityfs /sys/kernel/security
    ip link set lo up
    # As under a manager: we are not in the root of the tree.
    mkdir /sys/fs/cgroup/tests
    echo $$ >/sys/fs/cgroup/tests/cgroup.procs
}

# The disks come in the order of the command line: root, job, scratch, swap.
prepare() {
    mount -t tmpfs -o mode=1777,size=70% tmpfs /tmp
    modprobe bfq 2>/dev/null
    swapon /dev/vdd
    export SCRATCH_DEVICE=/dev/vdc
}

# Lines of steps: name|assignments|words for bats.
steps() {
    local name environment words status=0
    mkdir -p /job/results
    while IFS='|' read -r name environment words; do
        # shellcheck disable=SC2086  # words
        env CAISSON=/job/caisson PROGRAMS=/job/programs $environment \
            bash -c "cd /job && bats --tap $words" >"/job/results/$name.tap" 2>&1 </dev/null || status=1
    done </job/steps
    echo $status >/job/results/status
}

[ "$1" != bare ] || bare
prepare
if grep -qw caisson.shell /proc/cmdline; then
    cd /job || exit
    CAISSON=/job/caisson PROGRAMS=/job/programs setsid -wc bash -i </dev/ttyS0 >/dev/ttyS0 2>&1
else
    steps
fi
cd /
sync
umount /job
echo o >/proc/sysrq-trigger
sleep 30
