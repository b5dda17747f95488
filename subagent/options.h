/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of netdiagd. */
#ifndef NETDIAG_OPTIONS_H
#define NETDIAG_OPTIONS_H

#include <stdbool.h>

#include "collectors/kernel/procfs.h"
#include "subagent/console/dump.h"
#include "subagent/console/report.h"
#include "subagent/log.h"

enum task {
	TASK_SERVE,
	TASK_CHECK,
	TASK_CHECK_CONFIG,
	TASK_DUMP,
	TASK_REPORT,
	TASK_ALARMS,
	TASK_TEST_NOTIFICATION,
	TASK_VERSION,
	TASK_HELP,
};

/* All strings point into argv. */
struct options {
	enum task task;
	const char *config;	/* NULL: the default file, which may be missing */
	const char *state_file; /* NULL: the one of the configuration */
	const char *address;	/* NULL: the one of the configuration */
	struct roots roots;
	enum log_target log;
	int log_level;		   /* LOG_INFO */
	enum dump_format dump;	   /* TASK_DUMP */
	const struct table *table; /* TASK_DUMP; NULL: all */
	enum report_format report; /* TASK_REPORT, TASK_ALARMS */
	unsigned seconds;	   /* TASK_REPORT */
	const char *user;	   /* TASK_CHECK; NULL: the unit's, or who asks */
	const char *community;	   /* TASK_CHECK; NULL: snmp.conf's */
};

/* Parses the command line. 0, or EX_USAGE after an explanation on stderr. */
int options_parse(struct options *options, int argc, char **argv);

/* Prints the text of --help to stdout. */
void options_help(void);

#endif
