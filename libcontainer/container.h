/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The public face of the engine: what the command line, and nothing else of the tree, may call.
 *
 * Every function returns 0, or -1 with *e filled. Nothing is printed here; `warnings` are logged.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/findings.h"
#include "base/json_types.h"
#include "base/macros.h"

enum caisson_cgroup_manager {
    CAISSON_CGROUPFS,
    CAISSON_SYSTEMD,
    CAISSON_NO_CGROUP, /* containers stay in the caller's cgroup */
};

/* What all commands share. The caller makes it and releases the arena after the last use of
 * anything that a function below returned. */
struct caisson {
    struct arena *arena;
    struct findings
        *findings;    /* what is wrong with a configuration; shown by who prints the error */
    const char *root; /* --root, or NULL for the default */
    enum caisson_cgroup_manager
        cgroup_manager; /* for create, run and plan: the state remembers it */
};

struct caisson_create_options {
    const char *id;
    const char *bundle;      /* directory */
    const char *config_name; /* NULL: config.json */
    const char *pid_file; /* NULL: none; absolute, or relative to the original working directory */
    bool keep_keyring;    /* --no-new-keyring */
    bool is_detached;     /* run */
    bool keeps_container; /* run --keep */
    bool becomes_subreaper; /* run in the foreground, without --no-subreaper */
};

/* runtime.md "create": the container waits for caisson_start(). */
MUST_CHECK int caisson_create(const struct caisson *caisson,
                              const struct caisson_create_options *options, struct err *e);

/* Create, start and, unless detached, wait and delete. *exit_status is the workload's, 128 + signal
 * when it was killed. */
MUST_CHECK int caisson_run(const struct caisson *caisson,
                           const struct caisson_create_options *options, int *exit_status,
                           struct err *e);

MUST_CHECK int caisson_start(const struct caisson *caisson, const char *id, struct err *e);

struct caisson_kill_options {
    const char *id;
    int signal; /* 0 probes */
    bool all;
};
MUST_CHECK int caisson_kill(const struct caisson *caisson,
                            const struct caisson_kill_options *options, struct err *e);

MUST_CHECK int caisson_delete(const struct caisson *caisson, const char *id, bool force,
                              struct err *e);

/* Returns when every process of the container has stopped, or runs again. */
MUST_CHECK int caisson_pause(const struct caisson *caisson, const char *id, struct err *e);
MUST_CHECK int caisson_resume(const struct caisson *caisson, const char *id, struct err *e);

/* Changes the limits of a container: `json` is a linux.resources object of which all that is absent
 * stays as it is, and so does its device list. On failure the limits are what they were. */
MUST_CHECK int caisson_update(const struct caisson *caisson, const char *id, const char *json,
                              size_t size, struct err *e);

struct caisson_events_options {
    const char *id;
    bool is_once;         /* one line of figures, instead of one after each interval */
    uint64_t interval_ns; /* not 0 */
    int output;           /* the lines are written there */
};
/* Writes the figures of a container's cgroup, and that it ran out of memory, as lines of JSON until
 * nobody is left in it. Who does not read to the end is no error. */
MUST_CHECK int caisson_events(const struct caisson *caisson,
                              const struct caisson_events_options *options, struct err *e);

struct caisson_pids {
    pid_t *items;
    size_t count;
    size_t capacity;
};
/* All processes of the container, by their numbers in our pid namespace; the arena's. A stopped one
 * can have some if it shares its pid namespace. */
MUST_CHECK int caisson_ps(const struct caisson *caisson, const char *id, struct caisson_pids *pids,
                          struct err *e);
/* Writes those lines of the host's ps(1) that belong to the container to the descriptor `output`,
 * with the line above them. `words` are options of ps, split at blanks; none: -ef. */
MUST_CHECK int caisson_ps_table(const struct caisson *caisson, const char *id,
                                const char *const *words, size_t n_words, int output,
                                struct err *e);

struct caisson_state {
    const char *oci_version;
    const char *id;
    const char *status; /* "created", "running", "paused", "stopped"; list: also "creating" */
    int64_t pid;        /* 0 when stopped */
    const char *bundle;
    const char *rootfs;
    const char *created; /* RFC 3339 */
    uint32_t owner;
    const struct json_string_map *annotations;
};

MUST_CHECK int caisson_state(const struct caisson *caisson, const char *id,
                             struct caisson_state *state, struct err *e);
/* The state as the JSON object that engines read. */
const char *caisson_state_json(const struct caisson *caisson, const struct caisson_state *state);

struct caisson_states {
    struct caisson_state *items;
    size_t count;
    size_t capacity;
    struct json_strings broken; /* one message for each entry that could not be read */
};
MUST_CHECK int caisson_list(const struct caisson *caisson, struct caisson_states *states,
                            struct err *e);
/* "root" or "#1000": names of others would need the host's user database, and libraries it loads.
 */
const char *caisson_owner_name(const struct caisson *caisson, uint32_t uid);
const char *caisson_states_json(const struct caisson *caisson, const struct caisson_states *states);

enum caisson_plan_format {
    CAISSON_PLAN_TEXT,
    CAISSON_PLAN_JSON
};
/* What create would do for this bundle, without doing it. */
MUST_CHECK int caisson_plan(const struct caisson *caisson, const char *bundle,
                            const char *config_name, enum caisson_plan_format format,
                            const char **text, struct err *e);

/* Writes a config.json that is safe to start from into `bundle`; an existing file is an error. */
MUST_CHECK int caisson_spec(const struct caisson *caisson, const char *bundle,
                            const char *file_name, struct err *e);

/* The first call of a program: no descriptor that its caller left open can reach a container, and
 * those of the standard streams that were closed are opened on /dev/null. */
MUST_CHECK int caisson_start_up(struct err *e);

const char *caisson_version(void);
const char *caisson_commit(void);
/* The version of the runtime specification that is implemented. */
const char *caisson_spec_version(void);
