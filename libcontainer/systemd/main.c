/* SPDX-License-Identifier: Apache-2.0 */

/*
 * caisson-systemd: one request to systemd, by sd-bus of libsystemd.
 *
 * It is a program of its own because caisson is linked statically, and because a bus library with
 * its allocations, environment and error paths has no place in the process that makes containers.
 * Like caisson-init it is embedded and executed from a sealed memory file; only --systemd-cgroup
 * starts it. It reads one request, makes at most a few calls, answers and ends:
 * plan/unit_request.h.
 *
 * The manager's own socket comes first, which works without a D-Bus daemon; then the bus.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "plan/unit_request.h"
#include "systemd/sd_bus.h"

enum {
    CALL_TIMEOUT_S = 25, /* the default of D-Bus */
    JOB_TIMEOUT_S = 30,
    MAX_MASK_BYTES = 1024
};

static const char destination[] = "org.freedesktop.systemd1";
static const char object[] = "/org/freedesktop/systemd1";
static const char manager[] = "org.freedesktop.systemd1.Manager";

struct request {
    const char *next;
    const char *end;
};

struct connection {
    struct sd_bus_library library;
    struct sd_bus *bus;
    /* the job that is waited for */
    const char *job;
    bool is_over;
    char result[32];
};

static void __attribute__((noreturn)) answer(enum unit_answer kind, const char *text)
{
    char bytes[UNIT_ANSWER_MAX_BYTES];
    int length = snprintf(bytes, sizeof(bytes), "%c%s", (int)kind, text);

    if (length >= (int)sizeof(bytes))
        length = (int)sizeof(bytes) - 1;
    _exit(write(UNIT_ANSWER_FD, bytes, (size_t)length) == length ? 0 : 1);
}

static void __attribute__((noreturn)) fail(const char *what, int error)
{
    char text[512];

    snprintf(text, sizeof(text), "%s: %s", what, strerror(error < 0 ? -error : error));
    answer(UNIT_FAILED, text);
}

static void must(int result, const char *what)
{
    if (result < 0)
        fail(what, result);
}

/* ---- the request ---------------------------------------------------------------------------------------- */

static struct request open_request(void)
{
    struct stat st;
    const char *bytes;

    if (fstat(UNIT_REQUEST_FD, &st) < 0 || st.st_size <= 0)
        fail("read the request", errno);
    bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, UNIT_REQUEST_FD, 0);
    if (bytes == MAP_FAILED)
        fail("read the request", errno);
    if (bytes[st.st_size - 1] != '\0')
        answer(UNIT_FAILED, "the request is cut off");
    return (struct request){.next = bytes, .end = bytes + st.st_size};
}

static bool is_empty(const struct request *request)
{
    return request->next == request->end;
}

static const char *take(struct request *request)
{
    const char *word = request->next;

    if (is_empty(request))
        answer(UNIT_FAILED, "the request is cut off");
    request->next += strlen(word) + 1;
    return word;
}

/* ---- values --------------------------------------------------------------------------------------------- */

static uint64_t number(const char *word)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(word, &end, 10);
    if (errno != 0 || *end != '\0' || word[0] < '0' || word[0] > '9')
        answer(UNIT_FAILED, "the request has a word in the place of a number");
    return value;
}

static void append(const struct connection *c, struct sd_bus_message *message, char type,
                   const char *word)
{
    uint64_t value = type == 's' || type == 'b' ? 0 : number(word);
    uint32_t small = (uint32_t)value;
    int truth = strcmp(word, "true") == 0;
    const void *at = type == 's'   ? (const void *)word
                     : type == 't' ? (const void *)&value
                     : type == 'b' ? (const void *)&truth
                                   : (const void *)&small;

    if ((type == 'u' && value > UINT32_MAX) || (type == 'i' && value > INT32_MAX))
        answer(UNIT_FAILED, "the request has a number that is too large");
    must(c->library.sd_bus_message_append_basic(message, type, at), "write a value");
}

static unsigned int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c) : NULL;

    if (found == NULL)
        answer(UNIT_FAILED, "the request has a damaged mask");
    return (unsigned int)(found - digits);
}

static void append_bytes(const struct connection *c, struct sd_bus_message *message,
                         const char *hex)
{
    unsigned char bytes[MAX_MASK_BYTES];
    size_t n = 0;

    for (; hex[0] != '\0'; hex += 2) {
        if (n == sizeof(bytes))
            answer(UNIT_FAILED, "the request has a mask that is too long");
        bytes[n++] = (unsigned char)(digit(hex[0]) << 4 | digit(hex[1]));
    }
    must(c->library.sd_bus_message_append_array(message, 'y', bytes, n), "write a mask");
}

static void append_pairs(const struct connection *c, struct sd_bus_message *message,
                         struct request *request, uint64_t n)
{
    must(c->library.sd_bus_message_open_container(message, 'a', "(st)"), "write a list");
    for (uint64_t i = 0; i + 1 < n; i += 2) {
        must(c->library.sd_bus_message_open_container(message, 'r', "st"), "write a pair");
        append(c, message, 's', take(request));
        append(c, message, 't', take(request));
        must(c->library.sd_bus_message_close_container(message), "write a pair");
    }
    must(c->library.sd_bus_message_close_container(message), "write a list");
}

static void append_list(const struct connection *c, struct sd_bus_message *message, char type,
                        struct request *request, uint64_t n)
{
    const char contents[] = {type, '\0'};

    must(c->library.sd_bus_message_open_container(message, 'a', contents), "write a list");
    for (uint64_t i = 0; i < n; i++)
        append(c, message, type, take(request));
    must(c->library.sd_bus_message_close_container(message), "write a list");
}

static void append_value(const struct connection *c, struct sd_bus_message *message,
                         const char *signature, struct request *request, uint64_t n)
{
    if (strcmp(signature, "ay") == 0 && n == 1)
        append_bytes(c, message, take(request));
    else if (strcmp(signature, "a(st)") == 0 && n % 2 == 0)
        append_pairs(c, message, request, n);
    else if (strcmp(signature, "as") == 0 || strcmp(signature, "au") == 0)
        append_list(c, message, signature[1], request, n);
    else if (strlen(signature) == 1 && strchr("sbiut", signature[0]) != NULL && n == 1)
        append(c, message, signature[0], take(request));
    else
        answer(UNIT_FAILED, "the request has a signature that nobody knows");
}

static void append_properties(const struct connection *c, struct sd_bus_message *message,
                              struct request *request)
{
    must(c->library.sd_bus_message_open_container(message, 'a', "(sv)"), "write properties");
    while (!is_empty(request)) {
        const char *name = take(request);
        const char *signature = take(request);
        uint64_t n = number(take(request));

        must(c->library.sd_bus_message_open_container(message, 'r', "sv"), name);
        append(c, message, 's', name);
        must(c->library.sd_bus_message_open_container(message, 'v', signature), name);
        append_value(c, message, signature, request, n);
        must(c->library.sd_bus_message_close_container(message), name);
        must(c->library.sd_bus_message_close_container(message), name);
    }
    must(c->library.sd_bus_message_close_container(message), "write properties");
}

/* ---- the bus -------------------------------------------------------------------------------------------- */

/* A daemon wants to be greeted before it passes messages on; a manager's own socket does not know
 * the greeting. */
static bool try_address(struct connection *c, const char *address, bool is_daemon)
{
    struct sd_bus *bus = NULL;

    must(c->library.sd_bus_new(&bus), "make a connection");
    if (c->library.sd_bus_set_address(bus, address) >= 0 &&
        c->library.sd_bus_set_bus_client(bus, is_daemon) >= 0 &&
        c->library.sd_bus_start(bus) >= 0) {
        c->bus = bus;
        return true;
    }
    c->library.sd_bus_flush_close_unref(bus);
    return false;
}

static bool try_path(struct connection *c, const char *directory, const char *name, bool is_daemon)
{
    char address[PATH_MAX + 64];

    snprintf(address, sizeof(address), "unix:path=%s/%s", directory, name);
    return try_address(c, address, is_daemon);
}

static void connect_user(struct connection *c)
{
    const char *given = getenv("XDG_RUNTIME_DIR");
    char directory[PATH_MAX];

    /* An empty one counts as unset: engines write it. */
    if (given != NULL && given[0] != '\0')
        snprintf(directory, sizeof(directory), "%s", given);
    else
        snprintf(directory, sizeof(directory), "/run/user/%u", (unsigned int)geteuid());
    if (!try_path(c, directory, "systemd/private", false) && !try_path(c, directory, "bus", true) &&
        c->library.sd_bus_open_user(&c->bus) < 0)
        answer(UNIT_ABSENT, "the user's systemd cannot be reached: log in, let it linger "
                            "(loginctl enable-linger), or set XDG_RUNTIME_DIR");
}

static void connect_manager(struct connection *c, const char *which)
{
    const char *missing = sd_bus_load(&c->library);

    if (missing != NULL)
        answer(UNIT_ABSENT, missing);
    if (strcmp(which, "user") == 0) {
        connect_user(c);
        return;
    }
    if (!try_path(c, "/run/systemd", "private", false) &&
        c->library.sd_bus_open_system(&c->bus) < 0)
        answer(UNIT_ABSENT, "systemd cannot be reached: neither its own socket nor the system bus "
                            "answers");
}

static struct sd_bus_message *new_call(const struct connection *c, const char *member)
{
    struct sd_bus_message *message = NULL;

    must(c->library.sd_bus_message_new_method_call(c->bus, &message, destination, object, manager,
                                                   member),
         member);
    return message;
}

static bool is_named(const struct sd_bus_error *error, const char *name)
{
    return error->name != NULL && strcmp(error->name, name) == 0;
}

/* The reply, which is the caller's; errors end the program. With `may_be_gone` NULL stands for a
 * unit that does not exist. */
static struct sd_bus_message *call(const struct connection *c, struct sd_bus_message *message,
                                   const char *member, bool may_be_gone)
{
    struct sd_bus_error error = {0};
    struct sd_bus_message *reply = NULL;
    char text[UNIT_ANSWER_MAX_BYTES / 2];
    int result =
        c->library.sd_bus_call(c->bus, message, (uint64_t)CALL_TIMEOUT_S * 1000000, &error, &reply);

    c->library.sd_bus_message_unref(message);
    if (result >= 0)
        return reply;
    if (is_named(&error, "org.freedesktop.systemd1.NoSuchUnit")) {
        if (may_be_gone)
            return NULL;
        answer(UNIT_GONE, "");
    }
    if (is_named(&error, "org.freedesktop.systemd1.UnitExists"))
        answer(UNIT_EXISTS, error.message != NULL ? error.message : "");
    snprintf(text, sizeof(text), "%s: %s", member,
             error.message != NULL ? error.message : strerror(-result));
    answer(UNIT_FAILED, text);
}

/* ---- jobs ----------------------------------------------------------------------------------------------- */

static int on_job_removed(struct sd_bus_message *message, void *data, struct sd_bus_error *error)
{
    struct connection *c = data;
    const char *job;
    const char *unit;
    const char *result;
    uint32_t id;

    (void)error;
    if (c->library.sd_bus_message_read(message, "uoss", &id, &job, &unit, &result) < 0)
        return 0;
    /* Signals are only looked at after the reply that names the job. */
    if (c->job != NULL && strcmp(job, c->job) == 0) {
        c->is_over = true;
        snprintf(c->result, sizeof(c->result), "%s", result);
    }
    return 0;
}

/* Before the call that makes the job. A bus sends signals to those who have asked; the manager's
 * own socket does in any case, and does not mind. */
static void watch_jobs(struct connection *c)
{
    must(c->library.sd_bus_match_signal(c->bus, NULL, NULL, object, manager, "JobRemoved",
                                        on_job_removed, c),
         "watch jobs");
    c->library.sd_bus_message_unref(call(c, new_call(c, "Subscribe"), "Subscribe", false));
}

static uint64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void wait_for_job(struct connection *c, struct sd_bus_message *reply)
{
    uint64_t deadline = now_usec() + (uint64_t)JOB_TIMEOUT_S * 1000000;

    must(c->library.sd_bus_message_read(reply, "o", &c->job), "read the job");
    while (!c->is_over) {
        int result = c->library.sd_bus_process(c->bus, NULL);
        uint64_t now = now_usec();

        must(result, "wait for the job");
        if (result > 0)
            continue;
        if (now >= deadline)
            answer(UNIT_FAILED, "systemd has not done the job in 30 seconds");
        must(c->library.sd_bus_wait(c->bus, deadline - now), "wait for the job");
    }
    c->library.sd_bus_message_unref(reply);
}

/* ---- verbs ---------------------------------------------------------------------------------------------- */

static void start_unit(struct connection *c, const char *unit, struct request *request)
{
    struct sd_bus_message *message;

    watch_jobs(c);
    message = new_call(c, "StartTransientUnit");
    append(c, message, 's', unit);
    append(c, message, 's', "fail");
    append_properties(c, message, request);
    must(c->library.sd_bus_message_open_container(message, 'a', "(sa(sv))"), "write the call");
    must(c->library.sd_bus_message_close_container(message), "write the call");
    wait_for_job(c, call(c, message, "StartTransientUnit", false));
    if (strcmp(c->result, "done") != 0) {
        char text[128];

        snprintf(text, sizeof(text), "the job that starts the unit ended with \"%s\"", c->result);
        answer(UNIT_FAILED, text);
    }
}

static void set_properties(struct connection *c, const char *unit, struct request *request)
{
    struct sd_bus_message *message = new_call(c, "SetUnitProperties");

    append(c, message, 's', unit);
    append(c, message, 'b', "true");
    append_properties(c, message, request);
    call(c, message, "SetUnitProperties", false);
}

/* A unit that has failed blocks its name until somebody says that he has seen it. */
static void reset_unit(struct connection *c, const char *unit)
{
    struct sd_bus_message *message = new_call(c, "ResetFailedUnit");

    append(c, message, 's', unit);
    call(c, message, "ResetFailedUnit", true);
}

static void stop_unit(struct connection *c, const char *unit)
{
    struct sd_bus_message *message;
    struct sd_bus_message *reply;

    watch_jobs(c);
    message = new_call(c, "StopUnit");
    append(c, message, 's', unit);
    append(c, message, 's', "replace");
    reply = call(c, message, "StopUnit", true);
    if (reply != NULL)
        wait_for_job(c, reply);
    reset_unit(c, unit);
}

int main(void)
{
    struct connection connection = {.bus = NULL};
    struct request request = open_request();
    const char *verb = take(&request);
    const char *which = take(&request);
    const char *unit = take(&request);

    connect_manager(&connection, which);
    if (strcmp(verb, "start") == 0)
        start_unit(&connection, unit, &request);
    else if (strcmp(verb, "set") == 0)
        set_properties(&connection, unit, &request);
    else if (strcmp(verb, "stop") == 0)
        stop_unit(&connection, unit);
    else if (strcmp(verb, "reset") == 0)
        reset_unit(&connection, unit);
    else
        answer(UNIT_FAILED, "the request has a verb that nobody knows");
    connection.library.sd_bus_flush_close_unref(connection.bus);
    answer(UNIT_DONE, "");
}
