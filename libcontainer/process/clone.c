/* SPDX-License-Identifier: Apache-2.0 */
#include "process/clone.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/sys.h"

/* Written by the joiner, read by us. */
struct join_result {
    pid_t pid;
    int pidfd;
    int error;
    size_t failed_join; /* n_joins if the clone failed */
};

void clone_hide(void)
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static void enter_cgroup(struct clone_args *args, int cgroup_fd)
{
    if (cgroup_fd < 0)
        return;
    args->flags |= CLONE_INTO_CGROUP;
    args->cgroup = (unsigned int)cgroup_fd;
}

/* Returns twice, like fork(2); the child does not come back from here. */
static pid_t clone_child(const struct clone_request *request, uint64_t extra_flags, int cgroup_fd,
                         int *pidfd)
{
    struct clone_args args = {
        .flags = request->new_namespaces | extra_flags | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)pidfd,
        /* With CLONE_PARENT the kernel takes the joiner's. */
        .exit_signal = (extra_flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD,
    };
    pid_t pid;

    enter_cgroup(&args, cgroup_fd);
    pid = sys_clone3(&args);
    if (pid == 0) {
        request->child(request->argument);
        _exit(127);
    }
    return pid;
}

static int explain_clone(int error, struct err *e)
{
    err_sysno(e, error, "make a process");
    if (error == EPERM)
        err_hint(e, "making namespaces needs CAP_SYS_ADMIN, or a new user namespace");
    else if (error == ENOSPC || error == EUSERS)
        err_hint(e, "the host limits the number of namespaces: see /proc/sys/user");
    else if (error == EBUSY)
        err_hint(e, "the cgroup hands controllers down, and so cannot hold processes: empty its "
                    "cgroup.subtree_control");
    else if (error == EOPNOTSUPP)
        err_hint(e, "the cgroup cannot hold processes: see its cgroup.type");
    else if (error == EAGAIN)
        err_hint(e, "a limit on processes is reached: RLIMIT_NPROC or pids.max of the cgroup");
    return -1;
}

static NORETURN void run_joiner(const struct clone_request *request, struct join_result *result)
{
    /* Groups of ours could not be given up any more in a user namespace that denies setgroups. Who
     * may not do it here has none to lose but his own. */
    if (request->drops_groups)
        sys_setgroups(0, NULL);
    for (size_t i = 0; i < request->n_joins; i++) {
        clone_hide();
        if (sys_setns(request->joins[i].fd, (int)request->joins[i].flags) < 0) {
            result->failed_join = i;
            result->error = errno;
            _exit(1);
        }
    }
    clone_hide();
    result->pid = clone_child(request, CLONE_PARENT, -1, &result->pidfd);
    if (result->pid < 0) {
        result->failed_join = request->n_joins;
        result->error = errno;
        _exit(1);
    }
    _exit(0);
}

static int clone_joined(const struct clone_request *request, pid_t *pid, int *pidfd, struct err *e)
{
    struct clone_args args = {.flags = CLONE_FILES, .exit_signal = SIGCHLD};
    struct join_result *shared;
    struct join_result result;
    pid_t joiner;

    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return err_sys(e, "map memory for the joining process");
    *shared = (struct join_result){.pid = -1, .pidfd = -1};
    enter_cgroup(&args, request->cgroup_fd);
    joiner = sys_clone3(&args);
    if (joiner == 0)
        run_joiner(request, shared);
    if (joiner < 0)
        explain_clone(errno, e);
    else
        while (waitpid(joiner, NULL, 0) < 0 && errno == EINTR)
            ;
    result = *shared;
    munmap(shared, sizeof(*shared));
    if (joiner < 0)
        return -1;

    if (result.pid > 0) {
        *pid = result.pid;
        *pidfd = result.pidfd;
        return 0;
    }
    if (result.error == 0)
        return err_bug(e, "the joining process ended without a word");
    if (result.failed_join < request->n_joins) {
        err_sysno(e, result.error, "join the %s", request->joins[result.failed_join].name);
        return err_at(e, request->joins[result.failed_join].pointer);
    }
    return explain_clone(result.error, e);
}

int clone_process(const struct clone_request *request, pid_t *pid, int *pidfd, struct err *e)
{
    pid_t child;

    if (request->n_joins != 0)
        return clone_joined(request, pid, pidfd, e);
    child = clone_child(request, 0, request->cgroup_fd, pidfd);
    if (child < 0)
        return explain_clone(errno, e);
    *pid = child;
    return 0;
}
