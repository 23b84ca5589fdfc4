/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bundle on disk becomes a checked specification and a plan; the host is only read. */

#include "base/fd.h"
#include "container.h"
#include "kernel/facts.h"
#include "plan/compile.h"

struct bundle {
    int directory;    /* O_PATH */
    const char *path; /* absolute */
    char *bytes;      /* of config.json */
    size_t size;
    struct spec_document document;
};

#define BUNDLE_INIT ((struct bundle){.directory = -1})

void bundle_release(struct bundle *bundle);

/* Opens the directory, reads its config.json and checks it. All that is wrong is in
 * caisson->findings. Changes our working directory to the bundle. */
MUST_CHECK int bundle_load(struct bundle *bundle, const struct caisson *caisson, const char *path,
                           const char *config_name, struct err *e);

/* How the command was told to make cgroups, in the words of compiling. */
enum cgroup_manager bundle_cgroup_manager(const struct caisson *caisson);

/* Compiles it. `facts` are probed here. */
MUST_CHECK int bundle_compile(struct bundle *bundle, const struct caisson *caisson,
                              const struct compile_options *options, struct facts *facts,
                              struct plan *plan, struct err *e);

/* The error for findings that refuse, or 0 if there are none. */
MUST_CHECK int bundle_judge(const struct caisson *caisson, struct err *e);
