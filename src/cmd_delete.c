/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row delete_rows[] = {
    {"force", 'f', OPTION_FLAG, offsetof(struct options, force), NULL,
     "kill it first if it is not stopped; an unknown id is no error"},
    OPTION_ROW_END,
};

static int delete_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    return caisson_delete(caisson, options->operands[0], options->force, e);
}

const struct command cmd_delete = {
    .name = "delete",
    .summary = "delete a container and everything that create made for it",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = delete_rows,
    .run = delete_run,
};
