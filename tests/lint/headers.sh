#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Every header compiles alone, and twice in a row. Templates, which are included once for each .def file,
# say "No #pragma once:" and are left out.
set -eu
. "$(dirname "$0")/common.sh"

cc=${CC:-cc}
status=0
for header in $(list h); do
    ! grep -q 'No #pragma once:' "$header" || continue
    # shellcheck disable=SC2046,SC2086  # flags in words
    printf '#include "%s"\n#include "%s"\n' "$SRC/$header" "$SRC/$header" |
        $cc $(compile_flags) -Wall -Wextra -Wundef -Werror -fsyntax-only -x c - ||
        {
            echo "$header does not compile alone"
            status=1
        }
done
exit $status
