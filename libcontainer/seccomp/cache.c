/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiled filters, kept beneath the state root as .seccomp/<name>. The name is a SHA-256 of
 * everything that the program depends on: the section, libseccomp's version, ours, and the machine.
 * A file is believed only if it is a regular file of ours with one name that nobody else could
 * write, says the name that it was looked for by (so that files cannot be exchanged) and has the
 * checksum that it says (so that a damaged one is noticed); anything else is compiled anew. Not
 * being able to keep one is no error.
 *
 * What it saves was measured: Docker's section takes 0.3 ms to compile in a fresh process, and 0.1
 * ms to find. A section that there is something to say about is not kept, or it would be said once
 * only.
 */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/str.h"
#include "kernel/sys.h"
#include "seccomp/program.h"
#include "seccomp/seccomp.h"

#define CACHE_NAME ".seccomp"

enum {
    CACHE_MAGIC = 0x63736263,
    CACHE_FORMAT = 3, /* also of what the compiler makes of a section: count on when that changes */
    CACHE_MAX_FILES = 64,
    KEY_TEXT_BYTES = 2 * SHA256_BYTES,
};

struct cache_header {
    uint32_t magic;
    uint32_t format;
    uint32_t flags;
    uint32_t size_bytes;
    uint64_t checksum;        /* of the instructions and flags */
    char key[KEY_TEXT_BYTES]; /* the file's own name */
};

/* Each piece with its length before it, so that no two sections give the same bytes. */
static void add_bytes(struct sha256 *hash, const void *bytes, size_t size)
{
    uint64_t length = size;

    sha256_add(hash, &length, sizeof(length));
    if (size != 0)
        sha256_add(hash, bytes, size);
}

static void add_string(struct sha256 *hash, const char *string)
{
    add_bytes(hash, string != NULL ? string : "", string != NULL ? strlen(string) : 0);
}

static void add_number(struct sha256 *hash, uint64_t number)
{
    sha256_add(hash, &number, sizeof(number));
}

static void add_strings(struct sha256 *hash, const struct json_strings *strings)
{
    add_number(hash, strings->count);
    for (size_t i = 0; i < strings->count; i++)
        add_string(hash, strings->items[i]);
}

static void add_entry(struct sha256 *hash, const struct spec_syscall *entry)
{
    add_strings(hash, &entry->names);
    add_string(hash, entry->action);
    add_number(hash, SPEC_HAS(spec_syscall, entry, errno_ret));
    add_number(hash, entry->errno_ret);
    add_number(hash, entry->args.count);
    for (size_t i = 0; i < entry->args.count; i++) {
        add_number(hash, entry->args.items[i].index);
        add_number(hash, entry->args.items[i].value);
        add_number(hash, entry->args.items[i].value_two);
        add_string(hash, entry->args.items[i].op);
    }
}

static const char *cache_key(const struct spec_seccomp *seccomp, struct arena *arena)
{
    const struct scmp_version *library = seccomp_version();
    struct strbuf hex = STRBUF_INIT(arena);
    uint8_t digest[SHA256_BYTES];
    struct utsname machine;
    struct sha256 hash;

    sha256_start(&hash);
    add_string(&hash, PACKAGE_VERSION " " CAISSON_COMMIT);
    add_number(&hash, CACHE_FORMAT);
    add_bytes(&hash, library, sizeof(*library));
    if (uname(&machine) == 0) {
        add_string(&hash, machine.release);
        add_string(&hash, machine.machine);
    }
    add_string(&hash, seccomp->default_action);
    add_number(&hash, SPEC_HAS(spec_seccomp, seccomp, default_errno_ret));
    add_number(&hash, seccomp->default_errno_ret);
    add_strings(&hash, &seccomp->architectures);
    add_strings(&hash, &seccomp->flags);
    add_number(&hash, seccomp->syscalls.count);
    for (size_t i = 0; i < seccomp->syscalls.count; i++)
        add_entry(&hash, &seccomp->syscalls.items[i]);
    sha256_end(&hash, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        strbuf_printf(&hex, "%02x", digest[i]);
    return strbuf_text(&hex);
}

/* FNV-1a by words: who may write these files is root anyway; this is against damage. */
static uint64_t checksum_of(const void *bytes, size_t size, uint32_t flags)
{
    const char *next = bytes;
    uint64_t sum = 0xcbf29ce484222325U ^ flags;

    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), next += sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, next, sizeof(word));
        sum = (sum ^ word) * 0x100000001b3U;
    }
    return sum;
}

static bool is_ours_alone(const struct stat *st)
{
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1 &&
           (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool is_sound(const struct cache_header *header, const char *name, const char *bytes,
                     size_t size)
{
    return header->magic == CACHE_MAGIC && header->format == CACHE_FORMAT &&
           header->size_bytes == size - sizeof(*header) && header->size_bytes != 0 &&
           header->size_bytes % sizeof(struct sock_filter) == 0 &&
           memcmp(header->key, name, sizeof(header->key)) == 0 &&
           header->checksum ==
               checksum_of(bytes + sizeof(*header), header->size_bytes, header->flags);
}

static bool find_cached(int state_root, const char *name, struct seccomp_program *program,
                        struct arena *arena)
{
    CLEANUP_FD int fd = -1;
    struct err ignored = ERR_INIT;
    struct cache_header header;
    char path[sizeof(CACHE_NAME) + 1 + KEY_TEXT_BYTES];
    struct stat st;
    char *bytes;
    size_t size;

    /* The directory need not be looked at: the file says what it is. */
    snprintf(path, sizeof(path), CACHE_NAME "/%s", name);
    fd = sys_openat2(state_root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    if (fd < 0 || fstat(fd, &st) < 0 || !is_ours_alone(&st) ||
        fd_read_all(fd, arena,
                    sizeof(header) + PROGRAM_MAX_INSTRUCTIONS * sizeof(struct sock_filter), &bytes,
                    &size, &ignored) < 0 ||
        size < sizeof(header))
        return false;
    memcpy(&header, bytes, sizeof(header));
    if (!is_sound(&header, name, bytes, size))
        return false;
    *program = (struct seccomp_program){
        .instructions = bytes + sizeof(header),
        .size_bytes = header.size_bytes,
        .flags = header.flags,
    };
    return true;
}

static void close_directory(DIR **directory)
{
    if (*directory != NULL)
        closedir(*directory);
}

/* Sections come and go; they are few, and what is thrown away too early is compiled again. */
static void empty_when_full(int cache)
{
    CLEANUP_FD int fd = -1;
    CLEANUP(close_directory) DIR *directory = NULL;
    const struct dirent *entry;
    size_t n = 0;

    fd = openat(cache, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL)
        return;
    fd_move(&fd);
    while (readdir(directory) != NULL)
        n++;
    if (n < CACHE_MAX_FILES)
        return;
    rewinddir(directory);
    while ((entry = readdir(directory)) != NULL)
        unlinkat(cache, entry->d_name, 0);
}

static int open_to_keep(int state_root)
{
    CLEANUP_FD int fd = -1;
    struct stat st;

    if (mkdirat(state_root, CACHE_NAME, 0700) < 0 && errno != EEXIST)
        return -1;
    fd = openat(state_root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
        (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return -1;
    return fd_move(&fd);
}

static void keep(int state_root, const char *name, const struct seccomp_program *program,
                 struct arena *arena)
{
    CLEANUP_FD int cache = -1;
    struct cache_header header = {
        .magic = CACHE_MAGIC,
        .format = CACHE_FORMAT,
        .flags = program->flags,
        .size_bytes = (uint32_t)program->size_bytes,
    };
    struct strbuf file = STRBUF_INIT(arena);
    struct err ignored = ERR_INIT;

    cache = open_to_keep(state_root);
    if (cache < 0)
        return;
    empty_when_full(cache);
    header.checksum = checksum_of(program->instructions, program->size_bytes, program->flags);
    memcpy(header.key, name, sizeof(header.key));
    strbuf_append(&file, (const char *)&header, sizeof(header));
    strbuf_append(&file, program->instructions, program->size_bytes);
    if (fd_write_file(cache, name, 0600, strbuf_text(&file), file.length, &ignored) < 0)
        return;
}

int seccomp_program_get(struct seccomp_program *program, const struct spec_seccomp *seccomp,
                        const struct json_document *document, int state_root, struct arena *arena,
                        struct findings *findings, struct err *e)
{
    const char *name = cache_key(seccomp, arena);
    size_t n_found = findings->count + findings->n_dropped;

    if (find_cached(state_root, name, program, arena))
        return 0;
    if (seccomp_compile(program, seccomp, document, arena, findings, e) < 0)
        return -1;
    if (findings->count + findings->n_dropped == n_found)
        keep(state_root, name, program, arena);
    return 0;
}
