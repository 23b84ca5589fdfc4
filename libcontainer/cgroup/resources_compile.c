/* SPDX-License-Identifier: Apache-2.0 */

/*
 * linux.resources -> files of cgroup v2. Fields that were made for v1 are converted as runc and
 * crun do since 2025; docs/cgroups.md has the table.
 */

#include <string.h>

#include "cgroup/cgroup.h"
#include "kernel/facts.h"

/* A limit that the host cannot keep must not look as if it were kept. */
static bool has_controller(struct compile *compile, const char *controller, const char *pointer)
{
    if (facts_has_controller(compile->facts, controller))
        return true;
    findings_add(
        compile->findings, SEVERITY_REFUSE, "controller-missing", pointer,
        compile->facts->cgroup_layout == CGROUP_HYBRID
            ? "boot with systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all, or leave the "
              "limit out"
            : "enable it in the kernel, or leave the limit out",
        "the cgroup v2 controller %s is not available on this host", controller);
    return false;
}

static void add_write(struct compile *compile, const char *pointer, const char *file,
                      const char *value)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_CGROUP_WRITE);
    plan_string file_name = plan_add_string(block, file);
    plan_string text = plan_add_string(block, value);
    struct plan_op *op = plan_add(compile->plan, OP_CGROUP_WRITE, pointer);

    op->cgroup_write.file = file_name;
    op->cgroup_write.value = text;
}

/* -1 is "no limit" in the specification, "max" in the kernel. */
static const char *limit_text(struct compile *compile, int64_t limit)
{
    return limit < 0 ? "max" : arena_printf(compile->arena, "%lld", (long long)limit);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void compile_memory(struct compile *compile, const struct spec_memory *memory)
{
    const char *limit = compile_pointer(compile, memory->origin, "limit");
    const char *reservation = compile_pointer(compile, memory->origin, "reservation");
    const char *swap = compile_pointer(compile, memory->origin, "swap");

    /* 0 means "not given" to the engines that write it. */
    if (memory->limit_bytes > 0 && has_controller(compile, "memory", limit))
        add_write(compile, limit, "memory.max", limit_text(compile, memory->limit_bytes));
    if (memory->reservation_bytes > 0 && has_controller(compile, "memory", reservation))
        add_write(compile, reservation, "memory.low",
                  limit_text(compile, memory->reservation_bytes));
    /* The field is memory and swap together; the file is swap alone. */
    if (memory->swap_bytes > 0 && memory->limit_bytes > 0 &&
        has_controller(compile, "memory", swap))
        add_write(compile, swap, "memory.swap.max",
                  limit_text(compile, memory->swap_bytes - memory->limit_bytes));
}

/* ---- cpu ------------------------------------------------------------------------------------------------ */

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

/* The curve of runc 1.3.2 and crun 1.23 through 2 -> 1, 1024 -> 100, 262144 -> 10000. Without libm,
 * which would be one more library to load for every command. */
static uint64_t weight_of_shares(uint64_t shares)
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

static void compile_cpu_bandwidth(struct compile *compile, const struct spec_cpu *cpu)
{
    const char *quota = compile_pointer(compile, cpu->origin, "quota");
    const char *burst = compile_pointer(compile, cpu->origin, "burst");
    unsigned long long period = cpu->period_us != 0 ? cpu->period_us : 100000;

    /* A quota of 0 or -1 is none; a period without a quota limits nothing but is kept for updates.
     */
    if ((cpu->quota_us > 0 || cpu->period_us != 0) && has_controller(compile, "cpu", quota))
        add_write(compile, quota, "cpu.max",
                  cpu->quota_us > 0
                      ? arena_printf(compile->arena, "%lld %llu", (long long)cpu->quota_us, period)
                      : arena_printf(compile->arena, "max %llu", period));
    if (cpu->burst_us != 0 && has_controller(compile, "cpu", burst))
        add_write(compile, burst, "cpu.max.burst",
                  arena_printf(compile->arena, "%llu", (unsigned long long)cpu->burst_us));
}

static void compile_cpu(struct compile *compile, const struct spec_cpu *cpu)
{
    const char *shares = compile_pointer(compile, cpu->origin, "shares");
    const char *idle = compile_pointer(compile, cpu->origin, "idle");
    const char *cpus = compile_pointer(compile, cpu->origin, "cpus");
    const char *mems = compile_pointer(compile, cpu->origin, "mems");

    /* The kernel refuses a weight while the group is idle. */
    if (cpu->idle == 1 && has_controller(compile, "cpu", idle))
        add_write(compile, idle, "cpu.idle", "1");
    else if (cpu->shares != 0 && has_controller(compile, "cpu", shares))
        add_write(compile, shares, "cpu.weight",
                  arena_printf(compile->arena, "%llu",
                               (unsigned long long)weight_of_shares(cpu->shares)));
    compile_cpu_bandwidth(compile, cpu);
    if (!str_is_empty(cpu->cpus) && has_controller(compile, "cpuset", cpus))
        add_write(compile, cpus, "cpuset.cpus", cpu->cpus);
    if (!str_is_empty(cpu->mems) && has_controller(compile, "cpuset", mems))
        add_write(compile, mems, "cpuset.mems", cpu->mems);
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

/* Verbatim, but one line at a time: the kernel takes one entry for each write. */
static void compile_unified(struct compile *compile, const struct spec_resources *resources)
{
    for (size_t i = 0; i < resources->unified.count; i++) {
        const struct json_pair *pair = &resources->unified.items[i];
        const char *pointer =
            json_pointer_entry(&compile->document->json, resources->origin, "unified", pair->key);
        const char *dot = strchr(pair->key, '.');
        const char *controller =
            arena_strndup(compile->arena, pair->key, dot != NULL ? (size_t)(dot - pair->key) : 0);
        const char *line = pair->value;

        /* cgroup.* files are there without a controller. */
        if (strcmp(controller, "cgroup") != 0 && !has_controller(compile, controller, pointer))
            continue;
        for (;;) {
            size_t length = strcspn(line, "\n");

            if (length != 0)
                add_write(compile, pointer, pair->key, arena_strndup(compile->arena, line, length));
            if (line[length] == '\0')
                break;
            line += length + 1;
        }
    }
}

void cgroup_compile_resources(struct compile *compile)
{
    const struct spec_resources *resources = compile->linux_section->resources;

    if (resources == NULL)
        return;
    if (resources->memory != NULL)
        compile_memory(compile, resources->memory);
    if (resources->cpu != NULL)
        compile_cpu(compile, resources->cpu);
    if (resources->pids != NULL) {
        const char *pointer = compile_pointer(compile, resources->pids->origin, "limit");

        /* Negative asks for nothing; 0 is a real limit. */
        if (SPEC_HAS(spec_pids, resources->pids, limit) && resources->pids->limit >= 0 &&
            has_controller(compile, "pids", pointer))
            add_write(compile, pointer, "pids.max", limit_text(compile, resources->pids->limit));
    }
    compile_unified(compile, resources);
}

/* Without a cgroup of its own nothing can be limited. The device list goes unheeded, as engines
 * send the ordinary one with every container. */
static void compile_nothing(struct compile *compile)
{
    const struct spec_resources *resources = compile->linux_section->resources;

    if (resources != NULL && (resources->memory != NULL || resources->cpu != NULL ||
                              resources->pids != NULL || resources->unified.count != 0))
        findings_add(compile->findings, SEVERITY_REFUSE, "no-cgroup-manager",
                     compile_pointer(compile, compile->linux_section->origin, "resources"),
                     "leave the limits out, or choose another --cgroup-manager",
                     "limits need a cgroup, and --cgroup-manager disabled makes none");
}

void cgroup_compile(struct compile *compile)
{
    const char *path;
    plan_string text;
    struct plan_op *op;

    if (compile->options->cgroup_manager == CGROUP_MANAGER_NONE) {
        compile_nothing(compile);
        return;
    }
    path = cgroup_compile_path(compile);
    if (path == NULL)
        return;
    if (compile->facts->cgroup_layout == CGROUP_NONE) {
        findings_add(compile->findings, SEVERITY_REFUSE, "no-cgroup2", "/linux/cgroupsPath",
                     "mount cgroup2 on /sys/fs/cgroup",
                     "this host has no cgroup v2 hierarchy, and caisson uses no other");
        return;
    }
    text = plan_add_string(&compile->plan->host, path);
    op = plan_add(compile->plan, OP_CGROUP,
                  str_is_empty(compile->linux_section->cgroups_path)
                      ? NULL
                      : compile_pointer(compile, compile->linux_section->origin, "cgroupsPath"));
    op->cgroup.path = text;
    cgroup_compile_resources(compile);
    cgroup_compile_devices(compile);
    cgroup_compile_owner(compile);
}
