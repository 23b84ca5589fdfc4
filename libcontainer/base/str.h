/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Strings: parsing without surprises, a growing buffer, and escaping for what people read. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"

/* Plain decimal without sign, space, leading zero or trailing bytes. False if it does not fit. */
bool str_parse_u64(const char *text, size_t length, uint64_t *value);
/* The same with an optional leading minus. */
bool str_parse_i64(const char *text, size_t length, int64_t *value);

bool str_starts_with(const char *string, const char *prefix);
bool str_ends_with(const char *string, const char *suffix);
/* True for NULL and "". */
bool str_is_empty(const char *string);

/* Copies `from`, writing control bytes and invalid UTF-8 as \xNN, cut so that `to` is terminated.
 * What a container, bundle or kernel gave us is never printed raw (terminal escapes, forged log
 * lines). */
void str_escape(const char *from, char *to, size_t size);

/* Length in bytes of the UTF-8 sequence at `bytes` (1 to 4), or 0 if it is not valid. */
size_t str_utf8_length(const unsigned char *bytes, size_t available);

/* Text that grows in an arena. */
struct strbuf {
    struct arena *arena;
    char *text; /* terminated once anything was added; NULL before */
    size_t length;
    size_t capacity;
};

#define STRBUF_INIT(a) ((struct strbuf){.arena = (a)})

void strbuf_append(struct strbuf *buffer, const char *bytes, size_t length);
void strbuf_puts(struct strbuf *buffer, const char *string);
void strbuf_putc(struct strbuf *buffer, char byte);
void strbuf_printf(struct strbuf *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text so far, never NULL. */
const char *strbuf_text(struct strbuf *buffer);

/* Lexical clean-up of an absolute path: one slash between components, no "." and no trailing slash;
 * ".." removes its parent and stops at "/". Relative input is taken from "/". Decisions that depend
 * on a path's spelling ("is this /proc?") use this form. */
char *str_clean_path(struct arena *arena, const char *path);
/* True if `path` has a component "..". */
bool str_has_dotdot(const char *path);
