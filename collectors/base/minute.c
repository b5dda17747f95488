/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds up a counter's increases in a ring whose parts make up the last minute. */
#include <config.h>

#include "collectors/base/minute.h"

#define PART_NS (MINUTE_NS / MINUTE_PARTS)

void minute_add(struct minute *minute, uint64_t now, uint64_t increase)
{
	uint64_t part = now / PART_NS;

	if (part >= minute->part + MINUTE_PARTS)
		minute->part = part - MINUTE_PARTS;
	while (minute->part < part)
		minute->increase[++minute->part % MINUTE_PARTS] = 0;
	minute->increase[part % MINUTE_PARTS] += increase;
}

uint64_t minute_sum(const struct minute *minute, uint64_t now)
{
	uint64_t part = now / PART_NS, sum = 0;

	for (uint64_t age = part - minute->part; age < MINUTE_PARTS && age <= part; age++)
		sum += minute->increase[(part - age) % MINUTE_PARTS];
	return sum;
}

uint64_t minute_rate(const struct minute *minute, uint64_t now)
{
	return minute_sum(minute, now) * 100 / 60;
}
