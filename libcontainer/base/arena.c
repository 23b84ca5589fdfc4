/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 64 * 1024
};

struct arena_block {
    struct arena_block *older;
    size_t used;
    size_t size;
    max_align_t bytes[];
};

static void default_out_of_memory(void)
{
    abort();
}

void (*arena_out_of_memory)(void) = default_out_of_memory;

static NORETURN void out_of_memory(void)
{
    arena_out_of_memory();
    abort();
}

static void push_block(struct arena *arena, size_t at_least)
{
    size_t size = at_least > BLOCK_BYTES ? at_least : (size_t)BLOCK_BYTES;
    struct arena_block *block;
    size_t total;

    if (__builtin_add_overflow(size, sizeof(*block), &total))
        out_of_memory();
    block = calloc(1, total);
    if (block == NULL)
        out_of_memory();
    block->size = size;
    block->older = arena->newest;
    arena->newest = block;
}

void *arena_alloc(struct arena *arena, size_t size, size_t align)
{
    struct arena_block *block = arena->newest;
    size_t start = 0;
    size_t end = 0;

    if (block != NULL)
        start = (block->used + align - 1) / align * align;
    if (block == NULL || __builtin_add_overflow(start, size, &end) || end > block->size) {
        push_block(arena, size);
        block = arena->newest;
        start = 0;
        end = size;
    }
    block->used = end;
    arena->total_bytes += size;
    return (char *)block->bytes + start;
}

void *arena_array(struct arena *arena, size_t count, size_t size, size_t align)
{
    size_t total;

    if (__builtin_mul_overflow(count, size, &total))
        out_of_memory();
    return arena_alloc(arena, total, align);
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size, _Alignof(max_align_t));

    if (size != 0)
        memcpy(copy, bytes, size);
    return copy;
}

char *arena_strndup(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = arena_array(arena, length + 1, 1, 1);

    if (length != 0)
        memcpy(copy, bytes, length);
    return copy;
}

char *arena_strdup(struct arena *arena, const char *string)
{
    return arena_strndup(arena, string, strlen(string));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    int length;
    char *text;

    va_start(args, format);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        out_of_memory();
    text = arena_array(arena, (size_t)length + 1, 1, 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void arena_release(struct arena *arena)
{
    while (arena->newest != NULL) {
        struct arena_block *older = arena->newest->older;

        free(arena->newest);
        arena->newest = older;
    }
    arena->total_bytes = 0;
}
