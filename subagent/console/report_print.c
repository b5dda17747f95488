/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <string.h>

#include "collectors/base/text.h"
#include "subagent/console/json.h"
#include "subagent/console/report.h"

#define WIDTH	   80
#define INDENT	   10 /* of what follows "[UNKNOWN]" */
#define NAME_WIDTH 23 /* "conntrack.insert_failed" */

static const struct {
	const char *word; /* in the text */
	const char *colour;
	const char *name; /* in JSON, as netdiagCheckState's labels */
} states[] = {
	[CHECK_OK] = {"[OK]", "32", "ok"},
	[CHECK_WARNING] = {"[WARN]", "33", "warning"},
	[CHECK_CRITICAL] = {"[CRIT]", "31", "critical"},
	[CHECK_UNKNOWN] = {"[UNKNOWN]", "35", "unknown"},
};

static const char *const results[] = {
	[REPORT_OK] = "OK",
	[REPORT_WARNING] = "WARNING",
	[REPORT_CRITICAL] = "CRITICAL",
	[REPORT_UNKNOWN] = "UNKNOWN",
};

static const char *const status_names[] = {
	[REPORT_OK] = "ok",
	[REPORT_WARNING] = "warning",
	[REPORT_CRITICAL] = "critical",
	[REPORT_UNKNOWN] = "unknown",
};

/* Prints words, in lines of at most WIDTH characters; `at` is how many the present one has. */
static void print_words(FILE *out, const char *text, unsigned at)
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

static void print_line(FILE *out, const struct report_line *line, const char *text, bool colour)
{
	const char *word = states[line->state].word;
	int name;

	if (colour)
		fprintf(out, "\033[%sm%s\033[0m", states[line->state].colour, word);
	else
		fputs(word, out);
	name = fprintf(out, "%*s%-*s", INDENT - (int)strlen(word), "", NAME_WIDTH,
		       line->check->name);
	print_words(out, text, (unsigned)name + (unsigned)strlen(word));
	if (!line->advice[0])
		return;
	fprintf(out, "%*s", INDENT - 1, "");
	print_words(out, line->advice, INDENT - 1);
}

/* Of the instances of a check that are ok, the one that is nearest to its limit stands for all. */
static const struct report_line *highest(const struct report_line *line, size_t count,
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

/* What is well needs few words: "eth0: 0 errors/s, limit 1, and 3 more". */
static void describe_ok(const struct report_line *line, size_t others, char *text, size_t size)
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
static void print_ok(FILE *out, const struct report_line *line, size_t count, bool colour)
{
	char text[CHECK_SUMMARY_SIZE + 64];
	const struct report_line *found;
	size_t others;

	for (size_t i = 0; i < count; i++)
		if (line[i].state == CHECK_OK && !line[i].instance)
			print_line(out, &line[i], line[i].summary, colour);
	found = highest(line, count, &others);
	if (!found)
		return;
	describe_ok(found, others, text, sizeof(text));
	print_line(out, found, text, colour);
}

/* What is wrong comes first, and the worst of it at the top. */
static void print_wrong(FILE *out, const struct report *report, bool colour)
{
	static const enum check_state order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};

	for (size_t n = 0; n < sizeof(order) / sizeof(order[0]); n++)
		for (size_t i = 0; i < report->count; i++)
			if (report->line[i].state == order[n])
				print_line(out, &report->line[i], report->line[i].summary, colour);
}

void report_print_text(FILE *out, const struct report *report, bool colour)
{
	size_t i = 0;

	fprintf(out, "netdiag %s: %zu critical, %zu warning, %zu unknown, %zu ok, in %u s\n",
		results[report->status], report->states[CHECK_CRITICAL],
		report->states[CHECK_WARNING], report->states[CHECK_UNKNOWN],
		report->states[CHECK_OK], report->seconds);
	print_wrong(out, report, colour);
	while (i < report->count) {
		size_t count = 1;

		while (i + count < report->count &&
		       report->line[i + count].check == report->line[i].check)
			count++;
		print_ok(out, &report->line[i], count, colour);
		i += count;
	}
}

/* A number in the check's units; nothing for one that is not known, or no limit. */
static void json_number(FILE *out, const char *name, int64_t hundredths)
{
	char text[24];

	if (hundredths == CHECK_NO_VALUE || hundredths == CHECK_NO_LIMIT)
		return;
	advice_number(hundredths, text);
	fprintf(out, ", \"%s\": %s", name, text);
}

static void json_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, ", \"%s\": ", name);
	json_string(out, text);
}

void report_print_json(FILE *out, const struct report *report)
{
	fprintf(out, "{\"status\": \"%s\", \"seconds\": %u, \"checks\": [",
		status_names[report->status], report->seconds);
	for (size_t i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];
		const struct instance *instance = line->instance;
		const struct check_limits *limits = instance ? &instance->policy->limits : NULL;
		char object_id[OBJECT_ID_TEXT_SIZE] = "";

		fprintf(out, "%s\n{\"check\": \"%s\"", i ? "," : "", line->check->name);
		json_text(out, "instance", instance ? instance->name : CHECK_ONLY_INSTANCE);
		json_text(out, "state", states[line->state].name);
		if (limits) {
			json_number(out, "value",
				    line->state == CHECK_UNKNOWN ? CHECK_NO_VALUE
								 : instance->value);
			json_number(out, "warning", limits->warning);
			json_number(out, "critical", limits->critical);
			json_number(out, "clear", limits->clear);
			if (instance->object_id)
				object_id_text(instance->object_id, object_id);
			json_text(out, "objectId", object_id);
		}
		json_text(out, "units", line->check->units);
		fprintf(out, ", \"information\": %s",
			instance && !instance->policy->notify ? "true" : "false");
		json_text(out, "summary", line->summary);
		json_text(out, "advice", line->advice);
		fputc('}', out);
	}
	fputs("\n]}\n", out);
}
