/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The decoder. yajl calls back for each value; a short stack of frames says where that value
 * belongs:
 *
 *     object     its struct, its schema, and the row of the key that was read last
 *     list, map  the list member of a struct, and the row that it belongs to
 *     skipped    anything under an unknown key or of a wrong type: walked over, not stored
 *
 * Key → row; value → is it of the row's kind? → does the row's rule like it? → stored, and its bit
 * set in `present`. Nothing recurses, so the input decides neither the depth of our stack nor,
 * since everything is counted, our memory: the caps are in json_read.h.
 *
 * yajl has no limit of its own, gives up nothing after a failed allocation, and lets some bad text
 * pass; therefore the allocator never returns NULL, and json_text_check() comes first. yajl hands
 * out pointers into the document for keys and strings without escapes, and its own buffer, which
 * the next token overwrites, for all others.
 *
 * Duplicate keys: every object, known or skipped, pushes its keys to one array. Since objects nest,
 * the keys of the innermost open object are always the end of that array; when it closes they are
 * sorted, compared and dropped. That finds duplicates however they are escaped, in memory bounded
 * by the number of nodes, and never takes quadratic time.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/json_reader.h"
#include "base/json_text.h"
#include "base/str.h"

/* --- memory that never runs out -------------------------------------------------------------- */

void *reader_heap(void *context UNUSED, void *old, size_t size)
{
    void *memory = realloc(old, size != 0 ? size : 1);

    if (memory == NULL) {
        arena_out_of_memory();
        abort();
    }
    return memory;
}

static void *heap_get(void *context, size_t size)
{
    return reader_heap(context, NULL, size);
}

static void heap_put(void *context UNUSED, void *memory)
{
    free(memory);
}

/* --- numbers --------------------------------------------------------------------------------- */

static const struct {
    bool is_signed;
    int64_t min;
    uint64_t max;
} integer_kinds[] = {
    [JSON_KIND_I32] = {true, INT32_MIN, INT32_MAX}, [JSON_KIND_I64] = {true, INT64_MIN, INT64_MAX},
    [JSON_KIND_U16] = {false, 0, UINT16_MAX},       [JSON_KIND_U32] = {false, 0, UINT32_MAX},
    [JSON_KIND_U64] = {false, 0, UINT64_MAX},
};

static bool is_integer_kind(enum json_kind kind)
{
    return kind >= JSON_KIND_I32 && kind <= JSON_KIND_U64;
}

/* Plain: no fraction, no exponent, no "-0". yajl has refused leading zeros and signs. */
static bool is_plain_integer(const char *text, size_t length)
{
    for (size_t i = text[0] == '-'; i < length; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return !(length == 2 && memcmp(text, "-0", 2) == 0);
}

static bool parse_integer(enum json_kind kind, const char *text, size_t length,
                          struct json_value *value)
{
    value->kind = kind;
    if (integer_kinds[kind].is_signed)
        return str_parse_i64(text, length, &value->number) &&
               value->number >= integer_kinds[kind].min &&
               (value->number < 0 || (uint64_t)value->number <= integer_kinds[kind].max);
    return str_parse_u64(text, length, &value->natural) &&
           value->natural <= integer_kinds[kind].max;
}

static int on_number(void *context, const char *text, size_t length)
{
    struct reader *reader = context;
    struct json_value value = {.kind = JSON_KIND_I64};
    enum json_kind kind;

    if (reader_count_node(reader) == STOP)
        return STOP;
    reader_mark_given(reader);
    if (!reader_expected_kind(reader, &kind))
        return GO_ON;
    if (!is_integer_kind(kind))
        return reader_refuse_kind(reader, kind, "a number");
    if (!is_plain_integer(text, length))
        return reader_refuse(reader, "not-an-integer", reader_kind_words[kind],
                             "%s is not a plain integer", reader_show(text, length).text);
    if (!parse_integer(kind, text, length, &value))
        return reader_refuse(reader, "out-of-range", reader_kind_words[kind], "%s does not fit",
                             reader_show(text, length).text);
    return reader_store_number(reader, &value);
}

/* --- the other scalars ----------------------------------------------------------------------- */

static int on_null(void *context)
{
    struct reader *reader = context;
    const struct frame *frame = reader_top(reader);
    enum json_kind kind;

    if (reader_count_node(reader) == STOP)
        return STOP;
    /* Engines written in Go write null for an optional object that they do not set. */
    if (frame->kind == FRAME_OBJECT)
        return GO_ON;
    if (!reader_expected_kind(reader, &kind))
        return GO_ON;
    return reader_refuse_kind(reader, kind, "null");
}

static int on_boolean(void *context, int truth)
{
    struct reader *reader = context;
    bool value = truth != 0;
    enum json_kind kind;

    if (reader_count_node(reader) == STOP)
        return STOP;
    reader_mark_given(reader);
    if (!reader_expected_kind(reader, &kind))
        return GO_ON;
    if (kind != JSON_KIND_BOOL)
        return reader_refuse_kind(reader, kind, value ? "true" : "false");
    memcpy(reader_member(reader_top(reader)), &value, sizeof(value));
    reader_mark_present(reader_top(reader));
    return GO_ON;
}

/* Refused even where we would skip it: another reader of the same file may not skip it. */
static int check_string(struct reader *reader, const unsigned char *bytes, size_t length,
                        bool *is_fine)
{
    *is_fine = false;
    if (length > JSON_STRING_MAX_BYTES)
        return reader_refuse(reader, "string-too-long", NULL, "a string has more than %d bytes",
                             JSON_STRING_MAX_BYTES);
    if (length != 0 && memchr(bytes, '\0', length) != NULL)
        return reader_refuse(reader, "string-has-nul", NULL, "a string has \\u0000 after \"%s\"",
                             reader_show(bytes, strlen((const char *)bytes)).text);
    *is_fine = true;
    return GO_ON;
}

static int on_string(void *context, const unsigned char *bytes, size_t length)
{
    struct reader *reader = context;
    enum json_kind kind;
    bool is_fine;
    int go_on;

    if (reader_count_node(reader) == STOP)
        return STOP;
    reader_mark_given(reader);
    go_on = check_string(reader, bytes, length, &is_fine);
    if (!is_fine || !reader_expected_kind(reader, &kind))
        return go_on;
    if (kind != JSON_KIND_STRING)
        return reader_refuse_kind(reader, kind, "a string");
    return reader_store_string(reader, arena_strndup(reader->arena, (const char *)bytes, length));
}

/* --- opening and closing --------------------------------------------------------------------- */

static struct frame *push_frame(struct reader *reader, enum frame_kind kind)
{
    struct frame *frame;
    bool is_known = kind != FRAME_SKIPPED;
    size_t depth = is_known ? reader->top_known : reader->top - reader->top_known;
    size_t max_depth = is_known ? JSON_MAX_KNOWN_DEPTH : JSON_MAX_UNKNOWN_DEPTH;

    if (depth == max_depth) {
        reader_refuse(reader, "json-too-deep", NULL, "more than %zu levels of nesting", max_depth);
        return NULL;
    }
    frame = &reader->frames[++reader->top];
    if (is_known)
        reader->top_known = reader->top;
    memset(frame, 0, sizeof(*frame));
    frame->kind = kind;
    frame->first_key = reader->n_keys;
    return frame;
}

static int open_skipped(struct reader *reader, bool has_keys)
{
    struct frame *frame = push_frame(reader, FRAME_SKIPPED);

    if (frame == NULL)
        return STOP;
    frame->has_keys = has_keys;
    return GO_ON;
}

/* Makes the object that begins here, in the place where its frame wants it. */
static void *new_object(struct reader *reader, struct frame *owner, uint32_t *origin)
{
    struct json_list list;
    void *object;

    if (owner->kind == FRAME_OBJECT) {
        object = arena_alloc(reader->arena, owner->field->child->size, _Alignof(max_align_t));
        memcpy(reader_member(owner), &object, sizeof(object));
        reader_mark_present(owner);
        *origin = reader_new_origin(reader, owner->origin, owner->field->key, 0);
        return object;
    }
    list = json_list_of(owner->target);
    if (list.count == list.capacity) {
        size_t item_size =
            owner->kind == FRAME_OBJECT_MAP ? owner->schema->map_item_size : owner->schema->size;
        size_t capacity = list.capacity != 0 ? list.capacity * 2 : 4;
        void *items = arena_array(reader->arena, capacity, item_size, _Alignof(max_align_t));

        if (list.count != 0)
            memcpy(items, list.items, list.count * item_size);
        list.items = items;
        list.capacity = capacity;
    }
    if (owner->kind == FRAME_OBJECT_MAP) {
        char *entry = (char *)list.items + list.count * owner->schema->map_item_size;

        memcpy(entry, &owner->key, sizeof(owner->key));
        object = entry + owner->schema->map_value_offset;
        *origin = reader_new_origin(reader, owner->list_origin, owner->key, 0);
    } else {
        object = (char *)list.items + list.count * owner->schema->size;
        *origin = reader_new_origin(reader, owner->list_origin, NULL, owner->n_values - 1);
    }
    list.count++;
    memcpy(owner->target, &list, sizeof(list));
    return object;
}

static int open_object(struct reader *reader)
{
    struct frame *owner = reader_top(reader);
    struct frame *frame;
    const struct json_object *schema = reader->schema;
    uint32_t origin = 0;
    void *object = reader->object;

    if (owner->kind != FRAME_DOCUMENT) {
        schema = owner->kind == FRAME_OBJECT ? owner->field->child : owner->schema;
        object = new_object(reader, owner, &origin);
        if (owner->kind != FRAME_OBJECT && reader_obey_list_rule(reader, owner, false) == STOP)
            return STOP;
    }
    frame = push_frame(reader, FRAME_OBJECT);
    if (frame == NULL)
        return STOP;
    frame->has_keys = true;
    frame->schema = schema;
    frame->target = object;
    frame->origin = origin;
    memcpy((char *)object + JSON_ORIGIN_OFFSET, &origin, sizeof(origin));
    return GO_ON;
}

/* A list or map that is a member of the object on top. */
static int open_list(struct reader *reader, enum frame_kind kind, bool has_keys)
{
    struct frame *owner = reader_top(reader);
    struct frame *frame = push_frame(reader, kind);

    if (frame == NULL)
        return STOP;
    reader_mark_present(owner);
    frame->has_keys = has_keys;
    frame->schema = owner->field->child;
    frame->field = owner->field;
    frame->target = reader_member(owner);
    frame->origin = owner->origin;
    if (frame->schema != NULL)
        frame->list_origin = reader_new_origin(reader, owner->origin, owner->field->key, 0);
    return GO_ON;
}

static int on_start_map(void *context)
{
    struct reader *reader = context;
    enum json_kind kind;

    if (reader_count_node(reader) == STOP)
        return STOP;
    reader_mark_given(reader);
    if (!reader_expected_kind(reader, &kind))
        return open_skipped(reader, true);
    if (kind == JSON_KIND_OBJECT)
        return open_object(reader);
    if (kind == JSON_KIND_OBJECT_MAP)
        return open_list(reader, FRAME_OBJECT_MAP, true);
    if (kind == JSON_KIND_STRING_MAP)
        return open_list(reader, FRAME_STRING_MAP, true);
    if (reader_refuse_kind(reader, kind, "an object") == STOP)
        return STOP;
    return open_skipped(reader, true);
}

static int on_start_array(void *context)
{
    struct reader *reader = context;
    enum json_kind kind;

    if (reader_count_node(reader) == STOP)
        return STOP;
    reader_mark_given(reader);
    if (!reader_expected_kind(reader, &kind))
        return open_skipped(reader, false);
    if (kind == JSON_KIND_OBJECT_LIST)
        return open_list(reader, FRAME_OBJECT_LIST, false);
    if (kind == JSON_KIND_STRINGS)
        return open_list(reader, FRAME_STRINGS, false);
    if (kind == JSON_KIND_U32S)
        return open_list(reader, FRAME_U32S, false);
    if (reader_refuse_kind(reader, kind, "an array") == STOP)
        return STOP;
    return open_skipped(reader, false);
}

static int on_map_key(void *context, const unsigned char *bytes, size_t length)
{
    struct reader *reader = context;
    struct frame *frame = reader_top(reader);
    bool is_fine;
    int go_on;

    frame->key = NULL;
    go_on = check_string(reader, bytes, length, &is_fine);
    if (!is_fine)
        return STOP;
    reader_push_key(reader, bytes, length);
    if (frame->kind == FRAME_OBJECT)
        return reader_take_object_key(reader, frame, (const char *)bytes, length);
    if (frame->kind != FRAME_SKIPPED)
        frame->key = arena_strndup(reader->arena, (const char *)bytes, length);
    return go_on;
}

static int close_frame(struct reader *reader)
{
    struct frame *frame = reader_top(reader);
    int go_on = GO_ON;

    if (frame->has_keys)
        go_on = reader_check_duplicates(reader, frame);
    reader->n_keys = frame->first_key;
    if (go_on == GO_ON && frame->kind == FRAME_OBJECT)
        go_on = reader_check_required(reader, frame);
    else if (go_on == GO_ON && frame->kind != FRAME_SKIPPED)
        go_on = reader_obey_list_rule(reader, frame, true);
    if (frame->kind != FRAME_SKIPPED)
        reader->top_known--;
    reader->top--;
    return go_on;
}

static int on_end_map(void *context)
{
    return close_frame(context);
}

static int on_end_array(void *context)
{
    return close_frame(context);
}

/* --- the document ---------------------------------------------------------------------------- */

static void refuse_text(struct reader *reader, const struct json_fault *fault)
{
    findings_add(reader->findings, SEVERITY_REFUSE, "json-invalid", "", NULL,
                 "line %zu, column %zu: %s", fault->line, fault->column, fault->text);
}

/* yajl's words without its prefix and its newline, at the place where it stopped. */
static void refuse_syntax(struct reader *reader, yajl_handle parser)
{
    unsigned char *words = yajl_get_error(parser, 0, reader->bytes, reader->size);
    size_t offset = yajl_get_bytes_consumed(parser);
    struct json_fault fault;
    char text[160];
    const char *start = strstr((const char *)words, "error: ");

    start = start != NULL ? start + strlen("error: ") : (const char *)words;
    snprintf(text, sizeof(text), "%.*s", (int)strcspn(start, "\n"), start);
    fault.text = text;
    offset = offset != 0 && offset <= reader->size ? offset - 1 : 0;
    json_text_place((const char *)reader->bytes, offset, &fault);
    refuse_text(reader, &fault);
    yajl_free_error(parser, words);
}

static void parse(struct reader *reader)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_start_map,
        .yajl_map_key = on_map_key,
        .yajl_end_map = on_end_map,
        .yajl_start_array = on_start_array,
        .yajl_end_array = on_end_array,
    };
    yajl_alloc_funcs memory = {.malloc = heap_get, .realloc = reader_heap, .free = heap_put};
    yajl_handle parser = yajl_alloc(&callbacks, &memory, reader);
    yajl_status status = yajl_parse(parser, reader->bytes, reader->size);

    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    /* A callback that stopped has said why. */
    if (status == yajl_status_error)
        refuse_syntax(reader, parser);
    yajl_free(parser);
}

void json_decode(struct json_document *document, struct arena *arena,
                 const struct json_object *schema, const char *bytes, size_t size, void *object,
                 struct findings *findings)
{
    struct reader reader = {
        .document = document,
        .arena = arena,
        .findings = findings,
        .schema = schema,
        .object = object,
        .bytes = (const unsigned char *)bytes,
        .size = size,
        .arena_start = arena->total_bytes,
    };
    struct json_fault fault;

    *document = (struct json_document){.arena = arena};
    reader_new_origin(&reader, 0, NULL, 0);
    if (size > JSON_DOCUMENT_MAX_BYTES) {
        findings_add(findings, SEVERITY_REFUSE, "json-too-large", "", NULL,
                     "the document has more than %d MiB", JSON_DOCUMENT_MAX_BYTES / (1024 * 1024));
        return;
    }
    if (!json_text_check(bytes, size, &fault)) {
        refuse_text(&reader, &fault);
        return;
    }
    parse(&reader);
    free(reader.keys);
}
