/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Runs a command under the program that a profile compiles to, and nothing else of a container:
 *
 *     confine PROFILE COMMAND [ARGUMENT]...
 *     confine --size PROFILE           instructions of the program, and how long it took to compile
 *
 * PROFILE has the form of config.json's linux.seccomp. For trying real programs against a profile,
 * and for calls that a container has no means to make.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/filter.h>

#include "base/fd.h"
#include "kernel/sys.h"
#include "seccomp/seccomp.h"
#include "spec/decode.h"

static struct arena arena;
static struct findings findings;

static int read_section(const char *path, struct json_document *document,
                        struct spec_seccomp *section, struct err *e)
{
    CLEANUP_FD int fd = -1;
    char *bytes;
    size_t size;

    fd = fd_open_regular(AT_FDCWD, path, e);
    if (fd < 0 || fd_read_all(fd, &arena, 1 << 20, &bytes, &size, e) < 0)
        return -1;
    json_decode(document, &arena, &spec_seccomp_schema, bytes, size, section, &findings);
    return findings.n_refused == 0 ? 0 : err_input(e, NULL, "%s is no seccomp section", path);
}

static int compile(const char *path, struct seccomp_program *program, struct err *e)
{
    struct json_document document = {0};
    struct spec_seccomp section = {0};
    struct timespec begin;
    struct timespec end;

    if (read_section(path, &document, &section, e) < 0)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (seccomp_compile(program, &section, &document, &arena, &findings, e) < 0)
        return -1;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (int)((end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
}

static int execute(const struct seccomp_program *program, char **command, struct err *e)
{
    struct sock_fprog loaded = {
        .len = (unsigned short)(program->size_bytes / sizeof(struct sock_filter)),
        .filter = (struct sock_filter *)(uintptr_t)program->instructions,
    };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(e, "set no_new_privs");
    if (sys_seccomp_filter(program->flags, &loaded) < 0)
        return err_sys(e, "load the filter");
    execvp(command[0], command);
    return err_sys(e, "execute %s", command[0]);
}

int main(int argc, char **argv)
{
    bool wants_size = argc == 3 && strcmp(argv[1], "--size") == 0;
    struct seccomp_program program;
    struct err e = ERR_INIT;
    char line[2048];
    int microseconds;

    if (argc < 3) {
        fprintf(stderr, "usage: confine PROFILE COMMAND...\n       confine --size PROFILE\n");
        return 2;
    }
    findings = FINDINGS_INIT(&arena);
    microseconds = compile(argv[wants_size ? 2 : 1], &program, &e);
    for (size_t i = 0; i < findings.count; i++)
        fprintf(stderr, "%s: %s\n", findings.items[i].pointer, findings.items[i].text);
    if (microseconds >= 0 && wants_size) {
        printf("%zu instructions, %d us\n", program.size_bytes / sizeof(struct sock_filter),
               microseconds);
        return 0;
    }
    if (microseconds >= 0)
        execute(&program, argv + 2, &e);
    err_format(&e, line, sizeof(line));
    fprintf(stderr, "confine: %s\n", line);
    return 1;
}
