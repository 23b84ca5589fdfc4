/* SPDX-License-Identifier: Apache-2.0 */

/* Keys: which row a key stands for, which stand twice, and which are missing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json_reader.h"
#include "base/str.h"

void reader_push_key(struct reader *reader, const unsigned char *bytes, size_t length)
{
    bool is_in_document = (uintptr_t)bytes >= (uintptr_t)reader->bytes &&
                          (uintptr_t)bytes < (uintptr_t)(reader->bytes + reader->size);
    struct key_ref *key;

    if (reader->n_keys == reader->keys_capacity) {
        reader->keys_capacity = reader->keys_capacity != 0 ? reader->keys_capacity * 2 : 64;
        reader->keys =
            reader_heap(NULL, reader->keys, reader->keys_capacity * sizeof(*reader->keys));
    }
    key = &reader->keys[reader->n_keys++];
    key->length = length;
    key->bytes = bytes;
    if (!is_in_document)
        key->bytes = (unsigned char *)arena_strndup(reader->arena, (const char *)bytes, length);
}

static const struct json_field *find_row(const struct json_object *schema, const char *key,
                                         size_t length, bool ignore_case)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        const struct json_field *row = &schema->fields[i];

        if (strlen(row->key) != length)
            continue;
        if ((ignore_case ? strncasecmp : strncmp)(row->key, key, length) == 0)
            return row;
    }
    return NULL;
}

static void note_unknown(struct reader *reader, const struct frame *frame)
{
    struct json_unknown *unknown;

    if (reader->document->n_unknown++ >= JSON_UNKNOWN_MAX)
        return;
    unknown = ARENA_PUSH(reader->arena, &reader->document->unknown);
    unknown->origin = frame->origin;
    unknown->key = frame->key;
}

int reader_take_object_key(struct reader *reader, struct frame *frame, const char *key,
                           size_t length)
{
    const struct json_field *row = find_row(frame->schema, key, length, false);
    uint64_t bit;

    frame->field = NULL;
    if (row != NULL) {
        bit = (uint64_t)1 << (row - frame->schema->fields);
        frame->key = row->key;
        if ((frame->seen & bit) == 0)
            frame->field = row;
        frame->seen |= bit;
        return GO_ON;
    }
    frame->key = arena_strndup(reader->arena, key, length);
    note_unknown(reader, frame);
    row = find_row(frame->schema, key, length, true);
    if (row == NULL)
        return GO_ON;
    return reader_find(reader, SEVERITY_WARNING, "key-in-other-case", reader_pointer(reader),
                       row->key, "the key is ignored: upper and lower case differ");
}

static int compare_keys(const void *left, const void *right)
{
    const struct key_ref *a = left;
    const struct key_ref *b = right;

    if (a->length != b->length)
        return a->length < b->length ? -1 : 1;
    return a->length != 0 ? memcmp(a->bytes, b->bytes, a->length) : 0;
}

static const char *duplicate_pointer(struct reader *reader, const struct frame *frame,
                                     const struct key_ref *key)
{
    const char *name;

    if (frame->kind == FRAME_SKIPPED)
        return reader_pointer(reader);
    name = arena_strndup(reader->arena, (const char *)key->bytes, key->length);
    if (frame->kind == FRAME_OBJECT)
        return json_pointer(reader->document, frame->origin, name);
    return json_pointer_entry(reader->document, frame->origin, frame->field->key, name);
}

int reader_check_duplicates(struct reader *reader, const struct frame *frame)
{
    size_t n_keys = reader->n_keys - frame->first_key;
    struct key_ref *keys;
    char text[160];

    if (n_keys < 2)
        return GO_ON;
    keys = reader->keys + frame->first_key;
    qsort(keys, n_keys, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < n_keys; i++) {
        if (compare_keys(&keys[i - 1], &keys[i]) != 0 ||
            (i > 1 && compare_keys(&keys[i - 2], &keys[i]) == 0))
            continue;
        snprintf(text, sizeof(text), "the key \"%s\" stands more than once",
                 reader_show(keys[i].bytes, keys[i].length).text);
        if (reader_find(reader, SEVERITY_REFUSE, "duplicate-key",
                        duplicate_pointer(reader, frame, &keys[i]), NULL, text) == STOP)
            return STOP;
    }
    return GO_ON;
}

int reader_check_required(struct reader *reader, const struct frame *frame)
{
    char text[96];

    for (size_t i = 0; i < frame->schema->n_fields; i++) {
        const struct json_field *row = &frame->schema->fields[i];

        if (!row->is_required || ((frame->given >> i) & 1) != 0)
            continue;
        snprintf(text, sizeof(text), "\"%s\" is missing", row->key);
        if (reader_find(reader, SEVERITY_REFUSE, "missing-key",
                        json_pointer(reader->document, frame->origin, NULL),
                        reader_kind_words[row->kind], text) == STOP)
            return STOP;
    }
    return GO_ON;
}
