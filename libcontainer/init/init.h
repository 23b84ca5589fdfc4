/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * caisson-init: executes a plan inside the namespaces of a container and ends in execve.
 *
 * The whole program is this folder and kernel/sys.c. It has no heap, no stdio, no locale and reads
 * no configuration: what it does was decided outside and is in the plan, which plan_check.c has
 * validated before the first operation. Every path of the container is resolved beneath the root
 * descriptor (resolve.c) and used once; after that the descriptor is the name.
 *
 * An operation's handler returns 0, or -1 after init_fail() has recorded what failed.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel/abi.h"
#include "kernel/sys.h"
#include "plan/channel.h"
#include "plan/format.h"

struct init {
    /* the plan */
    char *bytes;
    const struct plan_op *ops;
    uint32_t n_ops;
    const char *strings;
    const char *blobs;
    uint64_t *words;
    int slots[PLAN_MAX_SLOTS];
    uint32_t n_slots;
    uint32_t mask_slot; /* these two are used after the root switch; PLAN_NO_SLOT if not at all */
    uint32_t listen_slot;

    /* descriptors */
    int channel;   /* to the creator; later to who starts us */
    int root;      /* of the container: the one place that paths are resolved from */
    int proc;      /* a procfs of our own that nothing can cover; -1 until it is needed */
    int null_mask; /* where the null device is attached first; others are clones of it */
    int dir_mask;  /* the same for the empty directory */
    int listener;

    /* what operations leave for later ones */
    mode_t old_umask;
    const char *program; /* the candidate that was found */
    const char *home;    /* "HOME=...", or NULL */
    bool cwd_is_set;
    bool is_executing; /* EXECUTING was sent */
    bool is_filtered;  /* nothing but execve, write and exit_group may follow */

    /* what failed */
    uint32_t step;
    uint32_t aux;
    int error;
};

/* Records the failure with errno; returns -1. */
int init_fail(struct init *init, enum channel_step step);
/* The same with everything given. */
int init_fail_with(struct init *init, enum channel_step step, int error, uint32_t aux);

static inline const char *init_text(const struct init *init, plan_string string)
{
    return init->strings + string;
}

/* A vector as an argv: its words were turned into pointers when the plan was received. */
static inline char **init_vector(const struct init *init, struct plan_vector vector)
{
    return (char **)(void *)(init->words + vector.first);
}

static inline const void *init_blob(const struct init *init, struct plan_blob blob)
{
    return init->blobs + blob.offset;
}

/* Closes *fd if it is open and sets it to -1; keeps errno. */
void init_close(int *fd);

/* Nobody waits for this process any more: it ends. */
void init_abandon(void) __attribute__((noreturn));
/* Makes the process non-dumpable, and proves it. Repeated after each change of ids, which can undo
 * it (prctl(2), PR_SET_DUMPABLE). */
bool init_hide(void);

/* ---- plan_check.c: true if the block is sound as a whole ------------------------------------------ */
bool plan_is_sound(const char *bytes, size_t size, uint32_t n_slots);

/* ---- receive.c: the plan and its slots -------------------------------------------------------------- */
int receive_plan(struct init *init);
/* Waits for one message on the channel. False at end of file or for anything that is no message. */
bool receive_message(int channel, struct channel_message *message);
bool send_message(int channel, const struct channel_message *message);

/* ---- resolve.c: paths of the container ---------------------------------------------------------------- */

enum {
    RESOLVE_FILE = 1 << 0,      /* a missing last component is made as an empty file */
    RESOLVE_NO_LINK = 1 << 1,   /* no symbolic link anywhere on the way */
    RESOLVE_DIRECTORY = 1 << 2, /* must be a directory */
};

/* How files of the private procfs are opened: what they seem to be is what they are. */
#define RESOLVE_PROC_FILE                                                                          \
    (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV)

/* O_PATH descriptor of `path` beneath the root; -1 and errno. */
int resolve(const struct init *init, const char *path, unsigned int how);
/* The same, making what is missing. */
int resolve_or_make(const struct init *init, const char *path, unsigned int how);
/* O_PATH descriptor of the directory that holds `path`, which is made if missing, reached without a
 * symbolic link; *name is the last component. */
int resolve_parent(const struct init *init, const char *path, const char **name);
/* The private procfs, mounted nowhere; -1 and errno. */
int private_proc(struct init *init);
/* True if the mount that `path` leads to now is the one that `mount` is the root of. */
bool is_mounted_at(const struct init *init, int mount, const char *path, unsigned int how);

/* ---- handlers, one for each operation that is not the host's --------------------------------------------- */
typedef int op_handler(struct init *init, const struct plan_op *op);

#define OP(code, name, payload, phase, sentence) op_handler do_##name;
#include "plan/ops.def"

/* Copies what `from` (a directory) holds into `to`, an empty one; -1 and errno. */
int copy_up(int from, int to);
/* Looks the home directory of `uid` up in the container's passwd; never NULL: "HOME=/" if unknown.
 */
const char *find_home(uint32_t uid);
