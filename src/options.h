/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The command line as tables: a row for each option, one value for each command. Parsing, --help,
 * shell completion and the manual pages' synopses come from them. */

#include <stdbool.h>
#include <stddef.h>

#include "container.h"

/* As they were written; cmd_update.c has the table of what they mean. */
struct update_options {
    const char *resources;
    const char *blkio_weight;
    const char *cpu_burst;
    const char *cpu_idle;
    const char *cpu_period;
    const char *cpu_quota;
    const char *cpu_rt_period;
    const char *cpu_rt_runtime;
    const char *cpu_share;
    const char *cpuset_cpus;
    const char *cpuset_mems;
    const char *kernel_memory;
    const char *kernel_memory_tcp;
    const char *l3_cache_schema;
    const char *mem_bw_schema;
    const char *memory;
    const char *memory_reservation;
    const char *memory_swap;
    const char *pids_limit;
};

/* All options of all commands, typed. A command looks at its own. */
struct options {
    /* global */
    const char *root;
    const char *log;
    const char *log_format;
    const char *log_level;
    const char *cgroup_manager;
    const char *criu;
    const char *rootless;
    bool systemd_cgroup;
    bool debug;
    bool version;
    bool help;
    /* commands */
    const char *bundle;
    const char *config;
    const char *pid_file;
    const char *format;
    const char *file;
    bool no_new_keyring;
    bool no_subreaper;
    bool detach;
    bool keep;
    bool all;
    bool force;
    bool quiet;
    bool stats;
    const char *interval;
    struct update_options update;
    /* operands */
    const char *const *operands;
    size_t n_operands;
};

enum option_kind {
    OPTION_FLAG,
    OPTION_TEXT
};

struct option_row {
    const char *name; /* without dashes; NULL ends a table */
    char letter;      /* 0: none */
    enum option_kind kind;
    size_t offset;        /* of the member of struct options */
    const char *argument; /* its name in help */
    const char *help;     /* NULL: accepted for compatibility, not shown */
};

struct command {
    const char *name;
    const char *summary;
    const char *operands; /* in help: "ID [SIGNAL]" */
    size_t min_operands;
    size_t max_operands;
    /* Options end at the first operand, as engines and people expect of `kill ID -9`. */
    bool stops_at_operand;
    const struct option_row *options;
    /* Returns the exit status, or -1 with *e filled. */
    int (*run)(struct caisson *caisson, const struct options *options, struct err *e);
};

extern const struct option_row global_options[];

/* Parses the options of `rows` from args[0 .. n), stopping at the first operand if `stop` is set;
 * operands are moved to the front of args and counted in *n_operands. Returns how many arguments
 * were looked at, or -1. */
MUST_CHECK int options_parse(const struct option_row *rows, const char **args, size_t n, bool stop,
                             struct options *options, size_t *n_operands, struct err *e);

/* *path, if it is given and relative, from the current directory, which a command may leave for
 * that of the bundle. The text is the arena's. */
MUST_CHECK int options_make_absolute(const struct caisson *caisson, const char **path,
                                     struct err *e);

void options_print(const struct option_row *rows);
