/* SPDX-License-Identifier: BSD-2-Clause */
/* --report --perfdata: one line as the Monitoring Plugins Development Guidelines want it. */
#include <config.h>

#include <stdbool.h>
#include <string.h>

#include "collectors/base/text.h"
#include "subagent/console/report.h"

/* The worst line, or NULL when all is well. What does not count towards the result is left out. */
static const struct report_line *report_perfdata_worst(const struct report *report)
{
	for (size_t i = 0; report->worst != CHECK_OK && i < report->count; i++) {
		const struct report_line *line = &report->line[i];

		if (line->state == report->worst &&
		    (!line->instance || line->instance->policy->notify))
			return line;
	}
	return NULL;
}

/* The text before the bar, which may not hold one itself. */
static void report_perfdata_text(FILE *out, const struct report *report)
{
	const struct report_line *worst = report_perfdata_worst(report);
	char text[sizeof(worst->text.summary) * 4];

	fprintf(out, "netdiag %s: ", report_result(report->worst));
	if (worst) {
		text_console(text, sizeof(text), worst->text.summary);
		for (char *bar = text; (bar = strchr(bar, '|'));)
			*bar = '/';
		fprintf(out, "%s: %s; ", worst->check->name, text);
	}
	fprintf(out, "%zu critical, %zu warning, %zu unknown, %zu ok",
		report->states[CHECK_CRITICAL], report->states[CHECK_WARNING],
		report->states[CHECK_UNKNOWN], report->states[CHECK_OK]);
}

/* The instance with the highest known value of a check, which begins at `line`. */
static const struct instance *report_perfdata_highest(const struct report_line *line, size_t count)
{
	const struct instance *highest = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct instance *instance = line[i].instance;

		if (!instance || line[i].state == CHECK_UNKNOWN ||
		    instance->value == CHECK_NO_VALUE)
			continue;
		if (!highest || instance->value > highest->value)
			highest = instance;
	}
	return highest;
}

static void report_perfdata_limit(FILE *out, int64_t limit)
{
	char text[24] = "";

	if (limit != CHECK_NO_LIMIT)
		advice_number(limit, text);
	fprintf(out, ";%s", text);
}

/* label=value[UOM];[warning];[critical]. Of the units that the guidelines allow, we have % and s.
 */
static void report_perfdata_value(FILE *out, const struct instance *instance)
{
	const char *units = instance->check->units;
	char value[24];

	advice_number(instance->value, value);
	fprintf(out, " %s=%s%s", instance->check->name, value,
		!strcmp(units, "%") || !strcmp(units, "s") ? units : "");
	report_perfdata_limit(out, instance->policy->limits.warning);
	report_perfdata_limit(out, instance->policy->limits.critical);
}

void report_print_perfdata(FILE *out, const struct report *report)
{
	bool first = true;
	size_t count;

	report_perfdata_text(out, report);
	for (size_t i = 0; i < report->count; i += count) {
		const struct instance *highest;

		for (count = 1; i + count < report->count &&
				report->line[i + count].check == report->line[i].check;)
			count++;
		highest = report_perfdata_highest(&report->line[i], count);
		if (!highest)
			continue;
		if (first)
			fputs(" |", out);
		first = false;
		report_perfdata_value(out, highest);
	}
	fputc('\n', out);
}
