/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan/plan.h"

enum {
    FIRST_BUCKETS = 256
};

static const struct {
    const char *name;
    enum plan_phase phase;
} codes[] = {
#define OP(code, name, payload, phase, sentence) [OP_##code] = {#code, phase},
#include "plan/ops.def"
};

_Static_assert(ARRAY_LEN(codes) == N_OPS, "a row for each operation");

static const char *const hook_points[] = {
    [HOOK_PRESTART] = "prestart",
    [HOOK_CREATE_RUNTIME] = "createRuntime",
    [HOOK_CREATE_CONTAINER] = "createContainer",
    [HOOK_START_CONTAINER] = "startContainer",
    [HOOK_POSTSTART] = "poststart",
    [HOOK_POSTSTOP] = "poststop",
};

_Static_assert(ARRAY_LEN(hook_points) == N_HOOK_POINTS, "a name for each point");

enum plan_phase plan_phase_of(enum plan_op_code code)
{
    return codes[code].phase;
}

const char *plan_code_name(enum plan_op_code code)
{
    return codes[code].name;
}

const char *plan_hook_point_name(enum plan_hook_point point)
{
    return point < N_HOOK_POINTS ? hook_points[point] : "unknown";
}

static void start_block(struct plan_block *block, struct arena *arena)
{
    *block = (struct plan_block){
        .strings = STRBUF_INIT(arena),
        .blobs = STRBUF_INIT(arena),
        .buckets = ARENA_NEW(arena, uint32_t, FIRST_BUCKETS),
        .n_buckets = FIRST_BUCKETS,
    };
    strbuf_putc(&block->strings, '\0'); /* offset 0 is the empty string */
}

void plan_start(struct plan *plan, struct arena *arena)
{
    *plan = (struct plan){.arena = arena};
    start_block(&plan->host, arena);
    start_block(&plan->init, arena);
}

struct plan_block *plan_block_of(struct plan *plan, enum plan_op_code code)
{
    return plan_phase_of(code) == PHASE_HOST ? &plan->host : &plan->init;
}

struct plan_op *plan_add(struct plan *plan, enum plan_op_code code, const char *origin)
{
    struct plan_block *block = plan_block_of(plan, code);
    plan_string pointer = plan_add_string(block, origin);
    struct plan_op *op = ARENA_PUSH(plan->arena, &block->ops);

    *op = (struct plan_op){.code = (uint16_t)code, .origin = pointer};
    return op;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* FNV-1a */
static uint64_t hash_string(const char *string)
{
    uint64_t hash = 0xcbf29ce484222325U;

    for (; *string != '\0'; string++)
        hash = (hash ^ (unsigned char)*string) * 0x100000001b3U;
    return hash;
}

static uint32_t *find_bucket(const struct plan_block *block, const char *string)
{
    size_t mask = block->n_buckets - 1;
    size_t i = hash_string(string) & mask;

    while (block->buckets[i] != 0 && strcmp(block->strings.text + block->buckets[i], string) != 0)
        i = (i + 1) & mask;
    return &block->buckets[i];
}

static void grow_buckets(struct plan_block *block)
{
    uint32_t *old = block->buckets;
    size_t n_old = block->n_buckets;

    block->n_buckets *= 4;
    block->buckets = ARENA_NEW(block->strings.arena, uint32_t, block->n_buckets);
    for (size_t i = 0; i < n_old; i++)
        if (old[i] != 0)
            *find_bucket(block, block->strings.text + old[i]) = old[i];
}

plan_string plan_add_string(struct plan_block *block, const char *string)
{
    uint32_t *bucket;

    if (str_is_empty(string))
        return 0;
    if (block->n_strings * 2 >= block->n_buckets)
        grow_buckets(block);
    bucket = find_bucket(block, string);
    if (*bucket == 0) {
        *bucket = (uint32_t)block->strings.length;
        strbuf_append(&block->strings, string, strlen(string) + 1);
        block->n_strings++;
    }
    return *bucket;
}

const char *plan_text(const struct plan_block *block, plan_string string)
{
    return string < block->strings.length ? block->strings.text + string : "";
}

/* --- vectors and blobs ------------------------------------------------------------------------ */

struct plan_vector plan_add_vector(struct plan_block *block, const char *const *strings,
                                   size_t count, size_t spare)
{
    struct arena *arena = block->strings.arena;
    struct plan_vector vector = {.first = (uint32_t)block->words.count, .count = (uint32_t)count};

    for (size_t i = 0; i < count; i++) {
        plan_string string = plan_add_string(block, strings[i]);

        *ARENA_PUSH(arena, &block->words) = string;
    }
    for (size_t i = 0; i < spare + 1; i++)
        *ARENA_PUSH(arena, &block->words) = 0;
    return vector;
}

const char *plan_vector_text(const struct plan_block *block, struct plan_vector vector,
                             size_t index)
{
    if (index >= vector.count || vector.first + index >= block->words.count)
        return "";
    return plan_text(block, (plan_string)block->words.items[vector.first + index]);
}

struct plan_blob plan_add_blob(struct plan_block *block, const void *bytes, size_t size)
{
    static const char padding[8];
    struct plan_blob blob = {.offset = (uint32_t)block->blobs.length, .size = (uint32_t)size};

    strbuf_append(&block->blobs, bytes, size);
    strbuf_append(&block->blobs, padding, (8 - size % 8) % 8);
    return blob;
}

uint16_t plan_new_slot(struct plan *plan)
{
    return plan->n_slots++;
}

/* --- the flat form ---------------------------------------------------------------------------- */

static uint32_t put(char *flat, uint32_t offset, const void *bytes, size_t size)
{
    if (size != 0)
        memcpy(flat + offset, bytes, size);
    return offset;
}

const void *plan_flatten(const struct plan *plan, size_t *size)
{
    const struct plan_block *block = &plan->init;
    size_t ops_size = block->ops.count * sizeof(struct plan_op);
    size_t words_size = block->words.count * sizeof(uint64_t);
    size_t strings_size =
        (block->strings.length + 7) / 8 * 8; /* the tail is zero: all end in NUL */
    size_t total = sizeof(struct plan_header);
    struct plan_header header = {
        .magic = PLAN_MAGIC,
        .version = PLAN_VERSION,
        .op_size = sizeof(struct plan_op),
        .n_ops = (uint32_t)block->ops.count,
        .strings_size = (uint32_t)strings_size,
        .n_vector_words = (uint32_t)block->words.count,
        .blobs_size = (uint32_t)block->blobs.length,
        .n_slots = plan->n_slots,
    };
    char *flat;

    total = (total + 7) / 8 * 8;
    header.ops_offset = (uint32_t)total;
    total += ops_size;
    header.strings_offset = (uint32_t)total;
    total += strings_size;
    header.vectors_offset = (uint32_t)total;
    total += words_size;
    header.blobs_offset = (uint32_t)total;
    total += block->blobs.length;
    header.total_size = (uint32_t)total;

    flat = arena_alloc(plan->arena, total, 8);
    put(flat, 0, &header, sizeof(header));
    put(flat, header.ops_offset, block->ops.items, ops_size);
    put(flat, header.strings_offset, block->strings.text, block->strings.length);
    put(flat, header.vectors_offset, block->words.items, words_size);
    put(flat, header.blobs_offset, block->blobs.text, block->blobs.length);
    *size = total;
    return flat;
}
