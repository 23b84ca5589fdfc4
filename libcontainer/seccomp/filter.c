/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The section becomes rules of each architecture, and those become the program (program.h).
 *
 * Why not libseccomp's own program: it compares ints as 64 bits, so that one bit too many passes a
 * rule (arguments.h); it lets an entry without conditions swallow every entry with conditions on
 * the same call, an explicit refusal included; and for a call that socketcall(2) or ipc(2) can
 * carry it adds a rule of its own that allows it there without conditions. None of that can be told
 * from its results.
 *
 * System calls that are newer than the profile. A default of ERRNO(EPERM) would answer EPERM to a
 * call that the profile's author could not know, and libc takes EPERM for an answer where it would
 * try an older call after ENOSYS. So what is above the highest number that the profile names, in
 * each ABI, is answered by ENOSYS. That can only turn one refusal into another.
 *
 * x32 shares the architecture of x86_64, with bit 30 set in the number. Unless it is asked for,
 * such numbers do not exist.
 */

#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>

#include <linux/seccomp.h>

#include "seccomp/arguments.h"
#include "seccomp/condition.h"
#include "seccomp/names.h"
#include "seccomp/program.h"
#include "seccomp/seccomp.h"

enum {
    X32_BIT = 0x40000000,
    MAX_CONDITIONS = 64,
    MAX_SPANS = 4
};

static const struct {
    const char *name;
    uint32_t action;
    bool takes_errno;
} actions[] = {
    {"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD, false},
    {"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS, false},
    {"SCMP_ACT_TRAP", SECCOMP_RET_TRAP, false},
    {"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO, true},
    {"SCMP_ACT_TRACE", SECCOMP_RET_TRACE, true},
    {"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW, false},
    {"SCMP_ACT_LOG", SECCOMP_RET_LOG, false},
};

static const struct {
    const char *name;
    uint32_t flag;
} filter_flags[] = {
    /* Synchronises the other threads, and caisson-init has none. */
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    /* Belongs to a listener; the kernel refuses it without one. */
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0},
};

struct compilation {
    const struct spec_seccomp *seccomp;
    const struct json_document *document;
    struct arena *arena;
    struct findings *findings;
    uint32_t default_action;
    uint32_t abis[PROGRAM_MAX_ARCHITECTURES]; /* SCMP_ARCH_*, each once, the native one first */
    size_t n_abis;
    const uint32_t *entry_actions; /* of each entry of syscalls */
    struct filter_rule *rules;
    size_t n_rules;
};

static uint32_t action_of(const char *name, bool has_errno, uint32_t errno_ret)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return actions[i].takes_errno
                       ? actions[i].action | ((has_errno ? errno_ret : EPERM) & SECCOMP_RET_DATA)
                       : actions[i].action;
    return SECCOMP_RET_KILL_PROCESS; /* spec/check.c has refused every other word */
}

/* ---- what is looked at once ----------------------------------------------------------------- */

static bool has_abi(const struct compilation *c, uint32_t abi)
{
    for (size_t i = 0; i < c->n_abis; i++)
        if (c->abis[i] == abi)
            return true;
    return false;
}

/* The native one is always there: an empty list must not leave it without rules. */
static void collect_abis(struct compilation *c)
{
    const struct json_strings *names = &c->seccomp->architectures;

    c->abis[c->n_abis++] = seccomp_arch_native();
    for (size_t i = 0; i < names->count; i++) {
        uint32_t abi = architecture_from(names->items[i]);

        if (abi == 0)
            findings_add(c->findings, SEVERITY_WARNING, "seccomp-architecture-unknown",
                         json_pointer_item(c->document, c->seccomp->origin, "architectures", i),
                         NULL, "this libseccomp does not know %s, whose calls will be refused",
                         names->items[i]);
        else if (!has_abi(c, abi) && c->n_abis < PROGRAM_MAX_ARCHITECTURES)
            c->abis[c->n_abis++] = abi;
    }
}

static const uint32_t *collect_actions(const struct compilation *c)
{
    const struct spec_syscall_list *entries = &c->seccomp->syscalls;
    uint32_t *result = ARENA_NEW(c->arena, uint32_t, entries->count);

    for (size_t i = 0; i < entries->count; i++)
        result[i] = action_of(entries->items[i].action,
                              SPEC_HAS(spec_syscall, &entries->items[i], errno_ret),
                              entries->items[i].errno_ret);
    return result;
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Engines send names of kernels newer than these tables. What cannot be allowed stays refused; but
 * what cannot be refused should be known. */
static void find_unknown(struct compilation *c, size_t index, size_t name)
{
    const struct spec_syscall *entry = &c->seccomp->syscalls.items[index];

    findings_add(c->findings, SEVERITY_WARNING, "seccomp-syscall-unknown",
                 json_pointer_item(c->document, entry->origin, "names", name), NULL,
                 "nobody here knows a system call %s, which this entry %s",
                 entry->names.items[name],
                 c->entry_actions[index] == SECCOMP_RET_ALLOW ? "allows" : "refuses");
}

static int check_conditions(struct compilation *c, size_t index, const struct condition *conditions,
                            struct err *e)
{
    const struct spec_syscall *entry = &c->seccomp->syscalls.items[index];
    const char *pointer = json_pointer(c->document, entry->origin, "args");

    if (conditions_agree(conditions, entry->args.count))
        return 0;
    if (c->entry_actions[index] != SECCOMP_RET_ALLOW) {
        err_input(e, pointer, "no call can satisfy all of these conditions");
        return err_hint(e, "conditions that are alternatives belong into entries of their own");
    }
    findings_add(c->findings, SEVERITY_WARNING, "seccomp-conditions-contradict", pointer,
                 "an entry for each alternative",
                 "no call can satisfy all of these conditions, so nothing is allowed");
    return 0;
}

static void add_rule(struct compilation *c, struct filter_rule rule)
{
    c->rules[c->n_rules++] = rule;
}

static int add_name(struct compilation *c, uint32_t abi, size_t index, size_t name_index,
                    struct err *e)
{
    const struct spec_syscall *entry = &c->seccomp->syscalls.items[index];
    const char *name = entry->names.items[name_index];
    struct condition *conditions = NULL;
    int number = call_number(abi, name);

    if (number == CALL_UNKNOWN && abi == c->abis[0])
        find_unknown(c, index, name_index);
    if (number < 0)
        return 0;
    if (entry->args.count != 0)
        conditions = ARENA_NEW(c->arena, struct condition, entry->args.count);
    for (size_t i = 0; i < entry->args.count; i++)
        conditions[i] = condition_from(&entry->args.items[i],
                                       argument_bits(abi, name, entry->args.items[i].index));
    if (entry->args.count > 1 && abi == c->abis[0] && check_conditions(c, index, conditions, e) < 0)
        return -1;
    add_rule(c, (struct filter_rule){.number = (uint32_t)number,
                                     .action = c->entry_actions[index],
                                     .order = (uint32_t)index,
                                     .n_conditions = (uint32_t)entry->args.count,
                                     .conditions = conditions});
    return 0;
}

static bool names_call(const struct compilation *c, const char *name)
{
    for (size_t i = 0; i < c->seccomp->syscalls.count; i++) {
        const struct json_strings *names = &c->seccomp->syscalls.items[i].names;

        for (size_t j = 0; j < names->count; j++)
            if (strcmp(names->items[j], name) == 0)
                return true;
    }
    return false;
}

/*
 * Where the default lets calls pass, what an entry refuses must not be reachable by way of a
 * multiplexer, whatever its conditions are: they cannot be seen there. An entry for the multiplexer
 * itself says that its author has thought of it. Nothing is ever allowed in this way.
 */
static void add_multiplexed(struct compilation *c, uint32_t abi, size_t index, const char *name)
{
    uint32_t action = c->entry_actions[index];
    struct condition *condition;
    const char *multiplexer;
    uint32_t call;
    int number;

    if (!action_is_stricter(action, c->default_action) ||
        !call_is_multiplexed(name, &multiplexer, &call) || names_call(c, multiplexer))
        return;
    number = call_number(abi, multiplexer);
    if (number < 0)
        return;
    condition = ARENA_NEW(c->arena, struct condition, 1);
    *condition =
        condition_from(&(struct spec_syscall_arg){.index = 0, .value = call, .op = "SCMP_CMP_EQ"},
                       argument_bits(abi, multiplexer, 0));
    add_rule(c, (struct filter_rule){.number = (uint32_t)number,
                                     .action = action,
                                     .order = (uint32_t)index,
                                     .n_conditions = 1,
                                     .conditions = condition});
}

static bool default_passes(const struct compilation *c)
{
    return action_is_stricter(SECCOMP_RET_ERRNO, c->default_action);
}

static int add_rules(struct compilation *c, uint32_t abi, struct err *e)
{
    for (size_t i = 0; i < c->seccomp->syscalls.count; i++) {
        const struct spec_syscall *entry = &c->seccomp->syscalls.items[i];

        if (entry->args.count > MAX_CONDITIONS)
            return err_input(e, json_pointer(c->document, entry->origin, "args"),
                             "an entry can have %d conditions", MAX_CONDITIONS);
        for (size_t name = 0; name < entry->names.count; name++) {
            if (add_name(c, abi, i, name, e) < 0)
                return -1;
            if (default_passes(c))
                add_multiplexed(c, abi, i, entry->names.items[name]);
        }
    }
    return 0;
}

/* ---- numbers without rules ------------------------------------------------------------------ */

/* Of the rules from `first` on; -1 if there are none. */
static int64_t highest_number(const struct compilation *c, size_t first)
{
    /* Above it are the calls that only ARM has, private to its libc. */
    const uint32_t private_numbers = 0x0f0000;
    int64_t highest = -1;

    for (size_t i = first; i < c->n_rules; i++)
        if ((c->rules[i].number & ~(uint32_t)X32_BIT) < private_numbers &&
            c->rules[i].number > highest)
            highest = c->rules[i].number;
    return highest;
}

static bool wants_enosys(const struct compilation *c)
{
    return (c->default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO;
}

/* The numbers of an ABI begin at `first`, its rules at c->rules[first_rule]. */
static size_t add_spans(const struct compilation *c, uint32_t first, size_t first_rule,
                        struct filter_span *spans)
{
    int64_t highest = highest_number(c, first_rule);
    size_t n = 0;

    spans[n++] = (struct filter_span){first, c->default_action};
    if (wants_enosys(c) && highest >= 0)
        spans[n++] = (struct filter_span){(uint32_t)highest + 1, SECCOMP_RET_ERRNO | ENOSYS};
    return n;
}

static uint32_t missing_abi_action(const struct compilation *c)
{
    return action_is_stricter(c->default_action, SECCOMP_RET_ERRNO) ? c->default_action
                                                                    : SECCOMP_RET_ERRNO | ENOSYS;
}

static int add_architecture(struct compilation *c, struct program *program, uint32_t abi,
                            struct err *e)
{
    struct filter_span spans[MAX_SPANS];
    struct filter_architecture architecture = {
        .audit_arch = architecture_audit(abi),
        .default_action = c->default_action,
        .rules = c->rules,
        .spans = spans,
    };

    c->n_rules = 0;
    if (add_rules(c, abi, e) < 0)
        return -1;
    architecture.n_spans = add_spans(c, 0, 0, spans);
    if (abi == SCMP_ARCH_X86_64) {
        size_t first_rule = c->n_rules;
        struct filter_span *x32_spans = &spans[architecture.n_spans];

        if (has_abi(c, SCMP_ARCH_X32)) {
            if (add_rules(c, SCMP_ARCH_X32, e) < 0)
                return -1;
            architecture.n_spans += add_spans(c, X32_BIT, first_rule, x32_spans);
        } else {
            *x32_spans = (struct filter_span){X32_BIT, missing_abi_action(c)};
            architecture.n_spans++;
        }
    }
    architecture.n_rules = c->n_rules;
    program_add(program, &architecture, c->arena);
    return 0;
}

/* ---- the program ---------------------------------------------------------------------------- */

/* For the rules of one architecture. */
static struct filter_rule *make_room(const struct compilation *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->seccomp->syscalls.count; i++)
        n += c->seccomp->syscalls.items[i].names.count;
    if (has_abi(c, SCMP_ARCH_X32))
        n *= 2; /* they join those of x86_64 */
    if (default_passes(c))
        n *= 2; /* once more behind a multiplexer */
    return ARENA_NEW(c->arena, struct filter_rule, n);
}

static uint32_t flags_of(const struct spec_seccomp *seccomp)
{
    uint32_t flags = 0;

    for (size_t i = 0; i < seccomp->flags.count; i++)
        for (size_t row = 0; row < ARRAY_LEN(filter_flags); row++)
            if (strcmp(filter_flags[row].name, seccomp->flags.items[i]) == 0)
                flags |= filter_flags[row].flag;
    return flags;
}

int seccomp_compile(struct seccomp_program *result, const struct spec_seccomp *seccomp,
                    const struct json_document *document, struct arena *arena,
                    struct findings *findings, struct err *e)
{
    struct program program;
    struct compilation c = {
        .seccomp = seccomp,
        .document = document,
        .arena = arena,
        .findings = findings,
        .default_action =
            action_of(seccomp->default_action, SPEC_HAS(spec_seccomp, seccomp, default_errno_ret),
                      seccomp->default_errno_ret),
    };

    collect_abis(&c);
    c.entry_actions = collect_actions(&c);
    c.rules = make_room(&c);
    program_start(&program, arena);
    for (size_t i = 0; i < c.n_abis && !program.is_full; i++)
        if (c.abis[i] != SCMP_ARCH_X32 && add_architecture(&c, &program, c.abis[i], e) < 0)
            return -1;
    program_end(&program, SECCOMP_RET_KILL_PROCESS);
    if (program.is_full) {
        err_input(e, json_pointer(document, seccomp->origin, NULL),
                  "the filter needs more than the %d instructions that the kernel takes",
                  PROGRAM_MAX_INSTRUCTIONS);
        return err_hint(e, "fewer entries with conditions make a shorter program");
    }
    *result = (struct seccomp_program){
        .instructions = program_begin(&program),
        .size_bytes = program.count * sizeof(struct sock_filter),
        .flags = flags_of(seccomp),
    };
    return 0;
}
