/* SPDX-License-Identifier: Apache-2.0 */

/*
 * tmpcopyup: a new tmpfs begins with what the image had at its place.
 *
 * The tree is walked with an explicit stack of descriptors, so that a deep image costs an error and
 * not our stack. Nothing is followed: every entry is opened by name beneath the descriptor of its
 * directory with O_NOFOLLOW, and no mount is crossed.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

enum {
    MAX_DEPTH = 64,
    ENTRY_BYTES = 8192,
    COPY_BYTES = 16 * 1024
};

struct linux_dirent64 {
    uint64_t d_ino;
    int64_t d_off;
    uint16_t d_reclen;
    uint8_t d_type;
    char d_name[];
};

struct level {
    int from;
    int to;
    int64_t position; /* in `from`, of the next entry */
};

/* sendfile(2) would need a mapping of the source; plain reads work on every file system. */
static int copy_bytes(int from, int to)
{
    static char buffer[COPY_BYTES];

    for (;;) {
        ssize_t got = read(from, buffer, sizeof(buffer));
        const char *next = buffer;

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        while (got > 0) {
            ssize_t written = write(to, next, (size_t)got);

            if (written < 0 && errno != EINTR)
                return -1;
            if (written > 0) {
                next += written;
                got -= written;
            }
        }
    }
}

/* An owner that a user namespace does not map stays ours. */
static int give(int directory, const char *name, const struct stat *st)
{
    int flags = name[0] == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;

    if (fchownat(directory, name, st->st_uid, st->st_gid, flags) == 0 || errno == EINVAL)
        return 0;
    return -1;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int copy = -1;
    struct stat now;
    int result = -1;

    if (source < 0)
        return -1;
    if (fstat(source, &now) == 0 && S_ISREG(now.st_mode)) {
        copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (copy >= 0 && copy_bytes(source, copy) == 0 && give(copy, "", st) == 0 &&
            fchmod(copy, st->st_mode & 07777) == 0)
            result = 0;
    } else {
        errno = EAGAIN; /* it was replaced under us */
    }
    init_close(&copy);
    init_close(&source);
    return result;
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
    static char target[4096];
    ssize_t length = readlinkat(from, name, target, sizeof(target));

    if (length < 0 || length == (ssize_t)sizeof(target)) {
        if (length >= 0)
            errno = ENAMETOOLONG;
        return -1;
    }
    target[length] = '\0';
    return symlinkat(target, to, name) == 0 ? give(to, name, st) : -1;
}

/* A device, FIFO or socket. Devices of an image are of no use on a nodev mount, and where mknod is
 * not permitted they are left out. */
static int copy_node(int to, const char *name, const struct stat *st)
{
    if (mknodat(to, name, st->st_mode, st->st_rdev) < 0)
        return errno == EPERM && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) ? 0 : -1;
    return give(to, name, st);
}

/* Makes the directory and steps into it. */
static int descend(const struct level *level, struct level *below, const char *name,
                   const struct stat *st)
{
    below->position = 0;
    below->to = -1;
    below->from = openat(level->from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below->from < 0)
        return -1;
    if (mkdirat(level->to, name, 0700) == 0)
        below->to = openat(level->to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below->to < 0 || give(below->to, "", st) < 0 ||
        fchmod(below->to, st->st_mode & 07777) < 0) {
        init_close(&below->to);
        init_close(&below->from);
        return -1;
    }
    return 0;
}

enum {
    ENTRY_DONE,
    ENTRY_IS_DIRECTORY
};

static int copy_entry(const struct level *level, struct level *below, const char *name,
                      dev_t device)
{
    struct stat st;

    if (fstatat(level->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -1;
    if (S_ISREG(st.st_mode))
        return copy_file(level->from, level->to, name, &st);
    if (S_ISLNK(st.st_mode))
        return copy_link(level->from, level->to, name, &st);
    if (!S_ISDIR(st.st_mode))
        return copy_node(level->to, name, &st);
    if (descend(level, below, name, &st) < 0)
        return -1;
    if (st.st_dev == device)
        return ENTRY_IS_DIRECTORY;
    /* What is mounted there is not the image's. */
    init_close(&below->from);
    init_close(&below->to);
    return ENTRY_DONE;
}

/* The next entry of the directory that is not "." or ".."; false at its end, or with *failed set.
 */
static bool next_entry(struct level *level, char *name, bool *failed)
{
    static char buffer[ENTRY_BYTES] __attribute__((aligned(8)));

    for (;;) {
        const struct linux_dirent64 *entry = (const void *)buffer;
        long got;

        *failed = lseek(level->from, level->position, SEEK_SET) < 0;
        if (*failed)
            return false;
        /* One entry for each call: the position to go on from is kept by directory, and coming back
         * from a directory below must not lose what was read ahead. */
        got = syscall(SYS_getdents64, level->from, buffer, sizeof(buffer));
        *failed = got < 0;
        if (got <= 0)
            return false;
        level->position = entry->d_off;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        memcpy(name, entry->d_name, strlen(entry->d_name) + 1);
        return true;
    }
}

int copy_up(int from, int to)
{
    static struct level levels[MAX_DEPTH];
    char name[256];
    struct stat st;
    size_t depth = 1;
    bool failed = false;

    levels[0] = (struct level){
        .from = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .to = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
    };
    failed = levels[0].from < 0 || levels[0].to < 0 || fstat(levels[0].from, &st) < 0;
    while (!failed && depth > 0) {
        struct level *level = &levels[depth - 1];
        int result;

        if (!next_entry(level, name, &failed)) {
            if (failed)
                break;
            init_close(&level->from);
            init_close(&level->to);
            depth--;
            continue;
        }
        if (depth == MAX_DEPTH) {
            errno = ENAMETOOLONG;
            failed = true;
            break;
        }
        result = copy_entry(level, &levels[depth], name, st.st_dev);
        failed = result < 0;
        if (result == ENTRY_IS_DIRECTORY)
            depth++;
    }
    while (depth > 0) {
        depth--;
        init_close(&levels[depth].from);
        init_close(&levels[depth].to);
    }
    return failed ? -1 : 0;
}
