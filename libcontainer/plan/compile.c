/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/compile.h"

#include <string.h>

static const struct spec_namespace *find_namespace(const struct compile *compile, const char *type)
{
    const struct spec_namespace_list *list = &compile->linux_section->namespaces;

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].type, type) == 0)
            return &list->items[i];
    return NULL;
}

bool compile_has_namespace(const struct compile *compile, const char *type)
{
    return find_namespace(compile, type) != NULL;
}

bool compile_has_new_namespace(const struct compile *compile, const char *type)
{
    const struct spec_namespace *ns = find_namespace(compile, type);

    return ns != NULL && str_is_empty(ns->path);
}

const char *compile_pointer(const struct compile *compile, uint32_t origin, const char *key)
{
    return json_pointer(&compile->document->json, origin, key);
}

bool compile_host_uid(const struct compile *compile, uint32_t uid, uint32_t *on_host)
{
    const struct spec_id_map_list *maps = &compile->linux_section->uid_mappings;

    *on_host = uid;
    if (!compile_has_namespace(compile, "user"))
        return true;
    for (size_t i = 0; i < maps->count; i++)
        if (uid >= maps->items[i].container_id &&
            uid - maps->items[i].container_id < maps->items[i].size) {
            *on_host = maps->items[i].host_id + (uid - maps->items[i].container_id);
            return true;
        }
    return false;
}
