/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How the host side and the process inside talk: one SOCK_SEQPACKET pair, messages of one fixed
 * size.
 *
 *     host                         stub / caisson-init
 *       | -- MAPPED ------------------> |   new user namespace only, before init is executed
 *       | -- PLAN (fds) --------------> |   the sealed plan and the slots; repeated while fds are
 * left | <- AT_HOOK ------------------ |   where hooks are declared | -- GO_ON ------------------->
 * | | <- READY -------------------- |   the program was found; all but the filter is in place | --
 * COMMITTED ---------------> |   create: the state is on disk, the channel closes | -- START
 * -------------------> |   run: over the channel; start: over the listening socket. | |   run
 * without hooks sends it behind the plan, and READY is left |                               | out:
 * two processes that need not wait for each other do not | <- EXECUTING ---------------- |   the
 * last word before the filter | <- end of file -------------- |   execve happened: every descriptor
 * of ours closed itself | <- FAILED ------------------- |   instead of any other: operation, step,
 * errno
 *
 * Death is end of file. There are no timeouts and no text over the wire: the words are made where
 * the log is. End of file for init before COMMITTED or START means that the creator is gone: it
 * exits.
 */

#include <stdint.h>

/* What the stub's successor calls itself until the workload takes its place. */
#define INIT_NAME "caisson-init"

enum {
    CHANNEL_FD = 3, /* number of the channel in the stub and in caisson-init */
    CHANNEL_MAX_FDS = 128,
};

enum channel_type {
    MSG_MAPPED = 1,
    MSG_PLAN,
    MSG_AT_HOOK,
    MSG_GO_ON,
    MSG_READY,
    MSG_COMMITTED,
    MSG_START,
    MSG_EXECUTING,
    MSG_FAILED,
    N_CHANNEL_TYPES,
};

/* Where in an operation it failed. STEP_WORDS in process/failure.c has the words. */
enum channel_step {
    STEP_WHOLE,     /* the operation as such */
    STEP_TARGET,    /* resolving the target beneath the rootfs */
    STEP_MAKE,      /* creating the target */
    STEP_OPTION,    /* setting a file system parameter; aux is its index */
    STEP_SUPER,     /* creating the file system */
    STEP_ATTACH,    /* attaching the mount */
    STEP_ATTRIBUTE, /* setting mount attributes */
    STEP_PROPAGATE, /* setting propagation */
    STEP_COPY,      /* copying up */
    STEP_VERIFY,    /* the result is not what was asked for */
    STEP_NOT_FOUND, /* program: no candidate exists */
    STEP_EXIT,      /* a hook ended with aux as its wait status */
    STEP_TIMEOUT,   /* a hook ran longer than its timeout */
    N_CHANNEL_STEPS,
};

struct channel_message {
    uint32_t type;
    uint32_t op;     /* FAILED: index into the plan; PLAN: number of fds; AT_HOOK: the point */
    uint32_t step;   /* FAILED: enum channel_step */
    uint32_t aux;    /* by step */
    int32_t error;   /* FAILED: errno */
    uint32_t unused; /* 0 */
    uint8_t nonce[16];
};

_Static_assert(sizeof(struct channel_message) == 40, "one size");

/* Exit status of init when it cannot even say FAILED. */
enum {
    INIT_EXIT_UNTOLD = 252,
    INIT_EXIT_BAD_PLAN = 251,
    INIT_EXIT_ABANDONED = 250
};
