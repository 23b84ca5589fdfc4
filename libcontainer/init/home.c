/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The one file of the image that is read: /etc/passwd, for HOME. It can be anything, so it is
 * opened without blocking, must be a regular file, and is read through a small fixed buffer up to a
 * bound. A line that does not fit, or makes no sense, is not the one we look for.
 */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/init.h"

enum {
    READ_BYTES = 4096,
    FILE_LIMIT = 1024 * 1024,
    HOME_BYTES = 1024,
    N_FIELDS = 7
};

enum {
    FIELD_UID = 2,
    FIELD_HOME = 5
};

struct line {
    unsigned int field;
    uint64_t uid;
    bool uid_is_number;
    bool fits;
    size_t home_length;
    char home[HOME_BYTES];
};

static void begin_line(struct line *line)
{
    line->field = 0;
    line->uid = 0;
    line->uid_is_number = false;
    line->fits = true;
    line->home_length = 0;
}

static void take_byte(struct line *line, char byte)
{
    if (byte == ':') {
        line->field++;
        return;
    }
    if (line->field == FIELD_UID) {
        if (byte < '0' || byte > '9' || line->uid > UINT32_MAX) {
            line->fits = false;
            return;
        }
        line->uid = line->uid * 10 + (uint64_t)(byte - '0');
        line->uid_is_number = true;
    } else if (line->field == FIELD_HOME) {
        if (line->home_length + 1 >= sizeof(line->home))
            line->fits = false;
        else
            line->home[line->home_length++] = byte;
    }
}

static bool is_wanted(const struct line *line, uint32_t uid)
{
    return line->fits && line->uid_is_number && line->uid == uid && line->field == N_FIELDS - 1 &&
           line->home_length > 0;
}

static bool search(int fd, uint32_t uid, struct line *line)
{
    static char buffer[READ_BYTES];
    size_t total = 0;
    ssize_t got;

    begin_line(line);
    while (total < FILE_LIMIT && (got = read(fd, buffer, sizeof(buffer))) > 0) {
        total += (size_t)got;
        for (ssize_t i = 0; i < got; i++) {
            if (buffer[i] != '\n') {
                take_byte(line, buffer[i]);
                continue;
            }
            if (is_wanted(line, uid))
                return true;
            begin_line(line);
        }
    }
    /* A last line without its newline counts; one that was cut off by the bound does not. */
    return total < FILE_LIMIT && is_wanted(line, uid);
}

/* Looked at before it is opened: opening a device can have effects. It is looked at again after,
 * since somebody may exchange it. */
static int open_passwd(void)
{
    struct stat st;
    int fd;

    if (stat("/etc/passwd", &st) < 0 || !S_ISREG(st.st_mode))
        return -1;
    fd = sys_openat2(AT_FDCWD, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
                     RESOLVE_NO_MAGICLINKS);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
        init_close(&fd);
    return fd;
}

const char *find_home(uint32_t uid)
{
    static char result[sizeof("HOME=") + HOME_BYTES];
    static struct line line;
    int fd = open_passwd();

    memcpy(result, "HOME=/", sizeof("HOME=/"));
    if (fd >= 0 && search(fd, uid, &line)) {
        memcpy(result + 5, line.home, line.home_length);
        result[5 + line.home_length] = '\0';
    }
    init_close(&fd);
    return result;
}
