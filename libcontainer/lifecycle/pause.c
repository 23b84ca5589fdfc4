/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/cgroup.h"
#include "lifecycle/status.h"

static int change(const struct caisson *caisson, const char *id, bool pauses, struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    const char *cgroup;

    if (container_require(&container, caisson, id, CONTAINER_LOCK, e) < 0 ||
        transition_check(container.status, pauses ? VERB_PAUSE : VERB_RESUME, id, e) < 0)
        return -1;
    cgroup = container_require_cgroup(&container, e);
    return cgroup == NULL ? -1 : cgroup_freeze(cgroup, pauses, e);
}

int caisson_pause(const struct caisson *caisson, const char *id, struct err *e)
{
    return change(caisson, id, true, e);
}

int caisson_resume(const struct caisson *caisson, const char *id, struct err *e)
{
    return change(caisson, id, false, e);
}
