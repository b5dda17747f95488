/* SPDX-License-Identifier: BSD-2-Clause */
/* The NIC collector on the kernel that the tests run on: loopback is there everywhere. */
#include <config.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/accum.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/kernel/netlink.h"
#include "collectors/nic/nic.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static const struct nic_row *loopback(const struct unit_collector *unit)
{
	for (size_t i = 0; i < unit->rows[0].count; i++) {
		const struct nic_row *row = rows_at(&unit->rows[0], i);

		if (!strcmp(row->name, "lo"))
			return row;
	}
	return NULL;
}

START_TEST(live)
{
	struct unit_collector unit;
	const struct nic_row *row;
	struct tree tree;
	uint64_t stamp;

	tree_init(&tree);
	tree_write(&tree, "sys/class/net/lo/queues/rx-0/rps_cpus", "00000000,00000000\n");
	tree_write(&tree, "sys/class/net/lo/queues/rx-1/rps_cpus", "00000000,00000002\n");
	tree_write(&tree, "sys/class/net/lo/queues/tx-0/rps_cpus", "junk\n");
	unit_collector_init(&unit, &nic_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = loopback(&unit);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->ifindex, if_nametoindex("lo"));
	ck_assert_uint_eq(row->rps_enabled, 1);
	ck_assert_uint_eq(row->speed_mbps, ROW_ABSENT);
	ck_assert_uint_eq(row->ring_rx_current, ROW_ABSENT);
	ck_assert_uint_ne(row->rx_packets, ROW_ABSENT);
	ck_assert_uint_ne(row->mtu, ROW_ABSENT);
	ck_assert_uint_eq(row->rx_discards, row->rx_missed);
	ck_assert_str_eq(row->rx_discards_source, "rx_missed (stats64)");
	ck_assert_uint_eq(row->discontinuity, SECOND);
	ck_assert_str_eq(unit.error, "");
	ck_assert_ptr_nonnull(strstr(unit.source, "rtnetlink"));
	stamp = row->discontinuity;

	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	row = loopback(&unit);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->discontinuity, stamp);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(no_sysfs)
{
	struct unit_collector unit;
	const struct nic_row *row;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &nic_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = loopback(&unit);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->rps_enabled, ROW_ABSENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "RpsEnabled"));
	ck_assert_ptr_nonnull(strstr(unit.error, "mount sysfs"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(patterns_of_interfaces)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &nic_collector, &tree.roots);
	ck_assert_int_eq(globs_add(&unit.settings->interfaces_include, "l?"), 0);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_ptr_nonnull(loopback(&unit));
	ck_assert_int_eq(globs_add(&unit.settings->interfaces_exclude, "lo*"), 0);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_ptr_null(loopback(&unit));
	ck_assert_uint_eq(unit.rows[1].count, 0);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* An interface that is gone, and one without statistics. */
START_TEST(ethtool_refusals)
{
	struct ethtool ethtool = {0};
	char driver[NIC_DRIVER_SIZE], bus_info[NIC_BUS_INFO_SIZE];
	struct nic_rings rings;
	const uint64_t *values;
	const char *strings;
	struct nic_link_settings settings;
	size_t count = 1;

	ck_assert_int_eq(ethtool_open(&ethtool), 0);
	ck_assert_int_eq(ethtool_driver(&ethtool, "no-such", driver, bus_info), -ENODEV);
	ck_assert_str_eq(driver, "");
	ck_assert_int_eq(ethtool_link(&ethtool, "no-such", &settings), -ENODEV);
	ck_assert_uint_eq(settings.speed_mbps, ROW_ABSENT);
	ck_assert_uint_eq(settings.fastest_mbps, ROW_ABSENT);
	ck_assert_int_eq(ethtool_rings(&ethtool, "no-such", &rings), -ENODEV);
	ck_assert_uint_eq(rings.rx_max, ROW_ABSENT);
	ck_assert_int_eq(ethtool_stats_count(&ethtool, "no-such", &count), -ENODEV);
	ck_assert_int_eq(ethtool_strings(&ethtool, "no-such", 1, &strings), -ENODEV);
	ck_assert_int_eq(ethtool_values(&ethtool, "no-such", 1, &values), -ENODEV);
	ck_assert_int_eq(ethtool_stats_count(&ethtool, "lo", &count), 0);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(ethtool_values(&ethtool, "lo", 3, &values), -EOPNOTSUPP);
	ethtool_close(&ethtool);
}
END_TEST

static void set_mode(uint32_t supported[4], unsigned bit)
{
	supported[bit / 32] |= 1U << bit % 32;
}

START_TEST(fastest_modes)
{
	uint32_t supported[4] = {0};

	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), ROW_ABSENT);
	set_mode(supported, ETHTOOL_LINK_MODE_FIBRE_BIT); /* no speed */
	set_mode(supported, ETHTOOL_LINK_MODE_FEC_RS_BIT);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), ROW_ABSENT);
	set_mode(supported, ETHTOOL_LINK_MODE_10baseT_Half_BIT);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), 10);
	set_mode(supported, ETHTOOL_LINK_MODE_1000baseT_Full_BIT);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), 1000);
	set_mode(supported, ETHTOOL_LINK_MODE_10000baseT_Full_BIT);
	set_mode(supported, ETHTOOL_LINK_MODE_2500baseT_Full_BIT);
	set_mode(supported, ETHTOOL_LINK_MODE_25000baseCR_Full_BIT);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), 25000);
	set_mode(supported, ETHTOOL_LINK_MODE_400000baseCR4_Full_BIT);
	set_mode(supported, ETHTOOL_LINK_MODE_100baseFX_Full_BIT);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 4), 400000);
	/* An older kernel has fewer words. */
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 2), 25000);
	ck_assert_uint_eq(ethtool_fastest_mode(supported, 0), ROW_ABSENT);
}
END_TEST

static int count_message(const struct nlmsghdr *message, void *arg)
{
	(void)message;
	++*(unsigned *)arg;
	return 0;
}

/* In a namespace of its own, loopback goes up and down: that announces RTM_NEWLINK, which one
 * subscription is for and the other is not. */
START_TEST(announcements)
{
	struct netlink wanted = {0}, other = {0};
	struct ifreq request = {.ifr_name = "lo"};
	unsigned count = 0, others = 0;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) && unshare(CLONE_NEWNET))
		return; /* not allowed here */
	ck_assert_int_eq(netlink_open(&wanted, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_open(&other, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_subscribe(&wanted, RTNLGRP_LINK, RTM_NEWLINK), 0);
	ck_assert_int_eq(netlink_subscribe(&other, RTNLGRP_LINK, RTM_DELLINK), 0);
	ck_assert_int_eq(netlink_drain(&wanted, count_message, &count), 0);
	ck_assert_uint_eq(count, 0);
	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); /* any socket will do */
	ck_assert_int_ge(fd, 0);
	for (unsigned i = 0; i < 4; i++) {
		request.ifr_flags = i % 2 ? 0 : IFF_UP;
		ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	}
	ck_assert_int_eq(netlink_drain(&wanted, count_message, &count), 0);
	ck_assert_uint_ge(count, 4);
	ck_assert_int_eq(netlink_drain(&other, count_message, &others), 0);
	ck_assert_uint_eq(others, 0);
	count = 0;
	ck_assert_int_eq(netlink_drain(&wanted, count_message, &count), 0);
	ck_assert_uint_eq(count, 0);
	/* more than the socket holds: said so, and the others are still there */
	for (unsigned i = 0; i < 20000; i++) {
		request.ifr_flags = i % 2 ? 0 : IFF_UP;
		ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	}
	ck_assert_int_eq(netlink_drain(&wanted, count_message, &count), -ENOBUFS);
	ck_assert_uint_ge(count, 10);
	ck_assert_int_eq(netlink_drain(&wanted, count_message, &count), 0);
	ck_assert(netlink_is_open(&wanted));
	close(fd);
	netlink_close(&wanted);
	netlink_close(&other);
}
END_TEST

static void add_stat(struct rows *rows, uint64_t value, uint64_t bits)
{
	struct nic_stat_row *row = rows_add(rows);

	ck_assert_ptr_nonnull(row);
	row->ifindex = 3;
	row->value = value;
	row->bits = bits;
	ROW_SET_TEXT(row->name, "rx_missed");
}

static const struct accum_field fields[] = {
	{.offset = offsetof(struct nic_stat_row, value), .bits = 0},
};

static const struct accum_type type = {
	.row = &nic_stat_row_type,
	.fields = fields,
	.field_count = COUNT_OF(fields),
	.stamp = offsetof(struct nic_stat_row, discontinuity),
	.row_bits = offsetof(struct nic_stat_row, bits),
};

/* Values as the kernel gives them, one a second, and what is shown. */
static void assert_continues(const uint64_t *raw, const uint64_t *total, size_t count,
			     uint64_t bits, size_t forgotten, uint64_t stamp)
{
	struct accum *accum = accum_new(&type);
	struct rows rows;

	rows_init(&rows, &nic_stat_row_type);
	for (size_t i = 0; i < count; i++) {
		const struct nic_stat_row *row;

		rows_clear(&rows);
		add_stat(&rows, raw[i], bits);
		if (forgotten == i && i)
			accum_forget(accum, 3);
		ck_assert_int_eq(accum_apply(accum, &rows, (i + 1) * SECOND), 0);
		row = rows_at(&rows, 0);
		ck_assert_msg(row->value == total[i], "%zu: %llu", i,
			      (unsigned long long)row->value);
		if (i == count - 1)
			ck_assert_uint_eq(row->discontinuity, stamp);
	}
	rows_clear(&rows);
	accum_free(accum);
}

/* A row's own width decides between a wrap and a reset. */
START_TEST(widths)
{
	const uint64_t wrap32[] = {UINT32_MAX - 5, UINT32_MAX, 9, 20};
	const uint64_t total32[] = {UINT32_MAX - 5, UINT32_MAX, UINT32_MAX + UINT64_C(10),
				    UINT32_MAX + UINT64_C(21)};
	const uint64_t wrap16[] = {65000, 65535, 4, 10};
	const uint64_t total16[] = {65000, 65535, 65540, 65546};
	const uint64_t reset16[] = {100, 200, 3, 10}; /* would be most of the range */
	const uint64_t reset64[] = {UINT32_MAX - 5, UINT32_MAX, 9, 20};
	const uint64_t total64[] = {UINT32_MAX - 5, UINT32_MAX, UINT32_MAX,
				    UINT32_MAX + UINT64_C(11)};
	const uint64_t stopped16[] = {100, 200, 200, 207};
	/* a u32 and a u64 counter added up */
	const uint64_t sum32[] = {3 * (UINT64_C(1) << 32), 3 * (UINT64_C(1) << 32) + 10,
				  2 * (UINT64_C(1) << 32) + 15};
	const uint64_t summed32[] = {3 * (UINT64_C(1) << 32), 3 * (UINT64_C(1) << 32) + 10,
				     3 * (UINT64_C(1) << 32) + 15};

	assert_continues(wrap32, total32, 4, 32, 0, SECOND);
	assert_continues(wrap16, total16, 4, 16, 0, SECOND);
	assert_continues(reset16, stopped16, 4, 16, 0, 3 * SECOND);
	assert_continues(sum32, summed32, 3, 32, 0, SECOND);
	assert_continues(reset64, total64, 4, 64, 0, 3 * SECOND);
}
END_TEST

/* A value that is not there for a time continues; that of another interface is its own. */
START_TEST(absences)
{
	const uint64_t raw[] = {100, ROW_ABSENT, ROW_ABSENT, 150};
	const uint64_t total[] = {100, ROW_ABSENT, ROW_ABSENT, 150};
	const uint64_t anew[] = {100, ROW_ABSENT, ROW_ABSENT, 30};
	const uint64_t own[] = {100, ROW_ABSENT, ROW_ABSENT, 30};

	assert_continues(raw, total, 4, 64, 0, SECOND);
	assert_continues(anew, own, 4, 64, 2, 3 * SECOND);
}
END_TEST

UNIT_MAIN("nic", live, no_sysfs, patterns_of_interfaces, ethtool_refusals, fastest_modes,
	  announcements, widths, absences)
