/* SPDX-License-Identifier: Apache-2.0 */

/* Mounts, devices and links, on images that mean well and on others. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

/* ---- mounts ----------------------------------------------------------------------------------------- */

static void filesystems_are_mounted_with_their_options(struct box *box)
{
    static const char *const parameters[] = {"size=64k", "mode=711", NULL};

    add_root(box);
    add_proc(box);
    add_mount(box, "tmpfs", "/made/for/it", MOUNT_MAKE_TARGET, parameters);
    box->plan.init.ops.items[box->plan.init.ops.count - 1].mount.attributes =
        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
    run_script(box, "grep /made/for/it /proc/self/mountinfo; stat -c %a /made/for/it");
    CHECK(ran(box));
    CHECK(says(box, "rw,nosuid,nodev,noexec"));
    CHECK(says(box, "size=64k"));
    CHECK(says(box, "\n711\n"));
}

static void a_parameter_that_is_refused_is_named(struct box *box)
{
    static const char *const parameters[] = {"size=4k", "what=this", NULL};

    add_root(box);
    add_mount(box, "tmpfs", "/tmp", MOUNT_MAKE_TARGET, parameters);
    run_script(box, "true");
    CHECK(failed_at(box, OP_MOUNT, STEP_OPTION, EINVAL));
    CHECK(box->failure.aux == 1);
}

static void an_unknown_filesystem_is_an_error(struct box *box)
{
    add_root(box);
    add_mount(box, "nosuchfs", "/tmp", MOUNT_MAKE_TARGET, NULL);
    run_script(box, "true");
    CHECK(failed_at(box, OP_MOUNT, STEP_SUPER, ENODEV));
}

static void a_tmpfs_begins_with_what_was_there(struct box *box)
{
    mkdir(in_box(box, "var"), 01777);
    chmod(in_box(box, "var"), 01777);
    mkdir(in_box(box, "var/sub"), 0700);
    write_file(in_box(box, "var/sub/file"), "content\n", 0640);
    if (symlink("sub/file", in_box(box, "var/link")) < 0 ||
        chown(in_box(box, "var/sub/file"), 12, 34) < 0)
        CHECK(false);
    add_root(box);
    add_mount(box, "tmpfs", "/var", MOUNT_MAKE_TARGET | MOUNT_COPY_UP | MOUNT_KEEP_MODE, NULL);
    run_script(box, "cat /var/link; stat -c '%a %u %g' /var /var/sub /var/sub/file;"
                    "rm -r /var/sub; ls /var");
    CHECK(ran(box));
    CHECK(says_exactly(box, "content\n1777 0 0\n700 0 0\n640 12 34\nlink\n"));
    CHECK(access(in_box(box, "var/sub/file"), F_OK) == 0);
}

static void sources_are_bound(struct box *box)
{
    mkdir(beside_box(box, "source"), 0755);
    write_file(beside_box(box, "source/file"), "from outside\n", 0644);
    add_root(box);
    add_bind(box, beside_box(box, "source"), "/data", MOUNT_MAKE_TARGET);
    add_bind(box, beside_box(box, "source/file"), "/etc/deep/file", MOUNT_MAKE_TARGET);
    add_bind(box, beside_box(box, "source/file"), "/etc/passwd", MOUNT_MAKE_TARGET);
    run_script(box, "cat /data/file /etc/deep/file /etc/passwd");
    CHECK(ran(box));
    CHECK(says_exactly(box, "from outside\nfrom outside\nfrom outside\n"));
}

static void a_missing_target_is_made_only_where_asked(struct box *box)
{
    add_root(box);
    add_bind(box, "/etc", "/missing", 0);
    run_script(box, "true");
    CHECK(failed_at(box, OP_BIND, STEP_TARGET, ENOENT));
    CHECK(access(in_box(box, "missing"), F_OK) < 0);
}

static void a_mount_point_is_not_made_in_a_read_only_source(struct box *box)
{
    const struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
    int fd;

    mkdir(beside_box(box, "source"), 0755);
    fd = clone_mount(beside_box(box, "source"));
    CHECK(sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) == 0);
    add_root(box);
    {
        uint16_t slot = add_slot(box, fd);
        struct plan_op *op = add(box, OP_BIND);

        op->flags = MOUNT_MAKE_TARGET;
        op->bind.slot = slot;
        op->bind.target = text(box, "/data");
    }
    add_mount(box, "tmpfs", "/data/below", MOUNT_MAKE_TARGET, NULL);
    run_script(box, "true");
    CHECK(failed_at(box, OP_MOUNT, STEP_MAKE, EROFS));
    CHECK(rmdir(beside_box(box, "source")) == 0);
}

static void a_remount_changes_attributes(struct box *box)
{
    static const char *const parameters[] = {"size=128k", NULL};
    struct plan_vector vector;
    struct plan_op *op;

    add_root(box);
    add_proc(box);
    add_mount(box, "tmpfs", "/tmp", MOUNT_MAKE_TARGET, NULL);
    vector = words(box, 0, parameters);
    op = add(box, OP_REMOUNT);
    op->flags = MOUNT_SUPERBLOCK;
    op->remount.target = text(box, "/tmp");
    op->remount.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
    op->remount.parameters = vector;
    run_script(box, "grep ' /tmp ' /proc/self/mountinfo; touch /tmp/x && echo written");
    CHECK(says(box, " ro,nodev,relatime"));
    CHECK(says(box, "size=128k"));
    CHECK(!says(box, "written"));
}

static void what_is_no_mount_cannot_be_remounted(struct box *box)
{
    struct plan_vector none;
    struct plan_op *op;

    add_root(box);
    none = words(box, 0, NULL);
    op = add(box, OP_REMOUNT);
    op->remount.target = text(box, "/etc");
    op->remount.attr_set = MOUNT_ATTR_RDONLY;
    op->remount.parameters = none;
    run_script(box, "true");
    CHECK(failed_at(box, OP_REMOUNT, STEP_ATTRIBUTE, EINVAL));
}

static void mounts_do_not_reach_the_host(struct box *box)
{
    char before[65536];
    char after[65536];
    int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, before, sizeof(before));

    add_root(box);
    add_proc(box);
    add_mount(box, "tmpfs", "/tmp", MOUNT_MAKE_TARGET, NULL);
    run_script(box,
               "sed 's/[^ ]* [^ ]* [^ ]* \\([^ ]*\\) \\([^ ]*\\).*/\\2/' /proc/self/mountinfo");
    CHECK(ran(box));
    CHECK(says_exactly(box, "/\n/proc\n/tmp\n")); /* and nothing of the host's */
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    CHECK(read(fd, after, sizeof(after)) == n && memcmp(before, after, (size_t)n) == 0);
    close(fd);
}

/* Each component of each target, one after the other, as a link to each place. */
static void links_in_the_image_stay_inside(struct box *box)
{
    static const char *const components[] = {"var", "var/lib", "var/lib/x", "srv", "srv/y"};
    static const char *const texts[] = {"/", "..", "../../../../../../../..", "CANARY", "UP"};
    char canary[160];
    char up[256];
    struct stat before;
    struct stat now;

    snprintf(canary, sizeof(canary), "%s", beside_box(box, "canary"));
    snprintf(up, sizeof(up), "../../../../../../../../..%s", canary);
    mkdir(canary, 0755);
    stat(canary, &before);
    for (size_t c = 0; c < ARRAY_LEN(components); c++)
        for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
            static struct box one;
            const char *to = strcmp(texts[t], "CANARY") == 0 ? canary
                             : strcmp(texts[t], "UP") == 0   ? up
                                                             : texts[t];

            box_open(&one, "farm", CLONE_NEWPID);
            mkdir(in_box(&one, "var"), 0755);
            mkdir(in_box(&one, "var/lib"), 0755);
            mkdir(in_box(&one, "srv"), 0755);
            remove(in_box(&one, components[c]));
            if (strcmp(components[c], "var") == 0)
                rmdir(in_box(&one, "var/lib"));
            remove(in_box(&one, components[c]));
            CHECK(symlink(to, in_box(&one, components[c])) == 0);
            add_root(&one);
            add_mount(&one, "tmpfs", "/var/lib/x", MOUNT_MAKE_TARGET, NULL);
            add_bind(&one, "/etc/hostname", "/srv/y/z", MOUNT_MAKE_TARGET);
            add_path(&one, OP_DIRECTORY, "/srv/work");
            run_script(&one, "true");
            /* It may be refused, as a mount on the root is; it must end, and change nothing. */
            if (!ran(&one) && !one.has_failed) {
                FAIL("ended without a word");
                show(&one);
            }
            box_close(&one);
            CHECK(stat(canary, &now) == 0 &&
                  memcmp(&now.st_mtim, &before.st_mtim, sizeof(now.st_mtim)) == 0);
        }
}

static void proc_and_sys_must_be_directories(struct box *box)
{
    rmdir(in_box(box, "proc"));
    CHECK(symlink("tmp", in_box(box, "proc")) == 0);
    add_root(box);
    add_proc(box);
    run_script(box, "true");
    CHECK(failed_at(box, OP_MOUNT, STEP_TARGET, ELOOP));
}

/* Exchanges a directory of a shared volume with a link, as another container would. */
static pid_t start_racer(const char *a, const char *b)
{
    const struct timespec pause = {.tv_nsec = 20 * 1000};
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
            nanosleep(&pause, NULL);
        }
    }
    return pid;
}

static void a_target_that_is_exchanged_meanwhile_is_noticed(struct box *box)
{
    enum {
        STARTS = 60
    };
    int n_ran = 0;

    (void)box;
    for (int i = 0; i < STARTS; i++) {
        static struct box one;
        char a[256];
        char b[256];
        pid_t racer;

        box_open(&one, "race", CLONE_NEWPID);
        mkdir(beside_box(&one, "shared"), 0755);
        mkdir(beside_box(&one, "canary"), 0755);
        snprintf(a, sizeof(a), "%s", beside_box(&one, "shared/a"));
        snprintf(b, sizeof(b), "%s", beside_box(&one, "shared/b"));
        mkdir(a, 0755);
        CHECK(symlink(beside_box(&one, "canary"), b) == 0);
        add_root(&one);
        add_proc(&one);
        add_bind(&one, beside_box(&one, "shared"), "/shared", MOUNT_MAKE_TARGET);
        add_mount(&one, "tmpfs", "/shared/a/deep/er", MOUNT_MAKE_TARGET, NULL);
        racer = start_racer(a, b);
        run_script(&one, "cat /proc/self/mountinfo");
        kill(racer, SIGKILL);
        waitpid(racer, NULL, 0);
        /* Where it is mounted, it is inside; or it was refused. */
        CHECK(ran(&one) || failed_at(&one, OP_MOUNT, one.failure.step, one.failure.error));
        CHECK(!ran(&one) || says(&one, "/deep/er "));
        CHECK(rmdir(beside_box(&one, "canary")) == 0);
        n_ran += ran(&one);
        box_close(&one);
    }
    printf("# %d of %d starts went well\n", n_ran, STARTS);
}

/* ---- devices and links ------------------------------------------------------------------------------- */

static void devices_are_made(struct box *box)
{
    add_root(box);
    add_mount(box, "tmpfs", "/dev", MOUNT_MAKE_TARGET, NULL);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    add_device(box, "/dev/sub/pipe", S_IFIFO | 0620, 0, 0);
    add_device(box, "/dev/blk", S_IFBLK | 0640, 7, 200);
    box->plan.init.ops.items[box->plan.init.ops.count - 1].device.uid = 12;
    box->plan.init.ops.items[box->plan.init.ops.count - 1].device.gid = 34;
    run_script(
        box, "stat -c '%n %F %a %t:%T %u:%g' /dev/null /dev/sub/pipe /dev/blk; echo x >/dev/null");
    CHECK(ran(box));
    CHECK(says(box, "/dev/null character special file 666 1:3 0:0\n"));
    CHECK(says(box, "/dev/sub/pipe fifo 620 0:0 0:0\n"));
    CHECK(says(box, "/dev/blk block special file 640 7:c8 12:34\n"));
}

static void the_same_device_may_be_there_already(struct box *box)
{
    mknod(in_box(box, "dev/zero"), S_IFCHR | 0600, 0x105);
    chmod(in_box(box, "dev/zero"), 0600);
    add_root(box);
    add_device(box, "/dev/zero", S_IFCHR | 0666, 1, 5);
    run_script(box, "stat -c %a /dev/zero");
    CHECK(ran(box));
    CHECK(says_exactly(box, "600\n")); /* the image's business */
}

static void another_thing_in_the_devices_place_is_an_error(struct box *box)
{
    write_file(in_box(box, "dev/null"), "", 0666);
    add_root(box);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    run_script(box, "true");
    CHECK(failed_at(box, OP_DEVICE, STEP_MAKE, EEXIST));
}

static void a_link_in_the_devices_place_is_not_followed(struct box *box)
{
    CHECK(symlink(beside_box(box, "canary"), in_box(box, "dev/null")) == 0);
    add_root(box);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    run_script(box, "true");
    CHECK(failed_at(box, OP_DEVICE, STEP_MAKE, EEXIST));
    CHECK(access(beside_box(box, "canary"), F_OK) < 0);
}

static void no_device_is_made_through_a_link(struct box *box)
{
    mkdir(beside_box(box, "canary"), 0755);
    rmdir(in_box(box, "dev"));
    CHECK(symlink(beside_box(box, "canary"), in_box(box, "dev")) == 0);
    add_root(box);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    run_script(box, "true");
    CHECK(failed_at(box, OP_DEVICE, STEP_TARGET, ELOOP));
    CHECK(rmdir(beside_box(box, "canary")) == 0);
}

static void a_device_can_be_bound(struct box *box)
{
    uint16_t slot;
    struct plan_op *op;

    add_root(box);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    slot = add_slot(box, clone_mount("/dev/null"));
    op = &box->plan.init.ops.items[box->plan.init.ops.count - 1];
    op->flags = DEVICE_BIND;
    op->device.slot = slot;
    run_script(box, "stat -c '%F %t:%T' /dev/null; echo x >/dev/null");
    CHECK(ran(box));
    CHECK(says(box, "character special file 1:3"));
    CHECK(access(in_box(box, "dev/null"), F_OK) == 0); /* the empty file beneath */
}

static void links_are_made(struct box *box)
{
    write_file(in_box(box, "dev/kept"), "mine\n", 0644);
    write_file(in_box(box, "dev/replaced"), "old\n", 0644);
    mkdir(in_box(box, "dev/directory"), 0755);
    add_root(box);
    add_link(box, "/dev/fd", "/proc/self/fd", 0);
    add_link(box, "/dev/kept", "elsewhere", 0);
    add_link(box, "/dev/replaced", "pts/ptmx", LINK_REPLACE);
    add_link(box, "/dev/directory", "nowhere", LINK_REPLACE);
    add_link(box, "/dev/core", "/proc/kcore", LINK_IF_TARGET_EXISTS);
    add_link(box, "/dev/etc", "/etc/passwd", LINK_IF_TARGET_EXISTS);
    add_link(box, "/dev/deep/er", "x", 0);
    run_script(box, "cd /dev; readlink fd; cat kept; readlink replaced; [ -d directory ] && echo d;"
                    "ls core; readlink etc; readlink deep/er");
    CHECK(says(box, "/proc/self/fd\nmine\npts/ptmx\nd\n"));
    CHECK(says(box, "core: No such file"));
    CHECK(says(box, "/etc/passwd\nx\n"));
}

/* ---- user namespaces ---------------------------------------------------------------------------------- */

static void give_rootfs_away(const struct box *box)
{
    char command[512];

    snprintf(command, sizeof(command), "chown -hR 100000:100000 '%s'", in_box(box, ""));
    CHECK(system(command) == 0);
}

static void it_works_in_a_user_namespace(struct box *box)
{
    static const char *const parameters[] = {"mode=755", NULL};
    static const uint32_t groups[] = {5};
    struct plan_op *op;

    give_rootfs_away(box);
    add_root(box);
    add_proc(box);
    add_mount(box, "tmpfs", "/dev", MOUNT_MAKE_TARGET, parameters);
    add_device(box, "/dev/null", S_IFCHR | 0666, 1, 3);
    op = &box->plan.init.ops.items[box->plan.init.ops.count - 1];
    op->flags = DEVICE_BIND;
    op->device.slot = plan_new_slot(&box->plan);
    box->slots[op->device.slot] = clone_mount("/dev/null");
    add(box, OP_PIVOT);
    add_mask(box, "/proc/keys");
    add_path(box, OP_READONLY_PATH, "/proc/sys");
    op = add_user(box, 1000, 1000);
    op->identity.groups = plan_add_blob(&box->plan.init, groups, sizeof(groups));
    add_shell(box,
              "id -u; grep ^Groups /proc/self/status; echo x >/dev/null; stat -c %F /proc/keys;"
              "cat /proc/self/uid_map | tr -s ' '");
    run_box(box);
    CHECK(ran(box));
    CHECK(says(box, "1000\n"));
    CHECK(says(box, "Groups:\t5"));
    CHECK(says(box, "character special file"));
    CHECK(says(box, " 0 100000 65536"));
}

static void owners_that_are_not_mapped_do_not_stop_copying(struct box *box)
{
    mkdir(in_box(box, "var"), 0755);
    write_file(in_box(box, "var/theirs"), "x\n", 0644); /* owned by the host's root */
    give_rootfs_away(box);
    CHECK(chown(in_box(box, "var/theirs"), 0, 0) == 0);
    add_root(box);
    add_mount(box, "tmpfs", "/var", MOUNT_COPY_UP, NULL);
    run_script(box, "stat -c '%U %s' /var/theirs; cat /var/theirs");
    CHECK(ran(box));
    CHECK(says(box, "x\n"));
}

/* clang-format off */
static const struct test tests[] = {
    {"filesystems_are_mounted_with_their_options", filesystems_are_mounted_with_their_options, NAMESPACES},
    {"a_parameter_that_is_refused_is_named", a_parameter_that_is_refused_is_named, NAMESPACES},
    {"an_unknown_filesystem_is_an_error", an_unknown_filesystem_is_an_error, NAMESPACES},
    {"a_tmpfs_begins_with_what_was_there", a_tmpfs_begins_with_what_was_there, NAMESPACES},
    {"sources_are_bound", sources_are_bound, NAMESPACES},
    {"a_missing_target_is_made_only_where_asked", a_missing_target_is_made_only_where_asked, NAMESPACES},
    {"a_mount_point_is_not_made_in_a_read_only_source", a_mount_point_is_not_made_in_a_read_only_source, NAMESPACES},
    {"a_remount_changes_attributes", a_remount_changes_attributes, NAMESPACES},
    {"what_is_no_mount_cannot_be_remounted", what_is_no_mount_cannot_be_remounted, NAMESPACES},
    {"mounts_do_not_reach_the_host", mounts_do_not_reach_the_host, NAMESPACES},
    {"links_in_the_image_stay_inside", links_in_the_image_stay_inside, NAMESPACES},
    {"proc_and_sys_must_be_directories", proc_and_sys_must_be_directories, NAMESPACES},
    {"a_target_that_is_exchanged_meanwhile_is_noticed", a_target_that_is_exchanged_meanwhile_is_noticed, NAMESPACES},
    {"devices_are_made", devices_are_made, NAMESPACES},
    {"the_same_device_may_be_there_already", the_same_device_may_be_there_already, NAMESPACES},
    {"another_thing_in_the_devices_place_is_an_error", another_thing_in_the_devices_place_is_an_error, NAMESPACES},
    {"a_link_in_the_devices_place_is_not_followed", a_link_in_the_devices_place_is_not_followed, NAMESPACES},
    {"no_device_is_made_through_a_link", no_device_is_made_through_a_link, NAMESPACES},
    {"a_device_can_be_bound", a_device_can_be_bound, NAMESPACES},
    {"links_are_made", links_are_made, NAMESPACES},
    {"it_works_in_a_user_namespace", it_works_in_a_user_namespace, NAMESPACES | CLONE_NEWUSER},
    {"owners_that_are_not_mapped_do_not_stop_copying", owners_that_are_not_mapped_do_not_stop_copying, NAMESPACES | CLONE_NEWUSER},
};
/* clang-format on */

const struct chapter mount_tests = {tests, ARRAY_LEN(tests)};
