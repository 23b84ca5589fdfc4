/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The plan's limits and device program, put in force on a group that exists: while the container's
 * process is being executed and waits for its plan, long before the first instruction of the
 * workload, and at no cost in time.
 */

#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

#include "base/fd.h"
#include "cgroup/driver.h"
#include "cgroup/tree.h"
#include "kernel/sys.h"

static int write_limit(int group, const struct plan *plan, const struct plan_op *op, struct err *e)
{
    const char *file = plan_text(&plan->host, op->cgroup_write.file);
    const char *value = plan_text(&plan->host, op->cgroup_write.value);

    if (tree_write(group, file, value) == 0)
        return 0;
    err_sys(e, "write \"%s\" to %s", value, file);
    if (e->sys_errno == ENOENT)
        err_hint(e,
                 "the controller is not enabled for this group: a group above it holds processes "
                 "or withholds it");
    return -1;
}

/* Some kernels (6.17 to 7.1) copy results back into an attribute without regard to the size that
 * was passed, and newer ones have a larger attribute than our headers: there is room behind it. */
struct bpf_request {
    union bpf_attr attr;
    unsigned char room[512 - sizeof(union bpf_attr)];
};

static int call_bpf(enum bpf_cmd command, struct bpf_request *request)
{
    return sys_bpf((int)command, &request->attr, sizeof(request->attr));
}

static int attach_devices(int group, const struct plan *plan, const struct plan_op *op,
                          struct err *e)
{
    CLEANUP_FD int program = -1;
    struct bpf_request load;
    struct bpf_request attach;

    memset(&load, 0, sizeof(load));
    load.attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    load.attr.insns =
        (uint64_t)(uintptr_t)(plan->host.blobs.text + op->cgroup_devices.program.offset);
    load.attr.insn_cnt = op->cgroup_devices.program.size / (uint32_t)sizeof(struct bpf_insn);
    load.attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
    program = call_bpf(BPF_PROG_LOAD, &load);
    if (program < 0)
        return err_sys(e, "load the device program");
    memset(&attach, 0, sizeof(attach));
    attach.attr.target_fd = (uint32_t)group;
    attach.attr.attach_bpf_fd = (uint32_t)program;
    attach.attr.attach_type = BPF_CGROUP_DEVICE;
    attach.attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (call_bpf(BPF_PROG_ATTACH, &attach) < 0)
        return err_sys(e, "attach the device program");
    return 0;
}

static int apply_row(int group, const struct plan *plan, const struct plan_op *op, struct err *e)
{
    switch (op->code) {
    case OP_CGROUP_WRITE:
        return write_limit(group, plan, op, e);
    case OP_CGROUP_DEVICES:
        return attach_devices(group, plan, op, e);
    case OP_CGROUP_OWNER:
        return cgroup_give(group, op->cgroup_owner.value, e);
    default:
        return 0;
    }
}

int cgroup_apply_rows(int group, const struct plan *plan, struct err *e)
{
    for (size_t i = 0; i < plan->host.ops.count; i++) {
        const struct plan_op *op = &plan->host.ops.items[i];

        if (apply_row(group, plan, op, e) < 0)
            return err_at(e, plan_text(&plan->host, op->origin));
    }
    return 0;
}
