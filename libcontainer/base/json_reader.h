/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside the decoder: shared by json_read.c (what yajl calls), json_place.c (where a value belongs
 * and how it is stored) and json_keys.c (keys), and by nobody else. The theory is in json_read.c.
 */

#include "base/json_read.h"

/* yajl's callbacks answer "go on?" with an int, and so does all that they call. Whoever answers
 * STOP has added a finding that refuses the document, since what comes after is never read. */
enum {
    STOP = 0,
    GO_ON = 1
};

enum frame_kind {
    FRAME_DOCUMENT, /* always the lowest: what the document itself is */
    FRAME_OBJECT,
    FRAME_OBJECT_LIST,
    FRAME_OBJECT_MAP,
    FRAME_STRINGS,
    FRAME_U32S,
    FRAME_STRING_MAP,
    FRAME_SKIPPED,
};

struct frame {
    enum frame_kind kind;
    bool has_keys;                    /* a JSON object, of whatever kind */
    const struct json_object *schema; /* of an object, or of the elements of a list or map */
    const struct json_field *field;   /* an object's current row, or the row of the list or map */
    const char *key;                  /* an object's or a map's current key */
    void *target;                     /* the object, or the list member of its owner */
    uint32_t origin;                  /* the object's, or the owner's */
    uint32_t list_origin;             /* of a list or map of objects: parent of its elements */
    size_t n_values;                  /* read so far, the current one included */
    uint64_t seen;                    /* rows whose key was read */
    uint64_t given;                   /* rows that had a value other than null */
    size_t first_key;                 /* in reader.keys */
};

struct key_ref {
    const unsigned char *bytes;
    size_t length;
};

struct reader {
    struct json_document *document;
    struct arena *arena;
    struct findings *findings;
    const struct json_object *schema;
    void *object;
    const unsigned char *bytes;
    size_t size;

    struct frame frames[1 + JSON_MAX_KNOWN_DEPTH + JSON_MAX_UNKNOWN_DEPTH];
    size_t top;       /* the innermost open frame */
    size_t top_known; /* the innermost that is not skipped */

    struct key_ref *keys;
    size_t n_keys;
    size_t keys_capacity;

    size_t n_nodes;
    size_t arena_start;
};

static inline struct frame *reader_top(struct reader *reader)
{
    return &reader->frames[reader->top];
}

/* The words for a wrong type, by kind. */
extern const char *const reader_kind_words[];

/* A short form of what the document says, fit for a terminal. */
struct shown {
    char text[96];
};

/* json_read.c */
/* realloc() that never returns NULL; the first argument is yajl's and not used. */
void *reader_heap(void *context, void *old, size_t size);

/* json_place.c */
uint32_t reader_new_origin(struct reader *reader, uint32_t parent, const char *key, size_t index);
/* The pointer of the value that is being read; inside something skipped, of what is skipped. */
const char *reader_pointer(struct reader *reader);
struct shown reader_show(const void *bytes, size_t length);
/* Adds a finding. */
int reader_find(struct reader *reader, enum severity severity, const char *id, const char *pointer,
                const char *cure, const char *text);
/* Refuses the value that is being read. */
int reader_refuse(struct reader *reader, const char *id, const char *cure, const char *format, ...)
    PRINTF_LIKE(4, 5);
int reader_refuse_kind(struct reader *reader, enum json_kind expected, const char *found);
/* To be called for each value, before anything is stored. */
int reader_count_node(struct reader *reader);
/* The kind of the value that comes next. False if it is to be skipped, whatever it is. */
bool reader_expected_kind(struct reader *reader, enum json_kind *kind);
/* Has the rule of a list's or map's row anything against its length? */
int reader_obey_list_rule(struct reader *reader, const struct frame *frame, bool is_complete);
/* Where the current row of an object is stored. */
void *reader_member(const struct frame *frame);
void reader_mark_present(struct frame *frame);
/* Remembers that the current row of an object got a value, even if it turns out to be a wrong one:
 * one finding for one mistake. */
void reader_mark_given(struct reader *reader);
/* Stores a value of the expected kind; the string is in the arena already. */
int reader_store_string(struct reader *reader, const char *string);
int reader_store_number(struct reader *reader, const struct json_value *value);

/* json_keys.c */
void reader_push_key(struct reader *reader, const unsigned char *bytes, size_t length);
/* A key of a known object: finds its row. The second value of a key that stands twice is skipped;
 * the finding about it comes when the object closes. */
int reader_take_object_key(struct reader *reader, struct frame *frame, const char *key,
                           size_t length);
/* One finding for each key that stands more than once in the object that closes. */
int reader_check_duplicates(struct reader *reader, const struct frame *frame);
int reader_check_required(struct reader *reader, const struct frame *frame);
