/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Makes system calls and says what came back, one line each:
 *
 *     probe [ABI:]CALL[,ARGUMENT]... ...
 *
 *     probe socket,40,1,0 i386:socketcall,1,[38:5:0] x32:getpid 999 clone,0x10000011
 *
 * ABI is i386 (int 0x80, with whole registers of 64 bits) or x32 (bit 30). CALL is a number or one
 * of the names below. An argument is a number, or [a:b:c] for the address of an array of 32-bit
 * numbers below 4 GiB. Results: ok, the name of an errno, "errno N", or the signal that the call
 * died of.
 *
 * A static program for x86_64, so that it runs in any rootfs and makes few calls of its own.
 */

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    N_ARGUMENTS = 6,
    X32_BIT = 0x40000000,
    MAX_NUMBERS = 8
};

struct names {
    const char *name;
    long native;
    long i386;
};

static const struct names names[] = {
    {"read", SYS_read, 3},
    {"getpid", SYS_getpid, 20},
    {"socket", SYS_socket, 359},
    {"socketpair", SYS_socketpair, 360},
    {"socketcall", -1, 102},
    {"ipc", -1, 117},
    {"ioctl", SYS_ioctl, 54},
    {"clone", SYS_clone, 120},
    {"clone3", SYS_clone3, 435},
    {"unshare", SYS_unshare, 310},
    {"setns", SYS_setns, 346},
    {"personality", SYS_personality, 136},
    {"prctl", SYS_prctl, 172},
    {"mknod", SYS_mknod, 14},
    {"mount", SYS_mount, 21},
    {"fsopen", SYS_fsopen, 430},
    {"open_tree", SYS_open_tree, 428},
    {"pivot_root", SYS_pivot_root, 217},
    {"ptrace", SYS_ptrace, 26},
    {"bpf", SYS_bpf, 357},
    {"perf_event_open", SYS_perf_event_open, 336},
    {"userfaultfd", SYS_userfaultfd, 374},
    {"io_uring_setup", SYS_io_uring_setup, 425},
    {"keyctl", SYS_keyctl, 288},
    {"add_key", SYS_add_key, 286},
    {"request_key", SYS_request_key, 287},
    {"kexec_load", SYS_kexec_load, 283},
    {"init_module", SYS_init_module, 128},
    {"finit_module", SYS_finit_module, 350},
    {"swapoff", SYS_swapoff, 115},
    {"reboot", SYS_reboot, 88},
    {"syslog", SYS_syslog, 103},
    {"open_by_handle_at", SYS_open_by_handle_at, 342},
    {"kcmp", SYS_kcmp, 349},
    {"process_vm_readv", SYS_process_vm_readv, 347},
    {"lseek", SYS_lseek, 19},
};

static const struct {
    int number;
    const char *name;
} errnos[] = {
    {EPERM, "EPERM"},
    {ENOENT, "ENOENT"},
    {ESRCH, "ESRCH"},
    {EBADF, "EBADF"},
    {EACCES, "EACCES"},
    {EFAULT, "EFAULT"},
    {EINVAL, "EINVAL"},
    {ENOTTY, "ENOTTY"},
    {ENOSYS, "ENOSYS"},
    {ENOSPC, "ENOSPC"},
    {EAFNOSUPPORT, "EAFNOSUPPORT"},
    {EPROTONOSUPPORT, "EPROTONOSUPPORT"},
    {ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT"},
    {EOPNOTSUPP, "EOPNOTSUPP"},
    {ENODEV, "ENODEV"},
    {EBUSY, "EBUSY"},
    {EIO, "EIO"},
    {ENOEXEC, "ENOEXEC"},
    {EPROTOTYPE, "EPROTOTYPE"},
    {ENOKEY, "ENOKEY"},
};

struct request {
    const char *abi; /* NULL: native */
    long number;
    uint64_t arguments[N_ARGUMENTS];
};

static _Noreturn void usage(const char *about)
{
    fprintf(stderr, "probe: cannot read %s\n", about);
    exit(2);
}

static uint64_t number_from(const char *text, char **end)
{
    uint64_t result;

    errno = 0;
    result = strtoull(text, end, 0);
    if (*end == text || errno != 0)
        usage(text);
    return result;
}

/* [a:b:c]; *end is behind the bracket. */
static uint64_t array_from(const char *text, char **end)
{
    static uint32_t *page; /* where 32 bits of an address suffice */
    static unsigned int used;
    unsigned int first = used;
    char *next = (char *)(uintptr_t)text;

    if (page == NULL)
        page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
                    0);
    if (page == MAP_FAILED)
        usage("an array: no memory");
    do {
        if (used == 4096 / sizeof(*page))
            usage(text);
        page[used++] = (uint32_t)number_from(next + 1, &next);
    } while (*next == ':');
    if (*next != ']')
        usage(text);
    *end = next + 1;
    return (uint64_t)(uintptr_t)(page + first);
}

static long call_from(const char *text, size_t length, const char *abi)
{
    char word[64];
    char *end;

    if (length >= sizeof(word))
        usage(text);
    memcpy(word, text, length);
    word[length] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, word) == 0)
            return abi != NULL && strcmp(abi, "i386") == 0 ? names[i].i386 : names[i].native;
    return (long)number_from(word, &end);
}

static struct request request_from(const char *text)
{
    struct request request = {0};
    const char *call = text;

    if (strncmp(call, "i386:", 5) == 0)
        request.abi = "i386";
    if (strncmp(call, "x32:", 4) == 0)
        request.abi = "x32";
    if (request.abi != NULL)
        call += strlen(request.abi) + 1;
    request.number = call_from(call, strcspn(call, ","), request.abi);
    if (request.abi != NULL && strcmp(request.abi, "x32") == 0)
        request.number |= X32_BIT;
    call += strcspn(call, ",");
    for (int i = 0; *call == ','; i++) {
        char *end;

        if (i == N_ARGUMENTS)
            usage(text);
        request.arguments[i] =
            call[1] == '[' ? array_from(call + 1, &end) : number_from(call + 1, &end);
        call = end;
    }
    if (*call != '\0')
        usage(text);
    return request;
}

/* -errno as the kernel gives it. */
static long make_call(const struct request *request)
{
    const uint64_t *a = request->arguments;
    long result;

    if (request->abi != NULL && strcmp(request->abi, "i386") == 0) {
        __asm__ volatile("int $0x80"
                         : "=a"(result)
                         : "a"(request->number), "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]),
                           "D"(a[4])
                         : "memory", "r8", "r9", "r10", "r11");
        return (int)result;
    }
    result = syscall(request->number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 ? -errno : result;
}

static void print_result(long result)
{
    if (result >= 0) {
        puts("ok");
        return;
    }
    for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
        if (errnos[i].number == -result) {
            puts(errnos[i].name);
            return;
        }
    printf("errno %ld\n", -result);
}

static int run(const char *text)
{
    struct request request = request_from(text);
    pid_t child;
    int status;

    printf("%s ", text);
    fflush(stdout);
    child = fork();
    if (child < 0)
        return 1;
    if (child == 0) {
        pid_t me = getpid();
        long result = make_call(&request);

        /* The call may have been a clone. */
        if (getpid() != me)
            _exit(0);
        print_result(result);
        fflush(stdout);
        _exit(0);
    }
    if (waitpid(child, &status, 0) < 0)
        return 1;
    if (WIFSIGNALED(status))
        printf("%s\n", WTERMSIG(status) == SIGSYS ? "SIGSYS" : strsignal(WTERMSIG(status)));
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (run(argv[i]) != 0) {
            perror("probe");
            return 1;
        }
    return argc > 1 ? 0 : 2;
}
