/* SPDX-License-Identifier: BSD-2-Clause */
/* What readings come to: rates, counts, shares and levels over sliding windows. */
#include <config.h>

#include "collectors/base/rows.h"
#include "subagent/checks/window.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static const struct check_measure rate = {
	.kind = CHECK_RATE,
	.window = MINUTE,
	.settle = 2 * SECOND,
};

/* For inner loops: ck_assert() talks to its parent each time. */
#define PROMISE(condition)                              \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* A random number below `below`, the same series at each run. */
static uint64_t dice(uint64_t *seed, uint64_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*seed >> 33) % below;
}

/* Takes a reading of a counter and its base. */
static struct check_value add(struct check_window *window, const struct check_measure *measure,
			      uint64_t time, uint64_t value, uint64_t base, uint64_t stamp)
{
	struct check_reading reading = {
		.counter = {[CHECK_COUNTER_VALUE] = value, [CHECK_COUNTER_BASE] = base},
		.stamp = stamp,
	};
	struct check_value result;

	check_window_add(window, measure, time, &reading, &result);
	return result;
}

/* The same with what is taken off, and what is capped. */
static struct check_value add_parts(struct check_window *window,
				    const struct check_measure *measure, uint64_t time,
				    uint64_t value, uint64_t less, uint64_t capped, uint64_t cap)
{
	struct check_reading reading = {
		.counter = {[CHECK_COUNTER_VALUE] = value,
			    [CHECK_COUNTER_LESS] = less,
			    [CHECK_COUNTER_CAPPED] = capped,
			    [CHECK_COUNTER_CAP] = cap},
	};
	struct check_value result;

	check_window_add(window, measure, time, &reading, &result);
	return result;
}

/* A burst is seen at once, as if nothing more came in the window; and as it is now. */
START_TEST(a_part_of_a_window_is_a_lower_bound)
{
	struct check_window window = {0};
	struct check_value value = add(&window, &rate, 1000 * SECOND, 0, 0, 0);

	ck_assert(value.value == CHECK_NO_VALUE && !value.little);
	value = add(&window, &rate, 1005 * SECOND, 60, 0, 0);
	ck_assert_int_eq(value.value, 100);
	ck_assert_int_eq(value.now, 1200);
	ck_assert_uint_eq(value.span, 5 * SECOND);
	ck_assert(!value.whole);
	for (unsigned s = 10; s < 60; s += 5) {
		value = add(&window, &rate, (1000 + s) * SECOND, s * 12, 0, 0);
		ck_assert_int_eq(value.value, s * 20);
		ck_assert_int_eq(value.now, 1200);
		ck_assert(!value.whole);
	}
	value = add(&window, &rate, 1060 * SECOND, 720, 0, 0);
	ck_assert_int_eq(value.value, 1200);
	ck_assert(value.whole);
	check_window_free(&window);
}
END_TEST

/* `now` is measured over `settle` at least, whatever the interval. */
START_TEST(the_present_rate_is_no_moment)
{
	struct check_window window = {0};
	struct check_value value = {0};

	add(&window, &rate, 1000 * SECOND, 0, 0, 0);
	for (unsigned i = 1; i <= 100; i++)
		value = add(&window, &rate, 1000 * SECOND + i * SECOND / 10, i < 100 ? 0 : 100, 0,
			    0);
	/* 100 in a tenth of a second, over two to three seconds. */
	ck_assert_int_le(value.now, 5100);
	ck_assert_int_ge(value.now, 3300);
	check_window_free(&window);
}
END_TEST

START_TEST(a_counter_that_stood_still_is_known)
{
	struct check_window window = {0};
	struct check_value value;

	for (unsigned s = 0; s <= 600; s += 5)
		add(&window, &rate, SECOND * (1000 + s), 7, 0, 0);
	ck_assert_ptr_null(window.ring);
	/* 60 more in the last five seconds: 1 per second of the window. */
	value = add(&window, &rate, SECOND * 1605, 67, 0, 0);
	ck_assert_int_eq(value.value, 100);
	ck_assert_int_eq(value.now, 1200);
	ck_assert(value.whole);
	check_window_free(&window);
}
END_TEST

START_TEST(discontinuity_restarts)
{
	struct check_window window = {0};

	for (unsigned s = 0; s <= 120; s += 5)
		add(&window, &rate, SECOND * (1000 + s), s, 0, 1);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1125, 125, 0, 1).value, 100);
	ck_assert(add(&window, &rate, SECOND * 1130, 1000000, 0, 2).value == CHECK_NO_VALUE);
	ck_assert(!add(&window, &rate, SECOND * 1189, 1000059, 0, 2).whole);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1190, 1000060, 0, 2).value, 100);
	/* A counter that went back, without a stamp. */
	ck_assert(add(&window, &rate, SECOND * 1195, 5, 0, 2).value == CHECK_NO_VALUE);
	ck_assert(add(&window, &rate, SECOND * 1200, ROW_ABSENT, 0, 2).value == CHECK_NO_VALUE);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1255, 65, 0, 2).value, 100);
	check_window_free(&window);
}
END_TEST

/* Its counters began at 0 after the last look, when it was not there yet. */
START_TEST(what_is_born_starts_at_zero)
{
	struct check_window window = {0};
	struct check_value value;

	check_window_born(&window, 1000 * SECOND, 1003 * SECOND, 0);
	value = add(&window, &rate, 1005 * SECOND, 60, 0, 1003 * SECOND);
	ck_assert_int_eq(value.value, 100);
	ck_assert_int_eq(value.now, 1200);
	ck_assert(!value.whole);
	/* What it counts is capped by a counter that is older than it is. */
	check_window_born(&window, 1000 * SECOND, 1003 * SECOND, 5000);
	{
		struct check_reading reading = {
			.counter = {[CHECK_COUNTER_CAPPED] = 60, [CHECK_COUNTER_CAP] = 5030},
			.stamp = 1003 * SECOND,
		};

		check_window_add(&window, &rate, 1005 * SECOND, &reading, &value);
	}
	ck_assert_int_eq(value.value, 50);
	check_window_free(&window);
}
END_TEST

START_TEST(what_is_not_meant_is_taken_off)
{
	struct check_measure count = {.kind = CHECK_COUNT, .window = MINUTE};
	struct check_window window = {0};
	unsigned s = 100;

	/* Drops that are failed insertions, all of them: nothing. */
	add_parts(&window, &count, s * SECOND, 0, 0, 0, 0);
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 389, 389, 0, 0).value, 0);
	/* More is taken off than there is: nothing, and not less than that. */
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 400, 500, 0, 0).value, 0);
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 600, 500, 0, 0).value, 10000);
	check_window_restart(&window);
	/* What the kernel counts at half-open connections is no drop while ListenDrops stands. */
	add_parts(&window, &count, ++s * SECOND, 0, 0, 0, 7);
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 0, 0, 38, 7).value, 0);
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 0, 0, 38, 10).value, 300);
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 0, 0, 40, 1000).value, 4000);
	/* Both kinds are added up. */
	ck_assert_int_eq(add_parts(&window, &count, ++s * SECOND, 5, 0, 40, 1000).value, 4500);
	check_window_free(&window);
}
END_TEST

/* Too little traffic is no value, and is told from missing data. */
START_TEST(shares_have_a_minimum)
{
	struct check_measure share = {.kind = CHECK_SHARE, .window = MINUTE, .minimum = 1000};
	struct check_window window = {0};
	struct check_value value;

	value = add(&window, &share, SECOND * 100, 0, 0, 0);
	ck_assert(value.value == CHECK_NO_VALUE && !value.little);
	value = add(&window, &share, SECOND * 160, 500, 999, 0);
	ck_assert(value.value == CHECK_NO_VALUE && value.little);
	value = add(&window, &share, SECOND * 161, 500, 1000, 0);
	ck_assert(value.value == 5000 && !value.little);
	value = add(&window, &share, SECOND * 162, 500, ROW_ABSENT, 0);
	ck_assert(value.value == CHECK_NO_VALUE && !value.little);
	check_window_restart(&window);
	/* A share so far is no lower bound: it is what it is. */
	add(&window, &share, SECOND * 200, 0, 0, 0);
	value = add(&window, &share, SECOND * 205, 100, 2000, 0);
	ck_assert(value.value == 500 && !value.whole);
	check_window_free(&window);
}
END_TEST

START_TEST(shares_have_a_minimum_of_what_is_counted)
{
	struct check_measure share = {.kind = CHECK_SHARE, .window = MINUTE, .minimum_value = 20};
	struct check_window window = {0};
	struct check_value value;

	add(&window, &share, SECOND * 100, 0, 0, 0);
	value = add(&window, &share, SECOND * 160, 19, 19, 0);
	ck_assert(value.value == 10000 && value.few && !value.little);
	value = add(&window, &share, SECOND * 161, 20, 20, 0);
	ck_assert(value.value == 10000 && !value.few);
	/* Nothing at all is no 0 of 0 percent. */
	check_window_restart(&window);
	share.minimum_value = 0;
	add(&window, &share, SECOND * 200, 5, 5, 0);
	value = add(&window, &share, SECOND * 260, 5, 5, 0);
	ck_assert(value.value == CHECK_NO_VALUE && value.little);
	check_window_free(&window);
}
END_TEST

/* For how long nothing was counted: since the last increase, or as long as is known. */
START_TEST(idle_times)
{
	struct check_measure share = {.kind = CHECK_SHARE, .window = MINUTE, .minimum = 1000};
	struct check_window window = {0};
	struct check_value value;

	value = add(&window, &share, SECOND * 100, 5, 10, 0);
	ck_assert_uint_eq(value.idle, 0);
	value = add(&window, &share, SECOND * 130, 5, 20, 0);
	ck_assert_uint_eq(value.idle, 30 * SECOND);
	value = add(&window, &share, SECOND * 140, 6, 30, 0);
	ck_assert_uint_eq(value.idle, 0);
	/* The base alone is no sign of life of what is judged. */
	value = add(&window, &share, SECOND * 440, 6, 40, 0);
	ck_assert_uint_eq(value.idle, 300 * SECOND);
	value = add(&window, &share, SECOND * 441, 7, 41, 0);
	ck_assert_uint_eq(value.idle, 0);
	check_window_free(&window);
}
END_TEST

START_TEST(counts_are_of_the_window)
{
	struct check_measure count = {.kind = CHECK_COUNT, .window = MINUTE};
	struct check_window window = {0};
	struct check_value value;

	add(&window, &count, SECOND * 100, 10, 0, 0);
	value = add(&window, &count, SECOND * 105, 22, 0, 0);
	ck_assert(value.value == 1200 && !value.whole);
	value = add(&window, &count, SECOND * 160, 22, 0, 0);
	ck_assert(value.value == 1200 && value.whole);
	value = add(&window, &count, SECOND * 165, 22, 0, 0);
	ck_assert_int_eq(value.value, 0);
	check_window_free(&window);
}
END_TEST

START_TEST(levels)
{
	struct check_measure level = {.kind = CHECK_LEVEL, .scale = 100};
	struct check_window window = {0};
	struct check_value value = add(&window, &level, SECOND * 100, 12, 0, 0);

	ck_assert(value.value == 1200 && value.whole && value.now == CHECK_NO_VALUE);
	/* Nothing is remembered of it. */
	ck_assert_uint_eq(window.since, 0);
	ck_assert(add(&window, &level, SECOND * 101, ROW_ABSENT, 0, 0).value == CHECK_NO_VALUE);
	check_window_free(&window);
}
END_TEST

START_TEST(the_least_positive_value_is_positive)
{
	struct check_measure slow = {.kind = CHECK_RATE, .window = 10 * MINUTE};
	struct check_window window = {0};

	add(&window, &slow, SECOND * 100, 0, 0, 0);
	ck_assert_int_eq(add(&window, &slow, SECOND * 700, 1, 0, 0).value, 1);
	/* And the largest does not overflow. */
	ck_assert(add(&window, &slow, SECOND * 705, UINT64_MAX - 1, 0, 0).value > 0);
	check_window_free(&window);
}
END_TEST

/* --- restored ---------------------------------------------------------------------------------
 */

/* The ends of a window, as they are saved: the oldest sample takes the place of the origin. */
static struct check_window saved_of(const struct check_window *window)
{
	struct check_window saved = *window;

	if (window->ring && window->ring->count) {
		saved.origin = window->ring->sample[window->ring->first];
		saved.since = saved.origin.time;
	}
	saved.ring = NULL;
	return saved;
}

/* A restart of ten seconds changes nothing but what lies within the window. */
START_TEST(a_restored_window_goes_on)
{
	struct check_window window = {0}, restored = {0}, saved;
	struct check_value before = {0}, after;

	for (unsigned s = 0; s <= 300; s += 5)
		before = add(&window, &rate, SECOND * (1000 + s), 10 * s, 0, 33);
	ck_assert_int_eq(before.value, 1000);
	saved = saved_of(&window);
	check_window_restore(&restored, &saved);
	after = add(&restored, &rate, SECOND * 1310, 3100, 0, 44);
	ck_assert_int_eq(after.value, 1000);
	ck_assert(after.whole);
	/* From the second reading on its stamp is its own. */
	ck_assert(add(&restored, &rate, SECOND * 1315, 3150, 0, 45).value == CHECK_NO_VALUE);
	/* Counters that went back while nobody looked. */
	check_window_restore(&restored, &saved);
	ck_assert(add(&restored, &rate, SECOND * 1310, 7, 0, 44).value == CHECK_NO_VALUE);
	/* One that stood still. */
	check_window_restart(&window);
	for (unsigned s = 0; s <= 300; s += 5)
		add(&window, &rate, SECOND * (1000 + s), 7, 0, 33);
	saved = saved_of(&window);
	check_window_restore(&restored, &saved);
	ck_assert_ptr_nonnull(restored.ring);
	ck_assert_uint_eq(restored.ring->count, 0);
	after = add(&restored, &rate, SECOND * 1305, 67, 0, 33);
	ck_assert_int_eq(after.value, 100);
	ck_assert(after.whole);
	check_window_free(&restored);
	check_window_free(&window);
}
END_TEST

/* --- long series ------------------------------------------------------------------------------
 */

static int64_t per_second(uint64_t increase, uint64_t elapsed)
{
	int64_t value = (int64_t)((unsigned __int128)increase * 100 * SECOND / elapsed);

	return !value && increase ? 1 : value;
}

/* Numbers that outlast ring slots, at any interval: the value is that of a start at least one
 * window old, and at most a slot and an interval older. Of a part of a window it is a lower bound
 * of all that can come of it. */
START_TEST(windows_over_random_series)
{
	enum { STEPS = 4000 };
	static uint64_t times[STEPS], values[STEPS];
	uint64_t seed = (uint64_t)_i + 1, time = SECOND, value = 0, stamp = 0;
	struct check_window window = {0};
	struct check_measure measure = rate;
	uint64_t longest = _i % 3 ? 5 * SECOND : 300 * SECOND;
	size_t first = 0;

	measure.window = SECOND * (1 + dice(&seed, 600));
	measure.kind = _i % 2 ? CHECK_RATE : CHECK_LOWEST;
	measure.scale = 1;
	for (size_t step = 0; step < STEPS; step++) {
		uint64_t gap = SECOND / 100 + dice(&seed, longest);
		int64_t got, low = INT64_MAX, high = INT64_MIN, least = INT64_MAX;
		struct check_value result;

		time += gap;
		longest = gap > longest ? gap : longest;
		if (measure.kind == CHECK_LOWEST)
			value = dice(&seed, 50);
		else if (dice(&seed, 3))
			value += dice(&seed, 10000);
		if (!dice(&seed, 200)) {
			stamp++;
			first = step;
		}
		times[step] = time;
		values[step] = value;
		result = add(&window, &measure, time, value, 0, stamp);
		got = result.value;
		PROMISE(result.whole == (time - times[first] >= measure.window));
		if (!result.whole) {
			PROMISE(measure.kind == CHECK_LOWEST || step == first
					? got == CHECK_NO_VALUE
					: got == per_second(value - values[first], measure.window));
			continue;
		}
		for (size_t i = step + 1; i-- > first;) {
			uint64_t age = time - times[i], slot = measure.window / (CHECK_SAMPLES - 2);
			/* Between two readings that are the same, nothing happened either. */
			bool still = i < step && values[i] == values[i + 1] &&
				     time - times[i + 1] < measure.window;

			if (age < measure.window && (int64_t)values[i] < least)
				least = (int64_t)values[i];
			if (age < measure.window)
				continue;
			if (age > measure.window + slot + longest)
				break;
			for (int flat = 0; flat <= still; flat++) {
				int64_t its = per_second(value - values[i],
							 flat ? measure.window : age);

				low = its < low ? its : low;
				high = its > high ? its : high;
			}
		}
		PROMISE(measure.kind == CHECK_LOWEST ? got <= least : got >= low && got <= high);
	}
	check_window_free(&window);
}
END_TEST

START_TEST(outliers)
{
	struct check_window window = {0};
	uint64_t time = SECOND * 1000, value = 0;

	/* Two hours with two per second. */
	for (unsigned i = 0; i < 7200; i += 5, time += 5 * SECOND)
		add(&window, &rate, time, value += 10, 0, 0);
	ck_assert(!check_window_outlier(&window, &rate, 200, 10));
	ck_assert(!check_window_outlier(&window, &rate, 2000, 10));
	ck_assert(check_window_outlier(&window, &rate, 2100, 10));
	/* What is young has no past. */
	check_window_restart(&window);
	add(&window, &rate, time, 0, 0, 0);
	add(&window, &rate, time + MINUTE, 100000, 0, 0);
	ck_assert(!check_window_outlier(&window, &rate, 100000, 10));
	/* A quiet past of a window is enough. */
	check_window_restart(&window);
	add(&window, &rate, time, 5, 0, 0);
	add(&window, &rate, time + MINUTE, 5, 0, 0);
	add(&window, &rate, time + 2 * MINUTE, 5 + 600, 0, 0);
	ck_assert(check_window_outlier(&window, &rate, 1000, 10));
	check_window_free(&window);
}
END_TEST

int main(void)
{
	const TTest *const once[] = {
		a_part_of_a_window_is_a_lower_bound,
		the_present_rate_is_no_moment,
		a_counter_that_stood_still_is_known,
		discontinuity_restarts,
		what_is_born_starts_at_zero,
		what_is_not_meant_is_taken_off,
		shares_have_a_minimum,
		shares_have_a_minimum_of_what_is_counted,
		idle_times,
		counts_are_of_the_window,
		levels,
		the_least_positive_value_is_positive,
		a_restored_window_goes_on,
		outliers,
	};
	Suite *suite = suite_create("check_window");
	TCase *tcase = tcase_create("check_window");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < COUNT_OF(once); i++)
		tcase_add_test(tcase, once[i]);
	tcase_add_loop_test(tcase, windows_over_random_series, 0, 12);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
