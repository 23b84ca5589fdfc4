/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * State on disk: <root>/<id>/, a directory of mode 0700 that is made first and removed last.
 *
 *     state.json    what one command leaves for the next (state/record.def)
 *     config.json   the configuration as it was when the container was created
 *     start.sock    where init waits for `start`
 *
 * The directory is its own lock (flock(2)): whoever changes the container holds it. All files are
 * reached through the directory's descriptor. A crash at any point leaves a directory that
 * `delete --force` removes.
 *
 * This room touches nothing but what is beneath the root directory.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/macros.h"

#define JSON_DEF "state/record.def"
#include "base/json_structs.h"

enum {
    STATE_FORMAT_VERSION = 1,
    STATE_ID_MAX = 255
};

/* The root directory for this user when --root is not given; from the arena. Depends on the euid
 * and XDG_RUNTIME_DIR alone, so that every command of an engine comes to the same answer. */
const char *state_default_root(struct arena *arena);

/* Refuses what is not a name: 1 to 255 of A-Z a-z 0-9 _ + - . and no dot in front. */
MUST_CHECK int state_check_id(const char *id, struct err *e);

/* Opens the root directory; makes it (0700) if `make` is set. One that others may write is refused.
 */
MUST_CHECK int state_open_root(const char *root, bool make, struct err *e);

/* A container's directory, open and locked. */
struct state_dir {
    int root;
    int fd;
    const char *id; /* borrowed */
};

#define STATE_DIR_INIT ((struct state_dir){.root = -1, .fd = -1})

void state_dir_release(struct state_dir *dir);

/* Makes the directory of a new container; the id being taken is "already exists". Owns `root` on
 * success. */
MUST_CHECK int state_dir_make(struct state_dir *dir, int *root, const char *id, struct err *e);

enum state_found {
    STATE_FOUND = 0,
    STATE_UNKNOWN_ID = 1
};

/* Opens and locks the directory of a container: STATE_FOUND, STATE_UNKNOWN_ID, or -1. */
MUST_CHECK int state_dir_open(struct state_dir *dir, int *root, const char *id, struct err *e);
/* The same without the lock, for who only looks. */
MUST_CHECK int state_dir_look(struct state_dir *dir, int *root, const char *id, struct err *e);

/* Gives the lock up, for who stays beside a running container, and takes it again: STATE_FOUND, or
 * STATE_UNKNOWN_ID if somebody has deleted the container meanwhile (the name may already belong to
 * another one). */
void state_dir_unlock(const struct state_dir *dir);
MUST_CHECK int state_dir_lock(const struct state_dir *dir, struct err *e);

MUST_CHECK int state_write_record(const struct state_dir *dir, const struct state_record *record,
                                  struct arena *arena, struct err *e);

enum state_record_found {
    STATE_RECORD_READ = 0,
    STATE_RECORD_MISSING = 1
};
/* STATE_RECORD_MISSING: the create that made the directory did not get far enough to write one. */
MUST_CHECK int state_read_record(const struct state_dir *dir, struct state_record *record,
                                 struct arena *arena, struct err *e);

MUST_CHECK int state_write_config(const struct state_dir *dir, const void *bytes, size_t size,
                                  struct err *e);
MUST_CHECK int state_read_config(const struct state_dir *dir, struct arena *arena, char **bytes,
                                 size_t *size, struct err *e);

/* The socket that init waits at. */
MUST_CHECK int state_listen(const struct state_dir *dir, struct err *e);
/* Connects to it; -1 with e->sys_errno ECONNREFUSED or ENOENT when nobody waits there. */
MUST_CHECK int state_connect(const struct state_dir *dir, struct err *e);
void state_remove_socket(const struct state_dir *dir);

/* Removes the directory with everything that we put there. "Already gone" is success. */
MUST_CHECK int state_dir_remove(struct state_dir *dir, struct err *e);

/* The ids of all containers, sorted. */
struct state_ids {
    char **items;
    size_t count;
    size_t capacity;
};
MUST_CHECK int state_list(int root, struct arena *arena, struct state_ids *ids, struct err *e);
