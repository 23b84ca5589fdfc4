/* SPDX-License-Identifier: Apache-2.0 */
#include "values.h"

#include <string.h>
#include <strings.h>

#include "base/macros.h"
#include "base/str.h"

/* ---- durations ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    uint64_t nanoseconds;
} duration_units[] = {
    /* Longer names before those that they begin with. */
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* micro sign */
    {"\xce\xbcs", 1000}, /* Greek mu */
    {"ms", 1000000},
    {"s", 1000000000},
    {"m", UINT64_C(60) * 1000000000},
    {"h", UINT64_C(3600) * 1000000000},
};

static bool take_unit(const char **text, uint64_t *nanoseconds)
{
    for (size_t i = 0; i < ARRAY_LEN(duration_units); i++)
        if (str_starts_with(*text, duration_units[i].name)) {
            *text += strlen(duration_units[i].name);
            *nanoseconds = duration_units[i].nanoseconds;
            return true;
        }
    return false;
}

/* Digits, which may begin with zeros. *n is how many. */
static bool take_digits(const char **text, uint64_t *value, size_t *n)
{
    *value = 0;
    for (*n = 0; **text >= '0' && **text <= '9'; ++*text, ++*n)
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, (uint64_t)(**text - '0'), value))
            return false;
    return true;
}

/* "1.5h" and its kind. Decimals behind the ninth cannot make a nanosecond of a second. */
static bool take_part(const char **text, uint64_t *nanoseconds)
{
    char decimals[10] = "000000000";
    const char *fraction;
    uint64_t whole;
    uint64_t unit;
    uint64_t rest = 0;
    size_t n_whole;
    size_t n_fraction = 0;

    if (!take_digits(text, &whole, &n_whole))
        return false;
    fraction = *text;
    if (**text == '.') {
        n_fraction = strspn(++fraction, "0123456789");
        memcpy(decimals, fraction, n_fraction < 9 ? n_fraction : 9);
        *text = fraction + n_fraction;
    }
    if (n_whole + n_fraction == 0 || !take_unit(text, &unit))
        return false;
    for (size_t i = 0; i < 9; i++)
        rest = rest * 10 + (uint64_t)(decimals[i] - '0');
    return !__builtin_mul_overflow(whole, unit, nanoseconds) &&
           !__builtin_add_overflow(
               *nanoseconds, (uint64_t)((unsigned __int128)rest * unit / 1000000000), nanoseconds);
}

bool value_parse_duration(const char *text, uint64_t *nanoseconds)
{
    *nanoseconds = 0;
    if (strcmp(text, "0") == 0)
        return true;
    if (*text == '\0')
        return false;
    while (*text != '\0') {
        uint64_t part;

        if (!take_part(&text, &part) || __builtin_add_overflow(*nanoseconds, part, nanoseconds) ||
            *nanoseconds > INT64_MAX)
            return false;
    }
    return true;
}

/* ---- sizes ---------------------------------------------------------------------------------------------- */

bool value_parse_bytes(const char *text, int64_t *bytes)
{
    static const char letters[] = "kmgtp";
    size_t length = strspn(text, "0123456789");
    const char *unit = text + length;
    const char *letter;
    uint64_t number;
    uint64_t factor = 1;

    if (!str_parse_u64(text, length, &number))
        return false;
    letter = *unit != '\0' ? strchr(letters, *unit | 0x20) : NULL;
    if (letter != NULL) {
        factor = UINT64_C(1) << (10 * (letter - letters + 1));
        unit++;
    }
    if (*unit != '\0' && strcasecmp(unit, "b") != 0 &&
        (letter == NULL || strcasecmp(unit, "ib") != 0))
        return false;
    if (__builtin_mul_overflow(number, factor, &number) || number > INT64_MAX)
        return false;
    *bytes = (int64_t)number;
    return true;
}
