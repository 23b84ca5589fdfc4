/* SPDX-License-Identifier: Apache-2.0 */

/* INIT_IMAGE_FILE is the program caisson-init, built just before this. */

    .section .rodata
    .balign 4096
    .globl init_image
    .hidden init_image
    .type init_image, %object
init_image:
    .incbin INIT_IMAGE_FILE
    .globl init_image_end
    .hidden init_image_end
init_image_end:
    .size init_image, . - init_image

    .section .note.GNU-stack, "", %progbits
