/* SPDX-License-Identifier: BSD-2-Clause */
/* Limits: which there are, from what, and what is absent. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/limit/limits.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static const struct limit_row *find(const struct unit_collector *unit, const char *name)
{
	struct limit_row key;

	ROW_SET_TEXT(key.name, name);
	return rows_find(&unit->rows[0], &key);
}

static void check_limit(const struct unit_collector *unit, const char *name, uint64_t used,
			uint64_t max, const char *sysctl)
{
	const struct limit_row *row = find(unit, name);

	ck_assert_msg(row, "no %s", name);
	ck_assert_uint_eq(row->used, used);
	ck_assert_uint_eq(row->max, max);
	ck_assert_uint_eq(row->usage, used == ROW_ABSENT || max == ROW_ABSENT || !max
					      ? ROW_ABSENT
					      : used * 10000 / max);
	ck_assert_str_eq(row->sysctl, sysctl);
}

/* A tree under another root: what only netlink could tell is absent. */
START_TEST(host)
{
	struct roots roots = roots_default;
	struct unit_collector unit;
	char path[PATH_MAX];

	unit_source(path, "tests/data/limits/host/proc");
	roots.path[ROOT_PROC] = path;
	unit_collector_init(&unit, &limits_collector, &roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 10);
	check_limit(&unit, "tcp-memory", 5120, 380550, "net.ipv4.tcp_mem");
	check_limit(&unit, "udp-memory", 16, 761106, "net.ipv4.udp_mem");
	check_limit(&unit, "tcp-orphans", 31, 65536, "net.ipv4.tcp_max_orphans");
	check_limit(&unit, "tcp-time-wait", 2307, 65536, "net.ipv4.tcp_max_tw_buckets");
	check_limit(&unit, "fragment-memory", 7680, 4194304, "net.ipv4.ipfrag_high_thresh");
	check_limit(&unit, "fragment-memory-ipv6", 0, 4194304, "net.ipv6.ip6frag_high_thresh");
	check_limit(&unit, "conntrack", 500, 262144, "net.netfilter.nf_conntrack_max");
	check_limit(&unit, "neighbor-ipv4", ROW_ABSENT, 1024, "net.ipv4.neigh.default.gc_thresh3");
	check_limit(&unit, "neighbor-ipv6", ROW_ABSENT, 1024, "net.ipv6.neigh.default.gc_thresh3");
	check_limit(&unit, "ephemeral-ports", ROW_ABSENT, 60999 - 32768 + 1 - 10,
		    "net.ipv4.ip_local_port_range");
	ck_assert_ptr_nonnull(strstr(unit.error, "neighbor-ipv4"));
	ck_assert_ptr_nonnull(strstr(unit.error, "ephemeral-ports"));
	ck_assert_ptr_null(strstr(unit.error, "tcp-memory"));
	unit_collector_done(&unit);
}
END_TEST

/* A row of which nothing is known is left out; one number alone is shown. */
START_TEST(incomplete)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 1 orphan 7 mem 9\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_max_orphans", "100\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_max_tw_buckets", "100\n");
	tree_write(&tree, "proc/sys/net/netfilter/nf_conntrack_count", "3\n");
	tree_write(&tree, "proc/sys/net/netfilter/nf_conntrack_max", "0\n");
	unit_collector_init(&unit, &limits_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	check_limit(&unit, "tcp-memory", 9, ROW_ABSENT, "net.ipv4.tcp_mem");
	check_limit(&unit, "tcp-orphans", 7, 100, "net.ipv4.tcp_max_orphans");
	check_limit(&unit, "tcp-time-wait", ROW_ABSENT, 100, "net.ipv4.tcp_max_tw_buckets");
	check_limit(&unit, "conntrack", 3, ROW_ABSENT, "net.netfilter.nf_conntrack_max");
	ck_assert_ptr_nonnull(strstr(unit.error, "tcp-memory"));
	ck_assert_ptr_nonnull(strstr(unit.error, "tcp-time-wait"));
	/* Unlimited is no trouble. */
	ck_assert_ptr_null(strstr(unit.error, "conntrack"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(garbage)
{
	static const char *const texts[] = {"", "x\n", "1\n", "-5 -6 -7\n"};
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 1 mem 9\n");
	unit_collector_init(&unit, &limits_collector, &tree.roots);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		tree_write(&tree, "proc/sys/net/ipv4/tcp_mem", "%s", texts[i]);
		tree_write(&tree, "proc/sys/net/ipv4/ip_local_port_range", "%s", texts[i]);
		ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
		check_limit(&unit, "tcp-memory", 9, ROW_ABSENT, "net.ipv4.tcp_mem");
		ck_assert_ptr_null(find(&unit, "ephemeral-ports"));
		ck_assert_ptr_nonnull(strstr(unit.error, "tcp-memory"));
	}
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(nothing)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &limits_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert(unit.error[0]);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* The running kernel, whatever namespace this is: what is known is plausible. */
START_TEST(live)
{
	const struct limit_row *row;
	struct unit_collector unit;

	unit_collector_init(&unit, &limits_collector, &roots_default);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = find(&unit, "ephemeral-ports");
	ck_assert_msg(row && row->used != ROW_ABSENT && row->max > 0, "%s", unit.error);
	row = find(&unit, "neighbor-ipv4");
	ck_assert_msg(row && row->used != ROW_ABSENT && row->max > 0, "%s", unit.error);
	row = find(&unit, "tcp-time-wait");
	ck_assert_msg(row && row->used != ROW_ABSENT && row->max > 0, "%s", unit.error);
	unit_collector_done(&unit);
}
END_TEST

UNIT_MAIN("limits", host, incomplete, garbage, nothing, live)
