/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a and yajl. What whole plans look like is in tests/golden. */

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

#include <yajl/yajl_parse.h>

#include "plan/plan.h"

static struct arena arena;
static struct plan plan;

static int start(void **state UNUSED)
{
    plan_start(&plan, &arena);
    return 0;
}

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

static const char *text_of_plan(void)
{
    struct strbuf text = STRBUF_INIT(&arena);

    plan_print_text(&plan, &text);
    return strbuf_text(&text);
}

static const char *json_of_plan(void)
{
    struct strbuf text = STRBUF_INIT(&arena);

    plan_print_json(&plan, &text);
    return strbuf_text(&text);
}

static void assert_is_json(const char *text)
{
    yajl_handle parser = yajl_alloc(NULL, NULL, NULL);

    assert_int_equal(yajl_parse(parser, (const unsigned char *)text, strlen(text)), yajl_status_ok);
    assert_int_equal(yajl_complete_parse(parser), yajl_status_ok);
    yajl_free(parser);
}

/* A member that a sentence names and that the table does not have is printed with its braces. */
static void every_member_of_every_sentence_is_known(void **state UNUSED)
{
    for (int code = 0; code < N_OPS; code++) {
        struct strbuf text = STRBUF_INIT(&arena);
        struct plan_op *op = plan_add(&plan, (enum plan_op_code)code, "/somewhere");

        plan_describe(plan_block_of(&plan, (enum plan_op_code)code), op, &text);
        assert_true(text.length > 0);
        if (strpbrk(strbuf_text(&text), "{}") != NULL)
            fail_msg("%s: %s", plan_code_name((enum plan_op_code)code), strbuf_text(&text));
    }
    assert_null(strpbrk(text_of_plan(), "{}"));
    assert_is_json(json_of_plan());
}

static void an_empty_plan_is_printed(void **state UNUSED)
{
    assert_string_equal(text_of_plan(), "");
    assert_is_json(json_of_plan());
}

static void values_of_variables_are_left_out(void **state UNUSED)
{
    static const char *const env[] = {"TOKEN=hunter2", "EMPTY=", "NONE"};
    static const char *const args[] = {"server", "", "a b"};
    struct plan_vector args_vector = plan_add_vector(&plan.init, args, ARRAY_LEN(args), 0);
    struct plan_vector env_vector = plan_add_vector(&plan.init, env, ARRAY_LEN(env), 1);
    struct plan_op *op = plan_add(&plan, OP_EXEC, NULL);

    op->exec.args = args_vector;
    op->exec.env = env_vector;
    assert_non_null(strstr(text_of_plan(), "execute server \"\" \"a b\": with the variables "
                                           "TOKEN EMPTY NONE\n"));
    assert_null(strstr(text_of_plan(), "hunter2"));
    assert_null(strstr(json_of_plan(), "hunter2"));
    assert_non_null(strstr(json_of_plan(), "\"TOKEN\""));
}

static void control_bytes_never_reach_the_terminal(void **state UNUSED)
{
    plan_string name = plan_add_string(&plan.init, "a\x1b[31mb\rc\xff");
    struct plan_op *op = plan_add(&plan, OP_HOSTNAME, "/host\x07name");

    op->hostname.text = name;
    assert_non_null(strstr(text_of_plan(), "set the host name to a\\x1b[31mb\\x0dc\\xff  "
                                           "[/host\\x07name]"));
    assert_null(strpbrk(text_of_plan(), "\x1b\r\x07\xff"));
    assert_null(strpbrk(json_of_plan(), "\x1b\r\x07\xff"));
    assert_is_json(json_of_plan());
}

static void a_long_text_is_not_cut(void **state UNUSED)
{
    char *path = arena_alloc(&arena, 100001, 1);
    struct plan_op *op;

    memset(path, 'x', 100000);
    plan_add_string(&plan.init, path);
    op = plan_add(&plan, OP_CWD, NULL);
    op->cwd.path = plan_add_string(&plan.init, path);
    assert_non_null(strstr(text_of_plan(), path));
}

static void a_mount_says_which_step_opened_it(void **state UNUSED)
{
    struct plan_op *op;
    plan_string target = plan_add_string(&plan.init, "/data");

    plan_add(&plan, OP_NAMESPACE_NEW, NULL);
    op = plan_add(&plan, OP_OPEN_BIND, NULL);
    op->open_bind.slot = plan_new_slot(&plan);
    op = plan_add(&plan, OP_BIND, NULL);
    op->bind.slot = 0;
    op->bind.target = target;
    assert_non_null(strstr(text_of_plan(), "bind on /data: what step 2 opened\n"));
}

static void capabilities_and_limits_have_names(void **state UNUSED)
{
    struct plan_op *op = plan_add(&plan, OP_BOUNDING, NULL);

    op->bounding.mask = 1 | (uint64_t)1 << 21 | (uint64_t)1 << 63;
    op = plan_add(&plan, OP_RLIMIT, NULL);
    op->rlimit.resource = 7;
    op->rlimit.soft = 1024;
    op->rlimit.hard = UINT64_MAX;
    assert_non_null(strstr(text_of_plan(), "bounding set to CAP_CHOWN CAP_SYS_ADMIN 63\n"));
    assert_non_null(strstr(text_of_plan(), "set the limit NOFILE to 1024, at most unlimited\n"));
    assert_non_null(strstr(json_of_plan(), "\"hard\": 18446744073709551615"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_member_of_every_sentence_is_known, start, release),
        cmocka_unit_test_setup_teardown(an_empty_plan_is_printed, start, release),
        cmocka_unit_test_setup_teardown(values_of_variables_are_left_out, start, release),
        cmocka_unit_test_setup_teardown(control_bytes_never_reach_the_terminal, start, release),
        cmocka_unit_test_setup_teardown(a_long_text_is_not_cut, start, release),
        cmocka_unit_test_setup_teardown(a_mount_says_which_step_opened_it, start, release),
        cmocka_unit_test_setup_teardown(capabilities_and_limits_have_names, start, release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
