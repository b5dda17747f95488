/* SPDX-License-Identifier: BSD-2-Clause */
/* Connection tracking: ctnetlink, else /proc/net/stat/nf_conntrack and /proc/sys/net/netfilter. */
#ifndef NETDIAG_CONNTRACK_H
#define NETDIAG_CONNTRACK_H

#include "collect.h"

struct conntrack_row {
	uint64_t entries;
	uint64_t max; /* absent when unlimited (0) */
	uint64_t buckets;
	uint64_t usage; /* 0.01 percent of max */
	uint64_t drops; /* these three: sums over CPUs */
	uint64_t early_drops;
	uint64_t insert_failed;
	uint64_t discontinuity; /* monotonic ns */
};

struct conntrack_cpu_row {
	uint64_t cpu;
	uint64_t found;
	uint64_t invalid;
	uint64_t insert;
	uint64_t insert_failed;
	uint64_t drop;
	uint64_t early_drop;
	uint64_t error;
	uint64_t search_restart;
	uint64_t clash_resolve;
	uint64_t chain_too_long;
	uint64_t discontinuity; /* monotonic ns */
};

extern const struct row_type conntrack_row_type;
extern const struct row_type conntrack_cpu_row_type;
extern const struct collector conntrack_collector;

#endif
