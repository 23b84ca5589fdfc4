/* SPDX-License-Identifier: Apache-2.0 */

/* SYSTEMD_IMAGE_FILE is the program caisson-systemd, built just before this. */

    .section .rodata
    .balign 4096
    .globl systemd_image
    .hidden systemd_image
    .type systemd_image, %object
systemd_image:
    .incbin SYSTEMD_IMAGE_FILE
    .globl systemd_image_end
    .hidden systemd_image_end
systemd_image_end:
    .size systemd_image, . - systemd_image

    .section .note.GNU-stack, "", %progbits
