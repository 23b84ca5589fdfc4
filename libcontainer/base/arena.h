/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One arena per command holds the spec, the findings and the plan, and ends with the command: there
 * is no spec_free. Memory from an arena is zeroed and never NULL. When the machine has none left
 * the process ends with a message from the handler below, since no caller could do better; the
 * inputs are capped long before that.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct arena_block;

struct arena {
    struct arena_block *newest;
    size_t total_bytes; /* handed out so far, for tests of bounds */
};

#define ARENA_INIT ((struct arena){.newest = NULL})

/* Called once when malloc fails or a size overflows; must not return. The default aborts. */
extern void (*arena_out_of_memory)(void);

void *arena_alloc(struct arena *arena, size_t size, size_t align)
    __attribute__((returns_nonnull, malloc));
/* As arena_alloc for `count` objects of `size` bytes; checks the product. */
void *arena_array(struct arena *arena, size_t count, size_t size, size_t align)
    __attribute__((returns_nonnull, malloc));
void *arena_copy(struct arena *arena, const void *bytes, size_t size)
    __attribute__((returns_nonnull));
char *arena_strdup(struct arena *arena, const char *string) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
    __attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3)
    __attribute__((returns_nonnull));
void arena_release(struct arena *arena);

/* A zeroed array of `count` objects of `type`. */
#define ARENA_NEW(arena, type, count)                                                              \
    ((type *)arena_array((arena), (count), sizeof(type), _Alignof(type)))

/* Grows a list that is a struct with members `items`, `count` and `capacity` by one zeroed element
 * and gives its address. The old array stays in the arena; capacities double, so at most half of
 * the memory is waste. */
#define ARENA_PUSH(arena, list)                                                                    \
    __extension__({                                                                                \
        __typeof__(list) push_list = (list);                                                       \
        if (push_list->count == push_list->capacity) {                                             \
            size_t push_capacity = push_list->capacity != 0 ? push_list->capacity * 2 : 8;         \
            __typeof__(push_list->items) push_items = arena_array(                                 \
                (arena), push_capacity, sizeof(*push_items), _Alignof(__typeof__(*push_items)));   \
            if (push_list->count != 0)                                                             \
                memcpy(push_items, push_list->items, push_list->count * sizeof(*push_items));      \
            push_list->items = push_items;                                                         \
            push_list->capacity = push_capacity;                                                   \
        }                                                                                          \
        &push_list->items[push_list->count++];                                                     \
    })
