/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan is data from another process. Before the first operation every offset, count, string,
 * vector, blob and slot is checked, and so is the order: a damaged or hostile plan is refused as a
 * whole.
 */

#include <string.h>

#include "init/init.h"

struct check {
    const char *bytes;
    const struct plan_header *header;
    uint32_t n_slots;
};

static bool fits(uint64_t offset, uint64_t size, uint64_t total)
{
    return offset <= total && size <= total - offset;
}

static bool header_is_sound(const struct plan_header *header, size_t size)
{
    return header->magic == PLAN_MAGIC && header->version == PLAN_VERSION &&
           header->op_size == sizeof(struct plan_op) && header->total_size == size &&
           header->n_ops > 0 && header->n_ops <= PLAN_MAX_OPS &&
           header->n_slots <= PLAN_MAX_SLOTS && header->ops_offset % 8 == 0 &&
           header->vectors_offset % 8 == 0 && header->blobs_offset % 8 == 0 &&
           header->ops_offset >= sizeof(*header) && header->strings_offset >= sizeof(*header) &&
           header->vectors_offset >= sizeof(*header) && header->blobs_offset >= sizeof(*header) &&
           fits(header->ops_offset, (uint64_t)header->n_ops * sizeof(struct plan_op), size) &&
           fits(header->strings_offset, header->strings_size, size) && header->strings_size > 0 &&
           fits(header->vectors_offset, (uint64_t)header->n_vector_words * 8, size) &&
           fits(header->blobs_offset, header->blobs_size, size);
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
static bool vector(const struct check *check, struct plan_vector vector, uint32_t spare)
{
    const uint64_t *words =
        (const uint64_t *)(const void *)(check->bytes + check->header->vectors_offset);

    if (!fits(vector.first, (uint64_t)vector.count + 1 + spare, check->header->n_vector_words))
        return false;
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

static bool slot(const struct check *check, uint16_t slot)
{
    return slot < check->n_slots;
}

static bool payload_is_sound(const struct check *check, const struct plan_op *op)
{
    switch ((enum plan_op_code)op->code) {
    case OP_BECOME_ROOT:
    case OP_SESSION:
    case OP_TIME_OFFSETS:
    case OP_PROPAGATION:
    case OP_PIVOT:
    case OP_ROOT_ATTRIBUTES:
    case OP_RLIMIT:
    case OP_PERSONALITY:
    case OP_BOUNDING:
    case OP_CAPABILITIES:
    case OP_NO_NEW_PRIVS:
        return true;
    case OP_UNSHARE:
        return string(check, op->unshare.name);
    case OP_HOSTNAME:
        return string(check, op->hostname.text);
    case OP_DOMAINNAME:
        return string(check, op->domainname.text);
    case OP_NETLINK:
        return blob(check, op->netlink.message, 4) && op->netlink.message.size >= 16;
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
        return string(check, op->device.path) &&
               ((op->flags & DEVICE_BIND) == 0 || slot(check, op->device.slot));
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
        return string(check, op->mask_path.path) && slot(check, op->mask_path.slot);
    case OP_CWD:
        return string(check, op->cwd.path);
    case OP_IDENTITY:
        return blob(check, op->identity.groups, sizeof(uint32_t));
    case OP_PROGRAM:
        return string(check, op->program.name) && vector(check, op->program.candidates, 0) &&
               op->program.candidates.count > 0;
    case OP_READY:
        return (op->flags & READY_LISTEN) == 0 || slot(check, op->ready.slot);
    case OP_INNER_HOOK:
        return string(check, op->inner_hook.path) && vector(check, op->inner_hook.args, 0) &&
               vector(check, op->inner_hook.env, 0) && string(check, op->inner_hook.state_head) &&
               string(check, op->inner_hook.state_tail);
    case OP_FILTER:
        return blob(check, op->filter.program, 8) && op->filter.program.size > 0;
    case OP_EXEC:
        return vector(check, op->exec.args, 0) && op->exec.args.count > 0 &&
               vector(check, op->exec.env, 1) && op->exec.n_preserved == 0;
    case OP_CGROUP:
    case OP_CGROUP_WRITE:
    case OP_CGROUP_DEVICES:
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

static enum plan_phase phase_of(uint16_t code)
{
    static const uint8_t phases[] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = phase,
#include "plan/ops.def"
    };

    return code < N_OPS ? (enum plan_phase)phases[code] : PHASE_HOST;
}

/* Phases never go backwards, the root is switched once, and nothing comes between the filter and
 * execve. */
static bool order_is_sound(const struct plan_op *ops, uint32_t n)
{
    unsigned int counts[N_OPS] = {0};

    for (uint32_t i = 0; i < n; i++) {
        if (phase_of(ops[i].code) == PHASE_HOST ||
            (i > 0 && phase_of(ops[i].code) < phase_of(ops[i - 1].code)))
            return false;
        counts[ops[i].code]++;
        if (ops[i].code == OP_FILTER && (i + 1 == n || ops[i + 1].code != OP_EXEC))
            return false;
        if (ops[i].code == OP_EXEC && i + 1 != n)
            return false;
    }
    return counts[OP_ROOT] == 1 && counts[OP_PIVOT] == 1 && counts[OP_READY] == 1 &&
           counts[OP_EXEC] <= 1 && counts[OP_EXEC] == counts[OP_PROGRAM] &&
           counts[OP_FILTER] <= 1 && counts[OP_IDENTITY] == counts[OP_CAPABILITIES] &&
           (counts[OP_EXEC] == 0 || counts[OP_IDENTITY] == 1);
}

bool plan_is_sound(const char *bytes, size_t size, uint32_t n_slots)
{
    struct check check = {.bytes = bytes, .n_slots = n_slots};
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
        if (!string(&check, ops[i].origin) || !payload_is_sound(&check, &ops[i]))
            return false;
    return true;
}
