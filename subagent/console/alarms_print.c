/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints the alarms of a running daemon, as its state file has them, for a person or a script. */
#include <config.h>

#include <inttypes.h>

#include "collectors/base/clock.h"
#include "subagent/checks/advices.h"
#include "subagent/console/alarms_print.h"
#include "subagent/console/json.h"
#include "subagent/tables/table.h"

static const char *severity_name(const struct alarm_row *alarm)
{
	return alarm->severity == ALARM_CRITICAL ? "critical" : "warning";
}

static const char *state_name(const struct alarm_row *alarm)
{
	return alarm->state == ALARM_SHELVED	? "shelved"
	       : alarm->state == ALARM_CLEARING ? "clearing"
						: "active";
}

void alarms_print_begin(FILE *out, bool json, const char *file, uint64_t age, size_t count)
{
	if (json) {
		fputs("{\"file\": ", out);
		json_string(out, file);
		fprintf(out, ", \"age\": %" PRIu64 ", \"alarms\": [", age / SECOND_NS);
	} else {
		fprintf(out, "%zu alarm%s, as of %" PRIu64 " s ago (%s)\n", count,
			count == 1 ? "" : "s", age / SECOND_NS, file);
	}
}

static void print_json(FILE *out, const struct alarm_row *alarm)
{
	const struct {
		const char *name;
		const char *text;
	} texts[] = {
		{"check", alarm->check},
		{"instance", alarm->instance},
		{"severity", severity_name(alarm)},
		{"state", state_name(alarm)},
		{"units", alarm->units},
		{"summary", alarm->text.summary},
		{"advice", alarm->text.advice},
		{"command", alarm->text.command},
	};
	char number[24], raised[TIME_TEXT_SIZE];

	time_text(alarm->raised_at, raised);
	fprintf(out,
		"\n{\"id\": %" PRIu64 ", \"causeId\": %" PRIu64 ", \"count\": %" PRIu64
		", \"notify\": %s, \"age\": %" PRIu64 ", \"raisedAt\": \"%s\"",
		alarm->id, alarm->cause_id, alarm->count, alarm->notify ? "true" : "false",
		alarm->age / SECOND_NS, raised);
	if (alarm->value != ROW_ABSENT) {
		advice_number((int64_t)alarm->value, number);
		fprintf(out, ", \"value\": %s", number);
	}
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		fprintf(out, ", \"%s\": ", texts[i].name);
		json_string(out, texts[i].text);
	}
	fputc('}', out);
}

void alarms_print(FILE *out, bool json, const struct alarm_row *alarm, bool first)
{
	char lasted[24];

	if (json) {
		fputs(first ? "" : ",", out);
		print_json(out, alarm);
		return;
	}
	fprintf(out, "[%s] %s, for %s", alarm->severity == ALARM_CRITICAL ? "CRIT" : "WARN",
		alarm->check, advice_duration(alarm->age, lasted));
	if (alarm->state != ALARM_ACTIVE)
		fprintf(out, ", %s", state_name(alarm));
	fprintf(out, " (alarm %" PRIu64, alarm->id);
	if (alarm->cause_id)
		fprintf(out, ", told as part of %" PRIu64, alarm->cause_id);
	else if (!alarm->notify)
		fputs(", not told", out);
	fprintf(out, ")\n       %s\n", alarm->text.summary);
	if (alarm->text.advice[0])
		fprintf(out, "       %s\n", alarm->text.advice);
	if (alarm->text.command[0])
		fprintf(out, "       # %s\n", alarm->text.command);
}

void alarms_print_end(FILE *out, bool json)
{
	if (json)
		fputs("\n]}\n", out);
}
