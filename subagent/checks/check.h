/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks: constant descriptors of what is a problem. Each reads the rows of one table; every row
 * that it is about is an instance ("eth0", "cpu7", "0.0.0.0:80"), or the whole table is one ("-").
 * How the readings are judged is in check_state.h, what to do about it in advice.h.
 */
#ifndef NETDIAG_CHECKS_CHECK_H
#define NETDIAG_CHECKS_CHECK_H

#include "subagent/checks/alarm_settings.h"
#include "subagent/checks/state.h"
#include "subagent/tables/table.h"

/* The instance of a check that has only one. */
#define CHECK_ONLY_INSTANCE "-"

/* Members of a row that are added up; those that are absent count as 0, all absent is absent. */
#define CHECK_MEMBERS_MAX 4
struct check_members {
	size_t count;
	size_t offset[CHECK_MEMBERS_MAX];
};

/* What text about an instance is made from. */
struct advice;
typedef void advice_fn(const struct advice *advice, char *text, size_t size);

struct check {
	const char *name;
	const char *table;	    /* the MIB's name of the table that it reads */
	struct check_members value; /* of these the first is the object that it watches */
	struct check_members base;  /* CHECK_SHARE: the denominator */
	size_t stamp;		    /* offset of the discontinuity stamp, or CHECK_NO_STAMP */
	const char *units;
	const char *phrase;	    /* the summary; {} is the value, {t} the window */
	const char *fine;	    /* the same for the value 0, or NULL */
	struct check_limits limits; /* the defaults */
	bool quiet;		    /* no notifications by default */
	bool off;		    /* not evaluated by default */
	bool many; /* instances can be thousands: shown once their value was not 0 */
	/* Whether the check is about a row; NULL: about each one. */
	bool (*applies)(const void *row);
	/* The row's instance; NULL: there is only one. */
	void (*instance)(const void *row, char *text, size_t size);
	/* Limits that are the row's own, before those of the configuration. */
	void (*own_limits)(const void *row, struct check_limits *limits);
	/* A reading that is no sum of members. */
	uint64_t (*read)(const void *row);
	/* Value of the table as a whole: what happened between two of its generations. */
	uint64_t (*compare)(const struct rows *then, const struct rows *now, uint64_t elapsed);
	advice_fn *detail; /* more for the summary, "port 8080 has most"; may be NULL */
	advice_fn *advice;
};

#define CHECK_NO_STAMP SIZE_MAX

extern const struct check checks[];

/* How many checks there are, and their names. */
size_t check_count(void);
const char *check_name(size_t i);

/* The check with this name, or NULL. */
const struct check *check_find(const char *name);

/* What holds for one instance of a check. */
struct check_policy {
	struct check_limits limits;
	bool on;
	bool notify;
};

/*
 * The defaults, with the row's own limits (row may be NULL), overlaid by the settings for the
 * instance: the more specific pattern wins, among equals the later line.
 */
void check_policy(const struct check *check, const char *instance, const void *row,
		  const struct alarm_settings *settings, struct check_policy *policy);

/* A row's reading. */
void check_read(const struct check *check, const void *row, struct check_reading *reading);

/* The table that it reads. */
const struct table *check_table(const struct check *check);

/* Sets the OID of the object that an instance watches: a cell of the row. Empty when no column
 * shows it. */
void check_object_id(const struct check *check, const void *row, struct object_id *id);

#endif
