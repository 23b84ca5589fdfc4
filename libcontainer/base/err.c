/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static int fill(struct err *e, enum err_kind kind, int error_number, const char *format,
                va_list args) PRINTF_LIKE(4, 0);

static int fill(struct err *e, enum err_kind kind, int error_number, const char *format,
                va_list args)
{
    e->kind = kind;
    e->sys_errno = error_number;
    e->pointer[0] = '\0';
    e->hint[0] = '\0';
    vsnprintf(e->text, sizeof(e->text), format, args);
    return -1;
}

#define DEFINE_CONSTRUCTOR(name, kind)                                                             \
    int name(struct err *e, const char *format, ...)                                               \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        fill(e, kind, 0, format, args);                                                            \
        va_end(args);                                                                              \
        return -1;                                                                                 \
    }

DEFINE_CONSTRUCTOR(err_usage, ERR_USAGE)
DEFINE_CONSTRUCTOR(err_state, ERR_STATE)
DEFINE_CONSTRUCTOR(err_unsupported, ERR_UNSUPPORTED)
DEFINE_CONSTRUCTOR(err_bug, ERR_BUG)

int err_sys(struct err *e, const char *format, ...)
{
    int error_number = errno;
    va_list args;

    va_start(args, format);
    fill(e, ERR_SYS, error_number, format, args);
    va_end(args);
    return -1;
}

int err_sysno(struct err *e, int error_number, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(e, ERR_SYS, error_number, format, args);
    va_end(args);
    return -1;
}

int err_input(struct err *e, const char *pointer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(e, ERR_INPUT, 0, format, args);
    va_end(args);
    return pointer != NULL ? err_at(e, pointer) : -1;
}

int err_context(struct err *e, const char *format, ...)
{
    char inner[sizeof(e->text)];
    va_list args;
    size_t used;

    memcpy(inner, e->text, sizeof(inner));
    va_start(args, format);
    vsnprintf(e->text, sizeof(e->text), format, args);
    va_end(args);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof(e->text) - used, ": %s", inner);
    return -1;
}

int err_hint(struct err *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(e->hint, sizeof(e->hint), format, args);
    va_end(args);
    return -1;
}

int err_at(struct err *e, const char *pointer)
{
    if (e->pointer[0] == '\0' && pointer != NULL)
        snprintf(e->pointer, sizeof(e->pointer), "%s", pointer);
    return -1;
}

/* The words that engines search for are those of runc, whose error texts begin in lower case:
 * "no such file or directory", "permission denied". glibc capitalises them. */
static void lower_first(char *text)
{
    if (text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z'))
        text[0] = (char)(text[0] - 'A' + 'a');
}

void err_format(const struct err *e, char *line, size_t size)
{
    char raw[sizeof(e->pointer) + sizeof(e->text) + sizeof(e->hint) + 128];
    char reason[96];
    int used;

    used = snprintf(raw, sizeof(raw), "%s%s%s%s", e->pointer[0] != '\0' ? "config.json " : "",
                    e->pointer, e->pointer[0] != '\0' ? ": " : "", e->text);
    if (e->kind == ERR_SYS && e->sys_errno != 0) {
        snprintf(reason, sizeof(reason), "%s", strerror(e->sys_errno));
        lower_first(reason);
        used += snprintf(raw + used, sizeof(raw) - (size_t)used, ": %s", reason);
    }
    if (e->hint[0] != '\0')
        snprintf(raw + used, sizeof(raw) - (size_t)used, " (%s)", e->hint);
    str_escape(raw, line, size);
}
