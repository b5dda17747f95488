/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of netdiagd that end by themselves (--check-config, --dump, --report,
 * --test-notification), and how the command line and the configuration file are put together. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "collectors/engine.h"
#include "collectors/registry.h"
#include "subagent/console/dump.h"
#include "subagent/console/report.h"
#include "subagent/notify/test_notification.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/pinned.h"
#include "subagent/tasks.h"

#define DEFAULT_FILE NETDIAG_SYSCONFDIR "/netdiagd.conf"

static void tasks_log_problem(const char *text, void *arg)
{
	(void)arg;
	log_error("%s", text);
}

static const char *tasks_path(const struct options *options)
{
	return options->config ? options->config : DEFAULT_FILE;
}

struct configuration *tasks_configuration(const struct options *options)
{
	return configuration_load(tasks_path(options), options->config != NULL, &options->roots,
				  tasks_log_problem, NULL);
}

const char *tasks_address(const struct options *options, const struct configuration *configuration)
{
	if (options->address)
		return options->address;
	return configuration->agentx_socket ? configuration->agentx_socket : NETSNMP_AGENTX_SOCKET;
}

int tasks_check(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);

	if (!configuration)
		return EX_CONFIG;
	configuration_free(configuration);
	if (!options->config && access(DEFAULT_FILE, F_OK))
		printf("%s: does not exist: the defaults apply\n", DEFAULT_FILE);
	else
		printf("%s: ok\n", tasks_path(options));
	return EXIT_SUCCESS;
}

/* Collects once, on this thread, and prints the rows. */
static int tasks_collect_and_dump(enum dump_format format, const struct collect_settings *settings)
{
	struct engine *engine = engine_new(collectors, settings);
	struct pinned *view = engine ? pinned_new(engine) : NULL;
	int err = EX_OSERR;

	if (view) {
		engine_collect_once(engine);
		pinned_turn(view);
		err = dump_print(stdout, format, pinned_rows, view) ? EX_IOERR : EXIT_SUCCESS;
	}
	pinned_free(view);
	engine_free(engine);
	return err;
}

int tasks_dump(const struct options *options)
{
	struct configuration *configuration;
	int status;

	if (options->dump == DUMP_SCHEMA)
		return dump_print(stdout, DUMP_SCHEMA, NULL, NULL) ? EX_IOERR : EXIT_SUCCESS;
	configuration = tasks_configuration(options);
	if (!configuration)
		return EX_CONFIG;
	status = tasks_collect_and_dump(options->dump, configuration->collect);
	configuration_free(configuration);
	return status;
}

int tasks_report(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);
	int status;

	if (!configuration)
		return EX_CONFIG;
	status = report_run(stdout, options->report, options->seconds, configuration->collect,
			    &configuration->alarms);
	configuration_free(configuration);
	return status;
}

int tasks_test_notification(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);
	int status;

	if (!configuration)
		return EX_CONFIG;
	status = test_notification(tasks_address(options, configuration));
	configuration_free(configuration);
	return status;
}
