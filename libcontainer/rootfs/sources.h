/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What only the host side can open: the root filesystem, bind sources and devices, as detached
 * mounts. */

#include "base/err.h"
#include "base/macros.h"
#include "plan/plan.h"

/* Executes the OPEN_* rows of the host block, in their order, and fills their slots with
 * close-on-exec descriptors of detached mounts (open_tree(2), mount_setattr(2): Linux 5.12).
 * `bundle` is the directory that relative sources are resolved beneath, `root` the root filesystem
 * as it was opened before; both are borrowed. On failure the caller closes what was filled; the
 * error names the place in config.json. */
MUST_CHECK int sources_open(const struct plan *plan, int bundle, int root, int *slots,
                            struct err *e);
