/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/condition.h"

#include <string.h>

#include "base/macros.h"

static const struct {
    const char *name;
    enum condition_test test;
    bool is_negated;
} operators[] = {
    {"SCMP_CMP_NE", CONDITION_EQUAL, true},          {"SCMP_CMP_LT", CONDITION_GREATER_EQUAL, true},
    {"SCMP_CMP_LE", CONDITION_GREATER, true},        {"SCMP_CMP_EQ", CONDITION_EQUAL, false},
    {"SCMP_CMP_GE", CONDITION_GREATER_EQUAL, false}, {"SCMP_CMP_GT", CONDITION_GREATER, false},
    {"SCMP_CMP_MASKED_EQ", CONDITION_EQUAL, false},
};

static uint64_t all_of(unsigned int bits)
{
    return bits == 64 ? ~(uint64_t)0 : ((uint64_t)1 << bits) - 1;
}

static struct condition constant(struct condition condition, bool holds)
{
    condition.test = holds != condition.is_negated ? CONDITION_ALWAYS : CONDITION_NEVER;
    condition.is_negated = false;
    return condition;
}

static struct condition equality(struct condition condition, uint64_t all)
{
    if ((condition.value & ~condition.mask) != 0)
        return constant(condition, false); /* the mask clears what the value wants set */
    condition.value &= all;
    condition.mask &= all;
    return condition.mask == 0 ? constant(condition, true) : condition;
}

static struct condition order(struct condition condition, uint64_t all)
{
    bool is_strict = condition.test == CONDITION_GREATER;

    if (condition.value > all) {
        /* As a negative number of `bits` bits looks in 64. */
        if (condition.value <= ~(uint64_t)0 - (all >> 1) - 1)
            return constant(condition, false); /* nothing is as large */
        condition.value &= all;
    }
    if (is_strict && condition.value == all)
        return constant(condition, false);
    if (!is_strict && condition.value == 0)
        return constant(condition, true);
    return condition;
}

struct condition condition_from(const struct spec_syscall_arg *arg, unsigned int bits)
{
    struct condition condition = {
        .argument = (uint8_t)arg->index,
        .bits = (uint8_t)bits,
        .test = CONDITION_NEVER, /* spec/rules.c has refused every other operator */
        .value = arg->value,
        .mask = ~(uint64_t)0,
    };
    uint64_t all = all_of(bits);

    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (strcmp(operators[i].name, arg->op) != 0)
            continue;
        condition.test = (uint8_t)operators[i].test;
        condition.is_negated = operators[i].is_negated;
    }
    if (strcmp(arg->op, "SCMP_CMP_MASKED_EQ") == 0) {
        condition.mask = arg->value;
        condition.value = arg->value_two;
    }
    if (condition.test == CONDITION_NEVER)
        return condition;
    return condition.test == CONDITION_EQUAL ? equality(condition, all) : order(condition, all);
}

/* ---- do they agree? ------------------------------------------------------------------------- */

struct range {
    uint64_t first;
    uint64_t last;
    bool is_empty;
};

/* Conditions are never trivial when they come here, so value + 1 and value - 1 do not wrap. */
static void narrow_range(struct range *range, const struct condition *condition)
{
    uint64_t first = range->first;
    uint64_t last = range->last;

    if (condition->test == CONDITION_GREATER && condition->is_negated)
        last = condition->value;
    else if (condition->test == CONDITION_GREATER)
        first = condition->value + 1;
    else if (condition->test == CONDITION_GREATER_EQUAL && condition->is_negated)
        last = condition->value - 1;
    else if (condition->test == CONDITION_GREATER_EQUAL)
        first = condition->value;
    else if (condition->mask == all_of(condition->bits) && !condition->is_negated)
        first = last = condition->value;
    if (first > range->first)
        range->first = first;
    if (last < range->last)
        range->last = last;
    range->is_empty = range->is_empty || range->first > range->last;
}

static bool holds(const struct condition *condition, uint64_t number)
{
    bool result = true;

    if (condition->test == CONDITION_EQUAL)
        result = (number & condition->mask) == condition->value;
    else if (condition->test == CONDITION_GREATER)
        result = number > condition->value;
    else if (condition->test == CONDITION_GREATER_EQUAL)
        result = number >= condition->value;
    return result != condition->is_negated;
}

static bool are_opposed(const struct condition *a, const struct condition *b)
{
    return a->test == CONDITION_EQUAL && b->test == CONDITION_EQUAL && !a->is_negated &&
           !b->is_negated && ((a->value ^ b->value) & a->mask & b->mask) != 0;
}

static bool argument_agrees(const struct condition *conditions, size_t n, unsigned int argument,
                            unsigned int bits)
{
    struct range range = {0, all_of(bits), false};

    for (size_t i = 0; i < n; i++) {
        if (conditions[i].argument != argument || conditions[i].test <= CONDITION_NEVER)
            continue;
        narrow_range(&range, &conditions[i]);
        for (size_t j = 0; j < i; j++)
            if (conditions[j].argument == argument && are_opposed(&conditions[i], &conditions[j]))
                return false;
    }
    if (range.is_empty)
        return false;
    /* What is left of most contradictions is one number, and a condition that it does not satisfy.
     */
    for (size_t i = 0; range.first == range.last && i < n; i++)
        if (conditions[i].argument == argument && conditions[i].test > CONDITION_NEVER &&
            !holds(&conditions[i], range.first))
            return false;
    return true;
}

bool conditions_agree(const struct condition *conditions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool is_first = true;

        for (size_t j = 0; j < i; j++)
            is_first = is_first && conditions[j].argument != conditions[i].argument;
        if (is_first && !argument_agrees(conditions, n, conditions[i].argument, conditions[i].bits))
            return false;
    }
    return true;
}
