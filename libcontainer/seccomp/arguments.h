/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Conditions on arguments of system calls as sets of (mask, value) pairs.
 *
 * A filter sees 64 bits of each argument; where the kernel takes an int, it uses the lower 32 alone. A
 * comparison of 64 bits is then defeated by one bit above them: socket(AF_VSOCK + 2^32, ...) is not 40,
 * and opens an AF_VSOCK socket. So conditions on such arguments are compared as 32 bits, also those that
 * engines write. libseccomp can only do that for equality under a mask; the others are taken apart into
 * such equalities: "x > 40" is "one of the numbers whose binary form follows that of 40 down to a 0 bit
 * and has a 1 there", at most 32 masked equalities.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "spec/spec.h"

/* Does the kernel take this argument of the system call as 32 bits? */
bool argument_is_32_bit(const char *syscall_name, uint32_t index);

struct argument_match {
    uint64_t mask; /* 0: anything */
    uint64_t value;
};

struct argument_matches { /* any of them */
    struct argument_match *items;
    size_t count;
    size_t capacity;
};

/* The numbers that satisfy `condition`, of `bits` (32 or 64). */
void argument_matches_of(struct argument_matches *matches, const struct spec_syscall_arg *condition,
                         unsigned int bits, struct arena *arena);
/* The numbers that are in both. */
void argument_matches_intersect(struct argument_matches *matches,
                                const struct argument_matches *other, struct arena *arena);
