/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Devices and links of /dev: config-linux.md "Devices", "Default Devices", runtime-linux.md.
 *
 * Nodes are made by init, with mknod where that is possible. In a user namespace it is not, so the
 * host's node of the same path is bound on an empty file instead, proven to be the device that was
 * meant. Its owner and mode stay the host's: the inode is not ours to change (the class of runc's
 * chown of the host's /dev/null).
 *
 * Who binds a directory on /dev, most often the host's, gets that directory as it is: nodes and
 * links made there would be made on the host.
 */

#include <string.h>
#include <sys/stat.h>

#include "kernel/abi.h"
#include "rootfs/rootfs.h"

static const struct {
    const char *path;
    uint32_t major;
    uint32_t minor;
} default_devices[] = {
    {"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
    {"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static const struct {
    const char *path;
    const char *target;
    uint16_t flags;
} links[] = {
    {"/dev/fd", "/proc/self/fd", LINK_IF_TARGET_EXISTS},
    {"/dev/stdin", "/proc/self/fd/0", LINK_IF_TARGET_EXISTS},
    {"/dev/stdout", "/proc/self/fd/1", LINK_IF_TARGET_EXISTS},
    {"/dev/stderr", "/proc/self/fd/2", LINK_IF_TARGET_EXISTS},
    {"/dev/core", "/proc/kcore", LINK_IF_TARGET_EXISTS},
    {"/dev/ptmx", "pts/ptmx", LINK_REPLACE},
};

struct device {
    const char *origin;
    const char *path;
    uint32_t mode; /* type and permissions */
    uint32_t major;
    uint32_t minor;
    uint32_t uid;
    uint32_t gid;
    uint16_t flags;
};

static bool must_bind(const struct compile *compile)
{
    return compile_has_namespace(compile, "user") || !compile->facts->in_initial_userns ||
           ((compile->facts->permitted_capabilities >> CAP_MKNOD) & 1) == 0;
}

static void add_device(struct compile *compile, const struct device *device)
{
    struct plan *plan = compile->plan;
    bool is_bound = must_bind(compile) && !S_ISFIFO(device->mode);
    uint16_t slot = PLAN_NO_SLOT;
    plan_string path;
    struct plan_op *op;

    if (is_bound) {
        slot = plan_new_slot(plan);
        path = plan_add_string(&plan->host, device->path);
        op = plan_add(plan, OP_OPEN_DEVICE, device->origin);
        op->open_device.slot = slot;
        op->open_device.path = path;
        op->open_device.type = device->mode & S_IFMT;
        op->open_device.major = device->major;
        op->open_device.minor = device->minor;
    }
    path = plan_add_string(&plan->init, device->path);
    op = plan_add(plan, OP_DEVICE, device->origin);
    op->device.path = path;
    op->device.mode = device->mode;
    op->device.major = device->major;
    op->device.minor = device->minor;
    op->device.uid = device->uid;
    op->device.gid = device->gid;
    op->device.slot = slot;
    op->flags = (uint16_t)(device->flags | (is_bound ? DEVICE_BIND : 0));
}

static uint32_t type_bits(const char *type)
{
    switch (type[0]) {
    case 'b':
        return S_IFBLK;
    case 'p':
        return S_IFIFO;
    default: /* c, and u for unbuffered, which is the same */
        return S_IFCHR;
    }
}

static void add_configured(struct compile *compile, const struct spec_device *device)
{
    struct device made = {
        .origin = compile_pointer(compile, device->origin, NULL),
        .path = str_clean_path(compile->arena, device->path),
        .mode = type_bits(device->type) |
                (SPEC_HAS(spec_device, device, file_mode) ? device->file_mode & 07777 : 0666),
        .major = (uint32_t)device->major,
        .minor = (uint32_t)device->minor,
        .uid = device->uid,
        .gid = device->gid,
        .flags = SPEC_HAS(spec_device, device, file_mode) ? DEVICE_HAS_MODE : 0,
    };

    add_device(compile, &made);
}

/* Does the configuration put something else at the place of a default device? A device with other
 * permissions, or a mount: binding urandom on /dev/random is a habit. */
static bool is_configured(const struct compile *compile, const char *path)
{
    const struct spec_device_list *devices = &compile->linux_section->devices;
    const struct spec_mount_list *mounts = &compile->config->mounts;

    for (size_t i = 0; i < devices->count; i++)
        if (strcmp(str_clean_path(compile->arena, devices->items[i].path), path) == 0)
            return true;
    for (size_t i = 0; i < mounts->count; i++)
        if (strcmp(str_clean_path(compile->arena, mounts->items[i].destination), path) == 0)
            return true;
    return false;
}

static bool dev_is_bound(const struct compile *compile)
{
    const struct spec_mount_list *mounts = &compile->config->mounts;

    for (size_t i = 0; i < mounts->count; i++)
        if (rootfs_is_bind(&mounts->items[i]) &&
            strcmp(str_clean_path(compile->arena, mounts->items[i].destination), "/dev") == 0)
            return true;
    return false;
}

static void add_links(struct compile *compile)
{
    for (size_t i = 0; i < ARRAY_LEN(links); i++) {
        plan_string path = plan_add_string(&compile->plan->init, links[i].path);
        plan_string target = plan_add_string(&compile->plan->init, links[i].target);
        struct plan_op *op = plan_add(compile->plan, OP_LINK, NULL);

        op->link.path = path;
        op->link.target = target;
        op->flags = links[i].flags;
    }
}

static void add_defaults(struct compile *compile)
{
    for (size_t i = 0; i < ARRAY_LEN(default_devices); i++) {
        struct device device = {
            .path = default_devices[i].path,
            .mode = S_IFCHR | 0666,
            .major = default_devices[i].major,
            .minor = default_devices[i].minor,
            .flags = DEVICE_DEFAULT,
        };

        if (!is_configured(compile, device.path))
            add_device(compile, &device);
    }
}

void rootfs_compile_devices(struct compile *compile)
{
    const struct spec_device_list *devices = &compile->linux_section->devices;
    bool is_bound = dev_is_bound(compile);

    if (!is_bound)
        add_defaults(compile);
    for (size_t i = 0; i < devices->count; i++)
        if (!is_bound ||
            !rootfs_is_within(str_clean_path(compile->arena, devices->items[i].path), "/dev"))
            add_configured(compile, &devices->items[i]);
    if (!is_bound)
        add_links(compile);
}
