/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row run_rows[] = {
    OPTION_ROW_BUNDLE,
    OPTION_ROW_CONFIG,
    OPTION_ROW_PID_FILE,
    {"detach", 'd', OPTION_FLAG, offsetof(struct options, detach), NULL, "return once it runs"},
    {"keep", 0, OPTION_FLAG, offsetof(struct options, keep), NULL,
     "keep the container's state and cgroup after it has ended"},
    OPTION_ROW_NO_NEW_KEYRING,
    OPTION_ROW_NO_SUBREAPER,
    OPTION_ROW_END,
};

static int run_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_create_options create;
    int exit_status;

    if (create_options(caisson, options, &create, e) < 0 ||
        caisson_run(caisson, &create, &exit_status, e) < 0)
        return -1;
    return exit_status;
}

const struct command cmd_run = {
    .name = "run",
    .summary = "make a container, start it, wait for its end and delete it",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = run_rows,
    .run = run_run,
};
