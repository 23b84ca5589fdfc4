/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "commands.h"

static const struct option_row kill_rows[] = {
    {"all", 'a', OPTION_FLAG, offsetof(struct options, all), NULL,
     "all processes of the container; a stopped one is no error"},
    OPTION_ROW_END,
};

static const struct {
    const char *name;
    int number;
} signal_names[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT},   {"IOT", SIGABRT},  {"BUS", SIGBUS},
    {"FPE", SIGFPE},       {"KILL", SIGKILL},   {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
    {"USR2", SIGUSR2},     {"PIPE", SIGPIPE},   {"ALRM", SIGALRM}, {"TERM", SIGTERM},
    {"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CLD", SIGCHLD},  {"CONT", SIGCONT},
    {"STOP", SIGSTOP},     {"TSTP", SIGTSTP},   {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU},
    {"URG", SIGURG},       {"XCPU", SIGXCPU},   {"XFSZ", SIGXFSZ}, {"VTALRM", SIGVTALRM},
    {"PROF", SIGPROF},     {"WINCH", SIGWINCH}, {"IO", SIGIO},     {"POLL", SIGPOLL},
    {"PWR", SIGPWR},       {"SYS", SIGSYS},
};

enum {
    KERNEL_RTMIN = 34,
    KERNEL_SIGNAL_MAX = 64
};

/* "RTMIN+3" and "RTMAX-2"; -1 for anything else. */
static int real_time_signal(const char *text)
{
    uint64_t offset;

    if (strcasecmp(text, "RTMIN") == 0)
        return KERNEL_RTMIN;
    if (strcasecmp(text, "RTMAX") == 0)
        return KERNEL_SIGNAL_MAX;
    if (strlen(text) < 7 || !str_parse_u64(text + 6, strlen(text + 6), &offset) ||
        offset > KERNEL_SIGNAL_MAX - KERNEL_RTMIN)
        return -1;
    if (strncasecmp(text, "RTMIN+", 6) == 0)
        return KERNEL_RTMIN + (int)offset;
    if (strncasecmp(text, "RTMAX-", 6) == 0)
        return KERNEL_SIGNAL_MAX - (int)offset;
    return -1;
}

static int parse_signal(const char *text, int *number, struct err *e)
{
    const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
    uint64_t decimal;

    if (str_parse_u64(text, strlen(text), &decimal) && decimal <= KERNEL_SIGNAL_MAX) {
        *number = (int)decimal;
        return 0;
    }
    for (size_t i = 0; i < ARRAY_LEN(signal_names); i++)
        if (strcasecmp(signal_names[i].name, name) == 0) {
            *number = signal_names[i].number;
            return 0;
        }
    *number = real_time_signal(name);
    if (*number >= 0)
        return 0;
    err_usage(e, "unknown signal %.64s", text);
    return err_hint(e, "a number up to %d, or a name such as TERM", KERNEL_SIGNAL_MAX);
}

static int kill_run(struct caisson *caisson, const struct options *options, struct err *e)
{
    struct caisson_kill_options kill_options = {
        .id = options->operands[0],
        .signal = SIGTERM,
        .all = options->all,
    };
    const char *text = options->n_operands > 1 ? options->operands[1] : "TERM";

    /* As people know it from kill(1): `kill ID -9`. */
    if (text[0] == '-' && text[1] != '\0')
        text++;
    if (parse_signal(text, &kill_options.signal, e) < 0)
        return -1;
    return caisson_kill(caisson, &kill_options, e);
}

const struct command cmd_kill = {
    .name = "kill",
    .summary = "send a signal to a container's process",
    .operands = "ID [SIGNAL]",
    .min_operands = 1,
    .max_operands = 2,
    .stops_at_operand = true,
    .options = kill_rows,
    .run = kill_run,
};
