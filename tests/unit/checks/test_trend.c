/* SPDX-License-Identifier: BSD-2-Clause */
/* When a table will be full. */
#include <config.h>

#include "collectors/base/rows.h"
#include "subagent/checks/trend.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define FULL   10000

/* Values at an interval for a time, from `value` on by `slope` a second. Returns the last. */
static int64_t feed(struct trend *trend, uint64_t from, unsigned seconds, unsigned interval,
		    int64_t value, int64_t slope)
{
	for (unsigned s = 0; s <= seconds; s += interval)
		trend_add(trend, from + s * SECOND, value + slope * s);
	return value + slope * seconds;
}

START_TEST(a_straight_line)
{
	struct trend trend = {0};
	uint64_t left;

	/* 5 hundredths a second from 50 %: at 65 % after 300 s, full in 700 s. */
	ck_assert_int_eq(feed(&trend, 1000 * SECOND, 300, 5, 5000, 5), 6500);
	left = trend_time_to(&trend, FULL);
	ck_assert_uint_ge(left, 690);
	ck_assert_uint_le(left, 710);
	/* At any interval. */
	for (unsigned interval = 1; interval <= 60; interval++) {
		struct trend other = {0};

		feed(&other, 1000 * SECOND, 300 / interval * interval, interval, 5000, 5);
		left = trend_time_to(&other, FULL);
		ck_assert_uint_ge(left, 690);
		ck_assert_uint_le(left, 830);
	}
}
END_TEST

START_TEST(too_short_to_say)
{
	struct trend trend = {0};

	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
	feed(&trend, 1000 * SECOND, 145, 5, 5000, 5);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
}
END_TEST

START_TEST(what_does_not_rise)
{
	struct trend trend = {0};

	feed(&trend, 1000 * SECOND, 300, 5, 9000, 0);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
	feed(&trend, 1305 * SECOND, 300, 5, 9000, -1);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
	/* Later than in a day is no forecast. */
	trend = (struct trend){0};
	trend_add(&trend, 1000 * SECOND, 100);
	trend_add(&trend, 1100 * SECOND, 101);
	trend_add(&trend, 1200 * SECOND, 102);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
}
END_TEST

/* Nor what jumped once, however far. */
START_TEST(a_step_is_no_trend)
{
	struct trend trend = {0};

	feed(&trend, 1000 * SECOND, 300, 5, 700, 0);
	for (unsigned s = 1; s < 100; s++) {
		trend_add(&trend, 1300 * SECOND + s * 5 * SECOND, 9300);
		/* While half of the samples are on either side, a line fits best, but not well. */
		if (s < 12 || s > 60)
			ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
	}
}
END_TEST

/* What rises by fits and starts does rise. */
START_TEST(a_rise_with_noise)
{
	struct trend trend = {0};
	uint64_t left;

	for (unsigned s = 0; s <= 300; s += 5)
		trend_add(&trend, (1000 + s) * SECOND, 5000 + 5 * s + (s / 5 * 7919 % 13) * 20);
	left = trend_time_to(&trend, FULL);
	ck_assert_uint_ge(left, 550);
	ck_assert_uint_le(left, 850);
}
END_TEST

START_TEST(what_is_full_is_full)
{
	struct trend trend = {0};

	feed(&trend, 1000 * SECOND, 300, 5, 8500, 5);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), 0);
}
END_TEST

/* What was five minutes ago is forgotten: a slow fill that speeds up is seen. */
START_TEST(only_the_last_minutes_count)
{
	struct trend trend = {0};
	uint64_t left;

	feed(&trend, 1000 * SECOND, 3600, 5, 5000, 0);
	feed(&trend, 4605 * SECOND, 300, 5, 5000, 10);
	left = trend_time_to(&trend, FULL);
	ck_assert_uint_ge(left, 190);
	ck_assert_uint_le(left, 240);
	/* After a gap there is nothing left of it. */
	trend_add(&trend, 9000 * SECOND, 9000);
	ck_assert_uint_eq(trend_time_to(&trend, FULL), ROW_ABSENT);
}
END_TEST

UNIT_MAIN("trend", a_straight_line, too_short_to_say, what_does_not_rise, a_step_is_no_trend,
	  a_rise_with_noise, what_is_full_is_full, only_the_last_minutes_count)
