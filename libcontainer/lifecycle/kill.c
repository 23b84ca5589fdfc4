/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>

#include "cgroup/cgroup.h"
#include "kernel/sys.h"
#include "lifecycle/status.h"

/* Without a pid namespace of its own the death of init ends nobody else: SIGKILL is for all of
 * them. */
static int kill_leftovers(const struct container *container, struct err *e)
{
    if (container->record.cgroup == NULL)
        return 0;
    return cgroup_kill(container->record.cgroup, e);
}

int caisson_kill(const struct caisson *caisson, const struct caisson_kill_options *options,
                 struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    bool takes_all;

    if (container_require(&container, caisson, options->id, CONTAINER_LOOK, e) < 0)
        return -1;
    takes_all = options->signal == SIGKILL && (options->all || !container.record.has_own_pids) &&
                container.has_record;

    if (container.status == STATUS_STOPPED && (options->all || takes_all)) {
        if (!takes_all)
            return 0;
        if (kill_leftovers(&container, e) < 0)
            return -1;
        return options->all ? 0 : transition_check(container.status, VERB_KILL, options->id, e);
    }
    if (transition_check(container.status, VERB_KILL, options->id, e) < 0)
        return -1;
    if (sys_pidfd_send_signal(container.pidfd, options->signal) < 0) {
        if (errno == ESRCH)
            return transition_check(STATUS_STOPPED, VERB_KILL, options->id, e);
        return err_sys(e, "send signal %d to container %s", options->signal, options->id);
    }
    return takes_all ? kill_leftovers(&container, e) : 0;
}
