/* SPDX-License-Identifier: Apache-2.0 */

/* What becomes of the process: its namespaces, its program, what it inherits. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/rtnetlink.h>

#include "driver.h"

/* ---- start and end ---------------------------------------------------------------------------------- */

static void a_plan_becomes_a_program(struct box *box)
{
    add_root(box);
    run_script(box, "echo hello from $$; exit 0");
    CHECK(ran(box));
    CHECK(says_exactly(box, "hello from 1\n"));
}

static void the_exit_status_is_the_programs(struct box *box)
{
    add_root(box);
    run_script(box, "exit 42");
    CHECK(box->status == 42);
    CHECK(!box->has_failed);
}

static void the_program_has_its_arguments_and_environment(struct box *box)
{
    const char *const args[] = {"sh", "-c", "echo \"$#:$0:$1:$2\"; env", "zero", "", "two", NULL};
    static const char *const shell[] = {"/bin/sh", NULL};

    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, 0, 0);
    add_program(box, shell, 0);
    add_ready(box, -1);
    add_exec(box, args);
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "2:zero::two\n"));
    CHECK(says(box, "PATH=/bin\n"));
    CHECK(!says(box, "HOME="));
    CHECK(!says(box, "TERM="));
}

static void nothing_but_the_streams_is_open(struct box *box)
{
    box->leaks_descriptor = true;
    add_root(box);
    add_proc(box);
    run_script(box, "exec ls -l /proc/self/fd");
    CHECK(ran(box));
    CHECK(says(box, " 0 -> /null\n")); /* the host's, of which no path is left */
    CHECK(says(box, " 1 -> pipe:"));
    CHECK(says(box, " 2 -> pipe:"));
    CHECK(!says(box, "socket:") && !says(box, "memfd:"));
    CHECK(count_of(box, '\n') == 6); /* a heading, 0 to 2, and what ls reads: twice, it is gone */
}

static void a_leaked_descriptor_cannot_be_climbed(struct box *box)
{
    static const char *const programs[] = {"/proc/self/fd/9/../bin/sh", NULL};
    const char *const args[] = {"sh", "-c", "echo out", NULL};

    box->leaks_descriptor = true;
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_user(box, 0, 0);
    add_program(box, programs, 0);
    add_ready(box, -1);
    add_exec(box, args);
    run_box(box);
    CHECK(failed_at(box, OP_PROGRAM, STEP_NOT_FOUND, ENOENT));
    CHECK(box->status == 127);
}

static void the_callers_umask_is_given_back(struct box *box)
{
    box->caller_umask = 027;
    add_root(box);
    run_script(box, "umask");
    CHECK(says_exactly(box, "0027\n"));
}

static void a_configured_umask_is_set(struct box *box)
{
    struct plan_op *op;

    box->caller_umask = 027;
    add_root(box);
    add_rest(box, "umask");
    op = &box->plan.init.ops.items[box->plan.init.ops.count - 1];
    op->flags = EXEC_HAS_UMASK;
    op->exec.umask = 0;
    run_box(box);
    CHECK(says_exactly(box, "0000\n"));
}

static void ignored_signals_are_not_handed_on(struct box *box)
{
    static const char *const grep[] = {"/bin/grep", NULL};
    static const char *const args[] = {"grep", "^Sig", "/proc/self/status", NULL};

    box->ignores_signals = true;
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_user(box, 0, 0);
    add_program(box, grep, 0);
    add_ready(box, -1);
    add_exec(box, args);
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "SigBlk:\t0000000000000000"));
    CHECK(says(box, "SigIgn:\t0000000000000000"));
    CHECK(says(box, "SigCgt:\t0000000000000000"));
}

static void a_session_is_new(struct box *box)
{
    add(box, OP_SESSION)->flags = SESSION_NEW_KEYRING;
    add_root(box);
    add_proc(box);
    run_script(box, "sed 's/.*) //' /proc/self/stat; grep -c . /proc/keys");
    CHECK(ran(box));
    /* state, ppid, process group, session: the last two are the shell's, which is process 1 */
    CHECK(says(box, " 1 1 "));
}

/* ---- namespaces ------------------------------------------------------------------------------------- */

static void names_are_set(struct box *box)
{
    struct plan_op *op = add(box, OP_HOSTNAME);

    op->hostname.text = text(box, "the-box");
    op = add(box, OP_DOMAINNAME);
    op->domainname.text = text(box, "example.org");
    add_root(box);
    add_proc(box);
    run_script(box, "hostname; cat /proc/sys/kernel/domainname");
    CHECK(ran(box));
    CHECK(says_exactly(box, "the-box\nexample.org\n"));
}

static void add_link_request(struct box *box, int index)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                   .nlmsg_seq = 1},
        .link = {.ifi_index = index, .ifi_flags = 1, .ifi_change = 1},
    };
    struct plan_op *op = add(box, OP_NETLINK);

    op->netlink.message = plan_add_blob(&box->plan.init, &message, sizeof(message));
}

static void a_link_is_set_up(struct box *box)
{
    add_link_request(box, 1);
    add_root(box);
    add_mount(box, "sysfs", "/sys", MOUNT_MAKE_TARGET | MOUNT_NO_LINKS, NULL);
    run_script(box, "cat /sys/class/net/lo/flags");
    CHECK(ran(box));
    CHECK(says_exactly(box, "0x9\n"));
}

static void what_the_kernel_says_about_a_link_is_reported(struct box *box)
{
    add_link_request(box, 4711);
    add_root(box);
    run_script(box, "true");
    CHECK(failed_at(box, OP_NETLINK, STEP_WHOLE, ENODEV));
    CHECK(box->status == 1);
}

static void time_has_its_offsets(struct box *box)
{
    struct plan_op *op = add(box, OP_TIME_OFFSETS);

    op->time_offsets.monotonic_s = 86400;
    op->time_offsets.boottime_s = -1;
    op->time_offsets.boottime_ns = 5;
    add_root(box);
    add_proc(box);
    run_script(box, "cat /proc/self/timens_offsets; readlink /proc/self/ns/time");
    CHECK(ran(box));
    CHECK(says(box, "monotonic "));
    CHECK(says(box, "86400 "));
    CHECK(says(box, " -1 "));
}

static void a_cgroup_namespace_is_made(struct box *box)
{
    char here[64] = {0};
    struct plan_op *op = add(box, OP_UNSHARE);

    op->unshare.clone_flag = CLONE_NEWCGROUP;
    op->unshare.name = text(box, "cgroup");
    add_root(box);
    add_proc(box);
    run_script(box, "readlink /proc/self/ns/cgroup");
    CHECK(ran(box));
    CHECK(readlink("/proc/self/ns/cgroup", here, sizeof(here) - 1) > 0);
    CHECK(says(box, "cgroup:[") && !says(box, here));
}

/* ---- the program ------------------------------------------------------------------------------------- */

static void try_programs(struct box *box, const char *const *candidates, uint16_t flags)
{
    const char *const args[] = {"sh", "-c", "echo found", NULL};

    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, 1000, 1000);
    add_program(box, candidates, flags);
    add_ready(box, -1);
    add_exec(box, args);
    run_box(box);
}

static void the_first_program_that_can_run_is_taken(struct box *box)
{
    static const char *const candidates[] = {"/missing/sh", "/etc/passwd/sh", "/etc/passwd", "/tmp",
                                             "/bin/sh",     "/bin/false",     NULL};

    try_programs(box, candidates, PROGRAM_SEARCHED);
    CHECK(ran(box));
    CHECK(says_exactly(box, "found\n"));
}

static void a_missing_program_is_not_found(struct box *box)
{
    static const char *const candidates[] = {"/missing/sh", "/bin/missing", NULL};

    try_programs(box, candidates, PROGRAM_SEARCHED);
    CHECK(failed_at(box, OP_PROGRAM, STEP_NOT_FOUND, ENOENT));
    CHECK(box->status == 127);
    CHECK(!box->was_ready);
}

static void a_program_that_may_not_be_executed_is_told_apart(struct box *box)
{
    static const char *const candidates[] = {"/missing/x", "/etc/passwd", NULL};

    try_programs(box, candidates, PROGRAM_SEARCHED);
    CHECK(failed_at(box, OP_PROGRAM, STEP_NOT_FOUND, EACCES));
    CHECK(box->status == 126);
}

static void a_directory_is_no_program(struct box *box)
{
    static const char *const candidates[] = {"/tmp", NULL};

    try_programs(box, candidates, 0);
    CHECK(failed_at(box, OP_PROGRAM, STEP_NOT_FOUND, EACCES));
    CHECK(box->failure.aux == EISDIR);
}

static void a_fifo_is_no_program(struct box *box)
{
    static const char *const candidates[] = {"/tmp/fifo", NULL};

    CHECK(mkfifo(in_box(box, "tmp/fifo"), 0777) == 0);
    try_programs(box, candidates, 0);
    CHECK(failed_at(box, OP_PROGRAM, STEP_NOT_FOUND, EACCES));
}

static void a_program_that_vanishes_is_reported_at_start(struct box *box)
{
    struct channel_message message;

    add_root(box);
    add_rest(box, "true");
    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_READY);
    unlink(in_box(box, "bin/sh"));
    send_word(box->channel, MSG_START, box->nonce);
    hear_out(box, box->channel);
    collect(box);
    CHECK(box->was_executing);
    CHECK(failed_at(box, OP_EXEC, STEP_WHOLE, ENOENT));
    CHECK(box->status == 127);
}

static void a_program_in_no_known_format_is_reported(struct box *box)
{
    static const char *const candidates[] = {"/tmp/text", NULL};

    write_file(in_box(box, "tmp/text"), "neither a binary nor a script\n", 0755);
    try_programs(box, candidates, 0);
    CHECK(failed_at(box, OP_EXEC, STEP_WHOLE, ENOEXEC));
    CHECK(box->status == 126);
}

/* ---- HOME -------------------------------------------------------------------------------------------- */

static void look_home_up(struct box *box, uint32_t uid)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    static const char *const args[] = {"sh", "-c", "echo HOME is $HOME; env | grep -c .", NULL};
    struct plan_op *op;

    box->timeout_ms = 3000;
    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, uid, 0);
    add_program(box, shell, PROGRAM_ADD_HOME);
    op = &box->plan.init.ops.items[box->plan.init.ops.count - 1];
    op->program.uid = uid;
    add_ready(box, -1);
    add_exec(box, args);
    run_box(box);
    CHECK(ran(box));
}

static void home_comes_from_passwd(struct box *box)
{
    look_home_up(box, 1000);
    CHECK(says(box, "HOME is /home/user\n"));
}

static void home_of_an_unknown_user_is_the_root(struct box *box)
{
    look_home_up(box, 4711);
    CHECK(says(box, "HOME is /\n"));
}

static void a_last_line_without_an_end_counts(struct box *box)
{
    write_file(in_box(box, "etc/passwd"), "a:x:5:5::/five:/bin/sh", 0644);
    look_home_up(box, 5);
    CHECK(says(box, "HOME is /five\n"));
}

static void lines_that_make_no_sense_are_passed_over(struct box *box)
{
    write_file(in_box(box, "etc/passwd"),
               "x:x:1000x:0::/wrong1:\nx:x::0::/wrong2:\nx:x:1000:0::/wrong3\n:::::\n"
               "x:x:18446744073709552616:0::/wrong4:\nx:x:4294968296:0::/wrong5:\n+\n"
               "x:x:-1000:0::/wrong6:\nx:x: 1000:0::/wrong7:\nx:x:1000:0::::\n"
               "x:x:1000:0:::\nx:x:1000:0::/right:/bin/sh\n",
               0644);
    look_home_up(box, 1000);
    CHECK(says(box, "HOME is /right\n"));
}

static void a_passwd_that_is_no_file_does_not_block(struct box *box)
{
    (void)box;
    for (int kind = 0; kind < 5; kind++) {
        static struct box one;
        const char *path;

        box_open(&one, "home", CLONE_NEWPID);
        path = in_box(&one, "etc/passwd");
        unlink(path);
        if (kind == 0)
            CHECK(mkfifo(path, 0666) == 0);
        else if (kind == 1)
            CHECK(mkdir(path, 0755) == 0);
        else if (kind == 2)
            CHECK(symlink("/dev/tty", path) == 0);
        else if (kind == 3)
            CHECK(symlink("/proc/self/fd/0", path) == 0);
        else
            CHECK(mknod(path, S_IFCHR | 0666, 0x105) == 0); /* /dev/zero */
        look_home_up(&one, 1000);
        CHECK(says(&one, "HOME is /\n"));
        box_close(&one);
    }
}

static void a_huge_passwd_is_read_up_to_a_bound(struct box *box)
{
    FILE *file = fopen(in_box(box, "etc/passwd"), "we");

    CHECK(file != NULL);
    fprintf(file, "first:x:7:7::/seven:\n");
    for (int i = 0; i < 1024 * 1024; i++)
        fputc('x', file);
    fprintf(file, "\nlate:x:1000:7::/late:\n");
    CHECK(ftruncate(fileno(file), (off_t)10 << 30) == 0);
    fclose(file);
    look_home_up(box, 1000);
    CHECK(says(box, "HOME is /\n"));
}

static void a_home_that_is_too_long_is_not_cut(struct box *box)
{
    FILE *file = fopen(in_box(box, "etc/passwd"), "we");

    CHECK(file != NULL);
    fprintf(file, "a:x:1000:7::/");
    for (int i = 0; i < 2000; i++)
        fputc('x', file);
    fprintf(file, ":/bin/sh\nb:x:1000:7::/second:/bin/sh\n");
    fclose(file);
    look_home_up(box, 1000);
    CHECK(says(box, "HOME is /second\n"));
}

/* clang-format off */
static const struct test tests[] = {
    {"a_plan_becomes_a_program", a_plan_becomes_a_program, NAMESPACES},
    {"the_exit_status_is_the_programs", the_exit_status_is_the_programs, NAMESPACES},
    {"the_program_has_its_arguments_and_environment", the_program_has_its_arguments_and_environment, NAMESPACES},
    {"nothing_but_the_streams_is_open", nothing_but_the_streams_is_open, NAMESPACES},
    {"a_leaked_descriptor_cannot_be_climbed", a_leaked_descriptor_cannot_be_climbed, NAMESPACES},
    {"the_callers_umask_is_given_back", the_callers_umask_is_given_back, NAMESPACES},
    {"a_configured_umask_is_set", a_configured_umask_is_set, NAMESPACES},
    {"ignored_signals_are_not_handed_on", ignored_signals_are_not_handed_on, NAMESPACES},
    {"a_session_is_new", a_session_is_new, NAMESPACES},
    {"names_are_set", names_are_set, NAMESPACES},
    {"a_link_is_set_up", a_link_is_set_up, NAMESPACES | CLONE_NEWNET},
    {"what_the_kernel_says_about_a_link_is_reported", what_the_kernel_says_about_a_link_is_reported, NAMESPACES | CLONE_NEWNET},
    {"time_has_its_offsets", time_has_its_offsets, NAMESPACES},
    {"a_cgroup_namespace_is_made", a_cgroup_namespace_is_made, NAMESPACES},
    {"the_first_program_that_can_run_is_taken", the_first_program_that_can_run_is_taken, NAMESPACES},
    {"a_missing_program_is_not_found", a_missing_program_is_not_found, NAMESPACES},
    {"a_program_that_may_not_be_executed_is_told_apart", a_program_that_may_not_be_executed_is_told_apart, NAMESPACES},
    {"a_directory_is_no_program", a_directory_is_no_program, NAMESPACES},
    {"a_fifo_is_no_program", a_fifo_is_no_program, NAMESPACES},
    {"a_program_that_vanishes_is_reported_at_start", a_program_that_vanishes_is_reported_at_start, NAMESPACES},
    {"a_program_in_no_known_format_is_reported", a_program_in_no_known_format_is_reported, NAMESPACES},
    {"home_comes_from_passwd", home_comes_from_passwd, NAMESPACES},
    {"home_of_an_unknown_user_is_the_root", home_of_an_unknown_user_is_the_root, NAMESPACES},
    {"a_last_line_without_an_end_counts", a_last_line_without_an_end_counts, NAMESPACES},
    {"lines_that_make_no_sense_are_passed_over", lines_that_make_no_sense_are_passed_over, NAMESPACES},
    {"a_passwd_that_is_no_file_does_not_block", a_passwd_that_is_no_file_does_not_block, NAMESPACES},
    {"a_huge_passwd_is_read_up_to_a_bound", a_huge_passwd_is_read_up_to_a_bound, NAMESPACES},
    {"a_home_that_is_too_long_is_not_cut", a_home_that_is_too_long_is_not_cut, NAMESPACES},
};
/* clang-format on */

const struct chapter program_tests = {tests, ARRAY_LEN(tests)};
