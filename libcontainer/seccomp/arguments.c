/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/arguments.h"

#include <string.h>

/* Bit n: argument n is an int, unsigned int, or used as one. From the prototypes of the kernel. */
static const struct {
    const char *name;
    uint8_t arguments;
} narrow[] = {
    {"accept",            1 << 0                           },
    {"accept4",           1 << 0 | 1 << 3                  },
    {"bind",              1 << 0                           },
    {"bpf",               1 << 0 | 1 << 2                  },
    {"clock_nanosleep",   1 << 0 | 1 << 1                  },
    {"clone",             1 << 0                           }, /* lower_32_bits(clone_flags) */
    {"connect",           1 << 0                           },
    {"dup3",              1 << 0 | 1 << 1 | 1 << 2         },
    {"epoll_create1",     1 << 0                           },
    {"epoll_ctl",         1 << 0 | 1 << 1 | 1 << 2         },
    {"eventfd2",          1 << 0 | 1 << 1                  },
    {"execveat",          1 << 0 | 1 << 4                  },
    {"faccessat",         1 << 0 | 1 << 2                  },
    {"faccessat2",        1 << 0 | 1 << 2 | 1 << 3         },
    {"fanotify_init",     1 << 0 | 1 << 1                  },
    {"fchmodat",          1 << 0                           },
    {"fchownat",          1 << 0 | 1 << 2 | 1 << 3 | 1 << 4},
    {"fcntl",             1 << 0 | 1 << 1                  },
    {"fcntl64",           1 << 0 | 1 << 1                  },
    {"fsconfig",          1 << 0 | 1 << 1 | 1 << 4         },
    {"fsmount",           1 << 0 | 1 << 1 | 1 << 2         },
    {"fsopen",            1 << 1                           },
    {"fspick",            1 << 0 | 1 << 2                  },
    {"futex",             1 << 1 | 1 << 2 | 1 << 5         },
    {"getsockopt",        1 << 0 | 1 << 1 | 1 << 2         },
    {"inotify_init1",     1 << 0                           },
    {"io_uring_enter",    1 << 0 | 1 << 1 | 1 << 2 | 1 << 3},
    {"io_uring_register", 1 << 0 | 1 << 1 | 1 << 3         },
    {"io_uring_setup",    1 << 0                           },
    {"ioctl",             1 << 0 | 1 << 1                  },
    {"ioprio_set",        1 << 0 | 1 << 1 | 1 << 2         },
    {"kcmp",              1 << 0 | 1 << 1 | 1 << 2         },
    {"keyctl",            1 << 0                           },
    {"kill",              1 << 0 | 1 << 1                  },
    {"landlock_restrict_self", 1 << 0 | 1 << 1             },
    {"linkat",            1 << 0 | 1 << 2 | 1 << 4         },
    {"listen",            1 << 0 | 1 << 1                  },
    {"madvise",           1 << 2                           },
    {"memfd_create",      1 << 1                           },
    {"mknodat",           1 << 0 | 1 << 3                  },
    {"mlock2",            1 << 2                           },
    {"move_mount",        1 << 0 | 1 << 2 | 1 << 4         },
    {"name_to_handle_at", 1 << 0 | 1 << 4                  },
    {"open",              1 << 1                           },
    {"open_by_handle_at", 1 << 0 | 1 << 2                  },
    {"open_tree",         1 << 0 | 1 << 2                  },
    {"openat",            1 << 0 | 1 << 2                  },
    {"perf_event_open",   1 << 1 | 1 << 2 | 1 << 3         },
    {"personality",       1 << 0                           },
    {"pidfd_getfd",       1 << 0 | 1 << 1 | 1 << 2         },
    {"pidfd_open",        1 << 0 | 1 << 1                  },
    {"pidfd_send_signal", 1 << 0 | 1 << 1 | 1 << 3         },
    {"pipe2",             1 << 1                           },
    {"pkey_mprotect",     1 << 3                           },
    {"prctl",             1 << 0                           },
    {"prlimit64",         1 << 0 | 1 << 1                  },
    {"quotactl",          1 << 0 | 1 << 2                  },
    {"recvfrom",          1 << 0 | 1 << 3                  },
    {"recvmsg",           1 << 0 | 1 << 2                  },
    {"renameat2",         1 << 0 | 1 << 2 | 1 << 4         },
    {"rt_sigprocmask",    1 << 0                           },
    {"sched_setattr",     1 << 0 | 1 << 2                  },
    {"sched_setscheduler", 1 << 0 | 1 << 1                 },
    {"seccomp",           1 << 0 | 1 << 1                  },
    {"semctl",            1 << 0 | 1 << 1 | 1 << 2         },
    {"sendmsg",           1 << 0 | 1 << 2                  },
    {"sendto",            1 << 0 | 1 << 3                  },
    {"setgid",            1 << 0                           },
    {"setns",             1 << 0 | 1 << 1                  },
    {"setpriority",       1 << 0 | 1 << 1 | 1 << 2         },
    {"setrlimit",         1 << 0                           },
    {"setsockopt",        1 << 0 | 1 << 1 | 1 << 2         },
    {"setuid",            1 << 0                           },
    {"shmat",             1 << 0 | 1 << 2                  },
    {"shmctl",            1 << 0 | 1 << 1                  },
    {"shmget",            1 << 0 | 1 << 2                  },
    {"shutdown",          1 << 0 | 1 << 1                  },
    {"signalfd4",         1 << 0 | 1 << 3                  },
    {"socket",            1 << 0 | 1 << 1 | 1 << 2         },
    {"socketcall",        1 << 0                           },
    {"socketpair",        1 << 0 | 1 << 1 | 1 << 2         },
    {"statx",             1 << 0 | 1 << 2 | 1 << 3         },
    {"syslog",            1 << 0                           },
    {"tgkill",            1 << 0 | 1 << 1 | 1 << 2         },
    {"timerfd_create",    1 << 0 | 1 << 1                  },
    {"tkill",             1 << 0 | 1 << 1                  },
    {"umount2",           1 << 1                           },
    {"unlinkat",          1 << 0 | 1 << 2                  },
    {"unshare",           1 << 0                           }, /* no flag above 32 bits exists */
    {"userfaultfd",       1 << 0                           },
    {"wait4",             1 << 0 | 1 << 2                  },
    {"waitid",            1 << 0 | 1 << 1 | 1 << 3         },
};

bool argument_is_32_bit(const char *syscall_name, uint32_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
        if (strcmp(narrow[i].name, syscall_name) == 0)
            return index < 8 && ((narrow[i].arguments >> index) & 1) != 0;
    return false;
}

static void add(struct argument_matches *matches, uint64_t mask, uint64_t value, struct arena *arena)
{
    *ARENA_PUSH(arena, matches) = (struct argument_match){.mask = mask, .value = value & mask};
}

/* Those that agree with `limit` above bit i, and differ from it there in the direction asked for. */
static void add_beyond(struct argument_matches *matches, uint64_t limit, unsigned int bits,
                       bool is_greater, struct arena *arena)
{
    uint64_t all = bits == 64 ? ~(uint64_t)0 : 0xffffffffU;

    for (unsigned int i = 0; i < bits; i++) {
        uint64_t bit = (uint64_t)1 << i;
        bool bit_is_set = (limit & bit) != 0;

        if (bit_is_set == is_greater)
            continue;
        add(matches, all & ~(bit - 1), limit ^ bit, arena);
    }
}

void argument_matches_of(struct argument_matches *matches, const struct spec_syscall_arg *condition,
                         unsigned int bits, struct arena *arena)
{
    uint64_t all = bits == 64 ? ~(uint64_t)0 : 0xffffffffU;
    uint64_t value = condition->value & all;
    const char *op = condition->op;

    if (strcmp(op, "SCMP_CMP_EQ") == 0) {
        add(matches, all, value, arena);
    } else if (strcmp(op, "SCMP_CMP_MASKED_EQ") == 0) {
        /* A value outside of its mask is never met; libseccomp and the kernel see it the same way. */
        if ((condition->value_two & all & ~value) == 0)
            add(matches, value, condition->value_two & all, arena);
    } else if (strcmp(op, "SCMP_CMP_NE") == 0) {
        for (unsigned int i = 0; i < bits; i++)
            add(matches, (uint64_t)1 << i, ~value, arena);
    } else if (strcmp(op, "SCMP_CMP_GT") == 0) {
        add_beyond(matches, value, bits, true, arena);
    } else if (strcmp(op, "SCMP_CMP_LT") == 0) {
        add_beyond(matches, value, bits, false, arena);
    } else if (strcmp(op, "SCMP_CMP_GE") == 0) {
        add(matches, all, value, arena);
        add_beyond(matches, value, bits, true, arena);
    } else { /* SCMP_CMP_LE; the rules have refused every other word */
        add(matches, all, value, arena);
        add_beyond(matches, value, bits, false, arena);
    }
}

void argument_matches_intersect(struct argument_matches *matches,
                                const struct argument_matches *other, struct arena *arena)
{
    struct argument_matches both = {0};

    for (size_t i = 0; i < matches->count; i++)
        for (size_t j = 0; j < other->count; j++) {
            const struct argument_match *a = &matches->items[i];
            const struct argument_match *b = &other->items[j];

            if (((a->value ^ b->value) & a->mask & b->mask) == 0)
                add(&both, a->mask | b->mask, a->value | b->value, arena);
        }
    *matches = both;
}
