/* SPDX-License-Identifier: Apache-2.0 */

/*
 * seccomp-profiles/default.json: what it refuses and what it lets through, both as this compiler
 * reads it and as libseccomp does, since the file is also for other runtimes. Links like
 * seccomp_filter_test.c.
 */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <linux/netlink.h>

#include "bpf_interpreter.h"
#include "seccomp_oracle.h"
#include "seccomp_support.h"

#define ALLOW          SECCOMP_RET_ALLOW
#define REFUSED(errno) (SECCOMP_RET_ERRNO | (errno))

static struct tested tested;
static const struct sock_filter *library;

static int read_profile(void **state UNUSED)
{
    size_t n;

    section_compile(&tested, source_file("seccomp-profiles/default.json"));
    library = libseccomp_program(&tested.section, &n);
    return 0;
}

/* Both readings of the profile. */
static uint32_t verdict(const char *name, uint64_t a, uint64_t b, uint64_t c)
{
    struct seccomp_data data =
        call_data(&(struct call){.abi = SCMP_ARCH_X86_64, .name = name, .args = {a, b, c}});
    uint32_t ours = verdict_of_data(&tested, &data);

    if (bpf_run(library, &data, NULL) != ours)
        fail_msg("libseccomp's program judges %s(0x%llx, 0x%llx, 0x%llx) otherwise", name,
                 (unsigned long long)a, (unsigned long long)b, (unsigned long long)c);
    return ours;
}

static void assert_every_form(const char *name, unsigned int index, uint64_t number,
                              unsigned int bits, uint32_t wanted)
{
    uint64_t forms[N_FORMS];

    number_forms(number, bits, forms);
    for (size_t i = 0; i < N_FORMS; i++) {
        uint64_t args[3] = {0};

        args[index] = forms[i];
        assert_int_equal(verdict(name, args[0], args[1], args[2]), wanted);
    }
}

static void it_compiles_without_a_remark(void **state UNUSED)
{
    assert_int_equal(tested.findings.count, 0);
    assert_int_equal(tested.compiled.flags, 0);
    assert_true(tested.n < 300);
}

static void it_means_what_it_says(void **state UNUSED)
{
    assert_corpus(&tested, 2000);
}

/* F03, F04, F21 */
static void sockets_are_of_four_families(void **state UNUSED)
{
    for (uint64_t family = 0; family < 64; family++) {
        bool is_listed =
            family == AF_UNIX || family == AF_INET || family == AF_INET6 || family == AF_NETLINK;

        assert_every_form("socket", 0, family, 32, is_listed ? ALLOW : REFUSED(EPERM));
        assert_every_form("socketpair", 0, family, 32, family == AF_UNIX ? ALLOW : REFUSED(EPERM));
        for (uint64_t type = 0; type < 12; type++)
            assert_int_equal(verdict("socket", family, type, 0),
                             is_listed ? ALLOW : REFUSED(EPERM));
    }
}

static void netlink_is_for_routes(void **state UNUSED)
{
    for (uint64_t protocol = 0; protocol < 40; protocol++) {
        uint32_t wanted = REFUSED(EPERM);

        if (protocol == NETLINK_ROUTE)
            wanted = ALLOW;
        if (protocol == NETLINK_AUDIT)
            wanted = REFUSED(EPROTONOSUPPORT); /* what useradd takes for "no audit here" */
        assert_int_equal(verdict("socket", AF_NETLINK, SOCK_RAW, protocol), wanted);
        assert_int_equal(verdict("socket", AF_NETLINK, SOCK_RAW, protocol + (1ULL << 32)), wanted);
    }
}

/* H01, H02 */
static void input_cannot_be_pushed_into_a_terminal(void **state UNUSED)
{
    static const uint64_t refused[] = {0x5412, 0x541c, 0x5423};

    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_every_form("ioctl", 1, refused[i], 32, REFUSED(EPERM));
}

/* The upper half of a request is its direction and size; drivers look at the lower one. */
static void every_other_ioctl_is_let_through(void **state UNUSED)
{
    static const uint64_t uppers[] = {0, 0x40040000, 0x80040000, 0xffff0000};

    for (size_t upper = 0; upper < ARRAY_LEN(uppers); upper++)
        for (uint64_t lower = 0; lower <= 0xffff; lower++) {
            bool is_refused = lower == 0x5412 || lower == 0x541c || lower == 0x5423;

            if (verdict("ioctl", 0, uppers[upper] | lower, 0) !=
                (is_refused ? REFUSED(EPERM) : ALLOW))
                fail_msg("0x%llx", (unsigned long long)(uppers[upper] | lower));
        }
}

/* F08, F15 */
static void no_namespace_can_be_made_or_joined(void **state UNUSED)
{
    static const uint64_t namespaces[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                          CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                          CLONE_NEWNET};

    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        assert_every_form("clone", 0, namespaces[i], 32, REFUSED(EPERM));
        assert_every_form("clone", 0, namespaces[i] | CLONE_VM | 17, 32, REFUSED(EPERM));
        assert_every_form("unshare", 0, namespaces[i], 32, REFUSED(EPERM));
        assert_every_form("unshare", 0, namespaces[i] | CLONE_FS, 32, REFUSED(EPERM));
        assert_int_equal(verdict("setns", 3, namespaces[i], 0), REFUSED(EPERM));
    }
    assert_every_form("unshare", 0, 0x80, 32, REFUSED(EPERM)); /* CLONE_NEWTIME */
    assert_int_equal(verdict("setns", 3, 0, 0), REFUSED(EPERM));
    assert_int_equal(verdict("clone3", 0, 0, 0), REFUSED(ENOSYS));
}

static void threads_and_processes_can_be_made(void **state UNUSED)
{
    assert_int_equal(verdict("clone", 17, 0, 0), ALLOW);
    assert_int_equal(verdict("clone", 0x3d0f00, 0, 0), ALLOW);   /* pthread_create of glibc */
    assert_int_equal(verdict("clone", 0x7d0f00, 0, 0), ALLOW);   /* and of musl */
    assert_int_equal(verdict("clone", 0x1200011, 0, 0), ALLOW);  /* fork of glibc */
    assert_int_equal(verdict("clone", 0x4111, 0, 0), ALLOW);     /* posix_spawn */
    assert_int_equal(verdict("unshare", CLONE_FS, 0, 0), ALLOW); /* a thread's own directory */
    assert_int_equal(verdict("unshare", CLONE_FS | CLONE_FILES | CLONE_SYSVSEM, 0, 0), ALLOW);
}

static void the_personality_can_be_asked_for_and_little_else(void **state UNUSED)
{
    static const uint64_t allowed[] = {0, PER_LINUX32, UNAME26, PER_LINUX32 | UNAME26, 0xffffffff};
    static const uint64_t refused[] = {ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC,
                                       MMAP_PAGE_ZERO,    PER_LINUX32 | READ_IMPLIES_EXEC,
                                       PER_SVR4,          0xfffffffe};

    for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
        assert_every_form("personality", 0, allowed[i], 32, ALLOW);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_every_form("personality", 0, refused[i], 32, REFUSED(EPERM));
}

static void pipes_and_sockets_can_be_made_as_files_but_no_devices(void **state UNUSED)
{
    static const uint64_t allowed[] = {0644, S_IFREG | 0600, S_IFIFO | 0644, S_IFSOCK | 0777};
    static const uint64_t refused[] = {S_IFCHR, S_IFCHR | 0666, S_IFBLK, S_IFBLK | 0600};

    for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
        assert_every_form("mknod", 1, allowed[i], 16, ALLOW);
        assert_every_form("mknodat", 2, allowed[i], 16, ALLOW);
    }
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        assert_every_form("mknod", 1, refused[i], 16, REFUSED(EPERM));
        assert_every_form("mknodat", 2, refused[i], 16, REFUSED(EPERM));
    }
}

/* F05, F06, F07 and what else no container of this profile reaches. */
static void these_calls_are_never_let_through(void **state UNUSED)
{
    static const char *const names[] = {
        "_sysctl",
        "acct",
        "add_key",
        "adjtimex",
        "bpf",
        "clock_adjtime",
        "clock_settime",
        "clone3",
        "create_module",
        "delete_module",
        "fanotify_init",
        "fanotify_mark",
        "finit_module",
        "fsconfig",
        "fsmount",
        "fsopen",
        "fspick",
        "get_mempolicy",
        "init_module",
        "io_uring_enter",
        "io_uring_register",
        "io_uring_setup",
        "ioperm",
        "iopl",
        "kcmp",
        "kexec_file_load",
        "kexec_load",
        "keyctl",
        "lookup_dcookie",
        "lsm_get_self_attr",
        "lsm_list_modules",
        "lsm_set_self_attr",
        "mbind",
        "memfd_secret",
        "migrate_pages",
        "modify_ldt",
        "mount",
        "mount_setattr",
        "move_mount",
        "move_pages",
        "nfsservctl",
        "open_by_handle_at",
        "open_tree",
        "perf_event_open",
        "pidfd_getfd",
        "pivot_root",
        "process_madvise",
        "process_mrelease",
        "process_vm_readv",
        "process_vm_writev",
        "ptrace",
        "quotactl",
        "quotactl_fd",
        "reboot",
        "request_key",
        "set_mempolicy",
        "set_mempolicy_home_node",
        "setdomainname",
        "sethostname",
        "setns",
        "settimeofday",
        "swapoff",
        "swapon",
        "sysfs",
        "syslog",
        "umount2",
        "uselib",
        "userfaultfd",
        "ustat",
        "vhangup",
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        static const uint64_t args[] = {0, 1, 2, 0xffffffff, ~(uint64_t)0};

        for (size_t arg = 0; arg < ARRAY_LEN(args); arg++) {
            struct seccomp_data data = call_data(&(struct call){
                .abi = SCMP_ARCH_X86_64,
                .name = names[i],
                .args = {args[arg], args[arg], args[arg], args[arg], args[arg], args[arg]}});

            if (verdict_of_data(&tested, &data) != REFUSED(EPERM) &&
                verdict_of_data(&tested, &data) != REFUSED(ENOSYS))
                fail_msg("%s passes", names[i]);
        }
    }
}

static void other_abis_are_shut(void **state UNUSED)
{
    struct seccomp_data data = {.arch = SCMP_ARCH_X86};

    for (data.nr = 0; data.nr < 600; data.nr++)
        assert_int_equal(verdict_of_data(&tested, &data), SECCOMP_RET_KILL_PROCESS);
    data.arch = SCMP_ARCH_X86_64;
    for (data.nr = 0x40000000; data.nr < 0x40000000 + 600; data.nr++)
        assert_int_equal(verdict_of_data(&tested, &data), REFUSED(ENOSYS));
    for (data.nr = 467; data.nr < 1000; data.nr++)
        assert_int_equal(verdict_of_data(&tested, &data), REFUSED(ENOSYS));
}

/* Numbers without conditions: libseccomp's reading is the same, newer calls aside. */
static void libseccomp_reads_it_in_the_same_way(void **state UNUSED)
{
    for (uint32_t number = 0; number < 450; number++) {
        struct seccomp_data data = {.arch = SCMP_ARCH_X86_64, .nr = (int)number};
        char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, data.nr);

        if (known != NULL && verdict_of_data(&tested, &data) != bpf_run(library, &data, NULL))
            fail_msg("%s", known);
        free(known);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_compiles_without_a_remark),
        cmocka_unit_test(it_means_what_it_says),
        cmocka_unit_test(sockets_are_of_four_families),
        cmocka_unit_test(netlink_is_for_routes),
        cmocka_unit_test(input_cannot_be_pushed_into_a_terminal),
        cmocka_unit_test(every_other_ioctl_is_let_through),
        cmocka_unit_test(no_namespace_can_be_made_or_joined),
        cmocka_unit_test(threads_and_processes_can_be_made),
        cmocka_unit_test(the_personality_can_be_asked_for_and_little_else),
        cmocka_unit_test(pipes_and_sockets_can_be_made_as_files_but_no_devices),
        cmocka_unit_test(these_calls_are_never_let_through),
        cmocka_unit_test(other_abis_are_shut),
        cmocka_unit_test(libseccomp_reads_it_in_the_same_way),
    };

    if (seccomp_arch_native() != SCMP_ARCH_X86_64) {
        puts("1..0 # SKIP the numbers in here are those of x86_64");
        return 77;
    }
    return cmocka_run_group_tests(tests, read_profile, test_arena_release);
}
