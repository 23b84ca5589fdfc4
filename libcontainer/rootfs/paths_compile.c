/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What is hidden or made read-only: linux.readonlyPaths, linux.maskedPaths, root.readonly,
 * linux.rootfsPropagation. All of it comes after the root switch; before it, a link in the image
 * could decide what we cover on the host's side of the tree.
 *
 * Masks come after read-only paths, so that a mask inside a read-only tree is not covered by it.
 */

#include <string.h>
#include <sys/stat.h>

#include "kernel/abi.h"
#include "rootfs/rootfs.h"

/* Paths as they are spelled in the document, cleaned: NULL if that makes no sense. */
static const char *clean_path(struct compile *compile, const char *path, const char *key,
                              size_t index)
{
    const char *at =
        json_pointer_item(&compile->document->json, compile->linux_section->origin, key, index);
    const char *clean = str_clean_path(compile->arena, path);

    if (str_has_dotdot(path)) {
        findings_add(compile->findings, SEVERITY_REFUSE, "path-has-dotdot", at,
                     "a path without \"..\"", "the path has a component \"..\"");
        return NULL;
    }
    if (strcmp(clean, "/") == 0) {
        findings_add(compile->findings, SEVERITY_REFUSE, "path-is-root", at,
                     "\"readonly\" of the root filesystem, or a path below /",
                     "the root filesystem as a whole cannot be covered");
        return NULL;
    }
    return clean;
}

/* Has the block a row of this code for this string already? A second mask on one file would only be
 * one more mount. */
static bool is_repeated(const struct plan *plan, enum plan_op_code code, plan_string path)
{
    for (size_t i = plan->init.ops.count; i > 0; i--) {
        const struct plan_op *op = &plan->init.ops.items[i - 1];

        if (op->code != code)
            return false;
        if ((code == OP_MASK_PATH ? op->mask_path.path : op->readonly_path.path) == path)
            return true;
    }
    return false;
}

static void add_readonly_paths(struct compile *compile)
{
    const struct json_strings *paths = &compile->linux_section->readonly_paths;
    struct plan *plan = compile->plan;

    for (size_t i = 0; i < paths->count; i++) {
        const char *clean = clean_path(compile, paths->items[i], "readonlyPaths", i);
        plan_string path = clean != NULL ? plan_add_string(&plan->init, clean) : 0;
        struct plan_op *op;

        if (path == 0 || is_repeated(plan, OP_READONLY_PATH, path))
            continue;
        op = plan_add(plan, OP_READONLY_PATH,
                      json_pointer_item(&compile->document->json, compile->linux_section->origin,
                                        "readonlyPaths", i));
        op->readonly_path.path = path;
    }
}

static void add_masks(struct compile *compile)
{
    const struct json_strings *paths = &compile->linux_section->masked_paths;
    struct plan *plan = compile->plan;
    plan_string null_path;
    uint16_t slot;
    struct plan_op *op;

    if (paths->count == 0)
        return;
    slot = plan_new_slot(plan);
    null_path = plan_add_string(&plan->host, "/dev/null");
    op = plan_add(plan, OP_OPEN_NULL,
                  compile_pointer(compile, compile->linux_section->origin, "maskedPaths"));
    op->open_null = (struct op_open_device){
        .slot = slot,
        .path = null_path,
        .type = S_IFCHR,
        .major = 1,
        .minor = 3,
    };
    for (size_t i = 0; i < paths->count; i++) {
        const char *clean = clean_path(compile, paths->items[i], "maskedPaths", i);
        plan_string path = clean != NULL ? plan_add_string(&plan->init, clean) : 0;

        if (path == 0 || is_repeated(plan, OP_MASK_PATH, path))
            continue;
        op = plan_add(plan, OP_MASK_PATH,
                      json_pointer_item(&compile->document->json, compile->linux_section->origin,
                                        "maskedPaths", i));
        op->mask_path.path = path;
        op->mask_path.slot = slot;
    }
}

/* Private and slave were set on the clone before it was attached. "shared" is a new peer group,
 * which is not shared with the host. */
static void add_root_attributes(struct compile *compile)
{
    const struct spec_root *root = compile->config->root;
    uint32_t propagation = rootfs_propagation(compile);
    struct plan_op *op;

    if (propagation == MS_PRIVATE || propagation == MS_SLAVE)
        propagation = 0;
    if (!root->is_readonly && propagation == 0)
        return;
    op = plan_add(compile->plan, OP_ROOT_ATTRIBUTES,
                  root->is_readonly ? compile_pointer(compile, root->origin, "readonly")
                                    : compile_pointer(compile, compile->linux_section->origin,
                                                      "rootfsPropagation"));
    op->root_attributes.attr_set = root->is_readonly ? MOUNT_ATTR_RDONLY : 0;
    op->root_attributes.propagation = propagation;
}

void rootfs_compile_seal(struct compile *compile)
{
    add_readonly_paths(compile);
    add_masks(compile);
    add_root_attributes(compile);
    if (compile->plan->n_slots >= PLAN_MAX_SLOTS)
        findings_add(compile->findings, SEVERITY_REFUSE, "too-many-sources",
                     compile_pointer(compile, compile->config->origin, NULL),
                     "fewer bind mounts and devices",
                     "%u sources are more than a plan can carry, %d",
                     (unsigned int)compile->plan->n_slots, (int)PLAN_MAX_SLOTS - 1);
}
