/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct option_row plan_rows[] = {
    OPTION_ROW_BUNDLE,
    OPTION_ROW_CONFIG,
    {"format", 0, OPTION_TEXT, offsetof(struct options, format), "FORMAT",
     "text (the default) or json"},
    OPTION_ROW_END,
};

static int plan_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    enum caisson_plan_format format = CAISSON_PLAN_TEXT;
    const char *bundle = options->bundle != NULL ? options->bundle : ".";
    const char *text;

    if (options->n_operands == 1)
        bundle = options->operands[0];
    if (options->format != NULL && strcmp(options->format, "json") == 0)
        format = CAISSON_PLAN_JSON;
    else if (options->format != NULL && strcmp(options->format, "text") != 0)
        return err_usage(e, "unknown format %s: expected text or json", options->format);
    if (caisson_plan(caisson, bundle, options->config, format, &text, e) < 0)
        return -1;
    fputs(text, stdout);
    return 0;
}

const struct command cmd_plan = {
    .name = "plan",
    .summary = "print what create and start would do for a bundle, without doing it",
    .operands = "[DIR]",
    .max_operands = 1,
    .options = plan_rows,
    .run = plan_run,
};
