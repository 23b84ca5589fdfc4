/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cgroup/cgroup.h"

static void refuse_path(struct compile *compile, const char *id, const char *cure, const char *text)
{
    findings_add(compile->findings, SEVERITY_REFUSE, id,
                 compile_pointer(compile, compile->linux_section->origin, "cgroupsPath"), cure,
                 "%s", text);
}

/* The cgroup that holds ours: our own has processes (us), so it cannot hand controllers down. */
static const char *parent_of_self(const struct compile *compile)
{
    const char *self = compile->facts->cgroup_self;
    const char *slash = self != NULL ? strrchr(self, '/') : NULL;

    if (slash == NULL || slash == self)
        return "";
    return arena_strndup(compile->arena, self, (size_t)(slash - self));
}

/* The path in the v2 tree; NULL if it is refused. */
const char *cgroup_compile_path(struct compile *compile)
{
    const char *given = compile->linux_section->cgroups_path;

    if (str_is_empty(given))
        given = compile->options->id;
    if (str_has_dotdot(given)) {
        refuse_path(compile, "cgroup-path-dotdot", "a path without \"..\"",
                    "the path of a cgroup cannot lead upwards");
        return NULL;
    }
    if (given[0] != '/' && strchr(given, ':') != NULL) {
        refuse_path(compile, "cgroup-path-systemd",
                    "--systemd-cgroup, or a path such as /group/name",
                    "slice:prefix:name is the form of the systemd driver");
        return NULL;
    }
    if (given[0] != '/')
        given = arena_printf(compile->arena, "%s/%s", parent_of_self(compile), given);
    given = str_clean_path(compile->arena, given);
    if (strcmp(given, "/") == 0) {
        refuse_path(compile, "cgroup-path-root", "a path below the root, such as /containers/name",
                    "the root of the tree cannot be a container's cgroup");
        return NULL;
    }
    return given;
}

/* ---- reading a plan ------------------------------------------------------------------------------------- */

const struct plan_op *cgroup_find_row(const struct plan *plan, enum plan_op_code code)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == code)
            return &plan->host.ops.items[i];
    return NULL;
}

struct cgroup_place cgroup_plan_place(const struct plan *plan)
{
    const struct plan_op *row = cgroup_find_row(plan, OP_CGROUP);
    const struct plan_op *unit = cgroup_find_row(plan, OP_CGROUP_UNIT);

    /* Where it will be, if the system's manager has the root of the tree: whoever finds nothing but
     * this after a crash has a place to look at. */
    if (unit != NULL)
        return (struct cgroup_place){
            .path = arena_strdup(plan->arena, plan_text(&plan->host, unit->cgroup_unit.path)),
            .driver = "systemd",
            .unit = arena_strdup(plan->arena, plan_text(&plan->host, unit->cgroup_unit.name)),
            .is_user = (unit->flags & UNIT_OF_USER) != 0,
        };
    if (row == NULL)
        return (struct cgroup_place){.driver = NULL};
    return (struct cgroup_place){
        .driver = "cgroupfs",
        .path = arena_strdup(plan->arena, plan_text(&plan->host, row->cgroup.path)),
    };
}
