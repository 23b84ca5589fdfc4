/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/state.h"

#include "base/json_write.h"

/* Everything up to the number of the pid. */
static void write_head(const struct oci_state *state, struct strbuf *to)
{
    strbuf_puts(to, "{\"ociVersion\":");
    json_put_string(to, state->oci_version);
    strbuf_puts(to, ",\"id\":");
    json_put_string(to, state->id);
    strbuf_puts(to, ",\"status\":");
    json_put_string(to, state->status);
    strbuf_puts(to, ",\"pid\":");
}

static void write_tail(const struct oci_state *state, struct strbuf *to)
{
    strbuf_puts(to, ",\"bundle\":");
    json_put_string(to, state->bundle);
    if (state->annotations != NULL && state->annotations->count != 0) {
        strbuf_puts(to, ",\"annotations\":{");
        for (size_t i = 0; i < state->annotations->count; i++) {
            if (i != 0)
                strbuf_putc(to, ',');
            json_put_string(to, state->annotations->items[i].key);
            strbuf_putc(to, ':');
            json_put_string(to, state->annotations->items[i].value);
        }
        strbuf_putc(to, '}');
    }
    strbuf_putc(to, '}');
}

void oci_state_write(const struct oci_state *state, struct strbuf *to)
{
    write_head(state, to);
    strbuf_printf(to, "%lld", (long long)state->pid);
    write_tail(state, to);
}

void oci_state_cut_at_pid(const struct oci_state *state, struct arena *arena, const char **head,
                          const char **tail)
{
    struct strbuf text = STRBUF_INIT(arena);
    struct strbuf rest = STRBUF_INIT(arena);

    write_head(state, &text);
    write_tail(state, &rest);
    *head = strbuf_text(&text);
    *tail = strbuf_text(&rest);
}
