/* SPDX-License-Identifier: Apache-2.0 */

/*
 * config.json as an attacker writes it: decoding and checking must never crash, read outside the
 * document or take more memory than their bounds say. What decodes without a refusal must also
 * survive being encoded and decoded again, unchanged.
 *
 *     clang -std=gnu11 -D_GNU_SOURCE -Ilibcontainer -g -O1 -fsanitize=fuzzer,address,undefined \
 *         tests/fuzz/decode_fuzz.c (the files of libcontainer/base/json*.c and libcontainer/spec/
 * *.c, base/arena.c, base/findings.c, base/str.c) -lyajl
 *     ./decode_fuzz -max_len=65536 tests/fuzz/corpus/decode
 *
 * The bytes are copied to the end of a block of their own by libFuzzer, so that a read behind them
 * is seen.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_write.h"
#include "spec/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *encode(struct arena *arena, const struct spec_document *document)
{
    struct strbuf text = STRBUF_INIT(arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_TABS);

    json_encode(&writer, &spec_config_schema, &document->config);
    return strbuf_text(&text);
}

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

/* Every finding is complete, and its pointer is one. */
static void check_findings(const struct findings *findings)
{
    require(findings->count <= FINDINGS_MAX);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];

        require(finding->id[0] != '\0' && finding->text[0] != '\0');
        require(finding->pointer[0] == '\0' || finding->pointer[0] == '/');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct findings findings = FINDINGS_INIT(&arena);
    struct findings again = FINDINGS_INIT(&arena);
    struct spec_document document;
    const char *first;

    spec_decode(&document, &arena, (const char *)data, size, &findings);
    require(arena.total_bytes <= JSON_DECODED_MAX_BYTES + 4u * 1024 * 1024);
    check_findings(&findings);
    if (findings.n_refused == 0) {
        spec_check(&document, &findings);
        check_findings(&findings);
        first = encode(&arena, &document);
        spec_decode(&document, &arena, first, strlen(first), &again);
        require(again.n_refused == 0);
        require(strcmp(first, encode(&arena, &document)) == 0);
    }
    arena_release(&arena);
    return 0;
}
