/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The figures of a group: texts of its files in, typed figures out, and those as the JSON that
 * readers of `runc events` know. Pure; reading the files is cgroup/stats_read.c.
 *
 * That JSON was made for v1 and has members that v2 cannot fill; they are left out, or zero where
 * readers expect a number. A file that is missing, because its controller is, leaves its figures
 * at zero.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json_types.h"
#include "base/json_write.h"

#define CGROUP_NO_LIMIT UINT64_MAX /* "max" in a file */

/* Pressure stall information, Documentation/accounting/psi.rst. */
struct cgroup_pressure_line {
    uint64_t avg10; /* hundredths of a percent */
    uint64_t avg60;
    uint64_t avg300;
    uint64_t total_us;
};

struct cgroup_pressure {
    bool is_known;
    struct cgroup_pressure_line some;
    struct cgroup_pressure_line full;
};

struct cgroup_figure {
    const char *key;
    uint64_t value;
};

struct cgroup_figures {
    struct cgroup_figure *items;
    size_t count;
    size_t capacity;
};

struct cgroup_io_entry {
    uint64_t major;
    uint64_t minor;
    const char *operation; /* "Read", "Write", "Discard" */
    uint64_t value;
};

struct cgroup_io_entries {
    struct cgroup_io_entry *items;
    size_t count;
    size_t capacity;
};

struct cgroup_huge_pages {
    const char *page_size; /* as in the name of the file: "2MB" */
    uint64_t usage_bytes;
    uint64_t failures;
};

struct cgroup_huge_pages_list {
    struct cgroup_huge_pages *items;
    size_t count;
    size_t capacity;
};

struct cgroup_stats {
    struct arena *arena;

    uint64_t cpu_usage_us;
    uint64_t cpu_user_us;
    uint64_t cpu_system_us;
    uint64_t cpu_periods;
    uint64_t cpu_throttled_periods;
    uint64_t cpu_throttled_us;
    struct cgroup_pressure cpu_pressure;

    struct json_u32s cpus; /* in effect */
    struct json_u32s mems;

    bool has_memory;
    uint64_t memory_bytes;
    uint64_t memory_limit_bytes;
    uint64_t memory_peak_bytes;
    uint64_t memory_failures; /* how often the limit was met */
    uint64_t swap_bytes;
    uint64_t swap_limit_bytes;
    uint64_t swap_failures;
    struct cgroup_figures memory_stat;
    struct cgroup_pressure memory_pressure;

    uint64_t pids;
    uint64_t pids_limit;

    struct cgroup_io_entries io_bytes;
    struct cgroup_io_entries io_operations;
    struct cgroup_pressure io_pressure;

    struct cgroup_huge_pages_list huge_pages;
};

#define CGROUP_STATS_INIT(a) ((struct cgroup_stats){.arena = (a)})

/* The files that cgroup_stats_take() knows, NULL at the end. Those of huge pages are not among
 * them: their names have the page sizes of the host. */
extern const char *const cgroup_stats_files[];

/* Takes over what the content of the file `name` says. Files of other names, and lines that are not
 * understood, are ignored: every kernel has some that are new. */
void cgroup_stats_take(struct cgroup_stats *stats, const char *name, const char *content);

/* The number behind `key` in a flat keyed file such as memory.events; false if it is not there. */
bool cgroup_stats_find(const char *content, const char *key, uint64_t *value);

/* The object "data" of an event of type "stats". */
void cgroup_stats_write(struct json_writer *writer, const struct cgroup_stats *stats);
