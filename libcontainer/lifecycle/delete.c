/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/delete.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "kernel/sys.h"
#include "lifecycle/start.h"
#include "process/hooks.h"

/* Init may be our child (run) or not; a pidfd becomes readable when it has ended, either way. */
static int end_process(struct container *container, struct err *e)
{
    struct pollfd ended = {.fd = container->pidfd, .events = POLLIN};

    if (container->pidfd < 0)
        return 0;
    if (sys_pidfd_send_signal(container->pidfd, SIGKILL) < 0 && errno != ESRCH)
        return err_sys(e, "kill the container process");
    while (poll(&ended, 1, -1) < 0)
        if (errno != EINTR)
            return err_sys(e, "wait for the container process");
    return 0;
}

static int remove_cgroup(const struct container *container, struct err *e)
{
    struct cgroup_place place = container_cgroup(container);

    return place.driver == NULL ? 0 : cgroup_remove(&place, e);
}

/* Their failure is a warning: runtime.md, lifecycle step 13. */
static void run_poststop(const struct container *container, struct arena *arena)
{
    static const struct hook_target runtime_side = {.pidfd = -1, .cgroup_fd = -1};
    struct oci_state state;
    struct err e = ERR_INIT;
    struct plan plan;

    if (!container->has_record || !container->record.has_late_hooks)
        return;
    state = start_hook_state(&container->record, "stopped");
    state.pid = 0;
    if (start_load_hooks(&container->dir, arena, &plan, &e) < 0 ||
        hooks_run(&plan, HOOK_POSTSTOP, &state, &runtime_side, &e) < 0)
        log_warn("poststop hooks of %s: %s", container->dir.id, e.text);
}

int container_destroy(struct container *container, struct arena *arena, struct err *e)
{
    if (end_process(container, e) < 0 || remove_cgroup(container, e) < 0)
        return err_context(e, "delete container %s", container->dir.id);
    run_poststop(container, arena);
    return state_dir_remove(&container->dir, e);
}

int caisson_delete(const struct caisson *caisson, const char *id, bool force, struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    int found = container_open(&container, caisson, id, CONTAINER_LOCK, e);

    if (found == CONTAINER_UNKNOWN)
        return force ? 0 : err_state(e, "container %s does not exist", id);
    if (found < 0) {
        /* A damaged record: what it named cannot be found any more, but the directory can go. */
        if (!force || container.dir.fd < 0)
            return -1;
        log_warn("container %s: %s", id, e->text);
        *e = ERR_INIT;
        container.has_record = false;
    } else if (transition_check(container.status, force ? VERB_FORCE_DELETE : VERB_DELETE, id, e) <
               0) {
        return -1;
    }
    return container_destroy(&container, caisson->arena, e);
}
