/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Attributes and small helpers that every room uses. Nothing here knows what a container is. */

#include <stddef.h>

#define MUST_CHECK        __attribute__((warn_unused_result))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define CLEANUP(function) __attribute__((cleanup(function)))
#define UNUSED            __attribute__((unused))
#define NORETURN          __attribute__((noreturn))

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* Ownership moves visibly: `owner->p = ptr_move(&p)` leaves NULL behind for the cleanup attribute.
 */
#define ptr_move(p)                                                                                \
    __extension__({                                                                                \
        __typeof__(p) ptr_move_from = (p);                                                         \
        __typeof__(*ptr_move_from) ptr_move_value = *ptr_move_from;                                \
        *ptr_move_from = NULL;                                                                     \
        ptr_move_value;                                                                            \
    })
