/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a and yajl. What single mounts become is in tests/golden; here is what
 * holds for many. */

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

#include <time.h>

#include "kernel/abi.h"
#include "rootfs/rootfs.h"
#include "spec/check.h"

static struct arena arena;
static struct findings findings;
static struct spec_document document;
static struct plan plan;

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

/* Compiles a configuration with these elements of "mounts" and members of "linux". */
static void compile(const char *mounts, const char *members)
{
    static const struct compile_options options = {.id = "id", .bundle = "/bundle"};
    static const struct facts facts = {
        .in_initial_userns = true,
        .permitted_capabilities = UINT64_MAX,
        .cgroup_layout = CGROUP_UNIFIED,
        .cgroup_mount = "/sys/fs/cgroup",
    };
    struct strbuf text = STRBUF_INIT(&arena);
    struct compile compile = {
        .arena = &arena,
        .document = &document,
        .config = &document.config,
        .facts = &facts,
        .options = &options,
        .findings = &findings,
        .plan = &plan,
    };

    strbuf_printf(&text,
                  "{\"ociVersion\": \"1.3.0\", \"root\": {\"path\": \"rootfs\"}, \"mounts\": [%s], "
                  "\"linux\": {\"namespaces\": [{\"type\": \"mount\"}, {\"type\": \"cgroup\"}]%s}}",
                  mounts, members);
    findings = FINDINGS_INIT(&arena);
    spec_decode(&document, &arena, strbuf_text(&text), text.length, &findings);
    if (findings.n_refused != 0)
        fail_msg("does not decode: %s %s", findings.items[0].pointer, findings.items[0].text);
    compile.linux_section = document.config.linux_section;
    plan_start(&plan, &arena);
    rootfs_compile_mounts(&compile);
    rootfs_compile_seal(&compile);
}

static size_t count_ops(enum plan_op_code code)
{
    const struct plan_ops *ops = &plan_block_of(&plan, code)->ops;
    size_t count = 0;

    for (size_t i = 0; i < ops->count; i++)
        count += ops->items[i].code == code;
    return count;
}

static bool was_refused(const char *id)
{
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].severity == SEVERITY_REFUSE && strcmp(findings.items[i].id, id) == 0)
            return true;
    return false;
}

/* Twelve ways to write a path: slashes and dots around it, and without the first slash, which means
 * the same. NULL after the last. */
static const char *spell(const char *path, size_t way)
{
    static const struct {
        const char *before;
        const char *after;
    } wrappers[] = {
        {"", ""},    {"", "/"},     {"/", ""},      {"//", "//"},   {"/.", ""},     {"", "/."},
        {"/./", ""}, {"", "/././"}, {"///.//", ""}, {"/.//.", "/"}, {"", "///.//"},
    };

    if (way == ARRAY_LEN(wrappers))
        return path + 1;
    if (way > ARRAY_LEN(wrappers))
        return NULL;
    return arena_printf(&arena, "%s%s%s", wrappers[way].before, path, wrappers[way].after);
}

static const char *mount_json(const char *destination, const char *type, const char *option)
{
    return arena_printf(&arena,
                        "{\"destination\": \"%s\", \"type\": \"%s\", \"source\": \"/srv\", "
                        "\"options\": [\"%s\"]}",
                        destination, type, option);
}

static void every_spelling_of_a_special_place_is_judged_alike(void **state UNUSED)
{
    static const char *const places[] = {
        "/proc", "/proc/self",     "/proc/self/attr",   "/proc/sys",
        "/sys",  "/sys/fs/cgroup", "/proc/thread-self", "/sys/firmware"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *spelled;

        for (size_t way = 0; (spelled = spell(places[i], way)) != NULL; way++) {
            compile(mount_json(spelled, "tmpfs", "nosuid"), "");
            if (!was_refused("mount-over-proc"))
                fail_msg("a tmpfs on %s", spelled);
        }
    }
}

static uint16_t flags_of_first_bind(void)
{
    for (size_t i = 0; i < plan.host.ops.count; i++)
        if (plan.host.ops.items[i].code == OP_OPEN_BIND)
            return plan.host.ops.items[i].flags;
    return 0;
}

static void every_spelling_of_a_bind_demands_the_same_proof(void **state UNUSED)
{
    static const struct {
        const char *place;
        uint16_t flag;
    } places[] = {
        {"/proc", BIND_MUST_BE_PROC},
        {"/sys", BIND_MUST_BE_SYS},
        {"/sys/fs/cgroup", BIND_MUST_BE_KERNEL},
        {"/sys/firmware", BIND_MUST_BE_KERNEL},
    };

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *spelled;

        for (size_t way = 0; (spelled = spell(places[i].place, way)) != NULL; way++) {
            compile(mount_json(spelled, "none", "bind"), "");
            if (findings.n_refused != 0 || (flags_of_first_bind() & places[i].flag) == 0)
                fail_msg("a bind on %s", spelled);
        }
    }
}

static void every_spelling_of_dev_keeps_our_hands_off_it(void **state UNUSED)
{
    const char *spelled;

    for (size_t way = 0; (spelled = spell("/dev", way)) != NULL; way++) {
        compile(mount_json(spelled, "bind", "rbind"),
                ", \"devices\": [{\"path\": \"/dev/x\", \"type\": \"c\", \"major\": 1, "
                "\"minor\": 3}]");
        if (count_ops(OP_DEVICE) != 0 || count_ops(OP_LINK) != 0)
            fail_msg("a bind on %s", spelled);
    }
}

static void the_paths_that_look_like_special_ones_are_not(void **state UNUSED)
{
    static const char *const places[] = {"/process", "/proc2/self", "/system", "/a/proc",
                                         "/devices"};

    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        compile(mount_json(places[i], "tmpfs", "mode=755"), "");
        assert_int_equal(findings.n_refused, 0);
        assert_int_equal(count_ops(OP_MOUNT), 1);
        assert_int_equal(count_ops(OP_DEVICE), 6);
    }
}

/* One row for each destination, whatever becomes of it. */
static void mounts_are_made_in_the_order_of_the_document(void **state UNUSED)
{
    struct strbuf mounts = STRBUF_INIT(&arena);
    size_t found = 0;

    for (int i = 0; i < 100; i++)
        strbuf_printf(
            &mounts, "%s%s", i != 0 ? "," : "",
            mount_json(arena_printf(&arena, "/m%03d", i), i % 2 == 0 ? "bind" : "tmpfs", "nosuid"));
    compile(strbuf_text(&mounts), "");
    for (size_t i = 0; i < plan.init.ops.count; i++) {
        const struct plan_op *op = &plan.init.ops.items[i];

        if (op->code != OP_MOUNT && op->code != OP_BIND)
            continue;
        assert_string_equal(
            plan_text(&plan.init, op->code == OP_MOUNT ? op->mount.target : op->bind.target),
            arena_printf(&arena, "/m%03zu", found));
        found++;
    }
    assert_int_equal(found, 100);
}

/* Nothing of the host's may be in what travels into the container. */
static void paths_of_the_host_stay_on_the_host_side(void **state UNUSED)
{
    compile("{\"destination\": \"/data\", \"source\": \"/srv/secret\", \"options\": [\"bind\"]}",
            "");
    assert_null(memmem(plan.init.strings.text, plan.init.strings.length, "secret", 6));
    assert_non_null(memmem(plan.host.strings.text, plan.host.strings.length, "secret", 6));
}

static void as_many_sources_as_a_plan_cannot_carry_are_refused(void **state UNUSED)
{
    struct strbuf mounts = STRBUF_INIT(&arena);

    for (int i = 0; i < 4095; i++)
        strbuf_printf(&mounts, "%s%s", i != 0 ? "," : "", mount_json("/m", "bind", "ro"));
    compile(strbuf_text(&mounts), "");
    assert_true(was_refused("too-many-sources"));
}

/* The work for one mount must not grow with what the others take from the arena. */
static void thousands_of_read_only_file_systems_are_compiled_quickly(void **state UNUSED)
{
    struct strbuf mounts = STRBUF_INIT(&arena);
    struct timespec before;
    struct timespec after;

    for (int i = 0; i < 4000; i++)
        strbuf_printf(
            &mounts, "%s%s", i != 0 ? "," : "",
            mount_json(arena_printf(&arena, "/very/long/path/of/a/mount/%d", i), "tmpfs", "ro"));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    compile(strbuf_text(&mounts), "");
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    assert_int_equal(count_ops(OP_MOUNT), 4000);
    assert_int_equal(count_ops(OP_REMOUNT), 4000); /* they keep a mode, so ro comes late */
    assert_true(after.tv_sec - before.tv_sec < 5);
    assert_true(arena.total_bytes < 64 * 1024 * 1024);
}

static void all_masks_share_one_null_device(void **state UNUSED)
{
    compile("", ", \"maskedPaths\": [\"/proc/kcore\", \"/proc/keys\", \"/proc//keys\", \"/x\"]");
    assert_int_equal(count_ops(OP_OPEN_NULL), 1);
    assert_int_equal(count_ops(OP_MASK_PATH), 3);
    compile("", ", \"maskedPaths\": []");
    assert_int_equal(count_ops(OP_OPEN_NULL), 0);
}

static void the_root_is_switched_once_after_all_mounts(void **state UNUSED)
{
    compile(mount_json("/tmp", "tmpfs", "ro"), "");
    assert_int_equal(count_ops(OP_PIVOT), 1);
    assert_int_equal(count_ops(OP_ROOT), 1);
    assert_int_equal(plan.init.ops.items[0].code, OP_PROPAGATION);
    assert_int_equal(plan.init.ops.items[1].code, OP_ROOT);
    assert_int_equal(plan.init.ops.items[plan.init.ops.count - 1].code, OP_PIVOT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_spelling_of_a_special_place_is_judged_alike, release),
        cmocka_unit_test_teardown(every_spelling_of_a_bind_demands_the_same_proof, release),
        cmocka_unit_test_teardown(every_spelling_of_dev_keeps_our_hands_off_it, release),
        cmocka_unit_test_teardown(the_paths_that_look_like_special_ones_are_not, release),
        cmocka_unit_test_teardown(mounts_are_made_in_the_order_of_the_document, release),
        cmocka_unit_test_teardown(paths_of_the_host_stay_on_the_host_side, release),
        cmocka_unit_test_teardown(as_many_sources_as_a_plan_cannot_carry_are_refused, release),
        cmocka_unit_test_teardown(thousands_of_read_only_file_systems_are_compiled_quickly,
                                  release),
        cmocka_unit_test_teardown(all_masks_share_one_null_device, release),
        cmocka_unit_test_teardown(the_root_is_switched_once_after_all_mounts, release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
