/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Constants and structures of the kernel, for both sides: caisson on the host and caisson-init
 * inside. Each one that the headers of Linux 5.15 lack is defined here with the version that
 * brought it; nothing else in the tree tests for missing definitions.
 *
 * <sys/mount.h> is never included: it fights with <linux/mount.h> over the same names, and mount(2)
 * by path is not used.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <linux/capability.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>

/* umount2(2) */
#ifndef MNT_DETACH
#    define MNT_DETACH 2
#endif

/* mount_setattr(2), Linux 5.12; nosymfollow 5.14 */
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#    define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif

/* move_mount(2): join the peer group of another mount, Linux 5.15 */
#ifndef MOVE_MOUNT_SET_GROUP
#    define MOVE_MOUNT_SET_GROUP 0x00000100
#endif

/* memfd_create(2) with an explicit say about execution, Linux 6.3 */
#ifndef MFD_NOEXEC_SEAL
#    define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#    define MFD_EXEC 0x0010U
#endif
#ifndef F_SEAL_EXEC
#    define F_SEAL_EXEC 0x0020 /* Linux 6.3 */
#endif

/* clone3(2) */
#ifndef CLONE_NEWTIME
#    define CLONE_NEWTIME 0x00000080 /* Linux 5.6 */
#endif
#ifndef CLONE_INTO_CGROUP
#    define CLONE_INTO_CGROUP 0x200000000ULL /* Linux 5.7 */
#endif
#ifndef CLONE_CLEAR_SIGHAND
#    define CLONE_CLEAR_SIGHAND 0x100000000ULL /* Linux 5.5 */
#endif

/* File systems by statfs(2) f_type, <linux/magic.h> */
#define ABI_PROC_MAGIC       0x9fa0
#define ABI_SYSFS_MAGIC      0x62656572
#define ABI_CGROUP1_MAGIC    0x0027e0eb
#define ABI_CGROUP2_MAGIC    0x63677270
#define ABI_TMPFS_MAGIC      0x01021994
#define ABI_NSFS_MAGIC       0x6e736673
#define ABI_PIDFS_MAGIC      0x50494446 /* Linux 6.9 */
#define ABI_BPF_MAGIC        0xcafe4a11
#define ABI_CONFIGFS_MAGIC   0x62656570
#define ABI_DEBUGFS_MAGIC    0x64626720
#define ABI_EFIVARFS_MAGIC   0xde5e81e4
#define ABI_FUSECTL_MAGIC    0x65735543
#define ABI_PSTORE_MAGIC     0x6165676c
#define ABI_SECURITYFS_MAGIC 0x73636673
#define ABI_SELINUXFS_MAGIC  0xf97cff8c
#define ABI_TRACEFS_MAGIC    0x74726163

/* Namespace type of an nsfs file, ioctl_ns(2), Linux 4.11 */
#define ABI_NS_GET_NSTYPE 0xb703

/* Inode of the initial user namespace in nsfs; the same since Linux 3.8 */
#define ABI_PROC_USER_INIT_INO 0xeffffffdU

/* keyctl(2) */
#define ABI_KEYCTL_JOIN_SESSION_KEYRING 1

/* seccomp(2) */
#define ABI_SECCOMP_SET_MODE_FILTER 1

/* syscalls that 5.15's and musl 1.2.3's tables may lack; the numbers are the same on every
 * architecture since they were added after the tables were unified. */
#ifndef SYS_openat2
#    define SYS_openat2 437
#endif
#ifndef SYS_open_tree
#    define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#    define SYS_move_mount 429
#endif
#ifndef SYS_fsopen
#    define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#    define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#    define SYS_fsmount 432
#endif
#ifndef SYS_fspick
#    define SYS_fspick 433
#endif
#ifndef SYS_pidfd_open
#    define SYS_pidfd_open 434
#endif
#ifndef SYS_clone3
#    define SYS_clone3 435
#endif
#ifndef SYS_close_range
#    define SYS_close_range 436
#endif
#ifndef SYS_faccessat2
#    define SYS_faccessat2 439
#endif
#ifndef SYS_mount_setattr
#    define SYS_mount_setattr 442
#endif

#ifndef OPEN_TREE_CLONE
#    define OPEN_TREE_CLONE 1
#endif
#ifndef OPEN_TREE_CLOEXEC
#    define OPEN_TREE_CLOEXEC O_CLOEXEC
#endif
#ifndef AT_RECURSIVE
#    define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EACCESS
#    define AT_EACCESS 0x200
#endif
#ifndef AT_EMPTY_PATH
#    define AT_EMPTY_PATH 0x1000
#endif
#ifndef O_PATH
#    define O_PATH 010000000
#endif
#ifndef O_TMPFILE
#    define O_TMPFILE (020000000 | O_DIRECTORY)
#endif

#define CLOSE_RANGE_CLOEXEC_FLAG (1U << 2) /* Linux 5.11 */

/* statx(2): libc and kernel headers fight over the structure's name, and we need two members. */
#define ABI_STATX_MNT_ID 0x1000U /* Linux 5.8 */
struct abi_statx {
    uint32_t mask;
    uint32_t unused1[35];
    uint64_t mount_id; /* offset 0x90 */
    uint64_t unused2[13];
};
_Static_assert(sizeof(struct abi_statx) == 256, "as large as the kernel writes");
_Static_assert(__builtin_offsetof(struct abi_statx, mount_id) == 0x90, "stx_mnt_id");
