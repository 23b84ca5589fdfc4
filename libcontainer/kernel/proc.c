/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/sys.h"

int proc_open(struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct statfs fs;

    fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstatfs(fd, &fs) < 0)
        return err_sys(e, "open /proc");
    if (fs.f_type != ABI_PROC_MAGIC)
        return err_unsupported(e, "/proc is not a procfs");
    return fd_move(&fd);
}

int proc_open_file(int proc, pid_t pid, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
    return sys_openat2(proc, path, (uint64_t)flags, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int proc_write(int proc, pid_t pid, const char *name, const char *text)
{
    CLEANUP_FD int fd = -1;
    size_t length = strlen(text);
    ssize_t written;

    fd = proc_open_file(proc, pid, name, O_WRONLY);
    if (fd < 0)
        return -1;
    written = write(fd, text, length);
    if (written < 0)
        return -1;
    if ((size_t)written != length) {
        errno = EIO;
        return -1;
    }
    return 0;
}

/* The name stands in parentheses and may hold parentheses. False if there is none. */
static bool read_name(const char *line, const char *end, char name[PROC_NAME_BYTES])
{
    const char *start = strchr(line, '(');
    size_t length;

    if (start == NULL || end == NULL || end <= start)
        return false;
    length = (size_t)(end - start - 1);
    if (length >= PROC_NAME_BYTES)
        length = PROC_NAME_BYTES - 1;
    memcpy(name, start + 1, length);
    name[length] = '\0';
    return true;
}

bool proc_read_stat(int proc, pid_t pid, struct proc_stat *stat)
{
    CLEANUP_FD int fd = -1;
    char line[1024];
    const char *next;
    ssize_t got;

    fd = proc_open_file(proc, pid, "stat", O_RDONLY);
    if (fd < 0)
        return false;
    got = read(fd, line, sizeof(line) - 1);
    if (got <= 0) {
        if (got == 0)
            errno = ESRCH;
        return false;
    }
    line[got] = '\0';
    /* The name in parentheses may hold anything, so fields are counted from the last one; the state
     * is field 3, the start time field 22, proc_pid_stat(5). */
    next = strrchr(line, ')');
    if (!read_name(line, next, stat->name) || next[1] != ' ' || next[2] == '\0') {
        errno = EPROTO;
        return false;
    }
    stat->state = next[2];
    next += 2;
    for (int field = 3; field < 22 && next != NULL; field++) {
        next = strchr(next, ' ');
        if (next != NULL)
            next++;
    }
    if (next == NULL) {
        errno = EPROTO;
        return false;
    }
    stat->start_ticks = strtoull(next, NULL, 10);
    return true;
}

const char *proc_read_cgroup(int proc, pid_t pid, struct arena *arena)
{
    CLEANUP_FD int fd = -1;
    struct err ignored = ERR_INIT;
    char *text;
    char *line;
    size_t size;

    fd = proc_open_file(proc, pid, "cgroup", O_RDONLY);
    if (fd < 0 || fd_read_all(fd, arena, (size_t)64 * 1024, &text, &size, &ignored) < 0)
        return NULL;
    line = str_starts_with(text, "0::") ? text : strstr(text, "\n0::");
    if (line == NULL)
        return NULL;
    line = strchr(line, '/');
    if (line == NULL)
        return NULL;
    line[strcspn(line, "\n")] = '\0';
    return line;
}

bool proc_read_exe(int proc, pid_t pid, struct proc_file *file)
{
    char path[64];
    struct stat st;

    snprintf(path, sizeof(path), "%d/exe", (int)pid);
    if (fstatat(proc, path, &st, 0) < 0)
        return false;
    *file = (struct proc_file){.device = st.st_dev, .inode = st.st_ino};
    return true;
}

int proc_read_boot_id(int proc, char id[PROC_BOOT_ID_BYTES], struct err *e)
{
    CLEANUP_FD int fd = -1;
    ssize_t got;

    fd = sys_openat2(proc, "sys/kernel/random/boot_id", O_RDONLY, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (fd < 0)
        return err_sys(e, "open /proc/sys/kernel/random/boot_id");
    got = read(fd, id, PROC_BOOT_ID_BYTES - 1);
    if (got < 0)
        return err_sys(e, "read /proc/sys/kernel/random/boot_id");
    id[got] = '\0';
    return 0;
}
