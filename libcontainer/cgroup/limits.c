/* SPDX-License-Identifier: Apache-2.0 */

/*
 * CGROUP_WRITE rows, written. One row is one write(2), which the kernel takes as a whole or not at
 * all, and what it has taken is in force: values are not read back, since a file shows them rounded
 * to pages or with the defaults filled in.
 *
 * A create that fails on the way removes the group. An update that fails puts back what it has
 * changed: for that, each file is read before it is written.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cgroup/driver.h"
#include "cgroup/tree.h"

/* ---- errors --------------------------------------------------------------------------------------------- */

static bool has_controller_enabled(int group, const char *file)
{
    size_t length = strcspn(file, ".");
    char controllers[512];

    if (!tree_read(group, "cgroup.controllers", controllers, sizeof(controllers)))
        return false;
    for (const char *word = controllers; *word != '\0'; word += strspn(word, " \n")) {
        size_t found = strcspn(word, " \n");

        if (found == length && strncmp(word, file, length) == 0)
            return true;
        word += found;
    }
    return false;
}

/* Why a file can be missing although its controller is there. */
static const struct {
    const char *prefix;
    const char *hint;
} missing_files[] = {
    {"hugetlb.", "this kernel has no huge pages of that size: see /sys/kernel/mm/hugepages"},
    {"io.", "nothing here schedules by weight: load the module bfq, or use a kernel with "
            "CONFIG_BLK_CGROUP_IOCOST"},
    {"memory.swap.", "this kernel does not account swap: leave \"swap\" out, or boot without "
                     "swapaccount=0"},
};

static void explain_missing(int group, const char *file, struct err *e)
{
    if (!has_controller_enabled(group, file)) {
        err_hint(e,
                 "the controller is not enabled for this group: a group above it holds processes "
                 "or withholds it");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(missing_files); i++)
        if (strncmp(file, missing_files[i].prefix, strlen(missing_files[i].prefix)) == 0) {
            err_hint(e, "%s", missing_files[i].hint);
            return;
        }
    err_hint(e, "this kernel does not have that file");
}

static int explain(int group, const char *file, const char *value, struct err *e)
{
    err_sys(e, "write \"%s\" to %s", value, file);
    if (e->sys_errno == ENOENT)
        explain_missing(group, file, e);
    else if (e->sys_errno == ENODEV && strncmp(file, "io.", 3) == 0)
        err_hint(e, "there is no such block device; a partition has no limits of its own");
    else if (e->sys_errno == EOPNOTSUPP)
        err_hint(e, "the scheduler of this device does not know weights");
    return -1;
}

/* ---- the way back --------------------------------------------------------------------------------------- */

/* Files with a line for each device: a write changes one line, that of the value's first word. The
 * line of a device that had none is made anew by what comes after its name here. */
static const struct {
    const char *file;
    const char *nothing;
} files_of_lines[] = {
    {"io.max", "rbps=max wbps=max riops=max wiops=max"},
    {"io.latency", "target=0"},
    {"io.weight", "default"},
    {"io.bfq.weight", "default"},
    {"rdma.max", "hca_handle=max hca_object=max"},
    {"misc.max", "max"},
    {"dmem.max", "max"},
    {"dmem.min", "0"},
    {"dmem.low", "0"},
};

/* The line of `content` that begins with the first word of `value`, or NULL. */
static const char *find_line(const char *content, const char *value, size_t *length)
{
    size_t word = strcspn(value, " ");

    while (*content != '\0') {
        *length = strcspn(content, "\n");
        if (*length > word && content[word] == ' ' && strncmp(content, value, word) == 0)
            return content;
        content += *length;
        content += strspn(content, "\n");
    }
    return NULL;
}

/* What written to `file` undoes the writing of `value`. */
static const char *way_back(struct arena *arena, const char *file, const char *content,
                            const char *value)
{
    size_t length;

    for (size_t i = 0; i < ARRAY_LEN(files_of_lines); i++) {
        const char *line;

        if (strcmp(file, files_of_lines[i].file) != 0)
            continue;
        /* A weight alone is that of the line "default". */
        if (strchr(value, ' ') == NULL)
            value = "default";
        line = find_line(content, value, &length);
        if (line != NULL)
            return arena_strndup(arena, line, length);
        return arena_printf(arena, "%.*s %s", (int)strcspn(value, " "), value,
                            files_of_lines[i].nothing);
    }
    return arena_strndup(arena, content, strcspn(content, "\n"));
}

struct cgroup_written {
    const char *file;
    const char *old; /* NULL: not known */
};

static void put_back(int group, const struct cgroup_written *done, size_t n)
{
    for (; n > 0; n--) {
        const struct cgroup_written *row = &done[n - 1];

        /* An empty cpuset is set by an empty line. */
        if (row->old == NULL || tree_write(group, row->file, row->old[0] != '\0' ? row->old : "\n"))
            log_warn("%s keeps the value that was meant to be undone", row->file);
    }
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

static struct cgroup_written look_before(int group, const struct plan *plan,
                                         const struct plan_op *op)
{
    struct cgroup_written row = {.file = plan_text(&plan->host, op->cgroup_write.file)};
    char content[4096];

    if (tree_read(group, row.file, content, sizeof(content)))
        row.old = way_back(plan->arena, row.file, content,
                           plan_text(&plan->host, op->cgroup_write.value));
    return row;
}

enum row_result {
    ROW_WRITTEN = 0,
    ROW_LEFT_OUT = 1
};

static int write_row(int group, const struct plan *plan, const struct plan_op *op, struct err *e)
{
    const char *file = plan_text(&plan->host, op->cgroup_write.file);
    const char *value = plan_text(&plan->host, op->cgroup_write.value);

    if (tree_write(group, file, value) == 0)
        return ROW_WRITTEN;
    if (errno == ENOENT && (op->flags & (CGROUP_IF_EXISTS | CGROUP_OR_NEXT)) != 0)
        return ROW_LEFT_OUT;
    if (errno == EOPNOTSUPP && (op->flags & CGROUP_OR_NEXT) != 0)
        return ROW_LEFT_OUT;
    return explain(group, file, value, e);
}

static int write_rows(int group, const struct plan *plan, struct cgroup_written *done,
                      size_t *n_done, struct err *e)
{
    bool skips_next = false;

    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];
        int result;

        if (op->code != OP_CGROUP_WRITE)
            continue;
        if (skips_next) {
            skips_next = false;
            continue;
        }
        if (done != NULL)
            done[*n_done] = look_before(group, plan, op);
        result = write_row(group, plan, op, e);
        if (result < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
        skips_next = result == ROW_WRITTEN && (op->flags & CGROUP_OR_NEXT) != 0;
        *n_done += result == ROW_WRITTEN;
    }
    return 0;
}

int cgroup_write_limits(int group, const struct plan *plan, struct err *e)
{
    size_t n = 0;

    return write_rows(group, plan, NULL, &n, e);
}

int cgroup_change_limits(int group, const struct plan *plan, struct cgroup_change *change,
                         struct err *e)
{
    struct cgroup_written *done =
        ARENA_NEW(plan->arena, struct cgroup_written, plan->host.ops.count + 1);
    size_t n = 0;

    if (write_rows(group, plan, done, &n, e) == 0) {
        *change = (struct cgroup_change){.done = done, .n = n};
        return 0;
    }
    put_back(group, done, n);
    return -1;
}

void cgroup_undo_change(int group, const struct cgroup_change *change)
{
    put_back(group, change->done, change->n);
}
