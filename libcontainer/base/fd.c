/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fd_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

int fd_open_regular(int directory, const char *path, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct stat st;

    fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_sys(e, "open %s", path);
    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat %s", path);
    if (!S_ISREG(st.st_mode))
        return err_input(e, NULL, "%s is not a regular file", path);
    return fd_move(&fd);
}

int fd_read_all(int fd, struct arena *arena, size_t limit_bytes, char **bytes, size_t *size,
                struct err *e)
{
    struct stat st;
    size_t capacity = (size_t)16 * 1024;
    size_t used = 0;
    char *buffer;

    /* The size is a hint only: files in procfs say 0, and a file may grow while we read. */
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
        if ((unsigned long long)st.st_size > limit_bytes)
            return err_input(e, NULL, "the file has more than %zu bytes", limit_bytes);
        capacity = (size_t)st.st_size + 1;
    }
    buffer = arena_array(arena, capacity + 1, 1, 1);
    for (;;) {
        ssize_t got = read(fd, buffer + used, capacity - used);

        if (got < 0) {
            if (errno == EINTR)
                continue;
            return err_sys(e, "read");
        }
        if (got == 0)
            break;
        used += (size_t)got;
        if (used > limit_bytes)
            return err_input(e, NULL, "the file has more than %zu bytes", limit_bytes);
        if (used == capacity) {
            char *larger = arena_array(arena, capacity * 2 + 1, 1, 1);

            memcpy(larger, buffer, used);
            buffer = larger;
            capacity *= 2;
        }
    }
    buffer[used] = '\0';
    *bytes = buffer;
    *size = used;
    return 0;
}

int fd_write_all(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;

    while (size > 0) {
        ssize_t written = write(fd, next, size);

        if (written < 0) {
            if (errno == EINTR)
                continue;
            return -1;
        }
        next += written;
        size -= (size_t)written;
    }
    return 0;
}

int fd_write_file(int directory, const char *name, mode_t mode, const void *bytes, size_t size,
                  struct err *e)
{
    CLEANUP_FD int fd = -1;
    char temporary[300];

    if (snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid()) >=
        (int)sizeof(temporary))
        return err_input(e, NULL, "the file name %s is too long", name);
    fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0 && errno == EEXIST) {
        /* Left behind by a process that had our pid and died between two of these calls. */
        unlinkat(directory, temporary, 0);
        fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    mode);
    }
    if (fd < 0)
        return err_sys(e, "create %s", name);
    if (fchmod(fd, mode) < 0 || fd_write_all(fd, bytes, size) < 0 ||
        renameat(directory, temporary, directory, name) < 0) {
        err_sys(e, "write %s", name);
        unlinkat(directory, temporary, 0);
        return -1;
    }
    return 0;
}
