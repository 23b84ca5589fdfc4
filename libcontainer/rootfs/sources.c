/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each source is opened once, by path, without acting on it (O_PATH); from then on the descriptor
 * is the object: what is checked is what is cloned, and what is cloned is what is mounted.
 * Attributes and propagation are set on the clone while nobody else can see it: a clone of a shared
 * mount belongs to the host's peer group until it is told otherwise.
 *
 * A relative source is resolved beneath the bundle and cannot leave it, not by ".." and not by a
 * link: whoever prepared the bundle's contents must not choose files of the host (Buildah
 * CVE-2024-1753). An absolute one is the caller's word and followed like any path.
 *
 * The host side has its privileges over the first user namespace here, so even locked attributes of
 * the host's mounts could be lifted; that is what "rw" or "dev" on a bind says.
 */

#include "rootfs/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "kernel/sys.h"

/* --- clones ---------------------------------------------------------------------------------- */

static int clone_tree(int source, bool is_recursive, struct err *e)
{
    int clone = sys_open_tree(source, "",
                              OPEN_TREE_CLONE | AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0));

    if (clone >= 0)
        return clone;
    err_sys(e, "clone the mount");
    if (e->sys_errno == EPERM)
        return err_hint(e,
                        "this needs CAP_SYS_ADMIN over the mount namespace that caisson runs in");
    if (e->sys_errno == EINVAL)
        return err_hint(e, is_recursive ? "an unbindable mount, or a detached one, cannot be bound"
                                        : "an unbindable mount cannot be bound, and one with "
                                          "locked mounts beneath only with rbind");
    return -1;
}

static int set_attributes(int clone, const struct mount_attr *attr, bool is_recursive,
                          struct err *e)
{
    if ((attr->attr_set | attr->attr_clr | attr->propagation) == 0)
        return 0;
    if (sys_mount_setattr(clone, "", AT_EMPTY_PATH | (is_recursive ? AT_RECURSIVE : 0), attr) == 0)
        return 0;
    err_sys(e, attr->propagation != 0 ? "set the propagation of the mount"
                                      : "set the attributes of the mount");
    if (e->sys_errno == EPERM && attr->attr_clr != 0)
        return err_hint(e, "an attribute that the host has locked cannot be lifted");
    return -1;
}

static int set_propagation(int clone, uint64_t propagation, bool is_recursive, struct err *e)
{
    const struct mount_attr attr = {.propagation = propagation};

    return set_attributes(clone, &attr, is_recursive, e);
}

/* --- what a source must be ------------------------------------------------------------------- */

#define MAX_MAGICS 12

static const struct proof {
    uint16_t flag;
    const char *words;
    uint32_t magics[MAX_MAGICS]; /* ends with 0 */
} proofs[] = {
    {BIND_MUST_BE_PROC, "only a procfs may be bound on /proc", {ABI_PROC_MAGIC}},
    {BIND_MUST_BE_SYS, "only a sysfs may be bound on /sys", {ABI_SYSFS_MAGIC}},
    {BIND_MUST_BE_CGROUP2, "this is no cgroup v2 hierarchy", {ABI_CGROUP2_MAGIC}},
    {BIND_MUST_BE_KERNEL,
     "only a file system of the kernel may be bound below /sys",
     {ABI_SYSFS_MAGIC, ABI_CGROUP2_MAGIC, ABI_BPF_MAGIC, ABI_CONFIGFS_MAGIC, ABI_DEBUGFS_MAGIC,
      ABI_EFIVARFS_MAGIC, ABI_FUSECTL_MAGIC, ABI_PSTORE_MAGIC, ABI_SECURITYFS_MAGIC,
      ABI_SELINUXFS_MAGIC, ABI_TRACEFS_MAGIC}},
};

static bool has_magic(const struct proof *proof, uint32_t magic)
{
    for (size_t i = 0; i < MAX_MAGICS && proof->magics[i] != 0; i++)
        if (proof->magics[i] == magic)
            return true;
    return false;
}

static int check_filesystem(int source, uint16_t flags, struct err *e)
{
    struct statfs fs;
    uint32_t magic;

    if (fstatfs(source, &fs) < 0)
        return err_sys(e, "stat its file system");
    magic = (uint32_t)fs.f_type;
    /* Its release agent is a program that the host runs (CVE-2022-0492). */
    if (magic == ABI_CGROUP1_MAGIC)
        return err_input(e, NULL, "a cgroup v1 hierarchy is never shown to a container");
    for (size_t i = 0; i < ARRAY_LEN(proofs); i++)
        if ((flags & proofs[i].flag) != 0 && !has_magic(&proofs[i], magic))
            return err_input(e, NULL, "%s", proofs[i].words);
    return 0;
}

/* --- the kinds of sources -------------------------------------------------------------------- */

static int open_root(const struct plan_op *op, int root, int *slots, struct err *e)
{
    CLEANUP_FD int clone = -1;

    clone = clone_tree(root, true, e);
    if (clone < 0 || set_propagation(clone, op->open_root.propagation, true, e) < 0)
        return err_context(e, "the root filesystem");
    slots[op->open_root.slot] = fd_move(&clone);
    return 0;
}

static int open_bind_source(const char *path, int bundle, struct err *e)
{
    bool is_relative = path[0] != '/';
    /* open_tree(2) without OPEN_TREE_CLONE is O_PATH that makes automounts happen, as mount(2)
     * does.
     */
    int source = is_relative
                     ? sys_openat2(bundle, path, O_PATH, 0, RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS)
                     : sys_open_tree(AT_FDCWD, path, 0);

    if (source >= 0)
        return source;
    err_sys(e, "open the bind source %s", path);
    if (e->sys_errno == ENOENT)
        return err_hint(e, "bind sources are not made: create it first");
    if (is_relative && (e->sys_errno == EXDEV || e->sys_errno == ELOOP))
        return err_hint(e, "a relative source must stay beneath the bundle: use an absolute path");
    return -1;
}

static int open_bind(const struct plan *plan, const struct plan_op *op, int bundle, int *slots,
                     struct err *e)
{
    CLEANUP_FD int source = -1;
    CLEANUP_FD int clone = -1;
    const char *path = plan_text(&plan->host, op->open_bind.path);
    bool spreads = (op->flags & BIND_PROPAGATION_RECURSIVE) != 0;
    const struct mount_attr tree = {.attr_set = op->open_bind.recursive_attr_set,
                                    .attr_clr = op->open_bind.recursive_attr_clear};
    const struct mount_attr top = {.attr_set = op->open_bind.attr_set,
                                   .attr_clr = op->open_bind.attr_clear};

    source = open_bind_source(path, bundle, e);
    if (source < 0)
        return -1;
    if (check_filesystem(source, op->flags, e) < 0)
        return err_context(e, "the bind source %s", path);
    clone = clone_tree(source, (op->flags & BIND_RECURSIVE) != 0, e);
    if (clone < 0 || set_attributes(clone, &tree, true, e) < 0 ||
        set_attributes(clone, &top, (op->flags & BIND_ATTR_RECURSIVE) != 0, e) < 0 ||
        ((op->flags & BIND_LEAVE_PEERS) != 0 && set_propagation(clone, MS_SLAVE, true, e) < 0) ||
        set_propagation(clone, op->open_bind.propagation, spreads, e) < 0)
        return err_context(e, "the bind source %s", path);
    slots[op->open_bind.slot] = fd_move(&clone);
    return 0;
}

/* A node is proven to be the device that was meant before it is cloned: a character device 1:3, not
 * something with the name "null" (CVE-2025-31133). */
static int open_node(const struct plan *plan, const struct op_open_device *device, int open_flags,
                     int *slots, struct err *e)
{
    CLEANUP_FD int source = -1;
    CLEANUP_FD int clone = -1;
    const struct mount_attr attr = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
                                    .propagation = MS_PRIVATE};
    const char *path = plan_text(&plan->host, device->path);
    struct stat st;

    source = open(path, O_PATH | O_CLOEXEC | open_flags);
    if (source < 0 || fstat(source, &st) < 0) {
        err_sys(e, "open the device %s of the host", path);
        return e->sys_errno == ENOENT
                   ? err_hint(e, "a device that cannot be made here is bound from the same path")
                   : -1;
    }
    if ((st.st_mode & S_IFMT) != device->type ||
        st.st_rdev != makedev(device->major, device->minor))
        return err_input(e, NULL, "%s of the host is not the %s device %u:%u", path,
                         device->type == S_IFBLK ? "block" : "character", device->major,
                         device->minor);
    clone = clone_tree(source, false, e);
    if (clone < 0 || set_attributes(clone, &attr, false, e) < 0)
        return err_context(e, "the device %s of the host", path);
    slots[device->slot] = fd_move(&clone);
    return 0;
}

static int open_source(const struct plan *plan, const struct plan_op *op, int bundle, int root,
                       int *slots, struct err *e)
{
    switch ((int)op->code) {
    case OP_OPEN_ROOT:
        return open_root(op, root, slots, e);
    case OP_OPEN_BIND:
        return open_bind(plan, op, bundle, slots, e);
    case OP_OPEN_NULL:
        return open_node(plan, &op->open_null, O_NOFOLLOW, slots, e);
    case OP_OPEN_DEVICE:
        return open_node(plan, &op->open_device, 0, slots, e); /* /dev/mapper is full of links */
    default:
        return 0;
    }
}

int sources_open(const struct plan *plan, int bundle, int root, int *slots, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (open_source(plan, op, bundle, root, slots, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}
