/* SPDX-License-Identifier: Apache-2.0 */
#include "process/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/sys.h"

static const char *const stream_names[] = {"standard input", "standard output", "standard error"};

int stdio_close_on_exec(struct err *e)
{
    if (sys_close_range(3, ~0U, CLOSE_RANGE_CLOEXEC_FLAG) < 0)
        return err_sys(e, "mark inherited descriptors close-on-exec");
    return 0;
}

int stdio_open_closed(struct err *e)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest free number is this one, since those below are open by now. */
        if (open("/dev/null", O_RDWR) != fd)
            return err_sys(e, "open /dev/null for %s", stream_names[fd]);
    }
    return 0;
}

/* What is behind this descriptor, if it must not reach a container; NULL if it may. */
static const char *what_is_wrong(int fd, const struct stat *st)
{
    struct statfs fs;
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && (flags & O_PATH) != 0)
        return "an O_PATH handle";
    if (S_ISDIR(st->st_mode))
        return "a directory";
    if (S_ISBLK(st->st_mode))
        return "a block device";
    if (fstatfs(fd, &fs) < 0)
        return "on a file system that cannot be told";
    if (fs.f_type == ABI_NSFS_MAGIC)
        return "a namespace";
    /* pidfds are on pidfs since Linux 6.9, anonymous inodes before; neither shows a file type. */
    if (fs.f_type == ABI_PIDFS_MAGIC)
        return "a pidfd";
    if ((st->st_mode & S_IFMT) == 0)
        return "an object of the kernel without a file type";
    return NULL;
}

static int check_descriptor(int fd, struct err *e)
{
    struct stat st;
    const char *name = stream_names[fd];
    const char *wrong;

    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat %s", name);
    wrong = what_is_wrong(fd, &st);
    if (wrong == NULL)
        return 0;
    err_input(e, NULL, "%s is %s, which would lead the container to the host", name, wrong);
    return err_hint(e, "use a pipe, a socket, a terminal, /dev/null or a regular file");
}

int stdio_check(struct err *e)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (check_descriptor(fd, e) < 0)
            return -1;
    return 0;
}

void stdio_give_pipes(uint32_t uid)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat st;

        /* An owner that this file system or namespace cannot express is no reason to fail. */
        if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_uid != uid &&
            fchown(fd, uid, (gid_t)-1) < 0)
            continue;
    }
}
