/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/decode.h"

#include <string.h>

#include "spec/rules.h"

#define JSON_DEF "spec/fields.def"
#include "base/json_rows.h"

void spec_decode(struct spec_document *document, struct arena *arena, const char *bytes,
                 size_t size, struct findings *findings)
{
    memset(document, 0, sizeof(*document));
    json_decode(&document->json, arena, &spec_config_schema, bytes, size, &document->config,
                findings);
}

void spec_decode_resources(struct spec_document *document, struct arena *arena, const char *bytes,
                           size_t size, struct findings *findings)
{
    struct spec_linux *section = ARENA_NEW(arena, struct spec_linux, 1);

    memset(document, 0, sizeof(*document));
    section->resources = ARENA_NEW(arena, struct spec_resources, 1);
    document->config.linux_section = section;
    json_decode(&document->json, arena, &spec_resources_schema, bytes, size, section->resources,
                findings);
}
