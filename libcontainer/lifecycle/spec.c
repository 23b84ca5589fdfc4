/* SPDX-License-Identifier: Apache-2.0 */

/*
 * `caisson spec`: a configuration to start from, closed by default. What is open was opened because
 * a shell does not work without it; the rest is for the user to add.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "container.h"
#include "kernel/facts.h"
#include "seccomp/default_profile.h"

static const char head[] =
    "{\n"
    "\t\"ociVersion\": \"1.3.0\",\n"
    "\t\"process\": {\n"
    "\t\t\"terminal\": false,\n"
    "\t\t\"user\": {\"uid\": 0, \"gid\": 0},\n"
    "\t\t\"args\": [\"sh\"],\n"
    "\t\t\"env\": [\n"
    "\t\t\t\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
    "\t\t\t\"TERM=xterm\"\n"
    "\t\t],\n"
    "\t\t\"cwd\": \"/\",\n"
    "\t\t\"capabilities\": {\n"
    "\t\t\t\"bounding\": [],\n"
    "\t\t\t\"effective\": [],\n"
    "\t\t\t\"permitted\": []\n"
    "\t\t},\n"
    "\t\t\"rlimits\": [\n"
    "\t\t\t{\"type\": \"RLIMIT_NOFILE\", \"soft\": 1024, \"hard\": 1024},\n"
    "\t\t\t{\"type\": \"RLIMIT_CORE\", \"soft\": 0, \"hard\": 0}\n"
    "\t\t],\n"
    "\t\t\"noNewPrivileges\": true\n"
    "\t},\n"
    "\t\"root\": {\"path\": \"rootfs\", \"readonly\": true},\n"
    "\t\"hostname\": \"caisson\",\n"
    "\t\"mounts\": [\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/proc\",\n"
    "\t\t\t\"type\": \"proc\",\n"
    "\t\t\t\"source\": \"proc\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/dev\",\n"
    "\t\t\t\"type\": \"tmpfs\",\n"
    "\t\t\t\"source\": \"tmpfs\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"strictatime\", \"mode=755\", \"size=65536k\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/dev/pts\",\n"
    "\t\t\t\"type\": \"devpts\",\n"
    "\t\t\t\"source\": \"devpts\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", "
    "\"mode=0620\", \"gid=5\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/dev/shm\",\n"
    "\t\t\t\"type\": \"tmpfs\",\n"
    "\t\t\t\"source\": \"shm\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/dev/mqueue\",\n"
    "\t\t\t\"type\": \"mqueue\",\n"
    "\t\t\t\"source\": \"mqueue\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/sys\",\n"
    "\t\t\t\"type\": \"sysfs\",\n"
    "\t\t\t\"source\": \"sysfs\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/sys/fs/cgroup\",\n"
    "\t\t\t\"type\": \"cgroup\",\n"
    "\t\t\t\"source\": \"cgroup\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"]\n"
    "\t\t},\n"
    "\t\t{\n"
    "\t\t\t\"destination\": \"/tmp\",\n"
    "\t\t\t\"type\": \"tmpfs\",\n"
    "\t\t\t\"source\": \"tmpfs\",\n"
    "\t\t\t\"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"]\n"
    "\t\t}\n"
    "\t],\n"
    "\t\"linux\": {\n"
    "\t\t\"namespaces\": [\n"
    "\t\t\t{\"type\": \"pid\"},\n"
    "\t\t\t{\"type\": \"network\"},\n"
    "\t\t\t{\"type\": \"ipc\"},\n"
    "\t\t\t{\"type\": \"uts\"},\n"
    "\t\t\t{\"type\": \"mount\"},\n"
    "\t\t\t{\"type\": \"cgroup\"}\n"
    "\t\t],\n"
    "\t\t\"maskedPaths\": [\n"
    "\t\t\t\"/proc/acpi\",\n"
    "\t\t\t\"/proc/asound\",\n"
    "\t\t\t\"/proc/interrupts\",\n"
    "\t\t\t\"/proc/kcore\",\n"
    "\t\t\t\"/proc/keys\",\n"
    "\t\t\t\"/proc/latency_stats\",\n"
    "\t\t\t\"/proc/sched_debug\",\n"
    "\t\t\t\"/proc/scsi\",\n"
    "\t\t\t\"/proc/timer_list\",\n"
    "\t\t\t\"/proc/timer_stats\",\n"
    "\t\t\t\"/sys/devices/virtual/powercap\",\n"
    "\t\t\t\"/sys/firmware\"\n"
    "\t\t],\n"
    "\t\t\"readonlyPaths\": [\n"
    "\t\t\t\"/proc/bus\",\n"
    "\t\t\t\"/proc/fs\",\n"
    "\t\t\t\"/proc/irq\",\n"
    "\t\t\t\"/proc/sys\",\n"
    "\t\t\t\"/proc/sysrq-trigger\"\n"
    "\t\t],\n";

/* Limits only where the host can enforce them: a limit that cannot be kept is refused, and this
 * configuration should run where it was made. */
static void put_resources(const struct facts *facts, struct strbuf *text)
{
    strbuf_puts(text, "\t\t\"resources\": {\n"
                      "\t\t\t\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]");
    if (facts_has_controller(facts, "pids"))
        strbuf_puts(text, ",\n\t\t\t\"pids\": {\"limit\": 1024}");
    if (facts_has_controller(facts, "memory"))
        strbuf_puts(text, ",\n\t\t\t\"memory\": {\"limit\": 536870912, \"swap\": 536870912}");
    strbuf_puts(text, "\n\t\t},\n");
}

/* The profile, moved two levels to the right. */
static void put_profile(struct strbuf *text)
{
    const char *next = default_profile;
    size_t left = default_profile_size();

    strbuf_puts(text, "\t\t\"seccomp\": ");
    while (left > 0) {
        const char *newline = memchr(next, '\n', left);
        size_t length = newline != NULL ? (size_t)(newline - next) : left;
        size_t step = newline != NULL ? length + 1 : length;

        strbuf_append(text, next, length);
        next += step;
        left -= step;
        if (left > 0)
            strbuf_puts(text, "\n\t\t");
    }
    strbuf_puts(text, "\n\t}\n}\n");
}

int caisson_spec(const struct caisson *caisson, const char *bundle, const char *file_name,
                 struct err *e)
{
    CLEANUP_FD int directory = -1;
    CLEANUP_FD int file = -1;
    struct strbuf text = STRBUF_INIT(caisson->arena);
    struct facts facts;

    if (facts_probe(&facts, caisson->arena, e) < 0)
        return -1;
    directory = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return err_sys(e, "open the directory %s", bundle);
    strbuf_puts(&text, head);
    put_resources(&facts, &text);
    put_profile(&text);
    file = openat(directory, file_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (file < 0 && errno == EEXIST) {
        err_input(e, NULL, "%s already exists", file_name);
        return err_hint(e, "remove it first, or name another file with --file");
    }
    if (file < 0)
        return err_sys(e, "create %s", file_name);
    if (fd_write_all(file, strbuf_text(&text), text.length) < 0) {
        err_sys(e, "write %s", file_name);
        unlinkat(directory, file_name, 0);
        return -1;
    }
    return 0;
}
