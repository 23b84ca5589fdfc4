/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/names.h"

#include <seccomp.h>
#include <stddef.h>
#include <string.h>

#include "base/macros.h"

enum {
    /* libseccomp's numbers for calls that exist through a multiplexer alone: below 0, in two
     * ranges. */
    SOCKETCALL_PSEUDO = -100,
    IPC_PSEUDO = -200,
    PSEUDO_RANGE = 99,
};

/*
 * Calls that are newer than the oldest libseccomp we build with (2.5.3, of November 2021). Their
 * numbers are the same everywhere, but for an offset that some ABIs have.
 */
static const struct {
    const char *name;
    int number;
} newer[] = {
    {"process_mrelease", 448},        /* Linux 5.15 */
    {"futex_waitv", 449},             /* 5.16 */
    {"set_mempolicy_home_node", 450}, /* 5.17 */
    {"cachestat", 451},               /* 6.5 */
    {"fchmodat2", 452},               /* 6.6 */
    {"map_shadow_stack", 453},        /* 6.6 */
    {"futex_wake", 454},              /* 6.7 */
    {"futex_wait", 455},              /* 6.7 */
    {"futex_requeue", 456},           /* 6.7 */
    {"statmount", 457},               /* 6.8 */
    {"listmount", 458},               /* 6.8 */
    {"lsm_get_self_attr", 459},       /* 6.8 */
    {"lsm_set_self_attr", 460},       /* 6.8 */
    {"lsm_list_modules", 461},        /* 6.8 */
    {"mseal", 462},                   /* 6.10 */
    {"setxattrat", 463},              /* 6.13 */
    {"getxattrat", 464},              /* 6.13 */
    {"listxattrat", 465},             /* 6.13 */
    {"removexattrat", 466},           /* 6.13 */
    {"open_tree_attr", 467},          /* 6.15 */
    {"file_getattr", 468},            /* 6.17 */
    {"file_setattr", 469},            /* 6.17 */
    {"listns", 470},                  /* 6.19 */
    {"rseq_slice_yield", 471},        /* 7.0 */
};

/* And those of one architecture alone. */
static const struct {
    const char *name;
    uint32_t architecture;
    int number;
} newer_single[] = {
    {"riscv_hwprobe", SCMP_ARCH_RISCV64, 258}, /* Linux 6.4 */
    {"uretprobe", SCMP_ARCH_X86_64, 335},      /* 6.11 */
    {"uprobe", SCMP_ARCH_X86_64, 336},         /* 6.18 */
};

/*
 * Where there is a multiplexer, there are direct calls as well since Linux 4.3 (s390, x86), 2.6.37
 * (ppc) and, for System V IPC, 5.1. libseccomp names the multiplexed ones. 0: none.
 */
static const struct {
    const char *name;
    int x86;
    int s390;
    int ppc;
} direct[] = {
    {"accept", 0, 0, 330},         {"accept4", 364, 364, 344},     {"bind", 361, 361, 327},
    {"connect", 362, 362, 328},    {"getpeername", 368, 368, 332}, {"getsockname", 367, 367, 331},
    {"getsockopt", 365, 365, 340}, {"listen", 363, 363, 329},      {"msgctl", 402, 402, 402},
    {"msgget", 399, 399, 399},     {"msgrcv", 401, 401, 401},      {"msgsnd", 400, 400, 400},
    {"recv", 0, 0, 336},           {"recvfrom", 371, 371, 337},    {"recvmmsg", 337, 357, 343},
    {"recvmsg", 372, 372, 342},    {"semctl", 394, 394, 394},      {"semget", 393, 393, 393},
    {"send", 0, 0, 334},           {"sendmmsg", 345, 358, 349},    {"sendmsg", 370, 370, 341},
    {"sendto", 369, 369, 335},     {"setsockopt", 366, 366, 339},  {"shmat", 397, 397, 397},
    {"shmctl", 396, 396, 396},     {"shmdt", 398, 398, 398},       {"shmget", 395, 395, 395},
    {"shutdown", 373, 373, 338},   {"socket", 359, 359, 326},      {"socketpair", 360, 360, 333},
};

uint32_t architecture_from(const char *name)
{
    static const char prefix[] = "SCMP_ARCH_";
    char lower[32];
    size_t length;

    if (strncmp(name, prefix, sizeof(prefix) - 1) != 0)
        return 0;
    name += sizeof(prefix) - 1;
    length = strlen(name);
    if (length >= sizeof(lower))
        return 0;
    for (size_t i = 0; i <= length; i++)
        lower[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    return seccomp_arch_resolve_name(lower);
}

uint32_t architecture_audit(uint32_t architecture)
{
    return architecture == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : architecture;
}

static int direct_number(uint32_t architecture, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(direct); i++) {
        int number = 0;

        if (strcmp(direct[i].name, name) != 0)
            continue;
        if (architecture == SCMP_ARCH_X86)
            number = direct[i].x86;
        else if (architecture == SCMP_ARCH_S390 || architecture == SCMP_ARCH_S390X)
            number = direct[i].s390;
        else if (architecture == SCMP_ARCH_PPC || architecture == SCMP_ARCH_PPC64 ||
                 architecture == SCMP_ARCH_PPC64LE)
            number = direct[i].ppc;
        return number != 0 ? number : CALL_ABSENT;
    }
    return CALL_ABSENT;
}

static int newer_number(uint32_t architecture, const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(newer); i++)
        if (strcmp(newer[i].name, name) == 0) {
            /* The offset of this ABI, seen in a call that libseccomp knows everywhere. */
            int known = seccomp_syscall_resolve_name_arch(architecture, "openat2");

            return known >= 0 ? known - 437 + newer[i].number : CALL_ABSENT;
        }
    for (size_t i = 0; i < ARRAY_LEN(newer_single); i++)
        if (strcmp(newer_single[i].name, name) == 0)
            return architecture == newer_single[i].architecture ? newer_single[i].number
                                                                : CALL_ABSENT;
    return CALL_UNKNOWN;
}

static bool is_pseudo(int number, int range)
{
    return number < range && number >= range - PSEUDO_RANGE;
}

int call_number(uint32_t architecture, const char *name)
{
    int number = seccomp_syscall_resolve_name_arch(architecture, name);

    if (number >= 0)
        return number;
    if (is_pseudo(number, SOCKETCALL_PSEUDO) || is_pseudo(number, IPC_PSEUDO))
        return direct_number(architecture, name);
    return number == __NR_SCMP_ERROR ? newer_number(architecture, name) : CALL_ABSENT;
}

bool call_is_multiplexed(const char *name, const char **multiplexer, uint32_t *first_argument)
{
    /* Of the architectures that have multiplexers, the one whose numbers show it. */
    int number = seccomp_syscall_resolve_name_arch(SCMP_ARCH_X86, name);

    if (is_pseudo(number, SOCKETCALL_PSEUDO)) {
        *multiplexer = "socketcall";
        *first_argument = (uint32_t)(SOCKETCALL_PSEUDO - number);
        return true;
    }
    if (is_pseudo(number, IPC_PSEUDO)) {
        *multiplexer = "ipc";
        *first_argument = (uint32_t)(IPC_PSEUDO - number);
        return true;
    }
    return false;
}

bool call_newer_row(unsigned int row, const char **name, int *number)
{
    if (row >= ARRAY_LEN(newer))
        return false;
    *name = newer[row].name;
    *number = newer[row].number;
    return true;
}

bool call_direct_row(unsigned int row, const char **name, int *x86, int *s390, int *ppc)
{
    if (row >= ARRAY_LEN(direct))
        return false;
    *name = direct[row].name;
    *x86 = direct[row].x86;
    *s390 = direct[row].s390;
    *ppc = direct[row].ppc;
    return true;
}
