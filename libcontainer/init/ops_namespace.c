/* SPDX-License-Identifier: Apache-2.0 */

/* PHASE_NAMESPACES: what belongs to the namespaces themselves. */

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
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
    if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        return init_fail(init, STEP_WHOLE);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return 0;
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
static int open_own(struct init *init, const char *name, int flags)
{
    char path[64];
    char *end;

    if (private_proc(init) < 0)
        return -1;
    end = put_number(path, getpid());
    *end++ = '/';
    end = put_text(end, name);
    *end = '\0';
    /* ns/time_for_children is a magic link by nature, so openat2's refusals do not apply here; the
     * procfs is our own and nothing can be mounted on it. */
    return openat(init->proc, path, flags | O_CLOEXEC);
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
    fd = open_own(init, "timens_offsets", O_WRONLY);
    written = fd >= 0 ? write(fd, lines, (size_t)(end - lines)) : -1;
    init_close(&fd);
    if (written != end - lines)
        return init_fail(init, STEP_WHOLE);

    fd = open_own(init, "ns/time_for_children", O_RDONLY);
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

/* Sends one finished request and waits for its acknowledgement. */
int do_netlink(struct init *init, const struct plan_op *op)
{
    const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct {
        struct nlmsghdr header;
        struct nlmsgerr error;
    } answer;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    ssize_t got = -1;

    if (fd >= 0 && sendto(fd, init_blob(init, op->netlink.message), op->netlink.message.size, 0,
                          (const struct sockaddr *)&kernel, sizeof(kernel)) >= 0)
        got = recv(fd, &answer, sizeof(answer), MSG_TRUNC);
    if (got < 0) {
        init_fail(init, STEP_WHOLE);
        init_close(&fd);
        return -1;
    }
    init_close(&fd);
    if (got < (ssize_t)sizeof(answer.header) + (ssize_t)sizeof(int) ||
        answer.header.nlmsg_type != NLMSG_ERROR)
        return init_fail_with(init, STEP_WHOLE, EPROTO, 0);
    if (answer.error.error != 0)
        return init_fail_with(init, STEP_WHOLE, -answer.error.error, 0);
    return 0;
}
