/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a, yajl, and of libcontainer: rootfs/sources.c base/fd.c kernel/sys.c.
 *
 * On the real kernel, as root, in a mount namespace of its own: that plays the host. Its tree:
 *
 *     WORK/                 a shared tmpfs
 *         bundle/data/      a directory
 *         bundle/up         a link to ../host
 *         bundle/absolute   a link to WORK/host
 *         host/             what a bundle must not reach
 *         tree/             a directory with
 *         tree/nested/      a tmpfs of its own, with the file "inside"
 *         place/            where a clone is attached
 */

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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/sys.h"
#include "rootfs/sources.h"

enum {
    RDONLY = 1,
    NOSUID = 2,
    NOEXEC = 8
}; /* statfs(2) f_flags */

static struct arena arena;
static struct plan plan;
static struct err error;
static int slots[8];
static char work[64];
static int bundle = -1;
static int root_directory = -1;
static bool is_attached;

static const char *in_work(const char *name)
{
    return arena_printf(&arena, "%s/%s", work, name);
}

static bool exists(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static void make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    close(fd);
}

static void mount_tmpfs(const char *path)
{
    int context = sys_fsopen("tmpfs");
    int mount;

    assert_true(context >= 0);
    assert_int_equal(sys_fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), 0);
    mount = sys_fsmount(context, 0);
    assert_true(mount >= 0);
    assert_int_equal(sys_move_mount(mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH), 0);
    close(mount);
    close(context);
}

static void set_propagation(const char *path, uint64_t propagation, unsigned int flags)
{
    struct mount_attr attr = {.propagation = propagation};

    assert_int_equal(sys_mount_setattr(AT_FDCWD, path, flags, &attr), 0);
}

static int make_world(void **state UNUSED)
{
    static const char *const directories[] = {"bundle",      "bundle/data", "host", "tree",
                                              "tree/nested", "tree/later",  "place"};

    if (geteuid() != 0)
        return 0;
    assert_int_equal(unshare(CLONE_NEWNS), 0);
    set_propagation("/", MS_PRIVATE, AT_RECURSIVE);
    snprintf(work, sizeof(work), "/tmp/caisson-sources-XXXXXX");
    assert_non_null(mkdtemp(work));
    mount_tmpfs(work);
    set_propagation(work, MS_SHARED, 0);
    for (size_t i = 0; i < ARRAY_LEN(directories); i++)
        assert_int_equal(mkdir(in_work(directories[i]), 0755), 0);
    assert_int_equal(symlink("../host", in_work("bundle/up")), 0);
    assert_int_equal(symlink(in_work("host"), in_work("bundle/absolute")), 0);
    assert_int_equal(symlink("data", in_work("bundle/inner")), 0);
    assert_int_equal(symlink("/dev/null", in_work("null-link")), 0);
    assert_int_equal(mkfifo(in_work("fifo"), 0644), 0);
    mount_tmpfs(in_work("tree/nested"));
    make_file(in_work("tree/nested/inside"));
    assert_int_equal(mkdir(in_work("tree/nested/deep"), 0755), 0);
    bundle = open(in_work("bundle"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    root_directory = open(in_work("tree"), O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(bundle >= 0 && root_directory >= 0);
    return 0;
}

static int end_world(void **state UNUSED)
{
    fd_close(&bundle);
    fd_close(&root_directory);
    if (work[0] != '\0') {
        sys_umount2(work, MNT_DETACH);
        rmdir(work);
    }
    arena_release(&arena);
    return 0;
}

static int start(void **state UNUSED)
{
    plan_start(&plan, &arena);
    error = ERR_INIT;
    for (size_t i = 0; i < ARRAY_LEN(slots); i++)
        slots[i] = -1;
    return 0;
}

/* An unmount is propagated, too: what was attached must leave its peers before it goes. */
static int end(void **state UNUSED)
{
    static const struct mount_attr private = {.propagation = MS_PRIVATE};

    for (size_t i = 0; i < ARRAY_LEN(slots); i++)
        fd_close(&slots[i]);
    if (is_attached) {
        sys_mount_setattr(AT_FDCWD, in_work("place"), AT_RECURSIVE, &private);
        sys_umount2(in_work("place"), MNT_DETACH);
    }
    is_attached = false;
    return 0;
}

static void need_root(void)
{
    if (geteuid() == 0)
        return;
    print_message("skipped: needs root\n");
    skip();
}

static struct op_open_bind *add_bind(const char *path, uint16_t flags)
{
    plan_string source = plan_add_string(&plan.host, path);
    struct plan_op *op = plan_add(&plan, OP_OPEN_BIND, "/mounts/0");

    op->flags = flags;
    op->open_bind.path = source;
    op->open_bind.slot = plan_new_slot(&plan);
    op->open_bind.propagation = MS_PRIVATE;
    return &op->open_bind;
}

static int open_all(void)
{
    return sources_open(&plan, bundle, root_directory, slots, &error);
}

static void assert_opens(void)
{
    if (open_all() < 0)
        fail_msg("%s %s", error.text, strerror(error.sys_errno));
}

static void assert_refused(enum err_kind kind, int error_number, const char *text)
{
    assert_int_equal(open_all(), -1);
    assert_int_equal(error.kind, kind);
    assert_int_equal(error.sys_errno, error_number);
    assert_non_null(strstr(error.text, text));
    assert_string_equal(error.pointer, "/mounts/0");
    assert_int_equal(slots[0], -1);
}

static uint64_t flags_of_fd(int fd)
{
    struct statfs fs;

    assert_int_equal(fstatfs(fd, &fs), 0);
    return (uint64_t)fs.f_flags;
}

static uint64_t flags_of(int directory, const char *name)
{
    int fd = openat(directory, name, O_PATH | O_CLOEXEC);
    uint64_t flags;

    assert_true(fd >= 0);
    flags = flags_of_fd(fd);
    close(fd);
    return flags;
}

static void attach(int clone)
{
    assert_int_equal(sys_move_mount(clone, "", AT_FDCWD, in_work("place"), MOVE_MOUNT_F_EMPTY_PATH),
                     0);
    is_attached = true;
}

/* Does a mount made beneath `from` show up beneath `to`? Both are the same directory twice. */
static bool propagates(const char *from, const char *to)
{
    const char *made = in_work(arena_printf(&arena, "%s/later", from));
    const char *marker = in_work(arena_printf(&arena, "%s/later/marker", from));
    bool shows;

    mount_tmpfs(made);
    make_file(marker);
    shows = exists(in_work(arena_printf(&arena, "%s/later/marker", to)));
    assert_int_equal(sys_umount2(made, MNT_DETACH), 0);
    return shows;
}

/* --- which object ---------------------------------------------------------------------------- */

static void a_relative_source_is_found_in_the_bundle(void **state UNUSED)
{
    need_root();
    add_bind("data", 0);
    add_bind("./data/../inner", 0);
    assert_opens();
    assert_true(slots[0] >= 0 && slots[1] >= 0);
}

static void a_relative_source_cannot_leave_the_bundle(void **state UNUSED)
{
    static const char *const paths[] = {"../host", "up", "absolute", "data/../../host",
                                        "data/../.."};

    need_root();
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        start(NULL);
        add_bind(paths[i], 0);
        assert_refused(ERR_SYS, EXDEV, paths[i]);
        assert_non_null(strstr(error.hint, "beneath the bundle"));
    }
}

static void a_relative_source_goes_through_no_magic_link(void **state UNUSED)
{
    need_root();
    assert_int_equal(symlink("/proc/self/root", in_work("bundle/magic")), 0);
    add_bind("magic", 0);
    assert_int_equal(open_all(), -1);
    assert_true(error.sys_errno == EXDEV || error.sys_errno == ELOOP);
}

static void a_missing_source_is_named_with_its_place(void **state UNUSED)
{
    need_root();
    add_bind(in_work("missing"), 0);
    assert_refused(ERR_SYS, ENOENT, in_work("missing"));
    assert_non_null(strstr(error.hint, "create it first"));
    assert_false(exists(in_work("missing")));
}

static void descriptors_are_close_on_exec(void **state UNUSED)
{
    need_root();
    add_bind("data", 0);
    assert_opens();
    assert_int_equal(fcntl(slots[0], F_GETFD), FD_CLOEXEC);
}

static size_t count_descriptors(void)
{
    DIR *stream = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(stream);
    while (readdir(stream) != NULL)
        count++;
    closedir(stream);
    return count;
}

static void failures_leave_no_descriptor_open(void **state UNUSED)
{
    size_t before;

    need_root();
    before = count_descriptors();
    add_bind(in_work("host"), BIND_MUST_BE_PROC);
    assert_int_equal(open_all(), -1);
    start(NULL);
    add_bind(in_work("host"), 0)->attr_set = (uint64_t)1 << 63;
    assert_int_equal(open_all(), -1);
    assert_int_equal(count_descriptors(), before);
}

/* --- proofs ---------------------------------------------------------------------------------- */

static void only_a_procfs_is_bound_as_one(void **state UNUSED)
{
    need_root();
    add_bind(in_work("host"), BIND_MUST_BE_PROC);
    assert_refused(ERR_INPUT, 0, "only a procfs");
    start(NULL);
    add_bind("/proc", BIND_MUST_BE_PROC);
    assert_opens();
}

static void only_kernel_file_systems_are_bound_below_sys(void **state UNUSED)
{
    need_root();
    add_bind("/sys", BIND_MUST_BE_SYS);
    add_bind("/sys/kernel", BIND_MUST_BE_KERNEL);
    assert_opens();
    end(NULL);
    start(NULL);
    add_bind("/proc", BIND_MUST_BE_SYS);
    assert_refused(ERR_INPUT, 0, "only a sysfs");
    start(NULL);
    add_bind(in_work("host"), BIND_MUST_BE_KERNEL);
    assert_refused(ERR_INPUT, 0, "below /sys");
    start(NULL);
    add_bind("/proc", BIND_MUST_BE_CGROUP2);
    assert_refused(ERR_INPUT, 0, "no cgroup v2 hierarchy");
}

static void a_cgroup_v1_hierarchy_is_never_bound(void **state UNUSED)
{
    struct statfs fs;

    need_root();
    if (statfs("/sys/fs/cgroup/memory", &fs) < 0 || fs.f_type != ABI_CGROUP1_MAGIC) {
        print_message("skipped: no cgroup v1 hierarchy here\n");
        skip();
    }
    add_bind("/sys/fs/cgroup/memory", 0);
    assert_refused(ERR_INPUT, 0, "v1");
}

static void add_device(enum plan_op_code code, const char *path, uint32_t type, uint32_t minor)
{
    plan_string string = plan_add_string(&plan.host, path);
    struct plan_op *op = plan_add(&plan, code, "/mounts/0");
    struct op_open_device device = {
        .slot = plan_new_slot(&plan), .path = string, .type = type, .major = 1, .minor = minor};

    if (code == OP_OPEN_NULL)
        op->open_null = device;
    else
        op->open_device = device;
}

static void a_device_is_proven_to_be_the_one_that_was_meant(void **state UNUSED)
{
    struct stat st;

    need_root();
    add_device(OP_OPEN_NULL, "/dev/null", S_IFCHR, 3);
    add_device(OP_OPEN_DEVICE, in_work("null-link"), S_IFCHR, 3);
    assert_opens();
    assert_int_equal(fstat(slots[0], &st), 0);
    assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
    assert_int_equal(flags_of_fd(slots[0]) & (NOSUID | NOEXEC | RDONLY), NOSUID | NOEXEC);
}

static void an_impostor_of_the_null_device_is_refused(void **state UNUSED)
{
    static const struct {
        const char *path;
        uint32_t type;
    } impostors[] = {{"/dev/zero", S_IFCHR}, {"fifo", S_IFCHR}, {"/dev/null", S_IFBLK}};

    need_root();
    for (size_t i = 0; i < ARRAY_LEN(impostors); i++) {
        const char *path = impostors[i].path;

        start(NULL);
        add_device(OP_OPEN_NULL, path[0] == '/' ? path : in_work(path), impostors[i].type, 3);
        assert_refused(ERR_INPUT, 0, "is not the");
    }
    start(NULL);
    add_device(OP_OPEN_NULL, in_work("null-link"), S_IFCHR, 3); /* O_PATH of the link itself */
    assert_refused(ERR_INPUT, 0, "is not the");
}

/* --- attributes ------------------------------------------------------------------------------ */

static void a_bind_leaves_mounts_beneath_behind(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), 0);
    add_bind(in_work("tree"), BIND_RECURSIVE);
    assert_opens();
    assert_int_equal(faccessat(slots[0], "nested/inside", F_OK, 0), -1);
    assert_int_equal(faccessat(slots[1], "nested/inside", F_OK, 0), 0);
}

static void a_plain_attribute_is_of_the_top_alone(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE)->attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
    assert_opens();
    assert_int_equal(flags_of(slots[0], ".") & (RDONLY | NOSUID), RDONLY | NOSUID);
    assert_int_equal(flags_of(slots[0], "nested") & (RDONLY | NOSUID), 0);
    assert_int_equal(flags_of(AT_FDCWD, in_work("tree")) & (RDONLY | NOSUID), 0);
}

static void an_attribute_of_the_tree_is_of_all_of_it(void **state UNUSED)
{
    struct op_open_bind *bind;

    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE)->recursive_attr_set = MOUNT_ATTR_RDONLY;
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_ATTR_RECURSIVE)->attr_set = MOUNT_ATTR_RDONLY;
    bind = add_bind(in_work("tree"), BIND_RECURSIVE);
    bind->recursive_attr_set = MOUNT_ATTR_RDONLY;
    bind->attr_clear = MOUNT_ATTR_RDONLY;
    assert_opens();
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(flags_of(slots[i], ".") & RDONLY, RDONLY);
        assert_int_equal(flags_of(slots[i], "nested") & RDONLY, RDONLY);
    }
    assert_int_equal(flags_of(slots[2], ".") & RDONLY, 0);
    assert_int_equal(flags_of(slots[2], "nested") & RDONLY, RDONLY);
}

/* --- propagation ----------------------------------------------------------------------------- */

static void nothing_goes_out_of_a_private_clone(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_PROPAGATION_RECURSIVE);
    assert_opens();
    attach(slots[0]);
    assert_false(propagates("place", "tree"));
    assert_false(propagates("tree", "place"));
}

static void a_slave_only_receives(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_PROPAGATION_RECURSIVE)->propagation = MS_SLAVE;
    assert_opens();
    attach(slots[0]);
    assert_false(propagates("place", "tree"));
    assert_true(propagates("tree", "place"));
}

static void a_shared_clone_is_shared_with_the_host(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_PROPAGATION_RECURSIVE)->propagation = MS_SHARED;
    assert_opens();
    attach(slots[0]);
    assert_true(propagates("place", "tree"));
    assert_true(propagates("tree", "place"));
}

static void a_clone_that_left_its_peers_only_receives(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_PROPAGATION_RECURSIVE | BIND_LEAVE_PEERS)
        ->propagation = MS_SHARED;
    assert_opens();
    attach(slots[0]);
    assert_false(propagates("place", "tree"));
    assert_true(propagates("tree", "place"));
}

/* What "private" says about the top must not leave what is beneath it to the host. */
static void nothing_goes_out_of_the_mounts_beneath(void **state UNUSED)
{
    need_root();
    add_bind(in_work("tree"), BIND_RECURSIVE | BIND_LEAVE_PEERS);
    assert_opens();
    attach(slots[0]);
    mount_tmpfs(in_work("place/nested/deep"));
    make_file(in_work("place/nested/deep/marker"));
    assert_false(exists(in_work("tree/nested/deep/marker")));
}

static void the_root_is_cloned_with_what_is_mounted_on_it(void **state UNUSED)
{
    struct plan_op *op;

    need_root();
    op = plan_add(&plan, OP_OPEN_ROOT, "/root/path");
    op->open_root.slot = plan_new_slot(&plan);
    op->open_root.propagation = MS_PRIVATE;
    assert_opens();
    assert_int_equal(faccessat(slots[0], "nested/inside", F_OK, 0), 0);
    attach(slots[0]);
    assert_false(propagates("place", "tree"));
    assert_false(propagates("tree", "place"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_relative_source_is_found_in_the_bundle),
        TEST(a_relative_source_cannot_leave_the_bundle),
        TEST(a_relative_source_goes_through_no_magic_link),
        TEST(a_missing_source_is_named_with_its_place),
        TEST(descriptors_are_close_on_exec),
        TEST(failures_leave_no_descriptor_open),
        TEST(only_a_procfs_is_bound_as_one),
        TEST(only_kernel_file_systems_are_bound_below_sys),
        TEST(a_cgroup_v1_hierarchy_is_never_bound),
        TEST(a_device_is_proven_to_be_the_one_that_was_meant),
        TEST(an_impostor_of_the_null_device_is_refused),
        TEST(a_bind_leaves_mounts_beneath_behind),
        TEST(a_plain_attribute_is_of_the_top_alone),
        TEST(an_attribute_of_the_tree_is_of_all_of_it),
        TEST(nothing_goes_out_of_a_private_clone),
        TEST(a_slave_only_receives),
        TEST(a_shared_clone_is_shared_with_the_host),
        TEST(a_clone_that_left_its_peers_only_receives),
        TEST(nothing_goes_out_of_the_mounts_beneath),
        TEST(the_root_is_cloned_with_what_is_mounted_on_it),
    };

    return cmocka_run_group_tests(tests, make_world, end_world);
}
