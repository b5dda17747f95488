/* SPDX-License-Identifier: BSD-2-Clause */
/* Fits a line to the usage of a table or limit by least squares, for netdiagCheckTimeToFull. */
#include <config.h>

#include "collectors/base/clock.h"
#include "collectors/base/rows.h"
#include "subagent/checks/trend.h"

/* The part of the values' variance that the line has to explain: a step is no trend. */
#define TREND_FIT 0.7

/* Longer than this is no forecast. */
#define TREND_MAX_S (24 * 3600.0)

void trend_add(struct trend *trend, uint64_t time, int64_t value)
{
	unsigned last = (trend->first + trend->count + TREND_SAMPLES - 1) % TREND_SAMPLES;

	while (trend->count && time - trend->sample[trend->first].time > TREND_WINDOW_NS) {
		trend->first = (trend->first + 1) % TREND_SAMPLES;
		trend->count--;
	}
	/* Samples are so far apart that the ring spans the window. */
	if (trend->count && time - trend->sample[last].time < TREND_WINDOW_NS / (TREND_SAMPLES - 1))
		return;
	if (trend->count == TREND_SAMPLES) {
		trend->first = (trend->first + 1) % TREND_SAMPLES;
		trend->count--;
	}
	last = (trend->first + trend->count++) % TREND_SAMPLES;
	trend->sample[last].time = time;
	trend->sample[last].value = value;
}

uint64_t trend_time_to(const struct trend *trend, int64_t full)
{
	double time = 0, value = 0, covariance = 0, variance = 0, spread = 0, slope, left;
	unsigned last = (trend->first + trend->count + TREND_SAMPLES - 1) % TREND_SAMPLES;
	uint64_t start = trend->sample[trend->first].time;

	if (trend->count < 3 || trend->sample[last].time - start < TREND_WINDOW_NS / 2)
		return ROW_ABSENT;
	for (unsigned i = 0; i < trend->count; i++) {
		unsigned at = (trend->first + i) % TREND_SAMPLES;

		time += (double)(trend->sample[at].time - start) / SECOND_NS / trend->count;
		value += (double)trend->sample[at].value / trend->count;
	}
	for (unsigned i = 0; i < trend->count; i++) {
		unsigned at = (trend->first + i) % TREND_SAMPLES;
		double x = (double)(trend->sample[at].time - start) / SECOND_NS - time;

		double y = (double)trend->sample[at].value - value;

		covariance += x * y;
		variance += x * x;
		spread += y * y;
	}
	left = (double)(full - trend->sample[last].value);
	if (left <= 0)
		return 0;
	slope = covariance / variance;
	if (slope <= 0 || covariance * slope < TREND_FIT * spread || left / slope > TREND_MAX_S)
		return ROW_ABSENT;
	return (uint64_t)(left / slope);
}
