/* SPDX-License-Identifier: Apache-2.0 */

/*
 * memlock COMMAND...: executes a command for which setting RLIMIT_MEMLOCK always seems to work.
 *
 * crun before 1.9 raises that limit before it loads a device program, which Linux has not needed
 * since 5.11, and gives up where root lacks CAP_SYS_RESOURCE. To measure it there all the same, a
 * filter answers that one call with success. All candidates run under the same filter, so none is
 * at a disadvantage.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The low half of an argument, little endian. */
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n))

#define LOAD(offset)            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define SKIP_IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (yes), (no))
#define RETURN(action)          BPF_STMT(BPF_RET | BPF_K, (action))

int main(int argc, char **argv)
{
    struct sock_filter instructions[] = {
        LOAD(offsetof(struct seccomp_data, nr)),
        SKIP_IF(SYS_prlimit64, 2, 0),
        SKIP_IF(SYS_setrlimit, 4, 0),
        RETURN(SECCOMP_RET_ALLOW),
        LOAD(ARG(2)), /* asking only? */
        SKIP_IF(0, 4, 0),
        LOAD(ARG(1)),
        SKIP_IF(RLIMIT_MEMLOCK, 3, 2),
        LOAD(ARG(0)),
        SKIP_IF(RLIMIT_MEMLOCK, 1, 0),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_ERRNO | 0),
    };
    struct sock_fprog filter = {.len = ARRAY_LEN(instructions), .filter = instructions};

    if (argc < 2) {
        fprintf(stderr, "usage: memlock COMMAND...\n");
        return 2;
    }
    /* Not no_new_privs, which would reach the containers: root may load a filter without it. */
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
        fprintf(stderr, "memlock: load the filter: %s\n", strerror(errno));
        return 1;
    }
    execvp(argv[1], argv + 1);
    fprintf(stderr, "memlock: execute %s: %s\n", argv[1], strerror(errno));
    return 127;
}
