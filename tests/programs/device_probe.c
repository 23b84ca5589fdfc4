/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Asks the kernel about devices: device_probe TYPE:MAJOR:MINOR:ACCESS...
 *
 * ACCESS is m to make a node, or r, w or rw to open one (which is made first). Prints for each word
 * "WORD allowed" or "WORD denied". Denied is EPERM and nothing else: a device that no driver serves
 * answers ENXIO or ENODEV, but only after it was allowed.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char node[] = "/dev/probe";

static int open_flags(const char *access)
{
    return strcmp(access, "rw") == 0 ? O_RDWR : strcmp(access, "w") == 0 ? O_WRONLY : O_RDONLY;
}

static int ask(const char *word)
{
    char type;
    unsigned int major_number;
    unsigned int minor_number;
    char access[4];
    int error = 0;
    int fd;

    if (sscanf(word, "%c:%u:%u:%3s", &type, &major_number, &minor_number, access) != 4)
        return EINVAL;
    if (mknod(node, (type == 'b' ? S_IFBLK : S_IFCHR) | 0600, makedev(major_number, minor_number)) <
        0)
        return errno;
    if (strcmp(access, "m") != 0) {
        fd = open(node, open_flags(access) | O_NONBLOCK | O_CLOEXEC);
        error = fd < 0 ? errno : 0;
        if (fd >= 0)
            close(fd);
    }
    unlink(node);
    return error;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        int error = ask(argv[i]);

        if (error == EPERM || error == 0 || error == ENXIO || error == ENODEV)
            printf("%s %s\n", argv[i], error == EPERM ? "denied" : "allowed");
        else
            printf("%s %s\n", argv[i], strerror(error));
    }
    return 0;
}
