/* SPDX-License-Identifier: Apache-2.0 */

/* Durations and sizes of the command line. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "../../src/values.h"
#include "base/macros.h"

static void durations_as_go_writes_them(void **state)
{
    static const struct {
        const char *text;
        uint64_t nanoseconds;
    } cases[] = {
        {"5s", UINT64_C(5000000000)},
        {"100ms", UINT64_C(100000000)},
        {"1m30s", UINT64_C(90000000000)},
        {"1h0m0.5s", UINT64_C(3600500000000)},
        {"0", 0},
        {"0s", 0},
        {"1us", 1000},
        {"1\xc2\xb5s", 1000},
        {"1\xce\xbcs", 1000},
        {"7ns", 7},
        {"1.5s", UINT64_C(1500000000)},
        {".5s", UINT64_C(500000000)},
        {"2.s", UINT64_C(2000000000)},
        {"007s", UINT64_C(7000000000)},
        {"0.1234567899s", 123456789},
        {"2562047h", UINT64_C(9223369200000000000)},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint64_t found = 1;

        if (!value_parse_duration(cases[i].text, &found) || found != cases[i].nanoseconds)
            fail_msg("%s: %llu", cases[i].text, (unsigned long long)found);
    }
}

static void words_that_are_no_duration(void **state)
{
    static const char *const words[] = {
        "",
        "5",
        "s",
        "-5s",
        "+5s",
        "5 s",
        "5s ",
        "5x",
        ".s",
        "1.2.3s",
        "5sec",
        "2562048h",
        "18446744073709551616ns",
        "9223372036854775807ns1ns",
        "1d",
        "m5",
    };
    uint64_t found;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (value_parse_duration(words[i], &found))
            fail_msg("taken: %s", words[i]);
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } cases[] = {
        {"0", 0},
        {"52428800", 52428800},
        {"50M", 52428800},
        {"50m", 52428800},
        {"50MB", 52428800},
        {"50MiB", 52428800},
        {"50mib", 52428800},
        {"7b", 7},
        {"1k", 1024},
        {"1g", 1073741824},
        {"1T", INT64_C(1099511627776)},
        {"1p", INT64_C(1125899906842624)},
        {"9223372036854775807", INT64_MAX},
    };
    static const char *const words[] = {
        "",
        "M",
        "-1",
        "+1",
        "1.5G",
        "1 M",
        "1MM",
        "1iB",
        "1ib",
        "1x",
        "50Mi",
        "0x10",
        "8192p",
        "9223372036854775808",
        "18446744073709551616",
        "07",
    };
    int64_t found;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (!value_parse_bytes(cases[i].text, &found) || found != cases[i].bytes)
            fail_msg("%s", cases[i].text);
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (value_parse_bytes(words[i], &found))
            fail_msg("taken: %s", words[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_as_go_writes_them),
        cmocka_unit_test(words_that_are_no_duration),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
