# SPDX-License-Identifier: Apache-2.0
# The seccomp section of a config.json as the lines that filter.c reads.

def word($errno):
    if . == "SCMP_ACT_ALLOW" then "allow"
    elif . == "SCMP_ACT_ERRNO" then $errno // 1
    else error("the bench has no use for the action " + .) end;

.linux.seccomp
| "default \(.defaultErrnoRet as $errno | .defaultAction | word($errno))",
  (.architectures[] | "arch \(ltrimstr("SCMP_ARCH_") | ascii_downcase)"),
  (.syscalls[]
   | .errnoRet as $errno
   | (.action | word($errno)) as $action
   | ([.args // [] | .[] | "\(.index) \(.op) \(.value) \(.valueTwo // 0)"] | join(" ")) as $args
   | .names[] | "rule \($action) \(.) \($args)")
