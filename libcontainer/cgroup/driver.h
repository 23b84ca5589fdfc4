/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What differs between the drivers: how a group comes into being, and how it goes. All else is
 * files of the v2 tree, which are the same for both.
 */

#include "cgroup/cgroup.h"

/* What an update has written, and what was there before. */
struct cgroup_written;
struct cgroup_change {
    const struct cgroup_written *done; /* the plan's arena's */
    size_t n;
};

struct cgroup_driver {
    const char *name; /* in state.json and of --cgroup-manager */
    /* Before there is a process. Sets cgroup->directory where the process can be cloned into it. */
    int (*prepare)(struct cgroup *cgroup, const struct facts *facts, const struct plan *plan,
                   struct err *e);
    /* The process is there and waits for its plan: the place for a driver that can only adopt one.
     * Afterwards directory and place are final. NULL: nothing to do. */
    int (*enter)(struct cgroup *cgroup, const struct plan *plan, pid_t pid, struct err *e);
    /* The driver's own part of an update, after the files have taken their values. NULL: none. */
    int (*update)(const struct cgroup_place *place, const struct plan *plan, struct err *e);
    /* Kills what is left and removes the group, those beneath it, and what `prepare` and `enter`
     * made for it. Works on what is half made; gone is fine. */
    int (*remove)(const struct cgroup_place *place, struct err *e);
};

extern const struct cgroup_driver cgroup_fs_driver;
extern const struct cgroup_driver cgroup_systemd_driver;

/* Using a group that others are in would kill them with the container; a frozen one would never
 * start. */
MUST_CHECK int cgroup_check_unused(int group, const char *path, struct err *e);

/* The directory, and the files that one may have without being able to change its limits. */
MUST_CHECK int cgroup_give(int group, uid_t uid, struct err *e);

/* The plan's rows that are the same for all drivers: CGROUP_WRITE, CGROUP_DEVICES, CGROUP_OWNER.
 * `is_fresh`: nothing of ours can be attached to the group yet. */
MUST_CHECK int cgroup_apply_rows(int group, bool is_fresh, const struct plan *plan, struct err *e);
/* All of them but the limits. */
MUST_CHECK int cgroup_apply_other_rows(int group, bool is_fresh, const struct plan *plan,
                                       struct err *e);

/* Loads the program of a CGROUP_DEVICES row of this block and attaches it; unless the group is
 * fresh, in the place of the one that was attached before. */
MUST_CHECK int cgroup_filter_devices(int group, bool is_fresh, const struct plan_block *block,
                                     const struct plan_op *op, struct err *e);

/* The CGROUP_WRITE rows of them, which stops at the first that fails; and the same for a group that
 * had limits before and shall have them again then. Old values go to plan->arena. */
MUST_CHECK int cgroup_write_limits(int group, const struct plan *plan, struct err *e);
MUST_CHECK int cgroup_change_limits(int group, const struct plan *plan,
                                    struct cgroup_change *change, struct err *e);
/* Takes a change back that has succeeded, when something after it has not. */
void cgroup_undo_change(int group, const struct cgroup_change *change);
