/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row pause_rows[] = {OPTION_ROW_END};

static int pause_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    return caisson_pause(caisson, options->operands[0], e);
}

const struct command cmd_pause = {
    .name = "pause",
    .summary = "stop all processes of a container where they stand",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = pause_rows,
    .run = pause_run,
};
