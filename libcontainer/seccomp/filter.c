/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The section becomes rules of libseccomp, and libseccomp makes the program.
 *
 * Meaning, fixed: conditions in the args of one entry must all hold, also two of them on one argument;
 * entries of one system call are alternatives. An argument that the kernel takes as 32 bits is compared
 * as 32 bits (arguments.h).
 *
 * System calls that are newer than the profile. A default of ERRNO(EPERM) would answer EPERM to a call
 * that the profile's author could not know, and libc takes EPERM for an answer where it would try an
 * older call after ENOSYS. So what is above the highest number that the profile names, in each
 * architecture, is answered by ENOSYS, before libseccomp's program is asked. That can only turn one
 * refusal into another.
 */

#include "seccomp/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/sys.h"
#include "seccomp/arguments.h"

enum { MAX_ALTERNATIVES = 2048, MAX_ARCHITECTURES = 24, X32_BIT = 0x40000000, N_ARGUMENTS = 6 };

static const struct {
    const char *name;
    uint32_t action;
    bool takes_errno;
} actions[] = {
    {"SCMP_ACT_KILL",         SCMP_ACT_KILL_THREAD,  false},
    {"SCMP_ACT_KILL_THREAD",  SCMP_ACT_KILL_THREAD,  false},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS, false},
    {"SCMP_ACT_TRAP",         SCMP_ACT_TRAP,         false},
    {"SCMP_ACT_ERRNO",        SCMP_ACT_ERRNO(0),     true },
    {"SCMP_ACT_TRACE",        SCMP_ACT_TRACE(0),     true },
    {"SCMP_ACT_ALLOW",        SCMP_ACT_ALLOW,        false},
    {"SCMP_ACT_LOG",          SCMP_ACT_LOG,          false},
};

static const struct {
    const char *name;
    uint32_t flag;
} filter_flags[] = {
    /* One thread: synchronising with the others changes nothing, and the kernel takes it. */
    {"SECCOMP_FILTER_FLAG_TSYNC",      SECCOMP_FILTER_FLAG_TSYNC     },
    {"SECCOMP_FILTER_FLAG_LOG",        SECCOMP_FILTER_FLAG_LOG       },
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    /* Belongs to a listener, and without one has nothing to say. */
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0                     },
};

struct compilation {
    scmp_filter_ctx context;
    const struct spec_seccomp *seccomp;
    const struct json_document *document;
    struct arena *arena;
    struct findings *findings;
    uint32_t default_action;
    uint32_t architectures[MAX_ARCHITECTURES]; /* SCMP_ARCH_* */
    size_t n_architectures;
};

static void release_context(scmp_filter_ctx *context)
{
    if (*context != NULL)
        seccomp_release(*context);
}

static uint32_t action_of(const char *name, bool has_errno, uint32_t errno_ret)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return actions[i].takes_errno
                       ? actions[i].action | ((has_errno ? errno_ret : EPERM) & 0xffff)
                       : actions[i].action;
    return SCMP_ACT_KILL_PROCESS; /* spec/check.c has refused every other word */
}

/* ---- architectures -------------------------------------------------------------------------------------- */

/* "SCMP_ARCH_X86_64" -> libseccomp's "x86_64" */
static uint32_t architecture_of(const char *name)
{
    char lower[32];
    size_t length = strlen(name);

    if (length <= 10 || length - 10 >= sizeof(lower))
        return 0;
    for (size_t i = 10; i <= length; i++)
        lower[i - 10] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
    return seccomp_arch_resolve_name(lower);
}

static bool has_architecture(const struct compilation *c, uint32_t architecture)
{
    for (size_t i = 0; i < c->n_architectures; i++)
        if (c->architectures[i] == architecture)
            return true;
    return false;
}

/* The native one is always there: an empty list must not leave it unfiltered. */
static int add_architectures(struct compilation *c, struct err *e)
{
    const struct json_strings *names = &c->seccomp->architectures;

    c->architectures[c->n_architectures++] = seccomp_arch_native();
    for (size_t i = 0; i < names->count; i++) {
        uint32_t architecture = architecture_of(names->items[i]);
        int result;

        if (architecture == 0) {
            findings_add(c->findings, SEVERITY_WARNING, "seccomp-architecture-unknown",
                         json_pointer_item(c->document, c->seccomp->origin, "architectures", i), NULL,
                         "this libseccomp does not know %s", names->items[i]);
            continue;
        }
        if (has_architecture(c, architecture) || c->n_architectures == MAX_ARCHITECTURES)
            continue;
        result = seccomp_arch_add(c->context, architecture);
        /* Of another byte order: such programs cannot run here. */
        if (result == -EDOM)
            continue;
        if (result < 0 && result != -EEXIST)
            return err_sysno(e, -result, "add the architecture %s", names->items[i]);
        c->architectures[c->n_architectures++] = architecture;
    }
    return 0;
}

/* ---- rules ---------------------------------------------------------------------------------------------- */

static int add_rule(struct compilation *c, uint32_t action, int number,
                    const struct scmp_arg_cmp *conditions, unsigned int n, const char *pointer,
                    struct err *e)
{
    int result = seccomp_rule_add_array(c->context, action, number, n, conditions);

    /* EDOM: the call exists in none of the architectures; EEXIST: said before. */
    if (result == 0 || result == -EDOM || result == -EEXIST)
        return 0;
    err_sysno(e, -result, "add the seccomp rule");
    return err_at(e, pointer);
}

/* The native comparison, for one condition on a 64-bit argument. */
static struct scmp_arg_cmp wide_condition(const struct spec_syscall_arg *condition)
{
    static const struct {
        const char *name;
        enum scmp_compare compare;
    } operators[] = {
        {"SCMP_CMP_NE",        SCMP_CMP_NE       },
        {"SCMP_CMP_LT",        SCMP_CMP_LT       },
        {"SCMP_CMP_LE",        SCMP_CMP_LE       },
        {"SCMP_CMP_EQ",        SCMP_CMP_EQ       },
        {"SCMP_CMP_GE",        SCMP_CMP_GE       },
        {"SCMP_CMP_GT",        SCMP_CMP_GT       },
        {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    };
    struct scmp_arg_cmp compared = {
        .arg = condition->index,
        .op = SCMP_CMP_EQ,
        .datum_a = condition->value,
        .datum_b = condition->value_two,
    };

    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (strcmp(operators[i].name, condition->op) == 0)
            compared.op = operators[i].compare;
    return compared;
}

struct argument_conditions {
    bool is_used;
    bool is_wide; /* one condition, compared by libseccomp as it is */
    struct scmp_arg_cmp wide;
    struct argument_matches matches;
};

static void collect_conditions(struct compilation *c, const char *name,
                               const struct spec_syscall *entry,
                               struct argument_conditions arguments[N_ARGUMENTS])
{
    for (size_t i = 0; i < entry->args.count; i++) {
        const struct spec_syscall_arg *condition = &entry->args.items[i];
        struct argument_conditions *argument = &arguments[condition->index];
        bool is_narrow = argument_is_32_bit(name, condition->index);
        size_t n_same = 0;

        if (argument->is_used)
            continue; /* all conditions on it were looked at together */

        for (size_t j = 0; j < entry->args.count; j++)
            n_same += entry->args.items[j].index == condition->index;
        if (!is_narrow && n_same == 1) {
            *argument = (struct argument_conditions){
                .is_used = true, .is_wide = true, .wide = wide_condition(condition)};
            continue;
        }
        argument_matches_of(&argument->matches, entry, condition->index, is_narrow ? 32 : 64,
                            c->arena);
        argument->is_used = true;
    }
}

static int add_alternatives(struct compilation *c, uint32_t action, int number,
                            const struct argument_conditions arguments[N_ARGUMENTS],
                            const char *pointer, struct err *e)
{
    size_t n_alternatives = 1;

    for (unsigned int i = 0; i < N_ARGUMENTS; i++) {
        if (!arguments[i].is_used || arguments[i].is_wide)
            continue;
        if (__builtin_mul_overflow(n_alternatives, arguments[i].matches.count, &n_alternatives) ||
            n_alternatives > MAX_ALTERNATIVES)
            return err_input(e, pointer, "the conditions of this rule need more than %d comparisons",
                             MAX_ALTERNATIVES);
    }
    /* 0 alternatives: no argument can satisfy the rule. */
    for (size_t alternative = 0; alternative < n_alternatives; alternative++) {
        struct scmp_arg_cmp conditions[N_ARGUMENTS];
        unsigned int n = 0;
        size_t rest = alternative;

        for (unsigned int i = 0; i < N_ARGUMENTS; i++) {
            const struct argument_match *match;

            if (!arguments[i].is_used)
                continue;
            if (arguments[i].is_wide) {
                conditions[n++] = arguments[i].wide;
                continue;
            }
            match = &arguments[i].matches.items[rest % arguments[i].matches.count];
            rest /= arguments[i].matches.count;
            conditions[n++] = (struct scmp_arg_cmp){
                .arg = i, .op = SCMP_CMP_MASKED_EQ, .datum_a = match->mask, .datum_b = match->value};
        }
        if (add_rule(c, action, number, conditions, n, pointer, e) < 0)
            return -1;
    }
    return 0;
}

static int add_entry(struct compilation *c, const struct spec_syscall *entry, struct err *e)
{
    uint32_t action = action_of(entry->action, SPEC_HAS(spec_syscall, entry, errno_ret),
                                entry->errno_ret);

    /* It says what happens anyway, and libseccomp refuses such rules. */
    if (action == c->default_action)
        return 0;
    for (size_t i = 0; i < entry->names.count; i++) {
        struct argument_conditions arguments[N_ARGUMENTS] = {0};
        const char *pointer = json_pointer_item(c->document, entry->origin, "names", i);
        int number = seccomp_syscall_resolve_name(entry->names.items[i]);

        if (number == __NR_SCMP_ERROR) {
            /* Engines send names of kernels newer than this library: what it cannot allow stays
             * forbidden, but what it cannot forbid should be known. */
            if (action != SCMP_ACT_ALLOW)
                findings_add(c->findings, SEVERITY_WARNING, "seccomp-syscall-unknown", pointer, NULL,
                             "this libseccomp does not know the system call %s",
                             entry->names.items[i]);
            continue;
        }
        collect_conditions(c, entry->names.items[i], entry, arguments);
        if (add_alternatives(c, action, number, arguments, pointer, e) < 0)
            return -1;
    }
    return 0;
}

/* ---- calls newer than the profile ----------------------------------------------------------------------- */

static uint32_t highest_number(const struct compilation *c, uint32_t architecture)
{
    int highest = -1;

    for (size_t i = 0; i < c->seccomp->syscalls.count; i++) {
        const struct json_strings *names = &c->seccomp->syscalls.items[i].names;

        for (size_t name = 0; name < names->count; name++) {
            int number = seccomp_syscall_resolve_name_arch(architecture, names->items[name]);

            if (number >= 0 && (number & X32_BIT) == 0 && number > highest)
                highest = number;
        }
    }
    return highest < 0 ? 0 : (uint32_t)highest;
}

static bool wants_enosys(const struct compilation *c)
{
    return (c->default_action & 0xffff0000U) == SCMP_ACT_ERRNO(0) &&
           c->default_action != SCMP_ACT_ERRNO(ENOSYS) && c->seccomp->syscalls.count != 0;
}

/* For each architecture: another one? go on. x32 while that is allowed, or not above the highest? to the
 * program. Else ENOSYS. */
static size_t put_enosys(const struct compilation *c, struct sock_filter *to)
{
    size_t n = 0;
    size_t to_program[MAX_ARCHITECTURES];
    size_t n_to_program = 0;

    if (!wants_enosys(c))
        return 0;
    to[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                           offsetof(struct seccomp_data, arch));
    for (size_t i = 0; i < c->n_architectures; i++) {
        bool allows_x32 =
            c->architectures[i] == SCMP_ARCH_X86_64 && has_architecture(c, SCMP_ARCH_X32);

        if (c->architectures[i] == SCMP_ARCH_X32)
            continue; /* the same to the kernel as x86_64 */
        to[n] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, c->architectures[i], 0,
                                             (uint8_t)(allows_x32 ? 5 : 4));
        n++;
        to[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                                               offsetof(struct seccomp_data, nr));
        if (allows_x32)
            to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 2, 0);
        to[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
                                               highest_number(c, c->architectures[i]), 0, 1);
        to[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
        to_program[n_to_program++] = n;
        to[n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
    }
    for (size_t i = 0; i < n_to_program; i++)
        to[to_program[i]].k = (uint32_t)(n - to_program[i] - 1);
    return n;
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static int export_program(struct compilation *c, struct seccomp_program *program, struct err *e)
{
    CLEANUP_FD int memory = -1;
    struct sock_filter *head;
    size_t n_head;
    char *bytes;
    size_t size;
    int result;

    memory = sys_memfd_create("seccomp", MFD_CLOEXEC);
    if (memory < 0)
        return err_sys(e, "make memory for the seccomp program");
    result = seccomp_export_bpf(c->context, memory);
    if (result < 0)
        return err_sysno(e, -result, "make the seccomp program");
    if (lseek(memory, 0, SEEK_SET) < 0)
        return err_sys(e, "read the seccomp program");
    if (fd_read_all(memory, c->arena, 64 * 1024 * 1024, &bytes, &size, e) < 0)
        return -1;

    head = ARENA_NEW(c->arena, struct sock_filter,
                     6 * MAX_ARCHITECTURES + 1 + size / sizeof(struct sock_filter));
    n_head = put_enosys(c, head);
    memcpy(head + n_head, bytes, size);
    program->instructions = head;
    program->size_bytes = n_head * sizeof(struct sock_filter) + size;
    if (program->size_bytes > SECCOMP_MAX_INSTRUCTIONS * sizeof(struct sock_filter)) {
        err_input(e, json_pointer(c->document, c->seccomp->origin, NULL),
                  "the filter has %zu instructions, and the kernel takes %d",
                  program->size_bytes / sizeof(struct sock_filter), SECCOMP_MAX_INSTRUCTIONS);
        return err_hint(e, "fewer rules with conditions make a shorter program");
    }
    return 0;
}

int seccomp_compile(struct seccomp_program *program, const struct spec_seccomp *seccomp,
                    const struct json_document *document, struct arena *arena,
                    struct findings *findings, struct err *e)
{
    CLEANUP(release_context) scmp_filter_ctx context = NULL;
    struct compilation c = {
        .seccomp = seccomp,
        .document = document,
        .arena = arena,
        .findings = findings,
        .default_action =
            action_of(seccomp->default_action, SPEC_HAS(spec_seccomp, seccomp, default_errno_ret),
                      seccomp->default_errno_ret),
    };

    context = seccomp_init(c.default_action);
    if (context == NULL)
        return err_unsupported(e, "this libseccomp or kernel does not know the action %s",
                               seccomp->default_action);
    c.context = context;
    if (add_architectures(&c, e) < 0)
        return err_at(e, json_pointer(document, seccomp->origin, "architectures"));
    for (size_t i = 0; i < seccomp->syscalls.count; i++)
        if (add_entry(&c, &seccomp->syscalls.items[i], e) < 0)
            return -1;
    program->flags = 0;
    for (size_t i = 0; i < seccomp->flags.count; i++)
        for (size_t row = 0; row < ARRAY_LEN(filter_flags); row++)
            if (strcmp(filter_flags[row].name, seccomp->flags.items[i]) == 0)
                program->flags |= filter_flags[row].flag;
    return export_program(&c, program, e);
}
