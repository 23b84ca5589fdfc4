/* SPDX-License-Identifier: Apache-2.0 */

/*
 * PHASE_SEAL: what is hidden or made read-only, after the root switch. Before it, a link in the
 * image could decide what we hide on the host's side of the tree; after it, it can only hide the
 * image from itself.
 *
 * The object that a file is masked with is never looked up inside: it is a clone of the host's null
 * device, proven to be one before the container existed (CVE-2025-31133). All masked directories
 * share one empty read-only file system.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "init/init.h"

int do_sysctl(struct init *init, const struct plan_op *op)
{
    const char *name = init_text(init, op->sysctl.name);
    const char *value = init_text(init, op->sysctl.value);
    char path[256] = "sys/";
    size_t length = strlen(name);
    ssize_t written = -1;
    int fd;

    if (length + 5 > sizeof(path))
        return init_fail_with(init, STEP_WHOLE, ENAMETOOLONG, 0);
    if (private_proc(init) < 0)
        return init_fail(init, STEP_WHOLE);
    memcpy(path + 4, name, length + 1);
    fd = sys_openat2(init->proc, path, O_WRONLY, 0, RESOLVE_PROC_FILE);
    if (fd >= 0)
        written = write(fd, value, strlen(value));
    if (written < 0)
        init_fail(init, STEP_WHOLE);
    else if (written != (ssize_t)strlen(value))
        init_fail_with(init, STEP_WHOLE, EIO, 0); /* the kernel took only a part of it */
    init_close(&fd);
    return written == (ssize_t)strlen(value) ? 0 : -1;
}

/* procfs and sysfs have no links that a mask may go through; in the image they are its own affair.
 */
static unsigned int how_to_seal(const char *path)
{
    return strncmp(path, "/proc/", 6) == 0 || strncmp(path, "/sys/", 5) == 0 ? RESOLVE_NO_LINK : 0;
}

/* What does not exist needs no seal; anything else that goes wrong must not be ignored. */
static int open_sealed(struct init *init, const char *path, bool *is_missing)
{
    int target = resolve(init, path, how_to_seal(path));

    *is_missing = target < 0 && (errno == ENOENT || errno == ENOTDIR);
    return target < 0 && !*is_missing ? init_fail(init, STEP_TARGET) : target;
}

/* Looked at once more: what should be covered may have been moved away meanwhile by another
 * container that shares the directory. */
static int attach_at(struct init *init, int mount, int target, const char *path)
{
    if (sys_move_mount(mount, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
        0)
        return init_fail(init, STEP_ATTACH);
    return is_mounted_at(init, mount, path, how_to_seal(path))
               ? 0
               : init_fail_with(init, STEP_VERIFY, 0, 0);
}

int do_readonly_path(struct init *init, const struct plan_op *op)
{
    const struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
    bool is_missing;
    const char *path = init_text(init, op->readonly_path.path);
    int target = open_sealed(init, path, &is_missing);
    int mount = -1;
    int result = -1;

    if (target < 0)
        return is_missing ? 0 : -1;
    mount = sys_open_tree(target, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH);
    if (mount < 0 || sys_mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &readonly) < 0)
        init_fail(init, STEP_ATTRIBUTE);
    else
        result = attach_at(init, mount, target, path);
    init_close(&mount);
    init_close(&target);
    return result;
}

/* ---- masks ---------------------------------------------------------------------------------------------- */

/* A detached, empty, read-only directory, limited to nothing, for the case that somebody privileged
 * inside remounts it. */
static int make_empty_directory(void)
{
    int context = sys_fsopen("tmpfs");
    int mount = -1;

    if (context < 0)
        return -1;
    if (sys_fsconfig(context, FSCONFIG_SET_STRING, "size", "4096", 0) == 0 &&
        sys_fsconfig(context, FSCONFIG_SET_STRING, "nr_inodes", "2", 0) == 0 &&
        sys_fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) == 0 &&
        sys_fsconfig(context, FSCONFIG_SET_FLAG, "ro", NULL, 0) == 0 &&
        sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        mount = sys_fsmount(context, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                         MOUNT_ATTR_NOEXEC);
    init_close(&context);
    return mount;
}

static bool is_null_device(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

/* A mount to put on the target. The first one of its kind is attached itself; the others are clones
 * of it, since only what is attached in our namespace may be cloned. */
static int next_mask(struct init *init, const struct plan_op *op, bool is_directory, bool *is_first)
{
    int *first = is_directory ? &init->dir_mask : &init->null_mask;

    *is_first = *first < 0;
    if (!*is_first)
        return sys_open_tree(*first, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
    if (is_directory) {
        *first = make_empty_directory();
        return *first;
    }
    if (!is_null_device(init->slots[op->mask_path.slot])) {
        errno = EBADF;
        return -1;
    }
    *first = init->slots[op->mask_path.slot];
    init->slots[op->mask_path.slot] = -1;
    return *first;
}

int do_mask_path(struct init *init, const struct plan_op *op)
{
    const char *path = init_text(init, op->mask_path.path);
    bool is_missing;
    bool is_first;
    int target = open_sealed(init, path, &is_missing);
    struct stat st;
    int mask;
    int result;

    if (target < 0)
        return is_missing ? 0 : -1;
    if (fstat(target, &st) < 0) {
        init_fail(init, STEP_TARGET);
        init_close(&target);
        return -1;
    }
    mask = next_mask(init, op, S_ISDIR(st.st_mode), &is_first);
    result = mask >= 0 ? attach_at(init, mask, target, path) : init_fail(init, STEP_SUPER);
    if (!is_first)
        init_close(&mask);
    init_close(&target);
    return result;
}

int do_root_attributes(struct init *init, const struct plan_op *op)
{
    const struct mount_attr attr = {
        .attr_set = op->root_attributes.attr_set,
        .propagation = op->root_attributes.propagation,
    };
    struct statfs fs;

    if (sys_mount_setattr(init->root, "", AT_EMPTY_PATH, &attr) < 0)
        return init_fail(init, STEP_ATTRIBUTE);
    if ((attr.attr_set & MOUNT_ATTR_RDONLY) != 0 &&
        (fstatfs(init->root, &fs) < 0 || (fs.f_flags & 1) == 0)) /* ST_RDONLY */
        return init_fail_with(init, STEP_VERIFY, 0, 0);
    return 0;
}
