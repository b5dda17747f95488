/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks at work: evaluates them when rows are new, keeps the active alarms and the history,
 * and makes the rows of netdiagCheckTable, netdiagAlarmTable and netdiagAlarmHistoryTable.
 * Used by the main thread only; never does I/O.
 *
 * A check whose instances can be thousands (listeners, UDP sockets, namespaces) has a row in
 * netdiagCheckTable only for instances whose value was ever not 0, and the table as a whole has at
 * most ALARMS_CHECK_ROWS_MAX rows, of which those that are not ok come first.
 */
#ifndef NETDIAG_CHECKS_ALARMS_H
#define NETDIAG_CHECKS_ALARMS_H

#include "subagent/checks/advice.h"
#include "subagent/checks/alarm_settings.h"
#include "subagent/checks/instances.h"
#include "subagent/tables/pinned.h"

#define ALARMS_CHECK_ROWS_MAX 4096

/* How a collector and its rows are. */
struct alarm_feed {
	enum collect_status status;
	uint64_t generation; /* of the rows; 0: there are none */
	uint64_t time;	     /* monotonic ns, of the rows */
	uint64_t interval;   /* ns */
};

/* Where the rows come from. A collector's name is NULL for the agent's own table of collectors. */
struct alarm_source {
	/* False: there is no such collector. */
	bool (*feed)(const char *collector, struct alarm_feed *feed, void *arg);
	advice_rows_fn *rows;
	void *arg;
};

/* The collectors' snapshots as the view has them pinned. */
struct alarm_source alarms_pinned_source(struct pinned *view);

/* Called when an alarm is raised, changed or cleared: with the alarm as it is then. The instance
 * lives until the next call to alarms_…(). */
typedef void alarm_event_fn(enum alarm_event event, const struct instance *instance,
			    const struct alarm *alarm, void *arg);

struct alarms;

/* The settings are borrowed until others are given. NULL when memory is short. */
struct alarms *alarms_new(const struct alarm_settings *settings);
void alarms_free(struct alarms *alarms);

/* Who is told about events of which notifications are to be sent. */
void alarms_on_event(struct alarms *alarms, alarm_event_fn *fn, void *arg);

/*
 * Evaluates the checks whose rows are new since the last call, and those whose data are missing or
 * old. Cheap when nothing is new. now: monotonic ns; wall: ns since 1970.
 */
void alarms_evaluate(struct alarms *alarms, const struct alarm_source *source, uint64_t now,
		     uint64_t wall);

/* Applies other settings: instances keep their state, alarms of checks that are now off end. */
void alarms_configure(struct alarms *alarms, const struct alarm_settings *settings, uint64_t now,
		      uint64_t wall);

/* The active alarms: how many, and the worst severity. */
size_t alarms_active(const struct alarms *alarms);
enum alarm_severity alarms_worst(const struct alarms *alarms);

/* Calls fn for each active alarm of which notifications are to be sent. */
void alarms_each(const struct alarms *alarms,
		 void (*fn)(const struct instance *instance, void *arg), void *arg);

/* Whether a check is evaluated where nothing is said for an instance. */
bool alarms_is_on(const struct alarms *alarms, const struct check *check);

/* Calls fn for each instance that is evaluated, in the order of the checks. */
void alarms_each_instance(const struct alarms *alarms,
			  void (*fn)(const struct instance *instance, void *arg), void *arg);

/* The active alarm's instance, or NULL. */
const struct instance *alarms_find(const struct alarms *alarms, const char *check,
				   const char *instance);

/* pinned_fill_fn of the three tables; arg is the struct alarms. */
int alarms_fill_checks(struct rows *rows, void *alarms);
int alarms_fill_active(struct rows *rows, void *alarms);
int alarms_fill_history(struct rows *rows, void *alarms);

#endif
