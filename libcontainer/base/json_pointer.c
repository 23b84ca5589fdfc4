/* SPDX-License-Identifier: Apache-2.0 */

/* JSON pointers are written only when somebody asks: a document of a thousand objects keeps a
 * thousand origins of a few bytes, and no strings. */

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"

/* A pointer as its steps, the outermost first. */
struct steps {
    struct json_origin items[2 * JSON_MAX_KNOWN_DEPTH];
    size_t count;
};

static struct steps steps_to(const struct json_document *document, uint32_t origin)
{
    struct steps steps = {.count = 0};
    uint32_t next = origin;

    /* Two are left for what the callers below add. */
    for (; next != 0 && steps.count < ARRAY_LEN(steps.items) - 2; steps.count++)
        next = document->items[next].parent;
    for (size_t i = steps.count; i > 0; i--) {
        steps.items[i - 1] = document->items[origin];
        origin = document->items[origin].parent;
    }
    return steps;
}

static void add_step(struct steps *steps, const char *key, size_t index)
{
    steps->items[steps->count++] = (struct json_origin){.key = key, .index = (uint32_t)index};
}

/* Writes one step if `to` is not NULL; its length in any case. */
static size_t put_step(const struct json_origin *step, char *to)
{
    char number[16];
    const char *from = step->key;
    size_t length = 0;

    if (from == NULL) {
        snprintf(number, sizeof(number), "%u", step->index);
        from = number;
    }
    if (to != NULL)
        to[length] = '/';
    length++;
    for (; *from != '\0'; from++) {
        bool is_escaped = *from == '~' || *from == '/';

        if (to != NULL && is_escaped)
            memcpy(to + length, *from == '~' ? "~0" : "~1", 2);
        else if (to != NULL)
            to[length] = *from;
        length += is_escaped ? 2 : 1;
    }
    return length;
}

static const char *write_steps(const struct json_document *document, const struct steps *steps)
{
    size_t length = 0;
    char *pointer;
    char *to;

    for (size_t i = 0; i < steps->count; i++)
        length += put_step(&steps->items[i], NULL);
    pointer = arena_array(document->arena, length + 1, 1, 1);
    to = pointer;
    for (size_t i = 0; i < steps->count; i++)
        to += put_step(&steps->items[i], to);
    return pointer;
}

const char *json_pointer(const struct json_document *document, uint32_t origin, const char *key)
{
    struct steps steps = steps_to(document, origin);

    if (key != NULL)
        add_step(&steps, key, 0);
    return write_steps(document, &steps);
}

const char *json_pointer_item(const struct json_document *document, uint32_t origin,
                              const char *key, size_t index)
{
    struct steps steps = steps_to(document, origin);

    add_step(&steps, key, 0);
    add_step(&steps, NULL, index);
    return write_steps(document, &steps);
}

const char *json_pointer_entry(const struct json_document *document, uint32_t origin,
                               const char *key, const char *name)
{
    struct steps steps = steps_to(document, origin);

    add_step(&steps, key, 0);
    add_step(&steps, name, 0);
    return write_steps(document, &steps);
}
