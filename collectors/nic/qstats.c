/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads the drops of whole devices with qstats-get of the generic netlink family "netdev", whose
 * statistics mean the same for every driver (Documentation/netlink/specs/netdev.yaml).
 */
#include <config.h>

#include <errno.h>

#include "collectors/nic/qstats.h"

struct qstats_device {
	uint64_t ifindex;
	uint64_t discards; /* packets; ROW_ABSENT: not in the last dump */
	const char *source;
};

void nic_qstats_init(struct nic_qstats *qstats)
{
	hash_init(&qstats->devices, sizeof(struct qstats_device), sizeof(uint64_t));
}

void nic_qstats_close(struct nic_qstats *qstats)
{
	netdev_genl_close(&qstats->genl);
	hash_clear(&qstats->devices);
}

int nic_qstats_take(const struct netdev_stats *stats, void *arg)
{
	struct nic_qstats *qstats = arg;
	struct qstats_device *device;

	/* Failed allocations are left out: they need not have cost a packet. */
	if (stats->rx_hw_drop_overruns == ROW_ABSENT && stats->rx_hw_drops == ROW_ABSENT)
		return 0;
	device = hash_add(&qstats->devices, &stats->ifindex);
	if (!device)
		return -ENOMEM;
	if (stats->rx_hw_drop_overruns != ROW_ABSENT) {
		device->discards = stats->rx_hw_drop_overruns;
		device->source = "rx-hw-drop-overruns (qstats)";
	} else if (stats->rx_hw_drop_ratelimits == ROW_ABSENT) {
		device->discards = stats->rx_hw_drops;
		device->source = "rx-hw-drops (qstats)";
	} else {
		device->discards = stats->rx_hw_drops > stats->rx_hw_drop_ratelimits
					   ? stats->rx_hw_drops - stats->rx_hw_drop_ratelimits
					   : 0;
		device->source = "rx-hw-drops less ratelimits (qstats)";
	}
	return 0;
}

void nic_qstats_read(struct nic_qstats *qstats)
{
	for (size_t i = 0; i < qstats->devices.count; i++)
		((struct qstats_device *)hash_at(&qstats->devices, i))->discards = ROW_ABSENT;
	netdev_dump_stats(&qstats->genl, false, nic_qstats_take, qstats);
}

static bool qstats_is_other(const void *item, void *ifindex)
{
	return ((const struct qstats_device *)item)->ifindex != *(const uint64_t *)ifindex;
}

void nic_qstats_forget(struct nic_qstats *qstats, uint64_t ifindex)
{
	hash_keep(&qstats->devices, qstats_is_other, &ifindex);
}

void nic_qstats_apply(const struct nic_qstats *qstats, struct nic_row *row)
{
	const struct qstats_device *device = hash_find(&qstats->devices, &row->ifindex);

	if (!device)
		return;
	row->rx_discards = device->discards;
	row->rx_discards_bits = 64;
	ROW_SET_TEXT(row->rx_discards_source, device->discards == ROW_ABSENT ? "" : device->source);
}
