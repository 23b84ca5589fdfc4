/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tests of the seccomp room share: sections from text, programs from sections, single
 * calls. */

#include <stddef.h>
#include <stdint.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/findings.h"
#include "seccomp/seccomp.h"
#include "spec/spec.h"

struct tested {
    struct spec_seccomp section;
    struct json_document document;
    struct findings findings;
    struct seccomp_program compiled;
    const struct sock_filter *program;
    size_t n; /* instructions */
};

extern struct arena test_arena;
int test_arena_release(void **state); /* a teardown */

/* The section of a profile in the form of config.json. */
void section_read(struct tested *tested, const char *text);
/* The same, compiled; a program that the kernel would not load, or an error, fails the test. */
void section_compile(struct tested *tested, const char *text);
/* The error of a section that must not compile. */
struct err section_refused(struct tested *tested, const char *text);
/* A file below the source directory. */
const char *source_file(const char *path);

struct call {
    uint32_t abi; /* SCMP_ARCH_*; x32 numbers get their bit */
    const char *name;
    uint64_t args[6];
};

/* Its number by libseccomp; a name that does not exist fails the test. */
struct seccomp_data call_data(const struct call *call);
uint32_t verdict_of_data(const struct tested *tested, const struct seccomp_data *data);
uint32_t verdict_of_call(const struct tested *tested, const struct call *call);

/* A native call: VERDICT(&tested, "socket", 40) */
#define VERDICT(tested, call_name, ...)                                                            \
    verdict_of_call(                                                                               \
        tested,                                                                                    \
        &(struct call){.abi = seccomp_arch_native(), .name = (call_name), .args = {__VA_ARGS__}})

/* Forms of a number that are the same number to who takes `bits` bits of it. */
enum {
    N_FORMS = 7
};
void number_forms(uint64_t number, unsigned int bits, uint64_t forms[N_FORMS]);

/* Compares with the oracle for one call, and says which call it was. */
void assert_oracle(const struct tested *tested, const struct seccomp_data *data);

/* The corpus: every number of each ABI with simple arguments, and each call with conditions with
 * the values around those of its conditions, in all their forms: all combinations if there are not
 * more than `at_most`, else about as many of them. Returns how many calls were compared. */
size_t assert_corpus(const struct tested *tested, size_t at_most);

/* The program that libseccomp makes of the section when it is used as other runtimes do, for
 * comparing. */
struct sock_filter *libseccomp_program(const struct spec_seccomp *section, size_t *n);
