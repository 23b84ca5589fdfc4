/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one resolver. Every path that an image, a volume or another container can influence goes
 * through openat2 with RESOLVE_IN_ROOT beneath the root descriptor: links to /, to .. and absolute
 * links stay inside whatever is renamed meanwhile. Magic links (/proc/self/fd/N) are never
 * followed. There is no resolver of our own, and no other way: a kernel or filter that hides
 * openat2 makes us fail.
 *
 * What is missing is made beneath the descriptor of its parent, one component at a time, by calls
 * that do not follow links. Where a link stands whose target is missing (/etc/resolv.conf of many
 * images, /var/run), its text is put into the path, and the kernel resolves the new path from the
 * root again: there is no step of a walk that we do ourselves.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/init.h"

enum {
    PATH_BYTES = 4096, /* PATH_MAX, with the NUL */
    NAME_BYTES = 256,
    MAX_LINKS = 40, /* as many as the kernel follows */
};

static int open_beneath(const struct init *init, const char *path, uint64_t flags, unsigned int how)
{
    uint64_t resolve_flags = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

    if ((how & RESOLVE_NO_LINK) != 0)
        resolve_flags |= RESOLVE_NO_SYMLINKS;
    if ((how & RESOLVE_DIRECTORY) != 0)
        flags |= O_DIRECTORY;
    return sys_openat2(init->root, path, O_PATH | flags, 0, resolve_flags);
}

int resolve(const struct init *init, const char *path, unsigned int how)
{
    return open_beneath(init, path, 0, how);
}

/* Makes `name` in `parent` and opens it. Somebody else may have made it first, which is as good. */
static int make_component(int parent, const char *name, bool as_file)
{
    int result = as_file ? mknodat(parent, name, S_IFREG | 0644, 0) : mkdirat(parent, name, 0755);

    if (result < 0 && errno != EEXIST)
        return -1;
    /* With O_NOFOLLOW a link is not refused but opened itself: walk_on() looks what it is. */
    return sys_openat2(parent, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* The longest part of `path` that exists, as a descriptor; *rest is what is missing. */
static int open_existing(const struct init *init, char *path, unsigned int how, char **rest)
{
    size_t length = strlen(path);
    int fd;

    for (;;) {
        while (length > 0 && path[length - 1] != '/')
            length--;
        if (length <= 1) {
            *rest = path + strspn(path, "/");
            return open_beneath(init, "/", O_DIRECTORY, how);
        }
        path[length - 1] = '\0';
        fd = open_beneath(init, path, O_DIRECTORY, how);
        path[length - 1] = '/';
        if (fd >= 0 || errno != ENOENT) {
            *rest = path + length;
            return fd;
        }
        length--;
    }
}

/* Puts the text of the link `link`, which stands at path[start, end), into the path. */
static int splice_link(char path[PATH_BYTES], size_t start, size_t end, int link)
{
    static char text[PATH_BYTES];
    ssize_t got = readlinkat(link, "", text, sizeof(text));
    size_t tail = strlen(path + end) + 1;
    size_t keep;

    if (got <= 0)
        return -1;
    keep = text[0] == '/' ? 0 : start;
    if (keep + (size_t)got + tail > PATH_BYTES) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memmove(path + keep + got, path + end, tail);
    memcpy(path + keep, text, (size_t)got);
    return 0;
}

enum walk_result {
    WALK_FAILED,
    WALK_DONE,
    WALK_LINK, /* the path has changed: resolve it again */
};

/* From *fd, makes the components of `rest`, a part of `path`; *fd moves along. */
static enum walk_result walk_on(int *fd, char path[PATH_BYTES], char *rest, unsigned int how)
{
    while (*rest != '\0') {
        char name[NAME_BYTES];
        size_t length = strcspn(rest, "/");
        char *next = rest + length + strspn(rest + length, "/");
        struct stat st;
        int made;

        if (length >= sizeof(name)) {
            errno = ENAMETOOLONG;
            return WALK_FAILED;
        }
        memcpy(name, rest, length);
        name[length] = '\0';
        made = make_component(*fd, name, (how & RESOLVE_FILE) != 0 && *next == '\0');
        init_close(fd);
        *fd = made;
        if (made < 0 || fstat(made, &st) < 0)
            return WALK_FAILED;
        if (S_ISLNK(st.st_mode)) {
            if ((how & RESOLVE_NO_LINK) != 0) {
                errno = ELOOP;
                return WALK_FAILED;
            }
            return splice_link(path, (size_t)(rest - path), (size_t)(rest - path) + length, made) <
                           0
                       ? WALK_FAILED
                       : WALK_LINK;
        }
        if (!S_ISDIR(st.st_mode) && (*next != '\0' || (how & RESOLVE_DIRECTORY) != 0)) {
            errno = ENOTDIR;
            return WALK_FAILED;
        }
        rest = next;
    }
    return WALK_DONE;
}

int resolve_or_make(const struct init *init, const char *path, unsigned int how)
{
    static char walk[PATH_BYTES];
    size_t length = strlen(path);

    if (length == 0 || length >= sizeof(walk)) {
        errno = length == 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    memcpy(walk, path, length + 1);
    while (length > 1 && walk[length - 1] == '/')
        walk[--length] = '\0';
    for (int links = 0; links <= MAX_LINKS; links++) {
        enum walk_result result;
        char *rest;
        int fd = resolve(init, walk, how);

        if (fd >= 0 || errno != ENOENT)
            return fd;
        fd = open_existing(init, walk, how, &rest);
        if (fd < 0)
            return -1;
        result = walk_on(&fd, walk, rest, how);
        if (result == WALK_DONE)
            return fd;
        init_close(&fd);
        if (result == WALK_FAILED)
            return -1;
    }
    errno = ELOOP;
    return -1;
}

int resolve_parent(const struct init *init, const char *path, const char **name)
{
    static char directory[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t length = slash != NULL ? (size_t)(slash - path) : 0;

    if (length >= sizeof(directory)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(directory, path, length);
    directory[length] = '\0';
    *name = slash != NULL ? slash + 1 : path;
    return resolve_or_make(init, length == 0 ? "/" : directory,
                           RESOLVE_DIRECTORY | RESOLVE_NO_LINK);
}

int private_proc(struct init *init)
{
    int context;
    struct statfs fs;

    if (init->proc >= 0)
        return init->proc;
    context = sys_fsopen("proc");
    if (context < 0)
        return -1;
    if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        init->proc = sys_fsmount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    init_close(&context);
    if (init->proc >= 0 && (fstatfs(init->proc, &fs) < 0 || fs.f_type != ABI_PROC_MAGIC)) {
        init_close(&init->proc);
        errno = EPROTO;
    }
    return init->proc;
}

bool is_mounted_at(const struct init *init, int mount, const char *path, unsigned int how)
{
    int fd = resolve(init, path, how & RESOLVE_NO_LINK);
    uint64_t ours;
    uint64_t found;
    bool same = fd >= 0 && sys_mount_id(mount, &ours) == 0 && sys_mount_id(fd, &found) == 0 &&
                ours == found;

    init_close(&fd);
    return same;
}
