/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include <inttypes.h>
#include <string.h>

/* --- tokens ---------------------------------------------------------------------------------- */

static void put_control(struct strbuf *to, unsigned char byte)
{
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
    };

    if (byte < sizeof(letters) && letters[byte] != '\0')
        strbuf_printf(to, "\\%c", letters[byte]);
    else
        strbuf_printf(to, "\\u%04x", byte);
}

void json_put_string(struct strbuf *to, const char *string)
{
    size_t remaining = strlen(string);

    strbuf_putc(to, '"');
    while (remaining > 0) {
        unsigned char byte = (unsigned char)*string;
        size_t length = str_utf8_length((const unsigned char *)string, remaining);

        if (length == 0)
            strbuf_puts(to, "\\ufffd");
        else if (byte < 0x20 || byte == 0x7f)
            put_control(to, byte);
        else if (byte == '"' || byte == '\\')
            strbuf_printf(to, "\\%c", byte);
        else
            strbuf_append(to, string, length);
        length = length != 0 ? length : 1;
        string += length;
        remaining -= length;
    }
    strbuf_putc(to, '"');
}

/* --- layout ---------------------------------------------------------------------------------- */

static void new_line(struct json_writer *writer)
{
    if (writer->indent == JSON_COMPACT)
        return;
    strbuf_putc(writer->to, '\n');
    for (unsigned i = 0; i < writer->depth; i++)
        strbuf_puts(writer->to, writer->indent);
}

/* Before each key, and each value that has none. */
static void begin_item(struct json_writer *writer)
{
    if (writer->after_key) {
        writer->after_key = false;
        return;
    }
    if (!writer->is_first)
        strbuf_putc(writer->to, ',');
    if (writer->depth != 0)
        new_line(writer);
    writer->is_first = false;
}

static void open_level(struct json_writer *writer, char bracket)
{
    begin_item(writer);
    strbuf_putc(writer->to, bracket);
    writer->depth++;
    writer->is_first = true;
}

static void close_level(struct json_writer *writer, char bracket)
{
    writer->depth--;
    if (!writer->is_first)
        new_line(writer);
    strbuf_putc(writer->to, bracket);
    writer->is_first = false;
}

void json_write_object(struct json_writer *writer)
{
    open_level(writer, '{');
}

void json_write_object_end(struct json_writer *writer)
{
    close_level(writer, '}');
}

void json_write_array(struct json_writer *writer)
{
    open_level(writer, '[');
}

void json_write_array_end(struct json_writer *writer)
{
    close_level(writer, ']');
}

void json_write_key(struct json_writer *writer, const char *key)
{
    begin_item(writer);
    json_put_string(writer->to, key);
    strbuf_puts(writer->to, writer->indent != JSON_COMPACT ? ": " : ":");
    writer->after_key = true;
}

void json_write_string(struct json_writer *writer, const char *string)
{
    if (string == NULL) {
        json_write_null(writer);
        return;
    }
    begin_item(writer);
    json_put_string(writer->to, string);
}

void json_write_bool(struct json_writer *writer, bool value)
{
    begin_item(writer);
    strbuf_puts(writer->to, value ? "true" : "false");
}

void json_write_i64(struct json_writer *writer, int64_t value)
{
    begin_item(writer);
    strbuf_printf(writer->to, "%" PRId64, value);
}

void json_write_u64(struct json_writer *writer, uint64_t value)
{
    begin_item(writer);
    strbuf_printf(writer->to, "%" PRIu64, value);
}

void json_write_hundredths(struct json_writer *writer, uint64_t hundredths)
{
    unsigned rest = (unsigned)(hundredths % 100);

    json_write_u64(writer, hundredths / 100);
    if (rest % 10 != 0)
        strbuf_printf(writer->to, ".%02u", rest);
    else if (rest != 0)
        strbuf_printf(writer->to, ".%u", rest / 10);
}

void json_write_null(struct json_writer *writer)
{
    begin_item(writer);
    strbuf_puts(writer->to, "null");
}

void json_write_member(struct json_writer *writer, const char *key, const char *string)
{
    if (string == NULL)
        return;
    json_write_key(writer, key);
    json_write_string(writer, string);
}

/* --- structs by their tables ----------------------------------------------------------------- */

static void encode_signed(struct json_writer *writer, enum json_kind kind, const void *member)
{
    int32_t i32;
    int64_t i64;

    if (kind == JSON_KIND_I32) {
        memcpy(&i32, member, sizeof(i32));
        i64 = i32;
    } else {
        memcpy(&i64, member, sizeof(i64));
    }
    json_write_i64(writer, i64);
}

static void encode_unsigned(struct json_writer *writer, enum json_kind kind, const void *member)
{
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    if (kind == JSON_KIND_U16) {
        memcpy(&u16, member, sizeof(u16));
        u64 = u16;
    } else if (kind == JSON_KIND_U32) {
        memcpy(&u32, member, sizeof(u32));
        u64 = u32;
    } else {
        memcpy(&u64, member, sizeof(u64));
    }
    json_write_u64(writer, u64);
}

static void encode_strings(struct json_writer *writer, const struct json_strings *list)
{
    json_write_array(writer);
    for (size_t i = 0; i < list->count; i++)
        json_write_string(writer, list->items[i]);
    json_write_array_end(writer);
}

static void encode_u32s(struct json_writer *writer, const struct json_u32s *list)
{
    json_write_array(writer);
    for (size_t i = 0; i < list->count; i++)
        json_write_u64(writer, list->items[i]);
    json_write_array_end(writer);
}

static void encode_string_map(struct json_writer *writer, const struct json_string_map *map)
{
    json_write_object(writer);
    for (size_t i = 0; i < map->count; i++) {
        json_write_key(writer, map->items[i].key);
        json_write_string(writer, map->items[i].value);
    }
    json_write_object_end(writer);
}

/* Recurses over the tables, whose depth is ours. */
static void encode_objects(struct json_writer *writer, const struct json_field *field,
                           const void *member)
{
    struct json_list list = json_list_of(member);
    bool is_map = field->kind == JSON_KIND_OBJECT_MAP;
    const char *key;

    open_level(writer, is_map ? '{' : '[');
    for (size_t i = 0; i < list.count; i++) {
        const void *object = json_list_object(field, &list, i, &key);

        if (is_map)
            json_write_key(writer, key);
        json_encode(writer, field->child, object);
    }
    close_level(writer, is_map ? '}' : ']');
}

static void encode_field(struct json_writer *writer, const void *object,
                         const struct json_field *field)
{
    const void *member = json_member(object, field);
    const char *string;
    bool truth;

    switch (field->kind) {
    case JSON_KIND_BOOL:
        memcpy(&truth, member, sizeof(truth));
        json_write_bool(writer, truth);
        break;
    case JSON_KIND_STRING:
        memcpy(&string, member, sizeof(string));
        json_write_string(writer, string);
        break;
    case JSON_KIND_I32:
    case JSON_KIND_I64:
        encode_signed(writer, field->kind, member);
        break;
    case JSON_KIND_U16:
    case JSON_KIND_U32:
    case JSON_KIND_U64:
        encode_unsigned(writer, field->kind, member);
        break;
    case JSON_KIND_STRINGS:
        encode_strings(writer, member);
        break;
    case JSON_KIND_U32S:
        encode_u32s(writer, member);
        break;
    case JSON_KIND_STRING_MAP:
        encode_string_map(writer, member);
        break;
    case JSON_KIND_OBJECT:
        json_encode(writer, field->child, json_child(object, field));
        break;
    case JSON_KIND_OBJECT_LIST:
    case JSON_KIND_OBJECT_MAP:
        encode_objects(writer, field, member);
        break;
    }
}

void json_encode(struct json_writer *writer, const struct json_object *schema, const void *object)
{
    json_write_object(writer);
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct json_field *field = &schema->fields[i];

        if (!json_has(schema, object, field))
            continue;
        json_write_key(writer, field->key);
        encode_field(writer, object, field);
    }
    json_write_object_end(writer);
}
