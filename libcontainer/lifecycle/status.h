/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a container is now: derived from the record and from the kernel, never remembered. */

#include "base/err.h"
#include "base/macros.h"
#include "cgroup/cgroup.h"
#include "container.h"
#include "state/store.h"
#include "state/transitions.h"

struct container {
    struct state_dir dir;
    struct state_record record;
    bool has_record;
    enum status status;
    int pidfd; /* of init, while it lives; -1 otherwise */
};

#define CONTAINER_INIT ((struct container){.dir = {.root = -1, .fd = -1}, .pidfd = -1})

void container_release(struct container *container);

enum container_access {
    CONTAINER_LOOK,
    CONTAINER_LOCK
};
enum container_found {
    CONTAINER_FOUND = 0,
    CONTAINER_UNKNOWN = 1
};

/*
 * Opens a container by id, reads its record and finds out its status. The pidfd is opened before
 * the process is compared with the record, so a recycled pid is never mistaken for init.
 * CONTAINER_FOUND, CONTAINER_UNKNOWN, or -1.
 */
MUST_CHECK int container_open(struct container *container, const struct caisson *caisson,
                              const char *id, enum container_access access, struct err *e);
/* The same, with the error "does not exist" instead of CONTAINER_UNKNOWN. */
MUST_CHECK int container_require(struct container *container, const struct caisson *caisson,
                                 const char *id, enum container_access access, struct err *e);

/* The container's cgroup as the record has it; no driver: none. */
struct cgroup_place container_cgroup(const struct container *container);
void container_record_cgroup(struct state_record *record, struct cgroup_place place);

/* The path of its cgroup, for what cannot be done without one; NULL and an error if it has none. */
const char *container_require_cgroup(const struct container *container, struct err *e);

/* The root directory of all containers: as given, or the default. */
MUST_CHECK int container_open_root(const struct caisson *caisson, bool make, struct err *e);

/* Strings and annotations live in the arena that the record was read into. */
void container_describe(const struct container *container, struct arena *arena,
                        struct caisson_state *state);
