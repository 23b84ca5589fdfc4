/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool str_parse_u64(const char *text, size_t length, uint64_t *value)
{
    uint64_t result = 0;

    if (length == 0 || (text[0] == '0' && length > 1))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        if (__builtin_mul_overflow(result, (uint64_t)10, &result) ||
            __builtin_add_overflow(result, (uint64_t)(text[i] - '0'), &result))
            return false;
    }
    *value = result;
    return true;
}

bool str_parse_i64(const char *text, size_t length, int64_t *value)
{
    bool is_negative = length > 0 && text[0] == '-';
    uint64_t magnitude;

    if (!str_parse_u64(text + is_negative, length - is_negative, &magnitude))
        return false;
    if (is_negative) {
        if (magnitude > (uint64_t)INT64_MAX + 1)
            return false;
        *value = (int64_t)(0 - magnitude);
    } else {
        if (magnitude > (uint64_t)INT64_MAX)
            return false;
        *value = (int64_t)magnitude;
    }
    return true;
}

bool str_starts_with(const char *string, const char *prefix)
{
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *string, const char *suffix)
{
    size_t length = strlen(string);
    size_t suffix_length = strlen(suffix);

    return length >= suffix_length && strcmp(string + length - suffix_length, suffix) == 0;
}

bool str_is_empty(const char *string)
{
    return string == NULL || string[0] == '\0';
}

size_t str_utf8_length(const unsigned char *bytes, size_t available)
{
    /* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
    unsigned char first;
    size_t length;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;

    if (available == 0)
        return 0;
    first = bytes[0];
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        if (first == 0xe0)
            low = 0xa0;
        else if (first == 0xed)
            high = 0x9f;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        if (first == 0xf0)
            low = 0x90;
        else if (first == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (available < length || bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if (bytes[i] < 0x80 || bytes[i] > 0xbf)
            return 0;
    return length;
}

void str_escape(const char *from, char *to, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = (const unsigned char *)from;
    size_t remaining = strlen(from);
    size_t used = 0;

    if (size == 0)
        return;
    while (remaining > 0) {
        size_t length = str_utf8_length(bytes, remaining);
        bool is_plain = length > 1 || (length == 1 && bytes[0] >= 0x20 && bytes[0] != 0x7f);

        /* C1 controls (U+0080 to U+009F) act on terminals like their 7-bit forms; the bidirectional
         * overrides (U+202A to U+202E, U+2066 to U+2069) reorder what an operator reads. */
        if (length == 2 && bytes[0] == 0xc2 && bytes[1] < 0xa0)
            is_plain = false;
        if (length == 3 && bytes[0] == 0xe2 &&
            ((bytes[1] == 0x80 && bytes[2] >= 0xaa && bytes[2] <= 0xae) ||
             (bytes[1] == 0x81 && bytes[2] >= 0xa6 && bytes[2] <= 0xa9)))
            is_plain = false;
        if (length == 0)
            length = 1;
        if (is_plain) {
            if (used + length >= size)
                break;
            memcpy(to + used, bytes, length);
            used += length;
        } else {
            if (used + 4 * length >= size)
                break;
            for (size_t i = 0; i < length; i++) {
                to[used++] = '\\';
                to[used++] = 'x';
                to[used++] = digits[bytes[i] >> 4];
                to[used++] = digits[bytes[i] & 0xf];
            }
        }
        bytes += length;
        remaining -= length;
    }
    to[used] = '\0';
}

static void reserve(struct strbuf *buffer, size_t more)
{
    size_t needed = buffer->length + more + 1;
    size_t capacity = buffer->capacity != 0 ? buffer->capacity : 256;
    char *text;

    if (needed <= buffer->capacity)
        return;
    while (capacity < needed)
        capacity *= 2;
    text = arena_array(buffer->arena, capacity, 1, 1);
    if (buffer->length != 0)
        memcpy(text, buffer->text, buffer->length);
    buffer->text = text;
    buffer->capacity = capacity;
}

void strbuf_append(struct strbuf *buffer, const char *bytes, size_t length)
{
    reserve(buffer, length);
    if (length != 0)
        memcpy(buffer->text + buffer->length, bytes, length);
    buffer->length += length;
    buffer->text[buffer->length] = '\0';
}

void strbuf_puts(struct strbuf *buffer, const char *string)
{
    strbuf_append(buffer, string, strlen(string));
}

void strbuf_putc(struct strbuf *buffer, char byte)
{
    strbuf_append(buffer, &byte, 1);
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return;
    reserve(buffer, (size_t)length);
    va_start(args, format);
    vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, args);
    va_end(args);
    buffer->length += (size_t)length;
}

const char *strbuf_text(struct strbuf *buffer)
{
    return buffer->text != NULL ? buffer->text : "";
}

char *str_clean_path(struct arena *arena, const char *path)
{
    char *clean = arena_array(arena, strlen(path) + 2, 1, 1);
    size_t used = 0;

    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.') {
            while (used > 0 && clean[used - 1] != '/')
                used--;
            if (used > 0)
                used--;
        } else if (length > 0 && !(length == 1 && path[0] == '.')) {
            clean[used++] = '/';
            memcpy(clean + used, path, length);
            used += length;
        }
        path += length;
        path += strspn(path, "/");
    }
    if (used == 0)
        clean[used++] = '/';
    clean[used] = '\0';
    return clean;
}

bool str_has_dotdot(const char *path)
{
    while (*path != '\0') {
        size_t length = strcspn(path, "/");

        if (length == 2 && path[0] == '.' && path[1] == '.')
            return true;
        path += length;
        path += strspn(path, "/");
    }
    return false;
}
