/* SPDX-License-Identifier: BSD-2-Clause */
/* The hardware queues of network interfaces: what each carried and lost, and which NAPI instance
 * and interrupt serve it. */
#ifndef NETDIAG_NIC_QUEUE_H
#define NETDIAG_NIC_QUEUE_H

#include "collectors/collector.h"
#include "collectors/kernel/netdev_genl.h"
#include "collectors/nic/nic.h"

/* netdiagQueueType. */
enum queue_type {
	QUEUE_RX = 1,
	QUEUE_TX,
};

struct queue_row {
	uint64_t ifindex;
	uint64_t type; /* enum queue_type */
	uint64_t id;
	uint64_t packets;
	uint64_t bytes;
	uint64_t drops;	       /* packets: rx-hw-drops or tx-hw-drops, or the sum of their parts */
	uint64_t rate_limited; /* packets, part of drops: *-hw-drop-ratelimits */
	uint64_t alloc_failures; /* rx-alloc-fail: each may or may not have cost a packet */
	uint64_t stops;		 /* tx-stop */
	uint64_t wakes;		 /* tx-wake */
	uint64_t napi_id;
	uint64_t irq;
	uint64_t discontinuity; /* monotonic ns */
	char ifname[NIC_NAME_SIZE];
};

extern const struct row_type queue_row_type;
extern const struct collector queue_collector;

/* Sets the counters of a row, whose type is set, from a queue's statistics. Pure. */
void queue_set_counters(struct queue_row *row, const struct netdev_stats *stats);

#endif
