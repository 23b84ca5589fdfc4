/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How many bits of an argument the kernel uses. Pure.
 *
 * A filter sees 64 bits of each argument. Where the kernel takes an int it uses the lower 32, and a
 * comparison of 64 bits is then defeated by one bit above them: ioctl(fd, TIOCSTI + 2^32) is not
 * TIOCSTI for the filter, and is for the kernel (CVE-2019-7303). So such arguments are compared as
 * what the kernel takes, also in rules that engines write.
 */

#include <stdint.h>

enum {
    N_ARGUMENTS = 6
};

/* 16, 32 or 64. `architecture` is one of libseccomp's SCMP_ARCH_*: on those of 32 bits nothing is
 * wider than that. */
unsigned int argument_bits(uint32_t architecture, const char *call, uint32_t index);

/* The table behind it, for the test that walks it: the name of row `row`, NULL behind the last. */
const char *argument_table_name(unsigned int row);
