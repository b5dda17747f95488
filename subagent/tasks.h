/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of netdiagd that end by themselves, and what all tasks begin with. */
#ifndef NETDIAG_TASKS_H
#define NETDIAG_TASKS_H

#include "subagent/config/file.h"
#include "subagent/options.h"

/* Loads the configuration file that the command line names, or the default one. Problems go to the
 * log. The caller owns the result; NULL when the file is wrong. */
struct configuration *tasks_configuration(const struct options *options);

/* Notes in the log which lines `shelve` have no effect, as their time is over. */
void tasks_note_shelves(const struct configuration *configuration);

/* The address of the AgentX master: the command line's, the configuration's, or the library's. */
const char *tasks_address(const struct options *options, const struct configuration *configuration);

/* --check, --check-config, --dump, --alarms, --report and --test-notification. All return the exit
 * status.
 */
int tasks_check(const struct options *options);
int tasks_check_config(const struct options *options);
int tasks_dump(const struct options *options);
int tasks_alarms(const struct options *options);
int tasks_report(const struct options *options);
int tasks_test_notification(const struct options *options);

#endif
