/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

static const struct option_row create_rows[] = {
    OPTION_ROW_BUNDLE,         OPTION_ROW_CONFIG,       OPTION_ROW_PID_FILE,
    OPTION_ROW_NO_NEW_KEYRING, OPTION_ROW_NO_SUBREAPER, OPTION_ROW_END,
};

int create_options(const struct caisson *caisson, const struct options *options,
                   struct caisson_create_options *create, struct err *e)
{
    *create = (struct caisson_create_options){
        .id = options->operands[0],
        .bundle = options->bundle != NULL ? options->bundle : ".",
        .config_name = options->config,
        .pid_file = options->pid_file,
        .keep_keyring = options->no_new_keyring,
        .is_detached = options->detach,
        .keeps_container = options->keep,
        .becomes_subreaper = !options->no_subreaper,
    };
    return options_make_absolute(caisson, &create->pid_file, e);
}

static int create_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_create_options create;

    if (create_options(caisson, options, &create, e) < 0)
        return -1;
    return caisson_create(caisson, &create, e);
}

const struct command cmd_create = {
    .name = "create",
    .summary = "make a container that waits for start",
    .operands = "ID",
    .min_operands = 1,
    .max_operands = 1,
    .options = create_rows,
    .run = create_run,
};
