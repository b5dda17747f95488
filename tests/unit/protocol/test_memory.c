/* SPDX-License-Identifier: BSD-2-Clause */
/* sockstat, sockstat6 and the limits of memory. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/protocol/memory.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

START_TEST(sockstat)
{
	const struct protocol_row *row;
	struct faults faults = {0};
	struct rows rows;

	rows_init(&rows, &protocol_row_type);
	ck_assert_int_eq(
		protocol_memory_parse(span_of("sockets: used 1893\n"
					      "TCP: inuse 412 orphan 31 tw 2307 alloc 640 mem 5\n"
					      "UDP: inuse 22 mem 16 news 3\n"
					      "FRAG: inuse 3 memory 7680\n"),
				      &rows, &faults),
		0);
	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 4);
	row = protocol_memory_find(&rows, "sockets");
	ck_assert_uint_eq(row->in_use, 1893);
	ck_assert_uint_eq(row->orphans, ROW_ABSENT);
	row = protocol_memory_find(&rows, "TCP");
	ck_assert_uint_eq(row->in_use, 412);
	ck_assert_uint_eq(row->orphans, 31);
	ck_assert_uint_eq(row->time_wait, 2307);
	ck_assert_uint_eq(row->allocated, 640);
	ck_assert_uint_eq(row->mem_pages, 5);
	ck_assert_uint_eq(row->mem_bytes, ROW_ABSENT);
	row = protocol_memory_find(&rows, "FRAG");
	ck_assert_uint_eq(row->mem_bytes, 7680);
	ck_assert_uint_eq(row->mem_pages, ROW_ABSENT);
	ck_assert_ptr_null(protocol_memory_find(&rows, "FRAG6"));
	rows_clear(&rows);
}
END_TEST

START_TEST(sockstat_broken)
{
	static const char *const broken[] = {
		"TCP: inuse\n",
		"TCP: inuse x\n",
		"TCP inuse 3\n",
		"\n",
		": inuse 3\n",
		"TCP: inuse 1 orphan -2\n",
		"TCP\x01: inuse 3\n",
		"TCP: inuse 3",
		"ANameThatIsTooLong: inuse 3\n",
		"TCP: inuse 99999999999999999999\n",
	};

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		struct faults faults = {0};
		struct rows rows;

		rows_init(&rows, &protocol_row_type);
		ck_assert_int_eq(protocol_memory_parse(span_of(broken[i]), &rows, &faults), 0);
		ck_assert_msg(!rows.count && faults.count == 1, "taken: %s", broken[i]);
		rows_clear(&rows);
	}
}
END_TEST

START_TEST(mem)
{
	static const char *const broken[] = {"",	"1\t2\t3",  "1\t2\n",	"1 2 3 4\n",
					     "1 2 x\n", "-1 2 3\n", "\n1 2 3\n"};
	struct protocol_row row;

	row_reset(&protocol_row_type, &row);
	ck_assert_int_eq(protocol_memory_parse_mem(span_of("190275\t253703\t380550\n"), &row), 0);
	ck_assert_uint_eq(row.mem_low, 190275);
	ck_assert_uint_eq(row.mem_pressure, 253703);
	ck_assert_uint_eq(row.mem_high, 380550);
	row_reset(&protocol_row_type, &row);
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		ck_assert_int_eq(protocol_memory_parse_mem(span_of(broken[i]), &row), -EBADMSG);
		ck_assert_uint_eq(row.mem_low, ROW_ABSENT);
	}
}
END_TEST

START_TEST(host)
{
	const struct protocol_row *row;
	struct roots roots = roots_default;
	struct unit_collector unit;
	char path[PATH_MAX];

	unit_source(path, "tests/data/limits/host/proc");
	roots.path[ROOT_PROC] = path;
	unit_collector_init(&unit, &protocol_memory_collector, &roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, 11);
	row = protocol_memory_find(&unit.rows[0], "TCP");
	ck_assert_uint_eq(row->mem_high, 380550);
	ck_assert_uint_eq(row->mem_usage, 5120 * 10000 / 380550);
	row = protocol_memory_find(&unit.rows[0], "UDP");
	ck_assert_uint_eq(row->mem_pressure, 507407);
	row = protocol_memory_find(&unit.rows[0], "TCP6");
	ck_assert_uint_eq(row->in_use, 118);
	ck_assert_uint_eq(row->mem_high, ROW_ABSENT);
	ck_assert_uint_eq(row->mem_usage, ROW_ABSENT);
	unit_collector_done(&unit);
}
END_TEST

/* A child namespace has no tcp_mem; a kernel without IPv6 no sockstat6. */
START_TEST(less)
{
	const struct protocol_row *row;
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 4 mem 5\n");
	tree_write(&tree, "proc/net/sockstat6", "TCP6: inuse 6\n");
	unit_collector_init(&unit, &protocol_memory_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "tcp_mem"));
	row = protocol_memory_find(&unit.rows[0], "TCP");
	ck_assert_uint_eq(row->mem_pages, 5);
	ck_assert_uint_eq(row->mem_high, ROW_ABSENT);
	ck_assert_uint_eq(row->mem_usage, ROW_ABSENT);

	tree_write(&tree, "proc/sys/net/ipv4/tcp_mem", "1 2 10\n");
	tree_remove(&tree, "proc/net/sockstat6");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "IPv6"));
	ck_assert_uint_eq(unit.rows[0].count, 1);
	row = protocol_memory_find(&unit.rows[0], "TCP");
	ck_assert_uint_eq(row->mem_usage, 5000);

	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 4 mem 5\nUDP: inuse\n");
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "line 2"));

	tree_write(&tree, "proc/net/sockstat", "rubbish\n");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), -EBADMSG);
	tree_remove(&tree, "proc/net/sockstat");
	ck_assert_int_eq(unit_collect(&unit, 5 * SECOND), -ENOENT);
	ck_assert(unit.error[0]);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("protocols", sockstat, sockstat_broken, mem, host, less)
