/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A container on its way into being: everything that `create` and `run` make, and how it is unmade.
 *
 * The steps stand in one table in create.c. Create walks it down and, on failure, back up from
 * where it stood. A crash leaves the state directory, which is made first and removed last, and
 * `delete --force` goes on from there.
 */

#include "cgroup/cgroup.h"
#include "lifecycle/bundle.h"
#include "process/launch.h"
#include "state/store.h"

struct creation {
    const struct caisson *caisson;
    const struct caisson_create_options *options;
    struct compile_options compile_options;
    struct bundle bundle;
    struct facts facts;
    struct plan plan;
    struct state_dir dir;
    struct state_record record;
    struct cgroup cgroup;
    int root_directory; /* of the container, O_PATH */
    int *slots;         /* plan.n_slots descriptors */
    struct launched launched;
    size_t n_done;       /* steps */
    bool hooks_have_run; /* then a failure is followed by the poststop hooks */
};

void creation_release(struct creation *creation);

/* All steps; on failure everything is undone. `starts_at_once`: START will come over the channel.
 */
MUST_CHECK int creation_run(struct creation *creation, const struct caisson *caisson,
                            const struct caisson_create_options *options, bool starts_at_once,
                            struct err *e);

/* Writes the record that makes the container known, and the pid file. */
MUST_CHECK int creation_commit(struct creation *creation, struct err *e);

/* Sends START over the channel and waits until execve has happened or something has failed. */
MUST_CHECK int creation_start(struct creation *creation, struct err *e);

/* Undoes all steps. */
void creation_undo(struct creation *creation);
