/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan for people and for programs. The sentences are those of ops.def; what stands for
 * {member} in them is looked up in one table, so a member reads the same in the plan and in an
 * error message.
 *
 * The JSON form is an object with "planVersion" and "operations", an array in the order in which
 * things happen. Each operation has
 *     number  counted from 1, as in the text
 *     op      the name of the operation in ops.def
 *     phase   host, namespaces, mounts, pivot, seal, identity or start
 *     origin  the JSON pointer of what asked for it; missing where nothing did
 *     does    the sentence
 *     flags   array of names, the rows of `flags` below; missing where there are none
 * and the members of its payload under the names in the table below: strings, numbers, or arrays.
 * Keys are only ever added. Values of environment variables are left out of both forms: plans end
 * up in logs and issues.
 */

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <linux/capability.h>

#include "base/json_write.h"
#include "kernel/abi.h"
#include "kernel/capabilities.h"
#include "plan/plan.h"

enum member_kind {
    MEMBER_STRING,
    MEMBER_VECTOR,
    MEMBER_VARIABLES, /* a vector of NAME=value: the names */
    MEMBER_SLOT,
    MEMBER_U32,
    MEMBER_I32,
    MEMBER_I64,
    MEMBER_LIMIT, /* uint64_t, all bits set is "unlimited" */
    MEMBER_OCTAL,
    MEMBER_DEVICE_TYPE,  /* of the S_IFMT bits */
    MEMBER_CAPABILITIES, /* a mask */
    MEMBER_GROUPS,       /* a blob of uint32_t */
    MEMBER_BLOB_SIZE,
    MEMBER_PROPAGATION32,
    MEMBER_PROPAGATION64,
    MEMBER_ATTRIBUTES32,
    MEMBER_ATTRIBUTES64,
    MEMBER_ATTRIBUTE_PAIR, /* two uint64_t in a row: set and clear */
    MEMBER_HOOK_POINT,
    MEMBER_RLIMIT,
    MEMBER_ID_KIND,
    MEMBER_ID_MAP, /* lines of "inside outside size" */
};

/* What the sentence does not say and a reader would miss has a label; "" is one without words. */
#define IN(code, payload, member, kind)          ROW(code, payload, member, kind, #member, NULL)
#define MORE(code, payload, member, kind, label) ROW(code, payload, member, kind, #member, label)
#define ROW(code, payload, member, kind, name, label)                                              \
    {                                                                                              \
        OP_##code, MEMBER_##kind, (uint16_t)offsetof(struct plan_op, payload.member), name, label  \
    }

/* clang-format off */
static const struct member {
    enum plan_op_code code;
    enum member_kind kind;
    uint16_t offset;
    const char *name;
    const char *label;
} members[] = {
    IN  (CGROUP,          cgroup,          path,         STRING),
    IN  (CGROUP_UNIT,     cgroup_unit,     name,         STRING),
    IN  (CGROUP_UNIT,     cgroup_unit,     slice,        STRING),
    MORE(CGROUP_UNIT,     cgroup_unit,     path,         STRING, "as "),
    IN  (UNIT_PROPERTY,   unit_property,   name,         STRING),
    MORE(UNIT_PROPERTY,   unit_property,   signature,    STRING, "of the type "),
    IN  (UNIT_PROPERTY,   unit_property,   values,       VECTOR),
    IN  (CGROUP_WRITE,    cgroup_write,    file,         STRING),
    IN  (CGROUP_WRITE,    cgroup_write,    value,        STRING),
    IN  (CGROUP_DEVICES,  cgroup_devices,  summary,      STRING),
    IN  (CGROUP_OWNER,    cgroup_owner,    value,        U32),
    IN  (NAMESPACE_NEW,   namespace_new,   name,         STRING),
    IN  (NAMESPACE_JOIN,  namespace_join,  name,         STRING),
    IN  (NAMESPACE_JOIN,  namespace_join,  path,         STRING),
    IN  (ID_MAP,          id_map,          which,        ID_KIND),
    IN  (ID_MAP,          id_map,          text,         ID_MAP),
    IN  (OOM_SCORE,       oom_score,       value,        I32),
    IN  (STDIO_OWNER,     stdio_owner,     value,        U32),
    IN  (OPEN_ROOT,       open_root,       path,         STRING),
    IN  (OPEN_ROOT,       open_root,       slot,         SLOT),
    MORE(OPEN_ROOT,       open_root,       propagation,  PROPAGATION64, "with all mounts beneath, r"),
    IN  (OPEN_BIND,       open_bind,       path,         STRING),
    IN  (OPEN_BIND,       open_bind,       slot,         SLOT),
    ROW (OPEN_BIND,       open_bind,       recursive_attr_set, ATTRIBUTE_PAIR, "tree_attributes", "the whole tree "),
    ROW (OPEN_BIND,       open_bind,       attr_set,     ATTRIBUTE_PAIR, "attributes", ""),
    MORE(OPEN_BIND,       open_bind,       propagation,  PROPAGATION32, ""),
    IN  (OPEN_NULL,       open_null,       path,         STRING),
    IN  (OPEN_NULL,       open_null,       slot,         SLOT),
    IN  (OPEN_DEVICE,     open_device,     path,         STRING),
    IN  (OPEN_DEVICE,     open_device,     slot,         SLOT),
    MORE(OPEN_DEVICE,     open_device,     type,         DEVICE_TYPE, ""),
    MORE(OPEN_DEVICE,     open_device,     major,        U32, "major "),
    MORE(OPEN_DEVICE,     open_device,     minor,        U32, "minor "),
    IN  (HOOK,            hook,            point,        HOOK_POINT),
    IN  (HOOK,            hook,            path,         STRING),
    MORE(HOOK,            hook,            args,         VECTOR, "as "),
    MORE(HOOK,            hook,            env,          VARIABLES, "with the variables "),
    MORE(HOOK,            hook,            timeout_s,    I64, "seconds at most "),
    IN  (UNSHARE,         unshare,         name,         STRING),
    IN  (TIME_OFFSETS,    time_offsets,    monotonic_s,  I64),
    IN  (TIME_OFFSETS,    time_offsets,    monotonic_ns, U32),
    IN  (TIME_OFFSETS,    time_offsets,    boottime_s,   I64),
    IN  (TIME_OFFSETS,    time_offsets,    boottime_ns,  U32),
    IN  (HOSTNAME,        hostname,        text,         STRING),
    IN  (DOMAINNAME,      domainname,      text,         STRING),
    IN  (NETLINK,         netlink,         summary,      STRING),
    IN  (PROPAGATION,     propagation,     propagation,  PROPAGATION64),
    IN  (ROOT,            root,            slot,         SLOT),
    IN  (MOUNT,           mount,           filesystem,   STRING),
    IN  (MOUNT,           mount,           target,       STRING),
    IN  (MOUNT,           mount,           source,       STRING),
    MORE(MOUNT,           mount,           attributes,   ATTRIBUTES32, ""),
    MORE(MOUNT,           mount,           parameters,   VECTOR, ""),
    MORE(MOUNT,           mount,           propagation,  PROPAGATION32, ""),
    IN  (BIND,            bind,            target,       STRING),
    IN  (BIND,            bind,            slot,         SLOT),
    IN  (REMOUNT,         remount,         target,       STRING),
    ROW (REMOUNT,         remount,         attr_set,     ATTRIBUTE_PAIR, "attributes", ""),
    MORE(REMOUNT,         remount,         parameters,   VECTOR, ""),
    MORE(REMOUNT,         remount,         propagation,  PROPAGATION32, ""),
    IN  (DEVICE,          device,          path,         STRING),
    ROW (DEVICE,          device,          mode,         DEVICE_TYPE, "type", ""),
    MORE(DEVICE,          device,          major,        U32, "major "),
    MORE(DEVICE,          device,          minor,        U32, "minor "),
    MORE(DEVICE,          device,          mode,         OCTAL, "mode "),
    MORE(DEVICE,          device,          uid,          U32, "uid "),
    MORE(DEVICE,          device,          gid,          U32, "gid "),
    IN  (LINK,            link,            path,         STRING),
    IN  (LINK,            link,            target,       STRING),
    IN  (DIRECTORY,       directory,       path,         STRING),
    IN  (AT_HOOK,         at_hook,         point,        HOOK_POINT),
    IN  (SYSCTL,          sysctl,          name,         STRING),
    IN  (SYSCTL,          sysctl,          value,        STRING),
    IN  (READONLY_PATH,   readonly_path,   path,         STRING),
    IN  (MASK_PATH,       mask_path,       path,         STRING),
    IN  (MASK_PATH,       mask_path,       slot,         SLOT),
    IN  (ROOT_ATTRIBUTES, root_attributes, attr_set,     ATTRIBUTES64),
    IN  (ROOT_ATTRIBUTES, root_attributes, propagation,  PROPAGATION32),
    IN  (RLIMIT,          rlimit,          resource,     RLIMIT),
    IN  (RLIMIT,          rlimit,          soft,         LIMIT),
    IN  (RLIMIT,          rlimit,          hard,         LIMIT),
    IN  (PERSONALITY,     personality,     value,        U32),
    IN  (CWD,             cwd,             path,         STRING),
    IN  (BOUNDING,        bounding,        mask,         CAPABILITIES),
    IN  (IDENTITY,        identity,        uid,          U32),
    IN  (IDENTITY,        identity,        gid,          U32),
    IN  (IDENTITY,        identity,        groups,       GROUPS),
    IN  (CAPABILITIES,    capabilities,    effective,    CAPABILITIES),
    IN  (CAPABILITIES,    capabilities,    permitted,    CAPABILITIES),
    IN  (CAPABILITIES,    capabilities,    inheritable,  CAPABILITIES),
    IN  (CAPABILITIES,    capabilities,    ambient,      CAPABILITIES),
    IN  (PROGRAM,         program,         name,         STRING),
    MORE(PROGRAM,         program,         candidates,   VECTOR, "the first of "),
    IN  (READY,           ready,           slot,         SLOT),
    IN  (INNER_HOOK,      inner_hook,      path,         STRING),
    MORE(INNER_HOOK,      inner_hook,      args,         VECTOR, "as "),
    MORE(INNER_HOOK,      inner_hook,      env,          VARIABLES, "with the variables "),
    MORE(INNER_HOOK,      inner_hook,      timeout_s,    I64, "seconds at most "),
    IN  (FILTER,          filter,          program,      BLOB_SIZE),
    IN  (EXEC,            exec,            args,         VECTOR),
    MORE(EXEC,            exec,            env,          VARIABLES, "with the variables "),
    MORE(EXEC,            exec,            umask,        OCTAL, "umask "),
    MORE(EXEC,            exec,            n_preserved,  U32, "descriptors handed down "),
};

static const struct flag {
    enum plan_op_code code;
    uint16_t flag;
    const char *name;
    const char *words; /* NULL: the members say it */
} flags[] = {
    {OP_CGROUP_WRITE, CGROUP_IF_EXISTS,            "if-exists",             "if that exists"},
    {OP_CGROUP_WRITE, CGROUP_OR_NEXT,              "or-next",               "or else the next step"},
    {OP_SESSION,      SESSION_NEW_KEYRING,         "new-keyring",           "with a new keyring"},
    {OP_OPEN_BIND,    BIND_RECURSIVE,              "recursive",             "with all mounts beneath"},
    {OP_OPEN_BIND,    BIND_MUST_BE_PROC,           "must-be-proc",          "if it is a procfs"},
    {OP_OPEN_BIND,    BIND_MUST_BE_SYS,            "must-be-sys",           "if it is a sysfs"},
    {OP_OPEN_BIND,    BIND_MUST_BE_KERNEL,         "must-be-kernel",        "if it is a file system of the kernel"},
    {OP_OPEN_BIND,    BIND_MUST_BE_CGROUP2,        "must-be-cgroup2",       "if it is the cgroup v2 tree"},
    {OP_OPEN_BIND,    BIND_ATTR_RECURSIVE,         "attributes-recursive",  "attributes of the whole tree"},
    {OP_OPEN_BIND,    BIND_PROPAGATION_RECURSIVE,  "propagation-recursive", NULL},
    {OP_OPEN_BIND,    BIND_LEAVE_PEERS,            "leave-peers",           "a slave of the host first"},
    {OP_MOUNT,        MOUNT_MAKE_TARGET,           "make-target",           NULL},
    {OP_MOUNT,        MOUNT_COPY_UP,               "copy-up",               "beginning with what the image has there"},
    {OP_MOUNT,        MOUNT_NO_LINKS,              "no-links",              "through no symbolic link"},
    {OP_MOUNT,        MOUNT_KEEP_MODE,             "keep-mode",             "with the mode of what it covers"},
    {OP_MOUNT,        MOUNT_PROPAGATION_RECURSIVE, "propagation-recursive", NULL},
    {OP_BIND,         MOUNT_MAKE_TARGET,           "make-target",           NULL},
    {OP_BIND,         MOUNT_NO_LINKS,              "no-links",              "through no symbolic link"},
    {OP_REMOUNT,      MOUNT_ATTR_RECURSIVE,        "recursive",             "with all mounts beneath"},
    {OP_REMOUNT,      MOUNT_SUPERBLOCK,            "superblock",            "the file system itself, too"},
    {OP_DEVICE,       DEVICE_BIND,                 "bind",                  NULL},
    {OP_DEVICE,       DEVICE_DEFAULT,              "default",               "a default device"},
    {OP_DEVICE,       DEVICE_HAS_MODE,             "has-mode",              NULL},
    {OP_LINK,         LINK_IF_TARGET_EXISTS,       "if-target-exists",      "if that exists"},
    {OP_LINK,         LINK_REPLACE,                "replace",               "in place of what is there"},
    {OP_CWD,          CWD_TRY,                     "try",                   "as root; where even root may not, the next try decides"},
    {OP_IDENTITY,     IDENTITY_SKIP_GROUPS,        "skip-groups",           "keeping the groups: setgroups is denied"},
    {OP_IDENTITY,     IDENTITY_KEEP_CAPS,          "keep-capabilities",     "keeping capabilities for the next step"},
    {OP_CAPABILITIES, CAPS_KEEP_SYS_ADMIN,         "keep-sys-admin",        "CAP_SYS_ADMIN stays until execve, to load the filter"},
    {OP_PROGRAM,      PROGRAM_ADD_HOME,            "add-home",              "taking HOME from the image's passwd"},
    {OP_PROGRAM,      PROGRAM_SEARCHED,            "searched",              NULL},
    {OP_READY,        READY_LISTEN,                "listen",                "on the socket in the state directory"},
    {OP_EXEC,         EXEC_HAS_UMASK,              "has-umask",             NULL},
};
/* clang-format on */

static const char *const sentences[] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = sentence,
#include "plan/ops.def"
};

static const struct {
    const char *name;
    const char *heading;
    const char *reason;
} phases[] = {
    [PHASE_HOST] = {"host", "On the host",
                    "Only this side sees paths of the host and has its privileges. What the\n"
                    "container gets from the host is opened here, once, and handed in as a\n"
                    "descriptor."},
    [PHASE_NAMESPACES] = {"namespaces", "In the new namespaces",
                          "From here on a process of the container acts: what it changes is the\n"
                          "namespace's, not the host's."},
    [PHASE_MOUNTS] = {"mounts", "Mounts",
                      "The tree of the container is put together while the host's is still there\n"
                      "to take from. The order is that of the configuration: a mount can be on an\n"
                      "earlier one."},
    [PHASE_PIVOT] = {"pivot", "Root switch",
                     "Afterwards no path and no descriptor leads to the host's tree."},
    [PHASE_SEAL] = {"seal", "Seal",
                    "Covered and made read-only only now: before the switch, a link in the image\n"
                    "could have said what is covered."},
    [PHASE_IDENTITY] = {"identity", "Identity",
                        "Privileges are given up, each step while it still has those it needs.\n"
                        "What is gone here stays gone."},
    [PHASE_START] = {"start", "Start",
                     "The filter is the last thing before the program, so that it has to allow\n"
                     "nothing that only the way there needs."},
};

/* --- names of bits --------------------------------------------------------------------------- */

struct bit_name {
    uint64_t bit;
    const char *name;
    const char *opposite;
};

static const struct bit_name attribute_names[] = {
    {MOUNT_ATTR_RDONLY, "read-only", "writable"},
    {MOUNT_ATTR_NOSUID, "nosuid", "suid"},
    {MOUNT_ATTR_NODEV, "nodev", "dev"},
    {MOUNT_ATTR_NOEXEC, "noexec", "exec"},
    {MOUNT_ATTR_NOATIME, "noatime", NULL},
    {MOUNT_ATTR_STRICTATIME, "strictatime", NULL},
    {MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow"},
};

static const struct bit_name propagation_names[] = {
    {MS_SHARED, "shared", NULL},
    {MS_SLAVE, "slave", NULL},
    {MS_PRIVATE, "private", NULL},
    {MS_UNBINDABLE, "unbindable", NULL},
};

static const char *const rlimit_names[RLIM_NLIMITS] = {
    [RLIMIT_AS] = "AS",
    [RLIMIT_CORE] = "CORE",
    [RLIMIT_CPU] = "CPU",
    [RLIMIT_DATA] = "DATA",
    [RLIMIT_FSIZE] = "FSIZE",
    [RLIMIT_LOCKS] = "LOCKS",
    [RLIMIT_MEMLOCK] = "MEMLOCK",
    [RLIMIT_MSGQUEUE] = "MSGQUEUE",
    [RLIMIT_NICE] = "NICE",
    [RLIMIT_NOFILE] = "NOFILE",
    [RLIMIT_NPROC] = "NPROC",
    [RLIMIT_RSS] = "RSS",
    [RLIMIT_RTPRIO] = "RTPRIO",
    [RLIMIT_RTTIME] = "RTTIME",
    [RLIMIT_SIGPENDING] = "SIGPENDING",
    [RLIMIT_STACK] = "STACK",
};

/* --- a list, for both forms ------------------------------------------------------------------ */

/* Words, as an array or in a row. */
struct list {
    struct strbuf *to;
    struct json_writer *json; /* NULL: text */
    size_t count;
};

static void add_word(struct list *list, const char *word)
{
    bool is_plain = word[0] != '\0' && strpbrk(word, " \t\n\"") == NULL;

    if (list->json != NULL) {
        json_write_string(list->json, word);
        return;
    }
    if (list->count++ != 0)
        strbuf_putc(list->to, ' ');
    if (is_plain)
        strbuf_puts(list->to, word);
    else
        json_put_string(list->to, word); /* "a b" is one word, and "" is one, too */
}

static void add_number(struct list *list, uint32_t number)
{
    char text[16];

    if (list->json != NULL) {
        json_write_u64(list->json, number);
        return;
    }
    snprintf(text, sizeof(text), "%u", number);
    add_word(list, text);
}

static void add_bits(struct list *list, uint64_t bits, const struct bit_name *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((bits & names[i].bit) != 0)
            add_word(list, names[i].name);
}

/* Only a cleared time field that is not set anew is relatime, which has no bit. */
static void add_attribute_pair(struct list *list, uint64_t set, uint64_t clear)
{
    add_bits(list, set, attribute_names, ARRAY_LEN(attribute_names));
    if ((clear & MOUNT_ATTR__ATIME) != 0 && (set & MOUNT_ATTR__ATIME) == 0)
        add_word(list, "relatime");
    for (size_t i = 0; i < ARRAY_LEN(attribute_names); i++)
        if ((clear & ~set & attribute_names[i].bit) != 0 && attribute_names[i].opposite != NULL)
            add_word(list, attribute_names[i].opposite);
}

static void add_capabilities(struct list *list, uint64_t mask)
{
    for (unsigned int i = 0; i < 64; i++) {
        const char *name = capability_name(i);

        if (((mask >> i) & 1) == 0)
            continue;
        if (name != NULL)
            add_word(list, name);
        else
            add_number(list, i);
    }
}

static void add_vector(struct list *list, const struct plan_block *block, struct plan_vector vector,
                       bool names_only)
{
    for (size_t i = 0; i < vector.count; i++) {
        const char *word = plan_vector_text(block, vector, i);

        if (names_only)
            word = arena_strndup(list->to->arena, word, strcspn(word, "="));
        add_word(list, word);
    }
}

static void add_groups(struct list *list, const struct plan_block *block, struct plan_blob blob)
{
    for (size_t i = 0; i < blob.size / sizeof(uint32_t); i++) {
        uint32_t group;

        memcpy(&group, block->blobs.text + blob.offset + i * sizeof(group), sizeof(group));
        add_number(list, group);
    }
}

/* --- members --------------------------------------------------------------------------------- */

static uint32_t u32_at(const void *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint64_t u64_at(const void *at)
{
    uint64_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static uint16_t u16_at(const void *at)
{
    uint16_t value;

    memcpy(&value, at, sizeof(value));
    return value;
}

static bool is_list(enum member_kind kind)
{
    return kind == MEMBER_VECTOR || kind == MEMBER_VARIABLES || kind == MEMBER_CAPABILITIES ||
           kind == MEMBER_GROUPS || kind == MEMBER_ATTRIBUTES32 || kind == MEMBER_ATTRIBUTES64 ||
           kind == MEMBER_ATTRIBUTE_PAIR;
}

static void add_list(struct list *list, const struct plan_block *block, const char *at,
                     enum member_kind kind)
{
    struct plan_vector vector;
    struct plan_blob blob;

    switch ((int)kind) {
    case MEMBER_VECTOR:
    case MEMBER_VARIABLES:
        memcpy(&vector, at, sizeof(vector));
        add_vector(list, block, vector, kind == MEMBER_VARIABLES);
        break;
    case MEMBER_CAPABILITIES:
        add_capabilities(list, u64_at(at));
        break;
    case MEMBER_GROUPS:
        memcpy(&blob, at, sizeof(blob));
        add_groups(list, block, blob);
        break;
    case MEMBER_ATTRIBUTES32:
        add_bits(list, u32_at(at), attribute_names, ARRAY_LEN(attribute_names));
        break;
    case MEMBER_ATTRIBUTES64:
        add_bits(list, u64_at(at), attribute_names, ARRAY_LEN(attribute_names));
        break;
    default: /* MEMBER_ATTRIBUTE_PAIR */
        add_attribute_pair(list, u64_at(at), u64_at(at + sizeof(uint64_t)));
        break;
    }
}

static const char *device_type(uint32_t mode)
{
    if (S_ISBLK(mode))
        return "block";
    return S_ISFIFO(mode) ? "pipe" : "character";
}

static const char *propagation_name(uint64_t type)
{
    for (size_t i = 0; i < ARRAY_LEN(propagation_names); i++)
        if (propagation_names[i].bit == type)
            return propagation_names[i].name;
    return "";
}

static const char *rlimit_name(uint32_t resource)
{
    if (resource < ARRAY_LEN(rlimit_names) && rlimit_names[resource] != NULL)
        return rlimit_names[resource];
    return "unknown";
}

/* The words of a member that reads the same in both forms; NULL if it is a number or a list. */
static const char *word_of(const struct plan_block *block, const char *at, enum member_kind kind)
{
    switch ((int)kind) {
    case MEMBER_STRING:
    case MEMBER_ID_MAP:
        return plan_text(block, u32_at(at));
    case MEMBER_DEVICE_TYPE:
        return device_type(u32_at(at));
    case MEMBER_PROPAGATION32:
        return propagation_name(u32_at(at));
    case MEMBER_PROPAGATION64:
        return propagation_name(u64_at(at));
    case MEMBER_HOOK_POINT:
        return plan_hook_point_name((enum plan_hook_point)u32_at(at));
    case MEMBER_RLIMIT:
        return rlimit_name(u32_at(at));
    case MEMBER_ID_KIND:
        return u32_at(at) == ID_MAP_UID ? "uids" : "gids";
    default:
        return NULL;
    }
}

static int64_t number_of(const char *at, enum member_kind kind)
{
    switch ((int)kind) {
    case MEMBER_SLOT:
        return u16_at(at);
    case MEMBER_I32:
        return (int32_t)u32_at(at);
    case MEMBER_I64:
        return (int64_t)u64_at(at);
    case MEMBER_OCTAL:
        return u32_at(at) & 07777;
    case MEMBER_BLOB_SIZE:
        return u32_at(at + sizeof(uint32_t)); /* of struct plan_blob */
    default:
        return u32_at(at);
    }
}

/* Lines on one line. */
static void put_lines(struct strbuf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text != '\n')
            strbuf_putc(to, *text);
        else if (text[1] != '\0')
            strbuf_puts(to, ", ");
    }
}

static void put_member(const struct plan_block *block, const struct plan_op *op,
                       const struct member *member, struct strbuf *to)
{
    const char *at = (const char *)op + member->offset;
    const char *word = word_of(block, at, member->kind);
    struct list list = {.to = to};

    if (word != NULL)
        put_lines(to, word);
    else if (is_list(member->kind))
        add_list(&list, block, at, member->kind);
    else if (member->kind == MEMBER_LIMIT && u64_at(at) == UINT64_MAX)
        strbuf_puts(to, "unlimited");
    else if (member->kind == MEMBER_LIMIT)
        strbuf_printf(to, "%llu", (unsigned long long)u64_at(at));
    else
        strbuf_printf(to, member->kind == MEMBER_OCTAL ? "%03llo" : "%lld",
                      (long long)number_of(at, member->kind));
}

static void write_member(const struct plan_block *block, const struct plan_op *op,
                         const struct member *member, struct json_writer *writer)
{
    const char *at = (const char *)op + member->offset;
    const char *word = word_of(block, at, member->kind);
    struct list list = {.to = writer->to, .json = writer};

    json_write_key(writer, member->name);
    if (is_list(member->kind)) {
        json_write_array(writer);
        add_list(&list, block, at, member->kind);
        json_write_array_end(writer);
    } else if (word != NULL) {
        json_write_string(writer, word);
    } else if (member->kind == MEMBER_LIMIT) {
        json_write_u64(writer, u64_at(at));
    } else if (member->kind == MEMBER_SLOT && u16_at(at) == PLAN_NO_SLOT) {
        json_write_null(writer);
    } else {
        json_write_i64(writer, number_of(at, member->kind));
    }
}

/* --- sentences ------------------------------------------------------------------------------- */

static const struct member *find_member(uint16_t code, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].code == code && strlen(members[i].name) == length &&
            strncmp(members[i].name, name, length) == 0)
            return &members[i];
    return NULL;
}

static void put_or_none(const struct plan_block *block, const struct plan_op *op,
                        const struct member *member, struct strbuf *to)
{
    size_t before = to->length;

    put_member(block, op, member, to);
    if (to->length == before && is_list(member->kind) && member->kind != MEMBER_ATTRIBUTES64)
        strbuf_puts(to, "none");
}

void plan_describe(const struct plan_block *block, const struct plan_op *op, struct strbuf *to)
{
    const char *next = op->code < N_OPS ? sentences[op->code] : "an unknown operation";

    while (*next != '\0') {
        size_t plain = strcspn(next, "{");
        const struct member *member;
        size_t length;

        strbuf_append(to, next, plain);
        next += plain;
        if (*next == '\0')
            break;
        length = strcspn(next, "}") + 1;
        member = find_member(op->code, next + 1, length - 2);
        if (member != NULL)
            put_or_none(block, op, member, to);
        else
            strbuf_append(to, next, length); /* a row is missing: a test looks for this */
        next += length;
    }
}

/* --- text ------------------------------------------------------------------------------------ */

struct text {
    struct strbuf *to;
    size_t *opened_by; /* number of the step that fills a slot */
    size_t n_slots;
    size_t number;
};

static void put_detail(struct strbuf *line, bool *is_first, const char *label, const char *words)
{
    strbuf_printf(line, "%s%s%s", *is_first ? ": " : ", ", label, words);
    *is_first = false;
}

/* The slot that an operation inside takes from the host side, or PLAN_NO_SLOT. */
static uint16_t taken_slot(const struct plan_op *op)
{
    switch ((int)op->code) {
    case OP_ROOT:
        return op->root.slot;
    case OP_BIND:
        return op->bind.slot;
    case OP_DEVICE:
        return (op->flags & DEVICE_BIND) != 0 ? op->device.slot : PLAN_NO_SLOT;
    default:
        return PLAN_NO_SLOT;
    }
}

static uint16_t filled_slot(const struct plan_op *op)
{
    switch ((int)op->code) {
    case OP_OPEN_ROOT:
        return op->open_root.slot;
    case OP_OPEN_BIND:
        return op->open_bind.slot;
    case OP_OPEN_NULL:
        return op->open_null.slot;
    case OP_OPEN_DEVICE:
        return op->open_device.slot;
    default:
        return PLAN_NO_SLOT;
    }
}

/* Zero ids, an empty list, no timeout: nothing to tell. */
static bool is_worth_telling(const struct plan_op *op, const struct member *member,
                             const char *words)
{
    bool is_pipe = op->code == OP_DEVICE && S_ISFIFO(op->device.mode);

    if (member->label == NULL || words[0] == '\0')
        return false;
    if (op->code == OP_DEVICE && (op->flags & DEVICE_DEFAULT) != 0)
        return false; /* mode 666, root's */
    if (op->code == OP_DEVICE && (op->flags & DEVICE_BIND) != 0)
        return false; /* the host's node, as it is */
    if (strcmp(member->name, "umask") == 0)
        return (op->flags & EXEC_HAS_UMASK) != 0;
    if (strcmp(member->name, "candidates") == 0)
        return (op->flags & PROGRAM_SEARCHED) != 0;
    if (member->kind == MEMBER_I64 || strcmp(member->name, "n_preserved") == 0)
        return strcmp(words, "0") != 0;
    return !(is_pipe && (strcmp(member->name, "major") == 0 || strcmp(member->name, "minor") == 0));
}

/* "rslave": as the word of a mount option. */
static bool spreads_recursively(const struct plan_op *op)
{
    return (op->code == OP_OPEN_BIND && (op->flags & BIND_PROPAGATION_RECURSIVE) != 0) ||
           (op->code == OP_MOUNT && (op->flags & MOUNT_PROPAGATION_RECURSIVE) != 0) ||
           (op->code == OP_REMOUNT && (op->flags & MOUNT_ATTR_RECURSIVE) != 0);
}

static void put_details(const struct text *text, const struct plan_block *block,
                        const struct plan_op *op, struct strbuf *line)
{
    uint16_t slot = taken_slot(op);
    bool is_first = true;

    if (slot < text->n_slots && text->opened_by[slot] != 0)
        strbuf_printf(line, ": what step %zu opened", text->opened_by[slot]);
    is_first = slot >= text->n_slots;
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flags[i].code == op->code && (op->flags & flags[i].flag) != 0 && flags[i].words != NULL)
            put_detail(line, &is_first, "", flags[i].words);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct strbuf words = STRBUF_INIT(line->arena);
        bool is_propagation = members[i].kind == MEMBER_PROPAGATION32;

        if (members[i].code != op->code)
            continue;
        put_member(block, op, &members[i], &words);
        if (is_worth_telling(op, &members[i], strbuf_text(&words)))
            put_detail(line, &is_first,
                       is_propagation && spreads_recursively(op) ? "r" : members[i].label,
                       strbuf_text(&words));
    }
}

/* What a configuration says is never printed raw. */
static void put_escaped(struct strbuf *to, const char *words)
{
    size_t size = strlen(words) * 4 + 1; /* \xNN */
    char *escaped = arena_array(to->arena, size, 1, 1);

    str_escape(words, escaped, size);
    strbuf_puts(to, escaped);
}

static void put_heading(struct text *text, enum plan_phase phase)
{
    const char *reason = phases[phase].reason;

    strbuf_printf(text->to, "%s%s\n", text->number != 1 ? "\n" : "", phases[phase].heading);
    while (*reason != '\0') {
        size_t length = strcspn(reason, "\n");

        strbuf_puts(text->to, "    ");
        strbuf_append(text->to, reason, length);
        strbuf_putc(text->to, '\n');
        reason += length + (reason[length] == '\n');
    }
    strbuf_putc(text->to, '\n');
}

static void print_block(struct text *text, const struct plan_block *block)
{
    for (size_t i = 0; i < block->ops.count; i++) {
        const struct plan_op *op = &block->ops.items[i];
        enum plan_phase phase = plan_phase_of((enum plan_op_code)op->code);
        uint16_t slot = filled_slot(op);
        struct strbuf line = STRBUF_INIT(text->to->arena);

        if (i == 0 || phase != plan_phase_of((enum plan_op_code)block->ops.items[i - 1].code))
            put_heading(text, phase);
        if (slot < text->n_slots)
            text->opened_by[slot] = text->number;
        plan_describe(block, op, &line);
        put_details(text, block, op, &line);
        strbuf_printf(text->to, "%4zu  ", text->number++);
        put_escaped(text->to, strbuf_text(&line));
        if (op->origin != 0) {
            strbuf_puts(text->to, "  [");
            put_escaped(text->to, plan_text(block, op->origin));
            strbuf_putc(text->to, ']');
        }
        strbuf_putc(text->to, '\n');
    }
}

void plan_print_text(const struct plan *plan, struct strbuf *to)
{
    struct text text = {
        .to = to,
        .opened_by = ARENA_NEW(to->arena, size_t, (size_t)plan->n_slots + 1),
        .n_slots = plan->n_slots,
        .number = 1,
    };

    print_block(&text, &plan->host);
    print_block(&text, &plan->init);
}

/* --- JSON ------------------------------------------------------------------------------------ */

static void write_flags(const struct plan_op *op, struct json_writer *writer)
{
    if (op->flags == 0)
        return;
    json_write_key(writer, "flags");
    json_write_array(writer);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        if (flags[i].code == op->code && (op->flags & flags[i].flag) != 0)
            json_write_string(writer, flags[i].name);
    json_write_array_end(writer);
}

static void write_op(const struct plan_block *block, const struct plan_op *op, size_t number,
                     struct json_writer *writer)
{
    struct strbuf sentence = STRBUF_INIT(writer->to->arena);

    plan_describe(block, op, &sentence);
    json_write_object(writer);
    json_write_key(writer, "number");
    json_write_u64(writer, number);
    json_write_member(writer, "op", plan_code_name((enum plan_op_code)op->code));
    json_write_member(writer, "phase", phases[plan_phase_of((enum plan_op_code)op->code)].name);
    if (op->origin != 0)
        json_write_member(writer, "origin", plan_text(block, op->origin));
    json_write_member(writer, "does", strbuf_text(&sentence));
    write_flags(op, writer);
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].code == op->code)
            write_member(block, op, &members[i], writer);
    json_write_object_end(writer);
}

void plan_print_json(const struct plan *plan, struct strbuf *to)
{
    struct json_writer writer = JSON_WRITER_INIT(to, JSON_TWO_SPACES);
    size_t number = 1;

    json_write_object(&writer);
    json_write_key(&writer, "planVersion");
    json_write_u64(&writer, PLAN_VERSION);
    json_write_key(&writer, "operations");
    json_write_array(&writer);
    for (size_t i = 0; i < plan->host.ops.count; i++)
        write_op(&plan->host, &plan->host.ops.items[i], number++, &writer);
    for (size_t i = 0; i < plan->init.ops.count; i++)
        write_op(&plan->init, &plan->init.ops.items[i], number++, &writer);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    strbuf_putc(to, '\n');
}
