/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/status.h"

#include <errno.h>
#include <string.h>

#include "cgroup/cgroup.h"
#include "kernel/proc.h"
#include "kernel/sys.h"
#include "plan/channel.h"

void container_release(struct container *container)
{
    fd_close(&container->pidfd);
    state_dir_release(&container->dir);
}

int container_open_root(const struct caisson *caisson, bool make, struct err *e)
{
    const char *root = caisson->root != NULL ? caisson->root : state_default_root(caisson->arena);

    return state_open_root(root, make, e);
}

/* Is the process of the record alive? Leaves its pidfd in the container. */
static bool find_process(struct container *container, int proc, struct proc_stat *stat)
{
    struct state_record *record = &container->record;
    struct err ignored = ERR_INIT;
    char boot_id[PROC_BOOT_ID_BYTES];

    if (record->pid <= 0 || proc_read_boot_id(proc, boot_id, &ignored) < 0 ||
        strcmp(boot_id, record->boot_id) != 0)
        return false;
    container->pidfd = sys_pidfd_open((pid_t)record->pid, 0);
    if (container->pidfd < 0)
        return false;
    if (!proc_read_stat(proc, (pid_t)record->pid, stat) || stat->state == 'Z' ||
        stat->state == 'X' || stat->start_ticks != record->start_ticks) {
        fd_close(&container->pidfd);
        return false;
    }
    return true;
}

/* Only execve replaces the program that a process runs, so this cannot be wrong about whether
 * `start` has happened, whoever died in between. A caller without CAP_SYS_PTRACE may not see which
 * program that is; for him the name has to do, which execve replaces as well. A workload that calls
 * itself by the name of init deceives nobody but those who wait for it. */
static bool is_init(const struct state_record *record, int proc, const struct proc_stat *stat)
{
    struct proc_file exe;

    if (proc_read_exe(proc, (pid_t)record->pid, &exe))
        return exe.device == record->init_device && exe.inode == record->init_inode;
    return (errno == EACCES || errno == EPERM) && strcmp(stat->name, INIT_NAME) == 0;
}

static enum status status_of_living(const struct container *container, int proc,
                                    const struct proc_stat *stat)
{
    const struct state_record *record = &container->record;

    if (!record->is_complete)
        return STATUS_CREATING;
    if (record->cgroup != NULL && cgroup_is_frozen(record->cgroup))
        return STATUS_PAUSED;
    return is_init(record, proc, stat) ? STATUS_CREATED : STATUS_RUNNING;
}

static int find_status(struct container *container, struct err *e)
{
    CLEANUP_FD int proc = -1;
    struct proc_stat stat;

    if (!container->has_record || container->record.pid == 0) {
        container->status = STATUS_CREATING;
        return 0;
    }
    proc = proc_open(e);
    if (proc < 0)
        return -1;
    container->status = find_process(container, proc, &stat)
                            ? status_of_living(container, proc, &stat)
                            : STATUS_STOPPED;
    return 0;
}

int container_open(struct container *container, const struct caisson *caisson, const char *id,
                   enum container_access access, struct err *e)
{
    CLEANUP_FD int root = -1;
    int found;

    if (state_check_id(id, e) < 0)
        return -1;
    root = container_open_root(caisson, false, e);
    if (root < 0)
        return e->sys_errno == ENOENT ? CONTAINER_UNKNOWN : -1;
    found = access == CONTAINER_LOCK ? state_dir_open(&container->dir, &root, id, e)
                                     : state_dir_look(&container->dir, &root, id, e);
    if (found != STATE_FOUND)
        return found == STATE_UNKNOWN_ID ? CONTAINER_UNKNOWN : -1;
    found = state_read_record(&container->dir, &container->record, caisson->arena, e);
    if (found < 0)
        return -1;
    container->has_record = found == STATE_RECORD_READ;
    return find_status(container, e) < 0 ? -1 : CONTAINER_FOUND;
}

struct cgroup_place container_cgroup(const struct container *container)
{
    const struct state_record *record = &container->record;

    if (!container->has_record)
        return (struct cgroup_place){.driver = NULL};
    return (struct cgroup_place){
        .driver = record->cgroup_driver,
        .path = record->cgroup,
        .unit = record->unit,
        .is_user = record->is_user_unit,
        .n_made = record->cgroup_levels,
    };
}

const char *container_require_cgroup(const struct container *container, struct err *e)
{
    if (container->has_record && container->record.cgroup != NULL)
        return container->record.cgroup;
    err_unsupported(e, "container %s has no cgroup of its own", container->dir.id);
    err_hint(e, "create it without --cgroup-manager disabled, and as a user to whom a cgroup is "
                "delegated");
    return NULL;
}

void container_record_cgroup(struct state_record *record, struct cgroup_place place)
{
    record->cgroup_driver = place.driver;
    record->cgroup = place.path;
    record->unit = place.unit;
    record->is_user_unit = place.is_user;
    record->cgroup_levels = place.n_made;
}

int container_require(struct container *container, const struct caisson *caisson, const char *id,
                      enum container_access access, struct err *e)
{
    int found = container_open(container, caisson, id, access, e);

    if (found == CONTAINER_UNKNOWN)
        return err_state(e, "container %s does not exist", id);
    return found;
}

void container_describe(const struct container *container, struct arena *arena,
                        struct caisson_state *state)
{
    const struct state_record *record = &container->record;
    struct json_string_map *annotations = ARENA_NEW(arena, struct json_string_map, 1);
    bool is_alive = container->status != STATUS_STOPPED && container->has_record;

    *annotations = record->annotations;
    *state = (struct caisson_state){
        .oci_version = container->has_record ? record->oci_version : caisson_spec_version(),
        .id = container->dir.id,
        .status = status_name(container->status),
        .pid = is_alive ? record->pid : 0,
        .bundle = container->has_record ? record->bundle : "",
        .rootfs = container->has_record ? record->rootfs : "",
        .created = container->has_record ? record->created : "0001-01-01T00:00:00Z",
        .owner = record->owner,
        .annotations = annotations,
    };
}
