/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A group as it is watched: its figures, and what happens to it. Works on descriptors, so a group
 * that is made later under the same name is never mistaken for it. */

#include "base/err.h"
#include "cgroup/stats.h"

struct cgroup_watch {
    int group;
    int events;        /* cgroup.events */
    int memory_events; /* -1 without the controller */
    uint64_t oom_kills;
};

#define CGROUP_WATCH_INIT ((struct cgroup_watch){.group = -1, .events = -1, .memory_events = -1})

void cgroup_watch_release(struct cgroup_watch *watch);

enum cgroup_watch_found {
    CGROUP_WATCHED = 0,
    CGROUP_WATCH_GONE = 1
};
MUST_CHECK int cgroup_watch_open(struct cgroup_watch *watch, const char *path, struct err *e);

enum cgroup_watch_event {
    CGROUP_WATCH_OOM = 1 << 0, /* processes were killed for lack of memory since the last look */
    CGROUP_WATCH_END = 1 << 1, /* nobody is in the group any more */
};
/* What has happened, a set of the above. `events` and `memory_events` become ready for POLLPRI when
 * it is worth asking again. */
unsigned cgroup_watch_look(struct cgroup_watch *watch);

/* The figures now; false if the group is gone. */
MUST_CHECK bool cgroup_watch_stats(const struct cgroup_watch *watch, struct cgroup_stats *stats);
