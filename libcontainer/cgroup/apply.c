/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan's limits and device program, put in force on a group that exists: while the container's
 * process is being executed and waits for its plan, long before the first instruction of the
 * workload, and at no cost in time.
 */

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "cgroup/driver.h"
#include "cgroup/tree.h"

static int write_limit(int group, const struct plan *plan, const struct plan_op *op, struct err *e)
{
    const char *file = plan_text(&plan->host, op->cgroup_write.file);
    const char *value = plan_text(&plan->host, op->cgroup_write.value);

    if (tree_write(group, file, value) == 0)
        return 0;
    err_sys(e, "write \"%s\" to %s", value, file);
    if (e->sys_errno == ENOENT)
        err_hint(e,
                 "the controller is not enabled for this group: a group above it holds processes "
                 "or withholds it");
    return -1;
}

static int apply_row(int group, bool is_fresh, const struct plan *plan, const struct plan_op *op,
                     struct err *e)
{
    switch (op->code) {
    case OP_CGROUP_WRITE:
        return write_limit(group, plan, op, e);
    case OP_CGROUP_DEVICES:
        return cgroup_filter_devices(group, is_fresh, &plan->host, op, e);
    case OP_CGROUP_OWNER:
        return cgroup_give(group, op->cgroup_owner.value, e);
    default:
        return 0;
    }
}

int cgroup_apply_rows(int group, bool is_fresh, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (apply_row(group, is_fresh, plan, op, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}
