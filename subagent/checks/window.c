/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns the readings of counters and levels that the collectors' rows give into the value that a
 * check judges: a rate, a count, a share or a level over a sliding window.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/base/rows.h"
#include "subagent/checks/window.h"

#define HOUR_NS (3600 * SECOND_NS)
#define HUNDRED 100

/* One sample is the newest, one may be older than the window. */
#define SLOTS_IN_WINDOW (CHECK_SAMPLES - 2)

void check_window_free(struct check_window *window)
{
	free(window->ring);
	memset(window, 0, sizeof(*window));
}

void check_window_restart(struct check_window *window)
{
	struct check_ring *ring = window->ring;

	if (ring)
		ring->count = 0;
	memset(window, 0, sizeof(*window));
	window->ring = ring;
}

static struct check_sample *window_sample(struct check_ring *ring, unsigned i)
{
	return &ring->sample[(ring->first + i) % CHECK_SAMPLES];
}

static void window_push(struct check_ring *ring, const struct check_sample *sample)
{
	*window_sample(ring, ring->count++) = *sample;
}

/* The oldest sample leaves the window; some are remembered as the past. */
static void window_shift(struct check_ring *ring)
{
	const struct check_sample *gone = window_sample(ring, 0);
	struct check_sample *past = ring->past;

	if (past[1].time && gone->time - past[1].time >= HOUR_NS / 2) {
		past[0] = past[1];
		past[1] = *gone;
	} else if (!past[1].time && gone->time - past[0].time >= HOUR_NS / 2) {
		past[1] = *gone;
	}
	ring->first = (ring->first + 1) % CHECK_SAMPLES;
	ring->count--;
}

/* A reading differs from the oldest for the first time. */
static struct check_ring *window_diverge(struct check_window *window)
{
	struct check_ring *ring = window->ring;

	if (!ring)
		ring = window->ring = malloc(sizeof(*ring));
	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ring->past[0] = window->origin;
	ring->past[0].time = window->since;
	if (window->origin.time - window->since > HOUR_NS)
		ring->past[0].time = window->origin.time - HOUR_NS;
	window_push(ring, &window->origin);
	return ring;
}

/*
 * Stores a sample. Slots are at least a part of the window apart, so that the ring reaches over the
 * window at any interval: a sample that comes sooner is only `last`. Of levels, a slot keeps the
 * lowest since it began.
 */
static bool window_store(struct check_window *window, const struct check_measure *measure,
			 const struct check_sample *sample)
{
	struct check_ring *ring = window->ring;
	struct check_sample *newest;

	if (!ring || !ring->count) {
		if (!memcmp(sample->counter, window->origin.counter, sizeof(sample->counter))) {
			window->origin.time = sample->time;
			return true;
		}
		ring = window_diverge(window);
		if (!ring)
			return false;
	}
	newest = window_sample(ring, ring->count - 1);
	if (sample->time - newest->time >= measure->window / SLOTS_IN_WINDOW) {
		while (ring->count > 1 &&
		       (ring->count == CHECK_SAMPLES ||
			window_sample(ring, 1)->time + measure->window <= sample->time))
			window_shift(ring);
		window_push(ring, sample);
	} else if (measure->kind == CHECK_LOWEST &&
		   sample->counter[CHECK_COUNTER_VALUE] < newest->counter[CHECK_COUNTER_VALUE]) {
		newest->counter[CHECK_COUNTER_VALUE] = sample->counter[CHECK_COUNTER_VALUE];
	}
	return true;
}

/* The newest sample that is at least a whole window old, or the oldest there is. Says whether the
 * window is whole. */
static bool window_start(const struct check_window *window, uint64_t length,
			 struct check_sample *start)
{
	bool whole = window->last.time - window->since >= length;
	uint64_t until = whole ? window->last.time - length : window->since;

	*start = window->origin;
	start->time = until;
	if (until <= window->origin.time)
		return whole;
	for (unsigned i = 0; i < window->ring->count; i++) {
		const struct check_sample *sample = window_sample(window->ring, i);

		if (sample->time > until)
			break;
		*start = *sample;
	}
	return whole;
}

static uint64_t window_lowest(const struct check_window *window, uint64_t from)
{
	uint64_t low = window->last.counter[CHECK_COUNTER_VALUE];
	struct check_ring *ring = window->ring;

	for (unsigned i = 0; ring && i < ring->count; i++) {
		const struct check_sample *sample = window_sample(ring, i);

		if (sample->time >= from && sample->counter[CHECK_COUNTER_VALUE] < low)
			low = sample->counter[CHECK_COUNTER_VALUE];
	}
	return low;
}

/* a * b / c without overflow, cut to int64_t; a positive result is at least 1. */
static int64_t window_scaled(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 result;

	if (!c)
		return 0;
	result = (unsigned __int128)a * b / c;
	if (result >= (unsigned __int128)(INT64_MAX - 1))
		return INT64_MAX - 1;
	return !result && a && b ? 1 : (int64_t)result;
}

/* By how much the thing that is judged increased. */
static uint64_t window_increase(const struct check_sample *from, const struct check_sample *to)
{
	uint64_t by[CHECK_COUNTERS];

	for (unsigned i = 0; i < CHECK_COUNTERS; i++)
		by[i] = to->counter[i] - from->counter[i];
	if (by[CHECK_COUNTER_LESS] > by[CHECK_COUNTER_VALUE])
		by[CHECK_COUNTER_LESS] = by[CHECK_COUNTER_VALUE];
	if (by[CHECK_COUNTER_CAPPED] > by[CHECK_COUNTER_CAP])
		by[CHECK_COUNTER_CAPPED] = by[CHECK_COUNTER_CAP];
	return by[CHECK_COUNTER_VALUE] - by[CHECK_COUNTER_LESS] + by[CHECK_COUNTER_CAPPED];
}

static int64_t window_rate(const struct check_sample *from, const struct check_sample *to,
			   uint64_t elapsed)
{
	return window_scaled(window_increase(from, to), HUNDRED * SECOND_NS, elapsed);
}

/* What the time between two samples comes to, of which `elapsed` ns are reckoned. */
static int64_t window_judge(const struct check_measure *measure, const struct check_sample *from,
			    const struct check_sample *to, uint64_t elapsed)
{
	uint64_t increase = window_increase(from, to);
	uint64_t base = to->counter[CHECK_COUNTER_BASE] - from->counter[CHECK_COUNTER_BASE];

	switch (measure->kind) {
	case CHECK_RATE:
		return window_rate(from, to, elapsed);
	case CHECK_COUNT:
		if (measure->count_over)
			return window_scaled(increase * HUNDRED, measure->count_over, elapsed);
		return window_scaled(increase, HUNDRED, 1);
	default:
		if (base < measure->minimum || !base)
			return CHECK_NO_VALUE;
		return window_scaled(increase, HUNDRED * HUNDRED, base);
	}
}

static bool measures_level(const struct check_measure *measure)
{
	return measure->kind == CHECK_LEVEL || measure->kind == CHECK_LOWEST;
}

static bool window_went_back(const struct check_sample *from, const struct check_sample *to)
{
	for (unsigned i = 0; i < CHECK_COUNTERS; i++)
		if (to->counter[i] < from->counter[i])
			return true;
	return false;
}

static void window_value(const struct check_window *window, const struct check_measure *measure,
			 struct check_value *value)
{
	uint64_t now = window->last.time, settled = now - window->mark.time;
	struct check_sample start;

	value->whole = window_start(window, measure->window, &start);
	value->idle = now - (window->increased ? window->increased : window->since);
	if (measure->kind == CHECK_LOWEST) {
		if (value->whole)
			value->value = window_scaled(window_lowest(window, start.time),
						     (uint64_t)measure->scale, 1);
		return;
	}
	/* The first reading alone says nothing. */
	if (now == window->since)
		return;
	value->value = window_judge(measure, &start, &window->last,
				    value->whole ? now - start.time : measure->window);
	value->little = measure->kind == CHECK_SHARE && value->value == CHECK_NO_VALUE;
	value->few = measure->kind == CHECK_SHARE &&
		     window_increase(&start, &window->last) < measure->minimum_value;
	if (measure->kind == CHECK_RATE && settled)
		value->now = window_rate(&window->mark, &window->last, settled);
}

/* The window's first sample. */
static void window_begin(struct check_window *window, const struct check_sample *sample)
{
	window->since = sample->time;
	window->origin = window->mark = window->last = *sample;
}

void check_window_born(struct check_window *window, uint64_t time, uint64_t stamp, uint64_t cap)
{
	struct check_sample sample = {.time = time, .counter[CHECK_COUNTER_CAP] = cap};

	check_window_restart(window);
	window->stamp = stamp;
	window_begin(window, &sample);
}

void check_window_restore(struct check_window *window, const struct check_window *saved)
{
	check_window_restart(window);
	window->since = saved->since;
	window->increased = saved->increased;
	window->origin = saved->origin;
	window->mark = saved->mark;
	window->last = saved->last;
	window->any_stamp = true;
	/* The newest reading has to be in the ring where it differs from the oldest. */
	if (!memcmp(window->origin.counter, window->last.counter, sizeof(window->last.counter)))
		window->origin.time = window->last.time;
	else if (window_diverge(window))
		window_push(window->ring, &window->last);
	else
		check_window_restart(window);
}

void check_window_add(struct check_window *window, const struct check_measure *measure,
		      uint64_t time, const struct check_reading *reading, struct check_value *value)
{
	struct check_sample sample = {.time = time};

	*value = (struct check_value){.value = CHECK_NO_VALUE, .now = CHECK_NO_VALUE};
	for (unsigned i = 0; i < CHECK_COUNTERS; i++)
		if (reading->counter[i] == ROW_ABSENT)
			return;
	memcpy(sample.counter, reading->counter, sizeof(sample.counter));
	if (measure->kind == CHECK_LEVEL) {
		value->value = window_scaled(sample.counter[CHECK_COUNTER_VALUE],
					     (uint64_t)measure->scale, 1);
		value->whole = true;
		return;
	}
	if (window->since &&
	    ((reading->stamp != window->stamp && !window->any_stamp) ||
	     (!measures_level(measure) && window_went_back(&window->last, &sample))))
		check_window_restart(window);
	window->stamp = reading->stamp;
	window->any_stamp = false;
	if (!window->since) {
		window_begin(window, &sample);
		window_value(window, measure, value);
		return;
	}
	value->span = time - window->last.time;
	if (window_increase(&window->last, &sample))
		window->increased = time;
	if (window->last.time - window->mark.time >= measure->settle)
		window->mark = window->last;
	window->last = sample;
	if (window_store(window, measure, &sample))
		window_value(window, measure, value);
	else
		check_window_restart(window);
}

bool check_window_outlier(const struct check_window *window, const struct check_measure *measure,
			  int64_t value, uint32_t times)
{
	struct check_sample start, past;

	if (!window->since || !window_start(window, measure->window, &start))
		return false;
	past = window->origin;
	past.time = window->since;
	if (window->ring && window->ring->count)
		past = window->ring->past[0];
	if (start.time < past.time + measure->window)
		return false;
	return value > times * window_judge(measure, &past, &start, start.time - past.time);
}
