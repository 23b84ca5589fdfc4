/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The container's cgroup in the v2 hierarchy: what to write there (pure), and making, limiting,
 * freezing, killing and removing it. On a hybrid host the v2 tree is used for what it can do; a
 * limit whose controller it does not have is refused, never skipped. Nothing is touched but what is
 * beneath the container's own cgroup, and the directories on the way to it.
 *
 * A driver (cgroup/driver.h) makes and removes the group; everything between is files of the tree.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/fd.h"
#include "plan/compile.h"

/* What the state remembers of a group: enough to find and to remove it, by another process, also
 * when it is only half made. */
struct cgroup_place {
    const char *driver; /* its name */
    const char *path;   /* in the v2 tree; NULL: none, or not known yet */
    const char *unit;   /* systemd's scope, or NULL */
    bool is_user;       /* of the user's manager */
    uint32_t n_made;    /* how many directories of the path we made */
};

/* The CGROUP rows of all kinds. */
void cgroup_compile(struct compile *compile);

/* The rows of an update of a group that was made with this driver: CGROUP_WRITE, and what the
 * driver needs beside them. compile->options->in_force says what is in force. */
void cgroup_compile_update(struct compile *compile, const struct cgroup_place *place);

/* Parts of it, in files of their own. */
const char *cgroup_compile_path(struct compile *compile);
void cgroup_compile_resources(struct compile *compile);
void cgroup_compile_devices(struct compile *compile);
void cgroup_compile_owner(struct compile *compile);

/* False if the plan has no CGROUP_WRITE rows but such that lift limits: without a group nothing is
 * missed. */
bool cgroup_plan_limits_something(const struct plan *plan);

/* The first row of this kind in the plan's host block, or NULL. */
const struct plan_op *cgroup_find_row(const struct plan *plan, enum plan_op_code code);

struct cgroup {
    const struct cgroup_driver *driver; /* NULL: the container stays in our cgroup */
    int directory;                      /* -1 until there is one */
    bool was_there;                     /* before us: a failed create leaves it */
    struct cgroup_place place;          /* strings are the plan's arena's */
};

#define CGROUP_INIT ((struct cgroup){.directory = -1})

void cgroup_release(struct cgroup *cgroup);

/* Where the plan's group will be, as far as that is known before it is made. */
struct cgroup_place cgroup_plan_place(const struct plan *plan);

/* Makes the cgroup of the plan, or gets ready to. One that holds processes or is frozen is refused.
 * On failure nothing is left. Where nothing was asked for and the tree is not ours to write, there
 * is no cgroup and that is no error. */
MUST_CHECK int cgroup_prepare(struct cgroup *cgroup, const struct facts *facts,
                              const struct plan *plan, struct err *e);

/* The process `pid`, which was cloned into cgroup->directory if there was one, is on its way to
 * wait for its plan: makes sure that it is in its cgroup, and writes the limits and attaches the
 * device program before it gets that plan. */
MUST_CHECK int cgroup_configure(struct cgroup *cgroup, const struct plan *plan, pid_t pid,
                                struct err *e);

/* Undoes both for a create that fails; its process is gone. */
MUST_CHECK int cgroup_abandon(const struct cgroup *cgroup, struct err *e);

/* What follows works by name, on what another process made. */

/* The limits of a group now, for compile_options.in_force of an update. */
MUST_CHECK int cgroup_read_in_force(const char *path, struct cgroup_in_force *in_force,
                                    struct err *e);
/* The CGROUP_WRITE rows of a plan that was compiled for an update. If one fails, those before it
 * are undone. */
MUST_CHECK int cgroup_update(const struct cgroup_place *place, const struct plan *plan,
                             struct err *e);
/* Kills what is left, removes the cgroup with those below it, and what was made for it above. Gone
 * is fine. */
MUST_CHECK int cgroup_remove(const struct cgroup_place *place, struct err *e);

/* SIGKILL for everything in the group and beneath it, frozen or not; returns when nobody is left,
 * or after ten seconds with a warning. Gone is fine. */
MUST_CHECK int cgroup_kill(const char *path, struct err *e);

struct cgroup_pids {
    pid_t *items; /* ascending, each once */
    size_t count;
    size_t capacity;
};
/* The processes of the group and of all beneath it, by their numbers in our pid namespace. Gone:
 * none. */
MUST_CHECK int cgroup_list_processes(const char *path, struct arena *arena,
                                     struct cgroup_pids *pids, struct err *e);
bool cgroup_has_pid(const struct cgroup_pids *pids, pid_t pid);
/* A signal for each of them; what one of them forks meanwhile may miss it. SIGKILL is
 * cgroup_kill()'s. Gone is fine. */
MUST_CHECK int cgroup_signal(const char *path, int signal, struct arena *arena, struct err *e);

/* Returns when the kernel says that all of it is frozen, or thawed. */
MUST_CHECK int cgroup_freeze(const char *path, bool frozen, struct err *e);
/* A group that goes away while we look is not frozen. */
bool cgroup_is_frozen(const char *path);
