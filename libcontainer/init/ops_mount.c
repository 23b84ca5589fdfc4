/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PHASE_MOUNTS and PHASE_PIVOT.
 *
 * Every mount is made detached, gets all its attributes while nothing can see it, and is then
 * attached by descriptor on both sides. Afterwards the path is resolved once more: if it does not
 * lead to the mount that was just attached, somebody moved the ground under us, and the container
 * is not started (the class of CVE-2021-30465).
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "init/init.h"

static int set_attributes(int mount, uint64_t set, uint64_t clear, uint64_t propagation,
                          bool is_recursive)
{
    struct mount_attr attr = {
        .attr_set = set,
        .attr_clr = clear,
        .propagation = propagation,
    };

    return sys_mount_setattr(mount, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), &attr);
}

int do_propagation(struct init *init, const struct plan_op *op)
{
    struct mount_attr attr = {.propagation = op->propagation.propagation};

    if (sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
        return init_fail(init, STEP_PROPAGATE);
    return 0;
}

/* The working directory is, in this namespace, the place for the root filesystem
 * (process/launch.c). The slot's descriptor is the root of a detached mount; once attached it is
 * where every path begins. */
int do_root(struct init *init, const struct plan_op *op)
{
    int mount = init->slots[op->root.slot];

    if (sys_move_mount(mount, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return init_fail(init, STEP_ATTACH);
    init->root = mount;
    init->slots[op->root.slot] = -1;
    return 0;
}

/* ---- file systems --------------------------------------------------------------------------------------- */

/* "key=value" or "key", one at a time: a comma or a second '=' in a value has no meaning. */
static int set_parameter(int context, const char *parameter)
{
    const char *equals = strchr(parameter, '=');
    char key[64];
    size_t length;

    if (equals == NULL)
        return sys_fsconfig(context, FSCONFIG_SET_FLAG, parameter, NULL, 0);
    length = (size_t)(equals - parameter);
    if (length >= sizeof(key)) {
        errno = EINVAL;
        return -1;
    }
    memcpy(key, parameter, length);
    key[length] = '\0';
    return sys_fsconfig(context, FSCONFIG_SET_STRING, key, equals + 1, 0);
}

static int set_parameters(struct init *init, int context, struct plan_vector parameters)
{
    char **each = init_vector(init, parameters);

    for (uint32_t i = 0; i < parameters.count; i++)
        if (set_parameter(context, each[i]) < 0)
            return init_fail_with(init, STEP_OPTION, errno, i);
    return 0;
}

/* A detached mount of a new file system, or -1. */
static int make_filesystem(struct init *init, const struct plan_op *op)
{
    const char *source = init_text(init, op->mount.source);
    int context = sys_fsopen(init_text(init, op->mount.filesystem));
    int mount = -1;

    if (context < 0)
        return init_fail(init, STEP_SUPER);
    if (source[0] != '\0' && sys_fsconfig(context, FSCONFIG_SET_STRING, "source", source, 0) < 0)
        init_fail(init, STEP_SUPER);
    else if (set_parameters(init, context, op->mount.parameters) == 0) {
        if (sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
            mount = sys_fsmount(context, op->mount.attributes);
        if (mount < 0)
            init_fail(init, STEP_SUPER);
    }
    init_close(&context);
    return mount;
}

static unsigned int how_to_resolve(const struct plan_op *op)
{
    unsigned int how = 0;

    if ((op->flags & MOUNT_NO_LINKS) != 0)
        how |= RESOLVE_NO_LINK | RESOLVE_DIRECTORY;
    if ((op->flags & MOUNT_TARGET_FILE) != 0)
        how |= RESOLVE_FILE;
    return how;
}

static int open_target(struct init *init, const struct plan_op *op, const char *path,
                       unsigned int how)
{
    int target = (op->flags & MOUNT_MAKE_TARGET) != 0 ? resolve_or_make(init, path, how)
                                                      : resolve(init, path, how);

    if (target < 0)
        return init_fail(init, errno == EROFS || errno == EACCES ? STEP_MAKE : STEP_TARGET);
    return target;
}

/* The new root of a tmpfs has the mode of the directory that it covers, unless one was asked for.
 * The owner is not taken over: in a user namespace it may be nobody. */
static int keep_mode(int target, int mount)
{
    struct stat st;

    if (fstat(target, &st) < 0)
        return -1;
    return fchmodat(mount, ".", st.st_mode & 07777, 0);
}

static int attach(struct init *init, int mount, int target, const char *path, unsigned int how)
{
    if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
        0)
        return init_fail(init, STEP_ATTACH);
    if (!is_mounted_at(init, mount, path, how))
        return init_fail_with(init, STEP_VERIFY, 0, 0);
    return 0;
}

static bool is_there(const struct init *init, const char *path)
{
    int fd = resolve(init, path, 0);
    bool found = fd >= 0;

    init_close(&fd);
    return found;
}

static int finish_mount(struct init *init, const struct plan_op *op, int mount, int target,
                        bool keeps_mode)
{
    const char *path = init_text(init, op->mount.target);

    if (keeps_mode && keep_mode(target, mount) < 0)
        return init_fail(init, STEP_ATTRIBUTE);
    if ((op->flags & MOUNT_COPY_UP) != 0 && copy_up(target, mount) < 0)
        return init_fail(init, STEP_COPY);
    if (attach(init, mount, target, path, how_to_resolve(op)) < 0)
        return -1;
    if (op->mount.propagation != 0 &&
        set_attributes(mount, 0, 0, op->mount.propagation,
                       (op->flags & MOUNT_PROPAGATION_RECURSIVE) != 0) < 0)
        return init_fail(init, STEP_PROPAGATE);
    return 0;
}

int do_mount(struct init *init, const struct plan_op *op)
{
    const char *path = init_text(init, op->mount.target);
    /* Only a place that the image has can say how it should look. */
    bool keeps_mode = (op->flags & MOUNT_KEEP_MODE) != 0 && is_there(init, path);
    int target = open_target(init, op, path, how_to_resolve(op));
    int mount = target >= 0 ? make_filesystem(init, op) : -1;
    int result = mount >= 0 ? finish_mount(init, op, mount, target, keeps_mode) : -1;

    init_close(&mount);
    init_close(&target);
    return result;
}

/* The slot is a detached clone that carries its attributes and propagation already. */
int do_bind(struct init *init, const struct plan_op *op)
{
    const char *path = init_text(init, op->bind.target);
    int *mount = &init->slots[op->bind.slot];
    unsigned int how = how_to_resolve(op);
    struct stat st;
    int target;
    int result;

    if (fstat(*mount, &st) < 0)
        return init_fail(init, STEP_WHOLE);
    if (!S_ISDIR(st.st_mode))
        how = (how & ~(unsigned int)RESOLVE_DIRECTORY) | RESOLVE_FILE;
    target = open_target(init, op, path, how);
    result = target >= 0 ? attach(init, *mount, target, path, how) : -1;
    init_close(&target);
    init_close(mount);
    return result;
}

static int reconfigure(struct init *init, int target, struct plan_vector parameters)
{
    int context = sys_fspick(target, "", FSPICK_EMPTY_PATH | FSPICK_CLOEXEC);
    int result = -1;

    if (context < 0)
        return init_fail(init, STEP_SUPER);
    if (set_parameters(init, context, parameters) == 0) {
        result = sys_fsconfig(context, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0);
        if (result < 0)
            init_fail(init, STEP_SUPER);
    }
    init_close(&context);
    return result;
}

int do_remount(struct init *init, const struct plan_op *op)
{
    int target = resolve(init, init_text(init, op->remount.target), how_to_resolve(op));
    int result = 0;

    if (target < 0)
        return init_fail(init, STEP_TARGET);
    if ((op->flags & MOUNT_SUPERBLOCK) != 0)
        result = reconfigure(init, target, op->remount.parameters);
    if (result == 0 &&
        set_attributes(target, op->remount.attr_set, op->remount.attr_clear,
                       op->remount.propagation, (op->flags & MOUNT_ATTR_RECURSIVE) != 0) < 0)
        result = init_fail(init, STEP_ATTRIBUTE);
    init_close(&target);
    return result;
}

int do_directory(struct init *init, const struct plan_op *op)
{
    int fd = resolve_or_make(init, init_text(init, op->directory.path), RESOLVE_DIRECTORY);

    if (fd < 0)
        return init_fail(init, STEP_MAKE);
    init_close(&fd);
    return 0;
}

int do_at_hook(struct init *init, const struct plan_op *op)
{
    const struct channel_message here = {.type = MSG_AT_HOOK, .op = op->at_hook.point};
    struct channel_message message;

    if (!send_message(init->channel, &here) || !receive_message(init->channel, &message) ||
        message.type != MSG_GO_ON)
        init_abandon(); /* the hook failed, or the creator is gone */
    return 0;
}

/* ---- the root switch ------------------------------------------------------------------------------------ */

/* From here on no descriptor of ours leads to a mount of the host. What is left in slots are the
 * null device for masks, alone on a detached mount that is in no namespace, and the listening
 * socket. What no operation has used is not left, either. */
static void close_sources(struct init *init)
{
    for (uint32_t i = 0; i < init->n_slots; i++)
        if (i != init->mask_slot && i != init->listen_slot)
            init_close(&init->slots[i]);
}

int do_pivot(struct init *init, const struct plan_op *op)
{
    int slash;
    uint64_t ours;
    uint64_t found;

    (void)op;
    close_sources(init);
    /* Both arguments "." stack the old root on the new one: no directory for it is needed in the
     * image, and the unmount of "." takes it away again (pivot_root(2)). */
    if (fchdir(init->root) < 0 || sys_pivot_root(".", ".") < 0 ||
        sys_umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
        return init_fail(init, STEP_WHOLE);
    slash = sys_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, 0);
    if (slash < 0 || sys_mount_id(slash, &found) < 0 || sys_mount_id(init->root, &ours) < 0) {
        init_fail(init, STEP_VERIFY);
        init_close(&slash);
        return -1;
    }
    init_close(&slash);
    return ours == found ? 0 : init_fail_with(init, STEP_VERIFY, 0, 0);
}
