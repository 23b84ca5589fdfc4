/* SPDX-License-Identifier: Apache-2.0 */

/* huge_pages N: maps N huge pages of 2 MiB and writes to each. Exit status 0, or 1 and why not. */

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/mman.h>

int main(int argc, char **argv)
{
    size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
    size_t size = (size_t)2 << 20;
    char *pages = mmap(NULL, n * size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_HUGE_2MB, -1, 0);

    if (pages == MAP_FAILED) {
        perror("mmap");
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        pages[i * size] = 1;
    puts("written");
    return 0;
}
