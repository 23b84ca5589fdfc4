/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan is data from another process. Before the first operation every offset, count, string,
 * vector, blob, slot and flag is checked, and so is the order: a damaged or hostile plan is refused
 * as a whole.
 *
 * The parts follow each other and do not overlap. That matters for vectors above all: receive.c
 * turns their words into pointers in place, so no word may belong to two of them, or to something
 * that was checked already. They come in the order in which the operations name them.
 */

#include <sys/stat.h>

#include <linux/netlink.h>

#include "init/init.h"

enum {
    MAX_FILTER_BYTES = 4096 * 8, /* BPF_MAXINSNS of struct sock_filter */
    FILTER_FLAGS = 1 | 2 | 4,    /* TSYNC, LOG, SPEC_ALLOW: none that gives us a descriptor */
    NO_ID = 0xffffffffU,         /* "leave it as it is" for setresuid(2) and chown(2) */
};

struct check {
    const char *bytes;
    const struct plan_header *header;
    uint32_t n_slots;
    uint32_t next_word;                  /* the first that belongs to no vector yet */
    uint8_t is_used[PLAN_MAX_SLOTS / 8]; /* slots, one bit each */
    uint16_t mask_slot;
};

static bool fits(uint64_t offset, uint64_t size, uint64_t total)
{
    return offset <= total && size <= total - offset;
}

/* A part that begins at `*end` or behind it, and ends within the block; *end moves behind it. */
static bool follows(uint64_t *end, uint64_t offset, uint64_t size, uint64_t total)
{
    if (offset < *end || !fits(offset, size, total))
        return false;
    *end = offset + size;
    return true;
}

static bool header_is_sound(const struct plan_header *header, size_t size)
{
    uint64_t end = sizeof(*header);

    return header->magic == PLAN_MAGIC && header->version == PLAN_VERSION &&
           header->op_size == sizeof(struct plan_op) && header->total_size == size &&
           header->n_ops > 0 && header->n_ops <= PLAN_MAX_OPS &&
           header->n_slots <= PLAN_MAX_SLOTS && header->ops_offset % 8 == 0 &&
           header->vectors_offset % 8 == 0 && header->blobs_offset % 8 == 0 &&
           follows(&end, header->ops_offset, (uint64_t)header->n_ops * sizeof(struct plan_op),
                   size) &&
           follows(&end, header->strings_offset, header->strings_size, size) &&
           header->strings_size > 0 &&
           follows(&end, header->vectors_offset, (uint64_t)header->n_vector_words * 8, size) &&
           follows(&end, header->blobs_offset, header->blobs_size, size);
}

/* Strings end before their table does, since its last byte is a NUL. */
static bool strings_are_sound(const struct check *check)
{
    const char *strings = check->bytes + check->header->strings_offset;

    return strings[0] == '\0' && strings[check->header->strings_size - 1] == '\0';
}

static bool string(const struct check *check, plan_string offset)
{
    return offset < check->header->strings_size;
}

/* `spare` words are free after the terminating one. */
static bool vector(struct check *check, struct plan_vector vector, uint32_t spare)
{
    const uint64_t *words =
        (const uint64_t *)(const void *)(check->bytes + check->header->vectors_offset);
    uint64_t size = (uint64_t)vector.count + 1 + spare;

    if (vector.first < check->next_word || !fits(vector.first, size, check->header->n_vector_words))
        return false;
    check->next_word = vector.first + (uint32_t)size;
    for (uint32_t i = 0; i < vector.count; i++)
        if (words[vector.first + i] >= check->header->strings_size)
            return false;
    for (uint32_t i = 0; i <= spare; i++)
        if (words[vector.first + vector.count + i] != 0)
            return false;
    return true;
}

static bool blob(const struct check *check, struct plan_blob blob, uint32_t unit)
{
    return blob.offset % 8 == 0 && blob.size % unit == 0 &&
           fits(blob.offset, blob.size, check->header->blobs_size);
}

/* A descriptor is used up by its operation: no other one may name it. */
static bool slot(struct check *check, uint16_t slot)
{
    uint8_t bit = (uint8_t)(1U << (slot % 8));

    if (slot >= check->n_slots || (check->is_used[slot / 8] & bit) != 0)
        return false;
    check->is_used[slot / 8] = (uint8_t)(check->is_used[slot / 8] | bit);
    return true;
}

/* All masks share one null device. */
static bool mask_slot(struct check *check, uint16_t number)
{
    if (check->mask_slot == PLAN_NO_SLOT && slot(check, number))
        check->mask_slot = number;
    return check->mask_slot == number && number != PLAN_NO_SLOT;
}

/* One request, and one that is answered: do_netlink() waits. */
static bool netlink_message(const struct check *check, struct plan_blob message)
{
    const struct nlmsghdr *header;

    if (!blob(check, message, 4) || message.size < sizeof(*header))
        return false;
    header = (const void *)(check->bytes + check->header->blobs_offset + message.offset);
    return header->nlmsg_len == message.size &&
           (header->nlmsg_flags & (NLM_F_REQUEST | NLM_F_ACK)) == (NLM_F_REQUEST | NLM_F_ACK);
}

static bool device(struct check *check, const struct plan_op *op)
{
    mode_t type = op->device.mode & S_IFMT;

    return string(check, op->device.path) && op->device.uid != NO_ID && op->device.gid != NO_ID &&
           (type == S_IFCHR || type == S_IFBLK || type == S_IFIFO) &&
           ((op->flags & DEVICE_BIND) == 0 || slot(check, op->device.slot));
}

static bool inner_hook(struct check *check, const struct op_inner_hook *hook)
{
    return string(check, hook->path) && vector(check, hook->args, 0) && hook->args.count > 0 &&
           vector(check, hook->env, 0) && string(check, hook->state_head) &&
           string(check, hook->state_tail);
}

static bool payload_is_sound(struct check *check, const struct plan_op *op)
{
    switch ((enum plan_op_code)op->code) {
    case OP_BECOME_ROOT:
    case OP_SESSION:
    case OP_TIME_OFFSETS:
    case OP_PIVOT:
    case OP_ROOT_ATTRIBUTES:
    case OP_RLIMIT:
    case OP_PERSONALITY:
    case OP_BOUNDING:
    case OP_CAPABILITIES:
    case OP_NO_NEW_PRIVS:
        return true;
    case OP_UNSHARE:
        return string(check, op->unshare.name) && op->unshare.clone_flag == CLONE_NEWCGROUP;
    case OP_HOSTNAME:
        return string(check, op->hostname.text);
    case OP_DOMAINNAME:
        return string(check, op->domainname.text);
    case OP_NETLINK:
        return netlink_message(check, op->netlink.message);
    case OP_PROPAGATION:
        return op->propagation.propagation == MS_SLAVE || op->propagation.propagation == MS_PRIVATE;
    case OP_ROOT:
        return slot(check, op->root.slot);
    case OP_MOUNT:
        return string(check, op->mount.target) && string(check, op->mount.filesystem) &&
               string(check, op->mount.source) && vector(check, op->mount.parameters, 0);
    case OP_BIND:
        return slot(check, op->bind.slot) && string(check, op->bind.target);
    case OP_REMOUNT:
        return string(check, op->remount.target) && vector(check, op->remount.parameters, 0);
    case OP_DEVICE:
        return device(check, op);
    case OP_LINK:
        return string(check, op->link.path) && string(check, op->link.target);
    case OP_DIRECTORY:
        return string(check, op->directory.path);
    case OP_AT_HOOK:
        return op->at_hook.point < N_HOOK_POINTS;
    case OP_SYSCTL:
        return string(check, op->sysctl.name) && string(check, op->sysctl.value);
    case OP_READONLY_PATH:
        return string(check, op->readonly_path.path);
    case OP_MASK_PATH:
        return string(check, op->mask_path.path) && mask_slot(check, op->mask_path.slot);
    case OP_CWD:
        return string(check, op->cwd.path);
    case OP_IDENTITY:
        return blob(check, op->identity.groups, sizeof(uint32_t)) && op->identity.uid != NO_ID &&
               op->identity.gid != NO_ID;
    case OP_PROGRAM:
        return string(check, op->program.name) && vector(check, op->program.candidates, 0) &&
               op->program.candidates.count > 0;
    case OP_READY:
        return (op->flags & READY_LISTEN) == 0 || slot(check, op->ready.slot);
    case OP_INNER_HOOK:
        return inner_hook(check, &op->inner_hook);
    case OP_FILTER:
        return blob(check, op->filter.program, 8) && op->filter.program.size > 0 &&
               op->filter.program.size <= MAX_FILTER_BYTES &&
               (op->filter.flags & ~(uint32_t)FILTER_FLAGS) == 0;
    case OP_EXEC:
        return vector(check, op->exec.args, 0) && op->exec.args.count > 0 &&
               vector(check, op->exec.env, 1) && op->exec.umask <= 0777 &&
               op->exec.n_preserved == 0;
    case OP_CGROUP:
    case OP_CGROUP_UNIT:
    case OP_UNIT_PROPERTY:
    case OP_CGROUP_WRITE:
    case OP_CGROUP_DEVICES:
    case OP_CGROUP_OWNER:
    case OP_NAMESPACE_NEW:
    case OP_NAMESPACE_JOIN:
    case OP_ID_MAP:
    case OP_OOM_SCORE:
    case OP_STDIO_OWNER:
    case OP_OPEN_ROOT:
    case OP_OPEN_BIND:
    case OP_OPEN_NULL:
    case OP_OPEN_DEVICE:
    case OP_HOOK:
    case N_OPS:
        break; /* not ours */
    }
    return false;
}

/* A flag that init does not know is something that would not be done: refused, like an operation
 * that it does not know. */
static bool flags_are_known(const struct plan_op *op)
{
    static const uint16_t known[N_OPS] = {
        [OP_SESSION] = SESSION_NEW_KEYRING,
        [OP_MOUNT] = MOUNT_MAKE_TARGET | MOUNT_COPY_UP | MOUNT_NO_LINKS | MOUNT_TARGET_FILE |
                     MOUNT_PROPAGATION_RECURSIVE | MOUNT_KEEP_MODE,
        [OP_BIND] = MOUNT_MAKE_TARGET | MOUNT_NO_LINKS | MOUNT_TARGET_FILE,
        [OP_REMOUNT] = MOUNT_NO_LINKS | MOUNT_ATTR_RECURSIVE | MOUNT_SUPERBLOCK,
        [OP_DEVICE] = DEVICE_BIND | DEVICE_DEFAULT | DEVICE_HAS_MODE,
        [OP_LINK] = LINK_IF_TARGET_EXISTS | LINK_REPLACE,
        [OP_CWD] = CWD_TRY,
        [OP_IDENTITY] = IDENTITY_SKIP_GROUPS | IDENTITY_KEEP_CAPS,
        [OP_CAPABILITIES] = CAPS_KEEP_SYS_ADMIN,
        [OP_PROGRAM] = PROGRAM_ADD_HOME | PROGRAM_SEARCHED,
        [OP_READY] = READY_LISTEN | READY_SILENT,
        [OP_EXEC] = EXEC_HAS_UMASK,
    };

    return (op->flags & ~known[op->code]) == 0;
}

/* ---- order --------------------------------------------------------------------------------------------- */

static enum plan_phase phase_of(uint16_t code)
{
    static const uint8_t phases[] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = phase,
#include "plan/ops.def"
    };

    return code < N_OPS ? (enum plan_phase)phases[code] : PHASE_HOST;
}

/* What must have come before an operation, beyond the order of phases. */
static const struct {
    uint8_t code;
    uint8_t before;
} orders[] = {
    {OP_ROOT, OP_PROPAGATION}, /* or the root filesystem would appear on the host */
    {OP_MOUNT, OP_ROOT},
    {OP_BIND, OP_ROOT},
    {OP_REMOUNT, OP_ROOT},
    {OP_DEVICE, OP_ROOT},
    {OP_LINK, OP_ROOT},
    {OP_DIRECTORY, OP_ROOT},
    {OP_CAPABILITIES, OP_IDENTITY}, /* a change of ids would change them again */
    {OP_PROGRAM, OP_CAPABILITIES},  /* looked for with the workload's rights */
    {OP_INNER_HOOK, OP_READY},
    {OP_EXEC, OP_READY},
    {OP_EXEC, OP_PROGRAM},
};

/* How often an operation is in a plan that init executes. */
static const struct {
    uint8_t code;
    uint8_t at_least;
} once[] = {
    {OP_PROPAGATION, 1}, {OP_ROOT, 1},         {OP_PIVOT, 1},        {OP_READY, 1},
    {OP_BECOME_ROOT, 0}, {OP_SESSION, 0},      {OP_TIME_OFFSETS, 0}, {OP_BOUNDING, 0},
    {OP_IDENTITY, 0},    {OP_CAPABILITIES, 0}, {OP_NO_NEW_PRIVS, 0}, {OP_PROGRAM, 0},
    {OP_FILTER, 0},      {OP_EXEC, 0},
};

static bool predecessors_are_there(const unsigned int *counts, uint16_t code)
{
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
        if (orders[i].code == code && counts[orders[i].before] == 0)
            return false;
    return true;
}

/* Phases never go backwards, nothing comes between the filter and execve, and nothing behind it. */
static bool order_is_sound(const struct plan_op *ops, uint32_t n)
{
    unsigned int counts[N_OPS] = {0};

    for (uint32_t i = 0; i < n; i++) {
        if (phase_of(ops[i].code) == PHASE_HOST ||
            (i > 0 && phase_of(ops[i].code) < phase_of(ops[i - 1].code)) ||
            !predecessors_are_there(counts, ops[i].code))
            return false;
        counts[ops[i].code]++;
        if (ops[i].code == OP_FILTER && (i + 1 == n || ops[i + 1].code != OP_EXEC))
            return false;
        if (ops[i].code == OP_EXEC && i + 1 != n)
            return false;
    }
    for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
        if (counts[once[i].code] < once[i].at_least || counts[once[i].code] > 1)
            return false;
    return counts[OP_EXEC] == counts[OP_PROGRAM] && counts[OP_IDENTITY] == counts[OP_CAPABILITIES];
}

bool plan_is_sound(const char *bytes, size_t size, uint32_t n_slots)
{
    struct check check = {.bytes = bytes, .n_slots = n_slots, .mask_slot = PLAN_NO_SLOT};
    const struct plan_op *ops;

    if (size < sizeof(struct plan_header) || size > PLAN_MAX_BYTES)
        return false;
    check.header = (const struct plan_header *)(const void *)bytes;
    if (!header_is_sound(check.header, size) || check.header->n_slots != n_slots ||
        !strings_are_sound(&check))
        return false;
    ops = (const struct plan_op *)(const void *)(bytes + check.header->ops_offset);
    if (!order_is_sound(ops, check.header->n_ops))
        return false;
    for (uint32_t i = 0; i < check.header->n_ops; i++)
        if (!string(&check, ops[i].origin) || !flags_are_known(&ops[i]) ||
            !payload_is_sound(&check, &ops[i]))
            return false;
    return true;
}
