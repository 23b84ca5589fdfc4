/* SPDX-License-Identifier: Apache-2.0 */

/* Prints the id of the session keyring, and the errno of a search in it for the key that the
 * argument names. */

#include <errno.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/keyctl.h>

int main(int argc, char **argv)
{
    long id = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    long found = syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
                         argc > 1 ? argv[1] : "", 0);

    printf("id %ld\nsearch %d\n", id, found < 0 ? errno : 0);
    return 0;
}
