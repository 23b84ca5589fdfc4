/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The device list as a BPF program of type BPF_PROG_TYPE_CGROUP_DEVICE, which the kernel runs for
 * each open and mknod of a device node.
 *
 * Everything is denied unless a rule allows it, whatever config.json begins with: a list that
 * forgot the first "deny all" must not open the host. In order: linux.devices,
 * linux.resources.devices, and what every container has (the default devices, and mknod alone of
 * any device: a node that cannot be opened does no harm, and image tools make them). The last rule
 * that matches decides, so the program asks them from the last to the first.
 *
 * The context (struct bpf_cgroup_dev_ctx, <linux/bpf.h>) has the type in the lower half of its
 * first word and what is asked in the upper half.
 */

#include <string.h>

#include <linux/bpf.h>
#include <linux/capability.h>

#include "cgroup/cgroup.h"

enum {
    ANY = -1
};

struct device_rule {
    bool is_allowed;
    char type; /* 'a', 'b', 'c' */
    int64_t major;
    int64_t minor;
    uint32_t access; /* BPF_DEVCG_ACC_* */
};

struct device_rules {
    struct device_rule *items;
    size_t count;
    size_t capacity;
};

struct instructions {
    struct bpf_insn *items;
    size_t count;
    size_t capacity;
};

static const uint32_t all_access = BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE;

/* null, zero, full, random, urandom; tty, console, ptmx; all of pts. */
static const int32_t default_memory_minors[] = {3, 5, 7, 8, 9};
enum {
    MEMORY_MAJOR = 1,
    TTY_MAJOR = 5,
    LAST_TTY_MINOR = 2,
    PTS_MAJOR = 136
};

static uint32_t access_bits(const char *access)
{
    uint32_t bits = 0;

    if (str_is_empty(access))
        return all_access;
    for (; *access != '\0'; access++)
        bits |= *access == 'r'   ? BPF_DEVCG_ACC_READ
                : *access == 'w' ? BPF_DEVCG_ACC_WRITE
                                 : BPF_DEVCG_ACC_MKNOD;
    return bits;
}

static struct device_rule rule_of_device(const struct spec_device *device)
{
    return (struct device_rule){
        .is_allowed = true,
        .type = device->type[0] == 'u' ? 'c' : device->type[0],
        .major = device->major,
        .minor = device->minor,
        .access = all_access,
    };
}

static struct device_rule rule_of_entry(const struct spec_device_rule *entry)
{
    return (struct device_rule){
        .is_allowed = entry->is_allowed,
        .type = str_is_empty(entry->type) ? 'a' : entry->type[0],
        .major = SPEC_HAS(spec_device_rule, entry, major) && entry->major >= 0 ? entry->major : ANY,
        .minor = SPEC_HAS(spec_device_rule, entry, minor) && entry->minor >= 0 ? entry->minor : ANY,
        .access = access_bits(entry->access),
    };
}

static void collect_rules(struct compile *compile, struct device_rules *rules)
{
    const struct spec_linux *linux_section = compile->linux_section;

    for (size_t i = 0; i < linux_section->devices.count; i++)
        if (linux_section->devices.items[i].type[0] != 'p')
            *ARENA_PUSH(compile->arena, rules) = rule_of_device(&linux_section->devices.items[i]);
    if (linux_section->resources != NULL)
        for (size_t i = 0; i < linux_section->resources->devices.count; i++)
            *ARENA_PUSH(compile->arena, rules) =
                rule_of_entry(&linux_section->resources->devices.items[i]);
}

/* ---- the program ---------------------------------------------------------------------------------------- */

static void emit(struct compile *compile, struct instructions *program, uint8_t code, uint8_t to,
                 uint8_t from, int16_t offset, int32_t value)
{
    *ARENA_PUSH(compile->arena, program) = (struct bpf_insn){
        .code = code,
        .dst_reg = (unsigned char)(to & 0xf),
        .src_reg = (unsigned char)(from & 0xf),
        .off = offset,
        .imm = value,
    };
}

/* r2 type, r3 access asked for, r4 major, r5 minor */
static void emit_head(struct compile *compile, struct instructions *program)
{
    emit(compile, program, BPF_LDX | BPF_W | BPF_MEM, 2, 1, 0, 0);
    emit(compile, program, BPF_ALU | BPF_MOV | BPF_X, 3, 2, 0, 0);
    emit(compile, program, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
    emit(compile, program, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
    emit(compile, program, BPF_LDX | BPF_W | BPF_MEM, 4, 1, 4, 0);
    emit(compile, program, BPF_LDX | BPF_W | BPF_MEM, 5, 1, 8, 0);
}

/* Jumps over what is left of the rule are patched when its length is known. */
static void emit_rule(struct compile *compile, struct instructions *program,
                      const struct device_rule *rule)
{
    size_t jumps[4];
    size_t n_jumps = 0;

    if (rule->type != 'a') {
        jumps[n_jumps++] = program->count;
        emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, 0,
             rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
    }
    if (rule->access != all_access) {
        emit(compile, program, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
        /* An allowance must cover all that is asked; a denial strikes if it covers any of it. */
        emit(compile, program, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0,
             (int32_t)(rule->is_allowed ? all_access & ~rule->access : rule->access));
        jumps[n_jumps++] = program->count;
        emit(compile, program, BPF_JMP32 | (rule->is_allowed ? BPF_JNE : BPF_JEQ) | BPF_K, 1, 0, 0,
             0);
    }
    if (rule->major != ANY) {
        jumps[n_jumps++] = program->count;
        emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 0, (int32_t)rule->major);
    }
    if (rule->minor != ANY) {
        jumps[n_jumps++] = program->count;
        emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 5, 0, 0, (int32_t)rule->minor);
    }
    emit(compile, program, BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, rule->is_allowed);
    emit(compile, program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    for (size_t i = 0; i < n_jumps; i++)
        program->items[jumps[i]].off = (int16_t)(program->count - jumps[i] - 1);
}

/* What every container may do. It comes last in the list and so first in the program, where most
 * questions end: a few comparisons instead of a rule for each device. */
static void emit_defaults(struct compile *compile, struct instructions *program)
{
    size_t to_allow[4 + ARRAY_LEN(default_memory_minors)];
    size_t to_next[4];
    size_t n_allow = 0;
    size_t n_next = 0;

    to_allow[n_allow++] = program->count;
    emit(compile, program, BPF_JMP32 | BPF_JEQ | BPF_K, 3, 0, 0, BPF_DEVCG_ACC_MKNOD);
    to_next[n_next++] = program->count;
    emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 2, 0, 0, BPF_DEVCG_DEV_CHAR);
    to_allow[n_allow++] = program->count;
    emit(compile, program, BPF_JMP32 | BPF_JEQ | BPF_K, 4, 0, 0, PTS_MAJOR);
    /* Not a terminal: over the next two. */
    emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 2, TTY_MAJOR);
    to_allow[n_allow++] = program->count;
    emit(compile, program, BPF_JMP32 | BPF_JLE | BPF_K, 5, 0, 0, LAST_TTY_MINOR);
    to_next[n_next++] = program->count;
    emit(compile, program, BPF_JMP | BPF_JA, 0, 0, 0, 0);
    to_next[n_next++] = program->count;
    emit(compile, program, BPF_JMP32 | BPF_JNE | BPF_K, 4, 0, 0, MEMORY_MAJOR);
    for (size_t i = 0; i < ARRAY_LEN(default_memory_minors); i++) {
        to_allow[n_allow++] = program->count;
        emit(compile, program, BPF_JMP32 | BPF_JEQ | BPF_K, 5, 0, 0, default_memory_minors[i]);
    }
    to_next[n_next++] = program->count;
    emit(compile, program, BPF_JMP | BPF_JA, 0, 0, 0, 0);
    for (size_t i = 0; i < n_allow; i++)
        program->items[to_allow[i]].off = (int16_t)(program->count - to_allow[i] - 1);
    emit(compile, program, BPF_ALU | BPF_MOV | BPF_K, 0, 0, 0, 1);
    emit(compile, program, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
    for (size_t i = 0; i < n_next; i++)
        program->items[to_next[i]].off = (int16_t)(program->count - to_next[i] - 1);
}

/* An allowance of what the defaults allow anyway, as engines write them, needs no instructions
 * unless a denial comes behind it; and even that would be overruled by the defaults, which come
 * last. */
static bool is_default(const struct device_rule *rule)
{
    if (!rule->is_allowed || rule->type != 'c' || rule->major == ANY)
        return false;
    if (rule->major == PTS_MAJOR)
        return true;
    if (rule->major == TTY_MAJOR)
        return rule->minor >= 0 && rule->minor <= LAST_TTY_MINOR;
    for (size_t i = 0; i < ARRAY_LEN(default_memory_minors); i++)
        if (rule->major == MEMORY_MAJOR && rule->minor == default_memory_minors[i])
            return true;
    return false;
}

static bool matches_everything(const struct device_rule *rule)
{
    return rule->type == 'a' && rule->major == ANY && rule->minor == ANY &&
           rule->access == all_access;
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static const char *number_text(struct arena *arena, int64_t number)
{
    return number == ANY ? "*" : arena_printf(arena, "%lld", (long long)number);
}

static const char *describe(struct compile *compile, const struct device_rules *rules)
{
    struct strbuf text = STRBUF_INIT(compile->arena);
    strbuf_puts(&text, "deny all");
    for (size_t i = 0; i < rules->count; i++) {
        const struct device_rule *rule = &rules->items[i];

        if (matches_everything(rule)) {
            strbuf_puts(&text, rule->is_allowed ? ", allow all" : ", deny all");
            continue;
        }
        strbuf_printf(&text, ", %s %c %s:%s %s%s%s", rule->is_allowed ? "allow" : "deny",
                      rule->type, number_text(compile->arena, rule->major),
                      number_text(compile->arena, rule->minor),
                      (rule->access & BPF_DEVCG_ACC_READ) != 0 ? "r" : "",
                      (rule->access & BPF_DEVCG_ACC_WRITE) != 0 ? "w" : "",
                      (rule->access & BPF_DEVCG_ACC_MKNOD) != 0 ? "m" : "");
    }
    strbuf_puts(&text, ", allow the default devices");
    return strbuf_text(&text);
}

/* bpf(2): such a program needs CAP_SYS_ADMIN in the initial user namespace. For an ordinary user
 * nothing is lost without it: he can make no device, and opens those of the host as who he is. Root
 * who has given that capability away could still open them all, and gets the kernel's error. */
static bool can_filter(const struct facts *facts)
{
    return facts->in_initial_userns && (facts->euid == 0 || (facts->permitted_capabilities &
                                                             (uint64_t)1 << CAP_SYS_ADMIN) != 0);
}

void cgroup_compile_devices(struct compile *compile)
{
    const struct spec_linux *linux_section = compile->linux_section;
    struct device_rules rules = {0};
    struct instructions program = {0};
    struct plan_blob blob;
    plan_string summary;
    struct plan_op *op;
    size_t i;

    if (!can_filter(compile->facts))
        return;
    collect_rules(compile, &rules);
    emit_head(compile, &program);
    emit_defaults(compile, &program);
    for (i = rules.count; i > 0; i--) {
        if (is_default(&rules.items[i - 1]))
            continue;
        emit_rule(compile, &program, &rules.items[i - 1]);
        if (matches_everything(&rules.items[i - 1]))
            break; /* nothing before it can matter */
    }
    if (i == 0)
        emit_rule(compile, &program, &(struct device_rule){false, 'a', ANY, ANY, all_access});

    blob =
        plan_add_blob(&compile->plan->host, program.items, program.count * sizeof(struct bpf_insn));
    summary = plan_add_string(&compile->plan->host, describe(compile, &rules));
    op = plan_add(compile->plan, OP_CGROUP_DEVICES,
                  linux_section->resources != NULL
                      ? compile_pointer(compile, linux_section->resources->origin, "devices")
                      : NULL);
    op->cgroup_devices.program = blob;
    op->cgroup_devices.summary = summary;
}
