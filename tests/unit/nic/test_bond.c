/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "collectors/nic/bond.h"
#include "tests/unit/unit.h"

#define BOND 10

/* A card that is up at 10 Gbit/s, and a port of a bond where it is said. */
static struct nic_row *card(struct rows *rows, uint64_t bond)
{
	struct nic_row *row = rows_add(rows);

	ck_assert_ptr_nonnull(row);
	row->ifindex = rows->count;
	row->hardware = 1;
	row->carrier = 1;
	row->speed_mbps = 10000;
	row->duplex = NIC_DUPLEX_FULL;
	if (bond) {
		row->master_ifindex = bond;
		row->bond_state = NIC_BOND_ACTIVE;
	}
	return row;
}

static uint64_t degraded(struct rows *rows, size_t i)
{
	nic_bonds_compare(rows);
	return ((struct nic_row *)rows_at(rows, i))->degraded;
}

START_TEST(half_duplex)
{
	struct nic_row *row;
	struct rows rows;

	rows_init(&rows, &nic_row_type);
	row = card(&rows, 0);
	ck_assert_uint_eq(degraded(&rows, 0), NIC_SOUND);
	row->duplex = NIC_DUPLEX_UNKNOWN;
	ck_assert_uint_eq(degraded(&rows, 0), NIC_SOUND);
	row->duplex = NIC_DUPLEX_HALF;
	ck_assert_uint_eq(degraded(&rows, 0), NIC_HALF_DUPLEX);
	row->carrier = 0; /* what it was last */
	ck_assert_uint_eq(degraded(&rows, 0), NIC_SOUND);
	row->degraded = ROW_ABSENT;
	row->carrier = ROW_ABSENT; /* set down */
	ck_assert_uint_eq(degraded(&rows, 0), ROW_ABSENT);
	row->carrier = 1;
	row->hardware = 0;
	ck_assert_uint_eq(degraded(&rows, 0), ROW_ABSENT);
	rows_clear(&rows);
}
END_TEST

START_TEST(ports_of_a_bond)
{
	struct nic_row *row;
	struct rows rows;

	rows_init(&rows, &nic_row_type);
	card(&rows, BOND);
	card(&rows, BOND);
	card(&rows, BOND + 1)->speed_mbps = 100;
	card(&rows, 0)->speed_mbps = 10;
	for (size_t i = 0; i < rows.count; i++)
		ck_assert_uint_eq(degraded(&rows, i), NIC_SOUND);
	row = rows_at(&rows, 1);
	row->speed_mbps = 1000;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SLOWER);
	ck_assert_uint_eq(row->bond_speed_mbps, 10000);
	ck_assert_uint_eq(degraded(&rows, 0), NIC_SOUND);
	row->fastest_mbps = 10000;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SLOWER);
	row->fastest_mbps = 1000; /* a card of 1 Gbit/s as the reserve */
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SOUND);
	row->speed_mbps = 100;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SLOWER);
	row->speed_mbps = ROW_ABSENT;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SOUND);
	row->carrier = 0;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_NO_LINK);
	row->carrier = ROW_ABSENT; /* set down */
	row->degraded = ROW_ABSENT;
	ck_assert_uint_eq(degraded(&rows, 1), ROW_ABSENT);
	/* All of them are down: no port is behind the others. */
	row->carrier = 0;
	((struct nic_row *)rows_at(&rows, 0))->carrier = 0;
	ck_assert_uint_eq(degraded(&rows, 0), NIC_SOUND);
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SOUND);
	/* A port of a bridge is slower than another as it likes. */
	row->bond_state = ROW_ABSENT;
	row->bond_speed_mbps = ROW_ABSENT;
	((struct nic_row *)rows_at(&rows, 0))->carrier = 1;
	ck_assert_uint_eq(degraded(&rows, 1), NIC_SOUND);
	rows_clear(&rows);
}
END_TEST

UNIT_MAIN("nic_bond", half_duplex, ports_of_a_bond)
