/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* caisson-systemd, embedded, as caisson-init is. */

#include <stddef.h>

extern const unsigned char systemd_image[];
extern const unsigned char systemd_image_end[];

static inline size_t systemd_image_size(void)
{
    /* cppcheck-suppress comparePointers ; one object, delimited by the assembler */
    return (size_t)(systemd_image_end - systemd_image);
}
