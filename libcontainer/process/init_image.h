/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* caisson-init, embedded: there is no second file to find, to mismatch or to replace. */

#include <stddef.h>

extern const unsigned char init_image[];
extern const unsigned char init_image_end[];

static inline size_t init_image_size(void)
{
    /* cppcheck-suppress comparePointers ; one object, delimited by the assembler */
    return (size_t)(init_image_end - init_image);
}
