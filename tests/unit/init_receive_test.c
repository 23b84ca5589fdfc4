/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a, yajl, libcontainer/init/receive.c, plan_check.c, and
 * libcontainer/kernel/sys.c. */

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

#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/init.h"
#include "plan/plan.h"

enum {
    ALL_SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE
};

/* The two functions of main.c that receive.c uses. */
void init_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void init_abandon(void)
{
    _exit(INIT_EXIT_ABANDONED);
}

static struct arena arena;
static struct plan plan;
static int channel[2]; /* ours, init's */

static int start(void **state UNUSED)
{
    static const char *const args[] = {"program", "", "last"};
    static const char *const env[] = {"A=1"};
    struct plan_op *op;

    plan_start(&plan, &arena);
    op = plan_add(&plan, OP_PROPAGATION, NULL);
    op->propagation.propagation = MS_PRIVATE;
    op = plan_add(&plan, OP_ROOT, NULL);
    op->root.slot = plan_new_slot(&plan);
    plan_add(&plan, OP_PIVOT, NULL);
    op = plan_add(&plan, OP_MASK_PATH, NULL);
    op->mask_path.slot = plan_new_slot(&plan);
    op->mask_path.path = plan_add_string(&plan.init, "/proc/kcore");
    plan_add(&plan, OP_IDENTITY, NULL);
    plan_add(&plan, OP_CAPABILITIES, NULL);
    op = plan_add(&plan, OP_PROGRAM, NULL);
    op->program.candidates = plan_add_vector(&plan.init, args, 1, 0);
    op = plan_add(&plan, OP_READY, NULL);
    op->flags = READY_LISTEN;
    op->ready.slot = plan_new_slot(&plan);
    op = plan_add(&plan, OP_EXEC, NULL);
    op->exec.args = plan_add_vector(&plan.init, args, ARRAY_LEN(args), 0);
    op->exec.env = plan_add_vector(&plan.init, env, 1, 1);
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel);
}

static int release(void **state UNUSED)
{
    init_close(&channel[0]);
    init_close(&channel[1]);
    arena_release(&arena);
    return 0;
}

static int plan_file(int seals)
{
    size_t size;
    const void *flat = plan_flatten(&plan, &size);
    int fd = sys_memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, flat, size), size);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* `said` is the number that the message claims. */
static void send_batch(uint32_t type, const int *fds, size_t n, uint32_t said)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_MAX_FDS)];
    } control = {0};
    struct channel_message message = {.type = type, .op = said};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = n != 0 ? control.bytes : NULL,
        .msg_controllen = n != 0 ? CMSG_SPACE(sizeof(int) * n) : 0,
    };

    if (n != 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int) * n);
        memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n);
    }
    assert_int_equal(sendmsg(channel[0], &header, MSG_NOSIGNAL), sizeof(message));
}

/* In a process of its own, since descriptors are received and exits may happen. */
static int received_status(void)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        static struct init init;

        close(channel[0]);
        init.channel = channel[1];
        _exit(receive_plan(&init) == 0 ? 0 : 1);
    }
    init_close(&channel[1]);
    /* Whoever still waits for more gets the end of the channel instead. */
    shutdown(channel[0], SHUT_WR);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_sealed_plan_with_its_descriptors_is_taken(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

    send_batch(MSG_PLAN, fds, 4, 4);
    assert_int_equal(received_status(), 0);
    close(fds[0]);
}

static void descriptors_may_come_in_several_messages(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        send_batch(MSG_PLAN, &fds[i], 1, 1);
    assert_int_equal(received_status(), 0);
    close(fds[0]);
}

static void vectors_become_arguments(void **state UNUSED)
{
    static struct init init;
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
    const struct plan_op *op;
    char **words;

    send_batch(MSG_PLAN, fds, 4, 4);
    init.channel = channel[1];
    assert_int_equal(receive_plan(&init), 0);
    op = &init.ops[init.n_ops - 1];
    assert_int_equal(op->code, OP_EXEC);
    words = init_vector(&init, op->exec.args);
    assert_string_equal(words[0], "program");
    assert_string_equal(words[1], "");
    assert_string_equal(words[2], "last");
    assert_null(words[3]);
    words = init_vector(&init, op->exec.env);
    assert_string_equal(words[0], "A=1");
    assert_null(words[1]);
    assert_null(words[2]);
    assert_int_equal(init.n_slots, 3);
    assert_int_equal(init.mask_slot, 1);
    assert_int_equal(init.listen_slot, 2);
    for (uint32_t i = 0; i < init.n_slots; i++) {
        assert_int_equal(fcntl(init.slots[i], F_GETFD), FD_CLOEXEC);
        close(init.slots[i]);
    }
    close(fds[0]);
}

static void each_missing_seal_is_refused(void **state UNUSED)
{
    static const int seals[] = {F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_SEAL, ALL_SEALS};

    for (size_t i = 0; i < ARRAY_LEN(seals); i++) {
        int missing = seals[i];
        int fds[] = {plan_file(ALL_SEALS & ~missing), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

        send_batch(MSG_PLAN, fds, 4, 4);
        assert_int_equal(received_status(), 1);
        close(fds[0]);
        init_close(&channel[0]);
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    }
}

/* A good plan in a file that can have no seals. */
static void what_is_no_memory_file_is_refused(void **state UNUSED)
{
    char name[] = "/tmp/init-receive-XXXXXX";
    int fds[] = {mkostemp(name, O_CLOEXEC), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};
    size_t size;
    const void *flat = plan_flatten(&plan, &size);

    assert_true(fds[0] >= 0);
    assert_int_equal(unlink(name), 0);
    assert_int_equal(write(fds[0], flat, size), size);
    send_batch(MSG_PLAN, fds, 4, 4);
    assert_int_equal(received_status(), 1);
    close(fds[0]);
}

static void an_empty_file_is_refused(void **state UNUSED)
{
    int fd = sys_memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    assert_int_equal(fcntl(fd, F_ADD_SEALS, ALL_SEALS), 0);
    send_batch(MSG_PLAN, &fd, 1, 1);
    assert_int_equal(received_status(), 1);
    close(fd);
}

static void too_many_descriptors_are_refused(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

    send_batch(MSG_PLAN, fds, 5, 5);
    assert_int_equal(received_status(), 1);
    close(fds[0]);
}

static void a_wrong_count_is_refused(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

    send_batch(MSG_PLAN, fds, 4, 3);
    assert_int_equal(received_status(), 1);
    close(fds[0]);
}

static void another_type_is_refused(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO, STDIN_FILENO, STDIN_FILENO};

    send_batch(MSG_START, fds, 4, 4);
    assert_int_equal(received_status(), 1);
    close(fds[0]);
}

static void a_message_without_descriptors_is_refused(void **state UNUSED)
{
    send_batch(MSG_PLAN, NULL, 0, 0);
    assert_int_equal(received_status(), 1);
}

static void a_message_of_another_size_is_refused(void **state UNUSED)
{
    static const char bytes[64];

    assert_int_equal(send(channel[0], bytes, sizeof(bytes), 0), sizeof(bytes));
    assert_int_equal(received_status(), 1);
}

static void a_creator_that_dies_is_noticed(void **state UNUSED)
{
    int fds[] = {plan_file(ALL_SEALS), STDIN_FILENO};

    assert_int_equal(received_status(), INIT_EXIT_ABANDONED);
    init_close(&channel[0]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel), 0);
    send_batch(MSG_PLAN, fds, 2, 2); /* and in the middle of the descriptors */
    assert_int_equal(received_status(), INIT_EXIT_ABANDONED);
    close(fds[0]);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, release)
    static const struct CMUnitTest tests[] = {
        TEST(a_sealed_plan_with_its_descriptors_is_taken),
        TEST(descriptors_may_come_in_several_messages),
        TEST(vectors_become_arguments),
        TEST(each_missing_seal_is_refused),
        TEST(what_is_no_memory_file_is_refused),
        TEST(an_empty_file_is_refused),
        TEST(too_many_descriptors_are_refused),
        TEST(a_wrong_count_is_refused),
        TEST(another_type_is_refused),
        TEST(a_message_without_descriptors_is_refused),
        TEST(a_message_of_another_size_is_refused),
        TEST(a_creator_that_dies_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
