/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* File descriptors: one owner each, O_CLOEXEC from birth, closed once. An empty one is -1. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

/* Closes *fd if it is open, sets it to -1 and keeps errno. close(2) is not retried: on Linux the
 * descriptor is gone even after EINTR. */
void fd_close(int *fd);
#define CLEANUP_FD CLEANUP(fd_close)

/* Hands ownership over: `owner->fd = fd_move(&fd)`. */
static inline int fd_move(int *fd)
{
    int moved = *fd;

    *fd = -1;
    return moved;
}

/* Opens a regular file for reading without ever blocking on a FIFO, terminal or device: anything
 * that is not a regular file is refused. `directory` may be AT_FDCWD. */
MUST_CHECK int fd_open_regular(int directory, const char *path, struct err *e);

/* Reads the whole file into the arena (terminated; *size does not count that byte). More than
 * `limit_bytes` is an error that names the limit. */
MUST_CHECK int fd_read_all(int fd, struct arena *arena, size_t limit_bytes, char **bytes,
                           size_t *size, struct err *e);

/* Writes everything; EINTR and short writes are continued. errno says what failed. */
MUST_CHECK int fd_write_all(int fd, const void *bytes, size_t size);

/* Makes `name` in `directory` appear whole: temporary name, write, rename. A symbolic link at the
 * final name is replaced, never followed. */
MUST_CHECK int fd_write_file(int directory, const char *name, mode_t mode, const void *bytes,
                             size_t size, struct err *e);
