/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces: links, statistics and qdiscs (rtnetlink), rings, driver and driver
 * statistics (ethtool ioctls), a little sysfs.
 */
#ifndef NETDIAG_NIC_H
#define NETDIAG_NIC_H

#include "collectors/collector.h"
#include "collectors/kernel/ethtool.h"

/* netdiagNicOperStatus: ifOperStatus of RFC 2863, whose numbers are not the kernel's. */
enum nic_oper_status {
	NIC_OPER_UP = 1,
	NIC_OPER_DOWN,
	NIC_OPER_TESTING,
	NIC_OPER_UNKNOWN,
	NIC_OPER_DORMANT,
	NIC_OPER_NOT_PRESENT,
	NIC_OPER_LOWER_LAYER_DOWN,
};

#define NIC_NAME_SIZE 16 /* IFNAMSIZ */

struct nic_row {
	uint64_t ifindex;
	uint64_t oper_status;  /* IFLA_OPERSTATE, as enum nic_oper_status */
	uint64_t carrier;      /* IFLA_CARRIER: 0 or 1 */
	uint64_t speed_mbps;   /* ETHTOOL_GLINKSETTINGS */
	uint64_t duplex;       /* likewise */
	uint64_t mtu;	       /* bytes */
	uint64_t tx_queue_len; /* packets */
	uint64_t rx_queues;
	uint64_t tx_queues;
	uint64_t rps_enabled; /* 0 or 1: any rx queue has a non-zero rps_cpus */
	uint64_t master_ifindex;
	uint64_t ring_rx_current;
	uint64_t ring_rx_max;
	uint64_t ring_tx_current;
	uint64_t ring_tx_max;
	/* rtnl_link_stats64, packets */
	uint64_t rx_packets;
	uint64_t rx_errors;
	uint64_t rx_dropped;
	uint64_t rx_missed;
	uint64_t rx_fifo_errors;
	uint64_t rx_crc_errors;
	uint64_t rx_frame_errors;
	uint64_t rx_over_errors;
	uint64_t rx_nohandler;
	uint64_t tx_packets;
	uint64_t tx_errors;
	uint64_t tx_dropped;
	uint64_t tx_fifo_errors;
	uint64_t tx_carrier_errors;
	uint64_t carrier_changes;
	/* root qdisc, TCA_STATS2 */
	uint64_t qdisc_drops;	/* packets */
	uint64_t qdisc_backlog; /* bytes */
	uint64_t qdisc_requeues;
	/* packets lost for lack of a ring slot or buffer; discards.c chooses the statistic */
	uint64_t rx_discards;
	uint64_t rx_discards_bits; /* width of the driver's counter behind it; not shown */
	uint64_t discontinuity;	   /* monotonic ns */
	char name[NIC_NAME_SIZE];
	char driver[33];
	char bus_info[33];
	char master_name[NIC_NAME_SIZE];
	char rx_discards_source[64]; /* "rx_missed_errors + rx_no_dma_resources" */
	char qdisc_kind[16];	     /* TCA_KIND of the root qdisc, "fq_codel"; no column */
};

#define NIC_STAT_NAME_SIZE 65

struct nic_stat_row {
	uint64_t ifindex;
	uint64_t value;
	uint64_t bits;		       /* width of the driver's counter; not shown */
	uint64_t discontinuity;	       /* monotonic ns */
	char name[NIC_STAT_NAME_SIZE]; /* the driver's own, repeated ones told apart by #2, #3 … */
};

extern const struct row_type nic_row_type;
extern const struct row_type nic_stat_row_type;
extern const struct collector nic_collector;

#endif
