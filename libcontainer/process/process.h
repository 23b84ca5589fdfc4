/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The process: what it is allowed to be (pure: *_compile.c), and how it comes to life (launch.c,
 * channel.c, hooks.c). This room knows clone3, pidfds, the channel and hooks; it never resolves a
 * path of a container.
 */

#include "plan/compile.h"

/* PHASE_HOST rows for namespaces, id maps, the OOM score and hooks; PHASE_NAMESPACES rows. */
void process_compile_namespaces(struct compile *compile);
void process_compile_hooks(struct compile *compile);
/* PHASE_SEAL: sysctls. */
void process_compile_sysctls(struct compile *compile);
/* PHASE_IDENTITY and PHASE_START. */
void process_compile_identity(struct compile *compile);
void process_compile_start(struct compile *compile);
/* OP_INNER_HOOK rows: startContainer hooks run inside, with the workload's privileges. */
void process_compile_inner_hooks(struct compile *compile);

/* The namespaces that the container does not share with us, CLONE_NEW*: for who enters them. */
uint32_t process_namespaces(const struct plan *plan);
