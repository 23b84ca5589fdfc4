/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* The log is the one thing that is the process's own rather than a command's: its destination is
 * set once by main and read everywhere. */
static struct {
    int fd;
    enum log_format format;
    enum log_level lowest;
} the_log = {.fd = STDERR_FILENO, .format = LOG_FORMAT_TEXT, .lowest = LOG_LEVEL_WARNING};

int log_open(const char *path, enum log_format format, enum log_level lowest, struct err *e)
{
    the_log.format = format;
    the_log.lowest = lowest;
    if (path == NULL)
        return 0;
    /* Appended by many processes at once: O_APPEND and one write for each record. */
    the_log.fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (the_log.fd < 0) {
        the_log.fd = STDERR_FILENO;
        return err_sys(e, "open the log %s", path);
    }
    return 0;
}

bool log_has_file(void)
{
    return the_log.fd != STDERR_FILENO;
}

bool log_takes(enum log_level level)
{
    return level >= the_log.lowest;
}

static void format_time(char *text, size_t size)
{
    struct timespec now;
    struct tm utc;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* The message has been escaped already, so only quote and backslash are left for JSON. */
static size_t put_json_string(char *to, size_t size, const char *from)
{
    size_t used = 0;

    for (; *from != '\0' && used + 3 < size; from++) {
        if (*from == '"' || *from == '\\')
            to[used++] = '\\';
        to[used++] = *from;
    }
    to[used] = '\0';
    return used;
}

void log_write(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {
        [LOG_LEVEL_DEBUG] = "debug",
        [LOG_LEVEL_INFO] = "info",
        [LOG_LEVEL_WARNING] = "warning",
        [LOG_LEVEL_ERROR] = "error",
    };
    char message[2048];
    char escaped[4096];
    char line[8400];
    char when[32];
    va_list args;
    int length;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    str_escape(message, escaped, sizeof(escaped));
    format_time(when, sizeof(when));

    if (the_log.format == LOG_FORMAT_JSON) {
        char quoted[8200];

        put_json_string(quoted, sizeof(quoted), escaped);
        length = snprintf(line, sizeof(line), "{\"level\":\"%s\",\"msg\":\"%s\",\"time\":\"%s\"}\n",
                          names[level], quoted, when);
    } else {
        length = snprintf(line, sizeof(line), "%s %s: %s\n", when, names[level], escaped);
    }
    if (length > 0 && fd_write_all(the_log.fd, line, (size_t)length) < 0)
        return; /* a log that cannot be written is no reason to stop a container */
}
