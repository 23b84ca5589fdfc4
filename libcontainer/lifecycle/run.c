/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `run`: create, start over the channel, and in the foreground stay as the parent: pass signals on,
 * reap what is ours, delete the container, and end with the workload's status.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/sys.h"
#include "lifecycle/create.h"
#include "lifecycle/delete.h"
#include "lifecycle/start.h"

/* Blocks every signal and reads them from a descriptor instead; blocked before the clone, so that
 * none can be lost in between. The workload's mask is reset by init. */
static int open_signals(struct err *e)
{
    CLEANUP_FD int fd = -1;
    sigset_t all;

    sigfillset(&all);
    if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
        return err_sys(e, "block signals");
    fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return err_sys(e, "make a signal descriptor");
    return fd_move(&fd);
}

/* Orphans of the container come to us when it has no pid namespace of its own. */
static void reap_orphans(pid_t init)
{
    for (;;) {
        siginfo_t info = {0};

        /* Init itself stays a zombie until its status has been read by who waits for it. */
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0 ||
            info.si_pid == init)
            return;
        waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void forward_signals(int signals, const struct launched *launched)
{
    struct signalfd_siginfo info;

    while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
        int number = (int)info.ssi_signo;

        if (number == SIGCHLD) {
            reap_orphans(launched->pid);
            continue;
        }
        /* SIGURG is noise of some callers' language runtimes; SIGWINCH means nothing without a
         * terminal. */
        if (number == SIGURG || number == SIGWINCH)
            continue;
        sys_pidfd_send_signal(launched->pidfd, number);
    }
}

static int wait_for_exit(struct launched *launched, int signals, int *exit_status, struct err *e)
{
    struct pollfd polled[2] = {
        {.fd = launched->pidfd, .events = POLLIN},
        {.fd = signals, .events = POLLIN},
    };
    int status;

    for (;;) {
        if (poll(polled, 2, -1) < 0 && errno != EINTR)
            return err_sys(e, "wait for the container");
        if (polled[1].revents != 0)
            forward_signals(signals, launched);
        if (polled[0].revents != 0)
            break;
    }
    while (waitpid(launched->pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, "wait for the container");
    launched->pid = -1;
    *exit_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return 0;
}

static int run_poststart(struct creation *creation, struct err *e)
{
    static const struct hook_target runtime_side = {.pidfd = -1, .cgroup_fd = -1};
    struct oci_state state = start_hook_state(&creation->record, "running");

    return hooks_run(&creation->plan, HOOK_POSTSTART, &state, &runtime_side, e);
}

/* Hands what creation holds to the code that deletes containers. */
static int destroy(struct creation *creation, struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;

    container.dir = creation->dir;
    creation->dir = STATE_DIR_INIT;
    container.record = creation->record;
    container.has_record = true;
    container.status = STATUS_STOPPED;
    return container_destroy(&container, creation->caisson->arena, e);
}

int caisson_run(const struct caisson *caisson, const struct caisson_create_options *options,
                int *exit_status, struct err *e)
{
    CLEANUP(creation_release) struct creation creation;
    CLEANUP_FD int signals = -1;

    if (!options->is_detached) {
        signals = open_signals(e);
        if (signals < 0)
            return -1;
        if (options->becomes_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
            return err_sys(e, "become a subreaper");
    }
    if (creation_run(&creation, caisson, options, true, e) < 0)
        return -1;
    creation.hooks_have_run = true;
    /* Init is busy with its plan, or waits: whichever it is, the container is known before it runs.
     */
    if (creation_commit(&creation, e) < 0 || creation_start(&creation, e) < 0 ||
        run_poststart(&creation, e) < 0) {
        creation_undo(&creation);
        return -1;
    }
    *exit_status = 0;
    if (options->is_detached)
        return 0;

    /* Others may want the container while it runs: `exec`, `kill`, `delete --force`. */
    state_dir_unlock(&creation.dir);
    if (wait_for_exit(&creation.launched, signals, exit_status, e) < 0)
        return -1;
    if (options->keeps_container)
        return 0;
    switch (state_dir_lock(&creation.dir, e)) {
    case STATE_FOUND:
        return destroy(&creation, e);
    case STATE_UNKNOWN_ID: /* `delete --force` was faster */
        return 0;
    default:
        return -1;
    }
}
