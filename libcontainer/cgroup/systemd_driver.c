/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The systemd driver: a container's group is that of a transient scope unit.
 *
 * A scope adopts a process that exists, so the container's first process is cloned where we are and
 * waits for its plan, while systemd makes the unit, puts the process into it and sets the limits.
 * What the kernel then says about that process is where the group is; it is compared with what was
 * asked for before anything else happens. Everything between making and removing is done on the
 * files, as with the other driver.
 *
 * A scope ends by itself when its last process has ended. It is stopped all the same, so that its
 * name is free when `delete` returns, and one that failed is forgotten.
 */

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "cgroup/driver.h"
#include "cgroup/systemd_call.h"
#include "cgroup/tree.h"
#include "kernel/proc.h"

/* sd_booted(3) */
static int check_booted(struct err *e)
{
    struct stat st;

    if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    err_unsupported(e, "systemd does not run this host");
    return err_hint(e, "use the cgroupfs driver: no --systemd-cgroup, and a cgroupsPath like "
                       "/group/name");
}

static void add_properties(struct strbuf *request, const struct plan *plan)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code != OP_UNIT_PROPERTY)
            continue;
        systemd_request_word(request, plan_text(&plan->host, op->unit_property.name));
        systemd_request_word(request, plan_text(&plan->host, op->unit_property.signature));
        systemd_request_word(request,
                             arena_printf(plan->arena, "%u", op->unit_property.values.count));
        for (size_t k = 0; k < op->unit_property.values.count; k++)
            systemd_request_word(request,
                                 plan_vector_text(&plan->host, op->unit_property.values, k));
    }
}

static struct strbuf start_request(const struct plan *plan, const struct cgroup_place *place,
                                   pid_t pid)
{
    struct strbuf request = systemd_request(plan->arena, "start", place->is_user, place->unit);

    add_properties(&request, plan);
    systemd_request_word(&request, "PIDs");
    systemd_request_word(&request, "au");
    systemd_request_word(&request, "1");
    systemd_request_word(&request, arena_printf(plan->arena, "%d", (int)pid));
    return request;
}

/* A unit of that name may be what is left of one that failed: that is forgotten, once. One that
 * lives is somebody else's. */
static int start_unit(const struct plan *plan, struct cgroup_place *place, pid_t pid, struct err *e)
{
    struct strbuf request = start_request(plan, place, pid);
    struct strbuf reset = systemd_request(plan->arena, "reset", place->is_user, place->unit);
    int result = systemd_call(&request, e);

    if (result != SYSTEMD_UNIT_EXISTS)
        return result;
    if (systemd_call(&reset, e) < 0)
        return -1;
    result = systemd_call(&request, e);
    if (result != SYSTEMD_UNIT_EXISTS)
        return result;
    err_state(e, "the unit %s exists already", place->unit);
    place->unit = NULL; /* not ours to stop */
    place->path = NULL;
    return err_hint(e, "use another name in cgroupsPath, or stop that unit");
}

/* Where the kernel has the process now, which must be where the unit was asked for: beneath the
 * group of the manager, whose place is its own affair. */
static const char *find_group(const struct plan *plan, pid_t pid, struct err *e)
{
    const struct plan_op *row = cgroup_find_row(plan, OP_CGROUP_UNIT);
    const char *wanted = plan_text(&plan->host, row->cgroup_unit.path);
    CLEANUP_FD int proc = -1;
    const char *path;
    size_t length;

    proc = proc_open(e);
    if (proc < 0)
        return NULL;
    path = proc_read_cgroup(proc, pid, plan->arena);
    if (path == NULL) {
        err_state(e, "systemd has put the container into no cgroup of the v2 hierarchy");
        return NULL;
    }
    length = strlen(path);
    if (length >= strlen(wanted) && strcmp(path + length - strlen(wanted), wanted) == 0)
        return path;
    err_state(e, "systemd has put the container into %s instead of %s", path, wanted);
    return NULL;
}

/* ---- the driver ----------------------------------------------------------------------------------------- */

static int prepare(struct cgroup *cgroup, const struct facts *facts, const struct plan *plan,
                   struct err *e)
{
    const struct plan_op *row = cgroup_find_row(plan, OP_CGROUP_UNIT);

    (void)cgroup;
    (void)facts;
    return check_booted(e) < 0 ? err_at(e, plan_text(&plan->host, row->origin)) : 0;
}

static int enter(struct cgroup *cgroup, const struct plan *plan, pid_t pid, struct err *e)
{
    const struct plan_op *row = cgroup_find_row(plan, OP_CGROUP_UNIT);
    int found;

    if (start_unit(plan, &cgroup->place, pid, e) < 0)
        return err_at(e, plan_text(&plan->host, row->origin));
    cgroup->place.path = find_group(plan, pid, e);
    if (cgroup->place.path == NULL)
        return -1;
    found = tree_open_path(cgroup->place.path, &cgroup->directory, e);
    if (found == TREE_GONE)
        return err_state(e, "the cgroup %s is gone", cgroup->place.path);
    return found;
}

static int update(const struct cgroup_place *place, const struct plan *plan, struct err *e)
{
    struct strbuf request = systemd_request(plan->arena, "set", place->is_user, place->unit);
    int result;

    if (cgroup_find_row(plan, OP_UNIT_PROPERTY) == NULL)
        return 0;
    add_properties(&request, plan);
    result = systemd_call(&request, e);
    if (result == SYSTEMD_UNIT_GONE)
        return err_state(e, "the unit %s is gone", place->unit);
    return result;
}

/* First what is in it, so that stopping the unit has nothing to wait for. */
static int empty_group(const char *path, struct err *e)
{
    CLEANUP_FD int group = -1;
    int found = tree_open_path(path, &group, e);

    if (found != TREE_FOUND)
        return found < 0 ? -1 : 0;
    if (tree_kill(group) < 0)
        return err_sys(e, "kill the cgroup %s", path);
    tree_wait_for_event(group, "populated 0");
    return tree_remove_children(group, e);
}

static int remove_unit(const struct cgroup_place *place, struct err *e)
{
    CLEANUP(arena_release) struct arena arena = ARENA_INIT;
    CLEANUP_FD int hierarchy = -1;
    struct strbuf request;

    if (place->unit == NULL)
        return 0;
    if (place->path != NULL && empty_group(place->path, e) < 0)
        return -1;
    request = systemd_request(&arena, "stop", place->is_user, place->unit);
    if (systemd_call(&request, e) < 0)
        return err_context(e, "stop the unit %s", place->unit);
    if (place->path == NULL)
        return 0;
    hierarchy = tree_open_hierarchy(e);
    return hierarchy < 0 ? -1 : tree_remove(hierarchy, place->path, e);
}

const struct cgroup_driver cgroup_systemd_driver = {
    .name = "systemd",
    .prepare = prepare,
    .enter = enter,
    .update = update,
    .remove = remove_unit,
};
