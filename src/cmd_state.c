/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "commands.h"

static const struct option_row state_rows[] = {OPTION_ROW_END};

static int state_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_state state;

    if (caisson_state(caisson, options->operands[0], &state, e) < 0)
        return -1;
    puts(caisson_state_json(caisson, &state));
    return 0;
}

const struct command cmd_state = {
    .name = "state",
    .summary = "print what a container is now, as JSON",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = state_rows,
    .run = state_run,
};
