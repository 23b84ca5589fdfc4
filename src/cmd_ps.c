/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"

static const struct option_row ps_rows[] = {
    {"format", 'f', OPTION_TEXT, offsetof(struct options, format), "FORMAT",
     "table (the default) or json, the pids alone"},
    OPTION_ROW_END,
};

static void print_json(const struct caisson_pids *pids)
{
    putchar('[');
    for (size_t i = 0; i < pids->count; i++)
        printf("%s%lld", i != 0 ? "," : "", (long long)pids->items[i]);
    puts("]");
}

static int ps_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    const char *id = options->operands[0];
    struct caisson_pids pids;

    if (options->format == NULL || strcmp(options->format, "table") == 0)
        return caisson_ps_table(caisson, id, options->operands + 1, options->n_operands - 1,
                                STDOUT_FILENO, e);
    if (strcmp(options->format, "json") != 0)
        return err_usage(e, "unknown format %s: expected table or json", options->format);
    if (caisson_ps(caisson, id, &pids, e) < 0)
        return -1;
    print_json(&pids);
    return 0;
}

const struct command cmd_ps = {
    .name = "ps",
    .summary = "list the processes of a container",
    .operands = "ID [OPTIONS OF ps]",
    .min_operands = 1,
    .max_operands = SIZE_MAX,
    .stops_at_operand = true,
    .options = ps_rows,
    .run = ps_run,
};
