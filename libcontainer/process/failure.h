/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* FAILED comes over the wire as numbers; here it becomes words, with the place in config.json that
 * the operation came from. */

#include "base/err.h"
#include "plan/channel.h"
#include "plan/plan.h"

/* Fills *e from a FAILED message about an operation of the init block. Returns -1. */
int failure_explain(const struct plan *plan, const struct channel_message *message, struct err *e);

/* For `start`, which has no plan any more: only operations of PHASE_START can fail then. `program`
 * is args[0]. Returns -1. */
int failure_explain_start(const char *program, const struct channel_message *message,
                          struct err *e);

/* The words that engines search for when a program cannot be executed; returns -1. */
int failure_exec(const char *program, bool was_searched, int error_number, struct err *e);
