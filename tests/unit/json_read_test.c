/* SPDX-License-Identifier: Apache-2.0 */

/* Links with base: arena, findings, str, json_object, json_pointer, json_read*, json_text; yajl. */

/* cmocka.h needs these before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "base/json_read.h"
#include "base/str.h"

/* Relative to the header that includes it. */
#define JSON_DEF "../../tests/unit/json_test.def"
#include "base/json_structs.h"

#define rule_none NULL

static const char *rule_not_x(const struct json_value *value)
{
    return value->string != NULL && strcmp(value->string, "x") == 0 ? "anything but x" : NULL;
}

static const char *rule_few(const struct json_value *value)
{
    return value->count <= 500 ? NULL : "at most 500";
}

#define JSON_DEF "../../tests/unit/json_test.def"
#include "base/json_rows.h"

/* --- reading in a test ----------------------------------------------------------------------- */

static struct arena arena;
static struct findings findings;
static struct json_document document;
static struct test_thing thing;

static void read_bytes(const char *bytes, size_t size)
{
    arena_release(&arena);
    findings = FINDINGS_INIT(&arena);
    memset(&thing, 0, sizeof(thing));
    /* A copy of exactly this size, so that a sanitizer sees a read behind the end. */
    char *copy = malloc(size != 0 ? size : 1);

    assert_non_null(copy);
    if (size != 0)
        memcpy(copy, bytes, size);
    json_decode(&document, &arena, &test_thing_schema, copy, size, &thing, &findings);
    memset(copy, '?', size);
    free(copy);
}

static void read_text(const char *text)
{
    read_bytes(text, strlen(text));
}

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

static void assert_fine(void)
{
    for (size_t i = 0; i < findings.count; i++)
        print_error("%s %s: %s\n", findings.items[i].id, findings.items[i].pointer,
                    findings.items[i].text);
    assert_int_equal(findings.count, 0);
    assert_int_equal(findings.n_refused, 0);
}

static void assert_refused(const char *id, const char *pointer)
{
    if (findings.count != 1 || strcmp(findings.items[0].id, id) != 0 ||
        strcmp(findings.items[0].pointer, pointer) != 0)
        for (size_t i = 0; i < findings.count; i++)
            print_error("%s %s: %s\n", findings.items[i].id, findings.items[i].pointer,
                        findings.items[i].text);
    assert_int_equal(findings.count, 1);
    assert_int_equal(findings.n_refused, 1);
    assert_string_equal(findings.items[0].id, id);
    assert_string_equal(findings.items[0].pointer, pointer);
}

/* --- values ---------------------------------------------------------------------------------- */

static void every_kind_is_stored(void **state UNUSED)
{
    read_text(
        "{\"truth\": true, \"string\": \"a\\u00e9\\n/\", \"i32\": -5, \"i64\": -6, \"u16\": 7,"
        "\"u32\": 8, \"u64\": 9, \"strings\": [\"a\", \"\"], \"u32s\": [1, 4294967295],"
        "\"map\": {\"k\": \"v\", \"\": \"w\"}, \"child\": {\"name\": \"c\", \"size\": 1},"
        "\"children\": [{\"name\": \"d\"}, {\"name\": \"e\", \"size\": 2}],"
        "\"byName\": {\"f\": {\"name\": \"g\"}}}");
    assert_fine();
    assert_int_equal(thing.present, (1u << test_thing_N_FIELDS) - 1);
    assert_true(thing.truth);
    assert_string_equal(thing.string, "a\xc3\xa9\n/");
    assert_int_equal(thing.i32, -5);
    assert_int_equal(thing.i64, -6);
    assert_int_equal(thing.u16, 7);
    assert_int_equal(thing.u32, 8);
    assert_int_equal(thing.u64, 9);
    assert_int_equal(thing.strings.count, 2);
    assert_string_equal(thing.strings.items[0], "a");
    assert_string_equal(thing.strings.items[1], "");
    assert_int_equal(thing.u32s.count, 2);
    assert_int_equal(thing.u32s.items[1], UINT32_MAX);
    assert_int_equal(thing.map.count, 2);
    assert_string_equal(thing.map.items[0].key, "k");
    assert_string_equal(thing.map.items[1].value, "w");
    assert_string_equal(thing.child->name, "c");
    assert_int_equal(thing.children.count, 2);
    assert_int_equal(thing.children.items[0].present, 1u << test_leaf_BIT_name);
    assert_int_equal(thing.children.items[1].size, 2);
    assert_int_equal(thing.by_name.count, 1);
    assert_string_equal(thing.by_name.items[0].key, "f");
    assert_string_equal(thing.by_name.items[0].value.name, "g");
}

static void lists_of_objects_grow_and_keep_their_elements(void **state UNUSED)
{
    char text[16384];
    int length = snprintf(text, sizeof(text), "{\"children\": [");

    for (int i = 0; i < 300; i++)
        length += snprintf(text + length, sizeof(text) - (size_t)length,
                           "%s{\"size\": %d, \"name\": \"n%d\"}", i == 0 ? "" : ",", i, i);
    snprintf(text + length, sizeof(text) - (size_t)length, "]}");
    read_text(text);
    assert_fine();
    assert_int_equal(thing.children.count, 300);
    for (unsigned i = 0; i < 300; i++) {
        char name[16];

        snprintf(name, sizeof(name), "n%u", i);
        assert_int_equal(thing.children.items[i].size, i);
        assert_string_equal(thing.children.items[i].name, name);
        snprintf(name, sizeof(name), "/children/%u", i);
        assert_string_equal(json_pointer(&document, thing.children.items[i].origin, NULL), name);
    }
}

enum outcome {
    STORED,
    OUT_OF_RANGE,
    NOT_AN_INTEGER,
    NO_JSON,
    WRONG_TYPE
};

static const char *const outcome_ids[] = {
    [OUT_OF_RANGE] = "out-of-range",
    [NOT_AN_INTEGER] = "not-an-integer",
    [WRONG_TYPE] = "wrong-type",
};

#define DIGITS_99                                                                                  \
    "999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"   \
    "999999999"

static void each_integer_kind_takes_its_range_and_nothing_else(void **state UNUSED)
{
    static const char *const keys[] = {"i32", "i64", "u16", "u32", "u64"};
    static const struct {
        const char *text;
        enum outcome i32, i64, u16, u32, u64;
    } rows[] = {
        {"-9223372036854775809", OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE,
         OUT_OF_RANGE},
        {"-9223372036854775808", OUT_OF_RANGE, STORED, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"-2147483649", OUT_OF_RANGE, STORED, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"-2147483648", STORED, STORED, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"-1", STORED, STORED, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"0", STORED, STORED, STORED, STORED, STORED},
        {"1", STORED, STORED, STORED, STORED, STORED},
        {"65535", STORED, STORED, STORED, STORED, STORED},
        {"65536", STORED, STORED, OUT_OF_RANGE, STORED, STORED},
        {"2147483647", STORED, STORED, OUT_OF_RANGE, STORED, STORED},
        {"2147483648", OUT_OF_RANGE, STORED, OUT_OF_RANGE, STORED, STORED},
        {"4294967295", OUT_OF_RANGE, STORED, OUT_OF_RANGE, STORED, STORED},
        {"4294967296", OUT_OF_RANGE, STORED, OUT_OF_RANGE, OUT_OF_RANGE, STORED},
        {"9223372036854775807", OUT_OF_RANGE, STORED, OUT_OF_RANGE, OUT_OF_RANGE, STORED},
        {"9223372036854775808", OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, STORED},
        {"18446744073709551615", OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, STORED},
        {"18446744073709551616", OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE,
         OUT_OF_RANGE},
        {DIGITS_99, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"-" DIGITS_99, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE, OUT_OF_RANGE},
        {"1e3", NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER},
        {"1E3", NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER},
        {"1.0", NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER},
        {"0.5", NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER},
        {"-0", NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER, NOT_AN_INTEGER},
        {"007", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"-01", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"+1", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"0x10", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"NaN", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"-", NO_JSON, NO_JSON, NO_JSON, NO_JSON, NO_JSON},
        {"\"5\"", WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE},
        {"true", WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE},
        {"[5]", WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE},
        {"{}", WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE, WRONG_TYPE},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const enum outcome wanted[] = {rows[i].i32, rows[i].i64, rows[i].u16, rows[i].u32,
                                       rows[i].u64};

        for (size_t kind = 0; kind < ARRAY_LEN(keys); kind++) {
            char text[256];
            char pointer[16];
            uint64_t bit = (uint64_t)1 << (test_thing_BIT_i32 + (int)kind);

            snprintf(text, sizeof(text), "{\"%s\": %s}", keys[kind], rows[i].text);
            snprintf(pointer, sizeof(pointer), "/%s", keys[kind]);
            read_text(text);
            if (wanted[kind] == STORED) {
                const int64_t signed_value = strtoll(rows[i].text, NULL, 10);
                const uint64_t natural = strtoull(rows[i].text, NULL, 10);

                assert_fine();
                assert_int_equal(thing.present, bit);
                if (kind == 0)
                    assert_true(thing.i32 == signed_value);
                if (kind == 1)
                    assert_true(thing.i64 == signed_value);
                if (kind == 2)
                    assert_true(thing.u16 == natural);
                if (kind == 3)
                    assert_true(thing.u32 == natural);
                if (kind == 4)
                    assert_true(thing.u64 == natural);
            } else if (wanted[kind] == NO_JSON) {
                /* yajl may have handed out "-0" before it met what cannot follow it. */
                assert_true(findings.n_refused > 0);
                assert_string_equal(findings.items[findings.count - 1].id, "json-invalid");
            } else {
                assert_refused(outcome_ids[wanted[kind]], pointer);
                assert_int_equal(thing.present, 0);
            }
        }
    }
}

static void a_list_of_integers_checks_each(void **state UNUSED)
{
    read_text("{\"u32s\": [0, 4294967296]}");
    assert_refused("out-of-range", "/u32s/1");
    read_text("{\"u32s\": [0, \"1\"]}");
    assert_refused("wrong-type", "/u32s/1");
    read_text("{\"u32s\": [0.0]}");
    assert_refused("not-an-integer", "/u32s/0");
}

static void a_wrong_type_names_the_place_and_what_would_be_right(void **state UNUSED)
{
    static const struct {
        const char *text;
        const char *pointer;
        const char *cure;
    } rows[] = {
        {"{\"truth\": 1}", "/truth", "true or false"},
        {"{\"truth\": \"true\"}", "/truth", "true or false"},
        {"{\"string\": 1}", "/string", "a string"},
        {"{\"string\": false}", "/string", "a string"},
        {"{\"string\": [\"a\"]}", "/string", "a string"},
        {"{\"u16\": \"1\"}", "/u16", "an integer from 0 to 65535"},
        {"{\"strings\": \"a\"}", "/strings", "an array of strings"},
        {"{\"strings\": {\"a\": \"b\"}}", "/strings", "an array of strings"},
        {"{\"strings\": [[\"a\"]]}", "/strings/0", "a string"},
        {"{\"strings\": [\"a\", null]}", "/strings/1", "a string"},
        {"{\"u32s\": 5}", "/u32s", "an array of integers from 0 to 4294967295"},
        {"{\"map\": []}", "/map", "an object whose values are strings"},
        {"{\"map\": {\"a/b~c\": 1}}", "/map/a~1b~0c", "a string"},
        {"{\"map\": {\"a\": null}}", "/map/a", "a string"},
        {"{\"child\": []}", "/child", "an object"},
        {"{\"child\": \"\"}", "/child", "an object"},
        {"{\"child\": {\"name\": 1}}", "/child/name", "a string"},
        {"{\"children\": {}}", "/children", "an array of objects"},
        {"{\"children\": [1]}", "/children/0", "an object"},
        {"{\"children\": [{\"name\": \"\"}, null]}", "/children/1", "an object"},
        {"{\"children\": [{\"name\": []}]}", "/children/0/name", "a string"},
        {"{\"byName\": []}", "/byName", "an object whose values are objects"},
        {"{\"byName\": {\"a\": []}}", "/byName/a", "an object"},
        {"{\"byName\": {\"~\": {\"name\": {}}}}", "/byName/~0/name", "a string"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        read_text(rows[i].text);
        assert_refused("wrong-type", rows[i].pointer);
        assert_string_equal(findings.items[0].cure, rows[i].cure);
    }
}

static void elements_after_a_wrong_one_keep_their_index(void **state UNUSED)
{
    read_text("{\"strings\": [1, \"a\", 2], \"children\": [0, {\"size\": true, \"name\": \"\"}]}");
    assert_int_equal(findings.count, 4);
    assert_string_equal(findings.items[0].pointer, "/strings/0");
    assert_string_equal(findings.items[1].pointer, "/strings/2");
    assert_string_equal(findings.items[2].pointer, "/children/0");
    assert_string_equal(findings.items[3].pointer, "/children/1/size");
}

static void null_is_absent(void **state UNUSED)
{
    read_text("{\"truth\": null, \"string\": null, \"u64\": null, \"strings\": null, \"map\": null,"
              "\"child\": null, \"children\": null, \"byName\": null, \"foreign\": null}");
    assert_fine();
    assert_int_equal(thing.present, 0);
    assert_null(thing.child);
    assert_int_equal(thing.children.count, 0);
}

static void null_for_a_required_key_is_missing(void **state UNUSED)
{
    read_text("{\"child\": {\"name\": null}}");
    assert_refused("missing-key", "/child");
    assert_string_equal(findings.items[0].text, "\"name\" is missing");
}

static void a_missing_key_is_named_at_its_object(void **state UNUSED)
{
    read_text("{\"children\": [{\"name\": \"a\"}, {\"size\": 1}]}");
    assert_refused("missing-key", "/children/1");
    assert_string_equal(findings.items[0].text, "\"name\" is missing");
    read_text("{\"byName\": {\"a/b\": {}}}");
    assert_refused("missing-key", "/byName/a~1b");
}

static void a_wrong_value_of_a_required_key_is_one_finding(void **state UNUSED)
{
    read_text("{\"child\": {\"name\": 5}}");
    assert_refused("wrong-type", "/child/name");
}

static void a_rule_names_the_place_and_the_cure(void **state UNUSED)
{
    read_text("{\"child\": {\"name\": \"x\"}}");
    assert_refused("invalid-value", "/child/name");
    assert_string_equal(findings.items[0].cure, "anything but x");
    assert_string_equal(findings.items[0].text, "\"x\" is not valid here");
    read_text("{\"strings\": [\"a\", \"x\"]}");
    assert_refused("invalid-value", "/strings/1");
}

/* --- keys ------------------------------------------------------------------------------------ */

static void a_key_that_stands_twice_is_refused_in_every_object(void **state UNUSED)
{
    static const struct {
        const char *text;
        const char *pointer;
    } rows[] = {
        {"{\"u16\": 1, \"u16\": 1}", "/u16"},
        {"{\"u16\": 1, \"\\u0075\\u0031\\u0036\": 2}", "/u16"},
        {"{\"child\": {\"name\": \"a\"}, \"child\": {}}", "/child"},
        {"{\"child\": null, \"child\": {\"name\": \"a\"}}", "/child"},
        {"{\"child\": {\"name\": \"a\", \"name\": \"b\"}}", "/child/name"},
        {"{\"foreign\": 1, \"foreign\": 2}", "/foreign"},
        {"{\"foreign\": {\"a\": {\"b\": 1, \"c\": [{}], \"b\": 2}}}", "/foreign"},
        {"{\"foreign\": [[{\"a\": 1, \"\\u0061\": 2}]]}", "/foreign"},
        {"{\"map\": {\"a/b\": \"1\", \"a\\/b\": \"2\"}}", "/map/a~1b"},
        {"{\"byName\": {\"n\": {\"name\": \"a\"}, \"m\": {\"name\": \"a\"}, \"n\": {\"name\": "
         "\"b\"}}}",
         "/byName/n"},
        {"{\"children\": [{\"name\": \"a\", \"size\": 1, \"size\": 1}]}", "/children/0/size"},
        {"{\"\": 1, \"\": 2}", "/"},
        {"{\"a\": 1, \"a\": 2, \"a\": 3}", "/a"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        read_text(rows[i].text);
        assert_refused("duplicate-key", rows[i].pointer);
    }
}

static void the_first_of_two_values_stays(void **state UNUSED)
{
    read_text("{\"u16\": 1, \"u16\": 2}");
    assert_int_equal(thing.u16, 1);
}

static void the_same_key_in_two_objects_is_fine(void **state UNUSED)
{
    read_text("{\"children\": [{\"name\": \"a\"}, {\"name\": \"a\"}], \"child\": {\"name\": \"a\"},"
              "\"foreign\": [{\"a\": 1}, {\"a\": {\"a\": 1, \"aa\": 2}}], \"a\": 1}");
    assert_fine();
    /* The parser hands out escaped keys in a buffer that the next one overwrites. */
    read_text("{\"\\u0061\": 1, \"\\u0062\": 2, \"c\": {\"\\u0064\": 3, \"\\u0065\": 4}}");
    assert_fine();
}

static void an_unknown_key_is_ignored_and_remembered(void **state UNUSED)
{
    read_text("{\"foreign\": {\"truth\": 5, \"child\": []}, \"child\": {\"name\": \"a\", \"nmae\": "
              "1.5}}");
    assert_fine();
    assert_int_equal(thing.present, 1u << test_thing_BIT_child);
    assert_int_equal(document.n_unknown, 2);
    assert_string_equal(document.unknown.items[0].key, "foreign");
    assert_string_equal(
        json_pointer(&document, document.unknown.items[1].origin, document.unknown.items[1].key),
        "/child/nmae");
}

static void a_known_key_in_other_letter_case_is_a_warning(void **state UNUSED)
{
    read_text("{\"Truth\": true, \"child\": {\"name\": \"a\", \"SIZE\": 1}}");
    assert_int_equal(findings.n_refused, 0);
    assert_int_equal(findings.count, 2);
    assert_string_equal(findings.items[0].id, "key-in-other-case");
    assert_string_equal(findings.items[0].pointer, "/Truth");
    assert_string_equal(findings.items[0].cure, "truth");
    assert_string_equal(findings.items[1].pointer, "/child/SIZE");
    assert_false(thing.truth);
}

/* --- text ------------------------------------------------------------------------------------ */

static void bad_text_is_refused_with_its_place(void **state UNUSED)
{
    static const struct {
        const char *text;
        size_t size; /* 0: strlen */
        const char *finding;
    } rows[] = {
        {"", 0, "line 1, column 1: the document is empty"},
        {" \n ", 0, "line 2, column 2: the document is empty"},
        {"\xef\xbb\xbf{}", 0, "line 1, column 1: a byte order mark"},
        {"[]", 0, "line 1, column 1: the document is not an object"},
        {"5", 0, "line 1, column 1: the document is not an object"},
        {"null", 0, "line 1, column 1: the document is not an object"},
        {"\"{}\"", 0, "line 1, column 1: the document is not an object"},
        {"{} x", 0, "line 1, column 4: something follows the document"},
        {"{} {}", 0, "line 1, column 4: something follows the document"},
        {"{}\n{}", 0, "line 2, column 1: something follows the document"},
        {"{}]", 0, "line 1, column 3: something follows the document"},
        {"{}\"abc", 0, "line 1, column 3: something follows the document"},
        {"{}\0", 3, "line 1, column 3: something follows the document"},
        {"{}/* */", 0, "line 1, column 3: something follows the document"},
        {"{\"a\":\v1}", 0, "line 1, column 6: a byte that has no meaning between values"},
        {"{\f}", 0, "line 1, column 2: a byte that has no meaning between values"},
        {"{\xc2\xa0}", 0, "line 1, column 2: a byte that has no meaning between values"},
        {"{\0}", 3, "line 1, column 2: a byte that has no meaning between values"},
        {"{\"a\": \"x\ty\"}", 0, "line 1, column 9: a raw control byte in a string"},
        {"{\"a\": \"x\ny\"}", 0, "line 1, column 9: a raw control byte in a string"},
        {"{\"a\": \"x\0y\"}", 12, "line 1, column 9: a raw control byte in a string"},
        {"{\"a\": \"x", 0, "line 1, column 9: the document ends within a string"},
        {"{\"a\": \"\xff\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xc0\x80\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xe0\x80\x80\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xf0\x80\x80\x80\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xed\xa0\x80\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xf4\x90\x80\x80\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\": \"\xe2\x82\"}", 0, "line 1, column 8: invalid UTF-8"},
        {"{\"a\xff\": 1}", 0, "line 1, column 4: invalid UTF-8"},
        {"{\"a\": \"\\ud800\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"a\": \"\\udbff\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"a\": \"\\uDC00\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"a\": \"\\ud800\\ud800\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"a\": \"\\ud800x\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"a\": \"\\ud83d\\u0041\"}", 0, "line 1, column 8: half of a surrogate pair"},
        {"{\"\\ud800\": 1}", 0, "line 1, column 3: half of a surrogate pair"},
        {"{\"a\": \"\\ud800", 0, "line 1, column 8: half of a surrogate pair"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        read_bytes(rows[i].text, rows[i].size != 0 ? rows[i].size : strlen(rows[i].text));
        assert_refused("json-invalid", "");
        assert_string_equal(findings.items[0].text, rows[i].finding);
    }
}

static void bad_grammar_is_refused(void **state UNUSED)
{
    static const char *const texts[] = {
        "{",
        "{]",
        "{\"a\"}",
        "{\"a\": }",
        "{\"a\": 1,}",
        "{\"a\": [1,]}",
        "{\"a\": [1 2]}",
        "{\"a\": [1}",
        "{\"a\": [1]",
        "{a: 1}",
        "{'a': 1}",
        "{\"a\": nul}",
        "{\"a\": True}",
        "{\"a\": 1. }",
        "{\"a\": .5}",
        "{\"a\": 1e}",
        "{\"a\": \"\\q\"}",
        "{\"a\": \"\\u12\"}",
        "{\"a\": \"\\u12g4\"}",
        "{/* comment */}",
        "{\"a\": 1 // comment\n}",
        "{\"a\": 1 # comment\n}",
        "{\"a\": \"\\",
    };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        read_text(texts[i]);
        assert_refused("json-invalid", "");
    }
}

static void good_text_passes(void **state UNUSED)
{
    read_text(
        " \t\r\n{\"string\": \"\\ud83d\\ude00 \xf0\x9f\x98\x80 \x7f \\\" \\\\ \\b\\f\\r\\t\"} \n");
    assert_fine();
    assert_string_equal(thing.string, "\xf0\x9f\x98\x80 \xf0\x9f\x98\x80 \x7f \" \\ \b\f\r\t");
}

static void an_escaped_nul_is_refused_everywhere(void **state UNUSED)
{
    static const struct {
        const char *text;
        const char *pointer;
    } rows[] = {
        {"{\"string\": \"\\u0000\"}", "/string"},
        {"{\"string\": \"a\\u0000b\"}", "/string"},
        {"{\"string\": \"ab\\u0000\"}", "/string"},
        {"{\"strings\": [\"a\", \"\\u0000\"]}", "/strings/1"},
        {"{\"map\": {\"k\": \"a\\u0000\"}}", "/map/k"},
        {"{\"map\": {\"k\\u0000\": \"a\"}}", "/map"},
        {"{\"byName\": {\"k\\u0000\": {}}}", "/byName"},
        {"{\"string\\u0000\": \"a\"}", ""},
        {"{\"foreign\": \"a\\u0000\"}", "/foreign"},
        {"{\"foreign\": [{\"\\u0000\": 1}]}", "/foreign"},
        {"{\"u16\": \"\\u0000\"}", "/u16"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        read_text(rows[i].text);
        assert_refused("string-has-nul", rows[i].pointer);
    }
}

static void what_a_finding_quotes_is_fit_for_a_terminal(void **state UNUSED)
{
    read_text("{\"map\": {\"\\u001b[2J\": \"\", \"\\u001b[2J\": \"\"}}");
    assert_int_equal(findings.count, 1);
    assert_string_equal(findings.items[0].text, "the key \"\\x1b[2J\" stands more than once");
}

/* --- bounds ---------------------------------------------------------------------------------- */

/* A document made of a head, `count` times a part, and a tail. */
static void read_repeated(const char *head, const char *part, size_t count, const char *tail)
{
    size_t head_length = strlen(head);
    size_t part_length = strlen(part);
    size_t tail_length = strlen(tail);
    size_t size = head_length + part_length * count + tail_length;
    char *bytes = malloc(size);

    assert_non_null(bytes);
    memcpy(bytes, head, head_length);
    for (size_t i = 0; i < count; i++)
        memcpy(bytes + head_length + i * part_length, part, part_length);
    memcpy(bytes + head_length + count * part_length, tail, tail_length);
    read_bytes(bytes, size);
    free(bytes);
}

static void the_document_may_have_16_mib(void **state UNUSED)
{
    size_t room = JSON_DOCUMENT_MAX_BYTES - 2;

    read_repeated("{", " ", room, "}");
    assert_fine();
    read_repeated("{", " ", room + 1, "}");
    assert_refused("json-too-large", "");
}

static void unknown_values_may_nest_64_deep(void **state UNUSED)
{
    char text[512] = "{\"foreign\": ";

    memset(text + strlen(text), '[', 64);
    memset(text + strlen(text), ']', 64);
    strcat(text, "}");
    read_text(text);
    assert_fine();
    read_repeated("{\"foreign\": ", "[", 65, "");
    assert_refused("json-too-deep", "/foreign");
    read_repeated("{\"foreign\": ", "{\"a\":", 65, "");
    assert_refused("json-too-deep", "/foreign");
    read_repeated("{\"string\": ", "[", 65, "");
    assert_int_equal(findings.n_refused, 2);
    assert_string_equal(findings.items[1].id, "json-too-deep");
}

static void brackets_cost_little_memory(void **state UNUSED)
{
    read_repeated("{\"foreign\": ", "[", 1000000, "");
    assert_refused("json-too-deep", "/foreign");
    assert_true(arena.total_bytes < 4096);
    read_repeated("{\"foreign\": ", "[", 100u * 1000 * 1000, "");
    assert_refused("json-too-large", "");
    assert_true(arena.total_bytes < 4096);
}

static void a_string_may_have_1_mib(void **state UNUSED)
{
    read_repeated("{\"string\": \"", "a", JSON_STRING_MAX_BYTES, "\"}");
    assert_fine();
    assert_int_equal(strlen(thing.string), JSON_STRING_MAX_BYTES);
    read_repeated("{\"string\": \"", "a", JSON_STRING_MAX_BYTES + 1, "\"}");
    assert_refused("string-too-long", "/string");
    read_repeated("{\"", "a", JSON_STRING_MAX_BYTES + 1, "\": 1}");
    assert_refused("string-too-long", "");
}

static void there_may_be_a_million_values(void **state UNUSED)
{
    /* The document, the array and its elements. */
    read_repeated("{\"foreign\": [1", ",1", JSON_MAX_NODES - 3, "]}");
    assert_fine();
    read_repeated("{\"foreign\": [1", ",1", JSON_MAX_NODES - 2, "]}");
    assert_refused("json-too-large", "");
}

static void long_and_many_strings_fit(void **state UNUSED)
{
    char *part = malloc(1000 * 1000 + 1);

    assert_non_null(part);
    memset(part, 'a', 1000 * 1000);
    memcpy(part, ",\"", 2);
    memcpy(part + 1000 * 1000 - 1, "\"", 2);
    read_repeated("{\"strings\": [\"\"", part, 14, "]}");
    assert_fine();
    free(part);
    assert_int_equal(thing.strings.count, 15);
    read_repeated("{\"strings\": [\"\"", ",\"\"", 1000 * 1000, "]}");
    assert_fine();
    assert_int_equal(thing.strings.count, 1000 * 1000 + 1);
    assert_true(arena.total_bytes <= JSON_DECODED_MAX_BYTES);
}

static void lists_stop_where_their_rule_says(void **state UNUSED)
{
    read_repeated("{\"children\": [{\"name\": \"\"}", ",{\"name\": \"\"}", 499, "]}");
    assert_fine();
    assert_int_equal(thing.children.count, 500);
    read_repeated("{\"children\": [{\"name\": \"\"}", ",{\"name\": \"\"}", 100000, "]}");
    assert_refused("list-too-long", "/children");
    assert_true(thing.children.count == 501);
}

static void maps_stop_at_16384_entries(void **state UNUSED)
{
    struct strbuf text = {.arena = NULL};
    struct arena own = ARENA_INIT;

    text.arena = &own;
    strbuf_puts(&text, "{\"map\": {\"\": \"\"");
    for (int i = 1; i <= JSON_LIST_MAX; i++)
        strbuf_printf(&text, ",\"%d\": \"\"", i);
    strbuf_puts(&text, "}}");
    read_text(strbuf_text(&text));
    arena_release(&own);
    assert_refused("list-too-long", "/map");
}

static void findings_end_at_their_maximum_and_still_refuse(void **state UNUSED)
{
    read_repeated("{\"strings\": [1", ",1", 100000, "]}");
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.n_refused, FINDINGS_MAX);
    assert_string_equal(findings.items[FINDINGS_MAX - 1].id, "json-too-many-findings");
    assert_true(arena.total_bytes < 256u * 1024);
}

static void too_many_warnings_refuse_what_was_not_read(void **state UNUSED)
{
    /* Each object has one key in other letter case: a warning. What stands behind is never seen. */
    read_repeated("{\"children\": [{\"name\": \"\", \"Size\": 1}", ",{\"name\": \"\", \"Size\": 1}",
                  300, "], \"child\": {}}");
    assert_int_equal(findings.count, FINDINGS_MAX);
    assert_int_equal(findings.n_refused, 1);
    assert_string_equal(findings.items[FINDINGS_MAX - 1].id, "json-too-many-findings");
}

static void a_million_keys_are_compared_quickly(void **state UNUSED)
{
    struct arena own = ARENA_INIT;
    struct strbuf text = STRBUF_INIT(&own);

    strbuf_puts(&text, "{\"foreign\": {");
    for (int i = 0; i < 500000; i++)
        strbuf_printf(&text, "\"%d\":0,", i);
    strbuf_puts(&text, "\"77\":0}}");
    read_text(strbuf_text(&text));
    arena_release(&own);
    assert_refused("duplicate-key", "/foreign");
    assert_string_equal(findings.items[0].text, "the key \"77\" stands more than once");
}

/* --- pointers -------------------------------------------------------------------------------- */

static void pointers_escape_and_lead_to_the_place(void **state UNUSED)
{
    read_text("{\"byName\": {\"a/b~\": {\"name\": \"\"}}, \"children\": [{\"name\": \"\"}]}");
    assert_fine();
    assert_string_equal(json_pointer(&document, 0, NULL), "");
    assert_string_equal(json_pointer(&document, 0, "u16"), "/u16");
    assert_string_equal(json_pointer(&document, thing.by_name.items[0].value.origin, "size"),
                        "/byName/a~1b~0/size");
    assert_string_equal(json_pointer(&document, thing.children.items[0].origin, "name"),
                        "/children/0/name");
    assert_string_equal(json_pointer_item(&document, 0, "strings", 7), "/strings/7");
    assert_string_equal(json_pointer_entry(&document, 0, "map", "~/"), "/map/~0~1");
    assert_string_equal(json_pointer_entry(&document, 0, "map", ""), "/map/");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_stored),
        cmocka_unit_test(lists_of_objects_grow_and_keep_their_elements),
        cmocka_unit_test(each_integer_kind_takes_its_range_and_nothing_else),
        cmocka_unit_test(a_list_of_integers_checks_each),
        cmocka_unit_test(a_wrong_type_names_the_place_and_what_would_be_right),
        cmocka_unit_test(elements_after_a_wrong_one_keep_their_index),
        cmocka_unit_test(null_is_absent),
        cmocka_unit_test(null_for_a_required_key_is_missing),
        cmocka_unit_test(a_missing_key_is_named_at_its_object),
        cmocka_unit_test(a_wrong_value_of_a_required_key_is_one_finding),
        cmocka_unit_test(a_rule_names_the_place_and_the_cure),
        cmocka_unit_test(a_key_that_stands_twice_is_refused_in_every_object),
        cmocka_unit_test(the_first_of_two_values_stays),
        cmocka_unit_test(the_same_key_in_two_objects_is_fine),
        cmocka_unit_test(an_unknown_key_is_ignored_and_remembered),
        cmocka_unit_test(a_known_key_in_other_letter_case_is_a_warning),
        cmocka_unit_test(bad_text_is_refused_with_its_place),
        cmocka_unit_test(bad_grammar_is_refused),
        cmocka_unit_test(good_text_passes),
        cmocka_unit_test(an_escaped_nul_is_refused_everywhere),
        cmocka_unit_test(what_a_finding_quotes_is_fit_for_a_terminal),
        cmocka_unit_test(the_document_may_have_16_mib),
        cmocka_unit_test(unknown_values_may_nest_64_deep),
        cmocka_unit_test(brackets_cost_little_memory),
        cmocka_unit_test(a_string_may_have_1_mib),
        cmocka_unit_test(there_may_be_a_million_values),
        cmocka_unit_test(long_and_many_strings_fit),
        cmocka_unit_test(lists_stop_where_their_rule_says),
        cmocka_unit_test(maps_stop_at_16384_entries),
        cmocka_unit_test(findings_end_at_their_maximum_and_still_refuse),
        cmocka_unit_test(too_many_warnings_refuse_what_was_not_read),
        cmocka_unit_test(a_million_keys_are_compared_quickly),
        cmocka_unit_test(pointers_escape_and_lead_to_the_place),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
