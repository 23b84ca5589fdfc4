/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Nothing that a configuration asks for is left out in silence: rows that say LATER or V1_ONLY are
 * refused by name, unless their value asks for nothing. Walks the tables, so a new row needs no
 * line here. The walk recurses over the tables, whose depth is ours, not over the input.
 */

#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

static bool object_asks_for_nothing(const struct json_object *schema, const void *object,
                                    enum json_state state);

/* Zero asks for nothing; so does -1, "no limit", where a limit belongs to cgroup v1. */
static bool number_asks_for_nothing(const struct json_field *field, const void *member,
                                    enum json_state state)
{
    int64_t i64 = 0;
    int32_t i32 = 0;
    uint64_t natural = 0;

    if (field->kind == JSON_KIND_I64)
        memcpy(&i64, member, sizeof(i64));
    else if (field->kind == JSON_KIND_I32)
        memcpy(&i32, member, sizeof(i32));
    else
        memcpy(&natural, member,
               field->kind == JSON_KIND_U16   ? sizeof(uint16_t)
               : field->kind == JSON_KIND_U32 ? sizeof(uint32_t)
                                              : sizeof(uint64_t));
    if (field->kind == JSON_KIND_I32)
        i64 = i32;
    return natural == 0 && (i64 == 0 || (i64 == -1 && state == JSON_STATE_V1_ONLY));
}

static bool asks_for_nothing(const struct json_field *field, const void *object,
                             enum json_state state)
{
    const void *member = json_member(object, field);
    const char *string;
    bool truth;

    switch (field->kind) {
    case JSON_KIND_BOOL:
        memcpy(&truth, member, sizeof(truth));
        return !truth;
    case JSON_KIND_STRING:
        memcpy(&string, member, sizeof(string));
        return str_is_empty(string);
    case JSON_KIND_I32:
    case JSON_KIND_I64:
    case JSON_KIND_U16:
    case JSON_KIND_U32:
    case JSON_KIND_U64:
        return number_asks_for_nothing(field, member, state);
    case JSON_KIND_STRINGS:
    case JSON_KIND_U32S:
    case JSON_KIND_STRING_MAP:
    case JSON_KIND_OBJECT_LIST:
    case JSON_KIND_OBJECT_MAP:
        return json_list_of(member).count == 0;
    case JSON_KIND_OBJECT:
        break;
    }
    /* "If intelRdt is set, the runtime MUST write ..." (config-linux.md): even an empty one. */
    return field->child != &spec_intel_rdt_schema &&
           object_asks_for_nothing(field->child, json_child(object, field), state);
}

static bool object_asks_for_nothing(const struct json_object *schema, const void *object,
                                    enum json_state state)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        if (json_has(schema, object, &schema->fields[i]) &&
            !asks_for_nothing(&schema->fields[i], object, state))
            return false;
    return true;
}

static void refuse_field(const struct check *check, const void *object,
                         const struct json_field *field)
{
    const char *pointer = check_at(check, json_origin_of(object), field->key);

    if (field->state == JSON_STATE_LATER)
        check_refuse(check, "not-supported-yet", pointer, "leave it out",
                     "\"%s\" is not supported yet", field->key);
    else
        check_refuse(check, "cgroup-v1-only", pointer, "leave it out",
                     "\"%s\" exists only in cgroup v1", field->key);
}

/* "If the SCMP_ACT_NOTIFY action is not used this value is ignored" (config-linux.md, Seccomp). */
static bool has_no_effect(const struct json_object *schema, const void *object)
{
    return schema == &spec_seccomp_schema && !check_seccomp_notifies(object);
}

static void walk(const struct check *check, const struct json_object *schema, const void *object)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct json_field *field = &schema->fields[i];
        struct json_list list = {.count = 0};
        const char *key;

        if (!json_has(schema, object, field))
            continue;
        if (field->state != JSON_STATE_ACTS) {
            if (!asks_for_nothing(field, object, field->state) && !has_no_effect(schema, object))
                refuse_field(check, object, field);
            continue;
        }
        if (field->kind == JSON_KIND_OBJECT)
            walk(check, field->child, json_child(object, field));
        if (field->kind == JSON_KIND_OBJECT_LIST || field->kind == JSON_KIND_OBJECT_MAP)
            list = json_list_of(json_member(object, field));
        for (size_t item = 0; item < list.count; item++)
            walk(check, field->child, json_list_object(field, &list, item, &key));
    }
}

void check_support(const struct check *check)
{
    walk(check, &spec_config_schema, check->config);
}

void check_resources_support(const struct check *check)
{
    walk(check, &spec_resources_schema, check->config->linux_section->resources);
}

/* --- the list of what is missing ------------------------------------------------------------- */

static void list_later(struct arena *arena, const struct json_object *schema, const char *prefix,
                       struct json_strings *pointers)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct json_field *field = &schema->fields[i];
        const char *pointer = arena_printf(arena, "%s/%s", prefix, field->key);

        if (field->state == JSON_STATE_LATER) {
            *ARENA_PUSH(arena, pointers) = pointer;
            continue;
        }
        if (field->child == NULL || field->state != JSON_STATE_ACTS)
            continue;
        if (field->kind != JSON_KIND_OBJECT)
            pointer = arena_printf(arena, "%s/*", pointer);
        list_later(arena, field->child, pointer, pointers);
    }
}

size_t spec_later_fields(struct arena *arena, const char *const **pointers)
{
    struct json_strings found = {.count = 0};

    list_later(arena, &spec_config_schema, "", &found);
    *pointers = found.items;
    return found.count;
}
