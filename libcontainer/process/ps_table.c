/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ps asks the kernel about every process of the host, and a process can make the kernel wait for
 * itself (its arguments may lie on pages that never come). So ps gets a bounded time.
 */

#include "process/ps_table.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/sys.h"
#include "process/clone.h"

enum {
    PS_MAX_WORDS = 128,
    PS_MAX_MS = 30 * 1000
};

/* ---- starting ------------------------------------------------------------------------------------------- */

struct ps_child {
    int null;
    int output;
    const char *path;
    char *const *argv;
    char *const *envp;
};

static void run_child(const void *argument)
{
    const struct ps_child *child = argument;

    sys_reset_signal(SIGPIPE);
    if (dup2(child->null, STDIN_FILENO) < 0 || dup2(child->output, STDOUT_FILENO) < 0)
        _exit(126);
    sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG);
    execve(child->path, child->argv, child->envp);
    _exit(127);
}

/* Never by the PATH of whoever calls us. */
static const char *find_ps(void)
{
    static const char *const places[] = {"/usr/bin/ps", "/bin/ps", "/usr/local/bin/ps"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        CLEANUP_FD int file = -1;
        struct stat st;

        file = open(places[i], O_PATH | O_CLOEXEC);
        if (file >= 0 && fstat(file, &st) == 0 && S_ISREG(st.st_mode) &&
            (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0)
            return places[i];
    }
    return NULL;
}

static int make_arguments(struct arena *arena, const char *const *words, size_t n_words,
                          char ***argv, struct err *e)
{
    size_t n = 0;

    *argv = ARENA_NEW(arena, char *, PS_MAX_WORDS + 3);
    (*argv)[n++] = arena_strdup(arena, "ps");
    for (size_t i = 0; i < n_words; i++)
        for (const char *word = words[i] + strspn(words[i], " \t"); *word != '\0';
             word += strspn(word, " \t")) {
            size_t length = strcspn(word, " \t");

            if (n > PS_MAX_WORDS)
                return err_usage(e, "more than %d options for ps", PS_MAX_WORDS);
            (*argv)[n++] = arena_strndup(arena, word, length);
            word += length;
        }
    if (n == 1)
        (*argv)[n] = arena_strdup(arena, "-ef");
    return 0;
}

/* *lines is the end that its output comes out of. */
static int start_ps(char *const *argv, pid_t *pid, int *pidfd, int *lines, struct err *e)
{
    static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
    static char locale_variable[] = "LC_ALL=C.UTF-8";
    static char *const environment[] = {path_variable, locale_variable, NULL};
    CLEANUP_FD int null = -1;
    CLEANUP_FD int end = -1;
    struct ps_child child = {.argv = argv, .envp = environment, .path = find_ps()};
    struct clone_request request = {.cgroup_fd = -1, .child = run_child, .argument = &child};
    int ends[2];

    if (child.path == NULL) {
        err_unsupported(e, "this host has no ps, which makes the table");
        return err_hint(e, "install procps, or use --format json");
    }
    null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return err_sys(e, "prepare to run ps");
    *lines = ends[0];
    end = ends[1];
    child.null = null;
    child.output = end;
    return clone_process(&request, pid, pidfd, e);
}

/* ---- reading -------------------------------------------------------------------------------------------- */

struct lines {
    char *bytes; /* PS_LINE_BYTES: the line that is being read */
    size_t used;
    int output;
    struct ps_filter *filter;
};

enum reading {
    READ_ON = 0,
    READ_NO_PIDS = 1,
    READ_NOBODY_LISTENS = 2,
    READ_TOO_LONG = 3,
};

static int end_line(struct lines *lines, struct err *e)
{
    enum ps_line result = ps_filter_line(lines->filter, lines->bytes, lines->used);

    if (result == PS_NO_PIDS)
        return READ_NO_PIDS;
    if (result == PS_KEEP) {
        lines->bytes[lines->used++] = '\n';
        if (fd_write_all(lines->output, lines->bytes, lines->used) < 0)
            return errno == EPIPE ? READ_NOBODY_LISTENS : err_sys(e, "write the table");
    }
    lines->used = 0;
    return READ_ON;
}

static int take_bytes(struct lines *lines, const char *bytes, size_t size, struct err *e)
{
    while (size > 0) {
        const char *end = memchr(bytes, '\n', size);
        size_t length = end != NULL ? (size_t)(end - bytes) : size;
        size_t room = PS_LINE_BYTES - 1 - lines->used;
        size_t taken = length < room ? length : room;

        memcpy(lines->bytes + lines->used, bytes, taken);
        lines->used += taken;
        if (end != NULL) {
            int result = end_line(lines, e);

            if (result != READ_ON)
                return result;
            length++;
        }
        bytes += length;
        size -= length;
    }
    return READ_ON;
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_lines(int from, struct lines *lines, struct err *e)
{
    struct pollfd polled = {.fd = from, .events = POLLIN};
    int64_t end = now_ms() + PS_MAX_MS;
    char bytes[4096];

    for (;;) {
        int64_t left = end - now_ms();
        ssize_t got;
        int result;

        if (left <= 0)
            return READ_TOO_LONG;
        if (poll(&polled, 1, (int)left) <= 0)
            continue;
        got = read(from, bytes, sizeof(bytes));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(e, "read the output of ps");
        if (got == 0)
            return lines->used != 0 ? end_line(lines, e) : READ_ON;
        result = take_bytes(lines, bytes, (size_t)got, e);
        if (result != READ_ON)
            return result;
    }
}

static int judge(int status, int reading, struct err *e)
{
    if (reading < 0)
        return -1;
    if (reading == READ_NOBODY_LISTENS)
        return 0;
    if (reading == READ_TOO_LONG)
        return err_input(e, NULL, "ps took longer than %d s and was killed", PS_MAX_MS / 1000);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return err_unsupported(e, "the ps of this host cannot be run");
    if (reading == READ_NO_PIDS)
        return err_input(e, NULL,
                         "the output of ps has no column PID, and nothing can be told "
                         "without it");
    if (!WIFEXITED(status))
        return err_input(e, NULL, "ps was killed by signal %d", WTERMSIG(status));
    /* It says 1 as well when there was nothing to show, and has written why if there is a why. */
    if (WEXITSTATUS(status) != 0)
        return err_input(e, NULL, "ps ended with exit status %d", WEXITSTATUS(status));
    return 0;
}

int ps_table_write(struct ps_filter *filter, const char *const *words, size_t n_words,
                   struct arena *arena, int output, struct err *e)
{
    CLEANUP_FD int from = -1;
    CLEANUP_FD int pidfd = -1;
    struct lines lines = {
        .bytes = ARENA_NEW(arena, char, PS_LINE_BYTES),
        .output = output,
        .filter = filter,
    };
    char **argv;
    pid_t pid = -1;
    int reading;
    int status = 0;

    if (make_arguments(arena, words, n_words, &argv, e) < 0 ||
        start_ps(argv, &pid, &pidfd, &from, e) < 0)
        return -1;
    reading = read_lines(from, &lines, e);
    /* One that still writes must not wait for us while we wait for it. */
    fd_close(&from);
    if (reading != READ_ON)
        sys_pidfd_send_signal(pidfd, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return judge(status, reading, e);
}
