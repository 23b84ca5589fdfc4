/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/macros.h"
#include "process/hooks.h"
#include "state/store.h"

/* Sends START over `channel`. */
MUST_CHECK int start_send(int channel, const struct state_record *record, struct err *e);
/* Waits until execve has happened or failed. */
MUST_CHECK int start_wait(int channel, const struct state_record *record, struct err *e);

/* Decodes the configuration stored with the container and compiles its host hooks alone. */
MUST_CHECK int start_load_hooks(const struct state_dir *dir, struct arena *arena, struct plan *plan,
                                struct err *e);

/* The state document for hooks. */
struct oci_state start_hook_state(const struct state_record *record, const char *status);
