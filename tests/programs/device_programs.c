/* SPDX-License-Identifier: Apache-2.0 */

/* How many device programs are attached to a cgroup itself: device_programs DIRECTORY */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

int main(int argc, char **argv)
{
    /* Some kernels write behind a short attribute. */
    struct {
        union bpf_attr attr;
        unsigned char room[256];
    } request;
    uint32_t ids[64];
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_DIRECTORY) : -1;

    if (fd < 0) {
        perror("open");
        return 1;
    }
    memset(&request, 0, sizeof(request));
    request.attr.query.target_fd = (uint32_t)fd;
    request.attr.query.attach_type = BPF_CGROUP_DEVICE;
    request.attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
    request.attr.query.prog_cnt = 64;
    if (syscall(SYS_bpf, BPF_PROG_QUERY, &request.attr, sizeof(request.attr)) < 0) {
        perror("bpf");
        return 1;
    }
    printf("%u\n", request.attr.query.prog_cnt);
    return 0;
}
