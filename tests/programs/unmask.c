/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Tries to get rid of masks: unmounts each argument and mounts a new procfs and sysfs, first in new
 * user, pid and mount namespaces, then here. Prints what was tried and its errno.
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void report(const char *what, const char *path, int result)
{
    printf("%s %s %d\n", what, path, result < 0 ? errno : 0);
    fflush(stdout);
}

static void unmount_all(const char *what, char **paths)
{
    for (; *paths != NULL; paths++)
        report(what, *paths, umount2(*paths, MNT_DETACH));
}

static void mount_new(const char *what)
{
    mkdir("/tmp/new", 0700);
    report(what, "proc", mount("proc", "/tmp/new", "proc", 0, NULL));
    report(what, "sysfs", mount("sysfs", "/tmp/new", "sysfs", 0, NULL));
}

int main(int argc, char **argv)
{
    pid_t child;

    if (argc < 2)
        return 2;
    child = fork();
    if (child == 0) {
        int result = unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID);

        report("unshare", "user", result);
        if (result == 0 && (child = fork()) == 0) {
            unmount_all("nested-unmount", argv + 1);
            mount_new("nested-mount");
            _exit(0);
        }
        if (result == 0)
            waitpid(child, NULL, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    unmount_all("unmount", argv + 1);
    mount_new("mount");
    return 0;
}
