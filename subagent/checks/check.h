/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks: constant descriptors of what is a problem. Each reads the rows of one table; every row
 * that it is about is an instance ("eth0", "cpu7", "0.0.0.0:80"), or the whole table is one ("-").
 * How the readings are judged is in window.h and state.h, what is told of it in decide.h, and what
 * to do about it in advice.h.
 */
#ifndef NETDIAG_CHECKS_CHECK_H
#define NETDIAG_CHECKS_CHECK_H

#include "subagent/checks/alarm_settings.h"
#include "subagent/checks/state.h"
#include "subagent/tables/table.h"

/* Members of a row that are added up; those that are absent count as 0, all absent is absent. */
#define CHECK_MEMBERS_MAX 5
struct check_members {
	size_t offset[CHECK_MEMBERS_MAX]; /* plus 1; 0 ends */
};

/* What else is known of the host. */
struct check_host {
	/* The current rows of a type, or NULL when there are none. */
	const struct rows *(*rows)(const struct row_type *type, void *arg);
	/* Reads a setting (net.core.somaxconn) as it is now. False: it is not there. May be NULL.
	 */
	bool (*setting)(const char *name, char *value, size_t size, void *arg);
	void *arg;
};

/* A counter in rows of another type, added up over them, that bounds what a check counts. */
struct check_cap {
	const struct row_type *type; /* NULL: nothing does */
	struct check_members members;
};

struct advice;
struct alarm_text;

#define CHECK_CAUSES_MAX 6

struct check {
	const char *name;
	const char *table;	     /* the MIB's name of the table that it reads */
	struct check_members value;  /* of these the first is the object that it watches */
	struct check_members less;   /* counters whose increase is taken off */
	struct check_members capped; /* counted as far as `cap` rose too */
	struct check_members base;   /* CHECK_SHARE: the denominator */
	struct check_cap cap;
	size_t object; /* the member that it watches, plus 1, where `value` has no column; else 0 */
	size_t stamp;  /* offset of the discontinuity stamp, or CHECK_NO_STAMP */
	const char *units;
	struct check_limits limits; /* the defaults */
	const char
		*caused_by[CHECK_CAUSES_MAX]; /* checks whose faults have this one as an effect */
	const char *urgent_by; /* a check whose value above 0 makes this one critical at once */
	const char *many; /* what the instances are called, where they can be thousands: shown once
			     their value was not 0, and told as one in a storm */
	bool quiet;	  /* no notifications by default */
	bool off;	  /* not evaluated by default */
	bool sparse;	  /* an object that is well may have no row: a missing one means 0 */
	bool born_zero;	  /* the counters of a new object start at 0 */
	bool fills;	  /* the value is a usage, of which it can be said when it will be full */
	/* Whether the check is about a row; NULL: about each one. False also says that the object
	 * which the row is about is closed. */
	bool (*applies)(const void *row);
	/* The row's instance; NULL: there is only one. */
	void (*instance)(const void *row, char *text, size_t size);
	/* The uid that owns the row's object; ROW_ABSENT: not known. NULL: nobody owns it. */
	uint64_t (*owner)(const void *row);
	/* Limits that are the row's own, before those of the configuration. */
	void (*own_limits)(const void *row, struct check_limits *limits);
	/* A value that is no sum of members. */
	uint64_t (*read)(const void *row);
	/* Value of the table as a whole: what happened between two of its generations. */
	uint64_t (*compare)(const struct rows *then, const struct rows *now, uint64_t elapsed);
	/* What is the matter and what to do about it, of an instance over a limit. */
	void (*describe)(const struct advice *advice, struct alarm_text *text);
	/* When what the text cites besides the row was collected, monotonic ns; 0: there is none.
	 * The first that is collected after an alarm was raised goes into its text. May be NULL. */
	uint64_t (*evidence)(const struct advice *advice);
};

#define CHECK_NO_STAMP SIZE_MAX

extern const struct check checks[];

/* How many checks there are, and their names. */
size_t check_count(void);
const char *check_name(size_t i);

/* The check with this name, or NULL. */
const struct check *check_find(const char *name);

/* Whether a check names another one as its cause. */
bool check_is_caused_by(const struct check *effect, const struct check *cause);

/* What holds for one instance of a check. */
struct check_policy {
	struct check_limits limits;
	bool on;
	bool notify;
	uint64_t shelved_until; /* ns since 1970; 0: it is not shelved */
};

/*
 * The defaults, with the row's own limits (row may be NULL), overlaid by the settings for the
 * instance: the more specific pattern wins, among equals the later line.
 */
void check_policy(const struct check *check, const char *instance, const void *row,
		  const struct alarm_settings *settings, struct check_policy *policy);

/* The counter that bounds what a check counts, as it is now; 0 where nothing does. */
uint64_t check_read_cap(const struct check *check, const struct check_host *host);

/* A row's reading; cap: check_read_cap(). */
void check_read(const struct check *check, const void *row, uint64_t cap,
		struct check_reading *reading);

/* The table that it reads. */
const struct table *check_table(const struct check *check);

/* The object that an instance watches: a cell of the row. Empty where no column shows it. */
void check_object_id(const struct check *check, const void *row, struct object_id *object_id);

#endif
