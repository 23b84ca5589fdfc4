/* SPDX-License-Identifier: Apache-2.0 */

/*
 * A process that the cgroup freezer cannot stop: it is inside of the kernel, in the middle of
 * write(2), where its memory is missing and nobody ever provides it (userfaultfd). It does not come
 * to the place where it would stop, but it can be killed. Needs privilege: faults of the kernel are
 * not for everybody.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/userfaultfd.h>

int main(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register range = {.mode = UFFDIO_REGISTER_MODE_MISSING};
    int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
    int ends[2];
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    range.range.start = (uint64_t)(uintptr_t)page;
    range.range.len = 4096;
    if (page == MAP_FAILED || faults < 0 || ioctl(faults, UFFDIO_API, &api) < 0 ||
        ioctl(faults, UFFDIO_REGISTER, &range) < 0 || pipe(ends) < 0) {
        perror("userfaultfd");
        return 1;
    }
    puts("ready");
    fflush(stdout);
    return write(ends[1], page, 1) == 1 ? 0 : 1;
}
