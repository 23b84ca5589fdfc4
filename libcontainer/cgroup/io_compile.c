/* SPDX-License-Identifier: Apache-2.0 */

/*
 * linux.resources.blockIO. Two schedulers of the block layer know weights, each with a file of its
 * own: bfq (io.bfq.weight, 1 to 1000 as in v1) and the cost model (io.weight, 1 to 10000). Which is
 * there shows only in the real tree, so both rows are written down and the driver takes the first
 * that the kernel takes.
 *
 * io.max has one line for each device with all its limits, config.json four lists of devices. Rows
 * are made by device. Of two entries for one device in one list the later one counts, as if they
 * were written one after the other.
 */

#include <string.h>

#include "cgroup/compile_rows.h"

static const char *device_text(struct compile *compile, int64_t major, int64_t minor)
{
    return arena_printf(compile->arena, "%lld:%lld", (long long)major, (long long)minor);
}

/* ---- weights -------------------------------------------------------------------------------------------- */

/* `device` is "" for the weight of all others. */
static void add_weight(struct compile *compile, const char *pointer, const char *device,
                       uint16_t weight)
{
    const char *space = device[0] != '\0' ? " " : "";

    if (weight == 0 || !cgroup_has_controller(compile, "io", pointer))
        return;
    cgroup_add_row(compile, pointer, "io.bfq.weight",
                   arena_printf(compile->arena, "%s%s%u", device, space, (unsigned)weight),
                   CGROUP_OR_NEXT);
    cgroup_add_row(compile, pointer, "io.weight",
                   arena_printf(compile->arena, "%s%s%llu", device, space,
                                (unsigned long long)cgroup_io_weight_of_blkio(weight)),
                   0);
}

static void compile_weights(struct compile *compile, const struct spec_block_io *io)
{
    add_weight(compile, compile_pointer(compile, io->origin, "weight"), "", io->weight);
    for (size_t i = 0; i < io->weight_device.count; i++) {
        const struct spec_weight_device *device = &io->weight_device.items[i];

        add_weight(compile, compile_pointer(compile, device->origin, "weight"),
                   device_text(compile, device->major, device->minor), device->weight);
    }
}

/* ---- limits --------------------------------------------------------------------------------------------- */

/* The keys of io.max, and the lists that they come from. */
static const struct {
    const char *key;
    size_t list; /* offset of a struct spec_throttle_device_list */
} limits[] = {
    {"rbps", offsetof(struct spec_block_io, read_bps)},
    {"wbps", offsetof(struct spec_block_io, write_bps)},
    {"riops", offsetof(struct spec_block_io, read_iops)},
    {"wiops", offsetof(struct spec_block_io, write_iops)},
};

static const struct spec_throttle_device_list *list_of(const struct spec_block_io *io, size_t limit)
{
    return (const void *)((const char *)io + limits[limit].list);
}

/* The entry of a list that counts for this device, or NULL. */
static const struct spec_throttle_device *find_device(const struct spec_throttle_device_list *list,
                                                      const struct spec_throttle_device *device)
{
    for (size_t i = list->count; i > 0; i--)
        if (list->items[i - 1].major == device->major && list->items[i - 1].minor == device->minor)
            return &list->items[i - 1];
    return NULL;
}

/* True if an entry before number `index` of list `limit` has made this device's row. */
static bool has_row(const struct spec_block_io *io, size_t limit, size_t index)
{
    const struct spec_throttle_device *device = &list_of(io, limit)->items[index];

    for (size_t i = 0; i < limit; i++)
        if (find_device(list_of(io, i), device) != NULL)
            return true;
    for (size_t i = 0; i < index; i++)
        if (list_of(io, limit)->items[i].major == device->major &&
            list_of(io, limit)->items[i].minor == device->minor)
            return true;
    return false;
}

/* A rate of 0 is none, as it was in v1; the kernel's io.max does not take the number. */
static void add_device_limits(struct compile *compile, const struct spec_block_io *io,
                              const struct spec_throttle_device *device)
{
    const char *pointer = compile_pointer(compile, device->origin, NULL);
    struct strbuf line = STRBUF_INIT(compile->arena);
    bool limits_something = false;

    strbuf_puts(&line, device_text(compile, device->major, device->minor));
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        const struct spec_throttle_device *entry = find_device(list_of(io, i), device);

        if (entry == NULL)
            continue;
        limits_something = limits_something || entry->rate != 0;
        if (entry->rate == 0)
            strbuf_printf(&line, " %s=max", limits[i].key);
        else
            strbuf_printf(&line, " %s=%llu", limits[i].key, (unsigned long long)entry->rate);
    }
    if (limits_something ? cgroup_has_controller(compile, "io", pointer)
                         : facts_has_controller(compile->facts, "io"))
        cgroup_add_row(compile, pointer, "io.max", strbuf_text(&line),
                       limits_something ? 0 : CGROUP_IF_EXISTS);
}

void cgroup_compile_io(struct compile *compile, const struct spec_block_io *io)
{
    compile_weights(compile, io);
    for (size_t limit = 0; limit < ARRAY_LEN(limits); limit++)
        for (size_t i = 0; i < list_of(io, limit)->count; i++)
            if (!has_row(io, limit, i))
                add_device_limits(compile, io, &list_of(io, limit)->items[i]);
}
