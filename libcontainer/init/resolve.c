/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one resolver. Every path that an image, a volume or another container can influence goes
 * through openat2 with RESOLVE_IN_ROOT beneath the root descriptor: links to /, to .. and absolute
 * links stay inside whatever is renamed meanwhile. Magic links (/proc/self/fd/N) are never
 * followed. There is no resolver of our own, and no other way: a kernel or filter that hides
 * openat2 makes us fail.
 *
 * What is missing is made beneath the descriptor of its parent, one component at a time, by calls
 * that do not follow links.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/init.h"

enum {
    PATH_BYTES = 4096
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

/* Makes `name` in `parent` and opens it. Somebody else may have made it first, which is as good;
 * what is there must not be a link. */
static int make_component(int parent, const char *name, bool as_file)
{
    int result = as_file ? mknodat(parent, name, S_IFREG | 0644, 0) : mkdirat(parent, name, 0755);

    if (result < 0 && errno != EEXIST)
        return -1;
    return sys_openat2(parent, name, O_PATH | O_NOFOLLOW | (as_file ? 0 : O_DIRECTORY), 0,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

/* The longest part of `path` that exists, as a descriptor; *rest is what is missing. */
static int open_existing(const struct init *init, char *path, unsigned int how, const char **rest)
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

int resolve_or_make(const struct init *init, const char *path, unsigned int how)
{
    char copy[PATH_BYTES];
    size_t length = strlen(path);
    const char *rest;
    int fd = resolve(init, path, how);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (length >= sizeof(copy)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(copy, path, length + 1);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    fd = open_existing(init, copy, how, &rest);
    while (fd >= 0 && *rest != '\0') {
        char name[256];
        size_t part = strcspn(rest, "/");
        const char *next = rest + part + strspn(rest + part, "/");
        int made;

        if (part >= sizeof(name)) {
            init_close(&fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, rest, part);
        name[part] = '\0';
        made = make_component(fd, name, (how & RESOLVE_FILE) != 0 && *next == '\0');
        init_close(&fd);
        fd = made;
        rest = next;
    }
    return fd;
}

int resolve_parent(const struct init *init, const char *path, const char **name)
{
    char directory[PATH_BYTES];
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

bool is_mounted_at(const struct init *init, int mount, const char *path)
{
    int fd = resolve(init, path, 0);
    uint64_t ours;
    uint64_t found;
    bool same = fd >= 0 && sys_mount_id(mount, &ours) == 0 && sys_mount_id(fd, &found) == 0 &&
                ours == found;

    init_close(&fd);
    return same;
}
