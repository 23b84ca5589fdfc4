/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "kernel/sys.h"

static const char *const cgroup_mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

/* By identity, never by the text of the id map: a child namespace can have an identity map, too. */
static bool in_initial_userns(void)
{
    struct stat st;

    return stat("/proc/self/ns/user", &st) == 0 && st.st_ino == ABI_PROC_USER_INIT_INO;
}

static int probe_capabilities(struct facts *facts, struct err *e)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

    if (sys_capget(&header, data) < 0)
        return err_sys(e, "read our capabilities");
    facts->permitted_capabilities = (uint64_t)data[1].permitted << 32 | data[0].permitted;
    /* Asking beats reading /proc/sys/kernel/cap_last_cap: two calls where the kernel is as old as
     * this program, and right where it is not. */
    facts->last_capability = CAP_LAST_CAP;
    while (facts->last_capability < 63 &&
           prctl(PR_CAPBSET_READ, (unsigned long)facts->last_capability + 1, 0, 0, 0) >= 0)
        facts->last_capability++;
    while (facts->last_capability > 0 &&
           prctl(PR_CAPBSET_READ, (unsigned long)facts->last_capability, 0, 0, 0) < 0)
        facts->last_capability--;
    return 0;
}

static const char *read_file(const char *path, struct arena *arena)
{
    CLEANUP_FD int fd = -1;
    struct err ignored = ERR_INIT;
    char *text;
    size_t size;

    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fd_read_all(fd, arena, (size_t)64 * 1024, &text, &size, &ignored) < 0)
        return "";
    return text;
}

/* The path after "0::" in /proc/self/cgroup. */
static const char *own_cgroup(struct arena *arena)
{
    const char *line = read_file("/proc/self/cgroup", arena);

    while (line != NULL && *line != '\0') {
        size_t length = strcspn(line, "\n");

        if (str_starts_with(line, "0::"))
            return arena_strndup(arena, line + 3, length - 3);
        line += length;
        line += strspn(line, "\n");
    }
    return "/";
}

static void probe_cgroup(struct facts *facts, struct arena *arena)
{
    facts->cgroup_layout = CGROUP_NONE;
    facts->cgroup_controllers = "";
    for (size_t i = 0; i < ARRAY_LEN(cgroup_mounts); i++) {
        struct statfs fs;
        char *controllers;

        if (statfs(cgroup_mounts[i], &fs) < 0 || fs.f_type != ABI_CGROUP2_MAGIC)
            continue;
        facts->cgroup_layout = i == 0 ? CGROUP_UNIFIED : CGROUP_HYBRID;
        facts->cgroup_mount = cgroup_mounts[i];
        facts->cgroup_self = own_cgroup(arena);
        controllers = arena_strdup(
            arena,
            read_file(arena_printf(arena, "%s/cgroup.controllers", cgroup_mounts[i]), arena));
        controllers[strcspn(controllers, "\n")] = '\0';
        facts->cgroup_controllers = controllers;
        return;
    }
}

int facts_probe(struct facts *facts, struct arena *arena, struct err *e)
{
    *facts = (struct facts){
        .euid = geteuid(),
        .egid = getegid(),
        .in_initial_userns = in_initial_userns(),
    };
    if (probe_capabilities(facts, e) < 0)
        return -1;
    probe_cgroup(facts, arena);
    return 0;
}
