/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What every *_compile.c is given. Compiling is pure: (spec, facts about the host, options of the
 * command) in, operations of the plan and findings out. No system call, no clock, no environment.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/findings.h"
#include "kernel/facts.h"
#include "plan/plan.h"
#include "spec/decode.h"

enum cgroup_manager {
    CGROUP_MANAGER_FS,
    CGROUP_MANAGER_SYSTEMD,
    CGROUP_MANAGER_NONE, /* the container stays where its runtime is, and nothing is touched */
};

struct cgroup_in_force;

struct compile_options {
    const char *id;
    const char *bundle;  /* absolute path */
    bool starts_at_once; /* run: START comes over the channel */
    bool keep_keyring;   /* --no-new-keyring */
    enum cgroup_manager cgroup_manager;
    uint8_t nonce[16]; /* of this container's start message */
    /* update: the limits in force, which what is compiled is added to (cgroup/resources.h). NULL: a
     * new group */
    const struct cgroup_in_force *in_force;
};

struct compile {
    struct arena *arena;
    const struct spec_document *document;
    const struct spec_config *config; /* of the document */
    const struct spec_linux
        *linux_section; /* never NULL: an empty one where config.json has none */
    const struct facts *facts;
    const struct compile_options *options;
    struct findings *findings;
    struct plan *plan;
};

/* True if the configuration asks for a namespace of this type, new or joined. */
bool compile_has_namespace(const struct compile *compile, const char *type);
/* True if it asks for a new one (no path). */
bool compile_has_new_namespace(const struct compile *compile, const char *type);

/* An uid of the container as the host knows it; false if it is not mapped, or the map is not in the
 * configuration. */
bool compile_host_uid(const struct compile *compile, uint32_t uid, uint32_t *on_host);

/* JSON pointers, short. `key` may be NULL. */
const char *compile_pointer(const struct compile *compile, uint32_t origin, const char *key);
