/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The log: one line per event, one write(2), text or JSON. Errors are returned, not logged, and
 * become one record at the very end; nothing harmless is ever written at level error, since engines
 * show users the last such record. Pure rooms and caisson-init do not log.
 */

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_ERROR
};
enum log_format {
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON
};

/* `path` may be NULL: records then go to stderr. Called once, early. */
MUST_CHECK int log_open(const char *path, enum log_format format, enum log_level lowest,
                        struct err *e);
bool log_has_file(void);
void log_write(enum log_level level, const char *format, ...) PRINTF_LIKE(2, 3);

bool log_takes(enum log_level level);

/* What the log does not take costs one comparison. */
#define log_at(level, ...)                                                                         \
    do {                                                                                           \
        if (log_takes(level))                                                                      \
            log_write((level), __VA_ARGS__);                                                       \
    } while (0)

#define log_debug(...) log_at(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_LEVEL_WARNING, __VA_ARGS__)
