/* SPDX-License-Identifier: Apache-2.0 */

/* Texts as kernels write them, to the JSON that readers of `runc events` know. */

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "base/macros.h"
#include "cgroup/stats.h"

static struct arena arena;

static int release(void **state UNUSED)
{
    arena_release(&arena);
    return 0;
}

struct file {
    const char *name;
    const char *content;
};

static struct cgroup_stats take(const struct file *files, size_t n)
{
    struct cgroup_stats stats = CGROUP_STATS_INIT(&arena);

    for (size_t i = 0; i < n; i++)
        cgroup_stats_take(&stats, files[i].name, files[i].content);
    return stats;
}

#define TAKE(...)                                                                                  \
    take((const struct file[]){__VA_ARGS__},                                                       \
         sizeof((const struct file[]){__VA_ARGS__}) / sizeof(struct file))

static const char *json(const struct cgroup_stats *stats)
{
    struct strbuf text = STRBUF_INIT(&arena);
    struct json_writer writer = JSON_WRITER_INIT(&text, JSON_COMPACT);

    cgroup_stats_write(&writer, stats);
    return strbuf_text(&text);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no %s in %s", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("%s in %s", part, text);
}

#define CPUSET_GONE                                                                                \
    "\"mem_hardwall\":0,\"mem_exclusive\":0,\"memory_migrate\":0,\"memory_spread_page\":0,"        \
    "\"memory_spread_slab\":0,\"memory_pressure\":0,\"sched_load_balance\":0,"                     \
    "\"sched_relax_domain_level\":0"

static void a_group_without_controllers_has_all_members_that_readers_expect(void **state)
{
    struct cgroup_stats stats = TAKE({"cpu.stat", "usage_usec 0\nuser_usec 0\nsystem_usec 0\n"});

    (void)state;
    assert_string_equal(
        json(&stats),
        "{\"cpu\":{\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{}},"
        "\"cpuset\":{\"cpu_exclusive\":0," CPUSET_GONE "},"
        "\"memory\":{\"usage\":{\"limit\":0,\"failcnt\":0},\"swap\":{\"limit\":0,\"failcnt\":0},"
        "\"kernel\":{\"limit\":0,\"failcnt\":0},\"kernelTCP\":{\"limit\":0,\"failcnt\":0}},"
        "\"pids\":{},\"blkio\":{},\"hugetlb\":{},\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void everything_in_its_place_and_order(void **state)
{
    struct cgroup_stats stats =
        TAKE({"cpu.stat", "usage_usec 120\nuser_usec 100\nsystem_usec 20\ncore_sched.force_idle_"
                          "usec 0\nnr_periods 7\nnr_throttled 2\nthrottled_usec 30\nnr_bursts 0\n"},
             {"cpu.pressure", "some avg10=1.50 avg60=0.07 avg300=100.00 total=12345\n"
                              "full avg10=0.00 avg60=12.34 avg300=0.10 total=0\n"},
             {"cpuset.cpus.effective", "0-2,7\n"}, {"cpuset.mems.effective", "0\n"},
             {"memory.current", "1000\n"}, {"memory.max", "4096\n"}, {"memory.peak", "2000\n"},
             {"memory.events", "low 0\nhigh 0\nmax 5\noom 1\noom_kill 1\n"},
             {"memory.swap.current", "24\n"}, {"memory.swap.max", "100\n"},
             {"memory.swap.events", "high 0\nmax 3\nfail 9\n"},
             {"memory.stat", "anon 1\nfile 77\nkernel 55\nsock 8\n"}, {"pids.current", "3\n"},
             {"pids.max", "16\n"},
             {"io.stat", "254:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0 cost.usage=3\n"
                         "7:1 \n"},
             {"hugetlb.2MB.current", "2097152\n"}, {"hugetlb.2MB.events", "max 4\n"},
             {"hugetlb.2MB.rsvd.current", "99\n"}, {"hugetlb.1GB.current", "0\n"});

    (void)state;
    assert_string_equal(
        json(&stats),
        "{\"cpu\":{\"usage\":{\"total\":120000,\"kernel\":20000,\"user\":100000},"
        "\"throttling\":{\"periods\":7,\"throttledPeriods\":2,\"throttledTime\":30000},"
        "\"psi\":{\"some\":{\"avg10\":1.5,\"avg60\":0.07,\"avg300\":100,\"total\":12345},"
        "\"full\":{\"avg10\":0,\"avg60\":12.34,\"avg300\":0.1,\"total\":0}}},"
        "\"cpuset\":{\"cpus\":[0,1,2,7],\"cpu_exclusive\":0,\"mems\":[0]," CPUSET_GONE "},"
        "\"memory\":{\"cache\":77,"
        "\"usage\":{\"limit\":4096,\"usage\":1000,\"max\":2000,\"failcnt\":5},"
        "\"swap\":{\"limit\":4196,\"usage\":1024,\"failcnt\":3},"
        "\"kernel\":{\"limit\":18446744073709551615,\"usage\":55,\"failcnt\":0},"
        "\"kernelTCP\":{\"limit\":18446744073709551615,\"usage\":8,\"failcnt\":0},"
        "\"raw\":{\"anon\":1,\"file\":77,\"kernel\":55,\"sock\":8}},"
        "\"pids\":{\"current\":3,\"limit\":16},"
        "\"blkio\":{\"ioServiceBytesRecursive\":["
        "{\"major\":254,\"op\":\"Read\",\"value\":4096},{\"major\":254,\"op\":\"Write\"},"
        "{\"major\":254,\"op\":\"Discard\"}],"
        "\"ioServicedRecursive\":["
        "{\"major\":254,\"op\":\"Read\",\"value\":1},{\"major\":254,\"op\":\"Write\"},"
        "{\"major\":254,\"op\":\"Discard\"}]},"
        "\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"failcnt\":4},\"1GB\":{\"failcnt\":0}},"
        "\"intel_rdt\":{},\"network_interfaces\":null}");
}

static void no_limit_is_the_largest_number_and_never_added_to(void **state)
{
    struct cgroup_stats stats = TAKE({"memory.current", "5\n"}, {"memory.max", "max\n"},
                                     {"memory.swap.max", "100\n"}, {"pids.max", "max\n"});
    const char *text = json(&stats);

    (void)state;
    assert_has(text, "\"usage\":{\"limit\":18446744073709551615,\"usage\":5,\"failcnt\":0}");
    assert_has(text, "\"swap\":{\"limit\":18446744073709551615,\"usage\":5,\"failcnt\":0}");
    assert_has(text, "\"pids\":{}");
    stats = TAKE({"memory.current", "5\n"}, {"memory.max", "7\n"}, {"memory.swap.max", "max\n"});
    assert_has(json(&stats), "\"swap\":{\"limit\":18446744073709551615,");
    stats = TAKE({"memory.current", "5\n"}, {"memory.max", "18446744073709551614\n"},
                 {"memory.swap.max", "18446744073709551614\n"});
    assert_has(json(&stats), "\"swap\":{\"limit\":18446744073709551615,");
}

static void without_swap_accounting_swap_is_memory(void **state)
{
    struct cgroup_stats stats = TAKE({"memory.current", "5\n"}, {"memory.max", "7\n"});

    (void)state;
    assert_has(json(&stats), "\"swap\":{\"limit\":7,\"usage\":5,\"failcnt\":0}");
}

static void microseconds_that_do_not_fit_stay_the_largest_number(void **state)
{
    struct cgroup_stats stats = TAKE({"cpu.stat", "usage_usec 18446744073709551615\n"});

    (void)state;
    assert_has(json(&stats), "\"total\":18446744073709551615");
}

static void what_is_not_understood_is_left_out(void **state)
{
    struct cgroup_stats stats =
        TAKE({"cpu.stat", "usage_usec\nuser_usec -3\nsystem_usec 5x\n\n nr_periods 2 3\n"},
             {"cpu.pressure", "none avg10=1.00\nsome\n"}, {"memory.current", ""},
             {"memory.stat", "\nbroken\nanon 1e3\nfile 12"},
             {"io.stat", "8 rbytes=1\n8: rbytes=2\n"
                         "8:0 rbytes rios==1\n"},
             {"io.pressure", "some avg10=1 avg60=x.yz avg300=99999999999999999999.00 total=max\n"},
             {"memory.pressure", ""}, {"cpuset.cpus.effective", "3-1,,x"},
             {"cpuset.mems.effective", "0-99999999999"}, {"pids.current", "99999999999999999999"},
             {"hugetlb..current", "x"}, {"hugetlb.", "1"}, {"unknown", "1"});
    const char *text = json(&stats);

    (void)state;
    assert_has(text, "\"usage\":{\"kernel\":0,\"user\":0},\"throttling\":{\"periods\":2}");
    assert_has(text, "\"raw\":{\"file\":12}");
    assert_has(text, "\"pids\":{}");
    assert_has_not(text, "\"cpus\"");
    assert_has_not(text, "ioService");
    assert_int_equal(stats.mems.count, 65536);
    assert_false(stats.has_memory);
    assert_false(stats.memory_pressure.is_known);
}

static void keys_are_found_whole(void **state)
{
    uint64_t value = 0;

    (void)state;
    assert_true(cgroup_stats_find("oom 1\noom_kill 2\noom_group_kill 3\n", "oom_kill", &value));
    assert_int_equal(value, 2);
    assert_true(cgroup_stats_find("populated 1\nfrozen 0\n", "populated", &value));
    assert_int_equal(value, 1);
    assert_false(cgroup_stats_find("oom_kill_x 2\n", "oom_kill", &value));
    assert_false(cgroup_stats_find("", "oom_kill", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_group_without_controllers_has_all_members_that_readers_expect,
                                  release),
        cmocka_unit_test_teardown(everything_in_its_place_and_order, release),
        cmocka_unit_test_teardown(no_limit_is_the_largest_number_and_never_added_to, release),
        cmocka_unit_test_teardown(without_swap_accounting_swap_is_memory, release),
        cmocka_unit_test_teardown(microseconds_that_do_not_fit_stay_the_largest_number, release),
        cmocka_unit_test_teardown(what_is_not_understood_is_left_out, release),
        cmocka_unit_test(keys_are_found_whole),
    };

    return cmocka_run_group_tests_name("cgroup stats", tests, NULL, NULL);
}
