/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The host side's view of the plan: building it, reading it, printing it. Pure.
 *
 * Operations go by their phase into one of two blocks: those of PHASE_HOST stay here, the others
 * become the block that caisson-init receives.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/str.h"
#include "plan/format.h"

struct plan_ops {
    struct plan_op *items;
    size_t count;
    size_t capacity;
};

struct plan_words {
    uint64_t *items;
    size_t count;
    size_t capacity;
};

struct plan_bytes {
    uint8_t *items;
    size_t count;
    size_t capacity;
};

/* One block being built. Strings are stored once. */
struct plan_block {
    struct plan_ops ops;
    struct strbuf strings;
    uint32_t *buckets; /* hash table of string offsets; 0 is free */
    size_t n_buckets;
    size_t n_strings;
    struct plan_words words;
    struct strbuf blobs;
};

struct plan {
    struct arena *arena;
    struct plan_block host;
    struct plan_block init;
    uint16_t n_slots;
};

void plan_start(struct plan *plan, struct arena *arena);

/* The block that an operation of this code belongs to: strings, vectors and blobs of its payload
 * must be added to that block. */
struct plan_block *plan_block_of(struct plan *plan, enum plan_op_code code);

/* Appends an operation. `origin` is a JSON pointer, NULL for what no field asked for. The address
 * is valid until the next plan_add(). */
struct plan_op *plan_add(struct plan *plan, enum plan_op_code code, const char *origin);

plan_string plan_add_string(struct plan_block *block, const char *string);
/* `spare` more zero words are reserved after the terminating one. */
struct plan_vector plan_add_vector(struct plan_block *block, const char *const *strings,
                                   size_t count, size_t spare);
struct plan_blob plan_add_blob(struct plan_block *block, const void *bytes, size_t size);
uint16_t plan_new_slot(struct plan *plan);

/* The string at this offset of the block. */
const char *plan_text(const struct plan_block *block, plan_string string);
/* String number `index` of a vector. */
const char *plan_vector_text(const struct plan_block *block, struct plan_vector vector,
                             size_t index);

/* Lays the init block out flat, ready to be written into a memfd; from the arena. */
const void *plan_flatten(const struct plan *plan, size_t *size);

/* The phase of an operation and the name of its code ("MOUNT"). */
enum plan_phase plan_phase_of(enum plan_op_code code);
const char *plan_code_name(enum plan_op_code code);
const char *plan_hook_point_name(enum plan_hook_point point);

/* The sentence of one operation with its members filled in, as `caisson plan` prints it and error
 * messages begin. */
void plan_describe(const struct plan_block *block, const struct plan_op *op, struct strbuf *to);

/* The whole plan for people, grouped by phase, each step with the pointer it came from; and as
 * JSON for programs. */
void plan_print_text(const struct plan *plan, struct strbuf *to);
void plan_print_json(const struct plan *plan, struct strbuf *to);
