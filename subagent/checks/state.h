/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state of one check on one instance: decides from its values when it is over a limit and when
 * that has ended. Pure: the clock and the values are arguments. Whether anybody is told is decided
 * in decide.h.
 */
#ifndef NETDIAG_CHECKS_STATE_H
#define NETDIAG_CHECKS_STATE_H

#include "subagent/checks/alarm.h"
#include "subagent/checks/window.h"

/* A limit that is never passed: a check without a critical level. */
#define CHECK_NO_LIMIT INT64_MAX

/* How long a value has to be over a limit: either is enough; both 0: no time at all. */
struct check_hold {
	uint64_t ns;
	uint32_t evaluations; /* in a row */
};

struct check_limits {
	struct check_measure measure;
	int64_t warning; /* raised at this value or above; 0: at anything above 0 */
	int64_t critical;
	int64_t clear; /* over at this value or below */
	struct check_hold hold;
	uint64_t critical_hold; /* ns; not 0: critical needs this long, or `urgent` */
	uint64_t clear_after;	/* ns at or below `clear` before the end */
	uint32_t outlier; /* below ten times the limits: raised only above so many times the mean of
			     the last hour; 0: always */
};

/* What a step is told besides the value. */
struct check_step {
	uint64_t time; /* not before that of the last step */
	bool outlier;  /* the value stands out from the hour before, as `outlier` asks */
	bool urgent;   /* critical needs no hold: what it warns of has happened */
	bool filling;  /* warning whatever the limit says: soon full */
};

enum check_change {
	CHECK_UNCHANGED,
	CHECK_RAISED,
	CHECK_CHANGED, /* the severity did */
	CHECK_ENDED,
	CHECK_IDLE, /* ended, for there is nothing left that it could be seen by */
};

/* Zero-initialise. */
struct check_machine {
	enum check_state state;
	enum alarm_severity severity; /* ALARM_NONE or 0: not over a limit */
	uint64_t since;		      /* time of the last change of state; 0: never evaluated */
	uint64_t raises;
	uint64_t warning_since; /* at or above the limit since then; 0: is not */
	uint64_t critical_since;
	uint64_t fast_since;   /* the present rate is past critical since then; 0: is not */
	uint32_t over_warning; /* evaluations in a row at or above the limit */
	uint32_t over_critical;
	uint64_t calm_since;  /* at or below `clear` since then; 0: is not */
	uint64_t lower_since; /* below `critical` since then; 0: is not */
	uint64_t cleared;     /* time of the last end; 0: never */
	uint32_t patience; /* doublings of clear_after for an alarm that returns again and again */
};

/* At most this often is clear_after doubled. */
#define CHECK_PATIENCE_MAX 3

/* An alarm whose value cannot be told ends when nothing was counted for so long at least: longer
 * than TCP waits between two retransmissions. */
#define CHECK_IDLE_MIN_NS UINT64_C(300000000000)

/*
 * Judges a value. CHECK_NO_VALUE makes the state unknown, or leaves it as it is where there is only
 * too little traffic, and neither raises nor ends anything unless the value's counter stood still
 * for clear_after and CHECK_IDLE_MIN_NS. An alarm that comes
 * back within four times clear_after of its end needs twice the time to end, and so on up to eight
 * times: flapping slows down by itself.
 */
enum check_change check_machine_step(struct check_machine *machine,
				     const struct check_limits *limits,
				     const struct check_value *value,
				     const struct check_step *step);

/* Ends it because what it watched is gone, or is no longer to be watched. */
enum check_change check_machine_end(struct check_machine *machine, uint64_t time);

/* The limit that a severity stands for; the clear limit for none. */
int64_t check_limit(const struct check_limits *limits, enum alarm_severity severity);

#endif
