/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The systemd driver, what is decided: the scope unit that "slice:prefix:name" stands for, and the
 * properties that it gets.
 *
 * Properties of limits are made from the CGROUP_WRITE rows, which say all of them in the words of
 * the kernel already: so a property and a file cannot disagree, whether a limit came from a typed
 * field or from "unified". The files are written all the same, since some have no property and some
 * properties are coarser than their file (CPUQuotaPerSecUSec counts in hundredths). The properties
 * are what survives `systemctl daemon-reload`.
 *
 * Annotations org.systemd.property.NAME add properties from a closed table: none of them executes
 * anything, changes another unit or lifts a limit, whoever wrote the annotation.
 */

#include <string.h>

#include "cgroup/cgroup.h"
#include "cgroup/unit.h"

/* ---- the unit ------------------------------------------------------------------------------------------- */

static void refuse(struct compile *compile, const char *cure, const char *text)
{
    findings_add(compile->findings, SEVERITY_REFUSE, "cgroup-path-systemd",
                 compile_pointer(compile, compile->linux_section->origin, "cgroupsPath"), cure,
                 "%s", text);
}

/* systemd.unit(5): letters, digits, ":-_.\" and "@". */
static bool is_unit_name(const char *name)
{
    size_t length = strlen(name);

    return length > 0 && length <= 255 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@") ==
               length;
}

/* Each dash is a level: "a-b.slice" lives in "a.slice". */
static bool is_slice_name(const char *name)
{
    size_t length = strlen(name);

    return is_unit_name(name) && length > strlen(".slice") &&
           strcmp(name + length - strlen(".slice"), ".slice") == 0 && name[0] != '-' &&
           name[length - strlen(".slice") - 1] != '-' && strstr(name, "--") == NULL;
}

/* "/a.slice/a-b.slice" of "a-b.slice"; nothing of the root slice. */
static const char *slice_path(struct arena *arena, const char *slice)
{
    struct strbuf path = STRBUF_INIT(arena);
    size_t stem = strlen(slice) - strlen(".slice");

    if (strcmp(slice, "-.slice") == 0)
        return "";
    for (size_t i = 1; i <= stem; i++)
        if (i == stem || slice[i] == '-')
            strbuf_printf(&path, "/%.*s.slice", (int)i, slice);
    return strbuf_text(&path);
}

struct unit_words {
    const char *slice;
    const char *prefix;
    const char *name;
};

static bool split_path(struct compile *compile, struct unit_words *words)
{
    const char *given = compile->linux_section->cgroups_path;
    const char *first;
    const char *second;

    *words = (struct unit_words){.slice = "", .prefix = "caisson", .name = compile->options->id};
    if (str_is_empty(given))
        return true;
    first = strchr(given, ':');
    second = first != NULL ? strchr(first + 1, ':') : NULL;
    if (second == NULL || strchr(second + 1, ':') != NULL) {
        refuse(compile, "the form slice:prefix:name, or the cgroupfs driver",
               "the systemd driver makes units, not paths");
        return false;
    }
    words->slice = arena_strndup(compile->arena, given, (size_t)(first - given));
    words->prefix = arena_strndup(compile->arena, first + 1, (size_t)(second - first - 1));
    words->name = second + 1;
    return true;
}

/* Root of a user namespace is a user to the manager. */
static bool is_for_system(const struct facts *facts)
{
    return facts->euid == 0 && facts->in_initial_userns;
}

static const char *choose_slice(struct compile *compile, const char *given)
{
    if (given[0] == '\0')
        return is_for_system(compile->facts) ? "system.slice" : "user.slice";
    if (strcmp(given, "-") == 0 || strcmp(given, "-.slice") == 0)
        return "-.slice";
    if (is_slice_name(given))
        return given;
    refuse(compile, "a name such as machine.slice", "the first part is no name of a slice");
    return NULL;
}

static const char *choose_name(struct compile *compile, const struct unit_words *words)
{
    size_t length = strlen(words->name);
    const char *name;

    if (length >= strlen(".slice") &&
        strcmp(words->name + length - strlen(".slice"), ".slice") == 0) {
        refuse(compile, "a name without \".slice\"", "a slice holds units, but no processes");
        return NULL;
    }
    name = words->prefix[0] != '\0'
               ? arena_printf(compile->arena, "%s-%s.scope", words->prefix, words->name)
               : arena_printf(compile->arena, "%s.scope", words->name);
    if (is_unit_name(name) && words->name[0] != '\0')
        return name;
    refuse(compile, "letters, digits and :-_.\\@", "prefix and name make no name of a unit");
    return NULL;
}

bool cgroup_compile_unit(struct compile *compile)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_CGROUP_UNIT);
    struct unit_words words;
    const char *slice;
    const char *name;
    struct op_cgroup_unit unit;
    struct plan_op *op;

    if (!split_path(compile, &words))
        return false;
    slice = choose_slice(compile, words.slice);
    name = slice != NULL ? choose_name(compile, &words) : NULL;
    if (name == NULL)
        return false;
    unit.name = plan_add_string(block, name);
    unit.slice = plan_add_string(block, slice);
    unit.path = plan_add_string(
        block, arena_printf(compile->arena, "%s/%s", slice_path(compile->arena, slice), name));
    op = plan_add(compile->plan, OP_CGROUP_UNIT,
                  str_is_empty(compile->linux_section->cgroups_path)
                      ? NULL
                      : compile_pointer(compile, compile->linux_section->origin, "cgroupsPath"));
    op->cgroup_unit = unit;
    if (!is_for_system(compile->facts))
        op->flags |= UNIT_OF_USER;
    return true;
}

/* ---- properties ----------------------------------------------------------------------------------------- */

static void add_property(struct compile *compile, const char *pointer, const char *name,
                         const char *signature, const char *const *values, size_t n)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_UNIT_PROPERTY);
    struct op_unit_property property = {
        .name = plan_add_string(block, name),
        .signature = plan_add_string(block, signature),
        .values = plan_add_vector(block, values, n, 0),
    };
    struct plan_op *op = plan_add(compile->plan, OP_UNIT_PROPERTY, pointer);

    op->unit_property = property;
}

static void add_one(struct compile *compile, const char *pointer, const char *name,
                    const char *signature, const char *value)
{
    add_property(compile, pointer, name, signature, &value, 1);
}

/* What every container's scope has; the process is added when there is one. */
static void add_basic_properties(struct compile *compile, const char *slice)
{
    static const char *const switches[][2] = {
        {"Delegate", "true"},     {"DefaultDependencies", "false"}, {"CPUAccounting", "true"},
        {"IOAccounting", "true"}, {"MemoryAccounting", "true"},     {"TasksAccounting", "true"},
    };

    add_one(compile, NULL, "Description", "s",
            arena_printf(compile->arena, "container %s", compile->options->id));
    add_one(compile, NULL, "Slice", "s", slice);
    for (size_t i = 0; i < ARRAY_LEN(switches); i++)
        add_one(compile, NULL, switches[i][0], "b", switches[i][1]);
}

/* systemd's "infinity". */
static const char no_limit[] = "18446744073709551615";

static const char *limit_of(const char *value)
{
    return strcmp(value, "max") == 0 ? no_limit : value;
}

struct limit_row {
    struct compile *compile;
    const char *pointer;
    const char *value;
    const char *property;
};

static void as_limit(const struct limit_row *row)
{
    add_one(row->compile, row->pointer, row->property, "t", limit_of(row->value));
}

/* systemd takes no 0 here; the file gets it. */
static void as_tasks(const struct limit_row *row)
{
    add_one(row->compile, row->pointer, row->property, "t",
            strcmp(row->value, "0") == 0 ? "1" : limit_of(row->value));
}

/* A weight of 0 is how systemd writes "idle" (systemd 252). Leaving idleness has no word of its
 * own: the weight that comes with it is one. */
static void as_idle(const struct limit_row *row)
{
    if (strcmp(row->value, "1") == 0)
        add_one(row->compile, row->pointer, row->property, "t", "0");
}

/* "QUOTA PERIOD" in microseconds. systemd keeps whole hundredths of a CPU. */
static void as_quota(const struct limit_row *row)
{
    size_t length = strcspn(row->value, " ");
    const char *rest = row->value + length + strspn(row->value + length, " ");
    uint64_t quota;
    uint64_t period;
    uint64_t per_second;

    if (!str_parse_u64(rest, strlen(rest), &period) || period == 0)
        period = 100000;
    if (!str_parse_u64(row->value, length, &quota) || quota > UINT64_MAX / 1000000) {
        add_one(row->compile, row->pointer, "CPUQuotaPerSecUSec", "t", no_limit);
        return;
    }
    per_second = quota * 1000000 / period;
    per_second = (per_second + 9999) / 10000 * 10000;
    add_one(row->compile, row->pointer, "CPUQuotaPerSecUSec", "t",
            arena_printf(row->compile->arena, "%llu", (unsigned long long)per_second));
    add_one(row->compile, row->pointer, "CPUQuotaPeriodUSec", "t",
            arena_printf(row->compile->arena, "%llu", (unsigned long long)period));
}

enum {
    MASK_MAX_BITS = 8192
};

/* "0-3,8" to a mask, as hexadecimal bytes: CPU 0 is the lowest bit of the first one. */
static void as_mask(const struct limit_row *row)
{
    uint8_t mask[MASK_MAX_BITS / 8] = {0};
    struct strbuf text = STRBUF_INIT(row->compile->arena);
    const char *next = row->value;
    size_t n_bytes = 0;

    while (*next != '\0' && *next != '\n') {
        size_t length = strcspn(next, ",\n");
        size_t dash = strcspn(next, "-,\n");
        uint64_t first;
        uint64_t last;

        if (!str_parse_u64(next, dash, &first))
            return; /* no list: the kernel will say so */
        last = first;
        if (dash < length && !str_parse_u64(next + dash + 1, length - dash - 1, &last))
            return;
        if (last >= MASK_MAX_BITS)
            return;
        for (uint64_t bit = first; bit <= last; bit++) {
            mask[bit / 8] |= (uint8_t)(1U << (bit % 8));
            if (bit / 8 + 1 > n_bytes)
                n_bytes = bit / 8 + 1;
        }
        next += length;
        next += *next == ',';
    }
    for (size_t i = 0; i < n_bytes; i++)
        strbuf_printf(&text, "%02x", mask[i]);
    add_one(row->compile, row->pointer, row->property, "ay", strbuf_text(&text));
}

static const char *device_node(struct arena *arena, const char *value, size_t length)
{
    return arena_printf(arena, "/dev/block/%.*s", (int)length, value);
}

/* "default N", "N", or "MAJ:MIN N" */
static void as_io_weight(const struct limit_row *row)
{
    size_t length = strcspn(row->value, " ");
    const char *values[2];

    if (row->value[length] == '\0') {
        add_one(row->compile, row->pointer, "IOWeight", "t", row->value);
    } else if (strncmp(row->value, "default ", length + 1) == 0) {
        add_one(row->compile, row->pointer, "IOWeight", "t", row->value + length + 1);
    } else {
        values[0] = device_node(row->compile->arena, row->value, length);
        values[1] = row->value + length + 1;
        add_property(row->compile, row->pointer, "IODeviceWeight", "a(st)", values, 2);
    }
}

/* "MAJ:MIN rbps=N wbps=N riops=N wiops=N", in any order, not all of them */
static void as_io_max(const struct limit_row *row)
{
    static const char *const names[][2] = {
        {"rbps=", "IOReadBandwidthMax"},
        {"wbps=", "IOWriteBandwidthMax"},
        {"riops=", "IOReadIOPSMax"},
        {"wiops=", "IOWriteIOPSMax"},
    };
    struct arena *arena = row->compile->arena;
    size_t device = strcspn(row->value, " ");

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *found = strstr(row->value, arena_printf(arena, " %s", names[i][0]));
        const char *values[2];

        if (found == NULL)
            continue;
        found += 1 + strlen(names[i][0]);
        values[0] = device_node(arena, row->value, device);
        values[1] = limit_of(arena_strndup(arena, found, strcspn(found, " ")));
        add_property(row->compile, row->pointer, names[i][1], "a(st)", values, 2);
    }
}

/* Files that have a property. All others are files alone. */
static const struct {
    const char *file;
    const char *property;
    void (*add)(const struct limit_row *row);
} limits[] = {
    {"cpu.idle", "CPUWeight", as_idle},
    {"cpu.max", NULL, as_quota},
    {"cpu.weight", "CPUWeight", as_limit},
    {"cpuset.cpus", "AllowedCPUs", as_mask},
    {"cpuset.mems", "AllowedMemoryNodes", as_mask},
    {"io.max", NULL, as_io_max},
    {"io.weight", NULL, as_io_weight},
    {"memory.high", "MemoryHigh", as_limit},
    {"memory.low", "MemoryLow", as_limit},
    {"memory.max", "MemoryMax", as_limit},
    {"memory.min", "MemoryMin", as_limit},
    {"memory.swap.max", "MemorySwapMax", as_limit},
    {"pids.max", "TasksMax", as_tasks},
};

void cgroup_compile_properties(struct compile *compile)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_CGROUP_WRITE);
    size_t n = block->ops.count;

    for (size_t i = 0; i < n; i++) {
        /* Copied: adding rows moves them. */
        const struct plan_op op = block->ops.items[i];
        struct limit_row row = {.compile = compile};
        const char *file;

        if (op.code != OP_CGROUP_WRITE)
            continue;
        file = plan_text(block, op.cgroup_write.file);
        for (size_t k = 0; k < ARRAY_LEN(limits); k++) {
            if (strcmp(limits[k].file, file) != 0)
                continue;
            row.pointer = arena_strdup(compile->arena, plan_text(block, op.origin));
            row.value = arena_strdup(compile->arena, plan_text(block, op.cgroup_write.value));
            row.property = limits[k].property;
            limits[k].add(&row);
        }
    }
}

/* ---- annotations ---------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *signature;
} permitted[] = {
    {"After", "as"},
    {"Before", "as"},
    {"CollectMode", "s"},
    {"Description", "s"},
    {"KillSignal", "i"},
    {"ManagedOOMMemoryPressure", "s"},
    {"ManagedOOMPreference", "s"},
    {"ManagedOOMSwap", "s"},
    {"OOMPolicy", "s"},
    {"RuntimeMaxUSec", "t"},
    {"SendSIGHUP", "b"},
    {"TimeoutStopUSec", "t"},
};

static const char annotation_prefix[] = "org.systemd.property.";

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t");
}

/* 'text' or "text", without escapes. Moves *next behind it; NULL if it is none. */
static const char *take_string(struct arena *arena, const char **next)
{
    char quote = **next;
    const char *end;
    const char *text;

    if (quote != '\'' && quote != '"')
        return NULL;
    end = strchr(*next + 1, quote);
    if (end == NULL)
        return NULL;
    text = arena_strndup(arena, *next + 1, (size_t)(end - *next - 1));
    *next = end + 1;
    return strpbrk(text, "\\\n\r") == NULL ? text : NULL;
}

/* ['a', 'b'] */
static bool take_strings(struct arena *arena, const char *next, struct json_strings *strings)
{
    if (*next++ != '[')
        return false;
    for (;;) {
        const char *text;

        next = skip_blanks(next);
        if (*next == ']')
            return *skip_blanks(next + 1) == '\0';
        text = take_string(arena, &next);
        if (text == NULL)
            return false;
        *ARENA_PUSH(arena, strings) = text;
        next = skip_blanks(next);
        if (*next == ',')
            next++;
        else if (*next != ']')
            return false;
    }
}

/* A number, with the name of its type before it or not; *scale of them make one. */
static const char *take_number(struct arena *arena, const char *next, uint64_t scale)
{
    static const char *const types[] = {"uint64 ", "int64 ", "uint32 ", "int32 "};
    uint64_t number;

    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (str_starts_with(next, types[i])) {
            next = skip_blanks(next + strlen(types[i]));
            break;
        }
    if (!str_parse_u64(next, strcspn(next, " \t"), &number) ||
        *skip_blanks(next + strcspn(next, " \t")) != '\0' || number > UINT64_MAX / scale)
        return NULL;
    number *= scale;
    return arena_printf(arena, "%llu", (unsigned long long)number);
}

static bool take_value(struct arena *arena, const char *signature, const char *text, uint64_t scale,
                       struct json_strings *values)
{
    const char *value = NULL;

    text = skip_blanks(text);
    if (strcmp(signature, "as") == 0)
        return take_strings(arena, text, values) && values->count != 0;
    if (strcmp(signature, "s") == 0) {
        value = take_string(arena, &text);
        if (value != NULL && *skip_blanks(text) != '\0')
            value = NULL;
    } else if (strcmp(signature, "b") == 0) {
        if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
            value = text;
    } else {
        value = take_number(arena, text, scale);
        if (value != NULL && signature[0] == 'i' && strlen(value) > 2)
            value = NULL; /* a signal */
    }
    if (value != NULL)
        *ARENA_PUSH(arena, values) = value;
    return value != NULL;
}

/* "TimeoutStopSec" counts seconds where "TimeoutStopUSec" counts microseconds. */
static bool names_property(const char *given, const char *property, uint64_t *scale)
{
    size_t length = strlen(property);

    *scale = 1;
    if (strcmp(given, property) == 0)
        return true;
    if (length <= 4 || strcmp(property + length - 4, "USec") != 0 || strlen(given) != length - 1 ||
        strncmp(given, property, length - 4) != 0 || strcmp(given + length - 4, "Sec") != 0)
        return false;
    *scale = 1000000;
    return true;
}

static void add_annotation(struct compile *compile, const char *pointer, const char *name,
                           const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(permitted); i++) {
        struct json_strings values = {0};
        uint64_t scale;

        if (!names_property(name, permitted[i].name, &scale))
            continue;
        if (take_value(compile->arena, permitted[i].signature, text, scale, &values))
            add_property(compile, pointer, permitted[i].name, permitted[i].signature, values.items,
                         values.count);
        else
            findings_add(compile->findings, SEVERITY_REFUSE, "systemd-property-value", pointer,
                         "text in quotes, a number, true or false, or a list such as ['a.service']",
                         "this is no value for the property %s", permitted[i].name);
        return;
    }
    findings_add(compile->findings, SEVERITY_REFUSE, "systemd-property-unknown", pointer,
                 "see docs/cgroups.md for those that may be set",
                 "the property %s may not be set by an annotation", name);
}

static void add_annotations(struct compile *compile)
{
    const struct json_string_map *annotations = &compile->config->annotations;

    for (size_t i = 0; i < annotations->count; i++)
        if (str_starts_with(annotations->items[i].key, annotation_prefix))
            add_annotation(compile,
                           json_pointer_entry(&compile->document->json, compile->config->origin,
                                              "annotations", annotations->items[i].key),
                           annotations->items[i].key + strlen(annotation_prefix),
                           annotations->items[i].value);
}

/* The unit is made with its properties, and then the files are written: the plan says so. */
static void put_properties_first(struct compile *compile, size_t from)
{
    struct plan_ops *ops = &compile->plan->host.ops;
    size_t n = ops->count - from;
    struct plan_op *sorted = ARENA_NEW(compile->arena, struct plan_op, n + 1);
    size_t used = 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < n; i++)
            if ((ops->items[from + i].code == OP_UNIT_PROPERTY) == (pass == 0))
                sorted[used++] = ops->items[from + i];
    memcpy(&ops->items[from], sorted, n * sizeof(*sorted));
}

void cgroup_compile_unit_properties(struct compile *compile)
{
    const struct plan_op *unit = cgroup_find_row(compile->plan, OP_CGROUP_UNIT);
    size_t first = (size_t)(unit - compile->plan->host.ops.items) + 1;

    add_basic_properties(compile, arena_strdup(compile->arena, plan_text(&compile->plan->host,
                                                                         unit->cgroup_unit.slice)));
    add_annotations(compile);
    cgroup_compile_properties(compile);
    put_properties_first(compile, first);
}
