/* SPDX-License-Identifier: BSD-2-Clause */
/* Per-CPU backlog and softirqs: /proc/net/softnet_stat, /proc/softirqs. */
#ifndef NETDIAG_SOFTNET_H
#define NETDIAG_SOFTNET_H

#include "collect.h"

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
	uint64_t discontinuity;	    /* monotonic ns */
};

extern const struct row_type softnet_row_type;
extern const struct collector softnet_collector;

#endif
