/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What may be done when: runtime.md "Lifecycle" and "Operations". Pure. */

#include "base/err.h"
#include "base/macros.h"

enum status {
    STATUS_CREATING, /* create has not finished, or died half-way */
    STATUS_CREATED,
    STATUS_RUNNING,
    STATUS_PAUSED,
    STATUS_STOPPED,
    N_STATUS,
};

enum verb {
    VERB_START,
    VERB_KILL,
    VERB_PAUSE,
    VERB_RESUME,
    VERB_WATCH, /* events */
    VERB_PS,
    VERB_UPDATE,
    VERB_DELETE,
    VERB_FORCE_DELETE,
    N_VERB,
};

const char *status_name(enum status status);

/* An error in the words that engines look for, unless the verb is allowed. */
MUST_CHECK int transition_check(enum status status, enum verb verb, const char *id, struct err *e);
