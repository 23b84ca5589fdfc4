/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a seccomp section means, said once more: written from the specification and docs/seccomp.md,
 * by interpreting the section for one call at a time, without a program. It shares no code with the
 * compiler, and knows calls by number -> name where the compiler goes from name -> number.
 */

#include <stdint.h>

#include <linux/seccomp.h>

#include "spec/spec.h"

/* The SECCOMP_RET_* value with its data. Entries with conditions may only be on the calls that
 * oracle_knows(); another one fails the test. */
uint32_t oracle_verdict(const struct spec_seccomp *section, const struct seccomp_data *data);
bool oracle_knows(const char *call);

/* Name of the call with this number, or NULL. `abi` is one of SCMP_ARCH_*; the string is static. */
const char *oracle_name(uint32_t abi, uint32_t number);
