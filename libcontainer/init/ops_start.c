/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PHASE_START: report, wait, and become the workload.
 *
 * Everything that the filter might forbid comes before it: the umask, closing descriptors at
 * execve, the word EXECUTING. After it there is execve, and if that fails one write and an exit.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>

#include "init/init.h"

/* ---- waiting ------------------------------------------------------------------------------------------- */

/* Comparing takes the same time whatever is in it: a peer learns nothing from how fast it is
 * refused. */
static bool same_nonce(const uint8_t *a, const uint8_t *b)
{
    unsigned int different = 0;

    for (int i = 0; i < 16; i++)
        different |= a[i] ^ b[i];
    return different == 0;
}

static bool is_start(const struct channel_message *message, const struct op_ready *ready)
{
    return message->type == MSG_START && same_nonce(message->nonce, ready->nonce);
}

static bool peer_may_start(int connection, const struct op_ready *ready)
{
    struct {
        pid_t pid;
        uid_t uid;
        gid_t gid;
    } peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return false;
    return ready->creator_uid == READY_ANY_UID || peer.uid == ready->creator_uid;
}

/* One client at a time; whoever does not say the right word is sent away. */
static void wait_at_socket(struct init *init, const struct op_ready *ready)
{
    for (;;) {
        struct channel_message message;
        int connection = accept4(init->listener, NULL, NULL, SOCK_CLOEXEC);

        if (connection < 0) {
            if (errno == EINTR || errno == ECONNABORTED)
                continue;
            init_abandon();
        }
        if (peer_may_start(connection, ready) && receive_message(connection, &message) &&
            is_start(&message, ready)) {
            init_close(&init->listener);
            /* The lowest free number was the old channel's, most likely. */
            if (connection != CHANNEL_FD && dup3(connection, CHANNEL_FD, O_CLOEXEC) < 0)
                init_abandon();
            init->channel = CHANNEL_FD;
            return;
        }
        init_close(&connection);
    }
}

int do_ready(struct init *init, const struct plan_op *op)
{
    const struct channel_message ready = {.type = MSG_READY};
    struct channel_message message;

    /* What waits from here on holds its streams and one socket, and nothing to climb on. */
    init_close(&init->root);
    init_close(&init->proc);
    init_close(&init->null_mask);
    init_close(&init->dir_mask);
    if (init->mask_slot != PLAN_NO_SLOT)
        init_close(&init->slots[init->mask_slot]);
    if ((op->flags & READY_SILENT) == 0 && !send_message(init->channel, &ready))
        init_abandon();
    if (!receive_message(init->channel, &message))
        init_abandon(); /* the creator is gone before anybody can know of us */
    if ((op->flags & READY_LISTEN) == 0)
        return is_start(&message, &op->ready) ? 0 : init_fail_with(init, STEP_WHOLE, EPROTO, 0);

    if (message.type != MSG_COMMITTED)
        init_abandon();
    init_close(&init->channel);
    init->listener = init->slots[op->ready.slot];
    init->slots[op->ready.slot] = -1;
    wait_at_socket(init, &op->ready);
    return 0;
}

/* ---- startContainer hooks ------------------------------------------------------------------------------- */

/* The state, with our pid as the container sees it. A memory file: a hook that does not read cannot
 * block us. */
static int make_hook_input(const struct init *init, const struct op_inner_hook *hook)
{
    const char *parts[3] = {init_text(init, hook->state_head), NULL,
                            init_text(init, hook->state_tail)};
    char digits[16] = {0};
    char *digit = &digits[sizeof(digits) - 1];
    unsigned int pid = (unsigned int)getpid();
    int fd = sys_memfd_create("state", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = sys_memfd_create("state", MFD_CLOEXEC);
    do
        *--digit = (char)('0' + pid % 10);
    while ((pid /= 10) != 0);
    parts[1] = digit;
    for (int i = 0; fd >= 0 && i < 3; i++)
        if (write(fd, parts[i], strlen(parts[i])) != (ssize_t)strlen(parts[i]))
            init_close(&fd);
    if (fd >= 0 && lseek(fd, 0, SEEK_SET) < 0)
        init_close(&fd);
    return fd;
}

static void __attribute__((noreturn))
run_hook(const struct init *init, const struct op_inner_hook *hook, int input)
{
    setpgid(0, 0); /* what it starts is killed with it at the timeout */
    umask(init->old_umask);
    if (dup2(input, STDIN_FILENO) < 0 || sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG) < 0)
        _exit(126);
    execve(init_text(init, hook->path), init_vector(init, hook->args),
           init_vector(init, hook->env));
    _exit(errno == ENOENT ? 127 : 126);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* True if the hook has ended in time. */
static bool wait_hook(int pidfd, int64_t timeout_s)
{
    struct pollfd polled = {.fd = pidfd, .events = POLLIN};
    bool is_bounded = timeout_s > 0 && timeout_s < INT32_MAX; /* 68 years are forever */
    int64_t deadline = is_bounded ? now_ms() + timeout_s * 1000 : 0;

    for (;;) {
        int64_t left = is_bounded ? deadline - now_ms() : -1;

        if (is_bounded && left <= 0)
            return false;
        if (poll(&polled, 1, left > INT32_MAX ? INT32_MAX : (int)left) > 0)
            return true;
    }
}

int do_inner_hook(struct init *init, const struct plan_op *op)
{
    const struct op_inner_hook *hook = &op->inner_hook;
    int pidfd = -1;
    struct clone_args args = {
        .flags = CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
    };
    int input = make_hook_input(init, hook);
    int status = 0;
    bool in_time;
    pid_t pid;

    if (input < 0)
        return init_fail(init, STEP_WHOLE);
    pid = sys_clone3(&args);
    if (pid == 0)
        run_hook(init, hook, input);
    init_close(&input);
    if (pid < 0)
        return init_fail(init, STEP_WHOLE);
    in_time = wait_hook(pidfd, hook->timeout_s);
    if (!in_time) {
        kill(-pid, SIGKILL);
        sys_pidfd_send_signal(pidfd, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    init_close(&pidfd);
    /* As the first process of a pid namespace we inherit what the hook left behind. */
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    if (!in_time)
        return init_fail_with(init, STEP_TIMEOUT, 0, hook->index);
    return status == 0 ? 0 : init_fail_with(init, STEP_EXIT, 0, (uint32_t)status);
}

/* ---- the end -------------------------------------------------------------------------------------------- */

/* In this order: the umask; every descriptor but the streams and the channel really closed, since
 * the path of the program is resolved before execve(2) looks at close-on-exec (CVE-2024-21626); the
 * last word. What follows is seccomp(2), where there is a filter, and execve(2). */
static int prepare_execution(struct init *init, const struct plan_op *exec_op)
{
    const struct channel_message executing = {.type = MSG_EXECUTING};

    if (init->is_executing)
        return 0;
    umask((exec_op->flags & EXEC_HAS_UMASK) != 0 ? (mode_t)exec_op->exec.umask : init->old_umask);
    if (sys_close_range(CHANNEL_FD + 1, ~0U, 0) < 0)
        return init_fail(init, STEP_WHOLE);
    if (!send_message(init->channel, &executing))
        return init_fail(init, STEP_WHOLE);
    init->is_executing = true;
    return 0;
}

int do_filter(struct init *init, const struct plan_op *op)
{
    const struct sock_fprog program = {
        .len = (unsigned short)(op->filter.program.size / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)(uintptr_t)init_blob(init, op->filter.program),
    };

    /* plan_check.c: EXEC stands directly behind. */
    if (prepare_execution(init, op + 1) < 0)
        return -1;
    if (sys_seccomp_filter(op->filter.flags, &program) < 0)
        return init_fail(init, STEP_WHOLE);
    init->is_filtered = true;
    return 0;
}

int do_exec(struct init *init, const struct plan_op *op)
{
    char **args = init_vector(init, op->exec.args);
    char **env = init_vector(init, op->exec.env);

    if (init->home != NULL)
        init->words[op->exec.env.first + op->exec.env.count] = (uint64_t)(uintptr_t)init->home;
    if (prepare_execution(init, op) < 0)
        return -1;
    execve(init->program, args, env);
    return init_fail(init, STEP_WHOLE);
}
