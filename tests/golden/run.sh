#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The golden cases of the source tree, by the runner of the build directory.
exec ./tests/golden/runner "${srcdir:-.}/tests/golden"
