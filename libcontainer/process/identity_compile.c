/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Who the workload is and what it may do: limits, ids, capabilities, and the way to execve.
 *
 * The order is the heart of it, and a test asserts it:
 *
 *   limits, personality     while we may still raise and set them
 *   bounding set            needs CAP_SETPCAP, so before the capabilities go
 *   identity                uid last, with PR_SET_KEEPCAPS so that the next step has something to
 * keep capabilities            exactly the configured sets, read back no_new_privs before the
 * filter, so that loading it needs no privilege program                 looked up as the workload's
 * user, so that `create` can already say no ready, start            everything but the filter is in
 * place filter                  the last thing before execve
 *
 * Without no_new_privs a filter can only be loaded with CAP_SYS_ADMIN. Instead of loading it early
 * and then needing calls that it forbids, CAP_SYS_ADMIN is kept in the effective and permitted set
 * until execve. It cannot survive: at execve(2) the kernel computes the new sets from the
 * inheritable, the bounding and the ambient set alone (capabilities(7), "Transformation of
 * capabilities during execve()"), and those are already final.
 */

#include <string.h>
#include <sys/resource.h>

#include <linux/capability.h>

#include "kernel/capabilities.h"
#include "process/process.h"

static const struct {
    const char *name;
    uint32_t resource;
} rlimit_names[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
    {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},
    {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},
    {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

static void add_rlimits(struct compile *compile, const struct spec_rlimit_list *limits)
{
    for (size_t i = 0; i < limits->count; i++)
        for (size_t row = 0; row < ARRAY_LEN(rlimit_names); row++) {
            struct plan_op *op;

            if (strcmp(rlimit_names[row].name, limits->items[i].type) != 0)
                continue;
            op = plan_add(compile->plan, OP_RLIMIT,
                          compile_pointer(compile, limits->items[i].origin, NULL));
            op->rlimit.resource = rlimit_names[row].resource;
            op->rlimit.soft = limits->items[i].soft;
            op->rlimit.hard = limits->items[i].hard;
        }
}

/* The set as a mask. What does not exist, or cannot be granted here, is left out with a warning:
 * the specification says that the container runs all the same (config.md, Linux process). */
static uint64_t capability_mask(struct compile *compile, const struct spec_capabilities *sets,
                                const struct json_strings *names, const char *key,
                                uint64_t available)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < names->count; i++) {
        int number = capability_number(names->items[i]);
        const char *pointer = json_pointer_item(&compile->document->json, sets->origin, key, i);

        if (number < 0 || (uint32_t)number > compile->facts->last_capability)
            findings_add(compile->findings, SEVERITY_WARNING, "capability-unknown", pointer,
                         "a name of capabilities(7), such as CAP_CHOWN",
                         "the capability %s does not exist here and is left out", names->items[i]);
        else if (((available >> number) & 1) == 0)
            findings_add(compile->findings, SEVERITY_WARNING, "capability-unavailable", pointer,
                         NULL, "the capability %s is not ours to give and is left out",
                         names->items[i]);
        else
            mask |= (uint64_t)1 << number;
    }
    return mask;
}

/* Everything in a new user namespace is ours to give; otherwise only what we hold. */
static uint64_t available_capabilities(const struct compile *compile)
{
    return compile_has_namespace(compile, "user") ? ~(uint64_t)0
                                                  : compile->facts->permitted_capabilities;
}

static void add_identity(struct compile *compile, const struct spec_process *process)
{
    const struct spec_user *user = process->user;
    struct plan_blob groups = {0, 0};
    struct plan_op *op;

    if (user != NULL)
        groups =
            plan_add_blob(plan_block_of(compile->plan, OP_IDENTITY), user->additional_gids.items,
                          user->additional_gids.count * sizeof(uint32_t));
    op = plan_add(compile->plan, OP_IDENTITY,
                  user != NULL ? compile_pointer(compile, user->origin, NULL)
                               : compile_pointer(compile, process->origin, NULL));
    if (user != NULL) {
        op->identity.uid = user->uid;
        op->identity.gid = user->gid;
        op->identity.groups = groups;
    }
    /* A user who maps only himself must deny setgroups before the kernel accepts the gid map. */
    if (compile->facts->euid != 0 && compile_has_new_namespace(compile, "user") &&
        compile->linux_section->gid_mappings.count == 1 &&
        compile->linux_section->gid_mappings.items[0].size == 1)
        op->flags |= IDENTITY_SKIP_GROUPS;
    if (op->identity.uid != 0)
        op->flags |= IDENTITY_KEEP_CAPS;
}

static bool needs_sys_admin_for_filter(const struct compile *compile,
                                       const struct spec_process *process)
{
    return compile->linux_section->seccomp != NULL && !process->no_new_privileges;
}

static void add_capabilities(struct compile *compile, const struct spec_process *process)
{
    static const struct spec_capabilities none;
    const struct spec_capabilities *sets =
        process->capabilities != NULL ? process->capabilities : &none;
    uint64_t available = available_capabilities(compile);
    const char *origin = compile_pointer(compile, process->origin, "capabilities");
    struct op_capabilities masks = {
        .effective = capability_mask(compile, sets, &sets->effective, "effective", available),
        .permitted = capability_mask(compile, sets, &sets->permitted, "permitted", available),
        .inheritable = capability_mask(compile, sets, &sets->inheritable, "inheritable", available),
        .ambient = capability_mask(compile, sets, &sets->ambient, "ambient", available),
    };
    uint64_t bounding = capability_mask(compile, sets, &sets->bounding, "bounding", available);
    struct plan_op *op;

    /* Else PR_CAP_AMBIENT_RAISE fails; spec_check() has warned. */
    masks.ambient &= masks.permitted & masks.inheritable;
    op = plan_add(compile->plan, OP_BOUNDING, origin);
    op->bounding.mask = bounding;
    add_identity(compile, process);
    op = plan_add(compile->plan, OP_CAPABILITIES, origin);
    op->capabilities = masks;
    if (needs_sys_admin_for_filter(compile, process))
        op->flags |= CAPS_KEEP_SYS_ADMIN;
}

/* Where "/" is all there is to go to, the root switch has already done it. */
static void add_cwd(struct compile *compile, const struct spec_process *process, uint16_t flags)
{
    plan_string path;
    struct plan_op *op;

    if (strcmp(process->cwd, "/") == 0)
        return;
    path = plan_add_string(plan_block_of(compile->plan, OP_CWD), process->cwd);
    op = plan_add(compile->plan, OP_CWD, compile_pointer(compile, process->origin, "cwd"));
    op->cwd.path = path;
    op->flags = flags;
}

/* The value of the last entry for `name`, since later ones win; NULL if there is none. */
static const char *env_value(const struct json_strings *env, const char *name)
{
    size_t length = strlen(name);

    for (size_t i = env->count; i > 0; i--)
        if (strncmp(env->items[i - 1], name, length) == 0 && env->items[i - 1][length] == '=')
            return env->items[i - 1] + length + 1;
    return NULL;
}

/* Names of variables, found in constant time: a bundle may bring a hundred thousand of them. */
struct env_names {
    const char **kept;
    size_t n_kept;
    uint32_t *buckets; /* index into kept, plus 1 */
    size_t mask;
};

static struct env_names env_names_for(struct arena *arena, size_t count)
{
    size_t n_buckets = 16;

    while (n_buckets < count * 2)
        n_buckets *= 2;
    return (struct env_names){
        .kept = ARENA_NEW(arena, const char *, count + 1),
        .buckets = ARENA_NEW(arena, uint32_t, n_buckets),
        .mask = n_buckets - 1,
    };
}

/* A later entry takes the place of an earlier one with the same name. */
static void env_names_put(struct env_names *names, const char *entry)
{
    size_t length = strcspn(entry, "=") + (strchr(entry, '=') != NULL);
    uint64_t hash = 0xcbf29ce484222325U; /* FNV-1a */
    size_t bucket;

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)entry[i]) * 0x100000001b3U;
    for (bucket = hash & names->mask; names->buckets[bucket] != 0;
         bucket = (bucket + 1) & names->mask) {
        const char **found = &names->kept[names->buckets[bucket] - 1];

        if (strncmp(*found, entry, length) == 0 && length > 0 && entry[length - 1] == '=') {
            *found = entry;
            return;
        }
    }
    names->kept[names->n_kept++] = entry;
    names->buckets[bucket] = (uint32_t)names->n_kept;
}

/* The environment as the workload will see it: the last of several entries for one name, at the
 * place of the first, and no empty HOME (it is looked up then). */
static struct plan_vector add_environment(struct compile *compile, const struct json_strings *env)
{
    struct env_names names = env_names_for(compile->arena, env->count);

    for (size_t i = 0; i < env->count; i++)
        if (strcmp(env->items[i], "HOME=") != 0)
            env_names_put(&names, env->items[i]);
    /* One spare word: init may add HOME. */
    return plan_add_vector(plan_block_of(compile->plan, OP_EXEC), names.kept, names.n_kept, 1);
}

/* What execvp(3) would try. */
static struct plan_vector add_candidates(struct compile *compile,
                                         const struct spec_process *process)
{
    static const char default_path[] =
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    struct plan_block *block = plan_block_of(compile->plan, OP_PROGRAM);
    const char *name = process->args.items[0];
    const char *path = env_value(&process->env, "PATH");
    struct json_strings candidates = {0};

    if (strchr(name, '/') != NULL)
        return plan_add_vector(block, &name, 1, 0);
    if (path == NULL)
        path = default_path;
    for (;;) {
        size_t length = strcspn(path, ":");

        *ARENA_PUSH(compile->arena, &candidates) =
            arena_printf(compile->arena, "%.*s%s%s", (int)length, path,
                         length == 0 ? "./" : (path[length - 1] == '/' ? "" : "/"), name);
        if (path[length] == '\0')
            break;
        path += length + 1;
    }
    return plan_add_vector(block, candidates.items, candidates.count, 0);
}

static void add_program(struct compile *compile, const struct spec_process *process)
{
    const char *home = env_value(&process->env, "HOME");
    plan_string name;
    struct plan_vector candidates;
    struct plan_op *op;

    name = plan_add_string(plan_block_of(compile->plan, OP_PROGRAM), process->args.items[0]);
    candidates = add_candidates(compile, process);
    op = plan_add(compile->plan, OP_PROGRAM, compile_pointer(compile, process->origin, "args"));
    op->program.name = name;
    op->program.candidates = candidates;
    op->program.uid = process->user != NULL ? process->user->uid : 0;
    if (str_is_empty(home))
        op->flags |= PROGRAM_ADD_HOME;
    if (strchr(process->args.items[0], '/') == NULL)
        op->flags |= PROGRAM_SEARCHED;
}

void process_compile_identity(struct compile *compile)
{
    const struct spec_process *process = compile->config->process;
    const struct spec_personality *personality = compile->linux_section->personality;
    struct plan_op *op;

    if (process == NULL)
        return;
    add_rlimits(compile, &process->rlimits);
    if (personality != NULL) {
        op = plan_add(compile->plan, OP_PERSONALITY,
                      compile_pointer(compile, personality->origin, "domain"));
        op->personality.value = strcmp(personality->domain, "LINUX32") == 0 ? 0x0008 : 0;
    }
    /* First as root, who may enter any directory; then, where the file system refuses even root
     * (NFS with root squash), once more as the workload's user. */
    add_cwd(compile, process, CWD_TRY);
    add_capabilities(compile, process);
    if (process->no_new_privileges)
        plan_add(compile->plan, OP_NO_NEW_PRIVS,
                 compile_pointer(compile, process->origin, "noNewPrivileges"));
    add_cwd(compile, process, 0);
    if (process->args.count != 0)
        add_program(compile, process);
}

/* How init sees the uid of whoever may start it; see READY in plan/format.h. */
static uint32_t creator_uid_inside(const struct compile *compile)
{
    const struct spec_id_map_list *maps = &compile->linux_section->uid_mappings;
    uint32_t creator = compile->facts->euid;

    if (!compile_has_namespace(compile, "user"))
        return creator;
    if (!compile_has_new_namespace(compile, "user"))
        return READY_ANY_UID; /* a joined namespace's map is not ours to know */
    for (size_t i = 0; i < maps->count; i++)
        if (creator >= maps->items[i].host_id &&
            creator - maps->items[i].host_id < maps->items[i].size)
            return maps->items[i].container_id + (creator - maps->items[i].host_id);
    return READY_OVERFLOW_UID;
}

static bool has_hook_points(const struct compile *compile)
{
    for (size_t i = 0; i < compile->plan->init.ops.count; i++)
        if (compile->plan->init.ops.items[i].code == OP_AT_HOOK)
            return true;
    return false;
}

void process_compile_start(struct compile *compile)
{
    const struct spec_process *process = compile->config->process;
    const struct spec_seccomp *seccomp = compile->linux_section->seccomp;
    uint16_t slot = PLAN_NO_SLOT;
    struct plan_vector args = {0, 0};
    struct plan_vector env = {0, 0};
    struct plan_op *op;

    if (!compile->options->starts_at_once)
        slot = plan_new_slot(compile->plan);
    op = plan_add(compile->plan, OP_READY, NULL);
    op->ready.slot = slot;
    op->ready.creator_uid = creator_uid_inside(compile);
    memcpy(op->ready.nonce, compile->options->nonce, sizeof(op->ready.nonce));
    if (!compile->options->starts_at_once)
        op->flags |= READY_LISTEN;
    else if (!has_hook_points(compile))
        op->flags |= READY_SILENT;

    process_compile_inner_hooks(compile);
    if (process == NULL || process->args.count == 0)
        return; /* `start` refuses it; there is nothing to prepare */

    if (seccomp != NULL) {
        op = plan_add(compile->plan, OP_FILTER,
                      compile_pointer(compile, compile->linux_section->origin, "seccomp"));
        op->filter.program =
            (struct plan_blob){0, 0}; /* prepare adds it: compiling it takes a library */
    }
    args = plan_add_vector(plan_block_of(compile->plan, OP_EXEC), process->args.items,
                           process->args.count, 0);
    env = add_environment(compile, &process->env);
    op = plan_add(compile->plan, OP_EXEC, compile_pointer(compile, process->origin, "args"));
    op->exec.args = args;
    op->exec.env = env;
    if (process->user != NULL && SPEC_HAS(spec_user, process->user, umask)) {
        op->flags |= EXEC_HAS_UMASK;
        op->exec.umask = process->user->umask;
    }
}
