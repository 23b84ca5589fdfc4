/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "cgroup/tree.h"
#include "cgroup/watch.h"

enum {
    STATS_FILE_MAX_BYTES = 1024 * 1024 /* io.stat has a line for each device of the host */
};

/* A file that is missing has nothing to say: its controller is not there, or this kernel is older
 * than the file. */
static bool take_file(int group, const char *name, struct cgroup_stats *stats)
{
    CLEANUP_FD int file = -1;
    struct err ignored = ERR_INIT;
    char *content;
    size_t size;

    file = tree_open_file(group, name, O_RDONLY);
    if (file < 0 ||
        fd_read_all(file, stats->arena, STATS_FILE_MAX_BYTES, &content, &size, &ignored) < 0)
        return false;
    cgroup_stats_take(stats, name, content);
    return true;
}

/* Their names have the page sizes of the host. */
static void take_huge_pages(int group, struct cgroup_stats *stats)
{
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *entry;

    if (entries == NULL) {
        fd_close(&copy);
        return;
    }
    while ((entry = readdir(entries)) != NULL)
        if (str_starts_with(entry->d_name, "hugetlb."))
            take_file(group, entry->d_name, stats);
    closedir(entries);
}

bool cgroup_watch_stats(const struct cgroup_watch *watch, struct cgroup_stats *stats)
{
    /* This file is there without any controller. */
    if (!take_file(watch->group, "cpu.stat", stats))
        return false;
    for (size_t i = 0; cgroup_stats_files[i] != NULL; i++)
        if (strcmp(cgroup_stats_files[i], "cpu.stat") != 0)
            take_file(watch->group, cgroup_stats_files[i], stats);
    take_huge_pages(watch->group, stats);
    return true;
}
