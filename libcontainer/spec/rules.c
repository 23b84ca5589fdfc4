/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/rules.h"

#include <string.h>

#include "base/str.h"

/* --- numbers --------------------------------------------------------------------------------- */

const char *rule_above_zero(const struct json_value *value)
{
    return value->number > 0 ? NULL : "a number above zero";
}

const char *rule_argument_index(const struct json_value *value)
{
    return value->natural <= 5 ? NULL : "the index of an argument, 0 to 5";
}

/* 0 is how engines say that there is none. */
const char *rule_block_io_weight(const struct json_value *value)
{
    return value->natural == 0 || (value->natural >= 10 && value->natural <= 1000)
               ? NULL
               : "a number from 10 to 1000";
}

/* Both bounds, and the quota's, are those of tg_set_cfs_bandwidth() in the kernel. */
const char *rule_cpu_period(const struct json_value *value)
{
    return value->natural == 0 || (value->natural >= 1000 && value->natural <= 1000000)
               ? NULL
               : "a number of microseconds from 1000 to 1000000";
}

const char *rule_cpu_quota(const struct json_value *value)
{
    return value->number <= 0 || value->number >= 1000
               ? NULL
               : "at least 1000 microseconds, or -1 for no quota";
}

/* The kernel's dev_t has 12 bits for the major and 20 for the minor number, and mknod(2) drops what
 * does not fit without a word. */
enum {
    MAX_MAJOR = (1 << 12) - 1,
    MAX_MINOR = (1 << 20) - 1
};

const char *rule_device_major(const struct json_value *value)
{
    return value->number >= 0 && value->number <= MAX_MAJOR ? NULL : "a number from 0 to 4095";
}

const char *rule_device_major_or_all(const struct json_value *value)
{
    return value->number >= -1 && value->number <= MAX_MAJOR
               ? NULL
               : "a number from 0 to 4095, or -1 for all";
}

const char *rule_device_minor(const struct json_value *value)
{
    return value->number >= 0 && value->number <= MAX_MINOR ? NULL : "a number from 0 to 1048575";
}

const char *rule_device_minor_or_all(const struct json_value *value)
{
    return value->number >= -1 && value->number <= MAX_MINOR
               ? NULL
               : "a number from 0 to 1048575, or -1 for all";
}

/* The schema stops at 0777, but engines copy the mode of the host's node, sticky bit and all. */
const char *rule_file_mode(const struct json_value *value)
{
    return value->natural <= 07777 ? NULL : "permission bits, at most 4095 (octal 7777)";
}

const char *rule_id(const struct json_value *value)
{
    /* NGROUPS_MAX, setgroups(2). */
    if (value->kind == JSON_KIND_U32S)
        return value->count <= 65536 ? NULL : "at most 65536 groups";
    return value->natural < UINT32_MAX ? NULL : "an id from 0 to 4294967294";
}

const char *rule_io_priority(const struct json_value *value)
{
    return value->number >= 0 && value->number <= 7 ? NULL : "a number from 0 to 7";
}

const char *rule_limit(const struct json_value *value)
{
    return value->number >= -1 ? NULL : "a number of bytes, or -1 for no limit";
}

const char *rule_nanoseconds(const struct json_value *value)
{
    return value->natural < 1000000000 ? NULL : "a number from 0 to 999999999";
}

const char *rule_oom_score_adj(const struct json_value *value)
{
    return value->number >= -1000 && value->number <= 1000 ? NULL : "a number from -1000 to 1000";
}

const char *rule_percent(const struct json_value *value)
{
    return value->natural <= 100 ? NULL : "a number from 0 to 100";
}

const char *rule_umask(const struct json_value *value)
{
    return value->natural <= 0777 ? NULL : "permission bits, at most 511 (octal 777)";
}

const char *rule_zero_or_one(const struct json_value *value)
{
    return value->number == 0 || value->number == 1 ? NULL : "0 or 1";
}

/* --- text ------------------------------------------------------------------------------------ */

static bool has_control_bytes(const char *string)
{
    for (; *string != '\0'; string++)
        if ((unsigned char)*string < 0x20 || *string == 0x7f)
            return true;
    return false;
}

const char *rule_absolute_path(const struct json_value *value)
{
    if (value->string == NULL)
        return value->count <= 4096 ? NULL : "at most 4096 paths";
    return value->string[0] == '/' ? NULL : "an absolute path";
}

const char *rule_absolute_path_or_empty(const struct json_value *value)
{
    return value->string[0] == '/' || value->string[0] == '\0' ? NULL : "an absolute path";
}

const char *rule_device_access(const struct json_value *value)
{
    size_t length = strlen(value->string);

    return length != 0 && strspn(value->string, "rwm") == length ? NULL : "some of r, w and m";
}

/* __NEW_UTS_LEN; the kernel takes any bytes, a terminal that shows the name does not. */
const char *rule_host_name(const struct json_value *value)
{
    return strlen(value->string) <= 64 && !has_control_bytes(value->string)
               ? NULL
               : "at most 64 bytes without control characters";
}

/* dev_valid_name() of the kernel, and nothing that could be a path. */
const char *rule_link_name(const struct json_value *value)
{
    const char *name = value->string;

    if (strlen(name) <= 15 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
        strpbrk(name, "/: ") == NULL && !has_control_bytes(name))
        return NULL;
    return "a name of an interface: at most 15 bytes without slash, colon and space";
}

/* Reads a number of at most 65535 (threats.md J13) at *text. */
static bool take_number(const char **text, unsigned *number)
{
    size_t length = strspn(*text, "0123456789");
    unsigned result = 0;

    if (length == 0 || length > 5)
        return false;
    for (size_t i = 0; i < length; i++)
        result = result * 10 + (unsigned)((*text)[i] - '0');
    *text += length;
    *number = result;
    return result <= 65535;
}

/* Commas and dashes as in cpuset(7) "List format"; the schema also lets spaces stand around. */
const char *rule_list_of_numbers(const struct json_value *value)
{
    static const char cure[] = "numbers up to 65535 and ranges, such as \"0-3,7\"";
    const char *text = value->string + strspn(value->string, " ");
    unsigned first;
    unsigned last;

    if (*text == '\0')
        return NULL;
    for (;;) {
        if (!take_number(&text, &first))
            return cure;
        if (*text == '-') {
            text++;
            if (!take_number(&text, &last) || last < first)
                return cure;
        }
        text += strspn(text, " ");
        if (*text == '\0')
            return NULL;
        if (*text != ',')
            return cure;
        text++;
        text += strspn(text, " ");
    }
}

const char *rule_no_newline(const struct json_value *value)
{
    return value->string == NULL || strchr(value->string, '\n') == NULL ? NULL : "text of one line";
}

const char *rule_not_empty(const struct json_value *value)
{
    if (value->string == NULL)
        return value->count != 0 || !value->is_complete ? NULL : "at least one element";
    return value->string[0] != '\0' ? NULL : "a string that is not empty";
}

/* "[1-9][0-9]*[KMG]B" */
const char *rule_page_size(const struct json_value *value)
{
    const char *text = value->string;
    size_t digits = strspn(text, "0123456789");

    if (digits != 0 && text[0] != '0' && text[digits] != '\0' &&
        strchr("KMG", text[digits]) != NULL && strcmp(text + digits + 1, "B") == 0)
        return NULL;
    return "a size such as 64KB, 2MB or 1GB";
}

/* --- versions -------------------------------------------------------------------------------- */

static bool is_identifier_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '-';
}

/* A number without leading zero; moves *text behind it. */
static bool take_version_number(const char **text)
{
    size_t length = strspn(*text, "0123456789");
    bool is_fine = length != 0 && (length == 1 || (*text)[0] != '0');

    *text += length;
    return is_fine;
}

/* Identifiers with dots between them. In a pre-release those of digits only have no leading zero.
 */
static bool take_identifiers(const char **text, bool is_prerelease)
{
    for (;;) {
        const char *start = *text;
        size_t digits = strspn(start, "0123456789");
        size_t length;

        while (is_identifier_byte(**text))
            (*text)++;
        length = (size_t)(*text - start);
        if (length == 0 || (is_prerelease && length == digits && length > 1 && start[0] == '0'))
            return false;
        if (**text != '.')
            return true;
        (*text)++;
    }
}

bool rule_is_supported_version(const char *version)
{
    const char *text = version;

    for (int part = 0; part < 3; part++) {
        if (part > 0 && *text++ != '.')
            return false;
        if (!take_version_number(&text))
            return false;
    }
    if (*text == '-') {
        text++;
        if (!take_identifiers(&text, true))
            return false;
    }
    if (*text == '+') {
        text++;
        if (!take_identifiers(&text, false))
            return false;
    }
    /* A runtime of 1.x reads every 1.y; what came before 1.0 is the specification's own example. */
    return *text == '\0' && (version[0] == '0' || version[0] == '1') && version[1] == '.';
}

const char *rule_oci_version(const struct json_value *value)
{
    return rule_is_supported_version(value->string)
               ? NULL
               : "a version MAJOR.MINOR.PATCH whose major number is 0 or 1, such as 1.3.0";
}

/* --- words ----------------------------------------------------------------------------------- */

#define WORD_RULE(name, cure, ...)                                                                 \
    const char *name(const struct json_value *value)                                               \
    {                                                                                              \
        static const char *const words[] = {__VA_ARGS__};                                          \
        return is_word(value, words, ARRAY_LEN(words)) ? NULL : (cure);                            \
    }

/* A list as a whole has no word to look at. */
static bool is_word(const struct json_value *value, const char *const *words, size_t n_words)
{
    if (value->string == NULL)
        return true;
    for (size_t i = 0; i < n_words; i++)
        if (strcmp(words[i], value->string) == 0)
            return true;
    return false;
}

/* clang-format off */

WORD_RULE(rule_device_rule_type, "a (all), b (block) or c (character)", "a", "b", "c")

WORD_RULE(rule_device_type, "b (block), c or u (character) or p (pipe)", "b", "c", "u", "p")

WORD_RULE(rule_io_priority_class, "IOPRIO_CLASS_RT, IOPRIO_CLASS_BE or IOPRIO_CLASS_IDLE",
          "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE")

WORD_RULE(rule_memory_policy_flag, "a flag of set_mempolicy(2), such as MPOL_F_STATIC_NODES",
          "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES")

WORD_RULE(rule_memory_policy_mode, "a mode of set_mempolicy(2), such as MPOL_BIND",
          "MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
          "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL")

WORD_RULE(rule_namespace_type, "mount, pid, network, uts, ipc, user, cgroup or time",
          "mount", "pid", "network", "uts", "ipc", "user", "cgroup", "time")

WORD_RULE(rule_personality_domain, "LINUX or LINUX32", "LINUX", "LINUX32")

/* Beside the four words of the specification, the recursive ones that every engine's mount options
 * have and runc takes. */
WORD_RULE(rule_propagation, "private, shared, slave or unbindable",
          "private", "shared", "slave", "unbindable",
          "rprivate", "rshared", "rslave", "runbindable")

WORD_RULE(rule_rlimit, "a limit of getrlimit(2), such as RLIMIT_NOFILE",
          "RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_CPU", "RLIMIT_DATA", "RLIMIT_FSIZE", "RLIMIT_LOCKS",
          "RLIMIT_MEMLOCK", "RLIMIT_MSGQUEUE", "RLIMIT_NICE", "RLIMIT_NOFILE", "RLIMIT_NPROC",
          "RLIMIT_RSS", "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK")

WORD_RULE(rule_scheduler_flag, "a flag of sched_setattr(2), such as SCHED_FLAG_RESET_ON_FORK",
          "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN",
          "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
          "SCHED_FLAG_UTIL_CLAMP_MAX")

WORD_RULE(rule_scheduler_policy, "a policy of sched(7), such as SCHED_OTHER",
          "SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE",
          "SCHED_DEADLINE")

WORD_RULE(rule_seccomp_action, "an action of libseccomp, such as SCMP_ACT_ERRNO",
          "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
          "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY")

WORD_RULE(rule_seccomp_architecture, "an architecture of libseccomp, such as SCMP_ARCH_X86_64",
          "SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM",
          "SCMP_ARCH_AARCH64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K", "SCMP_ARCH_MIPS",
          "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
          "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
          "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB",
          "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64")

WORD_RULE(rule_seccomp_flag, "a flag of seccomp(2), such as SECCOMP_FILTER_FLAG_LOG",
          "SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
          "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV")

WORD_RULE(rule_seccomp_operator, "an operator of libseccomp, such as SCMP_CMP_EQ",
          "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
          "SCMP_CMP_MASKED_EQ")

/* clang-format on */

/* "Currently no flag values are supported" (config-linux.md, Personality). */
const char *rule_personality_flag(const struct json_value *value)
{
    return value->string == NULL ? NULL : "no flag: the specification has none yet";
}

/* --- how many -------------------------------------------------------------------------------- */

const char *rule_at_most_64(const struct json_value *value)
{
    return value->count <= 64 ? NULL : "at most 64 elements";
}

const char *rule_at_most_256(const struct json_value *value)
{
    return value->count <= 256 ? NULL : "at most 256 elements";
}

const char *rule_at_most_1024(const struct json_value *value)
{
    return value->count <= 1024 ? NULL : "at most 1024 elements";
}

const char *rule_at_most_4096(const struct json_value *value)
{
    return value->count <= 4096 ? NULL : "at most 4096 elements";
}
