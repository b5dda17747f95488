/* SPDX-License-Identifier: BSD-2-Clause */
/* The state machine of an alarm: what raises it, what ends it, and how long that takes. */
#include <config.h>

#include "subagent/checks/state.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

/* For inner loops: ck_assert() talks to its parent each time. */
#define PROMISE(condition)                              \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

static const struct check_limits rate = {
	.measure = {.kind = CHECK_RATE, .window = MINUTE},
	.warning = 100,
	.critical = 1000,
	.clear = 10,
	.hold = {.ns = 2 * SECOND},
	.clear_after = 5 * MINUTE,
};

static const struct check_limits level = {
	.measure = {.kind = CHECK_LEVEL},
	.warning = 7000,
	.critical = 9000,
	.clear = 6000,
	.hold = {.ns = 10 * SECOND},
	.clear_after = 5 * MINUTE,
};

static const struct check_limits share = {
	.measure = {.kind = CHECK_SHARE, .window = MINUTE, .minimum = 1000},
	.warning = 100,
	.critical = 500,
	.clear = 50,
	.hold = {.ns = 10 * SECOND},
	.clear_after = 5 * MINUTE,
};

/* A random number below `below`, the same series at each run. */
static uint64_t dice(uint64_t *seed, uint64_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*seed >> 33) % below;
}

/* A value of a whole window, that stands out, and was measured for as long as a rate has to last.
 */
static enum check_change step(struct check_machine *machine, const struct check_limits *limits,
			      uint64_t time, int64_t value)
{
	struct check_value its = {
		.value = value, .now = CHECK_NO_VALUE, .whole = true, .span = 2 * SECOND};
	struct check_step how = {.time = time, .outlier = true};

	return check_machine_step(machine, limits, &its, &how);
}

/* A value of a part of a window, with the rate at present, which was measured for so long. */
static enum check_change part(struct check_machine *machine, const struct check_limits *limits,
			      uint64_t time, int64_t value, int64_t now, uint64_t span)
{
	struct check_value its = {.value = value, .now = now, .span = span};
	struct check_step how = {.time = time, .outlier = true};

	return check_machine_step(machine, limits, &its, &how);
}

/* No value: too little traffic, and nothing was counted for so long. */
static enum check_change little(struct check_machine *machine, const struct check_limits *limits,
				uint64_t time, uint64_t idle)
{
	struct check_value its = {
		.value = CHECK_NO_VALUE, .now = CHECK_NO_VALUE, .little = true, .idle = idle};
	struct check_step how = {.time = time, .outlier = true};

	return check_machine_step(machine, limits, &its, &how);
}

/* --- raising ---------------------------------------------------------------------------------- */

START_TEST(a_level_has_to_last)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	ck_assert_int_eq(step(&machine, &level, t, 8000), CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_OK);
	ck_assert_int_eq(step(&machine, &level, t + 9 * SECOND, 8000), CHECK_UNCHANGED);
	/* Between the limits for a moment: from the start again. */
	ck_assert_int_eq(step(&machine, &level, t += 10 * SECOND, 6999), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &level, t += SECOND, 7000), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &level, t += 9 * SECOND, 8000), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &level, t += SECOND, 8000), CHECK_RAISED);
	ck_assert_int_eq(machine.state, CHECK_WARNING);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	ck_assert_uint_eq(machine.since, t);
	ck_assert_uint_eq(machine.raises, 1);
	/* For long enough over the warning's limit: critical at once, when it is that. */
	ck_assert_int_eq(step(&machine, &level, t += SECOND, 9000), CHECK_CHANGED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
}
END_TEST

START_TEST(evaluations_can_be_counted)
{
	struct check_limits limits = level;
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	limits.hold = (struct check_hold){.evaluations = 3};
	step(&machine, &limits, t += SECOND, 8000);
	/* However long it takes. */
	ck_assert_int_eq(step(&machine, &limits, t += 60 * MINUTE, 8000), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &limits, t += SECOND, 8000), CHECK_RAISED);
	/* Of rates too, which need no hold otherwise. */
	machine = (struct check_machine){0};
	limits = rate;
	limits.hold = (struct check_hold){.evaluations = 2};
	ck_assert_int_eq(step(&machine, &limits, t += SECOND, 200), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &limits, t += SECOND, 200), CHECK_RAISED);
}
END_TEST

/* Measured for as long as the hold, a rate was held already. */
START_TEST(a_rate_needs_no_further_hold)
{
	struct check_machine machine = {0};

	ck_assert_int_eq(step(&machine, &rate, 1000 * SECOND, 100), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	machine = (struct check_machine){0};
	ck_assert_int_eq(step(&machine, &rate, 1000 * SECOND, 1000), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
}
END_TEST

/* A single drop just before a reading, and the flood after it: one raise, a critical one. */
START_TEST(a_rate_that_has_just_begun_waits)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	ck_assert_int_eq(part(&machine, &rate, t, 100, 100, SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(part(&machine, &rate, t += SECOND, 800, 4000, SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(part(&machine, &rate, t += SECOND, 900, 4000, SECOND), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
}
END_TEST

/* A path that is gone, and is back: now and then a segment is still sent again, as everywhere. */
START_TEST(what_is_few_raises_nothing_and_ends_it)
{
	struct check_limits stalled = share;
	struct check_machine machine = {0};
	struct check_value few = {.value = 900, .now = CHECK_NO_VALUE, .whole = true, .few = true};
	struct check_step how = {.time = 1000 * SECOND, .outlier = true};

	stalled.hold.ns = 0;
	ck_assert_int_eq(check_machine_step(&machine, &stalled, &few, &how), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &stalled, how.time += SECOND, 900), CHECK_RAISED);
	/* Few, but most of what is sent: it is as bad as before. */
	for (unsigned i = 0; i < 600; i++) {
		how.time += SECOND;
		ck_assert_int_eq(check_machine_step(&machine, &stalled, &few, &how),
				 CHECK_UNCHANGED);
	}
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	few.value = 10;
	how.time += SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &stalled, &few, &how), CHECK_UNCHANGED);
	how.time += stalled.clear_after;
	ck_assert_int_eq(check_machine_step(&machine, &stalled, &few, &how), CHECK_ENDED);
}
END_TEST

/* 14.5/s of a listener is 1.2/s of a minute, five seconds after it began: critical at once. */
START_TEST(one_raise_for_one_fault)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	ck_assert_int_eq(part(&machine, &rate, t, 121, 1450, 5 * SECOND), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* At intervals of a second it waits until it is known to be critical. */
	machine = (struct check_machine){0};
	ck_assert_int_eq(part(&machine, &rate, t, 121, 1450, SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(part(&machine, &rate, t + SECOND, 140, 1450, SECOND), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* Or not to be: a burst is a warning. */
	machine = (struct check_machine){0};
	ck_assert_int_eq(part(&machine, &rate, t, 121, 1450, SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(part(&machine, &rate, t + SECOND, 121, 700, SECOND), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	/* Below the warning's limit the present rate raises nothing. */
	machine = (struct check_machine){0};
	for (unsigned i = 0; i < 10; i++)
		ck_assert_int_eq(part(&machine, &rate, t + i * SECOND, 99, 5940, SECOND),
				 CHECK_UNCHANGED);
}
END_TEST

/* A full queue is critical when it lasts, or when connections are lost. */
START_TEST(critical_has_a_hold_of_its_own)
{
	struct check_limits limits = level;
	struct check_machine machine = {0};
	struct check_value full = {.value = 10000, .now = CHECK_NO_VALUE, .whole = true};
	struct check_step how = {.time = 1000 * SECOND, .outlier = true};

	limits.critical_hold = MINUTE;
	check_machine_step(&machine, &limits, &full, &how);
	how.time += 10 * SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &limits, &full, &how), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	how.time += 49 * SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &limits, &full, &how), CHECK_UNCHANGED);
	how.time += SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &limits, &full, &how), CHECK_CHANGED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	machine = (struct check_machine){0};
	how.urgent = true;
	ck_assert_int_eq(check_machine_step(&machine, &limits, &full, &how), CHECK_UNCHANGED);
	how.time += 10 * SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &limits, &full, &how), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* What is urgent still has to be past critical. */
	machine = (struct check_machine){0};
	full.value = 8000;
	check_machine_step(&machine, &limits, &full, &how);
	how.time += 10 * SECOND;
	check_machine_step(&machine, &limits, &full, &how);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
}
END_TEST

START_TEST(what_is_soon_full_warns)
{
	struct check_machine machine = {0};
	struct check_value half = {.value = 5500, .now = CHECK_NO_VALUE, .whole = true};
	struct check_step how = {.time = 1000 * SECOND, .outlier = true, .filling = true};

	check_machine_step(&machine, &level, &half, &how);
	how.time += 10 * SECOND;
	ck_assert_int_eq(check_machine_step(&machine, &level, &half, &how), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	/* It goes on filling: no end, though the value is below the clear limit. */
	how.time += 60 * MINUTE;
	ck_assert_int_eq(check_machine_step(&machine, &level, &half, &how), CHECK_UNCHANGED);
	how.filling = false;
	check_machine_step(&machine, &level, &half, &how);
	how.time += 5 * MINUTE;
	ck_assert_int_eq(check_machine_step(&machine, &level, &half, &how), CHECK_ENDED);
}
END_TEST

START_TEST(above_zero_is_a_limit)
{
	struct check_limits limits = rate;
	struct check_machine machine = {0};

	limits.warning = limits.clear = 0;
	ck_assert_int_eq(step(&machine, &limits, 2 * SECOND, 0), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &limits, 3 * SECOND, 1), CHECK_RAISED);
	ck_assert_int_eq(step(&machine, &limits, 4 * SECOND, 0), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &limits, 304 * SECOND, 0), CHECK_ENDED);
}
END_TEST

START_TEST(no_critical_level)
{
	struct check_limits limits = rate;
	struct check_machine machine = {0};

	limits.critical = CHECK_NO_LIMIT;
	for (unsigned i = 1; i < 10; i++)
		part(&machine, &limits, i * SECOND, INT64_MAX - 1, INT64_MAX - 1, SECOND);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
}
END_TEST

START_TEST(not_an_outlier_is_not_raised)
{
	struct check_machine machine = {0};
	struct check_value usual = {
		.value = 999, .now = CHECK_NO_VALUE, .whole = true, .span = 2 * SECOND};
	struct check_step how = {.outlier = false};

	for (how.time = SECOND; how.time < 100 * SECOND; how.time += SECOND)
		ck_assert_int_eq(check_machine_step(&machine, &rate, &usual, &how),
				 CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_OK);
	/* Ten times the limit is too much, however usual: a slow rise is not swallowed. */
	usual.value = 1000;
	ck_assert_int_eq(check_machine_step(&machine, &rate, &usual, &how), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
}
END_TEST

/* --- ending ----------------------------------------------------------------------------------- */

START_TEST(hysteresis)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &rate, t, 1000);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* Below critical for the time that a clear takes: a warning again. */
	step(&machine, &rate, t += SECOND, 500);
	ck_assert_int_eq(step(&machine, &rate, t += 299 * SECOND, 500), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &rate, t += SECOND, 11), CHECK_CHANGED);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	/* Between clear and warning it stays. */
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(step(&machine, &rate, t += SECOND, 11), CHECK_UNCHANGED);
	step(&machine, &rate, t += SECOND, 10);
	ck_assert_int_eq(step(&machine, &rate, t += 5 * MINUTE - 1, 10), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &rate, ++t, 10), CHECK_ENDED);
	ck_assert_int_eq(machine.state, CHECK_OK);
	ck_assert_uint_eq(machine.raises, 1);
}
END_TEST

/* A critical alarm on its way to its end is not told as a warning first. */
START_TEST(from_critical_straight_to_the_end)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &rate, t, 1000);
	step(&machine, &rate, t += SECOND, 500);
	for (unsigned i = 0; i < 299; i++)
		ck_assert_int_eq(step(&machine, &rate, t += SECOND, 0), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &rate, t += SECOND, 0), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &rate, t += SECOND, 0), CHECK_ENDED);
}
END_TEST

/* Of a part of a window the value is a lower bound: it can be less than what is so. */
START_TEST(a_part_of_a_window_ends_nothing)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &rate, t, 1000);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	for (unsigned i = 0; i < 3600; i++)
		ck_assert_int_eq(part(&machine, &rate, t += SECOND, 0, 0, SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	step(&machine, &rate, t += SECOND, 0);
	ck_assert_int_eq(step(&machine, &rate, t += 5 * MINUTE, 0), CHECK_ENDED);
}
END_TEST

START_TEST(missing_data_neither_raise_nor_clear)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &level, t, 8000);
	step(&machine, &level, t += SECOND, CHECK_NO_VALUE);
	ck_assert_int_eq(machine.state, CHECK_UNKNOWN);
	ck_assert_int_eq(step(&machine, &level, t += 10 * SECOND, 8000), CHECK_UNCHANGED);
	ck_assert_int_eq(step(&machine, &level, t += 10 * SECOND, 8000), CHECK_RAISED);
	step(&machine, &level, t += SECOND, 0);
	ck_assert_int_eq(step(&machine, &level, t += 3600 * SECOND, CHECK_NO_VALUE),
			 CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_UNKNOWN);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
	ck_assert_int_eq(step(&machine, &level, t += SECOND, 0), CHECK_UNCHANGED);
	ck_assert_int_eq(check_machine_end(&machine, t += SECOND), CHECK_ENDED);
	ck_assert_int_eq(check_machine_end(&machine, t += SECOND), CHECK_UNCHANGED);
}
END_TEST

/* 20 % loss, then a total outage: nothing is left to take a share of, and nothing is well. */
START_TEST(too_little_traffic_ends_nothing)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &share, t, 2000);
	ck_assert_int_eq(step(&machine, &share, t += 10 * SECOND, 2000), CHECK_RAISED);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* Retransmissions up to 120 s apart. */
	for (unsigned i = 0; i < 3600; i++)
		ck_assert_int_eq(little(&machine, &share, t += SECOND, i % 120 * SECOND),
				 CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_CRITICAL);
	ck_assert_int_eq(machine.severity, ALARM_CRITICAL);
	/* The same as before: the same alarm. */
	ck_assert_int_eq(step(&machine, &share, t += SECOND, 2000), CHECK_UNCHANGED);
	ck_assert_uint_eq(machine.raises, 1);
	/* A machine without an alarm is ok, not unknown. */
	machine = (struct check_machine){0};
	ck_assert_int_eq(little(&machine, &share, t, 3600 * SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(machine.state, CHECK_OK);
}
END_TEST

START_TEST(no_more_traffic)
{
	struct check_limits limits = share;
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	step(&machine, &share, t, 2000);
	step(&machine, &share, t += 10 * SECOND, 2000);
	ck_assert_int_eq(little(&machine, &share, t += SECOND, 300 * SECOND - 1), CHECK_UNCHANGED);
	ck_assert_int_eq(little(&machine, &share, t += SECOND, 300 * SECOND), CHECK_IDLE);
	ck_assert_int_eq(machine.state, CHECK_OK);
	ck_assert_uint_eq(machine.cleared, t);
	/* Not before TCP's backoff is over, however soon alarms are to end. */
	machine = (struct check_machine){0};
	limits.clear_after = SECOND;
	step(&machine, &limits, t, 2000);
	step(&machine, &limits, t += 10 * SECOND, 2000);
	ck_assert_int_eq(little(&machine, &limits, t += SECOND, 299 * SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(little(&machine, &limits, t += SECOND, 300 * SECOND), CHECK_IDLE);
	/* And not before clearAfter. */
	machine = (struct check_machine){0};
	limits.clear_after = 10 * MINUTE;
	step(&machine, &limits, t, 2000);
	step(&machine, &limits, t += 10 * SECOND, 2000);
	ck_assert_int_eq(little(&machine, &limits, t += SECOND, 599 * SECOND), CHECK_UNCHANGED);
	ck_assert_int_eq(little(&machine, &limits, t += SECOND, 600 * SECOND), CHECK_IDLE);
}
END_TEST

START_TEST(flapping_slows_down)
{
	struct check_machine machine = {0};
	uint64_t t = SECOND, ended[8], begun[8];

	for (unsigned i = 0; i < 8; i++) {
		while (step(&machine, &rate, t += SECOND, 200) != CHECK_RAISED)
			;
		begun[i] = t;
		while (step(&machine, &rate, t += SECOND, 0) != CHECK_ENDED)
			;
		ended[i] = t;
	}
	ck_assert_uint_eq(ended[0] - begun[0], 301 * SECOND);
	ck_assert_uint_eq(ended[1] - begun[1], 601 * SECOND);
	ck_assert_uint_eq(ended[7] - begun[7], 2401 * SECOND);
	/* Quiet for long: forgotten. */
	t += 4 * 2400 * SECOND;
	while (step(&machine, &rate, t += SECOND, 200) != CHECK_RAISED)
		;
	ck_assert_uint_eq(machine.patience, 0);
}
END_TEST

/* A removal is an end: what is removed and comes back at once is flapping too. */
START_TEST(removal_does_not_forget_the_flapping)
{
	struct check_machine machine = {0};
	uint64_t t = 1000 * SECOND;

	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(step(&machine, &rate, t += SECOND, 200), CHECK_RAISED);
		ck_assert_int_eq(check_machine_end(&machine, t += MINUTE), CHECK_ENDED);
	}
	ck_assert_uint_eq(machine.patience, 2);
}
END_TEST

/* Two percent around the limit for 16 minutes. */
START_TEST(around_the_limit)
{
	struct check_machine machine = {0};
	unsigned events = 0;

	for (unsigned s = 0; s < 16 * 60; s++)
		events += step(&machine, &level, (1000 + s) * SECOND, s / 7 % 2 ? 6860 : 7140) !=
			  CHECK_UNCHANGED;
	for (unsigned s = 16 * 60; s < 32 * 60; s++)
		events += step(&machine, &level, (1000 + s) * SECOND, s / 13 % 2 ? 5880 : 7140) !=
			  CHECK_UNCHANGED;
	ck_assert_uint_le(events, 2);
	ck_assert_int_eq(machine.severity, ALARM_WARNING);
}
END_TEST

/* --- long series ------------------------------------------------------------------------------
 */

/* The promises to an operator, over long random series. */
START_TEST(promises_over_random_series)
{
	uint64_t seed = (uint64_t)_i * 7919 + 1, time = SECOND, calm = 0, changed = 0;
	struct check_limits limits = level;
	struct check_machine machine = {0};
	uint64_t raises = 0, clears = 0;
	uint32_t over = 0, over_critical = 0;
	int64_t about = 0;

	limits.warning = (int64_t)dice(&seed, 3) * 100;
	limits.critical = dice(&seed, 4) ? limits.warning + 1 + (int64_t)dice(&seed, 500)
					 : CHECK_NO_LIMIT;
	limits.clear = limits.warning ? (int64_t)dice(&seed, (uint64_t)limits.warning) : 0;
	limits.hold = (struct check_hold){.evaluations = 1 + (uint32_t)dice(&seed, 4)};
	limits.clear_after = dice(&seed, 120) * SECOND;
	for (unsigned i = 0; i < 100000; i++) {
		enum alarm_severity before = machine.severity;
		enum check_change change;
		int64_t value;
		bool warning, critical, whole = dice(&seed, 400);
		struct check_value its;
		struct check_step how;

		time += 1 + dice(&seed, 10 * SECOND);
		/* Quiet and loud times of random length. */
		if (!dice(&seed, 300))
			about = dice(&seed, 2) ? 0 : (int64_t)dice(&seed, 600);
		value = (int64_t)dice(&seed, (uint64_t)(about ? about * 2 : limits.clear + 1));
		if (!dice(&seed, 500))
			value = CHECK_NO_VALUE;
		critical = limits.critical != CHECK_NO_LIMIT && value >= limits.critical;
		warning = critical ||
			  (limits.warning ? value >= limits.warning : value > limits.warning);
		if (value == CHECK_NO_VALUE)
			warning = critical = false;
		over = warning ? over + 1 : 0;
		over_critical = critical ? over_critical + 1 : 0;
		if (value == CHECK_NO_VALUE || value > limits.clear || !whole)
			calm = 0;
		else if (!calm)
			calm = time;
		its = (struct check_value){.value = value, .now = CHECK_NO_VALUE, .whole = whole};
		how = (struct check_step){.time = time, .outlier = true};
		change = check_machine_step(&machine, &limits, &its, &how);
		switch (change) {
		case CHECK_RAISED:
			raises++;
			PROMISE(raises == clears + 1);
			PROMISE(over >= limits.hold.evaluations);
			PROMISE((machine.severity == ALARM_CRITICAL) == critical);
			changed = time;
			break;
		case CHECK_ENDED:
			clears++;
			PROMISE(raises == clears);
			PROMISE(calm && time - calm >= limits.clear_after);
			PROMISE(time - changed >= limits.clear_after);
			break;
		case CHECK_CHANGED:
			if (machine.severity == ALARM_CRITICAL)
				PROMISE(over_critical && over >= limits.hold.evaluations);
			else
				PROMISE(whole && time - changed >= limits.clear_after);
			changed = time;
			break;
		case CHECK_IDLE:
			PROMISE(!"ended without a value that says so");
			break;
		case CHECK_UNCHANGED:
			PROMISE(machine.severity == before || (!before && !machine.raises));
			/* Nothing that lasts stays untold. */
			if (before <= ALARM_NONE)
				PROMISE(over < limits.hold.evaluations);
			if (before != ALARM_CRITICAL)
				PROMISE(over_critical < limits.hold.evaluations);
			if (before > ALARM_NONE && calm)
				PROMISE(time - calm < limits.clear_after << CHECK_PATIENCE_MAX);
			break;
		}
		PROMISE((machine.state == CHECK_UNKNOWN) == (value == CHECK_NO_VALUE));
		PROMISE(machine.raises == raises);
	}
	PROMISE(raises > 2);
}
END_TEST

int main(void)
{
	const TTest *const once[] = {
		a_level_has_to_last,
		evaluations_can_be_counted,
		a_rate_needs_no_further_hold,
		a_rate_that_has_just_begun_waits,
		what_is_few_raises_nothing_and_ends_it,
		one_raise_for_one_fault,
		critical_has_a_hold_of_its_own,
		what_is_soon_full_warns,
		above_zero_is_a_limit,
		no_critical_level,
		not_an_outlier_is_not_raised,
		hysteresis,
		from_critical_straight_to_the_end,
		a_part_of_a_window_ends_nothing,
		missing_data_neither_raise_nor_clear,
		too_little_traffic_ends_nothing,
		no_more_traffic,
		flapping_slows_down,
		removal_does_not_forget_the_flapping,
		around_the_limit,
	};
	Suite *suite = suite_create("check_state");
	TCase *tcase = tcase_create("check_state");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < COUNT_OF(once); i++)
		tcase_add_test(tcase, once[i]);
	tcase_add_loop_test(tcase, promises_over_random_series, 0, 20);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
