/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the rows of netdiagCheckTable, netdiagAlarmTable and netdiagAlarmHistoryTable from the
 * instances, the alarms and the events. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/alarms_private.h"

/* A cell of an unknown value, or of no limit, is absent. Columns cut what is too large. */
static uint64_t shown(int64_t value)
{
	return value == CHECK_NO_VALUE || value == CHECK_NO_LIMIT || value < 0 ? ROW_ABSENT
									       : (uint64_t)value;
}

static enum check_state state_shown(const struct instance *instance)
{
	if (instance->gone)
		return CHECK_GONE;
	return instance->alarm && instance->alarm->shelved ? CHECK_SHELVED
							   : instance->machine.state;
}

static void set_check_row(struct check_row *row, const struct instance *instance)
{
	const struct check_limits *limits = &instance->policy->limits;
	const struct alarm *alarm = instance->alarm;
	bool known = instance->machine.state != CHECK_UNKNOWN && !instance->gone;
	struct advice advice = {
		.check = instance->check,
		.instance = instance->name,
		.limits = limits,
		.value = known ? instance->value : CHECK_NO_VALUE,
		.now = CHECK_NO_VALUE,
		.known = known,
		.time_to_full = instance->time_to_full,
	};

	row->state = state_shown(instance);
	row->value = shown(advice.value);
	row->warning = shown(limits->warning);
	row->critical = shown(limits->critical);
	row->clear = shown(limits->clear);
	row->since = instance->gone ? instance->gone : instance->machine.since;
	row->raises = instance->machine.raises;
	row->notify = instance->policy->notify;
	row->time_to_full = known ? instance->time_to_full : ROW_ABSENT;
	row->cause_id = alarm ? alarm->row.cause_id : 0;
	ROW_SET_TEXT(row->check, instance->check->name);
	ROW_SET_TEXT(row->instance, instance->name);
	ROW_SET_TEXT(row->units, instance->check->units);
	if (instance->object_id)
		memcpy(&row->object_id, instance->object_id, sizeof(row->object_id));
	if (alarm)
		row->text = alarm->row.text;
	else
		advice_state(&advice, row->text.summary);
}

/* Rows of a check that has too many: first those with an alarm that receivers are told of, then
 * those with another one (of a storm), then those that had one, then the rest, and last what is
 * gone. */
enum row_rank {
	RANK_TOLD,
	RANK_ALARM,
	RANK_RAISED,
	RANK_PRESENT,
	RANK_GONE,
	RANKS,
};

static bool is_of_rank(const struct instance *instance, enum row_rank rank)
{
	if (!instance->shown || !instance->policy->on || !instance->machine.since)
		return false;
	if (instance->alarm)
		return rank == (instance->alarm->standing == ALARM_TOLD ? RANK_TOLD : RANK_ALARM);
	if (instance->gone)
		return rank == RANK_GONE;
	return rank == (instance->machine.raises ? RANK_RAISED : RANK_PRESENT);
}

static int add_check_rows(struct alarms *alarms, const struct check *check)
{
	size_t left = ALARMS_ROWS_PER_CHECK;

	for (int rank = 0; rank < RANKS; rank++)
		for (const struct instance *it = instances_first(&alarms->instances, check);
		     it && left; it = it->next) {
			struct check_row *row;

			if (!is_of_rank(it, (enum row_rank)rank))
				continue;
			row = rows_add(&alarms->check_rows);
			if (!row)
				return -ENOMEM;
			set_check_row(row, it);
			left--;
		}
	return 0;
}

/* What the alarms have in rows of the same type. */
static int copy_rows(const struct rows *from, struct rows *to)
{
	for (size_t i = 0; i < from->count; i++) {
		void *row = rows_add(to);

		if (!row)
			return -ENOMEM;
		memcpy(row, rows_at(from, i), from->type->size);
	}
	return 0;
}

int alarms_fill_checks(struct rows *rows, void *arg)
{
	struct alarms *alarms = arg;
	int err = 0;

	if (alarms->changed) {
		alarms->check_rows.count = 0;
		for (size_t i = 0; i < check_count() && !err; i++)
			err = add_check_rows(alarms, &checks[i]);
		rows_sort(&alarms->check_rows);
		alarms->changed = err != 0;
	}
	return err ? err : copy_rows(&alarms->check_rows, rows);
}

int alarms_fill_active(struct rows *rows, void *arg)
{
	const struct alarms *alarms = arg;

	for (const struct alarm *it = alarms->set.first; it; it = it->next) {
		struct alarm_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		*row = it->row;
	}
	rows_sort(rows);
	return 0;
}

static struct alarm_history_row *history_at(const struct alarms *alarms, size_t i)
{
	return &alarms->history[(alarms->history_first + i) % alarms->history_size];
}

int alarms_fill_history(struct rows *rows, void *arg)
{
	const struct alarms *alarms = arg;

	for (size_t i = 0; i < alarms->history_count; i++) {
		struct alarm_history_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		*row = *history_at(alarms, i);
	}
	return 0;
}

int alarms_history_resize(struct alarms *alarms, size_t size)
{
	struct alarm_history_row *history;
	size_t keep = alarms->history_count < size ? alarms->history_count : size;

	if (size == alarms->history_size && alarms->history)
		return 0;
	history = calloc(size ? size : 1, sizeof(*history));
	if (!history)
		return -ENOMEM;
	for (size_t i = 0; i < keep; i++)
		history[i] = *history_at(alarms, alarms->history_count - keep + i);
	free(alarms->history);
	alarms->history = history;
	alarms->history_size = size;
	alarms->history_first = 0;
	alarms->history_count = keep;
	return 0;
}

void alarms_remember(struct alarms *alarms, const struct alarm_event *event, uint64_t wall)
{
	const struct alarm_row *alarm = event->alarm;
	struct alarm_history_row *row;

	alarms->history_sequence++;
	if (!alarms->history_size)
		return;
	if (alarms->history_count == alarms->history_size)
		alarms->history_first = (alarms->history_first + 1) % alarms->history_size;
	else
		alarms->history_count++;
	row = history_at(alarms, alarms->history_count - 1);
	row_reset(&alarm_history_row_type, row);
	row->sequence = alarms->history_sequence;
	row->event = event->kind;
	row->severity = event->kind == ALARM_EVENT_CLEARED ? event->previous : alarm->severity;
	row->value = alarm->value;
	row->limit = alarm->limit;
	row->time = wall;
	row->alarm_id = alarm->id;
	ROW_SET_TEXT(row->check, alarm->check);
	ROW_SET_TEXT(row->instance, alarm->instance);
	ROW_SET_TEXT(row->summary, alarm->text.summary);
}
