/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes the tables of a .def file, for the one .c that owns them:
 *
 *     #define JSON_DEF "spec/fields.def"
 *     #include "base/json_rows.h"
 *
 * No #pragma once: each .def includes this anew, after base/json_structs.h and the rules that its
 * rows name. For OBJECT (spec_mount) it defines
 *     const struct json_object spec_mount_schema
 * A header declares the schemas that others need.
 */

#include "base/json_read.h"

#define JSON_NEED_REQUIRED true
#define JSON_NEED_OPTIONAL false

#define JSON_ROW(object, member_kind, member, name, need, check, progress)                         \
    .key = (name), .offset = offsetof(struct object, member), .kind = (member_kind),               \
    .is_required = JSON_NEED_##need, .rule = (check), .state = JSON_STATE_##progress

#define OBJECT(object) static const struct json_field object##_rows[] = {
#define FIELD(object, kind, member, key, need, rule, state)                                        \
    {JSON_ROW(object, JSON_KIND_##kind, member, key, need, rule, state)},
#define CHILD(object, type, member, key, need, rule, state)                                        \
    {JSON_ROW(object, JSON_KIND_OBJECT, member, key, need, rule, state), .child = &type##_schema},
#define LISTOF(object, type, member, key, need, rule, state)                                       \
    {JSON_ROW(object, JSON_KIND_OBJECT_LIST, member, key, need, rule, state),                      \
     .child = &type##_schema},
#define MAPOF(object, type, member, key, need, rule, state)                                        \
    {JSON_ROW(object, JSON_KIND_OBJECT_MAP, member, key, need, rule, state),                       \
     .child = &type##_schema},
#define END(object)                                                                                \
    }                                                                                              \
    ;                                                                                              \
    extern const struct json_object object##_schema;                                               \
    const struct json_object object##_schema = {                                                   \
        .name = #object,                                                                           \
        .size = sizeof(struct object),                                                             \
        .map_item_size = sizeof(struct object##_entry),                                            \
        .map_value_offset = offsetof(struct object##_entry, value),                                \
        .n_fields = ARRAY_LEN(object##_rows),                                                      \
        .fields = object##_rows,                                                                   \
    };                                                                                             \
    _Static_assert(offsetof(struct object, present) == JSON_PRESENT_OFFSET, "present is first");   \
    _Static_assert(offsetof(struct object, origin) == JSON_ORIGIN_OFFSET, "origin is second");     \
    _Static_assert(ARRAY_LEN(object##_rows) == (size_t)object##_N_FIELDS, "one bit for each row"); \
    _Static_assert(sizeof(struct object##_list) == sizeof(struct json_list), "a list");            \
    _Static_assert(sizeof(struct object##_map) == sizeof(struct json_list), "a map is a list");    \
    _Static_assert(offsetof(struct object##_entry, key) == 0, "the key of an entry is first");

#include JSON_DEF

#undef OBJECT
#undef FIELD
#undef CHILD
#undef LISTOF
#undef MAPOF
#undef END
#undef JSON_ROW
#undef JSON_NEED_REQUIRED
#undef JSON_NEED_OPTIONAL
#undef JSON_DEF
