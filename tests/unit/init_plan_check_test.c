/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a, yajl, and libcontainer/init/plan_check.c. */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>

#include <linux/netlink.h>

#include "init/init.h"
#include "plan/plan.h"

/* A plan with every operation that init knows, in an order that it accepts. Tests damage a copy. */
static struct arena arena;
static struct plan plan;
static char *block; /* exactly as large as the plan: one byte further is a finding of a sanitizer */
static size_t block_size;

static struct plan_header *header(void)
{
    return (struct plan_header *)(void *)block;
}

static struct plan_op *ops(void)
{
    return (struct plan_op *)(void *)(block + header()->ops_offset);
}

static uint64_t *words(void)
{
    return (uint64_t *)(void *)(block + header()->vectors_offset);
}

static struct plan_op *op_of(enum plan_op_code code)
{
    for (uint32_t i = 0; i < header()->n_ops; i++)
        if (ops()[i].code == code)
            return &ops()[i];
    fail_msg("no %s in the plan", plan_code_name(code));
    return NULL;
}

static plan_string text(const char *string)
{
    return plan_add_string(&plan.init, string);
}

static struct plan_vector vector_of(const char *first, const char *second, size_t spare)
{
    const char *const strings[] = {first, second};
    size_t count = second != NULL ? 2 : first != NULL ? 1 : 0;

    return plan_add_vector(&plan.init, strings, count, spare);
}

static void fill_namespaces(void)
{
    static const struct nlmsghdr message = {
        .nlmsg_len = sizeof(message),
        .nlmsg_type = 16,
        .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
    };
    struct plan_op *op;

    plan_add(&plan, OP_BECOME_ROOT, "/linux/namespaces");
    op = plan_add(&plan, OP_SESSION, NULL);
    op->flags = SESSION_NEW_KEYRING;
    op = plan_add(&plan, OP_UNSHARE, "/linux/namespaces/5");
    op->unshare.clone_flag = CLONE_NEWCGROUP;
    op->unshare.name = text("cgroup");
    plan_add(&plan, OP_TIME_OFFSETS, NULL);
    op = plan_add(&plan, OP_HOSTNAME, "/hostname");
    op->hostname.text = text("box");
    op = plan_add(&plan, OP_DOMAINNAME, "/domainname");
    op->domainname.text = text("example.org");
    op = plan_add(&plan, OP_NETLINK, NULL);
    op->netlink.message = plan_add_blob(&plan.init, &message, sizeof(message));
}

static void fill_mounts(void)
{
    struct plan_op *op;

    op = plan_add(&plan, OP_PROPAGATION, NULL);
    op->propagation.propagation = MS_SLAVE;
    op = plan_add(&plan, OP_ROOT, "/root/path");
    op->root.slot = plan_new_slot(&plan);
    for (int i = 0; i < 2; i++) {
        op = plan_add(&plan, OP_MOUNT, "/mounts/0");
        op->flags = MOUNT_MAKE_TARGET | MOUNT_COPY_UP;
        op->mount.target = text("/tmp");
        op->mount.filesystem = text("tmpfs");
        op->mount.parameters = vector_of("size=4k", "mode=700", 0);
        op = plan_add(&plan, OP_BIND, "/mounts/1");
        op->flags = MOUNT_MAKE_TARGET | MOUNT_NO_LINKS;
        op->bind.target = text("/data");
        op->bind.slot = plan_new_slot(&plan);
    }
    op = plan_add(&plan, OP_REMOUNT, "/mounts/2");
    op->flags = MOUNT_ATTR_RECURSIVE;
    op->remount.target = text("/tmp");
    op->remount.parameters = vector_of(NULL, NULL, 0);
    op = plan_add(&plan, OP_DEVICE, NULL);
    op->flags = DEVICE_BIND | DEVICE_DEFAULT;
    op->device.path = text("/dev/null");
    op->device.mode = S_IFCHR | 0666;
    op->device.slot = plan_new_slot(&plan);
    op = plan_add(&plan, OP_LINK, NULL);
    op->flags = LINK_REPLACE;
    op->link.path = text("/dev/ptmx");
    op->link.target = text("pts/ptmx");
    op = plan_add(&plan, OP_DIRECTORY, "/process/cwd");
    op->directory.path = text("/work");
    op = plan_add(&plan, OP_AT_HOOK, "/hooks/createContainer");
    op->at_hook.point = HOOK_CREATE_CONTAINER;
    plan_add(&plan, OP_PIVOT, NULL);
}

static void fill_seal(void)
{
    uint16_t null_slot = plan_new_slot(&plan);
    struct plan_op *op;

    op = plan_add(&plan, OP_SYSCTL, "/linux/sysctl/kernel.msgmax");
    op->sysctl.name = text("kernel/msgmax");
    op->sysctl.value = text("65536");
    op = plan_add(&plan, OP_READONLY_PATH, NULL);
    op->readonly_path.path = text("/proc/sys");
    for (int i = 0; i < 2; i++) {
        op = plan_add(&plan, OP_MASK_PATH, NULL);
        op->mask_path.path = text(i == 0 ? "/proc/kcore" : "/proc/keys");
        op->mask_path.slot = null_slot;
    }
    op = plan_add(&plan, OP_ROOT_ATTRIBUTES, NULL);
    op->root_attributes.attr_set = MOUNT_ATTR_RDONLY;
}

static void fill_identity(void)
{
    static const uint32_t groups[] = {5, 6};
    struct plan_op *op;

    plan_add(&plan, OP_RLIMIT, NULL);
    plan_add(&plan, OP_PERSONALITY, NULL);
    op = plan_add(&plan, OP_CWD, NULL);
    op->flags = CWD_TRY;
    op->cwd.path = text("/work");
    plan_add(&plan, OP_BOUNDING, NULL);
    op = plan_add(&plan, OP_IDENTITY, NULL);
    op->flags = IDENTITY_KEEP_CAPS;
    op->identity.uid = 1000;
    op->identity.groups = plan_add_blob(&plan.init, groups, sizeof(groups));
    plan_add(&plan, OP_CAPABILITIES, NULL);
    plan_add(&plan, OP_NO_NEW_PRIVS, NULL);
    op = plan_add(&plan, OP_PROGRAM, NULL);
    op->flags = PROGRAM_ADD_HOME | PROGRAM_SEARCHED;
    op->program.name = text("true");
    op->program.candidates = vector_of("/bin/true", "/usr/bin/true", 0);
}

static void fill_start(void)
{
    static const uint64_t filter[] = {0x7fff000000000006};
    struct plan_op *op;

    op = plan_add(&plan, OP_READY, NULL);
    op->flags = READY_LISTEN;
    op->ready.slot = plan_new_slot(&plan);
    op = plan_add(&plan, OP_INNER_HOOK, "/hooks/startContainer/0");
    op->inner_hook.path = text("/bin/hook");
    op->inner_hook.args = vector_of("hook", "", 0);
    op->inner_hook.env = vector_of(NULL, NULL, 0);
    op->inner_hook.state_head = text("{");
    op->inner_hook.state_tail = text("}");
    op = plan_add(&plan, OP_FILTER, "/linux/seccomp");
    op->filter.program = plan_add_blob(&plan.init, filter, sizeof(filter));
    op->filter.flags = 2;
    op = plan_add(&plan, OP_EXEC, "/process/args");
    op->flags = EXEC_HAS_UMASK;
    op->exec.umask = 022;
    op->exec.args = vector_of("true", "", 0);
    op->exec.env = vector_of("PATH=/bin", NULL, 1);
}

static int start(void **state UNUSED)
{
    const void *flat;

    plan_start(&plan, &arena);
    fill_namespaces();
    fill_mounts();
    fill_seal();
    fill_identity();
    fill_start();
    flat = plan_flatten(&plan, &block_size);
    block = malloc(block_size);
    if (block == NULL)
        return -1;
    memcpy(block, flat, block_size);
    return 0;
}

static int release(void **state UNUSED)
{
    free(block);
    arena_release(&arena);
    return 0;
}

static bool is_sound(void)
{
    return plan_is_sound(block, block_size, plan.n_slots);
}

#define refuses_after(statement)                                                                   \
    do {                                                                                           \
        char *kept = malloc(block_size);                                                           \
        assert_non_null(kept);                                                                     \
        memcpy(kept, block, block_size);                                                           \
        assert_true(is_sound());                                                                   \
        statement;                                                                                 \
        assert_false(is_sound());                                                                  \
        memcpy(block, kept, block_size);                                                           \
        free(kept);                                                                                \
    } while (0)

static void a_plan_with_every_operation_is_sound(void **state UNUSED)
{
    bool is_there[N_OPS] = {false};

    assert_true(is_sound());
    for (uint32_t i = 0; i < header()->n_ops; i++)
        is_there[ops()[i].code] = true;
    for (int code = 0; code < N_OPS; code++)
        assert_true(is_there[code] || plan_phase_of((enum plan_op_code)code) == PHASE_HOST);
}

static void another_kind_of_file_is_refused(void **state UNUSED)
{
    refuses_after(header()->magic++);
    refuses_after(header()->version++);
    refuses_after(header()->version--);
    refuses_after(header()->op_size += 8);
    refuses_after(header()->total_size--);
    refuses_after(header()->total_size++);
    refuses_after(header()->n_slots--);
    refuses_after(header()->n_slots++);
    refuses_after(header()->n_slots = UINT32_MAX);
}

static void a_plan_that_is_cut_off_is_refused_at_every_length(void **state UNUSED)
{
    for (size_t size = 0; size < block_size; size++) {
        char *cut = malloc(size + 1);

        assert_non_null(cut);
        memcpy(cut, block, size);
        assert_false(plan_is_sound(cut, size, plan.n_slots));
        if (size >= sizeof(struct plan_header)) {
            ((struct plan_header *)(void *)cut)->total_size = (uint32_t)size;
            assert_false(plan_is_sound(cut, size, plan.n_slots));
        }
        free(cut);
    }
}

static void counts_and_offsets_that_leave_the_block_are_refused(void **state UNUSED)
{
    static const uint32_t values[] = {0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};

    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        refuses_after(header()->n_ops = values[i]);
        refuses_after(header()->ops_offset = values[i]);
        refuses_after(header()->strings_offset = values[i]);
        refuses_after(header()->strings_size = values[i]);
        refuses_after(header()->vectors_offset = values[i]);
        refuses_after(header()->n_vector_words = values[i]);
        refuses_after(header()->blobs_offset = values[i]);
        refuses_after(header()->blobs_size = values[i]);
    }
    refuses_after(header()->n_ops = 0);
    refuses_after(header()->strings_size = 0);
}

static void parts_that_overlap_are_refused(void **state UNUSED)
{
    refuses_after(header()->ops_offset = 0);
    refuses_after(header()->strings_offset -= 8);
    refuses_after(header()->vectors_offset = header()->ops_offset);
    refuses_after(header()->vectors_offset -= 8);
    refuses_after(header()->blobs_offset = header()->vectors_offset);
    refuses_after(header()->blobs_offset -= 8);
    refuses_after(header()->vectors_offset += 4);
}

static void strings_must_end(void **state UNUSED)
{
    refuses_after(block[header()->strings_offset + header()->strings_size - 1] = 'x');
    refuses_after(block[header()->strings_offset] = 'x');
    refuses_after(op_of(OP_HOSTNAME)->hostname.text = header()->strings_size);
    refuses_after(op_of(OP_PIVOT)->origin = header()->strings_size);
    refuses_after(op_of(OP_LINK)->link.target = UINT32_MAX);
}

static void vectors_must_be_whole(void **state UNUSED)
{
    refuses_after(op_of(OP_EXEC)->exec.args.count = 0);
    refuses_after(op_of(OP_EXEC)->exec.args.count++);
    refuses_after(op_of(OP_MOUNT)->mount.parameters.count--);
    refuses_after(op_of(OP_EXEC)->exec.args.count = UINT32_MAX);
    refuses_after(op_of(OP_EXEC)->exec.env.first++);
    refuses_after(op_of(OP_EXEC)->exec.env.first = UINT32_MAX);
    refuses_after(op_of(OP_PROGRAM)->program.candidates.count = 0);
    refuses_after(op_of(OP_INNER_HOOK)->inner_hook.args.count = 0);
    refuses_after(words()[op_of(OP_MOUNT)->mount.parameters.first] = header()->strings_size);
    refuses_after(words()[op_of(OP_MOUNT)->mount.parameters.first] |= (uint64_t)1 << 40);
    /* the terminator, and the word that HOME is put into */
    refuses_after(words()[header()->n_vector_words - 1] = 1);
    refuses_after(words()[header()->n_vector_words - 2] = 1);
}

static void no_word_belongs_to_two_vectors(void **state UNUSED)
{
    refuses_after(op_of(OP_EXEC)->exec.args = op_of(OP_PROGRAM)->program.candidates);
    refuses_after(op_of(OP_EXEC)->exec.args.first = op_of(OP_MOUNT)->mount.parameters.first);
    refuses_after(op_of(OP_INNER_HOOK)->inner_hook.env.first--);
    refuses_after({
        struct plan_vector args = op_of(OP_EXEC)->exec.args;

        op_of(OP_EXEC)->exec.args = op_of(OP_INNER_HOOK)->inner_hook.args;
        op_of(OP_INNER_HOOK)->inner_hook.args = args;
    });
}

static void blobs_must_be_whole_and_aligned(void **state UNUSED)
{
    refuses_after(op_of(OP_FILTER)->filter.program.offset += 4);
    refuses_after(op_of(OP_FILTER)->filter.program.offset = 0xfffffff8);
    refuses_after(op_of(OP_FILTER)->filter.program.size += 8);
    refuses_after(op_of(OP_FILTER)->filter.program.size = 0);
    refuses_after(op_of(OP_FILTER)->filter.program.size = 4);
    refuses_after(op_of(OP_IDENTITY)->identity.groups.size = 6);
    refuses_after(op_of(OP_IDENTITY)->identity.groups.size = 0xfffffffc);
}

/* A length that does not fit in struct sock_fprog would load a part of the filter. */
static void a_filter_longer_than_the_kernel_takes_is_refused(void **state UNUSED)
{
    static char instructions[65537 * 8];
    struct plan_op *op;
    const void *flat;
    size_t size;

    for (size_t i = 0; i < plan.init.ops.count; i++)
        if (plan.init.ops.items[i].code == OP_FILTER) {
            op = &plan.init.ops.items[i];
            op->filter.program = plan_add_blob(&plan.init, instructions, 4096 * 8);
            flat = plan_flatten(&plan, &size);
            assert_true(plan_is_sound(flat, size, plan.n_slots));
            op->filter.program = plan_add_blob(&plan.init, instructions, 4097 * 8);
            flat = plan_flatten(&plan, &size);
            assert_false(plan_is_sound(flat, size, plan.n_slots));
            op->filter.program = plan_add_blob(&plan.init, instructions, sizeof(instructions));
            flat = plan_flatten(&plan, &size);
            assert_false(plan_is_sound(flat, size, plan.n_slots));
        }
    refuses_after(op_of(OP_FILTER)->filter.flags = 8); /* SECCOMP_FILTER_FLAG_NEW_LISTENER */
    refuses_after(op_of(OP_FILTER)->filter.flags = 0x80000000);
}

static void a_descriptor_belongs_to_one_operation(void **state UNUSED)
{
    refuses_after(op_of(OP_BIND)->bind.slot = op_of(OP_ROOT)->root.slot);
    refuses_after(op_of(OP_READY)->ready.slot = op_of(OP_MASK_PATH)->mask_path.slot);
    refuses_after(op_of(OP_MASK_PATH)->mask_path.slot = op_of(OP_DEVICE)->device.slot);
    refuses_after(op_of(OP_BIND)->bind.slot = plan.n_slots);
    refuses_after(op_of(OP_READY)->ready.slot = PLAN_NO_SLOT);
    refuses_after(op_of(OP_ROOT)->root.slot = PLAN_NO_SLOT);
    refuses_after(op_of(OP_MASK_PATH)->mask_path.slot = PLAN_NO_SLOT);
    refuses_after(op_of(OP_DEVICE)->device.slot = PLAN_NO_SLOT);
    /* unless it does not use one */
    op_of(OP_DEVICE)->flags = DEVICE_DEFAULT;
    op_of(OP_DEVICE)->device.slot = PLAN_NO_SLOT;
    op_of(OP_READY)->flags = 0;
    op_of(OP_READY)->ready.slot = PLAN_NO_SLOT;
    assert_true(is_sound());
}

static void a_flag_that_init_does_not_know_is_refused(void **state UNUSED)
{
    for (uint32_t i = 0; i < header()->n_ops; i++)
        for (int bit = 8; bit < 16; bit++)
            refuses_after(ops()[i].flags = (uint16_t)(ops()[i].flags | 1U << bit));
    refuses_after(op_of(OP_PIVOT)->flags = 1);
    refuses_after(op_of(OP_MOUNT)->flags |= MOUNT_SUPERBLOCK);
    refuses_after(op_of(OP_DIRECTORY)->flags = CWD_TRY);
}

static void values_with_another_meaning_to_the_kernel_are_refused(void **state UNUSED)
{
    refuses_after(op_of(OP_IDENTITY)->identity.uid = UINT32_MAX);
    refuses_after(op_of(OP_IDENTITY)->identity.gid = UINT32_MAX);
    refuses_after(op_of(OP_DEVICE)->device.uid = UINT32_MAX);
    refuses_after(op_of(OP_DEVICE)->device.mode = S_IFREG | 0666);
    refuses_after(op_of(OP_DEVICE)->device.mode = S_IFLNK | 0777);
    refuses_after(op_of(OP_UNSHARE)->unshare.clone_flag = CLONE_NEWUSER);
    refuses_after(op_of(OP_UNSHARE)->unshare.clone_flag |= CLONE_NEWNS);
    refuses_after(op_of(OP_PROPAGATION)->propagation.propagation = MS_SHARED);
    refuses_after(op_of(OP_PROPAGATION)->propagation.propagation = 0);
    refuses_after(op_of(OP_AT_HOOK)->at_hook.point = N_HOOK_POINTS);
    refuses_after(op_of(OP_EXEC)->exec.umask = 01000);
    refuses_after(op_of(OP_EXEC)->exec.n_preserved = 1);
}

/* Init waits for the answer. */
static void a_netlink_message_must_be_one_that_is_answered(void **state UNUSED)
{
    struct nlmsghdr *message =
        (void *)(block + header()->blobs_offset + op_of(OP_NETLINK)->netlink.message.offset);

    refuses_after(message->nlmsg_flags = NLM_F_REQUEST);
    refuses_after(message->nlmsg_flags = NLM_F_ACK);
    refuses_after(message->nlmsg_len++);
    refuses_after(op_of(OP_NETLINK)->netlink.message.size = 8);
}

static void operations_of_the_host_are_refused(void **state UNUSED)
{
    for (uint16_t code = 0; code < N_OPS; code++)
        if (plan_phase_of((enum plan_op_code)code) == PHASE_HOST)
            refuses_after(ops()[0].code = code);
    refuses_after(ops()[0].code = N_OPS);
    refuses_after(ops()[0].code = UINT16_MAX);
}

static void swap_ops(uint32_t a, uint32_t b)
{
    struct plan_op kept = ops()[a];

    ops()[a] = ops()[b];
    ops()[b] = kept;
}

static void phases_never_go_backwards(void **state UNUSED)
{
    for (uint32_t i = 0; i < header()->n_ops; i++)
        for (uint32_t j = i + 1; j < header()->n_ops; j++)
            if (plan_phase_of((enum plan_op_code)ops()[i].code) !=
                plan_phase_of((enum plan_op_code)ops()[j].code))
                refuses_after(swap_ops(i, j));
}

static uint32_t index_of(enum plan_op_code code)
{
    return (uint32_t)(op_of(code) - ops());
}

static void order_within_a_phase_matters_where_it_does(void **state UNUSED)
{
    static const struct {
        enum plan_op_code first;
        enum plan_op_code second;
    } pairs[] = {
        {OP_PROPAGATION, OP_ROOT},     {OP_ROOT, OP_MOUNT},        {OP_ROOT, OP_BIND},
        {OP_ROOT, OP_REMOUNT},         {OP_ROOT, OP_DEVICE},       {OP_ROOT, OP_LINK},
        {OP_ROOT, OP_DIRECTORY},       {OP_READY, OP_EXEC},        {OP_IDENTITY, OP_CAPABILITIES},
        {OP_CAPABILITIES, OP_PROGRAM}, {OP_READY, OP_INNER_HOOK},  {OP_FILTER, OP_EXEC},
        {OP_READY, OP_FILTER},         {OP_INNER_HOOK, OP_FILTER},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        refuses_after(swap_ops(index_of(pairs[i].first), index_of(pairs[i].second)));
}

/* Takes operation `index` out, or puts it in once more. */
static bool is_sound_without(uint32_t index)
{
    struct plan copy = plan;
    struct plan_op *items = ARENA_NEW(&arena, struct plan_op, plan.init.ops.count);
    size_t size;
    const void *flat;

    memcpy(items, plan.init.ops.items, plan.init.ops.count * sizeof(*items));
    memmove(items + index, items + index + 1, (plan.init.ops.count - index - 1) * sizeof(*items));
    copy.init.ops.items = items;
    copy.init.ops.count--;
    flat = plan_flatten(&copy, &size);
    return plan_is_sound(flat, size, plan.n_slots);
}

static bool is_sound_with_twice(uint32_t index)
{
    struct plan copy = plan;
    struct plan_op *items = ARENA_NEW(&arena, struct plan_op, plan.init.ops.count + 1);
    size_t size;
    const void *flat;

    memcpy(items, plan.init.ops.items, (index + 1) * sizeof(*items));
    memcpy(items + index + 1, plan.init.ops.items + index,
           (plan.init.ops.count - index) * sizeof(*items));
    copy.init.ops.items = items;
    copy.init.ops.count++;
    flat = plan_flatten(&copy, &size);
    return plan_is_sound(flat, size, plan.n_slots);
}

static void what_must_be_there_once_is_there_once(void **state UNUSED)
{
    static const enum plan_op_code needed[] = {
        OP_PROPAGATION,  OP_ROOT,    OP_PIVOT, OP_IDENTITY,
        OP_CAPABILITIES, OP_PROGRAM, OP_READY, OP_EXEC,
    };
    static const enum plan_op_code at_most_once[] = {
        OP_BECOME_ROOT, OP_SESSION,  OP_TIME_OFFSETS, OP_PROPAGATION,  OP_ROOT,
        OP_PIVOT,       OP_BOUNDING, OP_IDENTITY,     OP_CAPABILITIES, OP_NO_NEW_PRIVS,
        OP_PROGRAM,     OP_READY,    OP_FILTER,       OP_EXEC,
    };

    for (size_t i = 0; i < ARRAY_LEN(needed); i++)
        assert_false(is_sound_without(index_of(needed[i])));
    for (size_t i = 0; i < ARRAY_LEN(at_most_once); i++)
        assert_false(is_sound_with_twice(index_of(at_most_once[i])));
    /* that the two helpers can also say yes */
    assert_true(is_sound_without(index_of(OP_FILTER)));
    assert_true(is_sound_with_twice(index_of(OP_RLIMIT)));
}

/* ---- random damage ---------------------------------------------------------------------------------- */

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void damage_once(void)
{
    static const uint32_t interesting[] = {0,      1,          7,          8,         0xff,
                                           0xffff, 0x7fffffff, 0xfffffff8, 0xffffffff};
    size_t at = next_random() % block_size;

    switch (next_random() % 4) {
    case 0:
        block[at] = (char)(block[at] ^ (1 << (next_random() % 8)));
        break;
    case 1:
        block[at] = (char)next_random();
        break;
    case 2:
        at = at / 4 * 4;
        if (at + 4 <= block_size)
            memcpy(block + at, &interesting[next_random() % ARRAY_LEN(interesting)], 4);
        break;
    default: /* in the header and the operations, where it hurts */
        block[at % (sizeof(struct plan_header) + plan.init.ops.count * sizeof(struct plan_op))] =
            (char)next_random();
        break;
    }
}

static size_t touch_vector(struct plan_vector vector)
{
    const char *strings = block + header()->strings_offset;
    size_t sum = 0;

    for (uint32_t i = 0; i < vector.count; i++) {
        uint64_t word = words()[vector.first + i];

        assert_true(word < header()->strings_size);
        sum += strlen(strings + word);
        words()[vector.first + i] =
            UINT64_MAX; /* as a pointer would be: nobody may read it again */
    }
    assert_int_equal(words()[vector.first + vector.count], 0);
    return sum;
}

/* What init would read of an accepted plan. A sanitizer says if it should not. */
static size_t touch_everything(void)
{
    const char *strings = block + header()->strings_offset;
    const char *blobs = block + header()->blobs_offset;
    size_t sum = 0;

    for (uint32_t i = 0; i < header()->n_ops; i++) {
        const struct plan_op *op = &ops()[i];

        sum += strlen(strings + op->origin);
        switch ((int)op->code) {
        case OP_MOUNT:
            sum += strlen(strings + op->mount.target) + strlen(strings + op->mount.filesystem) +
                   strlen(strings + op->mount.source) + touch_vector(op->mount.parameters);
            break;
        case OP_REMOUNT:
            sum += touch_vector(op->remount.parameters);
            break;
        case OP_LINK:
            sum += strlen(strings + op->link.path) + strlen(strings + op->link.target);
            break;
        case OP_PROGRAM:
            sum += touch_vector(op->program.candidates);
            break;
        case OP_INNER_HOOK:
            sum += touch_vector(op->inner_hook.args) + touch_vector(op->inner_hook.env);
            break;
        case OP_EXEC:
            sum += touch_vector(op->exec.args) + touch_vector(op->exec.env);
            break;
        case OP_FILTER:
            for (uint32_t byte = 0; byte < op->filter.program.size; byte++)
                sum += (size_t)(blobs[op->filter.program.offset + byte] == 0);
            break;
        case OP_IDENTITY:
            for (uint32_t byte = 0; byte < op->identity.groups.size; byte++)
                sum += (size_t)(blobs[op->identity.groups.offset + byte] == 0);
            break;
        default:
            break;
        }
    }
    return sum;
}

static void random_damage_is_refused_or_harmless(void **state UNUSED)
{
    const char *wanted = getenv("CAISSON_MUTATIONS");
    unsigned long rounds = wanted != NULL ? strtoul(wanted, NULL, 10) : 20000;
    unsigned long n_accepted = 0;
    char *kept = malloc(block_size);

    assert_non_null(kept);
    memcpy(kept, block, block_size);
    for (unsigned long round = 0; round < rounds; round++) {
        for (uint64_t n = next_random() % 4 + 1; n > 0; n--)
            damage_once();
        if (is_sound()) {
            n_accepted++;
            touch_everything();
        }
        memcpy(block, kept, block_size);
    }
    free(kept);
    /* Both ways were taken: a letter of a string may change, a count may not. */
    assert_true(n_accepted > 0);
    assert_true(n_accepted < rounds);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, release)
    static const struct CMUnitTest tests[] = {
        TEST(a_plan_with_every_operation_is_sound),
        TEST(another_kind_of_file_is_refused),
        TEST(a_plan_that_is_cut_off_is_refused_at_every_length),
        TEST(counts_and_offsets_that_leave_the_block_are_refused),
        TEST(parts_that_overlap_are_refused),
        TEST(strings_must_end),
        TEST(vectors_must_be_whole),
        TEST(no_word_belongs_to_two_vectors),
        TEST(blobs_must_be_whole_and_aligned),
        TEST(a_filter_longer_than_the_kernel_takes_is_refused),
        TEST(a_descriptor_belongs_to_one_operation),
        TEST(a_flag_that_init_does_not_know_is_refused),
        TEST(values_with_another_meaning_to_the_kernel_are_refused),
        TEST(a_netlink_message_must_be_one_that_is_answered),
        TEST(operations_of_the_host_are_refused),
        TEST(phases_never_go_backwards),
        TEST(order_within_a_phase_matters_where_it_does),
        TEST(what_must_be_there_once_is_there_once),
        TEST(random_damage_is_refused_or_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
