/* SPDX-License-Identifier: Apache-2.0 */

/*
 * linux.resources -> files of cgroup v2. Fields that were made for v1 are converted as runc and
 * crun do since 2025; docs/cgroups.md has the table. Of a new group and for an update alike: what
 * an update must know of the limits that are there is in compile_options.in_force. The device list
 * is no part of this (devices_compile.c): an update leaves it alone.
 */

#include <string.h>

#include "cgroup/cgroup.h"
#include "cgroup/compile_rows.h"
#include "cgroup/unit.h"
#include "kernel/facts.h"

/* ---- rows ----------------------------------------------------------------------------------------------- */

/* A limit that the host cannot keep must not look as if it were kept. */
bool cgroup_has_controller(struct compile *compile, const char *controller, const char *pointer)
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

void cgroup_add_row(struct compile *compile, const char *pointer, const char *file,
                    const char *value, uint16_t flags)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_CGROUP_WRITE);
    plan_string file_name = plan_add_string(block, file);
    plan_string text = plan_add_string(block, value);
    struct plan_op *op = plan_add(compile->plan, OP_CGROUP_WRITE, pointer);

    op->flags = flags;
    op->cgroup_write.file = file_name;
    op->cgroup_write.value = text;
}

static const char *controller_of(struct compile *compile, const char *file)
{
    return arena_strndup(compile->arena, file, strcspn(file, "."));
}

void cgroup_add_limit(struct compile *compile, const char *pointer, const char *file, int64_t limit)
{
    const char *controller = controller_of(compile, file);

    if (limit < 0 && facts_has_controller(compile->facts, controller))
        cgroup_add_row(compile, pointer, file, "max", CGROUP_IF_EXISTS);
    else if (limit >= 0 && cgroup_has_controller(compile, controller, pointer))
        cgroup_add_row(compile, pointer, file,
                       arena_printf(compile->arena, "%lld", (long long)limit), 0);
}

const struct cgroup_in_force *cgroup_in_force_of(const struct compile *compile)
{
    static const struct cgroup_in_force of_a_new_group = CGROUP_IN_FORCE_INIT;

    return compile->options->in_force != NULL ? compile->options->in_force : &of_a_new_group;
}

/* ---- small controllers ---------------------------------------------------------------------------------- */

/* 0 is a real limit; negative is none. */
static void compile_pids(struct compile *compile, const struct spec_pids *pids)
{
    if (SPEC_HAS(spec_pids, pids, limit))
        cgroup_add_limit(compile, compile_pointer(compile, pids->origin, "limit"), "pids.max",
                         pids->limit);
}

/* Reservations are refused at mmap(2), where a program can do without; faults end in SIGBUS. Both
 * are limited: pages mapped with MAP_NORESERVE are only counted at the fault. The size names the
 * file and has been checked to be nothing but digits, K, M or G, and B. */
static void compile_huge_pages(struct compile *compile,
                               const struct spec_hugepage_limit_list *limits)
{
    for (size_t i = 0; i < limits->count; i++) {
        const struct spec_hugepage_limit *limit = &limits->items[i];
        const char *pointer = compile_pointer(compile, limit->origin, NULL);
        const char *text =
            arena_printf(compile->arena, "%llu", (unsigned long long)limit->limit_bytes);

        if (!cgroup_has_controller(compile, "hugetlb", pointer))
            continue;
        cgroup_add_row(compile, pointer,
                       arena_printf(compile->arena, "hugetlb.%s.rsvd.max", limit->page_size), text,
                       CGROUP_IF_EXISTS);
        cgroup_add_row(compile, pointer,
                       arena_printf(compile->arena, "hugetlb.%s.max", limit->page_size), text, 0);
    }
}

/* The kernel counts in int, and its largest number means no limit. */
static void put_rdma(struct strbuf *line, const char *key, uint32_t count)
{
    if (count >= INT32_MAX)
        strbuf_printf(line, " %s=max", key);
    else
        strbuf_printf(line, " %s=%u", key, count);
}

static void compile_rdma(struct compile *compile, const struct spec_resources *resources)
{
    for (size_t i = 0; i < resources->rdma.count; i++) {
        const struct spec_rdma *rdma = &resources->rdma.items[i].value;
        const char *pointer = compile_pointer(compile, rdma->origin, NULL);
        struct strbuf line = STRBUF_INIT(compile->arena);

        if (!cgroup_has_controller(compile, "rdma", pointer))
            continue;
        strbuf_puts(&line, resources->rdma.items[i].key);
        if (SPEC_HAS(spec_rdma, rdma, hca_handles))
            put_rdma(&line, "hca_handle", rdma->hca_handles);
        if (SPEC_HAS(spec_rdma, rdma, hca_objects))
            put_rdma(&line, "hca_object", rdma->hca_objects);
        cgroup_add_row(compile, pointer, "rdma.max", strbuf_text(&line), 0);
    }
}

/* ---- unified -------------------------------------------------------------------------------------------- */

/* Verbatim, but one line at a time: the kernel takes one entry for each write. The last rows of
 * all: where a key is the file of a field as well, it is the key that stays. */
static void compile_unified(struct compile *compile, const struct spec_resources *resources)
{
    for (size_t i = 0; i < resources->unified.count; i++) {
        const struct json_pair *pair = &resources->unified.items[i];
        const char *pointer =
            json_pointer_entry(&compile->document->json, resources->origin, "unified", pair->key);
        const char *controller = controller_of(compile, pair->key);
        const char *line = pair->value;

        /* cgroup.* files are there without a controller. */
        if (strcmp(controller, "cgroup") != 0 &&
            !cgroup_has_controller(compile, controller, pointer))
            continue;
        while (*line != '\0') {
            size_t length = strcspn(line, "\n");

            if (length != 0)
                cgroup_add_row(compile, pointer, pair->key,
                               arena_strndup(compile->arena, line, length), 0);
            line += length;
            line += strspn(line, "\n");
        }
    }
}

void cgroup_compile_resources(struct compile *compile)
{
    const struct spec_resources *resources = compile->linux_section->resources;

    if (resources == NULL)
        return;
    if (resources->memory != NULL)
        cgroup_compile_memory(compile, resources->memory);
    if (resources->cpu != NULL)
        cgroup_compile_cpu(compile, resources->cpu);
    if (resources->pids != NULL)
        compile_pids(compile, resources->pids);
    if (resources->block_io != NULL)
        cgroup_compile_io(compile, resources->block_io);
    compile_huge_pages(compile, &resources->hugepage_limits);
    compile_rdma(compile, resources);
    compile_unified(compile, resources);
}

bool cgroup_plan_limits_something(const struct plan *plan)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_CGROUP_WRITE &&
            (plan->host.ops.items[i].flags & CGROUP_IF_EXISTS) == 0)
            return true;
    return false;
}

/* Without a cgroup of its own nothing can be limited. The device list goes unheeded, as engines
 * send the ordinary one with every container; so do members that ask for no limit. */
static void compile_nothing(struct compile *compile)
{
    struct plan rows;
    struct findings refused = FINDINGS_INIT(compile->arena);
    struct compile trial = *compile;

    plan_start(&rows, compile->arena);
    trial.plan = &rows;
    trial.findings = &refused;
    cgroup_compile_resources(&trial);
    if (refused.n_refused != 0 || cgroup_plan_limits_something(&rows))
        findings_add(compile->findings, SEVERITY_REFUSE, "no-cgroup-manager",
                     compile_pointer(compile, compile->linux_section->origin, "resources"),
                     "leave the limits out, or choose another --cgroup-manager",
                     "limits need a cgroup, and --cgroup-manager disabled makes none");
}

static bool compile_path(struct compile *compile)
{
    const char *path = cgroup_compile_path(compile);
    plan_string text;
    struct plan_op *op;

    if (path == NULL)
        return false;
    text = plan_add_string(&compile->plan->host, path);
    op = plan_add(compile->plan, OP_CGROUP,
                  str_is_empty(compile->linux_section->cgroups_path)
                      ? NULL
                      : compile_pointer(compile, compile->linux_section->origin, "cgroupsPath"));
    op->cgroup.path = text;
    return true;
}

void cgroup_compile(struct compile *compile)
{
    bool is_unit = compile->options->cgroup_manager == CGROUP_MANAGER_SYSTEMD;

    if (compile->options->cgroup_manager == CGROUP_MANAGER_NONE) {
        compile_nothing(compile);
        return;
    }
    if (compile->facts->cgroup_layout == CGROUP_NONE) {
        findings_add(compile->findings, SEVERITY_REFUSE, "no-cgroup2", "/linux/cgroupsPath",
                     "mount cgroup2 on /sys/fs/cgroup",
                     "this host has no cgroup v2 hierarchy, and caisson uses no other");
        return;
    }
    if (!(is_unit ? cgroup_compile_unit(compile) : compile_path(compile)))
        return;
    cgroup_compile_resources(compile);
    if (is_unit)
        cgroup_compile_unit_properties(compile);
    cgroup_compile_devices(compile);
    cgroup_compile_owner(compile);
}

void cgroup_compile_update(struct compile *compile, const struct cgroup_place *place)
{
    cgroup_compile_resources(compile);
    if (place->unit != NULL)
        cgroup_compile_properties(compile);
}
