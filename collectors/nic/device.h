/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is remembered of each interface between two collections, because it changes seldom and costs
 * a system call or many: driver, speed, packet steering, which statistics are shown.
 */
#ifndef NETDIAG_NIC_DEVICE_H
#define NETDIAG_NIC_DEVICE_H

#include "collectors/collector.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/nic/driver_stats.h"
#include "collectors/nic/link.h"

struct nic_device {
	uint64_t ifindex;
	char ifname[NIC_NAME_SIZE];
	char driver[NIC_DRIVER_SIZE];
	char bus_info[NIC_BUS_INFO_SIZE];
	uint64_t speed_mbps;
	uint64_t duplex;
	uint64_t rps_enabled;
	struct nic_rings rings; /* only where there is no ethtool netlink */
	/* What the link was when the above was read: it is read again when that changes. */
	uint64_t carrier;
	uint64_t carrier_changes;
	uint64_t rx_queues;
	bool known;  /* the driver was asked */
	bool chosen; /* stats holds a choice */
	struct driver_stats stats;
};

/* All of them, by ascending ifindex. Zero-initialised is empty. */
struct nic_devices {
	struct nic_device *list; /* owned */
	size_t count;
};

void nic_devices_free(struct nic_devices *devices);

/* Makes devices hold exactly one for each of the (sorted) links, in their order: new ones know
 * nothing, those of links that are gone are forgotten. 0 or -ENOMEM (devices are then unchanged).
 */
int nic_devices_match(struct nic_devices *devices, const struct rows *links);

/* Forgets what is known of an interface: there may be another one under its ifindex. */
void nic_devices_forget(struct nic_devices *devices, uint64_t ifindex);

/* Forgets which statistics were chosen: the settings are others. */
void nic_devices_choose_again(struct nic_devices *devices);

/* Reads what is not known of a device, what may have changed with its link, and all of it when
 * `again`. Trouble is noted in c. -ENODEV when it is gone, else 0. */
int nic_device_refresh(struct nic_device *device, struct ethtool *ethtool,
		       const struct nic_link *link, bool again, struct collect *c);

/*
 * Reads the driver's statistics: adds rows to stats and sets the row's rx_discards. Trouble is
 * noted in c. 0; -ENODEV when the device is gone; -ENOMEM.
 */
int nic_device_stats(struct nic_device *device, struct ethtool *ethtool, struct nic_row *row,
		     struct rows *stats, struct collect *c);

/* Whether an rps_cpus mask ("00000000,0000000f\n") has any CPU. 0, 1, or -EINVAL. */
int nic_rps_mask(const char *text, size_t len);

#endif
