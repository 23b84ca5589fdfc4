/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Rules -> a classic BPF program for seccomp(2). Pure.
 *
 * The program asks for the architecture, searches the number of the call in a binary tree, and
 * tests arguments only for calls whose rules have conditions. All jumps of BPF go forward and
 * conditional ones reach 255 instructions, so it is written from its end to its beginning: every
 * target is known when the jump to it is written, and what is too far away gets a stepping stone
 * first.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>

#include "base/arena.h"
#include "seccomp/condition.h"

enum {
    PROGRAM_MAX_INSTRUCTIONS = 4096
}; /* BPF_MAXINSNS: the kernel takes no more in one filter */

struct filter_rule {
    uint32_t number; /* as in seccomp_data.nr */
    uint32_t action; /* SECCOMP_RET_* with its data */
    uint32_t order;  /* of its entry in the document */
    uint32_t n_conditions;
    const struct condition *conditions; /* all must hold; none: always */
};

/* What happens to numbers that no rule names, from `first` to where the next span begins. */
struct filter_span {
    uint32_t first;
    uint32_t action;
};

struct filter_architecture {
    uint32_t audit_arch;       /* as in seccomp_data.arch */
    uint32_t default_action;   /* a rule names the number, and its conditions do not hold */
    struct filter_rule *rules; /* in any order; they will be sorted */
    size_t n_rules;
    const struct filter_span *spans; /* sorted; the first one begins at 0 */
    size_t n_spans;
};

enum {
    PROGRAM_MAX_ARCHITECTURES = 24
};

struct program {
    struct sock_filter
        *instructions; /* PROGRAM_MAX_INSTRUCTIONS of them; the last `count` are used */
    size_t count;
    bool is_full; /* it would be longer than the kernel's limit */
    struct {
        uint32_t audit_arch;
        uint32_t position;
    } sections[PROGRAM_MAX_ARCHITECTURES];
    size_t n_sections;
    struct {
        uint32_t action;
        uint32_t position;
    } returns[8];
    size_t next_return;
};

void program_start(struct program *program, struct arena *arena);

/* Adds an architecture that was not added before. What several rules say about one call:
 *   - of the rules without conditions the first one in the document counts;
 *   - of that one and the rules whose conditions hold, the strictest action is taken, in the order
 *     that the kernel has for several filters (seccomp(2), "Return values from filters");
 *   - when there is none, the default action. */
void program_add(struct program *program, struct filter_architecture *architecture,
                 struct arena *arena);

/* Calls of every other architecture end with `other_action`. The program is the last `count`
 * instructions, unless is_full. */
void program_end(struct program *program, uint32_t other_action);

static inline const struct sock_filter *program_begin(const struct program *program)
{
    return program->instructions + (PROGRAM_MAX_INSTRUCTIONS - program->count);
}

/* Is `action` stricter than `other`? Errno numbers do not count. */
bool action_is_stricter(uint32_t action, uint32_t other);
