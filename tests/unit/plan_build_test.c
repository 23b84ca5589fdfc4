/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a, yajl, and libcontainer/init/plan_check.c: what is built here must
 * be sound in the eyes of who executes it. */

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

#include "init/init.h"
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

static void equal_strings_are_stored_once(void **state UNUSED)
{
    plan_string first = plan_add_string(&plan.init, "/proc");
    size_t length = plan.init.strings.length;
    plan_string second = plan_add_string(&plan.init, "/proc");

    assert_int_equal(first, second);
    assert_int_equal(plan.init.strings.length, length);
    assert_int_not_equal(plan_add_string(&plan.init, "/pro"), first);
    assert_string_equal(plan_text(&plan.init, first), "/proc");
}

static void the_empty_string_is_nothing(void **state UNUSED)
{
    assert_int_equal(plan_add_string(&plan.init, ""), 0);
    assert_int_equal(plan_add_string(&plan.init, NULL), 0);
    assert_string_equal(plan_text(&plan.init, 0), "");
    assert_string_equal(plan_text(&plan.init, 4711), "");
}

static void many_strings_stay_apart(void **state UNUSED)
{
    enum {
        MANY = 20000
    };
    static plan_string strings[MANY];
    char text[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "string %d", i);
        strings[i] = plan_add_string(&plan.host, text);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "string %d", i);
        assert_string_equal(plan_text(&plan.host, strings[i]), text);
        assert_int_equal(plan_add_string(&plan.host, text), strings[i]);
    }
    assert_int_equal(plan.host.n_strings, MANY);
}

static void blocks_do_not_share_strings(void **state UNUSED)
{
    plan_add_string(&plan.host, "/srv/secret/of/the/host");
    plan_add_string(&plan.init, "/inside");
    assert_null(memmem(plan.init.strings.text, plan.init.strings.length, "secret", 6));
}

static void a_vector_ends_with_spare_zero_words(void **state UNUSED)
{
    static const char *const words[] = {"a", "", "a", "b c"};
    struct plan_vector vector = plan_add_vector(&plan.init, words, ARRAY_LEN(words), 2);
    struct plan_vector empty = plan_add_vector(&plan.init, NULL, 0, 0);

    assert_int_equal(vector.count, 4);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        assert_string_equal(plan_vector_text(&plan.init, vector, i), words[i]);
    assert_string_equal(plan_vector_text(&plan.init, vector, 4), "");
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(plan.init.words.items[vector.first + 4 + i], 0);
    assert_int_equal(empty.first, vector.first + 7);
    assert_int_equal(empty.count, 0);
    assert_int_equal(plan.init.words.items[empty.first], 0);
}

static void blobs_begin_at_multiples_of_eight(void **state UNUSED)
{
    static const char bytes[] = "0123456789abcdefghi";

    for (size_t size = 0; size <= 17; size++) {
        struct plan_blob blob = plan_add_blob(&plan.init, bytes, size);

        assert_int_equal(blob.offset % 8, 0);
        assert_int_equal(blob.size, size);
        if (size != 0)
            assert_memory_equal(plan.init.blobs.text + blob.offset, bytes, size);
    }
}

static void operations_go_to_the_block_of_their_phase(void **state UNUSED)
{
    struct plan_op *op = plan_add(&plan, OP_OPEN_ROOT, "/root");

    assert_int_equal(op->code, OP_OPEN_ROOT);
    assert_string_equal(plan_text(&plan.host, op->origin), "/root");
    op = plan_add(&plan, OP_PIVOT, NULL);
    assert_int_equal(op->origin, 0);
    assert_int_equal(op->flags, 0);
    assert_int_equal(plan.host.ops.count, 1);
    assert_int_equal(plan.init.ops.count, 1);
    assert_ptr_equal(plan_block_of(&plan, OP_HOOK), &plan.host);
    assert_ptr_equal(plan_block_of(&plan, OP_EXEC), &plan.init);
}

static void slots_are_counted(void **state UNUSED)
{
    assert_int_equal(plan_new_slot(&plan), 0);
    assert_int_equal(plan_new_slot(&plan), 1);
    assert_int_equal(plan.n_slots, 2);
}

/* The shortest plan that init accepts. */
static void build_small_plan(void)
{
    static const char *const args[] = {"/bin/true"};
    struct plan_op *op;

    plan_add(&plan, OP_OPEN_ROOT, "/root/path");
    op = plan_add(&plan, OP_PROPAGATION, NULL);
    op->propagation.propagation = MS_SLAVE;
    op = plan_add(&plan, OP_ROOT, "/root/path");
    op->root.slot = plan_new_slot(&plan);
    plan_add(&plan, OP_PIVOT, NULL);
    plan_add(&plan, OP_IDENTITY, NULL);
    plan_add(&plan, OP_CAPABILITIES, NULL);
    op = plan_add(&plan, OP_PROGRAM, "/process/args");
    op->program.candidates = plan_add_vector(&plan.init, args, 1, 0);
    plan_add(&plan, OP_READY, NULL);
    op = plan_add(&plan, OP_EXEC, "/process/args");
    op->exec.args = plan_add_vector(&plan.init, args, 1, 0);
    op->exec.env = plan_add_vector(&plan.init, NULL, 0, 1);
}

static void the_flat_form_has_everything_at_its_place(void **state UNUSED)
{
    size_t size;
    const char *flat;
    const struct plan_header *header;

    build_small_plan();
    plan_add_blob(&plan.init, "12345", 5);
    flat = plan_flatten(&plan, &size);
    header = (const struct plan_header *)(const void *)flat;

    assert_int_equal(header->magic, PLAN_MAGIC);
    assert_int_equal(header->version, PLAN_VERSION);
    assert_int_equal(header->total_size, size);
    assert_int_equal(header->n_ops, plan.init.ops.count);
    assert_int_equal(header->n_slots, 1);
    assert_int_equal(header->ops_offset % 8, 0);
    assert_int_equal(header->vectors_offset % 8, 0);
    assert_int_equal(header->blobs_offset % 8, 0);
    assert_memory_equal(flat + header->ops_offset, plan.init.ops.items,
                        plan.init.ops.count * sizeof(struct plan_op));
    assert_memory_equal(flat + header->strings_offset, plan.init.strings.text,
                        plan.init.strings.length);
    assert_int_equal(flat[header->strings_offset + header->strings_size - 1], 0);
    assert_memory_equal(flat + header->vectors_offset, plan.init.words.items,
                        plan.init.words.count * sizeof(uint64_t));
    assert_memory_equal(flat + header->blobs_offset, "12345\0\0", 8);
}

static void init_accepts_what_is_built(void **state UNUSED)
{
    size_t size;
    const char *flat;

    build_small_plan();
    flat = plan_flatten(&plan, &size);
    assert_true(plan_is_sound(flat, size, plan.n_slots));
    assert_false(plan_is_sound(flat, size - 1, plan.n_slots));
}

static void init_refuses_an_operation_of_the_host(void **state UNUSED)
{
    size_t size;
    const char *flat;

    build_small_plan();
    plan.init.ops.items[0].code = OP_OPEN_BIND;
    flat = plan_flatten(&plan, &size);
    assert_false(plan_is_sound(flat, size, plan.n_slots));
}

static void every_code_has_a_name_and_a_phase(void **state UNUSED)
{
    enum plan_phase last = PHASE_HOST;

    for (int code = 0; code < N_OPS; code++) {
        assert_non_null(plan_code_name((enum plan_op_code)code));
        assert_true(plan_phase_of((enum plan_op_code)code) >= last);
        last = plan_phase_of((enum plan_op_code)code);
    }
    assert_string_equal(plan_code_name(OP_MOUNT), "MOUNT");
    assert_string_equal(plan_hook_point_name(HOOK_CREATE_CONTAINER), "createContainer");
    assert_string_equal(plan_hook_point_name(N_HOOK_POINTS), "unknown");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(equal_strings_are_stored_once, start, release),
        cmocka_unit_test_setup_teardown(the_empty_string_is_nothing, start, release),
        cmocka_unit_test_setup_teardown(many_strings_stay_apart, start, release),
        cmocka_unit_test_setup_teardown(blocks_do_not_share_strings, start, release),
        cmocka_unit_test_setup_teardown(a_vector_ends_with_spare_zero_words, start, release),
        cmocka_unit_test_setup_teardown(blobs_begin_at_multiples_of_eight, start, release),
        cmocka_unit_test_setup_teardown(operations_go_to_the_block_of_their_phase, start, release),
        cmocka_unit_test_setup_teardown(slots_are_counted, start, release),
        cmocka_unit_test_setup_teardown(the_flat_form_has_everything_at_its_place, start, release),
        cmocka_unit_test_setup_teardown(init_accepts_what_is_built, start, release),
        cmocka_unit_test_setup_teardown(init_refuses_an_operation_of_the_host, start, release),
        cmocka_unit_test(every_code_has_a_name_and_a_phase),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
