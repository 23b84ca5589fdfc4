/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attaches again and again to every process that it sees, and looks where its descriptors, its
 * root, its working directory and its program lead: a line "PID NAME -> TARGET" for each. A line
 * "attached PID COMM" tells that tracing worked. Ends when /stop exists.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *pid, const char *name)
{
    char path[320];
    char target[4096];
    ssize_t length;

    snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
    length = readlink(path, target, sizeof(target) - 1);
    if (length <= 0)
        return;
    target[length] = '\0';
    printf("%s %s -> %s\n", pid, name, target);
}

static void show_descriptors(const char *pid)
{
    char path[320];
    DIR *fds;
    struct dirent *entry;

    snprintf(path, sizeof(path), "/proc/%s/fd", pid);
    fds = opendir(path);
    if (fds == NULL)
        return;
    while ((entry = readdir(fds)) != NULL) {
        snprintf(path, sizeof(path), "fd/%s", entry->d_name);
        if (entry->d_name[0] != '.')
            show(pid, path);
    }
    closedir(fds);
}

static void show_name(const char *pid)
{
    char path[320];
    char name[32] = "";
    ssize_t got;
    int fd;

    snprintf(path, sizeof(path), "/proc/%s/comm", pid);
    fd = open(path, O_RDONLY);
    got = fd >= 0 ? read(fd, name, sizeof(name) - 1) : 0;
    name[got > 0 ? got - 1 : 0] = '\0';
    printf("attached %s %s\n", pid, name);
    close(fd);
}

static void show_all(const char *pid)
{
    show_descriptors(pid);
    show(pid, "root");
    show(pid, "cwd");
    show(pid, "exe");
}

static void attack(const char *pid)
{
    pid_t number = (pid_t)atoi(pid);

    if (ptrace(PTRACE_SEIZE, number, NULL, NULL) == 0) {
        ptrace(PTRACE_INTERRUPT, number, NULL, NULL);
        waitpid(number, NULL, __WALL);
        show_name(pid);
        show_all(pid);
        ptrace(PTRACE_DETACH, number, NULL, NULL);
    } else {
        show_all(pid);
    }
    fflush(stdout);
}

int main(void)
{
    static char buffer[1 << 16];

    setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
    puts("ready");
    fflush(stdout);
    while (access("/stop", F_OK) != 0) {
        DIR *proc = opendir("/proc");
        struct dirent *entry;

        while (proc != NULL && (entry = readdir(proc)) != NULL)
            if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid())
                attack(entry->d_name);
        if (proc != NULL)
            closedir(proc);
    }
    return 0;
}
