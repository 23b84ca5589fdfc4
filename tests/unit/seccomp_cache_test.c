/* SPDX-License-Identifier: Apache-2.0 */

/* Compiled filters on disk. Links like seccomp_filter_test.c. */

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
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "seccomp_support.h"

static struct tested tested;
static char directory[64];
static int root = -1;

static const char some_section[] =
    "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"], "
    "\"syscalls\": "
    "[{\"names\": [\"read\", \"write\"], \"action\": \"SCMP_ACT_ALLOW\"}]}";

static int make_root(void **state UNUSED)
{
    snprintf(directory, sizeof(directory), "/tmp/caisson-seccomp-XXXXXX");
    if (mkdtemp(directory) == NULL)
        return -1;
    root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return root < 0 ? -1 : 0;
}

static void empty_cache(void)
{
    CLEANUP_FD int cache = openat(root, ".seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = cache >= 0 ? fdopendir(dup(cache)) : NULL;
    const struct dirent *entry;

    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL)
        if (unlinkat(cache, entry->d_name, 0) < 0)
            unlinkat(cache, entry->d_name, AT_REMOVEDIR);
    closedir(stream);
}

static int remove_root(void **state)
{
    empty_cache();
    unlinkat(root, ".seccomp", AT_REMOVEDIR);
    fd_close(&root);
    rmdir(directory);
    return test_arena_release(state);
}

/* How many files there are; the name of the last one. */
static size_t count_files(char name[256])
{
    char path[128];
    DIR *stream;
    const struct dirent *entry;
    size_t n = 0;

    snprintf(path, sizeof(path), "%s/.seccomp", directory);
    stream = opendir(path);
    if (stream == NULL)
        return 0;
    while ((entry = readdir(stream)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, 256, "%s", entry->d_name);
        n++;
    }
    closedir(stream);
    return n;
}

static void get(const char *text)
{
    struct err e = ERR_INIT;

    section_read(&tested, text);
    if (seccomp_program_get(&tested.compiled, &tested.section, &tested.document, root, &test_arena,
                            &tested.findings, &e) < 0)
        fail_msg("%s", e.text);
}

/* Is it what the compiler makes now? */
static void assert_right(void)
{
    struct seccomp_program fresh;
    struct err e = ERR_INIT;

    assert_int_equal(seccomp_compile(&fresh, &tested.section, &tested.document, &test_arena,
                                     &tested.findings, &e),
                     0);
    assert_int_equal(tested.compiled.size_bytes, fresh.size_bytes);
    assert_int_equal(tested.compiled.flags, fresh.flags);
    assert_memory_equal(tested.compiled.instructions, fresh.instructions, fresh.size_bytes);
}

static char *file_path(char path[512])
{
    char name[256] = "";

    assert_int_equal(count_files(name), 1);
    snprintf(path, 512, "%s/.seccomp/%s", directory, name);
    return path;
}

static struct stat stat_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st;
}

/* ---- what is kept --------------------------------------------------------------------------- */

static void a_program_is_found_again(void **state UNUSED)
{
    char path[512];
    ino_t inode;

    get(some_section);
    assert_right();
    inode = stat_of(file_path(path)).st_ino;
    get(some_section);
    assert_right();
    assert_int_equal(stat_of(file_path(path)).st_ino, inode); /* not written anew */
    assert_int_equal(stat_of(path).st_mode, S_IFREG | 0600);
    snprintf(path, sizeof(path), "%s/.seccomp", directory);
    assert_int_equal(stat_of(path).st_mode, S_IFDIR | 0700);
}

static void every_member_of_the_section_is_in_the_name(void **state UNUSED)
{
    static const char *const sections[] = {
        some_section,
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\"}",
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 0}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": \"SCMP_ACT_ALLOW\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": \"SCMP_ACT_LOG\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\", \"write\"], "
        "\"action\": \"SCMP_ACT_ALLOW\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 7}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": "
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": "
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 1, \"value\": 1, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": "
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 2, \"op\": \"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": "
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"op\": \"SCMP_CMP_NE\"}]}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": "
        "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"value\": 1, \"valueTwo\": 1, \"op\": "
        "\"SCMP_CMP_MASKED_EQ\"}]}]}",
    };
    char name[256];

    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        get(sections[i]);
        assert_right();
        assert_int_equal(count_files(name), i + 1);
    }
}

static void a_section_with_a_warning_is_compiled_each_time(void **state UNUSED)
{
    const char *text = "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
                       "[\"no_such_call\"], \"action\": \"SCMP_ACT_ERRNO\"}]}";
    char name[256];

    for (int i = 0; i < 2; i++) {
        get(text);
        assert_int_equal(tested.findings.count, 1);
        assert_int_equal(count_files(name), 0);
    }
}

static void the_number_of_files_is_bounded(void **state UNUSED)
{
    char name[256];

    for (unsigned int i = 0; i < 200; i++) {
        get(arena_printf(&test_arena,
                         "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": %u}", i));
        assert_right();
        assert_in_range(count_files(name), 1, 64);
    }
}

/* ---- F18: what is not believed -------------------------------------------------------------- */

static void overwrite(const char *path, long offset, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* After it was spoilt the right program must come, and the file must be right again. */
static void assert_rebuilt(void)
{
    char path[512];

    get(some_section);
    assert_right();
    get(some_section);
    assert_right();
    assert_int_equal(stat_of(file_path(path)).st_mode, S_IFREG | 0600);
}

static void a_changed_byte_is_noticed_wherever_it_is(void **state UNUSED)
{
    char path[512];
    off_t size;

    get(some_section);
    size = stat_of(file_path(path)).st_size;
    for (off_t i = 0; i < size; i++) {
        FILE *file = fopen(path, "r+");
        int byte;

        assert_non_null(file);
        assert_int_equal(fseek(file, (long)i, SEEK_SET), 0);
        byte = fgetc(file) ^ 0x41;
        fclose(file);
        overwrite(path, (long)i, &byte, 1);
        get(some_section);
        assert_right();
    }
    assert_rebuilt();
}

static void a_file_of_another_length_is_not_believed(void **state UNUSED)
{
    char path[512];
    off_t size;

    get(some_section);
    size = stat_of(file_path(path)).st_size;
    for (off_t shorter = 0; shorter < size; shorter += 7) {
        assert_int_equal(truncate(path, shorter), 0);
        assert_rebuilt();
    }
    assert_int_equal(truncate(path, size + 8), 0);
    assert_rebuilt();
    assert_int_equal(truncate(path, (off_t)1 << 30), 0);
    assert_rebuilt();
}

static void files_that_were_exchanged_are_not_believed(void **state UNUSED)
{
    char path[512];
    char aside[512];
    char other[512];

    get(some_section);
    file_path(path);
    snprintf(aside, sizeof(aside), "%s/aside", directory);
    assert_int_equal(rename(path, aside), 0);
    get("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
    /* The file of the section that allows everything gets the name of the other one. */
    assert_int_equal(rename(file_path(other), path), 0);
    assert_rebuilt();
    assert_int_equal(unlink(aside), 0);
}

static void links_are_not_followed(void **state UNUSED)
{
    char path[512];
    char aside[512];

    get(some_section);
    file_path(path);
    snprintf(aside, sizeof(aside), "%s/aside", directory);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink(aside, path), 0);
    assert_rebuilt();
    /* A second name for the file: somebody else may hold it. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(aside, path), 0);
    assert_rebuilt();
    assert_int_equal(unlink(aside), 0);
}

static void a_link_in_the_place_of_the_directory_is_not_followed(void **state UNUSED)
{
    char path[512];
    char aside[512];
    struct stat st;

    get(some_section);
    snprintf(path, sizeof(path), "%s/.seccomp", directory);
    snprintf(aside, sizeof(aside), "%s/aside", directory);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(symlink("aside", path), 0);
    get(some_section);
    assert_right();
    assert_int_equal(lstat(path, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rename(aside, path), 0);
}

static void what_others_may_write_is_not_believed(void **state UNUSED)
{
    char path[512];

    get(some_section);
    assert_int_equal(chmod(file_path(path), 0620), 0);
    assert_rebuilt();
    assert_int_equal(chmod(file_path(path), 0602), 0);
    assert_rebuilt();
    if (geteuid() == 0) {
        assert_int_equal(chown(file_path(path), 12345, 0), 0);
        assert_rebuilt();
    }
}

static void a_pipe_in_the_place_of_the_file_does_not_block(void **state UNUSED)
{
    char path[512];

    get(some_section);
    assert_int_equal(unlink(file_path(path)), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_rebuilt();
}

static void not_being_able_to_keep_it_is_no_error(void **state UNUSED)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/.seccomp", directory);
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    get(some_section);
    assert_right();
    assert_int_equal(unlink(path), 0);
    /* A directory in the place of the file. */
    get(some_section);
    assert_int_equal(unlink(file_path(path)), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    get(some_section);
    assert_right();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_program_is_found_again, make_root, remove_root),
        cmocka_unit_test_setup_teardown(every_member_of_the_section_is_in_the_name, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_section_with_a_warning_is_compiled_each_time, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(the_number_of_files_is_bounded, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_noticed_wherever_it_is, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_file_of_another_length_is_not_believed, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(files_that_were_exchanged_are_not_believed, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(links_are_not_followed, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_link_in_the_place_of_the_directory_is_not_followed,
                                        make_root, remove_root),
        cmocka_unit_test_setup_teardown(what_others_may_write_is_not_believed, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(a_pipe_in_the_place_of_the_file_does_not_block, make_root,
                                        remove_root),
        cmocka_unit_test_setup_teardown(not_being_able_to_keep_it_is_no_error, make_root,
                                        remove_root),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
