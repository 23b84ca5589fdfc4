/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

enum {
    LAST_SIGNAL = 64
};

/* From the rows of ops.def: a new operation of init that has no handler does not link. */
#define HANDLER_PHASE_HOST(name)       NULL
#define HANDLER_PHASE_NAMESPACES(name) do_##name
#define HANDLER_PHASE_MOUNTS(name)     do_##name
#define HANDLER_PHASE_PIVOT(name)      do_##name
#define HANDLER_PHASE_SEAL(name)       do_##name
#define HANDLER_PHASE_IDENTITY(name)   do_##name
#define HANDLER_PHASE_START(name)      do_##name

static op_handler *const handlers[N_OPS] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = HANDLER_##phase(name),
#include "plan/ops.def"
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

void init_abandon(void)
{
    _exit(INIT_EXIT_ABANDONED);
}

bool init_hide(void)
{
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
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

/* Nothing comes along but the standard streams and the channel: not what the caller of the runtime
 * had open, not what the runtime forgot. */
static void close_inherited(void)
{
    if (fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC) < 0 || sys_close_range(CHANNEL_FD + 1, ~0U, 0) < 0)
        init_abandon();
}

/* The first operation of this kind; n_ops if there is none. */
static uint32_t find_op(const struct init *init, uint16_t code)
{
    uint32_t i = 0;

    while (i < init->n_ops && init->ops[i].code != code)
        i++;
    return i;
}

/* Behind the filter a plain write(2), which passes nearly every one; before it the call that does
 * not raise a signal when nobody listens. A status says what could not be told. */
static int report_failure(const struct init *init, uint32_t op)
{
    const struct channel_message message = {
        .type = MSG_FAILED,
        .op = op,
        .step = init->step,
        .aux = init->aux,
        .error = init->error,
    };
    bool is_told = init->is_filtered
                       ? write(init->channel, &message, sizeof(message)) == (ssize_t)sizeof(message)
                       : send_message(init->channel, &message);

    if (!is_told)
        return INIT_EXIT_UNTOLD;
    if (init->ops[op].code == OP_EXEC || init->ops[op].code == OP_PROGRAM)
        return init->error == ENOENT ? 127 : 126;
    return 1;
}

static int execute(struct init *init)
{
    uint32_t sysctl = find_op(init, OP_SYSCTL);

    for (uint32_t i = 0; i < init->n_ops; i++) {
        /* A user namespace may make a procfs only while an uncovered one is in sight. */
        if (init->ops[i].code == OP_PROPAGATION && sysctl < init->n_ops && private_proc(init) < 0) {
            init_fail(init, STEP_WHOLE);
            return report_failure(init, sysctl);
        }
        if (handlers[init->ops[i].code](init, &init->ops[i]) < 0)
            return report_failure(init, i);
    }
    /* Only a plan without a program ends here, and nobody may start such a container. */
    return INIT_EXIT_BAD_PLAN;
}

int main(void)
{
    static struct init init; /* with its empty slots it would be most of the program's file */

    /* Executing a readable file makes a process dumpable; nobody may trace this one or look at its
     * descriptors. */
    if (!init_hide())
        init_abandon();
    prctl(PR_SET_NAME, INIT_NAME, 0, 0, 0);
    close_inherited();
    init.channel = CHANNEL_FD;
    init.root = init.proc = init.null_mask = init.dir_mask = init.listener = -1;
    init.old_umask = umask(0); /* modes below are what they say */
    reset_signals();
    if (receive_plan(&init) < 0) {
        const struct channel_message refused = {
            .type = MSG_FAILED, .op = UINT32_MAX, .error = EBADMSG};

        send_message(CHANNEL_FD, &refused);
        _exit(INIT_EXIT_BAD_PLAN);
    }
    /* Not by returning: behind a filter nothing of libc may run any more. */
    _exit(execute(&init));
}
