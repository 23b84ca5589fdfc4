/* SPDX-License-Identifier: Apache-2.0 */
#include "process/failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

static const char *const step_words[] = {
    [STEP_WHOLE] = "",
    [STEP_TARGET] = "find the place beneath the root filesystem",
    [STEP_MAKE] = "make the mount point",
    [STEP_OPTION] = "set a file system option",
    [STEP_SUPER] = "make the file system",
    [STEP_ATTACH] = "attach the mount",
    [STEP_ATTRIBUTE] = "set mount attributes",
    [STEP_PROPAGATE] = "set mount propagation",
    [STEP_COPY] = "copy up",
    [STEP_VERIFY] = "the result is not what was asked for",
    [STEP_NOT_FOUND] = "",
    [STEP_EXIT] = "the hook failed",
    [STEP_TIMEOUT] = "the hook ran longer than its timeout",
};

_Static_assert(ARRAY_LEN(step_words) == N_CHANNEL_STEPS, "words for each step");

int failure_exec(const char *program, bool was_searched, int error_number, struct err *e)
{
    /* These texts are matched by engines: 126 for "permission denied", 127 for the others. */
    switch (error_number) {
    case ENOENT:
        return was_searched
                   ? err_input(e, NULL, "exec: \"%s\": executable file not found in $PATH", program)
                   : err_input(e, NULL, "exec: \"%s\": no such file or directory", program);
    case EISDIR:
        return err_input(e, NULL, "exec: \"%s\": is a directory: permission denied", program);
    case EACCES:
        return err_input(e, NULL, "exec: \"%s\": permission denied", program);
    default:
        return err_sysno(e, error_number, "exec: \"%s\"", program);
    }
}

/* What a status says that waitpid(2) would give, for people. */
static void describe_status(uint32_t status, char *text, size_t size)
{
    if (WIFSIGNALED((int)status))
        snprintf(text, size, "killed by signal %d", WTERMSIG((int)status));
    else
        snprintf(text, size, "exit status %d", WEXITSTATUS((int)status));
}

static void add_hint(const struct plan_op *op, const struct channel_message *message, struct err *e)
{
    if (op->code == OP_BECOME_ROOT && message->error == EINVAL)
        err_hint(e, "the maps must contain uid 0 and gid 0 of the container");
    else if (op->code == OP_PROPAGATION && message->error == EINVAL)
        err_hint(
            e,
            "the root directory that caisson runs in is no mount point: a chroot, in which no root "
            "can be switched; enter it by pivot_root instead");
    else if (op->code == OP_RLIMIT && message->error == EPERM)
        err_hint(e, "raising a hard limit needs CAP_SYS_RESOURCE, which the runtime does not have");
    else if (op->code == OP_MOUNT && message->error == EPERM)
        err_hint(e,
                 "a user namespace may only mount some file systems, and proc and sysfs only where "
                 "they are fully visible outside");
    else if (op->code == OP_MOUNT && message->error == ENODEV)
        err_hint(e, "the kernel does not know this file system");
    else if ((op->code == OP_MOUNT || op->code == OP_BIND) && message->error == EROFS)
        err_hint(e, "the mount point is missing and its file system is read-only");
    else if (message->step == STEP_TARGET && message->error == ELOOP)
        err_hint(e, "a symbolic link stands where a real directory is needed");
    else if (op->code == OP_SYSCTL && message->error == ENOENT)
        err_hint(e, "the kernel does not have this sysctl");
}

int failure_explain(const struct plan *plan, const struct channel_message *message, struct err *e)
{
    struct strbuf words = STRBUF_INIT(plan->arena);
    const struct plan_op *op;
    const char *step;
    const char *detail = "";

    if (message->op == UINT32_MAX && message->error == EBADMSG)
        return err_bug(e, "caisson-init refused the plan");
    if (message->op == UINT32_MAX)
        return err_sysno(e, message->error, "execute caisson-init");
    if (message->op >= plan->init.ops.count || message->step >= N_CHANNEL_STEPS)
        return err_bug(e, "caisson-init failed outside of its plan: operation %u, error %d",
                       message->op, message->error);
    op = &plan->init.ops.items[message->op];
    if (op->code == OP_PROGRAM || op->code == OP_EXEC) {
        bool was_searched = (op->flags & PROGRAM_SEARCHED) != 0 && op->code == OP_PROGRAM;
        const char *program = op->code == OP_PROGRAM
                                  ? plan_text(&plan->init, op->program.name)
                                  : plan_vector_text(&plan->init, op->exec.args, 0);
        int error = message->aux == EISDIR ? EISDIR : message->error;

        failure_exec(program, was_searched, error, e);
        return err_at(e, plan_text(&plan->init, op->origin));
    }

    plan_describe(&plan->init, op, &words);
    step = step_words[message->step];
    if (op->code == OP_MOUNT && message->step == STEP_OPTION &&
        message->aux < op->mount.parameters.count)
        detail = plan_vector_text(&plan->init, op->mount.parameters, message->aux);
    if (message->step == STEP_EXIT) {
        char status[64];

        describe_status(message->aux, status, sizeof(status));
        err_input(e, NULL, "%s: %s", strbuf_text(&words), status);
    } else if (message->step == STEP_TIMEOUT || message->error == 0) {
        err_input(e, NULL, "%s: %s", strbuf_text(&words), step);
    } else {
        err_sysno(e, message->error, "%s%s%s%s%s", strbuf_text(&words), step[0] != '\0' ? ": " : "",
                  step, detail[0] != '\0' ? " " : "", detail);
    }
    add_hint(op, message, e);
    return err_at(e, plan_text(&plan->init, op->origin));
}

int failure_explain_start(const char *program, const struct channel_message *message, struct err *e)
{
    char status[64];

    switch (message->step) {
    case STEP_EXIT:
        describe_status(message->aux, status, sizeof(status));
        return err_input(e, "/hooks/startContainer", "a startContainer hook failed: %s", status);
    case STEP_TIMEOUT:
        return err_input(e, "/hooks/startContainer",
                         "a startContainer hook ran longer than its timeout");
    default:
        return failure_exec(program, strchr(program, '/') == NULL, message->error, e);
    }
}
