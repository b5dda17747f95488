/* SPDX-License-Identifier: BSD-2-Clause */
/* --report for people and for scripts. */
#include <config.h>

#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/kernel/viewpoint.h"
#include "subagent/console/json.h"
#include "subagent/console/report.h"
#include "subagent/tables/agent_rows.h"

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
	[CHECK_SHELVED] = {"SHELVED", "[SHELVED]", "36", "shelved"},
};

const char *report_result(enum check_state state)
{
	return states[state].result;
}

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
	if (line->text.advice[0]) {
		fprintf(out, "%*s", INDENT - 1, "");
		report_print_words(out, line->text.advice, INDENT - 1);
	}
	/* On one line, however long: it is there to be copied. */
	if (line->text.command[0])
		fprintf(out, "%*s# %s\n", INDENT, "", line->text.command);
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

/* One line for all instances of a check that are ok. */
static void report_print_ok(FILE *out, const struct report_line *line, size_t count, bool colour)
{
	char text[CHECK_SUMMARY_SIZE + 64];
	const struct report_line *found;
	size_t others;

	for (size_t i = 0; i < count; i++)
		if (line[i].state == CHECK_OK && !line[i].instance)
			report_print_line(out, &line[i], line[i].text.summary, colour);
	found = report_highest(line, count, &others);
	if (!found)
		return;
	snprintf(text, sizeof(text), "%s", found->text.summary);
	if (others)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", and %zu more",
			 others);
	report_print_line(out, found, text, colour);
}

/* "1 packet, most of them by eth0" */
static void report_print_loss(FILE *out, const struct loss_row *row)
{
	static const char *const remarks[] = {
		[LOSS_CLASS_LOSS] = "",
		[LOSS_CLASS_POLICY] = "; a rule drops them",
		[LOSS_CLASS_BENIGN] = "; nobody here wanted them",
		[LOSS_CLASS_ELSEWHERE] = "; lost on the way, sent again",
	};
	const char *word = row->class == LOSS_CLASS_LOSS ? "[LOST]" : "[INFO]";
	char text[LOSS_NAME_SIZE + 128];
	int name;

	snprintf(text, sizeof(text), "%" PRIu64 " packet%s, worst %s%s", row->packets,
		 row->packets == 1 ? "" : "s", row->worst, remarks[row->class]);
	name = fprintf(out, "%-*s%-*s", INDENT, word, NAME_WIDTH, row->label);
	report_print_words(out, text, (unsigned)name);
}

/* Where packets were lost, and which places this host cannot tell. */
static void report_print_losses(FILE *out, const struct rows *rows)
{
	/* What a rule drops is known by drop reasons, which are not worth loading a program into
	 * the kernel for the seconds of a report. */
	static const char netfilter_remark[] = " (counts only in a netdiagd that serves)";
	char unknown[LOSS_PLACES * LOSS_LABEL_SIZE + 128] = "cannot be told here:";
	size_t start = strlen(unknown), end = start;
	bool lost = false;

	for (size_t i = 0; i < rows->count; i++) {
		const struct loss_row *row = rows_at(rows, i);

		if (row->packets == ROW_ABSENT) {
			end += (size_t)snprintf(unknown + end, sizeof(unknown) - end, "%s %s%s",
						end > start ? "," : "", row->label,
						row->place == LOSS_NETFILTER ? netfilter_remark
									     : "");
			continue;
		}
		lost |= row->packets && row->class == LOSS_CLASS_LOSS;
		if (row->packets)
			report_print_loss(out, row);
	}
	if (!lost)
		fprintf(out, "%-*s%-*s no packet was lost%s\n", INDENT, "[OK]", NAME_WIDTH,
			"losses", end > start ? " where this host can tell" : "");
	if (end > start) {
		int name = fprintf(out, "%-*s%-*s", INDENT, "[INFO]", NAME_WIDTH, "losses");

		report_print_words(out, unknown, (unsigned)name);
	}
}

/* Everything that is not ok, the worst first. */
static void report_print_wrong(FILE *out, const struct report *report, bool colour)
{
	static const enum check_state order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};

	for (size_t n = 0; n < COUNT_OF(order); n++)
		for (size_t i = 0; i < report->count; i++)
			if (report->line[i].state == order[n])
				report_print_line(out, &report->line[i],
						  report->line[i].text.summary, colour);
}

/* Of which host, when and from where the report is. */
struct report_head {
	struct utsname host;
	char time[TIME_TEXT_SIZE];
	char viewpoint[VIEWPOINT_TEXT_SIZE];
};

static void report_head(const struct report *report, struct report_head *head)
{
	if (uname(&head->host))
		head->host.nodename[0] = '\0';
	time_text(clock_wall(), head->time);
	viewpoint_text(report->roots, head->viewpoint);
}

static void report_print_head(FILE *out, const struct report *report)
{
	struct report_head head;
	char host[4 * sizeof(head.host.nodename)], text[512];

	report_head(report, &head);
	text_console(host, sizeof(host), head.host.nodename);
	snprintf(text, sizeof(text), "%s, %s, netdiagd %s; %s", host, head.time, agent_version(),
		 head.viewpoint);
	report_print_words(out, text, (unsigned)fprintf(out, "host"));
}

void report_print_text(FILE *out, const struct report *report, bool colour)
{
	size_t i = 0;

	fprintf(out, "netdiag %s: %zu critical, %zu warning, %zu unknown, %zu ok, in %u s\n",
		states[report->worst].result, report->states[CHECK_CRITICAL],
		report->states[CHECK_WARNING], report->states[CHECK_UNKNOWN],
		report->states[CHECK_OK], report->seconds);
	report_print_head(out, report);
	report_print_losses(out, &report->losses);
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

static void report_json_losses(FILE *out, const struct rows *rows)
{
	static const char *const classes[] = {
		[LOSS_CLASS_LOSS] = "loss",
		[LOSS_CLASS_POLICY] = "policy",
		[LOSS_CLASS_BENIGN] = "benign",
		[LOSS_CLASS_ELSEWHERE] = "elsewhere",
	};

	for (size_t i = 0; i < rows->count; i++) {
		const struct loss_row *row = rows_at(rows, i);
		char object_id[OBJECT_ID_TEXT_SIZE];

		fprintf(out, "%s\n{\"place\": \"%s\", \"class\": \"%s\"", i ? "," : "", row->label,
			classes[row->class]);
		if (row->packets != ROW_ABSENT)
			fprintf(out, ", \"packets\": %" PRIu64, row->packets);
		object_id_text(&row->object_id, object_id);
		report_json_text(out, "worst", row->worst);
		report_json_text(out, "objectId", object_id);
		fputc('}', out);
	}
}

void report_print_json(FILE *out, const struct report *report)
{
	struct report_head head;

	report_head(report, &head);
	fprintf(out, "{\"status\": \"%s\", \"seconds\": %u", states[report->worst].name,
		report->seconds);
	report_json_text(out, "host", head.host.nodename);
	report_json_text(out, "time", head.time);
	report_json_text(out, "version", agent_version());
	report_json_text(out, "viewpoint", head.viewpoint);
	fputs(", \"losses\": [", out);
	report_json_losses(out, &report->losses);
	fputs("\n], \"checks\": [", out);
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
		report_json_text(out, "summary", line->text.summary);
		report_json_text(out, "advice", line->text.advice);
		report_json_text(out, "command", line->text.command);
		fputc('}', out);
	}
	fputs("\n]}\n", out);
}
