/* SPDX-License-Identifier: BSD-2-Clause */
/* The generic netlink family "netdev": what drivers count per queue and per device, which NAPI
 * instance serves a queue, and which interrupt a NAPI instance has. Needs no privilege. */
#ifndef NETDIAG_KERNEL_NETDEV_GENL_H
#define NETDIAG_KERNEL_NETDEV_GENL_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/genetlink.h"

/* A socket of the family. Zeroed memory is closed. */
struct netdev_genl {
	struct netlink nl;
	struct genetlink_family family;
};

/* enum netdev_queue_type. */
enum netdev_queue_type {
	NETDEV_RX,
	NETDEV_TX,
};

/* The statistics of a queue or, without type and id, of a whole device. Those that the driver does
 * not count are ROW_ABSENT. */
struct netdev_stats {
	uint64_t ifindex;
	uint64_t type; /* enum netdev_queue_type */
	uint64_t id;
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t rx_alloc_fail;		/* each may or may not have cost a packet */
	uint64_t rx_hw_drops;		/* all that the device dropped, whatever the reason */
	uint64_t rx_hw_drop_overruns;	/* of them: for lack of buffers or descriptors */
	uint64_t rx_hw_drop_ratelimits; /* of them: past the device's rate limit */
	uint64_t tx_packets;
	uint64_t tx_bytes;
	uint64_t tx_hw_drops;
	uint64_t tx_hw_drop_errors;	/* of them: malformed packets */
	uint64_t tx_hw_drop_ratelimits; /* of them: past the device's rate limit */
	uint64_t tx_stop;		/* times that the full queue was stopped */
	uint64_t tx_wake;
};

/* A queue that is in use. */
struct netdev_queue {
	uint64_t ifindex;
	uint64_t type; /* enum netdev_queue_type */
	uint64_t id;
	uint64_t napi_id; /* ROW_ABSENT where the driver does not tell */
};

struct netdev_napi {
	uint64_t ifindex;
	uint64_t id;
	uint64_t irq; /* ROW_ABSENT where the driver does not tell */
};

typedef int netdev_stats_fn(const struct netdev_stats *stats, void *arg);
typedef int netdev_queue_fn(const struct netdev_queue *queue, void *arg);
typedef int netdev_napi_fn(const struct netdev_napi *napi, void *arg);

/*
 * Each of these calls back for every object that the kernel reports; it reports only interfaces
 * that are up. A callback returns 0, or -errno to end the dump. They return 0; -ENOENT when the
 * kernel does not have the family (since 6.3); -EOPNOTSUPP when it does not have the command; or
 * -errno as netlink_open() and netlink_dump().
 */

/* qstats-get (since 6.10): the statistics of each queue or, if queues is false, of each device.
 * Drivers that count nothing there are passed over. */
int netdev_dump_stats(struct netdev_genl *genl, bool queues, netdev_stats_fn *each, void *arg);

/* queue-get (since 6.8): the queues of one interface, whatever its driver. */
int netdev_dump_queues(struct netdev_genl *genl, uint32_t ifindex, netdev_queue_fn *each,
		       void *arg);

/* napi-get (since 6.8): the NAPI instances of all interfaces. */
int netdev_dump_napis(struct netdev_genl *genl, netdev_napi_fn *each, void *arg);

void netdev_genl_close(struct netdev_genl *genl);

/* Decode one message. family: its id. 0 or -EBADMSG. Pure. */
int netdev_decode_stats(const struct nlmsghdr *message, uint16_t family,
			struct netdev_stats *stats);
int netdev_decode_queue(const struct nlmsghdr *message, uint16_t family,
			struct netdev_queue *queue);
int netdev_decode_napi(const struct nlmsghdr *message, uint16_t family, struct netdev_napi *napi);

#endif
