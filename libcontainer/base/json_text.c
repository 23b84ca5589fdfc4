/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

struct scan {
    const unsigned char *bytes;
    size_t size;
    size_t at;
};

void json_text_place(const char *bytes, size_t offset, struct json_fault *fault)
{
    fault->line = 1;
    fault->column = 1;
    for (size_t i = 0; i < offset; i++)
        if (bytes[i] == '\n') {
            fault->line++;
            fault->column = 1;
        } else {
            fault->column++;
        }
}

/* The 16 bits of the \uXXXX at `at`, or -1 if there is none: an escape that is spelled wrongly is
 * the parser's to refuse. */
static int32_t escaped_unit(const struct scan *scan, size_t at)
{
    int32_t unit = 0;

    if (scan->size - at < 6 || scan->bytes[at] != '\\' || scan->bytes[at + 1] != 'u')
        return -1;
    for (size_t i = at + 2; i < at + 6; i++) {
        unsigned char byte = scan->bytes[i];

        if (byte >= '0' && byte <= '9')
            unit = unit * 16 + (byte - '0');
        else if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
            unit = unit * 16 + ((byte | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return unit;
}

static const char *scan_escape(struct scan *scan)
{
    int32_t unit = escaped_unit(scan, scan->at);

    if (unit < 0) {
        scan->at += 2;
        return NULL;
    }
    if (unit >= 0xd800 && unit <= 0xdbff) {
        int32_t low = escaped_unit(scan, scan->at + 6);

        if (low < 0xdc00 || low > 0xdfff)
            return "half of a surrogate pair";
        scan->at += 12;
        return NULL;
    }
    if (unit >= 0xdc00 && unit <= 0xdfff)
        return "half of a surrogate pair";
    scan->at += 6;
    return NULL;
}

/* From after the opening to after the closing quote. */
static const char *scan_string(struct scan *scan)
{
    while (scan->at < scan->size) {
        unsigned char byte = scan->bytes[scan->at];
        const char *fault;
        size_t length;

        if (byte == '"') {
            scan->at++;
            return NULL;
        }
        if (byte < 0x20)
            return "a raw control byte in a string";
        if (byte == '\\') {
            fault = scan_escape(scan);
            if (fault != NULL)
                return fault;
            continue;
        }
        length = str_utf8_length(scan->bytes + scan->at, scan->size - scan->at);
        if (length == 0)
            return "invalid UTF-8";
        scan->at += length;
    }
    scan->at = scan->size;
    return "the document ends within a string";
}

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static const char *scan_start(struct scan *scan)
{
    if (scan->size >= 3 && memcmp(scan->bytes, "\xef\xbb\xbf", 3) == 0)
        return "a byte order mark";
    while (scan->at < scan->size && is_space(scan->bytes[scan->at]))
        scan->at++;
    if (scan->at == scan->size)
        return "the document is empty";
    if (scan->bytes[scan->at] != '{')
        return "the document is not an object";
    return NULL;
}

static const char *scan_document(struct scan *scan)
{
    const char *fault = scan_start(scan);
    bool has_ended = false;
    size_t depth = 0;

    while (fault == NULL && scan->at < scan->size) {
        unsigned char byte = scan->bytes[scan->at];

        if (is_space(byte)) {
            scan->at++;
            continue;
        }
        if (has_ended)
            return "something follows the document";
        if (byte < 0x20 || byte >= 0x7f)
            return "a byte that has no meaning between values";
        scan->at++;
        if (byte == '"')
            fault = scan_string(scan);
        else if (byte == '{' || byte == '[')
            depth++;
        else if ((byte == '}' || byte == ']') && depth > 0)
            has_ended = --depth == 0;
    }
    return fault;
}

bool json_text_check(const char *bytes, size_t size, struct json_fault *fault)
{
    struct scan scan = {.bytes = (const unsigned char *)bytes, .size = size};

    fault->text = scan_document(&scan);
    if (fault->text == NULL)
        return true;
    json_text_place(bytes, scan.at, fault);
    return false;
}
