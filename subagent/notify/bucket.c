/* SPDX-License-Identifier: BSD-2-Clause */
/* A token bucket: how many notifications may be sent now, given the rate per minute. */
#include <config.h>

#include "subagent/notify/bucket.h"

void bucket_set(struct bucket *bucket, uint64_t rate)
{
	bucket->rate = rate;
	bucket->most = rate * BUCKET_ONE;
	if (!bucket->at || bucket->credit > bucket->most)
		bucket->credit = bucket->most;
}

uint64_t bucket_credit(const struct bucket *bucket, uint64_t now)
{
	uint64_t passed = now - bucket->at, credit;

	if (!bucket->at)
		return bucket->credit;
	if (passed >= BUCKET_ONE)
		return bucket->most;
	credit = bucket->credit + passed * bucket->rate;
	return credit < bucket->most ? credit : bucket->most;
}

void bucket_take(struct bucket *bucket, uint64_t now)
{
	bucket->credit = bucket_credit(bucket, now) - BUCKET_ONE;
	bucket->at = now;
}

uint64_t bucket_wait(const struct bucket *bucket, uint64_t need, uint64_t now)
{
	uint64_t credit = bucket_credit(bucket, now);

	return credit >= need ? 0 : (need - credit) / bucket->rate + 1;
}
