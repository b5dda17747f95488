/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that devices dropped for lack of buffers, from drivers that support qstats. */
#ifndef NETDIAG_NIC_QSTATS_H
#define NETDIAG_NIC_QSTATS_H

#include "collectors/base/hash.h"
#include "collectors/kernel/netdev_genl.h"
#include "collectors/nic/nic.h"

struct nic_qstats {
	struct netdev_genl genl;
	struct hash devices; /* those that ever answered */
};

void nic_qstats_init(struct nic_qstats *qstats);
void nic_qstats_close(struct nic_qstats *qstats);

/* Reads all devices with one dump. On kernels without qstats, no device answers. */
void nic_qstats_read(struct nic_qstats *qstats);

/* Takes in a device's statistics: a netdev_stats_fn. arg: the struct nic_qstats. Pure. */
int nic_qstats_take(const struct netdev_stats *stats, void *arg);

/* An interface is gone: another one may get its ifindex. */
void nic_qstats_forget(struct nic_qstats *qstats, uint64_t ifindex);

/* Puts a device's discards into its row, in place of what its driver's statistics say. They are
 * absent when it answered before but not now, so that the number does not alternate between two
 * meanings. A device that never answered is left as it is. */
void nic_qstats_apply(const struct nic_qstats *qstats, struct nic_row *row);

#endif
