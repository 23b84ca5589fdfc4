/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* bytes of config.json -> struct spec_config, by the rows of spec/fields.def. Pure. */

#include "base/json_read.h"
#include "spec/spec.h"

struct spec_document {
    struct json_document json; /* for json_pointer() */
    struct spec_config config;
};

/* Adds to the findings what is wrong with the single fields. Call spec_check() next. */
void spec_decode(struct spec_document *document, struct arena *arena, const char *bytes,
                 size_t size, struct findings *findings);

/* The same for a document that is linux.resources alone (`update --resources`): document->config
 * has nothing else, and JSON pointers begin there. Call spec_check_resources() next. */
void spec_decode_resources(struct spec_document *document, struct arena *arena, const char *bytes,
                           size_t size, struct findings *findings);

/* The tables themselves: for tests and documentation, for json_encode(), and for json_decode() of
 * what engines hand over apart from config.json (`exec --process`, `update --resources`). */
extern const struct json_object spec_config_schema;
extern const struct json_object spec_process_schema;
extern const struct json_object spec_resources_schema;
extern const struct json_object spec_linux_schema;
extern const struct json_object spec_seccomp_schema;
extern const struct json_object spec_mount_schema;
extern const struct json_object spec_intel_rdt_schema;
