/* SPDX-License-Identifier: Apache-2.0 */

/* The pure half of facts.h. */

#include <string.h>

#include "kernel/facts.h"

bool facts_has_controller(const struct facts *facts, const char *controller)
{
    size_t length = strlen(controller);
    const char *next = facts->cgroup_controllers;

    if (length == 0 || next == NULL)
        return false;
    while ((next = strstr(next, controller)) != NULL) {
        bool begins = next == facts->cgroup_controllers || next[-1] == ' ';

        if (begins && (next[length] == ' ' || next[length] == '\0'))
            return true;
        next += length;
    }
    return false;
}
