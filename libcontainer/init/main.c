/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

enum {
    LAST_SIGNAL = 64
};

static op_handler *const handlers[N_OPS] = {
    [OP_BECOME_ROOT] = do_become_root,
    [OP_SESSION] = do_session,
    [OP_UNSHARE] = do_unshare,
    [OP_TIME_OFFSETS] = do_time_offsets,
    [OP_HOSTNAME] = do_hostname,
    [OP_DOMAINNAME] = do_domainname,
    [OP_NETLINK] = do_netlink,
    [OP_PROPAGATION] = do_propagation,
    [OP_ROOT] = do_root,
    [OP_MOUNT] = do_mount,
    [OP_BIND] = do_bind,
    [OP_REMOUNT] = do_remount,
    [OP_DEVICE] = do_device,
    [OP_LINK] = do_link,
    [OP_DIRECTORY] = do_directory,
    [OP_AT_HOOK] = do_at_hook,
    [OP_PIVOT] = do_pivot,
    [OP_SYSCTL] = do_sysctl,
    [OP_READONLY_PATH] = do_readonly_path,
    [OP_MASK_PATH] = do_mask_path,
    [OP_ROOT_ATTRIBUTES] = do_root_attributes,
    [OP_RLIMIT] = do_rlimit,
    [OP_PERSONALITY] = do_personality,
    [OP_CWD] = do_cwd,
    [OP_BOUNDING] = do_bounding,
    [OP_IDENTITY] = do_identity,
    [OP_CAPABILITIES] = do_capabilities,
    [OP_NO_NEW_PRIVS] = do_no_new_privs,
    [OP_PROGRAM] = do_program,
    [OP_READY] = do_ready,
    [OP_INNER_HOOK] = do_inner_hook,
    [OP_FILTER] = do_filter,
    [OP_EXEC] = do_exec,
};

int init_fail_with(struct init *init, enum channel_step step, int error, uint32_t aux)
{
    init->step = step;
    init->error = error;
    init->aux = aux;
    return -1;
}

int init_fail(struct init *init, enum channel_step step)
{
    return init_fail_with(init, step, errno, 0);
}

void init_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

/* The caller's blocked and ignored signals are not the workload's. */
static void reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number <= LAST_SIGNAL; number++)
        if (number != SIGKILL && number != SIGSTOP)
            sys_reset_signal(number);
}

static bool has_op(const struct init *init, uint16_t code)
{
    for (uint32_t i = 0; i < init->n_ops; i++)
        if (init->ops[i].code == code)
            return true;
    return false;
}

/* A plain write(2), which passes nearly every filter; a status that says so where not even that
 * does. */
static int report_failure(const struct init *init, uint32_t op)
{
    const struct channel_message message = {
        .type = MSG_FAILED,
        .op = op,
        .step = init->step,
        .aux = init->aux,
        .error = init->error,
    };

    if (write(init->channel, &message, sizeof(message)) != (ssize_t)sizeof(message))
        return INIT_EXIT_UNTOLD;
    if (init->ops[op].code == OP_EXEC || init->ops[op].code == OP_PROGRAM)
        return init->error == ENOENT ? 127 : 126;
    return 1;
}

static int execute(struct init *init)
{
    for (uint32_t i = 0; i < init->n_ops; i++) {
        /* A user namespace may make a procfs only while an uncovered one is in sight. */
        if (init->ops[i].code == OP_PROPAGATION && has_op(init, OP_SYSCTL) &&
            private_proc(init) < 0) {
            init_fail(init, STEP_WHOLE);
            return report_failure(init, i);
        }
        if (handlers[init->ops[i].code](init, &init->ops[i]) < 0)
            return report_failure(init, i);
    }
    /* Only a plan without a program ends here, and nobody may start such a container. */
    return INIT_EXIT_BAD_PLAN;
}

int main(void)
{
    static struct init init = {
        .channel = CHANNEL_FD,
        .root = -1,
        .proc = -1,
        .null_mask = -1,
        .dir_mask = -1,
        .listener = -1,
    };

    /* Executing a readable file makes a process dumpable; nobody may trace this one or look at its
     * descriptors. */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NAME, "caisson-init", 0, 0, 0);
    if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0)
        return INIT_EXIT_ABANDONED;
    init.old_umask = umask(0); /* modes below are what they say */
    reset_signals();
    if (receive_plan(&init) < 0) {
        const struct channel_message refused = {
            .type = MSG_FAILED, .op = UINT32_MAX, .error = EBADMSG};

        send_message(CHANNEL_FD, &refused);
        return INIT_EXIT_BAD_PLAN;
    }
    return execute(&init);
}
