/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the files that compile linux.resources share, and nobody else includes. A field that asks
 * for a limit needs its controller and is refused by name without it. One that lifts a limit asks
 * for nothing that a missing controller could fail to give: it is left out then.
 */

#include <stdbool.h>
#include <stdint.h>

#include "cgroup/resources.h"
#include "plan/compile.h"

/* True if the hierarchy has it, else a finding at `pointer`. */
bool cgroup_has_controller(struct compile *compile, const char *controller, const char *pointer);

/* A CGROUP_WRITE row. `flags` are CGROUP_*; strings are copied. */
void cgroup_add_row(struct compile *compile, const char *pointer, const char *file,
                    const char *value, uint16_t flags);

/* The row of a limit if the host has the controller that `file` begins with. A negative limit
 * becomes "max", where the file exists. */
void cgroup_add_limit(struct compile *compile, const char *pointer, const char *file,
                      int64_t limit);

/* What an update starts from; of a new group, what the kernel gives it. */
const struct cgroup_in_force *cgroup_in_force_of(const struct compile *compile);

/* memory_compile.c, cpu_compile.c, io_compile.c */
void cgroup_compile_memory(struct compile *compile, const struct spec_memory *memory);
void cgroup_compile_cpu(struct compile *compile, const struct spec_cpu *cpu);
void cgroup_compile_io(struct compile *compile, const struct spec_block_io *io);
