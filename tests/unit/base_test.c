/* SPDX-License-Identifier: Apache-2.0 */

/* base: strings, errors, arena. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/findings.h"
#include "base/str.h"

static void decimal_numbers_are_taken_only_as_they_stand(void **state)
{
    static const char *const refused[] = {"",
                                          "-",
                                          "+1",
                                          " 1",
                                          "1 ",
                                          "01",
                                          "0x1",
                                          "1e3",
                                          "1.0",
                                          "18446744073709551616",
                                          "99999999999999999999999"};
    uint64_t value;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_false(str_parse_u64(refused[i], strlen(refused[i]), &value));
    assert_true(str_parse_u64("18446744073709551615", 20, &value));
    assert_true(value == UINT64_MAX);
    assert_true(str_parse_u64("0", 1, &value));
    assert_true(value == 0);
}

static void signed_numbers_reach_both_ends(void **state)
{
    int64_t value;

    (void)state;
    assert_true(str_parse_i64("-9223372036854775808", 20, &value));
    assert_true(value == INT64_MIN);
    assert_true(str_parse_i64("9223372036854775807", 19, &value));
    assert_true(value == INT64_MAX);
    assert_false(str_parse_i64("-9223372036854775809", 20, &value));
    assert_false(str_parse_i64("9223372036854775808", 19, &value));
    assert_false(str_parse_i64("--1", 3, &value));
}

static void paths_are_cleaned_without_looking_at_a_disk(void **state)
{
    static const struct {
        const char *given;
        const char *clean;
    } cases[] = {
        {"/", "/"},
        {"", "/"},
        {"//proc/.", "/proc"},
        {"/./sys/", "/sys"},
        {"proc", "/proc"},
        {"/a/../b", "/b"},
        {"/../../x", "/x"},
        {"/a/b/../../..", "/"},
        {"/a//b///c/", "/a/b/c"},
        {"/..a/b..", "/..a/b.."},
        {"/dev/", "/dev"},
    };
    struct arena arena = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(str_clean_path(&arena, cases[i].given), cases[i].clean);
    assert_true(str_has_dotdot("/a/../b"));
    assert_true(str_has_dotdot(".."));
    assert_false(str_has_dotdot("/..a/b.."));
    arena_release(&arena);
}

static void nothing_that_acts_on_a_terminal_is_printed(void **state)
{
    static const struct {
        const char *raw;
        const char *escaped;
    } cases[] = {
        {"plain", "plain"},
        {"a\nb", "a\\x0ab"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\xff", "\\xff"},
        {"\xc2\x9b", "\\xc2\\x9b"}, /* C1: CSI in one byte */
        {"\xe2\x80\xae"
         "x",
         "\\xe2\\x80\\xaex"},                /* right-to-left override */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* a surrogate is no character */
        {"\xc0\x80", "\\xc0\\x80"},          /* overlong */
    };
    char text[64];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        str_escape(cases[i].raw, text, sizeof(text));
        assert_string_equal(text, cases[i].escaped);
    }
}

static void escaping_never_writes_beyond_its_buffer(void **state)
{
    char text[8] = "#######";

    (void)state;
    str_escape("abcdefghij", text, 4);
    assert_string_equal(text, "abc");
    assert_int_equal(text[4], '#');
    str_escape("ab\n", text, 5); /* the escape does not fit whole */
    assert_string_equal(text, "ab");
}

static void an_error_says_place_reason_and_cure_in_one_line(void **state)
{
    struct err e = ERR_INIT;
    char line[512];

    (void)state;
    errno = EPERM;
    assert_int_equal(err_sys(&e, "mount %s", "tmpfs"), -1);
    errno = ENOENT; /* a later errno cannot be printed by mistake */
    err_at(&e, "/mounts/3");
    err_at(&e, "/other");
    err_context(&e, "outer");
    err_hint(&e, "try harder");
    err_format(&e, line, sizeof(line));
    assert_string_equal(
        line, "config.json /mounts/3: outer: mount tmpfs: operation not permitted (try harder)");
    err_state(&e, "container not running");
    err_format(&e, line, sizeof(line));
    assert_string_equal(line, "container not running");
}

static void findings_beyond_the_bound_are_counted_not_kept(void **state)
{
    struct arena arena = ARENA_INIT;
    struct findings findings = FINDINGS_INIT(&arena);

    (void)state;
    for (int i = 0; i < FINDINGS_MAX + 50; i++)
        findings_add(&findings, SEVERITY_REFUSE, "id", "/p", NULL, "finding %d", i);
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.n_dropped, 50);
    assert_int_equal(findings.n_refused, FINDINGS_MAX + 50);
    arena_release(&arena);
}

static void arena_memory_is_zeroed_aligned_and_apart(void **state)
{
    struct arena arena = ARENA_INIT;
    char *previous = NULL;

    (void)state;
    for (size_t i = 1; i < 3000; i++) {
        char *bytes = arena_alloc(&arena, i, 8);

        assert_true((uintptr_t)bytes % 8 == 0);
        for (size_t j = 0; j < i; j++)
            assert_int_equal(bytes[j], 0);
        memset(bytes, 0xaa, i);
        if (previous != NULL)
            assert_int_equal((unsigned char)previous[0], 0xaa);
        previous = bytes;
    }
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_numbers_are_taken_only_as_they_stand),
        cmocka_unit_test(signed_numbers_reach_both_ends),
        cmocka_unit_test(paths_are_cleaned_without_looking_at_a_disk),
        cmocka_unit_test(nothing_that_acts_on_a_terminal_is_printed),
        cmocka_unit_test(escaping_never_writes_beyond_its_buffer),
        cmocka_unit_test(an_error_says_place_reason_and_cure_in_one_line),
        cmocka_unit_test(findings_beyond_the_bound_are_counted_not_kept),
        cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
    };

    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
