/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container's cgroup in the v2 hierarchy: what to write there (pure), and making, killing and
 * removing it by the cgroupfs driver. On a hybrid host the v2 tree is used for what it can do; a
 * limit whose controller it does not have is refused, never skipped. Nothing is touched but what is
 * beneath the container's own cgroup, and the directories on the way to it.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/fd.h"
#include "plan/compile.h"

/* CGROUP, CGROUP_WRITE and CGROUP_DEVICES rows. */
void cgroup_compile(struct compile *compile);

/* Parts of it, in files of their own. */
const char *cgroup_compile_path(struct compile *compile);
void cgroup_compile_resources(struct compile *compile);
void cgroup_compile_devices(struct compile *compile);

/* The path that the plan's CGROUP row makes, or NULL. From the plan's arena. */
const char *cgroup_plan_path(const struct plan *plan);

struct cgroup {
    int directory;   /* -1: the container stays in our cgroup */
    uint32_t n_made; /* how many directories of the path we made */
};

#define CGROUP_INIT ((struct cgroup){.directory = -1})

void cgroup_release(struct cgroup *cgroup);

/* Makes the cgroup of the plan. One that holds processes or is frozen is refused. On failure
 * nothing is left. Where nothing was asked for and the tree is not ours to write, there is no
 * cgroup and that is no error. */
MUST_CHECK int cgroup_create(struct cgroup *cgroup, const struct facts *facts,
                             const struct plan *plan, struct err *e);

/* Writes its limits and attaches the device program: after init was cloned into it, which is on its
 * way to wait for its plan, and before it gets that plan. */
MUST_CHECK int cgroup_configure(const struct cgroup *cgroup, const struct plan *plan,
                                struct err *e);

/* By name, so that they work on what another process made, or only half made; gone is fine. */
MUST_CHECK int cgroup_path_kill(const char *path, struct err *e);
bool cgroup_path_is_frozen(const char *path);
/* Kills what is left, removes the cgroup with those below it, and up to `n_made` - 1 directories
 * above it that are empty. */
MUST_CHECK int cgroup_path_remove(const char *path, uint32_t n_made, struct err *e);
