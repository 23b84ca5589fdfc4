/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Check and profile do not fail, they find: everything that is wrong with a configuration is
 * collected and shown at once, before anything is made on the host.
 */

#include "base/arena.h"
#include "base/macros.h"

enum severity {
    SEVERITY_WARNING, /* we go on; the user should know */
    SEVERITY_REFUSE,  /* we stop */
};

struct finding {
    enum severity severity;
    const char *id;      /* stable name of the rule, such as "path-not-absolute" */
    const char *pointer; /* JSON pointer, "" for the document itself */
    const char *text;    /* what is wrong, small letters, no full stop */
    const char *cure;    /* what would be right, or NULL */
};

struct findings {
    const char *document; /* what their pointers are of; NULL: config.json */
    struct arena *arena;
    struct finding *items;
    size_t count;
    size_t capacity;
    size_t n_refused;
    size_t n_dropped; /* found after the list was full; an attacker decides how many there are */
};

enum {
    FINDINGS_MAX = 200
};

#define FINDINGS_INIT(a) ((struct findings){.arena = (a)})

/* Adds a finding; `pointer` and `cure` are copied, `cure` may be NULL. */
void findings_add(struct findings *findings, enum severity severity, const char *id,
                  const char *pointer, const char *cure, const char *format, ...) PRINTF_LIKE(6, 7);
