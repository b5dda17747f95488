/* SPDX-License-Identifier: BSD-2-Clause */
/* When something that fills up will be full, from a straight line through its last five minutes. */
#ifndef NETDIAG_CHECKS_TREND_H
#define NETDIAG_CHECKS_TREND_H

#include <stdint.h>

#define TREND_WINDOW_NS UINT64_C(300000000000)
#define TREND_SAMPLES	16

/* Zero-initialise. */
struct trend {
	unsigned first;
	unsigned count;
	struct {
		uint64_t time;
		int64_t value;
	} sample[TREND_SAMPLES];
};

/* Takes a value at a time (monotonic ns) not before the last one. */
void trend_add(struct trend *trend, uint64_t time, int64_t value);

/* Seconds until the line reaches `full`, in the values' unit. ROW_ABSENT: it does not rise
 * steadily, or the samples span less than half the window. 0: it is full. */
uint64_t trend_time_to(const struct trend *trend, int64_t full);

#endif
