# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the machines are made of. Sourced by `vm`; a change in this file makes new images, since their names
# hold its hash.

# Built once, kept outside of the tree.
cache=${CAISSON_VM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/caisson-vm}

# shellcheck disable=SC2034  # for vm
image_tools="mmdebstrap mke2fs debugfs qemu-system-x86_64 sha256sum"

# The runtimes are the peers that the same tests run against; the libraries are for a caisson that is linked
# dynamically.
image_packages() {
    echo "linux-image-cloud-amd64 systemd systemd-sysv dbus dbus-user-session libpam-systemd
        kmod procps mount util-linux iproute2 e2fsprogs
        bats jq busybox-static strace crun runc apparmor libcap2-bin python3-minimal
        libseccomp2 libyajl2 libsystemd0"
}

image_key() {
    {
        echo "$1"
        cat "$here/image.sh"
    } | sha256sum | cut -c 1-16
}

image_directory() {
    echo "$cache/$1-$(image_key "$1")"
}

# Where this machine has its own Debian packages from; nothing on others, whose mmdebstrap knows a mirror.
image_mirror() {
    [ "$(. /etc/os-release && echo "$ID")" = debian ] || return 0
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk '!/security/ { print; exit }'
}

image_configure() {
    local tree=$1
    mkdir -p "$tree/job" "$tree/var/lib/systemd/linger" "$tree/etc/systemd/system.conf.d"
    # What is to be done comes with the job.
    cat >"$tree/usr/local/sbin/caisson-guest" <<'END'
#!/bin/sh
mount /dev/vdb /job
exec /job/tests/vm/guest.sh "$@"
END
    chmod 755 "$tree/usr/local/sbin/caisson-guest"
    chroot "$tree" useradd --create-home --uid 1000 --shell /bin/bash user
    # Its manager runs from boot on, as that of somebody who has logged in would.
    : >"$tree/var/lib/systemd/linger/user"
    echo machine >"$tree/etc/hostname"
    echo 0123456789abcdef0123456789abcdef >"$tree/etc/machine-id"
    # Every controller for every group, as on machines where units have limits.
    cat >"$tree/etc/systemd/system.conf.d/accounting.conf" <<'END'
[Manager]
DefaultCPUAccounting=yes
DefaultIOAccounting=yes
DefaultMemoryAccounting=yes
DefaultTasksAccounting=yes
END
    cat >"$tree/etc/systemd/system/caisson-job.service" <<'END'
[Unit]
Description=The tests
After=basic.target dbus.service systemd-logind.service
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/local/sbin/caisson-guest systemd
TimeoutStartSec=infinity
TasksMax=infinity
LimitNOFILE=65536
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
END
    chroot "$tree" systemctl --quiet enable caisson-job.service
    chroot "$tree" systemctl --quiet mask serial-getty@ttyS0.service getty@tty1.service \
        apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer man-db.timer \
        dpkg-db-backup.timer systemd-timesyncd.service e2scrub_reap.service
}

# image_build SUITE: whole or not at all.
image_build() {
    local suite=$1 final work tree mirror
    final=$(image_directory "$suite")
    [ ! -d "$final" ] || return 0
    [ "$(id -u)" = 0 ] || die "an image is built by root"
    mkdir -p "$cache"
    work=$(mktemp -d "$cache/.building-XXXXXX")
    tree=$work/tree
    mirror=$(image_mirror)
    say "Building the image of $suite ($final)."
    # shellcheck disable=SC2046  # one word a package
    if ! mmdebstrap --quiet --variant=minbase --components=main \
        --include="$(image_packages | paste -sd, - | tr -s ' ,' ',')" \
        --dpkgopt=path-exclude=/usr/share/man/* --dpkgopt=path-exclude=/usr/share/locale/* \
        --dpkgopt=path-exclude=/usr/share/doc/* \
        "$suite" "$tree" ${mirror:+"$mirror"} >"$work/log" 2>&1 ||
        ! image_configure "$tree" >>"$work/log" 2>&1 ||
        ! cp "$tree"/boot/vmlinuz-* "$work/vmlinuz" ||
        ! cp "$tree"/boot/initrd.img-* "$work/initrd"; then
        tail -n 20 "$work/log" >&2
        rm -rf "$work"
        die "the image of $suite could not be built"
    fi
    rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "${tree:?}"/boot/*
    truncate -s 2G "$work/root.ext4"
    mke2fs -q -t ext4 -d "$tree" "$work/root.ext4"
    rm -rf "$tree"
    # Somebody else may have been faster.
    mv -T "$work" "$final" 2>/dev/null || rm -rf "$work"
}
