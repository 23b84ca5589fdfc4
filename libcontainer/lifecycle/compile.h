/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* (spec, facts, options) -> plan: calls the compile functions of the rooms in the order of the
 * plan's phases. Pure. */

#include "plan/compile.h"

/* Fills compile->plan, which plan_start() has prepared. What cannot be done is in the findings. */
void lifecycle_compile(struct compile *compile);
