/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What can be reached through the descriptors of this process: one line for each that is open, with
 * what its link says, and one more line for each way that leads somewhere through it.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LAST_DESCRIPTOR = 1100
};

int main(void)
{
    for (int fd = 0; fd < LAST_DESCRIPTOR; fd++) {
        char path[64];
        char target[256];
        ssize_t length;
        int next;

        if (fcntl(fd, F_GETFD) < 0)
            continue;
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        length = readlink(path, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        printf("fd %d %s\n", fd, target);
        next = openat(fd, "..", O_PATH);
        if (next >= 0)
            printf("walked out of %d\n", fd);
        if (fchdir(fd) == 0)
            printf("changed to %d\n", fd);
    }
    return 0;
}
