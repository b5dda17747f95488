/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU backlog and softirqs: /proc/net/softnet_stat, /proc/softirqs, and what starvation.h has.
 */
#ifndef NETDIAG_CPU_SOFTNET_H
#define NETDIAG_CPU_SOFTNET_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

struct softnet_row {
	uint64_t cpu; /* the kernel's CPU id */
	uint64_t processed;
	uint64_t dropped;
	uint64_t time_squeeze;
	uint64_t received_rps;
	uint64_t flow_limit;
	uint64_t net_rx_softirqs;
	uint64_t net_tx_softirqs;
	uint64_t backlog_len;	    /* packets; input queue + process queue, since 5.10 */
	uint64_t input_queue_len;   /* packets, since 6.4 */
	uint64_t process_queue_len; /* packets, since 6.4 */
	uint64_t ksoftirqd_run_us;
	uint64_t ksoftirqd_wait_us; /* runnable, but something else ran */
	uint64_t ksoftirqd_slices;  /* no column shows this nor the next three */
	uint64_t starved_ms;   /* of ksoftirqd's waiting, what kept packets waiting: starvation.h */
	uint64_t recent_wait;  /* ms/s in which ksoftirqd was kept waiting, packets or not */
	uint64_t recent_steal; /* ms/s */
	uint64_t softirq_ms;
	uint64_t steal_ms;
	uint64_t discontinuity; /* monotonic ns */
};

extern const struct row_type softnet_row_type;
extern const struct collector softnet_collector;

/*
 * Adds a row per line of /proc/net/softnet_stat, in the order of its lines. Columns that this
 * kernel does not have stay absent. Before 5.10 so does the CPU id: softnet_map_online() has to
 * follow then. Columns that are newer than this code are skipped.
 * 0; -ENOMEM; -EBADMSG when it is not such a file, or not whole (no newline at its end, lines of
 * different lengths): do not use the rows then.
 */
int softnet_parse_stat(struct span text, struct rows *rows);

/*
 * Gives row n the nth id in online (/sys/devices/system/cpu/online), because the kernel writes one
 * line per online CPU. 0; -ENOMEM; -EBADMSG when online is not a CPU list; -ESTALE when it does not
 * have as many CPUs as there are rows: one came or went between the two readings.
 */
int softnet_map_online(struct rows *rows, struct span online);

/*
 * Sets the softirq counts of the rows (sorted by CPU) from /proc/softirqs, by the CPU ids in its
 * header, which lists all possible CPUs. The counts of a CPU that is not listed stay absent.
 * 0, or -EBADMSG when it is not such a file or not whole: all counts are absent then.
 */
int softnet_parse_softirqs(struct span text, struct rows *rows);

#endif
