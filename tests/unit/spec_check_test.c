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

#include "base/str.h"
#include "spec/check.h"

static struct arena arena;
static struct findings findings;
static struct spec_document document;

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

static void print_findings(void)
{
    for (size_t i = 0; i < findings.count; i++)
        print_error("  %s %s: %s\n", findings.items[i].id, findings.items[i].pointer,
                    findings.items[i].text);
}

/* Whatever decoding finds is a mistake of the test, or of a row of fields.def. */
static void check_text(const char *text)
{
    findings = FINDINGS_INIT(&arena);
    spec_decode(&document, &arena, text, strlen(text), &findings);
    if (findings.n_refused != 0) {
        print_findings();
        fail_msg("does not decode: %s", text);
    }
    spec_check(&document, &findings);
}

/* Fragments of a configuration that is fine by itself. */
struct fragment {
    const char *top;        /* members of the document */
    const char *process;    /* members of process */
    const char *linux_part; /* members of linux */
    const char *namespaces; /* more of them, each with a comma before it */
    bool no_mount_namespace;
};

#define NS(type) ", {\"type\": \"" type "\"}"

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void check_fragment(const struct fragment *fragment)
{
    check_text(arena_printf(
        &arena,
        "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, "
        "\"process\": {\"cwd\": \"/\"%s%s%s}, \"linux\": {\"namespaces\": [%s%s]%s%s}%s%s}",
        fragment->process != NULL && strstr(fragment->process, "\"args\"") != NULL
            ? ""
            : ", \"args\": [\"sh\"]",
        fragment->process != NULL ? ", " : "", or_empty(fragment->process),
        fragment->no_mount_namespace ? "{\"type\": \"pid\"}" : "{\"type\": \"mount\"}",
        or_empty(fragment->namespaces), fragment->linux_part != NULL ? ", " : "",
        or_empty(fragment->linux_part), fragment->top != NULL ? ", " : "",
        or_empty(fragment->top)));
}

struct row {
    struct fragment fragment;
    const char *id; /* NULL: nothing to find */
    const char *pointer;
    enum severity severity;
};

#define FINE(...)                                                                                  \
    {                                                                                              \
        {__VA_ARGS__}, NULL, NULL, SEVERITY_REFUSE                                                 \
    }
#define REFUSED(id, pointer, ...)                                                                  \
    {                                                                                              \
        {__VA_ARGS__}, id, pointer, SEVERITY_REFUSE                                                \
    }
#define WARNED(id, pointer, ...)                                                                   \
    {                                                                                              \
        {__VA_ARGS__}, id, pointer, SEVERITY_WARNING                                               \
    }

/* Each row has exactly one finding, or none. */
static void check_rows(const struct row *rows, size_t n_rows)
{
    for (size_t i = 0; i < n_rows; i++) {
        const struct row *row = &rows[i];
        size_t wanted = row->id != NULL ? 1 : 0;

        check_fragment(&row->fragment);
        if (findings.count == wanted &&
            (wanted == 0 || (strcmp(findings.items[0].id, row->id) == 0 &&
                             strcmp(findings.items[0].pointer, row->pointer) == 0 &&
                             findings.items[0].severity == row->severity)))
            continue;
        print_findings();
        fail_msg("row %zu: wanted %s at %s", i, row->id != NULL ? row->id : "nothing",
                 row->pointer != NULL ? row->pointer : "");
    }
}

#define CHECK_ROWS(rows) check_rows(rows, ARRAY_LEN(rows))

static bool has_finding(const char *id, const char *pointer)
{
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].id, id) == 0 &&
            strcmp(findings.items[i].pointer, pointer) == 0)
            return true;
    return false;
}

/* --- the specification's examples ------------------------------------------------------------ */

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

/* What they ask for and we do not do; nothing else is found in them. */
static void good_examples_are_refused_only_for_what_is_not_supported(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *wanted[16][2];
    } rows[] = {
        {"good/minimal.json", {{"mount-namespace-required", "/linux"}}},
        {"good/minimal-for-start.json", {{"mount-namespace-required", "/linux"}}},
        {"good/linux-netdevice.json",
         {{"mount-namespace-required", "/linux/namespaces"},
          {"not-supported-yet", "/linux/netDevices"}}},
        {"good/linux-rdma.json", {{"mount-namespace-required", "/linux/namespaces"}}},
        {"good/spec-example.json",
         {{"cgroup-v1-only", "/linux/resources/memory/swappiness"},
          {"cgroup-v1-only", "/linux/resources/memory/useHierarchy"},
          {"not-supported-yet", "/process/terminal"},
          {"not-supported-yet", "/process/apparmorProfile"},
          {"not-supported-yet", "/process/selinuxLabel"},
          {"cgroup-v1-only", "/linux/resources/cpu/realtimeRuntime"},
          {"cgroup-v1-only", "/linux/resources/cpu/realtimePeriod"},
          {"cgroup-v1-only", "/linux/resources/blockIO/leafWeight"},
          {"cgroup-v1-only", "/linux/resources/blockIO/weightDevice/0/leafWeight"},
          {"cgroup-v1-only", "/linux/resources/network"},
          {"not-supported-yet", "/linux/mountLabel"}}},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t wanted = 0;

        check_text(read_example(rows[i].name));
        for (; rows[i].wanted[wanted][0] != NULL; wanted++)
            if (!has_finding(rows[i].wanted[wanted][0], rows[i].wanted[wanted][1]))
                fail_msg("%s: no %s", rows[i].name, rows[i].wanted[wanted][1]);
        if (findings.count != wanted)
            print_findings();
        assert_int_equal(findings.count, wanted);
    }
}

/* --- what is missing ------------------------------------------------------------------------- */

/* Whoever implements a field says ACTS in spec/fields.def and takes its line from here. */
static void fields_that_are_not_supported_yet(void **state UNUSED)
{
    static const char *const wanted[] = {
        "/process/terminal",     "/process/apparmorProfile",    "/process/scheduler",
        "/process/selinuxLabel", "/process/ioPriority",         "/mounts/*/uidMappings",
        "/mounts/*/gidMappings", "/linux/netDevices",           "/linux/intelRdt",
        "/linux/memoryPolicy",   "/linux/seccomp/listenerPath", "/linux/seccomp/listenerMetadata",
        "/linux/mountLabel",
    };
    const char *const *pointers;
    size_t count = spec_later_fields(&arena, &pointers);

    for (size_t i = 0; i < count; i++)
        print_message("not supported yet: %s\n", pointers[i]);
    assert_int_equal(count, ARRAY_LEN(wanted));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(pointers[i], wanted[i]);
}

static void a_later_field_is_refused_by_name_unless_it_asks_for_nothing(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"terminal\": false"),
        FINE(.process = "\"terminal\": false, \"consoleSize\": {\"height\": 5, \"width\": 5}"),
        REFUSED("not-supported-yet", "/process/terminal", .process = "\"terminal\": true"),
        FINE(.process = "\"apparmorProfile\": \"\", \"selinuxLabel\": \"\""),
        REFUSED("not-supported-yet", "/process/apparmorProfile",
                .process = "\"apparmorProfile\": \"a\""),
        REFUSED("not-supported-yet", "/process/selinuxLabel", .process = "\"selinuxLabel\": \"a\""),
        REFUSED("not-supported-yet", "/process/scheduler",
                .process = "\"scheduler\": {\"policy\": \"SCHED_OTHER\"}"),
        REFUSED("not-supported-yet", "/process/ioPriority",
                .process = "\"ioPriority\": {\"class\": \"IOPRIO_CLASS_BE\", \"priority\": 0}"),
        FINE(.process = "\"execCPUAffinity\": {\"initial\": \"0-3\"}"),
        FINE(.linux_part = "\"netDevices\": {}, \"mountLabel\": \"\""),
        REFUSED("not-supported-yet", "/linux/netDevices",
                .linux_part = "\"netDevices\": {\"a\": {}}"),
        REFUSED("not-supported-yet", "/linux/mountLabel", .linux_part = "\"mountLabel\": \"a\""),
        REFUSED("not-supported-yet", "/linux/intelRdt", .linux_part = "\"intelRdt\": {}"),
        REFUSED("not-supported-yet", "/linux/memoryPolicy",
                .linux_part = "\"memoryPolicy\": {\"mode\": \"MPOL_LOCAL\"}"),
        FINE(.top = "\"mounts\": [{\"destination\": \"/a\", \"uidMappings\": [], \"gidMappings\": "
                    "[]}]"),
    };

    CHECK_ROWS(rows);
}

static void a_field_of_cgroup_v1_is_refused_unless_it_asks_for_nothing(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = "\"resources\": {\"memory\": {\"kernel\": 0, \"kernelTCP\": -1, "
                           "\"disableOOMKiller\": false, \"useHierarchy\": true}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/kernel",
                .linux_part = "\"resources\": {\"memory\": {\"kernel\": 1}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/kernelTCP",
                .linux_part = "\"resources\": {\"memory\": {\"kernelTCP\": 1}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/swappiness",
                .linux_part = "\"resources\": {\"memory\": {\"swappiness\": 0}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/swappiness",
                .linux_part = "\"resources\": {\"memory\": {\"swappiness\": 60}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/disableOOMKiller",
                .linux_part = "\"resources\": {\"memory\": {\"disableOOMKiller\": true}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/memory/useHierarchy",
                .linux_part = "\"resources\": {\"memory\": {\"useHierarchy\": false}}"),
        FINE(.linux_part =
                 "\"resources\": {\"cpu\": {\"realtimeRuntime\": 0, \"realtimePeriod\": 0}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/cpu/realtimeRuntime",
                .linux_part = "\"resources\": {\"cpu\": {\"realtimeRuntime\": 1}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/cpu/realtimePeriod",
                .linux_part = "\"resources\": {\"cpu\": {\"realtimePeriod\": 1}}"),
        FINE(.linux_part = "\"resources\": {\"blockIO\": {\"leafWeight\": 0}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/blockIO/leafWeight",
                .linux_part = "\"resources\": {\"blockIO\": {\"leafWeight\": 10}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/blockIO/weightDevice/0/leafWeight",
                .linux_part = "\"resources\": {\"blockIO\": {\"weightDevice\": [{\"major\": 8, "
                              "\"minor\": 0, \"leafWeight\": 10}]}}"),
        FINE(.linux_part = "\"resources\": {\"network\": {\"classID\": 0, \"priorities\": []}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/network",
                .linux_part = "\"resources\": {\"network\": {\"classID\": 1}}"),
        REFUSED("cgroup-v1-only", "/linux/resources/network",
                .linux_part = "\"resources\": {\"network\": {\"priorities\": [{\"name\": \"a\", "
                              "\"priority\": 0}]}}"),
    };

    CHECK_ROWS(rows);
}

/* --- document, process, mounts --------------------------------------------------------------- */

static void a_root_is_required(void **state UNUSED)
{
    check_text("{\"ociVersion\": \"1.0.0\", \"linux\": {\"namespaces\": [{\"type\": \"mount\"}]}}");
    assert_int_equal(findings.count, 1);
    assert_true(has_finding("root-missing", ""));
}

static void a_process_may_be_absent(void **state UNUSED)
{
    check_text("{\"ociVersion\": \"1.0.0\", \"root\": {\"path\": \"r\"}, "
               "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}]}}");
    assert_int_equal(findings.count, 0);
}

static void an_annotation_needs_a_key(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.top = "\"annotations\": {\"a\": \"\"}"),
        REFUSED("annotation-without-key", "/annotations", .top = "\"annotations\": {\"\": \"a\"}"),
    };

    CHECK_ROWS(rows);
}

static void a_process_needs_a_program(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"args\": [\"sh\", \"\"]"),
        REFUSED("args-missing", "/process/args", .process = "\"args\": []"),
        REFUSED("args-missing", "/process/args", .process = "\"args\": null"),
        REFUSED("args-missing", "/process/args", .process = "\"args\": [\"\"]"),
    };

    CHECK_ROWS(rows);
}

static void an_entry_of_the_environment_is_name_and_value(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"env\": [\"A=\", \"B==\", \"A=2\"]"),
        WARNED("env-not-a-variable", "/process/env/1", .process = "\"env\": [\"A=1\", \"A\"]"),
        WARNED("env-not-a-variable", "/process/env/0", .process = "\"env\": [\"=x\"]"),
        WARNED("env-not-a-variable", "/process/env/0", .process = "\"env\": [\"\"]"),
    };

    CHECK_ROWS(rows);
}

static void a_warning_about_the_environment_does_not_show_it(void **state UNUSED)
{
    const struct fragment fragment = {.process = "\"env\": [\"secret\"]"};

    check_fragment(&fragment);
    assert_int_equal(findings.count, 1);
    assert_null(strstr(findings.items[0].text, "secret"));
}

static void limits_stand_once_with_soft_below_hard(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 0}, "
                        "{\"type\": \"RLIMIT_AS\", \"soft\": 1, \"hard\": 18446744073709551615}]"),
        REFUSED("rlimit-soft-above-hard", "/process/rlimits/0",
                .process = "\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 2, \"hard\": 1}]"),
        REFUSED("rlimit-soft-above-hard", "/process/rlimits/0",
                .process = "\"rlimits\": [{\"type\": \"RLIMIT_CORE\", "
                           "\"soft\": 18446744073709551615, \"hard\": 1}]"),
        REFUSED("rlimit-duplicate", "/process/rlimits/1",
                .process = "\"rlimits\": [{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 1}, "
                           "{\"type\": \"RLIMIT_CORE\", \"soft\": 1, \"hard\": 1}]"),
    };

    CHECK_ROWS(rows);
}

static void capabilities_are_subsets_of_each_other(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"capabilities\": {}"),
        FINE(.process =
                 "\"capabilities\": {\"effective\": [\"CAP_KILL\"], \"permitted\": "
                 "[\"CAP_KILL\"], \"inheritable\": [\"CAP_KILL\"], \"ambient\": [\"CAP_KILL\"]}"),
        REFUSED("capability-not-permitted", "/process/capabilities/effective/1",
                .process = "\"capabilities\": {\"effective\": [\"CAP_KILL\", \"CAP_CHOWN\"], "
                           "\"permitted\": [\"CAP_KILL\"]}"),
        WARNED(
            "capability-not-inheritable", "/process/capabilities/ambient/0",
            .process =
                "\"capabilities\": {\"permitted\": [\"CAP_KILL\"], \"ambient\": [\"CAP_KILL\"]}"),
        WARNED("capability-not-inheritable", "/process/capabilities/ambient/0",
               .process = "\"capabilities\": {\"inheritable\": [\"CAP_KILL\"], "
                          "\"ambient\": [\"CAP_KILL\"]}"),
    };

    CHECK_ROWS(rows);
}

static void mounts_have_a_place_and_binds_a_source(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.top = "\"mounts\": [{\"destination\": \"/a/..b\", \"type\": \"tmpfs\"}]"),
        REFUSED("path-has-dotdot", "/mounts/0/destination",
                .top = "\"mounts\": [{\"destination\": \"/a/../b\"}]"),
        REFUSED("path-has-dotdot", "/mounts/0/destination",
                .top = "\"mounts\": [{\"destination\": \"/..\"}]"),
        WARNED("mount-destination-relative", "/mounts/1/destination",
               .top = "\"mounts\": [{\"destination\": \"/\"}, {\"destination\": \"a\"}]"),
        FINE(.top = "\"mounts\": [{\"destination\": \"/a\", \"source\": \"b\", \"options\": "
                    "[\"bind\"]}]"),
        REFUSED("mount-without-source", "/mounts/0",
                .top = "\"mounts\": [{\"destination\": \"/a\", \"options\": [\"ro\", \"bind\"]}]"),
        REFUSED("mount-without-source", "/mounts/0",
                .top = "\"mounts\": [{\"destination\": \"/a\", \"source\": \"\", "
                       "\"options\": [\"rbind\"]}]"),
        REFUSED("not-supported-yet", "/mounts/0/options/0",
                .top = "\"mounts\": [{\"destination\": \"/a\", \"options\": [\"idmap\"]}]"),
        REFUSED("not-supported-yet", "/mounts/0/options/1",
                .top =
                    "\"mounts\": [{\"destination\": \"/a\", \"options\": [\"ro\", \"ridmap\"]}]"),
    };

    CHECK_ROWS(rows);
}

static void a_mount_maps_uids_and_gids_or_neither(void **state UNUSED)
{
    const struct fragment fragment = {
        .top = "\"mounts\": [{\"destination\": \"/a\", \"uidMappings\": "
               "[{\"containerID\": 0, \"hostID\": 0, \"size\": 1}]}]",
    };

    check_fragment(&fragment);
    assert_int_equal(findings.count, 2);
    assert_true(has_finding("mount-half-mapped", "/mounts/0"));
    assert_true(has_finding("not-supported-yet", "/mounts/0/uidMappings"));
}

/* --- namespaces ------------------------------------------------------------------------------ */

#define MAP_ALL "{\"containerID\": 0, \"hostID\": 1000, \"size\": 65536}"
#define MAPS    "\"uidMappings\": [" MAP_ALL "], \"gidMappings\": [" MAP_ALL "]"

static void namespaces_stand_once_and_mount_is_one_of_them(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.namespaces = NS("pid") NS("network") NS("ipc") NS("uts") NS("cgroup") NS("time")),
        REFUSED("namespace-duplicate", "/linux/namespaces/2", .namespaces = NS("pid") NS("pid")),
        REFUSED("namespace-duplicate", "/linux/namespaces/1",
                .namespaces = ", {\"type\": \"mount\", \"path\": \"/a\"}"),
        REFUSED("mount-namespace-required", "/linux/namespaces", .no_mount_namespace = true),
    };

    CHECK_ROWS(rows);
}

static void a_user_namespace_has_mappings_or_a_path(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = MAPS, .namespaces = NS("user")),
        FINE(.linux_part = "\"uidMappings\": [], \"gidMappings\": []"),
        FINE(.namespaces = ", {\"type\": \"user\", \"path\": \"/a\"}"),
        REFUSED("id-map-missing", "/linux/gidMappings",
                .linux_part = "\"uidMappings\": [" MAP_ALL "]", .namespaces = NS("user")),
        REFUSED("id-map-missing", "/linux/uidMappings",
                .linux_part = "\"gidMappings\": [" MAP_ALL "]", .namespaces = NS("user")),
        REFUSED("id-map-missing", "/linux/uidMappings",
                .linux_part = "\"gidMappings\": [" MAP_ALL "]",
                .namespaces = ", {\"type\": \"user\", \"path\": \"\"}"),
        REFUSED("id-map-without-user-namespace", "/linux/uidMappings",
                .linux_part = "\"uidMappings\": [" MAP_ALL "]"),
        REFUSED("id-map-without-user-namespace", "/linux/gidMappings",
                .linux_part = "\"gidMappings\": [" MAP_ALL "]"),
        WARNED("id-map-ignored", "/linux/uidMappings",
               .linux_part = "\"uidMappings\": [" MAP_ALL "]",
               .namespaces = ", {\"type\": \"user\", \"path\": \"/a\"}"),
    };

    CHECK_ROWS(rows);
}

#define UID_MAPS(maps) "\"uidMappings\": [" maps "], \"gidMappings\": [" MAP_ALL "]"
#define MAP(container, host, size)                                                                 \
    "{\"containerID\": " #container ", \"hostID\": " #host ", \"size\": " #size "}"

static void mappings_neither_overlap_nor_leave_the_range(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = UID_MAPS(MAP(0, 1000, 1) ", " MAP(1, 1001, 5) ", " MAP(6, 0, 1000)),
             .namespaces = NS("user")),
        FINE(.linux_part = UID_MAPS(MAP(0, 0, 4294967295)), .namespaces = NS("user")),
        FINE(.linux_part = UID_MAPS(MAP(0, 4294967294, 1)), .namespaces = NS("user")),
        REFUSED("id-map-empty", "/linux/uidMappings/1",
                .linux_part = UID_MAPS(MAP(0, 0, 1) ", " MAP(1, 1, 0)), .namespaces = NS("user")),
        REFUSED("id-map-out-of-range", "/linux/uidMappings/0",
                .linux_part = UID_MAPS(MAP(0, 1, 4294967295)), .namespaces = NS("user")),
        REFUSED("id-map-out-of-range", "/linux/uidMappings/1",
                .linux_part = UID_MAPS(MAP(0, 0, 1) ", " MAP(4294967294, 5, 2)),
                .namespaces = NS("user")),
        REFUSED("id-map-overlap", "/linux/uidMappings/1",
                .linux_part = UID_MAPS(MAP(0, 0, 10) ", " MAP(9, 100, 1)),
                .namespaces = NS("user")),
        REFUSED("id-map-overlap", "/linux/uidMappings/1",
                .linux_part = UID_MAPS(MAP(5, 0, 10) ", " MAP(0, 100, 6)),
                .namespaces = NS("user")),
        REFUSED("id-map-overlap", "/linux/uidMappings/2",
                .linux_part = UID_MAPS(MAP(0, 100, 10) ", " MAP(10, 50, 10) ", " MAP(20, 109, 10)),
                .namespaces = NS("user")),
    };

    CHECK_ROWS(rows);
}

static const char *many_maps(size_t count)
{
    struct strbuf text = STRBUF_INIT(&arena);

    strbuf_puts(&text, "\"gidMappings\": [" MAP_ALL "], \"uidMappings\": [");
    for (size_t i = 0; i < count; i++)
        strbuf_printf(&text, "%s{\"containerID\": %zu, \"hostID\": %zu, \"size\": 1}",
                      i == 0 ? "" : ",", i, i);
    strbuf_puts(&text, "]");
    return strbuf_text(&text);
}

static void the_kernel_takes_340_mappings(void **state UNUSED)
{
    struct fragment fragment = {.linux_part = many_maps(340), .namespaces = NS("user")};

    check_fragment(&fragment);
    assert_int_equal(findings.count, 0);
    fragment.linux_part = many_maps(341);
    check_fragment(&fragment);
    assert_int_equal(findings.count, 1);
    assert_true(has_finding("id-map-too-long", "/linux/uidMappings"));
}

static void the_user_is_mapped(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.process = "\"user\": {\"uid\": 65535, \"gid\": 65535, \"additionalGids\": [5]}",
             .linux_part = MAPS, .namespaces = NS("user")),
        REFUSED("user-not-mapped", "/process/user/uid",
                .process = "\"user\": {\"uid\": 65536, \"gid\": 0}", .linux_part = MAPS,
                .namespaces = NS("user")),
        REFUSED("user-not-mapped", "/process/user/gid",
                .process = "\"user\": {\"uid\": 0, \"gid\": 65536}", .linux_part = MAPS,
                .namespaces = NS("user")),
        REFUSED("user-not-mapped", "/process/user/additionalGids/1",
                .process = "\"user\": {\"uid\": 0, \"gid\": 0, \"additionalGids\": [1, 70000]}",
                .linux_part = MAPS, .namespaces = NS("user")),
        FINE(.process = "\"user\": {\"uid\": 70000, \"gid\": 70000}"),
        FINE(.process = "\"user\": {\"uid\": 70000, \"gid\": 70000}",
             .namespaces = ", {\"type\": \"user\", \"path\": \"/a\"}"),
    };

    CHECK_ROWS(rows);
}

static void clocks_are_set_in_a_new_time_namespace(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = "\"timeOffsets\": {}"),
        FINE(.linux_part = "\"timeOffsets\": {\"monotonic\": {\"secs\": -5}, \"boottime\": {}}",
             .namespaces = NS("time")),
        REFUSED("time-offset-without-namespace", "/linux/timeOffsets",
                .linux_part = "\"timeOffsets\": {\"monotonic\": {\"secs\": 5}}"),
        REFUSED("time-offset-without-namespace", "/linux/timeOffsets",
                .linux_part = "\"timeOffsets\": {\"monotonic\": {\"secs\": 5}}",
                .namespaces = ", {\"type\": \"time\", \"path\": \"/a\"}"),
        REFUSED("clock-unknown", "/linux/timeOffsets/realtime",
                .linux_part = "\"timeOffsets\": {\"realtime\": {\"secs\": 5}}",
                .namespaces = NS("time")),
    };

    CHECK_ROWS(rows);
}

static void names_need_a_uts_namespace(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.top = "\"hostname\": \"a\", \"domainname\": \"b\"", .namespaces = NS("uts")),
        FINE(.top = "\"hostname\": \"a\"", .namespaces = ", {\"type\": \"uts\", \"path\": \"/a\"}"),
        FINE(.top = "\"hostname\": \"\", \"domainname\": \"\""),
        REFUSED("host-name-without-namespace", "/hostname", .top = "\"hostname\": \"a\""),
        REFUSED("host-name-without-namespace", "/domainname", .top = "\"domainname\": \"a\""),
    };

    CHECK_ROWS(rows);
}

/* --- devices --------------------------------------------------------------------------------- */

static void devices_have_numbers_and_a_path_of_their_own(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = "\"devices\": [{\"type\": \"c\", \"path\": \"/dev/a\", \"major\": 0, "
                           "\"minor\": 0}, {\"type\": \"p\", \"path\": \"/dev/p\"}]"),
        REFUSED("device-without-numbers", "/linux/devices/0",
                .linux_part =
                    "\"devices\": [{\"type\": \"c\", \"path\": \"/dev/a\", \"major\": 1}]"),
        REFUSED("device-without-numbers", "/linux/devices/0",
                .linux_part =
                    "\"devices\": [{\"type\": \"b\", \"path\": \"/dev/a\", \"minor\": 1}]"),
        REFUSED("device-without-numbers", "/linux/devices/0",
                .linux_part = "\"devices\": [{\"type\": \"u\", \"path\": \"/dev/a\"}]"),
        REFUSED("path-has-dotdot", "/linux/devices/0/path",
                .linux_part = "\"devices\": [{\"type\": \"p\", \"path\": \"/dev/../a\"}]"),
        REFUSED("device-conflict", "/linux/devices/1/path",
                .linux_part =
                    "\"devices\": [{\"type\": \"p\", \"path\": \"/dev/a\"}, {\"type\": \"c\", "
                    "\"path\": \"/dev//a/\", \"major\": 1, \"minor\": 3}]"),
        REFUSED("device-conflict", "/linux/devices/1/path",
                .linux_part = "\"devices\": [{\"type\": \"c\", \"path\": \"/a\", \"major\": 1, "
                              "\"minor\": 3}, {\"type\": \"c\", \"path\": \"/a\", \"major\": 1, "
                              "\"minor\": 5}]"),
        REFUSED("device-conflict", "/linux/devices/1/path",
                .linux_part = "\"devices\": [{\"type\": \"c\", \"path\": \"/a\", \"major\": 1, "
                              "\"minor\": 3}, {\"type\": \"b\", \"path\": \"/a\", \"major\": 1, "
                              "\"minor\": 3}]"),
        FINE(.linux_part = "\"devices\": [{\"type\": \"c\", \"path\": \"/a\", \"major\": 1, "
                           "\"minor\": 3}, {\"type\": \"u\", \"path\": \"/a\", \"major\": 1, "
                           "\"minor\": 3}]"),
    };

    CHECK_ROWS(rows);
}

/* --- sysctl ---------------------------------------------------------------------------------- */

static void parameters_belong_to_a_namespace_that_the_container_has(void **state UNUSED)
{
    static const char all[] = NS("network") NS("ipc") NS("uts");
    static const struct {
        const char *name;
        const char *id;         /* with all namespaces but user and time */
        const char *id_without; /* with the mount namespace alone */
    } rows[] = {
        {"net.ipv4.ip_forward", NULL, "sysctl-without-namespace"},
        {"net/ipv4/ip_forward", NULL, "sysctl-without-namespace"},
        {"net.ipv4.conf.eth0/100.rp_filter", NULL, "sysctl-without-namespace"},
        {"net/ipv4/conf/eth0.100/rp_filter", NULL, "sysctl-without-namespace"},
        {"kernel.msgmax", NULL, "sysctl-without-namespace"},
        {"kernel.msgmnb", NULL, "sysctl-without-namespace"},
        {"kernel.msgmni", NULL, "sysctl-without-namespace"},
        {"kernel.sem", NULL, "sysctl-without-namespace"},
        {"kernel.shmall", NULL, "sysctl-without-namespace"},
        {"kernel.shmmax", NULL, "sysctl-without-namespace"},
        {"kernel.shmmni", NULL, "sysctl-without-namespace"},
        {"kernel.shm_rmid_forced", NULL, "sysctl-without-namespace"},
        {"kernel/shm_rmid_forced", NULL, "sysctl-without-namespace"},
        {"fs.mqueue.msg_max", NULL, "sysctl-without-namespace"},
        {"kernel.domainname", NULL, "sysctl-without-namespace"},
        {"kernel.hostname", "sysctl-is-hostname", "sysctl-is-hostname"},
        {"kernel/hostname", "sysctl-is-hostname", "sysctl-is-hostname"},
        {"user.max_user_namespaces", "sysctl-without-namespace", "sysctl-without-namespace"},
        {"kernel.core_pattern", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"kernel.sem2", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"kernel.sem.x", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"kernel.shm_next_id", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"vm.swappiness", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"fs.file-max", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"fs.mqueuex.a", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"netx.a", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"Net.ipv4.ip_forward", "sysctl-not-namespaced", "sysctl-not-namespaced"},
        {"kernel.shm_rmid_forced+kernel.core_pattern", "sysctl-not-namespaced",
         "sysctl-not-namespaced"},
        {"", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net.", "sysctl-name-invalid", "sysctl-name-invalid"},
        {".net.a", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"/net/a", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net..ipv4", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net/../kernel/core_pattern", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net/./a", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net.//.kernel.core_pattern", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net//a", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net.a b", "sysctl-name-invalid", "sysctl-name-invalid"},
        {"net.a\\nb", "sysctl-name-invalid", "sysctl-name-invalid"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (int with_all = 0; with_all < 2; with_all++) {
            const char *wanted = with_all ? rows[i].id : rows[i].id_without;
            const struct fragment fragment = {
                .linux_part = arena_printf(&arena, "\"sysctl\": {\"%s\": \"1\"}", rows[i].name),
                .namespaces = with_all ? all : "",
            };

            check_fragment(&fragment);
            if (findings.count != (wanted != NULL ? 1 : 0) ||
                (wanted != NULL && strcmp(findings.items[0].id, wanted) != 0)) {
                print_findings();
                fail_msg("%s", rows[i].name);
            }
        }
}

static void parameters_have_one_spelling_and_one_line(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = "\"sysctl\": {\"net.a\": \"\", \"net.b\": \"1 2\\t3\"}",
             .namespaces = NS("network")),
        REFUSED("sysctl-value-has-newline", "/linux/sysctl/net.a",
                .linux_part = "\"sysctl\": {\"net.a\": \"1\\n2\"}", .namespaces = NS("network")),
        REFUSED("sysctl-duplicate", "/linux/sysctl/net~1core~1a",
                .linux_part = "\"sysctl\": {\"net.core.a\": \"1\", \"net/core/a\": \"2\"}",
                .namespaces = NS("network")),
        FINE(.linux_part = "\"sysctl\": {\"user.max_net_namespaces\": \"0\"}, " MAPS,
             .namespaces = NS("user")),
        REFUSED("sysctl-without-namespace", "/linux/sysctl/user.max_net_namespaces",
                .linux_part = "\"sysctl\": {\"user.max_net_namespaces\": \"0\"}",
                .namespaces = ", {\"type\": \"user\", \"path\": \"/a\"}"),
    };

    CHECK_ROWS(rows);
}

static void names_of_parameters_become_paths(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *path;
    } rows[] = {
        {"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
        {"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
        {"net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"},
        {"net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"},
        {"net", NULL},
        {"net.a.", NULL},
        {"net.//.a", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *path = spec_sysctl_path(&arena, rows[i].name);

        if (rows[i].path == NULL)
            assert_null(path);
        else
            assert_string_equal(path, rows[i].path);
    }
}

/* --- cgroup ---------------------------------------------------------------------------------- */

static void the_cgroup_path_stays_where_it_is(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = "\"cgroupsPath\": \"/a/b..c/...\""),
        FINE(.linux_part = "\"cgroupsPath\": \"system.slice:docker:0123\""),
        FINE(.linux_part = "\"cgroupsPath\": \"\""),
        REFUSED("path-has-dotdot", "/linux/cgroupsPath",
                .linux_part = "\"cgroupsPath\": \"/a/../b\""),
        REFUSED("path-has-dotdot", "/linux/cgroupsPath", .linux_part = "\"cgroupsPath\": \"..\""),
        REFUSED("path-has-dotdot", "/linux/cgroupsPath",
                .linux_part = "\"cgroupsPath\": \"a//..//b\""),
        REFUSED("path-has-dotdot", "/linux/cgroupsPath",
                .linux_part = "\"cgroupsPath\": \"-.slice:x:..\""),
        REFUSED("cgroups-path-invalid", "/linux/cgroupsPath",
                .linux_part = "\"cgroupsPath\": \"a.slice:b:c\\nExecStart=x\""),
    };
    struct fragment fragment = {.linux_part = NULL};
    char name[300];

    CHECK_ROWS(rows);
    memset(name, 'a', sizeof(name));
    name[256] = '\0';
    fragment.linux_part = arena_printf(&arena, "\"cgroupsPath\": \"a.slice:%s:c\"", name);
    check_fragment(&fragment);
    assert_true(has_finding("cgroups-path-invalid", "/linux/cgroupsPath"));
    fragment.linux_part = arena_printf(&arena, "\"cgroupsPath\": \"a.slice:%s:c\"", name + 1);
    check_fragment(&fragment);
    assert_int_equal(findings.count, 0);
}

static void a_device_has_a_weight_or_a_limit(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part =
                 "\"resources\": {\"blockIO\": {}, \"hugepageLimits\": [], \"rdma\": {}}"),
        FINE(.linux_part = "\"resources\": {\"blockIO\": {\"weight\": 0, \"weightDevice\": []}}"),
        FINE(.linux_part = "\"resources\": {\"blockIO\": {\"weightDevice\": [{\"major\": 8, "
                           "\"minor\": 0, \"weight\": 10}]}}"),
        REFUSED("weight-missing", "/linux/resources/blockIO/weightDevice/0",
                .linux_part = "\"resources\": {\"blockIO\": {\"weightDevice\": [{\"major\": 8, "
                              "\"minor\": 0}]}}"),
        FINE(.linux_part = "\"resources\": {\"rdma\": {\"mlx5_0\": {\"hcaHandles\": 0}}}"),
        REFUSED("rdma-limit-missing", "/linux/resources/rdma/mlx5_0",
                .linux_part = "\"resources\": {\"rdma\": {\"mlx5_0\": {}}}"),
        REFUSED("rdma-device-invalid", "/linux/resources/rdma/",
                .linux_part = "\"resources\": {\"rdma\": {\"\": {\"hcaObjects\": 1}}}"),
        REFUSED("rdma-device-invalid", "/linux/resources/rdma/a hca_handle=max",
                .linux_part =
                    "\"resources\": {\"rdma\": {\"a hca_handle=max\": {\"hcaObjects\": 1}}}"),
        REFUSED("rdma-device-invalid", "/linux/resources/rdma/..~1a",
                .linux_part = "\"resources\": {\"rdma\": {\"../a\": {\"hcaObjects\": 1}}}"),
        FINE(.linux_part = "\"resources\": {\"pids\": {}}"),
    };

    CHECK_ROWS(rows);
}

#define UNIFIED(key, value) "\"resources\": {\"unified\": {\"" key "\": \"" value "\"}}"

static void unified_names_a_file_of_a_controller(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = UNIFIED("memory.high", "max")),
        FINE(.linux_part = UNIFIED("hugetlb.1GB.max", "0")),
        FINE(.linux_part = UNIFIED("unheard.of", "x")),
        FINE(.linux_part = UNIFIED("cgroup.max.depth", "5")),
        FINE(.linux_part = UNIFIED("io.max", "8:0 rbps=1\\n8:16 rbps=max")),
        FINE(.linux_part = UNIFIED("cgroup.pressure", "0")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/memory.pressure",
                .linux_part = UNIFIED("memory.pressure", "some 150000 1000000")),
        REFUSED("unified-value-invalid", "/linux/resources/unified/memory.max",
                .linux_part = UNIFIED("memory.max", "")),
        REFUSED("unified-value-invalid", "/linux/resources/unified/io.max",
                .linux_part = UNIFIED("io.max", " \\n ")),
        REFUSED("unified-value-invalid", "/linux/resources/unified/memory.max",
                .linux_part = UNIFIED("memory.max", "1\\r")),
        REFUSED("unified-value-has-newline", "/linux/resources/unified/memory.max",
                .linux_part = UNIFIED("memory.max", "max\\n0")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/cgroup.procs",
                .linux_part = UNIFIED("cgroup.procs", "0")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/cgroup.threads",
                .linux_part = UNIFIED("cgroup.threads", "0")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/cgroup.kill",
                .linux_part = UNIFIED("cgroup.kill", "1")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/cgroup.freeze",
                .linux_part = UNIFIED("cgroup.freeze", "1")),
        REFUSED("unified-key-reserved", "/linux/resources/unified/cgroup.subtree_control",
                .linux_part = UNIFIED("cgroup.subtree_control", "+memory")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/..~1..~1x",
                .linux_part = UNIFIED("../../x", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/memory.max~1..",
                .linux_part = UNIFIED("memory.max/..", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/memory",
                .linux_part = UNIFIED("memory", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/..",
                .linux_part = UNIFIED("..", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/.max",
                .linux_part = UNIFIED(".max", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/", .linux_part = UNIFIED("", "1")),
        REFUSED("unified-key-invalid", "/linux/resources/unified/memory.\n",
                .linux_part = UNIFIED("memory.\\n", "1")),
    };

    CHECK_ROWS(rows);
}

/* --- seccomp --------------------------------------------------------------------------------- */

#define SECCOMP(members) "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_ERRNO\", " members "}"
#define SYSCALL(members) SECCOMP("\"syscalls\": [{\"names\": [\"read\"], " members "}]")

static void filters_use_what_their_action_takes(void **state UNUSED)
{
    static const struct row rows[] = {
        FINE(.linux_part = SECCOMP("\"defaultErrnoRet\": 38")),
        FINE(.linux_part = SECCOMP("\"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]")),
        FINE(.linux_part = SYSCALL("\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 4095")),
        FINE(.linux_part = SYSCALL("\"action\": \"SCMP_ACT_TRACE\", \"errnoRet\": 65535")),
        REFUSED("seccomp-errno-too-large", "/linux/seccomp/syscalls/0/errnoRet",
                .linux_part = SYSCALL("\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 4096")),
        REFUSED("seccomp-errno-unused", "/linux/seccomp/syscalls/0/errnoRet",
                .linux_part = SYSCALL("\"action\": \"SCMP_ACT_ALLOW\", \"errnoRet\": 1")),
        REFUSED("seccomp-errno-unused", "/linux/seccomp/defaultErrnoRet",
                .linux_part = "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_KILL\", "
                              "\"defaultErrnoRet\": 0}"),
        REFUSED("not-supported-yet", "/linux/seccomp/defaultAction",
                .linux_part = "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\"}"),
        REFUSED("not-supported-yet", "/linux/seccomp/syscalls/0/action",
                .linux_part = SYSCALL("\"action\": \"SCMP_ACT_NOTIFY\"")),
        REFUSED("not-supported-yet", "/linux/seccomp/flags/0",
                .linux_part = SECCOMP("\"flags\": [\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]")),
        FINE(.linux_part = SECCOMP("\"listenerPath\": \"/a\", \"listenerMetadata\": \"b\"")),
        REFUSED("seccomp-metadata-without-listener", "/linux/seccomp/listenerMetadata",
                .linux_part = SECCOMP("\"listenerMetadata\": \"b\"")),
        FINE(.linux_part =
                 SYSCALL("\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
                         "\"value\": 1, \"valueTwo\": 2, \"op\": \"SCMP_CMP_MASKED_EQ\"}, "
                         "{\"index\": 1, \"value\": 1, \"valueTwo\": 0, "
                         "\"op\": \"SCMP_CMP_EQ\"}]")),
        REFUSED("seccomp-second-value-unused", "/linux/seccomp/syscalls/0/args/0/valueTwo",
                .linux_part = SYSCALL("\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
                                      "\"value\": 1, \"valueTwo\": 2, \"op\": \"SCMP_CMP_EQ\"}]")),
    };

    CHECK_ROWS(rows);
}

static void a_listener_that_is_used_is_refused_too(void **state UNUSED)
{
    const struct fragment fragment = {
        .linux_part =
            "\"seccomp\": {\"defaultAction\": \"SCMP_ACT_NOTIFY\", \"listenerPath\": \"/a\"}",
    };

    check_fragment(&fragment);
    assert_int_equal(findings.count, 2);
    assert_true(has_finding("not-supported-yet", "/linux/seccomp/listenerPath"));
}

/* --- all at once ----------------------------------------------------------------------------- */

static void every_broken_rule_is_found_at_once(void **state UNUSED)
{
    const struct fragment fragment = {
        .top = "\"hostname\": \"a\", \"mounts\": [{\"destination\": \"/..\", \"options\": "
               "[\"bind\"]}]",
        .process = "\"args\": [], \"terminal\": true",
        .linux_part = "\"sysctl\": {\"kernel.core_pattern\": \"|x\"}, \"cgroupsPath\": \"/..\", "
                      "\"devices\": [{\"type\": \"c\", \"path\": \"/a\"}]",
        .no_mount_namespace = true,
    };
    static const char *const ids[] = {
        "args-missing",
        "path-has-dotdot",
        "mount-without-source",
        "mount-namespace-required",
        "host-name-without-namespace",
        "device-without-numbers",
        "sysctl-not-namespaced",
        "path-has-dotdot",
        "not-supported-yet",
    };

    check_fragment(&fragment);
    assert_int_equal(findings.count, ARRAY_LEN(ids));
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_string_equal(findings.items[i].id, ids[i]);
}

static void many_warnings_do_not_hide_a_refusal(void **state UNUSED)
{
    struct strbuf text = STRBUF_INIT(&arena);
    struct fragment fragment = {.top = "\"hostname\": \"a\""};

    strbuf_puts(&text, "\"env\": [\"\"");
    for (size_t i = 0; i < 1000; i++)
        strbuf_puts(&text, ",\"\"");
    strbuf_puts(&text, "]");
    fragment.process = strbuf_text(&text);
    check_fragment(&fragment);
    assert_int_equal(findings.n_refused, 1);
    assert_true(has_finding("host-name-without-namespace", "/hostname"));
}

static void texts_are_fit_for_a_terminal(void **state UNUSED)
{
    const struct fragment fragment = {
        .linux_part = "\"sysctl\": {\"vm.\\u001b[2J\": \"1\"}",
    };

    check_fragment(&fragment);
    assert_int_equal(findings.count, 1);
    assert_null(strchr(findings.items[0].text, 0x1b));
}

/* ---- a document of its own ------------------------------------------------------------------ */

static void check_resources(const char *text)
{
    findings = FINDINGS_INIT(&arena);
    spec_decode_resources(&document, &arena, text, strlen(text), &findings);
    if (findings.n_refused == 0)
        spec_check_resources(&document, &findings);
}

static void resources_alone_are_checked_like_those_of_a_configuration(void **state UNUSED)
{
    static const struct {
        const char *text;
        const char *id; /* NULL: fine */
        const char *pointer;
    } cases[] = {
        {"{}", NULL, NULL},
        {"{\"memory\": {\"limit\": 5, \"kernel\": 0}, \"devices\": []}", NULL, NULL},
        {"{\"memory\": {\"kernel\": 5}}", "cgroup-v1-only", "/memory/kernel"},
        {"{\"network\": {\"classID\": 5}}", "cgroup-v1-only", "/network"},
        {"{\"cpu\": {\"realtimePeriod\": 5}}", "cgroup-v1-only", "/cpu/realtimePeriod"},
        {"{\"unified\": {\"cgroup.kill\": \"1\"}}", "unified-key-reserved", "/unified/cgroup.kill"},
        {"{\"rdma\": {\"a b\": {\"hcaHandles\": 1}}}", "rdma-device-invalid", "/rdma/a b"},
        {"{\"pids\": {\"limit\": \"5\"}}", "wrong-type", "/pids/limit"},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        check_resources(cases[i].text);
        if (findings.count != (cases[i].id != NULL)) {
            print_findings();
            fail_msg("%zu findings: %s", findings.count, cases[i].text);
        }
        if (cases[i].id == NULL)
            continue;
        if (strncmp(findings.items[0].pointer, cases[i].pointer, strlen(cases[i].pointer)) != 0)
            fail_msg("%s: %s", cases[i].text, findings.items[0].pointer);
        assert_string_equal(findings.items[0].id, cases[i].id);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(good_examples_are_refused_only_for_what_is_not_supported,
                                  release),
        cmocka_unit_test_teardown(fields_that_are_not_supported_yet, release),
        cmocka_unit_test_teardown(a_later_field_is_refused_by_name_unless_it_asks_for_nothing,
                                  release),
        cmocka_unit_test_teardown(a_field_of_cgroup_v1_is_refused_unless_it_asks_for_nothing,
                                  release),
        cmocka_unit_test_teardown(a_root_is_required, release),
        cmocka_unit_test_teardown(a_process_may_be_absent, release),
        cmocka_unit_test_teardown(an_annotation_needs_a_key, release),
        cmocka_unit_test_teardown(a_process_needs_a_program, release),
        cmocka_unit_test_teardown(an_entry_of_the_environment_is_name_and_value, release),
        cmocka_unit_test_teardown(a_warning_about_the_environment_does_not_show_it, release),
        cmocka_unit_test_teardown(limits_stand_once_with_soft_below_hard, release),
        cmocka_unit_test_teardown(capabilities_are_subsets_of_each_other, release),
        cmocka_unit_test_teardown(mounts_have_a_place_and_binds_a_source, release),
        cmocka_unit_test_teardown(a_mount_maps_uids_and_gids_or_neither, release),
        cmocka_unit_test_teardown(namespaces_stand_once_and_mount_is_one_of_them, release),
        cmocka_unit_test_teardown(a_user_namespace_has_mappings_or_a_path, release),
        cmocka_unit_test_teardown(mappings_neither_overlap_nor_leave_the_range, release),
        cmocka_unit_test_teardown(the_kernel_takes_340_mappings, release),
        cmocka_unit_test_teardown(the_user_is_mapped, release),
        cmocka_unit_test_teardown(clocks_are_set_in_a_new_time_namespace, release),
        cmocka_unit_test_teardown(names_need_a_uts_namespace, release),
        cmocka_unit_test_teardown(devices_have_numbers_and_a_path_of_their_own, release),
        cmocka_unit_test_teardown(parameters_belong_to_a_namespace_that_the_container_has, release),
        cmocka_unit_test_teardown(parameters_have_one_spelling_and_one_line, release),
        cmocka_unit_test_teardown(names_of_parameters_become_paths, release),
        cmocka_unit_test_teardown(the_cgroup_path_stays_where_it_is, release),
        cmocka_unit_test_teardown(a_device_has_a_weight_or_a_limit, release),
        cmocka_unit_test_teardown(unified_names_a_file_of_a_controller, release),
        cmocka_unit_test_teardown(filters_use_what_their_action_takes, release),
        cmocka_unit_test_teardown(a_listener_that_is_used_is_refused_too, release),
        cmocka_unit_test_teardown(every_broken_rule_is_found_at_once, release),
        cmocka_unit_test_teardown(many_warnings_do_not_hide_a_refusal, release),
        cmocka_unit_test_teardown(texts_are_fit_for_a_terminal, release),
        cmocka_unit_test_teardown(resources_alone_are_checked_like_those_of_a_configuration,
                                  release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
