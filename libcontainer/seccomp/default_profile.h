/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* seccomp-profiles/default.json, embedded: what `caisson spec` writes. */

#include <stddef.h>

extern const char default_profile[];
extern const char default_profile_end[];

static inline size_t default_profile_size(void)
{
    /* cppcheck-suppress comparePointers ; one object, delimited by the assembler */
    return (size_t)(default_profile_end - default_profile);
}
