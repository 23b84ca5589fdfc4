/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs/mount_options.h"

#include <string.h>

#include "base/macros.h"
#include "kernel/abi.h"

/* clang-format off */
#define ROW(word, what, ...) {.name = (word), .kind = MOUNT_OPTION_##what, __VA_ARGS__}
#define NOTHING(word)        ROW(word, NOTHING)
#define DOES(word, what)     ROW(word, what)
#define SETS(word, attr)     ROW(word, SET, .attributes = (attr))
#define CLEARS(word, attr)   ROW(word, CLEAR, .attributes = (attr))
#define TIME(word, value)    ROW(word, TIME, .attributes = (value))
#define UNTIME(word, value)  ROW(word, TIME_UNDO, .attributes = (value))
#define SPREADS(word, type)  ROW(word, PROPAGATE, .attributes = (type))
#define FLAG(word)           ROW(word, FLAG)
#define NO_FLAG(word, flag)  ROW(word, FLAG_OFF, .undoes = (flag))
/* The same for the whole tree. */
#define TREE_SETS(word, attr)    ROW(word, SET, .is_recursive = true, .attributes = (attr))
#define TREE_CLEARS(word, attr)  ROW(word, CLEAR, .is_recursive = true, .attributes = (attr))
#define TREE_TIME(word, value)   ROW(word, TIME, .is_recursive = true, .attributes = (value))
#define TREE_UNTIME(word, value) ROW(word, TIME_UNDO, .is_recursive = true, .attributes = (value))
#define TREE_SPREADS(word, type) ROW(word, PROPAGATE, .is_recursive = true, .attributes = (type))

/* Sorted, since it is searched for every word of every mount. */
const struct mount_option_row mount_option_rows[] = {
    NO_FLAG     ("async",          "sync"),
    UNTIME      ("atime",          MOUNT_ATTR_NOATIME),
    DOES        ("bind",           BIND),
    NOTHING     ("defaults"),
    CLEARS      ("dev",            MOUNT_ATTR_NODEV),
    CLEARS      ("diratime",       MOUNT_ATTR_NODIRATIME),
    FLAG        ("dirsync"),
    CLEARS      ("exec",           MOUNT_ATTR_NOEXEC),
    DOES        ("idmap",          IDMAP),
    DOES        ("iversion",       COUNTER),
    FLAG        ("lazytime"),
    NOTHING     ("loud"),
    FLAG        ("mand"),
    TIME        ("noatime",        MOUNT_ATTR_NOATIME),
    SETS        ("nodev",          MOUNT_ATTR_NODEV),
    SETS        ("nodiratime",     MOUNT_ATTR_NODIRATIME),
    SETS        ("noexec",         MOUNT_ATTR_NOEXEC),
    DOES        ("noiversion",     COUNTER_OFF),
    NO_FLAG     ("nolazytime",     "lazytime"),
    NO_FLAG     ("nomand",         "mand"),
    UNTIME      ("norelatime",     MOUNT_ATTR_RELATIME),
    UNTIME      ("nostrictatime",  MOUNT_ATTR_STRICTATIME),
    SETS        ("nosuid",         MOUNT_ATTR_NOSUID),
    SETS        ("nosymfollow",    MOUNT_ATTR_NOSYMFOLLOW),
    SPREADS     ("private",        MS_PRIVATE),
    TREE_UNTIME ("ratime",         MOUNT_ATTR_NOATIME),
    DOES        ("rbind",          RBIND),
    TREE_CLEARS ("rdev",           MOUNT_ATTR_NODEV),
    TREE_CLEARS ("rdiratime",      MOUNT_ATTR_NODIRATIME),
    TIME        ("relatime",       MOUNT_ATTR_RELATIME),
    DOES        ("remount",        REMOUNT),
    TREE_CLEARS ("rexec",          MOUNT_ATTR_NOEXEC),
    DOES        ("ridmap",         IDMAP),
    TREE_TIME   ("rnoatime",       MOUNT_ATTR_NOATIME),
    TREE_SETS   ("rnodev",         MOUNT_ATTR_NODEV),
    TREE_SETS   ("rnodiratime",    MOUNT_ATTR_NODIRATIME),
    TREE_SETS   ("rnoexec",        MOUNT_ATTR_NOEXEC),
    TREE_UNTIME ("rnorelatime",    MOUNT_ATTR_RELATIME),
    TREE_UNTIME ("rnostrictatime", MOUNT_ATTR_STRICTATIME),
    TREE_SETS   ("rnosuid",        MOUNT_ATTR_NOSUID),
    TREE_SETS   ("rnosymfollow",   MOUNT_ATTR_NOSYMFOLLOW),
    SETS        ("ro",             MOUNT_ATTR_RDONLY),
    TREE_SPREADS("rprivate",       MS_PRIVATE),
    TREE_TIME   ("rrelatime",      MOUNT_ATTR_RELATIME),
    TREE_SETS   ("rro",            MOUNT_ATTR_RDONLY),
    TREE_CLEARS ("rrw",            MOUNT_ATTR_RDONLY),
    TREE_SPREADS("rshared",        MS_SHARED),
    TREE_SPREADS("rslave",         MS_SLAVE),
    TREE_TIME   ("rstrictatime",   MOUNT_ATTR_STRICTATIME),
    TREE_CLEARS ("rsuid",          MOUNT_ATTR_NOSUID),
    TREE_CLEARS ("rsymfollow",     MOUNT_ATTR_NOSYMFOLLOW),
    TREE_SPREADS("runbindable",    MS_UNBINDABLE),
    CLEARS      ("rw",             MOUNT_ATTR_RDONLY),
    SPREADS     ("shared",         MS_SHARED),
    NOTHING     ("silent"),
    SPREADS     ("slave",          MS_SLAVE),
    TIME        ("strictatime",    MOUNT_ATTR_STRICTATIME),
    CLEARS      ("suid",           MOUNT_ATTR_NOSUID),
    CLEARS      ("symfollow",      MOUNT_ATTR_NOSYMFOLLOW),
    FLAG        ("sync"),
    DOES        ("tmpcopyup",      COPY_UP),
    SPREADS     ("unbindable",     MS_UNBINDABLE),
};
/* clang-format on */

const size_t n_mount_option_rows = ARRAY_LEN(mount_option_rows);

static const struct mount_option_row *find_row(const char *name)
{
    size_t low = 0;
    size_t high = ARRAY_LEN(mount_option_rows);

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, mount_option_rows[middle].name);

        if (order == 0)
            return &mount_option_rows[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* --- attributes ------------------------------------------------------------------------------ */

struct bits {
    uint64_t *set;
    uint64_t *clear;
};

static void forget(struct bits bits, uint64_t mask)
{
    *bits.set &= ~mask;
    *bits.clear &= ~mask;
}

/* The time field has several values, so it is cleared as a whole whenever one is set
 * (mount_setattr(2)). */
static void choose_time(struct bits bits, uint64_t value)
{
    *bits.set = (*bits.set & ~(uint64_t)MOUNT_ATTR__ATIME) | value;
    *bits.clear |= MOUNT_ATTR__ATIME;
}

static void set_attribute(struct mount_options *options, const struct mount_option_row *row)
{
    struct bits top = {&options->attr_set, &options->attr_clear};
    struct bits tree = {&options->recursive_set, &options->recursive_clear};
    struct bits bits = row->is_recursive ? tree : top;
    bool is_time = row->kind == MOUNT_OPTION_TIME || row->kind == MOUNT_OPTION_TIME_UNDO;
    uint64_t mask = is_time ? MOUNT_ATTR__ATIME : row->attributes;
    bool has_time = (*bits.clear & MOUNT_ATTR__ATIME) != 0;
    uint64_t time = *bits.set & MOUNT_ATTR__ATIME;

    switch ((int)row->kind) {
    case MOUNT_OPTION_SET:
        forget(bits, mask);
        *bits.set |= mask;
        break;
    case MOUNT_OPTION_CLEAR:
        forget(bits, mask);
        *bits.clear |= mask;
        break;
    case MOUNT_OPTION_TIME:
        choose_time(bits, row->attributes);
        break;
    default: /* MOUNT_OPTION_TIME_UNDO */
        if (!has_time || time == row->attributes)
            choose_time(bits, MOUNT_ATTR_RELATIME);
        break;
    }
    /* The tree has its top in it. */
    if (row->is_recursive)
        forget(top, mask);
}

uint64_t mount_options_whole_set(const struct mount_options *options)
{
    return (options->recursive_set & ~options->attr_clear) | options->attr_set;
}

/* --- flags of the file system ---------------------------------------------------------------- */

static void drop(struct json_strings *list, const char *word)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], word) != 0)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static void add(struct json_strings *list, const char *word, struct arena *arena)
{
    drop(list, word);
    *ARENA_PUSH(arena, list) = word;
}

static void add_flag(struct mount_options *options, const char *flag, struct arena *arena)
{
    for (size_t i = 0; i < ARRAY_LEN(mount_option_rows); i++)
        if (mount_option_rows[i].undoes != NULL && strcmp(mount_option_rows[i].undoes, flag) == 0)
            drop(&options->switched_off, mount_option_rows[i].name);
    add(&options->parameters, flag, arena);
}

static void apply(struct mount_options *options, const struct mount_option_row *row,
                  struct arena *arena)
{
    switch (row->kind) {
    case MOUNT_OPTION_NOTHING:
        break;
    case MOUNT_OPTION_RBIND:
        options->is_recursive_bind = true;
        options->is_bind = true;
        break;
    case MOUNT_OPTION_BIND:
        options->is_bind = true;
        break;
    case MOUNT_OPTION_REMOUNT:
        options->is_remount = true;
        break;
    case MOUNT_OPTION_COPY_UP:
        options->copies_up = true;
        break;
    case MOUNT_OPTION_IDMAP:
        options->is_idmapped = true;
        break;
    case MOUNT_OPTION_SET:
    case MOUNT_OPTION_CLEAR:
    case MOUNT_OPTION_TIME:
    case MOUNT_OPTION_TIME_UNDO:
        set_attribute(options, row);
        break;
    case MOUNT_OPTION_PROPAGATE:
        options->propagation = (uint32_t)row->attributes;
        options->propagation_is_recursive = row->is_recursive;
        break;
    case MOUNT_OPTION_FLAG:
        add_flag(options, row->name, arena);
        break;
    case MOUNT_OPTION_FLAG_OFF:
        drop(&options->parameters, row->undoes);
        add(&options->switched_off, row->name, arena);
        break;
    case MOUNT_OPTION_COUNTER:
        options->counts_changes = true;
        break;
    case MOUNT_OPTION_COUNTER_OFF:
        options->counts_changes = false;
        break;
    }
}

void mount_options_parse(struct mount_options *options, const struct json_strings *words,
                         struct arena *arena)
{
    *options = (struct mount_options){.is_bind = false};
    for (size_t i = 0; i < words->count; i++) {
        const struct mount_option_row *row = find_row(words->items[i]);

        if (row != NULL)
            apply(options, row, arena);
        else if (words->items[i][0] != '\0')
            *ARENA_PUSH(arena, &options->parameters) = words->items[i];
    }
}
