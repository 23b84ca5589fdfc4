/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/memfd.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "kernel/sys.h"

int memfd_sealed(const char *name, const void *bytes, size_t size, unsigned int exec_flag,
                 struct err *e)
{
    CLEANUP_FD int fd = -1;

    fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | exec_flag);
    /* Linux before 6.3 does not know the flags that say whether a memfd may be executed. */
    if (fd < 0 && errno == EINVAL)
        fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return err_sys(e, "make the memory file %s", name);
    if (fd_write_all(fd, bytes, size) < 0)
        return err_sys(e, "write the memory file %s", name);
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
        return err_sys(e, "seal the memory file %s", name);
    return fd_move(&fd);
}
