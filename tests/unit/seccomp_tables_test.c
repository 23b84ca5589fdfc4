/* SPDX-License-Identifier: Apache-2.0 */

/* The tables of the seccomp room: names and numbers, widths of arguments, conditions. Links like
 * seccomp_filter_test.c. */

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

#include <seccomp.h>

#include <linux/seccomp.h>

#include "base/macros.h"
#include "seccomp/arguments.h"
#include "seccomp/condition.h"
#include "seccomp/names.h"
#include "seccomp/program.h"

/* ---- names ---------------------------------------------------------------------------------- */

static void architectures_of_the_specification_are_found_by_their_names(void **state UNUSED)
{
    static const struct {
        const char *name;
        uint32_t value;
    } rows[] = {
        {"SCMP_ARCH_X86", SCMP_ARCH_X86},
        {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
        {"SCMP_ARCH_X32", SCMP_ARCH_X32},
        {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
        {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
        {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
        {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
        {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
        {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
        {"SCMP_ARCH_", 0},
        {"X86", 0},
        {"", 0},
        {"SCMP_ARCH_"
         "A_NAME_THAT_IS_MUCH_TOO_LONG_FOR_ANY",
         0},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(architecture_from(rows[i].name), rows[i].value);
    assert_int_equal(architecture_audit(SCMP_ARCH_X32), SCMP_ARCH_X86_64);
    assert_int_equal(architecture_audit(SCMP_ARCH_X86), SCMP_ARCH_X86);
}

/* A library that knows the call has the number that our table says. */
static void newer_calls_have_the_librarys_numbers(void **state UNUSED)
{
    unsigned int known = 0;
    const char *name;
    int number;
    int last = 0;

    for (unsigned int row = 0; call_newer_row(row, &name, &number); row++) {
        int theirs = seccomp_syscall_resolve_name_arch(SCMP_ARCH_AARCH64, name);

        assert_int_equal(number, last == 0 ? 448 : last + 1);
        last = number;
        if (theirs < 0)
            continue;
        known++;
        assert_int_equal(theirs, number);
    }
    assert_true(last >= 471);
    assert_true(known > 0);
}

static void newer_calls_have_the_offset_of_their_abi(void **state UNUSED)
{
    assert_int_equal(call_number(SCMP_ARCH_X86_64, "mseal"), 462);
    assert_int_equal(call_number(SCMP_ARCH_X86, "mseal"), 462);
    assert_int_equal(call_number(SCMP_ARCH_X32, "mseal"), 0x40000000 + 462);
    assert_int_equal(call_number(SCMP_ARCH_MIPS, "mseal"), 4462);
    assert_int_equal(call_number(SCMP_ARCH_MIPS64, "mseal"), 5462);
    assert_int_equal(call_number(SCMP_ARCH_X86_64, "uretprobe"), 335);
    assert_int_equal(call_number(SCMP_ARCH_X86, "uretprobe"), CALL_ABSENT);
    assert_int_equal(call_number(SCMP_ARCH_RISCV64, "riscv_hwprobe"), 258);
}

static void absent_calls_are_told_from_unknown_ones(void **state UNUSED)
{
    assert_int_equal(call_number(SCMP_ARCH_X86_64, "socketcall"), CALL_ABSENT);
    assert_int_equal(call_number(SCMP_ARCH_AARCH64, "open"), CALL_ABSENT);
    assert_int_equal(call_number(SCMP_ARCH_X86, "accept"), CALL_ABSENT); /* by socketcall alone */
    assert_int_equal(call_number(SCMP_ARCH_X86_64, "no_such_call"), CALL_UNKNOWN);
    assert_int_equal(call_number(SCMP_ARCH_X86_64, ""), CALL_UNKNOWN);
}

/* libseccomp names numbers by the kernel's table, also those that it does not find by name. */
static void direct_calls_have_the_numbers_of_the_librarys_table(void **state UNUSED)
{
    const char *name;
    int numbers[3];

    for (unsigned int row = 0; call_direct_row(row, &name, &numbers[0], &numbers[1], &numbers[2]);
         row++) {
        static const uint32_t architectures[] = {SCMP_ARCH_X86, SCMP_ARCH_S390X, SCMP_ARCH_PPC64LE};
        const char *multiplexer;
        uint32_t argument;

        assert_true(call_is_multiplexed(name, &multiplexer, &argument));
        for (size_t i = 0; i < ARRAY_LEN(architectures); i++) {
            char *theirs;

            if (numbers[i] == 0)
                continue;
            assert_int_equal(call_number(architectures[i], name), numbers[i]);
            theirs = seccomp_syscall_resolve_num_arch(architectures[i], numbers[i]);
            assert_non_null(theirs);
            assert_string_equal(theirs, name);
            free(theirs);
        }
    }
}

static void multiplexed_calls_have_the_numbers_of_the_kernels_headers(void **state UNUSED)
{
    static const struct {
        const char *name;
        const char *multiplexer;
        uint32_t argument;
    } rows[] = {
        {"socket", "socketcall", 1},   {"bind", "socketcall", 2},
        {"connect", "socketcall", 3},  {"socketpair", "socketcall", 8},
        {"send", "socketcall", 9},     {"setsockopt", "socketcall", 14},
        {"accept4", "socketcall", 18}, {"sendmmsg", "socketcall", 20},
        {"semop", "ipc", 1},           {"semtimedop", "ipc", 4},
        {"msgsnd", "ipc", 11},         {"msgctl", "ipc", 14},
        {"shmat", "ipc", 21},          {"shmctl", "ipc", 24},
    };
    const char *multiplexer;
    uint32_t argument;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_true(call_is_multiplexed(rows[i].name, &multiplexer, &argument));
        assert_string_equal(multiplexer, rows[i].multiplexer);
        assert_int_equal(argument, rows[i].argument);
    }
    assert_false(call_is_multiplexed("read", &multiplexer, &argument));
    assert_false(call_is_multiplexed("socketcall", &multiplexer, &argument));
    assert_false(call_is_multiplexed("arm_fadvise64_64", &multiplexer, &argument));
    assert_false(call_is_multiplexed("no_such_call", &multiplexer, &argument));
}

/* ---- widths --------------------------------------------------------------------------------- */

static void the_table_of_widths_is_sorted_and_names_real_calls(void **state UNUSED)
{
    const char *last = "";

    for (unsigned int row = 0; argument_table_name(row) != NULL; row++) {
        const char *name = argument_table_name(row);

        assert_true(strcmp(last, name) < 0);
        last = name;
        if (call_number(SCMP_ARCH_X86_64, name) == CALL_UNKNOWN)
            fail_msg("%s is no system call", name);
    }
}

static void ints_have_32_bits_and_modes_16(void **state UNUSED)
{
    static const struct {
        const char *name;
        uint32_t index;
        unsigned int bits;
    } rows[] = {
        {"accept", 0, 32},     {"writev", 0, 32}, {"socket", 2, 32},  {"socket", 3, 64},
        {"read", 1, 64},       {"read", 2, 64},   {"chmod", 1, 16},   {"fchmod", 0, 32},
        {"fchmod", 1, 16},     {"openat", 3, 16}, {"unshare", 0, 64}, {"prctl", 0, 32},
        {"prctl", 1, 64},      {"bpf", 0, 32},    {"clone", 0, 32},   {"clone", 1, 64},
        {"ptrace", 0, 64},     {"ptrace", 1, 32}, {"getpid", 0, 64},  {"no_such_call", 0, 64},
        {"socketcall", 0, 32}, {"ipc", 0, 16},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_int_equal(argument_bits(SCMP_ARCH_X86_64, rows[i].name, rows[i].index),
                         rows[i].bits);
    for (uint32_t index = 0; index < N_ARGUMENTS; index++) {
        assert_int_equal(argument_bits(SCMP_ARCH_X86, "mmap", index), 32);
        assert_int_equal(argument_bits(SCMP_ARCH_X32, "read", 1), 64);
    }
    assert_int_equal(argument_bits(SCMP_ARCH_X86, "chmod", 1), 16);
    /* s390 has the stack first. */
    assert_int_equal(argument_bits(SCMP_ARCH_S390X, "clone", 0), 64);
    assert_int_equal(argument_bits(SCMP_ARCH_S390X, "clone", 1), 32);
    assert_int_equal(argument_bits(SCMP_ARCH_S390, "clone", 0), 32);
}

/* ---- conditions that exclude each other ----------------------------------------------------- */

static bool holds(const struct condition *condition, uint64_t number)
{
    bool result = condition->test == CONDITION_ALWAYS;

    if (condition->test == CONDITION_EQUAL)
        result = (number & condition->mask) == condition->value;
    if (condition->test == CONDITION_GREATER)
        result = number > condition->value;
    if (condition->test == CONDITION_GREATER_EQUAL)
        result = number >= condition->value;
    return result != condition->is_negated;
}

/* With values below 16 all that can happen happens below 32. Sound, and complete but for puzzles of
 * masks and inequalities that leave more than one number to try. */
static void contradictions_are_found_and_nothing_else(void **state UNUSED)
{
    static const char *const operators[] = {"SCMP_CMP_NE",       "SCMP_CMP_LT", "SCMP_CMP_LE",
                                            "SCMP_CMP_EQ",       "SCMP_CMP_GE", "SCMP_CMP_GT",
                                            "SCMP_CMP_MASKED_EQ"};
    unsigned int found = 0;
    unsigned int missed = 0;

    for (unsigned int i = 0; i < 7 * 7 * 16 * 16 * 4; i++) {
        struct spec_syscall_arg args[2] = {
            {.op = operators[i % 7], .value = i / 49 % 16, .value_two = i / 49 % 16 & i / 12544},
            {.op = operators[i / 7 % 7],
             .value = i / 784 % 16,
             .value_two = i / 784 % 16 & i / 12544},
        };
        struct condition conditions[2] = {condition_from(&args[0], 32),
                                          condition_from(&args[1], 32)};
        bool has_number = false;

        if (conditions[0].test == CONDITION_NEVER || conditions[1].test == CONDITION_NEVER)
            continue; /* for bits that do not exist, or nothing below 0: not a contradiction */
        for (uint64_t number = 0; number < 32; number++)
            has_number =
                has_number || (holds(&conditions[0], number) && holds(&conditions[1], number));
        if (has_number && !conditions_agree(conditions, 2))
            fail_msg("%s %llu and %s %llu agree", args[0].op, (unsigned long long)args[0].value,
                     args[1].op, (unsigned long long)args[1].value);
        found += !has_number && !conditions_agree(conditions, 2);
        missed += !has_number && conditions_agree(conditions, 2);
    }
    assert_true(found > 1000);
    assert_true(missed * 20 < found);
}

static void conditions_on_different_arguments_always_agree(void **state UNUSED)
{
    struct condition conditions[2] = {
        condition_from(&(struct spec_syscall_arg){.index = 0, .op = "SCMP_CMP_EQ", .value = 1}, 32),
        condition_from(&(struct spec_syscall_arg){.index = 1, .op = "SCMP_CMP_EQ", .value = 2}, 32),
    };

    assert_true(conditions_agree(conditions, 2));
    conditions[1].argument = 0;
    assert_false(conditions_agree(conditions, 2));
    assert_true(conditions_agree(conditions, 1));
    assert_true(conditions_agree(conditions, 0));
}

/* ---- actions -------------------------------------------------------------------------------- */

static void actions_are_ordered_as_the_kernel_orders_them(void **state UNUSED)
{
    static const uint32_t order[] = {
        SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
        SECCOMP_RET_TRACE,        SECCOMP_RET_LOG,         SECCOMP_RET_ALLOW};

    for (size_t i = 0; i < ARRAY_LEN(order); i++)
        for (size_t j = 0; j < ARRAY_LEN(order); j++)
            assert_int_equal(action_is_stricter(order[i], order[j]), i < j);
    assert_false(action_is_stricter(SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2));
    assert_false(action_is_stricter(SECCOMP_RET_ERRNO | 2, SECCOMP_RET_ERRNO | 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(architectures_of_the_specification_are_found_by_their_names),
        cmocka_unit_test(newer_calls_have_the_librarys_numbers),
        cmocka_unit_test(newer_calls_have_the_offset_of_their_abi),
        cmocka_unit_test(absent_calls_are_told_from_unknown_ones),
        cmocka_unit_test(direct_calls_have_the_numbers_of_the_librarys_table),
        cmocka_unit_test(multiplexed_calls_have_the_numbers_of_the_kernels_headers),
        cmocka_unit_test(the_table_of_widths_is_sorted_and_names_real_calls),
        cmocka_unit_test(ints_have_32_bits_and_modes_16),
        cmocka_unit_test(contradictions_are_found_and_nothing_else),
        cmocka_unit_test(conditions_on_different_arguments_always_agree),
        cmocka_unit_test(actions_are_ordered_as_the_kernel_orders_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
