/* SPDX-License-Identifier: BSD-2-Clause */
/* --report: takes two samples with the collectors and the checks of the daemon, and makes a line of
 * each instance, or of a check that has none. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "collectors/registry.h"
#include "subagent/console/report.h"
#include "subagent/log.h"
#include "subagent/tables/agent_rows.h"

/* NULL when memory is short; the report has failed then. */
static struct report_line *report_add(struct report *report, const struct check *check,
				      enum check_state state)
{
	struct report_line *line = reallocarray(report->line, report->count + 1,
						sizeof(*report->line));

	if (!line) {
		report->failed = true;
		return NULL;
	}
	report->line = line;
	line += report->count++;
	*line = (struct report_line){.check = check, .state = state};
	report->states[state]++;
	return line;
}

static void report_add_instance(const struct instance *instance, void *arg)
{
	struct advice advice = {
		.check = instance->check,
		.instance = instance->name,
		.limits = &instance->policy->limits,
		.known = instance->machine.state != CHECK_UNKNOWN,
		.value = instance->machine.state != CHECK_UNKNOWN ? instance->value
								  : CHECK_NO_VALUE,
	};
	struct report_line *line;

	if (!instance->shown)
		return;
	line = report_add(arg, instance->check, instance->machine.state);
	if (!line)
		return;
	line->instance = instance;
	if (instance->alarm)
		line->text = instance->alarm->row.text;
	else
		advice_state(&advice, line->text.summary);
}

/* A check of which no instance is shown: of many none is above 0, others are what this host does
 * not have (a cloud's allowances), a single one has no value yet (an age takes longer than two
 * samples), or the collector could not see them. */
static void report_add_check(struct report *report, const struct check *check,
			     const struct alarm_source *source)
{
	struct alarm_feed feed;
	struct report_line *line;

	if (!source->feed(check_table(check), &feed, source->arg) ||
	    (feed.status == COLLECT_UNSUPPORTED && !feed.hidden))
		return;
	line = report_add(report, check, feed.status == COLLECT_OK ? CHECK_OK : CHECK_UNKNOWN);
	if (line)
		text_copy(line->text.summary, sizeof(line->text.summary),
			  feed.hidden		      ? "no data: its source is hidden from here"
			  : feed.status != COLLECT_OK ? "no data, see agent.collector"
			  : check->many		      ? "nothing above 0"
			  : check->instance	      ? "nothing on this host counts it"
						      : "no value in so short a time, or no data");
}

static int report_compare(const void *a, const void *b)
{
	const struct report_line *x = a, *y = b;

	if (x->check != y->check)
		return x->check < y->check ? -1 : 1;
	if (!x->instance || !y->instance)
		return 0;
	return strverscmp(x->instance->name, y->instance->name);
}

/* The worst state. Checks whose notifications are off are shown as information and do not count. */
static enum check_state report_worst(const struct report *report)
{
	static const enum check_state order[] = {CHECK_CRITICAL, CHECK_WARNING, CHECK_UNKNOWN};

	for (size_t n = 0; n < COUNT_OF(order); n++)
		for (size_t i = 0; i < report->count; i++) {
			const struct instance *instance = report->line[i].instance;

			if (report->line[i].state == order[n] &&
			    (!instance || instance->policy->notify))
				return order[n];
		}
	return CHECK_OK;
}

/* Makes the report of what was evaluated. source says why a check has no instance. */
static void report_make(struct report *report, const struct alarms *alarms,
			const struct alarm_source *source)
{
	alarms_each_instance(alarms, report_add_instance, report);
	for (size_t i = 0, instances = report->count; i < check_count(); i++) {
		size_t n = 0;

		while (n < instances && report->line[n].check != &checks[i])
			n++;
		if (n == instances && alarms_is_on(alarms, &checks[i]))
			report_add_check(report, &checks[i], source);
	}
	if (report->count)
		qsort(report->line, report->count, sizeof(*report->line), report_compare);
	report->worst = report_worst(report);
}

static void report_sample(struct engine *engine, struct pinned *view, struct ledger *ledger,
			  struct alarms *alarms)
{
	struct alarm_source source = alarms_pinned_source(view);

	engine_collect_once(engine);
	pinned_turn(view);
	ledger_feed_pinned(ledger, view, clock_monotonic(), clock_wall());
	alarms_evaluate(alarms, &source, clock_monotonic(), clock_wall());
}

static void report_sleep(uint64_t until)
{
	struct timespec time = {.tv_sec = (time_t)(until / SECOND_NS),
				.tv_nsec = (long)(until % SECOND_NS)};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

/* Waits between the samples; somebody at a terminal sees for how long. */
static void report_wait(unsigned seconds)
{
	uint64_t start = clock_monotonic();
	bool show = isatty(STDERR_FILENO);

	for (unsigned passed = 0; passed < seconds; passed++) {
		if (show)
			fprintf(stderr, "\rsampling: %u s left  ", seconds - passed);
		report_sleep(start + (passed + 1) * SECOND_NS);
	}
	if (show)
		fprintf(stderr, "\r%*s\r", 24, "");
}

/* Only on a terminal that has colours, and unless the user objects (no-color.org). */
static bool report_wants_colour(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

	return isatty(fileno(out)) && !(no && *no) && terminal && strcmp(terminal, "dumb");
}

static void report_free(struct report *report)
{
	free(report->line);
	rows_clear(&report->losses);
}

static int report_finish(FILE *out, enum report_format format, const struct alarms *alarms,
			 struct ledger *ledger, struct pinned *view, unsigned seconds)
{
	struct alarm_source source = alarms_pinned_source(view);
	struct report report = {.seconds = seconds, .roots = engine_roots(pinned_engine(view))};

	report_make(&report, alarms, &source);
	rows_init(&report.losses, &loss_row_type);
	if (report.failed || ledger_fill_rows(&report.losses, ledger)) {
		report_free(&report);
		return EX_OSERR;
	}
	if (format == REPORT_JSON)
		report_print_json(out, &report);
	else if (format == REPORT_PERFDATA)
		report_print_perfdata(out, &report);
	else
		report_print_text(out, &report, report_wants_colour(out));
	report_free(&report);
	return log_output_failed(out) ? EX_IOERR : (int)(report.worst - CHECK_OK);
}

int report_run(FILE *out, enum report_format format, unsigned seconds,
	       const struct collect_settings *collect, const struct alarm_settings *alarm_settings)
{
	struct alarm_settings settings = *alarm_settings;
	struct engine *engine = engine_new(collectors, collect);
	struct pinned *view = engine ? pinned_new(engine) : NULL;
	struct ledger *ledger = ledger_new();
	struct alarms *alarms;
	int status = EX_OSERR;

	settings.once_ms = seconds * 1000;
	alarms = view && ledger ? alarms_new(&settings, 0) : NULL;
	if (alarms) {
		report_sample(engine, view, ledger, alarms);
		report_wait(seconds);
		report_sample(engine, view, ledger, alarms);
		status = report_finish(out, format, alarms, ledger, view, seconds);
	}
	ledger_free(ledger);
	alarms_free(alarms);
	pinned_free(view);
	engine_free(engine);
	return status;
}
