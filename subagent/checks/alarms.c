/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/checks/alarms.h"
#include "subagent/checks/alarms_private.h"

/* Rows older than so many intervals are no present state; a second is for the scheduler. */
#define STALE_INTERVALS 3

#define REASON_OVER    "back to normal"
#define REASON_REMOVED "object removed"
#define REASON_OFF     "check turned off"
#define REASON_SILENT  "notifications turned off"

/* What an evaluation works with. */
struct pass {
	struct alarms *alarms;
	const struct alarm_source *source;
	const struct check *check;
	const char *reason; /* why those that are not seen end */
	uint64_t time;
	uint64_t wall;
};

struct alarms *alarms_new(const struct alarm_settings *settings)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));

	if (!alarms)
		return NULL;
	alarms->settings = settings;
	alarms->memory = calloc(check_count(), sizeof(*alarms->memory));
	rows_init(&alarms->check_rows, &check_row_type);
	if (!alarms->memory || alarms_history_resize(alarms, settings->history) ||
	    instances_init(&alarms->instances)) {
		free(alarms->memory);
		free(alarms->history);
		free(alarms);
		return NULL;
	}
	for (size_t i = 0; i < check_count(); i++)
		check_policy(&checks[i], "", NULL, settings, &alarms->memory[i].policy);
	return alarms;
}

static void forget_rows(struct check_memory *memory)
{
	for (size_t i = 0; i < 2; i++) {
		if (memory->then[i].rows.type)
			rows_clear(&memory->then[i].rows);
		memset(&memory->then[i], 0, sizeof(memory->then[i]));
	}
}

void alarms_free(struct alarms *alarms)
{
	if (!alarms)
		return;
	instances_free(&alarms->instances);
	for (size_t i = 0; i < check_count(); i++)
		forget_rows(&alarms->memory[i]);
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

static void tell(struct alarms *alarms, enum alarm_event event, const struct instance *instance,
		 const struct alarm *alarm)
{
	if (alarms->event && instance->policy->notify)
		alarms->event(event, instance, alarm, alarms->event_arg);
}

/* The alarm's texts as they are now. */
static void describe(const struct pass *pass, const struct instance *instance, const void *row,
		     struct alarm *alarm)
{
	struct advice advice = {
		.check = instance->check,
		.instance = instance->name,
		.row = row,
		.rows = pass->source ? pass->source->rows : NULL,
		.rows_arg = pass->source ? pass->source->arg : NULL,
	};

	alarm->severity = instance->machine.severity;
	alarm->value = instance->value;
	alarm->limit = check_limit(&instance->policy->limits, alarm->severity);
	advice_summary(&advice, &instance->policy->limits, alarm->value, alarm->severity,
		       alarm->summary);
	advice_text(&advice, alarm->advice);
}

/* An alarm begins, or its severity changes. Without memory it is tried again at the next
 * evaluation: the machine is as it was. */
static void raise_alarm(struct pass *pass, struct instance *instance, const void *row,
			const struct check_machine *before)
{
	enum alarm_event event = instance->alarm ? ALARM_CHANGED : ALARM_RAISED;

	if (!instance->alarm)
		instance->alarm = calloc(1, sizeof(*instance->alarm));
	if (!instance->alarm) {
		instance->machine = *before;
		return;
	}
	if (event == ALARM_RAISED) {
		instance->alarm->id = ++pass->alarms->last_id;
		instance->alarm->raised_at = pass->wall;
	} else {
		pass->alarms->count[instance->alarm->severity]--;
	}
	pass->alarms->count[instance->machine.severity]++;
	describe(pass, instance, row, instance->alarm);
	alarms_remember(pass->alarms, event, instance, instance->alarm, pass->wall);
	tell(pass->alarms, event, instance, instance->alarm);
}

static void clear_alarm(struct pass *pass, struct instance *instance, const void *row,
			const char *reason)
{
	struct alarm *alarm = instance->alarm;
	enum alarm_severity severity;

	if (!alarm)
		return;
	severity = alarm->severity;
	describe(pass, instance, row, alarm);
	/* A receiver finds the alarm that is over by what it was. */
	alarm->severity = severity;
	alarm->advice[0] = '\0';
	advice_prefix(reason, alarm->summary);
	alarms_remember(pass->alarms, ALARM_CLEARED, instance, alarm, pass->wall);
	tell(pass->alarms, ALARM_CLEARED, instance, alarm);
	instance->alarm = NULL;
	free(alarm);
	pass->alarms->count[severity]--;
}

static void keep_object_id(struct instance *instance, const void *row)
{
	struct object_id id;

	if (instance->object_id || !row)
		return;
	check_object_id(instance->check, row, &id);
	instance->object_id = malloc(object_id_size(&id));
	if (instance->object_id)
		memcpy(instance->object_id, &id, object_id_size(&id));
}

/* Gives a value to an instance. row: as in struct advice; watched: the row for its object id. */
static void judge(struct pass *pass, struct instance *instance, int64_t value, const void *row,
		  const void *watched)
{
	const struct check_limits *limits = &instance->policy->limits;
	struct check_machine before = instance->machine;
	bool outlier = check_window_outlier(&instance->window, limits, value);
	enum check_change change = check_machine_step(&instance->machine, limits, pass->time, value,
						      outlier);

	if (value != CHECK_NO_VALUE)
		instance->value = value;
	if (!instance->shown && (!instance->check->many || value > 0))
		instance->shown = true;
	if (instance->shown)
		keep_object_id(instance, watched);
	switch (change) {
	case CHECK_RAISED:
	case CHECK_CHANGED:
		raise_alarm(pass, instance, row, &before);
		break;
	case CHECK_CLEARED:
		clear_alarm(pass, instance, row, REASON_OVER);
		break;
	case CHECK_UNCHANGED:
		/* What is shown is as it is now, not as it was told. */
		if (instance->alarm && value != CHECK_NO_VALUE)
			describe(pass, instance, row, instance->alarm);
		break;
	}
}

/* Gives an instance its policy: the check's common one where that is the same. */
static void set_policy(struct alarms *alarms, struct instance *instance,
		       const struct check_policy *policy)
{
	const struct check_policy *common = &alarms->memory[instance->check - checks].policy;

	if (policy->limits.window != instance->policy->limits.window)
		check_window_restart(&instance->window);
	if (!memcmp(policy, common, sizeof(*policy))) {
		instance->policy = common;
		free(instance->own);
		instance->own = NULL;
		return;
	}
	if (!instance->own)
		instance->own = malloc(sizeof(*instance->own));
	/* Without memory the common policy holds. */
	instance->policy = instance->own ? instance->own : common;
	if (instance->own)
		*instance->own = *policy;
}

static struct instance *find_or_add(struct pass *pass, const char *name, const void *row)
{
	struct alarms *alarms = pass->alarms;
	struct instance *instance = instances_find(&alarms->instances, pass->check, name);
	bool is_new = !instance;
	struct check_policy policy;

	if (is_new) {
		instance = instances_add(&alarms->instances, pass->check, name);
		if (!instance)
			return NULL;
		instance->policy = &alarms->memory[pass->check - checks].policy;
	}
	if (is_new || pass->check->own_limits) {
		check_policy(pass->check, name, row, alarms->settings, &policy);
		set_policy(alarms, instance, &policy);
	}
	instance->seen = alarms->passes;
	return instance;
}

/* A row of a table is an instance. */
static void evaluate_row(struct pass *pass, const void *row)
{
	const struct check *check = pass->check;
	char name[CHECK_INSTANCE_SIZE] = CHECK_ONLY_INSTANCE;
	struct check_reading reading;
	struct instance *instance;

	check_read(check, row, &reading);
	if (check->instance)
		check->instance(row, name, sizeof(name));
	if (reading.value == ROW_ABSENT ||
	    (check->many && !reading.value && check->limits.kind == CHECK_LEVEL)) {
		instance = instances_find(&pass->alarms->instances, check, name);
		if (!instance)
			return;
	}
	instance = find_or_add(pass, name, row);
	if (!instance || !instance->policy->on)
		return;
	judge(pass, instance,
	      check_window_add(&instance->window, &instance->policy->limits, pass->time, &reading),
	      row, row);
}

/* A copy of rows, so as to compare them with later ones. */
static void keep_rows(struct then *then, const struct rows *rows, uint64_t time)
{
	if (!then->rows.type)
		rows_init(&then->rows, rows->type);
	then->rows.count = 0;
	then->time = time;
	for (size_t i = 0; i < rows->count; i++) {
		void *row = rows_add(&then->rows);

		if (!row)
			return;
		memcpy(row, rows_at(rows, i), rows->type->size);
	}
}

/* A table as a whole is an instance: what happened in it since a window ago. */
static void evaluate_table(struct pass *pass, const struct rows *rows)
{
	struct check_memory *memory = &pass->alarms->memory[pass->check - checks];
	struct instance *instance = find_or_add(pass, CHECK_ONLY_INSTANCE, NULL);
	struct check_reading reading = {.value = ROW_ABSENT};
	struct then *then = memory->then, last;
	uint64_t window;

	if (!instance || !instance->policy->on || !rows->count)
		return;
	window = instance->policy->limits.window;
	if (!then[0].time) {
		keep_rows(&then[0], rows, pass->time);
	} else if (!then[1].time && pass->time - then[0].time >= window / 2) {
		keep_rows(&then[1], rows, pass->time);
	} else if (then[1].time && pass->time - then[1].time >= window) {
		last = then[0];
		then[0] = then[1];
		then[1] = last;
		keep_rows(&then[1], rows, pass->time);
	}
	if (pass->time - then[0].time >= window)
		reading.value = pass->check->compare(&then[0].rows, rows,
						     pass->time - then[0].time);
	judge(pass, instance,
	      check_window_add(&instance->window, &instance->policy->limits, pass->time, &reading),
	      NULL, rows_at(rows, 0));
}

/* instances_sweep(): those whose rows are gone. */
static bool is_gone(struct instance *instance, void *arg)
{
	struct pass *pass = arg;

	if (instance->seen == pass->alarms->passes)
		return false;
	check_machine_end(&instance->machine, pass->time);
	clear_alarm(pass, instance, NULL, pass->reason);
	return true;
}

static void evaluate_rows(struct pass *pass, const struct rows *rows)
{
	const struct check *check = pass->check;

	pass->alarms->passes++;
	pass->reason = REASON_REMOVED;
	if (check->compare)
		evaluate_table(pass, rows);
	else
		for (size_t i = 0; i < rows->count; i++)
			if (!check->applies || check->applies(rows_at(rows, i)))
				evaluate_row(pass, rows_at(rows, i));
	instances_sweep(&pass->alarms->instances, check, is_gone, pass);
}

/* Data are missing: nothing is known, and nothing ends. */
static void all_unknown(struct pass *pass)
{
	for (struct instance *it = instances_first(&pass->alarms->instances, pass->check); it;
	     it = it->next)
		if (it->policy->on)
			judge(pass, it, CHECK_NO_VALUE, NULL, NULL);
}

static void none_left(struct pass *pass)
{
	pass->alarms->passes++;
	pass->reason = REASON_REMOVED;
	instances_sweep(&pass->alarms->instances, pass->check, is_gone, pass);
	forget_rows(&pass->alarms->memory[pass->check - checks]);
}

static bool is_present(const struct alarm_feed *feed, uint64_t now)
{
	return feed->status == COLLECT_OK && feed->generation &&
	       (now < feed->time ||
		now - feed->time <= STALE_INTERVALS * feed->interval + SECOND_NS);
}

static void evaluate_check(struct alarms *alarms, const struct check *check,
			   const struct alarm_source *source, uint64_t now, uint64_t wall)
{
	struct check_memory *memory = &alarms->memory[check - checks];
	struct pass pass = {.alarms = alarms, .source = source, .check = check, .wall = wall};
	const struct table *table = check_table(check);
	struct alarm_feed feed;
	const struct rows *rows;
	bool present;

	if (!source->feed(table->collector, &feed, source->arg))
		return;
	present = is_present(&feed, now);
	rows = feed.generation ? source->rows(table->collector, table->rows, source->arg) : NULL;
	if (feed.status == COLLECT_UNSUPPORTED) {
		if (memory->state == feed.status)
			return;
		pass.time = now;
		none_left(&pass);
		alarms->changed = true;
	} else if (rows && (feed.generation != memory->generation)) {
		pass.time = feed.time;
		evaluate_rows(&pass, rows);
		memory->generation = feed.generation;
		alarms->changed = true;
		if (!present) {
			pass.time = now;
			all_unknown(&pass);
		}
	} else if (!present && memory->present) {
		pass.time = now;
		all_unknown(&pass);
		alarms->changed = true;
	}
	memory->state = feed.status;
	memory->present = present;
}

void alarms_evaluate(struct alarms *alarms, const struct alarm_source *source, uint64_t now,
		     uint64_t wall)
{
	for (size_t i = 0; i < check_count(); i++)
		evaluate_check(alarms, &checks[i], source, now, wall);
}

/* An alarm of which notifications are to be sent from now on, or no longer. */
static void switch_notifications(struct pass *pass, struct instance *instance, bool notify)
{
	struct alarm alarm;

	if (!instance->alarm || !pass->alarms->event || notify == instance->policy->notify)
		return;
	alarm = *instance->alarm;
	if (!notify)
		advice_prefix(REASON_SILENT, alarm.summary);
	pass->alarms->event(notify ? ALARM_RAISED : ALARM_CLEARED, instance, &alarm,
			    pass->alarms->event_arg);
}

/* instances_sweep(), while the old policies still stand: what is turned off goes. (It comes back
 * with the next rows, and is not evaluated.) */
static bool is_off(struct instance *instance, void *arg)
{
	struct pass *pass = arg;
	struct check_policy policy;

	check_policy(instance->check, instance->name, NULL, pass->alarms->settings, &policy);
	if (policy.on && instance->policy->on) {
		switch_notifications(pass, instance, policy.notify);
		return false;
	}
	check_machine_end(&instance->machine, pass->time);
	clear_alarm(pass, instance, NULL, REASON_OFF);
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
	set_policy(alarms, instance, &policy);
}

void alarms_configure(struct alarms *alarms, const struct alarm_settings *settings, uint64_t now,
		      uint64_t wall)
{
	struct pass pass = {.alarms = alarms, .time = now, .wall = wall};

	alarms->settings = settings;
	alarms->changed = true;
	alarms_history_resize(alarms, settings->history);
	for (size_t i = 0; i < check_count(); i++) {
		struct check_memory *memory = &alarms->memory[i];
		struct check_policy old = memory->policy;

		instances_sweep(&alarms->instances, &checks[i], is_off, &pass);
		check_policy(&checks[i], "", NULL, settings, &memory->policy);
		for (struct instance *it = instances_first(&alarms->instances, &checks[i]); it;
		     it = it->next) {
			if (!it->own)
				it->policy = &old;
			renew_policy(alarms, it);
		}
		if (old.limits.window != memory->policy.limits.window)
			forget_rows(memory);
	}
}

size_t alarms_active(const struct alarms *alarms)
{
	return alarms->count[ALARM_WARNING] + alarms->count[ALARM_CRITICAL];
}

enum alarm_severity alarms_worst(const struct alarms *alarms)
{
	if (alarms->count[ALARM_CRITICAL])
		return ALARM_CRITICAL;
	return alarms->count[ALARM_WARNING] ? ALARM_WARNING : ALARM_NONE;
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

void alarms_each(const struct alarms *alarms,
		 void (*fn)(const struct instance *instance, void *arg), void *arg)
{
	for (size_t i = 0; alarms_active(alarms) && i < check_count(); i++)
		for (const struct instance *it = instances_first(&alarms->instances, &checks[i]);
		     it; it = it->next)
			if (it->alarm && it->policy->notify)
				fn(it, arg);
}

const struct instance *alarms_find(const struct alarms *alarms, const char *check,
				   const char *instance)
{
	const struct check *found = check_find(check);
	const struct instance *it = found ? instances_find(&alarms->instances, found, instance)
					  : NULL;

	return it && it->alarm ? it : NULL;
}
