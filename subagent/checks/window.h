/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sliding window over the readings of one instance of a check, and the value that they come to.
 * Pure: the clock and the readings are arguments.
 *
 * Values are in hundredths of the check's units, times in monotonic ns.
 */
#ifndef NETDIAG_CHECKS_WINDOW_H
#define NETDIAG_CHECKS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* How readings become a value. */
enum check_kind {
	CHECK_LEVEL,  /* the reading itself */
	CHECK_LOWEST, /* the lowest reading in the window */
	CHECK_RATE,   /* increase per second */
	CHECK_COUNT,  /* increase over the window */
	CHECK_SHARE,  /* increase as percent of the increase of CHECK_COUNTER_BASE */
};

/* No value: data are missing, too little, or not yet of a whole window. */
#define CHECK_NO_VALUE INT64_MIN

/* What a reading consists of. The increase that a window judges is that of VALUE, less that of
 * LESS, and that of CAPPED as far as CAP has increased too. */
enum check_counter {
	CHECK_COUNTER_VALUE, /* the level of a LEVEL or LOWEST */
	CHECK_COUNTER_LESS,
	CHECK_COUNTER_CAPPED,
	CHECK_COUNTER_CAP,
	CHECK_COUNTER_BASE,
	CHECK_COUNTERS,
};

struct check_reading {
	uint64_t
		counter[CHECK_COUNTERS]; /* VALUE is ROW_ABSENT: there is none; unused ones are 0 */
	uint64_t stamp; /* of the last discontinuity; another one than before restarts the window */
};

/* How a window is to be read. */
struct check_measure {
	enum check_kind kind;
	int64_t scale;		/* what one unit of a LEVEL or LOWEST reading is in hundredths */
	uint64_t window;	/* ns */
	uint64_t count_over;	/* ns; not 0: a COUNT is given as if the window were this long */
	uint64_t minimum;	/* increase of the base below which a SHARE says nothing */
	uint64_t minimum_value; /* increase of the value below which a SHARE raises nothing */
	uint64_t settle;	/* ns over which `now` is measured at least */
};

/* What the readings come to. */
struct check_value {
	int64_t value; /* CHECK_NO_VALUE: none. Of a part of a window: a lower bound of a RATE or
			  COUNT, as if nothing more came; the share so far of a SHARE */
	int64_t now;   /* a RATE over the last moments; else CHECK_NO_VALUE */
	bool whole;    /* the readings span the whole window */
	uint64_t span; /* ns that the newest reading stands for: since the one before */
	bool little;   /* no value, for there is too little traffic to judge a SHARE */
	bool few;      /* too little was counted to raise anything by it; it may end it */
	uint64_t idle; /* ns since the value last increased */
};

struct check_sample {
	uint64_t time;
	uint64_t counter[CHECK_COUNTERS];
};

/* Samples kept per instance, whatever the interval and the window. */
#define CHECK_SAMPLES 16

/* Samples of a window; only made when a reading differs from those before. */
struct check_ring {
	unsigned first;
	unsigned count;
	struct check_sample sample[CHECK_SAMPLES];
	struct check_sample past[2]; /* from before the window, half an hour apart */
};

/* Zero-initialise; check_window_free() at the end. */
struct check_window {
	uint64_t since; /* time of the oldest reading; 0: there is none */
	uint64_t stamp;
	bool any_stamp;	    /* restored: the next reading's stamp is the window's */
	uint64_t increased; /* when the value last increased; 0: never */
	struct check_sample
		origin;		  /* the oldest reading's counters, at the last time they were so */
	struct check_sample mark; /* where `now` begins */
	struct check_sample last;
	struct check_ring *ring; /* NULL while all readings were the same */
};

void check_window_free(struct check_window *window);

/* Forgets all readings: the next one is the first. */
void check_window_restart(struct check_window *window);

/* Goes on with a window that a former process had: since, increased, origin, mark and last of it.
 * The next reading's stamp is taken to be its own; counters that went back restart it. */
void check_window_restore(struct check_window *window, const struct check_window *saved);

/*
 * Begins a window with a reading that was never taken: of an object that came into being after
 * `time` with its counters at 0. cap: what CHECK_COUNTER_CAP was then, which is no counter of the
 * object's own.
 */
void check_window_born(struct check_window *window, uint64_t time, uint64_t stamp, uint64_t cap);

/*
 * Takes a reading at a time later than the one before, and says what the window comes to. A counter
 * that went back restarts the window, as a new stamp does. Without memory there is no value.
 */
void check_window_add(struct check_window *window, const struct check_measure *measure,
		      uint64_t time, const struct check_reading *reading,
		      struct check_value *value);

/* Whether a value is more than `times` the mean of the hour before the window. False when nothing
 * is known of the time before. */
bool check_window_outlier(const struct check_window *window, const struct check_measure *measure,
			  int64_t value, uint32_t times);

#endif
