/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "collectors/registry.h"
#include "subagent/console/report.h"
#include "subagent/log.h"
#include "subagent/tables/agent_rows.h"

struct alarm_settings report_settings(const struct alarm_settings *from, unsigned seconds)
{
	struct alarm_settings settings = *from;

	settings.once_ms = seconds * 1000;
	return settings;
}

void report_free(struct report *report)
{
	free(report->line);
	memset(report, 0, sizeof(*report));
}

static struct report_line *add_line(struct report *report, const struct check *check,
				    enum check_state state)
{
	struct report_line *line = reallocarray(report->line, report->count + 1,
						sizeof(*report->line));

	if (!line)
		return NULL;
	report->line = line;
	line += report->count++;
	memset(line, 0, sizeof(*line));
	line->check = check;
	line->state = state;
	line->advice = "";
	report->states[state]++;
	return line;
}

/* What a report is being made from. */
struct making {
	struct report *report;
	const struct alarm_source *source;
	bool failed;
};

static void add_instance(const struct instance *instance, void *arg)
{
	struct making *making = arg;
	struct advice advice = {.check = instance->check, .instance = instance->name};
	bool known = instance->machine.state != CHECK_UNKNOWN;
	struct report_line *line;

	if (!instance->shown)
		return;
	line = add_line(making->report, instance->check, instance->machine.state);
	if (!line) {
		making->failed = true;
		return;
	}
	line->instance = instance;
	if (instance->alarm) {
		memcpy(line->summary, instance->alarm->summary, sizeof(line->summary));
		line->advice = instance->alarm->advice;
	} else {
		advice_summary(&advice, &instance->policy->limits,
			       known ? instance->value : CHECK_NO_VALUE, ALARM_NONE, line->summary);
	}
}

/* A check without instances: none there, or its collector could not see them. */
static void add_check(struct making *making, const struct check *check)
{
	const struct table *table = check_table(check);
	struct alarm_feed feed;
	struct report_line *line;

	if (!making->source->feed(table->collector, &feed, making->source->arg) ||
	    feed.status == COLLECT_UNSUPPORTED)
		return;
	line = add_line(making->report, check,
			feed.status == COLLECT_OK ? CHECK_OK : CHECK_UNKNOWN);
	if (!line)
		making->failed = true;
	else
		text_copy(line->summary, sizeof(line->summary),
			  feed.status == COLLECT_OK ? "nothing above 0"
						    : "no data, see agent.collector");
}

static int compare_lines(const void *a, const void *b)
{
	const struct report_line *x = a, *y = b;

	if (x->check != y->check)
		return x->check < y->check ? -1 : 1;
	if (!x->instance || !y->instance)
		return 0;
	return strverscmp(x->instance->name, y->instance->name);
}

/* Checks whose notifications are off are information: they are shown and change nothing. */
static enum report_status status_of(const struct report *report)
{
	bool seen[CHECK_UNKNOWN + 1] = {false};

	for (size_t i = 0; i < report->count; i++) {
		const struct report_line *line = &report->line[i];

		if (!line->instance || line->instance->policy->notify)
			seen[line->state] = true;
	}
	if (seen[CHECK_CRITICAL])
		return REPORT_CRITICAL;
	if (seen[CHECK_WARNING])
		return REPORT_WARNING;
	return seen[CHECK_UNKNOWN] ? REPORT_UNKNOWN : REPORT_OK;
}

int report_make(struct report *report, const struct alarms *alarms,
		const struct alarm_source *source, unsigned seconds)
{
	struct making making = {.report = report, .source = source};
	bool *present = calloc(check_count(), sizeof(*present));

	memset(report, 0, sizeof(*report));
	report->seconds = seconds;
	if (!present)
		return -ENOMEM;
	alarms_each_instance(alarms, add_instance, &making);
	for (size_t i = 0; i < report->count; i++)
		present[report->line[i].check - checks] = true;
	for (size_t i = 0; i < check_count(); i++)
		if (!present[i] && alarms_is_on(alarms, &checks[i]))
			add_check(&making, &checks[i]);
	free(present);
	if (making.failed) {
		report_free(report);
		return -ENOMEM;
	}
	qsort(report->line, report->count, sizeof(*report->line), compare_lines);
	report->status = status_of(report);
	return 0;
}

static uint64_t wall_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static void sample(struct engine *engine, struct pinned *view, struct alarms *alarms)
{
	struct alarm_source source = alarms_pinned_source(view);

	engine_collect_once(engine);
	pinned_turn(view);
	alarms_evaluate(alarms, &source, clock_monotonic(), wall_ns());
}

static void wait_until(uint64_t until)
{
	struct timespec time = {.tv_sec = (time_t)(until / SECOND_NS),
				.tv_nsec = (long)(until % SECOND_NS)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* Only on a terminal that has colours, and where nobody objects (no-color.org). */
static bool wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && terminal && strcmp(terminal, "dumb");
}

static int print(FILE *out, enum report_format format, const struct alarms *alarms,
		 struct pinned *view, unsigned seconds)
{
	struct alarm_source source = alarms_pinned_source(view);
	struct report report;
	int status;

	if (report_make(&report, alarms, &source, seconds))
		return EX_OSERR;
	if (format == REPORT_JSON)
		report_print_json(out, &report);
	else
		report_print_text(out, &report, wants_colour(out));
	status = (int)report.status;
	report_free(&report);
	return log_output_failed(out) ? EX_IOERR : status;
}

int report_run(FILE *out, enum report_format format, unsigned seconds,
	       const struct collect_settings *collect, const struct alarm_settings *alarm_settings)
{
	struct alarm_settings settings = report_settings(alarm_settings, seconds);
	struct engine *engine = engine_new(collectors, collect);
	struct pinned *view = engine ? pinned_new(engine) : NULL;
	struct alarms *alarms = view ? alarms_new(&settings) : NULL;
	int status = EX_OSERR;

	if (alarms) {
		sample(engine, view, alarms);
		wait_until(clock_monotonic() + seconds * SECOND_NS);
		sample(engine, view, alarms);
		status = print(out, format, alarms, view, seconds);
	}
	alarms_free(alarms);
	pinned_free(view);
	engine_free(engine);
	return status;
}
