/* SPDX-License-Identifier: Apache-2.0 */

/*
 * From a plan to a process (process/clone.c) that executes caisson-init and waits for the plan.
 *
 * Where the user namespace comes in the order of joins: a process with all capabilities over the
 * initial user namespace may enter any namespace, and loses that by entering a user namespace, so
 * the user namespace is last. A process without them gains its rights by entering the user
 * namespace, so it is first.
 *
 * In a user namespace execve with an unmapped uid would drop every capability: the stub waits until
 * the map is written (MAPPED) and takes the namespace's uid 0 before it executes init.
 */

#include "process/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "kernel/memfd.h"
#include "kernel/proc.h"
#include "kernel/sys.h"
#include "process/channel.h"
#include "process/clone.h"
#include "process/id_map.h"
#include "process/init_image.h"
#include "process/stdio.h"

struct joins {
    struct clone_join items[CLONE_MAX_JOINS];
    size_t count;
};

/* What the stub needs, finished before the clone. */
struct stub {
    int channel;
    int image;
    bool waits_for_map;
    bool becomes_root;       /* of a new or joined user namespace */
    uint32_t become_root_op; /* the operation that this belongs to, for messages */
};

static void joins_release(struct joins *joins)
{
    for (size_t i = 0; i < joins->count; i++)
        fd_close(&joins->items[i].fd);
}

void launched_release(struct launched *launched)
{
    fd_close(&launched->pidfd);
    fd_close(&launched->channel);
}

void launch_abort(struct launched *launched)
{
    if (launched->pid > 0) {
        if (launched->pidfd >= 0)
            sys_pidfd_send_signal(launched->pidfd, SIGKILL);
        while (waitpid(launched->pid, NULL, __WALL) < 0 && errno == EINTR)
            ;
    }
    launched->pid = -1;
    launched_release(launched);
}

/* ---- the image of init -------------------------------------------------------------------------- */

/* execve makes a process dumpable, and traceable for whoever has privileges in its user namespace,
 * unless it may not read the program: then it stays hidden until init hides itself. Not with time
 * offsets, whose file would belong to the host's root; and not for a user, who could not see any
 * more what his own container executes. */
static mode_t image_mode(const struct plan *plan)
{
    for (size_t i = 0; i < plan->init.ops.count; i++)
        if (plan->init.ops.items[i].code == OP_TIME_OFFSETS)
            return 0755;
    return geteuid() == 0 ? 0111 : 0755;
}

static int make_image(const struct plan *plan, struct proc_file *file, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct stat st;

    fd = memfd_sealed(INIT_NAME, init_image, init_image_size(), MFD_EXEC, e);
    if (fd < 0)
        return -1;
    if (fchmod(fd, image_mode(plan)) < 0 || fstat(fd, &st) < 0)
        return err_sys(e, "prepare the image of caisson-init");
    *file = (struct proc_file){.device = st.st_dev, .inode = st.st_ino};
    return fd_move(&fd);
}

/* ---- after the clone ------------------------------------------------------------------------------ */

static NORETURN void fail_stub(const struct stub *stub, uint32_t op)
{
    const struct channel_message message = {.type = MSG_FAILED, .op = op, .error = errno};

    if (send(stub->channel, &message, sizeof(message), MSG_NOSIGNAL) < 0)
        _exit(INIT_EXIT_UNTOLD);
    _exit(1);
}

static NORETURN void run_stub(const void *argument)
{
    const struct stub *stub = argument;
    static char name[] = INIT_NAME;
    char *argv[] = {name, NULL};
    char *envp[] = {NULL};
    struct channel_message message = {0};

    if (stub->waits_for_map) {
        ssize_t got = recv(stub->channel, &message, sizeof(message), 0);

        if (got != (ssize_t)sizeof(message) || message.type != MSG_MAPPED)
            _exit(INIT_EXIT_ABANDONED);
    }
    if (stub->becomes_root)
        clone_hide();
    /* Raw calls: libc's would look for other threads, and there are none. */
    if (stub->becomes_root &&
        (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0))
        fail_stub(stub, stub->become_root_op);
    if (stub->becomes_root)
        clone_hide();
    if (stub->channel == CHANNEL_FD)
        fcntl(CHANNEL_FD, F_SETFD, 0);
    else
        dup2(stub->channel, CHANNEL_FD);
    sys_execveat(stub->image, "", argv, envp, AT_EMPTY_PATH);
    fail_stub(stub, UINT32_MAX);
}

/* ---- before it ------------------------------------------------------------------------------------ */

/* The object is opened without acting on it, proven to be a namespace of the right type, and only
 * then opened for use: a FIFO or a device at that path must not block or surprise us. */
static int open_namespace(const char *path, uint32_t flag, struct err *e)
{
    CLEANUP_FD int handle = -1;
    CLEANUP_FD int fd = -1;
    char reopen[64];
    struct statfs fs;

    handle = open(path, O_PATH | O_CLOEXEC);
    if (handle < 0)
        return err_sys(e, "open the namespace %s", path);
    if (fstatfs(handle, &fs) < 0)
        return err_sys(e, "stat the namespace %s", path);
    if (fs.f_type != ABI_NSFS_MAGIC)
        return err_input(e, NULL, "%s is not a namespace", path);
    snprintf(reopen, sizeof(reopen), "/proc/self/fd/%d", handle);
    fd = open(reopen, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_sys(e, "open the namespace %s", path);
    if (ioctl(fd, ABI_NS_GET_NSTYPE) != (int)flag)
        return err_input(e, NULL, "%s is a namespace of another type", path);
    return fd_move(&fd);
}

/* Which namespace an operation of init changes; 0 for none that could be joined. The names of
 * sysctls are those that spec/check_sysctl.c lets pass. */
static uint32_t changed_namespace(const struct plan *plan, const struct plan_op *op)
{
    const char *name;

    if (op->code == OP_HOSTNAME || op->code == OP_DOMAINNAME)
        return CLONE_NEWUTS;
    if (op->code != OP_SYSCTL)
        return 0;
    name = plan_text(&plan->init, op->sysctl.name);
    if (str_starts_with(name, "net/"))
        return CLONE_NEWNET;
    return strcmp(name, "kernel/domainname") == 0 ? CLONE_NEWUTS : CLONE_NEWIPC;
}

static bool is_our_own(int namespace, uint32_t flag)
{
    const char *path = flag == CLONE_NEWUTS   ? "/proc/self/ns/uts"
                       : flag == CLONE_NEWNET ? "/proc/self/ns/net"
                                              : "/proc/self/ns/ipc";
    struct stat ours;
    struct stat theirs;

    /* What cannot be told apart counts as ours. */
    return stat(path, &ours) < 0 || fstat(namespace, &theirs) < 0 ||
           (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino);
}

/* That a namespace has a path does not make it the container's: it can be the one that we are in,
 * and to set something in there would change the host. */
static int check_changes(const struct plan *plan, int namespace, uint32_t flag, struct err *e)
{
    for (size_t i = 0; i < plan->init.ops.count; i++) {
        const struct plan_op *op = &plan->init.ops.items[i];

        if (changed_namespace(plan, op) == flag && is_our_own(namespace, flag)) {
            err_input(e, NULL,
                      "this would change the host: the namespace is the one that caisson "
                      "runs in");
            return err_at(e, plan_text(&plan->init, op->origin));
        }
    }
    return 0;
}

static int add_join(struct joins *joins, const struct plan *plan, const struct plan_op *op,
                    struct err *e)
{
    const char *origin = plan_text(&plan->host, op->origin);
    int fd;

    if (joins->count == CLONE_MAX_JOINS)
        return err_bug(e, "more namespaces than there are");
    fd = open_namespace(plan_text(&plan->host, op->namespace_join.path),
                        op->namespace_join.clone_flag, e);
    if (fd < 0)
        return err_at(e, origin);
    if (check_changes(plan, fd, op->namespace_join.clone_flag, e) < 0) {
        fd_close(&fd);
        return -1;
    }
    joins->items[joins->count++] = (struct clone_join){
        .fd = fd,
        .flags = op->namespace_join.clone_flag,
        .name = arena_printf(plan->arena, "%s namespace",
                             plan_text(&plan->host, op->namespace_join.name)),
        .pointer = origin,
    };
    return 0;
}

/* The rows come with the user namespace first; see the theory above for when it must be last. */
static int collect_joins(struct joins *joins, const struct plan *plan, struct err *e)
{
    bool user_last = geteuid() == 0;

    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < plan->host.ops.count; i++) {
            const struct plan_op *op = &plan->host.ops.items[i];
            bool is_user;

            if (op->code != OP_NAMESPACE_JOIN)
                continue;
            is_user = op->namespace_join.clone_flag == CLONE_NEWUSER;
            if ((is_user == user_last) == (pass == 1) && add_join(joins, plan, op, e) < 0)
                return -1;
        }
    return 0;
}

/* Does the plan have a user namespace in which the stub must take an id that is mapped? */
static void find_become_root(struct stub *stub, const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->init.ops.count; i++)
        if (plan->init.ops.items[i].code == OP_BECOME_ROOT) {
            stub->becomes_root = true;
            stub->become_root_op = i;
        }
}

static uint64_t new_namespace_flags(const struct plan *plan)
{
    uint64_t flags = 0;

    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_NAMESPACE_NEW)
            flags |= plan->host.ops.items[i].namespace_new.clone_flag;
    return flags;
}

static int write_oom_score(const struct plan *plan, int proc, pid_t pid, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];
        char text[16];

        if (op->code != OP_OOM_SCORE)
            continue;
        snprintf(text, sizeof(text), "%d", op->oom_score.value);
        if (proc_write(proc, pid, "oom_score_adj", text) < 0) {
            err_sys(e, "set the OOM score adjustment to %s", text);
            if (e->sys_errno == EACCES || e->sys_errno == EPERM)
                err_hint(e, "a value below the present one needs CAP_SYS_RESOURCE");
            return err_at(e, plan_text(&plan->host, op->origin));
        }
    }
    return 0;
}

static void give_stdio(const struct plan *plan)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_STDIO_OWNER)
            stdio_give_pipes(plan->host.ops.items[i].stdio_owner.value);
}

static bool needs_proc(const struct plan *plan)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_ID_MAP ||
            plan->host.ops.items[i].code == OP_OOM_SCORE)
            return true;
    return false;
}

/* What only a process outside may write about one inside. */
static int describe_process(const struct launched *launched, const struct plan *plan,
                            bool waits_for_map, struct err *e)
{
    static const struct channel_message mapped = {.type = MSG_MAPPED};
    CLEANUP_FD int proc = -1;

    if (!needs_proc(plan))
        return 0;
    proc = proc_open(e);
    if (proc < 0 || write_oom_score(plan, proc, launched->pid, e) < 0 ||
        id_maps_write(plan, proc, launched->pid, e) < 0)
        return -1;
    return waits_for_map ? channel_send(launched->channel, &mapped, e) : 0;
}

int launch_init(struct launched *launched, const struct plan *plan, int cgroup_fd,
                int root_directory, struct err *e)
{
    CLEANUP(joins_release) struct joins joins = {.count = 0};
    CLEANUP_FD int image = -1;
    CLEANUP_FD int theirs = -1;
    CLEANUP_FD int here = -1;
    struct stub stub;
    struct clone_request request = {
        .new_namespaces = new_namespace_flags(plan),
        .cgroup_fd = cgroup_fd,
        .joins = joins.items,
        .drops_groups = true,
        .child = run_stub,
        .argument = &stub,
    };
    int result;

    *launched = LAUNCHED_INIT;
    if (collect_joins(&joins, plan, e) < 0)
        return -1;
    request.n_joins = joins.count;
    give_stdio(plan);
    image = make_image(plan, &launched->image, e);
    if (image < 0 || channel_pair(&launched->channel, &theirs, e) < 0)
        return -1;
    stub = (struct stub){
        .image = image,
        .channel = theirs,
        .waits_for_map = (request.new_namespaces & CLONE_NEWUSER) != 0,
    };
    find_become_root(&stub, plan);

    /* A new mount namespace starts with our working directory, moved to its own copy of the mount:
     * so init finds the place for the root filesystem without knowing its path. */
    here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || fchdir(root_directory) < 0) {
        err_sys(e, "change to the root filesystem");
        goto failed;
    }
    result = clone_process(&request, &launched->pid, &launched->pidfd, e);
    if (fchdir(here) < 0 && result == 0)
        result = err_sys(e, "change back to the bundle");
    if (result < 0)
        goto failed;
    fd_close(&theirs);
    if (describe_process(launched, plan, stub.waits_for_map, e) < 0)
        goto failed;
    log_debug("launched pid=%d joins=%zu", (int)launched->pid, joins.count);
    return 0;

failed:
    launch_abort(launched);
    return -1;
}

int launch_send_plan(const struct launched *launched, const struct plan *plan, const int *slots,
                     struct err *e)
{
    static const struct channel_message message = {.type = MSG_PLAN};
    CLEANUP_FD int memfd = -1;
    int batch[CHANNEL_MAX_FDS];
    size_t used = 0;
    size_t sent_slots = 0;
    const void *bytes;
    size_t size;

    bytes = plan_flatten(plan, &size);
    memfd = memfd_sealed("caisson-plan", bytes, size, MFD_NOEXEC_SEAL, e);
    if (memfd < 0)
        return -1;
    batch[used++] = memfd;
    do {
        while (used < CHANNEL_MAX_FDS && sent_slots < plan->n_slots)
            batch[used++] = slots[sent_slots++];
        if (channel_send_fds(launched->channel, &message, batch, used, e) < 0)
            return -1;
        used = 0;
    } while (sent_slots < plan->n_slots);
    return 0;
}
