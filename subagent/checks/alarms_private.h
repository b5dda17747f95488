/* SPDX-License-Identifier: BSD-2-Clause */
/* What alarms.c and alarm_rows.c share, and nobody else. */
#ifndef NETDIAG_CHECKS_ALARMS_PRIVATE_H
#define NETDIAG_CHECKS_ALARMS_PRIVATE_H

#include "subagent/checks/alarms.h"

/* Rows as they were, for checks that compare. */
struct then {
	struct rows rows;
	uint64_t time; /* 0: none */
};

/* What is remembered of each check. */
struct check_memory {
	struct check_policy policy; /* of the instances for which nothing else is said */
	enum collect_status state;
	uint64_t generation; /* of the rows that were evaluated last */
	bool present;	     /* they were the present state */
	struct then then[2];
};

struct alarms {
	const struct alarm_settings *settings;
	struct instances instances;
	struct check_memory *memory; /* by the check's place in checks[] */
	uint64_t passes;	     /* evaluations of a check, to tell who was seen */
	uint64_t last_id;
	size_t count[ALARM_CRITICAL + 1]; /* active alarms by severity */
	alarm_event_fn *event;
	void *event_arg;
	bool changed;			   /* since check_rows were made */
	struct rows check_rows;		   /* sorted */
	struct alarm_history_row *history; /* a ring */
	size_t history_size;
	size_t history_first;
	size_t history_count;
	uint64_t history_sequence;
};

/* Makes room for as many events as the settings say, and keeps the newest. 0 or -ENOMEM. */
int alarms_history_resize(struct alarms *alarms, size_t size);

/* Adds an event to the history. */
void alarms_remember(struct alarms *alarms, enum alarm_event event, const struct instance *instance,
		     const struct alarm *alarm, uint64_t wall);

#endif
