/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * linux.seccomp -> a finished BPF program. Runs on the host side; caisson-init only loads the
 * result.
 *
 * libseccomp names the architectures and system calls; the program is our own (docs/seccomp.md says
 * why, and what the section means where the specification is silent).
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/findings.h"
#include "base/json_read.h"
#include "base/macros.h"
#include "spec/spec.h"

struct seccomp_program {
    const void *instructions; /* array of struct sock_filter, in the arena */
    size_t size_bytes;
    uint32_t flags; /* SECCOMP_FILTER_FLAG_* */
};

/* The program for this section: from the cache beneath the state root's directory if it is there,
 * compiled and put there otherwise. Errors and findings as seccomp_compile(). */
MUST_CHECK int seccomp_program_get(struct seccomp_program *program,
                                   const struct spec_seccomp *seccomp,
                                   const struct json_document *document, int state_root,
                                   struct arena *arena, struct findings *findings, struct err *e);

/* Compiles the section, which spec_check() has found sound. What is skipped is added to the
 * findings as warnings: names that nobody knows, entries that can never act. Refused are a program
 * above the kernel's 4096 instructions, and an entry other than ALLOW whose conditions exclude each
 * other. Pure. */
MUST_CHECK int seccomp_compile(struct seccomp_program *program, const struct spec_seccomp *seccomp,
                               const struct json_document *document, struct arena *arena,
                               struct findings *findings, struct err *e);
