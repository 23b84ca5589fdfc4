/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One request to systemd, made by caisson-systemd (plan/unit_request.h). */

#include "base/err.h"
#include "base/macros.h"
#include "base/str.h"

/* A request that has only begun: the caller adds properties, word by word. */
struct strbuf systemd_request(struct arena *arena, const char *verb, bool is_user,
                              const char *unit);
void systemd_request_word(struct strbuf *request, const char *word);

enum systemd_result {
    SYSTEMD_DONE = 0,
    SYSTEMD_UNIT_EXISTS = 1,
    SYSTEMD_UNIT_GONE = 2
};

/* Bounded: caisson-systemd gives up after less than a minute. */
MUST_CHECK int systemd_call(const struct strbuf *request, struct err *e);
