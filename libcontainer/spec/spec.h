/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The specification's config.json as typed structs, made from spec/fields.def.
 *
 * Room rules: spec knows the words of the specification and nothing of this host. It is pure:
 * decoding is pushed bytes, it never reads a file.
 */

#define JSON_DEF "spec/fields.def"
#include "base/json_structs.h"

/* Was `member` of this object given in the document? `null` counts as not given. */
#define SPEC_HAS(object_type, object, member)                                                      \
    (((object)->present >> object_type##_BIT_##member) & 1)
