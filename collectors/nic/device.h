/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One interface's cells that rtnetlink does not have: driver, speed, rings, packet steering and
 * the driver's statistics.
 */
#ifndef NETDIAG_NIC_DEVICE_H
#define NETDIAG_NIC_DEVICE_H

#include "collectors/collector.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/nic/driver_stats.h"
#include "collectors/nic/link.h"
#include "collectors/nic/port.h"

/* What is remembered of an interface from one collection to the next. Zeroed but for the ifindex:
 * nothing is known yet. */
struct nic_device {
	uint64_t ifindex; /* the key */
	uint64_t rps_enabled;
	uint64_t carrier_changes;   /* when the driver was asked */
	char ifname[NIC_NAME_SIZE]; /* what it was asked by; empty: it was not */
	char driver[NIC_DRIVER_SIZE];
	char bus_info[NIC_BUS_INFO_SIZE];
	bool chosen;	   /* stats holds a choice */
	bool limits_known; /* limit was read */
	struct driver_stats stats;
	struct nic_port port;
	uint64_t limit[NIC_LIMIT_COUNT];      /* as last read */
	uint64_t limit_rose[NIC_LIMIT_COUNT]; /* when last; monotonic ns, 0: never */
};

/* Forgets what is remembered of a device. */
void nic_device_forget(struct nic_device *device);

/* What reading the devices in one collection needs. */
struct nic_reading {
	struct ethtool *ethtool;
	struct ethtool_netlink *ethtool_netlink;
	struct collect *c;
	uint64_t turn;	    /* number of the collection */
	unsigned rps_files; /* how many rps_cpus may be read before their time has come */
};

/*
 * Completes the row of a link and adds its driver's statistics to stats. Trouble is noted in
 * reading->c; an interface that is gone by now keeps what rtnetlink had. The name in the row is
 * the present one, should the interface have been renamed since the links were read. 0 or -ENOMEM.
 */
int nic_device_read(struct nic_device *device, struct nic_reading *reading,
		    const struct nic_link *link, struct nic_row *row, struct rows *stats);

/* Whether an rps_cpus mask ("00000000,0000000f\n") has any CPU. 0, 1, or -EINVAL. */
int nic_rps_mask(const char *text, size_t len);

#endif
