/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The device list as a program, which the kernel runs for each open and mknod of a device node.
 *
 * Everything is denied unless a rule allows it, whatever config.json begins with: a list that
 * forgot the first "deny all" must not open the host. In order: linux.devices,
 * linux.resources.devices, and what every container has (the default devices, and mknod alone of
 * any device: a node that cannot be opened does no harm, and image tools make them).
 */

#include <string.h>

#include <linux/bpf.h>
#include <linux/capability.h>

#include "cgroup/cgroup.h"
#include "cgroup/device_program.h"

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
        .major = SPEC_HAS(spec_device_rule, entry, major) && entry->major >= 0 ? entry->major
                                                                               : DEVICE_ANY,
        .minor = SPEC_HAS(spec_device_rule, entry, minor) && entry->minor >= 0 ? entry->minor
                                                                               : DEVICE_ANY,
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

static struct device_rule default_rule(char type, int64_t major, int64_t minor, uint32_t access)
{
    return (struct device_rule){true, type, major, minor, access};
}

static void add_default_rules(struct compile *compile, struct device_rules *rules)
{
    for (size_t i = 0; i < ARRAY_LEN(default_memory_minors); i++)
        *ARENA_PUSH(compile->arena, rules) =
            default_rule('c', MEMORY_MAJOR, default_memory_minors[i], all_access);
    for (int64_t i = 0; i <= LAST_TTY_MINOR; i++)
        *ARENA_PUSH(compile->arena, rules) = default_rule('c', TTY_MAJOR, i, all_access);
    *ARENA_PUSH(compile->arena, rules) = default_rule('c', PTS_MAJOR, DEVICE_ANY, all_access);
    *ARENA_PUSH(compile->arena, rules) =
        default_rule('a', DEVICE_ANY, DEVICE_ANY, BPF_DEVCG_ACC_MKNOD);
}

/* ---- words ---------------------------------------------------------------------------------------------- */

static bool matches_everything(const struct device_rule *rule)
{
    return rule->type == 'a' && rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY &&
           rule->access == all_access;
}

static const char *number_text(struct arena *arena, int64_t number)
{
    return number == DEVICE_ANY ? "*" : arena_printf(arena, "%lld", (long long)number);
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
    struct device_program program;
    const char *pointer =
        linux_section->resources != NULL
            ? compile_pointer(compile, linux_section->resources->origin, "devices")
            : NULL;
    const char *words;
    struct plan_blob blob;
    plan_string summary;
    struct plan_op *op;

    if (!can_filter(compile->facts))
        return;
    collect_rules(compile, &rules);
    words = describe(compile, &rules);
    add_default_rules(compile, &rules);
    if (!device_program_make(compile->arena, &rules, &program)) {
        findings_add(compile->findings, SEVERITY_REFUSE, "device-rules-too-many", pointer,
                     "fewer rules with a minor number for all majors",
                     "the device rules name too many combinations of major and minor numbers");
        return;
    }
    blob =
        plan_add_blob(&compile->plan->host, program.items, program.count * sizeof(struct bpf_insn));
    summary = plan_add_string(&compile->plan->host, words);
    op = plan_add(compile->plan, OP_CGROUP_DEVICES, pointer);
    op->cgroup_devices.program = blob;
    op->cgroup_devices.summary = summary;
}
