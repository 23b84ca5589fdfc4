/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/compile.h"

#include "cgroup/cgroup.h"
#include "process/process.h"
#include "rootfs/rootfs.h"

void lifecycle_compile(struct compile *compile)
{
    static const struct spec_linux none;

    if (compile->linux_section == NULL)
        compile->linux_section =
            compile->config->linux_section != NULL ? compile->config->linux_section : &none;
    cgroup_compile(compile);
    process_compile_namespaces(compile);
    process_compile_hooks(compile);
    rootfs_compile_mounts(compile);
    process_compile_sysctls(compile);
    rootfs_compile_seal(compile);
    process_compile_identity(compile);
    process_compile_start(compile);
}
