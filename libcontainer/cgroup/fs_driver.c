/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cgroupfs driver: directories are cgroups.
 *
 * A container's process is cloned straight into its cgroup (CLONE_INTO_CGROUP).
 *
 * Controllers are handed down from directory to directory by cgroup.subtree_control. The kernel
 * refuses that to a group that holds processes itself ("no internal processes"), which is why
 * containers live beside, not beneath, the group of who starts them.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cgroup/driver.h"
#include "cgroup/tree.h"

static bool has_word(const char *words, const char *word, size_t length)
{
    while (*words != '\0') {
        size_t found = strcspn(words, " \n");

        if (found == length && strncmp(words, word, length) == 0)
            return true;
        words += found;
        words += strspn(words, " \n");
    }
    return false;
}

/* Hands every controller that the group has to its children, statistics are wanted even where no
 * limit is. What cannot be handed down is missed only where a limit needs it, and there its file is
 * missing with an error that says so. Writing takes a lock of the whole tree, so what is enabled
 * already is left alone. */
static void enable_controllers(int group)
{
    char available[512];
    char enabled[512];
    const char *next = available;

    if (!tree_read(group, "cgroup.controllers", available, sizeof(available)) ||
        !tree_read(group, "cgroup.subtree_control", enabled, sizeof(enabled)))
        return;
    while (*next != '\0' && *next != '\n') {
        size_t length = strcspn(next, " \n");
        char word[64];

        if (length + 2 < sizeof(word) && !has_word(enabled, next, length)) {
            snprintf(word, sizeof(word), "+%.*s", (int)length, next);
            if (tree_write(group, "cgroup.subtree_control", word) < 0)
                log_debug("cgroup controller=%s not enabled", word + 1);
        }
        next += length;
        next += strspn(next, " ");
    }
}

/* Makes the directories of `path` that are missing. *n_made counts them: all of them are at its
 * end. */
static int make_path(int hierarchy, const char *path, uint32_t *n_made, struct err *e)
{
    CLEANUP_FD int group = -1;
    const char *rest = path + 1;

    group = tree_open_file(hierarchy, ".", O_RDONLY | O_DIRECTORY);
    *n_made = 0;
    while (group >= 0 && *rest != '\0') {
        CLEANUP_FD int child = -1;
        size_t length = strcspn(rest, "/");
        char name[256];

        if (length >= sizeof(name))
            return err_input(e, NULL, "a component of the cgroup path is longer than 255 bytes");
        memcpy(name, rest, length);
        name[length] = '\0';
        enable_controllers(group);
        if (mkdirat(group, name, 0755) == 0)
            ++*n_made;
        else if (errno != EEXIST)
            return err_sys(e, "make the cgroup %s", path);
        child = tree_open_file(group, name, O_RDONLY | O_DIRECTORY);
        fd_close(&group);
        group = fd_move(&child);
        rest += length;
        rest += strspn(rest, "/");
    }
    if (group < 0)
        return err_sys(e, "open the cgroup %s", path);
    return fd_move(&group);
}

/* Using a group that others are in would kill them with the container. */
int cgroup_check_unused(int group, const char *path, struct err *e)
{
    if (tree_has_event(group, "populated 1")) {
        err_state(e, "container's cgroup is not empty: %s", path);
        return err_hint(e, "use another cgroupsPath, or end what runs there");
    }
    if (tree_has_event(group, "frozen 1")) {
        err_state(e, "container's cgroup is frozen: %s", path);
        return err_hint(e, "thaw it by writing 0 to its cgroup.freeze");
    }
    return 0;
}

/* ---- the driver ----------------------------------------------------------------------------------------- */

static int remove_group(const struct cgroup_place *place, struct err *e)
{
    CLEANUP_FD int hierarchy = -1;

    if (place->path == NULL)
        return 0;
    hierarchy = tree_open_hierarchy(e);
    if (hierarchy < 0 || tree_remove(hierarchy, place->path, e) < 0)
        return -1;
    if (place->n_made > 1)
        tree_remove_parents(hierarchy, place->path, place->n_made - 1);
    return 0;
}

/* An ordinary user whose tree is not delegated, with a bundle that asks for no limits and names no
 * place: going on without a cgroup takes nothing away. */
static bool may_do_without(const struct facts *facts, const struct plan *plan,
                           const struct plan_op *row, const struct err *e)
{
    bool is_permission = e->kind == ERR_SYS &&
                         (e->sys_errno == EACCES || e->sys_errno == EPERM || e->sys_errno == EROFS);

    return is_permission && (facts->euid != 0 || !facts->in_initial_userns) && row->origin == 0 &&
           !cgroup_plan_limits_something(plan);
}

static int prepare(struct cgroup *cgroup, const struct facts *facts, const struct plan *plan,
                   struct err *e)
{
    CLEANUP_FD int hierarchy = -1;
    CLEANUP_FD int group = -1;
    const struct plan_op *row = cgroup_find_row(plan, OP_CGROUP);
    const char *path = cgroup->place.path;

    hierarchy = tree_open_hierarchy(e);
    if (hierarchy < 0)
        return -1;
    group = make_path(hierarchy, path, &cgroup->place.n_made, e);
    if (group < 0) {
        bool goes_on = may_do_without(facts, plan, row, e);
        struct err ignored = ERR_INIT;

        if (cgroup->place.n_made != 0 && remove_group(&cgroup->place, &ignored) < 0)
            log_warn("%s", ignored.text);
        if (!goes_on)
            return err_at(e, plan_text(&plan->host, row->origin));
        *e = ERR_INIT;
        *cgroup = CGROUP_INIT;
        return 0;
    }
    /* Also one that we have just made: below a frozen group nothing would ever start. */
    if (cgroup_check_unused(group, path, e) < 0) {
        struct err ignored = ERR_INIT;

        if (cgroup->place.n_made != 0 && remove_group(&cgroup->place, &ignored) < 0)
            log_warn("%s", ignored.text);
        return err_at(e, plan_text(&plan->host, row->origin));
    }
    cgroup->directory = fd_move(&group);
    cgroup->was_there = cgroup->place.n_made == 0;
    return 0;
}

const struct cgroup_driver cgroup_fs_driver = {
    .name = "cgroupfs",
    .prepare = prepare,
    .remove = remove_group,
};
