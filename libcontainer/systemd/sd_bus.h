/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The functions of libsystemd that are used, found by dlopen: nobody needs the library, or its
 * headers, who does not use the driver. sd-bus(3) is a stable interface since systemd 221.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sd_bus;
struct sd_bus_message;
struct sd_bus_slot;

struct sd_bus_error {
    const char *name;
    const char *message;
    int needs_free;
};

typedef int sd_bus_handler(struct sd_bus_message *message, void *data, struct sd_bus_error *error);

/* name, result, parameters */
#define SD_BUS_FUNCTIONS(F)                                                                        \
    F(sd_bus_new, int, (struct sd_bus * *bus))                                                     \
    F(sd_bus_set_address, int, (struct sd_bus * bus, const char *address))                         \
    F(sd_bus_set_bus_client, int, (struct sd_bus * bus, int is_bus))                               \
    F(sd_bus_start, int, (struct sd_bus * bus))                                                    \
    F(sd_bus_open_system, int, (struct sd_bus * *bus))                                             \
    F(sd_bus_open_user, int, (struct sd_bus * *bus))                                               \
    F(sd_bus_flush_close_unref, struct sd_bus *, (struct sd_bus * bus))                            \
    F(sd_bus_match_signal, int,                                                                    \
      (struct sd_bus * bus, struct sd_bus_slot * *slot, const char *sender, const char *path,      \
       const char *interface, const char *member, sd_bus_handler *handler, void *data))            \
    F(sd_bus_message_new_method_call, int,                                                         \
      (struct sd_bus * bus, struct sd_bus_message * *message, const char *destination,             \
       const char *path, const char *interface, const char *member))                               \
    F(sd_bus_message_append_basic, int,                                                            \
      (struct sd_bus_message * message, char type, const void *value))                             \
    F(sd_bus_message_append_array, int,                                                            \
      (struct sd_bus_message * message, char type, const void *bytes, size_t size))                \
    F(sd_bus_message_open_container, int,                                                          \
      (struct sd_bus_message * message, char type, const char *contents))                          \
    F(sd_bus_message_close_container, int, (struct sd_bus_message * message))                      \
    F(sd_bus_message_read, int, (struct sd_bus_message * message, const char *types, ...))         \
    F(sd_bus_message_unref, struct sd_bus_message *, (struct sd_bus_message * message))            \
    F(sd_bus_call, int,                                                                            \
      (struct sd_bus * bus, struct sd_bus_message * message, uint64_t usec,                        \
       struct sd_bus_error * error, struct sd_bus_message * *reply))                               \
    F(sd_bus_process, int, (struct sd_bus * bus, struct sd_bus_message * *message))                \
    F(sd_bus_wait, int, (struct sd_bus * bus, uint64_t usec))                                      \
    F(sd_bus_error_free, void, (struct sd_bus_error * error))

struct sd_bus_library {
#define SD_BUS_MEMBER(name, result, parameters) result(*name) parameters;
    SD_BUS_FUNCTIONS(SD_BUS_MEMBER)
#undef SD_BUS_MEMBER
};

/* NULL, or why the library cannot be used. */
const char *sd_bus_load(struct sd_bus_library *library);
