/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes the alarms, with the state machines and windows behind them, as lines of the state file,
 * and takes them back after a restart. The file itself is state_file.c's.
 */
#include <config.h>

#include <string.h>

#include "subagent/checks/alarm_memory.h"
#include "subagent/checks/alarms_private.h"
#include "subagent/checks/record.h"

/* An effect is held by its cause, which a storm may hold, which another storm may hold. */
#define SPEAKERS_MAX 4

/* One alarm as it is saved. */
struct saved_alarm {
	struct alarm alarm;
	struct check_machine machine;
	int64_t value;
	uint64_t gone;
};

/* A window, and one of its samples. */
struct saved_window {
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	struct check_window window;
};

#define AT(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define ROW(name, kind, member)                   \
	{                                         \
		name, kind, AT(alarm_row, member) \
	}
#define SAVED(name, kind, member)                   \
	{                                           \
		name, kind, AT(saved_alarm, member) \
	}
#define WINDOW(name, kind, member)                   \
	{                                            \
		name, kind, AT(saved_window, member) \
	}
#define SAMPLE(prefix, member)                                                \
	WINDOW(prefix ".time", RECORD_NUMBER, window.member.time),            \
		WINDOW(prefix ".0", RECORD_NUMBER, window.member.counter[0]), \
		WINDOW(prefix ".1", RECORD_NUMBER, window.member.counter[1]), \
		WINDOW(prefix ".2", RECORD_NUMBER, window.member.counter[2]), \
		WINDOW(prefix ".3", RECORD_NUMBER, window.member.counter[3]), \
		WINDOW(prefix ".4", RECORD_NUMBER, window.member.counter[4])

/* clang-format off */
#define ROW_MEMBERS(M) \
	M("id", RECORD_NUMBER, id), M("severity", RECORD_NUMBER, severity), \
	M("value", RECORD_NUMBER, value), M("limit", RECORD_NUMBER, limit), \
	M("peak", RECORD_NUMBER, peak), M("state", RECORD_NUMBER, state), \
	M("notify", RECORD_NUMBER, notify), M("causeId", RECORD_NUMBER, cause_id), \
	M("count", RECORD_NUMBER, count), M("raisedAt", RECORD_NUMBER, raised_at), \
	M("changedAt", RECORD_NUMBER, changed_at), M("age", RECORD_NUMBER, age), \
	M("check", RECORD_TEXT, check), M("instance", RECORD_TEXT, instance), \
	M("units", RECORD_TEXT, units), M("summary", RECORD_TEXT, text.summary), \
	M("advice", RECORD_TEXT, text.advice), M("command", RECORD_TEXT, text.command), \
	M("objectId", RECORD_OBJECT_ID, object_id)
#define SAVED_ROW(name, kind, member) SAVED(name, kind, alarm.row.member)

const struct record_member alarm_row_members[] = {ROW_MEMBERS(ROW), {.name = NULL}};

static const struct record_member saved_members[] = {
	ROW_MEMBERS(SAVED_ROW),
	SAVED("raised", RECORD_NUMBER, alarm.raised), SAVED("owner", RECORD_NUMBER, alarm.owner),
	SAVED("own", RECORD_WORD, alarm.own), SAVED("standing", RECORD_WORD, alarm.standing),
	SAVED("storm", RECORD_SWITCH, alarm.storm), SAVED("shelved", RECORD_SWITCH, alarm.told_shelved),
	SAVED("orphan", RECORD_SWITCH, alarm.orphan), SAVED("toldCount", RECORD_NUMBER, alarm.told_count),
	SAVED("toldAt", RECORD_NUMBER, alarm.told_at), SAVED("represents", RECORD_TEXT, alarm.represents),
	SAVED("speaker", RECORD_NUMBER, alarm.speaker_id), SAVED("gone", RECORD_NUMBER, gone),
	SAVED("m.value", RECORD_SIGNED, value), SAVED("m.state", RECORD_WORD, machine.state),
	SAVED("m.severity", RECORD_WORD, machine.severity), SAVED("m.since", RECORD_NUMBER, machine.since),
	SAVED("m.raises", RECORD_NUMBER, machine.raises), SAVED("m.calm", RECORD_NUMBER, machine.calm_since),
	SAVED("m.lower", RECORD_NUMBER, machine.lower_since), SAVED("m.cleared", RECORD_NUMBER, machine.cleared),
	SAVED("m.patience", RECORD_WORD, machine.patience), {.name = NULL},
};

static const struct record_member window_members[] = {
	WINDOW("check", RECORD_TEXT, check), WINDOW("instance", RECORD_TEXT, instance),
	WINDOW("since", RECORD_NUMBER, window.since), WINDOW("increased", RECORD_NUMBER, window.increased),
	SAMPLE("origin", origin), SAMPLE("mark", mark), SAMPLE("last", last), {.name = NULL},
};
/* clang-format on */

static void save_alarm(FILE *out, const struct alarm *alarm)
{
	struct saved_alarm saved = {.alarm = *alarm};

	saved.alarm.speaker_id = alarm->standing == ALARM_HELD ? alarm->speaker->row.id : 0;
	if (alarm->instance) {
		saved.machine = alarm->instance->machine;
		saved.value = alarm->instance->value;
		saved.gone = alarm->instance->gone;
	}
	record_write(out, "alarm", saved_members, &saved);
}

/* Of a window only its ends: what lies between comes to the same when it is whole. */
static void save_window(FILE *out, const struct instance *instance)
{
	struct saved_window saved = {.window = instance->window};
	const struct check_ring *ring = instance->window.ring;

	if (!instance->window.since)
		return;
	text_copy(saved.check, sizeof(saved.check), instance->check->name);
	memcpy(saved.instance, instance->name, strlen(instance->name) + 1);
	if (ring && ring->count) {
		saved.window.origin = ring->sample[ring->first];
		saved.window.since = saved.window.origin.time;
	}
	record_write(out, "window", window_members, &saved);
}

/* What matters least when there is no room for all: a storm stands for it, and it is known again
 * with the next rows. */
static bool is_member(const struct alarm *alarm)
{
	return alarm->standing == ALARM_HELD && alarm->speaker->storm;
}

void alarms_save(const struct alarms *alarms, FILE *out, size_t most)
{
	const struct alarm *it;

	for (int members = 0; members < 2; members++)
		for (it = alarms->set.first; it && (size_t)ftell(out) < most; it = it->next) {
			if (is_member(it) != members)
				continue;
			save_alarm(out, it);
			if (it->instance)
				save_window(out, it->instance);
		}
}

static bool in_range(uint64_t value, uint64_t low, uint64_t high)
{
	return value >= low && value <= high;
}

/* What the rest of the code relies on. */
static bool is_sane(const struct saved_alarm *saved)
{
	const struct alarm *alarm = &saved->alarm;

	return in_range(alarm->row.severity, ALARM_WARNING, ALARM_CRITICAL) &&
	       in_range(alarm->own, ALARM_NONE, ALARM_CRITICAL) &&
	       /* Only a machine that is over a limit can end an alarm. */
	       (alarm->storm || saved->machine.severity > ALARM_NONE) &&
	       in_range(alarm->row.state, ALARM_ACTIVE, ALARM_SHELVED) &&
	       in_range(alarm->row.id, 1, INT32_MAX) && alarm->standing <= ALARM_HELD &&
	       saved->machine.state <= CHECK_SHELVED && saved->machine.severity <= ALARM_CRITICAL &&
	       saved->machine.patience <= CHECK_PATIENCE_MAX;
}

static bool restore_alarm(struct alarms *alarms, const char *line)
{
	struct saved_alarm saved = {.value = 0};
	const struct check *check;
	struct alarm *alarm, *next;
	struct instance *instance = NULL;

	if (!record_read(line, saved_members, &saved) || !is_sane(&saved))
		return false;
	check = check_find(saved.alarm.row.check);
	/* Another version's check. */
	if (!check)
		return true;
	if (saved.alarm.storm && !check->many)
		return false;
	if (!saved.alarm.storm)
		instance = alarms_instance(alarms, check, saved.alarm.row.instance, NULL);
	if (instance && instance->alarm)
		return false;
	alarm = alarm_set_add(&alarms->set, check, saved.alarm.row.instance, saved.alarm.raised,
			      saved.alarm.row.raised_at);
	if (!alarm || (!instance && !saved.alarm.storm))
		return false;
	next = alarm->next;
	*alarm = saved.alarm;
	alarm->next = next;
	alarm->check = check;
	alarm->instance = instance;
	alarm->speaker = NULL;
	if (!instance)
		return true;
	if (!instance->policy->on) {
		/* Turned off meanwhile: it ends with the next decision. */
		alarm->instance = NULL;
		alarm->ended = true;
		ROW_SET_TEXT(alarm->row.text.summary, "over: the check was turned off");
		return true;
	}
	instance->alarm = alarm;
	instance->machine = saved.machine;
	instance->value = saved.value;
	instance->gone = saved.gone;
	instance->shown = true;
	return true;
}

static bool restore_window(struct alarms *alarms, const char *line)
{
	struct saved_window saved = {.check = ""};
	const struct check *check;
	struct instance *instance;

	if (!record_read(line, window_members, &saved) ||
	    saved.window.since > saved.window.origin.time ||
	    saved.window.origin.time > saved.window.last.time ||
	    saved.window.mark.time > saved.window.last.time)
		return false;
	check = check_find(saved.check);
	instance = check ? instances_find(&alarms->instances, check, saved.instance) : NULL;
	if (instance)
		check_window_restore(&instance->window, &saved.window);
	return true;
}

bool alarms_restore_line(struct alarms *alarms, const char *line)
{
	size_t word = strcspn(line, " ");

	if (word == strlen("alarm") && !strncmp(line, "alarm", word))
		return restore_alarm(alarms, line + word);
	if (word == strlen("window") && !strncmp(line, "window", word))
		return restore_window(alarms, line + word);
	return false;
}

static struct alarm *find_id(const struct alarms *alarms, uint64_t id)
{
	struct alarm *alarm = alarms->set.first;

	while (alarm && alarm->row.id != id)
		alarm = alarm->next;
	return alarm;
}

/* Whether somebody speaks for an alarm in the end; those who hold each other never would. */
static bool has_spokesman(const struct alarm *alarm)
{
	for (int i = 0; alarm && i < SPEAKERS_MAX; i++) {
		if (alarm->standing != ALARM_HELD)
			return true;
		alarm = alarm->speaker;
	}
	return false;
}

void alarms_restored(struct alarms *alarms)
{
	for (struct alarm *it = alarms->set.first; it; it = it->next) {
		if (it->row.id > alarms->set.last_id)
			alarms->set.last_id = it->row.id;
		if (it->standing != ALARM_HELD)
			continue;
		it->speaker = find_id(alarms, it->speaker_id);
		if (!has_spokesman(it)) {
			it->standing = ALARM_UNTOLD;
			it->speaker = NULL;
		} else {
			it->speaker->speaks = true;
		}
	}
}

void alarms_restore_failed(struct alarms *alarms)
{
	for (size_t i = 0; i < check_count(); i++)
		for (struct instance *it = instances_first(&alarms->instances, &checks[i]); it;
		     it = it->next) {
			it->alarm = NULL;
			memset(&it->machine, 0, sizeof(it->machine));
			check_window_restart(&it->window);
		}
	alarm_set_free(&alarms->set);
}

bool alarms_dirty(struct alarms *alarms)
{
	bool dirty = alarms->dirty;

	alarms->dirty = false;
	return dirty;
}
