/* SPDX-License-Identifier: Apache-2.0 */

/* Which lines of ps(1) are those of a container, whatever columns were asked for. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "process/ps_filter.h"

static const pid_t pids[] = {7, 42, 4194303};

/* A copy of exactly its length, so that reading behind it is seen. */
static enum ps_line feed(struct ps_filter *filter, const char *line)
{
    size_t length = strlen(line);
    char *copy = malloc(length != 0 ? length : 1);
    enum ps_line result;

    memcpy(copy, line, length);
    result = ps_filter_line(filter, copy, length);
    free(copy);
    return result;
}

struct line {
    const char *text;
    enum ps_line result;
};

static void check(const struct line *lines, size_t n)
{
    struct ps_filter filter = {.pids = pids, .n_pids = ARRAY_LEN(pids)};

    for (size_t i = 0; i < n; i++)
        assert_int_equal(feed(&filter, lines[i].text), lines[i].result);
}

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        static const struct line lines[] = {__VA_ARGS__};                                          \
        check(lines, ARRAY_LEN(lines));                                                            \
    } while (0)

static void full_format_is_filtered_by_its_second_column(void **state)
{
    (void)state;
    CHECK({"UID          PID    PPID  C STIME TTY          TIME CMD", PS_KEEP},
          {"root           1       0  0 10:00 ?        00:00:01 /sbin/init", PS_DROP},
          {"root          42       1  0 10:00 ?        00:00:00 sleep 100", PS_KEEP},
          {"root          43      42  0 10:00 ?        00:00:00 sleep 7", PS_DROP},
          {"root     4194303       7  0 10:00 ?        00:00:00 sh", PS_KEEP}, {"", PS_DROP},
          {"root", PS_DROP});
}

static void a_last_column_may_follow_columns_with_blanks(void **state)
{
    (void)state;
    CHECK({"COMMAND                          PID", PS_KEEP},
          {"sleep 42                          99", PS_DROP},
          {"sh -c sleep 99; true              42  ", PS_KEEP});
}

static void pid_alone(void **state)
{
    (void)state;
    CHECK({"    PID", PS_KEEP}, {"      7", PS_KEEP}, {"     77", PS_DROP});
}

static void only_a_column_of_that_very_name_counts(void **state)
{
    (void)state;
    CHECK({"PPID TPID SPID\tPID CMD", PS_KEEP}, {"7 7 7\t8 x", PS_DROP}, {"1 1 1\t7 x", PS_KEEP});
    CHECK({"PPID CMD", PS_NO_PIDS});
    CHECK({"", PS_NO_PIDS});
}

static void what_is_no_number_is_no_pid(void **state)
{
    (void)state;
    CHECK({"PID CMD", PS_KEEP}, {"7a x", PS_DROP}, {"-7 x", PS_DROP}, {"07 x", PS_DROP},
          {"18446744073709551623 x", PS_DROP}, {"4294967303 x", PS_DROP});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_format_is_filtered_by_its_second_column),
        cmocka_unit_test(a_last_column_may_follow_columns_with_blanks),
        cmocka_unit_test(pid_alone),
        cmocka_unit_test(only_a_column_of_that_very_name_counts),
        cmocka_unit_test(what_is_no_number_is_no_pid),
    };

    return cmocka_run_group_tests_name("ps", tests, NULL, NULL);
}
