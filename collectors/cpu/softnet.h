/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU backlog and softirqs: /proc/net/softnet_stat, /proc/softirqs. */
#ifndef NETDIAG_CPU_SOFTNET_H
#define NETDIAG_CPU_SOFTNET_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

struct softnet_row {
	uint64_t cpu; /* the kernel's CPU id */
	uint64_t processed;
	uint64_t dropped;
	uint64_t time_squeeze;
	uint64_t received_rps; /* since 2.6.35 */
	uint64_t flow_limit;   /* since 3.11 */
	uint64_t net_rx_softirqs;
	uint64_t net_tx_softirqs;
	uint64_t backlog_len;	    /* packets; input queue + process queue, since 5.10 */
	uint64_t input_queue_len;   /* packets, since 6.4 */
	uint64_t process_queue_len; /* packets, since 6.4 */
	uint64_t discontinuity;	    /* monotonic ns */
};

extern const struct row_type softnet_row_type;
extern const struct collector softnet_collector;

/*
 * Adds a row per line of /proc/net/softnet_stat, in the order of its lines. Columns that this
 * kernel does not have stay absent; the CPU id too, before 5.10: then softnet_map_online() has to
 * follow. Columns that are newer than this code are passed over.
 * 0; -ENOMEM; -EBADMSG when it is no such file, or not whole (no newline at its end, lines of
 * different lengths). The rows are then of no use.
 */
int softnet_parse_stat(struct span text, struct rows *rows);

/*
 * Gives row n the n-th id of online (/sys/devices/system/cpu/online), as the kernel writes a line
 * per online CPU. 0; -ENOMEM; -EBADMSG when online is no CPU list; -ESTALE when it has another
 * number of CPUs than there are rows: one came or went between the two readings.
 */
int softnet_map_online(struct rows *rows, struct span online);

/*
 * Sets the softirq counts of the rows (sorted by CPU) from /proc/softirqs, by the CPU ids in its
 * header: it lists all possible CPUs, not only those online. The counts of a CPU that it does not
 * list stay absent.
 * 0, or -EBADMSG when it is no such file or not whole: then all of them are absent.
 */
int softnet_parse_softirqs(struct span text, struct rows *rows);

#endif
