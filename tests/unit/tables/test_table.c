/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One golden tree: a few made rows, and the OIDs of all cells that are there, in their order. GET,
 * GETNEXT and the order are all tested from it, and from a linear search as the reference.
 */
#include <config.h>

/* The library's MIB parser has a struct tree too. */
#define tree netsnmp_tree
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#undef tree

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collectors/cpu/softnet.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/registry.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/table.h"
#include "tests/unit/unit.h"

#define MAX_TABLES 64

/* The made rows of each table; type NULL: the table has none at all. */
static struct rows made[MAX_TABLES];

static const struct rows *made_rows(const struct table *table, void *arg)
{
	const struct rows *rows = &made[table - tables];

	ck_assert_ptr_null(arg);
	return rows->type ? rows : NULL;
}

static struct rows *make(const char *name)
{
	const struct table *table = table_find(name);
	struct rows *rows;

	ck_assert_ptr_nonnull(table);
	rows = &made[table - tables];
	if (!rows->type)
		rows_init(rows, table->type);
	return rows;
}

static void *add_to(const char *name)
{
	void *row = rows_add(make(name));

	ck_assert_ptr_nonnull(row);
	return row;
}

static void sort_all(void)
{
	for (size_t i = 0; i < table_count; i++)
		if (made[i].type)
			ck_assert_uint_eq(rows_sort(&made[i]), 0);
}

static void clear_all(void)
{
	for (size_t i = 0; i < table_count; i++)
		if (made[i].type)
			rows_clear(&made[i]);
	memset(made, 0, sizeof(made));
}

/* --- the golden tree -------------------------------------------------------------------------- */

static void make_nic_stat(uint64_t ifindex, const char *name, uint64_t value)
{
	struct nic_stat_row *row = add_to("netdiagNicStatTable");

	row->ifindex = ifindex;
	row->value = value;
	ROW_SET_TEXT(row->name, name);
}

static void make_counter(const char *group, const char *name, uint64_t value)
{
	struct counter_row *row = add_to("netdiagCounterTable");

	row->value = value;
	ROW_SET_TEXT(row->group, group);
	ROW_SET_TEXT(row->name, name);
}

static void make_golden(void)
{
	struct agent_row *agent = add_to("netdiagAgent");
	struct softnet_row *softnet;
	struct tcp_row *tcp = add_to("netdiagTcp");
	struct nic_row *nic;

	agent->uptime = 1;
	agent->traps_sent = 0;
	tcp->listen_overflows = 1;
	tcp->curr_estab = 0;

	/* Keys out of order, 0 and the largest number; every cell of a column can be absent. */
	softnet = add_to("netdiagSoftnetTable");
	softnet->cpu = UINT32_MAX;
	softnet->processed = 5;
	softnet = add_to("netdiagSoftnetTable");
	softnet->cpu = 0;
	softnet->processed = 6;
	softnet->time_squeeze = 7;
	softnet = add_to("netdiagSoftnetTable");
	softnet->cpu = 7;
	softnet->dropped = 0;

	/* A row of which nothing but a text is there. */
	nic = add_to("netdiagNicTable");
	nic->ifindex = 3;
	nic = add_to("netdiagNicTable");
	nic->ifindex = 2;
	ROW_SET_TEXT(nic->driver, "veth");

	make_nic_stat(UINT32_MAX, "z", 1);
	make_nic_stat(2, "ab", 1);
	make_nic_stat(2, "b", 1);
	make_nic_stat(2, "\xff", 1);
	make_nic_stat(2, "", 1);
	make_nic_stat(10, "a", 1);

	make_counter("TcpExt", "B", 1);
	make_counter("TcpExt", "A", 1);
	make_counter("Ip", "Abc", 1);

	make("netdiagIrqTable");
	sort_all();
}

/* Below base.1. */
static const char *const golden[] = {
	"1.1.0",  /* netdiagAgentBootId: a text is always there */
	"1.10.0", /* netdiagAgentWorstPlace */
	"1.11.0", /* netdiagAgentSummary */
	"1.12.0", /* netdiagAgentConfigHash */
	"1.13.0", /* netdiagAgentUptime */
	"1.14.0", /* netdiagAgentVersion */
	"1.17.0", /* netdiagAgentTrapsSent: 0 is not absent */
	"1.22.0", /* netdiagAgentViewpoint */
	"3.1.2.0",
	"3.1.2.4294967295",
	"3.1.3.7",
	"3.1.4.0",
	"4.1.2.2",
	"4.1.2.3",   /* netdiagNicName */
	"4.1.3.2",   /* netdiagNicDriver: absent when empty */
	"5.1.2.2.0", /* netdiagNicStatLabel */
	"5.1.2.2.1.98",
	"5.1.2.2.1.255",
	"5.1.2.2.2.97.98",
	"5.1.2.10.1.97",
	"5.1.2.4294967295.1.122",
	"5.1.3.2.0", /* netdiagNicStatValue */
	"5.1.3.2.1.98",
	"5.1.3.2.1.255",
	"5.1.3.2.2.97.98",
	"5.1.3.10.1.97",
	"5.1.3.4294967295.1.122",
	"7.1.3.2.73.112.3.65.98.99",
	"7.1.3.6.84.99.112.69.120.116.1.65",
	"7.1.3.6.84.99.112.69.120.116.1.66",
	"8.1.0",  /* netdiagTcpListenOverflows */
	"8.29.0", /* netdiagTcpCurrEstab */
};

#define GOLDEN COUNT_OF(golden)

struct name {
	oid arc[MAX_OID_LEN + 2];
	size_t len;
};

static struct name below_objects(const char *suffix)
{
	struct name name = {.len = base_oid_len};

	memcpy(name.arc, base_oid, base_oid_len * sizeof(oid));
	name.arc[name.len++] = ARC_OBJECTS;
	while (*suffix) {
		char *end;

		name.arc[name.len++] = strtoul(suffix, &end, 10);
		suffix = *end ? end + 1 : end;
	}
	return name;
}

static struct name name_of(const struct cell *cell)
{
	struct name name;

	name.len = table_oid(cell->table, cell->column, cell->row, name.arc);
	return name;
}

static int compare(const struct name *a, const struct name *b)
{
	return snmp_oid_compare(a->arc, a->len, b->arc, b->len);
}

static enum table_miss get(const struct name *name, struct cell *cell)
{
	return table_get(name->arc, name->len, made_rows, NULL, cell);
}

static bool next(const struct name *name, struct cell *cell)
{
	return table_next(name->arc, name->len, made_rows, NULL, cell);
}

/* --- the reference: all cells, sorted; what follows is found by looking at each --------------- */

struct list {
	struct name *names;
	size_t count;
};

static int compare_names(const void *a, const void *b)
{
	return compare(a, b);
}

static struct list list_cells(void)
{
	struct list list = {0};

	for (size_t t = 0; t < table_count; t++)
		for (size_t c = 0; made[t].type && c < tables[t].column_count; c++)
			for (size_t r = 0; r < made[t].count; r++) {
				struct cell cell = {&tables[t], &tables[t].columns[c],
						    rows_at(&made[t], r)};

				if (cell.column->index || !column_present(cell.column, cell.row))
					continue;
				list.names = reallocarray(list.names, list.count + 1,
							  sizeof(list.names[0]));
				ck_assert_ptr_nonnull(list.names);
				list.names[list.count++] = name_of(&cell);
			}
	qsort(list.names, list.count, sizeof(list.names[0]), compare_names);
	return list;
}

static void check_next(const struct list *list, const struct name *asked)
{
	struct name found;
	struct cell cell;
	size_t i = 0;

	while (i < list->count && compare(&list->names[i], asked) <= 0)
		i++;
	if (!next(asked, &cell)) {
		ck_assert_uint_eq(i, list->count);
		return;
	}
	ck_assert_uint_lt(i, list->count);
	found = name_of(&cell);
	ck_assert_int_eq(compare(&found, &list->names[i]), 0);
}

static void check_get(const struct list *list, const struct name *asked)
{
	struct name found;
	struct cell cell;
	bool there = false;

	for (size_t i = 0; i < list->count; i++)
		there = there || !compare(&list->names[i], asked);
	ck_assert_int_eq(get(asked, &cell) == TABLE_FOUND, there);
	if (!there)
		return;
	found = name_of(&cell);
	ck_assert_int_eq(compare(&found, asked), 0);
}

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(golden_walk)
{
	struct name at = {.arc = {0}, .len = 0};
	struct cell cell;

	make_golden();
	for (size_t i = 0; i < GOLDEN; i++) {
		struct name want = below_objects(golden[i]);

		ck_assert(next(&at, &cell));
		at = name_of(&cell);
		ck_assert_msg(!compare(&at, &want), "%s is not next", golden[i]);
	}
	ck_assert(!next(&at, &cell));
	clear_all();
}
END_TEST

START_TEST(golden_get)
{
	struct cell cell;

	make_golden();
	for (size_t i = 0; i < GOLDEN; i++) {
		struct name name = below_objects(golden[i]), found;

		ck_assert_msg(get(&name, &cell) == TABLE_FOUND, "%s is not there", golden[i]);
		found = name_of(&cell);
		ck_assert_int_eq(compare(&found, &name), 0);
		name.arc[name.len++] = 0;
		ck_assert_int_eq(get(&name, &cell), TABLE_NO_INSTANCE);
		name.len -= 2;
		ck_assert_int_ne(get(&name, &cell), TABLE_FOUND);
	}
	clear_all();
}
END_TEST

START_TEST(values)
{
	struct name name;
	struct cell cell;

	make_golden();
	name = below_objects("3.1.4.0");
	ck_assert_int_eq(get(&name, &cell), TABLE_FOUND);
	ck_assert_str_eq(cell.table->name, "netdiagSoftnetTable");
	ck_assert_str_eq(cell.column->name, "netdiagSoftnetTimeSqueeze");
	ck_assert_uint_eq(row_number(cell.row, cell.column->offset), 7);
	clear_all();
}
END_TEST

START_TEST(misses)
{
	static const struct {
		const char *suffix;
		enum table_miss miss;
	} cases[] = {
		{"", TABLE_NO_OBJECT},
		{"0", TABLE_NO_OBJECT},
		{"3", TABLE_NO_OBJECT},
		{"3.1", TABLE_NO_OBJECT},
		{"3.0.2.0", TABLE_NO_OBJECT}, /* no such entry */
		{"3.2.2.0", TABLE_NO_OBJECT},
		{"3.1.1.0", TABLE_NO_OBJECT}, /* an index is not accessible */
		{"3.1.0.0", TABLE_NO_OBJECT},
		{"3.1.99.0", TABLE_NO_OBJECT},
		{"99.1.2.0", TABLE_NO_OBJECT},
		{"8.60.0", TABLE_NO_OBJECT},
		{"3.1.2", TABLE_NO_INSTANCE},
		{"3.1.2.1", TABLE_NO_INSTANCE},
		{"3.1.3.0", TABLE_NO_INSTANCE}, /* the cell is absent */
		{"8.2.0", TABLE_NO_INSTANCE},
		{"8.1", TABLE_NO_INSTANCE},
		{"8.1.1", TABLE_NO_INSTANCE},
		{"5.1.2.2.3.97.98", TABLE_NO_INSTANCE},	 /* a length without its octets */
		{"5.1.2.2.2.97.354", TABLE_NO_INSTANCE}, /* 354 is 98 in one octet */
		{"6.1.4.1", TABLE_NO_INSTANCE},		 /* empty table */
		{"10.1.0", TABLE_NO_INSTANCE},		 /* no rows at all */
	};
	struct name name;
	struct cell cell;

	make_golden();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		name = below_objects(cases[i].suffix);
		ck_assert_msg(get(&name, &cell) == cases[i].miss, "\"%s\"", cases[i].suffix);
	}
	name.len = base_oid_len;
	ck_assert_int_eq(get(&name, &cell), TABLE_NO_OBJECT);
	name.len = 0;
	ck_assert_int_eq(get(&name, &cell), TABLE_NO_OBJECT);
	clear_all();
}
END_TEST

START_TEST(prefixes)
{
	struct list list;

	make_golden();
	list = list_cells();
	ck_assert_uint_eq(list.count, GOLDEN);
	for (size_t i = 0; i < GOLDEN; i++) {
		struct name name = below_objects(golden[i]);

		for (name.arc[name.len] = 0; name.len; name.len--) {
			check_next(&list, &name);
			check_get(&list, &name);
		}
		check_next(&list, &name);
	}
	free(list.names);
	clear_all();
}
END_TEST

START_TEST(outside)
{
	struct name before = below_objects(""), after = below_objects(""), want;
	struct cell cell;

	make_golden();
	before.arc[base_oid_len] = ARC_NOTIFICATIONS;
	before.arc[before.len++] = UINT32_MAX;
	ck_assert(next(&before, &cell));
	before = name_of(&cell);
	want = below_objects(golden[0]);
	ck_assert_int_eq(compare(&before, &want), 0);
	after.arc[base_oid_len] = ARC_CONFORMANCE;
	ck_assert(!next(&after, &cell));
	after.arc[0] = 2;
	after.len = 1;
	ck_assert(!next(&after, &cell));
	clear_all();
}
END_TEST

static oid random_arc(oid arc)
{
	static const oid arcs[] = {0, 1, 2, 3, 97, 98, 255, 256, INT32_MAX, UINT32_MAX};

	switch (random() % 4) {
	case 0:
		return arc + 1;
	case 1:
		return arc ? arc - 1 : 0;
	case 2:
		return arcs[(size_t)random() % COUNT_OF(arcs)];
	default:
		return (oid)random();
	}
}

/* An OID near one that is there: cut, made longer, arcs changed. */
static struct name mutate(const struct name *name)
{
	struct name other = *name;
	size_t last = base_oid_len;

	for (int i = (int)(random() % 3); i >= 0; i--) {
		size_t at = last + (size_t)random() % (other.len - last);

		other.arc[at] = random_arc(other.arc[at]);
	}
	if (!(random() % 3))
		other.len = last + 1 + (size_t)random() % (other.len - last);
	else if (!(random() % 3))
		other.arc[other.len++] = random_arc(0);
	return other;
}

START_TEST(random_names)
{
	struct list list;

	srandom(1);
	make_golden();
	list = list_cells();
	for (int i = 0; i < 20000; i++) {
		struct name name = mutate(&list.names[(size_t)random() % list.count]);

		check_next(&list, &name);
		check_get(&list, &name);
	}
	free(list.names);
	clear_all();
}
END_TEST

/* Texts of random bytes and lengths, numbers of all sizes, every other cell absent. */
static void make_random(void)
{
	for (int i = 0; i < 40; i++) {
		struct nic_stat_row *stat = add_to("netdiagNicStatTable");
		struct conntrack_cpu_row *cpu = add_to("netdiagConntrackCpuTable");
		size_t len = (size_t)random() % (sizeof(stat->name) - 1);

		stat->ifindex = random() % 2 ? (uint64_t)random() % 4 : (uint64_t)random() * 2;
		for (size_t j = 0; j < len; j++)
			stat->name[j] = (char)(1 + random() % 255);
		stat->value = random() % 2 ? ROW_ABSENT : 1;
		cpu->cpu = (uint64_t)random() % 64;
		cpu->found = random() % 2 ? ROW_ABSENT : 1;
		cpu->drop = random() % 2 ? ROW_ABSENT : 1;
	}
	for (size_t i = 0; i < table_count; i++)
		if (made[i].type)
			rows_sort(&made[i]);
}

START_TEST(walk_is_what_get_reaches)
{
	srandom(2);
	for (int round = 0; round < 50; round++) {
		struct name at = {.len = 0}, before;
		struct list list;
		struct cell cell;
		size_t steps = 0;

		make_random();
		list = list_cells();
		for (before = at; next(&at, &cell); before = at) {
			at = name_of(&cell);
			ck_assert_int_gt(compare(&at, &before), 0);
			ck_assert_int_eq(get(&at, &cell), TABLE_FOUND);
			ck_assert_uint_lt(steps, list.count);
			ck_assert_int_eq(compare(&at, &list.names[steps]), 0);
			steps++;
		}
		ck_assert_uint_eq(steps, list.count);
		free(list.names);
		clear_all();
	}
}
END_TEST

START_TEST(nothing_at_all)
{
	struct name at = {.len = 0};
	struct cell cell;

	ck_assert(!next(&at, &cell));
	make("netdiagSoftnetTable");
	make("netdiagTcp");
	ck_assert(!next(&at, &cell));
	clear_all();
}
END_TEST

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The processor time of `steps` GETNEXTs spread over a column of this many rows. */
static double cost(size_t rows, size_t steps)
{
	struct name name;
	struct cell cell;
	double start;

	for (size_t i = 0; i < rows; i++) {
		struct softnet_row *row = add_to("netdiagSoftnetTable");

		row->cpu = i;
		row->processed = i;
	}
	sort_all();
	name = below_objects("3.1.2.0");
	start = seconds();
	for (size_t i = 0; i < steps; i++) {
		name.arc[name.len - 1] = i * (rows - 1) / steps;
		ck_assert(next(&name, &cell));
	}
	start = seconds() - start;
	clear_all();
	return start;
}

/* A thousand times the rows are ten steps more of a binary search, and a thousand times the steps
 * of a linear one: anything below a hundred tells them apart. */
START_TEST(steps_are_logarithmic)
{
	double small = cost(100, 20000), large = cost(100000, 20000);

	ck_assert_msg(large < small * 100, "100 rows: %g s, 100000 rows: %g s", small, large);
}
END_TEST

/* --- the map of the product ------------------------------------------------------------------- */

START_TEST(map_names)
{
	ck_assert_uint_le(table_count, MAX_TABLES);
	for (size_t t = 0; t < table_count; t++) {
		const struct table *table = &tables[t];

		ck_assert_uint_gt(table->arc, t ? tables[t - 1].arc : 0);
		ck_assert_uint_le(strlen(table->name), 32);
		ck_assert_ptr_eq(table_find(table->name), table);
		if (table->entry)
			ck_assert_uint_le(strlen(table->entry), 32);
		for (size_t c = 0; c < table->column_count; c++) {
			const struct column *column = &table->columns[c];

			ck_assert_uint_le(strlen(column->name), 32);
			ck_assert_ptr_eq(table_column(table, column->name), column);
			/* Arc 0: another table's index, which may only come first. */
			if (c)
				ck_assert_uint_gt(column->arc, table->columns[c - 1].arc);
			else
				ck_assert(column->arc > 0 || column->index);
		}
	}
	ck_assert_ptr_null(table_find("netdiagNone"));
	ck_assert_ptr_null(table_column(&tables[0], "netdiagNone"));
}
END_TEST

static bool is_text(enum column_type type)
{
	return type == COLUMN_TEXT || type == COLUMN_TEXT_SPARSE || type == COLUMN_OID;
}

START_TEST(times)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z"},
		{UINT64_C(1709210096700000000), "2024-02-29T12:34:56Z"},
		{UINT64_MAX, "2554-07-21T23:34:33Z"},
	};
	char text[TIME_TEXT_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		time_text(cases[i].ns, text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

START_TEST(map_columns_fit_rows)
{
	for (size_t t = 0; t < table_count; t++)
		for (size_t c = 0; c < tables[t].column_count; c++) {
			const struct row_type *type = tables[t].type;
			const struct column *column = &tables[t].columns[c];
			const char *name = column->name;

			ck_assert_msg(column->offset + column->size <= type->size, "%s", name);
			ck_assert_msg((column->type == COLUMN_ENUM ||
				       column->type == COLUMN_TRUTH) == (column->values != NULL),
				      "%s", name);
			if (is_text(column->type)) {
				ck_assert_msg(column->offset >= type->text, "%s", name);
			} else {
				ck_assert_msg(column->size == sizeof(uint64_t), "%s", name);
				ck_assert_msg(column->offset + column->size <= type->text, "%s",
					      name);
				ck_assert_msg(column->offset % sizeof(uint64_t) == 0, "%s", name);
			}
		}
}
END_TEST

START_TEST(map_indexes_are_keys)
{
	for (size_t t = 0; t < table_count; t++) {
		const struct table *table = &tables[t];
		size_t keys = 0;

		while (keys < ROW_KEYS_MAX && table->type->key[keys].kind != ROW_KEY_NONE)
			keys++;
		ck_assert_msg((keys > 0) == (table->entry != NULL), "%s", table->name);
		for (size_t c = 0; c < table->column_count; c++) {
			const struct column *column = &table->columns[c];
			const struct row_key *key;

			ck_assert_msg(column->index == (c < keys), "%s", column->name);
			if (!column->index)
				continue;
			key = &table->type->key[c];
			ck_assert_msg(key->offset == column->offset, "%s", column->name);
			ck_assert_msg((key->kind == ROW_KEY_TEXT) == is_text(column->type), "%s",
				      column->name);
		}
	}
}
END_TEST

/* With the longest base OID that configure takes, 22 arcs, no OID is longer than 128. */
START_TEST(map_names_fit_into_an_oid)
{
	for (size_t t = 0; t < table_count; t++) {
		size_t len = 22 + 4;

		for (size_t c = 0; c < tables[t].column_count; c++) {
			const struct column *column = &tables[t].columns[c];

			/* A text of size n has n - 1 octets and its length. */
			if (column->index)
				len += is_text(column->type) ? column->size : 1;
		}
		ck_assert_msg(len <= MAX_OID_LEN, "%s: %zu arcs", tables[t].name, len);
	}
}
END_TEST

START_TEST(map_collectors_fill_the_tables)
{
	for (size_t t = 0; t < table_count; t++) {
		const struct table *table = &tables[t];
		const struct collector *const *collector = collectors;
		size_t rows = 0;

		if (!table->collector)
			continue;
		while (*collector && strcmp((*collector)->name, table->collector))
			collector++;
		ck_assert_msg(*collector != NULL, "%s", table->name);
		while ((*collector)->rows[rows])
			rows++;
		ck_assert_msg(table->rows < rows, "%s", table->name);
		ck_assert_msg((*collector)->rows[table->rows] == table->type, "%s", table->name);
	}
}
END_TEST

UNIT_MAIN("table", golden_walk, golden_get, values, misses, prefixes, outside, random_names,
	  walk_is_what_get_reaches, nothing_at_all, steps_are_logarithmic, map_names, times,
	  map_columns_fit_rows, map_indexes_are_keys, map_names_fit_into_an_oid,
	  map_collectors_fill_the_tables)
