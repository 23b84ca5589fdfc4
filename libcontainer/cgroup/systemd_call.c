/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/systemd_call.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/systemd_image.h"
#include "kernel/memfd.h"
#include "kernel/sys.h"
#include "plan/unit_request.h"

struct strbuf systemd_request(struct arena *arena, const char *verb, bool is_user, const char *unit)
{
    struct strbuf request = STRBUF_INIT(arena);

    systemd_request_word(&request, verb);
    systemd_request_word(&request, is_user ? "user" : "system");
    systemd_request_word(&request, unit);
    return request;
}

void systemd_request_word(struct strbuf *request, const char *word)
{
    strbuf_puts(request, word);
    strbuf_putc(request, '\0');
}

/* The two variables that say where a user's manager is; nothing else of ours. */
static void fill_environment(struct arena *arena, char *environment[3])
{
    static const char *const names[] = {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = getenv(names[i]);

        if (value != NULL)
            environment[n++] = arena_printf(arena, "%s=%s", names[i], value);
    }
    environment[n] = NULL;
}

struct child {
    int image;
    int request;
    int answer;
    char **environment;
};

/* A copy of our process: nothing but what is async-signal-safe. */
static NORETURN void run_child(const struct child *child)
{
    static char name[] = "caisson-systemd";
    char *argv[] = {name, NULL};
    sigset_t none;
    int null;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Above the numbers that are given away below. */
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
        dup2(null, STDERR_FILENO) < 0 || dup2(child->request, UNIT_REQUEST_FD) < 0 ||
        dup2(child->answer, UNIT_ANSWER_FD) < 0)
        _exit(126);
    sys_execveat(child->image, "", argv, child->environment, AT_EMPTY_PATH);
    _exit(127);
}

/* A copy of *fd whose number is not one of those that the child gives away. */
static int move_up(int *fd, struct err *e)
{
    int moved = fcntl(*fd, F_DUPFD_CLOEXEC, UNIT_ANSWER_FD + 1);

    if (moved < 0)
        return err_sys(e, "duplicate a descriptor");
    fd_close(fd);
    *fd = moved;
    return 0;
}

static int read_answer(int fd, char *text, size_t size, struct err *e)
{
    size_t length = 0;

    while (length + 1 < size) {
        ssize_t got = read(fd, text + length, size - 1 - length);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, "read the answer of caisson-systemd");
        if (got == 0)
            break;
        length += (size_t)got;
    }
    text[length] = '\0';
    return 0;
}

static int judge(const char *text, int status, struct err *e)
{
    char shown[UNIT_ANSWER_MAX_BYTES];

    str_escape(text + (text[0] != '\0'), shown, sizeof(shown));
    switch (text[0]) {
    case UNIT_DONE:
        return SYSTEMD_DONE;
    case UNIT_EXISTS:
        return SYSTEMD_UNIT_EXISTS;
    case UNIT_GONE:
        return SYSTEMD_UNIT_GONE;
    case UNIT_ABSENT:
        return err_unsupported(e, "%s", shown);
    case UNIT_FAILED:
        return err_state(e, "systemd: %s", shown);
    default:
        break;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_unsupported(e, "caisson-systemd cannot be executed: it needs the dynamic loader "
                                  "of the C library that it was built with");
    return err_bug(e, "caisson-systemd ended with wait status %d without an answer", status);
}

int systemd_call(const struct strbuf *request, struct err *e)
{
    CLEANUP_FD int image = -1;
    CLEANUP_FD int words = -1;
    CLEANUP_FD int ours = -1;
    CLEANUP_FD int theirs = -1;
    struct clone_args args = {.exit_signal = SIGCHLD};
    char text[UNIT_ANSWER_MAX_BYTES];
    char *environment[3];
    int ends[2];
    int status = 0;
    int result;
    pid_t pid;

    image = memfd_sealed("caisson-systemd", systemd_image, systemd_image_size(), MFD_EXEC, e);
    if (image < 0)
        return -1;
    words = memfd_sealed("caisson-request", request->text, request->length, MFD_NOEXEC_SEAL, e);
    if (words < 0)
        return -1;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, "make a pipe");
    ours = ends[0];
    theirs = ends[1];
    if (move_up(&image, e) < 0 || move_up(&words, e) < 0 || move_up(&theirs, e) < 0)
        return -1;
    fill_environment(request->arena, environment);
    pid = sys_clone3(&args);
    if (pid == 0)
        run_child(&(struct child){image, words, theirs, environment});
    if (pid < 0)
        return err_sys(e, "make a process for caisson-systemd");
    fd_close(&theirs);
    result = read_answer(ours, text, sizeof(text), e);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return result < 0 ? -1 : judge(text, status, e);
}
