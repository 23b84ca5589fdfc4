#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# compare.sh [--runc] [--rounds N] [--runs N] [--json FILE]
#
# Times `run` of the engine-shaped bundle: the floor program, caisson, crun and, when asked, runc. Each
# round times every candidate, one after the other, in an order that turns with the rounds, so that what
# disturbs the machine disturbs all of them. Printed are medians over all runs and the median over the
# rounds of the ratios.
#
#   CAISSON, CRUN, RUNC   the binaries (build/caisson beside the sources, crun, runc)
#   CC, MUSL_CC           compilers for the helpers and for the floor (cc, musl-gcc where there is one)
#
# Needs root, hyperfine, jq, a C compiler and libseccomp. Everything happens in a private mount namespace
# with cgroup v2 over /sys/fs/cgroup and files on a tmpfs; nothing is left behind.
set -eu

fail() {
    echo "compare.sh: $*" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || fail "needs root: it makes containers"
for tool in hyperfine jq unshare busybox; do
    command -v "$tool" >/dev/null || fail "$tool is missing"
done

if [ "${CAISSON_BENCH_INSIDE-}" != 1 ]; then
    exec env CAISSON_BENCH_INSIDE=1 unshare --mount --propagation private "$here/compare.sh" "$@"
fi

rounds=10
runs=20
json=
with_runc=no
while [ $# -gt 0 ]; do
    case $1 in
    --runc) with_runc=yes ;;
    --rounds) rounds=$2 && shift ;;
    --runs) runs=$2 && shift ;;
    --json) json=$2 && shift ;;
    *) fail "unknown option $1" ;;
    esac
    shift
done

CAISSON=${CAISSON:-$here/../../build/caisson}
CRUN=${CRUN:-crun}
RUNC=${RUNC:-runc}

cgroup=/caisson-bench-$$
work=$(mktemp -d)
cleanup() {
    find "/sys/fs/cgroup$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    umount "$work" 2>/dev/null || true
    rmdir "$work" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mount -t tmpfs -o mode=0755 tmpfs "$work"
[ "$(stat -f -c %t /sys/fs/cgroup)" = 63677270 ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "/sys/fs/cgroup$cgroup"

# ---- what is compared -----------------------------------------------------------------------------

cc=${CC:-cc}
if [ -z "${MUSL_CC-}" ] && command -v musl-gcc >/dev/null; then
    # musl's own headers first; the kernel's are where the system's libc has them.
    MUSL_CC="musl-gcc -idirafter /usr/include -idirafter /usr/include/$(musl-gcc -dumpmachine)"
fi
# A small program, as init should be one: the copy that is executed is copied for each container.
# shellcheck disable=SC2086  # a compiler may come with flags
${MUSL_CC:-$cc} -static -Os -std=gnu11 -D_GNU_SOURCE -Wl,--gc-sections -s \
    -o "$work/floor" "$here/floor.c" || fail "cannot build the floor program"
# shellcheck disable=SC2086
$cc -O2 -std=gnu11 -D_GNU_SOURCE -o "$work/filter" "$here/filter.c" -lseccomp ||
    fail "cannot build the filter generator (libseccomp-dev?)"
# shellcheck disable=SC2086
$cc -O2 -std=gnu11 -D_GNU_SOURCE -o "$work/memlock" "$here/memlock.c" || fail "cannot build memlock"

"$here/bundle.sh" -c "$cgroup/run" "$work/bundle"
jq -r -f "$here/filter.jq" "$work/bundle/config.json" | "$work/filter" "$work/filter.bpf"

command_of() {
    case $1 in
    floor) echo "$work/floor /sys/fs/cgroup$cgroup/run $work/bundle $work/filter.bpf" ;;
    caisson) echo "$CAISSON --root $work/state-caisson run --bundle $work/bundle bench" ;;
    crun) echo "$CRUN --root $work/state-crun run --bundle $work/bundle bench" ;;
    runc) echo "$RUNC --root $work/state-runc run --bundle $work/bundle bench" ;;
    esac
}

# works NAME: once, unmeasured; says why not.
works() {
    # shellcheck disable=SC2046  # a command in words; none of them has a blank
    $under $(command_of "$1") </dev/null >"$work/output" 2>&1
}

under=
candidates=floor
works floor || fail "the floor program does not run here: $(cat "$work/output")"
if [ -x "$CAISSON" ]; then
    works caisson || fail "caisson does not run the bundle: $(cat "$work/output")"
    candidates="$candidates caisson"
else
    echo "caisson: left out, $CAISSON is not built"
fi
peers=crun
[ $with_runc = no ] || peers="crun runc"
for peer in $peers; do
    if ! command -v "$(command_of "$peer" | cut -d' ' -f1)" >/dev/null; then
        echo "$peer: left out, not installed"
        continue
    fi
    if ! works "$peer" && grep -q MEMLOCK "$work/output"; then
        echo "$peer wants to raise RLIMIT_MEMLOCK, which root may not do here: all candidates run under"
        echo "a filter that lets it seem to work"
        under=$work/memlock
    fi
    if works "$peer"; then
        candidates="$candidates $peer"
    else
        echo "$peer: left out: $(cat "$work/output")"
    fi
done

# ---- measure ----------------------------------------------------------------------------------------

round=0
while [ $round -lt "$rounds" ]; do
    round=$((round + 1))
    for name in $candidates; do
        $under hyperfine -N --style none --warmup 3 --runs "$runs" \
            --export-json "$work/$round-$name.json" "$(command_of "$name")" \
            >"$work/output" 2>&1 || fail "$name: $(cat "$work/output")"
    done
    # The first goes to the end.
    # shellcheck disable=SC2086
    candidates=$(set -- $candidates && first=$1 && shift && echo "$@" "$first")
done

# ---- report -----------------------------------------------------------------------------------------

for name in floor caisson crun runc; do
    for file in "$work"/*-"$name.json"; do
        [ -e "$file" ] || continue
        round=${file##*/}
        jq -c --arg name "$name" --arg round "${round%%-*}" \
            '{name: $name, round: $round, times_ms: [.results[0].times[] * 1000]}' "$file"
    done
done | jq -s '
    def median: sort | if length % 2 == 1 then .[(length - 1) / 2]
                       else (.[length / 2 - 1] + .[length / 2]) / 2 end;
    def at($q): sort | .[(length - 1) * $q | floor];
    def medians($name): [.[] | select(.name == $name)] | sort_by(.round) | map(.times_ms | median);
    def ratio($a; $b):
        medians($a) as $a | medians($b) as $b
        | if ($a | length) == 0 or ($b | length) == 0 then null
          else [range($a | length) | $a[.] / $b[.]] | median end;
    . as $all
    | {
        runs: (group_by(.name) | map({
            key: .[0].name,
            value: ([.[].times_ms[]] | {median_ms: median, p10_ms: at(0.1), p90_ms: at(0.9), n: length})
        }) | from_entries),
        ratios: ({
            "caisson / floor": ratio("caisson"; "floor"),
            "crun / floor": ratio("crun"; "floor"),
            "crun / caisson": ratio("crun"; "caisson"),
            "runc / caisson": ratio("runc"; "caisson")
        } | with_entries(select(.value != null)))
    }' >"$work/report.json"

echo
echo "run of /bin/true, engine-shaped bundle, $rounds rounds of $runs"
printf '%-10s %10s %10s %10s   %s\n' "" "median ms" "p10" "p90" version
for name in floor caisson crun runc; do
    version=
    case $name in
    caisson) version=$("$CAISSON" --version 2>/dev/null | head -n 1) ;;
    crun) version=$("$CRUN" --version 2>/dev/null | head -n 1) ;;
    runc) version=$("$RUNC" --version 2>/dev/null | head -n 1) ;;
    esac
    jq -r --arg name "$name" '.runs[$name] // empty | [.median_ms, .p10_ms, .p90_ms] | @tsv' \
        "$work/report.json" | while read -r median p10 p90; do
        printf '%-10s %10.2f %10.2f %10.2f   %s\n' "$name" "$median" "$p10" "$p90" "$version"
    done
done
jq -r '.ratios | to_entries[] | "\(.key) \(.value * 100 | round / 100)"' "$work/report.json" |
    while read -r above slash below ratio; do
        printf '%-18s %6.2f\n' "$above $slash $below" "$ratio"
    done
[ -z "$json" ] || cp "$work/report.json" "$json"
