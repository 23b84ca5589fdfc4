/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "commands.h"

static const struct option_row list_rows[] = {
    {"format", 'f', OPTION_TEXT, offsetof(struct options, format), "FORMAT",
     "table (the default) or json"},
    {"quiet", 'q', OPTION_FLAG, offsetof(struct options, quiet), NULL, "ids only"},
    OPTION_ROW_END,
};

enum {
    N_COLUMNS = 6
};

static void print_table(const struct caisson *caisson, const struct caisson_states *states)
{
    static const char *const titles[N_COLUMNS] = {"ID",     "PID",     "STATUS",
                                                  "BUNDLE", "CREATED", "OWNER"};
    size_t n_cells = (states->count + 1) * N_COLUMNS;
    const char **cells = ARENA_NEW(caisson->arena, const char *, n_cells);
    int widths[N_COLUMNS] = {0};
    size_t n = 0;

    for (size_t column = 0; column < N_COLUMNS; column++)
        cells[n++] = titles[column];
    for (size_t i = 0; i < states->count; i++) {
        const struct caisson_state *state = &states->items[i];

        cells[n++] = state->id;
        cells[n++] = arena_printf(caisson->arena, "%lld", (long long)state->pid);
        cells[n++] = state->status;
        cells[n++] = state->bundle;
        cells[n++] = state->created;
        cells[n++] = caisson_owner_name(caisson, state->owner);
    }
    for (size_t i = 0; i < n; i++) {
        int length = (int)strlen(cells[i]);

        if (length > widths[i % N_COLUMNS])
            widths[i % N_COLUMNS] = length;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_last = i % N_COLUMNS == N_COLUMNS - 1;

        printf("%-*s%s", is_last ? 0 : widths[i % N_COLUMNS] + 2, cells[i], is_last ? "\n" : "");
    }
}

static int list_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_states states = {0};
    bool as_json = options->format != NULL && strcmp(options->format, "json") == 0;

    if (options->format != NULL && !as_json && strcmp(options->format, "table") != 0)
        return err_usage(e, "unknown format %s: expected table or json", options->format);
    if (caisson_list(caisson, &states, e) < 0)
        return -1;
    for (size_t i = 0; i < states.broken.count; i++)
        fprintf(stderr, "caisson: %s\n", states.broken.items[i]);
    if (options->quiet)
        for (size_t i = 0; i < states.count; i++)
            puts(states.items[i].id);
    else if (as_json)
        puts(caisson_states_json(caisson, &states));
    else
        print_table(caisson, &states);
    return 0;
}

const struct command cmd_list = {
    .name = "list",
    .summary = "list the containers",
    .operands = "",
    .options = list_rows,
    .run = list_run,
};
