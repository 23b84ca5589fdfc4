/* SPDX-License-Identifier: Apache-2.0 */

/* Options become the JSON document that --resources would have brought: one way in, and the same
 * checks for both. */

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json_write.h"
#include "base/log.h"
#include "base/str.h"
#include "commands.h"
#include "values.h"

#define UPDATE_TEXT(member) OPTION_TEXT, offsetof(struct options, update.member)

static const struct option_row update_rows[] = {
    {"resources", 'r', UPDATE_TEXT(resources), "FILE",
     "linux.resources as JSON, - for standard input; all other options are ignored then"},
    {"memory", 0, UPDATE_TEXT(memory), "BYTES", "limit of memory, such as 50M; -1: none"},
    {"memory-reservation", 0, UPDATE_TEXT(memory_reservation), "BYTES",
     "memory that is reclaimed last"},
    {"memory-swap", 0, UPDATE_TEXT(memory_swap), "BYTES",
     "limit of memory and swap together; -1: none"},
    {"cpu-share", 0, UPDATE_TEXT(cpu_share), "N", "weight, 2 to 262144"},
    {"cpu-period", 0, UPDATE_TEXT(cpu_period), "US", "period of --cpu-quota"},
    {"cpu-quota", 0, UPDATE_TEXT(cpu_quota), "US", "processor time in each period; -1: no limit"},
    {"cpu-burst", 0, UPDATE_TEXT(cpu_burst), "US", "unused quota that may be saved up"},
    {"cpu-idle", 0, UPDATE_TEXT(cpu_idle), "0|1", "1: run only when nobody else wants to"},
    {"cpuset-cpus", 0, UPDATE_TEXT(cpuset_cpus), "LIST", "processors, such as 0-3,7"},
    {"cpuset-mems", 0, UPDATE_TEXT(cpuset_mems), "LIST", "memory nodes"},
    {"pids-limit", 0, UPDATE_TEXT(pids_limit), "N", "number of processes; -1: no limit"},
    {"blkio-weight", 0, UPDATE_TEXT(blkio_weight), "N", "weight of block I/O, 10 to 1000"},
    {"cpu-rt-period", 0, UPDATE_TEXT(cpu_rt_period), "US", NULL},
    {"cpu-rt-runtime", 0, UPDATE_TEXT(cpu_rt_runtime), "US", NULL},
    {"kernel-memory", 0, UPDATE_TEXT(kernel_memory), "BYTES", NULL},
    {"kernel-memory-tcp", 0, UPDATE_TEXT(kernel_memory_tcp), "BYTES", NULL},
    {"l3-cache-schema", 0, UPDATE_TEXT(l3_cache_schema), "TEXT", NULL},
    {"mem-bw-schema", 0, UPDATE_TEXT(mem_bw_schema), "TEXT", NULL},
    OPTION_ROW_END,
};

/* ---- options to JSON ------------------------------------------------------------------------------------ */

enum value_kind {
    VALUE_BYTES, /* or -1 */
    VALUE_SIGNED,
    VALUE_UNSIGNED,
    VALUE_WORDS,
};

static const char *const expected[] = {
    [VALUE_BYTES] = "a number of bytes such as 52428800 or 50M, or -1",
    [VALUE_SIGNED] = "an integer",
    [VALUE_UNSIGNED] = "a natural number",
    [VALUE_WORDS] = NULL,
};

/* Rows of one section stand together. */
static const struct setting {
    const char *option;
    size_t offset;
    const char *section;
    const char *key;
    enum value_kind kind;
} settings[] = {
#define SETTING(option, member, section, key, kind)                                                \
    {                                                                                              \
        option, offsetof(struct options, update.member), section, key, kind                        \
    }
    SETTING("memory", memory, "memory", "limit", VALUE_BYTES),
    SETTING("memory-reservation", memory_reservation, "memory", "reservation", VALUE_BYTES),
    SETTING("memory-swap", memory_swap, "memory", "swap", VALUE_BYTES),
    SETTING("cpu-share", cpu_share, "cpu", "shares", VALUE_UNSIGNED),
    SETTING("cpu-period", cpu_period, "cpu", "period", VALUE_UNSIGNED),
    SETTING("cpu-quota", cpu_quota, "cpu", "quota", VALUE_SIGNED),
    SETTING("cpu-burst", cpu_burst, "cpu", "burst", VALUE_UNSIGNED),
    SETTING("cpu-idle", cpu_idle, "cpu", "idle", VALUE_SIGNED),
    SETTING("cpu-rt-period", cpu_rt_period, "cpu", "realtimePeriod", VALUE_UNSIGNED),
    SETTING("cpu-rt-runtime", cpu_rt_runtime, "cpu", "realtimeRuntime", VALUE_SIGNED),
    SETTING("cpuset-cpus", cpuset_cpus, "cpu", "cpus", VALUE_WORDS),
    SETTING("cpuset-mems", cpuset_mems, "cpu", "mems", VALUE_WORDS),
    SETTING("pids-limit", pids_limit, "pids", "limit", VALUE_SIGNED),
    SETTING("blkio-weight", blkio_weight, "blockIO", "weight", VALUE_UNSIGNED),
#undef SETTING
};

static const char *text_of(const struct options *options, size_t offset)
{
    const char *text;

    memcpy(&text, (const char *)options + offset, sizeof(text));
    return text;
}

static int write_value(struct json_writer *writer, const struct setting *setting, const char *text,
                       struct err *e)
{
    int64_t number = -1;
    uint64_t natural = 0;
    bool is_good = true;

    switch (setting->kind) {
    case VALUE_BYTES:
        is_good = strcmp(text, "-1") == 0 || value_parse_bytes(text, &number);
        json_write_i64(writer, number);
        break;
    case VALUE_SIGNED:
        is_good = str_parse_i64(text, strlen(text), &number);
        json_write_i64(writer, number);
        break;
    case VALUE_UNSIGNED:
        is_good = str_parse_u64(text, strlen(text), &natural);
        json_write_u64(writer, natural);
        break;
    case VALUE_WORDS:
        json_write_string(writer, text);
        break;
    }
    if (is_good)
        return 0;
    return err_usage(e, "--%s %s: expected %s", setting->option, text, expected[setting->kind]);
}

static int write_settings(struct json_writer *writer, const struct options *options, struct err *e)
{
    const char *section = NULL;

    json_write_object(writer);
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        const char *text = text_of(options, setting->offset);

        /* An empty value is none, for scripts that pass on what they do not have. */
        if (str_is_empty(text))
            continue;
        if (section == NULL || strcmp(section, setting->section) != 0) {
            if (section != NULL)
                json_write_object_end(writer);
            section = setting->section;
            json_write_key(writer, section);
            json_write_object(writer);
        }
        json_write_key(writer, setting->key);
        if (write_value(writer, setting, text, e) < 0)
            return -1;
    }
    if (section != NULL)
        json_write_object_end(writer);
    json_write_object_end(writer);
    return 0;
}

/* What v2 does not have: of kernel memory nothing is lost, it counts as memory. */
static int judge_others(const struct update_options *update, struct err *e)
{
    if (!str_is_empty(update->kernel_memory) || !str_is_empty(update->kernel_memory_tcp))
        log_warn("--kernel-memory has no effect: in cgroup v2 it is part of --memory");
    if (!str_is_empty(update->l3_cache_schema) || !str_is_empty(update->mem_bw_schema))
        return err_unsupported(e, "--%s is not supported: containers have no intelRdt",
                               !str_is_empty(update->l3_cache_schema) ? "l3-cache-schema"
                                                                      : "mem-bw-schema");
    return 0;
}

/* ---- the document --------------------------------------------------------------------------------------- */

static int read_document(const struct caisson *caisson, const char *path, char **json, size_t *size,
                         struct err *e)
{
    CLEANUP_FD int file = -1;
    bool is_standard_input = strcmp(path, "-") == 0;

    if (!is_standard_input) {
        file = fd_open_regular(AT_FDCWD, path, e);
        if (file < 0)
            return -1;
    }
    return fd_read_all(is_standard_input ? STDIN_FILENO : file, caisson->arena,
                       JSON_DOCUMENT_MAX_BYTES, json, size, e);
}

static int update_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    const char *id = options->operands[0];
    struct strbuf text = STRBUF_INIT(caisson->arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);
    char *json;
    size_t size;

    if (options->update.resources != NULL) {
        if (read_document(caisson, options->update.resources, &json, &size, e) < 0)
            return err_context(e, "--resources %s", options->update.resources);
        return caisson_update(caisson, id, json, size, e);
    }
    if (judge_others(&options->update, e) < 0 || write_settings(&writer, options, e) < 0)
        return -1;
    return caisson_update(caisson, id, strbuf_text(&text), text.length, e);
}

const struct command cmd_update = {
    .name = "update",
    .summary = "change the limits of a container",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = update_rows,
    .run = update_run,
};
