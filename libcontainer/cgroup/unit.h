/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The systemd driver's part of compiling, for the files of this room. Pure. */

#include <stdbool.h>

#include "plan/compile.h"

/* The CGROUP_UNIT row; false if the path is refused. */
bool cgroup_compile_unit(struct compile *compile);

/* UNIT_PROPERTY rows: those that every scope has, those of annotations, and those of limits. Behind
 * the CGROUP_WRITE rows. */
void cgroup_compile_unit_properties(struct compile *compile);

/* UNIT_PROPERTY rows for the CGROUP_WRITE rows alone: what an update changes. */
void cgroup_compile_properties(struct compile *compile);
