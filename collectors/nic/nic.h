/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Network interfaces: links, statistics and qdiscs (rtnetlink), rings, driver and driver
 * statistics (ethtool ioctls), pause frames, FEC and why a link is down (ethtool's netlink family),
 * a little sysfs.
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

/* netdiagNicBondState: IFLA_BOND_SLAVE_STATE. */
enum nic_bond_state {
	NIC_BOND_ACTIVE = 1,
	NIC_BOND_BACKUP,
};

/* netdiagNicBondMiiStatus: IFLA_BOND_SLAVE_MII_STATUS. */
enum nic_bond_mii {
	NIC_BOND_UP = 1,
	NIC_BOND_GOING_DOWN, /* within downdelay */
	NIC_BOND_DOWN,
	NIC_BOND_GOING_UP, /* within updelay */
};

/* netdiagNicBondLacpState: how far LACP has come, by IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE. */
enum nic_bond_lacp {
	NIC_LACP_DISTRIBUTING = 1, /* carries traffic in both directions */
	NIC_LACP_COLLECTING,	   /* only receives */
	NIC_LACP_IN_SYNC,	   /* in the aggregator, without traffic */
	NIC_LACP_OUT_OF_SYNC,
	NIC_LACP_NO_PARTNER, /* no LACPDU comes from the other side */
};

/* Why a link is degraded; no column. */
enum nic_degraded {
	NIC_SOUND,
	NIC_HALF_DUPLEX,
	NIC_SLOWER,  /* than another port of its bond */
	NIC_NO_LINK, /* while another port of its bond has one */
};

/* The allowances of a cloud, as bits of limits_rising. */
enum nic_limit {
	NIC_LIMIT_IN_BANDWIDTH,
	NIC_LIMIT_OUT_BANDWIDTH,
	NIC_LIMIT_PACKETS,
	NIC_LIMIT_CONNTRACK,
	NIC_LIMIT_LINK_LOCAL,
	NIC_LIMIT_COUNT,
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
	uint64_t rx_length_errors;
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
	/* packets that the cloud held back or dropped, by the allowance that was exceeded */
	uint64_t limit_in_bandwidth;
	uint64_t limit_out_bandwidth;
	uint64_t limit_packets;
	uint64_t limit_conntrack;
	uint64_t limit_link_local;
	uint64_t pause_rx; /* frames */
	uint64_t pause_tx;
	uint64_t tx_queue_stops;
	uint64_t link_down_count;
	uint64_t fec_corrected; /* blocks */
	uint64_t fec_uncorrectable;
	/* of a bond's port, IFLA_INFO_SLAVE_DATA */
	uint64_t bond_state;	  /* enum nic_bond_state */
	uint64_t bond_mii_status; /* enum nic_bond_mii */
	uint64_t bond_lacp_state; /* enum nic_bond_lacp */
	uint64_t bond_link_failures;
	uint64_t hardware;	  /* 0 or 1: a device is behind it; not shown */
	uint64_t degraded;	  /* enum nic_degraded; only of hardware; not shown */
	uint64_t limits_rising;	  /* 1 << enum nic_limit: counted more within the last minute; not
				     shown */
	uint64_t fastest_mbps;	  /* that the device could do; not shown */
	uint64_t bond_speed_mbps; /* of the fastest port of its bond; not shown */
	uint64_t discontinuity;	  /* monotonic ns */
	char name[NIC_NAME_SIZE];
	char driver[33];
	char bus_info[33];
	char master_name[NIC_NAME_SIZE];
	char rx_discards_source[64]; /* "rx_missed_errors + rx_no_dma_resources" */
	char link_down_reason[64];   /* ETHTOOL_A_LINKSTATE_EXT_STATE in words */
	char last_down_reason[64];   /* why it was last down; no column */
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
