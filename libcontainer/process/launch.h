/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * From a plan to a process that waits inside its new namespaces for the plan.
 *
 * Between clone3 and execve stands one short stub. It writes nothing but its own stack and calls
 * nothing that is not async-signal-safe; every string, array and number it needs was finished
 * before the call. It executes caisson-init from a sealed memfd, so that /proc/PID/exe never leads
 * to a file that anybody could write.
 */

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fd.h"
#include "kernel/proc.h"
#include "plan/plan.h"

struct launched {
    pid_t pid; /* in our pid namespace; our child */
    int pidfd;
    int channel;
    struct proc_file image; /* what it was executed from: tells "created" from "running" */
};

#define LAUNCHED_INIT ((struct launched){.pid = -1, .pidfd = -1, .channel = -1})

void launched_release(struct launched *launched);

/*
 * Starts caisson-init in the namespaces that the host rows of the plan ask for, in the cgroup
 * `cgroup_fd` (-1: in ours), with `root_directory` as the place where init will attach the root
 * filesystem. Writes the id maps and the OOM score. On failure nothing is left running.
 */
MUST_CHECK int launch_init(struct launched *launched, const struct plan *plan, int cgroup_fd,
                           int root_directory, struct err *e);

/* Seals the init block into a memfd and sends it with the descriptors of its slots. */
MUST_CHECK int launch_send_plan(const struct launched *launched, const struct plan *plan,
                                const int *slots, struct err *e);

/* Kills the process if it lives and reaps it. */
void launch_abort(struct launched *launched);
