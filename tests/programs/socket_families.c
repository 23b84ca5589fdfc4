/* SPDX-License-Identifier: Apache-2.0 */

/* socket(2) by raw number with families that differ above bit 31; prints family and errno of each.
 */

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    static const unsigned long families[] = {
        1,  /* AF_UNIX */
        38, /* AF_ALG */
        40, /* AF_VSOCK */
        40 + (1UL << 32),
        38 + (1UL << 32),
        40 + (1UL << 63),
        0xffffffff00000028UL, /* 40, sign-extended */
    };

    for (unsigned int i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        long fd = syscall(SYS_socket, families[i], 1UL /* SOCK_STREAM */, 0UL);

        printf("%#lx %d\n", families[i], fd < 0 ? errno : 0);
        if (fd >= 0)
            close((int)fd);
    }
    return 0;
}
