/* SPDX-License-Identifier: Apache-2.0 */

/* PHASE_NAMESPACES: what belongs to the namespaces themselves. */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <linux/netlink.h>

#include "init/init.h"

/* The ids that own what is set up, and that the namespace's capabilities belong to. */
int do_become_root(struct init *init, const struct plan_op *op)
{
    (void)op;
    /* Denied where a user maps only himself; then there are no groups to lose. */
    if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
        return init_fail(init, STEP_WHOLE);
    if (sys_set_gids(0) < 0 || sys_set_uids(0) < 0)
        return init_fail(init, STEP_WHOLE);
    return init_hide() ? 0 : init_fail_with(init, STEP_VERIFY, 0, 0);
}

int do_session(struct init *init, const struct plan_op *op)
{
    if (setsid() < 0 && errno != EPERM) /* already a leader */
        return init_fail(init, STEP_WHOLE);
    /* Whoever started us may keep keys in the session keyring. Kernels can be built without any. */
    if ((op->flags & SESSION_NEW_KEYRING) != 0 && sys_keyctl_join_session(NULL) < 0 &&
        errno != ENOSYS)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

int do_unshare(struct init *init, const struct plan_op *op)
{
    if (unshare((int)op->unshare.clone_flag) < 0)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

/* ---- time --------------------------------------------------------------------------------------------- */

static char *put_number(char *to, int64_t number)
{
    char digits[24];
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    size_t n = 0;

    if (number < 0)
        *to++ = '-';
    do
        digits[n++] = (char)('0' + rest % 10);
    while ((rest /= 10) != 0);
    while (n > 0)
        *to++ = digits[--n];
    return to;
}

static char *put_text(char *to, const char *text)
{
    size_t length = strlen(text);

    memcpy(to, text, length);
    return to + length;
}

static char *put_offset(char *to, const char *clock, int64_t seconds, uint32_t nanoseconds)
{
    to = put_text(to, clock);
    *to++ = ' ';
    to = put_number(to, seconds);
    *to++ = ' ';
    to = put_number(to, nanoseconds);
    *to++ = '\n';
    return to;
}

/* PID/<name> in the private procfs: "self" would be a link. */
static int open_own(struct init *init, const char *name, uint64_t flags, uint64_t resolve_flags)
{
    char path[64];
    char *end;

    if (private_proc(init) < 0)
        return -1;
    end = put_number(path, getpid());
    *end++ = '/';
    end = put_text(end, name);
    *end = '\0';
    return sys_openat2(init->proc, path, flags, 0, resolve_flags);
}

int do_time_offsets(struct init *init, const struct plan_op *op)
{
    char lines[160];
    char *end = lines;
    struct statfs fs;
    int fd;
    ssize_t written;

    if (unshare(CLONE_NEWTIME) < 0)
        return init_fail(init, STEP_WHOLE);
    end = put_offset(end, "monotonic", op->time_offsets.monotonic_s, op->time_offsets.monotonic_ns);
    end = put_offset(end, "boottime", op->time_offsets.boottime_s, op->time_offsets.boottime_ns);
    fd = open_own(init, "timens_offsets", O_WRONLY, RESOLVE_PROC_FILE);
    written = fd >= 0 ? write(fd, lines, (size_t)(end - lines)) : -1;
    init_close(&fd);
    if (written != end - lines)
        return written < 0 ? init_fail(init, STEP_WHOLE) : init_fail_with(init, STEP_WHOLE, EIO, 0);

    /* A magic link by nature, so openat2 must not refuse it; the procfs is our own, nothing can be
     * mounted on it, and what is opened is proven to be a namespace. */
    fd = open_own(init, "ns/time_for_children", O_RDONLY, 0);
    if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != ABI_NSFS_MAGIC ||
        sys_setns(fd, CLONE_NEWTIME) < 0) {
        init_fail(init, STEP_WHOLE);
        init_close(&fd);
        return -1;
    }
    init_close(&fd);
    return 0;
}

/* ---- names and links ----------------------------------------------------------------------------------- */

int do_hostname(struct init *init, const struct plan_op *op)
{
    const char *name = init_text(init, op->hostname.text);

    return sethostname(name, strlen(name)) == 0 ? 0 : init_fail(init, STEP_WHOLE);
}

int do_domainname(struct init *init, const struct plan_op *op)
{
    const char *name = init_text(init, op->domainname.text);

    return setdomainname(name, strlen(name)) == 0 ? 0 : init_fail(init, STEP_WHOLE);
}

struct netlink_answer {
    struct nlmsghdr header;
    struct nlmsgerr error;
};

/* -1 and errno, or 0 with the kernel's answer. Others may send to our socket, too. */
static int ask_kernel(int fd, const void *request, size_t size, struct netlink_answer *answer)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct sockaddr_nl from = {0};
    socklen_t from_size;
    ssize_t got;

    if (sendto(fd, request, size, 0, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0)
        return -1;
    do {
        from_size = sizeof(from);
        got = recvfrom(fd, answer, sizeof(*answer), 0, (struct sockaddr *)&from, &from_size);
    } while (got >= 0 && (from_size < sizeof(from) || from.nl_pid != 0));
    if (got < 0)
        return -1;
    if (got < (ssize_t)sizeof(*answer) || answer->header.nlmsg_type != NLMSG_ERROR) {
        errno = EPROTO;
        return -1;
    }
    return 0;
}

/* Sends one finished request and waits for its acknowledgement. */
int do_netlink(struct init *init, const struct plan_op *op)
{
    struct plan_blob request = op->netlink.message;
    struct netlink_answer answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    int result = fd >= 0 ? ask_kernel(fd, init_blob(init, request), request.size, &answer) : -1;

    if (result < 0)
        init_fail(init, STEP_WHOLE);
    else if (answer.error.error != 0)
        result = init_fail_with(init, STEP_WHOLE, -answer.error.error, 0);
    init_close(&fd);
    return result;
}
