/* SPDX-License-Identifier: BSD-2-Clause */
/* Windows and the alarm state machine, with a clock of their own. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "subagent/checks/state.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static const struct check_limits rate = {
	.kind = CHECK_RATE,
	.warning = 100,
	.critical = 1000,
	.clear = 10,
	.window = MINUTE,
	.hold = 2,
	.clear_after = 5 * MINUTE,
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

static int64_t add(struct check_window *window, const struct check_limits *limits, uint64_t time,
		   uint64_t value, uint64_t base, uint64_t stamp)
{
	struct check_reading reading = {.value = value, .base = base, .stamp = stamp};

	return check_window_add(window, limits, time, &reading);
}

START_TEST(nothing_before_a_whole_window)
{
	struct check_window window = {0};

	for (unsigned s = 0; s < 60; s += 5)
		ck_assert(add(&window, &rate, SECOND * (1000 + s), s * 100, 0, 0) ==
			  CHECK_NO_VALUE);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1060, 6000, 0, 0), 10000);
	check_window_free(&window);
}
END_TEST

START_TEST(a_counter_that_stood_still_is_known)
{
	struct check_window window = {0};

	for (unsigned s = 0; s <= 600; s += 5)
		add(&window, &rate, SECOND * (1000 + s), 7, 0, 0);
	ck_assert_ptr_null(window.ring);
	/* 60 more in the last five seconds: 1 per second of the window. */
	ck_assert_int_eq(add(&window, &rate, SECOND * 1605, 67, 0, 0), 100);
	check_window_free(&window);
}
END_TEST

START_TEST(discontinuity_restarts)
{
	struct check_window window = {0};

	for (unsigned s = 0; s <= 120; s += 5)
		add(&window, &rate, SECOND * (1000 + s), s, 0, 1);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1125, 125, 0, 1), 100);
	ck_assert(add(&window, &rate, SECOND * 1130, 1000000, 0, 2) == CHECK_NO_VALUE);
	ck_assert(add(&window, &rate, SECOND * 1189, 1000059, 0, 2) == CHECK_NO_VALUE);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1190, 1000060, 0, 2), 100);
	/* A counter that went back, without a stamp. */
	ck_assert(add(&window, &rate, SECOND * 1195, 5, 0, 2) == CHECK_NO_VALUE);
	ck_assert(add(&window, &rate, SECOND * 1200, ROW_ABSENT, 0, 2) == CHECK_NO_VALUE);
	ck_assert_int_eq(add(&window, &rate, SECOND * 1255, 65, 0, 2), 100);
	check_window_free(&window);
}
END_TEST

START_TEST(shares_have_a_minimum)
{
	struct check_limits share = rate;
	struct check_window window = {0};

	share.kind = CHECK_SHARE;
	share.minimum = 1000;
	add(&window, &share, SECOND * 100, 0, 0, 0);
	ck_assert_int_eq(add(&window, &share, SECOND * 160, 500, 999, 0), 0);
	ck_assert_int_eq(add(&window, &share, SECOND * 161, 500, 1000, 0), 5000);
	ck_assert(add(&window, &share, SECOND * 162, 500, ROW_ABSENT, 0) == CHECK_NO_VALUE);
	check_window_free(&window);
}
END_TEST

START_TEST(counts_are_of_the_window)
{
	struct check_limits count = rate;
	struct check_window window = {0};

	count.kind = CHECK_COUNT;
	add(&window, &count, SECOND * 100, 10, 0, 0);
	ck_assert_int_eq(add(&window, &count, SECOND * 160, 22, 0, 0), 1200);
	/* What a report of five seconds says of ten minutes. */
	check_window_restart(&window);
	count.window = 5 * SECOND;
	count.count_over = 600 * SECOND;
	add(&window, &count, SECOND * 100, 10, 0, 0);
	ck_assert_int_eq(add(&window, &count, SECOND * 105, 11, 0, 0), 12000);
	check_window_free(&window);
}
END_TEST

START_TEST(the_least_positive_value_is_positive)
{
	struct check_limits slow = rate;
	struct check_window window = {0};

	slow.window = 10 * MINUTE;
	add(&window, &slow, SECOND * 100, 0, 0, 0);
	ck_assert_int_eq(add(&window, &slow, SECOND * 700, 1, 0, 0), 1);
	/* And the largest does not overflow. */
	ck_assert(add(&window, &slow, SECOND * 705, UINT64_MAX - 1, 0, 0) > 0);
	check_window_free(&window);
}
END_TEST

static int64_t per_second(uint64_t increase, uint64_t elapsed)
{
	int64_t value = (int64_t)((unsigned __int128)increase * 100 * SECOND / elapsed);

	return !value && increase ? 1 : value;
}

/* Numbers that outlast ring slots, at any interval: the value is that of a start at least one
 * window old, and at most a slot and an interval older. */
START_TEST(windows_over_random_series)
{
	enum { STEPS = 4000 };
	static uint64_t times[STEPS], values[STEPS];
	uint64_t seed = (uint64_t)_i + 1, time = SECOND, value = 0, stamp = 0;
	struct check_window window = {0};
	struct check_limits limits = rate;
	uint64_t longest = _i % 3 ? 5 * SECOND : 300 * SECOND;
	size_t first = 0;

	limits.window = SECOND * (1 + dice(&seed, 600));
	limits.kind = _i % 2 ? CHECK_RATE : CHECK_LOWEST;
	limits.scale = 1;
	for (size_t step = 0; step < STEPS; step++) {
		uint64_t gap = SECOND / 100 + dice(&seed, longest);
		int64_t got, low = INT64_MAX, high = INT64_MIN, least = INT64_MAX;

		time += gap;
		longest = gap > longest ? gap : longest;
		if (limits.kind == CHECK_LOWEST)
			value = dice(&seed, 50);
		else if (dice(&seed, 3))
			value += dice(&seed, 10000);
		if (!dice(&seed, 200)) {
			stamp++;
			first = step;
		}
		times[step] = time;
		values[step] = value;
		got = add(&window, &limits, time, value, 0, stamp);
		if (time - times[first] < limits.window) {
			PROMISE(got == CHECK_NO_VALUE);
			continue;
		}
		for (size_t i = step + 1; i-- > first;) {
			uint64_t age = time - times[i], slot = limits.window / (CHECK_SAMPLES - 2);
			/* Between two readings that are the same, nothing happened either. */
			bool still = i < step && values[i] == values[i + 1] &&
				     time - times[i + 1] < limits.window;

			if (age < limits.window && (int64_t)values[i] < least)
				least = (int64_t)values[i];
			if (age < limits.window)
				continue;
			if (age > limits.window + slot + longest)
				break;
			for (int flat = 0; flat <= still; flat++) {
				int64_t its = per_second(value - values[i],
							 flat ? limits.window : age);

				low = its < low ? its : low;
				high = its > high ? its : high;
			}
		}
		PROMISE(limits.kind == CHECK_LOWEST ? got <= least : got >= low && got <= high);
	}
	check_window_free(&window);
}
END_TEST

START_TEST(outliers)
{
	struct check_limits limits = rate;
	struct check_window window = {0};
	uint64_t time = SECOND * 1000, value = 0;

	limits.outlier = 10;
	/* Two hours with two per second. */
	for (unsigned i = 0; i < 7200; i += 5, time += 5 * SECOND)
		add(&window, &limits, time, value += 10, 0, 0);
	ck_assert(!check_window_outlier(&window, &limits, 200));
	ck_assert(!check_window_outlier(&window, &limits, 2000));
	ck_assert(check_window_outlier(&window, &limits, 2100));
	/* What is young has no past. */
	check_window_restart(&window);
	add(&window, &limits, time, 0, 0, 0);
	add(&window, &limits, time + MINUTE, 100000, 0, 0);
	ck_assert(!check_window_outlier(&window, &limits, 100000));
	/* A quiet past of a window is enough. */
	check_window_restart(&window);
	add(&window, &limits, time, 5, 0, 0);
	add(&window, &limits, time + MINUTE, 5, 0, 0);
	add(&window, &limits, time + 2 * MINUTE, 5 + 600, 0, 0);
	ck_assert(check_window_outlier(&window, &limits, 1000));
	limits.outlier = 0;
	ck_assert(check_window_outlier(&window, &limits, 0));
	check_window_free(&window);
}
END_TEST

START_TEST(holds_and_hysteresis)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	ck_assert_int_eq(check_machine_step(&machine, &rate, t, 0, true), CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_OK);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 100, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 99, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 100, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 100, true), CHECK_RAISED);
	ck_assert_int_eq(machine.state, CHECK_WARNING);
	ck_assert_uint_eq(machine.since, t);
	check_machine_step(&machine, &rate, t += SECOND, 1000, true);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 1000, true),
			 CHECK_CHANGED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* Below critical for the time that a clear takes: a warning again. */
	check_machine_step(&machine, &rate, t += SECOND, 500, true);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += 299 * SECOND, 500, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 11, true), CHECK_CHANGED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	/* Between clear and warning it stays. */
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 11, true),
				 CHECK_UNCHANGED);
	check_machine_step(&machine, &rate, t += SECOND, 10, true);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += 5 * MINUTE, 10, true),
			 CHECK_CLEARED);
	ck_assert_int_eq(machine.state, CHECK_OK);
	ck_assert_uint_eq(machine.raises, 1);
}
END_TEST

START_TEST(missing_data_neither_raise_nor_clear)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	check_machine_step(&machine, &rate, t, 100, true);
	check_machine_step(&machine, &rate, t += SECOND, CHECK_NO_VALUE, true);
	ck_assert_int_eq(machine.state, CHECK_UNKNOWN);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 100, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 100, true), CHECK_RAISED);
	check_machine_step(&machine, &rate, t += SECOND, 0, true);
	ck_assert_int_eq(
		check_machine_step(&machine, &rate, t += 3600 * SECOND, CHECK_NO_VALUE, true),
		CHECK_UNCHANGED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	ck_assert_int_eq(check_machine_step(&machine, &rate, t += SECOND, 0, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_end(&machine, t += SECOND), CHECK_CLEARED);
	ck_assert_int_eq(check_machine_end(&machine, t += SECOND), CHECK_UNCHANGED);
}
END_TEST

START_TEST(above_zero_is_a_limit)
{
	struct check_limits limits = rate;
	struct check_machine machine = {0};

	limits.warning = limits.clear = 0;
	limits.hold = 1;
	ck_assert_int_eq(check_machine_step(&machine, &limits, SECOND, 0, true), CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &limits, 2 * SECOND, 1, true), CHECK_RAISED);
	ck_assert_int_eq(check_machine_step(&machine, &limits, 3 * SECOND, 0, true),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_step(&machine, &limits, 303 * SECOND, 0, true),
			 CHECK_CLEARED);
}
END_TEST

START_TEST(no_critical_level)
{
	struct check_limits limits = rate;
	struct check_machine machine = {0};

	limits.critical = CHECK_NO_LIMIT;
	check_machine_step(&machine, &limits, SECOND, INT64_MAX - 1, true);
	check_machine_step(&machine, &limits, 2 * SECOND, INT64_MAX - 1, true);
	check_machine_step(&machine, &limits, 3 * SECOND, INT64_MAX - 1, true);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
}
END_TEST

START_TEST(not_an_outlier_is_not_raised)
{
	struct check_machine machine = {0};

	for (unsigned i = 1; i < 10; i++)
		ck_assert_int_eq(check_machine_step(&machine, &rate, i * SECOND, 5000, false),
				 CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_OK);
}
END_TEST

START_TEST(flapping_slows_down)
{
	struct check_machine machine = {0};
	uint64_t t = SECOND, ended[8], begun[8];

	for (unsigned i = 0; i < 8; i++) {
		while (check_machine_step(&machine, &rate, t += SECOND, 200, true) != CHECK_RAISED)
			;
		begun[i] = t;
		while (check_machine_step(&machine, &rate, t += SECOND, 0, true) != CHECK_CLEARED)
			;
		ended[i] = t;
	}
	ck_assert_uint_eq(ended[0] - begun[0], 301 * SECOND);
	ck_assert_uint_eq(ended[1] - begun[1], 601 * SECOND);
	ck_assert_uint_eq(ended[7] - begun[7], 2401 * SECOND);
	/* Quiet for long: forgotten. */
	t += 4 * 2400 * SECOND;
	while (check_machine_step(&machine, &rate, t += SECOND, 200, true) != CHECK_RAISED)
		;
	ck_assert_uint_eq(machine.patience, 0);
}
END_TEST

/* The promises to an operator, over long random series. */
START_TEST(promises_over_random_series)
{
	uint64_t seed = (uint64_t)_i * 7919 + 1, time = SECOND, calm = 0, changed = 0;
	struct check_limits limits = rate;
	struct check_machine machine = {0};
	uint64_t raises = 0, clears = 0;
	uint32_t over = 0, over_critical = 0;
	int64_t level = 0;

	limits.warning = (int64_t)dice(&seed, 3) * 100;
	limits.critical = dice(&seed, 4) ? limits.warning + 1 + (int64_t)dice(&seed, 500)
					 : CHECK_NO_LIMIT;
	limits.clear = limits.warning ? (int64_t)dice(&seed, (uint64_t)limits.warning) : 0;
	limits.hold = 1 + (uint32_t)dice(&seed, 4);
	limits.clear_after = dice(&seed, 120) * SECOND;
	for (unsigned step = 0; step < 100000; step++) {
		enum alarm_severity before = machine.severity;
		enum check_change change;
		int64_t value;
		bool warning, critical;

		time += 1 + dice(&seed, 10 * SECOND);
		/* Quiet and loud times of random length. */
		if (!dice(&seed, 300))
			level = dice(&seed, 2) ? 0 : (int64_t)dice(&seed, 600);
		value = (int64_t)dice(&seed, (uint64_t)(level ? level * 2 : limits.clear + 1));
		if (!dice(&seed, 500))
			value = CHECK_NO_VALUE;
		critical = limits.critical != CHECK_NO_LIMIT && value >= limits.critical;
		warning = critical ||
			  (limits.warning ? value >= limits.warning : value > limits.warning);
		if (value == CHECK_NO_VALUE)
			warning = critical = false;
		over = warning ? over + 1 : 0;
		over_critical = critical ? over_critical + 1 : 0;
		if (value == CHECK_NO_VALUE || value > limits.clear)
			calm = 0;
		else if (!calm)
			calm = time;
		change = check_machine_step(&machine, &limits, time, value, true);
		switch (change) {
		case CHECK_RAISED:
			raises++;
			PROMISE(raises == clears + 1);
			PROMISE(over >= limits.hold);
			if (machine.severity == ALARM_CRITICAL)
				PROMISE(over_critical >= limits.hold);
			changed = time;
			break;
		case CHECK_CLEARED:
			clears++;
			PROMISE(raises == clears);
			PROMISE(calm && time - calm >= limits.clear_after);
			PROMISE(time - changed >= limits.clear_after);
			break;
		case CHECK_CHANGED:
			if (machine.severity == ALARM_CRITICAL)
				PROMISE(over_critical >= limits.hold);
			else
				PROMISE(time - changed >= limits.clear_after);
			changed = time;
			break;
		case CHECK_UNCHANGED:
			PROMISE(machine.severity == (before ? before : ALARM_NONE));
			/* Nothing that lasts stays untold. */
			if (before <= ALARM_NONE)
				PROMISE(over < limits.hold);
			if (before != ALARM_CRITICAL)
				PROMISE(over_critical < limits.hold);
			if (before > ALARM_NONE && calm)
				PROMISE(time - calm < limits.clear_after << CHECK_PATIENCE_MAX);
			break;
		}
		PROMISE((machine.state == CHECK_UNKNOWN) == (value == CHECK_NO_VALUE));
		PROMISE(machine.raises == raises);
	}
	PROMISE(raises > 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check_state");
	TCase *tcase = tcase_create("check_state");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, nothing_before_a_whole_window);
	tcase_add_test(tcase, a_counter_that_stood_still_is_known);
	tcase_add_test(tcase, discontinuity_restarts);
	tcase_add_test(tcase, shares_have_a_minimum);
	tcase_add_test(tcase, counts_are_of_the_window);
	tcase_add_test(tcase, the_least_positive_value_is_positive);
	tcase_add_loop_test(tcase, windows_over_random_series, 0, 12);
	tcase_add_test(tcase, outliers);
	tcase_add_test(tcase, holds_and_hysteresis);
	tcase_add_test(tcase, missing_data_neither_raise_nor_clear);
	tcase_add_test(tcase, above_zero_is_a_limit);
	tcase_add_test(tcase, no_critical_level);
	tcase_add_test(tcase, not_an_outlier_is_not_raised);
	tcase_add_test(tcase, flapping_slows_down);
	tcase_add_loop_test(tcase, promises_over_random_series, 0, 20);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
