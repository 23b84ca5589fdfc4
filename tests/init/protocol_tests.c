/* SPDX-License-Identifier: Apache-2.0 */

/* Who may say what to init, and when; what it holds while it waits. */

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver.h"

/* ---- a process that waits ---- */

static void list_descriptors(const struct box *box, char *list, size_t size)
{
    char path[64];
    DIR *directory;
    const struct dirent *entry;
    size_t length = 0;

    list[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)box->pid);
    directory = opendir(path);
    CHECK(directory != NULL);
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        char target[256];
        ssize_t n = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);

        if (n <= 0)
            continue;
        target[n] = '\0';
        length += (size_t)snprintf(list + length, size - length, "%s=%s ", entry->d_name, target);
    }
    if (directory != NULL)
        closedir(directory);
}

static long private_kilobytes(pid_t pid)
{
    char path[64];
    char line[256];
    long total = 0;
    long kilobytes;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "Private_Clean: %ld kB", &kilobytes) == 1 ||
            sscanf(line, "Private_Dirty: %ld kB", &kilobytes) == 1)
            total += kilobytes;
    if (file != NULL)
        fclose(file);
    return file != NULL ? total : -1;
}

static int listen_at(const struct box *box)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", beside_box(box, "start"));
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0)
        FAIL("listen");
    return fd;
}

static int connect_to(const struct box *box)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s", beside_box(box, "start"));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Created: everything is done but the start. */
static void create(struct box *box)
{
    struct channel_message message;

    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_READY);
    send_word(box->channel, MSG_COMMITTED, NULL);
    message = hear(box, box->channel); /* the channel closes */
    CHECK(message.type == 0);
}

static void add_waiting_shell(struct box *box, const char *script)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    const char *const args[] = {"sh", "-c", script, NULL};

    add_program(box, shell, 0);
    add_ready(box, listen_at(box));
    add_exec(box, args);
}

static void what_waits_holds_nothing_of_the_host(struct box *box)
{
    char list[4096];
    long kilobytes;
    char path[64];
    struct stat st;

    box->leaks_descriptor = true;
    add_root(box);
    add_proc(box);
    add_bind(box, "/etc", "/data", MOUNT_MAKE_TARGET);
    add_slot(box, open("/", O_PATH | O_CLOEXEC)); /* that no operation wants */
    add(box, OP_PIVOT);
    add_mask(box, "/proc/missing");
    add_path(box, OP_READONLY_PATH, "/proc/sys");
    add_user(box, 1000, 1000);
    add_waiting_shell(box, "true");
    create(box);
    list_descriptors(box, list, sizeof(list));
    CHECK(strstr(list, "0=/null") != NULL && strstr(list, "1=pipe:") != NULL);
    CHECK(strstr(list, "=/ ") == NULL && strstr(list, "memfd") == NULL);
    {
        int n = 0;

        for (const char *c = list; *c != '\0'; c++)
            n += *c == '=';
        CHECK(n == 4); /* the streams and the listening socket */
    }
    /* Not dumpable: its files in /proc are not the user's. */
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)box->pid);
    CHECK(stat(path, &st) == 0 && st.st_uid == 0);
    kilobytes = private_kilobytes(box->pid);
    printf("# a waiting init has %ld KiB of private memory\n", kilobytes);
    /* Its program is mapped by nobody else, so all that was read of it counts. */
    CHECK(kilobytes > 0 && kilobytes < 200 + image_kilobytes());
    kill(box->pid, SIGKILL);
    collect(box);
}

static void at_the_root_switch_no_host_descriptor_is_left(struct box *box)
{
    char list[4096];
    struct channel_message message;

    /* Stopped at the one place behind PIVOT where init can be made to wait for us: READY. Before
     * it, at the last hook, the sources of binds that come later are still there. */
    add_root(box);
    add_bind(box, "/etc", "/data", MOUNT_MAKE_TARGET);
    add(box, OP_AT_HOOK)->at_hook.point = HOOK_CREATE_CONTAINER;
    add_slot(box, open("/", O_PATH | O_CLOEXEC));
    add_rest(box, "true");
    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_AT_HOOK);
    list_descriptors(box, list, sizeof(list));
    CHECK(strstr(list, "=/ ") != NULL);
    send_word(box->channel, MSG_GO_ON, NULL);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_READY);
    list_descriptors(box, list, sizeof(list));
    CHECK(strstr(list, "=/ ") == NULL);
    send_word(box->channel, MSG_START, box->nonce);
    hear_out(box, box->channel);
    collect(box);
    CHECK(box->status == 0);
}

/* ---- waiting to be started ------------------------------------------------------------------------------- */

static bool is_alive(const struct box *box)
{
    struct pollfd polled = {.fd = box->pidfd, .events = POLLIN};

    return poll(&polled, 1, 100) == 0;
}

static void prepare_to_listen(struct box *box, const char *script)
{
    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, 0, 0);
    add_waiting_shell(box, script);
    create(box);
}

static void start_comes_through_the_socket(struct box *box)
{
    int connection;

    prepare_to_listen(box, "echo started");
    CHECK(is_alive(box));
    connection = connect_to(box);
    send_word(connection, MSG_START, box->nonce);
    hear_out(box, connection);
    close(connection);
    collect(box);
    CHECK(box->was_executing && !box->has_failed);
    CHECK(says_exactly(box, "started\n"));
    CHECK(connect_to(box) < 0); /* nobody listens any more */
}

static void whoever_says_something_else_is_sent_away(struct box *box)
{
    static const uint32_t types[] = {0, MSG_PLAN, MSG_COMMITTED, MSG_READY, N_CHANNEL_TYPES};
    uint8_t wrong[16];
    char big[100] = {MSG_START};
    int connection;

    memcpy(wrong, box->nonce, sizeof(wrong));
    wrong[15] ^= 1;
    prepare_to_listen(box, "echo started");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        connection = connect_to(box);
        send_word(connection, types[i], box->nonce);
        CHECK(hear(box, connection).type == 0);
        close(connection);
    }
    connection = connect_to(box); /* a wrong nonce */
    send_word(connection, MSG_START, wrong);
    CHECK(hear(box, connection).type == 0);
    close(connection);
    for (size_t size = 0; size <= sizeof(big); size += 20) { /* a wrong size */
        connection = connect_to(box);
        memcpy(big + 24, box->nonce, sizeof(box->nonce));
        if (size != sizeof(struct channel_message))
            CHECK(send(connection, big, size, MSG_NOSIGNAL) == (ssize_t)size);
        else
            shutdown(connection, SHUT_WR);
        CHECK(hear(box, connection).type == 0);
        close(connection);
    }
    close(connect_to(box)); /* says nothing and goes */
    CHECK(is_alive(box));
    connection = connect_to(box);
    send_word(connection, MSG_START, box->nonce);
    hear_out(box, connection);
    close(connection);
    collect(box);
    CHECK(says_exactly(box, "started\n"));
}

static void another_user_cannot_start(struct box *box)
{
    int connection;
    pid_t pid;
    int status;

    prepare_to_listen(box, "echo started");
    CHECK(chmod(beside_box(box, "start"), 0777) == 0);
    pid = fork();
    if (pid == 0) {
        char byte;

        if (setresuid(1000, 1000, 1000) < 0)
            _exit(2);
        connection = connect_to(box);
        send_word(connection, MSG_START, box->nonce);
        _exit(recv(connection, &byte, 1, 0) == 0 || errno == ECONNRESET ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(is_alive(box));
    kill(box->pid, SIGKILL);
    collect(box);
    CHECK(says_exactly(box, ""));
}

static void a_failure_at_start_goes_to_whoever_started(struct box *box)
{
    int connection;

    prepare_to_listen(box, "true");
    unlink(in_box(box, "bin/sh"));
    connection = connect_to(box);
    send_word(connection, MSG_START, box->nonce);
    hear_out(box, connection);
    close(connection);
    collect(box);
    CHECK(failed_at(box, OP_EXEC, STEP_WHOLE, ENOENT));
    CHECK(box->status == 127);
}

static void a_starter_that_dies_leaves_nothing_between(struct box *box)
{
    int connection;

    prepare_to_listen(box, "echo started");
    connection = connect_to(box);
    send_word(connection, MSG_START, box->nonce);
    close(connection);
    collect(box);
    /* Either it was started, or it is gone; the word was complete, so it is not still waiting. */
    CHECK(says_exactly(box, "started\n") || box->status == INIT_EXIT_UNTOLD);
}

static void a_wrong_nonce_on_the_channel_is_refused(struct box *box)
{
    uint8_t wrong[16] = {0};
    struct channel_message message;

    add_root(box);
    add_rest(box, "echo started");
    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_READY);
    send_word(box->channel, MSG_START, wrong);
    hear_out(box, box->channel);
    collect(box);
    CHECK(failed_at(box, OP_READY, STEP_WHOLE, EPROTO));
    CHECK(says_exactly(box, ""));
}

static void a_creator_that_dies_takes_init_with_it(struct box *box)
{
    (void)box;
    /* before the plan, at a hook, before START, before COMMITTED */
    for (int when = 0; when < 4; when++) {
        static struct box one;

        box_open(&one, "death", CLONE_NEWPID);
        add_root(&one);
        if (when == 1)
            add(&one, OP_AT_HOOK)->at_hook.point = HOOK_CREATE_RUNTIME;
        add(&one, OP_PIVOT);
        add_user(&one, 0, 0);
        if (when == 3)
            add_waiting_shell(&one, "echo started");
        else
            add_shell(&one, "echo started");
        launch(&one);
        if (when > 0) {
            send_plan(&one);
            CHECK(hear(&one, one.channel).type == (uint32_t)(when == 1 ? MSG_AT_HOOK : MSG_READY));
        }
        close(one.channel);
        one.channel = -1;
        collect(&one);
        CHECK(one.status == INIT_EXIT_ABANDONED);
        CHECK(says_exactly(&one, ""));
        box_close(&one);
    }
}

static void a_failure_that_nobody_hears_has_a_status(struct box *box)
{
    add_root(box);
    add_mount(box, "nosuchfs", "/tmp", 0, NULL);
    add_rest(box, "true");
    launch(box);
    send_plan(box);
    close(box->channel);
    box->channel = -1;
    collect(box);
    CHECK(box->status == INIT_EXIT_UNTOLD);
}

/* ---- plans that are not to be executed --------------------------------------------------------------- */

static void expect_refusal(struct box *box)
{
    hear_out(box, box->channel);
    collect(box);
    CHECK(box->has_failed && box->failure.op == UINT32_MAX && box->failure.error == EBADMSG);
    CHECK(box->status == INIT_EXIT_BAD_PLAN);
    CHECK(access(in_box(box, "made"), F_OK) < 0); /* nothing was done */
}

static void a_plan_that_is_not_sealed_is_refused(struct box *box)
{
    size_t size;
    const void *bytes;
    int fd;

    add_root(box);
    add_path(box, OP_DIRECTORY, "/made");
    add_rest(box, "true");
    bytes = plan_flatten(&box->plan, &size);
    fd = sys_memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    CHECK(write(fd, bytes, size) == (ssize_t)size);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0);
    launch(box);
    send_plan_file(box, fd);
    expect_refusal(box);
}

static void a_plan_of_another_version_is_refused(struct box *box)
{
    size_t size;
    char *bytes;

    add_root(box);
    add_path(box, OP_DIRECTORY, "/made");
    add_rest(box, "true");
    bytes = (char *)(uintptr_t)plan_flatten(&box->plan, &size);
    ((struct plan_header *)(void *)bytes)->version++;
    launch(box);
    send_plan_file(box, plan_memory(bytes, size));
    expect_refusal(box);
}

static void a_plan_that_mounts_after_the_root_switch_is_refused(struct box *box)
{
    add_root(box);
    add_path(box, OP_DIRECTORY, "/made");
    add(box, OP_PIVOT);
    add_mount(box, "tmpfs", "/tmp", 0, NULL);
    add_user(box, 0, 0);
    add_shell(box, "true");
    launch(box);
    send_plan(box);
    expect_refusal(box);
}

static void a_plan_whose_descriptors_are_not_its_own_is_refused(struct box *box)
{
    add_root(box);
    add_path(box, OP_DIRECTORY, "/made");
    add_bind(box, "/etc", "/data", MOUNT_MAKE_TARGET);
    box->plan.init.ops.items[box->plan.init.ops.count - 1].bind.slot = 0;
    add_rest(box, "true");
    launch(box);
    send_plan(box);
    expect_refusal(box);
}

static void five_hundred_descriptors_arrive(struct box *box)
{
    static const char script[] = "cat /data/0 /data/250 /data/499";

    add_root(box);
    write_file(beside_box(box, "file"), "x\n", 0644);
    for (int i = 0; i < 500; i++) {
        char target[32];

        snprintf(target, sizeof(target), "/data/%d", i);
        add_bind(box, beside_box(box, "file"), target, MOUNT_MAKE_TARGET);
    }
    run_script(box, script);
    CHECK(ran(box));
    CHECK(says_exactly(box, "x\nx\nx\n"));
}

/* clang-format off */
static const struct test tests[] = {
    {"what_waits_holds_nothing_of_the_host", what_waits_holds_nothing_of_the_host, NAMESPACES},
    {"at_the_root_switch_no_host_descriptor_is_left", at_the_root_switch_no_host_descriptor_is_left, NAMESPACES},
    {"start_comes_through_the_socket", start_comes_through_the_socket, NAMESPACES},
    {"whoever_says_something_else_is_sent_away", whoever_says_something_else_is_sent_away, NAMESPACES},
    {"another_user_cannot_start", another_user_cannot_start, NAMESPACES},
    {"a_failure_at_start_goes_to_whoever_started", a_failure_at_start_goes_to_whoever_started, NAMESPACES},
    {"a_starter_that_dies_leaves_nothing_between", a_starter_that_dies_leaves_nothing_between, NAMESPACES},
    {"a_wrong_nonce_on_the_channel_is_refused", a_wrong_nonce_on_the_channel_is_refused, NAMESPACES},
    {"a_creator_that_dies_takes_init_with_it", a_creator_that_dies_takes_init_with_it, NAMESPACES},
    {"a_failure_that_nobody_hears_has_a_status", a_failure_that_nobody_hears_has_a_status, NAMESPACES},
    {"a_plan_that_is_not_sealed_is_refused", a_plan_that_is_not_sealed_is_refused, NAMESPACES},
    {"a_plan_of_another_version_is_refused", a_plan_of_another_version_is_refused, NAMESPACES},
    {"a_plan_that_mounts_after_the_root_switch_is_refused", a_plan_that_mounts_after_the_root_switch_is_refused, NAMESPACES},
    {"a_plan_whose_descriptors_are_not_its_own_is_refused", a_plan_whose_descriptors_are_not_its_own_is_refused, NAMESPACES},
    {"five_hundred_descriptors_arrive", five_hundred_descriptors_arrive, NAMESPACES},
};
/* clang-format on */

const struct chapter protocol_tests = {tests, ARRAY_LEN(tests)};
