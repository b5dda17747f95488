/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Evaluates one check on the rows that a collector has published: reads them, feeds the windows and
 * state machines of its instances, and raises, follows and ends an alarm for each that is over a
 * limit.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/checks/alarms_private.h"

/* Rows older than so many intervals are no present state; a second is for the scheduler. */
#define STALE_INTERVALS 3

/* An object has to be gone for so long before its alarm ends: services restart, and a table that
 * is read while it changes can miss a row. */
#define GONE_NS (60 * SECOND_NS)

/* A source that this host had has to be gone for so long. */
#define UNSUPPORTED_NS (900 * SECOND_NS)

/* What will be full within so many seconds is worth a warning, once it is half full. */
#define FILLING_S     900
#define FILLING_ABOVE 5000

#define REASON_REMOVED	   "its object was removed"
#define REASON_UNSUPPORTED "its source is gone"
#define REASON_IDLE	   "no more traffic"

/* --- an instance's alarm ---------------------------------------------------------------------- */

static struct advice advice_about(const struct alarms_pass *pass, const struct instance *instance,
				  const void *row, const struct check_value *value)
{
	return (struct advice){
		.check = instance->check,
		.instance = instance->name,
		.limits = &instance->policy->limits,
		.severity = instance->machine.severity,
		.value = value ? value->value : CHECK_NO_VALUE,
		.now = value ? value->now : CHECK_NO_VALUE,
		.whole = value && value->whole,
		.time_to_full = instance->time_to_full,
		.row = row,
		.host = pass->source ? &pass->source->host : NULL,
	};
}

static uint64_t shown_value(int64_t value)
{
	return value == CHECK_NO_VALUE || value == CHECK_NO_LIMIT || value < 0 ? ROW_ABSENT
									       : (uint64_t)value;
}

/* A quiet alarm is remembered, though nobody is told. */
static void remember_quiet(struct alarms_pass *pass, const struct alarm *alarm,
			   enum alarm_event_kind kind)
{
	struct alarm_event event = {.kind = kind, .previous = alarm->own, .alarm = &alarm->row};

	if (alarm->mute)
		alarms_remember(pass->alarms, &event, pass->wall);
}

/* The alarm begins, or its severity changes: its text and limit are made anew. */
static void describe_alarm(struct alarms_pass *pass, struct instance *instance, const void *row,
			   const struct check_value *value)
{
	struct advice advice = advice_about(pass, instance, row, value);
	struct alarm *alarm = instance->alarm;

	alarm->own = instance->machine.severity;
	alarm->row.limit = shown_value(check_limit(&instance->policy->limits, alarm->own));
	alarm->row.value = shown_value(value->value);
	advice_raised(&advice, &alarm->row.text);
}

/* What could not be known yet when the alarm was raised is put into its text once. It is seen in
 * the tables, and in what is sent about the alarm later; nothing is sent because of it. */
static void add_evidence(struct alarms_pass *pass, struct instance *instance, const void *row,
			 const struct check_value *value)
{
	struct advice advice = advice_about(pass, instance, row, value);
	struct alarm *alarm = instance->alarm;

	if (!alarm || !instance->check->evidence || alarm->evident ||
	    value->value == CHECK_NO_VALUE || instance->machine.calm_since ||
	    instance->check->evidence(&advice) <= alarm->raised)
		return;
	describe_alarm(pass, instance, row, value);
	alarm->evident = true;
}

/* Without memory it is tried again at the next evaluation: the machine is as it was. */
static void raise_alarm(struct alarms_pass *pass, struct instance *instance, const void *row,
			const struct check_value *value, const struct check_machine *before)
{
	struct alarm *alarm = alarm_set_add(&pass->alarms->set, instance->check, instance->name,
					    pass->time, pass->wall);

	if (!alarm) {
		instance->machine = *before;
		return;
	}
	instance->alarm = alarm;
	alarm->instance = instance;
	pass->alarms->dirty = true;
	alarm->mute = !instance->policy->notify;
	if (instance->check->owner && row)
		alarm->owner = instance->check->owner(row);
	if (instance->object_id)
		alarm->row.object_id = *instance->object_id;
	describe_alarm(pass, instance, row, value);
	alarm->row.severity = alarm->own;
	remember_quiet(pass, alarm, ALARM_EVENT_RAISED);
}

/* The alarm is over; decide.c tells and frees it. */
void alarms_end(struct alarms_pass *pass, struct instance *instance, const char *reason)
{
	struct alarm *alarm = instance->alarm;
	struct advice advice = advice_about(pass, instance, NULL, NULL);

	if (!alarm)
		return;
	advice_ended(&advice, reason, pass->time - alarm->raised, (int64_t)alarm->row.peak,
		     &alarm->row.text);
	alarm->row.limit = shown_value(instance->policy->limits.clear);
	alarm->instance = NULL;
	alarm->ended = true;
	pass->alarms->dirty = true;
	instance->alarm = NULL;
	remember_quiet(pass, alarm, ALARM_EVENT_CLEARED);
}

/* What the alarm's row shows of the present. */
static void follow_alarm(struct instance *instance, const struct check_value *value)
{
	struct alarm *alarm = instance->alarm;
	uint64_t shown = shown_value(value->value);

	if (!alarm)
		return;
	alarm->clearing = instance->machine.calm_since != 0;
	alarm->unknown = value->value == CHECK_NO_VALUE;
	alarm->row.value = shown;
	if (shown != ROW_ABSENT && (alarm->row.peak == ROW_ABSENT || shown > alarm->row.peak))
		alarm->row.peak = shown;
}

static void keep_object_id(struct instance *instance, const void *row)
{
	if (instance->object_id || !row)
		return;
	instance->object_id = calloc(1, sizeof(*instance->object_id));
	if (instance->object_id)
		check_object_id(instance->check, row, instance->object_id);
}

/* Whether the check that makes this one urgent has something to say of the same instance. */
static bool is_urgent(const struct alarms_pass *pass, const struct instance *instance)
{
	const struct check *by = instance->check->urgent_by ? check_find(instance->check->urgent_by)
							    : NULL;
	const struct instance *other =
		by ? instances_find(&pass->alarms->instances, by, instance->name) : NULL;

	return other && other->value > 0 && other->machine.state != CHECK_UNKNOWN;
}

/* When a usage will be full, and whether that is soon. */
static bool is_filling(struct instance *instance, uint64_t time, const struct check_value *value)
{
	if (!instance->check->fills || value->value == CHECK_NO_VALUE)
		return false;
	if (!instance->trend)
		instance->trend = calloc(1, sizeof(*instance->trend));
	if (!instance->trend)
		return false;
	trend_add(instance->trend, time, value->value);
	instance->time_to_full = trend_time_to(instance->trend, 10000);
	return instance->time_to_full < FILLING_S && value->value > FILLING_ABOVE;
}

/* Gives a value to an instance. row: as in struct advice; watched: the row for its object id. */
static void judge(struct alarms_pass *pass, struct instance *instance,
		  const struct check_value *value, const void *row, const void *watched)
{
	const struct check_limits *limits = &instance->policy->limits;
	struct check_machine before = instance->machine;
	struct check_step step = {
		.time = pass->time,
		.outlier = !limits->outlier ||
			   check_window_outlier(&instance->window, &limits->measure, value->value,
						limits->outlier),
		.urgent = is_urgent(pass, instance),
		.filling = is_filling(instance, pass->time, value),
	};
	enum check_change change = check_machine_step(&instance->machine, limits, value, &step);

	if (value->value != CHECK_NO_VALUE || value->little)
		instance->value = value->value;
	if (!instance->shown && (!instance->check->many || value->value > 0))
		instance->shown = true;
	if (instance->shown)
		keep_object_id(instance, watched);
	switch (change) {
	case CHECK_RAISED:
		raise_alarm(pass, instance, row, value, &before);
		break;
	case CHECK_CHANGED:
		if (instance->alarm) {
			describe_alarm(pass, instance, row, value);
			remember_quiet(pass, instance->alarm, ALARM_EVENT_CHANGED);
		}
		break;
	case CHECK_ENDED:
		alarms_end(pass, instance, NULL);
		break;
	case CHECK_IDLE:
		alarms_end(pass, instance, REASON_IDLE);
		break;
	case CHECK_UNCHANGED:
		add_evidence(pass, instance, row, value);
		break;
	}
	follow_alarm(instance, value);
}

/* --- instances ---------------------------------------------------------------------------------
 */

/* Gives an instance its policy: the check's common one where that is the same. */
void alarms_set_policy(struct alarms *alarms, struct instance *instance,
		       const struct check_policy *policy)
{
	const struct check_policy *common = &alarms->memory[instance->check - checks].policy;

	if (policy->limits.measure.window != instance->policy->limits.measure.window)
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

struct instance *alarms_instance(struct alarms *alarms, const struct check *check, const char *name,
				 const void *row)
{
	struct instance *instance = instances_find(&alarms->instances, check, name);
	bool is_new = !instance;
	struct check_policy policy;

	if (is_new) {
		instance = instances_add(&alarms->instances, check, name);
		if (!instance)
			return NULL;
		instance->policy = &alarms->memory[check - checks].policy;
	}
	if (is_new || check->own_limits) {
		check_policy(check, name, row, alarms->settings, &policy);
		alarms_set_policy(alarms, instance, &policy);
	}
	return instance;
}

static struct instance *find_or_add(struct alarms_pass *pass, const char *name, const void *row)
{
	struct instance *instance = alarms_instance(pass->alarms, pass->check, name, row);

	/* Of two rows that have one name the first counts. */
	if (!instance || instance->seen == pass->alarms->passes)
		return NULL;
	instance->seen = pass->alarms->passes;
	instance->gone = 0;
	return instance;
}

/* A row of a table is an instance. */
static void evaluate_row(struct alarms_pass *pass, const void *row)
{
	const struct check *check = pass->check;
	char name[CHECK_INSTANCE_SIZE] = CHECK_ONLY_INSTANCE;
	struct check_reading reading;
	struct check_value value;
	struct instance *instance;

	check_read(check, row, pass->cap, &reading);
	if (check->instance)
		check->instance(row, name, sizeof(name));
	if (reading.counter[CHECK_COUNTER_VALUE] == ROW_ABSENT ||
	    (check->many && !reading.counter[CHECK_COUNTER_VALUE] &&
	     check->limits.measure.kind == CHECK_LEVEL)) {
		instance = instances_find(&pass->alarms->instances, check, name);
		if (!instance)
			return;
	}
	instance = find_or_add(pass, name, row);
	if (!instance || !instance->policy->on)
		return;
	/* An object that came into being since the last look. */
	if (check->born_zero && pass->memory->generation &&
	    (!instance->window.since || instance->window.stamp != reading.stamp) &&
	    reading.stamp != ROW_ABSENT && reading.stamp > pass->memory->time)
		check_window_born(&instance->window, pass->memory->time, reading.stamp,
				  pass->memory->cap);
	check_window_add(&instance->window, &instance->policy->limits.measure, pass->time, &reading,
			 &value);
	/* The row does not give the limits that it should: there is nothing to judge by. */
	if (check->own_limits && instance->policy->limits.warning == CHECK_NO_LIMIT &&
	    instance->policy->limits.critical == CHECK_NO_LIMIT)
		value = (struct check_value){.value = CHECK_NO_VALUE, .now = CHECK_NO_VALUE};
	judge(pass, instance, &value, row, row);
}

void alarms_forget_rows(struct check_memory *memory)
{
	for (size_t i = 0; i < 2; i++) {
		if (memory->then[i].rows.type)
			rows_clear(&memory->then[i].rows);
		memset(&memory->then[i], 0, sizeof(memory->then[i]));
	}
}

/* A copy of rows, to compare them with later ones. */
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
static void evaluate_table(struct alarms_pass *pass, const struct rows *rows)
{
	struct instance *instance = find_or_add(pass, CHECK_ONLY_INSTANCE, NULL);
	struct check_reading reading = {.counter[CHECK_COUNTER_VALUE] = ROW_ABSENT};
	struct then *then = pass->memory->then, last;
	struct check_value value;
	uint64_t window;

	if (!instance || !instance->policy->on || !rows->count)
		return;
	window = instance->policy->limits.measure.window;
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
		reading.counter[CHECK_COUNTER_VALUE] = pass->check->compare(
			&then[0].rows, rows, pass->time - then[0].time);
	check_window_add(&instance->window, &instance->policy->limits.measure, pass->time, &reading,
			 &value);
	judge(pass, instance, &value, NULL, rows_at(rows, 0));
}

/* A row that the check is not about, of a table that has no room for all: its object is closed, not
 * left out. */
static void note_closed(const struct alarms_pass *pass, const void *row)
{
	char name[CHECK_INSTANCE_SIZE];
	struct instance *instance;

	if (!pass->left_out || !pass->check->instance)
		return;
	pass->check->instance(row, name, sizeof(name));
	instance = instances_find(&pass->alarms->instances, pass->check, name);
	if (instance)
		instance->closed = pass->alarms->passes;
}

/* A row is missing, and that says nothing, because others were more important. Of an endpoint that
 * was pinned when the collection began it does, when there are rows for all of those. */
static bool is_left_out(const struct alarms_pass *pass, const struct instance *instance)
{
	bool kept = instance->pinned && instance->pinned < pass->time &&
		    pass->rows->count >= pass->alarms->pinned;

	return pass->left_out && !kept && instance->closed != pass->alarms->passes;
}

/* Alarms of objects without a row that are not gone for that. */
static void evaluate_absent(struct alarms_pass *pass)
{
	const struct check_reading well = {.stamp = 0};

	for (struct instance *it = instances_first(&pass->alarms->instances, pass->check); it;
	     it = it->next) {
		struct check_value value = {.value = CHECK_NO_VALUE, .now = CHECK_NO_VALUE};
		bool left_out = is_left_out(pass, it);

		if (it->seen == pass->alarms->passes || !it->alarm || !it->policy->on ||
		    (!left_out && !pass->check->sparse))
			continue;
		it->seen = pass->alarms->passes;
		it->gone = 0;
		if (!left_out)
			check_window_add(&it->window, &it->policy->limits.measure, pass->time,
					 &well, &value);
		judge(pass, it, &value, NULL, NULL);
	}
}

/* instances_sweep(): whose rows are gone, and for how long. */
static bool is_gone(struct instance *instance, void *arg)
{
	struct alarms_pass *pass = arg;
	uint64_t keep = pass->alarms->settings->rows_keep_ms * MILLISECOND_NS, passed;

	if (instance->seen == pass->alarms->passes)
		return false;
	if (!instance->gone)
		instance->gone = pass->time;
	passed = pass->time - instance->gone;
	/* A service that crashes again and again is given longer each time. */
	if (instance->alarm && passed < pass->gone_after << instance->machine.patience)
		return false;
	check_machine_end(&instance->machine, pass->time);
	alarms_end(pass, instance, pass->reason);
	/* Those that were new last are kept; more than have rows are of no use. */
	return !instance->shown || passed >= keep || pass->gone++ >= ALARMS_ROWS_PER_CHECK;
}

static void sweep(struct alarms_pass *pass, const char *reason, uint64_t gone_after)
{
	pass->reason = reason;
	pass->gone_after = gone_after;
	pass->gone = 0;
	instances_sweep(&pass->alarms->instances, pass->check, is_gone, pass);
}

static void evaluate_rows(struct alarms_pass *pass, const struct rows *rows)
{
	const struct check *check = pass->check;

	pass->alarms->passes++;
	pass->rows = rows;
	pass->cap = check_read_cap(check, &pass->source->host);
	if (check->compare)
		evaluate_table(pass, rows);
	else
		for (size_t i = 0; i < rows->count; i++)
			if (!check->applies || check->applies(rows_at(rows, i)))
				evaluate_row(pass, rows_at(rows, i));
			else
				note_closed(pass, rows_at(rows, i));
	evaluate_absent(pass);
	sweep(pass, REASON_REMOVED, GONE_NS);
	pass->memory->time = pass->time;
	pass->memory->cap = pass->cap;
}

/* Data are missing: nothing is known, and nothing ends. */
static void all_unknown(struct alarms_pass *pass)
{
	const struct check_value none = {.value = CHECK_NO_VALUE, .now = CHECK_NO_VALUE};

	for (struct instance *it = instances_first(&pass->alarms->instances, pass->check); it;
	     it = it->next)
		if (it->policy->on && !it->gone)
			judge(pass, it, &none, NULL, NULL);
}

/* Nothing of the check is left: its source is turned off, or has been gone for long. */
static void none_left(struct alarms_pass *pass, const char *reason)
{
	pass->alarms->passes++;
	sweep(pass, reason, 0);
	alarms_forget_rows(pass->memory);
}

/* The source is not supported. One that this host had is missed for a while first. */
static void evaluate_missing(struct alarms_pass *pass, const struct alarm_feed *feed)
{
	struct check_memory *memory = pass->memory;

	if (!memory->missing) {
		memory->missing = pass->time;
		all_unknown(pass);
	}
	if (!feed->on)
		none_left(pass, ALARMS_REASON_OFF);
	else if (pass->time - memory->missing >= UNSUPPORTED_NS)
		none_left(pass, REASON_UNSUPPORTED);
}

static bool is_present(const struct alarm_feed *feed, uint64_t now)
{
	return feed->status == COLLECT_OK && feed->generation &&
	       (now < feed->time ||
		now - feed->time <= STALE_INTERVALS * feed->interval + SECOND_NS);
}

void alarms_evaluate_check(struct alarms_pass *pass, uint64_t now)
{
	const struct alarm_source *source = pass->source;
	struct check_memory *memory = pass->memory;
	struct alarm_feed feed;
	const struct rows *rows;
	bool present;

	if (!source->feed(memory->table, &feed, source->arg))
		return;
	present = is_present(&feed, now);
	rows = feed.generation ? source->host.rows(memory->table->type, source->host.arg) : NULL;
	pass->time = now;
	if (feed.status == COLLECT_UNSUPPORTED) {
		evaluate_missing(pass, &feed);
	} else {
		memory->missing = 0;
		if (rows && feed.generation != memory->generation) {
			pass->time = feed.time;
			pass->left_out = feed.left_out;
			evaluate_rows(pass, rows);
			memory->generation = feed.generation;
			pass->time = now;
			if (!present)
				all_unknown(pass);
		} else if (!present && memory->present) {
			all_unknown(pass);
		}
	}
	memory->status = feed.status;
	memory->hidden = feed.hidden;
	memory->present = present;
}
