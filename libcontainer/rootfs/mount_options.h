/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words of mount options: config.md "Linux mount options", mount(8). Pure.
 *
 * Later words win over earlier ones, as in mount(8). "rro" followed by "rw" is a tree that is
 * read-only but for its top; "ro" followed by "rrw" is writable everywhere.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/json_types.h"

struct mount_options {
    bool is_bind;
    bool is_recursive_bind;
    bool is_remount;
    bool copies_up;
    bool is_idmapped;       /* idmap, ridmap: spec_check() refuses them */
    bool counts_changes;    /* iversion */
    uint64_t recursive_set; /* MOUNT_ATTR_*, of all mounts in the tree; applied first */
    uint64_t recursive_clear;
    uint64_t attr_set; /* of the top alone; applied after the recursive ones */
    uint64_t attr_clear;
    uint32_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE; 0: not given */
    bool propagation_is_recursive;
    struct json_strings parameters;   /* of the file system: "key=value" or "key" */
    struct json_strings switched_off; /* flags of the file system that a remount takes back */
};

/* A word that no row has is a parameter of the file system. */
void mount_options_parse(struct mount_options *options, const struct json_strings *words,
                         struct arena *arena);

/* What a new file system gets, whose tree is its top. */
uint64_t mount_options_whole_set(const struct mount_options *options);

enum mount_option_kind {
    MOUNT_OPTION_NOTHING, /* a default of the kernel, or without meaning for this interface */
    MOUNT_OPTION_BIND,
    MOUNT_OPTION_RBIND,
    MOUNT_OPTION_REMOUNT,
    MOUNT_OPTION_COPY_UP,
    MOUNT_OPTION_IDMAP,
    MOUNT_OPTION_SET,       /* `attributes` are set */
    MOUNT_OPTION_CLEAR,     /* `attributes` are cleared */
    MOUNT_OPTION_TIME,      /* `attributes` is one value of MOUNT_ATTR__ATIME */
    MOUNT_OPTION_TIME_UNDO, /* takes that value back; what is left is relatime, unless another one
                               was asked for */
    MOUNT_OPTION_PROPAGATE, /* `attributes` is MS_* */
    MOUNT_OPTION_FLAG,      /* of the file system, by this name */
    MOUNT_OPTION_FLAG_OFF,  /* takes the flag `undoes` back */
    MOUNT_OPTION_COUNTER,   /* a change counter for files */
    MOUNT_OPTION_COUNTER_OFF,
};

struct mount_option_row {
    const char *name;
    enum mount_option_kind kind;
    bool is_recursive;
    uint64_t attributes;
    const char *undoes;
};

/* Sorted by name. */
extern const struct mount_option_row mount_option_rows[];
extern const size_t n_mount_option_rows;
