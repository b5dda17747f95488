/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the kernel's clocks: monotonic time to measure with, wall time to show to people. */
#include <config.h>

#include <time.h>

#include "collectors/base/clock.h"

static uint64_t clock_read(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t clock_since(uint64_t then)
{
	uint64_t now = clock_monotonic();

	return now > then ? now - then : 0;
}

uint64_t clock_wall(void)
{
	return clock_read(CLOCK_REALTIME);
}
