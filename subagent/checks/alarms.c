/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The alarms of all checks: evaluates them when collectors have published, has decide.c say what
 * receivers are told, applies other settings, and sums up what is active.
 */
#include <config.h>

#include <stdlib.h>

#include "subagent/checks/alarms.h"
#include "subagent/checks/alarms_private.h"

struct alarms *alarms_new(const struct alarm_settings *settings, uint64_t first_id)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));

	if (!alarms)
		return NULL;
	alarms->settings = settings;
	alarms->set.last_id = first_id;
	alarms->memory = calloc(check_count(), sizeof(*alarms->memory));
	rows_init(&alarms->check_rows, &check_row_type);
	if (!alarms->memory || instances_init(&alarms->instances) ||
	    alarms_history_resize(alarms, settings->history)) {
		alarms_free(alarms);
		return NULL;
	}
	for (size_t i = 0; i < check_count(); i++) {
		alarms->memory[i].table = check_table(&checks[i]);
		check_policy(&checks[i], "", NULL, settings, &alarms->memory[i].policy);
	}
	return alarms;
}

void alarms_free(struct alarms *alarms)
{
	if (!alarms)
		return;
	instances_free(&alarms->instances);
	alarm_set_free(&alarms->set);
	for (size_t i = 0; alarms->memory && i < check_count(); i++)
		alarms_forget_rows(&alarms->memory[i]);
	free(alarms->memory);
	rows_clear(&alarms->check_rows);
	free(alarms->history);
	free(alarms);
}

void alarms_on_event(struct alarms *alarms, alarm_event_fn *fn, void *arg)
{
	alarms->event = fn;
	alarms->event_arg = arg;
}

/* --- all checks ------------------------------------------------------------------------------- */

static void on_decided(const struct alarm_event *event, void *arg)
{
	struct alarms_pass *pass = arg;
	struct alarms *alarms = pass->alarms;

	alarms->changed_at = pass->time;
	alarms->dirty = true;
	alarms_remember(alarms, event, pass->wall);
	if (alarms->event)
		alarms->event(event, alarms->event_arg);
}

static void decide(struct alarms *alarms, uint64_t now, uint64_t wall)
{
	struct alarms_pass pass = {.alarms = alarms, .time = now, .wall = wall};

	for (struct alarm *it = alarms->set.first; it; it = it->next) {
		const struct check_policy *policy = it->instance ? it->instance->policy : NULL;

		it->mute = policy && !policy->notify;
		it->shelved = policy && wall < policy->shelved_until;
		it->row.age = now > it->raised ? now - it->raised : 0;
	}
	alarms_decide(&alarms->set, now, wall, on_decided, &pass);
	alarms->changed = true;
}

void alarms_evaluate(struct alarms *alarms, const struct alarm_source *source, uint64_t now,
		     uint64_t wall)
{
	for (size_t i = 0; i < check_count(); i++) {
		struct alarms_pass pass = {
			.alarms = alarms,
			.source = source,
			.check = &checks[i],
			.memory = &alarms->memory[i],
			.wall = wall,
		};

		alarms_evaluate_check(&pass, now);
	}
	decide(alarms, now, wall);
	alarms_pin(alarms, now);
}

/* instances_sweep(), while the old policies still stand: what is turned off goes. (It comes back
 * with the next rows, and is not evaluated.) */
static bool is_off(struct instance *instance, void *arg)
{
	struct alarms_pass *pass = arg;
	struct check_policy policy;

	check_policy(instance->check, instance->name, NULL, pass->alarms->settings, &policy);
	if (policy.on && instance->policy->on)
		return false;
	check_machine_end(&instance->machine, pass->time);
	alarms_end(pass, instance, ALARMS_REASON_OFF);
	return true;
}

/* The policy after a change of the settings. Limits that are the row's own wait for the next rows.
 */
static void renew_policy(struct alarms *alarms, struct instance *instance)
{
	struct check_policy policy;

	check_policy(instance->check, instance->name, NULL, alarms->settings, &policy);
	if (instance->check->own_limits)
		policy.limits = instance->policy->limits;
	alarms_set_policy(alarms, instance, &policy);
}

void alarms_configure(struct alarms *alarms, const struct alarm_settings *settings, uint64_t now,
		      uint64_t wall)
{
	alarms->settings = settings;
	alarms_history_resize(alarms, settings->history);
	for (size_t i = 0; i < check_count(); i++) {
		struct check_memory *memory = &alarms->memory[i];
		struct check_policy old = memory->policy;
		struct alarms_pass pass = {
			.alarms = alarms,
			.check = &checks[i],
			.memory = memory,
			.time = now,
			.wall = wall,
		};

		instances_sweep(&alarms->instances, &checks[i], is_off, &pass);
		check_policy(&checks[i], "", NULL, settings, &memory->policy);
		for (struct instance *it = instances_first(&alarms->instances, &checks[i]); it;
		     it = it->next) {
			if (!it->own)
				it->policy = &old;
			renew_policy(alarms, it);
		}
		if (old.limits.measure.window != memory->policy.limits.measure.window)
			alarms_forget_rows(memory);
	}
	decide(alarms, now, wall);
}

bool alarms_complete(const struct alarms *alarms)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check_memory *memory = &alarms->memory[i];

		if (memory->policy.on && !memory->generation &&
		    (!memory->status || memory->status == COLLECT_PENDING))
			return false;
	}
	return true;
}

static bool is_more_telling(const struct alarm *alarm, const struct alarm *than)
{
	if (!than || alarm->row.severity != than->row.severity)
		return !than || alarm->row.severity > than->row.severity;
	return !alarm->check->many && than->check->many;
}

void alarms_total(const struct alarms *alarms, struct alarm_totals *totals)
{
	const struct alarm *worst = NULL;

	*totals = (struct alarm_totals){.last_change = alarms->changed_at};
	for (const struct alarm *it = alarms->set.first; it; it = it->next) {
		totals->shelved += it->shelved;
		if (it->shelved || it->standing != ALARM_TOLD)
			continue;
		totals->critical += it->row.severity == ALARM_CRITICAL;
		totals->warning += it->row.severity == ALARM_WARNING;
		if (is_more_telling(it, worst))
			worst = it;
	}
	totals->worst = worst ? &worst->row : NULL;
	for (size_t i = 0; i < check_count(); i++) {
		const struct check_memory *memory = &alarms->memory[i];

		totals->unknown += memory->hidden && memory->policy.on && memory->policy.notify;
		for (const struct instance *it = instances_first(&alarms->instances, &checks[i]);
		     it; it = it->next)
			totals->unknown += it->shown && !it->gone && it->policy->on &&
					   it->policy->notify && it->machine.state == CHECK_UNKNOWN;
	}
}

enum alarm_severity alarms_worst(const struct alarm_totals *totals)
{
	if (totals->critical)
		return ALARM_CRITICAL;
	return totals->warning ? ALARM_WARNING : ALARM_NONE;
}

bool alarms_is_on(const struct alarms *alarms, const struct check *check)
{
	return alarms->memory[check - checks].policy.on;
}

void alarms_each_instance(const struct alarms *alarms,
			  void (*fn)(const struct instance *instance, void *arg), void *arg)
{
	for (size_t i = 0; i < check_count(); i++)
		for (const struct instance *it = instances_first(&alarms->instances, &checks[i]);
		     it; it = it->next)
			if (it->policy->on)
				fn(it, arg);
}

void alarms_each(const struct alarms *alarms, alarm_event_fn *fn, void *arg)
{
	for (const struct alarm *it = alarms->set.first; it; it = it->next) {
		struct alarm_event event = {
			.kind = ALARM_EVENT_REPEATED,
			.previous = (enum alarm_severity)it->row.severity,
			.host_wide = !it->check->many,
			.alarm = &it->row,
		};

		if (it->standing == ALARM_TOLD)
			fn(&event, arg);
	}
}
