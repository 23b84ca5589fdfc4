/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row start_rows[] = {OPTION_ROW_END};

static int start_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    return caisson_start(caisson, options->operands[0], e);
}

const struct command cmd_start = {
    .name = "start",
    .summary = "run the process of a created container",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = start_rows,
    .run = start_run,
};
