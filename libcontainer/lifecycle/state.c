/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/json_write.h"
#include "lifecycle/status.h"

int caisson_state(const struct caisson *caisson, const char *id, struct caisson_state *state,
                  struct err *e)
{
    CLEANUP(container_release) struct container container = CONTAINER_INIT;

    if (container_require(&container, caisson, id, CONTAINER_LOOK, e) < 0)
        return -1;
    /* `state` speaks the four words that engines know: what is half-made does not exist for them.
     */
    if (container.status == STATUS_CREATING && !container.has_record)
        return err_state(e, "container %s does not exist", id);
    container_describe(&container, caisson->arena, state);
    return 0;
}

int caisson_list(const struct caisson *caisson, struct caisson_states *states, struct err *e)
{
    CLEANUP_FD int root = -1;
    struct state_ids ids = {0};

    root = container_open_root(caisson, false, e);
    if (root < 0) {
        /* Nothing was ever created under the default root; a root that was named must be there. */
        if (e->sys_errno != ENOENT || caisson->root != NULL)
            return -1;
        *e = ERR_INIT;
        return 0;
    }
    if (state_list(root, caisson->arena, &ids, e) < 0)
        return -1;
    for (size_t i = 0; i < ids.count; i++) {
        CLEANUP(container_release) struct container container = CONTAINER_INIT;
        struct err broken = ERR_INIT;
        char line[512];

        switch (container_open(&container, caisson, ids.items[i], CONTAINER_LOOK, &broken)) {
        case CONTAINER_FOUND:
            container_describe(&container, caisson->arena, ARENA_PUSH(caisson->arena, states));
            break;
        case CONTAINER_UNKNOWN: /* deleted since we read the directory */
            break;
        default:
            err_format(&broken, line, sizeof(line));
            *ARENA_PUSH(caisson->arena, &states->broken) =
                arena_printf(caisson->arena, "container %s: %s", ids.items[i], line);
        }
    }
    return 0;
}

static void write_state(struct json_writer *writer, const struct caisson_state *state)
{
    json_write_object(writer);
    json_write_member(writer, "ociVersion", state->oci_version);
    json_write_member(writer, "id", state->id);
    json_write_key(writer, "pid");
    json_write_i64(writer, state->pid);
    json_write_member(writer, "status", state->status);
    json_write_member(writer, "bundle", state->bundle);
    json_write_member(writer, "rootfs", state->rootfs);
    json_write_member(writer, "created", state->created);
    if (state->annotations->count != 0) {
        json_write_key(writer, "annotations");
        json_write_object(writer);
        for (size_t i = 0; i < state->annotations->count; i++)
            json_write_member(writer, state->annotations->items[i].key,
                              state->annotations->items[i].value);
        json_write_object_end(writer);
    }
}

const char *caisson_state_json(const struct caisson *caisson, const struct caisson_state *state)
{
    struct strbuf text = STRBUF_INIT(caisson->arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_TWO_SPACES);

    write_state(&writer, state);
    json_write_member(&writer, "owner", "");
    json_write_object_end(&writer);
    return strbuf_text(&text);
}

const char *caisson_owner_name(const struct caisson *caisson, uint32_t uid)
{
    return arena_printf(caisson->arena, uid == 0 ? "root" : "#%u", uid);
}

const char *caisson_states_json(const struct caisson *caisson, const struct caisson_states *states)
{
    struct strbuf text = STRBUF_INIT(caisson->arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);

    json_write_array(&writer);
    for (size_t i = 0; i < states->count; i++) {
        write_state(&writer, &states->items[i]);
        json_write_member(&writer, "owner", caisson_owner_name(caisson, states->items[i].owner));
        json_write_object_end(&writer);
    }
    json_write_array_end(&writer);
    return strbuf_text(&text);
}
