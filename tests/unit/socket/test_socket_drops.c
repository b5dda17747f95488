/* SPDX-License-Identifier: BSD-2-Clause */
/* socketDrop: captured files of two kernels, and made ones in which sockets come and go. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/socket/socket_drops.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

#define RAW_HEADER                                                            \
	"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when " \
	"retrnsmt   uid  timeout inode ref pointer drops\n"
#define RAW_LINE(local, inode, drops)                                     \
	"   1: " local " 00000000:0000 07 00000000:00000500 00:00000000 " \
	"00000000  1000        0 " inode " 2 0000000000000000 " drops "\n"
#define NETLINK_HEADER                                                      \
	"sk               Eth Pid        Groups   Rmem     Wmem     Dump  " \
	"Locks    Drops    Inode\n"
#define NETLINK_LINE(protocol, portid, drops, inode) \
	"0000000000000000 " protocol " " portid " 00000001 768 0 0 2 " drops " " inode "\n"

static struct tree tree;
static struct unit_collector unit;
static uint64_t now = SECOND;

static void start(const char *data)
{
	static struct roots roots;
	static char proc[PATH_MAX];

	if (data) {
		unit_source(proc, data);
		roots = (struct roots){{proc, proc}};
		unit_collector_init(&unit, &socket_drop_collector, &roots);
		return;
	}
	tree_init(&tree);
	tree_write(&tree, "proc/net/raw", RAW_HEADER);
	tree_write(&tree, "proc/net/netlink", NETLINK_HEADER);
	unit_collector_init(&unit, &socket_drop_collector, &tree.roots);
}

static int collect(void)
{
	now += 5 * SECOND;
	return unit_collect(&unit, now);
}

static const struct socket_drop_row *row_of(const char *endpoint)
{
	struct socket_drop_row key = {.sockets = 0};

	ROW_SET_TEXT(key.endpoint, endpoint);
	return rows_find(&unit.rows[0], &key);
}

static uint64_t drops_of(const char *endpoint)
{
	const struct socket_drop_row *row = row_of(endpoint);

	ck_assert_msg(row != NULL, "no row %s", endpoint);
	return row->drops;
}

START_TEST(test_this_kernel)
{
	const struct socket_drop_row *row;

	start("tests/data/socket_drops/6.18/proc");
	ck_assert_int_eq(collect(), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, 6);
	row = row_of("raw 0.0.0.0 proto 1");
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->drops, 35);
	ck_assert_uint_eq(row->rx_queue_bytes, 0x1040);
	ck_assert_uint_eq(row->inode, 12217722);
	ck_assert_uint_eq(row->uid, 0);
	ck_assert_uint_eq(row->sockets, 1);
	ck_assert_uint_eq(drops_of("raw6 ::1 proto 58"), 0);
	ck_assert_uint_eq(drops_of("ping 127.0.0.1 id 7"), 0);
	ck_assert_uint_eq(drops_of("ping6 ::1 id 9"), 0);
	row = row_of("netlink route portid 5972");
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->drops, 0);
	ck_assert_uint_eq(row->inode, 12217726);
	ck_assert_uint_eq(row->uid, ROW_ABSENT);
	ck_assert_ptr_nonnull(row_of("netlink kobject_uevent portid 4000000000"));
	unit_collector_done(&unit);
}
END_TEST

/* An older kernel prints drops with a sign and has fewer files. */
START_TEST(test_old_kernel)
{
	start("tests/data/socket_drops/4.18/proc");
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	ck_assert_uint_eq(drops_of("raw 10.0.0.1 proto 1"), UINT32_MAX - 6);
	ck_assert_uint_eq(row_of("raw 10.0.0.1 proto 1")->uid, 1000);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 255"), INT32_MAX);
	ck_assert_uint_eq(drops_of("netlink route portid 812"), 19);
	ck_assert_uint_eq(row_of("netlink route portid 812")->rx_queue_bytes, 212992);
	ck_assert_uint_eq(drops_of("netlink 31 portid 4294966283"), 0);
	unit_collector_done(&unit);
}
END_TEST

/* The sum of an endpoint goes on over wraps, and over sockets that end and begin. */
START_TEST(test_sums)
{
	start(NULL);
	tree_write(&tree, "proc/net/raw", RAW_HEADER RAW_LINE("00000000:0001", "5", "4294967290"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 1"), UINT64_C(4294967290));
	tree_write(&tree, "proc/net/raw",
		   RAW_HEADER RAW_LINE("00000000:0001", "5", "4")
			   RAW_LINE("00000000:0001", "6", "100"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 1"), UINT64_C(4294967300) + 100);
	ck_assert_uint_eq(row_of("raw 0.0.0.0 proto 1")->sockets, 2);
	ck_assert_uint_eq(row_of("raw 0.0.0.0 proto 1")->rx_queue_bytes, 0xa00);
	tree_write(&tree, "proc/net/raw", RAW_HEADER);
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 1"), UINT64_C(4294967400));
	ck_assert_uint_eq(row_of("raw 0.0.0.0 proto 1")->sockets, 0);
	ck_assert_uint_eq(row_of("raw 0.0.0.0 proto 1")->rx_queue_bytes, ROW_ABSENT);
	/* Another socket with the inode of the one that is gone. */
	tree_write(&tree, "proc/net/raw", RAW_HEADER RAW_LINE("00000000:0001", "6", "30"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 1"), UINT64_C(4294967430));
	/* It binds to an address: what it has lost is not counted again. */
	tree_write(&tree, "proc/net/raw", RAW_HEADER RAW_LINE("0100007F:0001", "6", "31"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("raw 0.0.0.0 proto 1"), UINT64_C(4294967430));
	ck_assert_uint_eq(drops_of("raw 127.0.0.1 proto 1"), 1);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* A netlink socket that ends is forgotten if it lost nothing, and remembered if it did. */
START_TEST(test_netlink_socket_ends)
{
	start(NULL);
	tree_write(&tree, "proc/net/netlink",
		   NETLINK_HEADER NETLINK_LINE("0", "0", "0", "4")
			   NETLINK_LINE("0", "77", "0", "10") NETLINK_LINE("16", "77", "2", "11"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 2);
	ck_assert_uint_eq(row_of("netlink route portid 77")->rx_queue_bytes, 768);
	tree_write(&tree, "proc/net/netlink", NETLINK_HEADER NETLINK_LINE("0", "0", "0", "4"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	ck_assert_uint_eq(drops_of("netlink generic portid 77"), 2);
	/* The port id again, by another socket. */
	tree_write(&tree, "proc/net/netlink", NETLINK_HEADER NETLINK_LINE("16", "77", "1", "19"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(drops_of("netlink generic portid 77"), 3);
	now += 3700 * SECOND;
	tree_write(&tree, "proc/net/netlink", NETLINK_HEADER);
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* Those that lose come first; what has no row is said. */
START_TEST(test_bound)
{
	start(NULL);
	unit.settings->max_rows[MAX_ROWS_SOCKET_DROP] = 1;
	tree_write(&tree, "proc/net/netlink",
		   NETLINK_HEADER NETLINK_LINE("0", "1", "0", "10")
			   NETLINK_LINE("0", "2", "9", "11") NETLINK_LINE("0", "3", "1", "12"));
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	ck_assert_uint_eq(drops_of("netlink route portid 2"), 9);
	ck_assert(unit.left_out);
	ck_assert_ptr_nonnull(strstr(unit.error, "raise `maxRows socketDrop 1`"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static void refuse(const char *file, const char *text)
{
	start(NULL);
	tree_write(&tree, file, "%s", text);
	ck_assert_int_eq(collect(), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(unit.error, "has an unknown format"));
	unit_collector_done(&unit);
	tree_done(&tree);
}

START_TEST(test_broken)
{
	refuse("proc/net/raw", "");
	refuse("proc/net/raw", "<html>\n");
	refuse("proc/net/raw", RAW_HEADER "   1: 00000000:0001\n");
	refuse("proc/net/raw", RAW_HEADER "   1: 00000000:0001 00000000:0000 07");
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("000000000000:0001", "5", "1"));
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("00000000", "5", "1"));
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("00000000:10000", "5", "1"));
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("00000000:0001", "4294967296", "1"));
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("00000000:0001", "5", "4294967296"));
	refuse("proc/net/raw", RAW_HEADER RAW_LINE("00000000:0001", "5", "x"));
	refuse("proc/net/raw6", RAW_HEADER RAW_LINE("00000000:0001", "5", "1"));
	refuse("proc/net/netlink", RAW_HEADER);
	refuse("proc/net/netlink", NETLINK_HEADER NETLINK_LINE("70000", "1", "0", "10"));
	refuse("proc/net/netlink", NETLINK_HEADER NETLINK_LINE("0", "-1", "0", "10"));
}
END_TEST

/* Without IPv6 two files are missing; without all of procfs everything is. */
START_TEST(test_missing)
{
	start(NULL);
	ck_assert_int_eq(collect(), 0);
	ck_assert_str_eq(unit.error, "");
	tree_remove(&tree, "proc/net/netlink");
	ck_assert_int_eq(collect(), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "net/netlink: No such file"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("socket_drops", test_this_kernel, test_old_kernel, test_sums, test_netlink_socket_ends,
	  test_bound, test_broken, test_missing)
