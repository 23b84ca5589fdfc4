/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "cgroup/cgroup.h"
#include "lifecycle/status.h"
#include "process/ps_table.h"

int caisson_ps(const struct caisson *caisson, const char *id, struct caisson_pids *pids,
               struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;
    struct cgroup_pids found;
    const char *cgroup;

    if (container_require(&container, caisson, id, CONTAINER_LOOK, e) < 0 ||
        transition_check(container.status, VERB_PS, id, e) < 0)
        return -1;
    cgroup = container_require_cgroup(&container, e);
    if (cgroup == NULL || cgroup_list_processes(cgroup, caisson->arena, &found, e) < 0)
        return -1;
    *pids = (struct caisson_pids){
        .items = found.items, .count = found.count, .capacity = found.capacity};
    return 0;
}

int caisson_ps_table(const struct caisson *caisson, const char *id, const char *const *words,
                     size_t n_words, int output, struct err *e)
{
    struct caisson_pids pids;
    struct ps_filter filter;

    if (caisson_ps(caisson, id, &pids, e) < 0)
        return -1;
    filter = (struct ps_filter){.pids = pids.items, .n_pids = pids.count};
    return ps_table_write(&filter, words, n_words, caisson->arena, output, e);
}
