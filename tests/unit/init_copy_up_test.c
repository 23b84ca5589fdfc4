/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcontainer/init/copy_up.c. */

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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/macros.h"
#include "init/init.h"

/* The one function of main.c that copy_up.c uses. */
void init_close(int *fd)
{
    int saved = errno;

    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = saved;
}

static char scratch[64];
static int from = -1;
static int to = -1;

static int start(void **state UNUSED)
{
    char path[96];

    snprintf(scratch, sizeof(scratch), "/tmp/init-copy-up-XXXXXX");
    umask(0);
    if (mkdtemp(scratch) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/from", scratch);
    if (mkdir(path, 0755) < 0)
        return -1;
    from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(path, sizeof(path), "%s/to", scratch);
    if (mkdir(path, 0755) < 0)
        return -1;
    to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return from >= 0 && to >= 0 ? 0 : -1;
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
    init_close(&from);
    init_close(&to);
    remove_tree(AT_FDCWD, scratch);
    return access(scratch, F_OK) < 0 ? 0 : -1;
}

static void make_file(const char *name, const void *bytes, size_t size, mode_t mode)
{
    int fd = openat(from, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static size_t open_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(directory);
    while (readdir(directory) != NULL)
        n++;
    closedir(directory);
    return n;
}

static void assert_same(const char *name)
{
    struct stat a;
    struct stat b;

    assert_int_equal(fstatat(from, name, &a, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(fstatat(to, name, &b, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(a.st_mode, b.st_mode);
    assert_int_equal(a.st_uid, b.st_uid);
    assert_int_equal(a.st_gid, b.st_gid);
    assert_int_equal(a.st_rdev, b.st_rdev);
    if (S_ISREG(a.st_mode) || S_ISLNK(a.st_mode))
        assert_int_equal(a.st_size, b.st_size);
}

static void every_kind_of_entry_is_copied(void **state UNUSED)
{
    static char big[100 * 1000 + 7];
    static char copy[sizeof(big)];
    char text[32] = {0};
    size_t before = open_descriptors();
    int fd;

    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i * 31 + i / 251);
    make_file("empty", "", 0, 0640);
    make_file("big", big, sizeof(big), 04755);
    assert_int_equal(mkdirat(from, "directory", 01777), 0);
    make_file("directory/inside", "x", 1, 0400);
    assert_int_equal(mkdirat(from, "directory/deeper", 0711), 0);
    make_file("directory/deeper/leaf", "leaf", 4, 0666);
    assert_int_equal(symlinkat("/somewhere/else", from, "link"), 0);
    assert_int_equal(mkfifoat(from, "fifo", 0620), 0);
    if (geteuid() == 0) {
        assert_int_equal(fchownat(from, "big", 1234, 4321, 0), 0);
        assert_int_equal(fchmodat(from, "big", 04755, 0), 0);
        assert_int_equal(fchownat(from, "link", 77, 78, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(fchownat(from, "directory/deeper", 79, 80, 0), 0);
    }

    assert_int_equal(copy_up(from, to), 0);
    assert_same("empty");
    assert_same("big");
    assert_same("directory");
    assert_same("directory/inside");
    assert_same("directory/deeper");
    assert_same("directory/deeper/leaf");
    assert_same("link");
    assert_same("fifo");
    assert_int_equal(readlinkat(to, "link", text, sizeof(text)), strlen("/somewhere/else"));
    assert_string_equal(text, "/somewhere/else");
    fd = openat(to, "big", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, copy, sizeof(copy)), sizeof(copy));
    assert_memory_equal(copy, big, sizeof(big));
    close(fd);
    assert_int_equal(open_descriptors(), before);
}

static void an_empty_directory_stays_empty(void **state UNUSED)
{
    char path[96];

    assert_int_equal(copy_up(from, to), 0);
    snprintf(path, sizeof(path), "%s/to", scratch);
    assert_int_equal(rmdir(path), 0); /* only an empty one can be removed */
    assert_int_equal(mkdir(path, 0755), 0);
}

static void many_entries_and_long_names_are_copied(void **state UNUSED)
{
    char name[NAME_MAX + 1];

    for (int i = 0; i < 500; i++) {
        memset(name, 'n', sizeof(name) - 1);
        name[NAME_MAX] = '\0';
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        make_file(name, name, 3, 0644);
    }
    assert_int_equal(copy_up(from, to), 0);
    for (int i = 0; i < 500; i++) {
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        assert_same(name);
    }
}

static void siblings_of_a_directory_are_not_forgotten(void **state UNUSED)
{
    char name[64];

    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof(name), "d%d", i);
        assert_int_equal(mkdirat(from, name, 0755), 0);
        for (int j = 0; j < 5; j++) {
            snprintf(name, sizeof(name), "d%d/f%d", i, j);
            make_file(name, "", 0, 0644);
        }
        snprintf(name, sizeof(name), "f%d", i);
        make_file(name, "", 0, 0644);
    }
    assert_int_equal(copy_up(from, to), 0);
    for (int i = 0; i < 40; i++) {
        for (int j = 0; j < 5; j++) {
            snprintf(name, sizeof(name), "d%d/f%d", i, j);
            assert_same(name);
        }
        snprintf(name, sizeof(name), "f%d", i);
        assert_same(name);
    }
}

/* Makes a chain of n directories, one in the other. */
static void make_chain(int n)
{
    int at = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    for (int i = 0; i < n; i++) {
        int next;

        assert_int_equal(mkdirat(at, "d", 0755), 0);
        next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    close(at);
}

static void a_tree_that_is_too_deep_is_an_error_without_leaks(void **state UNUSED)
{
    size_t before = open_descriptors();

    make_chain(200);
    errno = 0;
    assert_int_equal(copy_up(from, to), -1);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(open_descriptors(), before);
}

static void a_deep_tree_is_copied(void **state UNUSED)
{
    char path[2 * 60 + 1] = "d";

    make_chain(60);
    assert_int_equal(copy_up(from, to), 0);
    for (int i = 1; i < 60; i++)
        memcpy(path + 2 * i - 1, "/d", 3);
    assert_same(path);
}

static void links_are_copied_and_not_followed(void **state UNUSED)
{
    char canary[96];
    struct stat st;

    snprintf(canary, sizeof(canary), "%s/canary", scratch);
    assert_int_equal(mkdir(canary, 0700), 0);
    assert_int_equal(symlinkat(canary, from, "out"), 0);
    assert_int_equal(symlinkat("/", from, "slash"), 0);
    assert_int_equal(symlinkat("..", from, "up"), 0);
    assert_int_equal(copy_up(from, to), 0);
    assert_same("out");
    assert_same("slash");
    assert_same("up");
    assert_int_equal(stat(canary, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
}

static void devices_and_sockets_do_not_block(void **state UNUSED)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    snprintf(address.sun_path, sizeof(address.sun_path), "%s/from/socket", scratch);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    if (geteuid() == 0)
        assert_int_equal(mknodat(from, "null", S_IFCHR | 0666, 0x103), 0);
    alarm(5);
    assert_int_equal(copy_up(from, to), 0);
    alarm(0);
    assert_same("socket");
    if (geteuid() == 0)
        assert_same("null");
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, release)
    static const struct CMUnitTest tests[] = {
        TEST(every_kind_of_entry_is_copied),
        TEST(an_empty_directory_stays_empty),
        TEST(many_entries_and_long_names_are_copied),
        TEST(siblings_of_a_directory_are_not_forgotten),
        TEST(a_tree_that_is_too_deep_is_an_error_without_leaks),
        TEST(a_deep_tree_is_copied),
        TEST(links_are_copied_and_not_followed),
        TEST(devices_and_sockets_do_not_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
