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
#include "cgroup/device_program.h"
#include "cgroup/resources.h"
#include "spec/check.h"

static struct arena arena;
static struct findings findings;
static const struct cgroup_in_force *in_force; /* not NULL: an update */
static enum cgroup_manager manager;

/* Compiles the cgroup part of a configuration whose linux section has these members. */
static struct plan *compile_members(const char *members, const char *controllers, const char *self)
{
    static struct spec_document document;
    static struct plan plan;
    struct compile_options options = {
        .id = "c1", .bundle = "/b", .cgroup_manager = manager, .in_force = in_force};
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

/* All of them in their order: "file value, file value"; a question mark behind a row that is left
 * out where its file is missing, a bar behind one with an alternative. */
static const char *all_rows(const struct plan *plan)
{
    struct strbuf text = STRBUF_INIT(&arena);

    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code == OP_CGROUP_WRITE)
            strbuf_printf(&text, "%s%s %s%s%s", text.length != 0 ? ", " : "",
                          plan_text(&plan->host, op->cgroup_write.file),
                          plan_text(&plan->host, op->cgroup_write.value),
                          (op->flags & CGROUP_IF_EXISTS) != 0 ? "?" : "",
                          (op->flags & CGROUP_OR_NEXT) != 0 ? "|" : "");
    }
    return strbuf_text(&text);
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
        {"\"memory\":{\"limit\":1000,\"swap\":-1}", "memory.swap.max", "max"},
        {"\"memory\":{\"limit\":1000,\"swap\":0}", "memory.swap.max", NULL},
        {"\"pids\":{\"limit\":0}", "pids.max", "0"},
        {"\"pids\":{\"limit\":100}", "pids.max", "100"},
        {"\"pids\":{\"limit\":-1}", "pids.max", "max"},
        {"\"pids\":{}", "pids.max", NULL},
        {"\"cpu\":{\"quota\":50000,\"period\":200000}", "cpu.max", "50000 200000"},
        {"\"cpu\":{\"quota\":50000}", "cpu.max", "50000 100000"},
        {"\"cpu\":{\"quota\":-1,\"period\":200000}", "cpu.max", "max 200000"},
        {"\"cpu\":{\"quota\":-1}", "cpu.max", "max 100000"},
        {"\"cpu\":{\"quota\":0}", "cpu.max", NULL},
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

struct rows_case {
    const char *resources;
    const char *rows; /* NULL: refused with this id */
    const char *refused;
};

static void check_rows(const struct rows_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct plan *plan =
            compile_members(arena_printf(&arena, "\"resources\":{%s}", cases[i].resources),
                            "cpuset cpu io memory hugetlb pids rdma", "/");

        if (cases[i].rows == NULL &&
            (findings.n_refused != 1 || strcmp(findings.items[0].id, cases[i].refused) != 0))
            fail_msg("%s: not %s", cases[i].resources, cases[i].refused);
        if (cases[i].rows != NULL && findings.n_refused != 0)
            fail_msg("%s: %s", cases[i].resources, findings.items[0].text);
        if (cases[i].rows != NULL && strcmp(all_rows(plan), cases[i].rows) != 0)
            fail_msg("%s: %s", cases[i].resources, all_rows(plan));
    }
}

static void fields_with_more_than_one_row(void **state)
{
    static const struct rows_case cases[] = {
        {"\"memory\":{\"limit\":-1}", "memory.swap.max max?, memory.max max?", NULL},
        {"\"memory\":{\"limit\":9,\"swap\":9,\"reservation\":-1}",
         "memory.max 9, memory.swap.max 0?, memory.low 0?", NULL},
        {"\"memory\":{\"swap\":9}", NULL, "swap-without-memory-limit"},
        {"\"memory\":{\"limit\":-1,\"swap\":9}", NULL, "swap-without-memory-limit"},
        {"\"memory\":{\"limit\":10,\"swap\":9}", NULL, "swap-below-memory-limit"},
        {"\"memory\":{\"swap\":-1}", "memory.swap.max max?", NULL},
        {"\"cpu\":{\"idle\":0,\"shares\":1024}", "cpu.idle 0?, cpu.weight 100", NULL},
        {"\"cpu\":{\"idle\":1,\"shares\":1024}", "cpu.idle 1", NULL},
        {"\"cpu\":{\"quota\":5000,\"burst\":5000}", "cpu.max 5000 100000, cpu.max.burst 5000",
         NULL},
        {"\"cpu\":{\"quota\":-1,\"burst\":5}", "cpu.max max 100000?, cpu.max.burst 5", NULL},
        {"\"cpu\":{\"burst\":5}", "cpu.max.burst 5", NULL},
        {"\"cpu\":{\"quota\":5000,\"burst\":5001}", NULL, "cpu-burst-above-quota"},
        {"\"cpu\":{\"quota\":5000,\"burst\":18446744073709551615}", NULL, "cpu-burst-above-quota"},
        {"\"cpu\":{\"cpus\":\" 0-1 , 3 \",\"mems\":\" \"}", "cpuset.cpus 0-1,3", NULL},
        {"\"blockIO\":{\"weight\":10}", "io.bfq.weight 10|, io.weight 1", NULL},
        {"\"blockIO\":{\"weight\":500}", "io.bfq.weight 500|, io.weight 4950", NULL},
        {"\"blockIO\":{\"weight\":1000}", "io.bfq.weight 1000|, io.weight 10000", NULL},
        {"\"blockIO\":{\"weight\":0}", "", NULL},
        {"\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":100}]}",
         "io.bfq.weight 8:16 100|, io.weight 8:16 910", NULL},
        {"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1},"
         "{\"major\":8,\"minor\":16,\"rate\":2},{\"major\":8,\"minor\":0,\"rate\":3}],"
         "\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}],"
         "\"throttleReadIOPSDevice\":[{\"major\":9,\"minor\":0,\"rate\":4}],"
         "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":18446744073709551615}]}",
         "io.max 8:0 rbps=3 wbps=max, io.max 8:16 rbps=2 wiops=18446744073709551615, "
         "io.max 9:0 riops=4",
         NULL},
        {"\"blockIO\":{\"throttleWriteBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]}",
         "io.max 8:0 wbps=max?", NULL},
        {"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":4194304},"
         "{\"pageSize\":\"1GB\",\"limit\":0}]",
         "hugetlb.2MB.rsvd.max 4194304?, hugetlb.2MB.max 4194304, hugetlb.1GB.rsvd.max 0?, "
         "hugetlb.1GB.max 0",
         NULL},
        {"\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3,\"hcaObjects\":10000},"
         "\"rxe3\":{\"hcaObjects\":0},\"b\":{\"hcaHandles\":4294967295}}",
         "rdma.max mlx5_1 hca_handle=3 hca_object=10000, rdma.max rxe3 hca_object=0, "
         "rdma.max b hca_handle=max",
         NULL},
        {"\"memory\":{\"limit\":9},\"unified\":{\"memory.max\":\"8\"}",
         "memory.max 9, memory.max 8", NULL},
        {"\"unified\":{\"io.max\":\"8:0 rbps=1\\n\\n8:16 rbps=2\\n\"}",
         "io.max 8:0 rbps=1, io.max 8:16 rbps=2", NULL},
    };

    (void)state;
    check_rows(cases, ARRAY_LEN(cases));
}

/* What was in force decides about halves that are not given, and about the order. */
static void an_update_keeps_what_it_does_not_name(void **state)
{
    static const struct cgroup_in_force now = {
        .memory_max = 1000,
        .memory_current = 600,
        .swap_max = 500,
        .cpu_quota_us = 20000,
        .cpu_period_us = 50000,
        .cpu_burst_us = 10000,
    };
    static const struct rows_case cases[] = {
        {"\"memory\":{\"limit\":700}", "memory.max 700", NULL},
        {"\"memory\":{\"limit\":-1}", "memory.swap.max max?, memory.max max?", NULL},
        {"\"memory\":{\"limit\":-1,\"swap\":0}", "memory.swap.max max?, memory.max max?", NULL},
        {"\"memory\":{\"swap\":1800}", "memory.swap.max 800", NULL},
        {"\"memory\":{\"swap\":999}", NULL, "swap-below-memory-limit"},
        /* more swap before less memory, less swap after more memory */
        {"\"memory\":{\"limit\":700,\"swap\":1500}", "memory.swap.max 800, memory.max 700", NULL},
        {"\"memory\":{\"limit\":2000,\"swap\":2100}", "memory.max 2000, memory.swap.max 100", NULL},
        {"\"memory\":{\"limit\":599,\"checkBeforeUpdate\":true}", NULL, "memory-limit-below-usage"},
        {"\"memory\":{\"limit\":600,\"checkBeforeUpdate\":true}", "memory.max 600", NULL},
        {"\"memory\":{\"limit\":599,\"checkBeforeUpdate\":false}", "memory.max 599", NULL},
        {"\"memory\":{\"limit\":-1,\"checkBeforeUpdate\":true}",
         "memory.swap.max max?, memory.max max?", NULL},
        {"\"cpu\":{\"quota\":30000}", "cpu.max 30000 50000", NULL},
        {"\"cpu\":{\"period\":60000}", "cpu.max 20000 60000", NULL},
        {"\"cpu\":{\"quota\":0,\"period\":60000}", "cpu.max 20000 60000", NULL},
        {"\"cpu\":{\"quota\":-1}", "cpu.max max 50000?", NULL},
        {"\"cpu\":{\"quota\":9999}", NULL, "cpu-burst-above-quota"},
        {"\"cpu\":{\"burst\":20001}", NULL, "cpu-burst-above-quota"},
        {"\"cpu\":{\"burst\":0}", "cpu.max.burst 0?", NULL},
        {"\"cpu\":{\"quota\":9000,\"burst\":9000}", "cpu.max.burst 9000, cpu.max 9000 50000", NULL},
        {"\"cpu\":{\"quota\":40000,\"burst\":30000}", "cpu.max 40000 50000, cpu.max.burst 30000",
         NULL},
        {"\"cpu\":{\"shares\":0,\"cpus\":\"\"},\"memory\":{\"limit\":0,\"swap\":0,"
         "\"reservation\":0}",
         "", NULL},
        {"\"cpu\":{\"idle\":1}", "cpu.idle 1", NULL},
        {"\"cpu\":{\"idle\":0}", "cpu.idle 0?", NULL},
        {"\"pids\":{\"limit\":-1}", "pids.max max?", NULL},
    };

    (void)state;
    in_force = &now;
    check_rows(cases, ARRAY_LEN(cases));
    in_force = NULL;
}

static void files_of_a_group_are_understood(void **state)
{
    struct cgroup_in_force now = CGROUP_IN_FORCE_INIT;

    (void)state;
    cgroup_in_force_take(&now, "memory.max", "4096\n");
    cgroup_in_force_take(&now, "memory.current", "12288\n");
    cgroup_in_force_take(&now, "memory.swap.max", "0\n");
    cgroup_in_force_take(&now, "cpu.max", "20000 50000\n");
    cgroup_in_force_take(&now, "cpu.max.burst", "7\n");
    cgroup_in_force_take(&now, "pids.max", "3\n");
    assert_int_equal(now.memory_max, 4096);
    assert_int_equal(now.memory_current, 12288);
    assert_int_equal(now.swap_max, 0);
    assert_int_equal(now.cpu_quota_us, 20000);
    assert_int_equal(now.cpu_period_us, 50000);
    assert_int_equal(now.cpu_burst_us, 7);
    cgroup_in_force_take(&now, "memory.max", "max\n");
    cgroup_in_force_take(&now, "cpu.max", "max 100000\n");
    assert_int_equal(now.memory_max, -1);
    assert_int_equal(now.cpu_quota_us, -1);
    assert_int_equal(now.cpu_period_us, 100000);
    /* What is no number changes nothing. */
    cgroup_in_force_take(&now, "memory.swap.max", "");
    cgroup_in_force_take(&now, "cpu.max", "x y\n");
    assert_int_equal(now.swap_max, 0);
    assert_int_equal(now.cpu_period_us, 100000);
}

/* A limit that is lifted is not missed where there is nothing that could limit. */
static void lifting_a_limit_needs_no_controller(void **state)
{
    const struct plan *plan = compile_members(
        "\"resources\":{\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":-1},"
        "\"pids\":{\"limit\":-1},\"cpu\":{\"quota\":-1,\"idle\":0,\"burst\":0},"
        "\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":0}]}}",
        "hugetlb", "/");

    (void)state;
    assert_int_equal(findings.n_refused, 0);
    assert_string_equal(all_rows(plan), "");
}

static void without_a_cgroup_only_what_limits_nothing_is_taken(void **state)
{
    static const struct {
        const char *resources;
        size_t n_refused;
    } cases[] = {
        {"", 0},
        {"\"memory\":{},\"cpu\":{\"shares\":0},\"pids\":{\"limit\":-1},\"devices\":[]", 0},
        {"\"memory\":{\"limit\":1}", 1},
        {"\"blockIO\":{\"weight\":10}", 1},
        {"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":0}]", 1},
        {"\"rdma\":{\"a\":{\"hcaHandles\":1}}", 1},
        {"\"unified\":{\"memory.max\":\"max\"}", 1},
    };

    (void)state;
    manager = CGROUP_MANAGER_NONE;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        /* Without controllers, too: refused once, and for the right reason. */
        for (int has = 0; has < 2; has++) {
            const struct plan *plan =
                compile_members(arena_printf(&arena, "\"resources\":{%s}", cases[i].resources),
                                has != 0 ? "cpu io memory hugetlb pids rdma" : "", "/");

            assert_int_equal(findings.n_refused, cases[i].n_refused);
            if (findings.n_refused != 0)
                assert_string_equal(findings.items[0].id, "no-cgroup-manager");
            assert_int_equal(plan->host.ops.count, 0);
        }
    }
    manager = CGROUP_MANAGER_FS;
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
        {"\"blockIO\":{\"weight\":10}", "io"},
        {"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":1}]}", "io"},
        {"\"rdma\":{\"a\":{\"hcaHandles\":1}}", "rdma"},
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
    case BPF_JLT:
        return a < b;
    default:
        fail_msg("unknown jump %u", operation);
        return false;
    }
}

/* Runs the few instructions that the generator knows; anything else fails the test. */
static bool run(const struct bpf_insn *program, size_t n, uint32_t type, uint32_t access,
                uint32_t major, uint32_t minor)
{
    uint32_t context[3] = {access << 16 | type, major, minor};
    uint32_t r[11] = {0};

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
            case BPF_OR:
                r[i->dst_reg] |= source;
                break;
            case BPF_LSH:
                r[i->dst_reg] <<= source;
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

/* The program of the plan's row; its length in *n. */
static const struct bpf_insn *device_program(const struct plan *plan, size_t *n)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_CGROUP_DEVICES) {
            struct plan_blob blob = plan->host.ops.items[i].cgroup_devices.program;

            *n = blob.size / sizeof(struct bpf_insn);
            return (const void *)(plan->host.blobs.text + blob.offset);
        }
    fail_msg("no device program");
    return NULL;
}

static bool ask(const struct plan *plan, uint32_t type, uint32_t access, uint32_t major,
                uint32_t minor)
{
    size_t n = 0;
    const struct bpf_insn *program = device_program(plan, &n);

    return run(program, n, type, access, major, minor);
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

/* One kind of access after the other, as cgroup v1 took its rules one after the other. */
static bool naive_answer(const struct device_rules *rules, uint32_t type, uint32_t access,
                         int64_t major, int64_t minor)
{
    for (uint32_t bit = 1; bit <= 4; bit <<= 1) {
        bool is_allowed = false;

        if ((access & bit) == 0)
            continue;
        for (size_t i = 0; i < rules->count; i++) {
            const struct device_rule *rule = &rules->items[i];

            if ((rule->type == 'a' || rule->type == (type == B ? 'b' : 'c')) &&
                (rule->major == DEVICE_ANY || rule->major == major) &&
                (rule->minor == DEVICE_ANY || rule->minor == minor) && (rule->access & bit) != 0)
                is_allowed = rule->is_allowed;
        }
        if (!is_allowed)
            return false;
    }
    return true;
}

static void check_against_the_rules(const struct device_rules *rules, uint32_t n_majors,
                                    uint32_t n_minors, const char *what)
{
    struct device_program program;

    assert_true(device_program_make(&arena, rules, &program));
    for (uint32_t type = B; type <= C; type++)
        for (uint32_t major = 0; major < n_majors; major++)
            for (uint32_t minor = 0; minor < n_minors; minor++)
                for (uint32_t access = 1; access <= 7; access++)
                    if (run(program.items, program.count, type, access, major, minor) !=
                        naive_answer(rules, type, access, major, minor))
                        fail_msg("%s: type %u, access %u, %u:%u", what, type, access, major, minor);
}

static uint32_t next_random(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

static void programs_answer_as_the_rules_do(void **state)
{
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        struct device_rules rules = {0};
        uint32_t n = next_random(&seed, 12);

        for (uint32_t i = 0; i < n; i++)
            *ARENA_PUSH(&arena, &rules) = (struct device_rule){
                .is_allowed = next_random(&seed, 3) != 0,
                .type = "abc"[next_random(&seed, 3)],
                .major = (int64_t)next_random(&seed, 5) - 1,
                .minor = (int64_t)next_random(&seed, 6) - 1,
                .access = 1 + next_random(&seed, 7),
            };
        check_against_the_rules(&rules, 6, 7, arena_printf(&arena, "round %d", round));
        arena_release(&arena);
    }
}

static void ten_thousand_answers_of_a_thousand_rules(void **state)
{
    struct device_rules rules = {0};

    (void)state;
    for (int64_t i = 0; i < 1000; i++)
        *ARENA_PUSH(&arena, &rules) = (struct device_rule){
            .is_allowed = i % 7 != 0,
            .type = i % 2 == 0 ? 'c' : 'b',
            .major = i % 37,
            .minor = i % 41,
            .access = 1 + (uint32_t)(i % 7),
        };
    check_against_the_rules(&rules, 39, 43, "a thousand rules");
}

static size_t length_of(const char *rules)
{
    size_t n = 0;

    device_program(
        compile_members(arena_printf(&arena, "\"resources\":{\"devices\":[%s]}", rules), "", "/"),
        &n);
    assert_int_equal(findings.n_refused, 0);
    return n;
}

#define RULE(allow, rest) "{\"allow\":" #allow "," rest "}"

static void rules_that_change_nothing_vanish(void **state)
{
    static const char deny_all[] = RULE(false, "\"access\":\"rwm\"");
    static const char fuse[] =
        RULE(true, "\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"rw\"");
    static const char *const nothing_new[] = {
        /* what an engine writes for the default devices */
        RULE(true, "\"type\":\"c\",\"major\":1,\"minor\":3,\"access\":\"rwm\""),
        RULE(true, "\"type\":\"c\",\"major\":5,\"minor\":0,\"access\":\"rw\""),
        RULE(true, "\"type\":\"c\",\"major\":136,\"access\":\"rwm\""),
        RULE(true, "\"type\":\"c\",\"access\":\"m\""),
        RULE(true, "\"type\":\"b\",\"access\":\"m\""),
        /* denied anyway */
        RULE(false, "\"type\":\"b\",\"major\":8,\"minor\":0,\"access\":\"rwm\""),
        RULE(false, "\"access\":\"rwm\""),
        RULE(false, "\"access\":\"m\""),
    };
    size_t empty = length_of("");
    size_t one = length_of(fuse);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nothing_new); i++)
        assert_int_equal(length_of(nothing_new[i]), empty);
    assert_true(one > empty);
    /* the same rule twice, or in two halves, or denied before */
    assert_int_equal(length_of(arena_printf(&arena, "%s,%s", fuse, fuse)), one);
    assert_int_equal(length_of(arena_printf(&arena, "%s,%s,%s", deny_all, fuse, fuse)), one);
    assert_int_equal(
        length_of(RULE(true, "\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"r\"") "," RULE(
            true, "\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"w\"")),
        one);
    /* given and taken away */
    assert_int_equal(length_of(arena_printf(&arena, "%s,%s", fuse, deny_all)), empty);
    /* neighbours are one range, whatever their order: one comparison more than a single device */
    assert_int_equal(
        length_of(RULE(
            true,
            "\"type\":\"c\",\"major\":10,\"minor\":230,\"access\":"
            "\"rw\"") "," RULE(true, "\"type\":\"c\",\"major\":10,"
                                     "\"minor\":229,\"access\":"
                                     "\"rw\"") "," RULE(true, "\"type\":\"c\",\"major\":10,"
                                                              "\"minor\":231,\"access\":\"rw\"")),
        one + 1);
    /* a privileged list: the head, "yes", the end */
    assert_int_equal(length_of(RULE(true, "\"access\":\"rwm\"")), 11);
    assert_int_equal(length_of(arena_printf(&arena, "%s,%s,%s", deny_all, fuse,
                                            RULE(true, "\"access\":\"rwm\""))),
                     11);
}

static void two_rules_allow_together_what_neither_allows_alone(void **state)
{
    const struct plan *plan = compile_members(
        "\"resources\":{\"devices\":["
        "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229,\"access\":\"r\"},"
        "{\"allow\":true,\"type\":\"c\",\"major\":10,\"access\":\"w\"}]}",
        "", "/");

    (void)state;
    assert_true(ask(plan, C, R | W, 10, 229));
    assert_false(ask(plan, C, R | W, 10, 230));
    assert_true(ask(plan, C, W, 10, 230));
}

/* 129 majors by 129 minors. */
static void too_many_combinations_are_refused(void **state)
{
    struct strbuf text = STRBUF_INIT(&arena);

    (void)state;
    strbuf_puts(&text, "\"resources\":{\"devices\":[");
    for (int i = 0; i < 129; i++)
        strbuf_printf(&text,
                      "%s{\"allow\":true,\"type\":\"c\",\"major\":%d,\"access\":\"r\"},"
                      "{\"allow\":true,\"type\":\"c\",\"minor\":%d,\"access\":\"w\"}",
                      i == 0 ? "" : ",", 200 + i, 500 + i);
    strbuf_puts(&text, "]}");
    compile_members(strbuf_text(&text), "", "/");
    assert_int_equal(findings.n_refused, 1);
    assert_string_equal(findings.items[0].id, "device-rules-too-many");
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
        cmocka_unit_test(fields_with_more_than_one_row),
        cmocka_unit_test(an_update_keeps_what_it_does_not_name),
        cmocka_unit_test(files_of_a_group_are_understood),
        cmocka_unit_test(lifting_a_limit_needs_no_controller),
        cmocka_unit_test(without_a_cgroup_only_what_limits_nothing_is_taken),
        cmocka_unit_test(shares_become_weights_by_the_published_curve),
        cmocka_unit_test(lines_of_a_unified_value_are_written_one_by_one),
        cmocka_unit_test(a_limit_without_its_controller_is_refused_by_name),
        cmocka_unit_test(paths_are_absolute_or_beside_our_own_group),
        cmocka_unit_test(whatever_the_list_says_everything_else_is_denied),
        cmocka_unit_test(the_last_rule_that_matches_decides),
        cmocka_unit_test(a_privileged_list_allows_everything),
        cmocka_unit_test(programs_answer_as_the_rules_do),
        cmocka_unit_test(ten_thousand_answers_of_a_thousand_rules),
        cmocka_unit_test(rules_that_change_nothing_vanish),
        cmocka_unit_test(two_rules_allow_together_what_neither_allows_alone),
        cmocka_unit_test(too_many_combinations_are_refused),
        cmocka_unit_test(a_configured_device_may_be_used_unless_a_rule_denies_it),
    };

    return cmocka_run_group_tests_name("cgroup compile", tests, NULL, release);
}
