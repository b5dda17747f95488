/* SPDX-License-Identifier: BSD-2-Clause */
/* A token bucket that holds what comes in a minute. Pure: the clock is an argument. */
#ifndef NETDIAG_NOTIFY_BUCKET_H
#define NETDIAG_NOTIFY_BUCKET_H

#include "collectors/base/clock.h"

/* Credit is kept in ns times the rate per minute: this much is one notification. */
#define BUCKET_ONE (60 * SECOND_NS)

struct bucket {
	uint64_t rate; /* per minute */
	uint64_t most; /* that it holds */
	uint64_t credit;
	uint64_t at; /* monotonic ns; 0: never used yet */
};

/* Sets the rate. What was saved up stays, as far as the bucket still holds it; a new one is full.
 */
void bucket_set(struct bucket *bucket, uint64_t rate);

/* The credit at a time, monotonic ns. */
uint64_t bucket_credit(const struct bucket *bucket, uint64_t now);

/* Takes one notification's credit, which there must be. */
void bucket_take(struct bucket *bucket, uint64_t now);

/* ns until there is so much credit. */
uint64_t bucket_wait(const struct bucket *bucket, uint64_t need, uint64_t now);

#endif
