/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Handing the cgroup down to the container (config-linux.md, "Cgroup ownership"): only with a
 * cgroup namespace of its own, whose root its cgroup is, and only where it mounts the tree
 * writable. It is given to the user that the workload runs as, and so that it can make groups and
 * move its processes among them, not so that it can change its own limits: those files stay the
 * host's.
 */

#include <string.h>

#include "cgroup/cgroup.h"

/* The last word wins, as it does where the mount is made. */
static bool is_writable(const struct spec_mount *mount)
{
    bool writable = true;

    for (size_t i = 0; i < mount->options.count; i++) {
        if (strcmp(mount->options.items[i], "ro") == 0)
            writable = false;
        else if (strcmp(mount->options.items[i], "rw") == 0)
            writable = true;
    }
    return writable;
}

static const struct spec_mount *find_writable_tree(const struct compile *compile)
{
    const struct spec_mount_list *mounts = &compile->config->mounts;

    for (size_t i = 0; i < mounts->count; i++) {
        const struct spec_mount *mount = &mounts->items[i];
        const char *type = str_is_empty(mount->type) ? "" : mount->type;

        if ((strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0) &&
            strcmp(str_clean_path(compile->arena, mount->destination), "/sys/fs/cgroup") == 0 &&
            is_writable(mount))
            return mount;
    }
    return NULL;
}

void cgroup_compile_owner(struct compile *compile)
{
    const struct spec_process *process = compile->config->process;
    const struct spec_mount *mount;
    uint32_t uid = process != NULL && process->user != NULL ? process->user->uid : 0;
    struct plan_op *op;

    if (!compile_has_new_namespace(compile, "cgroup") || !compile_host_uid(compile, uid, &uid) ||
        uid == compile->facts->euid)
        return;
    mount = find_writable_tree(compile);
    if (mount == NULL)
        return;
    op = plan_add(compile->plan, OP_CGROUP_OWNER, compile_pointer(compile, mount->origin, NULL));
    op->cgroup_owner.value = uid;
}
