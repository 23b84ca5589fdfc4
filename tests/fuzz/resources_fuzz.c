/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The document of `update --resources`, and what kernels write into the files of a group. What is
 * accepted becomes rows: each names one file of a controller and has one line to write there,
 * whatever limits are in force.
 *
 * The input is a document, and after a zero byte the texts of files, one after the other, with zero
 * bytes between them. Built and run like decode_fuzz.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup/cgroup.h"
#include "cgroup/resources.h"
#include "cgroup/stats.h"
#include "spec/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_rows(const struct plan *plan)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];
        const char *file;
        const char *value;

        require(op->code == OP_CGROUP_WRITE);
        file = plan_text(&plan->host, op->cgroup_write.file);
        value = plan_text(&plan->host, op->cgroup_write.value);
        require(strchr(file, '.') != NULL && file[0] != '.' && strchr(file, '/') == NULL);
        require(strcmp(file, "cgroup.procs") != 0 && strcmp(file, "cgroup.kill") != 0 &&
                strcmp(file, "cgroup.freeze") != 0);
        require(value[0] != '\0' && strchr(value, '\n') == NULL);
    }
}

static void compile(struct arena *arena, const struct spec_document *document,
                    const struct cgroup_in_force *in_force, struct findings *findings)
{
    const struct compile_options options = {.in_force = in_force};
    const struct facts facts = {
        .cgroup_layout = CGROUP_UNIFIED,
        .cgroup_controllers = "cpuset cpu io memory hugetlb pids rdma misc dmem",
    };
    struct plan plan;
    struct compile compile = {
        .arena = arena,
        .document = document,
        .config = &document->config,
        .linux_section = document->config.linux_section,
        .facts = &facts,
        .options = &options,
        .findings = findings,
        .plan = &plan,
    };

    plan_start(&plan, arena);
    cgroup_compile_resources(&compile);
    check_rows(&plan);
}

/* The texts, each given to every file that knows what to do with one. */
static void take_files(struct arena *arena, const char *bytes, size_t size,
                       struct cgroup_in_force *in_force)
{
    struct cgroup_stats stats = CGROUP_STATS_INIT(arena);
    struct strbuf json = STRBUF_INIT(arena);
    struct json_writer writer = JSON_WRITER_INIT(&json, JSON_COMPACT);
    const char *text = arena_strndup(arena, bytes, size);
    const char *end = text + size;

    for (int n = 0; text < end && n < 16; text += strlen(text) + 1, n++) {
        cgroup_stats_take(&stats, "hugetlb.2MB.current", text);
        cgroup_stats_take(&stats, "hugetlb.2MB.events", text);
        for (size_t i = 0; cgroup_stats_files[i] != NULL; i++)
            cgroup_stats_take(&stats, cgroup_stats_files[i], text);
        for (size_t i = 0; cgroup_in_force_files[i] != NULL; i++)
            cgroup_in_force_take(in_force, cgroup_in_force_files[i], text);
    }
    cgroup_stats_write(&writer, &stats);
    require(json.length > 100 && json.text[json.length - 1] == '}');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct findings findings = FINDINGS_INIT(&arena);
    struct cgroup_in_force in_force = CGROUP_IN_FORCE_INIT;
    struct spec_document document;
    size_t document_size = strnlen((const char *)data, size);

    if (document_size < size)
        take_files(&arena, (const char *)data + document_size + 1, size - document_size - 1,
                   &in_force);
    spec_decode_resources(&document, &arena, (const char *)data, document_size, &findings);
    if (findings.n_refused == 0)
        spec_check_resources(&document, &findings);
    if (findings.n_refused == 0)
        compile(&arena, &document, &in_force, &findings);
    arena_release(&arena);
    return 0;
}
