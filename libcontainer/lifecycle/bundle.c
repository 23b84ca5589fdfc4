/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lifecycle/compile.h"
#include "spec/check.h"

void bundle_release(struct bundle *bundle)
{
    fd_close(&bundle->directory);
}

int bundle_judge(const struct caisson *caisson, struct err *e)
{
    size_t refused = caisson->findings->n_refused;

    if (refused == 0)
        return 0;
    return err_input(e, NULL, "config.json has %zu %s", refused, refused == 1 ? "error" : "errors");
}

/* The current directory as the kernel names it: the path that `state` shows must be absolute. */
static int absolute_path(struct arena *arena, const char **path, struct err *e)
{
    char *buffer = arena_array(arena, 4096, 1, 1);

    if (getcwd(buffer, 4096) == NULL || buffer[0] != '/') {
        if (buffer[0] != '/')
            errno = ENOENT;
        return err_sys(e, "find the absolute path of the bundle");
    }
    *path = buffer;
    return 0;
}

int bundle_load(struct bundle *bundle, const struct caisson *caisson, const char *path,
                const char *config_name, struct err *e)
{
    CLEANUP_FD int config = -1;

    bundle->directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bundle->directory < 0)
        return err_sys(e, "open the bundle %s", path);
    if (fchdir(bundle->directory) < 0)
        return err_sys(e, "change to the bundle %s", path);
    if (absolute_path(caisson->arena, &bundle->path, e) < 0)
        return -1;
    config = fd_open_regular(bundle->directory, config_name, e);
    if (config < 0)
        return err_context(e, "the bundle %s", bundle->path);
    if (fd_read_all(config, caisson->arena, JSON_DOCUMENT_MAX_BYTES, &bundle->bytes, &bundle->size,
                    e) < 0)
        return err_context(e, "%s/%s", bundle->path, config_name);

    spec_decode(&bundle->document, caisson->arena, bundle->bytes, bundle->size, caisson->findings);
    /* Cross-field rules read what decoding has found sound. */
    if (caisson->findings->n_refused == 0)
        spec_check(&bundle->document, caisson->findings);
    return bundle_judge(caisson, e);
}

enum cgroup_manager bundle_cgroup_manager(const struct caisson *caisson)
{
    switch (caisson->cgroup_manager) {
    case CAISSON_SYSTEMD:
        return CGROUP_MANAGER_SYSTEMD;
    case CAISSON_NO_CGROUP:
        return CGROUP_MANAGER_NONE;
    case CAISSON_CGROUPFS:
        break;
    }
    return CGROUP_MANAGER_FS;
}

int bundle_compile(struct bundle *bundle, const struct caisson *caisson,
                   const struct compile_options *options, struct facts *facts, struct plan *plan,
                   struct err *e)
{
    struct compile compile = {
        .arena = caisson->arena,
        .document = &bundle->document,
        .config = &bundle->document.config,
        .facts = facts,
        .options = options,
        .findings = caisson->findings,
        .plan = plan,
    };

    if (facts_probe(facts, caisson->arena, e) < 0)
        return -1;
    plan_start(plan, caisson->arena);
    lifecycle_compile(&compile);
    return bundle_judge(caisson, e);
}
