/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The cgroupfs driver: directories are cgroups, files are limits.
 *
 * The root of the hierarchy is opened and proven to be cgroup2; everything else is reached from
 * there by openat2 without links and without leaving the mount. A container's process is cloned
 * straight into its cgroup (CLONE_INTO_CGROUP). Limits and the device program are put in force
 * while that process is being executed and waits for its plan: long before the first instruction of
 * the workload, and at no cost in time.
 *
 * Controllers are handed down from directory to directory by cgroup.subtree_control. The kernel
 * refuses that to a group that holds processes itself ("no internal processes"), which is why
 * containers live beside, not beneath, the group of who starts them.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/bpf.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "kernel/sys.h"

enum {
    REMOVE_TRIES = 200,
    REMOVE_PAUSE_MS = 10,
    MAX_DEPTH = 64
};

static const uint64_t stay_beneath =
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;

void cgroup_release(struct cgroup *cgroup)
{
    fd_close(&cgroup->directory);
}

/* ---- finding the tree ----------------------------------------------------------------------------------- */

static int open_hierarchy(struct err *e)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

    for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
        CLEANUP_FD int fd = -1;
        struct statfs fs;

        fd = open(mounts[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == ABI_CGROUP2_MAGIC)
            return fd_move(&fd);
    }
    return err_unsupported(e, "this host has no cgroup v2 hierarchy");
}

static int open_group(int hierarchy, const char *path)
{
    return sys_openat2(hierarchy, path + 1, O_RDONLY | O_DIRECTORY, 0, stay_beneath);
}

static int open_file(int group, const char *name, int flags)
{
    return sys_openat2(group, name, (uint64_t)flags, 0, stay_beneath);
}

/* One write(2), as the kernel wants it. -1 and errno. */
static int write_file(int group, const char *name, const char *value)
{
    CLEANUP_FD int fd = -1;
    size_t length = strlen(value);

    fd = open_file(group, name, O_WRONLY);
    if (fd < 0)
        return -1;
    return write(fd, value, length) == (ssize_t)length ? 0 : -1;
}

/* The text of a small file, terminated; false if it cannot be read. */
static bool read_file(int group, const char *name, char *text, size_t size)
{
    CLEANUP_FD int fd = -1;
    ssize_t got;

    fd = open_file(group, name, O_RDONLY);
    got = fd >= 0 ? read(fd, text, size - 1) : -1;
    if (got < 0)
        return false;
    text[got] = '\0';
    return true;
}

static bool has_event(int group, const char *event)
{
    char text[256];

    return read_file(group, "cgroup.events", text, sizeof(text)) && strstr(text, event) != NULL;
}

/* ---- making --------------------------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word, size_t length)
{
    while (*words != '\0') {
        size_t found = strcspn(words, " \n");

        if (found == length && strncmp(words, word, length) == 0)
            return true;
        words += found;
        words += strspn(words, " \n");
    }
    return false;
}

/* Hands every controller that the group has to its children, statistics are wanted even where no
 * limit is. What cannot be handed down is missed only where a limit needs it, and there its file is
 * missing with an error that says so. Writing takes a lock of the whole tree, so what is enabled
 * already is left alone. */
static void enable_controllers(int group)
{
    char available[512];
    char enabled[512];
    const char *next = available;

    if (!read_file(group, "cgroup.controllers", available, sizeof(available)) ||
        !read_file(group, "cgroup.subtree_control", enabled, sizeof(enabled)))
        return;
    while (*next != '\0' && *next != '\n') {
        size_t length = strcspn(next, " \n");
        char word[64];

        if (length + 2 < sizeof(word) && !has_word(enabled, next, length)) {
            snprintf(word, sizeof(word), "+%.*s", (int)length, next);
            if (write_file(group, "cgroup.subtree_control", word) < 0)
                log_debug("cgroup controller=%s not enabled", word + 1);
        }
        next += length;
        next += strspn(next, " ");
    }
}

/* Makes the directories of `path` that are missing. *n_made counts them: all of them are at its
 * end. */
static int make_path(int hierarchy, const char *path, uint32_t *n_made, struct err *e)
{
    CLEANUP_FD int group = -1;
    const char *rest = path + 1;

    group = sys_openat2(hierarchy, ".", O_RDONLY | O_DIRECTORY, 0, stay_beneath);
    *n_made = 0;
    while (group >= 0 && *rest != '\0') {
        CLEANUP_FD int child = -1;
        size_t length = strcspn(rest, "/");
        char name[256];

        if (length >= sizeof(name))
            return err_input(e, NULL, "a component of the cgroup path is longer than 255 bytes");
        memcpy(name, rest, length);
        name[length] = '\0';
        enable_controllers(group);
        if (mkdirat(group, name, 0755) == 0)
            ++*n_made;
        else if (errno != EEXIST)
            return err_sys(e, "make the cgroup %s", path);
        child = sys_openat2(group, name, O_RDONLY | O_DIRECTORY, 0, stay_beneath);
        fd_close(&group);
        group = fd_move(&child);
        rest += length;
        rest += strspn(rest, "/");
    }
    if (group < 0)
        return err_sys(e, "open the cgroup %s", path);
    return fd_move(&group);
}

/* Using a group that others are in would kill them with the container. */
static int check_unused(int group, const char *path, struct err *e)
{
    if (has_event(group, "populated 1")) {
        err_state(e, "container's cgroup is not empty: %s", path);
        return err_hint(e, "use another cgroupsPath, or end what runs there");
    }
    if (has_event(group, "frozen 1")) {
        err_state(e, "container's cgroup is frozen: %s", path);
        return err_hint(e, "thaw it by writing 0 to its cgroup.freeze");
    }
    return 0;
}

static int write_limit(int group, const struct plan *plan, const struct plan_op *op, struct err *e)
{
    const char *file = plan_text(&plan->host, op->cgroup_write.file);
    const char *value = plan_text(&plan->host, op->cgroup_write.value);

    if (write_file(group, file, value) == 0)
        return 0;
    err_sys(e, "write \"%s\" to %s", value, file);
    if (e->sys_errno == ENOENT)
        err_hint(e,
                 "the controller is not enabled for this group: a group above it holds processes "
                 "or withholds it");
    return err_at(e, plan_text(&plan->host, op->origin));
}

/* Some kernels copy results back into an attribute without regard to the size that was passed: only
 * the full union, zeroed, is ever passed. */
static int call_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
    return sys_bpf((int)command, attr, sizeof(*attr));
}

static int attach_devices(int group, const struct plan *plan, const struct plan_op *op,
                          struct err *e)
{
    CLEANUP_FD int program = -1;
    union bpf_attr load;
    union bpf_attr attach;

    memset(&load, 0, sizeof(load));
    load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.insns = (uint64_t)(uintptr_t)(plan->host.blobs.text + op->cgroup_devices.program.offset);
    load.insn_cnt = op->cgroup_devices.program.size / (uint32_t)sizeof(struct bpf_insn);
    load.license = (uint64_t)(uintptr_t) "Apache-2.0";
    program = call_bpf(BPF_PROG_LOAD, &load);
    if (program < 0)
        return err_sys(e, "load the device program");
    memset(&attach, 0, sizeof(attach));
    attach.target_fd = (uint32_t)group;
    attach.attach_bpf_fd = (uint32_t)program;
    attach.attach_type = BPF_CGROUP_DEVICE;
    attach.attach_flags = BPF_F_ALLOW_MULTI;
    if (call_bpf(BPF_PROG_ATTACH, &attach) < 0)
        return err_sys(e, "attach the device program");
    return 0;
}

static int apply_rows(int group, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code == OP_CGROUP_WRITE && write_limit(group, plan, op, e) < 0)
            return -1;
        if (op->code == OP_CGROUP_DEVICES && attach_devices(group, plan, op, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}

static const struct plan_op *find_row(const struct plan *plan, enum plan_op_code code)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == code)
            return &plan->host.ops.items[i];
    return NULL;
}

/* An ordinary user whose tree is not delegated, with a bundle that asks for no limits and names no
 * place: going on without a cgroup takes nothing away. */
static bool may_do_without(const struct facts *facts, const struct plan *plan,
                           const struct plan_op *row, const struct err *e)
{
    bool is_permission = e->kind == ERR_SYS &&
                         (e->sys_errno == EACCES || e->sys_errno == EPERM || e->sys_errno == EROFS);

    return is_permission && (facts->euid != 0 || !facts->in_initial_userns) && row->origin == 0 &&
           find_row(plan, OP_CGROUP_WRITE) == NULL;
}

int cgroup_create(struct cgroup *cgroup, const struct facts *facts, const struct plan *plan,
                  struct err *e)
{
    CLEANUP_FD int hierarchy = -1;
    CLEANUP_FD int group = -1;
    const struct plan_op *row = find_row(plan, OP_CGROUP);
    const char *path;
    struct err ignored = ERR_INIT;

    *cgroup = CGROUP_INIT;
    if (row == NULL)
        return 0;
    path = plan_text(&plan->host, row->cgroup.path);
    hierarchy = open_hierarchy(e);
    if (hierarchy < 0)
        return -1;
    group = make_path(hierarchy, path, &cgroup->n_made, e);
    if (group < 0) {
        bool goes_on = may_do_without(facts, plan, row, e);

        if (cgroup->n_made != 0 && cgroup_path_remove(path, cgroup->n_made, &ignored) < 0)
            log_warn("%s", ignored.text);
        if (!goes_on)
            return err_at(e, plan_text(&plan->host, row->origin));
        *e = ERR_INIT;
        *cgroup = CGROUP_INIT;
        return 0;
    }
    /* One that we have just made is empty. */
    if (cgroup->n_made == 0 && check_unused(group, path, e) < 0)
        return err_at(e, plan_text(&plan->host, row->origin));
    cgroup->directory = fd_move(&group);
    return 0;
}

int cgroup_configure(const struct cgroup *cgroup, const struct plan *plan, struct err *e)
{
    return cgroup->directory >= 0 ? apply_rows(cgroup->directory, plan, e) : 0;
}

/* ---- killing and removing ------------------------------------------------------------------------------- */

bool cgroup_path_is_frozen(const char *path)
{
    CLEANUP_FD int hierarchy = -1;
    CLEANUP_FD int group = -1;
    struct err ignored = ERR_INIT;

    /* A group that goes away while we look is not frozen. */
    hierarchy = open_hierarchy(&ignored);
    if (hierarchy < 0)
        return false;
    group = open_group(hierarchy, path);
    return group >= 0 && has_event(group, "frozen 1");
}

int cgroup_path_kill(const char *path, struct err *e)
{
    CLEANUP_FD int hierarchy = -1;
    CLEANUP_FD int group = -1;

    hierarchy = open_hierarchy(e);
    if (hierarchy < 0)
        return -1;
    group = open_group(hierarchy, path);
    if (group < 0)
        return errno == ENOENT ? 0 : err_sys(e, "open the cgroup %s", path);
    if (write_file(group, "cgroup.kill", "1") < 0 && errno != ENOENT && errno != ENODEV)
        return err_sys(e, "kill the cgroup %s", path);
    return 0;
}

/* Until no process is in the group or beneath it. The kernel announces changes of cgroup.events as
 * POLLPRI; the timeout is for changes that happen between reading and polling. */
static void wait_until_empty(int group)
{
    CLEANUP_FD int events = -1;
    struct pollfd polled = {.events = POLLPRI};

    events = open_file(group, "cgroup.events", O_RDONLY);
    polled.fd = events;
    for (int i = 0; i < REMOVE_TRIES && events >= 0; i++) {
        char text[256] = {0};

        if (pread(events, text, sizeof(text) - 1, 0) <= 0 || strstr(text, "populated 0") != NULL)
            return;
        if (poll(&polled, 1, 100) < 0 && errno != EINTR)
            return;
    }
}

/* The name of a subdirectory, if there is one. */
static bool find_child(int group, char *name, size_t size)
{
    int copy = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    bool found = false;

    if (entries == NULL) {
        fd_close(&copy);
        return false;
    }
    while (!found && (entry = readdir(entries)) != NULL)
        if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0) {
            snprintf(name, size, "%s", entry->d_name);
            found = true;
        }
    closedir(entries);
    return found;
}

/* Removes all groups beneath: down to a leaf, remove it, begin again. The workload decides how many
 * there are, so nothing here recurses. */
static int remove_children(int group, struct err *e)
{
    char name[256];

    while (find_child(group, name, sizeof(name))) {
        CLEANUP_FD int parent = fcntl(group, F_DUPFD_CLOEXEC, 3);
        CLEANUP_FD int child = -1;
        char below[256];

        for (int depth = 0; depth < MAX_DEPTH; depth++) {
            fd_close(&child);
            child = open_file(parent, name, O_RDONLY | O_DIRECTORY);
            if (child < 0 || !find_child(child, below, sizeof(below)))
                break;
            fd_close(&parent);
            parent = fd_move(&child);
            memcpy(name, below, sizeof(name));
        }
        if (unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
            return err_sys(e, "remove the cgroup %s that the container made", name);
    }
    return 0;
}

static int remove_directory(int hierarchy, const char *path)
{
    static const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_MS * 1000000L};

    for (int i = 0;; i++) {
        if (unlinkat(hierarchy, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
            return 0;
        /* A process that has ended is still counted for a moment. */
        if (errno != EBUSY || i == REMOVE_TRIES)
            return -1;
        nanosleep(&pause, NULL);
    }
}

/* Directories above the container's that its create made; somebody else may use them by now. */
static void remove_parents(int hierarchy, const char *path, uint32_t n)
{
    char parent[4096];

    if (strlen(path) >= sizeof(parent))
        return;
    memcpy(parent, path, strlen(path) + 1);
    for (; n > 0; n--) {
        char *slash = strrchr(parent, '/');

        if (slash == parent || slash == NULL)
            return;
        *slash = '\0';
        if (unlinkat(hierarchy, parent + 1, AT_REMOVEDIR) < 0)
            return;
    }
}

int cgroup_path_remove(const char *path, uint32_t n_made, struct err *e)
{
    CLEANUP_FD int hierarchy = -1;
    CLEANUP_FD int group = -1;

    hierarchy = open_hierarchy(e);
    if (hierarchy < 0)
        return -1;
    /* The ordinary case: everybody is gone, and one call is enough. */
    if (unlinkat(hierarchy, path + 1, AT_REMOVEDIR) < 0 && errno != ENOENT) {
        group = open_group(hierarchy, path);
        if (group >= 0) {
            if (write_file(group, "cgroup.kill", "1") < 0 && errno != ENOENT && errno != ENODEV)
                return err_sys(e, "kill the cgroup %s", path);
            wait_until_empty(group);
            if (remove_children(group, e) < 0)
                return -1;
            if (remove_directory(hierarchy, path) < 0)
                return err_sys(e, "remove the cgroup %s", path);
        } else if (errno != ENOENT) {
            return err_sys(e, "open the cgroup %s", path);
        }
    }
    if (n_made > 1)
        remove_parents(hierarchy, path, n_made - 1);
    return 0;
}
