/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Names of architectures and system calls to numbers: libseccomp's tables, and what they leave out.
 * Pure.
 */

#include <stdbool.h>
#include <stdint.h>

/* "SCMP_ARCH_X86_64" -> SCMP_ARCH_X86_64; 0 if this libseccomp does not know it. */
uint32_t architecture_from(const char *name);

/* What the kernel puts into seccomp_data.arch: x32 has no number of its own. */
uint32_t architecture_audit(uint32_t architecture);

enum {
    CALL_ABSENT = -1,  /* exists, but not on this architecture */
    CALL_UNKNOWN = -2, /* neither libseccomp nor we have ever heard of it */
};

/* The number that the kernel puts into seccomp_data.nr, or one of the above. */
int call_number(uint32_t architecture, const char *name);

/*
 * On some architectures socketcall(2) and ipc(2) carry other calls, whose arguments then lie in
 * memory where no filter sees them. True if `name` is one of those; *multiplexer is "socketcall" or
 * "ipc", and *first_argument says which call is meant there.
 */
bool call_is_multiplexed(const char *name, const char **multiplexer, uint32_t *first_argument);

/* A row of the tables, for the test that walks them; false behind the last one. */
bool call_newer_row(unsigned int row, const char **name, int *number);
bool call_direct_row(unsigned int row, const char **name, int *x86, int *s390, int *ppc);
