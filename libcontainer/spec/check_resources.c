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

/* --- fields ---------------------------------------------------------------------------------- */

/* Whether "swap" and "limit", "burst" and "quota" go together depends on what is in force when they
 * come by an update: that is decided where they are compiled. */
static void check_memory(const struct check *check, const struct spec_memory *memory)
{
    /* 0 is as much a request as any other value: never swap. */
    if (SPEC_HAS(spec_memory, memory, swappiness) && memory->swappiness == 0)
        check_refuse(check, "cgroup-v1-only", check_at(check, memory->origin, "swappiness"),
                     "leave it out", "\"swappiness\" exists only in cgroup v1");
    if (SPEC_HAS(spec_memory, memory, use_hierarchy) && !memory->use_hierarchy)
        check_refuse(check, "cgroup-v1-only", check_at(check, memory->origin, "useHierarchy"),
                     "true, or leave it out", "cgroup v2 is always hierarchical");
}

/* "You MUST specify at least one of weight or leafWeight" (config-linux.md, Block IO). */
static void check_block_io(const struct check *check, const struct spec_block_io *io)
{
    for (size_t i = 0; i < io->weight_device.count; i++) {
        const struct spec_weight_device *device = &io->weight_device.items[i];

        if (!SPEC_HAS(spec_weight_device, device, weight) &&
            !SPEC_HAS(spec_weight_device, device, leaf_weight))
            check_refuse(check, "weight-missing", check_at(check, device->origin, NULL),
                         "\"weight\"", "a device without a weight");
    }
}

/* Names of devices stand in front of a line of rdma.max: one word, and nothing that could be more
 * than a word. IB_DEVICE_NAME_MAX is 64 with the terminating zero. */
static bool is_rdma_device(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++)
        if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7f || name[i] == '/' || name[i] == '=')
            return false;
    return length >= 1 && length <= 63;
}

static void check_rdma(const struct check *check, const struct spec_resources *resources)
{
    for (size_t i = 0; i < resources->rdma.count; i++) {
        const struct spec_rdma *rdma = &resources->rdma.items[i].value;
        const char *pointer = check_at(check, rdma->origin, NULL);

        if (!is_rdma_device(resources->rdma.items[i].key))
            check_refuse(check, "rdma-device-invalid", pointer, "a name such as mlx5_0",
                         "\"%s\" cannot be the name of a device", resources->rdma.items[i].key);
        if (!SPEC_HAS(spec_rdma, rdma, hca_handles) && !SPEC_HAS(spec_rdma, rdma, hca_objects))
            check_refuse(check, "rdma-limit-missing", pointer, "\"hcaHandles\" or \"hcaObjects\"",
                         "a device without a limit");
    }
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

/* Writing to these asks the kernel to tell whoever holds the file open: closed, it is gone. */
static bool is_pressure_file(const char *key)
{
    return str_ends_with(key, ".pressure") && strcmp(key, "cgroup.pressure") != 0;
}

/* Bytes that no file takes, and nothing at all: a write of no bytes changes nothing. */
static bool is_value(const char *value)
{
    if (value[strspn(value, " \n")] == '\0')
        return false;
    for (; *value != '\0'; value++)
        if (*value != '\n' && ((unsigned char)*value < 0x20 || *value == 0x7f))
            return false;
    return true;
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
    else if (is_pressure_file(pair->key))
        check_refuse(check, "unified-key-reserved", pointer, "leave it out",
                     "%s is written by who waits for its events and sets nothing", pair->key);
    else if (!is_value(pair->value))
        check_refuse(check, "unified-value-invalid", pointer, "a value such as max",
                     "the value is empty or has control characters");
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
    if (resources->block_io != NULL)
        check_block_io(check, resources->block_io);
    check_rdma(check, resources);
}
