/* SPDX-License-Identifier: Apache-2.0 */

/* From the root switch to the identity of the workload. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

/* ---- hooks, root switch, seal ------------------------------------------------------------------------- */

static void hooks_are_waited_for(struct box *box)
{
    struct channel_message message;

    add_root(box);
    add(box, OP_AT_HOOK)->at_hook.point = HOOK_CREATE_CONTAINER;
    add_rest(box, "echo after");
    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_AT_HOOK && message.op == HOOK_CREATE_CONTAINER);
    send_word(box->channel, MSG_GO_ON, NULL);
    message = hear(box, box->channel);
    CHECK(message.type == MSG_READY);
    send_word(box->channel, MSG_START, box->nonce);
    hear_out(box, box->channel);
    collect(box);
    CHECK(says_exactly(box, "after\n"));
}

static void sysctls_are_written_past_what_is_mounted_on_proc(struct box *box)
{
    struct plan_op *op;

    mkdir(beside_box(box, "decoy"), 0755);
    add_root(box);
    /* A /proc of somebody else's making, with a decoy. */
    add_mount(box, "tmpfs", "/proc", MOUNT_MAKE_TARGET, NULL);
    add_path(box, OP_DIRECTORY, "/proc/sys/kernel");
    add_link(box, "/proc/sys/kernel/shm_rmid_forced", "../../decoy", 0);
    add_mount(box, "proc", "/tmp", MOUNT_MAKE_TARGET, NULL);
    add(box, OP_PIVOT);
    op = add(box, OP_SYSCTL);
    op->sysctl.name = text(box, "kernel/shm_rmid_forced");
    op->sysctl.value = text(box, "1");
    add_user(box, 0, 0);
    add_shell(box, "cat /tmp/sys/kernel/shm_rmid_forced; ls /proc");
    run_box(box);
    CHECK(ran(box));
    CHECK(says_exactly(box, "1\nsys\n"));
}

static void sysctls_do_not_leave_proc_sys(struct box *box)
{
    static const char *const names[] = {"../version", "kernel/../../version", "../self/comm",
                                        "kernel/nothing", "/sys/kernel/shm_rmid_forced"};

    (void)box;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        static struct box one;
        struct plan_op *op;

        box_open(&one, "sysctl", CLONE_NEWPID | CLONE_NEWIPC);
        add_root(&one);
        add(&one, OP_PIVOT);
        op = add(&one, OP_SYSCTL);
        op->sysctl.name = text(&one, names[i]);
        op->sysctl.value = text(&one, "1");
        add_user(&one, 0, 0);
        add_shell(&one, "true");
        run_box(&one);
        CHECK(failed_at(&one, OP_SYSCTL, STEP_WHOLE, one.failure.error) && one.failure.error != 0);
        box_close(&one);
    }
}

static void paths_are_masked(struct box *box)
{
    write_file(in_box(box, "etc/secret"), "secret\n", 0644);
    write_file(in_box(box, "etc/secret2"), "secret\n", 0644);
    mkdir(in_box(box, "etc/dir"), 0755);
    write_file(in_box(box, "etc/dir/secret"), "secret\n", 0644);
    mkdir(in_box(box, "etc/dir2"), 0755);
    write_file(in_box(box, "etc/dir2/secret"), "secret\n", 0644);
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_mask(box, "/etc/secret");
    add_mask(box, "/etc/dir");
    add_mask(box, "/etc/secret2");
    add_mask(box, "/etc/dir2");
    add_mask(box, "/proc/keys");
    add_mask(box, "/proc/missing");
    add_mask(box, "/etc/passwd/missing");
    add_user(box, 0, 0);
    add_shell(box,
              "cat /etc/secret /etc/secret2 /proc/keys; ls -A /etc/dir /etc/dir2;"
              "stat -c %F /etc/secret; touch /etc/dir/x || echo refused;"
              "grep -E ' /etc/dir2? ' /proc/self/mountinfo | sed 's/[^ ]* [^ ]* \\([^ ]*\\).*/\\1/'"
              "| sort -u | wc -l");
    run_box(box);
    CHECK(box->status == 0);
    CHECK(!says(box, "secret"));
    CHECK(says(box, "character special file\n"));
    CHECK(says(box, "refused"));
    CHECK(says(box, "\n1\n")); /* one file system for both */
}

static void thousands_of_masks_take_no_time(struct box *box)
{
    enum {
        MASKS = 10000
    };
    struct timespec before;
    struct timespec after;
    char name[64];

    mkdir(in_box(box, "etc/many"), 0755);
    add_root(box);
    add(box, OP_PIVOT);
    for (int i = 0; i < MASKS; i++) {
        snprintf(name, sizeof(name), "etc/many/%d", i);
        write_file(in_box(box, name), "secret\n", 0644);
        snprintf(name, sizeof(name), "/etc/many/%d", i);
        add_mask(box, name);
    }
    add_user(box, 0, 0);
    add_shell(box, "cat /etc/many/0 /etc/many/9999; echo end");
    clock_gettime(CLOCK_MONOTONIC, &before);
    run_box(box);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK(ran(box));
    CHECK(says_exactly(box, "end\n"));
    printf("# %d masks took %ld ms\n", MASKS,
           (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000);
    CHECK(after.tv_sec - before.tv_sec < 2);
}

static void a_mask_that_is_no_null_device_is_refused(struct box *box)
{
    struct plan_op *op;
    uint16_t slot;

    add_root(box);
    slot = add_slot(box, clone_mount("/dev/zero"));
    add(box, OP_PIVOT);
    op = add(box, OP_MASK_PATH);
    op->mask_path.slot = slot;
    op->mask_path.path = text(box, "/etc/passwd");
    add_user(box, 0, 0);
    add_shell(box, "true");
    run_box(box);
    CHECK(failed_at(box, OP_MASK_PATH, STEP_SUPER, EBADF));
}

static void paths_become_read_only(struct box *box)
{
    mkdir(in_box(box, "data"), 0755);
    add_root(box);
    add_proc(box);
    add_mount(box, "tmpfs", "/data/nested", MOUNT_MAKE_TARGET, NULL);
    add(box, OP_PIVOT);
    add_path(box, OP_READONLY_PATH, "/data");
    add_path(box, OP_READONLY_PATH, "/etc/passwd");
    add_path(box, OP_READONLY_PATH, "/proc/sys");
    add_path(box, OP_READONLY_PATH, "/missing/path");
    add_user(box, 0, 0);
    add_shell(box, "for f in /data/x /data/nested/x /etc/passwd /proc/sys/kernel/domainname; do "
                   "(echo x >$f) 2>/dev/null && echo wrote $f; done; echo x >/tmp/x && echo end");
    run_box(box);
    CHECK(ran(box));
    CHECK(says_exactly(box, "end\n"));
}

static void a_sealed_path_of_proc_goes_through_no_link(struct box *box)
{
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_mask(box, "/proc/net/dev"); /* /proc/net is a link */
    add_user(box, 0, 0);
    add_shell(box, "true");
    run_box(box);
    CHECK(failed_at(box, OP_MASK_PATH, STEP_TARGET, ELOOP));
}

static void the_root_becomes_read_only(struct box *box)
{
    struct plan_op *op;

    add_root(box);
    add(box, OP_PIVOT);
    op = add(box, OP_ROOT_ATTRIBUTES);
    op->root_attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
    add_user(box, 0, 0);
    add_shell(box, "touch /x 2>&1 || echo refused");
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "Read-only file system"));
}

/* ---- identity ---------------------------------------------------------------------------------------- */

static void limits_and_personality_are_set(struct box *box)
{
    struct plan_op *op;

    add_root(box);
    add(box, OP_PIVOT);
    op = add(box, OP_RLIMIT);
    op->rlimit.resource = RLIMIT_NOFILE;
    op->rlimit.soft = 100;
    op->rlimit.hard = 200;
    add(box, OP_PERSONALITY)->personality.value = 8; /* LINUX32 */
    add_user(box, 0, 0);
    add_shell(box, "ulimit -Sn; ulimit -Hn; busybox uname -m");
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "100\n200\n"));
#if defined(__x86_64__)
    CHECK(says(box, "i686\n"));
#endif
}

static void a_working_directory_is_entered(struct box *box)
{
    add_root(box);
    add_path(box, OP_DIRECTORY, "/srv/work");
    add(box, OP_PIVOT);
    add_path(box, OP_CWD, "/srv/work");
    add_user(box, 1000, 1000);
    add_shell(box, "pwd");
    run_box(box);
    CHECK(ran(box));
    CHECK(says_exactly(box, "/srv/work\n"));
}

static void a_working_directory_cannot_be_a_magic_link(struct box *box)
{
    static const char *const paths[] = {"/proc/self/fd/3", "/proc/self/cwd", "/proc/1/root",
                                        "/proc/thread-self/cwd/..", "/link"};

    (void)box;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        static struct box one;

        box_open(&one, "cwd", CLONE_NEWPID);
        CHECK(symlink("/proc/self/root", in_box(&one, "link")) == 0);
        add_root(&one);
        add_proc(&one);
        add(&one, OP_PIVOT);
        add_path(&one, OP_CWD, paths[i]);
        add_user(&one, 0, 0);
        add_shell(&one, "true");
        run_box(&one);
        CHECK(failed_at(&one, OP_CWD, STEP_WHOLE, ELOOP));
        box_close(&one);
    }
}

static void only_the_user_may_be_able_to_enter_his_directory(struct box *box)
{
    /* There is no file system here that refuses root; for one without capabilities it is the same.
     */
    mkdir(in_box(box, "home"), 0700);
    CHECK(chown(in_box(box, "home"), 1000, 1000) == 0);
    add_root(box);
    add(box, OP_PIVOT);
    add_path(box, OP_CWD, "/home");
    box->plan.init.ops.items[box->plan.init.ops.count - 1].flags = CWD_TRY;
    add_user(box, 1000, 1000);
    add_path(box, OP_CWD, "/home");
    add_shell(box, "pwd; id -u");
    run_box(box);
    CHECK(ran(box));
    CHECK(says_exactly(box, "/home\n1000\n"));
}

static void a_forbidden_working_directory_is_an_error(struct box *box)
{
    mkdir(in_box(box, "home"), 0700);
    add_root(box);
    add(box, OP_PIVOT);
    add_user(box, 1000, 1000);
    add_path(box, OP_CWD, "/home");
    add_shell(box, "true");
    run_box(box);
    CHECK(failed_at(box, OP_CWD, STEP_WHOLE, EACCES));
}

static void ids_and_groups_are_exactly_those(struct box *box)
{
    static const uint32_t groups[] = {7, 5, 1000000, 5};
    struct plan_op *op;

    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    op = add_user(box, 1234, 4321);
    op->identity.groups = plan_add_blob(&box->plan.init, groups, sizeof(groups));
    add_shell(box, "grep -E '^(Uid|Gid|Groups)' /proc/self/status | tr '\\t' ' '");
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "Uid: 1234 1234 1234 1234\n"));
    CHECK(says(box, "Gid: 4321 4321 4321 4321\n"));
    CHECK(says(box, "Groups: 5 5 7 1000000 \n"));
}

static void groups_of_the_caller_do_not_remain(struct box *box)
{
    static const uint32_t groups[] = {1111, 2222};

    CHECK(sys_setgroups(2, groups) == 0);
    add_root(box);
    add_proc(box);
    run_script(box, "grep ^Groups /proc/self/status | tr '\\t' ' '");
    CHECK(sys_setgroups(0, NULL) == 0);
    CHECK(ran(box));
    CHECK(says_exactly(box, "Groups:  \n"));
}

#define BIT(n) ((uint64_t)1 << (n))

struct caps_case {
    uint32_t uid;
    uint16_t flags;
    struct op_capabilities sets;
    uint64_t bounding;
    struct op_capabilities after; /* effective, permitted, inheritable, ambient of the program */
};

static void capabilities_are_exactly_those(struct box *box)
{
    static const uint64_t chown_bit = BIT(CAP_CHOWN);
    static const uint64_t net = BIT(CAP_NET_RAW);
    const struct caps_case cases[] = {
        /* uid 0 gets at execve what the bounding set allows */
        {0, 0, {0, 0, 0, 0}, 0, {0, 0, 0, 0}},
        {0,
         0,
         {chown_bit, chown_bit, 0, 0},
         chown_bit | net,
         {chown_bit | net, chown_bit | net, 0, 0}},
        {0,
         CAPS_KEEP_SYS_ADMIN,
         {chown_bit, chown_bit, 0, 0},
         chown_bit,
         {chown_bit, chown_bit, 0, 0}},
        /* another one keeps what is ambient */
        {1000, 0, {chown_bit, chown_bit, 0, 0}, chown_bit, {0, 0, 0, 0}},
        {1000, 0, {net, net | chown_bit, net, net}, net | chown_bit, {net, net, net, net}},
        {1000, CAPS_KEEP_SYS_ADMIN, {net, net, net, net}, net, {net, net, net, net}},
        {1000, CAPS_KEEP_SYS_ADMIN, {0, 0, 0, 0}, 0, {0, 0, 0, 0}},
        /* inheritable alone gives nothing */
        {1000, 0, {net, net, net, 0}, net, {0, 0, net, 0}},
    };

    (void)box;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        static struct box one;
        const struct caps_case *c = &cases[i];
        struct plan_op *op;
        char expected[256];

        box_open(&one, "caps", CLONE_NEWPID);
        add_root(&one);
        add_proc(&one);
        add(&one, OP_PIVOT);
        add(&one, OP_BOUNDING)->bounding.mask = c->bounding;
        op = add_user(&one, c->uid, 0);
        op[1].flags = c->flags;
        op[1].capabilities = c->sets;
        add_shell(&one, "grep ^Cap /proc/self/status | tr '\\t' ' '");
        run_box(&one);
        snprintf(expected, sizeof(expected),
                 "CapInh: %016lx\nCapPrm: %016lx\nCapEff: %016lx\nCapBnd: %016lx\nCapAmb: %016lx\n",
                 (unsigned long)c->after.inheritable, (unsigned long)c->after.permitted,
                 (unsigned long)c->after.effective, (unsigned long)c->bounding,
                 (unsigned long)c->after.ambient);
        if (!says_exactly(&one, expected)) {
            printf("# case %zu, expected:\n# %s\n", i, expected);
            show(&one);
            FAIL("capabilities");
        }
        box_close(&one);
    }
}

static void no_new_privileges_are_forbidden(struct box *box)
{
    add_root(box);
    add_proc(box);
    add(box, OP_PIVOT);
    add_user(box, 1000, 1000);
    add(box, OP_NO_NEW_PRIVS);
    add_shell(box, "grep NoNewPrivs /proc/self/status | tr '\\t' ' '");
    run_box(box);
    CHECK(says_exactly(box, "NoNewPrivs: 1\n"));
}

/* clang-format off */
static const struct test tests[] = {
    {"hooks_are_waited_for", hooks_are_waited_for, NAMESPACES},
    {"sysctls_are_written_past_what_is_mounted_on_proc", sysctls_are_written_past_what_is_mounted_on_proc, NAMESPACES},
    {"sysctls_do_not_leave_proc_sys", sysctls_do_not_leave_proc_sys, NAMESPACES},
    {"paths_are_masked", paths_are_masked, NAMESPACES},
    {"thousands_of_masks_take_no_time", thousands_of_masks_take_no_time, NAMESPACES},
    {"a_mask_that_is_no_null_device_is_refused", a_mask_that_is_no_null_device_is_refused, NAMESPACES},
    {"paths_become_read_only", paths_become_read_only, NAMESPACES},
    {"a_sealed_path_of_proc_goes_through_no_link", a_sealed_path_of_proc_goes_through_no_link, NAMESPACES},
    {"the_root_becomes_read_only", the_root_becomes_read_only, NAMESPACES},
    {"limits_and_personality_are_set", limits_and_personality_are_set, NAMESPACES},
    {"a_working_directory_is_entered", a_working_directory_is_entered, NAMESPACES},
    {"a_working_directory_cannot_be_a_magic_link", a_working_directory_cannot_be_a_magic_link, NAMESPACES},
    {"only_the_user_may_be_able_to_enter_his_directory", only_the_user_may_be_able_to_enter_his_directory, NAMESPACES},
    {"a_forbidden_working_directory_is_an_error", a_forbidden_working_directory_is_an_error, NAMESPACES},
    {"ids_and_groups_are_exactly_those", ids_and_groups_are_exactly_those, NAMESPACES},
    {"groups_of_the_caller_do_not_remain", groups_of_the_caller_do_not_remain, NAMESPACES},
    {"capabilities_are_exactly_those", capabilities_are_exactly_those, NAMESPACES},
    {"no_new_privileges_are_forbidden", no_new_privileges_are_forbidden, NAMESPACES},
};
/* clang-format on */

const struct chapter seal_tests = {tests, ARRAY_LEN(tests)};
