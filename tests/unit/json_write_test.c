/* SPDX-License-Identifier: Apache-2.0 */

/* Links with base: arena, findings, str, json_object, json_pointer, json_read*, json_text,
 * json_write; yajl. */

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

#include "base/json_write.h"

/* Relative to the header that includes it. */
#define JSON_DEF "../../tests/unit/json_test.def"
#include "base/json_structs.h"

#define rule_none  NULL
#define rule_not_x NULL
#define rule_few   NULL

#define JSON_DEF "../../tests/unit/json_test.def"
#include "base/json_rows.h"

static struct arena arena;
static struct strbuf text;

static int start(void **state UNUSED)
{
    text = STRBUF_INIT(&arena);
    return 0;
}

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

static void write_sample(const char *style)
{
    struct json_writer writer = JSON_WRITER_INIT(&text, style);

    json_write_object(&writer);
    json_write_member(&writer, "a", "b");
    json_write_member(&writer, "absent", NULL);
    json_write_key(&writer, "list");
    json_write_array(&writer);
    json_write_i64(&writer, INT64_MIN);
    json_write_u64(&writer, UINT64_MAX);
    json_write_bool(&writer, true);
    json_write_null(&writer);
    json_write_array(&writer);
    json_write_array_end(&writer);
    json_write_object(&writer);
    json_write_object_end(&writer);
    json_write_array_end(&writer);
    json_write_key(&writer, "object");
    json_write_object(&writer);
    json_write_key(&writer, "no");
    json_write_bool(&writer, false);
    json_write_object_end(&writer);
    json_write_object_end(&writer);
}

static void compact_has_no_space(void **state UNUSED)
{
    write_sample(JSON_COMPACT);
    assert_string_equal(
        strbuf_text(&text),
        "{\"a\":\"b\",\"list\":[-9223372036854775808,18446744073709551615,true,null,"
        "[],{}],\"object\":{\"no\":false}}");
}

static void indented_has_one_value_in_a_line(void **state UNUSED)
{
    write_sample(JSON_TWO_SPACES);
    assert_string_equal(strbuf_text(&text), "{\n"
                                            "  \"a\": \"b\",\n"
                                            "  \"list\": [\n"
                                            "    -9223372036854775808,\n"
                                            "    18446744073709551615,\n"
                                            "    true,\n"
                                            "    null,\n"
                                            "    [],\n"
                                            "    {}\n"
                                            "  ],\n"
                                            "  \"object\": {\n"
                                            "    \"no\": false\n"
                                            "  }\n"
                                            "}");
}

static void tabs_indent_like_spaces(void **state UNUSED)
{
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_TABS);

    json_write_object(&writer);
    json_write_key(&writer, "a");
    json_write_array(&writer);
    json_write_i64(&writer, 1);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    assert_string_equal(strbuf_text(&text), "{\n\t\"a\": [\n\t\t1\n\t]\n}");
}

static void a_scalar_may_stand_alone(void **state UNUSED)
{
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_TWO_SPACES);

    json_write_u64(&writer, 0);
    assert_string_equal(strbuf_text(&text), "0");
}

static void strings_are_escaped(void **state UNUSED)
{
    static const struct {
        const char *string;
        const char *json;
    } rows[] = {
        {"", "\"\""},
        {"/a/b", "\"/a/b\""},
        {"\"\\", "\"\\\"\\\\\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x1b\x7f", "\"\\u0001\\u001f\\u001b\\u007f\""},
        {"\xc3\xa9\xf0\x9f\x98\x80", "\"\xc3\xa9\xf0\x9f\x98\x80\""},
        {"a\xff\xfe"
         "b",
         "\"a\\ufffd\\ufffdb\""},
        {"\xe2\x82", "\"\\ufffd\\ufffd\""},
        {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        text = STRBUF_INIT(&arena);
        json_put_string(&text, rows[i].string);
        assert_string_equal(strbuf_text(&text), rows[i].json);
    }
}

static void keys_are_escaped_too(void **state UNUSED)
{
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);

    json_write_object(&writer);
    json_write_key(&writer, "a\n");
    json_write_string(&writer, NULL);
    json_write_object_end(&writer);
    assert_string_equal(strbuf_text(&text), "{\"a\\n\":null}");
}

/* --- structs --------------------------------------------------------------------------------- */

static const char all_kinds[] =
    "{\"truth\":false,\"string\":\"/\\u0001\\n\",\"i32\":-2147483648,\"i64\":-9223372036854775808,"
    "\"u16\":65535,\"u32\":4294967295,\"u64\":18446744073709551615,\"strings\":[\"a\",\"\"],"
    "\"u32s\":[0,7],\"map\":{\"k\":\"v\",\"\":\"\"},\"child\":{\"name\":\"c\",\"size\":0},"
    "\"children\":[{\"name\":\"d\"},{\"name\":\"\"}],\"byName\":{\"f\":{\"name\":\"g\"}}}";

static void encode_again(const char *json, const char *style)
{
    struct findings findings = FINDINGS_INIT(&arena);
    struct json_document document;
    struct test_thing thing = {0};
    struct json_writer writer = JSON_WRITER_INIT(&text, style);

    json_decode(&document, &arena, &test_thing_schema, json, strlen(json), &thing, &findings);
    assert_int_equal(findings.count, 0);
    json_encode(&writer, &test_thing_schema, &thing);
}

static void what_was_decoded_is_encoded_the_same(void **state UNUSED)
{
    encode_again(all_kinds, JSON_COMPACT);
    assert_string_equal(strbuf_text(&text), all_kinds);
}

static void indentation_changes_nothing_but_space(void **state UNUSED)
{
    char *indented;

    encode_again(all_kinds, JSON_TABS);
    indented = arena_strdup(&arena, strbuf_text(&text));
    assert_string_not_equal(indented, all_kinds);
    text = STRBUF_INIT(&arena);
    encode_again(indented, JSON_COMPACT);
    assert_string_equal(strbuf_text(&text), all_kinds);
}

static void absent_null_and_unknown_are_left_out(void **state UNUSED)
{
    encode_again("{\"u16\": 0, \"child\": null, \"strings\": [], \"foreign\": 1}", JSON_COMPACT);
    assert_string_equal(strbuf_text(&text), "{\"u16\":0,\"strings\":[]}");
}

static void a_struct_built_by_code_says_what_is_present(void **state UNUSED)
{
    struct test_leaf leaf = {.present = 1u << test_leaf_BIT_name, .name = "n", .size = 5};
    struct test_thing thing = {
        .present = 1u << test_thing_BIT_child | 1u << test_thing_BIT_truth,
        .child = &leaf,
        .truth = true,
    };
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);

    json_encode(&writer, &test_thing_schema, &thing);
    assert_string_equal(strbuf_text(&text), "{\"truth\":true,\"child\":{\"name\":\"n\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(compact_has_no_space, start),
        cmocka_unit_test_setup(indented_has_one_value_in_a_line, start),
        cmocka_unit_test_setup(tabs_indent_like_spaces, start),
        cmocka_unit_test_setup(a_scalar_may_stand_alone, start),
        cmocka_unit_test_setup(strings_are_escaped, start),
        cmocka_unit_test_setup(keys_are_escaped_too, start),
        cmocka_unit_test_setup(what_was_decoded_is_encoded_the_same, start),
        cmocka_unit_test_setup(indentation_changes_nothing_but_space, start),
        cmocka_unit_test_setup(absent_null_and_unknown_are_left_out, start),
        cmocka_unit_test_setup(a_struct_built_by_code_says_what_is_present, start),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
