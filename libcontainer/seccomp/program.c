/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/program.h"

#include <stdlib.h>
#include <string.h>

#include <linux/audit.h>
#include <linux/seccomp.h>

#include "base/macros.h"

/* Where an instruction stands, counted from the end of the program; the last one is at 1. */
typedef uint32_t position;

enum {
    NEAR = 255
}; /* as far as a conditional jump reaches */

bool action_is_stricter(uint32_t action, uint32_t other)
{
    /* The kernel compares them as signed numbers: KILL_PROCESS has the sign bit. */
    return (int32_t)(action & SECCOMP_RET_ACTION_FULL) < (int32_t)(other & SECCOMP_RET_ACTION_FULL);
}

/* ---- instructions --------------------------------------------------------------------------- */

static const struct sock_filter *at(const struct program *program, position target)
{
    return &program->instructions[PROGRAM_MAX_INSTRUCTIONS - target];
}

static position put(struct program *program, struct sock_filter instruction)
{
    if (program->count == PROGRAM_MAX_INSTRUCTIONS) {
        program->is_full = true;
        return 1;
    }
    program->count++;
    program->instructions[PROGRAM_MAX_INSTRUCTIONS - program->count] = instruction;
    return (position)program->count;
}

/* How many instructions lie between the next one that is written and its target. */
static size_t distance(const struct program *program, position target)
{
    return program->count - target;
}

/* One of the last few of this action serves as well; what has become too far is copied by a stone.
 */
static position put_return(struct program *program, uint32_t action)
{
    position result;

    for (size_t i = 0; i < ARRAY_LEN(program->returns); i++)
        if (program->returns[i].position != 0 && program->returns[i].action == action &&
            distance(program, program->returns[i].position) < NEAR)
            return program->returns[i].position;
    result = put(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
    program->returns[program->next_return].action = action;
    program->returns[program->next_return].position = result;
    program->next_return = (program->next_return + 1) % ARRAY_LEN(program->returns);
    return result;
}

static position put_stone(struct program *program, position target)
{
    if (at(program, target)->code == (BPF_RET | BPF_K))
        return put(program, *at(program, target));
    return put(program,
               (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)distance(program, target)));
}

/* A test of the accumulator, e.g. BPF_JEQ. */
static position put_jump(struct program *program, uint16_t test, uint32_t number, position if_true,
                         position if_false)
{
    if (if_true == if_false)
        return if_true;
    while (!program->is_full &&
           (distance(program, if_true) > NEAR || distance(program, if_false) > NEAR)) {
        if (distance(program, if_true) > NEAR)
            if_true = put_stone(program, if_true);
        else
            if_false = put_stone(program, if_false);
    }
    return put(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | test, number,
                                                     (uint8_t)distance(program, if_true),
                                                     (uint8_t)distance(program, if_false)));
}

/* Falls through to what was written last; `next` must be that, or a stone leads there. */
static position put_before(struct program *program, struct sock_filter instruction, position next)
{
    if (distance(program, next) != 0)
        put_stone(program, next);
    return put(program, instruction);
}

static position put_load(struct program *program, size_t offset, position next)
{
    return put_before(
        program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset), next);
}

static position put_and(struct program *program, uint32_t mask, position next)
{
    if (mask == 0xffffffffU)
        return next;
    return put_before(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask), next);
}

/* ---- conditions ----------------------------------------------------------------------------- */

static size_t half_offset(unsigned int argument, bool is_upper)
{
    bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

    return offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t) +
           (is_upper == is_little ? sizeof(uint32_t) : 0);
}

static position put_equal_half(struct program *program, const struct condition *condition,
                               bool is_upper, position if_true, position if_false)
{
    uint32_t mask = (uint32_t)(is_upper ? condition->mask >> 32 : condition->mask);
    uint32_t value = (uint32_t)(is_upper ? condition->value >> 32 : condition->value);
    position next;

    if (mask == 0)
        return if_true;
    next = put_jump(program, BPF_JEQ, value, if_true, if_false);
    next = put_and(program, mask, next);
    return put_load(program, half_offset(condition->argument, is_upper), next);
}

static position put_order(struct program *program, const struct condition *condition,
                          position if_true, position if_false)
{
    uint16_t test = condition->test == CONDITION_GREATER ? BPF_JGT : BPF_JGE;
    uint32_t upper = (uint32_t)(condition->value >> 32);
    position next = put_jump(program, test, (uint32_t)condition->value, if_true, if_false);

    if (condition->bits == 16)
        next = put_and(program, 0xffff, next);
    next = put_load(program, half_offset(condition->argument, false), next);
    if (condition->bits < 64)
        return next;
    next = put_jump(program, BPF_JEQ, upper, next, if_false);
    next = put_jump(program, BPF_JGT, upper, if_true, next);
    return put_load(program, half_offset(condition->argument, true), next);
}

static position put_condition(struct program *program, const struct condition *condition,
                              position if_true, position if_false)
{
    if (condition->is_negated) {
        position swapped = if_true;

        if_true = if_false;
        if_false = swapped;
    }
    switch ((enum condition_test)condition->test) {
    case CONDITION_ALWAYS:
        return if_true;
    case CONDITION_NEVER:
        return if_false;
    case CONDITION_EQUAL:
        if_true = put_equal_half(program, condition, false, if_true, if_false);
        return put_equal_half(program, condition, true, if_true, if_false);
    case CONDITION_GREATER:
    case CONDITION_GREATER_EQUAL:
        return put_order(program, condition, if_true, if_false);
    }
    return if_false;
}

/* ---- the rules of one call ------------------------------------------------------------------ */

static int compare_rules(const void *left, const void *right)
{
    const struct filter_rule *a = left;
    const struct filter_rule *b = right;

    if (a->number != b->number)
        return a->number < b->number ? -1 : 1;
    if (action_is_stricter(a->action, b->action))
        return -1;
    if (action_is_stricter(b->action, a->action))
        return 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Does a condition of the rule hold for no argument? */
static bool never_holds(const struct filter_rule *rule)
{
    for (uint32_t i = 0; i < rule->n_conditions; i++)
        if (rule->conditions[i].test == CONDITION_NEVER)
            return true;
    return false;
}

static bool always_holds(const struct filter_rule *rule)
{
    for (uint32_t i = 0; i < rule->n_conditions; i++)
        if (rule->conditions[i].test != CONDITION_ALWAYS)
            return false;
    return true;
}

/* Those without conditions are looked at together. */
static bool is_asked(const struct filter_rule *rule)
{
    return rule->n_conditions != 0 && !never_holds(rule);
}

/* One call: the rules that are asked in this order, and what happens when none holds. */
struct verdict {
    const struct filter_rule *rules;
    size_t n_rules;
    uint32_t action;
};

/* `rules` are of one call, the strictest first. */
static struct verdict verdict_of(const struct filter_rule *rules, size_t n, uint32_t default_action)
{
    const struct filter_rule *first = NULL; /* in the document, of those without conditions */
    struct verdict verdict = {.rules = rules, .action = default_action};

    for (size_t i = 0; i < n; i++)
        if (rules[i].n_conditions == 0 && (first == NULL || rules[i].order < first->order))
            first = &rules[i];
    if (first != NULL)
        verdict.action = first->action;
    for (size_t i = 0; i < n; i++) {
        if (!is_asked(&rules[i]))
            continue;
        if (first != NULL && !action_is_stricter(rules[i].action, first->action))
            break;
        if (always_holds(&rules[i])) {
            verdict.action = rules[i].action;
            break;
        }
        verdict.n_rules = i + 1;
    }
    /* What would be asked last and changes nothing. */
    while (verdict.n_rules > 0 && rules[verdict.n_rules - 1].action == verdict.action)
        verdict.n_rules--;
    return verdict;
}

static position put_verdict(struct program *program, const struct verdict *verdict)
{
    position next = put_return(program, verdict->action);

    for (size_t i = verdict->n_rules; i > 0 && !program->is_full; i--) {
        const struct filter_rule *rule = &verdict->rules[i - 1];
        position if_false = next;

        if (!is_asked(rule))
            continue;
        next = put_return(program, rule->action);
        for (uint32_t condition = rule->n_conditions; condition > 0; condition--)
            next = put_condition(program, &rule->conditions[condition - 1], next, if_false);
    }
    return next;
}

/* ---- the numbers of one architecture -------------------------------------------------------- */

/* All numbers from `first` to where the next leaf begins. */
struct leaf {
    uint32_t first;
    struct verdict verdict;
};

struct leaves {
    struct leaf *items;
    size_t count;
    size_t capacity;
};

static void add_leaf(struct leaves *leaves, uint32_t first, struct verdict verdict,
                     struct arena *arena)
{
    struct leaf *last;

    if (leaves->count != 0 && leaves->items[leaves->count - 1].first == first)
        leaves->count--;
    last = leaves->count != 0 ? &leaves->items[leaves->count - 1] : NULL;
    if (last == NULL || last->verdict.n_rules != 0 || verdict.n_rules != 0 ||
        last->verdict.action != verdict.action)
        *ARENA_PUSH(arena, leaves) = (struct leaf){first, verdict};
}

static void add_span(struct leaves *leaves, uint32_t first, uint32_t action, struct arena *arena)
{
    add_leaf(leaves, first, (struct verdict){.action = action}, arena);
}

static void make_leaves(struct leaves *leaves, const struct filter_architecture *architecture,
                        struct arena *arena)
{
    const struct filter_rule *rules = architecture->rules;
    size_t span = 0;
    size_t n;

    add_span(leaves, 0, architecture->spans[0].action, arena);
    for (size_t i = 0; i < architecture->n_rules; i += n) {
        uint32_t number = rules[i].number;

        n = 1;
        while (i + n < architecture->n_rules && rules[i + n].number == number)
            n++;
        while (span + 1 < architecture->n_spans && architecture->spans[span + 1].first <= number) {
            span++;
            add_span(leaves, architecture->spans[span].first, architecture->spans[span].action,
                     arena);
        }
        add_leaf(leaves, number, verdict_of(&rules[i], n, architecture->default_action), arena);
        if (number != UINT32_MAX)
            add_span(leaves, number + 1, architecture->spans[span].action, arena);
    }
    while (++span < architecture->n_spans)
        add_span(leaves, architecture->spans[span].first, architecture->spans[span].action, arena);
}

/* Depth: the logarithm of the number of leaves. */
static position put_search(struct program *program, const struct leaf *leaves, size_t n)
{
    size_t half = n / 2;
    position upper;
    position lower;

    if (n == 1 || program->is_full)
        return put_verdict(program, &leaves->verdict);
    upper = put_search(program, leaves + half, n - half);
    lower = put_search(program, leaves, half);
    return put_jump(program, BPF_JGE, leaves[half].first, upper, lower);
}

/* ---- the program ---------------------------------------------------------------------------- */

void program_start(struct program *program, struct arena *arena)
{
    *program = (struct program){.instructions =
                                    ARENA_NEW(arena, struct sock_filter, PROGRAM_MAX_INSTRUCTIONS)};
}

void program_add(struct program *program, struct filter_architecture *architecture,
                 struct arena *arena)
{
    struct leaves leaves = {0};
    position search;

    if (program->n_sections == PROGRAM_MAX_ARCHITECTURES) {
        program->is_full = true;
        return;
    }
    qsort(architecture->rules, architecture->n_rules, sizeof(architecture->rules[0]),
          compare_rules);
    make_leaves(&leaves, architecture, arena);
    search = put_search(program, leaves.items, leaves.count);
    program->sections[program->n_sections].audit_arch = architecture->audit_arch;
    program->sections[program->n_sections].position =
        put_load(program, offsetof(struct seccomp_data, nr), search);
    program->n_sections++;
}

void program_end(struct program *program, uint32_t other_action)
{
    position next = put_return(program, other_action);

    /* The one that was added first is asked first. */
    for (size_t i = program->n_sections; i > 0; i--)
        next = put_jump(program, BPF_JEQ, program->sections[i - 1].audit_arch,
                        program->sections[i - 1].position, next);
    put_load(program, offsetof(struct seccomp_data, arch), next);
}
