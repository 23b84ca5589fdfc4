/* SPDX-License-Identifier: Apache-2.0 */

/* What may be done when, and the words that engines search for. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "state/transitions.h"

static int check(enum status status, enum verb verb, struct err *e)
{
    *e = ERR_INIT;
    return transition_check(status, verb, "c1", e);
}

static void the_matrix_is_that_of_the_specification(void **state)
{
    static const struct {
        enum status status;
        enum verb verb;
        int result;
    } cases[] = {
        {STATUS_CREATED, VERB_START, 0},        {STATUS_RUNNING, VERB_START, -1},
        {STATUS_STOPPED, VERB_START, -1},       {STATUS_CREATING, VERB_START, -1},
        {STATUS_CREATED, VERB_KILL, 0},         {STATUS_RUNNING, VERB_KILL, 0},
        {STATUS_PAUSED, VERB_KILL, 0},          {STATUS_STOPPED, VERB_KILL, -1},
        {STATUS_STOPPED, VERB_DELETE, 0},       {STATUS_CREATED, VERB_DELETE, 0},
        {STATUS_RUNNING, VERB_DELETE, -1},      {STATUS_PAUSED, VERB_DELETE, -1},
        {STATUS_CREATING, VERB_DELETE, -1},     {STATUS_CREATING, VERB_FORCE_DELETE, 0},
        {STATUS_RUNNING, VERB_FORCE_DELETE, 0}, {STATUS_PAUSED, VERB_FORCE_DELETE, 0},
        {STATUS_CREATED, VERB_PAUSE, 0},        {STATUS_RUNNING, VERB_PAUSE, 0},
        {STATUS_PAUSED, VERB_PAUSE, -1},        {STATUS_STOPPED, VERB_PAUSE, -1},
        {STATUS_PAUSED, VERB_RESUME, 0},        {STATUS_RUNNING, VERB_RESUME, -1},
        {STATUS_STOPPED, VERB_RESUME, -1},      {STATUS_PAUSED, VERB_START, -1},
        {STATUS_CREATED, VERB_UPDATE, 0},       {STATUS_PAUSED, VERB_UPDATE, 0},
        {STATUS_STOPPED, VERB_UPDATE, -1},      {STATUS_STOPPED, VERB_WATCH, -1},
        {STATUS_STOPPED, VERB_PS, 0},           {STATUS_CREATING, VERB_PS, -1},
    };
    struct err e;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(check(cases[i].status, cases[i].verb, &e), cases[i].result);
}

static void refusals_have_the_words_that_engines_match(void **state)
{
    struct err e;

    (void)state;
    assert_int_equal(check(STATUS_STOPPED, VERB_KILL, &e), -1);
    assert_non_null(strstr(e.text, "container not running"));
    for (enum verb verb = VERB_PAUSE; verb <= VERB_UPDATE; verb++)
        if (verb != VERB_RESUME && verb != VERB_PS) {
            assert_int_equal(check(STATUS_STOPPED, verb, &e), -1);
            assert_non_null(strstr(e.text, "container not running"));
        }
    assert_int_equal(check(STATUS_PAUSED, VERB_PAUSE, &e), -1);
    assert_non_null(strstr(e.text, "container not running"));
    assert_int_equal(check(STATUS_RUNNING, VERB_RESUME, &e), -1);
    assert_non_null(strstr(e.text, "container not paused"));
    assert_int_equal(check(STATUS_RUNNING, VERB_DELETE, &e), -1);
    assert_non_null(strstr(e.text, "not stopped"));
    assert_int_equal(check(STATUS_RUNNING, VERB_START, &e), -1);
    assert_non_null(strstr(e.text, "already running"));
}

static void every_refusal_has_words(void **state)
{
    struct err e;

    (void)state;
    for (int status = 0; status < N_STATUS; status++)
        for (int verb = 0; verb < N_VERB; verb++) {
            if (check((enum status)status, (enum verb)verb, &e) == 0)
                continue;
            assert_int_equal(e.kind, ERR_STATE);
            assert_true(strlen(e.text) > 10);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_matrix_is_that_of_the_specification),
        cmocka_unit_test(refusals_have_the_words_that_engines_match),
        cmocka_unit_test(every_refusal_has_words),
    };

    return cmocka_run_group_tests_name("state transitions", tests, NULL, NULL);
}
