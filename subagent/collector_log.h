/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells the log how the collectors are: once per change of state. Main thread only. */
#ifndef NETDIAG_COLLECTOR_LOG_H
#define NETDIAG_COLLECTOR_LOG_H

#include "collectors/engine.h"

/* What was last logged. Zero-initialised: nothing yet. */
struct health {
	enum collect_status logged[COLLECTORS_MAX]; /* 0: nothing */
	bool noted[COLLECTORS_MAX]; /* that something is missing although the status is ok */
	uint64_t began;		    /* monotonic ns: of the first turn */
	bool started;		    /* the line about what is missing at the start is out */
};

/* The same words as netdiagCollectorStatus has. */
const char *collector_log_status(enum collect_status status);

/* Compares the collectors' states with what was logged. Cheap; to be called when the engine
 * published and from time to time, as a stall makes no event. What the host lacks at the start is
 * told in a single line, when all collectors have reported or after 10 s. */
void collector_log_turn(struct health *health, struct engine *engine);

#endif
