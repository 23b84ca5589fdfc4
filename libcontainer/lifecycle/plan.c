/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/bundle.h"

int caisson_plan(const struct caisson *caisson, const char *bundle_path, const char *config_name,
                 enum caisson_plan_format format, const char **text, struct err *e)
{
    CLEANUP(bundle_release) struct bundle bundle = BUNDLE_INIT;
    /* What only create knows is shown as what it stands for. */
    struct compile_options options = {
        .id = "ID",
        .cgroup_manager = bundle_cgroup_manager(caisson),
    };
    struct strbuf printed = STRBUF_INIT(caisson->arena);
    struct facts facts;
    struct plan plan;

    if (bundle_load(&bundle, caisson, bundle_path,
                    config_name != NULL ? config_name : "config.json", e) < 0)
        return -1;
    options.bundle = bundle.path;
    if (bundle_compile(&bundle, caisson, &options, &facts, &plan, e) < 0)
        return -1;
    if (format == CAISSON_PLAN_JSON)
        plan_print_json(&plan, &printed);
    else
        plan_print_text(&plan, &printed);
    *text = strbuf_text(&printed);
    return 0;
}
