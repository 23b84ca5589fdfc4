/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"

/* A memory file that nobody can change any more, O_CLOEXEC. `exec_flag`: MFD_EXEC or
 * MFD_NOEXEC_SEAL, which kernels before 6.3 do not know. */
MUST_CHECK int memfd_sealed(const char *name, const void *bytes, size_t size,
                            unsigned int exec_flag, struct err *e);
