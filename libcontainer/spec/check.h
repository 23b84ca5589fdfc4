/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the specification demands across fields, and what we do not support yet. Pure. */

#include "base/findings.h"
#include "spec/decode.h"

/* Adds a finding for each broken rule and for each field that asks for something we cannot do. To
 * be called only when spec_decode() refused nothing. */
void spec_check(const struct spec_document *document, struct findings *findings);

/* The same for what spec_decode_resources() has decoded. */
void spec_check_resources(const struct spec_document *document, struct findings *findings);

/* The fields whose rows say LATER, as JSON pointers with "*" for an index or a free key, in the
 * order of the tables. Returns their number. */
size_t spec_later_fields(struct arena *arena, const char *const **pointers);

/* The file below /proc/sys that the name of a kernel parameter stands for, or NULL if it is no
 * valid name. As in sysctl(8) the first separator decides: in "net.ipv4.conf.eth0/1.forwarding"
 * dots separate and the slash stands for a dot, in "net/ipv4/conf/eth0.1/forwarding" it is the
 * other way round. The result has no empty part, no "." and no "..". */
const char *spec_sysctl_path(struct arena *arena, const char *name);
