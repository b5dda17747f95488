/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares the ports of each bond with one another, as no single one of them shows that it is a
 * lesser one. Pure. */
#include <config.h>

#include "collectors/kernel/ethtool.h"
#include "collectors/nic/bond.h"

/* The fastest port with a link among those of a bond; 0 when none has one. */
static uint64_t bond_speed(const struct rows *rows, uint64_t bond)
{
	uint64_t fastest = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct nic_row *row = rows_at(rows, i);

		if (row->bond_state != ROW_ABSENT && row->master_ifindex == bond &&
		    row->carrier == 1 && row->speed_mbps != ROW_ABSENT && row->speed_mbps > fastest)
			fastest = row->speed_mbps;
	}
	return fastest;
}

void nic_bonds_compare(struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct nic_row *row = rows_at(rows, i);

		if (row->hardware != 1 || row->carrier == ROW_ABSENT)
			continue;
		row->degraded = NIC_SOUND;
		if (row->bond_state != ROW_ABSENT && row->master_ifindex != ROW_ABSENT)
			row->bond_speed_mbps = bond_speed(rows, row->master_ifindex);
		if (row->carrier && row->duplex == NIC_DUPLEX_HALF)
			row->degraded = NIC_HALF_DUPLEX;
		else if (row->bond_speed_mbps == ROW_ABSENT || !row->bond_speed_mbps)
			continue;
		else if (!row->carrier)
			row->degraded = NIC_NO_LINK;
		else if (row->speed_mbps < row->bond_speed_mbps)
			row->degraded = NIC_SLOWER;
	}
}
