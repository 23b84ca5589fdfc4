/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The kernel at arm's length: one thin function for each call that libc does not wrap on every
 * system we build on. -1 and errno like libc; no logging, no policy, no allocation. Both caisson
 * and caisson-init use this file, so everything here is async-signal-safe.
 *
 * EINTR is retried where the manual page says that the call can be interrupted before it has done
 * anything.
 */

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/abi.h"

/* openat2(2). `resolve` is a set of RESOLVE_*. EAGAIN (a rename raced with RESOLVE_IN_ROOT) is
 * retried a bounded number of times. O_CLOEXEC is added. */
int sys_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

int sys_open_tree(int directory, const char *path, unsigned int flags); /* adds OPEN_TREE_CLOEXEC */
int sys_move_mount(int from, const char *from_path, int to, const char *to_path,
                   unsigned int flags);
int sys_fsopen(const char *filesystem); /* FSOPEN_CLOEXEC */
int sys_fsconfig(int context, unsigned int command, const char *key, const void *value, int aux);
int sys_fsmount(int context, unsigned int attributes);               /* FSMOUNT_CLOEXEC */
int sys_fspick(int directory, const char *path, unsigned int flags); /* FSPICK_CLOEXEC */
int sys_mount_setattr(int directory, const char *path, unsigned int flags,
                      const struct mount_attr *attr);
int sys_umount2(const char *path, int flags);
int sys_pivot_root(const char *new_root, const char *put_old);

pid_t sys_clone3(const struct clone_args *args); /* fork-like: no stack, no CLONE_VM */
int sys_execveat(int directory, const char *path, char *const argv[], char *const envp[],
                 int flags);
int sys_pidfd_open(pid_t pid, unsigned int flags);
int sys_pidfd_send_signal(int pidfd, int signal);
int sys_close_range(unsigned int first, unsigned int last, unsigned int flags);
int sys_memfd_create(const char *name, unsigned int flags);
int sys_capget(cap_user_header_t header, cap_user_data_t data);
int sys_capset(cap_user_header_t header, const cap_user_data_t data);
long sys_keyctl_join_session(const char *name);
int sys_seccomp_filter(unsigned int flags, const void *program); /* struct sock_fprog */
/* All three ids of this thread. libc's functions of this kind look for other threads first, and
 * that machinery would be a quarter of caisson-init. */
int sys_set_uids(uint32_t uid);
int sys_set_gids(uint32_t gid);
int sys_set_limit(uint32_t resource, uint64_t soft, uint64_t hard); /* prlimit64(2), of ourselves */
/* The length with its NUL of the working directory's path; it begins with "(unreachable)" if that
 * is outside of our root. getcwd(2), not libc's. */
int sys_getcwd(char *path, size_t size);
/* May the file be executed, with the ids and capabilities that execve(2) looks at? faccessat2(2)
 * with AT_EACCESS, Linux 5.8. */
int sys_may_execute(const char *path);
int sys_setgroups(size_t count, const uint32_t *groups);
int sys_setns(int fd, int namespace_type);
int sys_bpf(int command, void *attr, unsigned int size);
/* Default disposition for a signal, also for those that libc keeps to itself. */
int sys_reset_signal(int signal);

/* The id of the mount that the descriptor is on, statx(2) with STATX_MNT_ID, Linux 5.8. */
int sys_mount_id(int fd, uint64_t *id);
