/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The host's end of the channel of plan/channel.h: fixed-size messages, one typed wait for each. */

#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"
#include "plan/channel.h"

/* A connected pair of SOCK_SEQPACKET sockets, both O_CLOEXEC. */
MUST_CHECK int channel_pair(int *ours, int *theirs, struct err *e);

MUST_CHECK int channel_send(int channel, const struct channel_message *message, struct err *e);
/* The message with descriptors: message->op is set to `n_fds`, at most CHANNEL_MAX_FDS. */
MUST_CHECK int channel_send_fds(int channel, const struct channel_message *message, const int *fds,
                                size_t n_fds, struct err *e);

enum channel_result {
    CHANNEL_MESSAGE = 0,
    CHANNEL_CLOSED = 1
};

/* CHANNEL_MESSAGE, CHANNEL_CLOSED at end of file, or -1. A message of another size or an unknown
 * type is an error: nothing inside may confuse us. */
MUST_CHECK int channel_receive(int channel, struct channel_message *message, struct err *e);
