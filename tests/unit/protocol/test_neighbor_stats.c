/* SPDX-License-Identifier: BSD-2-Clause */
/* The neighbor tables' statistics of several kernels, and files that are not as they should be. */
#include <config.h>

#include <string.h>

#include "collectors/protocol/counters.h"
#include "collectors/protocol/neighbor_stats.h"
#include "tests/unit/unit.h"

static struct rows rows;
static struct faults faults;

static void parse(const char *text, size_t len)
{
	rows_clear(&rows);
	rows_init(&rows, &counter_row_type);
	faults = (struct faults){0};
	ck_assert_int_eq(neighbor_stats_parse_arp((struct span){text, len}, &rows, &faults), 0);
	rows_sort(&rows);
}

static uint64_t value_of(const char *name)
{
	struct counter_row key, *row;

	ROW_SET_TEXT(key.group, "Arp");
	ROW_SET_TEXT(key.name, name);
	row = rows_find(&rows, &key);
	return row ? row->value : ROW_ABSENT;
}

/* Sums over the CPUs, by the names of the header; older kernels have no table_fulls. */
START_TEST(sums)
{
	static const char text[] =
		"entries  allocs destroys hash_grows  lookups hits  res_failed  rcv_probes_mcast "
		"rcv_probes_ucast  periodic_gc_runs forced_gc_runs unresolved_discards\n"
		"00000007  0000000a 00000000 00000000  00000000 00000000  00000000  00000000 "
		"00000000  00000000 00000000 ffffffff\n"
		"00000007  0000000b 00000000 00000000  00000000 00000000  00000000  00000000 "
		"00000000  00000000 00000000 00000002\n";

	parse(text, strlen(text));
	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 11);
	ck_assert_uint_eq(value_of("allocs"), 21);
	ck_assert_uint_eq(value_of("unresolved_discards"), 0xffffffffUL + 2UL);
	ck_assert_uint_eq(value_of("entries"), ROW_ABSENT);
	ck_assert_uint_eq(value_of("table_fulls"), ROW_ABSENT);
}
END_TEST

START_TEST(broken)
{
	static const char *const texts[] = {
		"",
		"\n",
		"allocs\n",
		"allocs hits\n0001\n",
		"allocs hits\n1 2 3\n",
		"allocs hits\n1 x\n",
		"allocs hits\n1 2\n1 2",
		"allocs hits\n1 -2\n",
		"allocs hits\n1 2\n\n",
		"allocs hits\n1 10000000000000000\n",
		"allocs 1hits\n1 2\n",
		"\x01 hits\n1 2\n",
		("a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a a\n"
		 "1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n"),
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		parse(texts[i], strlen(texts[i]));
		ck_assert_msg(!rows.count && faults.count == 1, "taken: %s", texts[i]);
	}
}
END_TEST

/* A file cut anywhere gives its sums only when every CPU's line is whole. */
START_TEST(cut_anywhere)
{
	static const char whole[] = "allocs hits\n10 20\n30 40\n";

	for (size_t len = 0; len < sizeof(whole); len++) {
		bool line = len == 18 || len == 24;

		parse(whole, len);
		ck_assert_uint_eq(rows.count, line ? 2 : 0);
		ck_assert_uint_eq(faults.count, line ? 0 : 1);
	}
}
END_TEST

UNIT_MAIN("neighbor_stats", sums, broken, cut_anywhere)
