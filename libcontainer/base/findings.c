/* SPDX-License-Identifier: Apache-2.0 */
#include "base/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void findings_add(struct findings *findings, enum severity severity, const char *id,
                  const char *pointer, const char *cure, const char *format, ...)
{
    struct finding *finding;
    char text[512];
    va_list args;

    if (severity == SEVERITY_REFUSE)
        findings->n_refused++;
    if (findings->count == FINDINGS_MAX) {
        findings->n_dropped++;
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    finding = ARENA_PUSH(findings->arena, findings);
    finding->severity = severity;
    finding->id = id;
    finding->pointer = arena_strdup(findings->arena, pointer != NULL ? pointer : "");
    finding->text = arena_strdup(findings->arena, text);
    finding->cure = cure != NULL ? arena_strdup(findings->arena, cure) : NULL;
}
