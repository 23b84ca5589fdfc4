/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The state of a container as runtime.md defines it: what `state` prints and hooks read. Pure. */

#include "base/json_types.h"
#include "base/str.h"

struct oci_state {
    const char *oci_version;
    const char *id;
    const char *status;
    int64_t pid;
    const char *bundle;
    const struct json_string_map *annotations; /* NULL or empty: left out */
};

/* As one line without spaces; slashes are not escaped (hooks have parsed this with less than a JSON
 * parser). */
void oci_state_write(const struct oci_state *state, struct strbuf *to);

/* The same cut in two where the number of the pid stands. */
void oci_state_cut_at_pid(const struct oci_state *state, struct arena *arena, const char **head,
                          const char **tail);
