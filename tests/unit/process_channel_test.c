/* SPDX-License-Identifier: Apache-2.0 */

/* What arrives of a peer that has gone. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_comes_after_the_last_message),
        cmocka_unit_test(a_peer_that_did_not_read_is_still_heard),
        cmocka_unit_test(a_peer_that_said_nothing_and_did_not_read_is_gone),
        cmocka_unit_test(what_is_no_message_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
