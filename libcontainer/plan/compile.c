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
