/* SPDX-License-Identifier: Apache-2.0 */
#include "state/transitions.h"

#include <stdbool.h>

static const char *const status_names[] = {
    [STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
    [STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
};

_Static_assert(ARRAY_LEN(status_names) == N_STATUS, "a name for each status");

/* delete of a created container goes against the letter of the specification, which wants it
 * stopped first; engines rely on it, and runc and crun do it. */
static const bool allowed[N_STATUS][N_VERB] = {
    [STATUS_CREATING] = {[VERB_FORCE_DELETE] = true},
    [STATUS_CREATED] = {[VERB_START] = true,
                        [VERB_KILL] = true,
                        [VERB_PAUSE] = true,
                        [VERB_WATCH] = true,
                        [VERB_PS] = true,
                        [VERB_UPDATE] = true,
                        [VERB_DELETE] = true,
                        [VERB_FORCE_DELETE] = true},
    [STATUS_RUNNING] = {[VERB_KILL] = true,
                        [VERB_PAUSE] = true,
                        [VERB_WATCH] = true,
                        [VERB_PS] = true,
                        [VERB_UPDATE] = true,
                        [VERB_FORCE_DELETE] = true},
    [STATUS_PAUSED] = {[VERB_KILL] = true,
                       [VERB_RESUME] = true,
                       [VERB_WATCH] = true,
                       [VERB_PS] = true,
                       [VERB_UPDATE] = true,
                       [VERB_FORCE_DELETE] = true},
    /* Without a pid namespace of its own a stopped container can have processes. */
    [STATUS_STOPPED] = {[VERB_PS] = true, [VERB_DELETE] = true, [VERB_FORCE_DELETE] = true},
};

const char *status_name(enum status status)
{
    return status_names[status];
}

int transition_check(enum status status, enum verb verb, const char *id, struct err *e)
{
    if (allowed[status][verb])
        return 0;
    switch (verb) {
    case VERB_START:
        if (status == STATUS_STOPPED)
            return err_state(e, "cannot start a container that has stopped");
        if (status == STATUS_CREATING)
            return err_state(e, "cannot start container %s while it is being created", id);
        if (status == STATUS_PAUSED) {
            err_state(e, "cannot start container %s while it is paused", id);
            return err_hint(e, "resume it first");
        }
        return err_state(e, "cannot start an already running container");
    case VERB_PAUSE:
        if (status == STATUS_PAUSED)
            return err_state(e, "container not running: it is paused already");
        return err_state(e, "container not running");
    case VERB_RESUME:
        return err_state(e, "container not paused");
    case VERB_KILL:
    case VERB_WATCH:
    case VERB_PS:
    case VERB_UPDATE:
        return err_state(e, "container not running");
    case VERB_DELETE:
        err_state(e, "cannot delete container %s that is not stopped: %s", id,
                  status_names[status]);
        return err_hint(e, "delete --force kills it first");
    case VERB_FORCE_DELETE:
    case N_VERB:
        break;
    }
    return err_bug(e, "no words for what is not allowed");
}
