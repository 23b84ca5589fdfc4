/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the workload gets as descriptors 0 to 2. */

#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"

/* Everything above standard error closes itself at execve from now on: the first thing that the
 * program does (threats of the class of CVE-2024-21626). */
MUST_CHECK int stdio_close_on_exec(struct err *e);

/* A closed descriptor of 0 to 2 is opened on /dev/null, before anything else can take its number.
 */
MUST_CHECK int stdio_open_closed(struct err *e);

/* What leads to the host (a directory, a block device, an O_PATH handle, a namespace, a pidfd) is
 * refused by name. */
MUST_CHECK int stdio_check(struct err *e);

/* Pipes on 0 to 2 are given to the workload's uid (as seen by us), so that it can reopen
 * /dev/stdout. Nothing else is ever chowned: not terminals, not files, not /dev/null. */
void stdio_give_pipes(uint32_t uid);
