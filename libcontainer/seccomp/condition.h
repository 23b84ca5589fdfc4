/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One entry of "args", in the form that becomes instructions. Pure.
 *
 * A value that has more bits than the argument: for equality the bits that the argument does not
 * have are dropped from the value as well; an order compares with the number as it is written, but
 * a negative int, which has all of its upper bits set, is the number that the kernel sees.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/spec.h"

enum condition_test {
    CONDITION_ALWAYS,
    CONDITION_NEVER,
    CONDITION_EQUAL, /* (argument & mask) == value */
    CONDITION_GREATER,
    CONDITION_GREATER_EQUAL,
};

struct condition {
    uint8_t argument;
    uint8_t bits; /* 16, 32 or 64 */
    uint8_t test;
    bool is_negated; /* of the last three tests alone */
    uint64_t value;
    uint64_t mask;
};

struct condition condition_from(const struct spec_syscall_arg *arg, unsigned int bits);

/* False when no number satisfies all conditions on some argument, although each of them alone can
 * be satisfied: whoever wrote them meant something else. */
bool conditions_agree(const struct condition *conditions, size_t n);
