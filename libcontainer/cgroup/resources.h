/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From what config.json says about resources to the numbers of cgroup v2. Both drivers and `update`
 * come here, so that a property of systemd and a file cannot disagree. Pure.
 *
 * CGROUP_WRITE rows are complete: a row of cpu.max has both halves, io.max has all limits of one
 * device in one row. A driver that speaks of properties needs no more than those rows.
 */

#include <stdbool.h>
#include <stdint.h>

/* ---- conversions of fields that were made for v1 -------------------------------------------------------- */

/* cpu.shares (2 to 262144) to cpu.weight (1 to 10000), on the curve of runc 1.3.2 and crun 1.23
 * through 2 -> 1, 1024 -> 100, 262144 -> 10000. */
uint64_t cgroup_weight_of_shares(uint64_t shares);

/* blockIO.weight (10 to 1000) to io.weight (1 to 10000): 1 + (weight - 10) * 9999 / 990, on which
 * runc, crun and the kubelet agree. io.bfq.weight takes the number as it is. */
uint64_t cgroup_io_weight_of_blkio(uint16_t weight);

/* In config.json "swap" is memory and swap together, memory.swap.max is swap alone. -1 is no limit.
 * False if there is no such number: a sum that is limited while memory is not, or below it. */
bool cgroup_swap_of_sum(int64_t sum, int64_t memory, int64_t *swap);

/* ---- what an update starts from ------------------------------------------------------------------------- */

/* The limits of a group as its files have them, which an update must keep where it says nothing:
 * a period without a quota keeps the quota, a sum of memory and swap counts from the memory in
 * force. -1: no limit. */
struct cgroup_in_force {
    int64_t memory_max;
    int64_t memory_current; /* in use, no limit */
    int64_t swap_max;
    int64_t cpu_quota_us;
    uint64_t cpu_period_us;
    uint64_t cpu_burst_us;
};

/* Of a group that was just made. */
#define CGROUP_IN_FORCE_INIT                                                                       \
    ((struct cgroup_in_force){                                                                     \
        .memory_max = -1, .swap_max = -1, .cpu_quota_us = -1, .cpu_period_us = 100000})

/* Takes over what the content of the file `name` says; files of other names are ignored. */
void cgroup_in_force_take(struct cgroup_in_force *in_force, const char *name, const char *content);

/* The files that cgroup_in_force_take() knows, NULL at the end. One that is missing keeps its
 * initial value. */
extern const char *const cgroup_in_force_files[];
