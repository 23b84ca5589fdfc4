/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The stream of events. It holds no lock and no state directory: the group's descriptors are all it
 * needs, and the container may be deleted meanwhile. Memory is given back after each line, since a
 * stream may last for years.
 */

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/json_write.h"
#include "cgroup/cgroup.h"
#include "cgroup/watch.h"
#include "lifecycle/status.h"

enum written {
    WRITTEN = 0,
    NOBODY_READS = 1
};

static int write_line(struct strbuf *line, int output, struct err *e)
{
    strbuf_putc(line, '\n');
    if (fd_write_all(output, strbuf_text(line), line->length) == 0)
        return WRITTEN;
    return errno == EPIPE ? NOBODY_READS : err_sys(e, "write an event");
}

/* `stats` NULL: nothing but its type. */
static int write_event(const struct caisson_events_options *options, const char *type,
                       const struct cgroup_stats *stats, struct arena *arena, struct err *e)
{
    struct strbuf line = STRBUF_INIT(arena);
    struct json_writer writer = JSON_WRITER_INIT(&line, JSON_COMPACT);

    json_write_object(&writer);
    json_write_member(&writer, "type", type);
    json_write_member(&writer, "id", options->id);
    if (stats != NULL) {
        json_write_key(&writer, "data");
        cgroup_stats_write(&writer, stats);
    }
    json_write_object_end(&writer);
    return write_line(&line, options->output, e);
}

/* A group that has just gone has no figures, and that is no error: its end is noticed as such. */
static int write_stats(const struct cgroup_watch *watch,
                       const struct caisson_events_options *options, struct err *e)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;
    struct cgroup_stats stats = CGROUP_STATS_INIT(&arena);

    if (!cgroup_watch_stats(watch, &stats))
        return WRITTEN;
    return write_event(options, "stats", &stats, &arena, e);
}

static int write_oom(const struct caisson_events_options *options, struct err *e)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;

    return write_event(options, "oom", NULL, &arena, e);
}

static int make_timer(uint64_t interval_ns, struct err *e)
{
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(interval_ns / 1000000000),
                     .tv_nsec = (long)(interval_ns % 1000000000)},
    };
    CLEANUP_FD int timer = -1;

    when.it_interval = when.it_value;
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (timer < 0 || timerfd_settime(timer, 0, &when, NULL) < 0)
        return err_sys(e, "make a timer");
    return fd_move(&timer);
}

/* One round: waits, and writes what there is. `*is_over` when the stream has come to its end. */
static int watch_once(struct cgroup_watch *watch, const struct caisson_events_options *options,
                      int timer, bool *is_over, struct err *e)
{
    struct pollfd polled[] = {
        {.fd = timer, .events = POLLIN},
        {.fd = watch->events, .events = POLLPRI},
        {.fd = watch->memory_events, .events = POLLPRI},
        {.fd = options->output}, /* tells only that its reader has gone */
    };
    uint64_t expirations;
    unsigned found;
    int result = WRITTEN;

    if (poll(polled, ARRAY_LEN(polled), -1) < 0)
        return errno == EINTR ? 0 : err_sys(e, "wait for events");
    found = cgroup_watch_look(watch);
    if ((found & CGROUP_WATCH_OOM) != 0)
        result = write_oom(options, e);
    if (result == WRITTEN && polled[0].revents != 0 &&
        read(timer, &expirations, sizeof(expirations)) == (ssize_t)sizeof(expirations))
        result = write_stats(watch, options, e);
    *is_over = result != WRITTEN || polled[3].revents != 0 || (found & CGROUP_WATCH_END) != 0;
    return result < 0 ? -1 : 0;
}

static int watch_on(struct cgroup_watch *watch, const struct caisson_events_options *options,
                    struct err *e)
{
    CLEANUP_FD int timer = -1;
    bool is_over = false;

    timer = make_timer(options->interval_ns, e);
    if (timer < 0)
        return -1;
    while (!is_over)
        if (watch_once(watch, options, timer, &is_over, e) < 0)
            return -1;
    return 0;
}

/* Opens the container's group for watching. */
static int open_watch(const struct caisson *caisson, const char *id, struct cgroup_watch *watch,
                      struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    const char *cgroup;
    int found;

    if (container_require(&container, caisson, id, CONTAINER_LOOK, e) < 0 ||
        transition_check(container.status, VERB_WATCH, id, e) < 0)
        return -1;
    cgroup = container_require_cgroup(&container, e);
    if (cgroup == NULL)
        return -1;
    found = cgroup_watch_open(watch, cgroup, e);
    if (found == CGROUP_WATCH_GONE)
        return transition_check(STATUS_STOPPED, VERB_WATCH, id, e);
    return found;
}

int caisson_events(const struct caisson *caisson, const struct caisson_events_options *options,
                   struct err *e)
{
    CLEANUP(cgroup_watch_release) struct cgroup_watch watch = CGROUP_WATCH_INIT;

    if (open_watch(caisson, options->id, &watch, e) < 0)
        return -1;
    if (options->is_once)
        return write_stats(&watch, options, e) < 0 ? -1 : 0;
    return watch_on(&watch, options, e);
}
