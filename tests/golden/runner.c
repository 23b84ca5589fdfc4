/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Golden tests: from text to text, what a configuration becomes on a described host.
 *
 *     runner [--accept] DIRECTORY [CASE...]
 *
 * DIRECTORY holds one directory for each case:
 *     config.json    what is compiled
 *     facts.txt      the host, as far as it differs from the one that default_facts() describes
 *     findings.txt   what is wrong with it; missing when nothing is
 *     plan.txt       what `caisson plan` prints; missing when a finding refuses
 *     plan.json      the same for programs; only where the case has the file already
 *
 * --accept writes what is printed now; the difference is for the reviewer. Prints TAP.
 * Links with libcaisson-pure.a and yajl.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/macros.h"
#include "kernel/capabilities.h"
#include "lifecycle/compile.h"
#include "spec/check.h"

enum {
    MAX_CASES = 1024,
    MAX_BYTES = 4 * 1024 * 1024
};

static struct arena arena;

static NORETURN void die(const char *what, const char *path)
{
    printf("Bail out! %s %s: %s\n", what, path, strerror(errno));
    exit(1);
}

static const char *path_in(const char *directory, const char *name)
{
    return arena_printf(&arena, "%s/%s", directory, name);
}

/* NULL if there is no such file. */
static char *read_file(const char *path, size_t *size)
{
    char *bytes = arena_array(&arena, MAX_BYTES, 1, 1);
    FILE *file = fopen(path, "re");

    if (file == NULL && errno == ENOENT)
        return NULL;
    if (file == NULL)
        die("open", path);
    *size = fread(bytes, 1, MAX_BYTES - 1, file);
    if (ferror(file) || *size == MAX_BYTES - 1)
        die("read", path);
    fclose(file);
    return bytes;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (file == NULL)
        die("create", path);
    if (fputs(text, file) < 0)
        die("write", path);
    if (fclose(file) != 0)
        die("write", path);
}

/* --- the host -------------------------------------------------------------------------------- */

/* Root of a host with everything. */
static void default_facts(struct facts *facts)
{
    *facts = (struct facts){
        .in_initial_userns = true,
        .permitted_capabilities = ((uint64_t)1 << N_CAPABILITY_NAMES) - 1,
        .last_capability = CAP_CHECKPOINT_RESTORE,
        .cgroup_layout = CGROUP_UNIFIED,
        .cgroup_mount = "/sys/fs/cgroup",
        .cgroup_self = "/user.slice/session.scope",
        .cgroup_controllers = "cpuset cpu io memory hugetlb pids rdma misc",
    };
}

static uint64_t number(const char *text)
{
    uint64_t value;

    if (!str_parse_u64(text, strlen(text), &value)) {
        errno = EINVAL;
        die("facts: the number", text);
    }
    return value;
}

static uint64_t without_capabilities(const char *names)
{
    uint64_t mask = ((uint64_t)1 << N_CAPABILITY_NAMES) - 1;

    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        int bit = capability_number(arena_strndup(&arena, names, length));

        if (bit < 0) {
            errno = EINVAL;
            die("facts: the capability", names);
        }
        mask &= ~((uint64_t)1 << bit);
        names += length + strspn(names + length, " ");
    }
    return mask;
}

static enum cgroup_layout layout(const char *text)
{
    if (strcmp(text, "none") == 0)
        return CGROUP_NONE;
    return strcmp(text, "hybrid") == 0 ? CGROUP_HYBRID : CGROUP_UNIFIED;
}

static void read_fact(const char *key, const char *value, struct facts *facts,
                      struct compile_options *options)
{
    const char *string = value[0] != '\0' ? value : NULL;

    if (strcmp(key, "euid") == 0)
        facts->euid = (uint32_t)number(value);
    else if (strcmp(key, "egid") == 0)
        facts->egid = (uint32_t)number(value);
    else if (strcmp(key, "in_initial_userns") == 0)
        facts->in_initial_userns = number(value) != 0;
    else if (strcmp(key, "without_capabilities") == 0)
        facts->permitted_capabilities = without_capabilities(value);
    else if (strcmp(key, "permitted_capabilities") == 0)
        facts->permitted_capabilities = number(value);
    else if (strcmp(key, "last_capability") == 0)
        facts->last_capability = (uint32_t)number(value);
    else if (strcmp(key, "cgroup_layout") == 0)
        facts->cgroup_layout = layout(value);
    else if (strcmp(key, "cgroup_mount") == 0)
        facts->cgroup_mount = string;
    else if (strcmp(key, "cgroup_self") == 0)
        facts->cgroup_self = string;
    else if (strcmp(key, "cgroup_controllers") == 0)
        facts->cgroup_controllers = value;
    else if (strcmp(key, "starts_at_once") == 0)
        options->starts_at_once = number(value) != 0;
    else if (strcmp(key, "systemd_cgroup") == 0)
        options->cgroup_manager = number(value) != 0 ? CGROUP_MANAGER_SYSTEMD : CGROUP_MANAGER_FS;
    else if (strcmp(key, "keep_keyring") == 0)
        options->keep_keyring = number(value) != 0;
    else {
        errno = EINVAL;
        die("facts: the key", key);
    }
}

/* key=value lines; # begins a comment. */
static void read_facts(const char *path, struct facts *facts, struct compile_options *options)
{
    size_t size = 0;
    char *line = read_file(path, &size);

    default_facts(facts);
    while (line != NULL && *line != '\0') {
        char *next = line + strcspn(line, "\n");
        char *equals = strchr(line, '=');

        if (*next == '\n')
            *next++ = '\0';
        if (line[0] != '#' && line[0] != '\0') {
            if (equals == NULL || equals >= next) {
                errno = EINVAL;
                die("facts: the line", line);
            }
            *equals = '\0';
            read_fact(line, equals + 1, facts, options);
        }
        line = next;
    }
}

/* --- one case -------------------------------------------------------------------------------- */

struct result {
    const char *findings; /* NULL: none */
    const char *plan;     /* NULL: refused */
    const char *json;
};

static const char *print_findings(const struct findings *findings)
{
    struct strbuf text = STRBUF_INIT(&arena);

    if (findings->count == 0)
        return NULL;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];

        strbuf_printf(&text, "%s %s %s\n    %s\n",
                      finding->severity == SEVERITY_REFUSE ? "refuse" : "warn", finding->id,
                      finding->pointer[0] != '\0' ? finding->pointer : "(document)", finding->text);
        if (finding->cure != NULL)
            strbuf_printf(&text, "    cure: %s\n", finding->cure);
    }
    return strbuf_text(&text);
}

static void compile_case(const char *directory, struct result *result)
{
    struct findings findings = FINDINGS_INIT(&arena);
    struct spec_document document = {.json = {.arena = &arena}};
    struct compile_options options = {.id = "golden", .bundle = "/bundle"};
    struct facts facts;
    struct plan plan;
    struct compile compile = {
        .arena = &arena,
        .document = &document,
        .config = &document.config,
        .facts = &facts,
        .options = &options,
        .findings = &findings,
        .plan = &plan,
    };
    struct strbuf text = STRBUF_INIT(&arena);
    struct strbuf json = STRBUF_INIT(&arena);
    size_t size = 0;
    const char *path = path_in(directory, "config.json");
    const char *bytes = read_file(path, &size);

    if (bytes == NULL)
        die("open", path);
    read_facts(path_in(directory, "facts.txt"), &facts, &options);
    spec_decode(&document, &arena, bytes, size, &findings);
    if (findings.n_refused == 0)
        spec_check(&document, &findings);
    if (findings.n_refused == 0) {
        plan_start(&plan, &arena);
        lifecycle_compile(&compile);
    }
    *result = (struct result){.findings = print_findings(&findings)};
    if (findings.n_refused != 0)
        return;
    plan_print_text(&plan, &text);
    plan_print_json(&plan, &json);
    result->plan = strbuf_text(&text);
    result->json = strbuf_text(&json);
}

static void show_lines(const char *mark, const char *text)
{
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, "\n");

        printf("# %s%.*s\n", mark, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* The lines from the first that differs to the end. */
static void show_difference(const char *name, const char *expected, const char *got)
{
    printf("# %s: expected%s\n", name, expected == NULL ? " nothing" : "");
    while (expected != NULL && got != NULL && *expected != '\0') {
        size_t length = strcspn(expected, "\n") + 1;

        if (strncmp(expected, got, length) != 0)
            break;
        expected += length;
        got += length;
    }
    show_lines("- ", expected);
    printf("# but it is now%s\n", got == NULL ? " nothing" : "");
    show_lines("+ ", got);
}

static bool matches(const char *directory, const char *name, const char *got, bool accept)
{
    const char *path = path_in(directory, name);
    size_t size;
    const char *expected = read_file(path, &size);

    if (expected == NULL && got == NULL)
        return true;
    if (expected != NULL && got != NULL && strcmp(expected, got) == 0)
        return true;
    if (!accept) {
        show_difference(name, expected, got);
        return false;
    }
    if (got != NULL)
        write_file(path, got);
    else if (unlink(path) < 0)
        die("remove", path);
    return true;
}

static bool run_case(const char *directory, bool accept)
{
    struct result result;
    bool is_good;

    compile_case(directory, &result);
    is_good = matches(directory, "findings.txt", result.findings, accept);
    is_good = matches(directory, "plan.txt", result.plan, accept) && is_good;
    if (access(path_in(directory, "plan.json"), F_OK) == 0)
        is_good = matches(directory, "plan.json", result.json, accept) && is_good;
    return is_good;
}

/* --- all cases ------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t list_cases(const char *directory, const char **names)
{
    DIR *stream = opendir(directory);
    const struct dirent *entry;
    size_t count = 0;

    if (stream == NULL)
        die("open", directory);
    while ((entry = readdir(stream)) != NULL) {
        const char *config = arena_printf(&arena, "%s/%s/config.json", directory, entry->d_name);

        if (entry->d_name[0] == '.' || access(config, F_OK) != 0 || count == MAX_CASES)
            continue;
        names[count++] = arena_strdup(&arena, entry->d_name);
    }
    closedir(stream);
    qsort(names, count, sizeof(*names), by_name);
    return count;
}

int main(int argc, char *argv[])
{
    static const char *names[MAX_CASES];
    bool accept = argc > 1 && strcmp(argv[1], "--accept") == 0;
    int first = accept ? 2 : 1;
    size_t n_failed = 0;
    size_t count = 0;
    const char *directory;

    if (argc <= first) {
        fprintf(stderr, "usage: %s [--accept] DIRECTORY [CASE...]\n", argv[0]);
        return 2;
    }
    directory = argv[first];
    for (int i = first + 1; i < argc && count < MAX_CASES; i++)
        names[count++] = argv[i];
    if (count == 0)
        count = list_cases(directory, names);
    if (count == 0) {
        printf("Bail out! there is no case in %s\n", directory);
        return 1;
    }
    /* The arena is released after each case, so the names must not be in it. */
    for (size_t i = 0; i < count; i++)
        names[i] = strdup(names[i]);

    printf("1..%zu\n", count);
    for (size_t i = 0; i < count; i++) {
        bool is_good = run_case(path_in(directory, names[i]), accept);

        printf("%s %zu - %s\n", is_good ? "ok" : "not ok", i + 1, names[i]);
        n_failed += !is_good;
        arena_release(&arena);
        free((void *)(uintptr_t)names[i]);
    }
    return n_failed != 0;
}
