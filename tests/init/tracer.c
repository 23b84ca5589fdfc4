/* SPDX-License-Identifier: Apache-2.0 */

/* Lets one system call of init fail without being made. */

#include <errno.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "driver.h"

#if defined(__x86_64__)
/* Waits for the next stop of the traced process at a call of its own. False at its end. */
static bool next_stop(pid_t pid, struct ptrace_syscall_info *info)
{
    for (;;) {
        int status;

        ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
        if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
            return false;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80) &&
            ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(*info), info) > 0)
            return true;
    }
}

/* Lets call number `at` behind the execution of init fail without being made, and says which one it
 * was. */
static void trace(const struct box *box, int report)
{
    struct ptrace_syscall_info info;
    struct user_regs_struct registers;
    unsigned int n = 0;
    bool is_init = false;
    long call = 0;

    if (ptrace(PTRACE_SEIZE, box->pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0 ||
        ptrace(PTRACE_INTERRUPT, box->pid, NULL, NULL) < 0 || waitpid(box->pid, NULL, __WALL) < 0)
        _exit(1);
    if (write(report, &call, sizeof(call)) < 0) /* seized */
        _exit(1);
    while (n < box->fault_at && next_stop(box->pid, &info)) {
        if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
            call = (long)info.entry.nr;
            n += is_init;
        } else if (!is_init) {
            is_init = call == SYS_execveat && info.exit.rval == 0;
        } else if (call == SYS_execve && info.exit.rval == 0) {
            break; /* the payload: too far */
        }
    }
    if (n == box->fault_at) {
        if (write(report, &call, sizeof(call)) < 0)
            _exit(1);
        ptrace(PTRACE_GETREGS, box->pid, NULL, &registers);
        registers.orig_rax = (unsigned long long)-1;
        ptrace(PTRACE_SETREGS, box->pid, NULL, &registers);
        if (next_stop(box->pid, &info)) {
            ptrace(PTRACE_GETREGS, box->pid, NULL, &registers);
            registers.rax = (unsigned long long)-box->fault_error;
            ptrace(PTRACE_SETREGS, box->pid, NULL, &registers);
        }
    }
    ptrace(PTRACE_DETACH, box->pid, NULL, NULL);
    _exit(0);
}

void start_tracer(struct box *box)
{
    int report[2];

    if (pipe2(report, O_CLOEXEC) < 0)
        die("make a pipe");
    box->tracer = fork();
    if (box->tracer == 0)
        trace(box, report[1]);
    close(report[1]);
    if (read(report[0], &box->fault_call, sizeof(box->fault_call)) <= 0)
        die("trace a process");
    box->fault_report = report[0];
}

void end_tracer(struct box *box)
{
    if (box->tracer == 0)
        return;
    if (read(box->fault_report, &box->fault_call, sizeof(box->fault_call)) <= 0)
        box->fault_call = -1;
    close(box->fault_report);
    waitpid(box->tracer, NULL, 0);
    box->tracer = 0;
}
#else
void start_tracer(struct box *box)
{
    box->fault_call = -1;
}

void end_tracer(struct box *box)
{
    (void)box;
}
#endif
