/* SPDX-License-Identifier: Apache-2.0 */
#include "config.h"

#include "container.h"
#include "process/stdio.h"

const char *caisson_version(void)
{
    return PACKAGE_VERSION;
}

const char *caisson_commit(void)
{
    return CAISSON_COMMIT;
}

const char *caisson_spec_version(void)
{
    return "1.3.0";
}

int caisson_start_up(struct err *e)
{
    return stdio_close_on_exec(e) < 0 ? -1 : stdio_open_closed(e);
}
