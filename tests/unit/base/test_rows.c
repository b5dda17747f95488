/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/rows.h"
#include "tests/unit/unit.h"

#define MANY 100000

struct sample {
	uint64_t group;
	uint64_t number;
	char name[8];
};

static const struct row_type by_number = {
	.name = "sample",
	.size = sizeof(struct sample),
	.text = offsetof(struct sample, name),
	.key = {ROW_NUMBER(struct sample, group)},
};

static const struct row_type by_both = {
	.name = "sample",
	.size = sizeof(struct sample),
	.text = offsetof(struct sample, name),
	.key = {ROW_NUMBER(struct sample, group), ROW_TEXT(struct sample, name)},
};

static const struct row_type single = {
	.name = "sample",
	.size = sizeof(struct sample),
	.text = offsetof(struct sample, name),
};

static struct sample *add(struct rows *rows, uint64_t group, uint64_t number, const char *name)
{
	struct sample *row = rows_add(rows);

	if (!row)
		ck_abort_msg("no memory");
	row->group = group;
	row->number = number;
	ROW_SET_TEXT(row->name, name);
	return row;
}

static const struct sample *at(const struct rows *rows, size_t i)
{
	return rows_at(rows, i);
}

START_TEST(a_fresh_row_is_absent)
{
	struct rows rows;

	rows_init(&rows, &by_both);
	for (int i = 0; i < 100; i++) {
		const struct sample *row = rows_add(&rows);

		ck_assert_uint_eq(row->group, ROW_ABSENT);
		ck_assert_uint_eq(row->number, ROW_ABSENT);
		ck_assert_mem_eq(row->name, "\0\0\0\0\0\0\0", sizeof(row->name));
	}
	ck_assert_uint_eq(rows.count, 100);
	rows_drop_last(&rows);
	ck_assert_uint_eq(rows.count, 99);
	/* What the dropped row held does not shine through. */
	add(&rows, 1, 2, "abc");
	rows_drop_last(&rows);
	ck_assert_str_eq(((struct sample *)rows_add(&rows))->name, "");
	rows_clear(&rows);
	ck_assert_uint_eq(rows.count, 0);
	rows_drop_last(&rows);
	ck_assert_uint_eq(rows.count, 0);
	add(&rows, 1, 2, "again");
	ck_assert_uint_eq(rows.count, 1);
	rows_clear(&rows);
}
END_TEST

START_TEST(sorts_in_snmp_order)
{
	static const struct {
		uint64_t group;
		const char *name;
	} order[] = {
		{1, "a"}, {1, "z"}, {1, "aa"},	     {2, ""},
		{2, "B"}, {2, "a"}, {2, "\303\244"}, {10, "a"},
	};
	struct rows rows;

	rows_init(&rows, &by_both);
	for (size_t i = COUNT_OF(order); i-- > 0;)
		add(&rows, order[i].group, i, order[i].name);
	ck_assert_uint_eq(rows_sort(&rows), 0);
	ck_assert_uint_eq(rows.count, COUNT_OF(order));
	for (size_t i = 0; i < rows.count; i++) {
		ck_assert_uint_eq(at(&rows, i)->number, i);
		ck_assert_str_eq(at(&rows, i)->name, order[i].name);
	}
	ck_assert_uint_eq(rows_sort(&rows), 0);
	rows_clear(&rows);
}
END_TEST

START_TEST(of_equal_keys_the_first_stays)
{
	struct rows rows;

	rows_init(&rows, &by_number);
	for (uint64_t i = 0; i < 3000; i++)
		add(&rows, (i * 7919) % 1000, i, "");
	ck_assert_uint_eq(rows_sort(&rows), 2000);
	ck_assert_uint_eq(rows.count, 1000);
	for (size_t i = 0; i < rows.count; i++) {
		ck_assert_uint_eq(at(&rows, i)->group, i);
		ck_assert_uint_lt(at(&rows, i)->number, 1000);
	}
	rows_clear(&rows);
}
END_TEST

START_TEST(without_a_key_there_is_one_row)
{
	struct rows rows;

	rows_init(&rows, &single);
	ck_assert_uint_eq(rows_sort(&rows), 0);
	add(&rows, 5, 1, "x");
	ck_assert_uint_eq(rows_sort(&rows), 0);
	ck_assert_ptr_eq(rows_find(&rows, at(&rows, 0)), at(&rows, 0));
	add(&rows, 4, 2, "y");
	ck_assert_uint_eq(rows_sort(&rows), 1);
	ck_assert_uint_eq(at(&rows, 0)->number, 1);
	rows_clear(&rows);
}
END_TEST

START_TEST(finds_each_and_nothing_else)
{
	struct sample key = {.group = 0};
	struct rows rows;

	rows_init(&rows, &by_number);
	ck_assert_ptr_null(rows_find(&rows, &key));
	for (uint64_t i = 0; i < 100; i++)
		add(&rows, 2 * i + 1, i, "");
	for (uint64_t i = 0; i < 202; i++) {
		const struct sample *row;

		key.group = i;
		row = rows_find(&rows, &key);
		ck_assert_msg(!row == !(i % 2 && i < 200), "%" PRIu64, i);
		if (row)
			ck_assert_uint_eq(row->number, i / 2);
	}
	rows_clear(&rows);
}
END_TEST

/* Of 100,000 rows in the worst orders: a quadratic sort would not end in time. */
START_TEST(many_rows)
{
	struct rows rows;
	size_t wrong = 0; /* an assertion for each row would take most of the time */

	rows_init(&rows, &by_number);
	for (uint64_t i = 0; i < MANY; i++)
		add(&rows, MANY - i, i, "");
	ck_assert_uint_eq(rows_sort(&rows), 0);
	for (size_t i = 0; i < MANY; i++)
		wrong += at(&rows, i)->group != i + 1;
	ck_assert_uint_eq(wrong, 0);
	for (uint64_t i = 0; i < MANY; i++)
		add(&rows, 1, i, "");
	ck_assert_uint_eq(rows_sort(&rows), MANY);
	ck_assert_uint_eq(rows.count, MANY);
	ck_assert_uint_eq(at(&rows, 0)->number, MANY - 1);
	rows_clear(&rows);
}
END_TEST

/* Rows in the order of `numbers`, sorted like the last time: a group's first row stays. */
static void sort_like(struct rows_order *last, const unsigned *numbers, size_t count,
		      size_t dropped)
{
	struct rows rows;

	rows_init(&rows, &by_number);
	for (size_t i = 0; i < count; i++)
		add(&rows, numbers[i], i, "");
	ck_assert_uint_eq(rows_sort_like(&rows, last), dropped);
	ck_assert_uint_eq(rows.count, count - dropped);
	for (size_t i = 0; i < rows.count; i++) {
		size_t first = 0;

		ck_assert(!i || at(&rows, i - 1)->group < at(&rows, i)->group);
		while (numbers[first] != at(&rows, i)->group)
			first++;
		ck_assert_uint_eq(at(&rows, i)->number, first);
	}
	rows_clear(&rows);
}

START_TEST(sorts_like_the_last_time)
{
	static const unsigned first[] = {5, 3, 9, 1, 7}, other[] = {9, 3, 1, 7, 5},
			      more[] = {9, 3, 1, 7, 5, 2}, equal[] = {9, 3, 9, 7, 3};
	struct rows_order last = {.from = NULL};

	sort_like(&last, first, 5, 0);
	ck_assert_uint_eq(last.count, 5);
	ck_assert_uint_eq(last.from[0], 3);
	sort_like(&last, first, 5, 0);
	sort_like(&last, other, 5, 0);
	ck_assert_uint_eq(last.from[0], 2);
	sort_like(&last, equal, 5, 2);
	sort_like(&last, equal, 5, 2);
	sort_like(&last, more, 6, 0);
	sort_like(&last, first, 5, 0);
	rows_order_clear(&last);
}
END_TEST

START_TEST(texts_are_cut_and_cleaned)
{
	struct sample row;

	memset(&row, 'x', sizeof(row));
	ROW_SET_TEXT(row.name, "seven77");
	ck_assert_str_eq(row.name, "seven77");
	ROW_SET_TEXT(row.name, "eight888");
	ck_assert_str_eq(row.name, "eight88");
	ROW_SET_TEXT(row.name, "a\n\x7f\x1b");
	ck_assert_mem_eq(row.name, "a???\0\0\0", sizeof(row.name));
	ROW_SET_TEXT(row.name, "");
	ck_assert_mem_eq(row.name, "\0\0\0\0\0\0\0", sizeof(row.name));
}
END_TEST

START_TEST(usage_in_hundredths_of_a_percent)
{
	ck_assert_uint_eq(row_usage(0, 100), 0);
	ck_assert_uint_eq(row_usage(1, 3), 3333);
	ck_assert_uint_eq(row_usage(100, 100), 10000);
	ck_assert_uint_eq(row_usage(3, 2), 15000);
	ck_assert_uint_eq(row_usage(1, 0), ROW_ABSENT);
	ck_assert_uint_eq(row_usage(ROW_ABSENT, 1), ROW_ABSENT);
	ck_assert_uint_eq(row_usage(1, ROW_ABSENT), ROW_ABSENT);
	/* No overflow where the product does not fit. */
	ck_assert_uint_eq(row_usage(UINT64_MAX - 1, (UINT64_MAX - 1) / 2), 20000);
}
END_TEST

UNIT_MAIN("rows", a_fresh_row_is_absent, sorts_in_snmp_order, of_equal_keys_the_first_stays,
	  without_a_key_there_is_one_row, finds_each_and_nothing_else, many_rows,
	  sorts_like_the_last_time, texts_are_cut_and_cleaned, usage_in_hundredths_of_a_percent)
