/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Whom a signal reaches. A container with a pid namespace of its own ends with its init; one
 * without can have processes that outlive it, and only the cgroup knows them.
 *
 *                        own pid namespace       shared pid namespace
 *     SIGKILL            init                    everybody
 *     other              init                    init
 *     --all SIGKILL      everybody               everybody
 *     --all other        everybody               everybody
 *
 * With --all a container that has stopped is no error: engines ask for it to get rid of what an
 * init has left behind.
 */

#include <errno.h>
#include <signal.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "kernel/sys.h"
#include "lifecycle/status.h"

/* Init by its pidfd, wherever it may have moved itself. */
static int signal_init(const struct container *container, int signal, struct err *e)
{
    if (container->pidfd >= 0 && sys_pidfd_send_signal(container->pidfd, signal) == 0)
        return 0;
    if (container->pidfd < 0 || errno == ESRCH)
        return transition_check(STATUS_STOPPED, VERB_KILL, container->dir.id, e);
    return err_sys(e, "send signal %d to container %s", signal, container->dir.id);
}

/* Everybody in the cgroup. With SIGKILL in one step that nobody can fork away from. */
static int signal_group(const struct container *container, int signal, struct arena *arena,
                        struct err *e)
{
    const char *cgroup = container->record.cgroup;

    return signal == SIGKILL ? cgroup_kill(cgroup, e) : cgroup_signal(cgroup, signal, arena, e);
}

/* A group without a cgroup cannot be found; but who asked is told, if anybody can be left. */
static int signal_without_group(const struct container *container,
                                const struct caisson_kill_options *options, struct err *e)
{
    bool is_complete = container->record.has_own_pids && options->signal == SIGKILL;

    if (container->status != STATUS_STOPPED && signal_init(container, options->signal, e) < 0)
        return -1;
    if (is_complete || container->status == STATUS_STOPPED)
        return 0;
    if (!options->all) {
        log_warn("container %s has no cgroup: processes beside its first may be left", options->id);
        return 0;
    }
    err_unsupported(e,
                    "container %s has no cgroup of its own: only its first process got signal %d",
                    options->id, options->signal);
    return -1;
}

static int signal_everybody(const struct container *container,
                            const struct caisson_kill_options *options, struct arena *arena,
                            struct err *e)
{
    struct err ignored = ERR_INIT;

    if (container->record.cgroup == NULL)
        return signal_without_group(container, options, e);
    /* One that has left its cgroup is still init. */
    if (options->signal == SIGKILL && signal_init(container, options->signal, &ignored) < 0)
        log_debug("kill id=%s init=%s", options->id, ignored.text);
    return signal_group(container, options->signal, arena, e);
}

int caisson_kill(const struct caisson *caisson, const struct caisson_kill_options *options,
                 struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    bool reaches_all;

    if (container_require(&container, caisson, options->id, CONTAINER_LOOK, e) < 0)
        return -1;
    if (container.status != STATUS_STOPPED &&
        transition_check(container.status, VERB_KILL, options->id, e) < 0)
        return -1;
    reaches_all = options->all || (options->signal == SIGKILL && !container.record.has_own_pids);
    if (!reaches_all)
        return signal_init(&container, options->signal, e);
    if (signal_everybody(&container, options, caisson->arena, e) < 0)
        return -1;
    if (container.status == STATUS_STOPPED && !options->all)
        return transition_check(container.status, VERB_KILL, options->id, e);
    return 0;
}
