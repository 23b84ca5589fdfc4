/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The v2 hierarchy as a tree of directories and files, for all drivers: opening, reading, writing,
 * waiting, removing. Paths are clean, absolute and from the root of the hierarchy. Knows no plan.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"

enum tree_found {
    TREE_FOUND = 0,
    TREE_GONE = 1
};

/* The root of the hierarchy, O_PATH, or -1. */
MUST_CHECK int tree_open_hierarchy(struct err *e);
/* A group by its path; a descriptor that can be listed. -1 and errno. */
MUST_CHECK int tree_open_group(int hierarchy, const char *path);
/* Both in one. TREE_FOUND with *group the caller's, TREE_GONE, or -1. */
MUST_CHECK int tree_open_path(const char *path, int *group, struct err *e);

/* A file or directory in a group. -1 and errno. */
MUST_CHECK int tree_open_file(int group, const char *name, int flags);
/* One write(2) of the whole value, as the kernel wants it. -1 and errno. */
MUST_CHECK int tree_write(int group, const char *name, const char *value);
/* The text of a small file, terminated; false and errno if it cannot be read. */
MUST_CHECK bool tree_read(int group, const char *name, char *text, size_t size);
/* Whether cgroup.events has this line, such as "populated 1". */
bool tree_has_event(int group, const char *event);

/* Until cgroup.events has the line. false: the group went away, or it did not come in ten seconds.
 */
bool tree_wait_for_event(int group, const char *event);

/* Kills all processes in the group and beneath it. A group that is going away counts as done. */
MUST_CHECK int tree_kill(int group);

/* All groups beneath. */
MUST_CHECK int tree_remove_children(int group, struct err *e);
/* Kills what is left, removes the group with those beneath it. Gone is fine. */
MUST_CHECK int tree_remove(int hierarchy, const char *path, struct err *e);
/* Up to n directories above `path`, as long as they are empty: somebody else may use them by now.
 */
void tree_remove_parents(int hierarchy, const char *path, uint32_t n);
