/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The seccomp section of a config.json as finished BPF, for the floor program. filter.jq flattens
 * the section into one line per fact, so that nothing here parses JSON:
 *
 *     jq -r -f filter.jq config.json | filter OUTPUT
 *
 *     default ACTION
 *     arch NAME
 *     rule ACTION NAME [INDEX OPERATOR VALUE VALUE-TWO]...
 *
 * ACTION is "allow" or an errno number. The filter is built as other runtimes that use libseccomp
 * build it: names that the kernel or the library does not know are passed over, and the sorted tree
 * is asked for, where the library has it.
 */

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_WORDS 32
#define MAX_ARGS  6

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

static _Noreturn void die(const char *what, const char *on)
{
    fprintf(stderr, "filter: %s: %s\n", what, on);
    exit(1);
}

static uint64_t number(const char *word)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(word, &end, 10);
    if (errno != 0 || *end != '\0' || end == word)
        die("not a number", word);
    return value;
}

static uint32_t action(const char *word)
{
    return strcmp(word, "allow") == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)number(word));
}

static enum scmp_compare comparison(const char *word)
{
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (strcmp(operators[i].name, word) == 0)
            return operators[i].compare;
    die("unknown operator", word);
}

static void add_arch(scmp_filter_ctx filter, const char *name)
{
    uint32_t token = seccomp_arch_resolve_name(name);
    int result;

    if (token == 0)
        die("unknown architecture", name);
    result = seccomp_arch_add(filter, token);
    if (result < 0 && result != -EEXIST)
        die("add architecture", name);
}

static void add_rule(scmp_filter_ctx filter, char *const *words, size_t n)
{
    struct scmp_arg_cmp args[MAX_ARGS];
    unsigned int n_args = 0;
    int syscall_number;

    if (n < 2 || (n - 2) % 4 != 0 || (n - 2) / 4 > MAX_ARGS)
        die("malformed rule", n < 2 ? "too short" : words[1]);
    syscall_number = seccomp_syscall_resolve_name(words[1]);
    if (syscall_number == __NR_SCMP_ERROR)
        return;
    for (size_t i = 2; i < n; i += 4)
        args[n_args++] = (struct scmp_arg_cmp){
            .arg = (unsigned int)number(words[i]),
            .op = comparison(words[i + 1]),
            .datum_a = number(words[i + 2]),
            .datum_b = number(words[i + 3]),
        };
    if (seccomp_rule_add_array(filter, action(words[0]), syscall_number, n_args, args) < 0)
        die("add rule", words[1]);
}

static size_t split(char *line, char **words)
{
    size_t n = 0;
    char *rest = NULL;

    for (char *word = strtok_r(line, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        if (n == MAX_WORDS)
            die("line too long", words[0]);
        words[n++] = word;
    }
    return n;
}

static scmp_filter_ctx read_filter(FILE *input)
{
    scmp_filter_ctx filter = NULL;
    char line[1024];
    char *words[MAX_WORDS];

    while (fgets(line, sizeof(line), input) != NULL) {
        size_t n = split(line, words);

        if (n == 0)
            continue;
        if (strcmp(words[0], "default") == 0 && n == 2 && filter == NULL)
            filter = seccomp_init(action(words[1]));
        if (filter == NULL)
            die("no default action before", words[0]);
        if (strcmp(words[0], "arch") == 0 && n == 2)
            add_arch(filter, words[1]);
        else if (strcmp(words[0], "rule") == 0)
            add_rule(filter, words + 1, n - 1);
    }
    if (filter == NULL)
        die("nothing to read", "standard input is empty");
    return filter;
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter;
    int fd;

    if (argc != 2)
        die("usage", "filter OUTPUT <LINES");
    filter = read_filter(stdin);
#ifdef SCMP_FLTATR_CTL_OPTIMIZE
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
#else
    seccomp_attr_set(filter, (enum scmp_filter_attr)8, 2); /* libseccomp 2.5 */
#endif
    fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        die(argv[1], strerror(errno));
    if (seccomp_export_bpf(filter, fd) < 0)
        die(argv[1], "export the filter");
    close(fd);
    seccomp_release(filter);
    return 0;
}
