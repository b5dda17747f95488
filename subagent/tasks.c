/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks of netdiagd that end by themselves (--check-config, --dump, --report,
 * --test-notification), and how the command line and the configuration file are put together. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "collectors/registry.h"
#include "subagent/console/alarms_print.h"
#include "subagent/console/dump.h"
#include "subagent/console/report.h"
#include "subagent/log.h"
#include "subagent/loss/ledger.h"
#include "subagent/notify/test_notification.h"
#include "subagent/preflight/preflight.h"
#include "subagent/state_file.h"
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

void tasks_note_shelves(const struct configuration *configuration)
{
	const struct alarm_settings *alarms = &configuration->alarms;
	uint64_t now = clock_wall();

	for (size_t i = 0; i < alarms->shelf_count; i++) {
		const struct check_shelf *shelf = &alarms->shelves[i];
		char until[TIME_TEXT_SIZE];

		if (shelf->until > now)
			continue;
		time_text(shelf->until, until);
		log_notice("shelve %s%s%s until %s: this time is past, so nothing is shelved",
			   shelf->check, shelf->instance[0] ? " " : "", shelf->instance, until);
	}
}

int tasks_check_config(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);

	if (!configuration)
		return EX_CONFIG;
	tasks_note_shelves(configuration);
	configuration_free(configuration);
	if (!options->config && access(DEFAULT_FILE, F_OK))
		printf("%s: does not exist: the defaults apply\n", DEFAULT_FILE);
	else
		printf("%s: ok\n", tasks_path(options));
	return EXIT_SUCCESS;
}

/* Collects once, on this thread, and prints the rows of a table, or of all (NULL). */
static int tasks_collect_and_dump(enum dump_format format, const struct table *only,
				  const struct collect_settings *settings)
{
	struct engine *engine = engine_new(collectors, settings);
	struct pinned *view = engine ? pinned_new(engine) : NULL;
	struct ledger *ledger = ledger_new();
	int err = EX_OSERR;

	if (view && ledger) {
		engine_collect_once(engine);
		pinned_turn(view);
		ledger_feed_pinned(ledger, view, clock_monotonic(), clock_wall());
		pinned_own(view, &loss_row_type, ledger_fill_rows, ledger);
		err = dump_print(stdout, format, only, pinned_rows, view) ? EX_IOERR : EXIT_SUCCESS;
	}
	pinned_free(view);
	ledger_free(ledger);
	engine_free(engine);
	return err;
}

/* Sets the library up like net-snmp's own tools, with snmp.conf for MIB directories and
 * credentials, but silent and without persistent files. */
static void tasks_start_snmp(void)
{
	setenv("MIBS", "", 1);
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_DEBUG);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	init_snmp("netdiagd-check");
}

int tasks_check(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);
	static const struct configuration none = {.agentx_socket = NULL};
	struct preflight *preflight = calloc(1, sizeof(*preflight));
	int status = EX_OSERR;

	if (preflight) {
		preflight->out = stdout;
		preflight->community = options->community;
		preflight->address = tasks_address(options, configuration ? configuration : &none);
		tasks_start_snmp();
		status = preflight_run(preflight, options->user, tasks_path(options),
				       configuration);
		snmp_shutdown("netdiagd-check");
	}
	free(preflight);
	configuration_free(configuration);
	return log_output_failed(stdout) ? EX_IOERR : status;
}

/* For a table of one collector the others need not run. */
static void tasks_leave_out_others(struct collect_settings *settings, const char *name)
{
	for (size_t i = 0; collectors[i]; i++)
		if (strcmp(collectors[i]->name, name))
			settings->collector[i].on = false;
}

int tasks_dump(const struct options *options)
{
	struct configuration *configuration;
	int status;

	if (options->dump == DUMP_SCHEMA)
		return dump_print(stdout, DUMP_SCHEMA, NULL, NULL, NULL) ? EX_IOERR : EXIT_SUCCESS;
	configuration = tasks_configuration(options);
	if (!configuration)
		return EX_CONFIG;
	if (options->table && options->table->collector)
		tasks_leave_out_others(configuration->collect, options->table->collector);
	status = tasks_collect_and_dump(options->dump, options->table, configuration->collect);
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

/* The alarms of a state file. */
struct found_alarms {
	struct rows rows;
	bool failed;
};

static void tasks_take_alarm(const struct alarm_row *alarm, void *arg)
{
	struct found_alarms *found = arg;
	struct alarm_row *row = rows_add(&found->rows);

	if (row)
		*row = *alarm;
	else
		found->failed = true;
}

static void tasks_print_alarms(const struct rows *rows, const char *path, uint64_t age, bool json)
{
	bool first = true;

	alarms_print_begin(stdout, json, path, age, rows->count);
	for (uint64_t severity = ALARM_CRITICAL; severity >= ALARM_WARNING; severity--)
		for (size_t i = 0; i < rows->count; i++) {
			const struct alarm_row *alarm = rows_at(rows, i);

			if (alarm->severity != severity)
				continue;
			alarms_print(stdout, json, alarm, first);
			first = false;
		}
	alarms_print_end(stdout, json);
}

/* Where a service keeps its state when nothing else is said. */
#define DEFAULT_STATE_FILE "/var/lib/netdiagd/state"

int tasks_alarms(const struct options *options)
{
	struct configuration *configuration = tasks_configuration(options);
	struct found_alarms found = {.failed = false};
	const char *path;
	uint64_t age = 0;
	int err;

	if (!configuration)
		return EX_CONFIG;
	rows_init(&found.rows, &alarm_row_type);
	path = state_file_path(options->state_file, &configuration->alarms);
	if (!path)
		path = DEFAULT_STATE_FILE;
	err = state_file_each(path, tasks_take_alarm, &found, &age);
	if (err == -EINVAL)
		log_error("%s: is no state of a netdiagd since this host was started", path);
	else if (err)
		log_error("%s: %s%s", path, strerror(-err),
			  err == -ENOENT   ? "; is netdiagd running, with a stateFile?"
			  : err == -EACCES ? "; run this as root, or as the user of netdiagd"
					   : "");
	else
		tasks_print_alarms(&found.rows, path, age, options->report == REPORT_JSON);
	rows_clear(&found.rows);
	configuration_free(configuration);
	if (err)
		return EXIT_FAILURE;
	return log_output_failed(stdout) ? EX_IOERR : EXIT_SUCCESS;
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
