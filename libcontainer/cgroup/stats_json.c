/* SPDX-License-Identifier: Apache-2.0 */

/* The layout is that of runc's package types/events: its names, its order, and members left out
 * where it leaves them out, when they are zero. */

#include <string.h>

#include "base/macros.h"
#include "cgroup/stats.h"

/* ---- pieces --------------------------------------------------------------------------------------------- */

static void write_number(struct json_writer *writer, const char *key, uint64_t value)
{
    json_write_key(writer, key);
    json_write_u64(writer, value);
}

static void write_if_any(struct json_writer *writer, const char *key, uint64_t value)
{
    if (value != 0)
        write_number(writer, key, value);
}

static uint64_t add(uint64_t left, uint64_t right)
{
    uint64_t sum;

    return __builtin_add_overflow(left, right, &sum) ? UINT64_MAX : sum;
}

static uint64_t nanoseconds(uint64_t microseconds)
{
    uint64_t product;

    return __builtin_mul_overflow(microseconds, 1000, &product) ? UINT64_MAX : product;
}

static void write_pressure_line(struct json_writer *writer, const char *key,
                                const struct cgroup_pressure_line *line)
{
    json_write_key(writer, key);
    json_write_object(writer);
    json_write_key(writer, "avg10");
    json_write_hundredths(writer, line->avg10);
    json_write_key(writer, "avg60");
    json_write_hundredths(writer, line->avg60);
    json_write_key(writer, "avg300");
    json_write_hundredths(writer, line->avg300);
    write_number(writer, "total", line->total_us);
    json_write_object_end(writer);
}

static void write_pressure(struct json_writer *writer, const struct cgroup_pressure *pressure)
{
    if (!pressure->is_known)
        return;
    json_write_key(writer, "psi");
    json_write_object(writer);
    write_pressure_line(writer, "some", &pressure->some);
    write_pressure_line(writer, "full", &pressure->full);
    json_write_object_end(writer);
}

/* ---- cpu, cpuset ---------------------------------------------------------------------------------------- */

static void write_cpu(struct json_writer *writer, const struct cgroup_stats *stats)
{
    json_write_key(writer, "cpu");
    json_write_object(writer);
    json_write_key(writer, "usage");
    json_write_object(writer);
    write_if_any(writer, "total", nanoseconds(stats->cpu_usage_us));
    write_number(writer, "kernel", nanoseconds(stats->cpu_system_us));
    write_number(writer, "user", nanoseconds(stats->cpu_user_us));
    json_write_object_end(writer);
    json_write_key(writer, "throttling");
    json_write_object(writer);
    write_if_any(writer, "periods", stats->cpu_periods);
    write_if_any(writer, "throttledPeriods", stats->cpu_throttled_periods);
    write_if_any(writer, "throttledTime", nanoseconds(stats->cpu_throttled_us));
    json_write_object_end(writer);
    write_pressure(writer, &stats->cpu_pressure);
    json_write_object_end(writer);
}

static void write_list(struct json_writer *writer, const char *key, const struct json_u32s *list)
{
    if (list->count == 0)
        return;
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < list->count; i++)
        json_write_u64(writer, list->items[i]);
    json_write_array_end(writer);
}

/* What v2 has no files for is 0. */
static void write_cpuset(struct json_writer *writer, const struct cgroup_stats *stats)
{
    static const char *const gone[] = {
        "mem_hardwall",       "mem_exclusive",   "memory_migrate",     "memory_spread_page",
        "memory_spread_slab", "memory_pressure", "sched_load_balance", "sched_relax_domain_level",
    };

    json_write_key(writer, "cpuset");
    json_write_object(writer);
    write_list(writer, "cpus", &stats->cpus);
    write_number(writer, "cpu_exclusive", 0);
    write_list(writer, "mems", &stats->mems);
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        write_number(writer, gone[i], 0);
    json_write_object_end(writer);
}

/* ---- memory --------------------------------------------------------------------------------------------- */

struct memory_entry {
    uint64_t limit;
    uint64_t usage;
    uint64_t max;
    uint64_t failures;
};

static void write_memory_entry(struct json_writer *writer, const char *key,
                               struct memory_entry entry)
{
    json_write_key(writer, key);
    json_write_object(writer);
    write_number(writer, "limit", entry.limit);
    write_if_any(writer, "usage", entry.usage);
    write_if_any(writer, "max", entry.max);
    write_number(writer, "failcnt", entry.failures);
    json_write_object_end(writer);
}

static uint64_t memory_stat(const struct cgroup_stats *stats, const char *key)
{
    for (size_t i = 0; i < stats->memory_stat.count; i++)
        if (strcmp(stats->memory_stat.items[i].key, key) == 0)
            return stats->memory_stat.items[i].value;
    return 0;
}

/* Readers know swap from v1, where it was memory and swap together. A highest value of the two
 * together cannot be made of the two highest. */
static struct memory_entry swap_entry(const struct cgroup_stats *stats)
{
    bool is_limited =
        stats->memory_limit_bytes != CGROUP_NO_LIMIT && stats->swap_limit_bytes != CGROUP_NO_LIMIT;

    return (struct memory_entry){
        .limit =
            is_limited ? add(stats->memory_limit_bytes, stats->swap_limit_bytes) : CGROUP_NO_LIMIT,
        .usage = add(stats->memory_bytes, stats->swap_bytes),
        .failures = stats->swap_failures,
    };
}

static void write_memory(struct json_writer *writer, const struct cgroup_stats *stats)
{
    struct memory_entry usage = {
        .limit = stats->memory_limit_bytes,
        .usage = stats->memory_bytes,
        .max = stats->memory_peak_bytes,
        .failures = stats->memory_failures,
    };
    struct memory_entry swap = swap_entry(stats);
    /* Part of the whole, and without a limit of their own. */
    struct memory_entry kernel = {CGROUP_NO_LIMIT, memory_stat(stats, "kernel"), 0, 0};
    struct memory_entry tcp = {CGROUP_NO_LIMIT, memory_stat(stats, "sock"), 0, 0};
    struct memory_entry nothing = {.limit = 0};

    json_write_key(writer, "memory");
    json_write_object(writer);
    write_if_any(writer, "cache", memory_stat(stats, "file"));
    write_memory_entry(writer, "usage", usage);
    write_memory_entry(writer, "swap", stats->has_memory ? swap : nothing);
    write_memory_entry(writer, "kernel", stats->has_memory ? kernel : nothing);
    write_memory_entry(writer, "kernelTCP", stats->has_memory ? tcp : nothing);
    if (stats->memory_stat.count != 0) {
        json_write_key(writer, "raw");
        json_write_object(writer);
        for (size_t i = 0; i < stats->memory_stat.count; i++)
            write_number(writer, stats->memory_stat.items[i].key,
                         stats->memory_stat.items[i].value);
        json_write_object_end(writer);
    }
    write_pressure(writer, &stats->memory_pressure);
    json_write_object_end(writer);
}

/* ---- the rest ------------------------------------------------------------------------------------------- */

/* No limit is told by leaving it out, here alone: so it was before there was a word for it. */
static void write_pids(struct json_writer *writer, const struct cgroup_stats *stats)
{
    json_write_key(writer, "pids");
    json_write_object(writer);
    write_if_any(writer, "current", stats->pids);
    write_if_any(writer, "limit", stats->pids_limit != CGROUP_NO_LIMIT ? stats->pids_limit : 0);
    json_write_object_end(writer);
}

static void write_io_entries(struct json_writer *writer, const char *key,
                             const struct cgroup_io_entries *entries)
{
    if (entries->count == 0)
        return;
    json_write_key(writer, key);
    json_write_array(writer);
    for (size_t i = 0; i < entries->count; i++) {
        const struct cgroup_io_entry *entry = &entries->items[i];

        json_write_object(writer);
        write_if_any(writer, "major", entry->major);
        write_if_any(writer, "minor", entry->minor);
        json_write_member(writer, "op", entry->operation);
        write_if_any(writer, "value", entry->value);
        json_write_object_end(writer);
    }
    json_write_array_end(writer);
}

static void write_io(struct json_writer *writer, const struct cgroup_stats *stats)
{
    json_write_key(writer, "blkio");
    json_write_object(writer);
    write_io_entries(writer, "ioServiceBytesRecursive", &stats->io_bytes);
    write_io_entries(writer, "ioServicedRecursive", &stats->io_operations);
    write_pressure(writer, &stats->io_pressure);
    json_write_object_end(writer);
}

static void write_huge_pages(struct json_writer *writer, const struct cgroup_stats *stats)
{
    json_write_key(writer, "hugetlb");
    json_write_object(writer);
    for (size_t i = 0; i < stats->huge_pages.count; i++) {
        const struct cgroup_huge_pages *huge_pages = &stats->huge_pages.items[i];

        json_write_key(writer, huge_pages->page_size);
        json_write_object(writer);
        write_if_any(writer, "usage", huge_pages->usage_bytes);
        write_number(writer, "failcnt", huge_pages->failures);
        json_write_object_end(writer);
    }
    json_write_object_end(writer);
}

void cgroup_stats_write(struct json_writer *writer, const struct cgroup_stats *stats)
{
    json_write_object(writer);
    write_cpu(writer, stats);
    write_cpuset(writer, stats);
    write_memory(writer, stats);
    write_pids(writer, stats);
    write_io(writer, stats);
    write_huge_pages(writer, stats);
    json_write_key(writer, "intel_rdt");
    json_write_object(writer);
    json_write_object_end(writer);
    json_write_key(writer, "network_interfaces");
    json_write_null(writer);
    json_write_object_end(writer);
}
