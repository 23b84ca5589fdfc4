/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Names of capabilities, capabilities(7). Pure data. */

#include <stddef.h>
#include <stdint.h>

enum {
    N_CAPABILITY_NAMES = 41
}; /* up to CAP_CHECKPOINT_RESTORE, Linux 5.9 */

/* "CAP_CHOWN" for 0; NULL for numbers that have no name yet. */
const char *capability_name(unsigned int number);
/* -1 for a name that does not exist. Names are exact: upper case, with CAP_. */
int capability_number(const char *name);
