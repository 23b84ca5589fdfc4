/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tables in, typed structs out: a streaming decoder on yajl. See base/json_structs.h for how a .def
 * file becomes structs, and base/json_rows.h for how it becomes the tables that this file
 * describes.
 *
 * Pure: bytes are pushed in, nothing is read. All findings are collected, not the first alone.
 */

#include "base/arena.h"
#include "base/findings.h"
#include "base/json_types.h"

enum json_kind {
    JSON_KIND_BOOL,
    JSON_KIND_STRING,
    JSON_KIND_I32,
    JSON_KIND_I64,
    JSON_KIND_U16,
    JSON_KIND_U32,
    JSON_KIND_U64,
    JSON_KIND_STRINGS,
    JSON_KIND_U32S,
    JSON_KIND_STRING_MAP,
    JSON_KIND_OBJECT,      /* CHILD: member is a pointer */
    JSON_KIND_OBJECT_LIST, /* LISTOF */
    JSON_KIND_OBJECT_MAP,  /* MAPOF */
};

enum json_state {
    JSON_STATE_ACTS,
    JSON_STATE_LATER,
    JSON_STATE_V1_ONLY,
};

/* One value as a rule sees it. A list is shown twice: each element by itself (kind STRING or U32),
 * and the list with its count so far (kind STRINGS, U32S, OBJECT_LIST): after each new element, and
 * once more at its end, when is_complete is set. A map of strings is shown like a list, without its
 * elements. */
struct json_value {
    enum json_kind kind;
    const char *string; /* for strings and elements of string lists */
    int64_t number;     /* signed kinds */
    uint64_t natural;   /* unsigned kinds */
    size_t count;       /* for lists and maps */
    bool is_complete;   /* for lists and maps: there are no more elements */
};

/* NULL when the value is fine, else what would be right ("an absolute path"). */
typedef const char *json_rule(const struct json_value *value);

struct json_object;

struct json_field {
    const char *key;
    size_t offset;
    enum json_kind kind;
    bool is_required;
    json_rule *rule; /* NULL: anything of the kind */
    enum json_state state;
    const struct json_object *child; /* objects, lists and maps of objects */
};

struct json_object {
    const char *name; /* of the struct */
    size_t size;      /* of one object, and of an element of a list */
    size_t map_item_size;
    size_t map_value_offset;
    size_t n_fields;
    const struct json_field *fields;
};

/* What every object begins with (base/json_structs.h). */
enum {
    JSON_PRESENT_OFFSET = 0,
    JSON_ORIGIN_OFFSET = sizeof(uint64_t),
};

/* How every list and every map looks, whatever its items are. */
struct json_list {
    void *items;
    size_t count;
    size_t capacity;
};

/* Where something stood in the document: parent origin and key or index. */
struct json_origin {
    uint32_t parent; /* index of the parent origin; 0 is the document */
    uint32_t index;  /* in the parent's array, when key is NULL */
    const char *key;
};

/* A key that no row has, beside known ones. The specification says to ignore it; a profile may care
 * for typing mistakes that switch a protection off. */
struct json_unknown {
    uint32_t origin; /* of the object that has it */
    const char *key;
};

struct json_unknown_list {
    struct json_unknown *items;
    size_t count;
    size_t capacity;
};

struct json_document {
    struct arena *arena;
    struct json_origin *items;
    size_t count;
    size_t capacity;
    struct json_unknown_list unknown; /* at most JSON_UNKNOWN_MAX of them */
    size_t n_unknown;                 /* how many there were */
};

enum {
    JSON_DOCUMENT_MAX_BYTES = 16 * 1024 * 1024, /* before the parser sees a byte */
    JSON_DECODED_MAX_BYTES = 32 * 1024 * 1024,  /* taken from the arena */
    JSON_STRING_MAX_BYTES = 1024 * 1024,
    JSON_MAX_NODES = 1 << 20, /* values of any kind */
    JSON_LIST_MAX = 1 << 14,  /* entries of a map, objects of a list; rules may be tighter */
    JSON_MAX_KNOWN_DEPTH = 32,
    JSON_MAX_UNKNOWN_DEPTH = 64, /* inside a value that we only skip */
    JSON_UNKNOWN_MAX = 256,
};

/* Decodes `size` bytes into *object, whose type `schema` describes and which the caller has zeroed.
 * What is wrong is added to the findings; the caller looks at findings->n_refused, and uses nothing
 * of *object if there are any. Strings and lists live in the arena; `bytes` is not needed any more
 * afterwards.
 *
 * Strict where RFC 8259 leaves a choice: keys that stand twice in any object, numbers that are not
 * plain integers, \u0000, escaped lone surrogates, a byte order mark and bytes after the document
 * are refused. `null` counts as "not given". Unknown keys are ignored (config.md, Extensibility).
 */
void json_decode(struct json_document *document, struct arena *arena,
                 const struct json_object *schema, const char *bytes, size_t size, void *object,
                 struct findings *findings);

/* The JSON pointer (RFC 6901) of the object with this origin, or of its member `key` if not NULL.
 */
const char *json_pointer(const struct json_document *document, uint32_t origin, const char *key);
/* The pointer of element `index` of the list `key` of that object. */
const char *json_pointer_item(const struct json_document *document, uint32_t origin,
                              const char *key, size_t index);
/* The pointer of `name` in the map `key` of that object. */
const char *json_pointer_entry(const struct json_document *document, uint32_t origin,
                               const char *key, const char *name);

/* --- walking a decoded object by its tables -------------------------------------------------- */

static inline const void *json_member(const void *object, const struct json_field *field)
{
    return (const char *)object + field->offset;
}

/* Was the row given, with a value other than null? */
bool json_has(const struct json_object *schema, const void *object, const struct json_field *field);
/* The origin that json_pointer() asks for. */
uint32_t json_origin_of(const void *object);
/* A list or map, of whatever kind. */
struct json_list json_list_of(const void *member);
/* Object `index` of a list or map of objects; *key is set for a map, NULL for a list. */
const void *json_list_object(const struct json_field *field, const struct json_list *list,
                             size_t index, const char **key);
/* The object of a row of kind OBJECT, or NULL. */
const void *json_child(const void *object, const struct json_field *field);
