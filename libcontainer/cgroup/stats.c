/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/stats.h"

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/str.h"

enum {
    CPU_LIST_MAX = 1 << 16 /* longest list of numbers that is taken */
};

/* ---- words and lines ------------------------------------------------------------------------------------ */

struct word {
    const char *text;
    size_t length;
};

/* The next word before the end of the line; *at is moved behind it. Length 0: there is none. */
static struct word next_word(const char **at)
{
    struct word word;

    *at += strspn(*at, " \t");
    word.text = *at;
    word.length = strcspn(*at, " \t\n");
    *at += word.length;
    return word;
}

static const char *next_line(const char *at)
{
    at += strcspn(at, "\n");
    return *at == '\n' ? at + 1 : at;
}

static bool is_word(struct word word, const char *text)
{
    return strlen(text) == word.length && strncmp(word.text, text, word.length) == 0;
}

static bool number_of(struct word word, uint64_t *value)
{
    if (is_word(word, "max")) {
        *value = CGROUP_NO_LIMIT;
        return true;
    }
    return str_parse_u64(word.text, word.length, value);
}

/* "key=value"; the value stays where it is. */
static bool split_pair(struct word word, struct word *key, struct word *value)
{
    const char *equals = memchr(word.text, '=', word.length);

    if (equals == NULL)
        return false;
    *key = (struct word){word.text, (size_t)(equals - word.text)};
    *value = (struct word){equals + 1, word.length - key->length - 1};
    return true;
}

bool cgroup_stats_find(const char *content, const char *key, uint64_t *value)
{
    for (const char *line = content; *line != '\0'; line = next_line(line)) {
        const char *at = line;

        if (is_word(next_word(&at), key))
            return number_of(next_word(&at), value);
    }
    return false;
}

/* ---- files of one kind each ----------------------------------------------------------------------------- */

static uint64_t *member_of(struct cgroup_stats *stats, size_t offset)
{
    return (uint64_t *)(void *)((char *)stats + offset);
}

static void take_number(struct cgroup_stats *stats, size_t offset, const char *content)
{
    number_of(next_word(&content), member_of(stats, offset));
}

static void take_memory_current(struct cgroup_stats *stats, size_t offset, const char *content)
{
    stats->has_memory = number_of(next_word(&content), member_of(stats, offset));
}

/* The line "max" of the files that count events. */
static void take_max_events(struct cgroup_stats *stats, size_t offset, const char *content)
{
    cgroup_stats_find(content, "max", member_of(stats, offset));
}

static void take_cpu_stat(struct cgroup_stats *stats, size_t offset, const char *content)
{
    static const struct {
        const char *key;
        size_t offset;
    } keys[] = {
        {"usage_usec", offsetof(struct cgroup_stats, cpu_usage_us)},
        {"user_usec", offsetof(struct cgroup_stats, cpu_user_us)},
        {"system_usec", offsetof(struct cgroup_stats, cpu_system_us)},
        {"nr_periods", offsetof(struct cgroup_stats, cpu_periods)},
        {"nr_throttled", offsetof(struct cgroup_stats, cpu_throttled_periods)},
        {"throttled_usec", offsetof(struct cgroup_stats, cpu_throttled_us)},
    };

    (void)offset;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        cgroup_stats_find(content, keys[i].key, member_of(stats, keys[i].offset));
}

static void take_memory_stat(struct cgroup_stats *stats, size_t offset, const char *content)
{
    (void)offset;
    for (; *content != '\0'; content = next_line(content)) {
        const char *at = content;
        struct word key = next_word(&at);
        uint64_t value;

        if (key.length != 0 && number_of(next_word(&at), &value))
            *ARENA_PUSH(stats->arena, &stats->memory_stat) = (struct cgroup_figure){
                .key = arena_strndup(stats->arena, key.text, key.length), .value = value};
    }
}

/* "12.34" in hundredths. */
static bool hundredths_of(struct word word, uint64_t *value)
{
    const char *point = memchr(word.text, '.', word.length);
    size_t length = point != NULL ? (size_t)(point - word.text) : 0;
    uint64_t whole;

    if (point == NULL || word.length != length + 3 || !str_parse_u64(word.text, length, &whole) ||
        whole > UINT32_MAX || point[1] < '0' || point[1] > '9' || point[2] < '0' || point[2] > '9')
        return false;
    *value = whole * 100 + (uint64_t)(point[1] - '0') * 10 + (uint64_t)(point[2] - '0');
    return true;
}

static void take_pressure_line(struct cgroup_pressure_line *line, const char *at)
{
    struct word word;

    while ((word = next_word(&at)).length != 0) {
        struct word key;
        struct word value;

        if (!split_pair(word, &key, &value))
            continue;
        if (is_word(key, "avg10"))
            hundredths_of(value, &line->avg10);
        else if (is_word(key, "avg60"))
            hundredths_of(value, &line->avg60);
        else if (is_word(key, "avg300"))
            hundredths_of(value, &line->avg300);
        else if (is_word(key, "total"))
            number_of(value, &line->total_us);
    }
}

static void take_pressure(struct cgroup_stats *stats, size_t offset, const char *content)
{
    struct cgroup_pressure *pressure = (struct cgroup_pressure *)(void *)((char *)stats + offset);

    for (; *content != '\0'; content = next_line(content)) {
        const char *at = content;
        struct word word = next_word(&at);

        if (is_word(word, "some"))
            take_pressure_line(&pressure->some, at);
        else if (is_word(word, "full"))
            take_pressure_line(&pressure->full, at);
        else
            continue;
        pressure->is_known = true;
    }
}

/* "0-3,7" */
static void take_list(struct cgroup_stats *stats, size_t offset, const char *content)
{
    struct json_u32s *list = (struct json_u32s *)(void *)((char *)stats + offset);

    while (*content != '\0' && *content != '\n') {
        size_t length = strcspn(content, ",\n");
        const char *dash = memchr(content, '-', length);
        size_t first_length = dash != NULL ? (size_t)(dash - content) : length;
        uint64_t first;
        uint64_t last;

        if (!str_parse_u64(content, first_length, &first))
            return;
        last = first;
        if (dash != NULL && !str_parse_u64(dash + 1, length - first_length - 1, &last))
            return;
        for (; first <= last && first < CPU_LIST_MAX && list->count < CPU_LIST_MAX; first++)
            *ARENA_PUSH(stats->arena, list) = (uint32_t)first;
        content += length;
        content += *content == ',';
    }
}

/* ---- io.stat -------------------------------------------------------------------------------------------- */

static bool device_of(struct word word, struct cgroup_io_entry *entry)
{
    const char *colon = memchr(word.text, ':', word.length);
    size_t length = colon != NULL ? (size_t)(colon - word.text) : 0;

    return colon != NULL && str_parse_u64(word.text, length, &entry->major) &&
           str_parse_u64(colon + 1, word.length - length - 1, &entry->minor);
}

static void take_io_figure(struct cgroup_stats *stats, struct cgroup_io_entry entry,
                           struct word key)
{
    static const struct {
        const char *key;
        const char *operation;
        bool is_bytes;
    } keys[] = {
        {"rbytes", "Read", true}, {"wbytes", "Write", true}, {"dbytes", "Discard", true},
        {"rios", "Read", false},  {"wios", "Write", false},  {"dios", "Discard", false},
    };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (!is_word(key, keys[i].key))
            continue;
        entry.operation = keys[i].operation;
        if (keys[i].is_bytes)
            *ARENA_PUSH(stats->arena, &stats->io_bytes) = entry;
        else
            *ARENA_PUSH(stats->arena, &stats->io_operations) = entry;
    }
}

static void take_io_stat(struct cgroup_stats *stats, size_t offset, const char *content)
{
    (void)offset;
    for (; *content != '\0'; content = next_line(content)) {
        const char *at = content;
        struct cgroup_io_entry entry = {.value = 0};
        struct word word;

        if (!device_of(next_word(&at), &entry))
            continue;
        while ((word = next_word(&at)).length != 0) {
            struct word key;
            struct word value;

            if (split_pair(word, &key, &value) && number_of(value, &entry.value))
                take_io_figure(stats, entry, key);
        }
    }
}

/* ---- huge pages ----------------------------------------------------------------------------------------- */

static struct cgroup_huge_pages *huge_pages_of(struct cgroup_stats *stats, const char *page_size,
                                               size_t length)
{
    struct cgroup_huge_pages_list *list = &stats->huge_pages;

    for (size_t i = 0; i < list->count; i++)
        if (strlen(list->items[i].page_size) == length &&
            strncmp(list->items[i].page_size, page_size, length) == 0)
            return &list->items[i];
    *ARENA_PUSH(stats->arena, list) =
        (struct cgroup_huge_pages){.page_size = arena_strndup(stats->arena, page_size, length)};
    return &list->items[list->count - 1];
}

/* "hugetlb.2MB.current", "hugetlb.2MB.events"; more points: reservations and others. */
static void take_huge_pages(struct cgroup_stats *stats, const char *name, const char *content)
{
    const char *page_size = name + strlen("hugetlb.");
    size_t length = strcspn(page_size, ".");
    struct cgroup_huge_pages *huge_pages;

    if (strcmp(page_size + length, ".current") == 0) {
        huge_pages = huge_pages_of(stats, page_size, length);
        number_of(next_word(&content), &huge_pages->usage_bytes);
    } else if (strcmp(page_size + length, ".events") == 0) {
        huge_pages = huge_pages_of(stats, page_size, length);
        cgroup_stats_find(content, "max", &huge_pages->failures);
    }
}

/* ---- by name -------------------------------------------------------------------------------------------- */

#define STATS_FILES(ROW)                                                                           \
    ROW("cpu.stat", take_cpu_stat, arena)                                                          \
    ROW("cpu.pressure", take_pressure, cpu_pressure)                                               \
    ROW("cpuset.cpus.effective", take_list, cpus)                                                  \
    ROW("cpuset.mems.effective", take_list, mems)                                                  \
    ROW("memory.current", take_memory_current, memory_bytes)                                       \
    ROW("memory.max", take_number, memory_limit_bytes)                                             \
    ROW("memory.peak", take_number, memory_peak_bytes)                                             \
    ROW("memory.events", take_max_events, memory_failures)                                         \
    ROW("memory.swap.current", take_number, swap_bytes)                                            \
    ROW("memory.swap.max", take_number, swap_limit_bytes)                                          \
    ROW("memory.swap.events", take_max_events, swap_failures)                                      \
    ROW("memory.stat", take_memory_stat, memory_stat)                                              \
    ROW("memory.pressure", take_pressure, memory_pressure)                                         \
    ROW("pids.current", take_number, pids)                                                         \
    ROW("pids.max", take_number, pids_limit)                                                       \
    ROW("io.stat", take_io_stat, io_bytes)                                                         \
    ROW("io.pressure", take_pressure, io_pressure)

static const struct {
    const char *name;
    void (*take)(struct cgroup_stats *stats, size_t offset, const char *content);
    size_t offset;
} files[] = {
#define FILE_ROW(name, take, member) {name, take, offsetof(struct cgroup_stats, member)},
    STATS_FILES(FILE_ROW)
#undef FILE_ROW
};

const char *const cgroup_stats_files[] = {
#define FILE_NAME(name, take, member) name,
    STATS_FILES(FILE_NAME)
#undef FILE_NAME
        NULL,
};

void cgroup_stats_take(struct cgroup_stats *stats, const char *name, const char *content)
{
    if (str_starts_with(name, "hugetlb.")) {
        take_huge_pages(stats, name, content);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (strcmp(files[i].name, name) == 0)
            files[i].take(stats, files[i].offset, content);
}
