/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From the kernel's SYSCALL_DEFINE prototypes, up to Linux 6.19. Not in the table, though sometimes
 * called flags: what the kernel takes as unsigned long and refuses when it has a bit that it does
 * not know (unshare, mremap, mprotect): a value with a higher bit never acts there like the one
 * without. In the table, though unsigned long: what the kernel hands on as an int or whose upper
 * half it never looks at (mmap's prot, flags and fd, mount's flags, mbind's mode, the fd of readv,
 * ptrace's pid, clone's flags).
 */

#include "seccomp/arguments.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>

#include "base/macros.h"

#define A0 (1 << 0)
#define A1 (1 << 1)
#define A2 (1 << 2)
#define A3 (1 << 3)
#define A4 (1 << 4)
#define A5 (1 << 5)

struct row {
    const char *name;
    uint8_t has_32; /* int, unsigned int, pid_t, uid_t, ... */
    uint8_t has_16; /* umode_t; and ipc(2), which selects by the lower half of its first argument */
};

/* Sorted by name. */
static const struct row rows[] = {
    {"accept", A0, 0},
    {"accept4", A0 | A3, 0},
    {"access", A1, 0},
    {"add_key", A4, 0},
    {"alarm", A0, 0},
    {"arch_prctl", A0, 0},
    {"bind", A0 | A2, 0},
    {"bpf", A0 | A2, 0},
    {"cachestat", A0 | A3, 0},
    {"chmod", 0, A1},
    {"chown", A1 | A2, 0},
    {"clock_adjtime", A0, 0},
    {"clock_getres", A0, 0},
    {"clock_gettime", A0, 0},
    {"clock_nanosleep", A0 | A1, 0},
    {"clock_settime", A0, 0},
    {"clone", A0, 0},
    {"close", A0, 0},
    {"close_range", A0 | A1 | A2, 0},
    {"connect", A0 | A2, 0},
    {"copy_file_range", A0 | A2 | A5, 0},
    {"creat", 0, A1},
    {"delete_module", A1, 0},
    {"dup", A0, 0},
    {"dup2", A0 | A1, 0},
    {"dup3", A0 | A1 | A2, 0},
    {"epoll_create", A0, 0},
    {"epoll_create1", A0, 0},
    {"epoll_ctl", A0 | A1 | A2, 0},
    {"epoll_pwait", A0 | A2 | A3, 0},
    {"epoll_pwait2", A0 | A2, 0},
    {"epoll_wait", A0 | A2 | A3, 0},
    {"eventfd", A0, 0},
    {"eventfd2", A0 | A1, 0},
    {"execveat", A0 | A4, 0},
    {"exit", A0, 0},
    {"exit_group", A0, 0},
    {"faccessat", A0 | A2, 0},
    {"faccessat2", A0 | A2 | A3, 0},
    {"fadvise64", A0 | A3, 0},
    {"fallocate", A0 | A1, 0},
    {"fanotify_init", A0 | A1, 0},
    {"fanotify_mark", A0 | A1 | A3, 0},
    {"fchdir", A0, 0},
    {"fchmod", A0, A1},
    {"fchmodat", A0, A2},
    {"fchmodat2", A0 | A3, A2},
    {"fchown", A0 | A1 | A2, 0},
    {"fchownat", A0 | A2 | A3 | A4, 0},
    {"fcntl", A0 | A1, 0},
    {"fdatasync", A0, 0},
    {"fgetxattr", A0, 0},
    {"file_getattr", A0 | A4, 0},
    {"file_setattr", A0 | A4, 0},
    {"finit_module", A0 | A2, 0},
    {"flistxattr", A0, 0},
    {"flock", A0 | A1, 0},
    {"fremovexattr", A0, 0},
    {"fsconfig", A0 | A1 | A4, 0},
    {"fsetxattr", A0 | A4, 0},
    {"fsmount", A0 | A1 | A2, 0},
    {"fsopen", A1, 0},
    {"fspick", A0 | A2, 0},
    {"fstat", A0, 0},
    {"fstatfs", A0, 0},
    {"fsync", A0, 0},
    {"ftruncate", A0, 0},
    {"futex", A1 | A2 | A5, 0},
    {"futex_requeue", A1 | A2 | A3, 0},
    {"futex_wait", A3 | A5, 0},
    {"futex_waitv", A1 | A2 | A4, 0},
    {"futex_wake", A2 | A3, 0},
    {"futimesat", A0, 0},
    {"get_robust_list", A0, 0},
    {"getdents", A0 | A2, 0},
    {"getdents64", A0 | A2, 0},
    {"getgroups", A0, 0},
    {"getitimer", A0, 0},
    {"getpeername", A0, 0},
    {"getpgid", A0, 0},
    {"getpriority", A0 | A1, 0},
    {"getrandom", A2, 0},
    {"getrlimit", A0, 0},
    {"getrusage", A0, 0},
    {"getsid", A0, 0},
    {"getsockname", A0, 0},
    {"getsockopt", A0 | A1 | A2, 0},
    {"getxattrat", A0 | A2, 0},
    {"inotify_add_watch", A0 | A2, 0},
    {"inotify_init1", A0, 0},
    {"inotify_rm_watch", A0 | A1, 0},
    {"io_setup", A0, 0},
    {"io_uring_enter", A0 | A1 | A2 | A3, 0},
    {"io_uring_register", A0 | A1 | A3, 0},
    {"io_uring_setup", A0, 0},
    {"ioctl", A0 | A1, 0},
    {"ioperm", A2, 0},
    {"iopl", A0, 0},
    {"ioprio_get", A0 | A1, 0},
    {"ioprio_set", A0 | A1 | A2, 0},
    {"ipc", A1, A0},
    {"kcmp", A0 | A1 | A2, 0},
    {"kexec_file_load", A0 | A1, 0},
    {"keyctl", A0, 0},
    {"kill", A0 | A1, 0},
    {"landlock_add_rule", A0 | A1 | A3, 0},
    {"landlock_create_ruleset", A2, 0},
    {"landlock_restrict_self", A0 | A1, 0},
    {"lchown", A1 | A2, 0},
    {"linkat", A0 | A2 | A4, 0},
    {"listen", A0 | A1, 0},
    {"listmount", A3, 0},
    {"listns", A3, 0},
    {"listxattrat", A0 | A2, 0},
    {"lseek", A0 | A2, 0},
    {"lsetxattr", A4, 0},
    {"lsm_get_self_attr", A0 | A3, 0},
    {"lsm_list_modules", A2, 0},
    {"lsm_set_self_attr", A0 | A2 | A3, 0},
    {"madvise", A2, 0},
    {"map_shadow_stack", A2, 0},
    {"mbind", A2 | A5, 0},
    {"membarrier", A0 | A1 | A2, 0},
    {"memfd_create", A1, 0},
    {"memfd_secret", A0, 0},
    {"migrate_pages", A0, 0},
    {"mkdir", 0, A1},
    {"mkdirat", A0, A2},
    {"mknod", A2, A1},
    {"mknodat", A0 | A3, A2},
    {"mlock2", A2, 0},
    {"mlockall", A0, 0},
    {"mmap", A2 | A3 | A4, 0},
    {"modify_ldt", A0, 0},
    {"mount", A3, 0},
    {"mount_setattr", A0 | A2, 0},
    {"move_mount", A0 | A2 | A4, 0},
    {"move_pages", A0 | A5, 0},
    {"mq_getsetattr", A0, 0},
    {"mq_notify", A0, 0},
    {"mq_open", A1, A2},
    {"mq_timedreceive", A0, 0},
    {"mq_timedsend", A0 | A3, 0},
    {"msgctl", A0 | A1, 0},
    {"msgget", A0 | A1, 0},
    {"msgrcv", A0 | A4, 0},
    {"msgsnd", A0 | A3, 0},
    {"msync", A2, 0},
    {"name_to_handle_at", A0 | A4, 0},
    {"newfstatat", A0 | A3, 0},
    {"open", A1, A2},
    {"open_by_handle_at", A0 | A2, 0},
    {"open_tree", A0 | A2, 0},
    {"open_tree_attr", A0 | A2, 0},
    {"openat", A0 | A2, A3},
    {"openat2", A0, 0},
    {"perf_event_open", A1 | A2 | A3, 0},
    {"personality", A0, 0},
    {"pidfd_getfd", A0 | A1 | A2, 0},
    {"pidfd_open", A0 | A1, 0},
    {"pidfd_send_signal", A0 | A1 | A3, 0},
    {"pipe2", A1, 0},
    {"pkey_free", A0, 0},
    {"pkey_mprotect", A3, 0},
    {"poll", A1 | A2, 0},
    {"ppoll", A1, 0},
    {"prctl", A0, 0},
    {"pread64", A0, 0},
    {"preadv", A0, 0},
    {"preadv2", A0 | A5, 0},
    {"prlimit64", A0 | A1, 0},
    {"process_madvise", A0 | A3 | A4, 0},
    {"process_mrelease", A0 | A1, 0},
    {"process_vm_readv", A0, 0},
    {"process_vm_writev", A0, 0},
    {"pselect6", A0, 0},
    {"ptrace", A1, 0},
    {"pwrite64", A0, 0},
    {"pwritev", A0, 0},
    {"pwritev2", A0 | A5, 0},
    {"quotactl", A0 | A2, 0},
    {"quotactl_fd", A0 | A1 | A2, 0},
    {"read", A0, 0},
    {"readahead", A0, 0},
    {"readlink", A2, 0},
    {"readlinkat", A0 | A3, 0},
    {"readv", A0, 0},
    {"reboot", A0 | A1 | A2, 0},
    {"recvfrom", A0 | A3, 0},
    {"recvmmsg", A0 | A2 | A3, 0},
    {"recvmsg", A0 | A2, 0},
    {"removexattrat", A0 | A2, 0},
    {"renameat", A0 | A2, 0},
    {"renameat2", A0 | A2 | A4, 0},
    {"request_key", A3, 0},
    {"rseq", A1 | A2 | A3, 0},
    {"rt_sigaction", A0, 0},
    {"rt_sigprocmask", A0, 0},
    {"rt_sigqueueinfo", A0 | A1, 0},
    {"rt_tgsigqueueinfo", A0 | A1 | A2, 0},
    {"sched_get_priority_max", A0, 0},
    {"sched_get_priority_min", A0, 0},
    {"sched_getaffinity", A0 | A1, 0},
    {"sched_getattr", A0 | A2 | A3, 0},
    {"sched_getparam", A0, 0},
    {"sched_getscheduler", A0, 0},
    {"sched_rr_get_interval", A0, 0},
    {"sched_setaffinity", A0 | A1, 0},
    {"sched_setattr", A0 | A2, 0},
    {"sched_setparam", A0, 0},
    {"sched_setscheduler", A0 | A1, 0},
    {"seccomp", A0 | A1, 0},
    {"select", A0, 0},
    {"semctl", A0 | A1 | A2, 0},
    {"semget", A0 | A1 | A2, 0},
    {"semop", A0 | A2, 0},
    {"semtimedop", A0 | A2, 0},
    {"sendfile", A0 | A1, 0},
    {"sendmmsg", A0 | A2 | A3, 0},
    {"sendmsg", A0 | A2, 0},
    {"sendto", A0 | A3 | A5, 0},
    {"set_mempolicy", A0, 0},
    {"setdomainname", A1, 0},
    {"setfsgid", A0, 0},
    {"setfsuid", A0, 0},
    {"setgid", A0, 0},
    {"setgroups", A0, 0},
    {"sethostname", A1, 0},
    {"setitimer", A0, 0},
    {"setns", A0 | A1, 0},
    {"setpgid", A0 | A1, 0},
    {"setpriority", A0 | A1 | A2, 0},
    {"setregid", A0 | A1, 0},
    {"setresgid", A0 | A1 | A2, 0},
    {"setresuid", A0 | A1 | A2, 0},
    {"setreuid", A0 | A1, 0},
    {"setrlimit", A0, 0},
    {"setsockopt", A0 | A1 | A2 | A4, 0},
    {"setuid", A0, 0},
    {"setxattr", A4, 0},
    {"setxattrat", A0 | A2, 0},
    {"shmat", A0 | A2, 0},
    {"shmctl", A0 | A1, 0},
    {"shmget", A0 | A2, 0},
    {"shutdown", A0 | A1, 0},
    {"signalfd", A0, 0},
    {"signalfd4", A0 | A3, 0},
    {"socket", A0 | A1 | A2, 0},
    {"socketcall", A0, 0},
    {"socketpair", A0 | A1 | A2, 0},
    {"splice", A0 | A2 | A5, 0},
    {"statmount", A3, 0},
    {"statx", A0 | A2 | A3, 0},
    {"swapon", A1, 0},
    {"symlinkat", A1, 0},
    {"sync_file_range", A0 | A3, 0},
    {"sync_file_range2", A0 | A1, 0},
    {"syncfs", A0, 0},
    {"sysfs", A0, 0},
    {"syslog", A0 | A2, 0},
    {"tee", A0 | A1 | A3, 0},
    {"tgkill", A0 | A1 | A2, 0},
    {"timer_create", A0, 0},
    {"timer_delete", A0, 0},
    {"timer_getoverrun", A0, 0},
    {"timer_gettime", A0, 0},
    {"timer_settime", A0 | A1, 0},
    {"timerfd_create", A0 | A1, 0},
    {"timerfd_gettime", A0, 0},
    {"timerfd_settime", A0 | A1, 0},
    {"tkill", A0 | A1, 0},
    {"umask", A0, 0},
    {"umount2", A1, 0},
    {"unlinkat", A0 | A2, 0},
    {"userfaultfd", A0, 0},
    {"ustat", A0, 0},
    {"utimensat", A0 | A3, 0},
    {"vmsplice", A0 | A3, 0},
    {"wait4", A0 | A2, 0},
    {"waitid", A0 | A1 | A3, 0},
    {"write", A0, 0},
    {"writev", A0, 0},
};

static int compare_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct row *)row)->name);
}

/* CONFIG_CLONE_BACKWARDS2: the stack comes first there, and the flags second. */
static bool has_clone_backwards(uint32_t architecture)
{
    return architecture == SCMP_ARCH_S390 || architecture == SCMP_ARCH_S390X;
}

static bool is_32_bit(uint32_t architecture)
{
    /* x32 is the one whose number does not tell: its registers have 64 bits. */
    return (architecture & __AUDIT_ARCH_64BIT) == 0 && architecture != SCMP_ARCH_X32;
}

unsigned int argument_bits(uint32_t architecture, const char *call, uint32_t index)
{
    const struct row *row = bsearch(call, rows, ARRAY_LEN(rows), sizeof(rows[0]), compare_name);

    if (row != NULL && index == 1 && has_clone_backwards(architecture) &&
        strcmp(call, "clone") == 0)
        index = 0;
    else if (row != NULL && index == 0 && has_clone_backwards(architecture) &&
             strcmp(call, "clone") == 0)
        row = NULL;
    if (row != NULL && ((row->has_16 >> index) & 1) != 0)
        return 16;
    if (row != NULL && ((row->has_32 >> index) & 1) != 0)
        return 32;
    return is_32_bit(architecture) ? 32 : 64;
}

const char *argument_table_name(unsigned int row)
{
    return row < ARRAY_LEN(rows) ? rows[row].name : NULL;
}
