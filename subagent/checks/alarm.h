/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An alarm, and what happens to it. One struct is an alarm from the moment it is raised to its
 * notification: the row that netdiagAlarmTable shows. An event is that row and what became of it.
 */
#ifndef NETDIAG_CHECKS_ALARM_H
#define NETDIAG_CHECKS_ALARM_H

#include <stdbool.h>

#include "collectors/base/rows.h"
#include "subagent/tables/table.h"

#define CHECK_NAME_SIZE	    33
#define CHECK_INSTANCE_SIZE 65
#define CHECK_UNITS_SIZE    33
#define CHECK_SUMMARY_SIZE  161 /* text that leaves the host is bounded: consumers are shells */
#define CHECK_ADVICE_SIZE   201
#define CHECK_COMMAND_SIZE  121

/* The instance of a check that has only one. */
#define CHECK_ONLY_INSTANCE "-"

/* netdiagCheckState. */
enum check_state {
	CHECK_OK = 1,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
	CHECK_GONE,    /* its object was removed; the row stays for a while */
	CHECK_SHELVED, /* over a limit, and an operator asked not to hear of it */
};

/* netdiagAlarmState. */
enum alarm_state {
	ALARM_ACTIVE = 1,
	ALARM_CLEARING, /* the value is below the clear limit, but not for long enough */
	ALARM_SHELVED,
};

/* netdiagNotifyState and netdiagAlarmHistoryEvent. */
enum alarm_event_kind {
	ALARM_EVENT_RAISED = 1,
	ALARM_EVENT_CHANGED,  /* its severity did */
	ALARM_EVENT_REPEATED, /* nothing changed; told again for receivers that missed it */
	ALARM_EVENT_CLEARED,
	ALARM_EVENT_SHELVED,
	ALARM_EVENT_UNSHELVED,
};

/* What an operator reads. Fixed when the alarm is raised and at each change. */
struct alarm_text {
	char summary[CHECK_SUMMARY_SIZE]; /* where, what, how bad, who */
	char advice[CHECK_ADVICE_SIZE];	  /* prose; "" where there is none to give */
	char command[CHECK_COMMAND_SIZE]; /* exactly one command that can be run, or "" */
};

/* A row of netdiagAlarmTable. Values and limits are in hundredths of the units. alarms.c and
 * decide.c keep it up to date, alarm_rows.c copies it into the table. */
struct alarm_row {
	uint64_t id;
	uint64_t severity; /* enum alarm_severity: the worst of those that it speaks for */
	uint64_t value;
	uint64_t limit;
	uint64_t peak;
	uint64_t state;	    /* enum alarm_state */
	uint64_t notify;    /* 1: receivers are told of it; 0: of its cause, or not at all */
	uint64_t cause_id;  /* of the alarm that speaks for it; 0: none does */
	uint64_t count;	    /* instances that a storm stands for; else 1 */
	uint64_t raised_at; /* ns since 1970 */
	uint64_t changed_at;
	uint64_t age; /* ns */
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char units[CHECK_UNITS_SIZE];
	struct alarm_text text;
	struct object_id object_id;
};

/* Something that happened to an alarm. */
struct alarm_event {
	enum alarm_event_kind kind;
	enum alarm_severity previous;  /* before a change, and of what was cleared */
	bool host_wide;		       /* it concerns the host, a CPU, an interface or a limit */
	const struct alarm_row *alarm; /* as it is now; valid during the call */
};

typedef void alarm_event_fn(const struct alarm_event *event, void *arg);

/* A row of netdiagCheckTable. */
struct check_row {
	uint64_t state; /* enum check_state */
	uint64_t value;
	uint64_t warning;
	uint64_t critical;
	uint64_t clear;
	uint64_t since; /* monotonic ns: of the last change of state */
	uint64_t raises;
	uint64_t notify;       /* 1, or 0: quiet */
	uint64_t time_to_full; /* s */
	uint64_t cause_id;
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char units[CHECK_UNITS_SIZE];
	struct alarm_text text;
	struct object_id object_id; /* what it watches */
};

/* A row of netdiagAlarmHistoryTable. */
struct alarm_history_row {
	uint64_t sequence;
	uint64_t event; /* enum alarm_event_kind */
	uint64_t severity;
	uint64_t value;
	uint64_t limit;
	uint64_t time; /* ns since 1970 */
	uint64_t alarm_id;
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char summary[CHECK_SUMMARY_SIZE];
};

extern const struct row_type check_row_type;
extern const struct row_type alarm_row_type;
extern const struct row_type alarm_history_row_type;

#endif
