/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * linux.seccomp -> a finished BPF program, by libseccomp, cached by content. Runs on the host side;
 * caisson-init only loads the result.
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

enum { SECCOMP_MAX_INSTRUCTIONS = 4096 }; /* BPF_MAXINSNS: the kernel's limit for one filter */

/* The program for this section: from the cache beneath the state root's directory if it is there,
 * compiled and put there otherwise. What is skipped is added to the findings as warnings. */
MUST_CHECK int seccomp_program_get(struct seccomp_program *program,
                                   const struct spec_seccomp *seccomp,
                                   const struct json_document *document, int state_root,
                                   struct arena *arena, struct findings *findings, struct err *e);

/* Compiles without looking at the cache. */
MUST_CHECK int seccomp_compile(struct seccomp_program *program, const struct spec_seccomp *seccomp,
                               const struct json_document *document, struct arena *arena,
                               struct findings *findings, struct err *e);
