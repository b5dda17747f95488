/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The checks at work. Data walk along one line:
 *
 *   rows -> reading -> window, state (pure) -> instances -> decide (pure) -> events
 *                                                                 -> rows, notifier, state file
 *
 * Used by the main thread only; never does I/O.
 *
 * A check whose instances can be thousands (listeners, UDP sockets, namespaces) has a row in
 * netdiagCheckTable only for instances whose value was ever not 0. Rows stay for a while after
 * their object is gone; a check has at most ALARMS_ROWS_PER_CHECK of them.
 */
#ifndef NETDIAG_CHECKS_ALARMS_H
#define NETDIAG_CHECKS_ALARMS_H

#include "subagent/checks/advice.h"
#include "subagent/checks/alarm_settings.h"
#include "subagent/checks/instances.h"
#include "subagent/tables/pinned.h"

#define ALARMS_ROWS_PER_CHECK 256

/* How a collector and its rows are. */
struct alarm_feed {
	enum collect_status status;
	bool on;	     /* not turned off in the configuration */
	bool left_out;	     /* objects beyond a bound have no row */
	bool hidden;	     /* unsupported because it cannot be seen from here */
	uint64_t generation; /* of the rows; 0: there are none */
	uint64_t time;	     /* monotonic ns, of the rows */
	uint64_t interval;   /* ns */
};

/* Where the rows come from. */
struct alarm_source {
	/* How the source of a table is. False: there is none. */
	bool (*feed)(const struct table *table, struct alarm_feed *feed, void *arg);
	struct check_host host;
	void *arg;
};

/* The collectors' snapshots as the view has them pinned. */
struct alarm_source alarms_pinned_source(struct pinned *view);

struct alarms;

/* The settings are borrowed until others are given. first_id: where alarm ids begin. NULL when
 * memory is short. */
struct alarms *alarms_new(const struct alarm_settings *settings, uint64_t first_id);
void alarms_free(struct alarms *alarms);

/* Who is told of the events that receivers are to hear of. */
void alarms_on_event(struct alarms *alarms, alarm_event_fn *fn, void *arg);

/*
 * Evaluates the checks whose rows are new since the last call, and those whose data are missing or
 * old; decides what is told. Cheap when nothing is new. now: monotonic ns; wall: ns since 1970.
 */
void alarms_evaluate(struct alarms *alarms, const struct alarm_source *source, uint64_t now,
		     uint64_t wall);

/* Applies other settings: instances keep their state, alarms of checks that are now off end. */
void alarms_configure(struct alarms *alarms, const struct alarm_settings *settings, uint64_t now,
		      uint64_t wall);

/* Whether every check was evaluated at least once, or cannot be for lack of its source. */
bool alarms_complete(const struct alarms *alarms);

/* What netdiagAgent… and the notifications sum up. */
struct alarm_totals {
	uint64_t critical; /* alarms that receivers are told of, without shelved ones */
	uint64_t warning;
	uint64_t shelved;
	uint64_t unknown;     /* instances that cannot be judged, and checks whose source is hidden,
				 of those that are not quiet */
	uint64_t last_change; /* monotonic ns; 0: none yet */
	const struct alarm_row *worst; /* NULL: none is active */
};
void alarms_total(const struct alarms *alarms, struct alarm_totals *totals);
enum alarm_severity alarms_worst(const struct alarm_totals *totals);

/* Calls fn for each active alarm that receivers are told of. */
void alarms_each(const struct alarms *alarms, alarm_event_fn *fn, void *arg);

/* Whether a check is evaluated where nothing is said for an instance. */
bool alarms_is_on(const struct alarms *alarms, const struct check *check);

/* Calls fn for each instance that is evaluated, in the order of the checks. */
void alarms_each_instance(const struct alarms *alarms,
			  void (*fn)(const struct instance *instance, void *arg), void *arg);

/* pinned_fill_fn of the three tables; arg is the struct alarms. */
int alarms_fill_checks(struct rows *rows, void *alarms);
int alarms_fill_active(struct rows *rows, void *alarms);
int alarms_fill_history(struct rows *rows, void *alarms);

#endif
