/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who is in a group and beneath it. How deep and how wide the tree beneath is, and how it changes
 * while we look, is for the workload to decide: the walk goes one directory at a time, keeps one
 * descriptor for each level, and stops at bounds that are an error.
 *
 * A threaded group does not tell its processes. It need not: those of all threaded groups are
 * listed by the group above where their domain begins, and that one is never above the container's.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/tree.h"
#include "kernel/sys.h"

enum {
    WALK_MAX_DEPTH = 256,
    WALK_MAX_GROUPS = 1 << 17,
    WALK_MAX_PIDS = 1 << 22, /* the kernel's own bound */
};

struct walk {
    DIR *levels[WALK_MAX_DEPTH];
    size_t depth;
    size_t n_groups;
};

static void walk_release(struct walk *walk)
{
    while (walk->depth > 0)
        closedir(walk->levels[--walk->depth]);
}

/* ---- one group ------------------------------------------------------------------------------------------ */

/* The numbers of cgroup.procs, one a line. 0 stands for a process that our pid namespace does not
 * have. */
static int take_pids(const char *bytes, size_t size, uint64_t *number, struct arena *arena,
                     struct cgroup_pids *pids)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] >= '0' && bytes[i] <= '9') {
            *number = *number * 10 + (uint64_t)(bytes[i] - '0');
            continue;
        }
        if (*number != 0 && *number <= INT32_MAX) {
            if (pids->count == WALK_MAX_PIDS)
                return -1;
            *ARENA_PUSH(arena, pids) = (pid_t)*number;
        }
        *number = 0;
    }
    return 0;
}

/* A group that goes away has nobody in it. */
static int read_group(int group, struct arena *arena, struct cgroup_pids *pids, struct err *e)
{
    CLEANUP_FD int procs = -1;
    char bytes[4096];
    uint64_t number = 0;
    ssize_t got = -1;

    procs = tree_open_file(group, "cgroup.procs", O_RDONLY);
    while (procs >= 0 && (got = read(procs, bytes, sizeof(bytes))) > 0)
        if (take_pids(bytes, (size_t)got, &number, arena, pids) < 0)
            return err_unsupported(e, "the cgroup has more than %d processes", WALK_MAX_PIDS);
    if (got < 0 && errno != ENOENT && errno != ENODEV && errno != EOPNOTSUPP)
        return err_sys(e, "read the processes of a cgroup");
    return 0;
}

/* ---- all groups ----------------------------------------------------------------------------------------- */

/* Takes over `group`: reads it, and makes it the level whose children come next. */
static int enter(struct walk *walk, int *group, struct arena *arena, struct cgroup_pids *pids,
                 struct err *e)
{
    if (walk->depth == WALK_MAX_DEPTH || ++walk->n_groups > WALK_MAX_GROUPS)
        return err_unsupported(e,
                               "the container has made more than %d cgroups, or %d levels of them",
                               WALK_MAX_GROUPS, WALK_MAX_DEPTH);
    if (read_group(*group, arena, pids, e) < 0)
        return -1;
    walk->levels[walk->depth] = fdopendir(*group);
    if (walk->levels[walk->depth] == NULL)
        return err_sys(e, "list a cgroup");
    *group = -1;
    walk->depth++;
    return 0;
}

static int walk_groups(int *group, struct arena *arena, struct cgroup_pids *pids, struct err *e)
{
    CLEANUP(walk_release) struct walk walk = {.depth = 0};

    if (enter(&walk, group, arena, pids, e) < 0)
        return -1;
    while (walk.depth > 0) {
        DIR *level = walk.levels[walk.depth - 1];
        const struct dirent *entry = readdir(level);
        CLEANUP_FD int child = -1;

        if (entry == NULL) {
            closedir(walk.levels[--walk.depth]);
            continue;
        }
        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
            strcmp(entry->d_name, "..") == 0)
            continue;
        child = tree_open_file(dirfd(level), entry->d_name, O_RDONLY | O_DIRECTORY);
        if (child >= 0 && enter(&walk, &child, arena, pids, e) < 0)
            return -1;
    }
    return 0;
}

static int compare_pids(const void *left, const void *right)
{
    const pid_t *a = left;
    const pid_t *b = right;

    return (*a > *b) - (*a < *b);
}

/* A process that moves while we read is seen twice. */
static void sort_pids(struct cgroup_pids *pids)
{
    size_t n = 0;

    if (pids->count == 0)
        return;
    qsort(pids->items, pids->count, sizeof(pids->items[0]), compare_pids);
    for (size_t i = 1; i < pids->count; i++)
        if (pids->items[i] != pids->items[n])
            pids->items[++n] = pids->items[i];
    pids->count = n + 1;
}

int cgroup_list_processes(const char *path, struct arena *arena, struct cgroup_pids *pids,
                          struct err *e)
{
    CLEANUP_FD int group = -1;
    int found = tree_open_path(path, &group, e);

    *pids = (struct cgroup_pids){.count = 0};
    if (found != TREE_FOUND)
        return found < 0 ? -1 : 0;
    if (walk_groups(&group, arena, pids, e) < 0)
        return err_context(e, "list the processes of %s", path);
    sort_pids(pids);
    return 0;
}

bool cgroup_has_pid(const struct cgroup_pids *pids, pid_t pid)
{
    return pids->count != 0 &&
           bsearch(&pid, pids->items, pids->count, sizeof(pids->items[0]), compare_pids) != NULL;
}

/* ---- signals -------------------------------------------------------------------------------------------- */

/* Between reading a number and using it the number can become a stranger's. So: list, open a pidfd
 * for each, list again. A pidfd whose process still lives names the process that has the number,
 * and if the second list has the number, that one is in the group; to one that has died nothing is
 * sent. In pieces, because descriptors are scarce. */
enum {
    SIGNAL_PIECE = 256
};

static void close_piece(int (*pidfds)[SIGNAL_PIECE])
{
    for (size_t i = 0; i < SIGNAL_PIECE; i++)
        fd_close(&(*pidfds)[i]);
}

static int signal_piece(const char *path, const pid_t *items, size_t n, int signal,
                        struct arena *arena, struct err *e)
{
    CLEANUP(close_piece) int pidfds[SIGNAL_PIECE];
    struct cgroup_pids now;

    for (size_t i = 0; i < SIGNAL_PIECE; i++)
        pidfds[i] = i < n ? sys_pidfd_open(items[i], 0) : -1;
    if (cgroup_list_processes(path, arena, &now, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (pidfds[i] >= 0 && cgroup_has_pid(&now, items[i]) &&
            sys_pidfd_send_signal(pidfds[i], signal) < 0 && errno != ESRCH)
            return err_sys(e, "send signal %d to process %d of %s", signal, (int)items[i], path);
    return 0;
}

int cgroup_signal(const char *path, int signal, struct arena *arena, struct err *e)
{
    struct cgroup_pids pids;

    if (cgroup_list_processes(path, arena, &pids, e) < 0)
        return -1;
    for (size_t i = 0; i < pids.count; i += SIGNAL_PIECE) {
        size_t n = pids.count - i < SIGNAL_PIECE ? pids.count - i : SIGNAL_PIECE;

        if (signal_piece(path, &pids.items[i], n, signal, arena, e) < 0)
            return -1;
    }
    return 0;
}
