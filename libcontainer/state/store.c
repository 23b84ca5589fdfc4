/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/findings.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/str.h"
#include "kernel/sys.h"

#define JSON_DEF "state/record.def"
#include "base/json_rows.h"

#define RECORD_NAME "state.json"
#define CONFIG_NAME "config.json"
#define SOCKET_NAME "start.sock"

enum {
    RECORD_MAX_BYTES = 4 * 1024 * 1024,
    LISTEN_BACKLOG = 8
};

/* ---- the root directory -------------------------------------------------------------------------- */

/* By identity, never by the text of the id map: a child namespace can have an identity map, too. */
static bool in_initial_user_namespace(void)
{
    struct stat st;

    return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == ABI_PROC_USER_INIT_INO;
}

const char *state_default_root(struct arena *arena)
{
    const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
    bool is_root = geteuid() == 0;

    /* Podman sets XDG_RUNTIME_DIR to an empty string when it runs as root, and runs us as root of a
     * user namespace when it does not. */
    if (str_is_empty(runtime_dir) || (is_root && in_initial_user_namespace()))
        return is_root ? "/run/caisson"
                       : arena_printf(arena, "/run/user/%u/caisson", (unsigned int)geteuid());
    return arena_printf(arena, "%s/caisson", runtime_dir);
}

int state_check_id(const char *id, struct err *e)
{
    size_t length = strlen(id);

    if (length == 0 || length > STATE_ID_MAX || id[0] == '.' ||
        strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.") !=
            length) {
        err_input(e, NULL, "invalid container id \"%.64s\"", id);
        return err_hint(e, "1 to %d letters, digits, '_', '+', '-' and '.', and no '.' in front",
                        STATE_ID_MAX);
    }
    return 0;
}

/* Like mkdir -p, but what is made is for us alone. */
static int make_directories(const char *path, struct err *e)
{
    char partial[4096];
    size_t length = strlen(path);

    if (length >= sizeof(partial))
        return err_input(e, NULL, "the state directory's path has more than %zu bytes",
                         sizeof(partial) - 1);
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(partial, path, i);
        partial[i] = '\0';
        if (mkdir(partial, 0700) < 0 && errno != EEXIST)
            return err_sys(e, "make the state directory %s", partial);
    }
    return 0;
}

int state_open_root(const char *root, bool make, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct stat st;

    fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && make) {
        if (make_directories(root, e) < 0)
            return -1;
        fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    if (fd < 0)
        return err_sys(e, "open the state directory %s", root);
    if (fstat(fd, &st) < 0)
        return err_sys(e, "stat the state directory %s", root);
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        err_input(e, NULL, "the state directory %s is not ours alone to write", root);
        return err_hint(e, "it must belong to uid %u and have mode 0700", (unsigned int)geteuid());
    }
    return fd_move(&fd);
}

/* ---- a container's directory ---------------------------------------------------------------------- */

void state_dir_release(struct state_dir *dir)
{
    fd_close(&dir->fd);
    fd_close(&dir->root);
}

static int open_directory(int root, const char *id)
{
    return openat(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The lock is on the directory itself, so a `delete` that held it before us has removed what we
 * have open: then the name is looked up anew. 1: it is the same directory, 0: look again. */
static int lock_directory(int root, int fd, const char *id, struct err *e)
{
    struct stat held;
    struct stat named;

    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR)
            return err_sys(e, "lock the container %s", id);
    if (fstat(fd, &held) < 0)
        return err_sys(e, "stat the container %s", id);
    if (fstatat(root, id, &named, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    return held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

int state_dir_make(struct state_dir *dir, int *root, const char *id, struct err *e)
{
    CLEANUP_FD int fd = -1;

    if (mkdirat(*root, id, 0700) < 0) {
        if (errno == EEXIST)
            return err_state(e, "container with id %s already exists", id);
        return err_sys(e, "make the state directory of %s", id);
    }
    fd = open_directory(*root, id);
    if (fd < 0)
        return err_sys(e, "open the state directory of %s", id);
    if (lock_directory(*root, fd, id, e) != 1)
        return e->kind != ERR_NONE
                   ? -1
                   : err_state(e, "container %s was deleted while it was created", id);
    *dir = (struct state_dir){.root = fd_move(root), .fd = fd_move(&fd), .id = id};
    return 0;
}

int state_dir_look(struct state_dir *dir, int *root, const char *id, struct err *e)
{
    CLEANUP_FD int fd = -1;

    fd = open_directory(*root, id);
    if (fd < 0) {
        if (errno == ENOENT)
            return STATE_UNKNOWN_ID;
        return err_sys(e, "open the state directory of %s", id);
    }
    *dir = (struct state_dir){.root = fd_move(root), .fd = fd_move(&fd), .id = id};
    return STATE_FOUND;
}

int state_dir_open(struct state_dir *dir, int *root, const char *id, struct err *e)
{
    for (;;) {
        int found = state_dir_look(dir, root, id, e);
        int same;

        if (found != STATE_FOUND)
            return found;
        same = lock_directory(dir->root, dir->fd, id, e);
        if (same == 1)
            return STATE_FOUND;
        *root = fd_move(&dir->root);
        fd_close(&dir->fd);
        if (same < 0)
            return -1;
    }
}

void state_dir_unlock(const struct state_dir *dir)
{
    flock(dir->fd, LOCK_UN);
}

int state_dir_lock(const struct state_dir *dir, struct err *e)
{
    int same = lock_directory(dir->root, dir->fd, dir->id, e);

    if (same < 0)
        return -1;
    return same == 1 ? STATE_FOUND : STATE_UNKNOWN_ID;
}

/* ---- files ---------------------------------------------------------------------------------------- */

int state_write_record(const struct state_dir *dir, const struct state_record *record,
                       struct arena *arena, struct err *e)
{
    struct strbuf text = STRBUF_INIT(arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);

    json_encode(&writer, &state_record_schema, record);
    return fd_write_file(dir->fd, RECORD_NAME, 0600, strbuf_text(&text), text.length, e);
}

int state_read_record(const struct state_dir *dir, struct state_record *record, struct arena *arena,
                      struct err *e)
{
    struct findings findings = FINDINGS_INIT(arena);
    struct json_document document = {0};
    CLEANUP_FD int fd = -1;
    char *bytes;
    size_t size;

    fd = openat(dir->fd, RECORD_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT)
            return STATE_RECORD_MISSING;
        return err_sys(e, "open the state of %s", dir->id);
    }
    if (fd_read_all(fd, arena, RECORD_MAX_BYTES, &bytes, &size, e) < 0)
        return err_context(e, "the state of %s", dir->id);
    json_decode(&document, arena, &state_record_schema, bytes, size, record, &findings);
    if (findings.n_refused != 0 || record->version != STATE_FORMAT_VERSION) {
        err_input(e, NULL, "the state of %s is damaged or of another version", dir->id);
        return err_hint(e, "delete --force removes the container");
    }
    return STATE_RECORD_READ;
}

int state_write_config(const struct state_dir *dir, const void *bytes, size_t size, struct err *e)
{
    return fd_write_file(dir->fd, CONFIG_NAME, 0600, bytes, size, e);
}

int state_read_config(const struct state_dir *dir, struct arena *arena, char **bytes, size_t *size,
                      struct err *e)
{
    CLEANUP_FD int fd = -1;

    fd = fd_open_regular(dir->fd, CONFIG_NAME, e);
    if (fd < 0 || fd_read_all(fd, arena, JSON_DOCUMENT_MAX_BYTES, bytes, size, e) < 0)
        return err_context(e, "the stored configuration of %s", dir->id);
    return 0;
}

/* ---- the start socket ------------------------------------------------------------------------------ */

/* sun_path has 108 bytes and the root directory may be longer: the name goes through our own
 * descriptor. */
static void socket_address(const struct state_dir *dir, struct sockaddr_un *address)
{
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/" SOCKET_NAME,
             dir->fd);
}

int state_listen(const struct state_dir *dir, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct sockaddr_un address = {0};

    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, "make the start socket");
    socket_address(dir, &address);
    if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, LISTEN_BACKLOG) < 0)
        return err_sys(e, "make the start socket of %s", dir->id);
    return fd_move(&fd);
}

int state_connect(const struct state_dir *dir, struct err *e)
{
    CLEANUP_FD int fd = -1;
    struct sockaddr_un address = {0};

    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(e, "make a socket");
    socket_address(dir, &address);
    while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        if (errno != EINTR)
            return err_sys(e, "connect to the start socket of %s", dir->id);
    return fd_move(&fd);
}

void state_remove_socket(const struct state_dir *dir)
{
    unlinkat(dir->fd, SOCKET_NAME, 0);
}

/* ---- removal and listing ---------------------------------------------------------------------------- */

/* Temporary files of a command that was killed while it wrote. Only plain entries are removed: we
 * never make a directory here. */
static int remove_leftovers(int directory, struct err *e)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    int result = 0;

    if (entries == NULL) {
        fd_close(&copy);
        return err_sys(e, "read a state directory");
    }
    while ((entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(directory, entry->d_name, 0) < 0 && errno != ENOENT)
            result = err_sys(e, "remove %s from a state directory", entry->d_name);
    }
    closedir(entries);
    return result;
}

int state_dir_remove(struct state_dir *dir, struct err *e)
{
    static const char *const names[] = {SOCKET_NAME, CONFIG_NAME, RECORD_NAME};

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (unlinkat(dir->fd, names[i], 0) < 0 && errno != ENOENT)
            return err_sys(e, "remove %s of %s", names[i], dir->id);
    if (unlinkat(dir->root, dir->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return err_sys(e, "remove the state directory of %s", dir->id);
    if (remove_leftovers(dir->fd, e) < 0)
        return -1;
    if (unlinkat(dir->root, dir->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
        return err_sys(e, "remove the state directory of %s", dir->id);
    return 0;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(int root, struct arena *arena, struct state_ids *ids, struct err *e)
{
    int copy = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy >= 0 ? fdopendir(copy) : NULL;
    struct dirent *entry;
    struct err ignored = ERR_INIT;

    if (entries == NULL) {
        fd_close(&copy);
        return err_sys(e, "read the state directory");
    }
    while ((entry = readdir(entries)) != NULL)
        if (entry->d_type == DT_DIR && state_check_id(entry->d_name, &ignored) == 0)
            *ARENA_PUSH(arena, ids) = arena_strdup(arena, entry->d_name);
    closedir(entries);
    if (ids->count != 0)
        qsort(ids->items, ids->count, sizeof(*ids->items), compare_ids);
    return 0;
}
