/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decides which alarms receivers are told of. Works on the set of all active alarms after each
 * evaluation; knows nothing of rows, windows or sockets, so that storms and causes can be tested on
 * a simulated clock.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/advices.h"
#include "subagent/checks/decide.h"

/* Owners that are told apart in the storms of one check. Uids from here on are those that an
 * ordinary user can have thousands of (subuid(5)): they share a storm. */
#define OWNERS_MAX   64
#define SUBUID_FIRST 100000

/* An effect belongs to a cause that was raised within so many of the effect's windows. */
#define CAUSE_WINDOWS	2
#define CAUSE_WINDOW_NS UINT64_C(60000000000) /* of a check that has no window */

struct decision {
	struct alarm_set *set;
	uint64_t now;
	uint64_t wall;
	alarm_event_fn *emit;
	void *arg;
};

/* The alarms of one check with the same owner. */
struct crowd {
	uint64_t owner;
	struct alarm *storm; /* NULL: there is none */
	const struct alarm *worst;
	size_t active; /* those that are clearing apart */
	size_t fresh;
	size_t untold;
	size_t members; /* for which the storm stands */
	size_t told;	/* one by one */
};

struct alarm *alarm_set_add(struct alarm_set *set, const struct check *check, const char *instance,
			    uint64_t now, uint64_t wall)
{
	struct alarm *alarm = calloc(1, sizeof(*alarm));

	if (!alarm)
		return NULL;
	row_reset(&alarm_row_type, &alarm->row);
	/* The id of a notification is a 31-bit number. */
	set->last_id = set->last_id % INT32_MAX + 1;
	alarm->row.id = set->last_id;
	alarm->row.count = 1;
	alarm->row.notify = 0;
	alarm->row.cause_id = 0;
	alarm->row.severity = ALARM_NONE;
	alarm->row.raised_at = alarm->row.changed_at = wall;
	alarm->own = ALARM_NONE;
	alarm->check = check;
	alarm->raised = now;
	alarm->owner = ROW_ABSENT;
	ROW_SET_TEXT(alarm->row.check, check->name);
	ROW_SET_TEXT(alarm->row.instance, instance);
	ROW_SET_TEXT(alarm->row.units, check->units);
	if (set->last)
		set->last->next = alarm;
	else
		set->first = alarm;
	set->last = alarm;
	set->count++;
	return alarm;
}

void alarm_set_free(struct alarm_set *set)
{
	while (set->first) {
		struct alarm *alarm = set->first;

		set->first = alarm->next;
		free(alarm);
	}
	set->last = NULL;
	set->count = 0;
}

/* What the row shows of the decision. */
static void decide_row(struct alarm *alarm)
{
	struct alarm_row *row = &alarm->row;

	row->state = alarm->shelved    ? ALARM_SHELVED
		     : alarm->clearing ? ALARM_CLEARING
				       : ALARM_ACTIVE;
	row->notify = alarm->standing == ALARM_TOLD;
	row->cause_id = alarm->standing == ALARM_HELD ? alarm->speaker->row.id : 0;
}

/* What is told of a storm. */
static void storm_describe(const struct decision *d, struct alarm *storm)
{
	struct alarm_row *row = &storm->row;
	const struct alarm *worst = storm->member;
	char count[32], lasted[24];

	if (storm->ended) {
		memset(&row->text, 0, sizeof(row->text));
		advice_say(row->text.summary,
			   "%s: over after %s, %s %s at worst, no more than %d are left",
			   row->check, advice_duration(d->now - storm->raised, lasted),
			   advice_count(storm->most, count), storm->check->many, STORM_OVER);
	} else if (worst) {
		row->limit = worst->row.limit;
		row->object_id = worst->row.object_id;
		advice_say(row->text.summary, "%s %s in trouble, worst %s",
			   advice_count(row->count, count), storm->check->many,
			   worst->row.text.summary);
		ROW_SET_TEXT(row->text.advice, worst->row.text.advice);
		ROW_SET_TEXT(row->text.command, worst->row.text.command);
	}
}

static void decide_emit(const struct decision *d, struct alarm *alarm, enum alarm_event_kind kind,
			enum alarm_severity previous)
{
	struct alarm_event event = {
		.kind = kind,
		.previous = previous,
		.host_wide = !alarm->check->many,
		.alarm = &alarm->row,
	};

	if (alarm->storm)
		storm_describe(d, alarm);
	decide_row(alarm);
	alarm->row.changed_at = d->wall;
	alarm->told_at = d->now;
	alarm->told_count = alarm->row.count;
	d->emit(&event, d->arg);
}

/* Those that an alarm spoke for have to be decided anew. */
static void decide_release(const struct decision *d, const struct alarm *speaker)
{
	for (struct alarm *it = speaker->speaks ? d->set->first : NULL; it; it = it->next)
		if (it->speaker == speaker) {
			it->speaker = NULL;
			it->standing = ALARM_UNTOLD;
			it->orphan = true;
		}
}

static void decide_hold(struct alarm *alarm, struct alarm *speaker)
{
	alarm->standing = ALARM_HELD;
	alarm->speaker = speaker;
	alarm->orphan = false;
	speaker->speaks = true;
}

/* Receivers are told that an alarm is over. */
static void decide_clear(const struct decision *d, struct alarm *alarm)
{
	enum alarm_severity previous = alarm->row.severity;

	if (alarm->standing == ALARM_TOLD) {
		alarm->row.severity = ALARM_NONE;
		decide_emit(d, alarm, ALARM_EVENT_CLEARED, previous);
	}
	alarm->row.severity = previous;
	alarm->standing = ALARM_UNTOLD;
	alarm->told_shelved = false;
	decide_release(d, alarm);
}

/* What has ended is told and goes. */
static void decide_ends(const struct decision *d)
{
	struct alarm **link = &d->set->first, *last = NULL;

	while (*link) {
		struct alarm *alarm = *link;

		if (!alarm->ended) {
			last = alarm;
			link = &alarm->next;
			continue;
		}
		decide_clear(d, alarm);
		*link = alarm->next;
		d->set->count--;
		free(alarm);
	}
	d->set->last = last;
}

/* What the configuration silences or shelves, or no longer does. */
static void decide_silence(const struct decision *d, struct alarm *alarm)
{
	if (alarm->mute) {
		if (alarm->standing == ALARM_TOLD)
			decide_clear(d, alarm);
		alarm->standing = ALARM_UNTOLD;
		alarm->speaker = NULL;
	}
	/* Its effects were as silent as what was shelved. */
	if (alarm->standing == ALARM_UNTOLD && !(alarm->shelved && !alarm->mute))
		decide_release(d, alarm);
	if (alarm->standing != ALARM_TOLD || alarm->shelved == alarm->told_shelved)
		return;
	alarm->told_shelved = alarm->shelved;
	decide_emit(d, alarm, alarm->shelved ? ALARM_EVENT_SHELVED : ALARM_EVENT_UNSHELVED,
		    (enum alarm_severity)alarm->row.severity);
}

/* --- storms ----------------------------------------------------------------------------------- */

static bool decide_is_worse(const struct alarm *alarm, const struct alarm *than)
{
	if (!than || alarm->own != than->own)
		return !than || alarm->own > than->own;
	return alarm->row.value != ROW_ABSENT &&
	       (than->row.value == ROW_ABSENT || alarm->row.value > than->row.value);
}

/* The crowd that an alarm belongs to. The last one is that of all owners that are not told apart.
 */
static struct crowd *crowd_of(struct crowd *crowds, size_t *count, const struct alarm *alarm)
{
	uint64_t owner = alarm->owner >= SUBUID_FIRST ? ROW_ABSENT : alarm->owner;
	size_t i = 0;

	while (i < *count && crowds[i].owner != owner)
		i++;
	if (i == *count) {
		if (i == OWNERS_MAX)
			return &crowds[0];
		crowds[i] = (struct crowd){.owner = owner};
		++*count;
	}
	return &crowds[i];
}

/* Storms come first, so that each has a crowd of its own. One that finds none ends, and its members
 * are counted with the crowd that they are in now. */
static void crowd_take_storm(const struct decision *d, struct crowd *crowd, struct alarm *storm)
{
	if (!crowd->storm && crowd->owner == storm->owner) {
		crowd->storm = storm;
		return;
	}
	storm->ended = true;
	decide_release(d, storm);
}

static void crowd_count(const struct decision *d, struct crowd *crowd, struct alarm *alarm)
{
	if (alarm->mute || alarm->shelved)
		return;
	crowd->active += !alarm->clearing;
	crowd->fresh += d->now <= alarm->raised + STORM_FRESH_NS;
	crowd->untold += alarm->standing == ALARM_UNTOLD;
	crowd->told += alarm->standing == ALARM_TOLD;
	crowd->members += alarm->standing == ALARM_HELD && alarm->speaker->storm;
	if (decide_is_worse(alarm, crowd->worst))
		crowd->worst = alarm;
}

static void storm_begin(const struct decision *d, const struct check *check, struct crowd *crowd)
{
	char name[CHECK_INSTANCE_SIZE] = "all";

	if (crowd->owner != ROW_ABSENT)
		snprintf(name, sizeof(name), "all uid %u", (unsigned)crowd->owner);
	crowd->storm = alarm_set_add(d->set, check, name, d->now, d->wall);
	if (!crowd->storm)
		return;
	crowd->storm->storm = true;
	crowd->storm->owner = crowd->owner;
}

/* A storm's row follows the worst instance, with the number of them. */
static void storm_follow(struct crowd *crowd)
{
	struct alarm_row *row = &crowd->storm->row;
	const struct alarm *worst = crowd->worst;

	crowd->storm->member = worst;
	row->count = crowd->members + crowd->told;
	if (row->count > crowd->storm->most)
		crowd->storm->most = row->count;
	if (!worst)
		return;
	row->value = worst->row.value;
	if (worst->row.peak != ROW_ABSENT &&
	    (row->peak == ROW_ABSENT || worst->row.peak > row->peak))
		row->peak = worst->row.peak;
}

static void storm_decide(const struct decision *d, const struct check *check, struct crowd *crowd)
{
	if (!crowd->storm && crowd->untold &&
	    (crowd->fresh > STORM_FRESH || crowd->active > STORM_ACTIVE))
		storm_begin(d, check, crowd);
	else if (crowd->storm && crowd->members + crowd->untold + crowd->told <= STORM_OVER)
		crowd->storm->ended = true;
	if (!crowd->storm || crowd->storm->ended)
		return;
	crowd->members += crowd->untold;
	storm_follow(crowd);
}

/* Counts the crowds of a check, and lets storms begin, change and end. */
static void decide_storms(const struct decision *d, const struct check *check)
{
	struct crowd crowds[OWNERS_MAX] = {{.owner = ROW_ABSENT}};
	size_t count = 1;

	for (struct alarm *it = d->set->first; it; it = it->next)
		if (it->check == check && it->storm)
			crowd_take_storm(d, crowd_of(crowds, &count, it), it);
	for (struct alarm *it = d->set->first; it; it = it->next)
		if (it->check == check && !it->storm)
			crowd_count(d, crowd_of(crowds, &count, it), it);
	for (size_t i = 0; i < count; i++)
		storm_decide(d, check, &crowds[i]);
	for (struct alarm *it = d->set->first; it; it = it->next) {
		struct alarm *storm;

		if (it->check != check || it->storm || it->mute || it->shelved ||
		    it->standing != ALARM_UNTOLD)
			continue;
		storm = crowd_of(crowds, &count, it)->storm;
		if (storm && !storm->ended)
			decide_hold(it, storm);
	}
}

/* --- causes and effects ----------------------------------------------------------------------- */

static bool is_cause(const struct alarm *cause, const struct alarm *effect)
{
	uint64_t window = effect->check->limits.measure.window;
	uint64_t apart = cause->raised > effect->raised ? cause->raised - effect->raised
							: effect->raised - cause->raised;

	return check_is_caused_by(effect->check, cause->check) &&
	       (!effect->check->instance || effect->check->instance != cause->check->instance ||
		!strcmp(effect->row.instance, cause->row.instance)) &&
	       apart <= CAUSE_WINDOWS * (window ? window : CAUSE_WINDOW_NS);
}

/* Who stands for an alarm with the receivers, be it itself. NULL: nobody yet. */
static struct alarm *spokesman(struct alarm *alarm)
{
	while (alarm->standing == ALARM_HELD)
		alarm = alarm->speaker;
	return alarm->standing == ALARM_TOLD || alarm->shelved ? alarm : NULL;
}

static bool is_settled(const struct alarm *alarm)
{
	return alarm->standing != ALARM_UNTOLD || alarm->mute || alarm->shelved ||
	       /* What goes on only for its clear to be certain is not worth a word. */
	       (alarm->orphan && (alarm->clearing || alarm->unknown));
}

/* Who stands for an active cause of this alarm; NULL: there is none. open: a cause on which
 * nothing is decided yet. */
static struct alarm *speaker_of_cause(const struct decision *d, const struct alarm *alarm,
				      bool *open)
{
	struct alarm *speaker = NULL;

	*open = false;
	for (struct alarm *it = d->set->first; it && !speaker; it = it->next) {
		if (it == alarm || it->mute || !is_cause(it, alarm))
			continue;
		*open = *open || !is_settled(it);
		speaker = spokesman(it);
	}
	return speaker;
}

/* An effect of this alarm that was told before it, and speaks for no other instance. */
static struct alarm *told_effect(const struct decision *d, struct alarm *alarm)
{
	for (struct alarm *it = d->set->first; it; it = it->next) {
		if (it == alarm || it->standing != ALARM_TOLD || !is_cause(alarm, it) ||
		    (it->represents[0] && strcmp(it->represents, alarm->row.instance)))
			continue;
		ROW_SET_TEXT(it->represents, alarm->row.instance);
		return it;
	}
	return NULL;
}

/* Holds an alarm that somebody stands for, or has it told. False: its cause comes first. */
static bool decide_cause(const struct decision *d, struct alarm *alarm)
{
	bool open;
	struct alarm *speaker = speaker_of_cause(d, alarm, &open);

	if (!speaker && open)
		return false;
	if (!speaker)
		speaker = told_effect(d, alarm);
	if (speaker) {
		decide_hold(alarm, speaker);
		return true;
	}
	alarm->standing = ALARM_TOLD;
	alarm->orphan = false;
	alarm->row.severity = ALARM_NONE; /* decide_severity() tells it */
	return true;
}

/* Causes before their effects, in whatever order they were raised. */
static void decide_causes(const struct decision *d)
{
	bool any = true;

	while (any) {
		any = false;
		for (struct alarm *it = d->set->first; it; it = it->next)
			if (!is_settled(it) && decide_cause(d, it))
				any = true;
	}
}

/* --- what is told ----------------------------------------------------------------------------- */

/* The cause knows better what to do than an effect that was told before it. */
static void take_advice(struct alarm *alarm)
{
	if (alarm->standing != ALARM_HELD || !is_cause(alarm, alarm->speaker))
		return;
	ROW_SET_TEXT(alarm->speaker->row.text.advice, alarm->row.text.advice);
	ROW_SET_TEXT(alarm->speaker->row.text.command, alarm->row.text.command);
}

static void decide_worst(const struct decision *d)
{
	for (struct alarm *it = d->set->first; it; it = it->next)
		it->worst = it->own;
	for (struct alarm *it = d->set->first; it; it = it->next) {
		struct alarm *up = it;

		take_advice(it);
		while (up->standing == ALARM_HELD) {
			up = up->speaker;
			if (it->own > up->worst)
				up->worst = it->own;
		}
	}
}

/* Raised, or changed: tells of it. */
static void decide_severity(const struct decision *d, struct alarm *alarm)
{
	enum alarm_severity previous = (enum alarm_severity)alarm->row.severity;

	/* Nobody that a storm speaks for is left, but those that were told before it. */
	if (alarm->worst == ALARM_NONE)
		alarm->worst = previous > ALARM_NONE ? previous : ALARM_WARNING;
	if (alarm->standing != ALARM_TOLD) {
		alarm->row.severity = alarm->worst;
		return;
	}
	if (previous == ALARM_NONE) {
		alarm->row.severity = alarm->worst;
		decide_emit(d, alarm, ALARM_EVENT_RAISED, previous);
		return;
	}
	if (alarm->storm &&
	    (d->now - alarm->told_at < STORM_CHANGED_NS ||
	     (alarm->worst == previous && alarm->row.count < 2 * alarm->told_count)))
		return;
	if (!alarm->storm && alarm->worst == previous)
		return;
	/* The worst of a group is over, and this one nearly so: that is not worth a word. */
	if (!alarm->storm && alarm->worst < previous && alarm->clearing)
		return;
	alarm->row.severity = alarm->worst;
	decide_emit(d, alarm, ALARM_EVENT_CHANGED, previous);
}

void alarms_decide(struct alarm_set *set, uint64_t now, uint64_t wall, alarm_event_fn *emit,
		   void *arg)
{
	struct decision d = {.set = set, .now = now, .wall = wall, .emit = emit, .arg = arg};

	decide_ends(&d);
	for (struct alarm *it = set->first; it; it = it->next)
		decide_silence(&d, it);
	for (size_t i = 0; i < check_count(); i++)
		if (checks[i].many)
			decide_storms(&d, &checks[i]);
	decide_ends(&d);
	decide_causes(&d);
	decide_worst(&d);
	for (struct alarm *it = set->first; it; it = it->next)
		decide_severity(&d, it);
	for (struct alarm *it = set->first; it; it = it->next)
		decide_row(it);
}
