/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>

#include "commands.h"
#include "values.h"

static const struct option_row events_rows[] = {
    {"interval", 0, OPTION_TEXT, offsetof(struct options, interval), "TIME",
     "between two lines of figures, such as 500ms or 1m30s (default: 5s)"},
    {"stats", 0, OPTION_FLAG, offsetof(struct options, stats), NULL,
     "print the figures once and exit"},
    OPTION_ROW_END,
};

static int events_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_events_options events_options = {
        .id = options->operands[0],
        .is_once = options->stats,
        .output = STDOUT_FILENO,
    };
    const char *interval = options->interval != NULL ? options->interval : "5s";

    if (!value_parse_duration(interval, &events_options.interval_ns))
        return err_usage(e, "--interval %s: expected a time such as 500ms or 5s", interval);
    if (events_options.interval_ns == 0)
        return err_usage(e, "--interval must be longer than 0");
    return caisson_events(caisson, &events_options, e);
}

const struct command cmd_events = {
    .name = "events",
    .summary = "print a container's resource usage, and when it runs out of memory",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = events_rows,
    .run = events_run,
};
