/* SPDX-License-Identifier: Apache-2.0 */

/* What arrives of a peer that has gone. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/channel.h"

struct pair {
    int ours;
    int theirs;
};

static struct pair make_pair(void)
{
    struct err e = ERR_INIT;
    struct pair pair = {.ours = -1, .theirs = -1};

    assert_int_equal(channel_pair(&pair.ours, &pair.theirs, &e), 0);
    return pair;
}

static void say(int from, uint32_t type)
{
    struct channel_message message = {.type = type};

    assert_int_equal(send(from, &message, sizeof(message), MSG_NOSIGNAL), sizeof(message));
}

static void expect(int at, int result, uint32_t type)
{
    struct channel_message message = {0};
    struct err e = ERR_INIT;

    assert_int_equal(channel_receive(at, &message, &e), result);
    if (result == CHANNEL_MESSAGE)
        assert_int_equal(message.type, type);
}

static void the_end_comes_after_the_last_message(void **state)
{
    struct pair pair = make_pair();

    (void)state;
    say(pair.theirs, MSG_READY);
    close(pair.theirs);
    expect(pair.ours, CHANNEL_MESSAGE, MSG_READY);
    expect(pair.ours, CHANNEL_CLOSED, 0);
    expect(pair.ours, CHANNEL_CLOSED, 0);
    close(pair.ours);
}

/* The kernel tells the reset once, and before what lies in the queue. */
static void a_peer_that_did_not_read_is_still_heard(void **state)
{
    struct pair pair = make_pair();

    (void)state;
    say(pair.ours, MSG_START);
    say(pair.theirs, MSG_EXECUTING);
    say(pair.theirs, MSG_FAILED);
    close(pair.theirs);
    expect(pair.ours, CHANNEL_MESSAGE, MSG_EXECUTING);
    expect(pair.ours, CHANNEL_MESSAGE, MSG_FAILED);
    expect(pair.ours, CHANNEL_CLOSED, 0);
    close(pair.ours);
}

static void a_peer_that_said_nothing_and_did_not_read_is_gone(void **state)
{
    struct pair pair = make_pair();

    (void)state;
    say(pair.ours, MSG_START);
    close(pair.theirs);
    expect(pair.ours, CHANNEL_CLOSED, 0);
    close(pair.ours);
}

static void what_is_no_message_is_an_error(void **state)
{
    struct pair pair = make_pair();

    (void)state;
    assert_int_equal(send(pair.theirs, "short", 5, MSG_NOSIGNAL), 5);
    expect(pair.ours, -1, 0);
    close(pair.theirs);
    close(pair.ours);
}

static void a_peer_that_is_gone_raises_no_signal(void **state)
{
    const struct channel_message message = {.type = MSG_START};
    const int fd = STDIN_FILENO;
    struct pair pair = make_pair();
    struct err e = ERR_INIT;

    (void)state;
    close(pair.theirs);
    assert_int_equal(channel_send(pair.ours, &message, &e), -1);
    assert_int_equal(e.sys_errno, EPIPE);
    assert_int_equal(channel_send_fds(pair.ours, &message, &fd, 1, &e), -1);
    close(pair.ours);
}

static void descriptors_come_with_their_number(void **state)
{
    const struct channel_message message = {.type = MSG_PLAN, .op = 99};
    const int fds[CHANNEL_MAX_FDS + 1] = {STDIN_FILENO};
    struct channel_message got = {0};
    struct pair pair = make_pair();
    struct err e = ERR_INIT;

    (void)state;
    assert_int_equal(channel_send_fds(pair.theirs, &message, fds, 0, &e), -1);
    assert_int_equal(channel_send_fds(pair.theirs, &message, fds, CHANNEL_MAX_FDS + 1, &e), -1);
    assert_int_equal(channel_send_fds(pair.theirs, &message, fds, CHANNEL_MAX_FDS, &e), 0);
    assert_int_equal(channel_receive(pair.ours, &got, &e), CHANNEL_MESSAGE);
    assert_int_equal(got.op, CHANNEL_MAX_FDS);
    close(pair.theirs);
    close(pair.ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_comes_after_the_last_message),
        cmocka_unit_test(a_peer_that_did_not_read_is_still_heard),
        cmocka_unit_test(a_peer_that_said_nothing_and_did_not_read_is_gone),
        cmocka_unit_test(what_is_no_message_is_an_error),
        cmocka_unit_test(a_peer_that_is_gone_raises_no_signal),
        cmocka_unit_test(descriptors_come_with_their_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
