/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits that a host runs into, each with what is used of it. A number that cannot be had, or only
 * as a guess, is absent, and netdiagCollectorLastError says why.
 */
#ifndef NETDIAG_LIMIT_LIMITS_H
#define NETDIAG_LIMIT_LIMITS_H

#include "collectors/collector.h"
#include "collectors/limit/ephemeral_ports.h"

struct limit_row {
	uint64_t used;			/* read by the function in limits[] (limits.c) */
	uint64_t max;			/* absent when unlimited */
	uint64_t usage;			/* 0.01 percent */
	char name[33];			/* "tcp-memory" … */
	char sysctl[65];		/* the setting that bounds it */
	char detail[PORTS_DETAIL_SIZE]; /* what uses most of it, where that is known */
};

extern const struct row_type limit_row_type;
extern const struct collector limits_collector;

#endif
