/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/abi.h"
#include "lifecycle/start.h"
#include "lifecycle/status.h"
#include "process/channel.h"
#include "process/failure.h"
#include "process/hooks.h"
#include "process/process.h"
#include "process/stdio.h"
#include "rootfs/sources.h"
#include "seccomp/seccomp.h"
#include "spec/state.h"

void creation_release(struct creation *creation)
{
    if (creation->slots != NULL)
        for (size_t i = 0; i < creation->plan.n_slots; i++)
            fd_close(&creation->slots[i]);
    fd_close(&creation->root_directory);
    cgroup_release(&creation->cgroup);
    launched_release(&creation->launched);
    state_dir_release(&creation->dir);
    bundle_release(&creation->bundle);
}

/* ---- the record ------------------------------------------------------------------------------------- */

static const char *now_rfc3339(struct arena *arena)
{
    struct timespec now;
    struct tm utc;
    char seconds[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
    return arena_printf(arena, "%s.%09ldZ", seconds, now.tv_nsec);
}

static const char *nonce_hex(struct arena *arena, const uint8_t nonce[16])
{
    struct strbuf text = STRBUF_INIT(arena);

    for (size_t i = 0; i < 16; i++)
        strbuf_printf(&text, "%02x", nonce[i]);
    return strbuf_text(&text);
}

static bool has_new_namespace(const struct plan *plan, uint32_t clone_flag)
{
    for (size_t i = 0; i < plan->host.ops.count; i++)
        if (plan->host.ops.items[i].code == OP_NAMESPACE_NEW &&
            plan->host.ops.items[i].namespace_new.clone_flag == clone_flag)
            return true;
    return false;
}

static void fill_record(struct creation *creation)
{
    const struct spec_config *config = &creation->bundle.document.config;
    struct arena *arena = creation->caisson->arena;
    const char *rootfs = config->root->path;

    creation->record = (struct state_record){
        .present = ~(uint64_t)0,
        .version = STATE_FORMAT_VERSION,
        .oci_version = config->oci_version,
        .id = creation->options->id,
        .bundle = creation->bundle.path,
        .rootfs = str_clean_path(
            arena, rootfs[0] == '/' ? rootfs
                                    : arena_printf(arena, "%s/%s", creation->bundle.path, rootfs)),
        .created = now_rfc3339(arena),
        .owner = creation->facts.euid,
        .boot_id = "",
        .nonce = nonce_hex(arena, creation->compile_options.nonce),
        .program = config->process != NULL && config->process->args.count != 0
                       ? config->process->args.items[0]
                       : NULL,
        .has_own_pids = has_new_namespace(&creation->plan, CLONE_NEWPID),
        .has_late_hooks = hooks_exist(&creation->plan, HOOK_POSTSTART) ||
                          hooks_exist(&creation->plan, HOOK_POSTSTOP),
        .annotations = config->annotations,
    };
    container_record_cgroup(&creation->record, cgroup_plan_place(&creation->plan));
}

/* ---- steps ------------------------------------------------------------------------------------------ */

static int claim_do(struct creation *creation, struct err *e)
{
    CLEANUP_FD int root = -1;

    root = container_open_root(creation->caisson, true, e);
    if (root < 0 || state_dir_make(&creation->dir, &root, creation->options->id, e) < 0)
        return -1;
    fill_record(creation);
    /* From here on a crash can be cleaned up by name: the record says where the cgroup will be. */
    if (state_write_record(&creation->dir, &creation->record, creation->caisson->arena, e) < 0) {
        struct err ignored = ERR_INIT;

        if (state_dir_remove(&creation->dir, &ignored) < 0)
            log_warn("%s", ignored.text);
        return -1;
    }
    return 0;
}

static int claim_undo(struct creation *creation, struct err *e)
{
    return state_dir_remove(&creation->dir, e);
}

static int cgroup_do(struct creation *creation, struct err *e)
{
    if (cgroup_prepare(&creation->cgroup, &creation->facts, &creation->plan, e) < 0)
        return -1;
    container_record_cgroup(&creation->record, creation->cgroup.place);
    return 0;
}

static int cgroup_undo(struct creation *creation, struct err *e)
{
    return cgroup_abandon(&creation->cgroup, e);
}

static int launch_do(struct creation *creation, struct err *e)
{
    const char *root = creation->bundle.document.config.root->path;

    creation->root_directory =
        openat(creation->bundle.directory, root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (creation->root_directory < 0) {
        err_sys(e, "open the root filesystem %s", root);
        return err_at(e, "/root/path");
    }
    return launch_init(&creation->launched, &creation->plan, creation->cgroup.directory,
                       creation->root_directory, e);
}

static int launch_undo(struct creation *creation, struct err *e)
{
    (void)e;
    launch_abort(&creation->launched);
    return 0;
}

/* The filter is compiled by a library, or found in the cache: the plan gets the finished program.
 */
static int add_filter(struct creation *creation, struct err *e)
{
    const struct spec_linux *linux_section = creation->bundle.document.config.linux_section;

    for (size_t i = 0; i < creation->plan.init.ops.count; i++) {
        struct plan_op *op = &creation->plan.init.ops.items[i];
        struct seccomp_program program;

        if (op->code != OP_FILTER)
            continue;
        if (seccomp_program_get(&program, linux_section->seccomp, &creation->bundle.document.json,
                                creation->dir.root, creation->caisson->arena,
                                creation->caisson->findings, e) < 0)
            return -1;
        op->filter.program =
            plan_add_blob(&creation->plan.init, program.instructions, program.size_bytes);
        op->filter.flags = program.flags;
    }
    return 0;
}

/* The listening socket is the one slot that is not a source: READY names it. */
static int add_listener(struct creation *creation, struct err *e)
{
    for (size_t i = 0; i < creation->plan.init.ops.count; i++) {
        const struct plan_op *op = &creation->plan.init.ops.items[i];

        if (op->code != OP_READY || (op->flags & READY_LISTEN) == 0)
            continue;
        creation->slots[op->ready.slot] = state_listen(&creation->dir, e);
        if (creation->slots[op->ready.slot] < 0)
            return -1;
    }
    return 0;
}

static int describe_death(struct creation *creation, struct err *e)
{
    int status;

    if (waitpid(creation->launched.pid, &status, 0) < 0)
        return err_sys(e, "wait for the container process");
    creation->launched.pid = -1;
    if (WIFSIGNALED(status)) {
        err_state(e, "the container process was killed by signal %d while it was set up",
                  WTERMSIG(status));
        if (WTERMSIG(status) == SIGKILL)
            return err_hint(e, "the memory limit may be too small, or somebody killed it");
        return -1;
    }
    return err_bug(e, "caisson-init ended with status %d without a word", WEXITSTATUS(status));
}

/* The other side is gone, and a broken pipe is not the reason: what it said before it went is. */
static int explain_end(struct creation *creation, struct err *e)
{
    struct channel_message message;
    int result = channel_receive(creation->launched.channel, &message, e);

    if (result < 0)
        return -1;
    if (result == CHANNEL_MESSAGE && message.type == MSG_FAILED)
        return failure_explain(&creation->plan, &message, e);
    return describe_death(creation, e);
}

static bool is_broken_pipe(const struct err *e)
{
    return e->kind == ERR_SYS && (e->sys_errno == EPIPE || e->sys_errno == ECONNRESET);
}

static int send_plan(struct creation *creation, struct err *e)
{
    if (launch_send_plan(&creation->launched, &creation->plan, creation->slots, e) == 0)
        return 0;
    return is_broken_pipe(e) ? explain_end(creation, e) : -1;
}

static int configure_cgroup(struct creation *creation, struct err *e)
{
    if (cgroup_configure(&creation->cgroup, &creation->plan, creation->launched.pid, e) < 0)
        return -1;
    /* A driver that adopts the process knows only now where. */
    container_record_cgroup(&creation->record, creation->cgroup.place);
    return 0;
}

/* The new process is on its way through execve meanwhile: what is done here costs no time. */
static int send_do(struct creation *creation, struct err *e)
{
    creation->slots = ARENA_NEW(creation->caisson->arena, int, (size_t)creation->plan.n_slots + 1);
    for (size_t i = 0; i < creation->plan.n_slots; i++)
        creation->slots[i] = -1;
    if (configure_cgroup(creation, e) < 0 ||
        state_write_config(&creation->dir, creation->bundle.bytes, creation->bundle.size, e) < 0 ||
        add_filter(creation, e) < 0 || add_listener(creation, e) < 0 ||
        sources_open(&creation->plan, creation->bundle.directory, creation->root_directory,
                     creation->slots, e) < 0 ||
        send_plan(creation, e) < 0)
        return -1;
    /* They live in the container's process now; ours would only keep mounts busy. */
    for (size_t i = 0; i < creation->plan.n_slots; i++)
        fd_close(&creation->slots[i]);
    return 0;
}

static int run_hooks_at(struct creation *creation, uint32_t point, struct err *e)
{
    static const struct channel_message go_on = {.type = MSG_GO_ON};
    struct oci_state state = start_hook_state(&creation->record, "creating");
    struct hook_target target = {
        .pidfd = creation->launched.pidfd,
        .namespaces = process_namespaces(&creation->plan),
        .cgroup_fd = creation->cgroup.directory,
    };

    if (point >= N_HOOK_POINTS)
        return err_bug(e, "hook point %u", point);
    creation->hooks_have_run = true;
    state.pid = creation->launched.pid;
    if (hooks_run(&creation->plan, (enum plan_hook_point)point, &state, &target, e) < 0)
        return -1;
    return channel_send(creation->launched.channel, &go_on, e);
}

static bool is_silent(const struct creation *creation)
{
    for (size_t i = 0; i < creation->plan.init.ops.count; i++)
        if (creation->plan.init.ops.items[i].code == OP_READY)
            return (creation->plan.init.ops.items[i].flags & READY_SILENT) != 0;
    return false;
}

static int ready_do(struct creation *creation, struct err *e)
{
    if (is_silent(creation))
        return 0;
    for (;;) {
        struct channel_message message;
        int result = channel_receive(creation->launched.channel, &message, e);

        if (result < 0)
            return -1;
        if (result == CHANNEL_CLOSED)
            return describe_death(creation, e);
        switch (message.type) {
        case MSG_READY:
            return 0;
        case MSG_FAILED:
            return failure_explain(&creation->plan, &message, e);
        case MSG_AT_HOOK:
            if (run_hooks_at(creation, message.op, e) < 0)
                return -1;
            break;
        default:
            return err_bug(e, "message %u while creating", message.type);
        }
    }
}

static int write_pid_file(const struct creation *creation, struct err *e)
{
    CLEANUP_FD int directory = -1;
    const char *path = creation->options->pid_file;
    const char *slash;
    const char *name;
    char text[16];

    if (path == NULL)
        return 0;
    slash = strrchr(path, '/');
    name = slash != NULL ? slash + 1 : path;
    directory = open(slash == NULL ? "."
                     : slash == path
                         ? "/"
                         : arena_strndup(creation->caisson->arena, path, (size_t)(slash - path)),
                     O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return err_sys(e, "open the directory of the pid file %s", path);
    snprintf(text, sizeof(text), "%d", (int)creation->launched.pid);
    if (fd_write_file(directory, name, 0644, text, strlen(text), e) < 0)
        return err_context(e, "the pid file %s", path);
    return 0;
}

/* Who the process is, for the record: asked while it is busy with its plan. */
static int identify_process(struct creation *creation, struct err *e)
{
    CLEANUP_FD int proc = -1;
    char *boot_id = ARENA_NEW(creation->caisson->arena, char, PROC_BOOT_ID_BYTES);
    struct proc_stat stat;

    proc = proc_open(e);
    if (proc < 0 || proc_read_boot_id(proc, boot_id, e) < 0)
        return -1;
    if (!proc_read_stat(proc, creation->launched.pid, &stat))
        return err_sys(e, "read the state of the container process");
    creation->record.boot_id = boot_id;
    creation->record.pid = creation->launched.pid;
    creation->record.start_ticks = stat.start_ticks;
    creation->record.init_device = creation->launched.image.device;
    creation->record.init_inode = creation->launched.image.inode;
    return 0;
}

int creation_start(struct creation *creation, struct err *e)
{
    bool is_executing = false;

    if (start_send(creation->launched.channel, &creation->record, e) < 0)
        return is_broken_pipe(e) ? explain_end(creation, e) : -1;

    for (;;) {
        struct channel_message message;
        int result = channel_receive(creation->launched.channel, &message, e);

        if (result < 0)
            return -1;
        /* End of file after EXECUTING: the descriptor closed itself at execve. */
        if (result == CHANNEL_CLOSED)
            return is_executing ? 0 : describe_death(creation, e);
        if (message.type == MSG_FAILED)
            return failure_explain(&creation->plan, &message, e);
        if (message.type != MSG_EXECUTING)
            return err_bug(e, "message %u while starting", message.type);
        is_executing = true;
    }
}

int creation_commit(struct creation *creation, struct err *e)
{
    creation->record.is_complete = true;
    if (state_write_record(&creation->dir, &creation->record, creation->caisson->arena, e) < 0)
        return -1;
    return write_pid_file(creation, e);
}

static const struct step {
    const char *name;
    int (*run)(struct creation *creation, struct err *e);
    int (*undo)(struct creation *creation, struct err *e); /* NULL: nothing is left behind */
} steps[] = {
    {"claim the state directory", claim_do, claim_undo},
    {"make the cgroup", cgroup_do, cgroup_undo},
    {"launch", launch_do, launch_undo},
    {"send the plan", send_do, NULL},
    {"identify the process", identify_process, NULL},
    {"wait until it is ready", ready_do, NULL},
};

static void run_poststop(struct creation *creation)
{
    static const struct hook_target runtime_side = {.pidfd = -1, .cgroup_fd = -1};
    struct oci_state state = start_hook_state(&creation->record, "stopped");
    struct err e = ERR_INIT;

    state.pid = 0;
    if (hooks_run(&creation->plan, HOOK_POSTSTOP, &state, &runtime_side, &e) < 0)
        log_warn("poststop hooks: %s", e.text);
}

void creation_undo(struct creation *creation)
{
    while (creation->n_done > 0) {
        const struct step *step = &steps[--creation->n_done];
        struct err e = ERR_INIT;

        /* The poststop hooks see what they would after `delete`: the process and its cgroup gone,
         * the id not yet free (runtime.md, lifecycle steps 12 and 13). */
        if (creation->n_done == 0 && creation->hooks_have_run)
            run_poststop(creation);
        if (step->undo != NULL && step->undo(creation, &e) < 0)
            log_warn("undo \"%s\": %s", step->name, e.text);
    }
}

int creation_run(struct creation *creation, const struct caisson *caisson,
                 const struct caisson_create_options *options, bool starts_at_once, struct err *e)
{
    *creation = (struct creation){
        .caisson = caisson,
        .options = options,
        .compile_options = {.id = options->id,
                            .starts_at_once = starts_at_once,
                            .keep_keyring = options->keep_keyring,
                            .cgroup_manager = bundle_cgroup_manager(caisson)},
        .bundle = BUNDLE_INIT,
        .dir = STATE_DIR_INIT,
        .cgroup = CGROUP_INIT,
        .root_directory = -1,
        .launched = LAUNCHED_INIT,
    };
    if (state_check_id(options->id, e) < 0 || stdio_check(e) < 0 ||
        bundle_load(&creation->bundle, caisson, options->bundle,
                    options->config_name != NULL ? options->config_name : "config.json", e) < 0)
        return -1;
    creation->compile_options.bundle = creation->bundle.path;
    if (getrandom(creation->compile_options.nonce, sizeof(creation->compile_options.nonce), 0) !=
        (ssize_t)sizeof(creation->compile_options.nonce))
        return err_sys(e, "make a nonce");
    if (bundle_compile(&creation->bundle, caisson, &creation->compile_options, &creation->facts,
                       &creation->plan, e) < 0)
        return -1;

    for (; creation->n_done < ARRAY_LEN(steps); creation->n_done++) {
        log_debug("step name=\"%s\" id=%s", steps[creation->n_done].name, options->id);
        if (steps[creation->n_done].run(creation, e) < 0) {
            creation_undo(creation);
            return -1;
        }
    }
    return 0;
}

int caisson_create(const struct caisson *caisson, const struct caisson_create_options *options,
                   struct err *e)
{
    static const struct channel_message committed = {.type = MSG_COMMITTED};
    CLEANUP(creation_release) struct creation creation;

    if (creation_run(&creation, caisson, options, false, e) < 0)
        return -1;
    if (creation_commit(&creation, e) < 0 ||
        channel_send(creation.launched.channel, &committed, e) < 0) {
        creation_undo(&creation);
        return -1;
    }
    return 0;
}
