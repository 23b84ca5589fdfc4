/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Conditions on arguments of system calls as sets of (mask, value) pairs.
 *
 * A filter sees 64 bits of each argument; where the kernel takes an int, it uses the lower 32 alone. A
 * comparison of 64 bits is then defeated by one bit above them: socket(AF_VSOCK + 2^32, ...) is not 40,
 * and opens an AF_VSOCK socket. So conditions on such arguments are compared as 32 bits, also those that
 * engines write. libseccomp can only do that for equality under a mask. The others are ranges; several
 * of them on one argument are intersected, and what is left is taken apart into blocks of numbers that
 * share their upper bits, each of which is one equality under a mask: at most two for each bit of a range.
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

/* The numbers of `bits` (32 or 64) that satisfy every condition of the entry on argument `index`. */
void argument_matches_of(struct argument_matches *matches, const struct spec_syscall *entry,
                         uint32_t index, unsigned int bits, struct arena *arena);
