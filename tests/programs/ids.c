/* SPDX-License-Identifier: Apache-2.0 */

/* Prints the uids of the process. */

#include <stdio.h>
#include <unistd.h>

int main(void)
{
    uid_t real;
    uid_t effective;
    uid_t saved;

    if (getresuid(&real, &effective, &saved) < 0)
        return 1;
    printf("ruid=%u euid=%u suid=%u\n", real, effective, saved);
    return 0;
}
