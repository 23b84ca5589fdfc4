/* SPDX-License-Identifier: Apache-2.0 */

/* The way from START to execve: hooks of the container, the filter. */

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "driver.h"

/* ---- hooks of the container --------------------------------------------------------------------------- */

static void add_inner_hook(struct box *box, const char *script, int64_t timeout_s)
{
    const char *const args[] = {"hook", "-c", script, NULL};
    static const char *const env[] = {"HOOK=yes", "PATH=/bin", NULL};
    struct plan_vector args_vector = words(box, 0, args);
    struct plan_vector env_vector = words(box, 0, env);
    struct plan_op *op = add(box, OP_INNER_HOOK);

    op->inner_hook.index = 7;
    op->inner_hook.path = text(box, "/bin/busybox-sh");
    op->inner_hook.args = args_vector;
    op->inner_hook.env = env_vector;
    op->inner_hook.state_head = text(box, "{\"pid\":");
    op->inner_hook.state_tail = text(box, ",\"end\":true}");
    op->inner_hook.timeout_s = timeout_s;
}

static void run_hooked(struct box *box, const char *hook, int64_t timeout_s)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    static const char *const args[] = {"sh", "-c", "echo; echo program", NULL};

    write_file(in_box(box, "bin/busybox-sh"), "#!/bin/sh\nshift; eval \"$1\"\n", 0755);
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_user(box, 1000, 1000);
    add(box, OP_NO_NEW_PRIVS);
    add_program(box, shell, 0);
    add_ready(box, -1);
    add_inner_hook(box, hook, timeout_s);
    add_exec(box, args);
    run_box(box);
}

static void a_hook_of_the_container_gets_the_state(struct box *box)
{
    run_hooked(box, "cat; echo; echo HOOK is $HOOK, $(id -u), $(env | grep -c .)", 0);
    CHECK(ran(box));
    CHECK(says(box, "{\"pid\":1,\"end\":true}\n"));
    CHECK(says(box, "HOOK is yes, 1000, "));
    CHECK(says(box, "program\n"));
}

static void a_hook_of_the_container_has_no_descriptors_of_ours(struct box *box)
{
    run_hooked(box,
               "cd /proc/self/fd; for fd in *; do echo $fd $(readlink $fd); done; "
               "grep -E 'NoNewPrivs|CapEff' /proc/self/status",
               5);
    CHECK(ran(box));
    CHECK(!says(box, "socket:"));
    CHECK(says(box, "NoNewPrivs:\t1"));
    CHECK(says(box, "CapEff:\t0000000000000000"));
}

static void a_hook_of_the_container_that_fails_stops_the_start(struct box *box)
{
    run_hooked(box, "exit 3", 0);
    CHECK(failed_at(box, OP_INNER_HOOK, STEP_EXIT, 0));
    CHECK(WIFEXITED((int)box->failure.aux) && WEXITSTATUS((int)box->failure.aux) == 3);
    CHECK(!says(box, "program"));
    CHECK(box->status == 1);
}

static void a_hook_of_the_container_that_takes_too_long_is_killed(struct box *box)
{
    run_hooked(box, "sleep 1000 & sleep 1000", 1);
    CHECK(failed_at(box, OP_INNER_HOOK, STEP_TIMEOUT, 0));
    CHECK(!says(box, "program"));
}

static void a_hook_without_a_sensible_timeout_is_waited_for(struct box *box)
{
    run_hooked(box, "echo hook", INT64_MAX);
    CHECK(ran(box));
    CHECK(says(box, "hook\n"));
}

/* ---- the filter --------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
/* clang-format off */
/* A program without libc: writes "ok\n" and ends. */
static const unsigned char tiny[] = {
    /* ELF header */
    0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0, 1, 0, 0, 0, 0x78, 0, 0x40,
    0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 56, 0, 1, 0,
    0, 0, 0, 0, 0, 0,
    /* its one segment, readable and executable: the whole file, at 0x400000 */
    1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0,
    0, 0, 0xa5, 0, 0, 0, 0, 0, 0, 0, 0xa5, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0,
    /* write(1, message, 3) */
    0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0xbe, 0xa2, 0, 0x40, 0, 0xba, 3, 0, 0, 0, 0x0f, 0x05,
    /* exit_group(0) */
    0xb8, 231, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05,
    0xf4, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90, 0x90,
    /* the message */
    'o', 'k', '\n'};
/* clang-format on */
#endif

#define ALLOW(call)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##call, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/* Kills for everything but what is listed. */
static const struct sock_filter narrow[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
    ALLOW(execve),
    ALLOW(write),
    ALLOW(exit_group),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static const struct sock_filter wide[] = {
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static void run_filtered(struct box *box, bool with_no_new_privs, uint32_t uid, const char *program)
{
    const char *const candidates[] = {program, NULL};
    const char *const args[] = {program, NULL};
    struct plan_op *op;

    add_root(box);
    add(box, OP_PIVOT);
    add(box, OP_BOUNDING);
    op = add_user(box, uid, 0);
    if (!with_no_new_privs)
        op[1].flags = CAPS_KEEP_SYS_ADMIN;
    else
        add(box, OP_NO_NEW_PRIVS);
    add_program(box, candidates, 0);
    add_ready(box, -1);
    add_filter(box, narrow, sizeof(narrow));
    add_exec(box, args);
    run_box(box);
}

static void three_calls_are_enough_behind_the_filter(struct box *box)
{
#if defined(__x86_64__)
    (void)box;
    for (int i = 0; i < 4; i++) {
        static struct box one;
        int fd;

        box_open(&one, "filter", CLONE_NEWPID);
        fd = open(in_box(&one, "bin/tiny"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        CHECK(write(fd, tiny, sizeof(tiny)) == (ssize_t)sizeof(tiny));
        close(fd);
        run_filtered(&one, (i & 1) != 0, (i & 2) != 0 ? 1000 : 0, "/bin/tiny");
        CHECK(ran(&one));
        CHECK(says_exactly(&one, "ok\n"));
        if (!ran(&one))
            show(&one);
        box_close(&one);
    }
#else
    (void)box;
    printf("# only written for x86_64\n");
#endif
}

static void a_failing_execve_is_told_through_the_filter(struct box *box)
{
    write_file(in_box(box, "bin/text"), "no format\n", 0755);
    run_filtered(box, true, 1000, "/bin/text");
    CHECK(failed_at(box, OP_EXEC, STEP_WHOLE, ENOEXEC));
    CHECK(box->status == 126);
}

static void a_filter_is_there_and_the_way_to_it_is_not(struct box *box)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    static const char *const args[] = {
        "sh", "-c", "grep -E '^(Seccomp|Cap(Prm|Eff)|NoNew)' /proc/self/status | tr '\\t' ' '",
        NULL};
    struct plan_op *op;

    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add(box, OP_BOUNDING);
    op = add_user(box, 0, 0);
    op[1].flags = CAPS_KEEP_SYS_ADMIN;
    add_program(box, shell, 0);
    add_ready(box, -1);
    add_filter(box, wide, sizeof(wide));
    add_exec(box, args);
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "CapPrm: 0000000000000000\nCapEff: 0000000000000000\n"));
    CHECK(says(box, "NoNewPrivs: 0\n"));
    CHECK(says(box, "Seccomp: 2\nSeccomp_filters: 1\n"));
}

static void without_the_right_a_filter_is_refused(struct box *box)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    static const char *const args[] = {"sh", "-c", "echo unfiltered", NULL};

    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, 1000, 0);
    add_program(box, shell, 0);
    add_ready(box, -1);
    add_filter(box, wide, sizeof(wide));
    add_exec(box, args);
    run_box(box);
    CHECK(failed_at(box, OP_FILTER, STEP_WHOLE, EACCES));
    CHECK(says_exactly(box, ""));
}

/* clang-format off */
static const struct test tests[] = {
    {"a_hook_of_the_container_gets_the_state", a_hook_of_the_container_gets_the_state, NAMESPACES},
    {"a_hook_of_the_container_has_no_descriptors_of_ours", a_hook_of_the_container_has_no_descriptors_of_ours, NAMESPACES},
    {"a_hook_of_the_container_that_fails_stops_the_start", a_hook_of_the_container_that_fails_stops_the_start, NAMESPACES},
    {"a_hook_of_the_container_that_takes_too_long_is_killed", a_hook_of_the_container_that_takes_too_long_is_killed, NAMESPACES},
    {"a_hook_without_a_sensible_timeout_is_waited_for", a_hook_without_a_sensible_timeout_is_waited_for, NAMESPACES},
    {"three_calls_are_enough_behind_the_filter", three_calls_are_enough_behind_the_filter, NAMESPACES},
    {"a_failing_execve_is_told_through_the_filter", a_failing_execve_is_told_through_the_filter, NAMESPACES},
    {"a_filter_is_there_and_the_way_to_it_is_not", a_filter_is_there_and_the_way_to_it_is_not, NAMESPACES},
    {"without_the_right_a_filter_is_refused", without_the_right_a_filter_is_refused, NAMESPACES},
};
/* clang-format on */

const struct chapter exec_tests = {tests, ARRAY_LEN(tests)};
