/* SPDX-License-Identifier: Apache-2.0 */
#include "process/ps_filter.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The next word at or after *at, or false. */
static bool next_word(const char *line, size_t length, size_t *at, size_t *begin, size_t *size)
{
    while (*at < length && is_blank(line[*at]))
        ++*at;
    *begin = *at;
    while (*at < length && !is_blank(line[*at]))
        ++*at;
    *size = *at - *begin;
    return *size != 0;
}

static bool ends_at(const char *line, size_t length, size_t at)
{
    while (at < length && is_blank(line[at]))
        at++;
    return at == length;
}

static enum ps_line take_header(struct ps_filter *filter, const char *line, size_t length)
{
    size_t n = 0;
    bool found = false;

    filter->has_header = true;
    for (size_t at = 0, begin, size; next_word(line, length, &at, &begin, &size); n++)
        if (!found && size == 3 && memcmp(line + begin, "PID", 3) == 0) {
            found = true;
            filter->column = n;
        }
    filter->is_last = found && filter->column + 1 == n;
    return found ? PS_KEEP : PS_NO_PIDS;
}

static bool has_pid(const struct ps_filter *filter, uint64_t number)
{
    size_t low = 0;
    size_t high = filter->n_pids;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if ((uint64_t)filter->pids[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < filter->n_pids && (uint64_t)filter->pids[low] == number;
}

enum ps_line ps_filter_line(struct ps_filter *filter, const char *line, size_t length)
{
    uint64_t number;
    size_t begin;
    size_t size;
    size_t n = 0;

    if (!filter->has_header)
        return take_header(filter, line, length);
    for (size_t at = 0; next_word(line, length, &at, &begin, &size); n++) {
        bool is_there = filter->is_last ? ends_at(line, length, at) : n == filter->column;

        if (is_there)
            return str_parse_u64(line + begin, size, &number) && has_pid(filter, number) ? PS_KEEP
                                                                                         : PS_DROP;
    }
    return PS_DROP;
}
