/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Compiled filters, kept beneath the state root as .seccomp/<name>. The name is a SHA-256 of everything
 * that the program depends on: the section, libseccomp's version, ours, and the machine. A file is
 * believed only if it is a regular file of ours that nobody else could write, says the name that it was
 * looked for by (so that files cannot be exchanged) and has the checksum that it says (so that a damaged
 * one is noticed); anything else is compiled anew. Not being able to keep one is no error.
 */

#include "config.h"

#include "seccomp/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sha256.h"
#include "base/str.h"

#define CACHE_NAME ".seccomp"

enum { CACHE_MAGIC = 0x63736263, CACHE_FORMAT = 2, KEY_TEXT_BYTES = 2 * SHA256_BYTES };

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

static bool is_ours_alone(const struct stat *st, mode_t type)
{
    return (st->st_mode & S_IFMT) == type && st->st_uid == geteuid() &&
           (st->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool find_cached(int cache, const char *name, struct seccomp_program *program,
                        struct arena *arena)
{
    CLEANUP_FD int fd = -1;
    struct err ignored = ERR_INIT;
    struct cache_header header;
    struct stat st;
    char *bytes;
    size_t size;

    fd = openat(cache, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !is_ours_alone(&st, S_IFREG) ||
        fd_read_all(fd, arena, sizeof(header) + SECCOMP_MAX_INSTRUCTIONS * 8, &bytes, &size,
                    &ignored) < 0 ||
        size < sizeof(header))
        return false;
    memcpy(&header, bytes, sizeof(header));
    if (header.magic != CACHE_MAGIC || header.format != CACHE_FORMAT ||
        header.size_bytes != size - sizeof(header) || header.size_bytes == 0 ||
        header.size_bytes % 8 != 0 || memcmp(header.key, name, sizeof(header.key)) != 0 ||
        header.checksum !=
            checksum_of(bytes + sizeof(header), header.size_bytes, header.flags))
        return false;
    program->instructions = bytes + sizeof(header);
    program->size_bytes = header.size_bytes;
    program->flags = header.flags;
    return true;
}

static void keep(int cache, const char *name, const struct seccomp_program *program,
                 struct arena *arena)
{
    struct cache_header header = {
        .magic = CACHE_MAGIC,
        .format = CACHE_FORMAT,
        .flags = program->flags,
        .size_bytes = (uint32_t)program->size_bytes,
    };
    struct strbuf file = STRBUF_INIT(arena);
    struct err ignored = ERR_INIT;

    header.checksum = checksum_of(program->instructions, program->size_bytes, program->flags);
    memcpy(header.key, name, sizeof(header.key));
    strbuf_append(&file, (const char *)&header, sizeof(header));
    strbuf_append(&file, program->instructions, program->size_bytes);
    if (fd_write_file(cache, name, 0600, strbuf_text(&file), file.length, &ignored) < 0)
        return;
}

static int open_cache(int state_root)
{
    CLEANUP_FD int fd = -1;
    struct stat st;

    fd = openat(state_root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && mkdirat(state_root, CACHE_NAME, 0700) == 0)
        fd = openat(state_root, CACHE_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0 || !is_ours_alone(&st, S_IFDIR))
        return -1;
    return fd_move(&fd);
}

int seccomp_program_get(struct seccomp_program *program, const struct spec_seccomp *seccomp,
                        const struct json_document *document, int state_root, struct arena *arena,
                        struct findings *findings, struct err *e)
{
    CLEANUP_FD int cache = -1;
    const char *name = cache_key(seccomp, arena);

    cache = open_cache(state_root);
    if (cache >= 0 && find_cached(cache, name, program, arena))
        return 0;
    if (seccomp_compile(program, seccomp, document, arena, findings, e) < 0)
        return -1;
    if (cache >= 0)
        keep(cache, name, program, arena);
    return 0;
}
