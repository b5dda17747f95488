/* SPDX-License-Identifier: BSD-2-Clause */
/* What every task of netdiagd begins with, and the tasks that do not serve. */
#ifndef NETDIAG_TASKS_H
#define NETDIAG_TASKS_H

#include "subagent/config/file.h"
#include "subagent/options.h"

/* Loads the configuration that the command line says; problems go to the log. The caller owns it.
 * NULL when it is wrong. */
struct configuration *tasks_configuration(const struct options *options);

/* The address of the AgentX master: the command line's, the configuration's, or the library's. */
const char *tasks_address(const struct options *options, const struct configuration *configuration);

/* --check-config. Returns the exit status. */
int tasks_check(const struct options *options);

/* --dump. Returns the exit status. */
int tasks_dump(const struct options *options);

/* --report. Returns the exit status. */
int tasks_report(const struct options *options);

/* --test-notification. Returns the exit status. */
int tasks_test_notification(const struct options *options);

#endif
