/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/str.h"
#include "spec/check_parts.h"

static const char notify[] = "SCMP_ACT_NOTIFY";

bool check_seccomp_notifies(const struct spec_seccomp *seccomp)
{
    bool notifies = strcmp(seccomp->default_action, notify) == 0;

    for (size_t i = 0; i < seccomp->syscalls.count; i++)
        notifies = notifies || strcmp(seccomp->syscalls.items[i].action, notify) == 0;
    return notifies;
}

/* Actions that carry a number, and how large it may be: errno ends at MAX_ERRNO of the kernel, what
 * a tracer gets has SECCOMP_RET_DATA's 16 bits. */
static const struct {
    const char *action;
    uint32_t max;
} numbered_actions[] = {
    {"SCMP_ACT_ERRNO", 4095},
    {"SCMP_ACT_TRACE", 65535},
};

static void check_errno(const struct check *check, const char *action, uint32_t number,
                        const char *pointer)
{
    for (size_t i = 0; i < ARRAY_LEN(numbered_actions); i++) {
        if (strcmp(action, numbered_actions[i].action) != 0)
            continue;
        if (number > numbered_actions[i].max)
            check_refuse(check, "seccomp-errno-too-large", pointer, NULL,
                         "%s takes a number up to %u", action, numbered_actions[i].max);
        return;
    }
    check_refuse(check, "seccomp-errno-unused", pointer, "leave it out",
                 "%s does not return an error number", action);
}

static void check_action(const struct check *check, const char *action, const char *pointer)
{
    if (strcmp(action, notify) == 0)
        check_refuse(check, "not-supported-yet", pointer, "another action",
                     "%s is not supported yet", action);
}

static void check_syscall(const struct check *check, const struct spec_syscall *syscall)
{
    check_action(check, syscall->action, check_at(check, syscall->origin, "action"));
    if (SPEC_HAS(spec_syscall, syscall, errno_ret))
        check_errno(check, syscall->action, syscall->errno_ret,
                    check_at(check, syscall->origin, "errnoRet"));
    for (size_t i = 0; i < syscall->args.count; i++) {
        const struct spec_syscall_arg *arg = &syscall->args.items[i];

        if (arg->value_two != 0 && strcmp(arg->op, "SCMP_CMP_MASKED_EQ") != 0)
            check_refuse(check, "seccomp-second-value-unused",
                         check_at(check, arg->origin, "valueTwo"), "leave it out",
                         "%s compares with one value", arg->op);
    }
}

static void check_flags(const struct check *check, const struct spec_seccomp *seccomp)
{
    static const char later[] = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";

    for (size_t i = 0; i < seccomp->flags.count; i++)
        if (strcmp(seccomp->flags.items[i], later) == 0)
            check_refuse(check, "not-supported-yet",
                         json_pointer_item(&check->document->json, seccomp->origin, "flags", i),
                         "leave it out", "%s is not supported yet", later);
}

void check_seccomp(const struct check *check)
{
    const struct spec_linux *section = check->config->linux_section;
    const struct spec_seccomp *seccomp = section != NULL ? section->seccomp : NULL;

    if (seccomp == NULL)
        return;
    check_action(check, seccomp->default_action, check_at(check, seccomp->origin, "defaultAction"));
    if (SPEC_HAS(spec_seccomp, seccomp, default_errno_ret))
        check_errno(check, seccomp->default_action, seccomp->default_errno_ret,
                    check_at(check, seccomp->origin, "defaultErrnoRet"));
    if (!str_is_empty(seccomp->listener_metadata) && str_is_empty(seccomp->listener_path))
        check_refuse(check, "seccomp-metadata-without-listener",
                     check_at(check, seccomp->origin, "listenerMetadata"), "\"listenerPath\"",
                     "there is no listener that the metadata could go to");
    check_flags(check, seccomp);
    for (size_t i = 0; i < seccomp->syscalls.count; i++)
        check_syscall(check, &seccomp->syscalls.items[i]);
}
