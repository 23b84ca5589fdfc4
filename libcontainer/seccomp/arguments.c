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

/* ---- ranges --------------------------------------------------------------------------------------------- */

struct range {
    uint64_t first;
    uint64_t last;
};

struct ranges { /* disjoint */
    struct range *items;
    size_t count;
    size_t capacity;
};

static void add_range(struct ranges *ranges, uint64_t first, uint64_t last, struct arena *arena)
{
    *ARENA_PUSH(arena, ranges) = (struct range){.first = first, .last = last};
}

/* The numbers up to `all` that satisfy one condition; false for MASKED_EQ, which is no range. */
static bool ranges_of(struct ranges *ranges, const struct spec_syscall_arg *condition, uint64_t all,
                      struct arena *arena)
{
    uint64_t value = condition->value & all;
    const char *op = condition->op;

    if (strcmp(op, "SCMP_CMP_MASKED_EQ") == 0)
        return false;
    if (strcmp(op, "SCMP_CMP_EQ") == 0 || strcmp(op, "SCMP_CMP_LE") == 0 ||
        strcmp(op, "SCMP_CMP_GE") == 0)
        add_range(ranges, strcmp(op, "SCMP_CMP_LE") == 0 ? 0 : value,
                  strcmp(op, "SCMP_CMP_GE") == 0 ? all : value, arena);
    if ((strcmp(op, "SCMP_CMP_LT") == 0 || strcmp(op, "SCMP_CMP_NE") == 0) && value > 0)
        add_range(ranges, 0, value - 1, arena);
    if ((strcmp(op, "SCMP_CMP_GT") == 0 || strcmp(op, "SCMP_CMP_NE") == 0) && value < all)
        add_range(ranges, value + 1, all, arena);
    return true;
}

static void intersect_ranges(struct ranges *ranges, const struct ranges *other, struct arena *arena)
{
    struct ranges both = {0};

    for (size_t i = 0; i < ranges->count; i++)
        for (size_t j = 0; j < other->count; j++) {
            uint64_t first = ranges->items[i].first > other->items[j].first
                                 ? ranges->items[i].first
                                 : other->items[j].first;
            uint64_t last = ranges->items[i].last < other->items[j].last ? ranges->items[i].last
                                                                        : other->items[j].last;

            if (first <= last)
                add_range(&both, first, last, arena);
        }
    *ranges = both;
}

/* ---- matches -------------------------------------------------------------------------------------------- */

static void add_match(struct argument_matches *matches, uint64_t mask, uint64_t value,
                      struct arena *arena)
{
    *ARENA_PUSH(arena, matches) = (struct argument_match){.mask = mask, .value = value & mask};
}

/* From the bottom of the range upwards: the largest block that begins there and does not go beyond it. */
static void add_blocks(struct argument_matches *matches, struct range range, uint64_t all,
                       struct arena *arena)
{
    uint64_t first = range.first;

    for (;;) {
        uint64_t block = 0; /* its size less 1 */

        while (block != all && (first & (block * 2 + 1)) == 0 &&
               first + (block * 2 + 1) <= range.last)
            block = block * 2 + 1;
        add_match(matches, all & ~block, first, arena);
        if (first + block >= range.last)
            return;
        first += block + 1;
    }
}

static void intersect_matches(struct argument_matches *matches, struct argument_match other,
                              struct arena *arena)
{
    struct argument_matches both = {0};

    for (size_t i = 0; i < matches->count; i++) {
        const struct argument_match *match = &matches->items[i];

        if (((match->value ^ other.value) & match->mask & other.mask) == 0)
            add_match(&both, match->mask | other.mask, match->value | other.value, arena);
    }
    *matches = both;
}

void argument_matches_of(struct argument_matches *matches, const struct spec_syscall *entry,
                         uint32_t index, unsigned int bits, struct arena *arena)
{
    uint64_t all = bits == 64 ? ~(uint64_t)0 : 0xffffffffU;
    struct ranges ranges = {0};

    *matches = (struct argument_matches){0};
    add_range(&ranges, 0, all, arena);
    for (size_t i = 0; i < entry->args.count; i++) {
        struct ranges one = {0};

        if (entry->args.items[i].index == index &&
            ranges_of(&one, &entry->args.items[i], all, arena))
            intersect_ranges(&ranges, &one, arena);
    }
    for (size_t i = 0; i < ranges.count; i++)
        add_blocks(matches, ranges.items[i], all, arena);
    for (size_t i = 0; i < entry->args.count; i++) {
        const struct spec_syscall_arg *condition = &entry->args.items[i];

        if (condition->index != index || strcmp(condition->op, "SCMP_CMP_MASKED_EQ") != 0)
            continue;
        /* A value outside of its mask is never met. */
        if ((condition->value_two & all & ~condition->value) != 0)
            matches->count = 0;
        intersect_matches(
            matches,
            (struct argument_match){condition->value & all, condition->value_two & all}, arena);
    }
}
