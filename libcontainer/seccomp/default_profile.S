/* SPDX-License-Identifier: Apache-2.0 */

/* DEFAULT_PROFILE_FILE is seccomp-profiles/default.json. */

    .section .rodata
    .globl default_profile
    .hidden default_profile
    .type default_profile, %object
default_profile:
    .incbin DEFAULT_PROFILE_FILE
    .globl default_profile_end
    .hidden default_profile_end
default_profile_end:
    .size default_profile, . - default_profile

    .section .note.GNU-stack, "", %progbits
