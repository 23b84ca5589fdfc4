/* SPDX-License-Identifier: Apache-2.0 */
#include "process/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/proc.h"
#include "kernel/sys.h"

static const struct {
    const char *file;
    const char *helper; /* absolute: never looked up through a search path */
    unsigned int capability;
} kinds[] = {
    [ID_MAP_UID] = {"uid_map", "/usr/bin/newuidmap", CAP_SETUID},
    [ID_MAP_GID] = {"gid_map", "/usr/bin/newgidmap", CAP_SETGID},
};

static bool have_capability(unsigned int capability)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    return sys_capget(&header, data) == 0 &&
           ((data[capability / 32].effective >> (capability % 32)) & 1) != 0;
}

/* "inside outside 1\n" for exactly our own id: the one map that everybody may write. */
static bool maps_only_ourselves(uint32_t which, const char *text)
{
    unsigned long long own = which == ID_MAP_UID ? geteuid() : getegid();
    char *next;
    unsigned long long outside;
    unsigned long long size;

    strtoull(text, &next, 10);
    outside = strtoull(next, &next, 10);
    size = strtoull(next, &next, 10);
    return outside == own && size == 1 && strcmp(next, "\n") == 0;
}

/* The numbers of `text` one by one; the kernel pads its columns, so texts are compared as numbers.
 */
static bool same_numbers(const char *a, const char *b)
{
    for (;;) {
        char *a_end;
        char *b_end;
        unsigned long long a_number = strtoull(a, &a_end, 10);
        unsigned long long b_number = strtoull(b, &b_end, 10);

        if (a_end == a || b_end == b)
            return a_end == a && b_end == b;
        if (a_number != b_number)
            return false;
        a = a_end;
        b = b_end;
    }
}

static int verify(int proc, pid_t pid, const char *file, const char *text, struct err *e)
{
    CLEANUP_FD int fd = -1;
    char seen[16 * 1024]; /* 340 lines of at most 33 bytes */
    size_t used = 0;
    ssize_t got;

    fd = proc_open_file(proc, pid, file, O_RDONLY);
    if (fd < 0)
        return err_sys(e, "read %s back", file);
    while ((got = read(fd, seen + used, sizeof(seen) - 1 - used)) > 0)
        used += (size_t)got;
    if (got < 0)
        return err_sys(e, "read %s back", file);
    seen[used] = '\0';
    if (!same_numbers(seen, text))
        return err_unsupported(e, "%s does not hold what was written", file);
    return 0;
}

/* The helper runs with privilege of its own: it must be root's file and nobody else's to change. */
static int check_helper(const char *path, struct err *e)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        err_sys(e, "find %s", path);
        return err_hint(e, "install the package uidmap, or map only your own id");
    }
    if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_unsupported(e, "%s is not a file of root that others cannot write", path);
    return 0;
}

/* argv: helper, pid, then three numbers for each line. */
static char **helper_arguments(struct arena *arena, const char *helper, pid_t pid, const char *text)
{
    size_t n_lines = 0;
    char **argv;
    size_t n = 0;

    for (const char *byte = text; *byte != '\0'; byte++)
        n_lines += *byte == '\n';
    argv = ARENA_NEW(arena, char *, 3 * n_lines + 3);
    argv[n++] = arena_strdup(arena, helper);
    argv[n++] = arena_printf(arena, "%d", (int)pid);
    while (*text != '\0' && n < 3 * n_lines + 2) {
        size_t length = strcspn(text, " \n");

        argv[n++] = arena_strndup(arena, text, length);
        text += length + strspn(text + length, " \n");
    }
    return argv;
}

static int run_helper(struct arena *arena, const char *helper, pid_t pid, const char *text,
                      struct err *e)
{
    char *environment[] = {NULL};
    char **argv = helper_arguments(arena, helper, pid, text);
    struct clone_args args = {.exit_signal = SIGCHLD};
    pid_t child;
    int status;

    if (check_helper(helper, e) < 0)
        return -1;
    child = sys_clone3(&args);
    if (child == 0) {
        execve(helper, argv, environment);
        _exit(127);
    }
    if (child < 0)
        return err_sys(e, "start %s", helper);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return err_sys(e, "wait for %s", helper);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        err_unsupported(e, "%s refused the map", helper);
        return err_hint(e, "the ranges must be yours in /etc/subuid and /etc/subgid");
    }
    return 0;
}

static int write_map(struct arena *arena, uint32_t which, const char *text, int proc, pid_t pid,
                     struct err *e)
{
    const char *file = kinds[which].file;
    bool is_direct = have_capability(kinds[which].capability);

    if (!is_direct && maps_only_ourselves(which, text)) {
        is_direct = true;
        /* Without this the kernel refuses an unprivileged gid map: dropping a group could otherwise
         * lift a denial that is tied to it (CVE-2014-8989). */
        if (which == ID_MAP_GID && proc_write(proc, pid, "setgroups", "deny") < 0)
            return err_sys(e, "deny setgroups in the user namespace");
    }
    if (is_direct) {
        if (proc_write(proc, pid, file, text) < 0)
            return err_sys(e, "write %s", file);
    } else if (run_helper(arena, kinds[which].helper, pid, text, e) < 0) {
        return -1;
    }
    return verify(proc, pid, file, text, e);
}

int id_maps_write(const struct plan *plan, int proc, pid_t pid, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code == OP_ID_MAP &&
            write_map(plan->arena, op->id_map.which, plan_text(&plan->host, op->id_map.text), proc,
                      pid, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}
