/* SPDX-License-Identifier: BSD-2-Clause */
/* qstats: which of the kernel's own terms RxDiscards is taken from. */
#include <config.h>

#include <string.h>

#include "collectors/nic/qstats.h"
#include "tests/unit/unit.h"

/* A row whose driver's statistics said 7. */
static struct nic_row from_driver(uint64_t ifindex)
{
	struct nic_row row;

	row_reset(&nic_row_type, &row);
	row.ifindex = ifindex;
	row.rx_discards = 7;
	row.rx_discards_bits = 32;
	ROW_SET_TEXT(row.rx_discards_source, "rx_missed");
	return row;
}

static struct netdev_stats answer(uint64_t ifindex)
{
	struct netdev_stats stats;

	memset(&stats, 0xff, sizeof(stats)); /* ROW_ABSENT */
	stats.ifindex = ifindex;
	stats.rx_packets = 1000;
	return stats;
}

static void assert_discards(const struct nic_qstats *qstats, uint64_t ifindex, uint64_t discards,
			    const char *source)
{
	struct nic_row row = from_driver(ifindex);

	nic_qstats_apply(qstats, &row);
	ck_assert_uint_eq(row.rx_discards, discards);
	ck_assert_str_eq(row.rx_discards_source, source);
	ck_assert_uint_eq(row.rx_discards_bits, strcmp(source, "rx_missed") ? 64 : 32);
}

START_TEST(test_choice)
{
	struct nic_qstats qstats = {.devices = {.count = 0}};
	struct netdev_stats stats = answer(3);

	nic_qstats_init(&qstats);
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	assert_discards(&qstats, 3, 7, "rx_missed");
	stats.rx_alloc_fail = 50;
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	assert_discards(&qstats, 3, 7, "rx_missed");
	stats.rx_hw_drops = 100;
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	assert_discards(&qstats, 3, 100, "rx-hw-drops (qstats)");
	stats.rx_hw_drop_ratelimits = 30;
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	assert_discards(&qstats, 3, 70, "rx-hw-drops less ratelimits (qstats)");
	stats.rx_hw_drop_overruns = 60;
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	assert_discards(&qstats, 3, 60, "rx-hw-drop-overruns (qstats)");
	assert_discards(&qstats, 4, 7, "rx_missed");
	nic_qstats_close(&qstats);
}
END_TEST

/* No device of the running kernel has this ifindex, so that the next reading lacks its answer. */
START_TEST(test_no_answer)
{
	struct nic_qstats qstats = {.devices = {.count = 0}};
	struct netdev_stats stats = answer(4000000000);

	nic_qstats_init(&qstats);
	stats.rx_hw_drop_overruns = 60;
	ck_assert_int_eq(nic_qstats_take(&stats, &qstats), 0);
	nic_qstats_read(&qstats);
	assert_discards(&qstats, 4000000000, ROW_ABSENT, "");
	nic_qstats_forget(&qstats, 3);
	assert_discards(&qstats, 4000000000, ROW_ABSENT, "");
	nic_qstats_forget(&qstats, 4000000000);
	assert_discards(&qstats, 4000000000, 7, "rx_missed");
	nic_qstats_close(&qstats);
}
END_TEST

UNIT_MAIN("qstats", test_choice, test_no_answer)
