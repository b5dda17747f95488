/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of netdiagCheckTable, netdiagAlarmTable and netdiagAlarmHistoryTable. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/alarms_private.h"

/* As a cell shows it: none for what is not known, or no limit. Columns cut what is too large. */
static uint64_t shown(int64_t value)
{
	return value == CHECK_NO_VALUE || value == CHECK_NO_LIMIT || value < 0 ? ROW_ABSENT
									       : (uint64_t)value;
}

static void set_check_row(struct check_row *row, const struct instance *instance)
{
	const struct check_limits *limits = &instance->policy->limits;
	const struct alarm *alarm = instance->alarm;
	struct advice advice = {.check = instance->check, .instance = instance->name};
	int64_t value = instance->machine.state == CHECK_UNKNOWN ? CHECK_NO_VALUE : instance->value;

	row->state = instance->machine.state;
	row->value = shown(value);
	row->warning = shown(limits->warning);
	row->critical = shown(limits->critical);
	row->clear = shown(limits->clear);
	row->since = instance->machine.since;
	row->raises = instance->machine.raises;
	ROW_SET_TEXT(row->check, instance->check->name);
	ROW_SET_TEXT(row->instance, instance->name);
	ROW_SET_TEXT(row->units, instance->check->units);
	if (instance->object_id)
		memcpy(&row->object_id, instance->object_id, object_id_size(instance->object_id));
	if (alarm) {
		ROW_SET_TEXT(row->summary, alarm->summary);
		ROW_SET_TEXT(row->advice, alarm->advice);
	} else {
		advice_summary(&advice, limits, value, ALARM_NONE, row->summary);
	}
}

/* One of the table's rows: first those with an alarm, then those that had one, then the rest. */
static bool is_of_rank(const struct instance *instance, int rank)
{
	if (!instance->shown || !instance->policy->on || !instance->machine.since)
		return false;
	if (instance->alarm)
		return rank == 0;
	return rank == (instance->machine.raises ? 1 : 2);
}

static int make_check_rows(struct alarms *alarms)
{
	struct rows *rows = &alarms->check_rows;

	rows->count = 0;
	for (int rank = 0; rank < 3; rank++)
		for (size_t i = 0; i < check_count(); i++)
			for (const struct instance *it =
				     instances_first(&alarms->instances, &checks[i]);
			     it && rows->count < ALARMS_CHECK_ROWS_MAX; it = it->next) {
				struct check_row *row;

				if (!is_of_rank(it, rank))
					continue;
				row = rows_add(rows);
				if (!row)
					return -ENOMEM;
				set_check_row(row, it);
			}
	rows_sort(rows);
	alarms->changed = false;
	return 0;
}

int alarms_fill_checks(struct rows *rows, void *arg)
{
	struct alarms *alarms = arg;
	int err = alarms->changed ? make_check_rows(alarms) : 0;

	for (size_t i = 0; !err && i < alarms->check_rows.count; i++) {
		struct check_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		memcpy(row, rows_at(&alarms->check_rows, i), sizeof(*row));
	}
	return err;
}

int alarms_fill_active(struct rows *rows, void *arg)
{
	const struct alarms *alarms = arg;

	for (size_t i = 0; alarms_active(alarms) && i < check_count(); i++)
		for (const struct instance *it = instances_first(&alarms->instances, &checks[i]);
		     it; it = it->next) {
			const struct alarm *alarm = it->alarm;
			struct alarm_row *row;

			if (!alarm)
				continue;
			row = rows_add(rows);
			if (!row)
				return -ENOMEM;
			row->id = alarm->id;
			row->severity = alarm->severity;
			row->value = shown(alarm->value);
			row->limit = shown(alarm->limit);
			row->raised_at = alarm->raised_at;
			ROW_SET_TEXT(row->check, it->check->name);
			ROW_SET_TEXT(row->instance, it->name);
			ROW_SET_TEXT(row->summary, alarm->summary);
			ROW_SET_TEXT(row->advice, alarm->advice);
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

	if (size == alarms->history_size)
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

void alarms_remember(struct alarms *alarms, enum alarm_event event, const struct instance *instance,
		     const struct alarm *alarm, uint64_t wall)
{
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
	row->event = event;
	row->severity = alarm->severity;
	row->value = shown(alarm->value);
	row->limit = shown(alarm->limit);
	row->time = wall;
	row->alarm_id = alarm->id;
	ROW_SET_TEXT(row->check, instance->check->name);
	ROW_SET_TEXT(row->instance, instance->name);
	ROW_SET_TEXT(row->summary, alarm->summary);
}
