/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* SHA-256, FIPS 180-4: names for cached things. Pure. */

#include <stddef.h>
#include <stdint.h>

enum {
    SHA256_BYTES = 32
};

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    uint8_t block[64];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);
void sha256_end(struct sha256 *hash, uint8_t digest[SHA256_BYTES]);
