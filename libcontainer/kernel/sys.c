/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/sys.h"

#include <errno.h>
#include <unistd.h>

int sys_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
    int tries = 0;
    long fd;

    do {
        fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
        /* EAGAIN: something was renamed while ".." was resolved in a restricted walk. It is safe to
         * try again; somebody who renames in a loop gets an error, not an endless one. */
    } while (fd < 0 && (errno == EINTR || (errno == EAGAIN && tries++ < 128)));
    return (int)fd;
}

int sys_open_tree(int directory, const char *path, unsigned int flags)
{
    return (int)syscall(SYS_open_tree, directory, path, flags | (unsigned int)OPEN_TREE_CLOEXEC);
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned int flags)
{
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

int sys_fsopen(const char *filesystem)
{
    return (int)syscall(SYS_fsopen, filesystem, FSOPEN_CLOEXEC);
}

int sys_fsconfig(int context, unsigned int command, const char *key, const void *value, int aux)
{
    return (int)syscall(SYS_fsconfig, context, command, key, value, aux);
}

int sys_fsmount(int context, unsigned int attributes)
{
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
}

int sys_fspick(int directory, const char *path, unsigned int flags)
{
    return (int)syscall(SYS_fspick, directory, path, flags | FSPICK_CLOEXEC);
}

int sys_mount_setattr(int directory, const char *path, unsigned int flags,
                      const struct mount_attr *attr)
{
    return (int)syscall(SYS_mount_setattr, directory, path, flags, attr, sizeof(*attr));
}

int sys_umount2(const char *path, int flags)
{
    return (int)syscall(SYS_umount2, path, flags);
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
    return (int)syscall(SYS_pivot_root, new_root, put_old);
}

pid_t sys_clone3(const struct clone_args *args)
{
    return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

int sys_execveat(int directory, const char *path, char *const argv[], char *const envp[], int flags)
{
    return (int)syscall(SYS_execveat, directory, path, argv, envp, flags);
}

int sys_pidfd_open(pid_t pid, unsigned int flags)
{
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int signal)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}

int sys_memfd_create(const char *name, unsigned int flags)
{
    return (int)syscall(SYS_memfd_create, name, flags);
}

int sys_capget(cap_user_header_t header, cap_user_data_t data)
{
    return (int)syscall(SYS_capget, header, data);
}

int sys_capset(cap_user_header_t header, const cap_user_data_t data)
{
    return (int)syscall(SYS_capset, header, data);
}

long sys_keyctl_join_session(const char *name)
{
    return syscall(SYS_keyctl, ABI_KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

int sys_seccomp_filter(unsigned int flags, const void *program)
{
    return (int)syscall(SYS_seccomp, ABI_SECCOMP_SET_MODE_FILTER, flags, program);
}

int sys_set_uids(uint32_t uid)
{
    return (int)syscall(SYS_setresuid, uid, uid, uid);
}

int sys_set_gids(uint32_t gid)
{
    return (int)syscall(SYS_setresgid, gid, gid, gid);
}

int sys_set_limit(uint32_t resource, uint64_t soft, uint64_t hard)
{
    const uint64_t limit[2] = {soft, hard}; /* struct rlimit64 */

    return (int)syscall(SYS_prlimit64, 0, resource, limit, NULL);
}

int sys_getcwd(char *path, size_t size)
{
    return (int)syscall(SYS_getcwd, path, size);
}

int sys_may_execute(const char *path)
{
    return (int)syscall(SYS_faccessat2, AT_FDCWD, path, 1 /* X_OK */, AT_EACCESS);
}

int sys_setgroups(size_t count, const uint32_t *groups)
{
    return (int)syscall(SYS_setgroups, count, groups);
}

int sys_setns(int fd, int namespace_type)
{
    return (int)syscall(SYS_setns, fd, namespace_type);
}

int sys_bpf(int command, void *attr, unsigned int size)
{
    return (int)syscall(SYS_bpf, command, attr, size);
}

int sys_reset_signal(int signal)
{
    /* handler, flags, restorer and mask of the kernel's own struct sigaction: all zero is SIG_DFL
     */
    static const unsigned long by_default[4];

    return (int)syscall(SYS_rt_sigaction, signal, by_default, NULL, sizeof(by_default[0]));
}

int sys_mount_id(int fd, uint64_t *id)
{
    struct abi_statx result;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, ABI_STATX_MNT_ID, &result) < 0)
        return -1;
    if ((result.mask & ABI_STATX_MNT_ID) == 0) {
        errno = ENOSYS;
        return -1;
    }
    *id = result.mount_id;
    return 0;
}
