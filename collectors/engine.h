/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine: a thread per collector refreshes it at its interval and publishes an immutable,
 * reference-counted snapshot. A collector that stalls delays nobody else.
 *
 * Nothing here logs: what went wrong is in the collector's status, and the main thread logs it
 * once per change of state.
 */
#ifndef NETDIAG_ENGINE_H
#define NETDIAG_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/collector.h"

/* Immutable once published. */
struct snapshot {
	unsigned refs;	     /* atomic */
	uint64_t generation; /* 1, 2, … per collector */
	uint64_t time;	     /* monotonic ns, of the beginning of the collection */
	uint64_t end;	     /* monotonic ns, of its end */
	bool left_out;	     /* objects beyond a bound have no row: a missing one may still exist */
	size_t rows_count;
	struct rows rows[COLLECT_ROWS_MAX];
};

struct collector_state {
	const char *name;
	enum collect_status status;
	char source[COLLECT_SOURCE_SIZE];
	char error[COLLECT_ERROR_SIZE];
	uint32_t interval_ms;
	uint64_t age_ns;      /* of the rows shown; ROW_ABSENT when there never were any */
	uint64_t duration_ns; /* of the last collection; ROW_ABSENT before the first */
	uint64_t refreshes;   /* successful ones */
	uint64_t errors;
	uint64_t rows;
	bool on;
	bool hidden; /* unsupported only because a container hides the source */
};

struct engine;

/* An engine for a list of collectors (NULL ends). It takes its own reference to the settings.
 * Starts nothing yet. NULL when memory is short. */
struct engine *engine_new(const struct collector *const *list,
			  const struct collect_settings *settings);

/* Runs the prepare() of the collectors that are on: what needs a privilege, or must precede the
 * threads. Call it in the main thread, before the engine starts or collects. */
void engine_prepare(struct engine *engine);

/* Starts a thread for each collector that is on. 0 or -errno. */
int engine_start(struct engine *engine);

/* Applies other settings while it runs: collectors are turned on and off as they say, the others
 * see them at their next collection, which begins at once. */
void engine_configure(struct engine *engine, const struct collect_settings *settings);

/* Stops the threads. True when all ended within the time; false when one is stuck in the kernel:
 * then engine_free() must not be called, and the process had better _exit(). */
bool engine_stop(struct engine *engine, unsigned timeout_ms);
void engine_free(struct engine *engine);

/* Runs every collector that is on once, in the calling thread (for --dump and --report). The engine
 * must not be started. */
void engine_collect_once(struct engine *engine);

size_t engine_count(const struct engine *engine);

/* Where the collectors find procfs and sysfs. Main thread. */
const struct roots *engine_roots(const struct engine *engine);

/* A descriptor (timerfd) that becomes readable soon after a collection ended or the settings
 * changed; engine_event() clears it, and says whether it was. */
int engine_fd(const struct engine *engine);
bool engine_event(struct engine *engine);

/* The newest snapshot of collector i, with a reference for the caller, or NULL when it has none. */
const struct snapshot *engine_snapshot(struct engine *engine, size_t i);
void snapshot_put(const struct snapshot *snapshot);

/* Takes another reference to a snapshot. */
const struct snapshot *snapshot_get(const struct snapshot *snapshot);

/* Whether at least one collector makes progress: it is idle and not overdue, or has been collecting
 * for less than three intervals. Also true if all are off. */
bool engine_progresses(struct engine *engine);

/* How collector i is. */
void engine_state(struct engine *engine, size_t i, struct collector_state *state);

/* The index of the collector with this name, or -1. */
int engine_find(const struct engine *engine, const char *name);

#endif
