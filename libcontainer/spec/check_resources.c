/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

/* --- the path -------------------------------------------------------------------------------- */

static bool has_bad_bytes(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Slashes separate components; the colons of "slice:prefix:name" do as well. */
static void check_cgroups_path(const struct check *check, const struct spec_linux *section)
{
    const char *pointer = check_at(check, section->origin, "cgroupsPath");
    const char *path = section->cgroups_path;

    if (has_bad_bytes(path)) {
        check_refuse(check, "cgroups-path-invalid", pointer, NULL,
                     "the path has control characters");
        return;
    }
    while (*path != '\0') {
        size_t length = strcspn(path, "/:");

        if (length == 2 && path[0] == '.' && path[1] == '.') {
            check_refuse(check, "path-has-dotdot", pointer, "a path without \"..\"",
                         "the path %s has a component \"..\"", section->cgroups_path);
            return;
        }
        if (length > 255) {
            check_refuse(check, "cgroups-path-invalid", pointer, "components of at most 255 bytes",
                         "a component of the path is too long");
            return;
        }
        path += length;
        path += strspn(path, "/:");
    }
}

/* --- memory, cpu ----------------------------------------------------------------------------- */

/* In cgroup v2 swap is limited apart from memory: without a limit of memory, or with a sum below
 * it, there is nothing that could be written. */
static void check_memory(const struct check *check, const struct spec_memory *memory)
{
    if (memory->swap_bytes > 0 && memory->limit_bytes <= 0)
        check_refuse(check, "swap-without-memory-limit", check_at(check, memory->origin, "swap"),
                     "\"limit\" as well, or -1",
                     "the sum of memory and swap is limited but not memory");
    else if (memory->swap_bytes > 0 && memory->swap_bytes < memory->limit_bytes)
        check_refuse(check, "swap-below-memory-limit", check_at(check, memory->origin, "swap"),
                     "at least \"limit\"", "the sum of memory and swap is below memory alone");
    /* 0 is as much a request as any other value: never swap. */
    if (SPEC_HAS(spec_memory, memory, swappiness) && memory->swappiness == 0)
        check_refuse(check, "cgroup-v1-only", check_at(check, memory->origin, "swappiness"),
                     "leave it out", "\"swappiness\" exists only in cgroup v1");
    if (SPEC_HAS(spec_memory, memory, use_hierarchy) && !memory->use_hierarchy)
        check_refuse(check, "cgroup-v1-only", check_at(check, memory->origin, "useHierarchy"),
                     "true, or leave it out", "cgroup v2 is always hierarchical");
}

static void check_cpu(const struct check *check, const struct spec_cpu *cpu)
{
    if (cpu->quota_us > 0 && cpu->burst_us > (uint64_t)cpu->quota_us)
        check_refuse(check, "cpu-burst-above-quota", check_at(check, cpu->origin, "burst"),
                     "at most \"quota\"", "the burst is larger than the quota");
}

/* --- unified --------------------------------------------------------------------------------- */

/* Files of the core that are limits or settings. The others move, stop or kill processes, or decide
 * about controllers: that is the runtime's own work. */
static const char *const core_files[] = {
    "cgroup.max.depth",
    "cgroup.max.descendants",
    "cgroup.pressure",
};

/* Files with one line for each device; of all others a second line would be a second write. */
static const char *const files_of_lines[] = {
    "dmem.low", "dmem.max",   "dmem.min",  "io.bfq.weight", "io.cost.model", "io.cost.qos",
    "io.max",   "io.latency", "io.weight", "misc.max",      "rdma.max",
};

static bool is_listed(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], name) == 0)
            return true;
    return false;
}

/* A controller, a dot and the rest: "memory.high", "hugetlb.2MB.max". */
static bool is_file_of_controller(const char *key)
{
    const char *dot = strchr(key, '.');

    return dot != NULL && dot != key && dot[1] != '\0' && strlen(key) <= 255 &&
           strchr(key, '/') == NULL && !has_bad_bytes(key);
}

static void check_unified_pair(const struct check *check, const struct json_pair *pair,
                               const char *pointer)
{
    bool has_lines = strchr(pair->value, '\n') != NULL;

    if (!is_file_of_controller(pair->key))
        check_refuse(check, "unified-key-invalid", pointer,
                     "the name of a file of a controller, such as memory.high",
                     "\"%s\" is not a file of a controller", pair->key);
    else if (str_starts_with(pair->key, "cgroup.") &&
             !is_listed(core_files, ARRAY_LEN(core_files), pair->key))
        check_refuse(check, "unified-key-reserved", pointer, "leave it out",
                     "%s is the runtime's to write", pair->key);
    else if (has_lines && !is_listed(files_of_lines, ARRAY_LEN(files_of_lines), pair->key))
        check_refuse(check, "unified-value-has-newline", pointer, "a value of one line",
                     "%s takes one line", pair->key);
}

static void check_unified(const struct check *check, const struct spec_resources *resources)
{
    for (size_t i = 0; i < resources->unified.count; i++) {
        const struct json_pair *pair = &resources->unified.items[i];

        check_unified_pair(
            check, pair,
            json_pointer_entry(&check->document->json, resources->origin, "unified", pair->key));
    }
}

void check_cgroup(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;
    const struct spec_resources *resources = section != NULL ? section->resources : NULL;

    if (section != NULL && section->cgroups_path != NULL)
        check_cgroups_path(check, section);
    if (resources == NULL)
        return;
    check_unified(check, resources);
    if (resources->memory != NULL)
        check_memory(check, resources->memory);
    if (resources->cpu != NULL)
        check_cpu(check, resources->cpu);
}
