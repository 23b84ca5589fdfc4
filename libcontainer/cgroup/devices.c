/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The device program on the kernel: loaded, and attached to the group, where it takes the place of
 * the one that we attached before in one step, so that there is no moment without any. Programs of
 * others on the same group (systemd's, an engine's) stay, and all of them must agree to an access
 * (BPF_F_ALLOW_MULTI). Ours is known by its name.
 */

#include <errno.h>
#include <string.h>

#include <linux/bpf.h>

#include "base/fd.h"
#include "cgroup/driver.h"
#include "kernel/sys.h"

enum {
    MAX_PROGRAMS = 64 /* the kernel's own limit for one group (BPF_CGROUP_MAX_PROGS) */
};

static const char program_name[] = "caisson_device";

_Static_assert(sizeof(program_name) <= BPF_OBJ_NAME_LEN, "a name as long as the kernel takes");

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

static int load(const struct plan_block *block, const struct plan_op *op)
{
    struct bpf_request request;
    struct plan_blob program = op->cgroup_devices.program;

    memset(&request, 0, sizeof(request));
    request.attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    request.attr.insns = (uint64_t)(uintptr_t)(block->blobs.text + program.offset);
    request.attr.insn_cnt = program.size / (uint32_t)sizeof(struct bpf_insn);
    request.attr.license = (uint64_t)(uintptr_t) "Apache-2.0";
    memcpy(request.attr.prog_name, program_name, sizeof(program_name));
    return call_bpf(BPF_PROG_LOAD, &request);
}

static bool is_ours(int program)
{
    struct bpf_prog_info info;
    struct bpf_request request;

    memset(&info, 0, sizeof(info));
    memset(&request, 0, sizeof(request));
    request.attr.info.bpf_fd = (uint32_t)program;
    request.attr.info.info_len = sizeof(info);
    request.attr.info.info = (uint64_t)(uintptr_t)&info;
    return call_bpf(BPF_OBJ_GET_INFO_BY_FD, &request) == 0 &&
           strncmp(info.name, program_name, sizeof(info.name)) == 0;
}

static int open_program(uint32_t id)
{
    struct bpf_request request;

    memset(&request, 0, sizeof(request));
    request.attr.prog_id = id;
    return call_bpf(BPF_PROG_GET_FD_BY_ID, &request);
}

/* The program that we attached to the group before, or -1. */
static int find_ours(int group)
{
    uint32_t ids[MAX_PROGRAMS] = {0};
    struct bpf_request request;

    memset(&request, 0, sizeof(request));
    request.attr.query.target_fd = (uint32_t)group;
    request.attr.query.attach_type = BPF_CGROUP_DEVICE;
    request.attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
    request.attr.query.prog_cnt = MAX_PROGRAMS;
    if (call_bpf(BPF_PROG_QUERY, &request) < 0)
        return -1;
    for (uint32_t i = 0; i < request.attr.query.prog_cnt && i < MAX_PROGRAMS; i++) {
        CLEANUP_FD int program = -1;

        /* One that has gone meanwhile was not the last of ours. */
        program = open_program(ids[i]);
        if (program >= 0 && is_ours(program))
            return fd_move(&program);
    }
    return -1;
}

int cgroup_filter_devices(int group, bool is_fresh, const struct plan_block *block,
                          const struct plan_op *op, struct err *e)
{
    CLEANUP_FD int program = -1;
    CLEANUP_FD int before = -1;
    struct bpf_request request;

    program = load(block, op);
    if (program < 0) {
        err_sys(e, "load the device program");
        return e->sys_errno == E2BIG ? err_hint(e, "the list of devices is too long") : -1;
    }
    before = is_fresh ? -1 : find_ours(group);
    memset(&request, 0, sizeof(request));
    request.attr.target_fd = (uint32_t)group;
    request.attr.attach_bpf_fd = (uint32_t)program;
    request.attr.attach_type = BPF_CGROUP_DEVICE;
    request.attr.attach_flags = BPF_F_ALLOW_MULTI;
    if (before >= 0) {
        request.attr.attach_flags |= BPF_F_REPLACE; /* Linux 5.6 */
        request.attr.replace_bpf_fd = (uint32_t)before;
    }
    if (call_bpf(BPF_PROG_ATTACH, &request) < 0)
        return err_sys(e, "attach the device program");
    return 0;
}
