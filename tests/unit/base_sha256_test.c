/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a. The vectors are from FIPS 180-4's examples and NIST's CAVP. */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "base/macros.h"
#include "base/sha256.h"

static void assert_digest(struct sha256 *hash, const char *wanted)
{
    uint8_t digest[SHA256_BYTES];
    char text[2 * SHA256_BYTES + 1];

    sha256_end(hash, digest);
    for (size_t i = 0; i < SHA256_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(text, wanted);
}

static void assert_hash(const char *message, const char *wanted)
{
    struct sha256 hash;

    sha256_start(&hash);
    sha256_add(&hash, message, strlen(message));
    assert_digest(&hash, wanted);
}

static void the_published_examples_have_their_digests(void **state UNUSED)
{
    assert_hash("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_hash("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_hash("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
}

static void a_million_bytes_have_their_digest(void **state UNUSED)
{
    struct sha256 hash;
    char block[1000];

    memset(block, 'a', sizeof(block));
    sha256_start(&hash);
    for (int i = 0; i < 1000; i++)
        sha256_add(&hash, block, sizeof(block));
    assert_digest(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Around the places where padding needs another block. */
static void pieces_of_any_size_give_the_digest_of_the_whole(void **state UNUSED)
{
    char message[200];

    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (char)(i * 7);
    for (size_t length = 0; length <= sizeof(message); length++) {
        uint8_t whole[SHA256_BYTES];
        struct sha256 hash;

        sha256_start(&hash);
        sha256_add(&hash, message, length);
        sha256_end(&hash, whole);
        for (size_t piece = 1; piece <= 67; piece += 11) {
            uint8_t digest[SHA256_BYTES];

            sha256_start(&hash);
            for (size_t from = 0; from < length; from += piece)
                sha256_add(&hash, message + from, length - from < piece ? length - from : piece);
            sha256_end(&hash, digest);
            assert_memory_equal(digest, whole, sizeof(whole));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_examples_have_their_digests),
        cmocka_unit_test(a_million_bytes_have_their_digest),
        cmocka_unit_test(pieces_of_any_size_give_the_digest_of_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
