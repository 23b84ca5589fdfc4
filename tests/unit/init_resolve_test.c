/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcontainer/init/resolve.c and libcontainer/kernel/sys.c.
 *
 * The corpus of links is compared with what the kernel says to a process that has really changed
 * its root: identical or stricter (threat B06). That comparison needs root and is skipped without.
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
#include <limits.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"
#include "init/init.h"

/* The one function of main.c that resolve.c uses. */
void init_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

static char scratch[64];
static char canary[96];
static struct init init;
static struct stat canary_before;

static void in_scratch(char *path, size_t size, const char *name)
{
    snprintf(path, size, "%s/root/%s", scratch, name);
}

static void make_directory(const char *name)
{
    char path[8192];

    in_scratch(path, sizeof(path), name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_file(const char *name)
{
    char path[8192];
    int fd;

    in_scratch(path, sizeof(path), name);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    close(fd);
}

static void make_link(const char *target, const char *name)
{
    char path[8192];

    in_scratch(path, sizeof(path), name);
    assert_int_equal(symlink(target, path), 0);
}

static int start(void **state UNUSED)
{
    char root[96];

    snprintf(scratch, sizeof(scratch), "/tmp/init-resolve-XXXXXX");
    if (mkdtemp(scratch) == NULL)
        return -1;
    snprintf(root, sizeof(root), "%s/root", scratch);
    snprintf(canary, sizeof(canary), "%s/canary", scratch);
    if (mkdir(root, 0755) < 0 || mkdir(canary, 0755) < 0)
        return -1;
    init.root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return init.root >= 0 && stat(canary, &canary_before) == 0 ? 0 : -1;
}

/* Beneath descriptors, since whole paths may be too long. */
static void remove_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) < 0)
            remove_tree(fd, entry->d_name);
    }
    if (directory != NULL)
        closedir(directory);
    unlinkat(parent, name, AT_REMOVEDIR);
}

static int release(void **state UNUSED)
{
    struct stat now;
    bool is_untouched = stat(canary, &now) == 0 &&
                        memcmp(&now.st_mtim, &canary_before.st_mtim, sizeof(now.st_mtim)) == 0;

    init_close(&init.root);
    remove_tree(AT_FDCWD, scratch);
    return is_untouched && access(scratch, F_OK) < 0 ? 0 : -1;
}

/* Is there something of this type at this path, with no link on the way? */
static mode_t type_inside(const char *name)
{
    int fd =
        sys_openat2(init.root, name, O_PATH | O_NOFOLLOW, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    struct stat st = {0};

    if (fd < 0)
        return 0;
    fstat(fd, &st);
    close(fd);
    return st.st_mode & S_IFMT;
}

static int made(const char *path, unsigned int how)
{
    int fd = resolve_or_make(&init, path, how);
    int error = errno;

    if (fd < 0)
        return -error;
    close(fd);
    return 0;
}

static void missing_directories_are_made(void **state UNUSED)
{
    assert_int_equal(made("/a/b/c", 0), 0);
    assert_int_equal(type_inside("a/b/c"), S_IFDIR);
    assert_int_equal(made("/a/b/c", 0), 0);
    assert_int_equal(made("//a//d//", 0), 0);
    assert_int_equal(type_inside("a/d"), S_IFDIR);
    assert_int_equal(made("/", 0), 0);
    assert_int_equal(made("", 0), -ENOENT);
}

static void a_missing_file_is_made_with_its_directories(void **state UNUSED)
{
    assert_int_equal(made("/etc/deep/hosts", RESOLVE_FILE), 0);
    assert_int_equal(type_inside("etc/deep"), S_IFDIR);
    assert_int_equal(type_inside("etc/deep/hosts"), S_IFREG);
    assert_int_equal(made("/etc/deep/hosts", RESOLVE_FILE), 0);
    assert_int_equal(made("/etc/deep/hosts", RESOLVE_DIRECTORY), -ENOTDIR);
    assert_int_equal(made("/etc/deep/hosts/below", 0), -ENOTDIR);
}

static void links_out_lead_to_places_inside(void **state UNUSED)
{
    static const char *const targets[] = {"/", "..", "../../../../../../..", "/..", "/../../.."};
    char name[32];
    char path[64];

    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        snprintf(name, sizeof(name), "out%zu", i);
        make_link(targets[i], name);
        snprintf(path, sizeof(path), "/out%zu/made%zu/below", i, i);
        assert_int_equal(made(path, 0), 0);
        snprintf(path, sizeof(path), "made%zu/below", i);
        assert_int_equal(type_inside(path), S_IFDIR);
    }
}

static void the_hosts_name_of_a_directory_means_one_of_the_image(void **state UNUSED)
{
    char path[160];

    make_link(canary, "absolute");
    make_link("../canary", "relative");
    assert_int_equal(made("/absolute/x", 0), 0);
    snprintf(path, sizeof(path), "%s/x", canary + 1);
    assert_int_equal(type_inside(path), S_IFDIR);
    assert_int_equal(made("/relative/y", RESOLVE_FILE), 0);
    assert_int_equal(type_inside("canary/y"), S_IFREG);
}

static void a_link_without_a_target_gets_one_inside(void **state UNUSED)
{
    make_directory("etc");
    make_link("../run/resolve/stub.conf", "etc/resolv.conf");
    assert_int_equal(made("/etc/resolv.conf", RESOLVE_FILE), 0);
    assert_int_equal(type_inside("etc/resolv.conf"), S_IFLNK);
    assert_int_equal(type_inside("run/resolve/stub.conf"), S_IFREG);
    make_link("/run2", "run1");
    make_link("run3//", "run2");
    assert_int_equal(made("/run1/secrets", 0), 0);
    assert_int_equal(type_inside("run3/secrets"), S_IFDIR);
}

static void what_is_missing_is_not_left_upwards(void **state UNUSED)
{
    make_link("missing/../../../canary", "up");
    assert_int_equal(made("/up/x", 0), -EXDEV);
    assert_int_equal(made("/nowhere/../y", 0), -EXDEV);
}

static void loops_end(void **state UNUSED)
{
    char target[PATH_MAX];

    make_link("loop", "loop");
    make_link("b", "a");
    make_link("a", "b");
    assert_int_equal(made("/loop/x", 0), -ELOOP);
    assert_int_equal(made("/a", RESOLVE_FILE), -ELOOP);
    /* a chain that is longer than what the kernel follows */
    for (int i = 0; i < 60; i++) {
        char name[16];

        snprintf(name, sizeof(name), "n%d", i);
        snprintf(target, sizeof(target), "n%d", i + 1);
        make_link(target, name);
    }
    assert_int_equal(made("/n0", 0), -ELOOP);
    assert_int_equal(made("/n50", 0), 0);
    assert_int_equal(type_inside("n60"), S_IFDIR);
    /* a link whose text makes the path too long */
    memset(target, 'x', sizeof(target));
    for (size_t i = 200; i < sizeof(target); i += 200)
        target[i] = '/';
    target[4000] = '\0';
    make_link(target, "long");
    assert_int_equal(
        made("/long/12345678901234567890123456789012345678901234567890123456789012345678"
             "90123456789012345678901234567890",
             0),
        -ENAMETOOLONG);
}

static void no_link_means_none(void **state UNUSED)
{
    const char *name;
    int fd;

    make_directory("real");
    make_link("real", "link");
    make_link("missing", "dangling");
    make_directory("real/sub");
    make_link("sub", "real/sub-link");
    assert_int_equal(made("/real/sub", RESOLVE_NO_LINK | RESOLVE_DIRECTORY), 0);
    assert_int_equal(made("/link", RESOLVE_NO_LINK | RESOLVE_DIRECTORY), -ELOOP);
    assert_int_equal(made("/link/sub", RESOLVE_NO_LINK), -ELOOP);
    assert_int_equal(made("/link/new", RESOLVE_NO_LINK), -ELOOP);
    assert_int_equal(made("/dangling", RESOLVE_NO_LINK), -ELOOP);
    assert_int_equal(made("/dangling", RESOLVE_NO_LINK | RESOLVE_FILE), -ELOOP);
    assert_int_equal(made("/dangling/x", RESOLVE_NO_LINK), -ELOOP);
    assert_int_equal(made("/real/sub-link", RESOLVE_NO_LINK), -ELOOP);
    assert_int_equal(type_inside("missing"), 0);

    assert_int_equal(resolve_parent(&init, "/link/null", &name), -1);
    assert_int_equal(errno, ELOOP);
    fd = resolve_parent(&init, "/real/deep/null", &name);
    assert_true(fd >= 0);
    assert_string_equal(name, "null");
    assert_int_equal(type_inside("real/deep"), S_IFDIR);
    close(fd);
    fd = resolve_parent(&init, "/null", &name);
    assert_true(fd >= 0);
    assert_string_equal(name, "null");
    close(fd);
}

static void what_stands_in_the_way_does_not_block(void **state UNUSED)
{
    char path[8192];

    in_scratch(path, sizeof(path), "fifo");
    assert_int_equal(mkfifo(path, 0666), 0);
    alarm(5);
    assert_int_equal(made("/fifo", RESOLVE_FILE), 0); /* O_PATH: it is not opened */
    assert_int_equal(made("/fifo/below", 0), -ENOTDIR);
    assert_int_equal(made("/fifo", RESOLVE_DIRECTORY), -ENOTDIR);
    alarm(0);
}

static void long_names_and_paths_are_refused(void **state UNUSED)
{
    char path[5000];

    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[256] = '\0'; /* 255: the longest */
    assert_int_equal(made(path, 0), 0);
    path[256] = 'x';
    path[257] = '\0';
    assert_int_equal(made(path, 0), -ENAMETOOLONG);
    path[257] = 'x';
    for (size_t i = 0; i < sizeof(path); i += 100)
        path[i] = '/';
    path[4096] = '\0';
    assert_int_equal(made(path, 0), -ENAMETOOLONG);
    path[4095] = '\0';
    assert_int_equal(made(path, 0), 0);
}

/* ---- the kernel's own opinion --------------------------------------------------------------------------- */

struct answer {
    int error;
    dev_t device;
    ino_t inode;
};

static struct answer ask(int fd)
{
    struct answer answer = {.error = errno};
    struct stat st;

    if (fd < 0)
        return answer;
    fstat(fd, &st);
    close(fd);
    return (struct answer){.device = st.st_dev, .inode = st.st_ino};
}

/* In a process that has changed its root. */
static struct answer oracle(const char *path)
{
    struct answer answer;
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (fchdir(init.root) < 0 || chroot(".") < 0)
            _exit(1);
        answer = ask(open(path, O_PATH | O_CLOEXEC));
        _exit(write(ends[1], &answer, sizeof(answer)) != sizeof(answer));
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &answer, sizeof(answer)), sizeof(answer));
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return answer;
}

static void links_mean_what_they_mean_to_the_kernel(void **state UNUSED)
{
    static const char *const texts[] = {
        "/",         "..",         ".",        "d",           "/d",         "./d/.",
        "d/..",      "../d",       "/../d/e",  "d/e/f",       "/d/e/../e",  "l0",
        "/l1",       "../../l2/e", "l3/..",    "d/up",        "d/e/up/e/f", "missing",
        "d/missing", "f/x",        "/d/e/f/x", "l5/../../l6", "/l4/./e",    "d//e///f",
    };
    static const char *const tails[] = {"", "/", "/e", "/..", "/../d", "/e/f", "/./.", "/missing"};
    size_t compared = 0;
    char path[160];

    if (geteuid() != 0)
        skip();
    make_directory("d");
    make_directory("d/e");
    make_file("d/e/f");
    make_file("f");
    make_link("..", "d/up");
    make_link("../../..", "d/e/up");
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        snprintf(path, sizeof(path), "l%zu", i);
        make_link(texts[i], path);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        for (size_t tail = 0; tail < ARRAY_LEN(tails); tail++) {
            struct answer ours;
            struct answer theirs;

            snprintf(path, sizeof(path), "/l%zu%s", i, tails[tail]);
            theirs = oracle(path);
            ours = ask(resolve(&init, path, 0));
            if (ours.error != theirs.error || ours.device != theirs.device ||
                ours.inode != theirs.inode)
                fail_msg("%s -> %s: we say %d %lu, the kernel %d %lu", path, texts[i], ours.error,
                         (unsigned long)ours.inode, theirs.error, (unsigned long)theirs.inode);
            compared++;
        }
    assert_true(compared > 150);
}

static void magic_links_are_never_followed(void **state UNUSED)
{
    struct init host = {.root = -1};

    host.root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(host.root >= 0);
    assert_int_equal(resolve(&host, "/proc/self/root", 0), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(resolve(&host, "/proc/self/cwd/x", 0), -1);
    assert_int_equal(errno, ELOOP);
    assert_int_equal(resolve(&host, "/proc/self/fd/0", 0), -1);
    assert_int_equal(errno, ELOOP);
    close(host.root);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, release)
    static const struct CMUnitTest tests[] = {
        TEST(missing_directories_are_made),
        TEST(a_missing_file_is_made_with_its_directories),
        TEST(links_out_lead_to_places_inside),
        TEST(the_hosts_name_of_a_directory_means_one_of_the_image),
        TEST(a_link_without_a_target_gets_one_inside),
        TEST(what_is_missing_is_not_left_upwards),
        TEST(loops_end),
        TEST(no_link_means_none),
        TEST(what_stands_in_the_way_does_not_block),
        TEST(long_names_and_paths_are_refused),
        TEST(links_mean_what_they_mean_to_the_kernel),
        TEST(magic_links_are_never_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
