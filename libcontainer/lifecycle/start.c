/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/start.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "kernel/sys.h"
#include "lifecycle/bundle.h"
#include "lifecycle/status.h"
#include "process/channel.h"
#include "process/failure.h"
#include "process/process.h"

static int parse_nonce(const char *hex, uint8_t nonce[16], struct err *e)
{
    if (strlen(hex) != 32)
        return err_input(e, NULL, "the state holds a damaged nonce");
    for (size_t i = 0; i < 16; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *high = strchr(digits, hex[2 * i]);
        const char *low = strchr(digits, hex[2 * i + 1]);

        if (high == NULL || low == NULL)
            return err_input(e, NULL, "the state holds a damaged nonce");
        nonce[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return 0;
}

int start_send(int channel, const struct state_record *record, struct err *e)
{
    struct channel_message message = {.type = MSG_START};

    if (parse_nonce(record->nonce, message.nonce, e) < 0)
        return -1;
    return channel_send(channel, &message, e);
}

int start_wait(int channel, const struct state_record *record, struct err *e)
{
    struct channel_message message;
    bool is_executing = false;

    for (;;) {
        int result = channel_receive(channel, &message, e);

        if (result < 0)
            return -1;
        if (result == CHANNEL_CLOSED)
            break;
        if (message.type == MSG_FAILED)
            return failure_explain_start(record->program != NULL ? record->program : "", &message,
                                         e);
        if (message.type != MSG_EXECUTING)
            return err_bug(e, "message %u while starting", message.type);
        is_executing = true;
    }
    /* End of file after EXECUTING: the descriptor closed itself at execve. Without it init died. */
    if (!is_executing)
        return err_state(e, "the container process died before it could be started");
    return 0;
}

struct oci_state start_hook_state(const struct state_record *record, const char *status)
{
    return (struct oci_state){
        .oci_version = record->oci_version,
        .id = record->id,
        .status = status,
        .pid = record->pid,
        .bundle = record->bundle,
        .annotations = &record->annotations,
    };
}

int start_load_hooks(const struct state_dir *dir, struct arena *arena, struct plan *plan,
                     struct err *e)
{
    static const struct compile_options options;
    struct findings findings = FINDINGS_INIT(arena);
    struct spec_document *document = ARENA_NEW(arena, struct spec_document, 1);
    struct compile compile = {
        .arena = arena,
        .document = document,
        .config = &document->config,
        .options = &options,
        .findings = &findings,
        .plan = plan,
    };
    char *bytes;
    size_t size;

    if (state_read_config(dir, arena, &bytes, &size, e) < 0)
        return -1;
    spec_decode(document, arena, bytes, size, &findings);
    if (findings.n_refused != 0)
        return err_input(e, NULL, "the stored configuration of %s is damaged", dir->id);
    plan_start(plan, arena);
    process_compile_hooks(&compile);
    return 0;
}

static int run_poststart(const struct container *container, const struct caisson *caisson,
                         struct err *e)
{
    static const struct hook_target runtime_side = {.pidfd = -1, .cgroup_fd = -1};
    struct oci_state state = start_hook_state(&container->record, "running");
    struct plan plan;

    if (!container->record.has_late_hooks)
        return 0;
    if (start_load_hooks(&container->dir, caisson->arena, &plan, e) < 0)
        return -1;
    if (hooks_run(&plan, HOOK_POSTSTART, &state, &runtime_side, e) == 0)
        return 0;
    /* runtime.md, lifecycle step 9: stop the container. `delete` then goes on with step 12. */
    sys_pidfd_send_signal(container->pidfd, SIGKILL);
    return -1;
}

int caisson_start(const struct caisson *caisson, const char *id, struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    CLEANUP_FD int connection = -1;

    if (container_require(&container, caisson, id, CONTAINER_LOCK, e) < 0 ||
        transition_check(container.status, VERB_START, id, e) < 0)
        return -1;
    if (container.record.program == NULL)
        return err_input(e, "/process", "container %s has no process to start", id);
    connection = state_connect(&container.dir, e);
    if (connection < 0)
        return -1;
    if (start_send(connection, &container.record, e) < 0 ||
        start_wait(connection, &container.record, e) < 0)
        return -1;
    state_remove_socket(&container.dir);
    return run_poststart(&container, caisson, e);
}
