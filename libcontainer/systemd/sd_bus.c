/* SPDX-License-Identifier: Apache-2.0 */
#include "systemd/sd_bus.h"

#include <dlfcn.h>
#include <string.h>

const char *sd_bus_load(struct sd_bus_library *library)
{
    void *handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
    void *symbol;

    if (handle == NULL)
        return "libsystemd.so.0 cannot be loaded: install libsystemd0 or systemd-libs, or use the "
               "cgroupfs driver";
        /* POSIX gives no other way from an object pointer to a function. */
#define SD_BUS_FIND(name, result, parameters)                                                      \
    symbol = dlsym(handle, #name);                                                                 \
    if (symbol == NULL)                                                                            \
        return "libsystemd.so.0 has no " #name ": it is too old";                                  \
    memcpy(&library->name, &symbol, sizeof(symbol));
    SD_BUS_FUNCTIONS(SD_BUS_FIND)
#undef SD_BUS_FIND
    return NULL;
}
