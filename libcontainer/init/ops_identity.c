/* SPDX-License-Identifier: Apache-2.0 */

/* PHASE_IDENTITY: who the workload is. Each step reads back what it set where the kernel can tell.
 */

#include <errno.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/capability.h>

#include "init/init.h"

int do_rlimit(struct init *init, const struct plan_op *op)
{
    if (sys_set_limit(op->rlimit.resource, op->rlimit.soft, op->rlimit.hard) < 0)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

int do_personality(struct init *init, const struct plan_op *op)
{
    if (personality(op->personality.value) < 0)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

/* The kernel says where we are. A path that does not begin with a slash, or none, means outside of
 * our root: a descriptor of the host that leaked to us would lead there (CVE-2024-21626). */
static bool cwd_is_inside(void)
{
    static char path[4096];

    return sys_getcwd(path, sizeof(path)) > 0 && path[0] == '/';
}

int do_cwd(struct init *init, const struct plan_op *op)
{
    int directory;

    if (init->cwd_is_set)
        return 0;
    directory = resolve(init, init_text(init, op->cwd.path), RESOLVE_DIRECTORY);
    if (directory < 0 || fchdir(directory) < 0) {
        bool is_later = (op->flags & CWD_TRY) != 0 && (errno == EACCES || errno == EPERM);

        if (!is_later)
            init_fail(init, STEP_WHOLE);
        init_close(&directory);
        return is_later ? 0 : -1;
    }
    init_close(&directory);
    if (!cwd_is_inside())
        return init_fail_with(init, STEP_VERIFY, 0, 0);
    init->cwd_is_set = true;
    return 0;
}

/* Up to the kernel's last capability, also those that are newer than this program. EINVAL says that
 * the last one is behind us; not of one that every supported kernel has. */
int do_bounding(struct init *init, const struct plan_op *op)
{
    for (unsigned long capability = 0; capability < 64; capability++) {
        if (((op->bounding.mask >> capability) & 1) != 0)
            continue;
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0)
            continue;
        if (errno == EINVAL && capability > CAP_CHECKPOINT_RESTORE) /* Linux 5.9 */
            break;
        return init_fail(init, STEP_WHOLE);
    }
    return 0;
}

static bool ids_are(uint32_t uid, uint32_t gid)
{
    uid_t uids[3];
    gid_t gids[3];

    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (uids[i] != uid || gids[i] != gid)
            return false;
    return true;
}

/* A user namespace may deny setgroups(2); that is fine only if there is nothing to change. */
static int set_groups(const struct init *init, struct plan_blob groups)
{
    size_t count = groups.size / sizeof(uint32_t);

    if (sys_setgroups(count, init_blob(init, groups)) < 0 && (errno != EPERM || count != 0))
        return -1;
    if (getgroups(0, NULL) == (int)count)
        return 0;
    errno = EPERM;
    return -1;
}

int do_identity(struct init *init, const struct plan_op *op)
{
    const struct op_identity *identity = &op->identity;

    if ((op->flags & IDENTITY_KEEP_CAPS) != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return init_fail(init, STEP_WHOLE);
    /* Also when the list is empty: groups of whoever started the runtime must not remain. */
    if ((op->flags & IDENTITY_SKIP_GROUPS) == 0 && set_groups(init, identity->groups) < 0)
        return init_fail(init, STEP_WHOLE);
    if (sys_set_gids(identity->gid) < 0 || sys_set_uids(identity->uid) < 0)
        return init_fail(init, STEP_WHOLE);
    if (!init_hide() || !ids_are(identity->uid, identity->gid))
        return init_fail_with(init, STEP_VERIFY, 0, 0);
    return 0;
}

static uint32_t half(uint64_t mask, int which)
{
    return (uint32_t)(mask >> (32 * which));
}

static int set_sets(const struct op_capabilities *sets)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
    struct __user_cap_data_struct seen[_LINUX_CAPABILITY_U32S_3];

    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++)
        data[i] = (struct __user_cap_data_struct){
            .effective = half(sets->effective, i),
            .permitted = half(sets->permitted, i),
            .inheritable = half(sets->inheritable, i),
        };
    if (sys_capset(&header, data) < 0 || sys_capget(&header, seen) < 0)
        return -1;
    if (memcmp(data, seen, sizeof(data)) != 0) {
        errno = EPERM;
        return -1;
    }
    return 0;
}

static int set_ambient(uint64_t mask)
{
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return -1;
    for (unsigned long capability = 0; mask != 0; capability++, mask >>= 1)
        if ((mask & 1) != 0 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
            return -1;
    return 0;
}

int do_capabilities(struct init *init, const struct plan_op *op)
{
    struct op_capabilities sets = op->capabilities;

    /* Loading a filter without no_new_privs needs CAP_SYS_ADMIN, and the filter comes last. It ends
     * at execve, where the kernel computes the new sets from the inheritable, the bounding and the
     * ambient set alone, and those are final now (capabilities(7)). */
    if ((op->flags & CAPS_KEEP_SYS_ADMIN) != 0) {
        sets.effective |= (uint64_t)1 << CAP_SYS_ADMIN;
        sets.permitted |= (uint64_t)1 << CAP_SYS_ADMIN;
    }
    if (set_sets(&sets) < 0 || set_ambient(sets.ambient) < 0 ||
        prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

int do_no_new_privs(struct init *init, const struct plan_op *op)
{
    (void)op;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return init_fail(init, STEP_WHOLE);
    return 0;
}

/* 0, or why this candidate cannot be executed. A directory is told apart by EISDIR. */
static int candidate_error(const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0)
        return errno;
    if (S_ISDIR(st.st_mode))
        return EISDIR;
    if (!S_ISREG(st.st_mode))
        return EACCES;
    return sys_may_execute(path) == 0 ? 0 : errno;
}

/* As the workload's user, with its working directory and the image's files: what execvp(3) would
 * find. `create` can already say that there is nothing. */
int do_program(struct init *init, const struct plan_op *op)
{
    char **candidates = init_vector(init, op->program.candidates);
    int best = ENOENT;

    for (uint32_t i = 0; i < op->program.candidates.count && init->program == NULL; i++) {
        int error = candidate_error(candidates[i]);

        if (error == 0)
            init->program = candidates[i];
        else if (error != ENOENT && error != ENOTDIR && best == ENOENT)
            best = error;
    }
    if (init->program == NULL) {
        /* A directory of that name somewhere in PATH is no program that was refused. */
        if (best == EISDIR && (op->flags & PROGRAM_SEARCHED) != 0)
            best = ENOENT;
        return init_fail_with(init, STEP_NOT_FOUND, best == EISDIR ? EACCES : best,
                              best == EISDIR ? EISDIR : 0);
    }
    if ((op->flags & PROGRAM_ADD_HOME) != 0)
        init->home = find_home(op->program.uid);
    return 0;
}
