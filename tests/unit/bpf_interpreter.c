/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf_interpreter.h"

#include <stdlib.h>
#include <string.h>

static bool is_jump(const struct sock_filter *instruction)
{
    return BPF_CLASS(instruction->code) == BPF_JMP;
}

static bool is_return(const struct sock_filter *instruction)
{
    return BPF_CLASS(instruction->code) == BPF_RET;
}

static const char *what_is_wrong(const struct sock_filter *program, size_t n, size_t i)
{
    const struct sock_filter *instruction = &program[i];
    size_t rest = n - i - 1; /* instructions behind this one */

    switch (instruction->code) {
    case BPF_LD | BPF_W | BPF_ABS:
        return instruction->k % 4 == 0 && instruction->k + 4 <= sizeof(struct seccomp_data)
                   ? NULL
                   : "loads from outside of the data";
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
        return NULL;
    case BPF_JMP | BPF_JA:
        return instruction->k < rest ? NULL : "jumps behind the end";
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
        return instruction->jt < rest && instruction->jf < rest ? NULL : "jumps behind the end";
    default:
        return "is none that these filters need";
    }
}

bool bpf_is_valid(const struct sock_filter *program, size_t n, const char **why, size_t *where)
{
    *where = 0;
    *why = "has no instruction, or more than BPF_MAXINSNS";
    if (n == 0 || n > BPF_MAXINSNS)
        return false;
    for (size_t i = 0; i < n; i++) {
        *where = i;
        *why = what_is_wrong(program, n, i);
        if (*why != NULL)
            return false;
    }
    *why = "does not end with a return";
    return is_return(&program[n - 1]);
}

static bool jumps(const struct sock_filter *instruction, uint32_t accumulator)
{
    switch (BPF_OP(instruction->code)) {
    case BPF_JEQ:
        return accumulator == instruction->k;
    case BPF_JGT:
        return accumulator > instruction->k;
    case BPF_JGE:
        return accumulator >= instruction->k;
    case BPF_JSET:
        return (accumulator & instruction->k) != 0;
    default:
        abort();
    }
}

uint32_t bpf_run(const struct sock_filter *program, const struct seccomp_data *data,
                 size_t *n_steps)
{
    uint32_t accumulator = 0;
    size_t steps = 0;

    for (const struct sock_filter *next = program;; next++) {
        steps++;
        if (is_return(next)) {
            if (n_steps != NULL)
                *n_steps = steps;
            return next->k;
        }
        if (BPF_CLASS(next->code) == BPF_LD)
            memcpy(&accumulator, (const char *)data + next->k, sizeof(accumulator));
        else if (BPF_CLASS(next->code) == BPF_ALU)
            accumulator &= next->k;
        else if (BPF_OP(next->code) == BPF_JA)
            next += next->k;
        else
            next += jumps(next, accumulator) ? next->jt : next->jf;
    }
}

size_t bpf_count_unreachable(const struct sock_filter *program, size_t n)
{
    bool *is_reached = calloc(n, sizeof(*is_reached));
    size_t unreachable = 0;

    if (is_reached == NULL)
        abort();
    is_reached[0] = true;
    for (size_t i = 0; i < n; i++) {
        if (!is_reached[i]) {
            unreachable++;
        } else if (is_jump(&program[i]) && BPF_OP(program[i].code) == BPF_JA) {
            is_reached[i + 1 + program[i].k] = true;
        } else if (is_jump(&program[i])) {
            is_reached[i + 1 + program[i].jt] = true;
            is_reached[i + 1 + program[i].jf] = true;
        } else if (!is_return(&program[i])) {
            is_reached[i + 1] = true;
        }
    }
    free(is_reached);
    return unreachable;
}
