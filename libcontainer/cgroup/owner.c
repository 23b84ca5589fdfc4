/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Delegation as cgroups(7) describes it: the directory and the files that the kernel lists in
 * /sys/kernel/cgroup/delegate get the new owner, all others keep theirs.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "cgroup/driver.h"

/* Where the kernel does not say (before Linux 4.15): config-linux.md, "Cgroup ownership". */
static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";

static void read_list(char *list, size_t size)
{
    CLEANUP_FD int fd = -1;
    ssize_t got;

    fd = open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC);
    got = fd >= 0 ? read(fd, list, size - 1) : -1;
    if (got > 0)
        list[got] = '\0';
    else
        memcpy(list, fallback, sizeof(fallback));
}

static int give(int group, const char *name, uid_t uid, struct err *e)
{
    int flags = name[0] == '\0' ? AT_EMPTY_PATH : AT_SYMLINK_NOFOLLOW;

    /* Which of them there are depends on the controllers. */
    if (fchownat(group, name, uid, (gid_t)-1, flags) == 0 || errno == ENOENT)
        return 0;
    return err_sys(e, "give %s%s to uid %u", name[0] == '\0' ? "the cgroup" : "the cgroup's file ",
                   name, uid);
}

int cgroup_give(int group, uid_t uid, struct err *e)
{
    char list[4096];
    char *next = list;

    if (give(group, "", uid, e) < 0)
        return -1;
    read_list(list, sizeof(list));
    while (*next != '\0') {
        size_t length = strcspn(next, "\n");
        bool is_last = next[length] == '\0';

        next[length] = '\0';
        /* One component: nothing of another group. */
        if (length != 0 && strchr(next, '/') == NULL && give(group, next, uid, e) < 0)
            return -1;
        next += length + (is_last ? 0 : 1);
    }
    return 0;
}
