/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The arithmetic of one check on one instance: a sliding window over readings, and the state
 * machine that decides when an alarm begins and ends. Pure: the clock and the readings are
 * arguments; nothing is global.
 *
 * Values and limits are in hundredths of the check's units, times in monotonic ns.
 */
#ifndef NETDIAG_CHECKS_STATE_H
#define NETDIAG_CHECKS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "subagent/checks/alarm.h"

/* How readings become a value. */
enum check_kind {
	CHECK_LEVEL,  /* the reading itself */
	CHECK_LOWEST, /* the lowest reading in the window */
	CHECK_RATE,   /* increase per second */
	CHECK_COUNT,  /* increase over the window */
	CHECK_SHARE,  /* increase as percent of the increase of `base` */
};

/* A limit that is never passed: a check without a critical level. */
#define CHECK_NO_LIMIT INT64_MAX

/* No value: data are missing, or not of a whole window yet. */
#define CHECK_NO_VALUE INT64_MIN

struct check_limits {
	enum check_kind kind;
	int64_t scale;	 /* what one unit of a reading of kind LEVEL or LOWEST is in hundredths */
	int64_t warning; /* raised at this value or above; 0: at anything above 0 */
	int64_t critical;
	int64_t clear;	      /* over at this value or below */
	uint64_t window;      /* ns */
	uint64_t count_over;  /* ns; not 0: a COUNT is told as if the window were this long */
	uint64_t minimum;     /* increase of `base` below which there is nothing to judge: 0 */
	uint32_t hold;	      /* evaluations in a row before a raise */
	uint64_t clear_after; /* ns at or below `clear` before the end */
	uint32_t outlier;     /* raised only above so many times the last hour's mean; 0: always */
};

/* One reading. */
struct check_reading {
	uint64_t value; /* counter or level; ROW_ABSENT: missing */
	uint64_t base;	/* CHECK_SHARE */
	uint64_t stamp; /* of the last discontinuity; another one than before restarts the window */
};

struct check_sample {
	uint64_t time;
	uint64_t value;
	uint64_t base;
};

/* Readings kept per instance, whatever the interval and the window. */
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
	struct check_sample origin; /* the oldest reading's values, at the last time they were so */
	struct check_sample last;
	struct check_ring *ring; /* NULL while all readings were the same */
};

void check_window_free(struct check_window *window);

/* Forgets all readings: the next one is the first. */
void check_window_restart(struct check_window *window);

/*
 * Takes a reading at a time, which must be later than the one before. Returns the value, or
 * CHECK_NO_VALUE: the reading is missing, no whole window has passed since the first one or since a
 * discontinuity, or memory is short. A counter that went back restarts the window too.
 */
int64_t check_window_add(struct check_window *window, const struct check_limits *limits,
			 uint64_t time, const struct check_reading *reading);

/* Whether the newest value stands out from the mean before the window, as limits->outlier asks.
 * False when nothing is known of the time before. */
bool check_window_outlier(const struct check_window *window, const struct check_limits *limits,
			  int64_t value);

enum check_change {
	CHECK_UNCHANGED,
	CHECK_RAISED,
	CHECK_CHANGED, /* the severity did */
	CHECK_CLEARED,
};

/* Zero-initialise. */
struct check_machine {
	enum check_state state;
	enum alarm_severity severity; /* of the alarm; ALARM_NONE or 0: there is none */
	uint64_t since;		      /* time of the last change of state; 0: never evaluated */
	uint64_t raises;
	uint32_t over_warning; /* evaluations in a row at or above the limit */
	uint32_t over_critical;
	uint64_t calm_since;  /* at or below `clear` since then; 0: is not */
	uint64_t lower_since; /* below `critical` since then; 0: is not */
	uint64_t cleared;     /* time of the last clear; 0: never */
	uint32_t patience; /* doublings of clear_after for an alarm that comes back again and again
			    */
};

/* At most this often is clear_after doubled. */
#define CHECK_PATIENCE_MAX 3

/*
 * Evaluates a value (CHECK_NO_VALUE makes the state unknown, and neither raises nor clears) at a
 * time not before the last one. An alarm that comes back within four times clear_after of its end
 * needs twice the time to end, and so on up to eight times: flapping slows down by itself.
 */
enum check_change check_machine_step(struct check_machine *machine,
				     const struct check_limits *limits, uint64_t time,
				     int64_t value, bool outlier);

/* Ends the alarm because what it watched is gone. CHECK_CLEARED or CHECK_UNCHANGED. */
enum check_change check_machine_end(struct check_machine *machine, uint64_t time);

/* The limit that a severity stands for; the clear limit for none. */
int64_t check_limit(const struct check_limits *limits, enum alarm_severity severity);

#endif
