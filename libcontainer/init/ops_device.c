/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Device nodes and links. The directory that holds them is opened once without following a link
 * anywhere on the way: an image whose /dev is a link gets an error, not a host directory full of
 * our device nodes (CVE-2026-41579).
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/init.h"

static bool is_the_device(const struct stat *st, const struct op_device *device)
{
    if ((st->st_mode & S_IFMT) != (device->mode & S_IFMT))
        return false;
    return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(device->major, device->minor);
}

/* Gives the node its owner. The node is the one that was just made, or proven to be the same. */
static int own_node(struct init *init, int parent, const char *name, const struct op_device *device)
{
    int node =
        sys_openat2(parent, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    struct stat st;
    int result = 0;

    if (node < 0 || fstat(node, &st) < 0)
        result = init_fail(init, STEP_VERIFY);
    else if (!is_the_device(&st, device))
        result = init_fail_with(init, STEP_VERIFY, EEXIST, 0);
    else if ((st.st_uid != device->uid || st.st_gid != device->gid) &&
             fchownat(node, "", device->uid, device->gid, AT_EMPTY_PATH) < 0)
        result = init_fail(init, STEP_ATTRIBUTE);
    init_close(&node);
    return result;
}

static int make_node(struct init *init, int parent, const char *name,
                     const struct op_device *device)
{
    struct stat st;

    /* The umask is 0, so the mode is what it says. */
    if (mknodat(parent, name, device->mode, makedev(device->major, device->minor)) == 0)
        return own_node(init, parent, name, device);
    if (errno != EEXIST)
        return init_fail(init, STEP_MAKE);
    /* There already: fine if it is the same device; its owner and mode are the image's business. */
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return init_fail(init, STEP_VERIFY);
    return is_the_device(&st, device) ? 0 : init_fail_with(init, STEP_MAKE, EEXIST, 0);
}

/* The host's node, bound on an empty file. */
static int bind_node(struct init *init, const struct plan_op *op)
{
    const char *path = init_text(init, op->device.path);
    int *mount = &init->slots[op->device.slot];
    int target = resolve_or_make(init, path, RESOLVE_FILE | RESOLVE_NO_LINK);
    int result = 0;

    if (target < 0)
        return init_fail(init, STEP_MAKE);
    if (sys_move_mount(*mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
        0)
        result = init_fail(init, STEP_ATTACH);
    else if (!is_mounted_at(init, *mount, path, RESOLVE_NO_LINK))
        result = init_fail_with(init, STEP_VERIFY, 0, 0);
    init_close(&target);
    init_close(mount);
    return result;
}

int do_device(struct init *init, const struct plan_op *op)
{
    const char *name;
    int parent;
    int result;

    if ((op->flags & DEVICE_BIND) != 0)
        return bind_node(init, op);
    parent = resolve_parent(init, init_text(init, op->device.path), &name);
    if (parent < 0)
        return init_fail(init, STEP_TARGET);
    result = make_node(init, parent, name, &op->device);
    init_close(&parent);
    return result;
}

static bool exists_inside(const struct init *init, const char *path)
{
    int fd = sys_openat2(init->root, path, O_PATH | O_NOFOLLOW, 0,
                         RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    bool exists = fd >= 0;

    init_close(&fd);
    return exists;
}

int do_link(struct init *init, const struct plan_op *op)
{
    const char *target = init_text(init, op->link.target);
    const char *name;
    int parent;
    int result = 0;

    if ((op->flags & LINK_IF_TARGET_EXISTS) != 0 && !exists_inside(init, target))
        return 0;
    parent = resolve_parent(init, init_text(init, op->link.path), &name);
    if (parent < 0)
        return init_fail(init, STEP_TARGET);
    if ((op->flags & LINK_REPLACE) != 0 && unlinkat(parent, name, 0) < 0 && errno != ENOENT &&
        errno != EISDIR)
        result = init_fail(init, STEP_MAKE);
    /* What the image or a mount has put there stays. */
    if (result == 0 && symlinkat(target, parent, name) < 0 && errno != EEXIST)
        result = init_fail(init, STEP_MAKE);
    init_close(&parent);
    return result;
}
