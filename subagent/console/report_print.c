/* SPDX-License-Identifier: BSD-2-Clause */
/* The two formats of --report. */
#include <config.h>

#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/text.h"
#include "subagent/console/json.h"
#include "subagent/console/report.h"

#define WIDTH	   80
#define INDENT	   10 /* of what follows "[UNKNOWN]" */
#define NAME_WIDTH 23 /* "conntrack.insert_failed" */

static const struct {
	const char *result; /* in the first line */
	const char *word;   /* before a line */
	const char *colour;
	const char *name; /* in JSON, as netdiagCheckState's labels */
} states[] = {
	[CHECK_OK] = {"OK", "[OK]", "32", "ok"},
	[CHECK_WARNING] = {"WARNING", "[WARN]", "33", "warning"},
	[CHECK_CRITICAL] = {"CRITICAL", "[CRIT]", "31", "critical"},
	[CHECK_UNKNOWN] = {"UNKNOWN", "[UNKNOWN]", "35", "unknown"},
};

/* Wraps text at WIDTH characters; the line already has `at`. */
static void report_print_words(FILE *out, const char *text, unsigned at)
{
	while (*text) {
		unsigned len = (unsigned)strcspn(text, " ");

		if (at + 1 + len > WIDTH && at > INDENT) {
			fprintf(out, "\n%*s", INDENT - 1, "");
			at = INDENT - 1;
		}
		fprintf(out, " %.*s", (int)len, text);
		at += 1 + len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void report_print_line(FILE *out, const struct report_line *line, const char *text,
			      bool colour)
{
	const char *word = states[line->state].word;
	int name;

	if (colour)
		fprintf(out, "\033[%sm%s\033[0m", states[line->state].colour, word);
	else
		fputs(word, out);
	name = fprintf(out, "%*s%-*s", INDENT - (int)strlen(word), "", NAME_WIDTH,
		       line->check->name);
	report_print_words(out, text, (unsigned)name + (unsigned)strlen(word));
	if (!line->advice[0])
		return;
	fprintf(out, "%*s", INDENT - 1, "");
	report_print_words(out, line->advice, INDENT - 1);
}

/* The instance with the highest value stands for all of a check that are ok. */
static const struct report_line *report_highest(const struct report_line *line, size_t count,
						size_t *others)
{
	const struct report_line *found = NULL;

	*others = 0;
	for (size_t i = 0; i < count; i++) {
		if (line[i].state != CHECK_OK || !line[i].instance)
			continue;
		if (found)
			(*others)++;
		if (!found || line[i].instance->value > found->instance->value)
			found = &line[i];
	}
	return found;
}

/* "eth0: 0 errors/s, limit 1, and 3 more" */
static void report_describe_ok(const struct report_line *line, size_t others, char *text,
			       size_t size)
{
	const struct instance *instance = line->instance;
	const struct check_limits *limits = &instance->policy->limits;
	bool only = !strcmp(instance->name, CHECK_ONLY_INSTANCE);
	char value[24], limit[24] = "", more[40] = "";
	bool above = limits->warning == 0;

	advice_number(instance->value, value);
	if (limits->warning != CHECK_NO_LIMIT)
		advice_number(limits->warning, limit);
	if (others)
		snprintf(more, sizeof(more), ", and %zu more", others);
	if (line->check->fine)
		snprintf(text, size, "%s%s%s", only ? "" : instance->name, only ? "" : ": ",
			 line->check->fine);
	else
		snprintf(text, size, "%s%s%s %s%s%s%s", only ? "" : instance->name,
			 only ? "" : ": ", value, line->check->units, limit[0] ? ", limit " : "",
			 above ? "above " : "", limit);
	text_sanitise(text);
	snprintf(text + strlen(text), size - strlen(text), "%s", more);
}

/* One line for all instances of a check that are ok. */
static void report_print_ok(FILE *out, const struct report_line *line, size_t count, bool colour)
{
	char text[CHECK_SUMMARY_SIZE + 64];
	const struct report_line *found;
	size_t others;

	for (size_t i = 0; i < count; i++)
		if (line[i].state == CHECK_OK && !line[i].instance)
			report_print_line(out, &line[i], line[i].summary, colour);
	found = report_highest(line, count, &others);
	if (!found)
		return;
	report_describe_ok(found, others, text, sizeof(text));
	report_print_line(out, found, text, colour);
}

/* Everything that is not ok, the worst first. */
static void report_print_wrong(FILE *out, const struct report *report, bool colour)
{
	static const enum check_state order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};

	for (size_t n = 0; n < COUNT_OF(order); n++)
		for (size_t i = 0; i < report->count; i++)
			if (report->line[i].state == order[n])
				report_print_line(out, &report->line[i], report->line[i].summary,
						  colour);
}

void report_print_text(FILE *out, const struct report *report, bool colour)
{
	size_t i = 0;

	fprintf(out, "netdiag %s: %zu critical, %zu warning, %zu unknown, %zu ok, in %u s\n",
		states[report->worst].result, report->states[CHECK_CRITICAL],
		report->states[CHECK_WARNING], report->states[CHECK_UNKNOWN],
		report->states[CHECK_OK], report->seconds);
	report_print_wrong(out, report, colour);
	while (i < report->count) {
		size_t count = 1;

		while (i + count < report->count &&
		       report->line[i + count].check == report->line[i].check)
			count++;
		report_print_ok(out, &report->line[i], count, colour);
		i += count;
	}
}

/* A number in the check's units; nothing for an unknown one and for no limit. */
static void report_json_number(FILE *out, const char *name, int64_t hundredths)
{
	char text[24];

	if (hundredths == CHECK_NO_VALUE || hundredths == CHECK_NO_LIMIT)
		return;
	advice_number(hundredths, text);
	fprintf(out, ", \"%s\": %s", name, text);
}

static void report_json_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ", \"%s\": ", name);
	json_string(out, text);
}

void report_print_json(FILE *out, const struct report *report)
{
	fprintf(out, "{\"status\": \"%s\", \"seconds\": %u, \"checks\": [",
		states[report->worst].name, report->seconds);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];
		const struct instance *instance = line->instance;
		const struct check_limits *limits = instance ? &instance->policy->limits : NULL;
		char object_id[OBJECT_ID_TEXT_SIZE] = "";

		fprintf(out, "%s\n{\"check\": \"%s\"", i ? "," : "", line->check->name);
		report_json_text(out, "instance", instance ? instance->name : CHECK_ONLY_INSTANCE);
		report_json_text(out, "state", states[line->state].name);
		if (limits) {
			report_json_number(out, "value",
					   line->state == CHECK_UNKNOWN ? CHECK_NO_VALUE
									: instance->value);
			report_json_number(out, "warning", limits->warning);
			report_json_number(out, "critical", limits->critical);
			report_json_number(out, "clear", limits->clear);
			if (instance->object_id)
				object_id_text(instance->object_id, object_id);
			report_json_text(out, "objectId", object_id);
		}
		report_json_text(out, "units", line->check->units);
		fprintf(out, ", \"information\": %s",
			instance && !instance->policy->notify ? "true" : "false");
		report_json_text(out, "summary", line->summary);
		report_json_text(out, "advice", line->advice);
		fputc('}', out);
	}
	fputs("\n]}\n", out);
}
