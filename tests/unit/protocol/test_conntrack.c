/* SPDX-License-Identifier: BSD-2-Clause */
/* Connection tracking from made /proc trees of several kernels and from made ctnetlink messages. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdio.h>
#include <string.h>

#include "collectors/protocol/conntrack.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* --- ctnetlink --- */

struct message {
	_Alignas(struct nlmsghdr) char buf[512];
	struct nlmsghdr *header;
};

static void message_init(struct message *message, uint16_t type, uint16_t cpu)
{
	struct nfgenmsg *generic;

	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->buf);
	message->header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	generic = mnl_nlmsg_put_extra_header(message->header, sizeof(*generic));
	generic->res_id = htons(cpu);
}

static void put(struct message *message, uint16_t type, uint32_t number)
{
	mnl_attr_put_u32(message->header, type, htonl(number));
}

START_TEST(decode_cpu)
{
	struct conntrack_cpu_row row;
	struct message message;

	message_init(&message, IPCTNL_MSG_CT_GET_STATS_CPU, 300);
	for (uint16_t type = CTA_STATS_SEARCHED; type <= CTA_STATS_SEARCH_RESTART; type++)
		put(&message, type, 0x01020300u + type);
	row_reset(&conntrack_cpu_row_type, &row);
	ck_assert_int_eq(conntrack_decode_cpu(message.header, &row), 0);
	ck_assert_uint_eq(row.cpu, 300);
	ck_assert_uint_eq(row.found, 0x01020300u + CTA_STATS_FOUND);
	ck_assert_uint_eq(row.invalid, 0x01020300u + CTA_STATS_INVALID);
	ck_assert_uint_eq(row.insert, 0x01020300u + CTA_STATS_INSERT);
	ck_assert_uint_eq(row.insert_failed, 0x01020300u + CTA_STATS_INSERT_FAILED);
	ck_assert_uint_eq(row.drop, 0x01020300u + CTA_STATS_DROP);
	ck_assert_uint_eq(row.early_drop, 0x01020300u + CTA_STATS_EARLY_DROP);
	ck_assert_uint_eq(row.error, 0x01020300u + CTA_STATS_ERROR);
	ck_assert_uint_eq(row.search_restart, 0x01020300u + CTA_STATS_SEARCH_RESTART);
	/* An old kernel does not send these. */
	ck_assert_uint_eq(row.clash_resolve, ROW_ABSENT);
	ck_assert_uint_eq(row.chain_too_long, ROW_ABSENT);

	put(&message, 14, 4000000000u); /* CTA_STATS_CLASH_RESOLVE */
	put(&message, 15, 6);		/* CTA_STATS_CHAIN_TOOLONG */
	put(&message, 99, 7);		/* of a kernel to come */
	ck_assert_int_eq(conntrack_decode_cpu(message.header, &row), 0);
	ck_assert_uint_eq(row.clash_resolve, 4000000000u);
	ck_assert_uint_eq(row.chain_too_long, 6);
}
END_TEST

START_TEST(decode_global)
{
	struct conntrack_row row;
	struct message message;

	row_reset(&conntrack_row_type, &row);
	message_init(&message, IPCTNL_MSG_CT_GET_STATS, 0);
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), -EBADMSG);
	put(&message, CTA_STATS_GLOBAL_ENTRIES, 70000);
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), 0);
	ck_assert_uint_eq(row.entries, 70000);
	ck_assert_uint_eq(row.max, ROW_ABSENT);
	put(&message, 2, 262144); /* CTA_STATS_GLOBAL_MAX_ENTRIES */
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), 0);
	ck_assert_uint_eq(row.max, 262144);
	put(&message, 2, 0);
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), 0);
	ck_assert_uint_eq(row.max, ROW_ABSENT);
}
END_TEST

START_TEST(decode_broken)
{
	struct conntrack_cpu_row cpu;
	struct conntrack_row row;
	struct message message;

	row_reset(&conntrack_cpu_row_type, &cpu);
	row_reset(&conntrack_row_type, &row);
	message_init(&message, IPCTNL_MSG_CT_GET_STATS_CPU, 0);
	message.header->nlmsg_len = MNL_NLMSG_HDRLEN + 2;
	ck_assert_int_eq(conntrack_decode_cpu(message.header, &cpu), -EBADMSG);
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), -EBADMSG);

	message_init(&message, IPCTNL_MSG_CT_GET_STATS_CPU, 0);
	mnl_attr_put_u16(message.header, CTA_STATS_FOUND, 1);
	ck_assert_int_eq(conntrack_decode_cpu(message.header, &cpu), -EBADMSG);
	message_init(&message, IPCTNL_MSG_CT_GET_STATS, 0);
	mnl_attr_put_u64(message.header, CTA_STATS_GLOBAL_ENTRIES, 1);
	ck_assert_int_eq(conntrack_decode_global(message.header, &row), -EBADMSG);
}
END_TEST

/* --- /proc/net/stat/nf_conntrack --- */

START_TEST(stat_by_name)
{
	struct conntrack_cpu_row *row;
	struct rows rows;

	rows_init(&rows, &conntrack_cpu_row_type);
	ck_assert_int_eq(conntrack_parse_stat(span_of("entries drop future found\n"
						      "0000ffff 00000001 7 ffffffff\n"
						      "0000ffff 00000002 7 00000010\n"),
					      &rows),
			 0);
	ck_assert_uint_eq(rows.count, 2);
	row = rows_at(&rows, 0);
	ck_assert_uint_eq(row->cpu, 0);
	ck_assert_uint_eq(row->drop, 1);
	ck_assert_uint_eq(row->found, UINT32_MAX);
	ck_assert_uint_eq(row->insert, ROW_ABSENT);
	row = rows_at(&rows, 1);
	ck_assert_uint_eq(row->cpu, 1);
	ck_assert_uint_eq(row->drop, 2);
	rows_clear(&rows);
}
END_TEST

START_TEST(stat_broken)
{
	static const char *const broken[] = {
		"",
		"entries found\n",
		"entries found\n00000001",
		"entries found\n00000001 0000000\n00000002 000",
		"entries found\n1\n",
		"entries found\n1 2 3\n",
		"entries found\n1 2\n\n",
		"entries found\n1 100000000\n",
		"entries found\n1 -2\n",
		"entries searched\n1 2\n",
		"<html>\n1\n",
		"\n\n",
	};

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		struct rows rows;

		rows_init(&rows, &conntrack_cpu_row_type);
		ck_assert_msg(conntrack_parse_stat(span_of(broken[i]), &rows) == -EBADMSG,
			      "taken: %s", broken[i]);
		ck_assert_uint_eq(rows.count, 0);
		rows_clear(&rows);
	}
}
END_TEST

static void add_cpus(struct rows *rows, size_t count)
{
	rows_init(rows, &conntrack_cpu_row_type);
	for (size_t i = 0; i < count; i++) {
		struct conntrack_cpu_row *row = rows_add(rows);

		row->cpu = i;
		row->drop = i;
	}
}

START_TEST(numbering)
{
	struct rows rows;

	add_cpus(&rows, 4);
	ck_assert_int_eq(conntrack_number_cpus(&rows, span_of("0,2-3\n")), -EBADMSG);
	ck_assert_int_eq(conntrack_number_cpus(&rows, span_of("0-7\n")), -EBADMSG);
	ck_assert_int_eq(conntrack_number_cpus(&rows, span_of("garbage\n")), -EBADMSG);
	ck_assert_int_eq(conntrack_number_cpus(&rows, span_of("\n")), -EBADMSG);
	ck_assert_int_eq(conntrack_number_cpus(&rows, span_of("0,2,8-9\n")), 0);
	ck_assert_uint_eq(((struct conntrack_cpu_row *)rows_at(&rows, 1))->cpu, 2);
	ck_assert_uint_eq(((struct conntrack_cpu_row *)rows_at(&rows, 3))->cpu, 9);
	rows_clear(&rows);
}
END_TEST

START_TEST(sums)
{
	struct conntrack_cpu_row *last;
	struct conntrack_row row;
	struct rows rows;

	add_cpus(&rows, 4);
	row_reset(&conntrack_row_type, &row);
	for (size_t i = 0; i < rows.count; i++) {
		struct conntrack_cpu_row *cpu = rows_at(&rows, i);

		cpu->insert_failed = UINT64_C(1) << 40;
		cpu->discontinuity = 5 - i;
	}
	conntrack_sum(&rows, &row);
	ck_assert_uint_eq(row.drops, 0 + 1 + 2 + 3);
	ck_assert_uint_eq(row.insert_failed, UINT64_C(4) << 40);
	ck_assert_uint_eq(row.early_drops, ROW_ABSENT);
	ck_assert_uint_eq(row.discontinuity, 5);
	last = rows_at(&rows, 3);
	last->drop = ROW_ABSENT;
	conntrack_sum(&rows, &row);
	ck_assert_uint_eq(row.drops, ROW_ABSENT);
	rows_clear(&rows);
	row_reset(&conntrack_row_type, &row);
	conntrack_sum(&rows, &row);
	ck_assert_uint_eq(row.drops, ROW_ABSENT);
	ck_assert_uint_eq(row.discontinuity, ROW_ABSENT);
}
END_TEST

/* --- the collector on trees --- */

static const struct kernel {
	const char *name;
	uint64_t clash_resolve; /* of CPU 2 */
	uint64_t chain_too_long;
} kernels[] = {
	{"4.18", ROW_ABSENT, ROW_ABSENT},
	{"5.10", 5, ROW_ABSENT},
	{"6.1", 5, 9},
	{"6.18", 5, 9},
};

static void check_kernel(const struct kernel *kernel, const struct unit_collector *unit)
{
	const struct conntrack_row *row = rows_at(&unit->rows[0], 0);
	const struct conntrack_cpu_row *cpu = rows_at(&unit->rows[1], 2);

	ck_assert_uint_eq(unit->rows[0].count, 1);
	ck_assert_uint_eq(unit->rows[1].count, 4);
	ck_assert_uint_eq(row->entries, 500);
	ck_assert_uint_eq(row->max, 262144);
	ck_assert_uint_eq(row->buckets, 65536);
	ck_assert_uint_eq(row->usage, 500 * 10000 / 262144);
	ck_assert_uint_eq(row->drops, 0 + 1 + 18 + 3);
	ck_assert_uint_eq(row->early_drops, 20);
	ck_assert_uint_eq(row->insert_failed, 1 + 2 + 3 + 4);
	ck_assert_uint_eq(row->discontinuity, SECOND);
	ck_assert_uint_eq(cpu->cpu, 2);
	ck_assert_uint_eq(cpu->found, 0x102);
	ck_assert_uint_eq(cpu->invalid, 0x22);
	ck_assert_uint_eq(cpu->error, 9);
	ck_assert_uint_eq(cpu->drop, 18);
	ck_assert_uint_eq(cpu->search_restart, 0xfffffff2);
	ck_assert_uint_eq(cpu->clash_resolve, kernel->clash_resolve);
	ck_assert_uint_eq(cpu->chain_too_long, kernel->chain_too_long);
}

START_TEST(kernel_files)
{
	for (size_t i = 0; i < COUNT_OF(kernels); i++) {
		char relative[64], proc[PATH_MAX], sys[PATH_MAX];
		struct unit_collector unit;
		struct roots roots;

		snprintf(relative, sizeof(relative), "tests/data/conntrack/%s/proc",
			 kernels[i].name);
		unit_source(proc, relative);
		snprintf(relative, sizeof(relative), "tests/data/conntrack/%s/sys",
			 kernels[i].name);
		unit_source(sys, relative);
		roots.path[ROOT_PROC] = proc;
		roots.path[ROOT_SYS] = sys;
		unit_collector_init(&unit, &conntrack_collector, &roots);
		ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
		ck_assert_str_eq(unit.error, "");
		ck_assert_ptr_nonnull(strstr(unit.source, "net/stat/nf_conntrack"));
		check_kernel(&kernels[i], &unit);
		unit_collector_done(&unit);
	}
}
END_TEST

static void write_count(const struct tree *tree, unsigned count, unsigned max)
{
	tree_write(tree, "proc/sys/net/netfilter/nf_conntrack_count", "%u\n", count);
	tree_write(tree, "proc/sys/net/netfilter/nf_conntrack_max", "%u\n", max);
	tree_write(tree, "sys/devices/system/cpu/possible", "0-1\n");
}

static void write_stat(const struct tree *tree, unsigned drop0, unsigned drop1)
{
	tree_write(tree, "proc/net/stat/nf_conntrack",
		   "entries drop early_drop insert_failed\n00000009 %08x 0 0\n00000009 %08x 0 0\n",
		   drop0, drop1);
}

START_TEST(not_loaded)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	write_stat(&tree, 1, 1);
	unit_collector_init(&unit, &conntrack_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	ck_assert_uint_eq(unit.rows[1].count, 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "modprobe nf_conntrack"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* max 0: nothing to be a share of. */
START_TEST(unlimited)
{
	const struct conntrack_row *row;
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	write_count(&tree, 10, 0);
	write_stat(&tree, 1, 2);
	unit_collector_init(&unit, &conntrack_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = rows_at(&unit.rows[0], 0);
	ck_assert_uint_eq(row->entries, 10);
	ck_assert_uint_eq(row->max, ROW_ABSENT);
	ck_assert_uint_eq(row->usage, ROW_ABSENT);
	ck_assert_uint_eq(row->buckets, ROW_ABSENT);
	ck_assert_uint_eq(row->drops, 3);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* Without the counters there are still entries and max; what is absent is said. */
START_TEST(no_stat)
{
	static const char *const texts[] = {NULL, "", "garbage\n",
					    "entries drop\n00000001 00000002\n"};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		const struct conntrack_row *row;
		struct unit_collector unit;
		struct tree tree;

		tree_init(&tree);
		write_count(&tree, 10, 20);
		if (texts[i]) /* the last has one line for two possible CPUs */
			tree_write(&tree, "proc/net/stat/nf_conntrack", "%s", texts[i]);
		unit_collector_init(&unit, &conntrack_collector, &tree.roots);
		ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
		row = rows_at(&unit.rows[0], 0);
		ck_assert_uint_eq(row->usage, 5000);
		ck_assert_uint_eq(row->drops, ROW_ABSENT);
		ck_assert_uint_eq(row->discontinuity, ROW_ABSENT);
		ck_assert_uint_eq(unit.rows[1].count, 0);
		ck_assert_ptr_nonnull(strstr(unit.error, "absent"));
		ck_assert_ptr_null(strstr(unit.source, "stat"));
		unit_collector_done(&unit);
		tree_done(&tree);
	}
}
END_TEST

START_TEST(count_is_garbage)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	write_count(&tree, 10, 20);
	tree_write(&tree, "proc/sys/net/netfilter/nf_conntrack_count", "many\n");
	unit_collector_init(&unit, &conntrack_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EINVAL);
	ck_assert(unit.error[0]);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static const struct conntrack_row *collect_drops(struct unit_collector *unit,
						 const struct tree *tree, unsigned drop0,
						 unsigned drop1, uint64_t now)
{
	write_count(tree, 10, 20);
	write_stat(tree, drop0, drop1);
	ck_assert_int_eq(unit_collect(unit, now), 0);
	return rows_at(&unit->rows[0], 0);
}

/* The kernel's counters have 32 bits each: the sum must pass the wrap of one CPU's. */
START_TEST(wrap_and_reset)
{
	const uint64_t full = UINT64_C(1) << 32;
	const struct conntrack_row *row;
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &conntrack_collector, &tree.roots);
	row = collect_drops(&unit, &tree, UINT32_MAX, 100, SECOND);
	ck_assert_uint_eq(row->drops, full - 1 + 100);
	row = collect_drops(&unit, &tree, 4, 101, 2 * SECOND);
	ck_assert_uint_eq(row->drops, full + 4 + 101);
	ck_assert_uint_eq(row->discontinuity, SECOND);
	/* The second CPU's were reset. */
	row = collect_drops(&unit, &tree, 4, 1, 3 * SECOND);
	ck_assert_uint_eq(row->drops, full + 4 + 101);
	ck_assert_uint_eq(row->discontinuity, 3 * SECOND);

	/* The module goes and comes back: nothing falls, and it shows. */
	tree_remove(&tree, "proc/sys/net/netfilter");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), -ENOENT);
	row = collect_drops(&unit, &tree, 0, 0, 5 * SECOND);
	ck_assert_uint_eq(row->drops, full + 4 + 101);
	ck_assert_uint_eq(row->discontinuity, 5 * SECOND);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("conntrack", decode_cpu, decode_global, decode_broken, stat_by_name, stat_broken,
	  numbering, sums, kernel_files, not_loaded, unlimited, no_stat, count_is_garbage,
	  wrap_and_reset)
