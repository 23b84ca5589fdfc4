/* SPDX-License-Identifier: Apache-2.0 */

/* linux.resources.cpu: how much (cpu) and where (cpuset). 0 shares, a quota of 0 and a period of 0
 * mean "not given" to the engines that write them; a quota of -1 is none. */

#include <string.h>

#include "cgroup/compile_rows.h"

static void add_number(struct compile *compile, const char *pointer, const char *file,
                       uint64_t number)
{
    if (cgroup_has_controller(compile, "cpu", pointer))
        cgroup_add_row(compile, pointer, file,
                       arena_printf(compile->arena, "%llu", (unsigned long long)number), 0);
}

/* An idle group has the least weight there is and takes no other. 0 is written too: it ends what an
 * earlier 1 began, and before the weight, which an idle group refuses. */
static void compile_weight(struct compile *compile, const struct spec_cpu *cpu)
{
    const char *idle = compile_pointer(compile, cpu->origin, "idle");

    if (cpu->idle == 1)
        add_number(compile, idle, "cpu.idle", 1);
    else if (SPEC_HAS(spec_cpu, cpu, idle) && facts_has_controller(compile->facts, "cpu"))
        cgroup_add_row(compile, idle, "cpu.idle", "0", CGROUP_IF_EXISTS);
    if (cpu->shares != 0 && cpu->idle != 1)
        add_number(compile, compile_pointer(compile, cpu->origin, "shares"), "cpu.weight",
                   cgroup_weight_of_shares(cpu->shares));
}

/* ---- bandwidth ------------------------------------------------------------------------------------------ */

/* A new quota or period goes with the other half that is in force: the file has both. */
static void add_max(struct compile *compile, const struct spec_cpu *cpu, int64_t quota)
{
    const struct cgroup_in_force *in_force = cgroup_in_force_of(compile);
    unsigned long long period = cpu->period_us != 0 ? cpu->period_us : in_force->cpu_period_us;
    const char *pointer =
        compile_pointer(compile, cpu->origin, cpu->quota_us != 0 ? "quota" : "period");

    if (quota > 0 && cgroup_has_controller(compile, "cpu", pointer))
        cgroup_add_row(compile, pointer, "cpu.max",
                       arena_printf(compile->arena, "%lld %llu", (long long)quota, period), 0);
    /* A period without a quota limits nothing, but is there for a later update. */
    else if (quota < 0 && facts_has_controller(compile->facts, "cpu"))
        cgroup_add_row(compile, pointer, "cpu.max",
                       arena_printf(compile->arena, "max %llu", period), CGROUP_IF_EXISTS);
}

static void add_burst(struct compile *compile, const char *pointer, uint64_t burst)
{
    if (burst != 0)
        add_number(compile, pointer, "cpu.max.burst", burst);
    else if (facts_has_controller(compile->facts, "cpu"))
        cgroup_add_row(compile, pointer, "cpu.max.burst", "0", CGROUP_IF_EXISTS);
}

/* The kernel wants burst <= quota after each single write. Whichever way the two move, one order
 * keeps that: a quota below the burst in force waits until the burst is lower. */
static void compile_bandwidth(struct compile *compile, const struct spec_cpu *cpu)
{
    const struct cgroup_in_force *in_force = cgroup_in_force_of(compile);
    const char *burst_pointer = compile_pointer(compile, cpu->origin, "burst");
    int64_t quota = cpu->quota_us != 0 ? cpu->quota_us : in_force->cpu_quota_us;
    bool has_max = cpu->quota_us != 0 || cpu->period_us != 0;
    bool has_burst = SPEC_HAS(spec_cpu, cpu, burst_us);
    uint64_t burst = has_burst ? cpu->burst_us : in_force->cpu_burst_us;
    bool burst_first = quota > 0 && in_force->cpu_burst_us > (uint64_t)quota;

    if (quota > 0 && burst > (uint64_t)quota && (has_max || has_burst)) {
        findings_add(compile->findings, SEVERITY_REFUSE, "cpu-burst-above-quota",
                     compile_pointer(compile, cpu->origin, has_burst ? "burst" : "quota"),
                     "a burst of at most \"quota\"",
                     "a burst of %llu is larger than the quota of %lld", (unsigned long long)burst,
                     (long long)quota);
        return;
    }
    if (has_burst && burst_first)
        add_burst(compile, burst_pointer, burst);
    if (has_max)
        add_max(compile, cpu, quota);
    if (has_burst && !burst_first)
        add_burst(compile, burst_pointer, burst);
}

/* ---- cpuset --------------------------------------------------------------------------------------------- */

/* The specification lets spaces stand around the commas. */
static void compile_set(struct compile *compile, const char *pointer, const char *file,
                        const char *list)
{
    struct strbuf text = STRBUF_INIT(compile->arena);

    for (; list != NULL && *list != '\0'; list++)
        if (*list != ' ')
            strbuf_putc(&text, *list);
    if (text.length != 0 && cgroup_has_controller(compile, "cpuset", pointer))
        cgroup_add_row(compile, pointer, file, strbuf_text(&text), 0);
}

void cgroup_compile_cpu(struct compile *compile, const struct spec_cpu *cpu)
{
    compile_weight(compile, cpu);
    compile_bandwidth(compile, cpu);
    compile_set(compile, compile_pointer(compile, cpu->origin, "cpus"), "cpuset.cpus", cpu->cpus);
    compile_set(compile, compile_pointer(compile, cpu->origin, "mems"), "cpuset.mems", cpu->mems);
}
