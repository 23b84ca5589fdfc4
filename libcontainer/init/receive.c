/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "init/init.h"

bool receive_message(int channel, struct channel_message *message)
{
    ssize_t got;

    do
        got = recv(channel, message, sizeof(*message), MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(*message);
}

bool send_message(int channel, const struct channel_message *message)
{
    ssize_t sent;

    do
        sent = send(channel, message, sizeof(*message), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof(*message);
}

/* One PLAN message; its descriptors are added to `fds`. The end of the channel is the end of us:
 * the creator has died. */
static int receive_batch(int channel, int *fds, uint32_t *n_fds, uint32_t limit)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_MAX_FDS)];
    } control;
    struct channel_message message = {0};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof(control.bytes),
    };
    const struct cmsghdr *rights;
    ssize_t got;
    uint32_t count;

    do
        got = recvmsg(channel, &header, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got == 0 || (got < 0 && errno == ECONNRESET))
        init_abandon();
    rights = got == (ssize_t)sizeof(message) ? CMSG_FIRSTHDR(&header) : NULL;
    if (rights == NULL || message.type != MSG_PLAN ||
        (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || rights->cmsg_level != SOL_SOCKET ||
        rights->cmsg_type != SCM_RIGHTS)
        return -1;
    count = (uint32_t)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (count != message.op || count > limit - *n_fds)
        return -1;
    memcpy(fds + *n_fds, CMSG_DATA(rights), count * sizeof(int));
    *n_fds += count;
    return 0;
}

/* What is mapped must not change under us: only a file that nobody can write or resize is taken. */
static char *map_plan(int fd, size_t *size)
{
    const int all = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;
    void *bytes;

    /* -1 of what can have no seals has every bit. */
    if (seals < 0 || (seals & all) != all || fstat(fd, &st) < 0 || st.st_size <= 0 ||
        st.st_size > PLAN_MAX_BYTES)
        return NULL;
    *size = (size_t)st.st_size;
    bytes = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    return bytes != MAP_FAILED ? bytes : NULL;
}

/* Offsets become pointers, so that a vector is an argv. The mapping is private: only the pages of
 * vectors are copied. A terminating word is 0 in both readings; an empty string inside a vector is
 * told from it by the vector's count. Each word is turned once: plan_check.c has refused vectors
 * that share any. */
static void relocate(const struct init *init, struct plan_vector vector)
{
    for (uint32_t i = 0; i < vector.count; i++)
        init->words[vector.first + i] =
            (uint64_t)(uintptr_t)init_text(init, (plan_string)init->words[vector.first + i]);
}

/* What the operations refer to is made ready to be used. */
static void prepare_ops(struct init *init)
{
    for (uint32_t i = 0; i < init->n_ops; i++) {
        const struct plan_op *op = &init->ops[i];

        switch (op->code) {
        case OP_MOUNT:
            relocate(init, op->mount.parameters);
            break;
        case OP_REMOUNT:
            relocate(init, op->remount.parameters);
            break;
        case OP_MASK_PATH:
            init->mask_slot = op->mask_path.slot;
            break;
        case OP_PROGRAM:
            relocate(init, op->program.candidates);
            break;
        case OP_READY:
            if ((op->flags & READY_LISTEN) != 0)
                init->listen_slot = op->ready.slot;
            break;
        case OP_INNER_HOOK:
            relocate(init, op->inner_hook.args);
            relocate(init, op->inner_hook.env);
            break;
        case OP_EXEC:
            relocate(init, op->exec.args);
            relocate(init, op->exec.env);
            break;
        default:
            break;
        }
    }
}

int receive_plan(struct init *init)
{
    static int fds[PLAN_MAX_SLOTS + 1];
    const struct plan_header *header;
    uint32_t n_fds = 0;
    size_t size;

    if (receive_batch(init->channel, fds, &n_fds, PLAN_MAX_SLOTS + 1) < 0 || n_fds == 0)
        return -1;
    init->bytes = map_plan(fds[0], &size);
    if (init->bytes == NULL || size < sizeof(*header))
        return -1;
    init_close(&fds[0]);
    header = (const struct plan_header *)(const void *)init->bytes;
    while (n_fds - 1 < header->n_slots)
        if (receive_batch(init->channel, fds, &n_fds, PLAN_MAX_SLOTS + 1) < 0)
            return -1;
    if (!plan_is_sound(init->bytes, size, n_fds - 1))
        return -1;

    init->n_ops = header->n_ops;
    init->strings = init->bytes + header->strings_offset;
    init->blobs = init->bytes + header->blobs_offset;
    init->ops = (const struct plan_op *)(const void *)(init->bytes + header->ops_offset);
    init->words = (uint64_t *)(void *)(init->bytes + header->vectors_offset);
    init->n_slots = n_fds - 1;
    memcpy(init->slots, fds + 1, init->n_slots * sizeof(int));
    init->mask_slot = init->listen_slot = PLAN_NO_SLOT;
    prepare_ops(init);
    return 0;
}
