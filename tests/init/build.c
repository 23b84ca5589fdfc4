/* SPDX-License-Identifier: Apache-2.0 */

/* Root filesystems, and plans one operation at a time. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver.h"

static void make_rootfs(const struct box *box)
{
    static const char *const applets[] = {
        "sh",       "cat",  "ls",       "id", "grep", "stat", "touch",   "sleep",
        "hostname", "env",  "wc",       "tr", "od",   "kill", "sed",     "mkdir",
        "rm",       "sort", "readlink", "ln", "head", "true", "dirname",
    };
    static const char *const directories[] = {"", "bin", "proc", "dev", "sys", "tmp", "etc"};

    for (size_t i = 0; i < ARRAY_LEN(directories); i++)
        if (mkdir(in_box(box, directories[i]), 0755) < 0)
            die("make the root filesystem");
    if (link(busybox, in_box(box, "bin/busybox")) < 0)
        die("link busybox");
    for (size_t i = 0; i < ARRAY_LEN(applets); i++) {
        char name[32];

        snprintf(name, sizeof(name), "bin/%s", applets[i]);
        if (symlink("busybox", in_box(box, name)) < 0)
            die("link an applet");
    }
    write_file(in_box(box, "etc/passwd"),
               "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n", 0644);
}

void box_open(struct box *box, const char *name, uint64_t namespaces)
{
    memset(box, 0, sizeof(*box));
    box->namespaces = namespaces | CLONE_NEWNS;
    box->channel = box->output_fd = box->pidfd = -1;
    box->timeout_ms = 10000;
    for (size_t i = 0; i < ARRAY_LEN(box->slots); i++)
        box->slots[i] = -1;
    snprintf(box->directory, sizeof(box->directory), "%s/%s", scratch, name);
    if (mkdir(box->directory, 0755) < 0)
        die(box->directory);
    make_rootfs(box);
    memset(box->nonce, 0x5a, sizeof(box->nonce));
    plan_start(&box->plan, &box->arena);
}

void box_close(struct box *box)
{
    if (box->pid > 0) {
        kill(box->pid, SIGKILL);
        waitpid(box->pid, NULL, __WALL);
    }
    if (box->channel >= 0)
        close(box->channel);
    if (box->output_fd >= 0)
        close(box->output_fd);
    if (box->pidfd >= 0)
        close(box->pidfd);
    for (size_t i = 0; i < ARRAY_LEN(box->slots); i++)
        if (box->slots[i] >= 0)
            close(box->slots[i]);
    arena_release(&box->arena);
    remove_tree(AT_FDCWD, box->directory);
}

plan_string text(struct box *box, const char *string)
{
    return plan_add_string(&box->plan.init, string);
}

struct plan_vector words(struct box *box, size_t spare, const char *const *list)
{
    size_t n = 0;

    while (list != NULL && list[n] != NULL)
        n++;
    return plan_add_vector(&box->plan.init, list, n, spare);
}

struct plan_op *add(struct box *box, enum plan_op_code code)
{
    return plan_add(&box->plan, code, NULL);
}

uint16_t add_slot(struct box *box, int fd)
{
    uint16_t slot = plan_new_slot(&box->plan);

    if (fd < 0)
        die("open a slot");
    box->slots[slot] = fd;
    return slot;
}

int clone_mount(const char *path)
{
    const struct mount_attr attr = {.propagation = MS_PRIVATE};
    int fd = sys_open_tree(AT_FDCWD, path, OPEN_TREE_CLONE);

    if (fd < 0 || sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr) < 0)
        die(path);
    return fd;
}

void add_root(struct box *box)
{
    struct plan_op *op;

    if ((box->namespaces & CLONE_NEWUSER) != 0)
        add(box, OP_BECOME_ROOT);
    op = add(box, OP_PROPAGATION);
    op->propagation.propagation = MS_SLAVE;
    op = add(box, OP_ROOT);
    op->root.slot = add_slot(box, clone_mount(in_box(box, "")));
}

void add_mount(struct box *box, const char *filesystem, const char *target, uint16_t flags,
               const char *const *parameters)
{
    struct plan_vector vector = words(box, 0, parameters);
    struct plan_op *op = add(box, OP_MOUNT);

    op->flags = flags;
    op->mount.filesystem = text(box, filesystem);
    op->mount.target = text(box, target);
    op->mount.source = text(box, filesystem);
    op->mount.parameters = vector;
}

void add_proc(struct box *box)
{
    add_mount(box, "proc", "/proc", MOUNT_MAKE_TARGET | MOUNT_NO_LINKS, NULL);
}

void add_bind(struct box *box, const char *source, const char *target, uint16_t flags)
{
    struct plan_op *op = add(box, OP_BIND);

    op->flags = flags;
    op->bind.target = text(box, target);
    op->bind.slot = add_slot(box, clone_mount(source));
}

void add_device(struct box *box, const char *path, uint32_t mode, uint32_t major, uint32_t minor)
{
    struct plan_op *op = add(box, OP_DEVICE);

    op->device.path = text(box, path);
    op->device.mode = mode;
    op->device.major = major;
    op->device.minor = minor;
    op->device.slot = PLAN_NO_SLOT;
}

void add_link(struct box *box, const char *path, const char *target, uint16_t flags)
{
    struct plan_op *op = add(box, OP_LINK);

    op->flags = flags;
    op->link.path = text(box, path);
    op->link.target = text(box, target);
}

void add_path(struct box *box, enum plan_op_code code, const char *path)
{
    struct plan_op *op = add(box, code);

    if (code == OP_CWD)
        op->cwd.path = text(box, path);
    else if (code == OP_DIRECTORY)
        op->directory.path = text(box, path);
    else
        op->readonly_path.path = text(box, path);
}

void add_mask(struct box *box, const char *path)
{
    struct plan_op *op = add(box, OP_MASK_PATH);

    if (box->null_slot == 0)
        box->null_slot = (uint16_t)(add_slot(box, clone_mount("/dev/null")) + 1);
    op->mask_path.path = text(box, path);
    op->mask_path.slot = (uint16_t)(box->null_slot - 1);
}

struct plan_op *add_user(struct box *box, uint32_t uid, uint32_t gid)
{
    uint32_t n = (uint32_t)box->plan.init.ops.count;
    struct plan_op *op = add(box, OP_IDENTITY);

    op->identity.uid = uid;
    op->identity.gid = gid;
    if (uid != 0)
        op->flags = IDENTITY_KEEP_CAPS;
    add(box, OP_CAPABILITIES);
    return &box->plan.init.ops.items[n];
}

void add_program(struct box *box, const char *const *candidates, uint16_t flags)
{
    struct plan_vector vector = words(box, 0, candidates);
    struct plan_op *op = add(box, OP_PROGRAM);

    op->flags = flags;
    op->program.candidates = vector;
    op->program.name = text(box, candidates[0]);
}

void add_ready(struct box *box, int listener)
{
    uint16_t slot = listener >= 0 ? add_slot(box, listener) : PLAN_NO_SLOT;
    struct plan_op *op = add(box, OP_READY);

    op->flags = listener >= 0 ? READY_LISTEN : 0;
    op->ready.slot = slot;
    op->ready.creator_uid = 0;
    memcpy(op->ready.nonce, box->nonce, sizeof(box->nonce));
}

void add_filter(struct box *box, const struct sock_filter *program, size_t size)
{
    struct plan_op *op = add(box, OP_FILTER);

    op->filter.program = plan_add_blob(&box->plan.init, program, size);
}

void add_exec(struct box *box, const char *const *args)
{
    static const char *const env[] = {"PATH=/bin", NULL};
    struct plan_vector args_vector = words(box, 0, args);
    struct plan_vector env_vector = words(box, 1, env);
    struct plan_op *op = add(box, OP_EXEC);

    op->exec.args = args_vector;
    op->exec.env = env_vector;
}

/* From the root switch to the end: a shell as root, without capabilities. */
void add_shell(struct box *box, const char *script)
{
    static const char *const shell[] = {"/bin/sh", NULL};
    const char *const args[] = {"sh", "-c", script, NULL};

    add_program(box, shell, 0);
    add_ready(box, -1);
    add_exec(box, args);
}

void add_rest(struct box *box, const char *script)
{
    add(box, OP_PIVOT);
    add_user(box, 0, 0);
    add_shell(box, script);
}
