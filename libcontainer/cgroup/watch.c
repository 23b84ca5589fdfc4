/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The kernel announces changes of cgroup.events and memory.events by POLLPRI on a file that is held
 * open, and counts: what has changed between reading and polling makes the poll return at once
 * (kernfs_fop_poll). So nothing is missed and nothing is asked for on a timer.
 */

#include "cgroup/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/tree.h"

void cgroup_watch_release(struct cgroup_watch *watch)
{
    fd_close(&watch->memory_events);
    fd_close(&watch->events);
    fd_close(&watch->group);
}

/* The file from its beginning; false when the group is gone. */
static bool read_again(int file, char *text, size_t size)
{
    ssize_t got = file >= 0 ? pread(file, text, size - 1, 0) : -1;

    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

unsigned cgroup_watch_look(struct cgroup_watch *watch)
{
    char text[1024];
    uint64_t number = 0;
    unsigned found = 0;

    /* In this order: the last thing that happens to a group may be that memory ran out. */
    if (!read_again(watch->events, text, sizeof(text)) ||
        !cgroup_stats_find(text, "populated", &number) || number == 0)
        found |= CGROUP_WATCH_END;
    if (read_again(watch->memory_events, text, sizeof(text)) &&
        cgroup_stats_find(text, "oom_kill", &number)) {
        if (number > watch->oom_kills)
            found |= CGROUP_WATCH_OOM;
        watch->oom_kills = number;
    }
    return found;
}

int cgroup_watch_open(struct cgroup_watch *watch, const char *path, struct err *e)
{
    int found = tree_open_path(path, &watch->group, e);

    if (found != TREE_FOUND)
        return found < 0 ? -1 : CGROUP_WATCH_GONE;
    watch->events = tree_open_file(watch->group, "cgroup.events", O_RDONLY);
    if (watch->events < 0)
        return errno == ENOENT || errno == ENODEV ? CGROUP_WATCH_GONE
                                                  : err_sys(e, "open cgroup.events of %s", path);
    watch->memory_events = tree_open_file(watch->group, "memory.events", O_RDONLY);
    /* What was counted before is not news. */
    return (cgroup_watch_look(watch) & CGROUP_WATCH_END) != 0 ? CGROUP_WATCH_GONE : CGROUP_WATCHED;
}
