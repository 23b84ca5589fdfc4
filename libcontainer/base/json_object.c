/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json_read.h"

bool json_has(const struct json_object *schema, const void *object, const struct json_field *field)
{
    uint64_t present;

    memcpy(&present, (const char *)object + JSON_PRESENT_OFFSET, sizeof(present));
    return ((present >> (field - schema->fields)) & 1) != 0;
}

uint32_t json_origin_of(const void *object)
{
    uint32_t origin;

    memcpy(&origin, (const char *)object + JSON_ORIGIN_OFFSET, sizeof(origin));
    return origin;
}

struct json_list json_list_of(const void *member)
{
    struct json_list list;

    memcpy(&list, member, sizeof(list));
    return list;
}

const void *json_list_object(const struct json_field *field, const struct json_list *list,
                             size_t index, const char **key)
{
    const char *entry;

    *key = NULL;
    if (field->kind != JSON_KIND_OBJECT_MAP)
        return (const char *)list->items + index * field->child->size;
    entry = (const char *)list->items + index * field->child->map_item_size;
    memcpy(key, entry, sizeof(*key));
    return entry + field->child->map_value_offset;
}

const void *json_child(const void *object, const struct json_field *field)
{
    const void *child;

    memcpy(&child, json_member(object, field), sizeof(child));
    return child;
}
