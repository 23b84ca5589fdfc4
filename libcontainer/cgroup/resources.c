/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/resources.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

/* ---- conversions ---------------------------------------------------------------------------------------- */

static double log2_of(double x)
{
    double whole = 0;
    double sum = 0;
    double term;
    double square;

    while (x >= 2) {
        x /= 2;
        whole += 1;
    }
    /* ln x = 2 artanh((x - 1) / (x + 1)), and x is below 2: the terms shrink ninefold. */
    term = (x - 1) / (x + 1);
    square = term * term;
    for (int i = 1; i < 60; i += 2) {
        sum += term / i;
        term *= square;
    }
    return whole + 2 * sum / 0.69314718055994530942;
}

static double power_of_ten(double exponent)
{
    double x = exponent * 2.30258509299404568402;
    double term = 1;
    double sum = 1;

    for (int i = 1; i < 80; i++) {
        term *= x / i;
        sum += term;
    }
    return sum;
}

/* Without libm, which would be one more library to load for every command. */
uint64_t cgroup_weight_of_shares(uint64_t shares)
{
    double l;
    double weight;
    uint64_t whole;

    if (shares <= 2)
        return 1;
    if (shares >= 262144)
        return 10000;
    l = log2_of((double)shares);
    weight = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34) - 1e-9;
    whole = (uint64_t)weight;
    return (double)whole < weight ? whole + 1 : whole;
}

uint64_t cgroup_io_weight_of_blkio(uint16_t weight)
{
    if (weight <= 10)
        return 1;
    return weight < 1000 ? 1 + (uint64_t)(weight - 10) * 9999 / 990 : 10000;
}

bool cgroup_swap_of_sum(int64_t sum, int64_t memory, int64_t *swap)
{
    if (sum >= 0 && (memory < 0 || sum < memory))
        return false;
    *swap = sum < 0 ? -1 : sum - memory;
    return true;
}

/* ---- what is in force ----------------------------------------------------------------------------------- */

const char *const cgroup_in_force_files[] = {
    "memory.max", "memory.current", "memory.swap.max", "cpu.max", "cpu.max.burst", NULL,
};

/* The number at `text`, -1 for "max"; what follows a space or a line's end does not belong to it.
 * False, and *number as it was, for anything else. */
static bool take_limit(const char *text, int64_t *number)
{
    size_t length = strcspn(text, " \n");

    if (length == 3 && strncmp(text, "max", 3) == 0) {
        *number = -1;
        return true;
    }
    return str_parse_i64(text, length, number);
}

void cgroup_in_force_take(struct cgroup_in_force *in_force, const char *name, const char *content)
{
    const char *second = strchr(content, ' ');
    int64_t number = 0;

    if (strcmp(name, "memory.max") == 0) {
        take_limit(content, &in_force->memory_max);
    } else if (strcmp(name, "memory.current") == 0) {
        take_limit(content, &in_force->memory_current);
    } else if (strcmp(name, "memory.swap.max") == 0) {
        take_limit(content, &in_force->swap_max);
    } else if (strcmp(name, "cpu.max") == 0) {
        take_limit(content, &in_force->cpu_quota_us);
        if (second != NULL && take_limit(second + 1, &number) && number > 0)
            in_force->cpu_period_us = (uint64_t)number;
    } else if (strcmp(name, "cpu.max.burst") == 0) {
        if (take_limit(content, &number) && number >= 0)
            in_force->cpu_burst_us = (uint64_t)number;
    }
}
