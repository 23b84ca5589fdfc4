/* SPDX-License-Identifier: Apache-2.0 */

/* The one place that knows which drivers there are, and what is the same for all of them. */

#include "cgroup/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "cgroup/driver.h"
#include "cgroup/resources.h"
#include "cgroup/tree.h"

static const struct cgroup_driver *const drivers[] = {&cgroup_fs_driver, &cgroup_systemd_driver};

static const struct cgroup_driver *find_driver(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(drivers); i++)
        if (strcmp(drivers[i]->name, name) == 0)
            return drivers[i];
    return NULL;
}

/* ---- making --------------------------------------------------------------------------------------------- */

void cgroup_release(struct cgroup *cgroup)
{
    fd_close(&cgroup->directory);
}

int cgroup_prepare(struct cgroup *cgroup, const struct facts *facts, const struct plan *plan,
                   struct err *e)
{
    *cgroup = CGROUP_INIT;
    cgroup->place = cgroup_plan_place(plan);
    cgroup->driver = find_driver(cgroup->place.driver);
    return cgroup->driver == NULL ? 0 : cgroup->driver->prepare(cgroup, facts, plan, e);
}

int cgroup_configure(struct cgroup *cgroup, const struct plan *plan, pid_t pid, struct err *e)
{
    if (cgroup->driver == NULL)
        return 0;
    if (cgroup->driver->enter != NULL && cgroup->driver->enter(cgroup, plan, pid, e) < 0)
        return -1;
    return cgroup_apply_rows(cgroup->directory, !cgroup->was_there, plan, e);
}

int cgroup_abandon(const struct cgroup *cgroup, struct err *e)
{
    if (cgroup->driver == NULL || cgroup->was_there)
        return 0;
    return cgroup->driver->remove(&cgroup->place, e);
}

/* ---- by name -------------------------------------------------------------------------------------------- */

static const struct cgroup_driver *driver_of(const struct cgroup_place *place, struct err *e)
{
    const struct cgroup_driver *driver = find_driver(place->driver);

    if (driver == NULL)
        err_unsupported(e,
                        "the container was made with the cgroup driver %s, which this caisson "
                        "does not have",
                        place->driver != NULL ? place->driver : "of another program");
    return driver;
}

int cgroup_update(const struct cgroup_place *place, const struct plan *plan, struct err *e)
{
    const struct cgroup_driver *driver = driver_of(place, e);
    struct cgroup_change change;
    CLEANUP_FD int group = -1;
    int found;

    if (driver == NULL)
        return -1;
    found = tree_open_path(place->path, &group, e);
    if (found != TREE_FOUND)
        return found < 0 ? -1 : err_state(e, "the cgroup %s is gone", place->path);
    if (cgroup_change_limits(group, plan, &change, e) < 0)
        return -1;
    /* What the driver has in its own words can be coarser than the files, which it writes as well:
     * they are written once more. */
    if (driver->update != NULL &&
        (driver->update(place, plan, e) < 0 || cgroup_write_limits(group, plan, e) < 0)) {
        cgroup_undo_change(group, &change);
        return -1;
    }
    return cgroup_apply_other_rows(group, false, plan, e);
}

int cgroup_read_in_force(const char *path, struct cgroup_in_force *in_force, struct err *e)
{
    CLEANUP_FD int group = -1;
    int found = tree_open_path(path, &group, e);
    char content[256];

    *in_force = CGROUP_IN_FORCE_INIT;
    if (found != TREE_FOUND)
        return found < 0 ? -1 : err_state(e, "the cgroup %s is gone", path);
    for (size_t i = 0; cgroup_in_force_files[i] != NULL; i++)
        if (tree_read(group, cgroup_in_force_files[i], content, sizeof(content)))
            cgroup_in_force_take(in_force, cgroup_in_force_files[i], content);
    return 0;
}

int cgroup_remove(const struct cgroup_place *place, struct err *e)
{
    const struct cgroup_driver *driver = driver_of(place, e);

    return driver == NULL ? -1 : driver->remove(place, e);
}

int cgroup_kill(const char *path, struct err *e)
{
    CLEANUP_FD int group = -1;
    int found = tree_open_path(path, &group, e);

    if (found != TREE_FOUND)
        return found < 0 ? -1 : 0;
    if (tree_kill(group) < 0)
        return err_sys(e, "kill the cgroup %s", path);
    if (!tree_wait_for_event(group, "populated 0") && tree_has_event(group, "populated 1"))
        log_warn("processes in the cgroup %s have not ended yet", path);
    return 0;
}

/* Whoever asked to freeze and cannot have it shall not find half of his processes stopped. */
int cgroup_freeze(const char *path, bool frozen, struct err *e)
{
    CLEANUP_FD int group = -1;
    int found = tree_open_path(path, &group, e);

    if (found != TREE_FOUND)
        return found < 0 ? -1 : err_state(e, "container not running");
    if (tree_write(group, "cgroup.freeze", frozen ? "1" : "0") < 0)
        return err_sys(e, "%s the cgroup %s", frozen ? "freeze" : "thaw", path);
    if (tree_wait_for_event(group, frozen ? "frozen 1" : "frozen 0"))
        return 0;
    if (frozen && tree_write(group, "cgroup.freeze", "0") < 0)
        return err_sys(e, "thaw the cgroup %s, which did not freeze", path);
    err_state(e, "the cgroup %s did not %s", path, frozen ? "freeze" : "thaw");
    return err_hint(e, frozen ? "a process in it cannot be stopped now; it has been thawed again"
                              : "a group above it is frozen");
}

bool cgroup_is_frozen(const char *path)
{
    CLEANUP_FD int group = -1;
    struct err ignored = ERR_INIT;

    return tree_open_path(path, &group, &ignored) == TREE_FOUND &&
           tree_has_event(group, "frozen 1");
}
