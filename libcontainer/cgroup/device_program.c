/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules are not translated one by one. For every device that the rules can tell from others the
 * answer is worked out here: which of read, write and mknod are allowed, three bits. What is the
 * same as the answer for its neighbours needs no instructions: a section for each type and major
 * number whose answers differ from those of all other devices, in it the minor numbers whose answer
 * differs from the rest of the major, ranges where they follow each other. So a rule that changes
 * nothing vanishes, two rules that say the same are one, and the program of a privileged container
 * is two instructions behind its head.
 *
 * It also keeps the kernel's verifier fast. It follows each comparison both ways and remembers what
 * is known of a register: with one comparison chain for each rule, "the major is 8" would be
 * carried through all rules behind, and again for each other major. Here every section ends.
 *
 * The context (struct bpf_cgroup_dev_ctx, <linux/bpf.h>) has the type in the lower half of its
 * first word and what is asked in the upper half.
 */

#include "cgroup/device_program.h"

#include <stdlib.h>
#include <string.h>

enum {
    ALL_ACCESS = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE,
    OTHER = -2,       /* a number that no rule names */
    MAX_CELLS = 16384 /* of all sections */
};

/* ---- what the rules say --------------------------------------------------------------------------------- */

static bool is_of_type(const struct device_rule *rule, char type)
{
    return rule->type == 'a' || rule->type == type;
}

static bool matches(const struct device_rule *rule, char type, int64_t major, int64_t minor)
{
    return is_of_type(rule, type) && (rule->major == DEVICE_ANY || rule->major == major) &&
           (rule->minor == DEVICE_ANY || rule->minor == minor);
}

static uint32_t answer(const struct device_rules *rules, char type, int64_t major, int64_t minor)
{
    uint32_t allowed = 0;

    for (size_t i = 0; i < rules->count; i++) {
        const struct device_rule *rule = &rules->items[i];

        if (!matches(rule, type, major, minor))
            continue;
        if (rule->is_allowed)
            allowed |= rule->access;
        else
            allowed &= ~rule->access;
    }
    return allowed;
}

/* ---- sections ------------------------------------------------------------------------------------------- */

struct range {
    int64_t first, last; /* minors */
    uint32_t allowed;
};

struct ranges {
    struct range *items;
    size_t count;
    size_t capacity;
};

struct section {
    char type;
    int64_t major;
    uint32_t allowed;     /* of minors outside of the ranges */
    struct ranges ranges; /* in order, none touches another with the same answer */
};

struct numbers {
    int64_t *items;
    size_t count;
    size_t capacity;
};

static int compare_numbers(const void *a, const void *b)
{
    const int64_t *left = a;
    const int64_t *right = b;

    return (*left > *right) - (*left < *right);
}

static void sort_without_duplicates(struct numbers *numbers)
{
    size_t kept = 0;

    if (numbers->count == 0)
        return;
    qsort(numbers->items, numbers->count, sizeof(*numbers->items), compare_numbers);
    for (size_t i = 1; i < numbers->count; i++)
        if (numbers->items[i] != numbers->items[kept])
            numbers->items[++kept] = numbers->items[i];
    numbers->count = kept + 1;
}

static struct numbers majors_of(struct arena *arena, const struct device_rules *rules, char type)
{
    struct numbers majors = {0};

    for (size_t i = 0; i < rules->count; i++)
        if (is_of_type(&rules->items[i], type) && rules->items[i].major != DEVICE_ANY)
            *ARENA_PUSH(arena, &majors) = rules->items[i].major;
    sort_without_duplicates(&majors);
    return majors;
}

static struct section make_section(struct arena *arena, const struct device_rules *rules, char type,
                                   int64_t major, size_t *n_cells)
{
    struct section section = {
        .type = type,
        .major = major,
        .allowed = answer(rules, type, major, OTHER),
    };
    struct numbers minors = {0};

    for (size_t i = 0; i < rules->count; i++)
        if (rules->items[i].minor != DEVICE_ANY &&
            matches(&rules->items[i], type, major, rules->items[i].minor))
            *ARENA_PUSH(arena, &minors) = rules->items[i].minor;
    sort_without_duplicates(&minors);
    *n_cells += minors.count + 1;
    for (size_t i = 0; i < minors.count && *n_cells <= MAX_CELLS; i++) {
        int64_t minor = minors.items[i];
        uint32_t allowed = answer(rules, type, major, minor);
        struct range *last =
            section.ranges.count != 0 ? &section.ranges.items[section.ranges.count - 1] : NULL;

        if (allowed == section.allowed)
            continue;
        if (last != NULL && last->last + 1 == minor && last->allowed == allowed)
            last->last = minor;
        else
            *ARENA_PUSH(arena, &section.ranges) = (struct range){minor, minor, allowed};
    }
    return section;
}

static bool is_same(const struct section *a, const struct section *b)
{
    if (a->allowed != b->allowed || a->ranges.count != b->ranges.count)
        return false;
    for (size_t i = 0; i < a->ranges.count; i++)
        if (a->ranges.items[i].first != b->ranges.items[i].first ||
            a->ranges.items[i].last != b->ranges.items[i].last ||
            a->ranges.items[i].allowed != b->ranges.items[i].allowed)
            return false;
    return true;
}

/* ---- instructions --------------------------------------------------------------------------------------- */

/* r0 what is answered, r3 what is asked, r4 type and major, r5 minor */
enum {
    MAJOR_BITS = 12, /* of a dev_t in the kernel */
};

struct emitter {
    struct arena *arena;
    struct device_program *program;
};

static void emit(struct emitter *emitter, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
                 int32_t value)
{
    *ARENA_PUSH(emitter->arena, emitter->program) = (struct bpf_insn){
        .code = code,
        .dst_reg = (unsigned char)(to & 0xf),
        .src_reg = (unsigned char)(from & 0xf),
        .off = offset,
        .imm = value,
    };
}

/* A jump if the register and the number compare like that, to where land() will be called. */
static size_t emit_jump(struct emitter *emitter, uint8_t operation, uint8_t reg, int64_t value)
{
    emit(emitter, BPF_JMP32 | operation | BPF_K, reg, 0, 0, (int32_t)value);
    return emitter->program->count - 1;
}

static void land(struct emitter *emitter, size_t jump)
{
    emitter->program->items[jump].off = (int16_t)(emitter->program->count - jump - 1);
}

static int32_t key_of(char type, int64_t major)
{
    uint32_t number = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;

    return (int32_t)(number << MAJOR_BITS) + (int32_t)major;
}

static void emit_head(struct emitter *emitter)
{
    emit(emitter, BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
    emit(emitter, BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);
    emit(emitter, BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);
    emit(emitter, BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
    emit(emitter, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
    emit(emitter, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
    emit(emitter, BPF_ALU | BPF_LSH | BPF_K, 2, 0, 0, MAJOR_BITS);
    emit(emitter, BPF_ALU | BPF_OR | BPF_X, 4, 2, 0, 0);
    emit(emitter, BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, 0);
}

/* The end: 1 if nothing is asked that is not allowed. */
static void emit_answer(struct emitter *emitter, uint32_t allowed)
{
    if (allowed != 0 && allowed != ALL_ACCESS) {
        emit(emitter, BPF_ALU | BPF_AND | BPF_K, 3, 0, 0, (int32_t)(ALL_ACCESS & ~allowed));
        emit(emitter, BPF_JMP32 | BPF_JNE | BPF_K, 3, 0, 1, 0);
    }
    if (allowed != 0)
        emit(emitter, BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, 1);
    emit(emitter, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static size_t emit_range(struct emitter *emitter, const struct range *range)
{
    if (range->first == range->last)
        return emit_jump(emitter, BPF_JEQ, 5, range->first);
    if (range->first != 0)
        emit(emitter, BPF_JMP32 | BPF_JLT | BPF_K, 5, 0, 1, (int32_t)range->first);
    return emit_jump(emitter, BPF_JLE, 5, range->last);
}

/* All comparisons, then the answers that they jump to, each once. At most as many instructions as
 * two for each cell and a few: MAX_CELLS keeps jumps within their 16 bits. */
static void emit_section(struct emitter *emitter, const struct section *section)
{
    size_t *jumps = ARENA_NEW(emitter->arena, size_t, section->ranges.count + 1);

    for (size_t i = 0; i < section->ranges.count; i++)
        jumps[i] = emit_range(emitter, &section->ranges.items[i]);
    emit_answer(emitter, section->allowed);
    for (uint32_t allowed = 0; allowed <= ALL_ACCESS; allowed++) {
        bool is_used = false;

        for (size_t i = 0; i < section->ranges.count; i++)
            if (section->ranges.items[i].allowed == allowed) {
                land(emitter, jumps[i]);
                is_used = true;
            }
        if (is_used)
            emit_answer(emitter, allowed);
    }
}

bool device_program_make(struct arena *arena, const struct device_rules *rules,
                         struct device_program *program)
{
    /* Characters first: what containers open all day is among them. */
    static const char types[] = {'c', 'b'};
    struct emitter emitter = {.arena = arena, .program = program};
    struct section others[2];
    size_t n_cells = 0;
    size_t to_block;

    *program = (struct device_program){0};
    emit_head(&emitter);
    for (size_t t = 0; t < 2; t++) {
        struct numbers majors = majors_of(arena, rules, types[t]);

        others[t] = make_section(arena, rules, types[t], OTHER, &n_cells);
        for (size_t i = 0; i < majors.count && n_cells <= MAX_CELLS; i++) {
            struct section section =
                make_section(arena, rules, types[t], majors.items[i], &n_cells);
            size_t to_next;

            if (is_same(&section, &others[t]))
                continue;
            to_next = emit_jump(&emitter, BPF_JNE, 4, key_of(types[t], majors.items[i]));
            emit_section(&emitter, &section);
            land(&emitter, to_next);
        }
    }
    if (n_cells > MAX_CELLS)
        return false;
    if (is_same(&others[0], &others[1])) {
        emit_section(&emitter, &others[0]);
        return true;
    }
    to_block = emit_jump(&emitter, BPF_JLT, 4, key_of('c', 0));
    emit_section(&emitter, &others[0]);
    land(&emitter, to_block);
    emit_section(&emitter, &others[1]);
    return true;
}
