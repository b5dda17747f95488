/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known of each instance of each check: found by its name, and listed by its check. */
#ifndef NETDIAG_CHECKS_INSTANCES_H
#define NETDIAG_CHECKS_INSTANCES_H

#include "collectors/base/hash.h"
#include "subagent/checks/check.h"
#include "subagent/checks/decide.h"
#include "subagent/checks/trend.h"

struct instance {
	struct instance *next; /* of the same check */
	const struct check *check;
	const struct check_policy *policy; /* the check's common one, or `own` */
	struct check_policy *own;	   /* when something is said for this instance */
	struct check_window window;
	struct check_machine machine;
	int64_t value;		     /* the last known; CHECK_NO_VALUE before the first */
	struct trend *trend;	     /* of a check that fills; may be NULL */
	uint64_t time_to_full;	     /* s; ROW_ABSENT: not known */
	uint64_t seen;		     /* number of the evaluation that saw its row last */
	uint64_t closed;	     /* number of the last that saw a row which says it is closed */
	uint64_t pinned;	     /* monotonic ns: since its endpoint keeps its row; 0: not */
	uint64_t gone;		     /* monotonic ns: since its row is gone; 0: it is there */
	bool shown;		     /* a row of netdiagCheckTable */
	struct object_id *object_id; /* what it watches; NULL until it is shown or raised */
	struct alarm *alarm;	     /* NULL: not over a limit */
	char name[];
};

struct instances {
	struct hash table;	 /* of struct instance *, by check and name */
	struct instance **first; /* by the check's place in checks[] */
};

/* 0 or -ENOMEM. */
int instances_init(struct instances *instances);
void instances_free(struct instances *instances);

/* The instance with this name, or NULL. */
struct instance *instances_find(const struct instances *instances, const struct check *check,
				const char *name);

/* A new one, zeroed but for its check and name; there must be none yet. NULL: memory is short. */
struct instance *instances_add(struct instances *instances, const struct check *check,
			       const char *name);

/* The first of a check; then ->next. */
struct instance *instances_first(const struct instances *instances, const struct check *check);

/* Takes those out for which `gone` is true, after it has been called, and frees them. */
void instances_sweep(struct instances *instances, const struct check *check,
		     bool (*gone)(struct instance *instance, void *arg), void *arg);

#endif
