/* SPDX-License-Identifier: BSD-2-Clause */
/* What alarms.c, alarm_rows.c and alarm_memory.c share, and nobody else. */
#ifndef NETDIAG_CHECKS_ALARMS_PRIVATE_H
#define NETDIAG_CHECKS_ALARMS_PRIVATE_H

#include "subagent/checks/alarms.h"
#include "subagent/checks/decide.h"

/* Rows as they were, for checks that compare. */
struct then {
	struct rows rows;
	uint64_t time; /* 0: none */
};

/* Tables of endpoints. */
enum alarms_pins {
	ALARMS_PINS_LISTENER,
	ALARMS_PINS_UDP_SOCKET,
	ALARMS_PINS,
};

/* What is remembered of each check. */
struct check_memory {
	struct check_policy policy; /* of the instances for which nothing else is said */
	enum collect_status status;
	uint64_t generation; /* of the rows that were evaluated last; 0: none yet */
	uint64_t time;	     /* of them, monotonic ns */
	uint64_t cap;	     /* check_read_cap() then */
	uint64_t missing;    /* monotonic ns: the source is unsupported since then; 0: it is not */
	bool present;	     /* they were the present state */
	struct then then[2];
};

struct alarms {
	const struct alarm_settings *settings;
	struct instances instances;
	struct check_memory *memory; /* by the check's place in checks[] */
	uint64_t passes;	     /* evaluations of a check, to tell who was seen */
	struct alarm_set set;
	alarm_event_fn *event;
	void *event_arg;
	uint64_t changed_at;		   /* monotonic ns: of the last event */
	uint64_t pins[ALARMS_PINS];	   /* hashes of the endpoints that are pinned; 0: none */
	size_t pinned;			   /* most of a table */
	bool changed;			   /* since check_rows were made */
	bool dirty;			   /* since the state was saved */
	struct rows check_rows;		   /* sorted */
	struct alarm_history_row *history; /* a ring */
	size_t history_size;
	size_t history_first;
	size_t history_count;
	uint64_t history_sequence;
};

/* Lets endpoints with alarms keep their rows, however many others there are. */
void alarms_pin(struct alarms *alarms, uint64_t now);

/* Makes room for as many events as the settings say, and keeps the newest. 0 or -ENOMEM. */
int alarms_history_resize(struct alarms *alarms, size_t size);

/* Adds an event to the history. */
void alarms_remember(struct alarms *alarms, const struct alarm_event *event, uint64_t wall);

/* The instance of a check with this name, with its policy; a new one when there was none. row: as
 * for check_policy(). NULL: memory is short. */
struct instance *alarms_instance(struct alarms *alarms, const struct check *check, const char *name,
				 const void *row);

#endif
