/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Words of the command line that are numbers with a unit, as programs in Go write and read them. */

#include <stdbool.h>
#include <stdint.h>

/* "1h30m", "2.5s", "100ms"; units ns, us, µs, ms, s, m, h. False if it is none, or longer than 292
 * years. */
bool value_parse_duration(const char *text, uint64_t *nanoseconds);

/* Bytes: "52428800", "50M", "50MiB", "50mb", all of them of 1024; k, m, g, t, p. False if it is
 * none, or does not fit. */
bool value_parse_bytes(const char *text, int64_t *bytes);
