/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row spec_rows[] = {
    OPTION_ROW_BUNDLE,
    {"file", 'f', OPTION_TEXT, offsetof(struct options, file), "FILE",
     "name of the file to write (default: config.json)"},
    OPTION_ROW_END,
};

static int spec_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    return caisson_spec(caisson, options->bundle != NULL ? options->bundle : ".",
                        options->file != NULL ? options->file : "config.json", e);
}

const struct command cmd_spec = {
    .name = "spec",
    .summary = "write a configuration that is safe to start from",
    .operands = "",
    .options = spec_rows,
    .run = spec_run,
};
