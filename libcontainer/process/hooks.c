/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A hook is somebody else's program with our privileges. It gets exactly what the specification
 * says: its env and nothing of ours, the state on stdin, no descriptor but 0 to 2. Its standard
 * output is dropped and its standard error kept, up to a bound, for the message when it fails.
 *
 * It runs in a process group of its own, so that a timeout ends its children as well. A child that
 * escapes the group and keeps standard error open cannot hold us: we wait for the hook, not for end
 * of file.
 */

#include "process/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "kernel/sys.h"
#include "process/clone.h"

enum {
    HOOK_STDERR_BYTES = 1024
};

struct hook_child {
    int input;
    int null;
    int errors;
    const char *path;
    char *const *argv;
    char *const *envp;
};

static void run_child(const void *argument)
{
    const struct hook_child *child = argument;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    if (dup2(child->input, STDIN_FILENO) < 0 || dup2(child->null, STDOUT_FILENO) < 0 ||
        dup2(child->errors, STDERR_FILENO) < 0)
        _exit(126);
    /* Ours are all O_CLOEXEC; this is for what a caller may have left open below us. */
    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG);
    execve(child->path, child->argv, child->envp);
    _exit(errno == ENOENT ? 127 : 126);
}

/* A memory file instead of a pipe: a hook that does not read its stdin, or ends early, cannot block
 * us or make us fail. */
static int make_input(const struct oci_state *state, struct arena *arena, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct strbuf text = STRBUF_INIT(arena);

    oci_state_write(state, &text);
    fd = sys_memfd_create("caisson-hook-state", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL)
        fd = sys_memfd_create("caisson-hook-state", MFD_CLOEXEC);
    if (fd < 0 || fd_write_all(fd, strbuf_text(&text), text.length) < 0 ||
        lseek(fd, 0, SEEK_SET) < 0)
        return err_sys(e, "write the state for a hook");
    return fd_move(&fd);
}

static char **vector_strings(const struct plan *plan, struct plan_vector vector)
{
    char **strings = ARENA_NEW(plan->arena, char *, vector.count + 1);

    for (size_t i = 0; i < vector.count; i++)
        strings[i] = arena_strdup(plan->arena, plan_vector_text(&plan->host, vector, i));
    return strings;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct captured {
    char text[HOOK_STDERR_BYTES];
    size_t used;
};

/* Reads what is there; what does not fit is read and dropped, so that the hook never blocks on us.
 * Returns false at end of file. */
static bool drain(int fd, struct captured *captured)
{
    char buffer[4096];
    ssize_t got;

    while ((got = read(fd, buffer, sizeof(buffer))) > 0) {
        size_t room = sizeof(captured->text) - 1 - captured->used;
        size_t take = (size_t)got < room ? (size_t)got : room;

        memcpy(captured->text + captured->used, buffer, take);
        captured->used += take;
    }
    captured->text[captured->used] = '\0';
    return got < 0 && errno == EAGAIN;
}

enum hook_result {
    HOOK_ENDED,
    HOOK_TIMED_OUT
};

/* Waits for the hook, reading its standard error meanwhile. */
static enum hook_result wait_hook(pid_t pid, int pidfd, int errors, int64_t timeout_s,
                                  struct captured *captured, int *status)
{
    int64_t deadline = timeout_s > 0 ? now_ms() + timeout_s * 1000 : 0;
    struct pollfd polled[2] = {
        {.fd = pidfd, .events = POLLIN},
        {.fd = errors, .events = POLLIN},
    };
    enum hook_result result = HOOK_ENDED;

    for (;;) {
        int64_t left = timeout_s > 0 ? deadline - now_ms() : -1;

        if (timeout_s > 0 && left <= 0) {
            result = HOOK_TIMED_OUT;
            kill(-pid, SIGKILL);
            sys_pidfd_send_signal(pidfd, SIGKILL);
            break;
        }
        if (poll(polled, 2, left > INT32_MAX ? INT32_MAX : (int)left) < 0 && errno != EINTR)
            break;
        if (polled[1].revents != 0 && !drain(errors, captured))
            polled[1].fd = -1;
        if (polled[0].revents != 0)
            break;
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    drain(errors, captured);
    return result;
}

static int explain(const struct plan *plan, const struct plan_op *op, enum hook_result result,
                   int status, struct captured *captured, struct err *e)
{
    const char *path = plan_text(&plan->host, op->hook.path);
    const char *point = plan_hook_point_name((enum plan_hook_point)op->hook.point);
    const char *pointer = plan_text(&plan->host, op->origin);

    while (captured->used > 0 && captured->text[captured->used - 1] == '\n')
        captured->text[--captured->used] = '\0';
    if (result == HOOK_TIMED_OUT)
        return err_input(e, pointer, "the %s hook %s ran longer than its timeout of %lld s", point,
                         path, (long long)op->hook.timeout_s);
    if (WIFSIGNALED(status))
        return err_input(e, pointer, "the %s hook %s was killed by signal %d%s%s", point, path,
                         WTERMSIG(status), captured->used != 0 ? ": " : "", captured->text);
    return err_input(e, pointer, "the %s hook %s ended with exit status %d%s%s", point, path,
                     WEXITSTATUS(status), captured->used != 0 ? ": " : "", captured->text);
}

static int run_hook(const struct plan *plan, const struct plan_op *op,
                    const struct oci_state *state, const struct hook_target *target, struct err *e)
{
    CLEANUP_FD int input = -1;
    CLEANUP_FD int null = -1;
    CLEANUP_FD int errors = -1;
    CLEANUP_FD int errors_end = -1;
    CLEANUP_FD int pidfd = -1;
    struct captured captured = {.used = 0};
    struct clone_join join = {
        .fd = target->pidfd, .flags = target->namespaces, .name = "namespaces of the container"};
    bool is_inside = op->hook.point == HOOK_CREATE_CONTAINER;
    struct hook_child child;
    struct clone_request request = {
        .cgroup_fd = is_inside ? target->cgroup_fd : -1,
        .joins = &join,
        .n_joins = is_inside && target->namespaces != 0 ? 1 : 0,
        .child = run_child,
        .argument = &child,
    };
    enum hook_result result;
    int pipe_ends[2];
    int status = 0;
    pid_t pid;

    input = make_input(state, plan->arena, e);
    if (input < 0)
        return -1;
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(pipe_ends, O_CLOEXEC) < 0)
        return err_sys(e, "prepare a hook");
    errors = pipe_ends[0];
    errors_end = pipe_ends[1];
    if (fcntl(errors, F_SETFL, O_NONBLOCK) < 0)
        return err_sys(e, "prepare a hook");
    child = (struct hook_child){
        .input = input,
        .null = null,
        .errors = errors_end,
        .path = plan_text(&plan->host, op->hook.path),
        .argv = vector_strings(plan, op->hook.args),
        .envp = vector_strings(plan, op->hook.env),
    };
    if (clone_process(&request, &pid, &pidfd, e) < 0)
        return err_at(e, plan_text(&plan->host, op->origin));
    fd_close(&errors_end);
    result = wait_hook(pid, pidfd, errors, op->hook.timeout_s, &captured, &status);
    log_debug("hook point=%s path=%s status=%d",
              plan_hook_point_name((enum plan_hook_point)op->hook.point), child.path, status);
    if (result == HOOK_ENDED && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    return explain(plan, op, result, status, &captured, e);
}

bool hooks_exist(const struct plan *plan, enum plan_hook_point point)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_HOOK && plan->host.ops.items[i].hook.point == point)
            return true;
    return false;
}

int hooks_run(const struct plan *plan, enum plan_hook_point point, const struct oci_state *state,
              const struct hook_target *target, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code != OP_HOOK || op->hook.point != point)
            continue;
        if (run_hook(plan, op, state, target, e) == 0)
            continue;
        /* A poststop hook that fails is a warning, and the others still run (runtime.md). */
        if (point != HOOK_POSTSTOP)
            return -1;
        log_warn("%s", e->text);
        *e = ERR_INIT;
    }
    return 0;
}
