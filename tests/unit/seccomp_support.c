/* SPDX-License-Identifier: Apache-2.0 */

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

#include "seccomp_support.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "bpf_interpreter.h"
#include "seccomp_oracle.h"
#include "spec/decode.h"

struct arena test_arena;

int test_arena_release(void **state UNUSED)
{
    arena_release(&test_arena);
    return 0;
}

const char *source_file(const char *path)
{
    const char *top = getenv("srcdir");
    char *text = arena_alloc(&test_arena, 1 << 18, 1);
    char full[512];
    FILE *file;
    size_t n;

    snprintf(full, sizeof(full), "%s/%s", top != NULL ? top : ".", path);
    file = fopen(full, "r");
    if (file == NULL)
        fail_msg("open %s", full);
    n = fread(text, 1, (1 << 18) - 1, file);
    assert_true(feof(file));
    fclose(file);
    text[n] = '\0';
    return text;
}

void section_read(struct tested *tested, const char *text)
{
    memset(tested, 0, sizeof(*tested));
    tested->findings = FINDINGS_INIT(&test_arena);
    json_decode(&tested->document, &test_arena, &spec_seccomp_schema, text, strlen(text),
                &tested->section, &tested->findings);
    for (size_t i = 0; i < tested->findings.count; i++)
        fail_msg("%s: %s", tested->findings.items[i].pointer, tested->findings.items[i].text);
}

void section_compile(struct tested *tested, const char *text)
{
    struct err e = ERR_INIT;
    const char *why;
    size_t where;

    section_read(tested, text);
    if (seccomp_compile(&tested->compiled, &tested->section, &tested->document, &test_arena,
                        &tested->findings, &e) < 0)
        fail_msg("%s: %s", e.pointer, e.text);
    tested->program = tested->compiled.instructions;
    tested->n = tested->compiled.size_bytes / sizeof(struct sock_filter);
    if (!bpf_is_valid(tested->program, tested->n, &why, &where))
        fail_msg("instruction %zu of %zu %s", where, tested->n, why);
}

struct err section_refused(struct tested *tested, const char *text)
{
    struct err e = ERR_INIT;

    section_read(tested, text);
    assert_int_equal(seccomp_compile(&tested->compiled, &tested->section, &tested->document,
                                     &test_arena, &tested->findings, &e),
                     -1);
    assert_int_equal(e.kind, ERR_INPUT);
    return e;
}

struct seccomp_data call_data(const struct call *call)
{
    struct seccomp_data data = {.arch = call->abi == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : call->abi};

    for (uint32_t number = 0; number < 1024; number++) {
        const char *name = oracle_name(call->abi, number);

        if (name == NULL || strcmp(name, call->name) != 0)
            continue;
        data.nr = (int)(call->abi == SCMP_ARCH_X32 ? number | 0x40000000U : number);
        memcpy(data.args, call->args, sizeof(data.args));
        return data;
    }
    fail_msg("there is no call %s", call->name);
    return data;
}

uint32_t verdict_of_data(const struct tested *tested, const struct seccomp_data *data)
{
    return bpf_run(tested->program, data, NULL);
}

uint32_t verdict_of_call(const struct tested *tested, const struct call *call)
{
    struct seccomp_data data = call_data(call);

    return verdict_of_data(tested, &data);
}

void number_forms(uint64_t number, unsigned int bits, uint64_t forms[N_FORMS])
{
    uint64_t sign_extended = number | ~(uint64_t)0 << bits;
    const uint64_t all[N_FORMS] = {
        number,
        number + ((uint64_t)1 << bits),
        number + ((uint64_t)1 << 32) * 5,
        number | (uint64_t)1 << 63,
        sign_extended,
        sign_extended ^ (uint64_t)1 << 40,
        number | 0xffffffff00000000U,
    };

    memcpy(forms, all, sizeof(all));
}

/* ---- the corpus ----------------------------------------------------------------------------- */

void assert_oracle(const struct tested *tested, const struct seccomp_data *data)
{
    uint32_t wanted = oracle_verdict(&tested->section, data);
    uint32_t got = verdict_of_data(tested, data);
    char args[160];
    int used = 0;

    if (wanted == got)
        return;
    for (int i = 0; i < 6; i++)
        used += snprintf(args + used, sizeof(args) - (size_t)used, " 0x%llx",
                         (unsigned long long)data->args[i]);
    fail_msg("architecture 0x%x, call 0x%x (%s),%s: wanted 0x%x, got 0x%x", data->arch,
             (uint32_t)data->nr, oracle_name(data->arch, (uint32_t)data->nr), args, wanted, got);
}

struct values {
    uint64_t *items;
    size_t count;
    size_t capacity;
};

static void add_around(struct values *values, uint64_t number)
{
    const uint64_t near[] = {number - 1, number, number + 1};

    for (size_t i = 0; i < ARRAY_LEN(near); i++) {
        uint64_t forms[N_FORMS];

        number_forms(near[i] & 0xffffffffU, 32, forms);
        for (size_t form = 0; form < N_FORMS; form++)
            *ARENA_PUSH(&test_arena, values) = forms[form];
        *ARENA_PUSH(&test_arena, values) = near[i];
        *ARENA_PUSH(&test_arena, values) = near[i] + 0x10000;
    }
}

/* What is worth trying for an argument of this call. */
static struct values values_for(const struct spec_seccomp *section, const char *call,
                                uint32_t index)
{
    static const uint64_t corners[] = {0, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, ~(uint64_t)0};
    struct values values = {0};
    bool has_condition = false;

    for (size_t i = 0; i < section->syscalls.count; i++) {
        const struct spec_syscall *entry = &section->syscalls.items[i];
        bool is_named = false;

        for (size_t name = 0; name < entry->names.count; name++)
            is_named = is_named || strcmp(entry->names.items[name], call) == 0;
        for (size_t arg = 0; is_named && arg < entry->args.count; arg++) {
            const struct spec_syscall_arg *condition = &entry->args.items[arg];

            if (condition->index != index)
                continue;
            has_condition = true;
            add_around(&values, condition->value);
            if (strcmp(condition->op, "SCMP_CMP_MASKED_EQ") == 0) {
                add_around(&values, condition->value_two);
                add_around(&values, condition->value_two | ~condition->value);
            }
        }
    }
    for (size_t i = 0; has_condition && i < ARRAY_LEN(corners); i++)
        add_around(&values, corners[i]);
    if (!has_condition)
        *ARENA_PUSH(&test_arena, &values) = 0x1234567;
    return values;
}

/* All combinations when they are few, else a walk through them that meets every value of each
 * argument. */
static size_t try_arguments(const struct tested *tested, struct seccomp_data *data,
                            const char *call, size_t at_most)
{
    struct values values[6];
    size_t combinations = 1;
    size_t step = 1;
    size_t n = 0;

    for (uint32_t i = 0; i < 6; i++) {
        values[i] = values_for(&tested->section, call, i);
        if (combinations < (size_t)1 << 40)
            combinations *= values[i].count;
    }
    if (combinations > at_most)
        step = combinations / at_most | 1;
    for (size_t at = 0; at < combinations; at += step) {
        size_t rest = at;

        for (uint32_t i = 0; i < 6; i++) {
            data->args[i] = values[i].items[rest % values[i].count];
            rest /= values[i].count;
        }
        assert_oracle(tested, data);
        n++;
    }
    return n;
}

static bool has_conditions(const struct spec_seccomp *section, const char *call)
{
    for (size_t i = 0; i < section->syscalls.count; i++) {
        const struct spec_syscall *entry = &section->syscalls.items[i];

        for (size_t name = 0; entry->args.count != 0 && name < entry->names.count; name++)
            if (strcmp(entry->names.items[name], call) == 0)
                return true;
    }
    return false;
}

static size_t try_number(const struct tested *tested, uint32_t arch, uint32_t number,
                         size_t at_most)
{
    static const uint64_t simple[] = {0, 0x100000015};
    bool is_x32 = arch == SCMP_ARCH_X86_64 && number >= 0x40000000;
    const char *call = oracle_name(is_x32 ? SCMP_ARCH_X32 : arch, number);
    struct seccomp_data data = {.nr = (int)number, .arch = arch};

    for (size_t i = 0; i < ARRAY_LEN(simple); i++) {
        for (int arg = 0; arg < 6; arg++)
            data.args[arg] = simple[i];
        assert_oracle(tested, &data);
    }
    if (call != NULL && has_conditions(&tested->section, call))
        return ARRAY_LEN(simple) + try_arguments(tested, &data, call, at_most);
    return ARRAY_LEN(simple);
}

size_t assert_corpus(const struct tested *tested, size_t at_most)
{
    static const uint32_t arches[] = {SCMP_ARCH_X86_64, SCMP_ARCH_X86, SCMP_ARCH_AARCH64, 0x1234};
    static const struct {
        uint32_t first;
        uint32_t last;
    } numbers[] = {{0, 600},
                   {0x40000000, 0x40000000 + 600},
                   {0x80000000, 0x80000010},
                   {0xfffffff0, 0xffffffff}};
    size_t n = 0;

    for (size_t arch = 0; arch < ARRAY_LEN(arches); arch++)
        for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
            for (uint64_t number = numbers[i].first; number <= numbers[i].last; number++)
                n += try_number(tested, arches[arch], (uint32_t)number, at_most);
    return n;
}

/* ---- libseccomp ----------------------------------------------------------------------------- */

static uint32_t library_action(const char *action, bool has_errno, uint32_t errno_ret)
{
    if (strcmp(action, "SCMP_ACT_ALLOW") == 0)
        return SCMP_ACT_ALLOW;
    assert_string_equal(action, "SCMP_ACT_ERRNO");
    return SCMP_ACT_ERRNO(has_errno ? errno_ret : EPERM);
}

static enum scmp_compare library_operator(const char *op)
{
    static const struct {
        const char *name;
        enum scmp_compare compare;
    } operators[] = {
        {"SCMP_CMP_NE", SCMP_CMP_NE},
        {"SCMP_CMP_LT", SCMP_CMP_LT},
        {"SCMP_CMP_LE", SCMP_CMP_LE},
        {"SCMP_CMP_EQ", SCMP_CMP_EQ},
        {"SCMP_CMP_GE", SCMP_CMP_GE},
        {"SCMP_CMP_GT", SCMP_CMP_GT},
        {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    };

    for (size_t i = 0; i < ARRAY_LEN(operators); i++)
        if (strcmp(operators[i].name, op) == 0)
            return operators[i].compare;
    fail_msg("operator %s", op);
    return SCMP_CMP_EQ;
}

static void add_library_entry(scmp_filter_ctx context, const struct spec_syscall *entry,
                              uint32_t default_action)
{
    uint32_t action =
        library_action(entry->action, SPEC_HAS(spec_syscall, entry, errno_ret), entry->errno_ret);
    struct scmp_arg_cmp args[6];

    if (action == default_action)
        return;
    assert_true(entry->args.count <= 6);
    for (size_t i = 0; i < entry->args.count; i++)
        args[i] = (struct scmp_arg_cmp){.arg = entry->args.items[i].index,
                                        .op = library_operator(entry->args.items[i].op),
                                        .datum_a = entry->args.items[i].value,
                                        .datum_b = entry->args.items[i].value_two};
    for (size_t i = 0; i < entry->names.count; i++) {
        int number = seccomp_syscall_resolve_name(entry->names.items[i]);

        if (number != __NR_SCMP_ERROR)
            (void)seccomp_rule_add_array(context, action, number, (unsigned int)entry->args.count,
                                         args);
    }
}

struct sock_filter *libseccomp_program(const struct spec_seccomp *section, size_t *n)
{
    uint32_t default_action =
        library_action(section->default_action, SPEC_HAS(spec_seccomp, section, default_errno_ret),
                       section->default_errno_ret);
    scmp_filter_ctx context = seccomp_init(default_action);
    struct sock_filter *program = ARENA_NEW(&test_arena, struct sock_filter, 1 << 14);
    int memory = memfd_create("program", MFD_CLOEXEC);
    ssize_t size;

    assert_non_null(context);
    assert_true(memory >= 0);
    for (size_t i = 0; i < section->architectures.count; i++) {
        static const struct {
            const char *name;
            uint32_t abi;
        } known[] = {{"SCMP_ARCH_X86", SCMP_ARCH_X86}, {"SCMP_ARCH_X32", SCMP_ARCH_X32}};

        for (size_t row = 0; row < ARRAY_LEN(known); row++)
            if (strcmp(known[row].name, section->architectures.items[i]) == 0)
                assert_int_equal(seccomp_arch_add(context, known[row].abi), 0);
    }
    for (size_t i = 0; i < section->syscalls.count; i++)
        add_library_entry(context, &section->syscalls.items[i], default_action);
    assert_int_equal(seccomp_export_bpf(context, memory), 0);
    size = pread(memory, program, (1 << 14) * sizeof(*program), 0);
    assert_true(size > 0);
    close(memory);
    seccomp_release(context);
    *n = (size_t)size / sizeof(*program);
    return program;
}
