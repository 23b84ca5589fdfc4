/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a table of fields (a .def file) turns into. Each .def is read twice by the preprocessor:
 * base/json_structs.h makes the structs of it, base/json_rows.h the rows that decode and encode
 * them.
 *
 * Every object begins with the same two members:
 *   present  one bit for each row, in the order of the .def: "was it given?"
 *   origin   where it came from, for json_pointer()
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_strings { /* array of strings */
    const char **items;
    size_t count;
    size_t capacity;
};

struct json_u32s { /* array of unsigned 32-bit integers */
    uint32_t *items;
    size_t count;
    size_t capacity;
};

struct json_pair {
    const char *key;
    const char *value;
};

struct json_string_map { /* object whose values are strings, in the order of the document */
    struct json_pair *items;
    size_t count;
    size_t capacity;
};

/* Type of the member for each kind of field. */
#define JSON_TYPE_BOOL       bool
#define JSON_TYPE_STRING     const char * /* NULL when absent */
#define JSON_TYPE_I32        int32_t
#define JSON_TYPE_I64        int64_t
#define JSON_TYPE_U16        uint16_t
#define JSON_TYPE_U32        uint32_t
#define JSON_TYPE_U64        uint64_t
#define JSON_TYPE_STRINGS    struct json_strings
#define JSON_TYPE_U32S       struct json_u32s
#define JSON_TYPE_STRING_MAP struct json_string_map
