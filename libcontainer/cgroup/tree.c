/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The root of the hierarchy is opened and proven to be cgroup2; everything else is reached from
 * there by openat2 without links and without leaving the mount.
 */

#include "cgroup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/abi.h"
#include "kernel/sys.h"

enum {
    WAIT_TRIES = 100,
    WAIT_PAUSE_MS = 100,
    REMOVE_TRIES = 200,
    REMOVE_PAUSE_MS = 10
};

static const uint64_t stay_beneath =
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

/* ---- opening, reading, writing -------------------------------------------------------------------------- */

int tree_open_hierarchy(struct err *e)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        CLEANUP_FD int fd = -1;
        struct statfs fs;

        fd = open(mounts[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == ABI_CGROUP2_MAGIC)
            return fd_move(&fd);
    }
    return err_unsupported(e, "this host has no cgroup v2 hierarchy");
}

int tree_open_file(int group, const char *name, int flags)
{
    return sys_openat2(group, name, (uint64_t)flags, 0, stay_beneath);
}

int tree_open_group(int hierarchy, const char *path)
{
    return tree_open_file(hierarchy, path[1] != '\0' ? path + 1 : ".", O_RDONLY | O_DIRECTORY);
}

int tree_open_path(const char *path, int *group, struct err *e)
{
    CLEANUP_FD int hierarchy = -1;

    hierarchy = tree_open_hierarchy(e);
    if (hierarchy < 0)
        return -1;
    *group = tree_open_group(hierarchy, path);
    if (*group >= 0)
        return TREE_FOUND;
    return errno == ENOENT ? TREE_GONE : err_sys(e, "open the cgroup %s", path);
}

int tree_write(int group, const char *name, const char *value)
{
    CLEANUP_FD int fd = -1;
    size_t length = strlen(value);

    fd = tree_open_file(group, name, O_WRONLY);
    if (fd < 0)
        return -1;
    return write(fd, value, length) == (ssize_t)length ? 0 : -1;
}

bool tree_read(int group, const char *name, char *text, size_t size)
{
    CLEANUP_FD int fd = -1;
    ssize_t got;

    fd = tree_open_file(group, name, O_RDONLY);
    got = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

bool tree_has_event(int group, const char *event)
{
    char text[256];

    return tree_read(group, "cgroup.events", text, sizeof(text)) && strstr(text, event) != NULL;
}

/* ---- waiting and killing -------------------------------------------------------------------------------- */

/* The kernel announces changes of cgroup.events as POLLPRI; the timeout is for changes that happen
 * between reading and polling. */
bool tree_wait_for_event(int group, const char *event)
{
    CLEANUP_FD int events = -1;
    struct pollfd polled = {.events = POLLPRI};

    events = tree_open_file(group, "cgroup.events", O_RDONLY);
    polled.fd = events;
    for (int i = 0; i < WAIT_TRIES && events >= 0; i++) {
        char text[256] = {0};

        if (pread(events, text, sizeof(text) - 1, 0) <= 0)
            return false;
        if (strstr(text, event) != NULL)
            return true;
        if (poll(&polled, 1, WAIT_PAUSE_MS) < 0 && errno != EINTR)
            return false;
    }
    return false;
}

int tree_kill(int group)
{
    if (tree_write(group, "cgroup.kill", "1") < 0 && errno != ENOENT && errno != ENODEV)
        return -1;
    return 0;
}

/* ---- removing -------------------------------------------------------------------------------------------- */

/* The name of a subdirectory, if there is one. */
static bool find_child(int group, char *name, size_t size)
{
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    bool found = false;

    if (entries == NULL) {
        fd_close(&copy);
        return false;
    }
    while (!found && (entry = readdir(entries)) != NULL)
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            snprintf(name, size, "%s", entry->d_name);
            found = true;
        }
    closedir(entries);
    return found;
}

enum step {
    STEP_REMOVED = 0,
    STEP_DOWN = 1
};

/* The group `name` in *place goes, or is what we look into next. */
static int remove_or_descend(int *place, const char *name, struct err *e)
{
    CLEANUP_FD int child = -1;

    if (unlinkat(*place, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return STEP_REMOVED;
    if (errno != EBUSY && errno != ENOTEMPTY)
        return err_sys(e, "remove the cgroup %s that the container made", name);
    child = tree_open_file(*place, name, O_RDONLY | O_DIRECTORY);
    if (child < 0)
        return errno == ENOENT ? STEP_REMOVED : err_sys(e, "open the cgroup %s", name);
    fd_close(place);
    *place = fd_move(&child);
    return STEP_DOWN;
}

/* To the group above, which is `top` or beneath it as long as depth is not 0; all the way to `top`
 * if somebody else has removed where we are. */
static int climb(int *place, size_t *depth, int top, struct err *e)
{
    CLEANUP_FD int above = -1;

    --*depth;
    above = openat(*place, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (above < 0 && errno == ENOENT) {
        above = fcntl(top, F_DUPFD_CLOEXEC, 3);
        *depth = 0;
    }
    if (above < 0)
        return err_sys(e, "open the group above one that the container made");
    fd_close(place);
    *place = fd_move(&above);
    return 0;
}

/* The workload decides how many groups there are and how deep, so nothing here recurses, depends on
 * a longest path or holds more than two descriptors: down where something cannot be removed yet, up
 * where nothing is left. */
int tree_remove_children(int group, struct err *e)
{
    static const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000L};
    CLEANUP_FD int place = fcntl(group, F_DUPFD_CLOEXEC, 3);
    bool came_down = false;
    size_t depth = 0;
    int tries = 0;
    char name[256];

    if (place < 0)
        return err_sys(e, "open the groups that the container made");
    for (;;) {
        if (find_child(place, name, sizeof(name))) {
            int step = remove_or_descend(&place, name, e);

            if (step < 0)
                return -1;
            came_down = step == STEP_DOWN;
            depth += came_down;
            continue;
        }
        if (depth == 0)
            return 0;
        /* Nothing beneath and busy all the same: a process that is just ending. */
        if (came_down && tries++ == REMOVE_TRIES)
            return err_sysno(e, EBUSY, "remove the cgroup %s that the container made", name);
        if (came_down)
            nanosleep(&pause, NULL);
        came_down = false;
        if (climb(&place, &depth, group, e) < 0)
            return -1;
    }
}

static int remove_directory(int hierarchy, const char *path)
{
    static const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000L};

    for (int i = 0;; i++) {
        if (unlinkat(hierarchy, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        /* A process that has ended is still counted for a moment. */
        if (errno != EBUSY || i == REMOVE_TRIES)
            return -1;
        nanosleep(&pause, NULL);
    }
}

/* Directories above the container's that its create made; somebody else may use them by now. */
void tree_remove_parents(int hierarchy, const char *path, uint32_t n)
{
    char parent[4096];

    if (strlen(path) >= sizeof(parent))
        return;
    memcpy(parent, path, strlen(path) + 1);
    for (; n > 0; n--) {
        char *slash = strrchr(parent, '/');

        if (slash == parent || slash == NULL)
            return;
        *slash = '\0';
        if (unlinkat(hierarchy, parent + 1, AT_REMOVEDIR) < 0)
            return;
    }
}

int tree_remove(int hierarchy, const char *path, struct err *e)
{
    CLEANUP_FD int group = -1;

    /* The ordinary case: everybody is gone, and one call is enough. */
    if (unlinkat(hierarchy, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    group = tree_open_group(hierarchy, path);
    if (group < 0)
        return errno == ENOENT ? 0 : err_sys(e, "open the cgroup %s", path);
    if (tree_kill(group) < 0)
        return err_sys(e, "kill the cgroup %s", path);
    tree_wait_for_event(group, "populated 0");
    if (tree_remove_children(group, e) < 0)
        return -1;
    if (remove_directory(hierarchy, path) < 0)
        return err_sys(e, "remove the cgroup %s", path);
    return 0;
}
