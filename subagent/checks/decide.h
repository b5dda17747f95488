/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is told of the alarms: the one place that sees all of them. Decides which alarm speaks for a
 * fault and which are its effects, when many of one kind are told as one storm, and what is quiet
 * or shelved. Pure: (alarms, time) -> events.
 */
#ifndef NETDIAG_CHECKS_DECIDE_H
#define NETDIAG_CHECKS_DECIDE_H

#include "subagent/checks/check.h"

/* More new alarms of a check than this within STORM_FRESH_NS, or more active ones, are told as one,
 * which ends when no more than STORM_OVER are left. Counted per owner where a check knows one. */
#define STORM_FRESH	 10
#define STORM_FRESH_NS	 UINT64_C(10000000000)
#define STORM_ACTIVE	 20
#define STORM_OVER	 5
#define STORM_CHANGED_NS UINT64_C(60000000000) /* between two changes that are told */

/* Where an alarm stands with the receivers. */
enum alarm_standing {
	ALARM_UNTOLD,
	ALARM_TOLD,
	ALARM_HELD, /* its speaker stands for it */
};

struct alarm {
	struct alarm_row row; /* as the tables show it */
	struct alarm *next;
	const struct check *check;
	struct instance *instance; /* NULL: a storm, or from the state file and not seen yet */
	uint64_t raised;	   /* monotonic ns */
	bool evident;		   /* its text has the evidence that was collected after that */
	uint64_t owner;		   /* uid of the object's owner; ROW_ABSENT: not known */
	enum alarm_severity own;   /* by its own value; row.severity is the worst it speaks for */

	/* Said before each decision. */
	bool mute;     /* its check's notifications are off */
	bool shelved;  /* an operator does not want to hear of it for now */
	bool clearing; /* its value is below the clear limit */
	bool unknown;  /* its value is not known at present */
	bool ended;    /* goes away with this decision; row.text says why */

	/* Settled by the decision. */
	enum alarm_standing standing;
	struct alarm *speaker; /* HELD: who stands for it */
	bool speaks;	       /* for others, or once did */
	uint64_t speaker_id;   /* its id, while alarms are being restored */
	bool storm;
	bool told_shelved;
	bool orphan;		    /* its speaker has ended */
	uint64_t told_count;	    /* storms: when told last */
	uint64_t most;		    /* storms: the highest count */
	const struct alarm *member; /* storms: the worst, during a decision; NULL: none is left */
	uint64_t told_at;	    /* monotonic ns */
	enum alarm_severity worst;  /* of itself and those that it speaks for */
	char represents[CHECK_INSTANCE_SIZE]; /* the cause's instance that it speaks for */
};

/* All alarms, oldest first. Zero-initialise but for last_id, where ids go on from. */
struct alarm_set {
	struct alarm *first;
	struct alarm *last;
	size_t count;
	uint64_t last_id;
};

/* A new alarm at the end of the set, with its id, check, instance's name, times and count. NULL:
 * memory is short. */
struct alarm *alarm_set_add(struct alarm_set *set, const struct check *check, const char *instance,
			    uint64_t now, uint64_t wall);
void alarm_set_free(struct alarm_set *set);

/*
 * Decides what there is to be told now: emits the events, frees the alarms that have ended and
 * brings the rows' severity, state, notify, cause and count up to date. now: monotonic ns; wall: ns
 * since 1970.
 */
void alarms_decide(struct alarm_set *set, uint64_t now, uint64_t wall, alarm_event_fn *emit,
		   void *arg);

#endif
