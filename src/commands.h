/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "options.h"

extern const struct command cmd_create;
extern const struct command cmd_delete;
extern const struct command cmd_events;
extern const struct command cmd_kill;
extern const struct command cmd_list;
extern const struct command cmd_pause;
extern const struct command cmd_plan;
extern const struct command cmd_ps;
extern const struct command cmd_resume;
extern const struct command cmd_run;
extern const struct command cmd_spec;
extern const struct command cmd_start;
extern const struct command cmd_state;
extern const struct command cmd_update;

/* Rows that several commands share. */
#define OPTION_ROW_BUNDLE                                                                          \
    {                                                                                              \
        "bundle", 'b', OPTION_TEXT, offsetof(struct options, bundle), "DIR",                       \
            "the bundle (default: the current directory)"                                          \
    }
#define OPTION_ROW_CONFIG                                                                          \
    {                                                                                              \
        "config", 'f', OPTION_TEXT, offsetof(struct options, config), "FILE",                      \
            "name of the configuration in the bundle (default: config.json)"                       \
    }
#define OPTION_ROW_PID_FILE                                                                        \
    {                                                                                              \
        "pid-file", 0, OPTION_TEXT, offsetof(struct options, pid_file), "FILE",                    \
            "write the pid of the container's process there"                                       \
    }
#define OPTION_ROW_NO_NEW_KEYRING                                                                  \
    {                                                                                              \
        "no-new-keyring", 0, OPTION_FLAG, offsetof(struct options, no_new_keyring), NULL,          \
            "keep the caller's session keyring"                                                    \
    }
#define OPTION_ROW_NO_SUBREAPER                                                                    \
    {                                                                                              \
        "no-subreaper", 0, OPTION_FLAG, offsetof(struct options, no_subreaper), NULL,              \
            "do not adopt orphans of the container"                                                \
    }
#define OPTION_ROW_END                                                                             \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* The options of create and run as the engine takes them. Makes the pid file's path absolute, since
 * the engine changes to the bundle. */
MUST_CHECK int create_options(const struct caisson *caisson, const struct options *options,
                              struct caisson_create_options *create, struct err *e);
