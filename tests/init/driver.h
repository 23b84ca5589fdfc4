/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What tests of caisson-init are made of; see driver.c. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/filter.h>

#include "base/macros.h"
#include "kernel/abi.h"
#include "kernel/sys.h"
#include "plan/channel.h"
#include "plan/plan.h"

struct box {
    /* before */
    struct arena arena;
    struct plan plan;
    char directory[128]; /* of the test, with "rootfs" in it */
    uint64_t namespaces;
    int slots[600];
    uint16_t null_slot; /* plus 1 */
    uint8_t nonce[16];
    mode_t caller_umask;
    bool leaks_descriptor;
    bool ignores_signals;
    long denied_call;      /* this system call fails from the first instruction of init on */
    int denied_error;      /* 0: none is denied */
    unsigned int fault_at; /* this call of init, counted from 1, fails with fault_error; 0: none */
    int fault_error;
    int timeout_ms;

    /* meanwhile */
    pid_t pid;
    int pidfd;
    int channel;
    int output_fd;
    pid_t tracer;
    int fault_report;

    /* after */
    bool was_ready;
    bool was_executing;
    bool has_failed;
    struct channel_message failure;
    long fault_call; /* which one it was; -1 if init made fewer */
    int status;      /* of the exit; 1000 and the number of the signal */
    char output[65536];
};

struct test {
    const char *name;
    void (*run)(struct box *box);
    uint64_t namespaces;
};

struct chapter {
    const struct test *tests;
    size_t count;
};

extern const struct chapter program_tests, mount_tests, seal_tests, protocol_tests, exec_tests,
    fault_tests;

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS)

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            check_failed(__FILE__, __LINE__, #condition);                                          \
    } while (0)

#define FAIL(words) check_failed(__FILE__, __LINE__, words)

void check_failed(const char *file, int line, const char *condition);

NORETURN void die(const char *what); /* the driver itself cannot go on; errno says why */
extern const char *busybox;          /* a copy in the scratch directory */
extern char scratch[64];
void remove_tree(int parent, const char *name);
void start_tracer(struct box *box); /* tracer.c: makes call number fault_at fail */
void end_tracer(struct box *box);
long image_kilobytes(void); /* of caisson-init */

/* files; the strings of in_box() are good for two calls */
const char *in_box(const struct box *box, const char *name);
const char *beside_box(const struct box *box, const char *name);
void write_file(const char *path, const char *text, mode_t mode);

/* building the plan */
void box_open(struct box *box, const char *name, uint64_t namespaces);
void box_close(struct box *box);
plan_string text(struct box *box, const char *string);
struct plan_vector words(struct box *box, size_t spare, const char *const *list); /* ends in NULL */
struct plan_op *add(struct box *box, enum plan_op_code code);
uint16_t add_slot(struct box *box, int fd); /* takes it */
int clone_mount(const char *path);
void add_root(struct box *box);
void add_mount(struct box *box, const char *filesystem, const char *target, uint16_t flags,
               const char *const *parameters);
void add_proc(struct box *box);
void add_bind(struct box *box, const char *source, const char *target, uint16_t flags);
void add_device(struct box *box, const char *path, uint32_t mode, uint32_t major, uint32_t minor);
void add_link(struct box *box, const char *path, const char *target, uint16_t flags);
void add_path(struct box *box, enum plan_op_code code, const char *path);
void add_mask(struct box *box, const char *path);
struct plan_op *add_user(struct box *box, uint32_t uid, uint32_t gid); /* IDENTITY, CAPABILITIES */
void add_program(struct box *box, const char *const *candidates, uint16_t flags);
void add_ready(struct box *box, int listener); /* takes it; -1: START over the channel */
void add_filter(struct box *box, const struct sock_filter *program, size_t size);
void add_exec(struct box *box, const char *const *args);
void add_shell(struct box *box, const char *script); /* PROGRAM, READY, EXEC */
void add_rest(struct box *box, const char *script);  /* PIVOT, root without capabilities, shell */

/* running it */
void launch(struct box *box);
int plan_memory(const void *bytes, size_t size);
void send_plan_file(struct box *box, int memory); /* takes it */
void send_plan(struct box *box);
void send_word(int channel, uint32_t type, const uint8_t *nonce);
struct channel_message hear(struct box *box, int channel);
void hear_out(struct box *box, int channel);
void collect(struct box *box);
void run_box(struct box *box);
/* The common case: mounts were added, the script does the rest. */
void run_script(struct box *box, const char *script);

/* what came of it */
bool ran(const struct box *box);
bool says(const struct box *box, const char *words);
bool says_exactly(const struct box *box, const char *words);
size_t count_of(const struct box *box, char wanted);
void show(const struct box *box);
bool failed_at(const struct box *box, enum plan_op_code code, uint32_t step, int error);
