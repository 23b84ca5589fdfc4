/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Links with libcaisson-host.a, libcaisson-pure.a, yajl, libseccomp; and seccomp_support.c,
 * seccomp_oracle.c, bpf_interpreter.c beside it. Reads tests/data and seccomp-profiles below
 * $srcdir.
 */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <seccomp.h>
#include <sys/socket.h>

#include "base/str.h"
#include "bpf_interpreter.h"
#include "seccomp_oracle.h"
#include "seccomp_support.h"

#define ALLOW          SECCOMP_RET_ALLOW
#define REFUSED(errno) (SECCOMP_RET_ERRNO | (errno))

/* A section with these entries, default EPERM unless it says otherwise. */
#define SECTION(entries) "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" entries "]}"
#define ON_32_BIT(entries)                                                                         \
    "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X86\"], "             \
    "\"syscalls\": [" entries "]}"
#define PASSING(entries)                                                                           \
    "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"], "             \
    "\"syscalls\": [" entries "]}"
#define ENTRY(names, action, args)                                                                 \
    "{\"names\": [" names "], \"action\": \"SCMP_ACT_" action "\", \"args\": [" args "]}"
#define FAILS(names, number, args)                                                                 \
    "{\"names\": [" names "], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": " number               \
    ", \"args\": [" args "]}"
#define ARG(index, op, value)                                                                      \
    "{\"index\": " index ", \"op\": \"SCMP_CMP_" op "\", \"value\": " value "}"
#define MASKED(index, mask, value)                                                                 \
    "{\"index\": " index ", \"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": " mask                      \
    ", \"valueTwo\": " value "}"

static struct tested tested;

static bool is_x86_64(void)
{
    return seccomp_arch_native() == SCMP_ARCH_X86_64;
}

/* ---- actions, flags, architectures ---------------------------------------------------------- */

static void every_action_becomes_the_kernels(void **state UNUSED)
{
    static const struct {
        const char *action;
        uint32_t value;
    } rows[] = {
        {"KILL", SECCOMP_RET_KILL_THREAD},
        {"KILL_THREAD", SECCOMP_RET_KILL_THREAD},
        {"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
        {"TRAP", SECCOMP_RET_TRAP},
        {"ERRNO", REFUSED(EPERM)},
        {"TRACE", SECCOMP_RET_TRACE | EPERM},
        {"ALLOW", SECCOMP_RET_ALLOW},
        {"LOG", SECCOMP_RET_LOG},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        section_compile(&tested,
                        arena_printf(&test_arena,
                                     "{\"defaultAction\": \"SCMP_ACT_ERRNO\", "
                                     "\"defaultErrnoRet\": 95, \"syscalls\": ["
                                     "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_%s\"}]}",
                                     rows[i].action));
        assert_int_equal(VERDICT(&tested, "read", 0), rows[i].value);
        assert_int_equal(VERDICT(&tested, "clone", 0), REFUSED(ENOSYS));
        section_compile(&tested, arena_printf(&test_arena, "{\"defaultAction\": \"SCMP_ACT_%s\"}",
                                              rows[i].action));
        assert_int_equal(VERDICT(&tested, "read", 0), rows[i].value);
    }
}

static void an_errno_is_passed_on(void **state UNUSED)
{
    section_compile(&tested, SECTION(FAILS("\"read\"", "4095", "") "," ENTRY(
                                 "\"getpid\"", "ALLOW", "") "," FAILS("\"write\"", "0", "")));
    assert_int_equal(VERDICT(&tested, "read", 0), REFUSED(4095));
    assert_int_equal(VERDICT(&tested, "write", 0), REFUSED(0));
    assert_int_equal(VERDICT(&tested, "close", 0), REFUSED(EPERM));
}

static void flags_become_the_kernels(void **state UNUSED)
{
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
    assert_int_equal(tested.compiled.flags, 0); /* SPEC_ALLOW comes from nobody but the section */
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
                             "[\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\"]}");
    assert_int_equal(tested.compiled.flags, SECCOMP_FILTER_FLAG_LOG);
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"flags\": "
                             "[\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]}");
    assert_int_equal(tested.compiled.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

static void the_native_architecture_is_filtered_though_the_list_lacks_it(void **state UNUSED)
{
    section_compile(&tested, ON_32_BIT(ENTRY("\"read\"", "ALLOW", "")));
    assert_int_equal(VERDICT(&tested, "read", 0), ALLOW);
    assert_int_equal(VERDICT(&tested, "getppid", 0), REFUSED(ENOSYS));
    section_compile(&tested, SECTION(ENTRY("\"read\"", "ALLOW", "")));
    assert_int_equal(VERDICT(&tested, "read", 0), ALLOW);
}

static void an_architecture_that_nobody_asked_for_is_killed(void **state UNUSED)
{
    const struct call read_32 = {.abi = SCMP_ARCH_X86, .name = "read"};

    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
    assert_int_equal(verdict_of_data(&tested, &(struct seccomp_data){.arch = 0x1234}),
                     SECCOMP_RET_KILL_PROCESS);
    if (is_x86_64())
        assert_int_equal(verdict_of_call(&tested, &read_32), SECCOMP_RET_KILL_PROCESS);
    section_compile(&tested, ON_32_BIT(ENTRY("\"read\"", "ALLOW", "")));
    assert_int_equal(verdict_of_call(&tested, &read_32), ALLOW);
}

static void an_architecture_that_the_library_does_not_know_is_a_warning(void **state UNUSED)
{
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", "
                             "\"architectures\": [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_SHEB\"]}");
    if (seccomp_arch_resolve_name("sheb") != 0)
        return;
    assert_int_equal(tested.findings.count, 1);
    assert_string_equal(tested.findings.items[0].id, "seccomp-architecture-unknown");
    assert_string_equal(tested.findings.items[0].pointer, "/architectures/1");
}

/* ---- x32, numbers without a name ------------------------------------------------------------ */

static void x32_numbers_do_not_exist_unless_asked_for(void **state UNUSED)
{
    static const char *const sections[] = {
        "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": [\"ptrace\"], "
        "\"action\": \"SCMP_ACT_ERRNO\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": [\"read\"], "
        "\"action\": \"SCMP_ACT_ALLOW\"}]}",
        "{\"defaultAction\": \"SCMP_ACT_LOG\", \"architectures\": [\"SCMP_ARCH_X86\"]}",
    };

    if (!is_x86_64())
        return;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        section_compile(&tested, sections[i]);
        for (uint32_t number = 0; number < 600; number++)
            assert_int_equal(
                verdict_of_data(&tested, &(struct seccomp_data){.arch = SCMP_ARCH_X86_64,
                                                                .nr = (int)(number | 0x40000000U)}),
                REFUSED(ENOSYS));
    }
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_KILL_PROCESS\", \"syscalls\": ["
                             "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
    assert_int_equal(verdict_of_data(&tested, &(struct seccomp_data){.arch = SCMP_ARCH_X86_64,
                                                                     .nr = 0x40000000}),
                     SECCOMP_RET_KILL_PROCESS);
}

static void x32_calls_have_the_same_rules_when_asked_for(void **state UNUSED)
{
    if (!is_x86_64())
        return;
    section_compile(
        &tested, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": [\"SCMP_ARCH_X32\"], "
                 "\"syscalls\": [" ENTRY("\"read\"", "ALLOW", "") "," ENTRY(
                     "\"socket\"", "ALLOW", ARG("0", "EQ", "1")) "]}");
    assert_int_equal(verdict_of_call(&tested, &(struct call){.abi = SCMP_ARCH_X32, .name = "read"}),
                     ALLOW);
    assert_int_equal(
        verdict_of_call(
            &tested, &(struct call){.abi = SCMP_ARCH_X32, .name = "socket", .args = {0x100000001}}),
        ALLOW);
    assert_int_equal(
        verdict_of_call(&tested,
                        &(struct call){.abi = SCMP_ARCH_X32, .name = "socket", .args = {2}}),
        REFUSED(EPERM));
    assert_int_equal(
        verdict_of_call(&tested, &(struct call){.abi = SCMP_ARCH_X32, .name = "ptrace"}),
        REFUSED(ENOSYS)); /* 521 there: above everything that is named */
}

/* F09 */
static void numbers_above_the_newest_named_call_give_ENOSYS(void **state UNUSED)
{
    static const uint32_t arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86};

    if (!is_x86_64())
        return;
    /* openat2 is 437 everywhere; what lies below is refused as the section says. */
    section_compile(&tested, ON_32_BIT(ENTRY("\"read\", \"openat2\"", "ALLOW", "")));
    for (size_t arch = 0; arch < ARRAY_LEN(arches); arch++) {
        struct seccomp_data data = {.arch = arches[arch], .nr = 436};

        assert_int_equal(verdict_of_data(&tested, &data), REFUSED(EPERM));
        data.nr = 437;
        assert_int_equal(verdict_of_data(&tested, &data), ALLOW);
        for (data.nr = 438; data.nr < 700; data.nr++)
            assert_int_equal(verdict_of_data(&tested, &data), REFUSED(ENOSYS));
        data.nr = -1;
        assert_int_equal(verdict_of_data(&tested, &data), REFUSED(ENOSYS));
    }
}

static void ENOSYS_stands_in_for_no_other_default(void **state UNUSED)
{
    static const struct {
        const char *action;
        uint32_t value;
    } rows[] = {
        {"KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
        {"TRAP", SECCOMP_RET_TRAP},
        {"LOG", SECCOMP_RET_LOG},
        {"ALLOW", SECCOMP_RET_ALLOW},
    };
    struct seccomp_data data = {.arch = seccomp_arch_native(), .nr = 900};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        section_compile(&tested,
                        arena_printf(&test_arena,
                                     "{\"defaultAction\": \"SCMP_ACT_%s\", \"syscalls\": ["
                                     "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\"}]}",
                                     rows[i].action));
        assert_int_equal(verdict_of_data(&tested, &data), rows[i].value);
    }
    /* Without entries there is no newest call. */
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ERRNO\"}");
    assert_int_equal(verdict_of_data(&tested, &data), REFUSED(EPERM));
}

static void calls_that_only_a_newer_library_knows_are_known(void **state UNUSED)
{
    struct seccomp_data data = {.arch = SCMP_ARCH_X86_64, .nr = 462};

    if (!is_x86_64())
        return;
    section_compile(&tested, ON_32_BIT(ENTRY("\"mseal\"", "ALLOW", "")));
    assert_int_equal(verdict_of_data(&tested, &data), ALLOW);
    data.arch = SCMP_ARCH_X86;
    assert_int_equal(verdict_of_data(&tested, &data), ALLOW);
    data.nr = 463;
    assert_int_equal(verdict_of_data(&tested, &data), REFUSED(ENOSYS));
    assert_int_equal(tested.findings.count, 0);
}

/* ---- names that nobody knows ---------------------------------------------------------------- */

static void unknown_names_are_skipped_with_a_warning(void **state UNUSED)
{
    section_compile(&tested, SECTION(ENTRY("\"read\", \"no_such_call\"", "ALLOW",
                                           "") "," ENTRY("\"never_heard_of\"", "KILL", "")));
    assert_int_equal(VERDICT(&tested, "read", 0), ALLOW);
    assert_int_equal(tested.findings.count, 2);
    assert_int_equal(tested.findings.n_refused, 0);
    assert_string_equal(tested.findings.items[0].pointer, "/syscalls/0/names/1");
    assert_non_null(strstr(tested.findings.items[0].text, "no_such_call, which this entry allows"));
    assert_string_equal(tested.findings.items[1].pointer, "/syscalls/1/names/0");
    assert_non_null(
        strstr(tested.findings.items[1].text, "never_heard_of, which this entry refuses"));
}

static void calls_of_other_architectures_are_no_warning(void **state UNUSED)
{
    section_compile(&tested, SECTION(ENTRY("\"read\", \"arm_fadvise64_64\", \"riscv_hwprobe\", "
                                           "\"s390_pci_mmio_read\", \"arch_prctl\", \"clone\"",
                                           "ALLOW", "")));
    assert_int_equal(tested.findings.count, 0);
}

/* ---- what several entries say about one call ------------------------------------------------ */

static void a_rule_equal_to_the_default_is_fine(void **state UNUSED)
{
    section_compile(&tested,
                    SECTION(FAILS("\"read\"", "1", "") "," ENTRY("\"write\"", "ALLOW", "")));
    assert_int_equal(VERDICT(&tested, "read", 0), REFUSED(EPERM));
    assert_int_equal(VERDICT(&tested, "write", 0), ALLOW);
    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": ["
                             "{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ALLOW\"}]}");
    assert_int_equal(VERDICT(&tested, "read", 0), ALLOW);
}

static void an_explicit_refusal_stands_beside_an_allowance(void **state UNUSED)
{
    static const char *const sections[] = {
        SECTION(ENTRY("\"ioctl\"", "ALLOW", "") "," ENTRY("\"ioctl\"", "ERRNO",
                                                          ARG("1", "EQ", "21522"))),
        SECTION(ENTRY("\"ioctl\"", "ERRNO", ARG("1", "EQ", "21522")) "," ENTRY("\"ioctl\"", "ALLOW",
                                                                               "")),
        SECTION(ENTRY("\"ioctl\"", "ALLOW", ARG("1", "GE", "0")) "," ENTRY(
            "\"ioctl\"", "ERRNO", ARG("1", "EQ", "21522"))),
        SECTION(ENTRY("\"ioctl\"", "ERRNO", ARG("1", "EQ", "21522")) "," ENTRY(
            "\"ioctl\"", "ALLOW", ARG("1", "GT", "20000"))),
    };

    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        section_compile(&tested, sections[i]);
        assert_int_equal(VERDICT(&tested, "ioctl", 0, 21522), REFUSED(EPERM));
        assert_int_equal(VERDICT(&tested, "ioctl", 0, 21523), ALLOW);
        assert_corpus(&tested, 1000);
    }
}

static void the_strictest_of_the_conditions_that_hold_decides(void **state UNUSED)
{
    section_compile(
        &tested,
        SECTION(ENTRY("\"prctl\"", "ALLOW", ARG("0", "GE", "10")) "," FAILS(
            "\"prctl\"", "22",
            ARG("0", "GE", "20")) "," FAILS("\"prctl\"", "95",
                                            ARG("0", "GE",
                                                "30")) "," ENTRY("\"prctl\"", "KILL_PROCESS",
                                                                 ARG("0", "EQ",
                                                                     "40")) "," ENTRY("\"prctl\"",
                                                                                      "KILL_THREAD",
                                                                                      ARG("0", "GE",
                                                                                          "40"))));
    assert_int_equal(VERDICT(&tested, "prctl", 9), REFUSED(EPERM));
    assert_int_equal(VERDICT(&tested, "prctl", 10), ALLOW);
    assert_int_equal(VERDICT(&tested, "prctl", 20), REFUSED(22));
    assert_int_equal(VERDICT(&tested, "prctl", 30), REFUSED(22)); /* as strict: the first one */
    assert_int_equal(VERDICT(&tested, "prctl", 40), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(VERDICT(&tested, "prctl", 41), SECCOMP_RET_KILL_THREAD);
    assert_corpus(&tested, 1000);
}

static void of_entries_without_conditions_the_first_one_counts(void **state UNUSED)
{
    section_compile(&tested,
                    SECTION(ENTRY("\"setns\"", "ALLOW", "") "," ENTRY("\"setns\"", "KILL", "")));
    assert_int_equal(VERDICT(&tested, "setns", 0), ALLOW);
    section_compile(&tested,
                    SECTION(FAILS("\"setns\"", "22", "") "," ENTRY("\"setns\"", "ALLOW", "")));
    assert_int_equal(VERDICT(&tested, "setns", 0), REFUSED(22));
}

/* F11 */
static void conditions_of_one_entry_must_all_hold(void **state UNUSED)
{
    section_compile(&tested, SECTION(ENTRY("\"socket\"", "ALLOW",
                                           ARG("0", "NE", "38") "," ARG("0", "NE", "40"))));
    for (uint64_t family = 0; family < 64; family++)
        assert_int_equal(VERDICT(&tested, "socket", family),
                         family == 38 || family == 40 ? REFUSED(EPERM) : ALLOW);
    assert_corpus(&tested, 1000);
    section_compile(&tested, SECTION(ENTRY("\"socket\"", "ALLOW",
                                           ARG("0", "GT", "10") "," ARG("0", "LE", "16") "," ARG(
                                               "1", "EQ", "3") "," MASKED("0", "1", "0"))));
    for (uint64_t family = 0; family < 64; family++)
        for (uint64_t type = 0; type < 5; type++)
            assert_int_equal(VERDICT(&tested, "socket", family, type),
                             (family == 12 || family == 14 || family == 16) && type == 3
                                 ? ALLOW
                                 : REFUSED(EPERM));
    assert_corpus(&tested, 1000);
}

static void entries_of_one_call_are_alternatives(void **state UNUSED)
{
    section_compile(&tested, SECTION(ENTRY("\"socket\"", "ALLOW", ARG("0", "NE", "38")) "," ENTRY(
                                 "\"socket\"", "ALLOW", ARG("0", "NE", "40"))));
    for (uint64_t family = 0; family < 64; family++)
        assert_int_equal(VERDICT(&tested, "socket", family), ALLOW);
}

static void a_refusal_whose_conditions_exclude_each_other_is_refused(void **state UNUSED)
{
    static const char *const contradictions[] = {
        ARG("0", "EQ", "38") "," ARG("0", "EQ", "40"),
        ARG("0", "LT", "38") "," ARG("0", "GT", "40"),
        ARG("0", "LT", "38") "," ARG("1", "EQ", "1") "," ARG("0", "GE", "38"),
        MASKED("0", "1", "1") "," MASKED("0", "3", "2"),
        ARG("0", "EQ", "38") "," ARG("0", "NE", "38"),
        ARG("0", "GE", "38") "," ARG("0", "LE", "38") "," MASKED("0", "1", "1"),
    };

    for (size_t i = 0; i < ARRAY_LEN(contradictions); i++) {
        struct err e = section_refused(
            &tested,
            arena_printf(&test_arena,
                         "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [{\"names\": "
                         "[\"read\"], \"action\": \"SCMP_ACT_LOG\"}, {\"names\": [\"socket\"], "
                         "\"action\": \"SCMP_ACT_ERRNO\", \"args\": [%s]}]}",
                         contradictions[i]));

        assert_string_equal(e.pointer, "/syscalls/1/args");
        section_compile(&tested,
                        arena_printf(&test_arena,
                                     "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": "
                                     "[{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", "
                                     "\"args\": [%s]}]}",
                                     contradictions[i]));
        assert_int_equal(tested.findings.count, 1);
        assert_string_equal(tested.findings.items[0].id, "seccomp-conditions-contradict");
        for (uint64_t family = 0; family < 64; family++)
            assert_int_equal(VERDICT(&tested, "socket", family, 1), REFUSED(EPERM));
    }
}

/* Somebody who guards against F21 by hand must not be refused. */
static void a_condition_on_bits_that_do_not_exist_is_no_contradiction(void **state UNUSED)
{
    section_compile(
        &tested,
        SECTION(FAILS("\"socket\"", "22", ARG("0", "GT", "4294967295")) "," ENTRY(
            "\"socket\"", "ALLOW", ARG("0", "LE", "4294967295") "," ARG("0", "LT", "38"))));
    assert_int_equal(tested.findings.count, 0);
    assert_int_equal(VERDICT(&tested, "socket", 37), ALLOW);
    assert_int_equal(VERDICT(&tested, "socket", 38), REFUSED(EPERM));
    assert_corpus(&tested, 1000);
}

/* ---- arguments ------------------------------------------------------------------------------ */

/* L13 */
static void wide_arguments_are_compared_with_all_their_bits(void **state UNUSED)
{
    static const char *const operators[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};
    static const char *const values[] = {
        "0",          "1",          "2147483648",          "4294967295",
        "4294967296", "4294967297", "9223372036854775808", "18446744073709551615",
    };

    for (size_t op = 0; op < ARRAY_LEN(operators); op++)
        for (size_t value = 0; value < ARRAY_LEN(values); value++) {
            section_compile(
                &tested,
                arena_printf(&test_arena,
                             "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": "
                             "[\"SCMP_ARCH_X86\"], \"syscalls\": [{\"names\": [\"unshare\"], "
                             "\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"op\": "
                             "\"SCMP_CMP_%s\", \"value\": %s}]}]}",
                             operators[op], values[value]));
            assert_corpus(&tested, 1000);
        }
}

static void masks_are_applied_to_both_halves(void **state UNUSED)
{
    static const char *const masks[][2] = {
        {"0", "0"},
        {"1", "1"},
        {"2114060288", "0"},
        {"4294967295", "8"},
        {"4294967296", "4294967296"},
        {"18446744069414584320", "0"},
        {"18446744073709551615", "18446744073709551615"},
        {"4294967295", "4294967296"},
        {"9223372036854775809", "9223372036854775808"},
    };

    for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
        section_compile(
            &tested,
            arena_printf(
                &test_arena,
                "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": "
                "[\"SCMP_ARCH_X86\"], \"syscalls\": [{\"names\": [\"unshare\", \"clone\"], "
                "\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, \"op\": "
                "\"SCMP_CMP_MASKED_EQ\", \"value\": %s, \"valueTwo\": %s}]}]}",
                masks[i][0], masks[i][1]));
        assert_corpus(&tested, 1000);
    }
}

/* F12: whatever the operator and the action, a difference above the argument's bits changes
 * nothing. */
static void high_bits_of_a_narrow_argument_change_no_verdict(void **state UNUSED)
{
    static const struct {
        const char *call;
        unsigned int index;
        unsigned int bits;
    } arguments[] = {
        {"socket", 0, 32},      {"socketpair", 0, 32}, {"ioctl", 1, 32},  {"personality", 0, 32},
        {"prctl", 0, 32},       {"clone", 0, 32},      {"fcntl", 1, 32},  {"kill", 1, 32},
        {"setns", 1, 32},       {"openat", 2, 32},     {"openat", 3, 16}, {"chmod", 1, 16},
        {"setsockopt", 2, 32},  {"seccomp", 0, 32},    {"bpf", 0, 32},    {"futex", 1, 32},
        {"pidfd_getfd", 2, 32}, {"keyctl", 0, 32},     {"mmap", 2, 32},   {"mount", 3, 32},
    };
    static const char *const operators[] = {"NE", "LT", "LE", "EQ", "GE", "GT"};
    static const uint64_t numbers[] = {0, 1, 37, 38, 39, 40, 41, 0x5412, 0x7fff, 0xffff};

    for (size_t a = 0; a < ARRAY_LEN(arguments); a++)
        for (size_t op = 0; op < ARRAY_LEN(operators); op++)
            for (int allows = 0; allows < 2; allows++) {
                section_compile(
                    &tested,
                    arena_printf(
                        &test_arena,
                        "{\"defaultAction\": \"SCMP_ACT_%s\", \"syscalls\": [{\"names\": "
                        "[\"%s\"], \"action\": \"SCMP_ACT_%s\", \"args\": [{\"index\": %u, "
                        "\"op\": \"SCMP_CMP_%s\", \"value\": 40}]}]}",
                        allows ? "ERRNO" : "ALLOW", arguments[a].call, allows ? "ALLOW" : "ERRNO",
                        arguments[a].index, operators[op]));
                for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
                    struct call call = {.abi = seccomp_arch_native(), .name = arguments[a].call};
                    uint64_t forms[N_FORMS];
                    uint32_t plain;

                    call.args[arguments[a].index] = numbers[i];
                    plain = verdict_of_call(&tested, &call);
                    number_forms(numbers[i], arguments[a].bits, forms);
                    for (size_t form = 0; form < N_FORMS; form++) {
                        call.args[arguments[a].index] = forms[form];
                        if (verdict_of_call(&tested, &call) != plain)
                            fail_msg("%s(0x%llx) is judged otherwise than %llu", arguments[a].call,
                                     (unsigned long long)forms[form],
                                     (unsigned long long)numbers[i]);
                    }
                }
            }
}

/* The control: without such care the rule is passed by (CVE-2019-7303). */
static void libseccomp_alone_lets_high_bits_pass(void **state UNUSED)
{
    struct seccomp_data data = call_data(&(struct call){
        .abi = seccomp_arch_native(), .name = "ioctl", .args = {0, 0x5412 + (1ULL << 32)}});
    size_t n;

    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" ENTRY(
                                 "\"ioctl\"", "ERRNO", ARG("1", "EQ", "21522")) "]}");
    assert_int_equal(verdict_of_data(&tested, &data), REFUSED(EPERM));
    assert_int_equal(bpf_run(libseccomp_program(&tested.section, &n), &data, NULL), ALLOW);
}

static void a_negative_value_is_the_number_that_the_kernel_sees(void **state UNUSED)
{
    /* (int)-1 as JSON writers produce it, from both kinds of languages. */
    static const char *const minus_one[] = {"4294967295", "18446744073709551615"};

    for (size_t i = 0; i < ARRAY_LEN(minus_one); i++) {
        section_compile(&tested,
                        arena_printf(&test_arena,
                                     "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
                                     "{\"names\": [\"personality\"], \"action\": "
                                     "\"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
                                     "\"value\": %s, \"op\": \"SCMP_CMP_EQ\"}]}]}",
                                     minus_one[i]));
        assert_int_equal(VERDICT(&tested, "personality", 0xffffffff), ALLOW);
        assert_int_equal(VERDICT(&tested, "personality", ~(uint64_t)0), ALLOW);
        assert_int_equal(VERDICT(&tested, "personality", 0x1ffffffff), ALLOW);
        assert_int_equal(VERDICT(&tested, "personality", 0xfffffffe), REFUSED(EPERM));
    }
}

/* What is no negative int of the argument's size is a number that no argument reaches. */
static void a_value_beyond_the_argument_is_larger_than_all(void **state UNUSED)
{
    static const char *const beyond[] = {"4294967296", "18446744071562067967",
                                         "18446744069414584320"};

    for (size_t i = 0; i < ARRAY_LEN(beyond); i++) {
        section_compile(&tested,
                        arena_printf(&test_arena,
                                     "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": ["
                                     "{\"names\": [\"socket\"], \"action\": \"SCMP_ACT_ALLOW\", "
                                     "\"args\": [{\"index\": 0, \"value\": %s, \"op\": "
                                     "\"SCMP_CMP_LT\"}, {\"index\": 1, \"value\": %s, \"op\": "
                                     "\"SCMP_CMP_LE\"}]}, {\"names\": [\"socketpair\"], "
                                     "\"action\": \"SCMP_ACT_ALLOW\", \"args\": [{\"index\": 0, "
                                     "\"value\": %s, \"op\": \"SCMP_CMP_GE\"}]}]}",
                                     beyond[i], beyond[i], beyond[i]));
        assert_int_equal(VERDICT(&tested, "socket", 0xffffffff, 0xffffffff), ALLOW);
        assert_int_equal(VERDICT(&tested, "socketpair", 0xffffffff), REFUSED(EPERM));
        assert_corpus(&tested, 1000);
    }
    /* -16 */
    section_compile(&tested,
                    SECTION(ENTRY("\"socket\"", "ALLOW", ARG("0", "GE", "18446744073709551600"))));
    assert_int_equal(VERDICT(&tested, "socket", 0xfffffff0), ALLOW);
    assert_int_equal(VERDICT(&tested, "socket", 0xffffffef), REFUSED(EPERM));
}

/* int 0x80 from a program of 64 bits brings registers whose upper halves the kernel drops. */
static void all_arguments_of_a_32_bit_abi_are_narrow(void **state UNUSED)
{
    struct call call = {.abi = SCMP_ARCH_X86, .name = "lseek"};

    section_compile(&tested, "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": "
                             "[\"SCMP_ARCH_X86\"], \"syscalls\": [" ENTRY(
                                 "\"lseek\"", "ERRNO", ARG("1", "EQ", "7")) "]}");
    call.args[1] = 7;
    assert_int_equal(verdict_of_call(&tested, &call), REFUSED(EPERM));
    call.args[1] = 0x100000007;
    assert_int_equal(verdict_of_call(&tested, &call), REFUSED(EPERM));
    if (is_x86_64())
        assert_int_equal(VERDICT(&tested, "lseek", 0, 0x100000007), ALLOW);
    assert_corpus(&tested, 1000);
}

/* F21, with the profile that Docker hands to every runtime. */
static void dockers_families_cannot_be_reached_by_high_bits(void **state UNUSED)
{
    static const uint64_t refused[] = {AF_ALG, AF_VSOCK};

    if (!is_x86_64())
        return;
    section_compile(&tested, source_file("tests/data/moby-seccomp-oci.json"));
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        uint64_t forms[N_FORMS];

        number_forms(refused[i], 32, forms);
        for (size_t form = 0; form < N_FORMS; form++)
            assert_int_equal(VERDICT(&tested, "socket", forms[form], 1, 0), REFUSED(EPERM));
    }
    assert_int_equal(VERDICT(&tested, "socket", AF_INET), ALLOW);
}

/* ---- multiplexers --------------------------------------------------------------------------- */

static uint32_t socketcall_verdict(uint64_t number)
{
    return verdict_of_call(
        &tested,
        &(struct call){.abi = SCMP_ARCH_X86, .name = "socketcall", .args = {number, 0xffffd000}});
}

/* F02, F10 */
static void nothing_is_allowed_behind_a_multiplexer_unless_it_is_named(void **state UNUSED)
{
    section_compile(&tested, ON_32_BIT(ENTRY("\"socket\"", "ALLOW", ARG("0", "EQ", "1"))));
    assert_int_equal(socketcall_verdict(1), REFUSED(EPERM));
    section_compile(&tested, ON_32_BIT(ENTRY("\"socket\", \"semget\"", "ALLOW", "")));
    assert_int_equal(socketcall_verdict(1), REFUSED(EPERM));
    assert_int_equal(
        verdict_of_call(&tested, &(struct call){.abi = SCMP_ARCH_X86, .name = "socket"}),
        ALLOW); /* the direct call of Linux 4.3 */
    assert_int_equal(
        verdict_of_call(&tested, &(struct call){.abi = SCMP_ARCH_X86, .name = "semget"}), ALLOW);
    section_compile(
        &tested, ON_32_BIT(FAILS("\"socketcall\"", "1", "") "," ENTRY("\"socket\"", "ALLOW", "")));
    assert_int_equal(socketcall_verdict(1), REFUSED(EPERM));
    section_compile(&tested, ON_32_BIT(ENTRY("\"socketcall\"", "ALLOW", "")));
    assert_int_equal(socketcall_verdict(1), ALLOW);
}

static void what_is_refused_is_refused_behind_the_multiplexer(void **state UNUSED)
{
    section_compile(&tested, PASSING(ENTRY("\"socket\"", "ERRNO",
                                           ARG("0", "EQ", "38")) "," FAILS("\"shmat\"", "22", "")));
    assert_int_equal(socketcall_verdict(1), REFUSED(EPERM));
    assert_int_equal(socketcall_verdict(0x100000001), REFUSED(EPERM));
    assert_int_equal(socketcall_verdict(3), ALLOW);
    assert_int_equal(
        verdict_of_call(&tested, &(struct call){.abi = SCMP_ARCH_X86, .name = "ipc", .args = {21}}),
        REFUSED(22));
    /* The upper half of its first argument is a version number. */
    assert_int_equal(
        verdict_of_call(&tested,
                        &(struct call){.abi = SCMP_ARCH_X86, .name = "ipc", .args = {0x10015}}),
        REFUSED(22));
    assert_corpus(&tested, 1000);
    section_compile(&tested, PASSING(ENTRY("\"socket\"", "ERRNO", "") "," ENTRY(
                                 "\"socketcall\"", "ALLOW", ARG("0", "NE", "3"))));
    assert_int_equal(socketcall_verdict(1), ALLOW); /* its author has thought of it */
}

/* ---- size ----------------------------------------------------------------------------------- */

static const char *many_entries(unsigned int n, const char *args)
{
    struct strbuf text = STRBUF_INIT(&test_arena);

    strbuf_puts(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [");
    for (unsigned int i = 0; i < n; i++) {
        strbuf_printf(&text,
                      "%s{\"names\": [\"ioctl\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [",
                      i == 0 ? "" : ",");
        strbuf_printf(&text, "{\"index\": 2, \"op\": \"SCMP_CMP_EQ\", \"value\": %u}%s]}", i, args);
    }
    strbuf_puts(&text, "]}");
    return strbuf_text(&text);
}

/* J14 */
static void a_program_above_the_kernels_limit_is_refused(void **state UNUSED)
{
    struct err e = section_refused(&tested, many_entries(10000, ""));

    assert_string_equal(e.pointer, "");
    assert_non_null(strstr(e.text, "4096"));
}

static void jumps_reach_over_any_distance_below_it(void **state UNUSED)
{
    struct call call = {.abi = seccomp_arch_native(), .name = "ioctl"};

    section_compile(&tested, many_entries(900, ""));
    assert_true(tested.n > 3000);
    for (call.args[2] = 0; call.args[2] < 1000; call.args[2]++)
        assert_int_equal(verdict_of_call(&tested, &call),
                         call.args[2] < 900 ? ALLOW : REFUSED(EPERM));
    /* Every distance around the one that still fits, for jumps of the tree and of conditions. */
    for (unsigned int n = 40; n < 110; n++) {
        section_compile(&tested, many_entries(n, ""));
        for (call.args[2] = 0; call.args[2] < 120; call.args[2]++)
            assert_int_equal(verdict_of_call(&tested, &call),
                             call.args[2] < n ? ALLOW : REFUSED(EPERM));
        assert_int_equal(VERDICT(&tested, "read", 0), REFUSED(EPERM));
        assert_int_equal(VERDICT(&tested, "getpid", 0), REFUSED(ENOSYS));
    }
}

static void an_entry_may_have_more_conditions_than_a_jump_reaches_over(void **state UNUSED)
{
    struct call call = {.abi = seccomp_arch_native(), .name = "ioctl"};

    /* Four instructions each; the last ones, of three, move the distances through all of them. */
    for (unsigned int shift = 0; shift < 4; shift++) {
        struct strbuf text = STRBUF_INIT(&test_arena);

        strbuf_puts(&text, "{\"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [{\"names\": "
                           "[\"ioctl\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [");
        for (unsigned int i = 0; i < 64 - shift; i++)
            strbuf_printf(&text, "%s{\"index\": 2, \"op\": \"SCMP_CMP_NE\", \"value\": %llu}",
                          i == 0 ? "" : ",", 0x100000000ULL + 2 * i);
        for (unsigned int i = 0; i < shift; i++)
            strbuf_printf(&text, ",{\"index\": 1, \"op\": \"SCMP_CMP_MASKED_EQ\", \"value\": %u}",
                          1U << i);
        strbuf_puts(&text, "]}]}");
        section_compile(&tested, strbuf_text(&text));
        for (uint64_t i = 0; i < 130; i++) {
            bool is_named = i < 2 * (64 - shift) && i % 2 == 0;

            call.args[1] = 0;
            call.args[2] = 0x100000000 + i;
            assert_int_equal(verdict_of_call(&tested, &call), is_named ? REFUSED(EPERM) : ALLOW);
            call.args[1] = 1;
            assert_int_equal(verdict_of_call(&tested, &call),
                             is_named || shift != 0 ? REFUSED(EPERM) : ALLOW);
        }
        assert_corpus(&tested, 1000);
    }
}

static void more_conditions_than_that_are_refused(void **state UNUSED)
{
    struct strbuf args = STRBUF_INIT(&test_arena);
    struct err e;

    for (unsigned int i = 0; i < 64; i++)
        strbuf_printf(&args, ", {\"index\": 2, \"op\": \"SCMP_CMP_NE\", \"value\": %u}", i + 7);
    e = section_refused(&tested, many_entries(1, strbuf_text(&args)));
    assert_string_equal(e.pointer, "/syscalls/0/args");
}

/* ---- whole profiles ------------------------------------------------------------------------- */

static void dockers_profile_means_what_it_says(void **state UNUSED)
{
    size_t n;

    section_compile(&tested, source_file("tests/data/moby-seccomp-oci.json"));
    assert_int_equal(tested.findings.count, 0);
    n = assert_corpus(&tested, 4000);
    print_message("%zu instructions, %zu unreachable, %zu calls compared\n", tested.n,
                  bpf_count_unreachable(tested.program, tested.n), n);
    assert_true(tested.n < 600);
    assert_true(bpf_count_unreachable(tested.program, tested.n) < 10);
}

/* Where the two must agree: the ABIs of the section, known numbers, arguments without high bits. */
static void dockers_profile_agrees_with_libseccomp(void **state UNUSED)
{
    static const uint32_t abis[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_X32};
    static const uint64_t firsts[] = {
        0,  1,  2,       8,       16,        37,         38,         39,
        40, 41, 0x20000, 0x20008, 0x2000000, 0x10000000, 0x7fffffff, 0xffffffff};
    const struct sock_filter *library;
    size_t n_library;

    if (!is_x86_64())
        return;
    section_compile(&tested, source_file("tests/data/moby-seccomp-oci.json"));
    library = libseccomp_program(&tested.section, &n_library);
    for (size_t abi = 0; abi < ARRAY_LEN(abis); abi++)
        for (uint32_t number = 0; number < 457; number++)
            for (size_t first = 0; first < ARRAY_LEN(firsts); first++) {
                bool is_x32 = abis[abi] == SCMP_ARCH_X32;
                struct seccomp_data data = {
                    .arch = is_x32 ? SCMP_ARCH_X86_64 : abis[abi],
                    .nr = (int)(is_x32 ? number | 0x40000000 : number),
                    .args = {firsts[first], firsts[first]},
                };
                const char *name = oracle_name(abis[abi], number);
                char *known = seccomp_syscall_resolve_num_arch(abis[abi], data.nr);

                /* Calls that this library does not know are refused by it, and allowed by us. */
                if (name != NULL && known != NULL &&
                    bpf_run(library, &data, NULL) != verdict_of_data(&tested, &data))
                    fail_msg("%s(0x%llx) in 0x%x", name, (unsigned long long)firsts[first],
                             abis[abi]);
                free(known);
            }
    print_message("libseccomp: %zu instructions, this one: %zu\n", n_library, tested.n);
    assert_true(tested.n < n_library);
}

/* ---- random sections ------------------------------------------------------------------------ */

static uint64_t random_state;

static uint64_t random_number(uint64_t limit)
{
    /* xorshift64*, so that a failure can be repeated */
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 0x2545f4914f6cdd1dU % limit;
}

#define PICK(list) list[random_number(ARRAY_LEN(list))]

static void add_random_entry(struct strbuf *text)
{
    static const char *const simple[] = {"read",   "write",  "openat2", "mseal",
                                         "execve", "getpid", "setns",   "no_such_call"};
    static const char *const judged[] = {"socket", "ioctl",      "personality", "clone",
                                         "chmod",  "openat",     "unshare",     "mmap",
                                         "lseek",  "socketcall", "ipc",         "kill"};
    static const char *const actions[] = {"ALLOW", "ERRNO", "KILL",  "KILL_PROCESS",
                                          "TRAP",  "LOG",   "TRACE", "ALLOW"};
    static const char *const operators[] = {"NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"};
    static const uint64_t values[] = {0,
                                      1,
                                      2,
                                      38,
                                      40,
                                      0xff,
                                      0x5412,
                                      0xffff,
                                      0x10000,
                                      0x7fffffff,
                                      0x80000000,
                                      0xffffffff,
                                      0x100000000,
                                      0x100000028,
                                      0x8000000000000000,
                                      0xffffffff80000000,
                                      0xfffffffffffffff0,
                                      0xffffffffffffffff,
                                      0xffffffff7fffffff,
                                      0xffffffffffff7fff};
    const char *action = PICK(actions);
    bool has_args = random_number(3) != 0;
    uint64_t n_args = has_args ? random_number(4) : 0;

    strbuf_printf(text, "{\"names\": [\"%s\", \"%s\"], \"action\": \"SCMP_ACT_%s\"", PICK(judged),
                  has_args ? PICK(judged) : PICK(simple), action);
    if (random_number(2) == 0 && (strcmp(action, "ERRNO") == 0 || strcmp(action, "TRACE") == 0))
        strbuf_printf(text, ", \"errnoRet\": %u", (unsigned int)random_number(50));
    strbuf_puts(text, ", \"args\": [");
    for (uint64_t i = 0; i < n_args; i++) {
        const char *op = PICK(operators);

        strbuf_printf(text, "%s{\"index\": %u, \"op\": \"SCMP_CMP_%s\", \"value\": %llu",
                      i == 0 ? "" : ", ", (unsigned int)random_number(3), op,
                      (unsigned long long)PICK(values));
        if (strcmp(op, "MASKED_EQ") == 0)
            strbuf_printf(text, ", \"valueTwo\": %llu", (unsigned long long)PICK(values));
        strbuf_puts(text, "}");
    }
    strbuf_puts(text, "]}");
}

static const char *random_section(void)
{
    static const char *const defaults[] = {"ERRNO", "ALLOW", "LOG", "KILL", "TRACE", "ERRNO"};
    static const char *const architectures[] = {
        "", "\"SCMP_ARCH_X86\"", "\"SCMP_ARCH_X32\"", "\"SCMP_ARCH_AARCH64\", \"SCMP_ARCH_X86\"",
        "\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\""};
    struct strbuf text = STRBUF_INIT(&test_arena);
    uint64_t n = random_number(12);

    strbuf_printf(&text,
                  "{\"defaultAction\": \"SCMP_ACT_%s\", \"architectures\": [%s], \"syscalls\": [",
                  PICK(defaults), PICK(architectures));
    for (uint64_t i = 0; i < n; i++) {
        strbuf_puts(&text, i == 0 ? "" : ", ");
        add_random_entry(&text);
    }
    strbuf_puts(&text, "]}");
    return strbuf_text(&text);
}

static void random_sections_mean_what_they_say(void **state UNUSED)
{
    const char *given = getenv("SECCOMP_RANDOM_SECTIONS");
    size_t wanted = given != NULL ? strtoul(given, NULL, 10) : 40;
    size_t calls = 0;
    size_t compiled = 0;

    for (uint64_t seed = 1; compiled < wanted; seed++) {
        struct err e = ERR_INIT;
        const char *text;

        random_state = seed * 0x9e3779b97f4a7c15U;
        text = random_section();
        section_read(&tested, text);
        /* A refusal with conditions that exclude each other; other tests look at these. */
        if (seccomp_compile(&tested.compiled, &tested.section, &tested.document, &test_arena,
                            &tested.findings, &e) == 0) {
            section_compile(&tested, text);
            calls += assert_corpus(&tested, 400);
            compiled++;
        } else if (strstr(e.text, "satisfy all") == NULL) {
            fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
        }
        arena_release(&test_arena);
    }
    print_message("%zu sections, %zu calls compared\n", compiled, calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_action_becomes_the_kernels, test_arena_release),
        cmocka_unit_test_teardown(an_errno_is_passed_on, test_arena_release),
        cmocka_unit_test_teardown(flags_become_the_kernels, test_arena_release),
        cmocka_unit_test_teardown(the_native_architecture_is_filtered_though_the_list_lacks_it,
                                  test_arena_release),
        cmocka_unit_test_teardown(an_architecture_that_nobody_asked_for_is_killed,
                                  test_arena_release),
        cmocka_unit_test_teardown(an_architecture_that_the_library_does_not_know_is_a_warning,
                                  test_arena_release),
        cmocka_unit_test_teardown(x32_numbers_do_not_exist_unless_asked_for, test_arena_release),
        cmocka_unit_test_teardown(x32_calls_have_the_same_rules_when_asked_for, test_arena_release),
        cmocka_unit_test_teardown(numbers_above_the_newest_named_call_give_ENOSYS,
                                  test_arena_release),
        cmocka_unit_test_teardown(ENOSYS_stands_in_for_no_other_default, test_arena_release),
        cmocka_unit_test_teardown(calls_that_only_a_newer_library_knows_are_known,
                                  test_arena_release),
        cmocka_unit_test_teardown(unknown_names_are_skipped_with_a_warning, test_arena_release),
        cmocka_unit_test_teardown(calls_of_other_architectures_are_no_warning, test_arena_release),
        cmocka_unit_test_teardown(a_rule_equal_to_the_default_is_fine, test_arena_release),
        cmocka_unit_test_teardown(an_explicit_refusal_stands_beside_an_allowance,
                                  test_arena_release),
        cmocka_unit_test_teardown(the_strictest_of_the_conditions_that_hold_decides,
                                  test_arena_release),
        cmocka_unit_test_teardown(of_entries_without_conditions_the_first_one_counts,
                                  test_arena_release),
        cmocka_unit_test_teardown(conditions_of_one_entry_must_all_hold, test_arena_release),
        cmocka_unit_test_teardown(entries_of_one_call_are_alternatives, test_arena_release),
        cmocka_unit_test_teardown(a_refusal_whose_conditions_exclude_each_other_is_refused,
                                  test_arena_release),
        cmocka_unit_test_teardown(a_condition_on_bits_that_do_not_exist_is_no_contradiction,
                                  test_arena_release),
        cmocka_unit_test_teardown(wide_arguments_are_compared_with_all_their_bits,
                                  test_arena_release),
        cmocka_unit_test_teardown(masks_are_applied_to_both_halves, test_arena_release),
        cmocka_unit_test_teardown(high_bits_of_a_narrow_argument_change_no_verdict,
                                  test_arena_release),
        cmocka_unit_test_teardown(libseccomp_alone_lets_high_bits_pass, test_arena_release),
        cmocka_unit_test_teardown(a_negative_value_is_the_number_that_the_kernel_sees,
                                  test_arena_release),
        cmocka_unit_test_teardown(a_value_beyond_the_argument_is_larger_than_all,
                                  test_arena_release),
        cmocka_unit_test_teardown(all_arguments_of_a_32_bit_abi_are_narrow, test_arena_release),
        cmocka_unit_test_teardown(dockers_families_cannot_be_reached_by_high_bits,
                                  test_arena_release),
        cmocka_unit_test_teardown(nothing_is_allowed_behind_a_multiplexer_unless_it_is_named,
                                  test_arena_release),
        cmocka_unit_test_teardown(what_is_refused_is_refused_behind_the_multiplexer,
                                  test_arena_release),
        cmocka_unit_test_teardown(a_program_above_the_kernels_limit_is_refused, test_arena_release),
        cmocka_unit_test_teardown(jumps_reach_over_any_distance_below_it, test_arena_release),
        cmocka_unit_test_teardown(an_entry_may_have_more_conditions_than_a_jump_reaches_over,
                                  test_arena_release),
        cmocka_unit_test_teardown(more_conditions_than_that_are_refused, test_arena_release),
        cmocka_unit_test_teardown(dockers_profile_means_what_it_says, test_arena_release),
        cmocka_unit_test_teardown(dockers_profile_agrees_with_libseccomp, test_arena_release),
        cmocka_unit_test_teardown(random_sections_mean_what_they_say, test_arena_release),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
