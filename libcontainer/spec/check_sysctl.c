/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Kernel parameters. Only those that belong to a namespace of the container may be set, and only if
 * it has that namespace; everything else would change the host (threats.md C07, C08). Whether a
 * namespace that is joined by path is really another one than the host's is found where it is
 * opened.
 */

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

static const struct {
    const char *path; /* below /proc/sys; everything below it if it ends in a slash */
    const char *namespace;
} allowed[] = {
    {"fs/mqueue/", "ipc"},
    {"kernel/domainname", "uts"},
    {"kernel/msgmax", "ipc"},
    {"kernel/msgmnb", "ipc"},
    {"kernel/msgmni", "ipc"},
    {"kernel/sem", "ipc"},
    {"kernel/shm_rmid_forced", "ipc"},
    {"kernel/shmall", "ipc"},
    {"kernel/shmmax", "ipc"},
    {"kernel/shmmni", "ipc"},
    {"net/", "network"},
    {"user/", "user"},
};

static bool is_valid_path(const char *path)
{
    bool has_separator = strchr(path, '/') != NULL;

    for (;;) {
        size_t length = strcspn(path, "/");

        if (length == 0 || length > 255 || (length == 1 && path[0] == '.') ||
            (length == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += length;
        if (*path == '\0')
            return has_separator;
        path++;
    }
}

const char *spec_sysctl_path(struct arena *arena, const char *name)
{
    size_t first = strcspn(name, "./");
    char *path = arena_strdup(arena, name);

    for (size_t i = 0; path[i] != '\0'; i++) {
        if ((unsigned char)path[i] <= 0x20 || path[i] == 0x7f)
            return NULL;
        if (name[first] != '.')
            continue;
        if (path[i] == '.')
            path[i] = '/';
        else if (path[i] == '/')
            path[i] = '.';
    }
    return is_valid_path(path) ? path : NULL;
}

static const char *namespace_of(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        const char *row = allowed[i].path;

        if (str_ends_with(row, "/") ? str_starts_with(path, row) : strcmp(path, row) == 0)
            return allowed[i].namespace;
    }
    return NULL;
}

static void check_scope(const struct check *check, const char *name, const char *path,
                        const char *pointer)
{
    const char *namespace = namespace_of(path);

    if (strcmp(path, "kernel/hostname") == 0)
        check_refuse(check, "sysctl-is-hostname", pointer, "the field \"hostname\"",
                     "the host name is not set by a kernel parameter");
    else if (namespace == NULL)
        check_refuse(check, "sysctl-not-namespaced", pointer,
                     "a parameter of a namespace, such as net.*", "%s would change the host", name);
    else if (strcmp(namespace, "user") == 0 ? !check_has_new_namespace(check, "user")
                                            : check_find_namespace(check, namespace) == NULL)
        check_refuse(check, "sysctl-without-namespace", pointer,
                     "the namespace in linux.namespaces",
                     "%s would change the host: the container has no %s namespace of its own", name,
                     namespace);
}

static void check_sysctl(const struct check *check, const struct json_pair *pair,
                         const char *pointer, const char *path)
{
    if (path == NULL) {
        check_refuse(check, "sysctl-name-invalid", pointer, "a name such as net.ipv4.ip_forward",
                     "%s is not the name of a kernel parameter", pair->key);
        return;
    }
    check_scope(check, pair->key, path, pointer);
    if (strchr(pair->value, '\n') != NULL)
        check_refuse(check, "sysctl-value-has-newline", pointer, "a value of one line",
                     "the value has more than one line");
}

struct named_path {
    const char *path;
    const char *pointer;
};

static int compare_paths(const void *left, const void *right)
{
    const struct named_path *a = left;
    const struct named_path *b = right;

    return strcmp(a->path, b->path);
}

void check_sysctls(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;
    struct named_path *paths;
    size_t n_paths = 0;

    if (section == NULL || section->sysctl.count == 0)
        return;
    paths = ARENA_NEW(check->findings->arena, struct named_path, section->sysctl.count);
    for (size_t i = 0; i < section->sysctl.count; i++) {
        const struct json_pair *pair = &section->sysctl.items[i];
        const char *pointer =
            json_pointer_entry(&check->document->json, section->origin, "sysctl", pair->key);
        const char *path = spec_sysctl_path(check->findings->arena, pair->key);

        check_sysctl(check, pair, pointer, path);
        if (path != NULL)
            paths[n_paths++] = (struct named_path){path, pointer};
    }
    /* "net.core.somaxconn" and "net/core/somaxconn" are two keys and one parameter. */
    qsort(paths, n_paths, sizeof(*paths), compare_paths);
    for (size_t i = 1; i < n_paths; i++)
        if (strcmp(paths[i - 1].path, paths[i].path) == 0)
            check_refuse(check, "sysctl-duplicate", paths[i].pointer, NULL,
                         "the same parameter is named in two ways");
}
