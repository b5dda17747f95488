/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd --alarms: what the running daemon holds, from its state file. */
#ifndef NETDIAG_CONSOLE_ALARMS_PRINT_H
#define NETDIAG_CONSOLE_ALARMS_PRINT_H

#include <stdbool.h>
#include <stdio.h>

#include "subagent/checks/alarm.h"

/* One alarm after the other between a begin and an end; the worst first is the caller's to see to.
 * age: of the file, in ns. json: {"file": "…", "age": 12, "alarms": [{…}, …]}. */
void alarms_print_begin(FILE *out, bool json, const char *file, uint64_t age, size_t count);
void alarms_print(FILE *out, bool json, const struct alarm_row *alarm, bool first);
void alarms_print_end(FILE *out, bool json);

#endif
