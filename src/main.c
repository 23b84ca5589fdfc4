/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The command line: words in, words out. Global options, the list of commands, and the one place
 * where an error becomes words and an exit status.
 *
 * What engines rely on: nothing but the reason of a failure is ever written to standard error,
 * once, in one write, also when --log is given; then the same goes into the log as one record. In
 * `create` standard output and error are the container's.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "commands.h"

static const struct command *const commands[] = {
    &cmd_create, &cmd_start,  &cmd_run, &cmd_state,  &cmd_kill, &cmd_delete, &cmd_pause,
    &cmd_resume, &cmd_update, &cmd_ps,  &cmd_events, &cmd_list, &cmd_plan,   &cmd_spec,
};

enum {
    EXIT_STATUS_ERROR = 1
};

/* ---- errors ----------------------------------------------------------------------------------------- */

/* One line for each finding that refuses, or the one error. */
static void describe(const struct caisson *caisson, const struct err *e, const char *separator,
                     const char *prefix, struct strbuf *text)
{
    const struct findings *findings = caisson->findings;
    char line[4096];
    size_t n_lines = 0;

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        const char *raw;

        if (finding->severity != SEVERITY_REFUSE)
            continue;
        raw = arena_printf(caisson->arena, "%s %s%s%s%s%s%s",
                           findings->document != NULL ? findings->document : "config.json",
                           finding->pointer, finding->pointer[0] != '\0' ? ": " : "", finding->text,
                           finding->cure != NULL ? " (" : "",
                           finding->cure != NULL ? finding->cure : "",
                           finding->cure != NULL ? ")" : "");
        str_escape(raw, line, sizeof(line));
        strbuf_printf(text, "%s%s%s", n_lines++ != 0 ? separator : "", prefix, line);
    }
    if (findings->n_dropped != 0)
        strbuf_printf(text, "%s%sand %zu more", separator, prefix, findings->n_dropped);
    if (n_lines == 0) {
        err_format(e, line, sizeof(line));
        strbuf_printf(text, "%s%s", prefix, line);
    }
}

static int fail(const struct caisson *caisson, const struct err *e)
{
    struct strbuf text = STRBUF_INIT(caisson->arena);
    struct strbuf record = STRBUF_INIT(caisson->arena);

    describe(caisson, e, "\n", "caisson: ", &text);
    strbuf_putc(&text, '\n');
    if (fd_write_all(STDERR_FILENO, strbuf_text(&text), text.length) < 0)
        return EXIT_STATUS_ERROR; /* nobody listens; the status says it */
    if (log_has_file()) {
        describe(caisson, e, "; ", "", &record);
        log_write(LOG_LEVEL_ERROR, "%s", strbuf_text(&record));
    }
    return EXIT_STATUS_ERROR;
}

/* After success, so that the log of a failed command holds exactly one record. */
static void log_warnings(const struct caisson *caisson)
{
    for (size_t i = 0; i < caisson->findings->count; i++) {
        const struct finding *finding = &caisson->findings->items[i];

        if (finding->severity == SEVERITY_WARNING)
            log_warn("%s %s: %s",
                     caisson->findings->document != NULL ? caisson->findings->document
                                                         : "config.json",
                     finding->pointer, finding->text);
    }
}

/* ---- help and version ------------------------------------------------------------------------------- */

static void print_version(void)
{
    /* Engines take the text after the last line that holds the first line's second word: no other
     * line may contain it. */
    printf("caisson version %s\ncommit: %s\nspec: %s\n", caisson_version(), caisson_commit(),
           caisson_spec_version());
}

static void print_help(void)
{
    puts("Usage: caisson [OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
         "Runs OCI bundles in a sandbox.\n\nCommands:");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
    puts("\nOptions:");
    options_print(global_options);
    puts("\n\"caisson COMMAND --help\" tells more about a command.");
}

static void print_command_help(const struct command *command)
{
    printf("Usage: caisson [OPTIONS] %s [OPTIONS]%s%s\n\n%s\n", command->name,
           command->operands[0] != '\0' ? " " : "", command->operands, command->summary);
    if (command->options->name != NULL) {
        puts("\nOptions:");
        options_print(command->options);
    }
}

/* ---- dispatch --------------------------------------------------------------------------------------- */

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int open_log(const struct options *options, struct err *e)
{
    enum log_format format = LOG_FORMAT_TEXT;
    /* Without a log file only what was asked for goes to standard error. */
    enum log_level lowest = options->log != NULL ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR;

    if (options->log_format != NULL && strcmp(options->log_format, "json") == 0)
        format = LOG_FORMAT_JSON;
    else if (options->log_format != NULL && strcmp(options->log_format, "text") != 0)
        return err_usage(e, "unknown --log-format %s: expected text or json", options->log_format);
    if (options->log_level != NULL && strcmp(options->log_level, "error") == 0)
        lowest = LOG_LEVEL_ERROR;
    else if (options->log_level != NULL && strcmp(options->log_level, "warning") == 0)
        lowest = LOG_LEVEL_WARNING;
    else if (options->log_level != NULL && strcmp(options->log_level, "debug") != 0)
        return err_usage(e, "unknown --log-level %s: expected error, warning or debug",
                         options->log_level);
    else if (options->debug || options->log_level != NULL)
        lowest = LOG_LEVEL_DEBUG;
    return log_open(options->log, format, lowest, e);
}

static int check_globals(const struct options *options, struct err *e)
{
    if (options->root != NULL && (options->root[0] == '\0' || strcmp(options->root, "/") == 0))
        return err_usage(e, "--root must name a directory of its own");
    return 0;
}

static int choose_cgroup_manager(struct caisson *caisson, const struct options *options,
                                 struct err *e)
{
    static const char *const names[] = {
        [CAISSON_CGROUPFS] = "cgroupfs",
        [CAISSON_SYSTEMD] = "systemd",
        [CAISSON_NO_CGROUP] = "disabled",
    };
    const char *name = options->cgroup_manager;
    size_t chosen = options->systemd_cgroup ? CAISSON_SYSTEMD : CAISSON_CGROUPFS;

    if (name != NULL) {
        for (chosen = 0; chosen < ARRAY_LEN(names); chosen++)
            if (strcmp(names[chosen], name) == 0)
                break;
        if (chosen == ARRAY_LEN(names))
            return err_usage(
                e, "unknown --cgroup-manager %s: expected cgroupfs, systemd or disabled", name);
        if (options->systemd_cgroup && chosen != CAISSON_SYSTEMD)
            return err_usage(e, "--systemd-cgroup and --cgroup-manager %s contradict each other",
                             name);
    }
    caisson->cgroup_manager = (enum caisson_cgroup_manager)chosen;
    return 0;
}

static int check_operands(const struct command *command, size_t n, struct err *e)
{
    if (n >= command->min_operands && n <= command->max_operands)
        return 0;
    if (n < command->min_operands)
        err_usage(e, "%s needs %s", command->name, command->operands);
    else
        err_usage(e, "%s takes %s", command->name,
                  command->max_operands == 0 ? "no arguments" : command->operands);
    return err_hint(e, "see caisson %s --help", command->name);
}

static int dispatch(struct caisson *caisson, struct options *options, const char **args, size_t n,
                    struct err *e)
{
    const struct command *command;
    size_t n_operands = 0;
    int looked_at;

    looked_at = options_parse(global_options, args, n, true, options, &n_operands, e);
    if (looked_at < 0)
        return -1;
    args += looked_at;
    n -= (size_t)looked_at;
    if (options->version) {
        print_version();
        return 0;
    }
    if (options->help || n == 0) {
        print_help();
        return options->help ? 0 : EXIT_STATUS_ERROR;
    }
    if (open_log(options, e) < 0)
        return -1;
    command = find_command(args[0]);
    if (command == NULL) {
        err_usage(e, "unknown command %s", args[0]);
        return err_hint(e, "see caisson --help");
    }
    args++;
    n--;
    looked_at = options_parse(command->options, args, n, command->stops_at_operand, options,
                              &n_operands, e);
    if (looked_at < 0)
        return -1;
    if (options->help) {
        print_command_help(command);
        return 0;
    }
    if (command->stops_at_operand) {
        args += looked_at;
        n_operands = n - (size_t)looked_at;
    }
    options->operands = args;
    options->n_operands = n_operands;
    if (check_operands(command, n_operands, e) < 0 || check_globals(options, e) < 0 ||
        choose_cgroup_manager(caisson, options, e) < 0)
        return -1;
    caisson->root = options->root;
    if (options_make_absolute(caisson, &caisson->root, e) < 0)
        return -1;
    return command->run(caisson, options, e);
}

static void out_of_memory(void)
{
    static const char message[] = "caisson: out of memory\n";

    if (write(STDERR_FILENO, message, sizeof(message) - 1) < 0)
        _exit(EXIT_STATUS_ERROR);
    _exit(EXIT_STATUS_ERROR);
}

int main(int argc, char **argv)
{
    struct arena arena = ARENA_INIT;
    struct findings findings = FINDINGS_INIT(&arena);
    struct caisson caisson = {.arena = &arena, .findings = &findings};
    struct options options = {0};
    struct err e = ERR_INIT;
    const char **args;
    int status;

    arena_out_of_memory = out_of_memory;
    if (argc < 1)
        return EXIT_STATUS_ERROR;
    /* We are no set-id program and have no defence against a caller who makes us one. */
    if (getauxval(AT_SECURE) != 0) {
        err_unsupported(&e, "refusing to run with set-id bits or file capabilities");
        return fail(&caisson, &e);
    }
    if (caisson_start_up(&e) < 0)
        return fail(&caisson, &e);
    /* A caller that has closed its end of our standard error is no reason to die. */
    signal(SIGPIPE, SIG_IGN);

    args = ARENA_NEW(&arena, const char *, (size_t)argc);
    for (int i = 1; i < argc; i++)
        args[i - 1] = argv[i];
    status = dispatch(&caisson, &options, args, (size_t)argc - 1, &e);
    if (status < 0)
        status = fail(&caisson, &e);
    else
        log_warnings(&caisson);
    /* The arena goes with the process: releasing it here would only cost time. */
    return status;
}
