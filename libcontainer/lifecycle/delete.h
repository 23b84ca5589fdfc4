/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/err.h"
#include "base/macros.h"
#include "lifecycle/status.h"

/* Undoes what create did, bottom up: processes, cgroup, poststop hooks, state directory. Finds
 * every object by name, so it works on a half-made container; what is already gone counts as done.
 */
MUST_CHECK int container_destroy(struct container *container, struct arena *arena, struct err *e);
