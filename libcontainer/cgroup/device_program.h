/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From a list of device rules to a program of type BPF_PROG_TYPE_CGROUP_DEVICE. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/bpf.h>

#include "base/arena.h"

enum {
    DEVICE_ANY = -1
};

struct device_rule {
    bool is_allowed;
    char type; /* 'a', 'b', 'c' */
    int64_t major;
    int64_t minor;
    uint32_t access; /* BPF_DEVCG_ACC_* */
};

struct device_rules {
    struct device_rule *items;
    size_t count;
    size_t capacity;
};

struct device_program {
    struct bpf_insn *items;
    size_t count;
    size_t capacity;
};

/* The program that answers as the rules do, applied in their order to a state in which everything
 * is denied: a rule changes the kinds of access that it names, for the devices that it names. The
 * same answers give the same program, however many rules said so. False if they name more
 * combinations of majors and minors than a program should have. */
bool device_program_make(struct arena *arena, const struct device_rules *rules,
                         struct device_program *program);
