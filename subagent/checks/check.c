/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads a check's numbers from the rows that collectors and the agent have made, and finds out
 * which settings of the configuration hold for one of its instances. */
#include <config.h>

#include <fnmatch.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/checks/check.h"

/* A share of fewer than this says nothing. */
#define SHARE_MIN 100

const char *check_name(size_t i)
{
	return checks[i].name;
}

const struct check *check_find(const char *name)
{
	for (size_t i = 0; i < check_count(); i++)
		if (!strcmp(checks[i].name, name))
			return &checks[i];
	return NULL;
}

/* How narrow a pattern is: none at all, then by the letters that it fixes, then exact names. */
static unsigned specificity(const char *pattern)
{
	unsigned letters = 0;

	if (!pattern[0])
		return 0;
	if (!strpbrk(pattern, "*?["))
		return CHECK_INSTANCE_SIZE + 2;
	for (; *pattern; pattern++)
		letters += *pattern != '*' && *pattern != '?';
	return 1 + letters;
}

static bool concerns(const struct check_setting *setting, const char *check, const char *instance)
{
	return !strcmp(setting->check, check) &&
	       (!setting->instance[0] || !strcmp(setting->instance, instance) ||
		!fnmatch(setting->instance, instance, 0));
}

static int64_t limit_of(int32_t limit)
{
	return limit == CHECK_LIMIT_OFF ? CHECK_NO_LIMIT : limit;
}

static void overlay(struct check_policy *policy, const struct check_setting *s)
{
	struct check_limits *limits = &policy->limits;

	if (s->set & CHECK_SET_ON)
		policy->on = s->on;
	if (s->set & CHECK_SET_NOTIFY)
		policy->notify = s->notify;
	if (s->set & CHECK_SET_WARNING)
		limits->warning = limit_of(s->warning);
	if (s->set & CHECK_SET_CRITICAL)
		limits->critical = limit_of(s->critical);
	if (s->set & CHECK_SET_CLEAR)
		limits->clear = s->clear;
	if (s->set & CHECK_SET_WINDOW)
		limits->measure.window = s->window_ms * MILLISECOND_NS;
	if (s->set & CHECK_SET_HOLD)
		limits->hold = (struct check_hold){s->hold_ms * MILLISECOND_NS, s->hold};
	if (s->set & CHECK_SET_CLEAR_AFTER)
		limits->clear_after = s->clear_after_ms * MILLISECOND_NS;
}

/* Two samples are all there is. They are at least half as far apart as they should be: collectors
 * need not take the same time twice. Counts are given as what was seen. */
static void judge_at_once(struct check_limits *limits, uint64_t apart)
{
	struct check_measure *measure = &limits->measure;

	if (measure->kind == CHECK_SHARE && measure->window > apart) {
		measure->minimum = measure->minimum * apart / measure->window;
		if (measure->minimum < SHARE_MIN)
			measure->minimum = SHARE_MIN;
	}
	measure->window = apart / 2;
	limits->hold = (struct check_hold){0};
	limits->critical_hold = limits->clear_after = 0;
	limits->outlier = 0;
}

static bool concerns_shelf(const struct check_shelf *shelf, const char *check, const char *instance)
{
	return !strcmp(shelf->check, check) &&
	       (!shelf->instance[0] || !strcmp(shelf->instance, instance) ||
		!fnmatch(shelf->instance, instance, 0));
}

void check_policy(const struct check *check, const char *instance, const void *row,
		  const struct alarm_settings *settings, struct check_policy *policy)
{
	unsigned level = 0, next;

	memset(policy, 0, sizeof(*policy));
	policy->limits = check->limits;
	policy->on = !check->off;
	policy->notify = !check->quiet;
	if (check->own_limits && row)
		check->own_limits(row, &policy->limits);
	/* One pass over the lines per kind of pattern that occurs, from the general one on. */
	for (; level != UINT32_MAX; level = next) {
		next = UINT32_MAX;
		for (size_t i = 0; settings && i < settings->check_count; i++) {
			const struct check_setting *line = &settings->checks[i];
			unsigned its = specificity(line->instance);

			if (its < level || !concerns(line, check->name, instance))
				continue;
			if (its == level)
				overlay(policy, line);
			else if (its < next)
				next = its;
		}
	}
	for (size_t i = 0; settings && i < settings->shelf_count; i++)
		if (concerns_shelf(&settings->shelves[i], check->name, instance))
			policy->shelved_until = settings->shelves[i].until;
	if (settings && settings->once_ms)
		judge_at_once(&policy->limits, settings->once_ms * MILLISECOND_NS);
	/* Lines each right by themselves may not fit together: nothing ends while it is raised. */
	if (policy->limits.clear >= policy->limits.warning)
		policy->limits.clear = policy->limits.warning > 0 ? policy->limits.warning - 1 : 0;
}

bool check_is_caused_by(const struct check *effect, const struct check *cause)
{
	for (size_t i = 0; i < CHECK_CAUSES_MAX && effect->caused_by[i]; i++)
		if (!strcmp(effect->caused_by[i], cause->name))
			return true;
	return false;
}

static uint64_t check_sum(const struct check_members *members, const void *row)
{
	uint64_t total = ROW_ABSENT;

	for (size_t i = 0; i < CHECK_MEMBERS_MAX && members->offset[i]; i++) {
		uint64_t part = row_number(row, members->offset[i] - 1);

		if (part == ROW_ABSENT)
			continue;
		total = total == ROW_ABSENT ? part : total + part;
	}
	return total;
}

static uint64_t check_present(uint64_t number)
{
	return number == ROW_ABSENT ? 0 : number;
}

uint64_t check_read_cap(const struct check *check, const struct check_host *host)
{
	const struct rows *of = check->cap.type && host->rows
					? host->rows(check->cap.type, host->arg)
					: NULL;
	uint64_t total = 0;

	for (size_t i = 0; of && i < of->count; i++)
		total += check_present(check_sum(&check->cap.members, rows_at(of, i)));
	return total;
}

void check_read(const struct check *check, const void *row, uint64_t cap,
		struct check_reading *reading)
{
	uint64_t capped = check_sum(&check->capped, row);

	*reading = (struct check_reading){
		.counter =
			{
				[CHECK_COUNTER_VALUE] = check->read ? check->read(row)
								    : check_sum(&check->value, row),
				[CHECK_COUNTER_LESS] = check_present(check_sum(&check->less, row)),
				[CHECK_COUNTER_CAPPED] = check_present(capped),
				[CHECK_COUNTER_CAP] = cap,
				[CHECK_COUNTER_BASE] =
					check->base.offset[0] ? check_sum(&check->base, row) : 0,
			},
		.stamp = check->stamp == CHECK_NO_STAMP ? 0 : row_number(row, check->stamp),
	};
	/* All that is counted is capped. */
	if (!check->value.offset[0] && !check->read && capped != ROW_ABSENT)
		reading->counter[CHECK_COUNTER_VALUE] = 0;
}

const struct table *check_table(const struct check *check)
{
	return table_find(check->table);
}

void check_object_id(const struct check *check, const void *row, struct object_id *id)
{
	size_t object = check->object		 ? check->object
			: check->value.offset[0] ? check->value.offset[0]
						 : check->capped.offset[0];

	table_object_id(check_table(check), object - 1, row, id);
}
