/* SPDX-License-Identifier: BSD-2-Clause */
/* Compares the ports of each bond with one another, as no single one of them shows that it is a
 * lesser one. Pure. */
#include <config.h>

#include <stdbool.h>

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

/* A slower card as the reserve of a faster one is meant to be so. */
static bool bond_could_be_faster(const struct nic_row *row)
{
	return row->fastest_mbps == ROW_ABSENT || row->fastest_mbps > row->speed_mbps;
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
		else if (row->speed_mbps < row->bond_speed_mbps && bond_could_be_faster(row))
			row->degraded = NIC_SLOWER;
	}
}
