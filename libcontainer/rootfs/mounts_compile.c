/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The root filesystem and the mounts, in the order of config.json.
 *
 * A bind becomes two operations: the host side opens the source and makes a detached clone of it
 * with all its attributes; init attaches the clone. Every other file system is made by init, since
 * it belongs to the namespaces of the container.
 *
 * Decisions about special places are made on the lexically clean destination: "//proc/." is /proc.
 *
 * Propagation. A clone of a shared mount of the host joins its peer group: what is mounted beneath
 * it in the container would appear on the host. So every clone gets its propagation before it is
 * attached, and the default is private, with everything beneath. "shared" means just that, shared
 * with the host, as volumes that hand mounts out need it; but never out of a user namespace, where
 * it becomes a peer group of its own that only receives, as the kernel would have made it when it
 * copied the mount namespace. rootfsPropagation decides about the root alone: a private or slave
 * clone, with "shared" a new peer group after the root switch, since pivot_root(2) refuses shared
 * mounts.
 *
 * Options of a bind are options of the mount: the file system belongs to the host, and what would
 * change it there is refused. For the same reason a file system of which the kernel has only one,
 * or one for each namespace, takes no parameters.
 */

#include <string.h>

#include "kernel/abi.h"
#include "rootfs/mount_options.h"
#include "rootfs/rootfs.h"

enum {
    PARAMETER_MAX_BYTES = 255, /* of a value; fsconfig(2) */
    PARAMETER_KEY_MAX_BYTES = 63,
};

/* Clean paths of the whole configuration, made once. */
struct places {
    const char **mounts;
    const char **devices;
    const char *cwd;
};

struct mount_case {
    struct compile *compile;
    const struct places *places;
    const struct spec_mount *mount;
    size_t index; /* in /mounts */
    const char *origin;
    const char *target; /* clean, absolute */
    struct mount_options options;
};

/* tmpfs that becomes read-only when everything on it is there. */
struct late_readonly {
    struct {
        const char *target;
        const char *origin;
    } * items;
    size_t count;
    size_t capacity;
};

static const char *pointer(const struct mount_case *c, const char *key)
{
    return compile_pointer(c->compile, c->mount->origin, key);
}

static void refuse(const struct mount_case *c, const char *id, const char *key, const char *cure,
                   const char *text)
{
    findings_add(c->compile->findings, SEVERITY_REFUSE, id, pointer(c, key), cure, "%s", text);
}

static void refuse_option(const struct mount_case *c, const char *id, const char *option,
                          const char *cure, const char *text)
{
    char shown[128];

    str_escape(option, shown, sizeof(shown));
    findings_add(c->compile->findings, SEVERITY_REFUSE, id, pointer(c, "options"), cure,
                 "the option %s: %s", shown, text);
}

static bool is_one_of(const char *word, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return true;
    return false;
}

static bool is_remount(const struct spec_mount *mount)
{
    return is_one_of("remount", mount->options.items, mount->options.count);
}

bool rootfs_is_bind(const struct spec_mount *mount)
{
    if (mount->type != NULL && strcmp(mount->type, "bind") == 0)
        return true;
    for (size_t i = 0; i < mount->options.count; i++)
        if (strcmp(mount->options.items[i], "bind") == 0 ||
            strcmp(mount->options.items[i], "rbind") == 0)
            return true;
    return false;
}

bool rootfs_is_within(const char *path, const char *directory)
{
    size_t length = strlen(directory);

    if (strcmp(directory, "/") == 0)
        return true;
    return strncmp(path, directory, length) == 0 && (path[length] == '\0' || path[length] == '/');
}

/* --- /proc and /sys -------------------------------------------------------------------------- */

/* Files that decide nothing, and that lxcfs replaces by views of the container. */
static const char *const replaceable_files[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/slabinfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/sys/crypto/fips_enabled",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/uptime",
    "/proc/version",
    "/sys/devices/system/cpu",
    "/sys/devices/system/cpu/online",
};

static const char *const types_below_sys[] = {
    "bpf",     "cgroup", "cgroup2",    "configfs",  "debugfs", "efivarfs",
    "fusectl", "pstore", "securityfs", "selinuxfs", "tracefs",
};

/* What is mounted over /proc or beneath it could send the runtime's own writes, and the container's
 * view of its confinement, somewhere else (CVE-2019-16884). Binds of the genuine thing are proven
 * to be that when the source is opened: bind_flags(). */
static bool place_is_fine(const struct mount_case *c)
{
    const char *type = c->mount->type != NULL ? c->mount->type : "";

    if (c->options.is_remount)
        return true;
    if (strcmp(c->target, "/proc") == 0)
        return c->options.is_bind || strcmp(type, "proc") == 0;
    if (strcmp(c->target, "/sys") == 0)
        return c->options.is_bind || strcmp(type, "sysfs") == 0;
    if (rootfs_is_within(c->target, "/proc"))
        return c->options.is_bind &&
               is_one_of(c->target, replaceable_files, ARRAY_LEN(replaceable_files));
    if (rootfs_is_within(c->target, "/sys"))
        return c->options.is_bind || is_one_of(type, types_below_sys, ARRAY_LEN(types_below_sys));
    return true;
}

static bool is_special(const char *target)
{
    return rootfs_is_within(target, "/proc") || rootfs_is_within(target, "/sys");
}

/* What the source of a bind must be, by its destination. */
static uint16_t proof_flags(const char *target)
{
    if (strcmp(target, "/proc") == 0)
        return BIND_MUST_BE_PROC;
    if (strcmp(target, "/sys") == 0)
        return BIND_MUST_BE_SYS;
    if (rootfs_is_within(target, "/sys") &&
        !is_one_of(target, replaceable_files, ARRAY_LEN(replaceable_files)))
        return BIND_MUST_BE_KERNEL;
    return 0;
}

/* --- binds ----------------------------------------------------------------------------------- */

/* "shared" out of a user namespace; or a word for the top alone, which must not leave the mounts
 * beneath it in the host's peer groups. */
static bool leaves_peers(const struct mount_case *c)
{
    if (c->options.propagation == MS_SHARED)
        return compile_has_namespace(c->compile, "user");
    return c->options.propagation != 0 && !c->options.propagation_is_recursive &&
           c->options.is_recursive_bind;
}

static uint16_t bind_flags(const struct mount_case *c)
{
    const struct mount_options *options = &c->options;
    uint16_t flags = proof_flags(c->target);

    if (options->is_recursive_bind)
        flags |= BIND_RECURSIVE;
    if (options->propagation == 0 || options->propagation_is_recursive)
        flags |= BIND_PROPAGATION_RECURSIVE;
    /* Below /sys of the host are other file systems of its kernel. A read-only /sys with a writable
     * /sys/kernel/debug or cgroup tree is not what anybody means. */
    if (strcmp(c->target, "/sys") == 0)
        flags |= BIND_ATTR_RECURSIVE;
    if (leaves_peers(c))
        flags |= BIND_LEAVE_PEERS;
    return flags;
}

/* The two rows of a bind of `source`. */
static void add_bind_rows(const struct mount_case *c, const char *source, uint16_t flags)
{
    struct plan *plan = c->compile->plan;
    const struct mount_options *options = &c->options;
    uint16_t slot = plan_new_slot(plan);
    plan_string path = plan_add_string(&plan->host, source);
    struct plan_op *op = plan_add(plan, OP_OPEN_BIND, c->origin);

    op->flags = flags;
    op->open_bind.slot = slot;
    op->open_bind.path = path;
    op->open_bind.attr_set = options->attr_set;
    op->open_bind.attr_clear = options->attr_clear;
    op->open_bind.recursive_attr_set = options->recursive_set;
    op->open_bind.recursive_attr_clear = options->recursive_clear;
    op->open_bind.propagation = options->propagation != 0 ? options->propagation : MS_PRIVATE;

    path = plan_add_string(&plan->init, c->target);
    op = plan_add(plan, OP_BIND, c->origin);
    op->bind.slot = slot;
    op->bind.target = path;
    op->flags = MOUNT_MAKE_TARGET;
    if (is_special(c->target))
        op->flags |= MOUNT_NO_LINKS;
}

/* The host's mounts on the way to its hierarchies: an rbind of one brings them all along. */
static bool leads_to_cgroups(const struct mount_case *c, const char *source)
{
    static const char *const places[] = {"/sys", "/sys/fs", "/sys/fs/cgroup"};
    const char *clean = str_clean_path(c->compile->arena, source);

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (strcmp(clean, places[i]) == 0)
            return true;
    return false;
}

static void add_bind(const struct mount_case *c)
{
    if (str_is_empty(c->mount->source)) {
        refuse(c, "bind-without-source", "source", "the path of a file or directory on the host",
               "a bind mount needs a source");
        return;
    }
    if (c->options.parameters.count != 0) {
        refuse_option(c, "bind-with-data", c->options.parameters.items[0],
                      "only options of the mount itself",
                      "a bind would change the file system on the host with it");
        return;
    }
    if (c->options.is_recursive_bind && c->compile->facts->cgroup_layout == CGROUP_HYBRID &&
        (strcmp(c->target, "/sys") == 0 || leads_to_cgroups(c, c->mount->source))) {
        refuse(c, "bind-with-cgroup-v1", "options",
               "bind instead of rbind, and a mount of type cgroup on /sys/fs/cgroup",
               "an rbind of /sys would show the container the cgroup v1 hierarchies of this host");
        return;
    }
    add_bind_rows(c, c->mount->source, bind_flags(c));
}

/* --- file systems ---------------------------------------------------------------------------- */

struct filesystem {
    const char *name;
    /* Kernel memory, not a device: "ro" is an attribute of the mount. For everything else the file
     * system itself must know, or it would replay its journal. */
    bool is_virtual;
    /* One for the whole host, or for a namespace that may be the host's: a parameter would change
     * it for everybody. */
    bool is_common;
    /* A parameter that engines write and that says nothing: devpts is always a new instance since
     * Linux 4.7; cgroup2 has extended attributes. */
    const char *ignored;
};

static const struct filesystem filesystems[] = {
    {.name = "bpf", .is_virtual = true},
    {.name = "cgroup2", .is_virtual = true, .is_common = true, .ignored = "xattr"},
    {.name = "configfs", .is_virtual = true, .is_common = true},
    {.name = "debugfs", .is_virtual = true, .is_common = true},
    {.name = "devpts", .is_virtual = true, .ignored = "newinstance"},
    {.name = "devtmpfs", .is_virtual = true, .is_common = true},
    {.name = "efivarfs", .is_virtual = true, .is_common = true},
    {.name = "fusectl", .is_virtual = true, .is_common = true},
    {.name = "mqueue", .is_virtual = true, .is_common = true},
    {.name = "proc", .is_virtual = true},
    {.name = "pstore", .is_virtual = true, .is_common = true},
    {.name = "ramfs", .is_virtual = true},
    {.name = "securityfs", .is_virtual = true, .is_common = true},
    {.name = "selinuxfs", .is_virtual = true, .is_common = true},
    {.name = "sysfs", .is_virtual = true, .is_common = true},
    {.name = "tmpfs", .is_virtual = true},
    {.name = "tracefs", .is_virtual = true, .is_common = true},
};

static const struct filesystem *find_filesystem(const char *name)
{
    static const struct filesystem any;

    for (size_t i = 0; i < ARRAY_LEN(filesystems); i++)
        if (strcmp(filesystems[i].name, name) == 0)
            return &filesystems[i];
    return &any;
}

/* The value of a parameter, "" if it has none, NULL if `parameter` is another one. */
static const char *value_of(const char *parameter, const char *key)
{
    size_t length = strlen(key);

    if (strncmp(parameter, key, length) != 0)
        return NULL;
    if (parameter[length] == '=')
        return parameter + length + 1;
    return parameter[length] == '\0' ? parameter + length : NULL;
}

static bool has_parameter(const struct json_strings *parameters, const char *key)
{
    for (size_t i = 0; i < parameters->count; i++)
        if (value_of(parameters->items[i], key) != NULL)
            return true;
    return false;
}

static void ignore_parameter(struct json_strings *parameters, const char *ignored)
{
    size_t kept = 0;

    for (size_t i = 0; i < parameters->count; i++)
        if (ignored == NULL || strcmp(parameters->items[i], ignored) != 0)
            parameters->items[kept++] = parameters->items[i];
    parameters->count = kept;
}

/* An id that has no meaning inside makes the file system refuse the parameter with EINVAL. */
static bool id_is_mapped(const struct mount_case *c, const char *parameter)
{
    const struct spec_linux *section = c->compile->linux_section;
    const char *uid = value_of(parameter, "uid");
    const char *text = uid != NULL ? uid : value_of(parameter, "gid");
    const struct spec_id_map_list *maps =
        uid != NULL ? &section->uid_mappings : &section->gid_mappings;
    uint64_t id;

    if (text == NULL || !compile_has_new_namespace(c->compile, "user") ||
        !str_parse_u64(text, strlen(text), &id))
        return true;
    for (size_t i = 0; i < maps->count; i++)
        if (id >= maps->items[i].container_id &&
            id - maps->items[i].container_id < maps->items[i].size)
            return true;
    return false;
}

/* Init resolves these, in its own working directory and while the host's tree is still there: only
 * an absolute path means the same to both. Each is one parameter, so that a comma in a directory's
 * name is a comma. */
static bool is_overlay_path(const char *parameter, bool *is_absolute)
{
    static const char *const keys[] = {"lowerdir", "upperdir", "workdir"};
    const char *path = NULL;

    for (size_t i = 0; i < ARRAY_LEN(keys) && path == NULL; i++)
        path = value_of(parameter, keys[i]);
    if (path == NULL)
        return false;
    *is_absolute = path[0] == '/';
    if (strncmp(parameter, "lowerdir", 8) == 0)
        for (; *path != '\0'; path++)
            if (path[0] == ':' && path[1] != '/' && path[1] != ':')
                *is_absolute = false;
    return true;
}

static bool parameter_is_fine(const struct mount_case *c, const char *type, size_t index)
{
    const struct json_strings *parameters = &c->options.parameters;
    const char *parameter = parameters->items[index];
    size_t key_length = strcspn(parameter, "=");
    bool is_absolute = true;

    if (key_length == 0 || key_length > PARAMETER_KEY_MAX_BYTES ||
        strlen(parameter) - key_length > PARAMETER_MAX_BYTES + 1) {
        refuse_option(c, "mount-parameter-malformed", parameter, "name or name=value",
                      "a name has 1 to 63 bytes, and the kernel takes a value of at most 255");
        return false;
    }
    if (!id_is_mapped(c, parameter)) {
        refuse_option(c, "mount-id-not-mapped", parameter, "an id that the mappings have",
                      "this id does not exist in the user namespace");
        return false;
    }
    if (strcmp(type, "overlay") != 0 || !is_overlay_path(parameter, &is_absolute))
        return true;
    if (!is_absolute) {
        refuse_option(c, "overlay-path-relative", parameter, "an absolute path",
                      "directories of an overlay are paths of the host");
        return false;
    }
    for (size_t i = 0; i < index; i++)
        if (strncmp(parameters->items[i], parameter, key_length + 1) == 0) {
            refuse_option(c, "overlay-path-duplicate", parameter, NULL, "it stands more than once");
            return false;
        }
    return true;
}

static bool parameters_are_fine(const struct mount_case *c, const char *type)
{
    const struct json_strings *parameters = &c->options.parameters;

    if (find_filesystem(type)->is_common && parameters->count != 0) {
        refuse_option(c, "mount-parameter-common", parameters->items[0],
                      "only options of the mount itself",
                      "this file system is not the container's alone");
        return false;
    }
    for (size_t i = 0; i < parameters->count; i++)
        if (!parameter_is_fine(c, type, i))
            return false;
    return true;
}

/* Does anything of the configuration still have to find or make its place on this tmpfs? */
static bool is_used_later(const struct mount_case *c)
{
    const struct places *places = c->places;

    if (strcmp(c->target, "/dev") == 0)
        return true; /* default devices */
    for (size_t i = c->index + 1; i < c->compile->config->mounts.count; i++)
        if (rootfs_is_within(places->mounts[i], c->target))
            return true;
    for (size_t i = 0; i < c->compile->linux_section->devices.count; i++)
        if (rootfs_is_within(places->devices[i], c->target))
            return true;
    return rootfs_is_within(places->cwd, c->target);
}

static bool is_covered_later(const struct mount_case *c)
{
    const struct spec_mount_list *mounts = &c->compile->config->mounts;

    for (size_t i = c->index + 1; i < mounts->count; i++)
        if (strcmp(c->places->mounts[i], c->target) == 0 && !is_remount(&mounts->items[i]))
            return true;
    return false;
}

/* A read-only tmpfs that is still to be filled is made writable, and closed before the root switch:
 * otherwise nothing could ever be on it. */
static uint32_t early_attributes(const struct mount_case *c, uint16_t flags,
                                 struct late_readonly *late)
{
    uint32_t attributes = (uint32_t)mount_options_whole_set(&c->options);

    if ((attributes & MOUNT_ATTR_RDONLY) == 0 ||
        ((flags & (MOUNT_COPY_UP | MOUNT_KEEP_MODE)) == 0 && !is_used_later(c)))
        return attributes;
    /* What another mount covers cannot be reached any more, neither by us nor by the workload. */
    if (!is_covered_later(c)) {
        __typeof__(late->items) item = ARENA_PUSH(c->compile->arena, late);

        item->target = c->target;
        item->origin = c->origin;
    }
    return attributes & ~(uint32_t)MOUNT_ATTR_RDONLY;
}

static void add_filesystem_row(struct mount_case *c, const char *type, struct late_readonly *late)
{
    struct plan *plan = c->compile->plan;
    struct json_strings *parameters = &c->options.parameters;
    bool is_tmpfs = strcmp(type, "tmpfs") == 0;
    uint16_t flags = MOUNT_MAKE_TARGET;
    struct op_mount payload = {0};
    struct plan_op *op;

    if (is_special(c->target))
        flags |= MOUNT_NO_LINKS;
    if (c->options.copies_up)
        flags |= MOUNT_COPY_UP;
    if (c->options.propagation_is_recursive)
        flags |= MOUNT_PROPAGATION_RECURSIVE;
    /* What the image made of the place stays, unless a mode was asked for. */
    if (is_tmpfs && !has_parameter(parameters, "mode"))
        flags |= MOUNT_KEEP_MODE;
    payload.attributes = is_tmpfs ? early_attributes(c, flags, late)
                                  : (uint32_t)mount_options_whole_set(&c->options);
    if (!find_filesystem(type)->is_virtual && (payload.attributes & MOUNT_ATTR_RDONLY) != 0)
        *ARENA_PUSH(c->compile->arena, parameters) = "ro";
    /* ext4 alone has to be told; the others have the counter or have it not. */
    if (c->options.counts_changes && strcmp(type, "ext4") == 0)
        *ARENA_PUSH(c->compile->arena, parameters) = "i_version";

    payload.target = plan_add_string(&plan->init, c->target);
    payload.filesystem = plan_add_string(&plan->init, type);
    payload.source = plan_add_string(&plan->init, c->mount->source);
    payload.parameters = plan_add_vector(&plan->init, parameters->items, parameters->count, 0);
    payload.propagation = c->options.propagation;
    op = plan_add(plan, OP_MOUNT, c->origin);
    op->mount = payload;
    op->flags = flags;
}

/* No v1 hierarchy is ever visible inside. With a cgroup namespace the root of a cgroup2 mount is
 * the container's own cgroup. Without one it is the host's whole tree: that is bound, not mounted,
 * since a mount from the first cgroup namespace sets the hierarchy's flags for the whole host; and
 * only to be read. */
static void add_cgroup(struct mount_case *c, struct late_readonly *late)
{
    const struct facts *facts = c->compile->facts;

    ignore_parameter(&c->options.parameters, find_filesystem("cgroup2")->ignored);
    if (!parameters_are_fine(c, "cgroup2"))
        return;
    if (compile_has_namespace(c->compile, "cgroup")) {
        add_filesystem_row(c, "cgroup2", late);
        return;
    }
    if ((mount_options_whole_set(&c->options) & MOUNT_ATTR_RDONLY) == 0) {
        refuse(c, "cgroup-mount-without-namespace", "options",
               "{\"type\": \"cgroup\"} in /linux/namespaces, or the option ro",
               "without a cgroup namespace this is the host's whole tree, and writable");
        return;
    }
    if (facts->cgroup_mount == NULL) {
        refuse(c, "cgroup-not-mounted", NULL, NULL, "this host has no cgroup v2 hierarchy");
        return;
    }
    findings_add(c->compile->findings, SEVERITY_WARNING, "cgroup-tree-visible", c->origin,
                 "{\"type\": \"cgroup\"} in /linux/namespaces",
                 "without a cgroup namespace the container sees the cgroups of the whole host");
    add_bind_rows(c, facts->cgroup_mount, BIND_MUST_BE_CGROUP2 | BIND_PROPAGATION_RECURSIVE);
}

static void add_filesystem(struct mount_case *c, struct late_readonly *late)
{
    const char *type = c->mount->type;

    if (str_is_empty(type) || strcmp(type, "none") == 0) {
        refuse(c, "mount-without-type", "type",
               "a file system of /proc/filesystems, or the option bind or rbind",
               "this mount has neither a type nor the option bind");
        return;
    }
    if (strcmp(type, "cgroup") == 0 || strcmp(type, "cgroup2") == 0) {
        add_cgroup(c, late);
        return;
    }
    ignore_parameter(&c->options.parameters, find_filesystem(type)->ignored);
    if (parameters_are_fine(c, type))
        add_filesystem_row(c, type, late);
}

/* --- remounts -------------------------------------------------------------------------------- */

/* The type of the file system that an earlier entry has made at this place; NULL if the one that is
 * there is the host's. */
static const char *made_here(const struct mount_case *c)
{
    const struct spec_mount_list *mounts = &c->compile->config->mounts;

    for (size_t i = c->index; i > 0; i--) {
        const struct spec_mount *earlier = &mounts->items[i - 1];

        if (strcmp(c->places->mounts[i - 1], c->target) == 0 && !is_remount(earlier))
            return rootfs_is_bind(earlier) ? NULL : earlier->type;
    }
    return NULL;
}

static void add_remount_row(const struct mount_case *c, uint64_t set, uint64_t clear,
                            uint32_t propagation, uint16_t flags)
{
    struct plan *plan = c->compile->plan;
    const struct json_strings *parameters = &c->options.parameters;
    plan_string target = plan_add_string(&plan->init, c->target);
    struct plan_vector vector = {0, 0};
    struct plan_op *op;

    if ((flags & MOUNT_SUPERBLOCK) != 0)
        vector = plan_add_vector(&plan->init, parameters->items, parameters->count, 0);
    else
        vector = plan_add_vector(&plan->init, NULL, 0, 0);
    op = plan_add(plan, OP_REMOUNT, c->origin);
    op->remount.target = target;
    op->remount.attr_set = set;
    op->remount.attr_clear = clear;
    op->remount.propagation = propagation;
    op->remount.parameters = vector;
    op->flags = flags;
}

/* Attributes that no word names stay as they are. */
static void add_remount(struct mount_case *c)
{
    struct mount_options *options = &c->options;
    uint64_t tree = options->recursive_set | options->recursive_clear;
    const char *type = made_here(c);
    uint32_t spread = options->propagation;

    for (size_t i = 0; i < options->switched_off.count; i++)
        *ARENA_PUSH(c->compile->arena, &options->parameters) = options->switched_off.items[i];
    if (options->parameters.count != 0 && (options->is_bind || type == NULL)) {
        refuse_option(c, "remount-with-data", options->parameters.items[0],
                      "only options of the mount itself",
                      "a remount would change a file system of the host with it");
        return;
    }
    if (options->parameters.count != 0 && !parameters_are_fine(c, type))
        return;
    if (tree != 0 || options->propagation_is_recursive)
        add_remount_row(c, options->recursive_set, options->recursive_clear,
                        options->propagation_is_recursive ? spread : 0, MOUNT_ATTR_RECURSIVE);
    add_remount_row(c, options->attr_set, options->attr_clear,
                    options->propagation_is_recursive ? 0 : spread,
                    options->parameters.count != 0 ? MOUNT_SUPERBLOCK : 0);
}

/* --- all mounts ------------------------------------------------------------------------------ */

static void add_mount(struct compile *compile, const struct places *places, size_t index,
                      struct late_readonly *late)
{
    const struct spec_mount *mount = &compile->config->mounts.items[index];
    struct mount_case c = {
        .compile = compile,
        .places = places,
        .mount = mount,
        .index = index,
        .origin = compile_pointer(compile, mount->origin, NULL),
        .target = places->mounts[index],
    };

    mount_options_parse(&c.options, &mount->options, compile->arena);
    c.options.is_bind = rootfs_is_bind(mount);
    if (strcmp(c.target, "/") == 0) {
        refuse(&c, "mount-over-root", "destination", "a path below /",
               "a mount cannot cover the root filesystem");
    } else if (!place_is_fine(&c)) {
        refuse(&c, "mount-over-proc", "destination",
               "proc on /proc, sysfs on /sys, kernel file systems below /sys, or a bind of them",
               "this would cover what the kernel tells processes about themselves");
    } else if (c.options.copies_up && (c.options.is_bind || c.options.is_remount ||
                                       mount->type == NULL || strcmp(mount->type, "tmpfs") != 0)) {
        refuse(&c, "copy-up-without-tmpfs", "options", "type tmpfs",
               "tmpcopyup fills a new tmpfs and nothing else");
    } else if (c.options.is_remount) {
        add_remount(&c);
    } else if (c.options.is_bind) {
        add_bind(&c);
    } else {
        add_filesystem(&c, late);
    }
}

static void add_late_readonly(struct compile *compile, const struct late_readonly *late)
{
    struct plan *plan = compile->plan;

    for (size_t i = 0; i < late->count; i++) {
        plan_string target = plan_add_string(&plan->init, late->items[i].target);
        struct plan_vector none = plan_add_vector(&plan->init, NULL, 0, 0);
        struct plan_op *op = plan_add(plan, OP_REMOUNT, late->items[i].origin);

        op->remount.target = target;
        op->remount.parameters = none;
        op->remount.attr_set = MOUNT_ATTR_RDONLY;
    }
}

/* --- the root -------------------------------------------------------------------------------- */

uint32_t rootfs_propagation(const struct compile *compile)
{
    static const struct {
        const char *word;
        uint32_t type;
    } words[] = {
        {"private", MS_PRIVATE}, {"rprivate", MS_PRIVATE},       {"rshared", MS_SHARED},
        {"rslave", MS_SLAVE},    {"runbindable", MS_UNBINDABLE}, {"shared", MS_SHARED},
        {"slave", MS_SLAVE},     {"unbindable", MS_UNBINDABLE},
    };
    const char *given = compile->linux_section->rootfs_propagation;

    for (size_t i = 0; given != NULL && i < ARRAY_LEN(words); i++)
        if (strcmp(words[i].word, given) == 0)
            return words[i].type;
    return 0;
}

static void add_root(struct compile *compile)
{
    const struct spec_root *root = compile->config->root;
    struct plan *plan = compile->plan;
    const char *origin = compile_pointer(compile, root->origin, "path");
    plan_string path = plan_add_string(&plan->host, root->path);
    uint16_t slot = plan_new_slot(plan);
    struct plan_op *op;

    op = plan_add(plan, OP_OPEN_ROOT, origin);
    op->open_root.slot = slot;
    op->open_root.path = path;
    op->open_root.propagation = rootfs_propagation(compile) == MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
    /* Slave, not private: what the host unmounts must not stay busy in here until we let go of it.
     */
    op = plan_add(plan, OP_PROPAGATION, NULL);
    op->propagation.propagation = MS_SLAVE;
    op = plan_add(plan, OP_ROOT, origin);
    op->root.slot = slot;
}

/* After all mounts, since one of them may be what the directory is on. */
static void add_cwd_directory(struct compile *compile, const char *cwd)
{
    plan_string path;
    struct plan_op *op;

    if (strcmp(cwd, "/") == 0)
        return;
    path = plan_add_string(&compile->plan->init, cwd);
    op = plan_add(compile->plan, OP_DIRECTORY,
                  compile_pointer(compile, compile->config->process->origin, "cwd"));
    op->directory.path = path;
}

static void add_hook_point(struct compile *compile, const struct spec_hook_list *hooks,
                           enum plan_hook_point point, const char *key)
{
    struct plan_op *op;

    if (hooks->count == 0)
        return;
    op = plan_add(compile->plan, OP_AT_HOOK,
                  compile_pointer(compile, compile->config->hooks->origin, key));
    op->at_hook.point = point;
}

/* The root switch in a namespace that others live in would switch their root, too. */
static void check_mount_namespace(struct compile *compile)
{
    if (compile_has_namespace(compile, "mount") && !compile_has_new_namespace(compile, "mount"))
        findings_add(compile->findings, SEVERITY_REFUSE, "mount-namespace-joined",
                     compile_pointer(compile, compile->linux_section->origin, "namespaces"),
                     "a mount namespace without \"path\"",
                     "the mounts of a container need a mount namespace of its own");
}

static void find_places(struct compile *compile, struct places *places)
{
    const struct spec_mount_list *mounts = &compile->config->mounts;
    const struct spec_device_list *devices = &compile->linux_section->devices;
    const struct spec_process *process = compile->config->process;

    places->mounts = ARENA_NEW(compile->arena, const char *, mounts->count + 1);
    places->devices = ARENA_NEW(compile->arena, const char *, devices->count + 1);
    for (size_t i = 0; i < mounts->count; i++)
        places->mounts[i] = str_clean_path(compile->arena, mounts->items[i].destination);
    for (size_t i = 0; i < devices->count; i++)
        places->devices[i] = str_clean_path(compile->arena, devices->items[i].path);
    places->cwd = process != NULL ? str_clean_path(compile->arena, process->cwd) : "/";
}

void rootfs_compile_mounts(struct compile *compile)
{
    const struct spec_hooks *hooks = compile->config->hooks;
    struct late_readonly late = {.count = 0};
    struct places places;

    check_mount_namespace(compile);
    find_places(compile, &places);
    add_root(compile);
    for (size_t i = 0; i < compile->config->mounts.count; i++)
        add_mount(compile, &places, i, &late);
    rootfs_compile_devices(compile);
    add_cwd_directory(compile, places.cwd);
    if (hooks != NULL) {
        add_hook_point(compile, &hooks->prestart, HOOK_PRESTART, "prestart");
        add_hook_point(compile, &hooks->create_runtime, HOOK_CREATE_RUNTIME, "createRuntime");
        add_hook_point(compile, &hooks->create_container, HOOK_CREATE_CONTAINER, "createContainer");
    }
    /* Hooks may still write where the image says so: they ran before anything was read-only in
     * other runtimes, and they rely on it. */
    add_late_readonly(compile, &late);
    plan_add(compile->plan, OP_PIVOT, NULL);
}
