/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one error object. It lives on the caller's stack, has a fixed size, and making one never
 * allocates. What can fail takes `struct err *e` as its last parameter and returns 0 (or an fd) on
 * success, -1 with *e filled otherwise.
 *
 * Different kinds of failure have different constructors, so that a stale errno can never be
 * printed. Every constructor returns -1: `return err_sys(e, "open %s", path);`
 *
 * A message says what was attempted and on what: small letters, no full stop, no "failed to". It is
 * printed once, at the top.
 */

#include "base/macros.h"

enum err_kind {
    ERR_NONE = 0,
    ERR_SYS,         /* a system call failed; sys_errno says why */
    ERR_INPUT,       /* something the user wrote is wrong; pointer or text names the place */
    ERR_USAGE,       /* the command line is wrong */
    ERR_STATE,       /* the container is in the wrong state for this command, or unknown */
    ERR_UNSUPPORTED, /* this kernel, host or build cannot do it */
    ERR_BUG,         /* our own mistake */
};

struct err {
    enum err_kind kind;
    int sys_errno;     /* 0 unless kind is ERR_SYS */
    char pointer[256]; /* JSON pointer into config.json, or empty */
    char text[1280];   /* the message, outermost context first */
    char hint[320];    /* what would help, or empty */
};

#define ERR_INIT ((struct err){.kind = ERR_NONE})

int err_sys(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
/* As err_sys, for calls that return the error number instead of setting errno. */
int err_sysno(struct err *e, int error_number, const char *format, ...) PRINTF_LIKE(3, 4);
int err_input(struct err *e, const char *pointer, const char *format, ...) PRINTF_LIKE(3, 4);
int err_usage(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
int err_state(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
int err_unsupported(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
int err_bug(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prepends "context: " to the message; keeps kind, errno, pointer and hint. */
int err_context(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds the cure, where we know one. */
int err_hint(struct err *e, const char *format, ...) PRINTF_LIKE(2, 3);
/* Sets the place in config.json when none was set yet. */
int err_at(struct err *e, const char *pointer);

/* Writes the one line that people see: "config.json /mounts/3: text: strerror (hint)". Control
 * bytes that came from a container or a bundle are escaped. The result is always terminated. */
void err_format(const struct err *e, char *line, size_t size);
