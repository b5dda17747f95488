/* SPDX-License-Identifier: BSD-2-Clause */
/* Starts netdiagd: takes the command line, opens the log and does the task that was asked for. */
#include <config.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "subagent/daemon.h"
#include "subagent/options.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tasks.h"

static int main_task(const struct options *options)
{
	switch (options->task) {
	case TASK_VERSION:
		printf("%s %s\n", PACKAGE_NAME, agent_version());
		return EXIT_SUCCESS;
	case TASK_HELP:
		options_help();
		return EXIT_SUCCESS;
	case TASK_CHECK:
		return tasks_check(options);
	case TASK_CHECK_CONFIG:
		return tasks_check_config(options);
	case TASK_DUMP:
		return tasks_dump(options);
	case TASK_ALARMS:
		return tasks_alarms(options);
	case TASK_REPORT:
		return tasks_report(options);
	case TASK_TEST_NOTIFICATION:
		return tasks_test_notification(options);
	case TASK_SERVE:
		return daemon_run(options);
	}
	return EX_SOFTWARE;
}

int main(int argc, char **argv)
{
	struct options options;
	int status = options_parse(&options, argc, argv);

	if (status)
		return status;
	/* One heap: an arena for each collector's thread would make the process several times
	 * larger, and the threads hardly ever allocate at the same time. */
	mallopt(M_ARENA_MAX, 1);
	log_open(options.log, options.log_level);
	status = main_task(&options);
	/* --dump and --report have looked themselves, and their failure is a status already. */
	if (!status && log_output_failed(stdout))
		status = EX_IOERR;
	log_close();
	return status;
}
