/* SPDX-License-Identifier: BSD-2-Clause */
/* How much a counter rose in the last minute. */
#ifndef NETDIAG_BASE_MINUTE_H
#define NETDIAG_BASE_MINUTE_H

#include <stdint.h>

#include "collectors/base/clock.h"

#define MINUTE_PARTS 12 /* of 5 s */
#define MINUTE_NS    (60 * SECOND_NS)

/* Zeroed memory is a minute without increases. */
struct minute {
	uint64_t part; /* number of the newest part, since the clock's beginning */
	uint64_t increase[MINUTE_PARTS];
};

/* Adds an increase that was seen now (monotonic ns). */
void minute_add(struct minute *minute, uint64_t now, uint64_t increase);

/* The sum of the increases of the last 55 to 60 s. */
uint64_t minute_sum(const struct minute *minute, uint64_t now);

/* The same in 0.01/s over 60 s. */
uint64_t minute_rate(const struct minute *minute, uint64_t now);

#endif
