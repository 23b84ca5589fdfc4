/* SPDX-License-Identifier: Apache-2.0 */

/* Links with libcaisson-pure.a and yajl. */

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

#include "base/macros.h"
#include "kernel/abi.h"
#include "rootfs/mount_options.h"

static struct arena arena;

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

/* Words between spaces. */
static struct mount_options parse(const char *line)
{
    struct json_strings words = {.count = 0};
    struct mount_options options;

    while (*line != '\0') {
        size_t length = strcspn(line, " ");

        *ARENA_PUSH(&arena, &words) = arena_strndup(&arena, line, length);
        line += length + strspn(line + length, " ");
    }
    mount_options_parse(&options, &words, &arena);
    return options;
}

/* What each word of config.md does, by itself. */
static const struct expectation {
    const char *word;
    uint64_t set;
    uint64_t clear;
    uint64_t tree_set;
    uint64_t tree_clear;
    uint32_t propagation;
    bool propagates_tree;
    const char *parameter;
    const char *switched_off;
} expectations[] = {
    {.word = "async", .switched_off = "async"},
    {.word = "atime", .clear = MOUNT_ATTR__ATIME},
    {.word = "bind"},
    {.word = "defaults"},
    {.word = "dev", .clear = MOUNT_ATTR_NODEV},
    {.word = "diratime", .clear = MOUNT_ATTR_NODIRATIME},
    {.word = "dirsync", .parameter = "dirsync"},
    {.word = "exec", .clear = MOUNT_ATTR_NOEXEC},
    {.word = "idmap"},
    {.word = "iversion"},
    {.word = "lazytime", .parameter = "lazytime"},
    {.word = "loud"},
    {.word = "mand", .parameter = "mand"},
    {.word = "noatime", .set = MOUNT_ATTR_NOATIME, .clear = MOUNT_ATTR__ATIME},
    {.word = "nodev", .set = MOUNT_ATTR_NODEV},
    {.word = "nodiratime", .set = MOUNT_ATTR_NODIRATIME},
    {.word = "noexec", .set = MOUNT_ATTR_NOEXEC},
    {.word = "noiversion"},
    {.word = "nolazytime", .switched_off = "nolazytime"},
    {.word = "nomand", .switched_off = "nomand"},
    {.word = "norelatime", .clear = MOUNT_ATTR__ATIME},
    {.word = "nostrictatime", .clear = MOUNT_ATTR__ATIME},
    {.word = "nosuid", .set = MOUNT_ATTR_NOSUID},
    {.word = "nosymfollow", .set = MOUNT_ATTR_NOSYMFOLLOW},
    {.word = "private", .propagation = MS_PRIVATE},
    {.word = "ratime", .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rbind"},
    {.word = "rdev", .tree_clear = MOUNT_ATTR_NODEV},
    {.word = "rdiratime", .tree_clear = MOUNT_ATTR_NODIRATIME},
    {.word = "relatime", .clear = MOUNT_ATTR__ATIME},
    {.word = "remount"},
    {.word = "rexec", .tree_clear = MOUNT_ATTR_NOEXEC},
    {.word = "ridmap"},
    {.word = "rnoatime", .tree_set = MOUNT_ATTR_NOATIME, .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rnodev", .tree_set = MOUNT_ATTR_NODEV},
    {.word = "rnodiratime", .tree_set = MOUNT_ATTR_NODIRATIME},
    {.word = "rnoexec", .tree_set = MOUNT_ATTR_NOEXEC},
    {.word = "rnorelatime", .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rnostrictatime", .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rnosuid", .tree_set = MOUNT_ATTR_NOSUID},
    {.word = "rnosymfollow", .tree_set = MOUNT_ATTR_NOSYMFOLLOW},
    {.word = "ro", .set = MOUNT_ATTR_RDONLY},
    {.word = "rprivate", .propagation = MS_PRIVATE, .propagates_tree = true},
    {.word = "rrelatime", .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rro", .tree_set = MOUNT_ATTR_RDONLY},
    {.word = "rrw", .tree_clear = MOUNT_ATTR_RDONLY},
    {.word = "rshared", .propagation = MS_SHARED, .propagates_tree = true},
    {.word = "rslave", .propagation = MS_SLAVE, .propagates_tree = true},
    {.word = "rstrictatime", .tree_set = MOUNT_ATTR_STRICTATIME, .tree_clear = MOUNT_ATTR__ATIME},
    {.word = "rsuid", .tree_clear = MOUNT_ATTR_NOSUID},
    {.word = "rsymfollow", .tree_clear = MOUNT_ATTR_NOSYMFOLLOW},
    {.word = "runbindable", .propagation = MS_UNBINDABLE, .propagates_tree = true},
    {.word = "rw", .clear = MOUNT_ATTR_RDONLY},
    {.word = "shared", .propagation = MS_SHARED},
    {.word = "silent"},
    {.word = "slave", .propagation = MS_SLAVE},
    {.word = "strictatime", .set = MOUNT_ATTR_STRICTATIME, .clear = MOUNT_ATTR__ATIME},
    {.word = "suid", .clear = MOUNT_ATTR_NOSUID},
    {.word = "symfollow", .clear = MOUNT_ATTR_NOSYMFOLLOW},
    {.word = "sync", .parameter = "sync"},
    {.word = "tmpcopyup"},
    {.word = "unbindable", .propagation = MS_UNBINDABLE},
};

static const char *only_item(const struct json_strings *list)
{
    assert_true(list->count <= 1);
    return list->count == 1 ? list->items[0] : NULL;
}

static bool is_same_string(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool has_expected_attributes(const struct mount_options *o, const struct expectation *e)
{
    return o->attr_set == e->set && o->attr_clear == e->clear && o->recursive_set == e->tree_set &&
           o->recursive_clear == e->tree_clear && o->propagation == e->propagation &&
           o->propagation_is_recursive == e->propagates_tree;
}

static bool has_expected_lists(const struct mount_options *o, const struct expectation *e)
{
    return is_same_string(only_item(&o->parameters), e->parameter) &&
           is_same_string(only_item(&o->switched_off), e->switched_off);
}

static bool has_expected_marks(const struct mount_options *o, const char *word)
{
    bool is_rbind = strcmp(word, "rbind") == 0;
    bool is_idmap = strcmp(word, "idmap") == 0 || strcmp(word, "ridmap") == 0;

    return o->is_bind == (is_rbind || strcmp(word, "bind") == 0) &&
           o->is_recursive_bind == is_rbind && o->is_remount == (strcmp(word, "remount") == 0) &&
           o->copies_up == (strcmp(word, "tmpcopyup") == 0) &&
           o->counts_changes == (strcmp(word, "iversion") == 0) && o->is_idmapped == is_idmap;
}

static void every_word_does_what_the_table_says(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(expectations); i++) {
        const struct expectation *e = &expectations[i];
        struct mount_options options = parse(e->word);

        if (!has_expected_attributes(&options, e) || !has_expected_lists(&options, e) ||
            !has_expected_marks(&options, e->word))
            fail_msg("the word %s", e->word);
    }
}

static void rows_are_sorted_and_all_are_expected(void **state UNUSED)
{
    assert_int_equal(n_mount_option_rows, ARRAY_LEN(expectations));
    for (size_t i = 0; i < n_mount_option_rows; i++) {
        assert_string_equal(mount_option_rows[i].name, expectations[i].word);
        if (i > 0)
            assert_true(strcmp(mount_option_rows[i - 1].name, mount_option_rows[i].name) < 0);
    }
}

/* Each word with "no" undoes the one without, in both orders, on the top and on the tree. */
static void the_later_word_wins(void **state UNUSED)
{
    static const struct {
        const char *positive;
        const char *negative;
        uint64_t attribute;
    } pairs[] = {
        {"ro", "rw", MOUNT_ATTR_RDONLY},
        {"nosuid", "suid", MOUNT_ATTR_NOSUID},
        {"nodev", "dev", MOUNT_ATTR_NODEV},
        {"noexec", "exec", MOUNT_ATTR_NOEXEC},
        {"nodiratime", "diratime", MOUNT_ATTR_NODIRATIME},
        {"nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW},
    };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct mount_options o =
            parse(arena_printf(&arena, "%s %s", pairs[i].positive, pairs[i].negative));

        assert_int_equal(o.attr_set, 0);
        assert_int_equal(o.attr_clear, pairs[i].attribute);
        o = parse(arena_printf(&arena, "%s %s", pairs[i].negative, pairs[i].positive));
        assert_int_equal(o.attr_set, pairs[i].attribute);
        assert_int_equal(o.attr_clear, 0);
        o = parse(arena_printf(&arena, "r%s r%s", pairs[i].positive, pairs[i].negative));
        assert_int_equal(o.recursive_set, 0);
        assert_int_equal(o.recursive_clear, pairs[i].attribute);
    }
}

static void a_word_for_the_tree_covers_earlier_ones_for_the_top(void **state UNUSED)
{
    struct mount_options o = parse("ro noatime nosuid rrw rstrictatime");

    assert_int_equal(o.attr_set, MOUNT_ATTR_NOSUID);
    assert_int_equal(o.attr_clear, 0);
    assert_int_equal(o.recursive_set, MOUNT_ATTR_STRICTATIME);
    assert_int_equal(o.recursive_clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
}

static void a_word_for_the_top_makes_an_exception_from_the_tree(void **state UNUSED)
{
    struct mount_options o = parse("rro rnoatime rw relatime");

    assert_int_equal(o.recursive_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
    assert_int_equal(o.attr_set, 0);
    assert_int_equal(o.attr_clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
    assert_int_equal(mount_options_whole_set(&o), 0);
}

static void a_negative_word_for_times_undoes_only_its_own(void **state UNUSED)
{
    assert_int_equal(parse("noatime nostrictatime").attr_set, MOUNT_ATTR_NOATIME);
    assert_int_equal(parse("noatime norelatime").attr_set, MOUNT_ATTR_NOATIME);
    assert_int_equal(parse("strictatime atime").attr_set, MOUNT_ATTR_STRICTATIME);
    assert_int_equal(parse("noatime atime").attr_set, MOUNT_ATTR_RELATIME);
    assert_int_equal(parse("strictatime nostrictatime").attr_set, MOUNT_ATTR_RELATIME);
    assert_int_equal(parse("strictatime noatime").attr_set, MOUNT_ATTR_NOATIME);
    assert_int_equal(parse("rnoatime ratime").recursive_set, MOUNT_ATTR_RELATIME);
}

/* A time that is set without the whole field being cleared is EINVAL (mount_setattr(2)). */
static void a_time_always_clears_the_field(void **state UNUSED)
{
    static const char *const words[] = {"atime",      "noatime",       "relatime",
                                        "norelatime", "nostrictatime", "strictatime"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        for (size_t j = 0; j < ARRAY_LEN(words); j++) {
            struct mount_options o = parse(arena_printf(&arena, "%s %s", words[i], words[j]));

            assert_int_equal(o.attr_clear & MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME);
            assert_int_not_equal(o.attr_set & MOUNT_ATTR__ATIME,
                                 MOUNT_ATTR_NOATIME | MOUNT_ATTR_STRICTATIME);
        }
}

static void flags_of_the_file_system_can_be_taken_back(void **state UNUSED)
{
    struct mount_options o = parse("sync lazytime async");

    assert_int_equal(o.parameters.count, 1);
    assert_string_equal(o.parameters.items[0], "lazytime");
    assert_string_equal(only_item(&o.switched_off), "async");
    o = parse("async sync sync");
    assert_string_equal(only_item(&o.parameters), "sync");
    assert_int_equal(o.switched_off.count, 0);
    assert_false(parse("iversion noiversion").counts_changes);
}

static void unknown_words_are_parameters_in_their_order(void **state UNUSED)
{
    struct mount_options o = parse("mode=755 ro size=1m,2 RO atime=1");

    assert_int_equal(o.parameters.count, 4);
    assert_string_equal(o.parameters.items[0], "mode=755");
    assert_string_equal(o.parameters.items[1], "size=1m,2");
    assert_string_equal(o.parameters.items[2], "RO");
    assert_string_equal(o.parameters.items[3], "atime=1");
    assert_int_equal(o.attr_set, MOUNT_ATTR_RDONLY);
}

static void an_empty_word_means_nothing(void **state UNUSED)
{
    static const char *items[] = {"", "ro", ""};
    struct json_strings words = {.items = items, .count = 3};
    struct mount_options options;

    mount_options_parse(&options, &words, &arena);
    assert_int_equal(options.parameters.count, 0);
    assert_int_equal(options.attr_set, MOUNT_ATTR_RDONLY);
}

static void the_last_propagation_wins(void **state UNUSED)
{
    struct mount_options o = parse("rshared slave");

    assert_int_equal(o.propagation, MS_SLAVE);
    assert_false(o.propagation_is_recursive);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_word_does_what_the_table_says),
        cmocka_unit_test(rows_are_sorted_and_all_are_expected),
        cmocka_unit_test(the_later_word_wins),
        cmocka_unit_test(a_word_for_the_tree_covers_earlier_ones_for_the_top),
        cmocka_unit_test(a_word_for_the_top_makes_an_exception_from_the_tree),
        cmocka_unit_test(a_negative_word_for_times_undoes_only_its_own),
        cmocka_unit_test(a_time_always_clears_the_field),
        cmocka_unit_test(flags_of_the_file_system_can_be_taken_back),
        cmocka_unit_test(unknown_words_are_parameters_in_their_order),
        cmocka_unit_test(an_empty_word_means_nothing),
        cmocka_unit_test(the_last_propagation_wins),
    };

    return cmocka_run_group_tests(tests, NULL, release);
}
