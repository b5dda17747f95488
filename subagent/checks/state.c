/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/checks/state.h"

#define HOUR_NS (3600 * SECOND_NS)
#define HUNDRED 100

/* An alarm that comes back within so many times the time that it took to end is flapping. */
#define SOON 4

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

static struct check_sample *sample_at(struct check_ring *ring, unsigned i)
{
	return &ring->sample[(ring->first + i) % CHECK_SAMPLES];
}

static void ring_push(struct check_ring *ring, const struct check_sample *sample)
{
	*sample_at(ring, ring->count++) = *sample;
}

static bool same_values(const struct check_sample *a, const struct check_sample *b)
{
	return a->value == b->value && a->base == b->base;
}

/* A sample leaves the window: some are remembered as the past. */
static void ring_shift(struct check_ring *ring)
{
	const struct check_sample *gone = sample_at(ring, 0);
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
static struct check_ring *ring_start(struct check_window *window)
{
	struct check_ring *ring = window->ring;

	if (!ring)
		ring = window->ring = calloc(1, sizeof(*ring));
	if (!ring)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	ring->past[0] = window->origin;
	ring->past[0].time = window->since;
	if (window->origin.time - window->since > HOUR_NS)
		ring->past[0].time = window->origin.time - HOUR_NS;
	ring_push(ring, &window->origin);
	return ring;
}

/*
 * Stores a sample. Slots are at least a part of the window apart, so that the ring reaches over the
 * window at any interval: a sample that comes sooner is only `last`. Of levels, a slot keeps the
 * lowest since it began.
 */
static bool window_store(struct check_window *window, const struct check_limits *limits,
			 const struct check_sample *sample)
{
	struct check_ring *ring = window->ring;
	struct check_sample *newest;

	if (!ring || !ring->count) {
		if (same_values(sample, &window->origin)) {
			window->origin.time = sample->time;
			return true;
		}
		ring = ring_start(window);
		if (!ring)
			return false;
	}
	newest = sample_at(ring, ring->count - 1);
	if (sample->time - newest->time >= limits->window / SLOTS_IN_WINDOW) {
		while (ring->count > 1 &&
		       (ring->count == CHECK_SAMPLES ||
			sample_at(ring, 1)->time + limits->window <= sample->time))
			ring_shift(ring);
		ring_push(ring, sample);
	} else if (limits->kind == CHECK_LOWEST && sample->value < newest->value) {
		newest->value = sample->value;
	}
	return true;
}

/* The newest sample that is at least a whole window old. False: there is none. */
static bool window_start(const struct check_window *window, uint64_t length,
			 struct check_sample *start)
{
	uint64_t until = window->last.time - length;

	if (window->last.time < window->since + length)
		return false;
	*start = window->origin;
	start->time = until;
	if (until <= window->origin.time)
		return true;
	for (unsigned i = 0; i < window->ring->count; i++) {
		const struct check_sample *sample = sample_at(window->ring, i);

		if (sample->time > until)
			break;
		*start = *sample;
	}
	return true;
}

static int64_t lowest(const struct check_window *window, uint64_t from)
{
	uint64_t low = window->last.value;
	struct check_ring *ring = window->ring;

	for (unsigned i = 0; ring && i < ring->count; i++)
		if (sample_at(ring, i)->time >= from && sample_at(ring, i)->value < low)
			low = sample_at(ring, i)->value;
	return (int64_t)low;
}

/* a * b / c without overflow, cut to int64_t; a positive result is at least 1. */
static int64_t scaled(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 result;

	if (!c)
		return 0;
	result = (unsigned __int128)a * b / c;
	if (result >= (unsigned __int128)(INT64_MAX - 1))
		return INT64_MAX - 1;
	return !result && a && b ? 1 : (int64_t)result;
}

static int64_t increase_value(const struct check_limits *limits, const struct check_sample *from,
			      const struct check_sample *to)
{
	uint64_t increase = to->value - from->value, base = to->base - from->base;
	uint64_t elapsed = to->time - from->time;

	switch (limits->kind) {
	case CHECK_RATE:
		return scaled(increase, HUNDRED * SECOND_NS, elapsed);
	case CHECK_COUNT:
		if (limits->count_over)
			return scaled(increase * HUNDRED, limits->count_over, elapsed);
		return scaled(increase, HUNDRED, 1);
	default:
		if (base < limits->minimum)
			return 0;
		return scaled(increase, HUNDRED * HUNDRED, base);
	}
}

static bool is_level(const struct check_limits *limits)
{
	return limits->kind == CHECK_LEVEL || limits->kind == CHECK_LOWEST;
}

static int64_t window_value(const struct check_window *window, const struct check_limits *limits)
{
	struct check_sample start;

	if (!window_start(window, limits->window, &start))
		return CHECK_NO_VALUE;
	if (limits->kind == CHECK_LOWEST)
		return scaled((uint64_t)lowest(window, start.time), (uint64_t)limits->scale, 1);
	return increase_value(limits, &start, &window->last);
}

int64_t check_window_add(struct check_window *window, const struct check_limits *limits,
			 uint64_t time, const struct check_reading *reading)
{
	struct check_sample sample = {.time = time, .value = reading->value, .base = reading->base};

	if (reading->value == ROW_ABSENT ||
	    (limits->kind == CHECK_SHARE && reading->base == ROW_ABSENT))
		return CHECK_NO_VALUE;
	if (limits->kind != CHECK_SHARE)
		sample.base = 0;
	if (limits->kind == CHECK_LEVEL)
		return scaled(sample.value, (uint64_t)limits->scale, 1);
	if (window->since && (reading->stamp != window->stamp ||
			      (!is_level(limits) && (sample.value < window->last.value ||
						     sample.base < window->last.base))))
		check_window_restart(window);
	window->stamp = reading->stamp;
	window->last = sample;
	if (!window->since) {
		window->since = time;
		window->origin = sample;
	} else if (!window_store(window, limits, &sample)) {
		check_window_restart(window);
		return CHECK_NO_VALUE;
	}
	return window_value(window, limits);
}

bool check_window_outlier(const struct check_window *window, const struct check_limits *limits,
			  int64_t value)
{
	struct check_sample start, past;

	if (!limits->outlier)
		return true;
	if (!window->since || !window_start(window, limits->window, &start))
		return false;
	past = window->origin;
	past.time = window->since;
	if (window->ring && window->ring->count)
		past = window->ring->past[0];
	if (start.time < past.time + limits->window)
		return false;
	return value > limits->outlier * increase_value(limits, &past, &start);
}

int64_t check_limit(const struct check_limits *limits, enum alarm_severity severity)
{
	switch (severity) {
	case ALARM_CRITICAL:
		return limits->critical;
	case ALARM_WARNING:
		return limits->warning;
	default:
		return limits->clear;
	}
}

/* A limit of 0 means anything above it. */
static bool passes(int64_t value, int64_t limit)
{
	return limit != CHECK_NO_LIMIT && (limit > 0 ? value >= limit : value > 0);
}

static void enter(struct check_machine *machine, enum check_state state, uint64_t time)
{
	if (machine->state == state && machine->since)
		return;
	machine->state = state;
	machine->since = time;
}

/* Counts how long the value has been where it is. */
static void count(struct check_machine *machine, const struct check_limits *limits, uint64_t time,
		  int64_t value, bool counts)
{
	bool critical = passes(value, limits->critical);
	bool warning = critical || passes(value, limits->warning);
	bool calm = !warning && value <= limits->clear;

	machine->over_warning = counts && warning ? machine->over_warning + 1 : 0;
	machine->over_critical = counts && critical ? machine->over_critical + 1 : 0;
	if (!calm)
		machine->calm_since = 0;
	else if (!machine->calm_since)
		machine->calm_since = time;
	if (critical)
		machine->lower_since = 0;
	else if (!machine->lower_since)
		machine->lower_since = time;
}

/* The severity that the machine goes to. */
static enum alarm_severity next_severity(const struct check_machine *machine,
					 const struct check_limits *limits, uint64_t time)
{
	uint64_t wait = limits->clear_after << machine->patience;
	bool raised = machine->severity > ALARM_NONE;

	if (raised && machine->calm_since && time - machine->calm_since >= wait)
		return ALARM_NONE;
	if (machine->over_critical >= limits->hold && machine->over_critical)
		return ALARM_CRITICAL;
	/* What is on its way to its end is not told as a mere change first. */
	if (machine->severity == ALARM_CRITICAL && machine->lower_since && !machine->calm_since &&
	    time - machine->lower_since >= wait)
		return ALARM_WARNING;
	if (!raised && machine->over_warning >= limits->hold && machine->over_warning)
		return ALARM_WARNING;
	return raised ? machine->severity : ALARM_NONE;
}

static void note_raise(struct check_machine *machine, const struct check_limits *limits,
		       uint64_t time)
{
	bool soon = machine->cleared &&
		    time - machine->cleared < SOON * (limits->clear_after << machine->patience);

	machine->raises++;
	if (!soon)
		machine->patience = 0;
	else if (machine->patience < CHECK_PATIENCE_MAX)
		machine->patience++;
}

enum check_change check_machine_step(struct check_machine *machine,
				     const struct check_limits *limits, uint64_t time,
				     int64_t value, bool outlier)
{
	enum alarm_severity before = machine->severity, after;

	if (!before)
		before = ALARM_NONE;
	if (value == CHECK_NO_VALUE) {
		machine->over_warning = machine->over_critical = 0;
		machine->calm_since = machine->lower_since = 0;
		enter(machine, CHECK_UNKNOWN, time);
		return CHECK_UNCHANGED;
	}
	count(machine, limits, time, value, outlier || before != ALARM_NONE);
	after = next_severity(machine, limits, time);
	machine->severity = after;
	enter(machine,
	      after == ALARM_CRITICAL  ? CHECK_CRITICAL
	      : after == ALARM_WARNING ? CHECK_WARNING
				       : CHECK_OK,
	      time);
	if (after == before)
		return CHECK_UNCHANGED;
	if (after == ALARM_NONE) {
		machine->cleared = time;
		return CHECK_CLEARED;
	}
	if (before != ALARM_NONE)
		return CHECK_CHANGED;
	note_raise(machine, limits, time);
	return CHECK_RAISED;
}

enum check_change check_machine_end(struct check_machine *machine, uint64_t time)
{
	bool raised = machine->severity > ALARM_NONE;

	machine->severity = ALARM_NONE;
	machine->over_warning = machine->over_critical = 0;
	machine->calm_since = machine->lower_since = 0;
	if (raised)
		machine->cleared = time;
	return raised ? CHECK_CLEARED : CHECK_UNCHANGED;
}
