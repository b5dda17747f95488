/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "collectors/base/clock.h"
#include "collectors/base/minute.h"
#include "tests/unit/unit.h"

/* A clock that has run for a while. */
#define START (1000 * SECOND_NS)

static uint64_t at(uint64_t seconds)
{
	return START + seconds * SECOND_NS;
}

START_TEST(nothing)
{
	struct minute minute = {.part = 0};

	ck_assert_uint_eq(minute_sum(&minute, 0), 0);
	ck_assert_uint_eq(minute_sum(&minute, at(0)), 0);
	ck_assert_uint_eq(minute_rate(&minute, at(3600)), 0);
}
END_TEST

/* What rose at a time counts for 55 to 60 seconds. */
START_TEST(a_burst_ages)
{
	for (uint64_t offset = 0; offset < 5; offset++) {
		struct minute minute = {.part = 0};

		minute_add(&minute, at(offset), 600);
		for (uint64_t age = 0; age <= 55; age++)
			ck_assert_uint_eq(minute_sum(&minute, at(offset + age)), 600);
		ck_assert_uint_eq(minute_rate(&minute, at(offset)), 1000);
		ck_assert_uint_eq(minute_sum(&minute, at(offset + 60)), 0);
		ck_assert_uint_eq(minute_sum(&minute, at(offset + 86400)), 0);
	}
}
END_TEST

/* One a second is a hundred hundredths a second, less what the newest part has yet to see. */
START_TEST(a_steady_rate)
{
	struct minute minute = {.part = 0};

	for (uint64_t second = 0; second < 600; second++) {
		minute_add(&minute, at(second), 1);
		if (second < 60)
			continue;
		ck_assert_uint_ge(minute_sum(&minute, at(second)), 56);
		ck_assert_uint_le(minute_sum(&minute, at(second)), 60);
	}
	ck_assert_uint_eq(minute_rate(&minute, at(599)), 100);
}
END_TEST

/* Increases after a long silence, and the first ones after the clock's beginning. */
START_TEST(silence)
{
	struct minute minute = {.part = 0};

	minute_add(&minute, 3 * SECOND_NS, 5);
	ck_assert_uint_eq(minute_sum(&minute, 4 * SECOND_NS), 5);
	minute_add(&minute, at(0), 7);
	ck_assert_uint_eq(minute_sum(&minute, at(0)), 7);
	minute_add(&minute, at(30), 11);
	ck_assert_uint_eq(minute_sum(&minute, at(30)), 18);
	ck_assert_uint_eq(minute_sum(&minute, at(65)), 11);
}
END_TEST

UNIT_MAIN("minute", nothing, a_burst_ages, a_steady_rate, silence)
