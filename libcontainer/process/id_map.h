/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The id maps of a new user namespace, user_namespaces(7). */

#include <sys/types.h>

#include "base/err.h"
#include "base/macros.h"
#include "plan/plan.h"

/*
 * Writes the OP_ID_MAP rows for the process. Who has CAP_SETUID and CAP_SETGID writes them
 * directly; others may map only themselves, or go through newuidmap(1) and newgidmap(1), which know
 * the ranges of /etc/subuid and /etc/subgid. What was written is read back and compared.
 */
MUST_CHECK int id_maps_write(const struct plan *plan, int proc, pid_t pid, struct err *e);
