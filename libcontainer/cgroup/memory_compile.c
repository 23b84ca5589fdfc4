/* SPDX-License-Identifier: Apache-2.0 */

/*
 * linux.resources.memory. 0 means "not given" to the engines that write it, -1 is no limit.
 *
 * Swap is the hard one: config.json gives memory and swap together, as v1 wanted it, and v2 limits
 * swap alone. An update that says nothing of swap leaves it as it is, except that memory without a
 * limit takes the limit of swap with it: so it was in v1, and what sends -1 means both.
 */

#include <string.h>

#include "cgroup/compile_rows.h"

static void refuse_swap(struct compile *compile, const char *pointer, int64_t memory)
{
    if (memory < 0)
        findings_add(compile->findings, SEVERITY_REFUSE, "swap-without-memory-limit", pointer,
                     "\"limit\" as well, or -1",
                     "the sum of memory and swap is limited but not memory");
    else
        findings_add(compile->findings, SEVERITY_REFUSE, "swap-below-memory-limit", pointer,
                     "at least \"limit\"", "the sum of memory and swap is below memory alone");
}

/* v2 has no refusal of its own: a limit below what is in use calls the OOM killer. */
static void check_usage(struct compile *compile, const struct spec_memory *memory)
{
    int64_t in_use = cgroup_in_force_of(compile)->memory_current;

    if (!memory->check_before_update || memory->limit_bytes <= 0 || memory->limit_bytes >= in_use)
        return;
    findings_add(compile->findings, SEVERITY_REFUSE, "memory-limit-below-usage",
                 compile_pointer(compile, memory->origin, "limit"),
                 "a higher limit, or \"checkBeforeUpdate\": false",
                 "the container uses %lld bytes of memory, the new limit is %lld",
                 (long long)in_use, (long long)memory->limit_bytes);
}

/* memory.swap.max; false if the configuration asks for none. */
static bool find_swap(struct compile *compile, const struct spec_memory *memory,
                      const char *pointer, int64_t *swap)
{
    int64_t limit =
        memory->limit_bytes != 0 ? memory->limit_bytes : cgroup_in_force_of(compile)->memory_max;

    if (memory->swap_bytes == 0) {
        *swap = -1;
        return memory->limit_bytes < 0;
    }
    if (cgroup_swap_of_sum(memory->swap_bytes, limit, swap))
        return true;
    refuse_swap(compile, pointer, limit);
    return false;
}

/* Without swap accounting there is no file. Then no limit is what there is, and "no swap" is all
 * that an engine can say on a machine without swap; but a number would be a promise. */
static void add_swap(struct compile *compile, const char *pointer, int64_t swap)
{
    if (swap == 0 && cgroup_has_controller(compile, "memory", pointer))
        cgroup_add_row(compile, pointer, "memory.swap.max", "0", CGROUP_IF_EXISTS);
    else if (swap != 0)
        cgroup_add_limit(compile, pointer, "memory.swap.max", swap);
}

/* v1's soft limit without a number was its default and changed nothing. memory.low protects what is
 * below it, so there the same is 0; "max" would keep the kernel from reclaiming anything. */
static void compile_reservation(struct compile *compile, const struct spec_memory *memory)
{
    const char *pointer = compile_pointer(compile, memory->origin, "reservation");

    if (memory->reservation_bytes > 0)
        cgroup_add_limit(compile, pointer, "memory.low", memory->reservation_bytes);
    else if (memory->reservation_bytes < 0 && facts_has_controller(compile->facts, "memory"))
        cgroup_add_row(compile, pointer, "memory.low", "0", CGROUP_IF_EXISTS);
}

void cgroup_compile_memory(struct compile *compile, const struct spec_memory *memory)
{
    const char *limit = compile_pointer(compile, memory->origin, "limit");
    const char *swap =
        compile_pointer(compile, memory->origin, memory->swap_bytes != 0 ? "swap" : "limit");
    int64_t now = cgroup_in_force_of(compile)->swap_max;
    int64_t swap_max;
    bool has_swap = find_swap(compile, memory, swap, &swap_max);
    bool is_raised = has_swap && (swap_max < 0 || (now >= 0 && swap_max > now));

    check_usage(compile, memory);
    /* What a lower memory.max pushes out goes to swap: if there is to be more of that, first. */
    if (is_raised)
        add_swap(compile, swap, swap_max);
    if (memory->limit_bytes != 0)
        cgroup_add_limit(compile, limit, "memory.max", memory->limit_bytes);
    if (has_swap && !is_raised)
        add_swap(compile, swap, swap_max);
    compile_reservation(compile, memory);
}
