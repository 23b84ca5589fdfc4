/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What this host can do: read once for each command, into one struct that compiling takes as input
 * and that tests can write themselves (tests/golden/<case>/facts.txt). Nothing here changes the
 * host.
 *
 * Only what a decision of compile depends on is here. Whether a newer system call works is found by
 * calling it where it is needed; "not permitted" is never read as "not there".
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

enum cgroup_layout {
    CGROUP_NONE,    /* no cgroup v2 hierarchy is mounted */
    CGROUP_UNIFIED, /* v2 at /sys/fs/cgroup */
    CGROUP_HYBRID,  /* v2 at /sys/fs/cgroup/unified beside v1 hierarchies */
};

struct facts {
    uint32_t euid;
    uint32_t egid;
    bool in_initial_userns;
    uint64_t permitted_capabilities; /* bit mask */
    uint32_t last_capability;        /* /proc/sys/kernel/cap_last_cap */
    enum cgroup_layout cgroup_layout;
    const char *cgroup_mount;       /* where the v2 hierarchy is mounted, or NULL */
    const char *cgroup_self;        /* path of our own cgroup in it, "/" and up */
    const char *cgroup_controllers; /* of the root of the hierarchy: "cpu memory pids", or "" */
};

/* Probes everything above. Strings live in the arena. */
MUST_CHECK int facts_probe(struct facts *facts, struct arena *arena, struct err *e);

/* True if the v2 hierarchy has this controller. */
bool facts_has_controller(const struct facts *facts, const char *controller);
