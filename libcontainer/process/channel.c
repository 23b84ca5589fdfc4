/* SPDX-License-Identifier: Apache-2.0 */
#include "process/channel.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel_pair(int *ours, int *theirs, struct err *e)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_sys(e, "make the channel to the container");
    *ours = pair[0];
    *theirs = pair[1];
    return 0;
}

int channel_send(int channel, const struct channel_message *message, struct err *e)
{
    ssize_t sent;

    do
        sent = send(channel, message, sizeof(*message), MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return err_sys(e, "send to the container process");
    return 0;
}

int channel_send_fds(int channel, const struct channel_message *message, const int *fds,
                     size_t n_fds, struct err *e)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_MAX_FDS)];
    } control = {0};
    struct channel_message copy = *message;
    struct iovec part = {.iov_base = &copy, .iov_len = sizeof(copy)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = CMSG_SPACE(sizeof(int) * n_fds),
    };
    struct cmsghdr *rights;
    ssize_t sent;

    if (n_fds == 0 || n_fds > CHANNEL_MAX_FDS)
        return err_bug(e, "%zu descriptors in one message", n_fds);
    copy.op = (uint32_t)n_fds;
    rights = &control.header; /* the first of the buffer above */
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
    memcpy(CMSG_DATA(rights), fds, sizeof(int) * n_fds);
    do
        sent = sendmsg(channel, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0)
        return err_sys(e, "send descriptors to the container process");
    return 0;
}

int channel_receive(int channel, struct channel_message *message, struct err *e)
{
    bool was_reset = false;
    ssize_t got;

    /* A peer that ends without having read what we sent resets the connection. The reset is told
     * once, and before what the peer itself has sent: its last words are behind it. */
    for (;;) {
        got = recv(channel, message, sizeof(*message), MSG_TRUNC);
        if (got >= 0 || (errno != EINTR && (errno != ECONNRESET || was_reset)))
            break;
        was_reset = was_reset || errno == ECONNRESET;
    }
    if (got == 0 || (got < 0 && errno == ECONNRESET))
        return CHANNEL_CLOSED;
    if (got < 0)
        return err_sys(e, "receive from the container process");
    if (got != (ssize_t)sizeof(*message) || message->type == 0 || message->type >= N_CHANNEL_TYPES)
        return err_bug(e, "the container process sent %zd bytes that are no message", got);
    return CHANNEL_MESSAGE;
}
