#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Functions that what we ship does not call, and why. Comments and strings are not looked at. An exception says so on
# its own line: /* lint: NAME allowed, because ... */
set -eu
. "$(dirname "$0")/common.sh"

# shellcheck disable=SC2016  # the dollars belong to awk
list c h | grep -E '^(src|libcontainer)/' | xargs -r awk '
    BEGIN {
        ban("strcpy strcat stpcpy", "no bound: snprintf, or a struct strbuf")
        ban("strncpy strncat", "leaves the result without its end, or counts wrongly: snprintf, or a struct strbuf")
        ban("sprintf vsprintf", "no bound: snprintf")
        ban("gets", "no bound")
        ban("scanf sscanf fscanf vsscanf", "overflows silently: parse with the helpers of base/str.h")
        ban("atoi atol atoll atof", "no errors: parse with the helpers of base/str.h")
        ban("strtok", "hidden state: strtok_r, or walk the string")
        ban("asctime ctime gmtime localtime", "hidden state: the _r variants")
        ban("alloca", "the stack has no way to say no")
        ban("system popen", "starts a shell: we start no process but init and hooks")
        ban("mount", "mount(2) takes paths and a string of options: fsopen, open_tree, move_mount by fd")
        ban("umount", "follows symbolic links: sys_umount2")
        ban("chroot", "can be left: pivot_root")
        ban("chmod chown lchown", "by path: fchmod, fchown on what was opened")
        ban("access", "a check by path before the use is a race: open it")
        ban("realpath", "the path has changed when it returns: openat2, then the fd")
        ban("tmpnam tempnam mktemp", "a name is not a file: O_TMPFILE, memfd_create, mkostemp")
        ban("getpwnam getpwuid getgrnam getgrgid getpwent getgrent getgrouplist initgroups",
            "loads libraries of the host by name service; the spec has numbers")
        ban("gethostbyname getaddrinfo", "loads libraries of the host by name service")
        ban("signal", "the semantics of a handler vary: sigaction; for SIG_IGN and SIG_DFL it is fine")
        ban("vfork", "shares the stack with the child: sys_clone3")
        ban("dup", "not close-on-exec from birth: fcntl F_DUPFD_CLOEXEC")
        ban("pipe accept epoll_create inotify_init eventfd_", "not close-on-exec from birth: the variant with flags")
        ban("setenv putenv", "changes what the process was started with: the environment is data")
        ban("rand srand random", "predictable: getrandom")
        ban("usleep sleep", "no polling: wait for an event")
        ban("setlocale", "changes how numbers are written: always the C locale")
        ban("pthread_create", "one thread: clone copies every lock as it stands (process/clone.h)")
    }

    function ban(names, why,    list, n, i) {
        n = split(names, list, " ")
        for (i = 1; i <= n; i++)
            reason[list[i]] = why
    }

    # What is left of a line without comments, strings and character constants.
    function code_of(line,    code, c, i, n) {
        n = length(line)
        code = ""
        for (i = 1; i <= n; i++) {
            c = substr(line, i, 1)
            if (in_comment) {
                if (substr(line, i, 2) == "*/") {
                    in_comment = 0
                    i++
                }
            } else if (substr(line, i, 2) == "/*") {
                in_comment = 1
                i++
            } else if (substr(line, i, 2) == "//") {
                break
            } else if (c == "\"" || c == "\047") {
                for (i++; i <= n && substr(line, i, 1) != c; i++)
                    if (substr(line, i, 1) == "\\")
                        i++
            } else {
                code = code c
            }
        }
        return code
    }

    FNR == 1 {
        in_comment = 0
    }

    {
        code = code_of($0)
        # A call is a name before a parenthesis; not a member, not part of a longer name.
        while (match(code, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
            name = substr(code, RSTART, RLENGTH)
            before = substr(code, 1, RSTART - 1)
            code = substr(code, RSTART + RLENGTH)
            sub(/[ \t]*\($/, "", name)
            if (!(name in reason) || before ~ /(\.|->)[ \t]*$/)
                continue
            if (name == "signal" && code ~ /^[^,]*,[ \t]*SIG_(IGN|DFL)\)/)
                continue
            if (index($0, "lint: " name " allowed, because ") > 0)
                continue
            printf "%s:%d: %s: %s\n", FILENAME, FNR, name, reason[name]
            bad = 1
        }
    }

    END {
        exit bad
    }'
