/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Rules that need more than one value, and what the decoder cannot know. Each is a sentence of the
 * specification, a rule of the kernel that would otherwise only show up as EINVAL halfway, or a row
 * of the catalogue of known escapes; a comment says which where it is not plain.
 */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

/* --- for all parts --------------------------------------------------------------------------- */

const struct spec_namespace *check_find_namespace(const struct check *check, const char *type)
{
    const struct spec_linux *section = check->config->linux_section;

    if (section == NULL)
        return NULL;
    for (size_t i = 0; i < section->namespaces.count; i++)
        if (strcmp(section->namespaces.items[i].type, type) == 0)
            return &section->namespaces.items[i];
    return NULL;
}

bool check_has_new_namespace(const struct check *check, const char *type)
{
    const struct spec_namespace *namespace = check_find_namespace(check, type);

    return namespace != NULL && str_is_empty(namespace->path);
}

const char *check_at(const struct check *check, uint32_t origin, const char *key)
{
    return json_pointer(&check->document->json, origin, key);
}

static void add(const struct check *check, enum severity severity, const char *id,
                const char *pointer, const char *cure, const char *format, va_list args)
    PRINTF_LIKE(6, 0);

static void add(const struct check *check, enum severity severity, const char *id,
                const char *pointer, const char *cure, const char *format, va_list args)
{
    char text[512];
    char shown[512];

    /* Warnings never take the room of a reason for refusing. */
    if (severity == SEVERITY_WARNING && check->findings->count >= FINDINGS_MAX / 2) {
        check->findings->n_dropped++;
        return;
    }
    vsnprintf(text, sizeof(text), format, args);
    str_escape(text, shown, sizeof(shown));
    findings_add(check->findings, severity, id, pointer, cure, "%s", shown);
}

void check_refuse(const struct check *check, const char *id, const char *pointer, const char *cure,
                  const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(check, SEVERITY_REFUSE, id, pointer, cure, format, args);
    va_end(args);
}

void check_warn(const struct check *check, const char *id, const char *pointer, const char *cure,
                const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add(check, SEVERITY_WARNING, id, pointer, cure, format, args);
    va_end(args);
}

/* --- root, annotations ----------------------------------------------------------------------- */

static void check_root(const struct check *check)
{
    if (check->config->root == NULL)
        check_refuse(check, "root-missing", "", "\"root\": {\"path\": \"rootfs\"}",
                     "\"root\" is missing");
}

static void check_annotations(const struct check *check)
{
    const struct json_string_map *annotations = &check->config->annotations;

    for (size_t i = 0; i < annotations->count; i++)
        if (annotations->items[i].key[0] == '\0')
            check_refuse(check, "annotation-without-key",
                         check_at(check, check->config->origin, "annotations"), NULL,
                         "an annotation has an empty key");
}

/* --- process --------------------------------------------------------------------------------- */

static bool contains(const struct json_strings *list, const char *string)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], string) == 0)
            return true;
    return false;
}

/* An argc of zero has been the root of more than one hole (threats.md J10). */
static void check_args(const struct check *check, const struct spec_process *process)
{
    const char *pointer = check_at(check, process->origin, "args");

    if (process->args.count == 0)
        check_refuse(check, "args-missing", pointer, "at least the program to run",
                     "the process has no program");
    else if (process->args.items[0][0] == '\0')
        check_refuse(check, "args-missing", pointer, "the program to run",
                     "the name of the program is empty");
}

/* The values may be secrets: the place is enough. */
static void check_env(const struct check *check, const struct spec_process *process)
{
    for (size_t i = 0; i < process->env.count; i++) {
        const char *entry = process->env.items[i];

        if (entry[0] != '=' && strchr(entry, '=') != NULL)
            continue;
        check_warn(check, "env-not-a-variable",
                   json_pointer_item(&check->document->json, process->origin, "env", i),
                   "NAME=value", "the entry has no %s", entry[0] == '=' ? "name" : "\"=\"");
        if (check->findings->count >= FINDINGS_MAX / 2)
            return;
    }
}

static void check_rlimits(const struct check *check, const struct spec_process *process)
{
    for (size_t i = 0; i < process->rlimits.count; i++) {
        const struct spec_rlimit *limit = &process->rlimits.items[i];
        const char *pointer = check_at(check, limit->origin, NULL);

        if (limit->soft > limit->hard)
            check_refuse(check, "rlimit-soft-above-hard", pointer, NULL,
                         "the soft limit of %s is above the hard limit", limit->type);
        for (size_t j = 0; j < i; j++)
            if (strcmp(process->rlimits.items[j].type, limit->type) == 0) {
                check_refuse(check, "rlimit-duplicate", pointer, NULL, "%s stands more than once",
                             limit->type);
                break;
            }
    }
}

/* capset(2) refuses an effective capability that is not permitted. */
static void check_effective(const struct check *check, const struct spec_capabilities *sets)
{
    for (size_t i = 0; i < sets->effective.count; i++)
        if (!contains(&sets->permitted, sets->effective.items[i]))
            check_refuse(check, "capability-not-permitted",
                         json_pointer_item(&check->document->json, sets->origin, "effective", i),
                         "the same name in \"permitted\"", "%s is effective but not permitted",
                         sets->effective.items[i]);
}

/* The kernel lets nobody raise an ambient capability that is not both permitted and inheritable
 * (capabilities(7)), so one more name here never means more privilege. It is a warning, not a
 * refusal: the configuration that `runc spec` and `crun spec` of Debian 12 write has this very
 * mistake, and runc runs it without the ambient set. */
static void check_ambient(const struct check *check, const struct spec_capabilities *sets)
{
    for (size_t i = 0; i < sets->ambient.count; i++) {
        const char *name = sets->ambient.items[i];

        if (contains(&sets->permitted, name) && contains(&sets->inheritable, name))
            continue;
        check_warn(check, "capability-not-inheritable",
                   json_pointer_item(&check->document->json, sets->origin, "ambient", i),
                   "the same name in \"permitted\" and \"inheritable\"",
                   "%s cannot be ambient and is left out", name);
    }
}

static void check_process(const struct check *check)
{
    const struct spec_process *process = check->config->process;

    if (process == NULL)
        return;
    check_args(check, process);
    check_env(check, process);
    check_rlimits(check, process);
    if (process->capabilities != NULL) {
        check_effective(check, process->capabilities);
        check_ambient(check, process->capabilities);
    }
}

/* --- mounts ---------------------------------------------------------------------------------- */

static void check_destination(const struct check *check, const struct spec_mount *mount)
{
    const char *pointer = check_at(check, mount->origin, "destination");

    /* Lexical and real parents differ as soon as the image has a symbolic link. */
    if (str_has_dotdot(mount->destination))
        check_refuse(check, "path-has-dotdot", pointer, "a path without \"..\"",
                     "the destination %s has a component \"..\"", mount->destination);
    if (mount->destination[0] != '/')
        check_warn(check, "mount-destination-relative", pointer, "an absolute path",
                   "%s is deprecated and means /%s", mount->destination, mount->destination);
}

static void check_mount_options(const struct check *check, const struct spec_mount *mount)
{
    static const char *const later[] = {"idmap", "ridmap"};

    for (size_t i = 0; i < mount->options.count; i++)
        for (size_t word = 0; word < ARRAY_LEN(later); word++)
            if (strcmp(mount->options.items[i], later[word]) == 0)
                check_refuse(check, "not-supported-yet",
                             json_pointer_item(&check->document->json, mount->origin, "options", i),
                             "leave it out", "the mount option %s is not supported yet",
                             later[word]);
}

static void check_mount(const struct check *check, const struct spec_mount *mount)
{
    bool is_bind = contains(&mount->options, "bind") || contains(&mount->options, "rbind");

    check_destination(check, mount);
    check_mount_options(check, mount);
    if (is_bind && !contains(&mount->options, "remount") && str_is_empty(mount->source))
        check_refuse(check, "mount-without-source", check_at(check, mount->origin, NULL),
                     "\"source\" with the path to bind", "a bind mount has no source");
    if ((mount->uid_mappings.count == 0) != (mount->gid_mappings.count == 0))
        check_refuse(check, "mount-half-mapped", check_at(check, mount->origin, NULL),
                     "both \"uidMappings\" and \"gidMappings\"", "the mount maps only %s",
                     mount->uid_mappings.count != 0 ? "uids" : "gids");
}

/* --- all of it ------------------------------------------------------------------------------- */

void spec_check(const struct spec_document *document, struct findings *findings)
{
    const struct check check = {
        .document = document,
        .config = &document->config,
        .findings = findings,
    };

    check_root(&check);
    check_annotations(&check);
    check_process(&check);
    for (size_t i = 0; i < check.config->mounts.count; i++)
        check_mount(&check, &check.config->mounts.items[i]);
    check_namespaces(&check);
    check_id_maps(&check);
    check_time_offsets(&check);
    check_host_names(&check);
    check_devices(&check);
    check_sysctls(&check);
    check_cgroup(&check);
    check_seccomp(&check);
    check_support(&check);
}

void spec_check_resources(const struct spec_document *document, struct findings *findings)
{
    const struct check check = {
        .document = document,
        .config = &document->config,
        .findings = findings,
    };

    check_cgroup(&check);
    check_resources_support(&check);
}
