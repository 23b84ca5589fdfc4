/* SPDX-License-Identifier: Apache-2.0 */

/* Where a value belongs, what may be there, and how it gets there. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json_reader.h"
#include "base/str.h"

/* --- where we are ---------------------------------------------------------------------------- */

uint32_t reader_new_origin(struct reader *reader, uint32_t parent, const char *key, size_t index)
{
    struct json_origin *origin = ARENA_PUSH(reader->arena, reader->document);

    origin->parent = parent;
    origin->key = key;
    origin->index = (uint32_t)index;
    return (uint32_t)(reader->document->count - 1);
}

const char *reader_pointer(struct reader *reader)
{
    const struct frame *frame = &reader->frames[reader->top_known];

    switch (frame->kind) {
    case FRAME_OBJECT:
        return json_pointer(reader->document, frame->origin, frame->key);
    case FRAME_OBJECT_MAP:
    case FRAME_STRING_MAP:
        if (frame->key == NULL)
            return json_pointer(reader->document, frame->origin, frame->field->key);
        return json_pointer_entry(reader->document, frame->origin, frame->field->key, frame->key);
    case FRAME_OBJECT_LIST:
    case FRAME_STRINGS:
    case FRAME_U32S:
        return json_pointer_item(reader->document, frame->origin, frame->field->key,
                                 frame->n_values - 1);
    case FRAME_DOCUMENT:
    case FRAME_SKIPPED:
        break;
    }
    return "";
}

struct shown reader_show(const void *bytes, size_t length)
{
    char copy[72];
    struct shown shown = {.text = ""};
    size_t kept = 0;

    while (kept < length) {
        size_t step = str_utf8_length((const unsigned char *)bytes + kept, length - kept);

        step = step != 0 ? step : 1;
        if (kept + step > sizeof(copy) - 4)
            break;
        kept += step;
    }
    if (kept != 0)
        memcpy(copy, bytes, kept);
    memcpy(copy + kept, kept < length ? "..." : "", kept < length ? 4 : 1);
    str_escape(copy, shown.text, sizeof(shown.text));
    return shown;
}

/* --- findings and limits --------------------------------------------------------------------- */

/* The last finding that there is room for says that it is the last: nobody reads more of them. */
int reader_find(struct reader *reader, enum severity severity, const char *id, const char *pointer,
                const char *cure, const char *text)
{
    findings_add(reader->findings, severity, id, pointer, cure, "%s", text);
    if (reader->findings->count < FINDINGS_MAX - 1)
        return GO_ON;
    findings_add(reader->findings, SEVERITY_REFUSE, "json-too-many-findings", "", NULL,
                 "too many findings, the rest of the document was not read");
    return STOP;
}

int reader_refuse(struct reader *reader, const char *id, const char *cure, const char *format, ...)
{
    char text[320];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return reader_find(reader, SEVERITY_REFUSE, id, reader_pointer(reader), cure, text);
}

int reader_count_node(struct reader *reader)
{
    reader_top(reader)->n_values++;
    if (++reader->n_nodes > JSON_MAX_NODES) {
        findings_add(reader->findings, SEVERITY_REFUSE, "json-too-large", "", NULL,
                     "the document has more than %d values", JSON_MAX_NODES);
        return STOP;
    }
    if (reader->arena->total_bytes - reader->arena_start > JSON_DECODED_MAX_BYTES) {
        findings_add(reader->findings, SEVERITY_REFUSE, "json-too-large", "", NULL,
                     "the document needs more than %d MiB of memory",
                     JSON_DECODED_MAX_BYTES / (1024 * 1024));
        return STOP;
    }
    return GO_ON;
}

const char *const reader_kind_words[] = {
    [JSON_KIND_BOOL] = "true or false",
    [JSON_KIND_STRING] = "a string",
    [JSON_KIND_I32] = "an integer from -2147483648 to 2147483647",
    [JSON_KIND_I64] = "an integer from -9223372036854775808 to 9223372036854775807",
    [JSON_KIND_U16] = "an integer from 0 to 65535",
    [JSON_KIND_U32] = "an integer from 0 to 4294967295",
    [JSON_KIND_U64] = "an integer from 0 to 18446744073709551615",
    [JSON_KIND_STRINGS] = "an array of strings",
    [JSON_KIND_U32S] = "an array of integers from 0 to 4294967295",
    [JSON_KIND_STRING_MAP] = "an object whose values are strings",
    [JSON_KIND_OBJECT] = "an object",
    [JSON_KIND_OBJECT_LIST] = "an array of objects",
    [JSON_KIND_OBJECT_MAP] = "an object whose values are objects",
};

int reader_refuse_kind(struct reader *reader, enum json_kind expected, const char *found)
{
    return reader_refuse(reader, "wrong-type", reader_kind_words[expected],
                         "%s is of the wrong type", found);
}

/* --- what is expected next ------------------------------------------------------------------- */

bool reader_expected_kind(struct reader *reader, enum json_kind *kind)
{
    const struct frame *frame = reader_top(reader);

    switch (frame->kind) {
    case FRAME_OBJECT:
        if (frame->field != NULL)
            *kind = frame->field->kind;
        return frame->field != NULL;
    case FRAME_DOCUMENT:
    case FRAME_OBJECT_LIST:
    case FRAME_OBJECT_MAP:
        *kind = JSON_KIND_OBJECT;
        return true;
    case FRAME_STRINGS:
    case FRAME_STRING_MAP:
        *kind = JSON_KIND_STRING;
        return true;
    case FRAME_U32S:
        *kind = JSON_KIND_U32;
        return true;
    case FRAME_SKIPPED:
        break;
    }
    return false;
}

/* Has the rule of the row anything against this value? */
static int obey_rule(struct reader *reader, const struct json_field *field,
                     const struct json_value *value)
{
    const char *cure = field->rule != NULL ? field->rule(value) : NULL;

    if (cure == NULL)
        return GO_ON;
    if (value->string != NULL)
        return reader_refuse(reader, "invalid-value", cure, "\"%s\" is not valid here",
                             reader_show(value->string, strlen(value->string)).text);
    if (value->kind == JSON_KIND_I32 || value->kind == JSON_KIND_I64)
        return reader_refuse(reader, "invalid-value", cure, "%lld is not valid here",
                             (long long)value->number);
    return reader_refuse(reader, "invalid-value", cure, "%llu is not valid here",
                         (unsigned long long)value->natural);
}

/* A list that grew too long is not read further. */
int reader_obey_list_rule(struct reader *reader, const struct frame *frame, bool is_complete)
{
    struct json_value value = {
        .kind = frame->field->kind,
        .count = json_list_of(frame->target).count,
        .is_complete = is_complete,
    };
    const char *cure = frame->field->rule != NULL ? frame->field->rule(&value) : NULL;
    const char *pointer;

    if (cure == NULL && frame->kind != FRAME_STRINGS && frame->kind != FRAME_U32S &&
        value.count > JSON_LIST_MAX)
        cure = "at most 16384 elements";
    if (cure == NULL)
        return GO_ON;
    pointer = json_pointer(reader->document, frame->origin, frame->field->key);
    if (is_complete)
        return reader_find(reader, SEVERITY_REFUSE, "invalid-value", pointer, cure,
                           value.count == 0 ? "the list is empty" : "the list is not valid");
    reader_find(reader, SEVERITY_REFUSE, "list-too-long", pointer, cure, "the list is too long");
    return STOP;
}

/* --- storing --------------------------------------------------------------------------------- */

void *reader_member(const struct frame *frame)
{
    return (char *)frame->target + frame->field->offset;
}

static uint64_t bit_of(const struct frame *frame)
{
    return (uint64_t)1 << (frame->field - frame->schema->fields);
}

void reader_mark_present(struct frame *frame)
{
    uint64_t *present = (void *)((char *)frame->target + JSON_PRESENT_OFFSET);

    *present |= bit_of(frame);
}

void reader_mark_given(struct reader *reader)
{
    struct frame *frame = reader_top(reader);

    if (frame->kind == FRAME_OBJECT && frame->field != NULL)
        frame->given |= bit_of(frame);
}

static void store_integer(void *to, const struct json_value *value)
{
    int32_t i32 = (int32_t)value->number;
    uint16_t u16 = (uint16_t)value->natural;
    uint32_t u32 = (uint32_t)value->natural;

    if (value->kind == JSON_KIND_I32)
        memcpy(to, &i32, sizeof(i32));
    else if (value->kind == JSON_KIND_I64)
        memcpy(to, &value->number, sizeof(value->number));
    else if (value->kind == JSON_KIND_U16)
        memcpy(to, &u16, sizeof(u16));
    else if (value->kind == JSON_KIND_U32)
        memcpy(to, &u32, sizeof(u32));
    else
        memcpy(to, &value->natural, sizeof(value->natural));
}

int reader_store_string(struct reader *reader, const char *string)
{
    struct frame *frame = reader_top(reader);
    struct json_value value = {.kind = JSON_KIND_STRING, .string = string};
    int go_on = GO_ON;

    if (frame->kind != FRAME_STRING_MAP)
        go_on = obey_rule(reader, frame->field, &value);
    if (frame->kind == FRAME_OBJECT) {
        memcpy(reader_member(frame), &string, sizeof(string));
        reader_mark_present(frame);
        return go_on;
    }
    if (frame->kind == FRAME_STRINGS) {
        struct json_strings *strings = frame->target;

        *ARENA_PUSH(reader->arena, strings) = string;
    } else {
        struct json_string_map *map = frame->target;

        *ARENA_PUSH(reader->arena, map) = (struct json_pair){.key = frame->key, .value = string};
    }
    return go_on == GO_ON ? reader_obey_list_rule(reader, frame, false) : STOP;
}

int reader_store_number(struct reader *reader, const struct json_value *value)
{
    struct frame *frame = reader_top(reader);
    struct json_u32s *numbers;
    int go_on = obey_rule(reader, frame->field, value);

    if (frame->kind == FRAME_OBJECT) {
        store_integer(reader_member(frame), value);
        reader_mark_present(frame);
        return go_on;
    }
    numbers = frame->target;
    *ARENA_PUSH(reader->arena, numbers) = (uint32_t)value->natural;
    return go_on == GO_ON ? reader_obey_list_rule(reader, frame, false) : STOP;
}
