/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * One way to make a process: in new namespaces, in joined ones, in a cgroup, with a pidfd.
 *
 * Without joins one clone3 does it: all new namespaces at once (so that a new user namespace owns
 * the others), straight into the cgroup.
 *
 * Joined namespaces must be entered before, and some of them cannot be left again: who has entered
 * a user namespace cannot come back, and a process that joins a pid namespace only moves its
 * children. So an intermediate process, the *joiner*, is cloned first. It enters what there is to
 * join and clones the real process with CLONE_PARENT: that one is our child all the same. The
 * joiner shares our table of descriptors, so the new pidfd is ours; it tells us the pid through a
 * page of shared memory, and ends.
 *
 *   no joins       caisson ──clone3──▶ child
 *   joins          caisson ──clone3──▶ joiner: setns… ──clone3(CLONE_PARENT)──▶ child
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/macros.h"

enum {
    CLONE_MAX_JOINS = 8
};

struct clone_join {
    int fd;              /* a namespace, or a pidfd: setns(2); owned by the caller */
    uint32_t flags;      /* CLONE_NEW* */
    const char *name;    /* for messages: "network namespace" */
    const char *pointer; /* JSON pointer or NULL */
};

struct clone_request {
    uint64_t new_namespaces; /* CLONE_NEW* */
    int cgroup_fd;           /* directory of a cgroup, or -1 for our own */
    const struct clone_join *joins;
    size_t n_joins;
    bool drops_groups; /* supplementary groups, before the joins */
    /* Runs in the child and must not return. Only what is async-signal-safe: a raw clone3 copies
     * every lock of this process as it stands. */
    void (*child)(const void *argument);
    const void *argument;
};

/* Fills *pid and *pidfd (O_CLOEXEC, the caller's). The child must be reaped by the caller. */
MUST_CHECK int clone_process(const struct clone_request *request, pid_t *pid, int *pidfd,
                             struct err *e);

/* For the child before it can be seen from other namespaces: nobody may trace it or look where its
 * descriptors lead. An address space is traceable for every process with privileges in the user
 * namespace of its owner, and the child's still holds what the host side has open. Repeated after
 * each change of ids or of the user namespace, which can undo it (prctl(2), PR_SET_DUMPABLE). The
 * joiner does it on its own. */
void clone_hide(void);
