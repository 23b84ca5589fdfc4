/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROW_TEXT(member) OPTION_TEXT, offsetof(struct options, member)
#define ROW_FLAG(member) OPTION_FLAG, offsetof(struct options, member)

const struct option_row global_options[] = {
    {"root", 0, ROW_TEXT(root), "DIR", "where the state of containers is kept"},
    {"log", 0, ROW_TEXT(log), "FILE", "append log records to FILE"},
    {"log-format", 0, ROW_TEXT(log_format), "FORMAT", "of the log: text (the default) or json"},
    {"debug", 0, ROW_FLAG(debug), NULL, "log every step"},
    {"systemd-cgroup", 0, ROW_FLAG(systemd_cgroup), NULL,
     "let systemd make the cgroup: cgroupsPath is slice:prefix:name"},
    {"log-level", 0, ROW_TEXT(log_level), "LEVEL", NULL},
    {"cgroup-manager", 0, ROW_TEXT(cgroup_manager), "NAME", NULL},
    {"criu", 0, ROW_TEXT(criu), "PATH", NULL},
    {"rootless", 0, ROW_TEXT(rootless), "WHEN", NULL},
    {"version", 'v', ROW_FLAG(version), NULL, "print the version and exit"},
    {"help", 'h', ROW_FLAG(help), NULL, "print this help and exit"},
    {.name = NULL},
};

static const struct option_row help_row = {"help", 'h', ROW_FLAG(help), NULL, NULL};

/* A word that begins with a dash, as it was written. */
struct written {
    const char *name;
    size_t name_length;
    const char *value; /* after '=', or NULL */
    bool is_letter;
};

static struct written split(const char *word)
{
    struct written written = {.name = word + 1};

    if (word[1] == '-')
        written.name++;
    written.name_length = strcspn(written.name, "=");
    if (written.name[written.name_length] == '=')
        written.value = written.name + written.name_length + 1;
    /* "-b" is a letter; "-no-subreaper" is a long name as Go programs write it. */
    written.is_letter = word[1] != '-' && written.name_length == 1;
    return written;
}

static bool matches(const struct option_row *row, const struct written *written)
{
    if (written->is_letter)
        return row->letter != 0 && row->letter == written->name[0];
    return strlen(row->name) == written->name_length &&
           strncmp(row->name, written->name, written->name_length) == 0;
}

static const struct option_row *find_row(const struct option_row *rows,
                                         const struct written *written)
{
    for (; rows->name != NULL; rows++)
        if (matches(rows, written))
            return rows;
    return matches(&help_row, written) ? &help_row : NULL;
}

static int store_flag(bool *flag, const char *word, const char *value, struct err *e)
{
    if (value == NULL || strcmp(value, "true") == 0)
        *flag = true;
    else if (strcmp(value, "false") == 0)
        *flag = false;
    else
        return err_usage(e, "%s: expected true or false", word);
    return 0;
}

int options_parse(const struct option_row *rows, const char **args, size_t n, bool stop,
                  struct options *options, size_t *n_operands, struct err *e)
{
    size_t i = 0;

    *n_operands = 0;
    for (; i < n; i++) {
        const char *word = args[i];
        const struct option_row *row;
        struct written written;
        char *member;

        if (word[0] != '-' || word[1] == '\0') {
            if (stop)
                break;
            args[(*n_operands)++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            for (i++; i < n; i++)
                args[(*n_operands)++] = args[i];
            break;
        }
        written = split(word);
        row = find_row(rows, &written);
        if (row == NULL)
            return err_usage(e, "unknown option %s", word);
        member = (char *)options + row->offset;
        if (row->kind == OPTION_FLAG) {
            if (store_flag((bool *)(void *)member, word, written.value, e) < 0)
                return -1;
            continue;
        }
        if (written.value == NULL) {
            if (i + 1 == n)
                return err_usage(e, "flag needs an argument: %s", word);
            written.value = args[++i];
        }
        *(const char **)(void *)member = written.value;
    }
    return (int)i;
}

int options_make_absolute(const struct caisson *caisson, const char **path, struct err *e)
{
    char *here;

    if (*path == NULL || (*path)[0] == '/')
        return 0;
    here = getcwd(NULL, 0);
    if (here == NULL)
        return err_sys(e, "find the current directory for %s", *path);
    *path = arena_printf(caisson->arena, "%s/%s", here, *path);
    free(here);
    return 0;
}

void options_print(const struct option_row *rows)
{
    for (; rows->name != NULL; rows++) {
        char left[64];

        if (rows->help == NULL)
            continue;
        snprintf(left, sizeof(left), "%c%c%s --%s%s%s", rows->letter != 0 ? '-' : ' ',
                 rows->letter != 0 ? rows->letter : ' ', rows->letter != 0 ? "," : " ", rows->name,
                 rows->argument != NULL ? " " : "", rows->argument != NULL ? rows->argument : "");
        printf("  %-32s %s\n", left, rows->help);
    }
}
