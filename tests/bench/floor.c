/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The floor: what the kernel alone costs.
 *
 *     floor CGROUP BUNDLE FILTER [WORD...]
 *
 * makes the system calls that `run` of the engine-shaped bundle (bundle.sh) needs, with nothing
 * around them: no JSON, no state directory, no engine. What the bundle's config.json says is
 * written here as tables; FILTER is its seccomp section as finished BPF (filter.c). A runtime that
 * is safe cannot do less, so the distance to this program is what it spends on itself.
 *
 * Calls that only a less careful runtime could leave out are part of the floor: the second half is
 * executed from a sealed copy in memory (CVE-2019-5736), paths of the container are opened by
 * openat2 with RESOLVE_IN_ROOT and used by descriptor afterwards, the process is in its cgroup and
 * under its device program from its first instruction.
 *
 * When bundle.sh changes, the tables here change with it.
 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/openat2.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

/* What the headers of the oldest libc that builds this do not have. */
#ifndef MFD_EXEC
#    define MFD_EXEC 0x0010U /* Linux 6.3 */
#endif
#ifndef P_PIDFD
#    define P_PIDFD 3 /* Linux 5.4 */
#endif
#ifndef AT_RECURSIVE
#    define AT_RECURSIVE 0x8000
#endif
#define UMOUNT_DETACH        2
#define PROPAGATION_PRIVATE  (1U << 18)
#define JOIN_SESSION_KEYRING 1
#define LINK_UP              1U

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

/* The one descriptor that crosses execveat. */
#define FILTER_FD 3

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0)
        _exit(126);
}

static _Noreturn void die(const char *what)
{
    const char *reason = strerror(errno);

    say("floor: ");
    say(what);
    say(": ");
    say(reason);
    say("\n");
    _exit(125);
}

static int must(long result, const char *what)
{
    if (result < 0)
        die(what);
    return (int)result;
}

/* ---- tables: what bundle.sh writes into config.json ---- */

#define NOSUID    MOUNT_ATTR_NOSUID
#define NODEV     MOUNT_ATTR_NODEV
#define NOEXEC    MOUNT_ATTR_NOEXEC
#define READ_ONLY MOUNT_ATTR_RDONLY

struct parameter {
    const char *key;   /* NULL ends the list */
    const char *value; /* NULL: a flag */
};

static const struct parameter none[] = {{NULL, NULL}};
static const struct parameter dev[] = {{"mode", "755"}, {"size", "65536k"}, {NULL, NULL}};
static const struct parameter shm[] = {{"mode", "1777"}, {"size", "65536k"}, {NULL, NULL}};
static const struct parameter pts[] = {
    {"newinstance", NULL}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", "5"}, {NULL, NULL},
};

#define IN_DEV true /* its mount point is ours to make, in the new and empty /dev */

static const struct filesystem {
    const char *type;
    const char *source;
    const char *target;
    bool is_in_dev;
    const struct parameter *parameters;
    unsigned int attributes;
} filesystems[] = {
    {"proc", "proc", "proc", false, none, NOSUID | NOEXEC | NODEV},
    {"tmpfs", "tmpfs", "dev", false, dev, NOSUID | MOUNT_ATTR_STRICTATIME},
    {"devpts", "devpts", "pts", IN_DEV, pts, NOSUID | NOEXEC},
    {"sysfs", "sysfs", "sys", false, none, NOSUID | NOEXEC | NODEV | READ_ONLY},
    {"cgroup2", "cgroup", "sys/fs/cgroup", false, none, NOSUID | NOEXEC | NODEV | READ_ONLY},
    {"mqueue", "mqueue", "mqueue", IN_DEV, none, NOSUID | NOEXEC | NODEV},
    {"tmpfs", "shm", "shm", IN_DEV, shm, NOSUID | NOEXEC | NODEV},
};

static const struct {
    const char *source; /* in the bundle */
    const char *target; /* in the root filesystem */
} binds[] = {
    {"resolv.conf", "etc/resolv.conf"},
    {"hostname", "etc/hostname"},
    {"hosts", "etc/hosts"},
};

static const struct {
    const char *name;
    unsigned int major;
    unsigned int minor;
} devices[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
    const char *name;
    const char *to;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"core", "/proc/kcore"},      {"ptmx", "pts/ptmx"},
};

static const char *const masked_paths[] = {
    "proc/acpi",       "proc/asound",        "proc/interrupts",  "proc/kcore",
    "proc/keys",       "proc/latency_stats", "proc/sched_debug", "proc/scsi",
    "proc/timer_list", "proc/timer_stats",   "sys/firmware",     "sys/devices/virtual/powercap",
};

static const char *const readonly_paths[] = {
    "proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
};

static const unsigned int kept_capabilities[] = {
    CAP_AUDIT_WRITE, CAP_CHOWN,   CAP_DAC_OVERRIDE, CAP_FOWNER,     CAP_FSETID,
    CAP_KILL,        CAP_MKNOD,   CAP_NET_RAW,      CAP_SETGID,     CAP_NET_BIND_SERVICE,
    CAP_SETFCAP,     CAP_SETPCAP, CAP_SETUID,       CAP_SYS_CHROOT,
};

static char *const workload_envp[] = {
    (char *)(uintptr_t) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    (char *)(uintptr_t) "HOSTNAME=bench",
    NULL,
};

/* ---- the mount API, by descriptor ---- */

static int open_in_root(int root, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof(how));
}

static int clone_tree(int directory, const char *path)
{
    unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE;

    return must(syscall(SYS_open_tree, directory, path, flags), "open_tree");
}

/* Owns both. */
static void attach(int mount, int target)
{
    unsigned int flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;

    must(syscall(SYS_move_mount, mount, "", target, "", flags), "move_mount");
    close(mount);
    close(target);
}

static int new_filesystem(const char *type, const char *source, const struct parameter *parameter,
                          unsigned int attributes)
{
    int context = must(syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), "fsopen");
    int mount;

    must(syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "source", source, 0), "source");
    for (; parameter->key != NULL; parameter++)
        must(syscall(SYS_fsconfig, context,
                     parameter->value == NULL ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING,
                     parameter->key, parameter->value, 0),
             parameter->key);
    must(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0), type);
    mount = must(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes), "fsmount");
    close(context);
    return mount;
}

/* ---- inside: what caisson-init would do ---- */

static void loopback_up(void)
{
    struct {
        struct nlmsghdr header;
        struct ifinfomsg link;
    } request = {
        .header = {.nlmsg_len = sizeof(request),
                   .nlmsg_type = RTM_NEWLINK,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK},
        .link = {.ifi_index = 1, .ifi_flags = LINK_UP, .ifi_change = LINK_UP},
    };
    struct {
        struct nlmsghdr header;
        struct nlmsgerr result;
    } answer;
    int fd = must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink socket");

    must(send(fd, &request, sizeof(request), 0), "netlink send");
    must(recv(fd, &answer, sizeof(answer), 0), "netlink recv");
    errno = -answer.result.error;
    if (errno != 0)
        die("set lo up");
    close(fd);
}

/* Returns the root: the clone of rootfs, mounted over it, so that it can become the root. */
static int mount_root(void)
{
    struct mount_attr attr = {.propagation = PROPAGATION_PRIVATE};
    int root;

    /* First of all: from here on nothing that is mounted can reach the host. */
    must(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &attr, sizeof(attr)),
         "make / private");
    root = clone_tree(AT_FDCWD, "rootfs");
    must(syscall(SYS_move_mount, root, "", AT_FDCWD, "rootfs", MOVE_MOUNT_F_EMPTY_PATH),
         "move_mount of the root");
    return root;
}

static void fill_dev(int dev_fd)
{
    for (size_t i = 0; i < ARRAY_LEN(devices); i++)
        must(mknodat(dev_fd, devices[i].name, S_IFCHR | 0666,
                     makedev(devices[i].major, devices[i].minor)),
             devices[i].name);
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        must(symlinkat(links[i].to, dev_fd, links[i].name), links[i].name);
}

/* Returns /dev. */
static int mount_all(int root)
{
    int dev_fd = -1;

    for (size_t i = 0; i < ARRAY_LEN(filesystems); i++) {
        const struct filesystem *row = &filesystems[i];
        int mount = new_filesystem(row->type, row->source, row->parameters, row->attributes);
        int parent = row->is_in_dev ? dev_fd : root;
        int target;

        if (row->is_in_dev)
            must(mkdirat(dev_fd, row->target, 0755), row->target);
        target = must(open_in_root(parent, row->target), row->target);
        if (row->parameters == dev)
            dev_fd = must(fcntl(mount, F_DUPFD_CLOEXEC, 0), "dup");
        attach(mount, target);
    }
    for (size_t i = 0; i < ARRAY_LEN(binds); i++) {
        int mount = clone_tree(AT_FDCWD, binds[i].source);

        attach(mount, must(open_in_root(root, binds[i].target), binds[i].target));
    }
    fill_dev(dev_fd);
    return dev_fd;
}

static void enter_root(int root)
{
    must(fchdir(root), "fchdir");
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    /* The old root is now mounted over the new one at ".". */
    must(syscall(SYS_umount2, ".", UMOUNT_DETACH), "umount the old root");
    must(chdir("/"), "chdir");
}

/* A file is covered by the container's own /dev/null, a directory by one empty tmpfs that all of
 * them share. Only an attached mount can be cloned before Linux 6.15, so the first directory gets
 * the tmpfs itself and the others a clone of what the first one got. */
static void mask_paths(int root, int dev_fd)
{
    int first = -1;

    for (size_t i = 0; i < ARRAY_LEN(masked_paths); i++) {
        int target = open_in_root(root, masked_paths[i]);
        struct stat st;

        if (target < 0 && errno == ENOENT)
            continue;
        must(target, masked_paths[i]);
        must(fstat(target, &st), masked_paths[i]);
        if (!S_ISDIR(st.st_mode)) {
            attach(clone_tree(dev_fd, "null"), target);
        } else if (first < 0) {
            int empty = new_filesystem("tmpfs", "tmpfs", none, NOSUID | NODEV | NOEXEC | READ_ONLY);

            first = must(fcntl(empty, F_DUPFD_CLOEXEC, 0), "dup");
            attach(empty, target);
        } else {
            attach(clone_tree(first, ""), target);
        }
    }
}

static void freeze_paths(int root)
{
    struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

    for (size_t i = 0; i < ARRAY_LEN(readonly_paths); i++) {
        int target = open_in_root(root, readonly_paths[i]);
        int mount;

        if (target < 0 && errno == ENOENT)
            continue;
        mount = clone_tree(must(target, readonly_paths[i]), "");
        must(syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
                     sizeof(attr)),
             readonly_paths[i]);
        attach(mount, target);
    }
}

static void drop(const struct sock_fprog *filter)
{
    struct rlimit files = {.rlim_cur = 1024, .rlim_max = 1024};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0}, {0}};
    gid_t groups[] = {0};
    uint64_t kept = 0;

    for (size_t i = 0; i < ARRAY_LEN(kept_capabilities); i++)
        kept |= UINT64_C(1) << kept_capabilities[i];
    for (unsigned int i = 0; i < 2; i++)
        data[i].effective = data[i].permitted = (uint32_t)(kept >> (32 * i));

    must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
    for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
        if ((kept >> cap & 1) == 0)
            must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "drop from the bounding set");
    must(syscall(SYS_setgroups, ARRAY_LEN(groups), groups), "setgroups");
    must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
    must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
    /* The bundle does not set no_new_privs, so the filter needs CAP_SYS_ADMIN and goes first. It
     * allows the two calls that follow. */
    must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter), "load the filter");
    must(syscall(SYS_capset, &header, data), "capset");
}

static _Noreturn void inside(char *const *workload_argv)
{
    static struct sock_filter instructions[BPF_MAXINSNS];
    struct sock_fprog filter = {.filter = instructions};
    ssize_t size;
    int root;
    int dev_fd;

    must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
    size = read(FILTER_FD, instructions, sizeof(instructions));
    must(size, "read the filter");
    close(FILTER_FD);
    filter.len = (unsigned short)((size_t)size / sizeof(instructions[0]));

    must(setsid(), "setsid");
    must(syscall(SYS_keyctl, JOIN_SESSION_KEYRING, "_ses.floor"), "new session keyring");
    loopback_up();
    must(sethostname("bench", 5), "sethostname");
    umask(0);
    root = mount_root();
    dev_fd = mount_all(root);
    enter_root(root);
    mask_paths(root, dev_fd);
    freeze_paths(root);
    umask(022);
    drop(&filter);
    must(syscall(SYS_close_range, 3, ~0U, 0), "close_range");
    execve(workload_argv[0], workload_argv, workload_envp);
    die("execve");
}

/* ---- outside: the host's side ---- */

#define LOAD(to, field)                                                                            \
    {                                                                                              \
        .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = (to), .src_reg = BPF_REG_1,                  \
        .off = offsetof(struct bpf_cgroup_dev_ctx, field)                                          \
    }
#define COPY(to, from)                                                                             \
    {                                                                                              \
        .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = (to), .src_reg = (from)                    \
    }
#define COMPUTE(operation, to, value)                                                              \
    {                                                                                              \
        .code = BPF_ALU64 | (operation) | BPF_K, .dst_reg = (to), .imm = (value)                   \
    }
#define SKIP_IF(comparison, reg, value, count)                                                     \
    {                                                                                              \
        .code = BPF_JMP | (comparison) | BPF_K, .dst_reg = (reg), .off = (count), .imm = (value)   \
    }
#define RETURN                                                                                     \
    {                                                                                              \
        .code = BPF_JMP | BPF_EXIT                                                                 \
    }

/* Deny all but making nodes and using null, zero, full, random, urandom, tty, console, ptmx and
 * pseudo-terminals. */
static int load_device_program(void)
{
    static const struct bpf_insn program[] = {
        LOAD(BPF_REG_2, access_type),
        LOAD(BPF_REG_4, major),
        LOAD(BPF_REG_5, minor),
        COPY(BPF_REG_3, BPF_REG_2),
        COMPUTE(BPF_RSH, BPF_REG_3, 16),     /* r3: access */
        COMPUTE(BPF_AND, BPF_REG_2, 0xffff), /* r2: type */
        COMPUTE(BPF_MOV, BPF_REG_0, 1),
        SKIP_IF(BPF_JEQ, BPF_REG_3, BPF_DEVCG_ACC_MKNOD, 14),
        SKIP_IF(BPF_JNE, BPF_REG_2, BPF_DEVCG_DEV_CHAR, 12),
        SKIP_IF(BPF_JEQ, BPF_REG_4, 136, 12),
        SKIP_IF(BPF_JEQ, BPF_REG_4, 1, 5),
        SKIP_IF(BPF_JNE, BPF_REG_4, 5, 9),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 0, 9),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 1, 8),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 2, 7),
        SKIP_IF(BPF_JNE, BPF_REG_4, 1, 5),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 3, 5),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 5, 4),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 7, 3),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 8, 2),
        SKIP_IF(BPF_JEQ, BPF_REG_5, 9, 1),
        COMPUTE(BPF_MOV, BPF_REG_0, 0),
        RETURN,
    };
    union bpf_attr attr = {
        .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
        .insns = (uintptr_t)program,
        .insn_cnt = ARRAY_LEN(program),
        .license = (uintptr_t) "Apache-2.0",
    };

    return must(syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)), "load the device program");
}

static int make_cgroup(const char *path)
{
    union bpf_attr attr = {
        .attach_type = BPF_CGROUP_DEVICE,
        .attach_flags = BPF_F_ALLOW_MULTI,
    };
    int cgroup;
    int program;

    must(mkdir(path, 0755), path);
    cgroup = must(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), path);
    program = load_device_program();
    attr.target_fd = (uint32_t)cgroup;
    attr.attach_bpf_fd = (uint32_t)program;
    must(syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)), "attach the device program");
    close(program);
    return cgroup;
}

/* The same program, where no container can ever write to it. */
static int make_image(void)
{
    int file = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC), "open /proc/self/exe");
    int image = (int)syscall(SYS_memfd_create, "floor", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

    if (image < 0)
        image = must(syscall(SYS_memfd_create, "floor", MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd");
    must(sendfile(image, file, NULL, 1 << 20), "copy the program");
    must(fcntl(image, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
         "seal the program");
    close(file);
    return image;
}

/* `argv` is what the second half gets; it executes what follows its own name and the flag. */
static _Noreturn void enter(int image, int filter, char *const *argv)
{
    char *const envp[] = {NULL};

    if (filter == FILTER_FD)
        must(fcntl(filter, F_SETFD, 0), "fcntl");
    else
        must(dup2(filter, FILTER_FD), "dup2");
    syscall(SYS_execveat, image, "", argv, envp, AT_EMPTY_PATH);
    die("execveat");
}

static int run(const char *cgroup_path, const char *bundle, const char *filter_path,
               char *const *argv)
{
    int filter = must(open(filter_path, O_RDONLY | O_CLOEXEC), filter_path);
    int cgroup = make_cgroup(cgroup_path);
    int image = make_image();
    int pidfd = -1;
    struct clone_args args = {
        .flags = CLONE_INTO_CGROUP | CLONE_PIDFD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET |
                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
        .pidfd = (uintptr_t)&pidfd,
        .exit_signal = SIGCHLD,
        .cgroup = (unsigned int)cgroup,
    };
    siginfo_t end = {0};

    must(chdir(bundle), bundle);
    if (must(syscall(SYS_clone3, &args, sizeof(args)), "clone3") == 0)
        enter(image, filter, argv);
    must(waitid((idtype_t)P_PIDFD, (id_t)pidfd, &end, WEXITED), "waitid");
    must(rmdir(cgroup_path), cgroup_path);
    return end.si_code == CLD_EXITED ? end.si_status : 128 + end.si_status;
}

int main(int argc, char **argv)
{
    static char name[] = "floor";
    static char flag[] = "--inside";
    static char workload[] = "/bin/true";
    char *default_argv[] = {name, flag, workload, NULL};
    const char *cgroup;
    const char *bundle;
    const char *filter;

    if (argc >= 3 && strcmp(argv[1], flag) == 0)
        inside(argv + 2);
    if (argc < 4) {
        say("usage: floor CGROUP BUNDLE FILTER [WORD...] (absolute paths)\n");
        return 2;
    }
    cgroup = argv[1];
    bundle = argv[2];
    filter = argv[3];
    if (argc == 4)
        return run(cgroup, bundle, filter, default_argv);
    argv[2] = name;
    argv[3] = flag;
    return run(cgroup, bundle, filter, argv + 2);
}
