/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The host's procfs, reached through a descriptor that was proven to be one. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"

/* O_PATH descriptor of /proc after fstatfs(2) said that it is a procfs. */
MUST_CHECK int proc_open(struct err *e);
/* Opens PID/<name> beneath it, without links and without leaving the mount. -1 and errno. */
MUST_CHECK int proc_open_file(int proc, pid_t pid, const char *name, int flags);
/* One write(2) of `text` to PID/<name>. -1 and errno. */
MUST_CHECK int proc_write(int proc, pid_t pid, const char *name, const char *text);

enum {
    PROC_NAME_BYTES = 16 /* TASK_COMM_LEN */
};

struct proc_stat {
    char name[PROC_NAME_BYTES]; /* as the process itself wants to be called */
    char state;                 /* 'R', 'S', 'Z', ... */
    uint64_t start_ticks;       /* since boot; pid and start time name a process for ever */
};

/* False with errno when there is no such process. */
MUST_CHECK bool proc_read_stat(int proc, pid_t pid, struct proc_stat *stat);
/* A file by identity. */
struct proc_file {
    uint64_t device;
    uint64_t inode;
};

/* Its path in the cgroup v2 tree, in the arena; NULL if it cannot be told. */
const char *proc_read_cgroup(int proc, pid_t pid, struct arena *arena);

/* The program that the process runs. False with errno: EACCES means that it is hidden from us. */
MUST_CHECK bool proc_read_exe(int proc, pid_t pid, struct proc_file *file);

enum {
    PROC_BOOT_ID_BYTES = 37
};
/* The kernel's random id of this boot, terminated. */
MUST_CHECK int proc_read_boot_id(int proc, char id[PROC_BOOT_ID_BYTES], struct err *e);
