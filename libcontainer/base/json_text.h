/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the bytes of a JSON document must be before a parser may look at them. Pure. */

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct json_fault {
    const char *text; /* "half of a surrogate pair", small letters */
    size_t line;      /* from 1 */
    size_t column;    /* in bytes, from 1 */
};

/* Finds what yajl lets pass: invalid UTF-8 (it accepts overlong forms, surrogates and code points
 * above U+10FFFF), escapes of half a surrogate pair (it writes a "?"), form feeds between values,
 * and an unfinished string after the document. Also a document that is empty, begins with a byte
 * order mark or is no object. Says nothing about the grammar: that is the parser's work. False with
 * *fault filled for the first fault. */
MUST_CHECK bool json_text_check(const char *bytes, size_t size, struct json_fault *fault);

/* Line and column of a byte, for messages. */
void json_text_place(const char *bytes, size_t offset, struct json_fault *fault);
