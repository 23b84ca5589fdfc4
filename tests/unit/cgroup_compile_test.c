/* SPDX-License-Identifier: Apache-2.0 */

/* What linux.resources becomes: files and values, and the device program, which a small interpreter
 * asks here about a table of devices. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include <linux/bpf.h>

#include "cgroup/cgroup.h"
#include "spec/check.h"

static struct arena arena;
static struct findings findings;

/* Compiles the cgroup part of a configuration whose linux section has these members. */
static struct plan *compile_members(const char *members, const char *controllers, const char *self)
{
    static struct spec_document document;
    static struct plan plan;
    static const struct compile_options options = {.id = "c1", .bundle = "/b"};
    static struct facts facts;
    struct compile compile = {
        .arena = &arena,
        .document = &document,
        .config = &document.config,
        .facts = &facts,
        .options = &options,
        .findings = &findings,
        .plan = &plan,
    };
    const char *text = arena_printf(&arena,
                                    "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
                                    "\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]%s%s}}",
                                    members[0] != '\0' ? "," : "", members);

    facts = (struct facts){
        .in_initial_userns = true,
        .cgroup_layout = CGROUP_UNIFIED,
        .cgroup_mount = "/sys/fs/cgroup",
        .cgroup_self = self,
        .cgroup_controllers = controllers,
    };
    memset(&document, 0, sizeof(document));
    findings = FINDINGS_INIT(&arena);
    spec_decode(&document, &arena, text, strlen(text), &findings);
    if (findings.n_refused != 0)
        fail_msg("%s: %s", findings.items[0].pointer, findings.items[0].text);
    compile.linux_section = document.config.linux_section;
    plan_start(&plan, &arena);
    cgroup_compile(&compile);
    return &plan;
}

static const char *written(const struct plan *plan, const char *file)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code == OP_CGROUP_WRITE &&
            strcmp(plan_text(&plan->host, op->cgroup_write.file), file) == 0)
            return plan_text(&plan->host, op->cgroup_write.value);
    }
    return NULL;
}

/* ---- files -------------------------------------------------------------------------------------------- */

static void each_field_becomes_its_file_and_value(void **state)
{
    static const struct {
        const char *resources;
        const char *file;
        const char *value; /* NULL: not written */
    } cases[] = {
        {"\"memory\":{\"limit\":1000}", "memory.max", "1000"},
        {"\"memory\":{\"limit\":0}", "memory.max", NULL},
        {"\"memory\":{\"reservation\":500}", "memory.low", "500"},
        {"\"memory\":{\"limit\":1000,\"swap\":1500}", "memory.swap.max", "500"},
        {"\"memory\":{\"limit\":1000,\"swap\":1000}", "memory.swap.max", "0"},
        {"\"memory\":{\"limit\":1000,\"swap\":-1}", "memory.swap.max", NULL}, /* as it is */
        {"\"memory\":{\"limit\":1000,\"swap\":0}", "memory.swap.max", NULL},
        {"\"pids\":{\"limit\":0}", "pids.max", "0"},
        {"\"pids\":{\"limit\":100}", "pids.max", "100"},
        {"\"pids\":{\"limit\":-1}", "pids.max", NULL},
        {"\"pids\":{}", "pids.max", NULL},
        {"\"cpu\":{\"quota\":50000,\"period\":200000}", "cpu.max", "50000 200000"},
        {"\"cpu\":{\"quota\":50000}", "cpu.max", "50000 100000"},
        {"\"cpu\":{\"quota\":-1,\"period\":200000}", "cpu.max", "max 200000"},
        {"\"cpu\":{\"quota\":-1}", "cpu.max", NULL},
        {"\"cpu\":{\"quota\":50000,\"burst\":1000}", "cpu.max.burst", "1000"},
        {"\"cpu\":{\"cpus\":\"0-1\"}", "cpuset.cpus", "0-1"},
        {"\"cpu\":{\"mems\":\"0\"}", "cpuset.mems", "0"},
        {"\"cpu\":{\"idle\":1,\"shares\":512}", "cpu.weight", NULL},
        {"\"cpu\":{\"idle\":1,\"shares\":512}", "cpu.idle", "1"},
        {"\"unified\":{\"memory.high\":\"123\"}", "memory.high", "123"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct plan *plan =
            compile_members(arena_printf(&arena, "\"resources\":{%s}", cases[i].resources),
                            "cpuset cpu io memory pids", "/");
        const char *value = written(plan, cases[i].file);

        if (cases[i].value == NULL)
            assert_null(value);
        else if (value == NULL)
            fail_msg("%s: %s is not written", cases[i].resources, cases[i].file);
        else
            assert_string_equal(value, cases[i].value);
    }
}

static void shares_become_weights_by_the_published_curve(void **state)
{
    static const struct {
        unsigned int shares;
        const char *weight;
    } cases[] = {
        {1, "1"},      {2, "1"},          {256, "35"},       {512, "59"},
        {1024, "100"}, {262144, "10000"}, {300000, "10000"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct plan *plan = compile_members(
            arena_printf(&arena, "\"resources\":{\"cpu\":{\"shares\":%u}}", cases[i].shares), "cpu",
            "/");

        assert_string_equal(written(plan, "cpu.weight"), cases[i].weight);
    }
    assert_null(written(compile_members("\"resources\":{\"cpu\":{\"shares\":0}}", "cpu", "/"),
                        "cpu.weight"));
}

static void lines_of_a_unified_value_are_written_one_by_one(void **state)
{
    const struct plan *plan = compile_members(
        "\"resources\":{\"unified\":{\"io.max\":\"8:0 rbps=1\\n8:16 rbps=2\"}}", "io", "/");
    int n = 0;

    (void)state;
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_CGROUP_WRITE) {
            assert_null(
                strchr(plan_text(&plan->host, plan->host.ops.items[i].cgroup_write.value), '\n'));
            n++;
        }
    assert_int_equal(n, 2);
}

static void a_limit_without_its_controller_is_refused_by_name(void **state)
{
    static const struct {
        const char *resources;
        const char *controller;
    } cases[] = {
        {"\"memory\":{\"limit\":1000}", "memory"},
        {"\"pids\":{\"limit\":1}", "pids"},
        {"\"cpu\":{\"shares\":5}", "cpu"},
        {"\"cpu\":{\"cpus\":\"0\"}", "cpuset"},
        {"\"unified\":{\"rdma.max\":\"x\"}", "rdma"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        compile_members(arena_printf(&arena, "\"resources\":{%s}", cases[i].resources), "hugetlb",
                        "/");
        assert_int_equal(findings.n_refused, 1);
        assert_non_null(strstr(findings.items[0].text, cases[i].controller));
        assert_non_null(findings.items[0].cure);
    }
}

static void paths_are_absolute_or_beside_our_own_group(void **state)
{
    static const struct {
        const char *members;
        const char *self;
        const char *path; /* NULL: refused */
    } cases[] = {
        {"", "/", "/c1"},
        {"", "/user/session", "/user/c1"},
        {"\"cgroupsPath\":\"/a//b/./c\"", "/user/session", "/a/b/c"},
        {"\"cgroupsPath\":\"rel\"", "/user/session", "/user/rel"},
        {"\"cgroupsPath\":\"/a/../b\"", "/", NULL},
        {"\"cgroupsPath\":\"..\"", "/", NULL},
        {"\"cgroupsPath\":\"/\"", "/", NULL},
        {"\"cgroupsPath\":\"system.slice:runc:x\"", "/", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct plan *plan = compile_members(cases[i].members, "", cases[i].self);
        const char *path = cgroup_plan_place(plan).path;

        if (cases[i].path == NULL)
            assert_true(path == NULL && findings.n_refused == 1);
        else
            assert_string_equal(path, cases[i].path);
    }
}

/* ---- devices ------------------------------------------------------------------------------------------ */

static bool is_true(uint8_t operation, uint32_t a, uint32_t b)
{
    switch (operation) {
    case BPF_JEQ:
        return a == b;
    case BPF_JNE:
        return a != b;
    case BPF_JLE:
        return a <= b;
    default:
        fail_msg("unknown jump %u", operation);
        return false;
    }
}

/* Runs the few instructions that the generator knows; anything else fails the test. */
static bool ask(const struct plan *plan, uint32_t type, uint32_t access, uint32_t major,
                uint32_t minor)
{
    const struct bpf_insn *program = NULL;
    size_t n = 0;
    uint32_t context[3] = {access << 16 | type, major, minor};
    uint32_t r[11] = {0};

    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_CGROUP_DEVICES) {
            struct plan_blob blob = plan->host.ops.items[i].cgroup_devices.program;

            program = (const void *)(plan->host.blobs.text + blob.offset);
            n = blob.size / sizeof(*program);
        }
    assert_non_null(program);
    for (size_t pc = 0, steps = 0; pc < n; pc++, steps++) {
        const struct bpf_insn *i = &program[pc];
        uint32_t source = (i->code & BPF_X) != 0 ? r[i->src_reg] : (uint32_t)i->imm;

        assert_true(steps < 100000);
        if (i->code == (BPF_JMP | BPF_EXIT))
            return r[0] != 0;
        if (i->code == (BPF_LDX | BPF_W | BPF_MEM)) {
            assert_true(i->off % 4 == 0 && i->off < 12);
            r[i->dst_reg] = context[i->off / 4];
        } else if (i->code == (BPF_JMP | BPF_JA)) {
            pc += (size_t)i->off;
        } else if (BPF_CLASS(i->code) == BPF_JMP32) {
            if (is_true(BPF_OP(i->code), r[i->dst_reg], source))
                pc += (size_t)i->off;
        } else if (BPF_CLASS(i->code) == BPF_ALU) {
            switch (BPF_OP(i->code)) {
            case BPF_MOV:
                r[i->dst_reg] = source;
                break;
            case BPF_AND:
                r[i->dst_reg] &= source;
                break;
            case BPF_RSH:
                r[i->dst_reg] >>= source;
                break;
            default:
                fail_msg("unknown operation %#x", i->code);
            }
        } else {
            fail_msg("unknown instruction %#x", i->code);
        }
    }
    fail_msg("the program ran off its end");
    return false;
}

enum {
    C = BPF_DEVCG_DEV_CHAR,
    B = BPF_DEVCG_DEV_BLOCK,
    R = BPF_DEVCG_ACC_READ,
    W = BPF_DEVCG_ACC_WRITE,
    M = BPF_DEVCG_ACC_MKNOD,
};

static void whatever_the_list_says_everything_else_is_denied(void **state)
{
    static const char *const lists[] = {
        "",
        "\"resources\":{}",
        "\"resources\":{\"devices\":[]}",
        "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"}]}",
        "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,"
        "\"access\":\"rw\"}]}",
    };
    static const struct {
        uint32_t type, access, major, minor;
        bool is_allowed;
    } cases[] = {
        {C, R, 1, 1, false},       {C, W, 1, 1, false},        {B, R, 8, 0, false},
        {B, R | W, 254, 0, false}, {C, R | W, 10, 200, false}, {C, R, 1, 11, false},
        {C, R | W, 1, 3, true},    {C, R | W, 1, 5, true},     {C, R | W, 1, 7, true},
        {C, R, 1, 8, true},        {C, R, 1, 9, true},         {C, R | W, 5, 0, true},
        {C, R | W, 5, 1, true},    {C, R | W, 5, 2, true},     {C, R | W, 5, 3, false},
        {C, R | W, 136, 0, true},  {C, R | W, 136, 99, true},  {C, R | W, 137, 0, false},
        {B, R, 1, 3, false},       {C, M, 8, 0, true},         {B, M, 8, 0, true},
        {B, M | R, 8, 0, false},   {C, R, 1, 4, false},        {B, R, 5, 0, false},
    };

    (void)state;
    for (size_t list = 0; list < ARRAY_LEN(lists); list++) {
        const struct plan *plan = compile_members(lists[list], "", "/");

        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            if (ask(plan, cases[i].type, cases[i].access, cases[i].major, cases[i].minor) !=
                cases[i].is_allowed)
                fail_msg("list %zu, case %zu", list, i);
    }
}

static void the_last_rule_that_matches_decides(void **state)
{
    const struct plan *plan = compile_members(
        "\"resources\":{\"devices\":["
        "{\"allow\":true,\"type\":\"b\",\"access\":\"rwm\"},"
        "{\"allow\":false,\"type\":\"b\",\"major\":8,\"access\":\"w\"},"
        "{\"allow\":true,\"type\":\"b\",\"major\":8,\"minor\":3,\"access\":\"rw\"},"
        "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"r\"}]}",
        "", "/");

    (void)state;
    assert_true(ask(plan, B, R | W, 9, 0));
    assert_true(ask(plan, B, R, 8, 0));
    assert_false(ask(plan, B, W, 8, 0));
    assert_false(ask(plan, B, R | W, 8, 0)); /* a denial strikes if it covers any of it */
    assert_true(ask(plan, B, R | W, 8, 3));
    assert_true(ask(plan, C, R, 10, 229));
    assert_false(ask(plan, C, R | W, 10, 229)); /* an allowance must cover all of it */
    assert_false(ask(plan, C, R, 10, 230));
}

static void a_privileged_list_allows_everything(void **state)
{
    const struct plan *plan =
        compile_members("\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
                        "{\"allow\":true,\"access\":\"rwm\"}]}",
                        "", "/");

    (void)state;
    assert_true(ask(plan, B, R | W | M, 8, 0));
    assert_true(ask(plan, C, R | W, 1, 1));
}

static void a_configured_device_may_be_used_unless_a_rule_denies_it(void **state)
{
    const char *device = "\"devices\":[{\"type\":\"u\",\"path\":\"/dev/fuse\",\"major\":10,"
                         "\"minor\":229}]";
    const struct plan *plan = compile_members(device, "", "/");

    (void)state;
    assert_true(ask(plan, C, R | W, 10, 229));
    plan = compile_members(arena_printf(&arena,
                                        "%s,\"resources\":{\"devices\":[{\"allow\":false,"
                                        "\"access\":\"rwm\"}]}",
                                        device),
                           "", "/");
    assert_false(ask(plan, C, R | W, 10, 229));
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_field_becomes_its_file_and_value),
        cmocka_unit_test(shares_become_weights_by_the_published_curve),
        cmocka_unit_test(lines_of_a_unified_value_are_written_one_by_one),
        cmocka_unit_test(a_limit_without_its_controller_is_refused_by_name),
        cmocka_unit_test(paths_are_absolute_or_beside_our_own_group),
        cmocka_unit_test(whatever_the_list_says_everything_else_is_denied),
        cmocka_unit_test(the_last_rule_that_matches_decides),
        cmocka_unit_test(a_privileged_list_allows_everything),
        cmocka_unit_test(a_configured_device_may_be_used_unless_a_rule_denies_it),
    };

    return cmocka_run_group_tests_name("cgroup compile", tests, NULL, release);
}
