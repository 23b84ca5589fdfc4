/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Runs the hooks of the host side: OP_HOOK rows of a plan. */

#include "base/err.h"
#include "base/macros.h"
#include "plan/plan.h"
#include "spec/state.h"

struct hook_target {
    int pidfd;           /* of init, for createContainer; -1 otherwise */
    uint32_t namespaces; /* CLONE_NEW* that the container does not share with us */
    int cgroup_fd;       /* createContainer hooks count against the container; -1: ours */
};

/* Runs the hooks of `point` in order, each with the state on stdin; stops at the first that fails.
 */
MUST_CHECK int hooks_run(const struct plan *plan, enum plan_hook_point point,
                         const struct oci_state *state, const struct hook_target *target,
                         struct err *e);
bool hooks_exist(const struct plan *plan, enum plan_hook_point point);
