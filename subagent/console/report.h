/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd --report: two samples, and what the checks say about the time between them.
 *
 * text  for a person at a console, and for monitoring plugins: the first line is the result. Then a
 *       line for each check, or for each of its instances that is not ok.
 * json  for scripts: {"status": "warning", "seconds": 5, "checks": [{"check": "nic.errors",
 *       "instance": "eth0", "state": "ok", "value": 0.5, …}, …]}; every instance. Values and limits
 *       are in the check's units.
 */
#ifndef NETDIAG_CONSOLE_REPORT_H
#define NETDIAG_CONSOLE_REPORT_H

#include <stdio.h>

#include "subagent/checks/alarms.h"
#include "collectors/settings.h"

#define REPORT_SECONDS_DEFAULT 5
#define REPORT_SECONDS_MAX     3600

/* The exit status: those of monitoring plugins. */
enum report_status {
	REPORT_OK,
	REPORT_WARNING,
	REPORT_CRITICAL,
	REPORT_UNKNOWN,
};

enum report_format {
	REPORT_TEXT,
	REPORT_JSON,
};

/* What a check, or an instance of it, comes to. */
struct report_line {
	const struct check *check;
	const struct instance *instance; /* NULL: the check has none */
	enum check_state state;
	char summary[CHECK_SUMMARY_SIZE];
	const char *advice; /* "" where there is none to give */
};

struct report {
	unsigned seconds;
	enum report_status status;
	struct report_line *line; /* in the order of the checks, then by name */
	size_t count;
	size_t states[CHECK_UNKNOWN + 1]; /* how many lines of each */
};

/* Takes two samples and prints what they say. Returns the exit status: a report_status, or one of
 * <sysexits.h>. */
int report_run(FILE *out, enum report_format format, unsigned seconds,
	       const struct collect_settings *collect, const struct alarm_settings *alarms);

/* Makes the report of what was evaluated. source is asked why a check has no instance. 0 or
 * -ENOMEM; report_free() afterwards. */
int report_make(struct report *report, const struct alarms *alarms,
		const struct alarm_source *source, unsigned seconds);
void report_free(struct report *report);

/* Settings for a report: windows as long as the time between the samples, no holds. The lines are
 * those of `from`. */
struct alarm_settings report_settings(const struct alarm_settings *from, unsigned seconds);

/* Prints it; colour: with the terminal's colours. */
void report_print_text(FILE *out, const struct report *report, bool colour);
void report_print_json(FILE *out, const struct report *report);

#endif
