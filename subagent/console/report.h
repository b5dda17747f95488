/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd --report: two samples, and what the checks say about the time between them.
 *
 * text  for a person at a console, and for monitoring plugins: the first line is the result. Then
 *       where packets were lost, and a line for each check, or for each of its instances that is
 *       not ok.
 * json  for scripts: {"status": "warning", "seconds": 5, "losses": [{"place": "backlog",
 *       "packets": 7, …}, …], "checks": [{"check": "nic.errors", "instance": "eth0", "state": "ok",
 *       "value": 0.5, …}, …]}; every place and every instance. Values and limits are in the check's
 *       units.
 * perfdata  for monitoring plugins: one line with the worst that there is, and for each check its
 *       highest value with the limits, in the form of the Monitoring Plugins' guidelines.
 */
#ifndef NETDIAG_CONSOLE_REPORT_H
#define NETDIAG_CONSOLE_REPORT_H

#include <stdio.h>

#include "subagent/checks/alarms.h"
#include "subagent/loss/ledger.h"
#include "collectors/settings.h"

#define REPORT_SECONDS_DEFAULT 5
#define REPORT_SECONDS_MAX     3600

enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
	REPORT_PERFDATA,
};

/* Takes two samples and prints what the checks say. Returns the exit status: that of a monitoring
 * plugin (0 ok, 1 warning, 2 critical, 3 unknown), or one of <sysexits.h>. */
int report_run(FILE *out, enum report_format format, unsigned seconds,
	       const struct collect_settings *collect, const struct alarm_settings *alarms);

/* A check, or an instance of it. */
struct report_line {
	const struct check *check;
	const struct instance *instance; /* NULL: the check has none */
	enum check_state state;
	struct alarm_text text;
};

struct report {
	unsigned seconds;
	const struct roots *roots;
	enum check_state worst;
	struct report_line *line; /* in the order of the checks, then by name */
	size_t count;
	size_t states[CHECK_SHELVED + 1]; /* how many lines of each */
	bool failed;			  /* memory was short */
	struct rows losses;		  /* of struct loss_row: between the two samples */
};

/* The formats; colour: with the terminal's colours. */
void report_print_text(FILE *out, const struct report *report, bool colour);
void report_print_json(FILE *out, const struct report *report);
void report_print_perfdata(FILE *out, const struct report *report);

/* "CRITICAL" */
const char *report_result(enum check_state state);

#endif
