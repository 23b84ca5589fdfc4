/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Namespaces, id maps, names, loopback, sysctls.
 *
 * Who makes which namespace is the kernel's choice more than ours:
 *   - clone3 makes all new ones at once, so that the user namespace owns the others;
 *   - the cgroup namespace is made by init itself: its root is the cgroup of the process that makes
 * it, and clone3 would take the parent's;
 *   - the time namespace is made by init: its offsets can only be written before a process is in
 * it;
 *   - joined ones are entered by an intermediate process before the clone (process/launch.c).
 */

#include <net/if.h>
#include <string.h>

#include <linux/rtnetlink.h>

#include "kernel/abi.h"
#include "process/process.h"
#include "spec/check.h"

static const struct {
    const char *name;
    uint32_t clone_flag;
} namespace_types[] = {
    {"user", CLONE_NEWUSER},     {"mount", CLONE_NEWNS},  {"network", CLONE_NEWNET},
    {"uts", CLONE_NEWUTS},       {"ipc", CLONE_NEWIPC},   {"pid", CLONE_NEWPID},
    {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
};

static uint32_t clone_flag_of(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(namespace_types); i++)
        if (strcmp(namespace_types[i].name, type) == 0)
            return namespace_types[i].clone_flag;
    return 0;
}

static void add_namespace(struct compile *compile, const struct spec_namespace *ns)
{
    const char *origin = compile_pointer(compile, ns->origin, NULL);
    bool is_joined = !str_is_empty(ns->path);
    uint32_t flag = clone_flag_of(ns->type);
    enum plan_op_code code = OP_NAMESPACE_NEW;
    struct plan_block *block;
    plan_string name;
    plan_string path = 0;
    struct plan_op *op;

    if (flag == CLONE_NEWTIME && !is_joined)
        return; /* add_time_namespace() */
    if (is_joined)
        code = OP_NAMESPACE_JOIN;
    else if (flag == CLONE_NEWCGROUP)
        code = OP_UNSHARE;

    block = plan_block_of(compile->plan, code);
    name = plan_add_string(block, ns->type);
    if (is_joined)
        path = plan_add_string(block, ns->path);
    op = plan_add(compile->plan, code, origin);
    if (code == OP_NAMESPACE_NEW) {
        op->namespace_new.clone_flag = flag;
        op->namespace_new.name = name;
    } else if (code == OP_NAMESPACE_JOIN) {
        op->namespace_join.clone_flag = flag;
        op->namespace_join.name = name;
        op->namespace_join.path = path;
    } else {
        op->unshare.clone_flag = flag;
        op->unshare.name = name;
    }
}

/* The rows of one kind in the order of the kernel's needs rather than of the document: see
 * process/launch.c for why the user namespace comes where it does. */
static void add_namespaces(struct compile *compile, bool host_side)
{
    const struct spec_namespace_list *list = &compile->linux_section->namespaces;

    for (size_t type = 0; type < ARRAY_LEN(namespace_types); type++)
        for (size_t i = 0; i < list->count; i++) {
            const struct spec_namespace *ns = &list->items[i];
            bool is_host_row = !(strcmp(ns->type, "cgroup") == 0 && str_is_empty(ns->path));

            if (strcmp(ns->type, namespace_types[type].name) == 0 && is_host_row == host_side)
                add_namespace(compile, ns);
        }
}

static void add_id_map(struct compile *compile, uint32_t which, const struct spec_id_map_list *maps,
                       const char *key)
{
    struct strbuf text = STRBUF_INIT(compile->arena);
    struct plan_block *block = plan_block_of(compile->plan, OP_ID_MAP);
    plan_string lines;
    struct plan_op *op;

    /* A joined namespace has its maps already. */
    if (maps->count == 0 || !compile_has_new_namespace(compile, "user"))
        return;
    for (size_t i = 0; i < maps->count; i++)
        strbuf_printf(&text, "%u %u %u\n", maps->items[i].container_id, maps->items[i].host_id,
                      maps->items[i].size);
    lines = plan_add_string(block, strbuf_text(&text));
    op = plan_add(compile->plan, OP_ID_MAP,
                  compile_pointer(compile, compile->linux_section->origin, key));
    op->id_map.which = which;
    op->id_map.text = lines;
}

static void add_time_namespace(struct compile *compile)
{
    const struct spec_time_offset_map *offsets = &compile->linux_section->time_offsets;
    struct plan_op *op;

    if (!compile_has_new_namespace(compile, "time"))
        return;
    op = plan_add(compile->plan, OP_TIME_OFFSETS,
                  compile_pointer(compile, compile->linux_section->origin,
                                  offsets->count != 0 ? "timeOffsets" : "namespaces"));
    for (size_t i = 0; i < offsets->count; i++) {
        const struct spec_time_offset *offset = &offsets->items[i].value;

        if (strcmp(offsets->items[i].key, "boottime") == 0) {
            op->time_offsets.boottime_s = offset->secs;
            op->time_offsets.boottime_ns = offset->nanosecs;
        } else {
            op->time_offsets.monotonic_s = offset->secs;
            op->time_offsets.monotonic_ns = offset->nanosecs;
        }
    }
}

static void add_text(struct compile *compile, enum plan_op_code code, const char *text,
                     const char *key)
{
    plan_string string;
    struct plan_op *op;

    if (str_is_empty(text))
        return;
    string = plan_add_string(plan_block_of(compile->plan, code), text);
    op = plan_add(compile->plan, code, compile_pointer(compile, compile->config->origin, key));
    if (code == OP_HOSTNAME)
        op->hostname.text = string;
    else
        op->domainname.text = string;
}

/* A new network namespace has a loopback link that is down. */
static void add_loopback(struct compile *compile)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } message = {
        .header = {.nlmsg_len = sizeof(message),
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                   .nlmsg_seq = 1},
        /* Index 1 is the loopback link of every network namespace. */
        .link = {.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP},
    };
    struct plan_block *block = plan_block_of(compile->plan, OP_NETLINK);
    struct plan_blob blob;
    plan_string summary;
    struct plan_op *op;

    if (!compile_has_new_namespace(compile, "network"))
        return;
    blob = plan_add_blob(block, &message, sizeof(message));
    summary = plan_add_string(block, "set lo up");
    op = plan_add(compile->plan, OP_NETLINK,
                  compile_pointer(compile, compile->linux_section->origin, "namespaces"));
    op->netlink.message = blob;
    op->netlink.summary = summary;
}

static void add_stdio_owner(struct compile *compile, const struct spec_process *process)
{
    uint32_t uid;
    struct plan_op *op;

    if (process == NULL || process->user == NULL ||
        !compile_host_uid(compile, process->user->uid, &uid) || uid == compile->facts->euid)
        return;
    op = plan_add(compile->plan, OP_STDIO_OWNER,
                  compile_pointer(compile, process->user->origin, "uid"));
    op->stdio_owner.value = uid;
}

void process_compile_namespaces(struct compile *compile)
{
    const struct spec_process *process = compile->config->process;
    const struct spec_linux *linux_section = compile->linux_section;
    struct plan_op *op;

    add_namespaces(compile, true);
    add_id_map(compile, ID_MAP_UID, &linux_section->uid_mappings, "uidMappings");
    add_id_map(compile, ID_MAP_GID, &linux_section->gid_mappings, "gidMappings");
    if (process != NULL && SPEC_HAS(spec_process, process, oom_score_adj)) {
        op = plan_add(compile->plan, OP_OOM_SCORE,
                      compile_pointer(compile, process->origin, "oomScoreAdj"));
        op->oom_score.value = process->oom_score_adj;
    }

    add_stdio_owner(compile, process);

    if (compile_has_namespace(compile, "user"))
        plan_add(compile->plan, OP_BECOME_ROOT,
                 compile_pointer(compile, linux_section->origin, "namespaces"));
    op = plan_add(compile->plan, OP_SESSION, NULL);
    if (!compile->options->keep_keyring)
        op->flags |= SESSION_NEW_KEYRING;
    add_namespaces(compile, false);
    add_time_namespace(compile);
    add_text(compile, OP_HOSTNAME, compile->config->hostname, "hostname");
    add_text(compile, OP_DOMAINNAME, compile->config->domainname, "domainname");
    add_loopback(compile);
}

void process_compile_sysctls(struct compile *compile)
{
    const struct json_string_map *sysctls = &compile->linux_section->sysctl;
    struct plan_block *block = plan_block_of(compile->plan, OP_SYSCTL);

    for (size_t i = 0; i < sysctls->count; i++) {
        plan_string name =
            plan_add_string(block, spec_sysctl_path(compile->arena, sysctls->items[i].key));
        plan_string value = plan_add_string(block, sysctls->items[i].value);
        struct plan_op *op =
            plan_add(compile->plan, OP_SYSCTL,
                     json_pointer_entry(&compile->document->json, compile->linux_section->origin,
                                        "sysctl", sysctls->items[i].key));

        op->sysctl.name = name;
        op->sysctl.value = value;
    }
}

uint32_t process_namespaces(const struct plan *plan)
{
    uint32_t flags = 0;

    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (op->code == OP_NAMESPACE_NEW)
            flags |= op->namespace_new.clone_flag;
        else if (op->code == OP_NAMESPACE_JOIN)
            flags |= op->namespace_join.clone_flag;
    }
    for (size_t i = 0; i < plan->init.ops.count; i++) {
        const struct plan_op *op = &plan->init.ops.items[i];

        if (op->code == OP_UNSHARE)
            flags |= op->unshare.clone_flag;
        else if (op->code == OP_TIME_OFFSETS)
            flags |= CLONE_NEWTIME;
    }
    return flags;
}
