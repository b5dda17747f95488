/* SPDX-License-Identifier: BSD-2-Clause */
/* What alarms.c, evaluate.c, alarm_rows.c and alarm_memory.c share, and nobody else. */
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
	const struct table *table;  /* that the check reads */
	struct check_policy policy; /* of the instances for which nothing else is said */
	enum collect_status status;
	uint64_t generation; /* of the rows that were evaluated last; 0: none yet */
	uint64_t time;	     /* of them, monotonic ns */
	uint64_t cap;	     /* check_read_cap() then */
	uint64_t missing;    /* monotonic ns: the source is unsupported since then; 0: it is not */
	bool present;	     /* they were the present state */
	bool hidden;	     /* there are none because they cannot be seen from here */
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

#define ALARMS_REASON_OFF "the check was turned off"

/* What an evaluation works with. */
struct alarms_pass {
	struct alarms *alarms;
	const struct alarm_source *source;
	const struct rows *rows; /* that are evaluated */
	const struct check *check;
	struct check_memory *memory;
	const char *reason;  /* why those that are not seen end */
	uint64_t gone_after; /* ns that they have to be gone for */
	size_t gone;	     /* instances that are kept though they are gone */
	bool left_out;	     /* not all objects have a row */
	uint64_t cap;
	uint64_t time;
	uint64_t wall;
};

/* Evaluates the pass' check if there is something new. now: monotonic ns. evaluate.c */
void alarms_evaluate_check(struct alarms_pass *pass, uint64_t now);

/* Ends an instance's alarm, if it has one; decide.c tells of it and frees it. reason: why, where it
 * was not the value that came back to normal, or NULL. */
void alarms_end(struct alarms_pass *pass, struct instance *instance, const char *reason);

/* Gives an instance its policy: the check's common one where that is the same. */
void alarms_set_policy(struct alarms *alarms, struct instance *instance,
		       const struct check_policy *policy);

/* Forgets the rows that a check compares with. */
void alarms_forget_rows(struct check_memory *memory);

#endif
