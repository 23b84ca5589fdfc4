/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the systemd driver asks caisson-systemd to do, and how it answers.
 *
 * The request is a sealed memory file of words, each with its NUL:
 *
 *     verb manager unit { property signature count value... }...
 *
 *     start  system|user  UNIT  properties   StartTransientUnit, then waits for its job
 *     set    system|user  UNIT  properties   SetUnitProperties, until the next boot
 *     stop   system|user  UNIT               StopUnit, waits, ResetFailedUnit
 *     reset  system|user  UNIT               ResetFailedUnit
 *
 * Signatures are those of D-Bus that values are written with: "s", "b" (true, false), "i", "u", "t"
 * (decimal), "as", "au", "ay" (one value, hexadecimal), "a(st)" (values in pairs).
 *
 * The answer is one byte of enum unit_answer and a text without NUL, then end of file. No answer
 * means that the program died.
 */

enum {
    UNIT_REQUEST_FD = 3,
    UNIT_ANSWER_FD = 4,
    UNIT_ANSWER_MAX_BYTES = 1024,
};

enum unit_answer {
    UNIT_DONE = 'd',
    UNIT_EXISTS = 'x', /* start: a unit of this name is there already */
    UNIT_GONE = 'g',   /* there is no unit of this name */
    UNIT_FAILED = 'f', /* the text says why */
    UNIT_ABSENT = 'a', /* no libsystemd, or no manager to talk to; the text says which */
};
