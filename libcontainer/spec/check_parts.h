/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The parts of spec_check(), shared by the files check*.c and nobody else. Each part adds findings
 * and returns nothing: one broken rule never hides another. */

#include "spec/check.h"

struct check {
    const struct spec_document *document;
    const struct spec_config *config;
    struct findings *findings;
};

/* check.c */
/* The namespace of this type that the configuration names, new or joined, or NULL. */
const struct spec_namespace *check_find_namespace(const struct check *check, const char *type);
/* True if it names one that we are to make. */
bool check_has_new_namespace(const struct check *check, const char *type);
/* The pointer of `key` of the object with this origin; of the object if key is NULL. */
const char *check_at(const struct check *check, uint32_t origin, const char *key);
void check_refuse(const struct check *check, const char *id, const char *pointer, const char *cure,
                  const char *format, ...) PRINTF_LIKE(5, 6);
void check_warn(const struct check *check, const char *id, const char *pointer, const char *cure,
                const char *format, ...) PRINTF_LIKE(5, 6);

/* check_support.c: rows that say LATER or V1_ONLY and ask for something */
void check_support(const struct check *check);
void check_resources_support(const struct check *check);

/* check_linux.c: namespaces, mappings, clocks, names, devices */
void check_namespaces(const struct check *check);
void check_id_maps(const struct check *check);
void check_time_offsets(const struct check *check);
void check_host_names(const struct check *check);
void check_devices(const struct check *check);

/* check_sysctl.c */
void check_sysctls(const struct check *check);

/* check_resources.c */
void check_cgroup(const struct check *check);

/* check_seccomp.c */
void check_seccomp(const struct check *check);
/* Does any rule, or the default, use SCMP_ACT_NOTIFY? */
bool check_seccomp_notifies(const struct spec_seccomp *seccomp);
