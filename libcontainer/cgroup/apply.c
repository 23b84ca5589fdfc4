/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan's limits and device program, put in force on a group that exists: while the container's
 * process is being executed and waits for its plan, long before the first instruction of the
 * workload, and at no cost in time.
 */

#include <string.h>

#include "base/fd.h"
#include "cgroup/driver.h"

static int apply_row(int group, bool is_fresh, const struct plan *plan, const struct plan_op *op,
                     struct err *e)
{
    switch (op->code) {
    case OP_CGROUP_DEVICES:
        return cgroup_filter_devices(group, is_fresh, &plan->host, op, e);
    case OP_CGROUP_OWNER:
        return cgroup_give(group, op->cgroup_owner.value, e);
    default:
        return 0;
    }
}

int cgroup_apply_other_rows(int group, bool is_fresh, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (apply_row(group, is_fresh, plan, op, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}

int cgroup_apply_rows(int group, bool is_fresh, const struct plan *plan, struct err *e)
{
    struct cgroup_change change;

    if ((is_fresh ? cgroup_write_limits(group, plan, e)
                  : cgroup_change_limits(group, plan, &change, e)) < 0)
        return -1;
    return cgroup_apply_other_rows(group, is_fresh, plan, e);
}
