/* SPDX-License-Identifier: BSD-2-Clause */
/* What outlives the process of the alarms: they stand after a restart as they stood before. */
#ifndef NETDIAG_CHECKS_ALARM_MEMORY_H
#define NETDIAG_CHECKS_ALARM_MEMORY_H

#include <stdio.h>

#include "subagent/checks/alarms.h"
#include "subagent/checks/record.h"

/* Writes the active alarms with their state machines and windows, a line each, until `out` is
 * longer than `most`; those for which a storm stands come last. */
void alarms_save(const struct alarms *alarms, FILE *out, size_t most);

/* Takes a line back that alarms_save() wrote. False: it is none, or wrong; then nothing of the file
 * is to be believed. */
bool alarms_restore_line(struct alarms *alarms, const char *line);

/* After the last line: ties the alarms together again, and forgets those of checks that no longer
 * exist. */
void alarms_restored(struct alarms *alarms);

/* Forgets everything that was restored, for the file turned out to be wrong. */
void alarms_restore_failed(struct alarms *alarms);

/* Whether there is something new to be saved; says so once. */
bool alarms_dirty(struct alarms *alarms);

/* The members of struct alarm_row as the state file has them. */
extern const struct record_member alarm_row_members[];

#endif
