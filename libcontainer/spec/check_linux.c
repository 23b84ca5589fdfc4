/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

/* --- namespaces ------------------------------------------------------------------------------ */

void check_namespaces(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;
    size_t count = section != NULL ? section->namespaces.count : 0;

    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(section->namespaces.items[i].type, section->namespaces.items[j].type) == 0) {
                check_refuse(check, "namespace-duplicate",
                             check_at(check, section->namespaces.items[i].origin, NULL), NULL,
                             "the %s namespace stands more than once",
                             section->namespaces.items[i].type);
                break;
            }
    /* Without one, every mount of the container would be a mount of the host. The specification
     * lets a runtime choose which values it supports (config.md, Valid values). */
    if (check_find_namespace(check, "mount") == NULL)
        check_refuse(check, "mount-namespace-required",
                     section != NULL ? check_at(check, section->origin, "namespaces")
                                     : check_at(check, check->config->origin, "linux"),
                     "{\"type\": \"mount\"} in linux.namespaces", "a mount namespace is required");
}

/* --- user namespace -------------------------------------------------------------------------- */

enum {
    ID_MAP_MAX = 340 /* UID_GID_MAP_MAX_EXTENTS, user_namespaces(7) */
};

static bool do_overlap(uint32_t first, uint32_t first_size, uint32_t second, uint32_t second_size)
{
    return (uint64_t)first < (uint64_t)second + second_size &&
           (uint64_t)second < (uint64_t)first + first_size;
}

static void check_id_map_row(const struct check *check, const struct spec_id_map_list *maps,
                             size_t index)
{
    const struct spec_id_map *map = &maps->items[index];
    const char *pointer = check_at(check, map->origin, NULL);

    if (map->size == 0)
        check_refuse(check, "id-map-empty", pointer, "a size of at least 1", "the size is 0");
    if ((uint64_t)map->container_id + map->size > UINT32_MAX ||
        (uint64_t)map->host_id + map->size > UINT32_MAX)
        check_refuse(check, "id-map-out-of-range", pointer, NULL,
                     "the mapping goes beyond the last id, 4294967294");
    for (size_t i = 0; i < index; i++) {
        const struct spec_id_map *other = &maps->items[i];

        if (!do_overlap(map->container_id, map->size, other->container_id, other->size) &&
            !do_overlap(map->host_id, map->size, other->host_id, other->size))
            continue;
        check_refuse(check, "id-map-overlap", pointer, NULL,
                     "the mapping overlaps mapping %zu of the same list", i);
        return;
    }
}

static void check_id_map_list(const struct check *check, const struct spec_linux *section,
                              const struct spec_id_map_list *maps, const char *key)
{
    const struct spec_namespace *namespace = check_find_namespace(check, "user");
    const char *pointer = check_at(check, section->origin, key);

    if (maps->count > ID_MAP_MAX) {
        check_refuse(check, "id-map-too-long", pointer, "at most 340 mappings",
                     "%zu mappings are more than the kernel takes", maps->count);
        return;
    }
    for (size_t i = 0; i < maps->count; i++)
        check_id_map_row(check, maps, i);
    if (maps->count != 0 && namespace == NULL)
        check_refuse(check, "id-map-without-user-namespace", pointer,
                     "{\"type\": \"user\"} in linux.namespaces",
                     "mappings without a user namespace");
    if (maps->count == 0 && namespace != NULL && str_is_empty(namespace->path))
        check_refuse(check, "id-map-missing", pointer,
                     "at least one mapping, or a path in the namespace",
                     "the new user namespace has no mapping");
    /* containerd, CRI-O and Podman write both, the latter only a dummy mapping. */
    if (maps->count != 0 && namespace != NULL && !str_is_empty(namespace->path))
        check_warn(check, "id-map-ignored", pointer, "leave it out",
                   "the user namespace that is joined has its own mappings");
}

static bool is_mapped(const struct spec_id_map_list *maps, uint32_t id)
{
    for (size_t i = 0; i < maps->count; i++)
        if (id >= maps->items[i].container_id &&
            id - maps->items[i].container_id < maps->items[i].size)
            return true;
    return false;
}

/* setresuid(2) and setgroups(2) refuse an id that the namespace does not map. */
static void check_user_is_mapped(const struct check *check, const struct spec_linux *section)
{
    const struct spec_process *process = check->config->process;
    const struct spec_user *user = process != NULL ? process->user : NULL;

    if (user == NULL || !check_has_new_namespace(check, "user"))
        return;
    if (section->uid_mappings.count != 0 && !is_mapped(&section->uid_mappings, user->uid))
        check_refuse(check, "user-not-mapped", check_at(check, user->origin, "uid"),
                     "a uid that linux.uidMappings has", "the uid %u is not mapped", user->uid);
    if (section->gid_mappings.count == 0)
        return;
    if (!is_mapped(&section->gid_mappings, user->gid))
        check_refuse(check, "user-not-mapped", check_at(check, user->origin, "gid"),
                     "a gid that linux.gidMappings has", "the gid %u is not mapped", user->gid);
    for (size_t i = 0; i < user->additional_gids.count; i++)
        if (!is_mapped(&section->gid_mappings, user->additional_gids.items[i])) {
            check_refuse(
                check, "user-not-mapped",
                json_pointer_item(&check->document->json, user->origin, "additionalGids", i),
                "a gid that linux.gidMappings has", "the gid %u is not mapped",
                user->additional_gids.items[i]);
            if (check->findings->count >= FINDINGS_MAX)
                return;
        }
}

void check_id_maps(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;

    if (section == NULL)
        return;
    check_id_map_list(check, section, &section->uid_mappings, "uidMappings");
    check_id_map_list(check, section, &section->gid_mappings, "gidMappings");
    if (section->uid_mappings.count <= ID_MAP_MAX && section->gid_mappings.count <= ID_MAP_MAX)
        check_user_is_mapped(check, section);
}

/* --- time and names -------------------------------------------------------------------------- */

void check_time_offsets(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;

    if (section == NULL || section->time_offsets.count == 0)
        return;
    /* The clocks of a namespace can be set until its first process is in it (time_namespaces(7)).
     */
    if (!check_has_new_namespace(check, "time"))
        check_refuse(check, "time-offset-without-namespace",
                     check_at(check, section->origin, "timeOffsets"),
                     "{\"type\": \"time\"} in linux.namespaces, without a path",
                     "clocks can only be set in a new time namespace");
    for (size_t i = 0; i < section->time_offsets.count; i++) {
        const struct spec_time_offset_entry *entry = &section->time_offsets.items[i];

        if (strcmp(entry->key, "monotonic") != 0 && strcmp(entry->key, "boottime") != 0)
            check_refuse(check, "clock-unknown", check_at(check, entry->value.origin, NULL),
                         "monotonic or boottime", "a time namespace has no such clock");
    }
}

static void check_host_name(const struct check *check, const char *name, const char *key)
{
    if (!str_is_empty(name) && check_find_namespace(check, "uts") == NULL)
        check_refuse(check, "host-name-without-namespace",
                     check_at(check, check->config->origin, key),
                     "{\"type\": \"uts\"} in linux.namespaces",
                     "without a uts namespace this would rename the host");
}

void check_host_names(const struct check *check)
{
    check_host_name(check, check->config->hostname, "hostname");
    check_host_name(check, check->config->domainname, "domainname");
}

/* --- devices --------------------------------------------------------------------------------- */

/* "u" is another word for "c" (mknod(1)). */
static bool are_same_node(const struct spec_device *a, const struct spec_device *b)
{
    bool a_is_block = a->type[0] == 'b';
    bool a_is_pipe = a->type[0] == 'p';

    if (a_is_block != (b->type[0] == 'b') || a_is_pipe != (b->type[0] == 'p'))
        return false;
    return a_is_pipe || (a->major == b->major && a->minor == b->minor);
}

static void check_device_path(const struct check *check, const struct spec_device_list *devices,
                              const char *const *paths, size_t index)
{
    const struct spec_device *device = &devices->items[index];
    const char *pointer = check_at(check, device->origin, "path");

    if (str_has_dotdot(device->path))
        check_refuse(check, "path-has-dotdot", pointer, "a path without \"..\"",
                     "the path %s has a component \"..\"", device->path);
    /* Engines may name a device twice; two different nodes cannot have one path. */
    for (size_t i = 0; i < index; i++)
        if (strcmp(paths[i], paths[index]) == 0 && !are_same_node(&devices->items[i], device)) {
            check_refuse(check, "device-conflict", pointer, NULL,
                         "%s is also the path of device %zu, which is another one", device->path,
                         i);
            return;
        }
}

void check_devices(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;
    const char **paths;

    if (section == NULL || section->devices.count == 0)
        return;
    paths = ARENA_NEW(check->findings->arena, const char *, section->devices.count);
    for (size_t i = 0; i < section->devices.count; i++) {
        const struct spec_device *device = &section->devices.items[i];

        paths[i] = str_clean_path(check->findings->arena, device->path);
        if (device->type[0] != 'p' &&
            !(SPEC_HAS(spec_device, device, major) && SPEC_HAS(spec_device, device, minor)))
            check_refuse(check, "device-without-numbers", check_at(check, device->origin, NULL),
                         "\"major\" and \"minor\"", "the device %s has no numbers", device->path);
        check_device_path(check, &section->devices, paths, i);
    }
}
