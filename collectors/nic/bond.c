/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds degraded links in the rows of the nic collector: half duplex, or worse than the other ports
 * of their bond. Pure. */
#include <config.h>

#include <stdbool.h>

#include "collectors/kernel/ethtool.h"
#include "collectors/nic/bond.h"

/* The speed of a bond's fastest port that has a link; 0 if none has. */
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

/* A port at the full speed of its card is not degraded: the reserve may be a slower card. */
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
