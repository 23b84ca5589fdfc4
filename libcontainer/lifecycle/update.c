/* SPDX-License-Identifier: Apache-2.0 */

/*
 * update: the same decoding, checking and compiling as for a new container, but added to the limits
 * in force. What was stored at create is not changed: nothing reads limits from there, the group's
 * files are what counts.
 */

#include <string.h>

#include "cgroup/cgroup.h"
#include "cgroup/resources.h"
#include "lifecycle/status.h"
#include "spec/check.h"

static int judge(const struct caisson *caisson, struct err *e)
{
    size_t refused = caisson->findings->n_refused;

    if (refused == 0)
        return 0;
    return err_input(e, NULL, "the resources have %zu %s", refused,
                     refused == 1 ? "error" : "errors");
}

static int decode(const struct caisson *caisson, struct spec_document *document, const char *json,
                  size_t size, struct err *e)
{
    caisson->findings->document = "resources";
    spec_decode_resources(document, caisson->arena, json, size, caisson->findings);
    if (caisson->findings->n_refused == 0)
        spec_check_resources(document, caisson->findings);
    return judge(caisson, e);
}

/* ---- devices -------------------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool same_rules(const struct spec_device_rule_list *a, const struct spec_device_rule_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct spec_device_rule *x = &a->items[i];
        const struct spec_device_rule *y = &b->items[i];

        if (x->is_allowed != y->is_allowed || x->present != y->present || x->major != y->major ||
            x->minor != y->minor || !same_text(x->type, y->type) ||
            !same_text(x->access, y->access))
            return false;
    }
    return true;
}

/* Engines send the list that the container was created with along with every update, while others
 * may have added programs of their own to the group: that list changes nothing. Any other one takes
 * the place of ours, together with the devices that the container was created with. */
static int compile_devices(struct compile *compile, const struct state_dir *dir, struct err *e)
{
    const struct spec_resources *resources = compile->linux_section->resources;
    struct spec_document *stored = ARENA_NEW(compile->arena, struct spec_document, 1);
    struct findings findings = FINDINGS_INIT(compile->arena);
    const struct spec_linux *section = NULL;
    struct spec_linux changed = {0};
    struct compile devices = *compile;
    char *bytes;
    size_t size;

    if (!SPEC_HAS(spec_resources, resources, devices))
        return 0;
    if (state_read_config(dir, compile->arena, &bytes, &size, e) < 0)
        return -1;
    spec_decode(stored, compile->arena, bytes, size, &findings);
    if (findings.n_refused != 0)
        return err_input(e, NULL, "the stored configuration of %s is damaged", dir->id);
    section = stored->config.linux_section;
    if (section != NULL && section->resources != NULL &&
        same_rules(&section->resources->devices, &resources->devices))
        return 0;
    if (section != NULL)
        changed.devices = section->devices;
    changed.resources = compile->linux_section->resources;
    devices.linux_section = &changed;
    cgroup_compile_devices(&devices);
    return 0;
}

/* ---- all -------------------------------------------------------------------------------------------------- */

/* Rows for what the document asks for, given what is in force. */
static int compile_update(const struct caisson *caisson, const struct container *container,
                          const struct spec_document *document, struct plan *plan, struct err *e)
{
    const struct cgroup_place place = container_cgroup(container);
    struct cgroup_in_force in_force;
    const struct compile_options options = {.in_force = &in_force};
    struct facts facts;
    struct compile compile = {
        .arena = caisson->arena,
        .document = document,
        .config = &document->config,
        .linux_section = document->config.linux_section,
        .facts = &facts,
        .options = &options,
        .findings = caisson->findings,
        .plan = plan,
    };

    if (facts_probe(&facts, caisson->arena, e) < 0 ||
        cgroup_read_in_force(place.path, &in_force, e) < 0)
        return -1;
    plan_start(plan, caisson->arena);
    cgroup_compile_update(&compile, &place);
    if (compile_devices(&compile, &container->dir, e) < 0)
        return -1;
    return judge(caisson, e);
}

/* The pointer of the row that failed is one into this document, not into config.json. */
static int name_document(struct err *e)
{
    char pointer[sizeof(e->pointer)];

    if (e->pointer[0] == '\0')
        return -1;
    memcpy(pointer, e->pointer, sizeof(pointer));
    e->pointer[0] = '\0';
    return err_context(e, "resources %s", pointer);
}

int caisson_update(const struct caisson *caisson, const char *id, const char *json, size_t size,
                   struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    struct spec_document *document = ARENA_NEW(caisson->arena, struct spec_document, 1);
    struct cgroup_place place;
    struct plan plan;

    if (container_require(&container, caisson, id, CONTAINER_LOCK, e) < 0 ||
        transition_check(container.status, VERB_UPDATE, id, e) < 0)
        return -1;
    if (container_require_cgroup(&container, e) == NULL)
        return -1;
    place = container_cgroup(&container);
    if (decode(caisson, document, json, size, e) < 0 ||
        compile_update(caisson, &container, document, &plan, e) < 0)
        return -1;
    return cgroup_update(&place, &plan, e) < 0 ? name_document(e) : 0;
}
