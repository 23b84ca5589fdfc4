/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row resume_rows[] = {OPTION_ROW_END};

static int resume_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    return caisson_resume(caisson, options->operands[0], e);
}

const struct command cmd_resume = {
    .name = "resume",
    .summary = "let the processes of a paused container go on",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = resume_rows,
    .run = resume_run,
};
