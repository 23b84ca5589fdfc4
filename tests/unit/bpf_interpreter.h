/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Classic BPF as seccomp(2) takes it: checks a program as the kernel does when it is loaded, and
 * runs it. Written from the kernel's documentation of the machine, not from the compiler that it
 * tests.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

/* Would the kernel load it? *why says what is wrong, and *where in which instruction. */
bool bpf_is_valid(const struct sock_filter *program, size_t n, const char **why, size_t *where);

/* What the program, which must be valid, returns for this call. *n_steps counts instructions if not
 * NULL. */
uint32_t bpf_run(const struct sock_filter *program, const struct seccomp_data *data,
                 size_t *n_steps);

/* Instructions that no jump and no predecessor leads to. */
size_t bpf_count_unreachable(const struct sock_filter *program, size_t n);
