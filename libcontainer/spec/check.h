/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the specification demands across fields, and what we do not support yet. Pure. */

#include "base/findings.h"
#include "spec/decode.h"

/* Adds a finding for each broken rule and for each field that asks for something we cannot do. */
void spec_check(const struct spec_document *document, struct findings *findings);
