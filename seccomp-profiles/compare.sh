#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Which calls two seccomp sections judge differently, as a list in Markdown:
#
#     compare.sh OURS OTHERS NAME-OF-THE-OTHERS
#
# Both files have the form of config.json's linux.seccomp. Names that only 32-bit ABIs have are left out.
# README.md holds the output for Docker's default profile; tests/bats/seccomp.bats keeps it up to date.
set -eu

[ $# = 3 ] || {
    echo "usage: $0 OURS OTHERS NAME-OF-THE-OTHERS" >&2
    exit 2
}

jq -nr --slurpfile ours "$1" --slurpfile others "$2" --arg name "$3" '
def is_32_bit:
    (test("(32|64)$") and (test("^(pread|pwrite|getdents|prlimit|fadvise)64$") | not))
    or (. as $n | ["_llseek", "mmap2", "sigprocmask", "socketcall", "ipc", "get_thread_area",
                   "set_thread_area", "sync_file_range2", "_newselect", "waitpid", "sigreturn",
                   "ugetrlimit", "swapcontext", "riscv_flush_icache", "riscv_hwprobe"] | index($n));

# "allowed", "by argument", "ENOSYS" or, for everything else, "refused"
def verdict($profile; $call):
    [$profile.syscalls[] | select(.names | index($call))] as $entries
    | if ($entries | any(.action == "SCMP_ACT_ALLOW" and ((.args // []) == []))) then "allowed"
      elif ($entries | any(.action == "SCMP_ACT_ALLOW")) then "by argument"
      elif ($entries | any(.errnoRet == 38)) then "ENOSYS"
      else "refused" end;

def line($words): if $words == [] then "none" else $words | map("`" + . + "`") | join(", ") end;

([$ours[0].syscalls[].names[]] + [$others[0].syscalls[].names[]] | unique
 | map(select(is_32_bit | not))) as $calls
| def those($mine; $theirs):
    [$calls[] | select(verdict($ours[0]; .) == $mine and verdict($others[0]; .) == $theirs)];
"- allowed in both, without conditions: \(those("allowed"; "allowed") | length) calls",
"- allowed by \($name), refused here: \(line(those("refused"; "allowed")))",
"- allowed by \($name), here by argument: \(line(those("by argument"; "allowed")))",
"- by argument in both: \(line(those("by argument"; "by argument")))",
"- allowed here, refused by \($name): \(line(those("allowed"; "refused")))",
"- here by argument, refused by \($name): \(line(those("by argument"; "refused")))",
"- ENOSYS in both: \(line(those("ENOSYS"; "ENOSYS")))"
'
