# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2030,SC2031,SC2154

# What engines rely on, whatever they run.

load helpers

setup() { setup_container; }
teardown() { teardown_container; }

@test "contract: --version works anywhere, quietly, without a state directory" {
    run "$CAISSON" --version
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" =~ ^caisson\ version\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    [[ "${lines[1]}" =~ ^commit:\  ]]
    [ "${lines[2]}" = "spec: 1.3.0" ]
    [ "$(grep -c version <<<"$output")" -eq 1 ]
    [ ! -e "$ROOT" ]
}

@test "contract: an unknown option is named, exit 1" {
    run caisson run --no-such-option "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "--no-such-option"
    run caisson --nonsense list
    [ "$status" -eq 1 ]
    assert_output_has "--nonsense"
    run caisson nonsense
    [ "$status" -eq 1 ]
    assert_output_has "unknown command nonsense"
}

@test "contract: an error goes to stderr and, once, into the log as JSON with level, msg and time" {
    local log=$BATS_TEST_TMPDIR/log.json
    args no-such-program
    run caisson --log "$log" --log-format json create --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "executable file not found"
    [ "$(wc -l <"$log")" -eq 1 ]
    jq -e '.level == "error" and (.msg | contains("executable file not found in $PATH"))
        and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$"))' "$log"
}

@test "contract: success prints nothing, and warnings go to the log alone" {
    local log=$BATS_TEST_TMPDIR/log.json
    args /bin/true
    edit '.process.capabilities.bounding = ["CAP_NO_SUCH_THING"]'
    run caisson --log "$log" --log-format=json run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ -z "$output" ]
    jq -e '.level == "warning" and (.msg | contains("CAP_NO_SUCH_THING"))' "$log"
}

@test "contract: ids that are not names are refused and make nothing" {
    local id
    for id in "" . .. a/b ../x .x "a b" $'a\nb' "$(printf 'x%.0s' {1..256})"; do
        run caisson create --bundle "$BUNDLE" "$id"
        [ "$status" -eq 1 ]
        run caisson state "$id"
        [ "$status" -eq 1 ]
        run caisson delete "$id"
        [ "$status" -eq 1 ]
    done
    [ -z "$(ls -A "$ROOT" 2>/dev/null)" ]
}

@test "contract: list of a missing default root is empty, of a named one an error" {
    run "$CAISSON" --root "$BATS_TEST_TMPDIR/nothing" list
    [ "$status" -eq 1 ]
}

@test "contract: options after the id work, and --opt=value" {
    args /bin/true
    run caisson run "$ID" --bundle="$BUNDLE"
    [ "$status" -eq 0 ]
}

@test "contract: kill takes numbers and names in any case" {
    args /bin/sh -c 'trap "exit 9" USR1; while :; do sleep 0.1; done'
    caisson run -d --bundle "$BUNDLE" "$ID" 3>&- >/dev/null
    caisson kill "$ID" 0
    run caisson kill "$ID" NONSENSE
    [ "$status" -eq 1 ]
    sleep 0.3
    caisson kill "$ID" sigusr1
    wait_until has_status "$ID" stopped
}

@test "contract: no descriptor of the caller reaches the workload" {
    args /bin/sh -c 'ls /proc/self/fd | tr "\n" " "'
    exec 9</ 57</etc
    run caisson run --bundle "$BUNDLE" "$ID"
    exec 9<&- 57<&-
    # 3 is the directory that ls itself reads
    [ "$output" = "0 1 2 3 " ]
}

@test "contract: create leaves no descriptor of the caller open in the waiting init" {
    args /bin/sleep 100
    caisson create --bundle "$BUNDLE" "$ID" 3>&- >/dev/null </dev/null
    local pid fd target
    pid=$(pid_of "$ID")
    for fd in "/proc/$pid/fd"/*; do
        target=$(readlink "$fd")
        case ${fd##*/} in
        0 | 1 | 2) ;;
        *) [[ "$target" == socket:* ]] || fail "descriptor ${fd##*/} is $target" ;;
        esac
    done
}

@test "contract: the pid file replaces what is there, and a link is not followed" {
    echo keep >"$BATS_TEST_TMPDIR/canary"
    ln -s canary "$BATS_TEST_TMPDIR/pid"
    args /bin/true
    caisson run --pid-file "$BATS_TEST_TMPDIR/pid" --bundle "$BUNDLE" "$ID"
    [ "$(cat "$BATS_TEST_TMPDIR/canary")" = keep ]
    [ ! -L "$BATS_TEST_TMPDIR/pid" ]
}

@test "contract: --root that others may write is refused" {
    mkdir -m 0777 "$ROOT"
    args /bin/true
    run caisson run --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 1 ]
    assert_output_has "ours alone"
    rmdir "$ROOT"
}

@test "contract: a relative --root is meant from where the caller is, not from the bundle" {
    args /bin/true
    cd "$BATS_TEST_TMPDIR"
    run "$CAISSON" --root state run --keep --bundle "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ -d "$BATS_TEST_TMPDIR/state/$ID" ]
    [ ! -e "$BUNDLE/state" ]
    run "$CAISSON" --root state delete "$ID"
    [ "$status" -eq 0 ]
}

@test "contract: standard input on a directory is refused by name" {
    args /bin/true
    run caisson run --bundle "$BUNDLE" "$ID" </etc
    [ "$status" -eq 1 ]
    assert_output_has "standard input is a directory"
}

@test "contract: a closed standard stream becomes /dev/null" {
    args /bin/sh -c 'readlink /proc/self/fd/0'
    run bash -c '"$0" --root "$1" run --bundle "$2" "$3" <&-' "$CAISSON" "$ROOT" "$BUNDLE" "$ID"
    [ "$status" -eq 0 ]
    [ "$output" = /dev/null ]
}

@test "contract: help lists every command and every option" {
    run "$CAISSON" --help
    [ "$status" -eq 0 ]
    local command
    for command in create start run state kill pause resume ps events update delete list plan spec; do
        grep -qw "$command" <<<"$output"
        "$CAISSON" "$command" --help >/dev/null
    done
}
