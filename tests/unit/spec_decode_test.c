/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a and yajl. Reads tests/data/spec below $srcdir. */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "base/json_write.h"
#include "spec/decode.h"
#include "spec/rules.h"

static struct arena arena;
static struct findings findings;
static struct spec_document document;

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

static void decode(const char *text)
{
    findings = FINDINGS_INIT(&arena);
    spec_decode(&document, &arena, text, strlen(text), &findings);
}

static void print_findings(void)
{
    for (size_t i = 0; i < findings.count; i++)
        print_error("%s %s: %s\n", findings.items[i].id, findings.items[i].pointer,
                    findings.items[i].text);
}

static bool has_finding(const char *id, const char *pointer)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].id, id) == 0 &&
            strcmp(findings.items[i].pointer, pointer) == 0)
            return true;
    return false;
}

static const char *read_example(const char *name)
{
    const char *top = getenv("srcdir");
    char path[512];
    char *text = arena_alloc(&arena, 65536, 1);
    FILE *file;

    snprintf(path, sizeof(path), "%s/tests/data/spec/%s", top != NULL ? top : ".", name);
    file = fopen(path, "r");
    if (file == NULL)
        fail_msg("cannot open %s", path);
    assert_true(fread(text, 1, 65535, file) > 0);
    fclose(file);
    return text;
}

/* --- the specification's examples ------------------------------------------------------------ */

static void good_examples_decode_without_a_finding(void **state UNUSED)
{
    static const char *const names[] = {
        "good/minimal.json",    "good/minimal-for-start.json", "good/spec-example.json",
        "good/linux-rdma.json", "good/linux-netdevice.json",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        decode(read_example(names[i]));
        print_findings();
        assert_int_equal(findings.count, 0);
    }
}

static void bad_examples_are_refused_at_the_right_place(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *id;
        const char *pointer;
    } rows[] = {
        {"bad/invalid-json.json", "json-invalid", ""},
        {"bad/linux-hugepage.json", "invalid-value", "/linux/resources/hugepageLimits/0/pageSize"},
        {"bad/linux-netdevice.json", "wrong-type", "/linux/netDevices/eth0/name"},
        {"bad/linux-rdma.json", "wrong-type", "/linux/resources/rdma/mlx5_1/hcaHandles"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        decode(read_example(rows[i].name));
        assert_int_equal(findings.count, 1);
        assert_int_equal(findings.n_refused, 1);
        assert_string_equal(findings.items[0].id, rows[i].id);
        assert_string_equal(findings.items[0].pointer, rows[i].pointer);
    }
}

static void the_long_example_is_stored_as_written(void **state UNUSED)
{
    const struct spec_config *config = &document.config;
    const struct spec_linux *section;

    decode(read_example("good/spec-example.json"));
    section = config->linux_section;
    assert_string_equal(config->oci_version, "0.5.0-dev");
    assert_true(config->process->terminal);
    assert_int_equal(config->process->user->additional_gids.items[1], 6);
    assert_int_equal(config->mounts.count, 7);
    assert_string_equal(config->mounts.items[6].destination, "/sys/fs/cgroup");
    assert_string_equal(config->mounts.items[1].options.items[3], "size=65536k");
    assert_int_equal(config->hooks->poststart.items[0].timeout_s, 5);
    assert_int_equal(section->time_offsets.count, 2);
    assert_string_equal(section->time_offsets.items[1].key, "boottime");
    assert_int_equal(section->time_offsets.items[1].value.secs, 604800);
    assert_true(SPEC_HAS(spec_memory, section->resources->memory, swappiness));
    assert_int_equal(section->resources->memory->kernel_bytes, -1);
    assert_int_equal(section->seccomp->syscalls.items[0].names.count, 2);
    assert_string_equal(section->sysctl.items[0].key, "net.ipv4.ip_forward");
    assert_string_equal(config->annotations.items[1].value, "value2");
    assert_false(SPEC_HAS(spec_linux, section, intel_rdt));
    assert_string_equal(json_pointer(&document.json, section->devices.items[1].origin, "path"),
                        "/linux/devices/1/path");
}

static const char *encode_config(const char *style)
{
    struct strbuf text = STRBUF_INIT(&arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, style);

    json_encode(&writer, &spec_config_schema, &document.config);
    return strbuf_text(&text);
}

static void encoding_and_decoding_again_changes_nothing(void **state UNUSED)
{
    const char *first;
    const char *second;

    decode(read_example("good/spec-example.json"));
    first = encode_config(JSON_TABS);
    decode(first);
    assert_int_equal(findings.count, 0);
    second = encode_config(JSON_TABS);
    assert_string_equal(first, second);
    assert_true(strlen(first) > 6000);
}

/* --- every row of the tables ----------------------------------------------------------------- */

/* A document in which one value stands at the place of one row. */
struct place {
    const char *before;
    const char *after;
    const char *pointer;
    const struct json_field *field;
};

typedef void visit_row(const struct place *place);

static void visit_rows(const struct json_object *schema, const char *before, const char *after,
                       const char *pointer, visit_row *visit, size_t *count)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct json_field *field = &schema->fields[i];
        struct place place = {
            .before = arena_printf(&arena, "%s{\"%s\": ", before, field->key),
            .after = arena_printf(&arena, "}%s", after),
            .pointer = arena_printf(&arena, "%s/%s", pointer, field->key),
            .field = field,
        };

        visit(&place);
        (*count)++;
        if (field->kind == JSON_KIND_OBJECT)
            visit_rows(field->child, place.before, place.after, place.pointer, visit, count);
        if (field->kind == JSON_KIND_OBJECT_LIST)
            visit_rows(field->child, arena_printf(&arena, "%s[", place.before),
                       arena_printf(&arena, "]%s", place.after),
                       arena_printf(&arena, "%s/0", place.pointer), visit, count);
        if (field->kind == JSON_KIND_OBJECT_MAP)
            visit_rows(field->child, arena_printf(&arena, "%s{\"k\": ", place.before),
                       arena_printf(&arena, "}%s", place.after),
                       arena_printf(&arena, "%s/k", place.pointer), visit, count);
    }
}

static void visit_all(visit_row *visit)
{
    size_t count = 0;

    visit_rows(&spec_config_schema, "", "", "", visit, &count);
    assert_true(count > 200);
}

/* Only findings at the row itself count: what else the small document lacks is not asked here. */
static void decode_at(const struct place *place, const char *value)
{
    decode(arena_printf(&arena, "%s%s%s", place->before, value, place->after));
}

static void assert_found(const struct place *place, const char *value, const char *id,
                         const char *below)
{
    const char *pointer = arena_printf(&arena, "%s%s", place->pointer, below);

    decode_at(place, value);
    if (!has_finding(id, pointer)) {
        print_findings();
        fail_msg("no finding %s at %s for %s", id, pointer, value);
    }
}

static void visit_wrong_type(const struct place *place)
{
    assert_found(place, place->field->kind == JSON_KIND_BOOL ? "5" : "true", "wrong-type", "");
    if (place->field->kind == JSON_KIND_OBJECT_LIST || place->field->kind == JSON_KIND_STRINGS ||
        place->field->kind == JSON_KIND_U32S)
        assert_found(place, "[null]", "wrong-type", "/0");
    if (place->field->kind == JSON_KIND_OBJECT_MAP || place->field->kind == JSON_KIND_STRING_MAP)
        assert_found(place, "{\"k\": 5}", "wrong-type", "/k");
}

static void every_row_refuses_a_wrong_type(void **state UNUSED)
{
    visit_all(visit_wrong_type);
}

static void visit_null(const struct place *place)
{
    decode_at(place, "null");
    for (size_t i = 0; i < findings.count; i++) {
        assert_string_equal(findings.items[i].id, "missing-key");
        assert_string_not_equal(findings.items[i].pointer, place->pointer);
    }
}

static void every_row_takes_null_for_absent(void **state UNUSED)
{
    visit_all(visit_null);
}

static void visit_duplicate(const struct place *place)
{
    decode(arena_printf(&arena, "%snull, \"%s\": null%s", place->before, place->field->key,
                        place->after));
    assert_true(has_finding("duplicate-key", place->pointer));
}

static void every_row_is_refused_twice(void **state UNUSED)
{
    visit_all(visit_duplicate);
}

static void visit_integer(const struct place *place)
{
    static const struct {
        const char *below_min;
        const char *above_max;
    } edges[] = {
        [JSON_KIND_I32] = {"-2147483649", "2147483648"},
        [JSON_KIND_I64] = {"-9223372036854775809", "9223372036854775808"},
        [JSON_KIND_U16] = {"-1", "65536"},
        [JSON_KIND_U32] = {"-1", "4294967296"},
        [JSON_KIND_U64] = {"-1", "18446744073709551616"},
    };
    static const char nines[] =
        "999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
        "999999999";
    enum json_kind kind = place->field->kind;

    if (kind < JSON_KIND_I32 || kind > JSON_KIND_U64)
        return;
    assert_int_equal(strlen(nines), 99);
    assert_found(place, edges[kind].below_min, "out-of-range", "");
    assert_found(place, edges[kind].above_max, "out-of-range", "");
    assert_found(place, "-9223372036854775809", "out-of-range", "");
    assert_found(place, nines, "out-of-range", "");
    assert_found(place, "1e3", "not-an-integer", "");
    assert_found(place, "1.0", "not-an-integer", "");
    assert_found(place, "-0", "not-an-integer", "");
    assert_found(place, "\"5\"", "wrong-type", "");
    decode_at(place, "007");
    assert_true(has_finding("json-invalid", ""));
    /* One of these lies in the range of every integer that the specification has. */
    decode_at(place, "1");
    if (has_finding("invalid-value", place->pointer))
        decode_at(place, "1000");
    for (size_t i = 0; i < findings.count; i++)
        assert_string_equal(findings.items[i].id, "missing-key");
}

static void every_integer_takes_its_range_and_nothing_else(void **state UNUSED)
{
    visit_all(visit_integer);
}

static void visit_nul(const struct place *place)
{
    enum json_kind kind = place->field->kind;

    if (kind == JSON_KIND_STRING) {
        assert_found(place, "\"\\u0000\"", "string-has-nul", "");
        assert_found(place, "\"/a\\u0000b\"", "string-has-nul", "");
        assert_found(place, "\"/ab\\u0000\"", "string-has-nul", "");
    }
    if (kind == JSON_KIND_STRINGS)
        assert_found(place, "[\"/a\\u0000\"]", "string-has-nul", "/0");
    if (kind == JSON_KIND_STRING_MAP)
        assert_found(place, "{\"a\": \"\\u0000\"}", "string-has-nul", "/a");
    if (kind == JSON_KIND_STRING_MAP || kind == JSON_KIND_OBJECT_MAP)
        assert_found(place, "{\"a\\u0000\": \"\"}", "string-has-nul", "");
}

static void every_string_refuses_nul(void **state UNUSED)
{
    visit_all(visit_nul);
}

static void visit_other_case(const struct place *place)
{
    char *before = arena_strdup(&arena, place->before);
    char *key = before + strlen(before) - strlen(place->field->key) - 3;

    /* The first letter of the row's key becomes a capital, or a small letter. */
    key[0] ^= 0x20;
    decode(arena_printf(&arena, "%snull%s", before, place->after));
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].id, "key-in-other-case") == 0) {
            assert_string_equal(findings.items[i].cure, place->field->key);
            assert_int_equal(findings.items[i].severity, SEVERITY_WARNING);
            return;
        }
    fail_msg("no warning for %s in other case", place->pointer);
}

static void every_key_in_other_case_is_a_warning(void **state UNUSED)
{
    visit_all(visit_other_case);
}

/* --- rules ----------------------------------------------------------------------------------- */

static const char *rule_says(json_rule *rule, const char *string)
{
    const struct json_value value = {.kind = JSON_KIND_STRING, .string = string};

    return rule(&value);
}

struct string_case {
    json_rule *rule;
    const char *good[16];
    const char *bad[24];
};

static void rules_of_strings_take_the_good_and_refuse_the_bad(void **state UNUSED)
{
    char long_name[128];
    char host_64[65];
    const struct string_case rows[] = {
        {rule_absolute_path, {"/", "/a", "//a"}, {"", "a", "./a", " /a"}},
        {rule_absolute_path_or_empty, {"", "/a"}, {"a", "."}},
        {rule_device_access, {"r", "rwm", "mw"}, {"", "x", "rwx", "RWM"}},
        {rule_device_type, {"b", "c", "u", "p"}, {"", "a", "cc", "B"}},
        {rule_device_rule_type, {"a", "b", "c"}, {"", "p", "u"}},
        {rule_host_name, {"", "a", "a.b-c", host_64}, {long_name, "a\n", "\x1b[0m"}},
        {rule_link_name,
         {"", "eth0", "eth%d", "a23456789012345"},
         {"a234567890123456", ".", "..", "a/b", "a b", "a:b", "a\tb"}},
        {rule_list_of_numbers,
         {"", "0", "0-3", "0-3,7", "0, 2", "0-65535", " 1 ", "1,1", "3-3", "00"},
         {",", "0,", ",0", "0,,1", "5-1", "-1", "1-", "1-2-3", "a", "0x1", "65536", "0-4294967295",
          "4294967296", "99999999999999999999", "1;2", "1\n", "0-3:1/2"}},
        {rule_no_newline, {"", "L3:0=f"}, {"a\n", "\n", "a\nb"}},
        {rule_not_empty, {"a", " "}, {""}},
        {rule_page_size,
         {"4KB", "2MB", "1GB", "512MB"},
         {"", "0KB", "02MB", "64kB", "2M", "MB", "2TB", "2MB ", "-2MB", "2MB/../x", "2.0MB", "2"}},
        {rule_oci_version,
         {"1.0.0", "1.3.0", "1.99.0", "0.5.0-dev", "1.0.0-rc5", "1.0.2-dev", "1.0.0-alpha.1",
          "1.2.0+dev", "1.0.0-rc.1+build.01", "0.0.0", "1.0.0--", "1.0.0+001"},
         {"",           "1",      "1.0",    "1.0.0.0",        "v1.0.0", "2.0.0",
          "10.0.0",     "01.0.0", "1.00.0", "1.0.0-",         "1.0.0+", "1.0.0-01",
          "1.0.0-a..b", "1.0.0 ", " 1.0.0", "1.0.0-\xc3\xa9", "a.b.c",  "1.0.x",
          "3.0.0-dev",  "1..0"}},
        {rule_rlimit,
         {"RLIMIT_NOFILE", "RLIMIT_AS"},
         {"", "NOFILE", "RLIMIT_NOFILES", "rlimit_as"}},
        {rule_namespace_type, {"mount", "time", "cgroup"}, {"", "mnt", "net", "Mount"}},
        {rule_propagation, {"private", "rslave", "unbindable"}, {"", "PRIVATE", "bind"}},
        {rule_seccomp_action, {"SCMP_ACT_KILL", "SCMP_ACT_NOTIFY"}, {"", "ALLOW", "SCMP_ACT_DENY"}},
        {rule_seccomp_architecture, {"SCMP_ARCH_X86_64"}, {"", "X86_64", "SCMP_ARCH_NATIVE"}},
        {rule_seccomp_flag, {"SECCOMP_FILTER_FLAG_LOG"}, {"", "SECCOMP_FILTER_FLAG_NEW_LISTENER"}},
        {rule_seccomp_operator, {"SCMP_CMP_MASKED_EQ"}, {"", "=="}},
        {rule_personality_domain, {"LINUX", "LINUX32"}, {"", "linux", "LINUX64"}},
        {rule_personality_flag, {NULL}, {"", "ADDR_NO_RANDOMIZE"}},
        {rule_scheduler_policy, {"SCHED_IDLE"}, {"", "SCHED_EXT"}},
        {rule_scheduler_flag, {"SCHED_FLAG_RECLAIM"}, {"", "SCHED_FLAG_ALL"}},
        {rule_io_priority_class, {"IOPRIO_CLASS_BE"}, {"", "IOPRIO_CLASS_NONE"}},
        {rule_memory_policy_mode, {"MPOL_BIND"}, {"", "MPOL_MAX"}},
        {rule_memory_policy_flag, {"MPOL_F_STATIC_NODES"}, {"", "MPOL_F_NODE"}},
    };

    memset(long_name, 'a', sizeof(long_name));
    long_name[65] = '\0';
    memset(host_64, 'a', sizeof(host_64));
    host_64[64] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t j = 0; j < ARRAY_LEN(rows[i].good) && rows[i].good[j] != NULL; j++)
            if (rule_says(rows[i].rule, rows[i].good[j]) != NULL)
                fail_msg("row %zu refuses \"%s\"", i, rows[i].good[j]);
        for (size_t j = 0; j < ARRAY_LEN(rows[i].bad) && rows[i].bad[j] != NULL; j++)
            if (rule_says(rows[i].rule, rows[i].bad[j]) == NULL)
                fail_msg("row %zu takes \"%s\"", i, rows[i].bad[j]);
    }
}

static void rules_of_numbers_end_where_the_kernel_does(void **state UNUSED)
{
    static const struct {
        json_rule *rule;
        bool is_signed;
        int64_t low, high; /* the first and the last good one */
    } rows[] = {
        {rule_above_zero, true, 1, INT64_MAX},   {rule_argument_index, false, 0, 5},
        {rule_device_major, true, 0, 4095},      {rule_device_major_or_all, true, -1, 4095},
        {rule_device_minor, true, 0, 1048575},   {rule_device_minor_or_all, true, -1, 1048575},
        {rule_file_mode, false, 0, 07777},       {rule_id, false, 0, 4294967294},
        {rule_io_priority, true, 0, 7},          {rule_limit, true, -1, INT64_MAX},
        {rule_nanoseconds, false, 0, 999999999}, {rule_oom_score_adj, true, -1000, 1000},
        {rule_percent, false, 0, 100},           {rule_umask, false, 0, 0777},
        {rule_zero_or_one, true, 0, 1},          {rule_cpu_quota, true, 1000, INT64_MAX},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_value value = {
            .kind = rows[i].is_signed ? JSON_KIND_I64 : JSON_KIND_U64,
        };
        const int64_t edges[] = {rows[i].low, rows[i].high};

        for (size_t edge = 0; edge < 2; edge++) {
            value.number = edges[edge];
            value.natural = (uint64_t)edges[edge];
            assert_null(rows[i].rule(&value));
            if (edge == 0 && !rows[i].is_signed)
                continue;
            if (edges[edge] == INT64_MAX)
                continue;
            value.number = edges[edge] + (edge == 0 ? -1 : 1);
            value.natural = (uint64_t)value.number;
            assert_non_null(rows[i].rule(&value));
        }
    }
}

/* --- bounds ---------------------------------------------------------------------------------- */

static const char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    struct strbuf text = STRBUF_INIT(&arena);

    strbuf_puts(&text, head);
    for (size_t i = 0; i < count; i++) {
        strbuf_puts(&text, i == 0 ? "" : ",");
        strbuf_puts(&text, part);
    }
    strbuf_puts(&text, tail);
    return strbuf_text(&text);
}

/* Around a gap: 0 says that there is none. */
static void rules_of_limits_take_the_number_that_means_none(void **state UNUSED)
{
    static const struct {
        json_rule *rule;
        int64_t number;
        bool is_good;
    } rows[] = {
        {rule_block_io_weight, 0, true},     {rule_block_io_weight, 9, false},
        {rule_block_io_weight, 10, true},    {rule_block_io_weight, 1000, true},
        {rule_block_io_weight, 1001, false}, {rule_cpu_period, 0, true},
        {rule_cpu_period, 999, false},       {rule_cpu_period, 1000, true},
        {rule_cpu_period, 1000000, true},    {rule_cpu_period, 1000001, false},
        {rule_cpu_quota, 0, true},           {rule_cpu_quota, -1, true},
        {rule_cpu_quota, 1, false},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_value value = {
            .kind = rows[i].rule == rule_cpu_quota ? JSON_KIND_I64 : JSON_KIND_U64,
            .number = rows[i].number,
            .natural = (uint64_t)rows[i].number,
        };

        if ((rows[i].rule(&value) == NULL) != rows[i].is_good)
            fail_msg("row %zu", i);
    }
}

static void lists_have_their_limits(void **state UNUSED)
{
    static const struct {
        const char *head, *part, *tail;
        size_t max;
        const char *pointer;
    } rows[] = {
        {"{\"ociVersion\": \"1.0.0\", \"mounts\": [", "{\"destination\": \"/a\"}", "]}", 4096,
         "/mounts"},
        {"{\"ociVersion\": \"1.0.0\", \"linux\": {\"devices\": [",
         "{\"type\": \"p\", \"path\": \"/p\"}", "]}}", 1024, "/linux/devices"},
        {"{\"ociVersion\": \"1.0.0\", \"hooks\": {\"prestart\": [", "{\"path\": \"/a\"}", "]}}", 64,
         "/hooks/prestart"},
        {"{\"ociVersion\": \"1.0.0\", \"hooks\": {\"startContainer\": [", "{\"path\": \"/a\"}",
         "]}}", 64, "/hooks/startContainer"},
        {"{\"ociVersion\": \"1.0.0\", \"process\": {\"cwd\": \"/\", \"capabilities\": "
         "{\"ambient\": [",
         "\"CAP_KILL\"", "]}}}", 256, "/process/capabilities/ambient"},
        {"{\"ociVersion\": \"1.0.0\", \"process\": {\"cwd\": \"/\", \"user\": {\"uid\": 0, "
         "\"gid\": 0, "
         "\"additionalGids\": [",
         "5", "]}}}", 65536, "/process/user/additionalGids"},
        {"{\"ociVersion\": \"1.0.0\", \"linux\": {\"maskedPaths\": [", "\"/a\"", "]}}", 4096,
         "/linux/maskedPaths"},
        {"{\"ociVersion\": \"1.0.0\", \"linux\": {\"uidMappings\": [",
         "{\"containerID\": 0, \"hostID\": 0, \"size\": 1}", "]}}", 16384, "/linux/uidMappings"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        decode(repeat(rows[i].head, rows[i].part, rows[i].max, rows[i].tail));
        print_findings();
        assert_int_equal(findings.count, 0);
        decode(repeat(rows[i].head, rows[i].part, rows[i].max + 1, rows[i].tail));
        assert_int_equal(findings.count, 1);
        assert_true(has_finding("list-too-long", rows[i].pointer));
        arena_release(&arena);
    }
}

/* Sixteen lists of sixteen thousand arguments: each bound is kept, and still it is too much. */
static void memory_for_what_is_decoded_is_bounded(void **state UNUSED)
{
    const char *args = repeat("{\"names\": [\"a\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [",
                              "{\"index\": 0, \"value\": 0, \"op\": \"SCMP_CMP_EQ\"}", 15000, "]}");
    const char *text =
        repeat("{\"ociVersion\": \"1.0.0\", \"linux\": {\"seccomp\": {\"defaultAction\":"
               "\"SCMP_ACT_ERRNO\", \"syscalls\": [",
               args, 20, "]}}}");
    struct arena own = ARENA_INIT;

    findings = FINDINGS_INIT(&own);
    assert_true(strlen(text) < JSON_DOCUMENT_MAX_BYTES);
    spec_decode(&document, &own, text, strlen(text), &findings);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.n_refused, 1);
    assert_string_equal(findings.items[0].id, "json-too-large");
    assert_true(own.total_bytes < JSON_DECODED_MAX_BYTES + 4u * 1024 * 1024);
    arena_release(&own);
    arena_release(&arena);
}

static void an_empty_list_of_names_is_refused(void **state UNUSED)
{
    decode("{\"ociVersion\": \"1.0.0\", \"linux\": {\"seccomp\": {\"defaultAction\": "
           "\"SCMP_ACT_ERRNO\","
           "\"syscalls\": [{\"names\": [], \"action\": \"SCMP_ACT_ALLOW\"}]}}}");
    assert_int_equal(findings.count, 1);
    assert_true(has_finding("invalid-value", "/linux/seccomp/syscalls/0/names"));
    assert_string_equal(findings.items[0].text, "the list is empty");
}

static void parts_decode_by_their_own_schema(void **state UNUSED)
{
    static const char text[] =
        "{\"cwd\": \"/\", \"args\": [\"sh\"], \"rlimits\": [{\"type\": \"x\"}]}";
    struct spec_process process = {0};
    struct json_document part;

    findings = FINDINGS_INIT(&arena);
    json_decode(&part, &arena, &spec_process_schema, text, strlen(text), &process, &findings);
    assert_string_equal(process.args.items[0], "sh");
    assert_int_equal(findings.count, 3);
    assert_true(has_finding("invalid-value", "/rlimits/0/type"));
    assert_true(has_finding("missing-key", "/rlimits/0"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(good_examples_decode_without_a_finding, release),
        cmocka_unit_test_teardown(bad_examples_are_refused_at_the_right_place, release),
        cmocka_unit_test_teardown(the_long_example_is_stored_as_written, release),
        cmocka_unit_test_teardown(encoding_and_decoding_again_changes_nothing, release),
        cmocka_unit_test_teardown(every_row_refuses_a_wrong_type, release),
        cmocka_unit_test_teardown(every_row_takes_null_for_absent, release),
        cmocka_unit_test_teardown(every_row_is_refused_twice, release),
        cmocka_unit_test_teardown(every_integer_takes_its_range_and_nothing_else, release),
        cmocka_unit_test_teardown(every_string_refuses_nul, release),
        cmocka_unit_test_teardown(every_key_in_other_case_is_a_warning, release),
        cmocka_unit_test_teardown(rules_of_strings_take_the_good_and_refuse_the_bad, release),
        cmocka_unit_test_teardown(rules_of_numbers_end_where_the_kernel_does, release),
        cmocka_unit_test_teardown(rules_of_limits_take_the_number_that_means_none, release),
        cmocka_unit_test_teardown(lists_have_their_limits, release),
        cmocka_unit_test_teardown(memory_for_what_is_decoded_is_bounded, release),
        cmocka_unit_test_teardown(an_empty_list_of_names_is_refused, release),
        cmocka_unit_test_teardown(parts_decode_by_their_own_schema, release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
