/* SPDX-License-Identifier: Apache-2.0 */

/* The order in which privilege goes, asserted on plans; candidates and environment. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "lifecycle/compile.h"
#include "spec/check.h"

static struct arena arena;

/* Compiles `process` and, if not NULL, `seccomp` on a host with everything. */
static struct plan *compile_text(const char *process, const char *seccomp)
{
    static struct spec_document document;
    static struct plan plan;
    static const struct compile_options options = {.id = "c1", .bundle = "/b"};
    static struct findings findings;
    static const struct facts facts = {
        .permitted_capabilities = ~(uint64_t)0,
        .last_capability = 40,
        .in_initial_userns = true,
        .cgroup_layout = CGROUP_UNIFIED,
        .cgroup_mount = "/sys/fs/cgroup",
        .cgroup_self = "/",
        .cgroup_controllers = "cpu memory pids",
    };
    struct compile compile = {
        .arena = &arena,
        .document = &document,
        .config = &document.config,
        .facts = &facts,
        .options = &options,
        .findings = &findings,
        .plan = &plan,
    };
    const char *text = arena_printf(
        &arena,
        "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
        "\"process\":%s,\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]"
        "%s%s}}",
        process, seccomp != NULL ? ",\"seccomp\":" : "", seccomp != NULL ? seccomp : "");

    memset(&document, 0, sizeof(document));
    findings = FINDINGS_INIT(&arena);
    spec_decode(&document, &arena, text, strlen(text), &findings);
    spec_check(&document, &findings);
    plan_start(&plan, &arena);
    lifecycle_compile(&compile);
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].severity == SEVERITY_REFUSE)
            fail_msg("%s: %s", findings.items[i].pointer, findings.items[i].text);
    return &plan;
}

static int position(const struct plan *plan, enum plan_op_code code)
{
    for (size_t i = 0; i < plan->init.ops.count; i++)
        if (plan->init.ops.items[i].code == code)
            return (int)i;
    return -1;
}

static const struct plan_op *find(const struct plan *plan, enum plan_op_code code)
{
    int at = position(plan, code);

    assert_true(at >= 0);
    return &plan->init.ops.items[at];
}

#define SECCOMP                                                                                    \
    "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"        \
    "\"SCMP_ACT_ALLOW\"}]}"

static void privilege_goes_in_the_one_safe_order(void **state)
{
    static const enum plan_op_code order[] = {
        OP_PROPAGATION,  OP_ROOT,         OP_PIVOT,   OP_RLIMIT, OP_BOUNDING, OP_IDENTITY,
        OP_CAPABILITIES, OP_NO_NEW_PRIVS, OP_PROGRAM, OP_READY,  OP_FILTER,   OP_EXEC,
    };
    const struct plan *plan = compile_text(
        "{\"cwd\":\"/\",\"args\":[\"sh\"],\"noNewPrivileges\":true,\"user\":{\"uid\":1,\"gid\":2},"
        "\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":0,\"hard\":0}]}",
        SECCOMP);
    int last = -1;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        int at = position(plan, order[i]);

        assert_true(at > last);
        last = at;
    }
    /* Nothing is mounted after the root switch but seals, nothing at all after the identity. */
    for (size_t i = (size_t)position(plan, OP_PIVOT); i < plan->init.ops.count; i++) {
        uint16_t code = plan->init.ops.items[i].code;

        assert_true(code != OP_MOUNT && code != OP_BIND && code != OP_DEVICE && code != OP_LINK);
    }
}

static void the_filter_stands_directly_before_execve(void **state)
{
    static const char *const no_new_privs[] = {"true", "false"};

    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct plan *plan = compile_text(
            arena_printf(&arena, "{\"cwd\":\"/\",\"args\":[\"sh\"],\"noNewPrivileges\":%s}",
                         no_new_privs[i]),
            SECCOMP);

        assert_int_equal(position(plan, OP_FILTER) + 1, position(plan, OP_EXEC));
        assert_int_equal(position(plan, OP_EXEC) + 1, plan->init.ops.count);
        /* CAP_SYS_ADMIN is kept for it only where no_new_privs does not do. */
        assert_int_equal((find(plan, OP_CAPABILITIES)->flags & CAPS_KEEP_SYS_ADMIN) != 0, i == 1);
    }
}

static void without_a_filter_no_capability_is_kept(void **state)
{
    const struct plan *plan = compile_text("{\"cwd\":\"/\",\"args\":[\"sh\"]}", NULL);

    (void)state;
    assert_int_equal(find(plan, OP_CAPABILITIES)->flags, 0);
    assert_true(find(plan, OP_CAPABILITIES)->capabilities.permitted == 0);
    assert_true(find(plan, OP_BOUNDING)->bounding.mask == 0);
}

static void a_name_is_looked_for_in_each_directory_of_path(void **state)
{
    const struct plan *plan = compile_text(
        "{\"cwd\":\"/\",\"args\":[\"sh\"],\"env\":[\"PATH=/old\",\"PATH=/a:/b/::c\"]}", NULL);
    const struct plan_op *op = find(plan, OP_PROGRAM);
    static const char *const candidates[] = {"/a/sh", "/b/sh", "./sh", "c/sh"};

    (void)state;
    assert_int_equal(op->program.candidates.count, ARRAY_LEN(candidates));
    for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
        assert_string_equal(plan_vector_text(&plan->init, op->program.candidates, i),
                            candidates[i]);
    assert_true((op->flags & PROGRAM_SEARCHED) != 0);
}

static void a_path_is_taken_as_it_is(void **state)
{
    const struct plan *plan =
        compile_text("{\"cwd\":\"/\",\"args\":[\"bin/sh\"],\"env\":[\"PATH=/a\"]}", NULL);
    const struct plan_op *op = find(plan, OP_PROGRAM);

    (void)state;
    assert_int_equal(op->program.candidates.count, 1);
    assert_string_equal(plan_vector_text(&plan->init, op->program.candidates, 0), "bin/sh");
    assert_int_equal(op->flags & PROGRAM_SEARCHED, 0);
}

static void the_last_of_several_values_wins_at_the_place_of_the_first(void **state)
{
    const struct plan *plan = compile_text(
        "{\"cwd\":\"/\",\"args\":[\"sh\"],\"env\":[\"A=1\",\"B=2\",\"AB=x\",\"A=3\",\"HOME=\"]}",
        NULL);
    const struct plan_op *op = find(plan, OP_EXEC);

    (void)state;
    assert_int_equal(op->exec.env.count, 3);
    assert_string_equal(plan_vector_text(&plan->init, op->exec.env, 0), "A=3");
    assert_string_equal(plan_vector_text(&plan->init, op->exec.env, 1), "B=2");
    assert_string_equal(plan_vector_text(&plan->init, op->exec.env, 2), "AB=x");
    assert_true((find(plan, OP_PROGRAM)->flags & PROGRAM_ADD_HOME) != 0);
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
        cmocka_unit_test(privilege_goes_in_the_one_safe_order),
        cmocka_unit_test(the_filter_stands_directly_before_execve),
        cmocka_unit_test(without_a_filter_no_capability_is_kept),
        cmocka_unit_test(a_name_is_looked_for_in_each_directory_of_path),
        cmocka_unit_test(a_path_is_taken_as_it_is),
        cmocka_unit_test(the_last_of_several_values_wins_at_the_place_of_the_first),
    };

    return cmocka_run_group_tests_name("process identity", tests, NULL, release);
}
