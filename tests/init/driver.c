/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The host side of caisson-init, made for tests: builds plans by plan/plan.h, makes the process,
 * speaks the protocol, and looks at what became of it. It can do what the real host side never
 * would: stop in the middle, lie, and send damaged plans.
 *
 *     driver CAISSON-INIT BUSYBOX [WORD]
 *
 * BUSYBOX is a static one. With a WORD only tests whose name contains it are run. Prints TAP. Needs
 * root. Links with libcaisson-pure.a, yajl, and libcontainer/kernel/sys.c.
 */

#include "driver.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/seccomp.h>

static int image = -1;
const char *busybox;
char scratch[64];
static int failures; /* of the current test */

void check_failed(const char *file, int line, const char *condition)
{
    printf("# %s:%d: %s\n", file, line, condition);
    failures++;
}

long image_kilobytes(void)
{
    struct stat st;

    return fstat(image, &st) == 0 ? (long)(st.st_size / 1024) : 0;
}

void die(const char *what)
{
    printf("Bail out! %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- files --------------------------------------------------------------------------------------------- */

static int copy_to_memory(const char *path)
{
    char buffer[4096];
    int from = open(path, O_RDONLY | O_CLOEXEC);
    int to = sys_memfd_create("caisson-init", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    ssize_t got;

    if (to < 0)
        to = sys_memfd_create("caisson-init", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (from < 0 || to < 0)
        die(path);
    while ((got = read(from, buffer, sizeof(buffer))) > 0)
        if (write(to, buffer, (size_t)got) != got)
            die("copy the program");
    close(from);
    if (fcntl(to, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        die("seal the program");
    return to;
}

void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) < 0)
        die(path);
    close(fd);
}

const char *in_box(const struct box *box, const char *name)
{
    static char path[2][512];
    static int which;

    which = !which;
    snprintf(path[which], sizeof(path[which]), "%s/rootfs/%s", box->directory, name);
    return path[which];
}

const char *beside_box(const struct box *box, const char *name)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", box->directory, name);
    return path;
}

void remove_tree(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;

    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(fd, entry->d_name, 0) < 0)
            remove_tree(fd, entry->d_name);
    }
    if (directory != NULL)
        closedir(directory);
    unlinkat(parent, name, AT_REMOVEDIR);
}

/* ---- running ------------------------------------------------------------------------------------------- */

/* As an engine's, a service manager's or a sandbox's filter around the runtime would. */
static void deny_call(long call, int error)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {.len = ARRAY_LEN(instructions), .filter = instructions};

    if (sys_seccomp_filter(0, &program) < 0)
        _exit(95);
}

/* The child of the clone, as process/launch.c's stub. */
static void run_stub(const struct box *box, int channel, int output, int mapped)
{
    char *argv[] = {(char[]){"caisson-init"}, NULL};
    char *envp[] = {NULL};
    char byte;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

    if (read(mapped, &byte, 1) != 1)
        _exit(99);
    if ((box->namespaces & CLONE_NEWUSER) != 0 &&
        (syscall(SYS_setresgid, 0, 0, 0) < 0 || syscall(SYS_setresuid, 0, 0, 0) < 0))
        _exit(99);
    /* The numbers below may be in the way of those above. */
    channel = fcntl(channel, F_DUPFD_CLOEXEC, 100);
    output = fcntl(output, F_DUPFD_CLOEXEC, 100);
    if (dup2(null, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 ||
        dup2(channel, CHANNEL_FD) < 0)
        _exit(98);
    if (box->leaks_descriptor && dup2(open("/", O_PATH | O_DIRECTORY), 9) < 0)
        _exit(97);
    if (box->ignores_signals)
        for (int number = 1; number <= 64; number++)
            signal(number, SIG_IGN);
    umask(box->caller_umask);
    if (box->denied_error != 0)
        deny_call(box->denied_call, box->denied_error);
    sys_execveat(image, "", argv, envp, AT_EMPTY_PATH);
    _exit(96);
}

static void write_maps(const struct box *box)
{
    static const char map[] = "0 100000 65536";
    char path[64];

    for (int i = 0; i < 2; i++) {
        int fd;

        snprintf(path, sizeof(path), "/proc/%d/%cid_map", (int)box->pid, "ug"[i]);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, map, sizeof(map) - 1) != (ssize_t)sizeof(map) - 1)
            die(path);
        close(fd);
    }
}

void launch(struct box *box)
{
    int pair[2];
    int output[2];
    int mapped[2];
    int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct clone_args args = {
        .flags = box->namespaces | CLONE_PIDFD,
        .pidfd = (uint64_t)(uintptr_t)&box->pidfd,
        .exit_signal = SIGCHLD,
    };

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
        pipe2(output, O_CLOEXEC) < 0 || pipe2(mapped, O_CLOEXEC) < 0 || chdir(in_box(box, "")) < 0)
        die("prepare a process");
    fflush(stdout);
    box->pid = sys_clone3(&args);
    if (box->pid < 0)
        die("clone3");
    if (box->pid == 0)
        run_stub(box, pair[1], output[1], mapped[0]);
    if (fchdir(here) < 0)
        die("go back");
    if ((box->namespaces & CLONE_NEWUSER) != 0)
        write_maps(box);
    if (box->fault_at != 0)
        start_tracer(box);
    if (write(mapped[1], "", 1) != 1)
        die("let the process go on");
    close(here);
    close(pair[1]);
    close(output[1]);
    close(mapped[0]);
    close(mapped[1]);
    box->channel = pair[0];
    box->output_fd = output[0];
}

int plan_memory(const void *bytes, size_t size)
{
    int fd = sys_memfd_create("caisson-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        die("make the plan's file");
    return fd;
}

static void send_fds(int channel, const int *fds, size_t n)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int) * CHANNEL_MAX_FDS)];
    } control = {0};
    struct channel_message message = {.type = MSG_PLAN, .op = (uint32_t)n};
    struct iovec part = {.iov_base = &message, .iov_len = sizeof(message)};
    struct msghdr header = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = CMSG_SPACE(sizeof(int) * n),
    };

    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof(int) * n);
    memcpy(CMSG_DATA(&control.header), fds, sizeof(int) * n);
    /* Who has refused already does not read any more. */
    if (sendmsg(channel, &header, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
        die("send the plan");
}

void send_plan_file(struct box *box, int memory)
{
    int batch[CHANNEL_MAX_FDS];
    size_t n = 0;

    batch[n++] = memory;
    for (size_t i = 0; i < box->plan.n_slots; i++) {
        if (n == CHANNEL_MAX_FDS) {
            send_fds(box->channel, batch, n);
            n = 0;
        }
        batch[n++] = box->slots[i];
    }
    if (n != 0)
        send_fds(box->channel, batch, n);
    close(memory);
    for (size_t i = 0; i < box->plan.n_slots; i++) {
        close(box->slots[i]);
        box->slots[i] = -1;
    }
}

void send_plan(struct box *box)
{
    size_t size;
    const void *bytes = plan_flatten(&box->plan, &size);

    send_plan_file(box, plan_memory(bytes, size));
}

void send_word(int channel, uint32_t type, const uint8_t *nonce)
{
    struct channel_message message = {.type = type};

    if (nonce != NULL)
        memcpy(message.nonce, nonce, sizeof(message.nonce));
    if (send(channel, &message, sizeof(message), MSG_NOSIGNAL) < 0 && errno != EPIPE &&
        errno != ECONNRESET)
        die("send a message");
}

/* The next message; type 0 at the end. */
struct channel_message hear(struct box *box, int channel)
{
    struct channel_message message = {0};
    struct pollfd polled = {.fd = channel, .events = POLLIN};
    ssize_t got;

    if (poll(&polled, 1, box->timeout_ms) <= 0) {
        printf("# nothing was said for %d ms\n", box->timeout_ms);
        failures++;
        kill(box->pid, SIGKILL);
    }
    do
        got = recv(channel, &message, sizeof(message), MSG_TRUNC);
    while (got < 0 && (errno == EINTR || errno == ECONNRESET));
    if (got != 0 && got != (ssize_t)sizeof(message)) {
        printf("# a message of %zd bytes\n", got);
        failures++;
    }
    return message;
}

/* Until the end of the channel. */
void hear_out(struct box *box, int channel)
{
    struct channel_message message;

    while ((message = hear(box, channel)).type != 0) {
        if (message.type == MSG_FAILED) {
            box->has_failed = true;
            box->failure = message;
        } else if (message.type == MSG_EXECUTING) {
            box->was_executing = true;
        }
    }
}

void collect(struct box *box)
{
    struct pollfd polled = {.fd = box->output_fd, .events = POLLIN};
    size_t length = 0;
    ssize_t got = 1;
    int status;

    while (got > 0 && length + 1 < sizeof(box->output)) {
        if (poll(&polled, 1, box->timeout_ms) <= 0) {
            printf("# the program does not end\n");
            failures++;
            kill(box->pid, SIGKILL);
        }
        got = read(box->output_fd, box->output + length, sizeof(box->output) - 1 - length);
        if (got > 0)
            length += (size_t)got;
    }
    box->output[length] = '\0';
    while (waitpid(box->pid, &status, __WALL) < 0 && errno == EINTR)
        ;
    end_tracer(box);
    box->pid = 0;
    box->status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* From the plan to the end of the program. */
void run_box(struct box *box)
{
    struct channel_message message;

    launch(box);
    send_plan(box);
    message = hear(box, box->channel);
    if (message.type == MSG_READY) {
        box->was_ready = true;
        send_word(box->channel, MSG_START, box->nonce);
        hear_out(box, box->channel);
    } else if (message.type == MSG_FAILED) {
        box->has_failed = true;
        box->failure = message;
    }
    collect(box);
}

void show(const struct box *box)
{
    if (box->has_failed)
        printf(
            "# failed: operation %u %s, step %u, aux %u, %s\n", box->failure.op,
            box->failure.op < box->plan.init.ops.count
                ? plan_code_name((enum plan_op_code)box->plan.init.ops.items[box->failure.op].code)
                : "-",
            box->failure.step, box->failure.aux, strerror(box->failure.error));
    printf("# status %d, output:\n", box->status);
    for (const char *line = box->output; *line != '\0';) {
        int length = (int)strcspn(line, "\n");

        printf("#   %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

bool failed_at(const struct box *box, enum plan_op_code code, uint32_t step, int error)
{
    return box->has_failed && box->failure.op < box->plan.init.ops.count &&
           box->plan.init.ops.items[box->failure.op].code == code && box->failure.step == step &&
           box->failure.error == error;
}

bool says(const struct box *box, const char *words)
{
    return strstr(box->output, words) != NULL;
}

bool says_exactly(const struct box *box, const char *words)
{
    return strcmp(box->output, words) == 0;
}

size_t count_of(const struct box *box, char wanted)
{
    size_t n = 0;

    for (const char *c = box->output; *c != '\0'; c++)
        n += *c == wanted;
    return n;
}

bool ran(const struct box *box)
{
    return box->was_ready && box->was_executing && !box->has_failed && box->status == 0;
}

void run_script(struct box *box, const char *script)
{
    add_rest(box, script);
    run_box(box);
}

/* ---- main ---------------------------------------------------------------------------------------------- */

static const struct chapter *const chapters[] = {
    &program_tests, &mount_tests, &seal_tests, &protocol_tests, &exec_tests, &fault_tests,
};

static bool run_test(const struct test *test, int number)
{
    static struct box box;
    char name[128];

    /* The names of the functions are sentences. */
    snprintf(name, sizeof(name), "%s", test->name);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '_')
            *c = ' ';
    failures = 0;
    box_open(&box, "box", test->namespaces);
    test->run(&box);
    if (failures != 0)
        show(&box);
    box_close(&box);
    printf("%sok %d - init: %s\n", failures != 0 ? "not " : "", number, name);
    return failures == 0;
}

/* A copy in the scratch directory, which can be linked from each root filesystem. */
static void copy_busybox(const char *from)
{
    static char copy[96];
    char buffer[65536];
    int source = open(from, O_RDONLY | O_CLOEXEC);
    int target;
    ssize_t got;

    snprintf(copy, sizeof(copy), "%s/busybox", scratch);
    target = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    if (source < 0 || target < 0)
        die(from);
    while ((got = read(source, buffer, sizeof(buffer))) > 0)
        if (write(target, buffer, (size_t)got) != got)
            die("copy busybox");
    close(source);
    close(target);
    busybox = copy;
}

int main(int argc, char **argv)
{
    int failed = 0;
    int number = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: driver CAISSON-INIT BUSYBOX [WORD]\n");
        return 2;
    }
    if (geteuid() != 0) {
        printf("1..0 # SKIP needs root\n");
        return 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    umask(022);
    image = copy_to_memory(argv[1]);
    snprintf(scratch, sizeof(scratch), "/tmp/init-driver-XXXXXX");
    if (mkdtemp(scratch) == NULL || chmod(scratch, 0755) < 0)
        die("make a directory");
    copy_busybox(argv[2]);
    for (size_t c = 0; c < ARRAY_LEN(chapters); c++)
        for (size_t i = 0; i < chapters[c]->count; i++) {
            const struct test *test = &chapters[c]->tests[i];

            if (argc > 3 && strstr(test->name, argv[3]) == NULL)
                continue;
            number++;
            failed += !run_test(test, number);
        }
    printf("1..%d\n", number);
    remove_tree(AT_FDCWD, scratch);
    return failed != 0;
}
