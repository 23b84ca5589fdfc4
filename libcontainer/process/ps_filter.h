/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The output of ps(1), which lists the whole host, cut down to some of its processes. Pure. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    /* What ps knows of a process comes from the process. procps writes lines of up to 128 KiB;
     * what is longer is cut. */
    PS_LINE_BYTES = 192 * 1024
};

struct ps_filter {
    const pid_t *pids; /* ascending */
    size_t n_pids;
    bool has_header;
    bool is_last;  /* the column of pids is the last one, and those before it may contain blanks */
    size_t column; /* of pids */
};

enum ps_line {
    PS_DROP = 0,
    PS_KEEP = 1,
    PS_NO_PIDS = 2, /* the header has no column PID: nothing can be told from what follows */
};

/* One line, without its end. The first one is the header. */
enum ps_line ps_filter_line(struct ps_filter *filter, const char *line, size_t length);
