/* SPDX-License-Identifier: BSD-2-Clause */
/* Connection tracking: ctnetlink, else /proc/net/stat/nf_conntrack and /proc/sys/net/netfilter. */
#ifndef NETDIAG_PROTOCOL_CONNTRACK_H
#define NETDIAG_PROTOCOL_CONNTRACK_H

#include <linux/netlink.h>

#include "collectors/base/parse.h"
#include "collectors/collector.h"

struct conntrack_row {
	uint64_t entries;
	uint64_t max; /* absent when unlimited (0) */
	uint64_t buckets;
	uint64_t usage; /* 0.01 percent of max */
	uint64_t drops; /* these three: sums over conntrack_cpu_row */
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

/*
 * Decodes a reply to IPCTNL_MSG_CT_GET_STATS_CPU: one CPU, its id in nfgenmsg.res_id, raw 32-bit
 * counters. What the kernel does not send stays absent. The row must be fresh. 0 or -EBADMSG.
 */
int conntrack_decode_cpu(const struct nlmsghdr *message, struct conntrack_cpu_row *row);

/* Decodes the reply to IPCTNL_MSG_CT_GET_STATS: sets entries, and max where the kernel sends it
 * (absent when it is 0, unlimited). 0 or -EBADMSG. */
int conntrack_decode_global(const struct nlmsghdr *message, struct conntrack_row *row);

/*
 * Parses /proc/net/stat/nf_conntrack by the names in its first line, which differ between kernels.
 * Adds a conntrack_cpu_row a line with the line's number, from 0, as its cpu: the lines are the
 * possible CPUs in order. 0, -EBADMSG (then no row is added) or -ENOMEM.
 */
int conntrack_parse_stat(struct span text, struct rows *rows);

/* Gives the rows of conntrack_parse_stat() the CPU ids of a list ("0-3\n", the possible CPUs).
 * 0, or -EBADMSG when it is not a list of as many ids, or -ENOMEM. */
int conntrack_number_cpus(struct rows *rows, struct span possible);

/* Sums over the CPUs: drops, early_drops, insert_failed, and the latest discontinuity. One that
 * some CPU's row lacks is absent. */
void conntrack_sum(const struct rows *cpus, struct conntrack_row *row);

#endif
