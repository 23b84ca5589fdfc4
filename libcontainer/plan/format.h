/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The plan: what will be done, in order, as one flat block of memory.
 *
 *     header | operations | string table | vectors | blobs
 *
 * Everything inside is an offset, so the block can be copied, sealed into a memfd and mapped at any
 * address. caisson-init receives the block of init operations and refuses it as a whole before it
 * executes the first one if any offset, count or order is not as it should be. The host side keeps
 * a second block with the operations that are its own: host paths never travel into the container.
 *
 * A *string* is an offset into the string table; 0 is the empty string and stands for "none".
 * A *vector* is an array of strings: `count` words from word `first`, then a zero word. In
 * caisson-init a word is turned in place from an offset into a pointer, so that a vector is an
 * argv. A *blob* is bytes, aligned to 8: finished BPF, finished netlink messages, arrays of ids. A
 * *slot* stands for a file descriptor that does not exist while compiling: the host side fills it
 *   and sends it along with the plan.
 */

#include <stdint.h>

enum {
    PLAN_MAGIC = 0x63706c6e,
    PLAN_VERSION = 1,
    PLAN_MAX_BYTES = 24 * 1024 * 1024,
    PLAN_MAX_OPS = 16384,
    PLAN_MAX_SLOTS = 4096,
    PLAN_NO_SLOT = 0xffff,
};

struct plan_header {
    uint32_t magic;
    uint16_t version;
    uint16_t op_size;
    uint32_t total_size;
    uint32_t n_ops;
    uint32_t ops_offset;
    uint32_t strings_offset;
    uint32_t strings_size; /* the last byte is a NUL */
    uint32_t vectors_offset;
    uint32_t n_vector_words; /* 8 bytes each */
    uint32_t blobs_offset;
    uint32_t blobs_size;
    uint32_t n_slots;
};

typedef uint32_t plan_string;

struct plan_vector {
    uint32_t first;
    uint32_t count;
};

struct plan_blob {
    uint32_t offset; /* from the start of the blobs */
    uint32_t size;
};

/* Operations are executed in the order of the plan; init refuses a plan whose phases go backwards.
 */
enum plan_phase {
    PHASE_HOST,       /* executed by the host side, never sent to init */
    PHASE_NAMESPACES, /* what belongs to the namespaces themselves */
    PHASE_MOUNTS,     /* the host's mounts are still there */
    PHASE_PIVOT,      /* the root switch; no descriptor of a host mount is left at its end */
    PHASE_SEAL,       /* what is hidden or made read-only */
    PHASE_IDENTITY,   /* limits, ids, capabilities */
    PHASE_START,      /* ready, wait, filter, execve */
};

/* ---- flags of operations (plan_op.flags), by operation ---- */

enum { /* op_session */
    SESSION_NEW_KEYRING = 1 << 0,
};

enum {                          /* op_mount, op_bind */
    MOUNT_MAKE_TARGET = 1 << 0, /* create a missing mount point beneath the rootfs */
    MOUNT_COPY_UP = 1 << 1,     /* tmpcopyup: the new tmpfs starts with what was there */
    MOUNT_NO_LINKS = 1 << 2,    /* /proc and /sys: the target must be a real directory on the way */
    MOUNT_TARGET_FILE =
        1 << 3, /* a missing target is created as a file (op_bind decides by slot) */
    MOUNT_PROPAGATION_RECURSIVE = 1 << 4,
    MOUNT_ATTR_RECURSIVE = 1 << 5, /* op_remount */
    MOUNT_SUPERBLOCK = 1 << 6,     /* op_remount: reconfigure the file system, too */
    MOUNT_KEEP_MODE = 1 << 7,      /* tmpfs without mode=: the mode of what was there, if it was */
};

enum {                       /* op_device */
    DEVICE_BIND = 1 << 0,    /* no mknod here: bind the host's node in `slot` on an empty file */
    DEVICE_DEFAULT = 1 << 1, /* supplied by us: an existing file that is the same device is fine */
    DEVICE_HAS_MODE = 1 << 2,
};

enum { /* op_link */
    LINK_IF_TARGET_EXISTS = 1 << 0,
    LINK_REPLACE = 1 << 1, /* remove what is there first */
};

enum {                /* op_directory (process.cwd): the phase of creation */
    CWD_TRY = 1 << 0, /* EACCES and EPERM are left to the second attempt, as the workload's user */
};

enum {                             /* op_identity */
    IDENTITY_SKIP_GROUPS = 1 << 0, /* setgroups is denied in this user namespace */
    IDENTITY_KEEP_CAPS = 1 << 1,
};

enum {                            /* op_capabilities */
    CAPS_KEEP_SYS_ADMIN = 1 << 0, /* until execve, to load a filter without no_new_privs */
};

enum {                         /* op_program */
    PROGRAM_ADD_HOME = 1 << 0, /* env has no usable HOME: look it up for `uid` */
    PROGRAM_SEARCHED = 1 << 1, /* the name has no slash: candidates come from PATH */
};

enum {                     /* op_ready */
    READY_LISTEN = 1 << 0, /* START comes through the listening socket in `slot`, not the channel */
    READY_SILENT = 1 << 1, /* run without hooks: START is on its way, nobody waits for READY */
};

/* op_ready.creator_uid: how SO_PEERCRED shows an unmapped uid, and "the map is not known". */
#define READY_OVERFLOW_UID 65534U
#define READY_ANY_UID      0xffffffffU

enum { /* op_exec */
    EXEC_HAS_UMASK = 1 << 0,
};

enum { /* op_open_bind */
    BIND_RECURSIVE = 1 << 0,
    BIND_ATTR_RECURSIVE = 1 << 1, /* attr_set and attr_clear of the whole tree, not the top alone */
    BIND_PROPAGATION_RECURSIVE = 1 << 2,
    BIND_MUST_BE_PROC = 1 << 3, /* the destination is /proc: the source is proven to be a procfs */
    BIND_MUST_BE_SYS = 1 << 4,  /* the same for /sys and sysfs */
    BIND_MUST_BE_KERNEL = 1 << 5,  /* below /sys: a file system whose content the kernel makes */
    BIND_MUST_BE_CGROUP2 = 1 << 6, /* the host's v2 hierarchy */
    BIND_LEAVE_PEERS = 1 << 7,     /* the whole tree is made a slave of the host first */
};

enum {                     /* op_cgroup_unit */
    UNIT_OF_USER = 1 << 0, /* of the user's manager, not the system's */
};

enum { /* op_cgroup_write */
    CGROUP_IF_EXISTS =
        1 << 0,              /* without the file there is nothing that could be limited: no error */
    CGROUP_OR_NEXT = 1 << 1, /* done: skip the next row; no such file, or one that does not take
                              * this device: the next row says the same in another way */
};

enum plan_hook_point {
    HOOK_PRESTART,
    HOOK_CREATE_RUNTIME,
    HOOK_CREATE_CONTAINER,
    HOOK_START_CONTAINER,
    HOOK_POSTSTART,
    HOOK_POSTSTOP,
    N_HOOK_POINTS,
};

enum {
    ID_MAP_UID,
    ID_MAP_GID
};

/* ---- payloads; each fits PLAN_PAYLOAD_BYTES ---- */

struct op_nothing {
    uint32_t unused;
};

/* host: cgroup */
struct op_cgroup {
    plan_string path; /* from the root of the cgroup v2 tree, clean and absolute */
};
struct op_cgroup_unit {
    plan_string name;  /* "libpod-1.scope" */
    plan_string slice; /* "machine.slice" */
    plan_string path;  /* in the v2 tree, from the root of the system's manager */
};
struct op_unit_property {
    plan_string name;
    plan_string signature; /* of D-Bus: "t", "s", "b", "i", "as", "ay", "a(st)" */
    struct plan_vector
        values; /* "ay": one, in hexadecimal; others in decimal, as they are written */
};
struct op_cgroup_write {
    plan_string file;  /* one component, such as "pids.max" */
    plan_string value; /* one line without its newline */
};
struct op_cgroup_devices {
    struct plan_blob program; /* array of struct bpf_insn */
    plan_string summary;      /* for people: "deny all, allow c 1:3 rwm, ..." */
};

/* host: namespaces and identity of the process */
/* host: made by clone3 or joined before it. init (OP_UNSHARE): the cgroup namespace, whose root is
 * the cgroup of the process that makes it, so it must wait until we are in ours. */
struct op_namespace {
    uint32_t clone_flag; /* CLONE_NEW* */
    plan_string name;    /* as the specification calls it */
    plan_string path;    /* 0: a new one */
};
struct op_id_map {
    uint32_t which; /* ID_MAP_* */
    plan_string text;
};
struct op_oom_score {
    int32_t value;
};

/* host: sources as detached mounts */
struct op_open_root {
    uint16_t slot;
    uint16_t reserved;
    plan_string path;     /* as in root.path: absolute, or relative to the bundle */
    uint64_t propagation; /* MS_PRIVATE, MS_SLAVE: state of the clone before it is attached */
};
struct op_open_bind {
    uint16_t slot;
    uint16_t reserved;
    plan_string path;
    uint64_t attr_set; /* MOUNT_ATTR_*; applied second */
    uint64_t attr_clear;
    uint64_t recursive_attr_set; /* the r* options: of the whole tree; applied first */
    uint64_t recursive_attr_clear;
    uint32_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE */
};
struct op_open_device {
    uint16_t slot;
    uint16_t reserved;
    plan_string path; /* on the host */
    uint32_t type;    /* S_IFCHR, S_IFBLK */
    uint32_t major;
    uint32_t minor;
};
struct op_hook {
    uint32_t point; /* enum plan_hook_point */
    plan_string path;
    struct plan_vector args;
    struct plan_vector env;
    int64_t timeout_s; /* 0: none */
};

/* init: namespaces */
struct op_text {
    plan_string text;
};
struct op_time_offsets {
    int64_t monotonic_s;
    int64_t boottime_s;
    uint32_t monotonic_ns;
    uint32_t boottime_ns;
};
struct op_netlink {
    struct plan_blob message; /* one NETLINK_ROUTE request with NLM_F_ACK */
    plan_string summary;      /* for people: "set lo up" */
};

/* init: mounts */
struct op_propagation {
    uint64_t propagation; /* applied recursively to the whole tree of this namespace */
};
struct op_root {
    uint16_t slot;
};
struct op_mount {
    plan_string target;
    plan_string filesystem;
    plan_string source;
    struct plan_vector parameters; /* "key=value" or "key", for fsconfig, one by one */
    uint32_t attributes;           /* MOUNT_ATTR_* */
    uint32_t propagation;          /* 0: leave it private */
};
struct op_bind {
    uint16_t slot;
    uint16_t reserved;
    plan_string target;
};
struct op_remount {
    plan_string target;
    uint64_t attr_set;
    uint64_t attr_clear;
    uint32_t propagation;          /* 0: as it is */
    struct plan_vector parameters; /* with MOUNT_SUPERBLOCK */
};
struct op_device {
    plan_string path;
    uint32_t mode; /* type and permissions */
    uint32_t major;
    uint32_t minor;
    uint32_t uid;
    uint32_t gid;
    uint16_t slot;
};
struct op_link {
    plan_string path;
    plan_string target;
};
struct op_directory {
    plan_string path;
};
struct op_at_hook {
    uint32_t point;
};

/* init: seal */
struct op_sysctl {
    plan_string name; /* as a path: "net/ipv4/ip_forward" */
    plan_string value;
};
struct op_path {
    plan_string path;
};
struct op_mask {
    plan_string path;
    uint16_t slot; /* a detached clone of the verified null device */
};
struct op_root_attributes {
    uint64_t attr_set;
    uint32_t propagation; /* 0: as it is */
};

/* init: identity */
struct op_rlimit {
    uint32_t resource;
    uint64_t soft;
    uint64_t hard;
};
struct op_number {
    uint32_t value;
};
struct op_capability_mask {
    uint64_t mask;
};
struct op_capabilities {
    uint64_t effective;
    uint64_t permitted;
    uint64_t inheritable;
    uint64_t ambient;
};
struct op_identity {
    uint32_t uid;
    uint32_t gid;
    struct plan_blob groups; /* array of uint32_t */
};
struct op_program {
    plan_string name;              /* args[0], for messages */
    struct plan_vector candidates; /* paths to try, in order */
    uint32_t uid;
};

/* init: start */
struct op_ready {
    uint16_t slot;
    uint16_t reserved;
    uint32_t creator_uid; /* as seen from inside; checked against the peer of the socket */
    uint8_t nonce[16];    /* what START must carry */
};
struct op_inner_hook {
    uint32_t index; /* in startContainer */
    plan_string path;
    struct plan_vector args;
    struct plan_vector env;
    plan_string state_head; /* the state as JSON, up to and after the pid */
    plan_string state_tail;
    int64_t timeout_s;
};
struct op_filter {
    struct plan_blob program; /* array of struct sock_filter */
    uint32_t flags;           /* SECCOMP_FILTER_FLAG_* */
};
struct op_exec {
    struct plan_vector args;
    struct plan_vector env; /* has one free word after its end, for HOME */
    uint32_t umask;
    uint32_t n_preserved; /* descriptors 3 to 3 + n - 1 stay open */
};

enum {
    PLAN_PAYLOAD_BYTES = 56
};

struct plan_op {
    uint16_t code;      /* enum plan_op_code */
    uint16_t flags;     /* by operation */
    plan_string origin; /* JSON pointer, for messages */
    union {
#define OP(code, name, payload, phase, sentence) struct payload name;
#include "plan/ops.def"
        uint64_t bytes[PLAN_PAYLOAD_BYTES / 8];
    };
};

enum plan_op_code {
#define OP(code, name, payload, phase, sentence) OP_##code,
#include "plan/ops.def"
    N_OPS,
};

#define OP(code, name, payload, phase, sentence)                                                   \
    _Static_assert(sizeof(struct payload) <= PLAN_PAYLOAD_BYTES, "payload of OP_" #code);
#include "plan/ops.def"
_Static_assert(sizeof(struct plan_op) == 8 + PLAN_PAYLOAD_BYTES, "no padding in plan_op");
_Static_assert(sizeof(void *) == 8, "vectors become pointers in place");
