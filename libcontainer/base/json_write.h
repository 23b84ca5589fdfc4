/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Writes JSON into a strbuf, compact or indented. The caller says what comes, the writer puts
 * commas, spaces and escapes:
 *
 *     struct json_writer writer = JSON_WRITER_INIT(&text, JSON_TABS);
 *
 *     json_write_object(&writer);
 *     json_write_key(&writer, "pid");
 *     json_write_i64(&writer, pid);
 *     json_write_object_end(&writer);
 *
 * The result is always valid UTF-8 and never has a raw control byte: bytes that are no UTF-8 become
 * U+FFFD, control characters (DEL among them) \u escapes. A slash is not escaped: readers of state
 * have compared paths byte by byte. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/json_read.h"
#include "base/str.h"

/* What stands once for each level at the start of a line; NULL is all in one line without spaces.
 */
#define JSON_COMPACT    NULL
#define JSON_TWO_SPACES "  "
#define JSON_TABS       "\t"

struct json_writer {
    struct strbuf *to;
    const char *indent;
    unsigned depth;
    bool is_first;  /* of the object or array that is open */
    bool after_key; /* a value comes next, on the same line */
};

#define JSON_WRITER_INIT(buffer, style)                                                            \
    ((struct json_writer){.to = (buffer), .indent = (style), .is_first = true})

void json_write_object(struct json_writer *writer);
void json_write_object_end(struct json_writer *writer);
void json_write_array(struct json_writer *writer);
void json_write_array_end(struct json_writer *writer);
void json_write_key(struct json_writer *writer, const char *key);
/* NULL becomes null. */
void json_write_string(struct json_writer *writer, const char *string);
void json_write_bool(struct json_writer *writer, bool value);
void json_write_i64(struct json_writer *writer, int64_t value);
void json_write_u64(struct json_writer *writer, uint64_t value);
/* A number with at most two decimals: 150 is written as 1.5. */
void json_write_hundredths(struct json_writer *writer, uint64_t hundredths);
void json_write_null(struct json_writer *writer);
/* A string member if `string` is not NULL, nothing otherwise. */
void json_write_member(struct json_writer *writer, const char *key, const char *string);

/* The escaped string with its quotes, for text that is not built by a writer. */
void json_put_string(struct strbuf *to, const char *string);

/* Writes a struct that a .def describes, in the order of its rows. What `present` does not name is
 * left out: code that builds such a struct sets those bits. Decoding the result gives an equal
 * struct, origins aside. Free keys and unknown keys: the former are kept, the latter were never
 * read. */
void json_encode(struct json_writer *writer, const struct json_object *schema, const void *object);
