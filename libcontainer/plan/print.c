/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan for people and for programs. The sentences are those of ops.def; what stands for {member} in
 * them is looked up in one table, so a member reads the same in the plan and in an error message.
 */

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json_write.h"
#include "kernel/abi.h"
#include "kernel/capabilities.h"
#include "plan/plan.h"

enum member_kind {
    MEMBER_STRING,
    MEMBER_VECTOR,
    MEMBER_U32,
    MEMBER_I32,
    MEMBER_I64,
    MEMBER_LIMIT, /* uint64_t, all bits set is "unlimited" */
    MEMBER_CAPABILITIES,
    MEMBER_GROUPS,
    MEMBER_PROPAGATION32,
    MEMBER_PROPAGATION64,
    MEMBER_ATTRIBUTES32,
    MEMBER_ATTRIBUTES64,
    MEMBER_HOOK_POINT,
    MEMBER_RLIMIT,
    MEMBER_ID_KIND,
    MEMBER_ID_MAP,
};

#define MEMBER(code, payload, member, kind)                                                        \
    {                                                                                              \
        OP_##code, #member, MEMBER_##kind, offsetof(struct plan_op, payload.member)                \
    }

static const struct member {
    enum plan_op_code code;
    const char *name;
    enum member_kind kind;
    size_t offset;
} members[] = {
    MEMBER(CGROUP, cgroup, path, STRING),
    MEMBER(CGROUP_WRITE, cgroup_write, file, STRING),
    MEMBER(CGROUP_WRITE, cgroup_write, value, STRING),
    MEMBER(CGROUP_DEVICES, cgroup_devices, summary, STRING),
    MEMBER(NAMESPACE_NEW, namespace_new, name, STRING),
    MEMBER(NAMESPACE_JOIN, namespace_join, name, STRING),
    MEMBER(NAMESPACE_JOIN, namespace_join, path, STRING),
    MEMBER(ID_MAP, id_map, which, ID_KIND),
    MEMBER(ID_MAP, id_map, text, ID_MAP),
    MEMBER(OOM_SCORE, oom_score, value, I32),
    MEMBER(STDIO_OWNER, stdio_owner, value, U32),
    MEMBER(OPEN_ROOT, open_root, path, STRING),
    MEMBER(OPEN_ROOT, open_root, propagation, PROPAGATION64),
    MEMBER(OPEN_BIND, open_bind, path, STRING),
    MEMBER(OPEN_BIND, open_bind, attr_set, ATTRIBUTES64),
    MEMBER(OPEN_BIND, open_bind, recursive_attr_set, ATTRIBUTES64),
    MEMBER(OPEN_BIND, open_bind, propagation, PROPAGATION32),
    MEMBER(OPEN_DEVICE, open_device, path, STRING),
    MEMBER(OPEN_DEVICE, open_device, major, U32),
    MEMBER(OPEN_DEVICE, open_device, minor, U32),
    MEMBER(HOOK, hook, point, HOOK_POINT),
    MEMBER(HOOK, hook, path, STRING),
    MEMBER(HOOK, hook, args, VECTOR),
    MEMBER(HOOK, hook, env, VECTOR),
    MEMBER(HOOK, hook, timeout_s, I64),
    MEMBER(UNSHARE, unshare, name, STRING),
    MEMBER(TIME_OFFSETS, time_offsets, monotonic_s, I64),
    MEMBER(TIME_OFFSETS, time_offsets, monotonic_ns, U32),
    MEMBER(TIME_OFFSETS, time_offsets, boottime_s, I64),
    MEMBER(TIME_OFFSETS, time_offsets, boottime_ns, U32),
    MEMBER(HOSTNAME, hostname, text, STRING),
    MEMBER(DOMAINNAME, domainname, text, STRING),
    MEMBER(NETLINK, netlink, summary, STRING),
    MEMBER(PROPAGATION, propagation, propagation, PROPAGATION64),
    MEMBER(MOUNT, mount, filesystem, STRING),
    MEMBER(MOUNT, mount, target, STRING),
    MEMBER(MOUNT, mount, source, STRING),
    MEMBER(MOUNT, mount, parameters, VECTOR),
    MEMBER(MOUNT, mount, attributes, ATTRIBUTES32),
    MEMBER(MOUNT, mount, propagation, PROPAGATION32),
    MEMBER(BIND, bind, target, STRING),
    MEMBER(REMOUNT, remount, target, STRING),
    MEMBER(REMOUNT, remount, attr_set, ATTRIBUTES64),
    MEMBER(REMOUNT, remount, attr_clear, ATTRIBUTES64),
    MEMBER(REMOUNT, remount, parameters, VECTOR),
    MEMBER(DEVICE, device, path, STRING),
    MEMBER(DEVICE, device, major, U32),
    MEMBER(DEVICE, device, minor, U32),
    MEMBER(DEVICE, device, uid, U32),
    MEMBER(DEVICE, device, gid, U32),
    MEMBER(LINK, link, path, STRING),
    MEMBER(LINK, link, target, STRING),
    MEMBER(DIRECTORY, directory, path, STRING),
    MEMBER(AT_HOOK, at_hook, point, HOOK_POINT),
    MEMBER(SYSCTL, sysctl, name, STRING),
    MEMBER(SYSCTL, sysctl, value, STRING),
    MEMBER(READONLY_PATH, readonly_path, path, STRING),
    MEMBER(MASK_PATH, mask_path, path, STRING),
    MEMBER(ROOT_ATTRIBUTES, root_attributes, attr_set, ATTRIBUTES64),
    MEMBER(ROOT_ATTRIBUTES, root_attributes, propagation, PROPAGATION32),
    MEMBER(RLIMIT, rlimit, resource, RLIMIT),
    MEMBER(RLIMIT, rlimit, soft, LIMIT),
    MEMBER(RLIMIT, rlimit, hard, LIMIT),
    MEMBER(PERSONALITY, personality, value, U32),
    MEMBER(CWD, cwd, path, STRING),
    MEMBER(BOUNDING, bounding, mask, CAPABILITIES),
    MEMBER(IDENTITY, identity, uid, U32),
    MEMBER(IDENTITY, identity, gid, U32),
    MEMBER(IDENTITY, identity, groups, GROUPS),
    MEMBER(CAPABILITIES, capabilities, effective, CAPABILITIES),
    MEMBER(CAPABILITIES, capabilities, permitted, CAPABILITIES),
    MEMBER(CAPABILITIES, capabilities, inheritable, CAPABILITIES),
    MEMBER(CAPABILITIES, capabilities, ambient, CAPABILITIES),
    MEMBER(PROGRAM, program, name, STRING),
    MEMBER(PROGRAM, program, candidates, VECTOR),
    MEMBER(INNER_HOOK, inner_hook, path, STRING),
    MEMBER(INNER_HOOK, inner_hook, args, VECTOR),
    MEMBER(INNER_HOOK, inner_hook, timeout_s, I64),
    MEMBER(EXEC, exec, args, VECTOR),
    MEMBER(EXEC, exec, env, VECTOR),
};

static const char *const sentences[] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = sentence,
#include "plan/ops.def"
};

struct bit_name {
    uint64_t bit;
    const char *name;
};

static const struct bit_name attribute_names[] = {
    {MOUNT_ATTR_RDONLY,      "read-only"  },
    {MOUNT_ATTR_NOSUID,      "nosuid"     },
    {MOUNT_ATTR_NODEV,       "nodev"      },
    {MOUNT_ATTR_NOEXEC,      "noexec"     },
    {MOUNT_ATTR_NOATIME,     "noatime"    },
    {MOUNT_ATTR_STRICTATIME, "strictatime"},
    {MOUNT_ATTR_NODIRATIME,  "nodiratime" },
    {MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
};

static const struct bit_name propagation_names[] = {
    {MS_SHARED,     "shared"    },
    {MS_SLAVE,      "slave"     },
    {MS_PRIVATE,    "private"   },
    {MS_UNBINDABLE, "unbindable"},
};

static const char *const rlimit_names[RLIM_NLIMITS] = {
    [RLIMIT_AS] = "AS",           [RLIMIT_CORE] = "CORE",       [RLIMIT_CPU] = "CPU",
    [RLIMIT_DATA] = "DATA",       [RLIMIT_FSIZE] = "FSIZE",     [RLIMIT_LOCKS] = "LOCKS",
    [RLIMIT_MEMLOCK] = "MEMLOCK", [RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",
    [RLIMIT_NOFILE] = "NOFILE",   [RLIMIT_NPROC] = "NPROC",     [RLIMIT_RSS] = "RSS",
    [RLIMIT_RTPRIO] = "RTPRIO",   [RLIMIT_RTTIME] = "RTTIME",   [RLIMIT_SIGPENDING] = "SIGPENDING",
    [RLIMIT_STACK] = "STACK",
};

static void put_bits(struct strbuf *to, uint64_t bits, const struct bit_name *names, size_t n)
{
    bool is_first = true;

    for (size_t i = 0; i < n; i++) {
        if ((bits & names[i].bit) == 0)
            continue;
        strbuf_printf(to, "%s%s", is_first ? "" : " ", names[i].name);
        is_first = false;
    }
}

static void put_capabilities(struct strbuf *to, uint64_t mask)
{
    bool is_first = true;

    if (mask == 0) {
        strbuf_puts(to, "none");
        return;
    }
    for (unsigned int i = 0; i < 64; i++) {
        const char *name = capability_name(i);

        if (((mask >> i) & 1) == 0)
            continue;
        if (name != NULL)
            strbuf_printf(to, "%s%s", is_first ? "" : " ", name);
        else
            strbuf_printf(to, "%s%u", is_first ? "" : " ", i);
        is_first = false;
    }
}

static void put_vector(const struct plan_block *block, struct plan_vector vector, struct strbuf *to)
{
    for (size_t i = 0; i < vector.count; i++)
        strbuf_printf(to, "%s%s", i != 0 ? " " : "", plan_vector_text(block, vector, i));
}

static void put_groups(const struct plan_block *block, struct plan_blob blob, struct strbuf *to)
{
    if (blob.size == 0)
        strbuf_puts(to, "none");
    for (uint32_t i = 0; i < blob.size / sizeof(uint32_t); i++) {
        uint32_t group;

        memcpy(&group, block->blobs.text + blob.offset + i * sizeof(group), sizeof(group));
        strbuf_printf(to, "%s%u", i != 0 ? " " : "", group);
    }
}

/* Lines of "inside outside size" on one line. */
static void put_id_map(const char *text, struct strbuf *to)
{
    for (; *text != '\0'; text++) {
        if (*text != '\n')
            strbuf_putc(to, *text);
        else if (text[1] != '\0')
            strbuf_puts(to, ", ");
    }
}

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

static void put_member(const struct plan_block *block, const struct plan_op *op,
                       const struct member *member, struct strbuf *to)
{
    const char *at = (const char *)op + member->offset;
    struct plan_vector vector;
    struct plan_blob blob;

    switch (member->kind) {
    case MEMBER_STRING:
        strbuf_puts(to, plan_text(block, u32_at(at)));
        break;
    case MEMBER_VECTOR:
        memcpy(&vector, at, sizeof(vector));
        put_vector(block, vector, to);
        break;
    case MEMBER_U32:
        strbuf_printf(to, "%u", u32_at(at));
        break;
    case MEMBER_I32:
        strbuf_printf(to, "%d", (int32_t)u32_at(at));
        break;
    case MEMBER_I64:
        strbuf_printf(to, "%lld", (long long)u64_at(at));
        break;
    case MEMBER_LIMIT:
        if (u64_at(at) == UINT64_MAX)
            strbuf_puts(to, "unlimited");
        else
            strbuf_printf(to, "%llu", (unsigned long long)u64_at(at));
        break;
    case MEMBER_CAPABILITIES:
        put_capabilities(to, u64_at(at));
        break;
    case MEMBER_GROUPS:
        memcpy(&blob, at, sizeof(blob));
        put_groups(block, blob, to);
        break;
    case MEMBER_PROPAGATION32:
        put_bits(to, u32_at(at), propagation_names, ARRAY_LEN(propagation_names));
        break;
    case MEMBER_PROPAGATION64:
        put_bits(to, u64_at(at), propagation_names, ARRAY_LEN(propagation_names));
        break;
    case MEMBER_ATTRIBUTES32:
        put_bits(to, u32_at(at), attribute_names, ARRAY_LEN(attribute_names));
        break;
    case MEMBER_ATTRIBUTES64:
        put_bits(to, u64_at(at), attribute_names, ARRAY_LEN(attribute_names));
        break;
    case MEMBER_HOOK_POINT:
        strbuf_puts(to, plan_hook_point_name((enum plan_hook_point)u32_at(at)));
        break;
    case MEMBER_RLIMIT:
        if (u32_at(at) < ARRAY_LEN(rlimit_names) && rlimit_names[u32_at(at)] != NULL)
            strbuf_puts(to, rlimit_names[u32_at(at)]);
        else
            strbuf_printf(to, "%u", u32_at(at));
        break;
    case MEMBER_ID_KIND:
        strbuf_puts(to, u32_at(at) == ID_MAP_UID ? "uids" : "gids");
        break;
    case MEMBER_ID_MAP:
        put_id_map(plan_text(block, u32_at(at)), to);
        break;
    }
}

static const struct member *find_member(uint16_t code, const char *name, size_t length)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].code == code && strlen(members[i].name) == length &&
            strncmp(members[i].name, name, length) == 0)
            return &members[i];
    return NULL;
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
        length = strcspn(++next, "}");
        member = find_member(op->code, next, length);
        if (member != NULL)
            put_member(block, op, member, to);
        next += length + (next[length] == '}');
    }
}

/* ---- text ------------------------------------------------------------------------------------------------ */

static const char *const phase_headings[] = {
    [PHASE_HOST] = "On the host, before anything of the container runs",
    [PHASE_NAMESPACES] = "Inside the new namespaces: what belongs to the namespaces themselves",
    [PHASE_MOUNTS] = "Mounts, while the host's tree is still in sight",
    [PHASE_PIVOT] = "The root switch: from here on the host's files are out of reach",
    [PHASE_SEAL] = "What is hidden or made read-only",
    [PHASE_IDENTITY] = "Who the workload is and what it may do",
    [PHASE_START] = "Start",
};

/* What the sentence leaves out and a reader would miss. */
static void put_details(const struct plan_block *block, const struct plan_op *op, struct strbuf *to)
{
    static const struct {
        enum plan_op_code code;
        const char *name;
        const char *label;
    } details[] = {
        {OP_MOUNT,     "attributes",         ""             },
        {OP_MOUNT,     "parameters",         ""             },
        {OP_MOUNT,     "propagation",        ""             },
        {OP_OPEN_BIND, "attr_set",           ""             },
        {OP_OPEN_BIND, "recursive_attr_set", "recursively " },
        {OP_OPEN_BIND, "propagation",        ""             },
        {OP_REMOUNT,   "attr_set",           ""             },
        {OP_REMOUNT,   "attr_clear",         "lifting "     },
        {OP_REMOUNT,   "parameters",         ""             },
        {OP_PROGRAM,   "candidates",         "among "       },
    };
    bool is_first = true;

    for (size_t i = 0; i < ARRAY_LEN(details); i++) {
        struct strbuf text = STRBUF_INIT(to->arena);

        if (details[i].code != op->code)
            continue;
        put_member(block, op, find_member(op->code, details[i].name, strlen(details[i].name)), &text);
        if (text.length == 0)
            continue;
        strbuf_printf(to, "%s%s%s", is_first ? ": " : ", ", details[i].label, strbuf_text(&text));
        is_first = false;
    }
    if (op->code == OP_BIND || op->code == OP_OPEN_BIND)
        return;
    if (op->code == OP_MOUNT && (op->flags & MOUNT_COPY_UP) != 0)
        strbuf_puts(to, ", beginning with what the image has there");
    if (op->code == OP_DEVICE && (op->flags & DEVICE_BIND) != 0)
        strbuf_puts(to, " by binding the host's");
    if (op->code == OP_SESSION && (op->flags & SESSION_NEW_KEYRING) != 0)
        strbuf_puts(to, " with a new keyring");
    if (op->code == OP_CAPABILITIES && (op->flags & CAPS_KEEP_SYS_ADMIN) != 0)
        strbuf_puts(to, "; CAP_SYS_ADMIN stays until execve, to load the filter");
}

static void print_block(const struct plan_block *block, struct strbuf *to, size_t *number)
{
    char escaped[8192];

    for (size_t i = 0; i < block->ops.count; i++) {
        const struct plan_op *op = &block->ops.items[i];
        enum plan_phase phase = plan_phase_of((enum plan_op_code)op->code);
        struct strbuf line = STRBUF_INIT(to->arena);

        if (i == 0 || phase != plan_phase_of((enum plan_op_code)block->ops.items[i - 1].code))
            strbuf_printf(to, "%s%s\n", *number != 1 ? "\n" : "", phase_headings[phase]);
        plan_describe(block, op, &line);
        put_details(block, op, &line);
        str_escape(strbuf_text(&line), escaped, sizeof(escaped));
        strbuf_printf(to, "%4zu  %s", (*number)++, escaped);
        if (op->origin != 0) {
            str_escape(plan_text(block, op->origin), escaped, sizeof(escaped));
            strbuf_printf(to, "   [%s]", escaped);
        }
        strbuf_putc(to, '\n');
    }
}

void plan_print_text(const struct plan *plan, struct strbuf *to)
{
    size_t number = 1;

    print_block(&plan->host, to, &number);
    print_block(&plan->init, to, &number);
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static const char *const phase_names[] = {
    [PHASE_HOST] = "host",         [PHASE_NAMESPACES] = "namespaces", [PHASE_MOUNTS] = "mounts",
    [PHASE_PIVOT] = "pivot",       [PHASE_SEAL] = "seal",             [PHASE_IDENTITY] = "identity",
    [PHASE_START] = "start",
};

static void write_op(const struct plan_block *block, const struct plan_op *op,
                     struct json_writer *writer)
{
    struct strbuf sentence = STRBUF_INIT(writer->to->arena);

    plan_describe(block, op, &sentence);
    json_write_object(writer);
    json_write_key(writer, "op");
    json_write_string(writer, plan_code_name((enum plan_op_code)op->code));
    json_write_key(writer, "phase");
    json_write_string(writer, phase_names[plan_phase_of((enum plan_op_code)op->code)]);
    if (op->origin != 0) {
        json_write_key(writer, "origin");
        json_write_string(writer, plan_text(block, op->origin));
    }
    json_write_key(writer, "does");
    json_write_string(writer, strbuf_text(&sentence));
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        struct strbuf text = STRBUF_INIT(writer->to->arena);

        if (members[i].code != op->code)
            continue;
        put_member(block, op, &members[i], &text);
        json_write_key(writer, members[i].name);
        json_write_string(writer, strbuf_text(&text));
    }
    json_write_object_end(writer);
}

void plan_print_json(const struct plan *plan, struct strbuf *to)
{
    struct json_writer writer = JSON_WRITER_INIT(to, JSON_TWO_SPACES);

    json_write_object(&writer);
    json_write_key(&writer, "planVersion");
    json_write_u64(&writer, PLAN_VERSION);
    json_write_key(&writer, "operations");
    json_write_array(&writer);
    for (size_t i = 0; i < plan->host.ops.count; i++)
        write_op(&plan->host, &plan->host.ops.items[i], &writer);
    for (size_t i = 0; i < plan->init.ops.count; i++)
        write_op(&plan->init, &plan->init.ops.items[i], &writer);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    strbuf_putc(to, '\n');
}
