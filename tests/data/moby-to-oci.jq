# SPDX-License-Identifier: Apache-2.0
#
# Docker's default seccomp profile, as moby keeps it, to the form that config.json has. moby resolves
# its conditions for each container; here they are resolved once, for amd64, Linux 5.15 or newer, and
# Docker's 14 default capabilities:
#
#   jq -f moby-to-oci.jq default.json >moby-seccomp-oci.json
#
# The rules are moby's: a rule is dropped when any of its `excludes` holds, or when any of its
# `includes` does not. Architectures come from the archMap's entry for the native one.

def native: "SCMP_ARCH_X86_64";
def arch: "amd64";
def kernel: [5, 15];
def caps: [
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL",
    "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID",
    "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT"
];

def has_kernel: (split(".") | map(tonumber)) <= kernel;
def any_cap: any(.[]; . as $cap | caps | index($cap));
def all_caps: all(.[]; . as $cap | caps | index($cap));

def is_excluded:
    (.excludes // {})
    | ((.arches // []) | index(arch) != null)
      or ((.caps // []) | any_cap)
      or (if .minKernel then .minKernel | has_kernel else false end);

def is_included:
    (.includes // {})
    | (if .arches then .arches | index(arch) != null else true end)
      and ((.caps // []) | all_caps)
      and (if .minKernel then .minKernel | has_kernel else true end);

{
    defaultAction,
    defaultErrnoRet,
    architectures: (.archMap[] | select(.architecture == native)
                    | [.architecture] + (.subArchitectures // [])),
    syscalls: [
        .syscalls[] | select((is_excluded | not) and is_included)
        | {names, action}
          + (if .errnoRet then {errnoRet} else {} end)
          + (if .args then {args} else {} end)
    ]
}
