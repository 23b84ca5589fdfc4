/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes the structs of a .def file:
 *
 *     #define JSON_DEF "spec/fields.def"
 *     #include "base/json_structs.h"
 *
 * No #pragma once: each .def includes this anew. For OBJECT (spec_mount) it declares
 *     struct spec_mount          the object
 *     struct spec_mount_list     .items, .count, .capacity       (from LISTOF)
 *     struct spec_mount_map      the same, items have .key, .value (from MAPOF)
 *     enum { spec_mount_BIT_destination, ... }                   bit numbers in .present
 */

#include "base/json_types.h"

#define OBJECT(object)                                                                             \
    struct object {                                                                                \
        uint64_t present;                                                                          \
        uint32_t origin;
#define FIELD(object, kind, member, key, need, rule, state)   JSON_TYPE_##kind member;
#define CHILD(object, child, member, key, need, rule, state)  struct child *member;
#define LISTOF(object, child, member, key, need, rule, state) struct child##_list member;
#define MAPOF(object, child, member, key, need, rule, state)  struct child##_map member;
#define END(object)                                                                                \
    }                                                                                              \
    ;                                                                                              \
    struct object##_list {                                                                         \
        struct object *items;                                                                      \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    };                                                                                             \
    struct object##_entry {                                                                        \
        const char *key;                                                                           \
        struct object value;                                                                       \
    };                                                                                             \
    struct object##_map {                                                                          \
        struct object##_entry *items;                                                              \
        size_t count;                                                                              \
        size_t capacity;                                                                           \
    };

#include JSON_DEF

#undef OBJECT
#undef FIELD
#undef CHILD
#undef LISTOF
#undef MAPOF
#undef END

#define OBJECT(object)                                        enum {
#define FIELD(object, kind, member, key, need, rule, state)   object##_BIT_##member,
#define CHILD(object, child, member, key, need, rule, state)  object##_BIT_##member,
#define LISTOF(object, child, member, key, need, rule, state) object##_BIT_##member,
#define MAPOF(object, child, member, key, need, rule, state)  object##_BIT_##member,
#define END(object)                                                                                \
    object##_N_FIELDS                                                                              \
    }                                                                                              \
    ;                                                                                              \
    _Static_assert((int)object##_N_FIELDS <= 64, "present has 64 bits");

#include JSON_DEF

#undef OBJECT
#undef FIELD
#undef CHILD
#undef LISTOF
#undef MAPOF
#undef END
#undef JSON_DEF
