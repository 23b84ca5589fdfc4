/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Hooks, config.md "POSIX-platform Hooks". All but startContainer run on the host side
 * (process/hooks.c): createContainer in the container's namespaces but before the root switch, the
 * others in the runtime's. startContainer hooks are programs of the image: they run inside, by
 * init, with no more privilege than the workload.
 */

#include "process/process.h"
#include "spec/state.h"

static struct plan_vector add_hook_args(struct plan_block *block, const struct spec_hook *hook)
{
    /* Without args there is still an argv[0]. */
    if (hook->args.count == 0)
        return plan_add_vector(block, &hook->path, 1, 0);
    return plan_add_vector(block, hook->args.items, hook->args.count, 0);
}

static void add_host_hooks(struct compile *compile, const struct spec_hook_list *hooks,
                           enum plan_hook_point point)
{
    struct plan_block *block = plan_block_of(compile->plan, OP_HOOK);

    for (size_t i = 0; i < hooks->count; i++) {
        const struct spec_hook *hook = &hooks->items[i];
        plan_string path = plan_add_string(block, hook->path);
        struct plan_vector args = add_hook_args(block, hook);
        struct plan_vector env = plan_add_vector(block, hook->env.items, hook->env.count, 0);
        struct plan_op *op =
            plan_add(compile->plan, OP_HOOK, compile_pointer(compile, hook->origin, NULL));

        op->hook.point = point;
        op->hook.path = path;
        op->hook.args = args;
        op->hook.env = env;
        op->hook.timeout_s = hook->timeout_s;
    }
}

void process_compile_hooks(struct compile *compile)
{
    const struct spec_hooks *hooks = compile->config->hooks;

    if (hooks == NULL)
        return;
    add_host_hooks(compile, &hooks->prestart, HOOK_PRESTART);
    add_host_hooks(compile, &hooks->create_runtime, HOOK_CREATE_RUNTIME);
    add_host_hooks(compile, &hooks->create_container, HOOK_CREATE_CONTAINER);
    add_host_hooks(compile, &hooks->poststart, HOOK_POSTSTART);
    add_host_hooks(compile, &hooks->poststop, HOOK_POSTSTOP);
}

void process_compile_inner_hooks(struct compile *compile)
{
    const struct spec_hooks *hooks = compile->config->hooks;
    struct plan_block *block = plan_block_of(compile->plan, OP_INNER_HOOK);
    struct oci_state state = {
        .oci_version = compile->config->oci_version,
        .id = compile->options->id,
        .status = "created",
        .bundle = compile->options->bundle,
        .annotations = &compile->config->annotations,
    };
    const char *head_text;
    const char *tail_text;
    plan_string head;
    plan_string tail;

    if (hooks == NULL || hooks->start_container.count == 0)
        return;
    /* The pid is the one that the container sees, and only init knows it: the text is cut there. */
    oci_state_cut_at_pid(&state, compile->arena, &head_text, &tail_text);
    head = plan_add_string(block, head_text);
    tail = plan_add_string(block, tail_text);
    for (size_t i = 0; i < hooks->start_container.count; i++) {
        const struct spec_hook *hook = &hooks->start_container.items[i];
        plan_string path = plan_add_string(block, hook->path);
        struct plan_vector args = add_hook_args(block, hook);
        struct plan_vector env = plan_add_vector(block, hook->env.items, hook->env.count, 0);
        struct plan_op *op =
            plan_add(compile->plan, OP_INNER_HOOK, compile_pointer(compile, hook->origin, NULL));

        op->inner_hook.index = (uint32_t)i;
        op->inner_hook.path = path;
        op->inner_hook.args = args;
        op->inner_hook.env = env;
        op->inner_hook.state_head = head;
        op->inner_hook.state_tail = tail;
        op->inner_hook.timeout_s = hook->timeout_s;
    }
}
