/* SPDX-License-Identifier: Apache-2.0 */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "seccomp_oracle.h"

#include <errno.h>
#include <seccomp.h>

#include "base/macros.h"

/* ---- what the kernel takes ------------------------------------------------------------------ */

/* Bits of each argument in a process of 64 bits. From the manual pages: int and unsigned int are
 * 32, mode_t arrives as 16. */
static const struct {
    const char *call;
    unsigned int bits[6];
} prototypes[] = {
    {"socket", {32, 32, 32, 64, 64, 64}},        {"socketpair", {32, 32, 32, 64, 64, 64}},
    {"ioctl", {32, 32, 64, 64, 64, 64}},         {"personality", {32, 64, 64, 64, 64, 64}},
    {"prctl", {32, 64, 64, 64, 64, 64}},         {"clone", {32, 64, 64, 64, 64, 64}},
    {"fcntl", {32, 32, 64, 64, 64, 64}},         {"kill", {32, 32, 64, 64, 64, 64}},
    {"chmod", {64, 16, 64, 64, 64, 64}},         {"openat", {32, 64, 32, 16, 64, 64}},
    {"setns", {32, 32, 64, 64, 64, 64}},         {"unshare", {64, 64, 64, 64, 64, 64}},
    {"mmap", {64, 64, 32, 32, 32, 64}},          {"lseek", {32, 64, 32, 64, 64, 64}},
    {"socketcall", {32, 64, 64, 64, 64, 64}},    {"ipc", {16, 32, 64, 64, 64, 64}},
    {"rt_sigsuspend", {64, 64, 64, 64, 64, 64}}, {"mknod", {64, 16, 32, 64, 64, 64}},
    {"mknodat", {32, 64, 16, 32, 64, 64}},
};

static const unsigned int *bits_of(const char *call)
{
    for (size_t i = 0; i < ARRAY_LEN(prototypes); i++)
        if (strcmp(prototypes[i].call, call) == 0)
            return prototypes[i].bits;
    return NULL;
}

bool oracle_knows(const char *call)
{
    return bits_of(call) != NULL;
}

/* ---- numbers to names ----------------------------------------------------------------------- */

/* Calls that Debian 12's libseccomp does not know, from the kernel's syscall_64.tbl; also the other
 * ABIs here have them at these numbers. */
static const char *const newest[] = {
    [448] = "process_mrelease",  [449] = "futex_waitv",      [450] = "set_mempolicy_home_node",
    [451] = "cachestat",         [452] = "fchmodat2",        [453] = "map_shadow_stack",
    [454] = "futex_wake",        [455] = "futex_wait",       [456] = "futex_requeue",
    [457] = "statmount",         [458] = "listmount",        [459] = "lsm_get_self_attr",
    [460] = "lsm_set_self_attr", [461] = "lsm_list_modules", [462] = "mseal",
    [463] = "setxattrat",        [464] = "getxattrat",       [465] = "listxattrat",
    [466] = "removexattrat",     [467] = "open_tree_attr",   [468] = "file_getattr",
    [469] = "file_setattr",      [470] = "listns",           [471] = "rseq_slice_yield",
};

enum {
    N_NUMBERS = 1024,
    X32 = 0x40000000
};

/* Asking the library takes a search and an allocation. */
static struct name_cache {
    uint32_t abi;
    bool is_known[N_NUMBERS];
    const char *names[N_NUMBERS];
} caches[8];

static const char *look_up(uint32_t abi, uint32_t number)
{
    const char *found; /* kept in the cache until the end */

    found =
        seccomp_syscall_resolve_num_arch(abi, (int)(abi == SCMP_ARCH_X32 ? number | X32 : number));
    if (found != NULL)
        return found;
    if (abi == SCMP_ARCH_X86_64 && (number == 335 || number == 336))
        return number == 335 ? "uretprobe" : "uprobe";
    /* The only one of them that x32 lacks. */
    if (number >= ARRAY_LEN(newest) || (abi == SCMP_ARCH_X32 && number == 453))
        return NULL;
    return newest[number];
}

const char *oracle_name(uint32_t abi, uint32_t number)
{
    if (abi == SCMP_ARCH_X32)
        number &= ~(uint32_t)X32;
    if (number >= N_NUMBERS)
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(caches); i++) {
        struct name_cache *cache = &caches[i];

        if (cache->abi != 0 && cache->abi != abi)
            continue;
        cache->abi = abi;
        if (!cache->is_known[number])
            cache->names[number] = look_up(abi, number);
        cache->is_known[number] = true;
        return cache->names[number];
    }
    fail_msg("more ABIs than the cache has room for");
    return NULL;
}

/* ---- one condition -------------------------------------------------------------------------- */

static int64_t as_signed(uint64_t number)
{
    return (int64_t)number;
}

/* -1, 0, 1. A rule's value that the argument's type cannot have: a negative one stands for the
 * type's own negative number, a positive one is larger than everything. */
static int compare(uint64_t argument, uint64_t value, unsigned int bits)
{
    if (bits < 64) {
        uint64_t limit = (uint64_t)1 << bits;
        bool is_negative = as_signed(value) < 0 && as_signed(value) >= -as_signed(limit / 2);

        if (is_negative)
            value = value % limit;
        else if (value >= limit)
            return -1;
    }
    return argument < value ? -1 : argument > value;
}

static bool is_equal(uint64_t argument, uint64_t value, unsigned int bits)
{
    return bits < 64 ? argument == value % ((uint64_t)1 << bits) : argument == value;
}

static bool condition_holds(const struct spec_syscall_arg *condition, uint64_t argument,
                            unsigned int bits)
{
    const char *op = condition->op + strlen("SCMP_CMP_");
    uint64_t value = condition->value;

    if (bits < 64)
        argument %= (uint64_t)1 << bits;
    if (strcmp(op, "EQ") == 0)
        return is_equal(argument, value, bits);
    if (strcmp(op, "NE") == 0)
        return !is_equal(argument, value, bits);
    if (strcmp(op, "LT") == 0)
        return compare(argument, value, bits) < 0;
    if (strcmp(op, "LE") == 0)
        return compare(argument, value, bits) <= 0;
    if (strcmp(op, "GT") == 0)
        return compare(argument, value, bits) > 0;
    if (strcmp(op, "GE") == 0)
        return compare(argument, value, bits) >= 0;
    assert_string_equal(op, "MASKED_EQ");
    /* Bits of the value outside of the mask can never be met; otherwise only bits that exist count.
     */
    if ((condition->value_two & ~value) != 0)
        return false;
    return is_equal(argument & value, condition->value_two, bits);
}

/* ---- entries -------------------------------------------------------------------------------- */

static bool is_64_bit(uint32_t abi)
{
    return abi == SCMP_ARCH_X86_64 || abi == SCMP_ARCH_X32 || abi == SCMP_ARCH_AARCH64;
}

static bool entry_holds(const struct spec_syscall *entry, uint32_t abi, const char *call,
                        const uint64_t args[6])
{
    const unsigned int *bits = bits_of(call);

    if (entry->args.count != 0 && bits == NULL)
        fail_msg("the oracle has no prototype of %s", call);
    for (size_t i = 0; i < entry->args.count; i++) {
        const struct spec_syscall_arg *condition = &entry->args.items[i];
        unsigned int width = bits[condition->index];

        if (!is_64_bit(abi) && width > 32)
            width = 32;
        if (!condition_holds(condition, args[condition->index], width))
            return false;
    }
    return true;
}

static bool has_name(const struct spec_syscall *entry, const char *call)
{
    for (size_t i = 0; i < entry->names.count; i++)
        if (strcmp(entry->names.items[i], call) == 0)
            return true;
    return false;
}

static bool section_names(const struct spec_seccomp *section, const char *call)
{
    for (size_t i = 0; i < section->syscalls.count; i++)
        if (has_name(&section->syscalls.items[i], call))
            return true;
    return false;
}

static uint32_t action_value(const char *action, bool has_errno, uint32_t errno_ret)
{
    const char *word = action + strlen("SCMP_ACT_");
    uint32_t data = has_errno ? errno_ret : EPERM;

    if (strcmp(word, "ALLOW") == 0)
        return SECCOMP_RET_ALLOW;
    if (strcmp(word, "LOG") == 0)
        return SECCOMP_RET_LOG;
    if (strcmp(word, "TRACE") == 0)
        return SECCOMP_RET_TRACE + data;
    if (strcmp(word, "ERRNO") == 0)
        return SECCOMP_RET_ERRNO + data;
    if (strcmp(word, "TRAP") == 0)
        return SECCOMP_RET_TRAP;
    if (strcmp(word, "KILL_PROCESS") == 0)
        return SECCOMP_RET_KILL_PROCESS;
    assert_true(strcmp(word, "KILL") == 0 || strcmp(word, "KILL_THREAD") == 0);
    return SECCOMP_RET_KILL_THREAD;
}

static uint32_t action_of(const struct spec_syscall *entry)
{
    return action_value(entry->action, SPEC_HAS(spec_syscall, entry, errno_ret), entry->errno_ret);
}

/* seccomp(2): "in decreasing order of precedence". */
static int rank(uint32_t action)
{
    switch (action & 0xffff0000U) {
    case SECCOMP_RET_KILL_PROCESS:
        return 7;
    case SECCOMP_RET_KILL_THREAD:
        return 6;
    case SECCOMP_RET_TRAP:
        return 5;
    case SECCOMP_RET_ERRNO:
        return 4;
    case SECCOMP_RET_TRACE:
        return 2;
    case SECCOMP_RET_LOG:
        return 1;
    default:
        return 0;
    }
}

/* ---- multiplexers --------------------------------------------------------------------------- */

/* <linux/net.h> SYS_*, <linux/ipc.h> */
static const struct {
    const char *call;
    const char *multiplexer;
    uint32_t number;
} multiplexed[] = {
    {"socket", "socketcall", 1},   {"connect", "socketcall", 3}, {"socketpair", "socketcall", 8},
    {"accept4", "socketcall", 18}, {"semop", "ipc", 1},          {"shmat", "ipc", 21},
};

/* Where the default passes calls on, what an entry refuses is refused behind the multiplexer too.
 */
static bool multiplexer_verdict(const struct spec_seccomp *section, const char *call,
                                uint64_t argument, uint32_t default_action, uint32_t *verdict)
{
    bool is_found = false;

    for (size_t i = 0; i < section->syscalls.count; i++)
        for (size_t j = 0; j < ARRAY_LEN(multiplexed); j++) {
            uint32_t action = action_of(&section->syscalls.items[i]);
            uint64_t asked = argument % (strcmp(call, "ipc") == 0 ? 1U << 16 : 1ULL << 32);

            if (strcmp(multiplexed[j].multiplexer, call) != 0 || multiplexed[j].number != asked ||
                !has_name(&section->syscalls.items[i], multiplexed[j].call) ||
                rank(action) <= rank(default_action))
                continue;
            if (!is_found || rank(action) > rank(*verdict))
                *verdict = action;
            is_found = true;
        }
    return is_found;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static bool has_abi(const struct spec_seccomp *section, uint32_t abi)
{
    if (abi == seccomp_arch_native())
        return true;
    for (size_t i = 0; i < section->architectures.count; i++) {
        char name[32];

        for (size_t c = 0; c < sizeof(name); c++) {
            char letter = section->architectures.items[i][strlen("SCMP_ARCH_") + c];

            name[c] = letter >= 'A' && letter <= 'Z' ? (char)(letter + ('a' - 'A')) : letter;
            if (letter == '\0')
                break;
        }
        if (seccomp_arch_resolve_name(name) == abi)
            return true;
    }
    return false;
}

static uint32_t unnamed_verdict(const struct spec_seccomp *section, uint32_t abi, uint32_t number,
                                uint32_t default_action)
{
    uint32_t highest = 0;
    bool names_any = false;

    if (rank(default_action) != rank(SECCOMP_RET_ERRNO))
        return default_action;
    if (abi == SCMP_ARCH_X32)
        number &= ~(uint32_t)X32;
    for (uint32_t i = 0; i < N_NUMBERS; i++) {
        const char *name = oracle_name(abi, i);

        if (name != NULL && section_names(section, name)) {
            highest = i;
            names_any = true;
        }
    }
    return names_any && number > highest ? SECCOMP_RET_ERRNO + ENOSYS : default_action;
}

uint32_t oracle_verdict(const struct spec_seccomp *section, const struct seccomp_data *data)
{
    uint32_t default_action =
        action_value(section->default_action, SPEC_HAS(spec_seccomp, section, default_errno_ret),
                     section->default_errno_ret);
    uint32_t abi = data->arch;
    uint32_t number = (uint32_t)data->nr;
    uint32_t verdict = default_action;
    bool is_unconditional = false;
    bool is_named = false;
    bool is_met = false;
    const char *call;
    uint64_t args[6];

    memcpy(args, data->args, sizeof(args));
    if (abi == SCMP_ARCH_X86_64 && number >= X32)
        abi = SCMP_ARCH_X32;
    if (abi == SCMP_ARCH_X32 && has_abi(section, SCMP_ARCH_X86_64) && !has_abi(section, abi))
        return rank(default_action) > rank(SECCOMP_RET_ERRNO) ? default_action
                                                              : SECCOMP_RET_ERRNO + ENOSYS;
    if (!has_abi(section, abi))
        return SECCOMP_RET_KILL_PROCESS;
    call = oracle_name(abi, number);
    if (call != NULL && !section_names(section, call) &&
        rank(default_action) < rank(SECCOMP_RET_ERRNO) &&
        multiplexer_verdict(section, call, args[0], default_action, &verdict))
        return verdict;

    for (size_t i = 0; call != NULL && i < section->syscalls.count; i++) {
        const struct spec_syscall *entry = &section->syscalls.items[i];

        if (!has_name(entry, call))
            continue;
        is_named = true;
        if (!is_unconditional && entry->args.count == 0) {
            /* The first one without conditions; what conditions say may still be stricter. */
            is_unconditional = true;
            if (!is_met || rank(action_of(entry)) >= rank(verdict))
                verdict = action_of(entry);
            is_met = true;
        } else if (entry->args.count != 0 && entry_holds(entry, abi, call, args)) {
            if (!is_met || rank(action_of(entry)) > rank(verdict))
                verdict = action_of(entry);
            is_met = true;
        }
    }
    return is_named ? verdict : unnamed_verdict(section, abi, number, default_action);
}
