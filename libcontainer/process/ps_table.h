/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Runs the ps(1) of the host, for people: everything that is not a table comes without it. */

#include "base/arena.h"
#include "base/err.h"
#include "process/ps_filter.h"

/* Writes the lines that `filter` keeps to `output`. `words` are options of ps, each split at
 * blanks, since engines hand over all of them as one word; none: -ef. Who does not read to the end
 * is no error. */
MUST_CHECK int ps_table_write(struct ps_filter *filter, const char *const *words, size_t n_words,
                              struct arena *arena, int output, struct err *e);
