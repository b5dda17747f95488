/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define HOUR   (3600 * SECOND)
#define TWO_32 UINT64_C(0x100000000)
#define MANY   20000

struct sample {
	uint64_t key;
	uint64_t narrow; /* 32 bits */
	uint64_t wide;
	uint64_t gauge; /* not accumulated */
	uint64_t stamp;
	char name[8];
};

#define OFFSET(m) offsetof(struct sample, m)

static const struct row_type row_type = {
	.name = "sample",
	.size = sizeof(struct sample),
	.text = OFFSET(name),
	.key = {ROW_NUMBER(struct sample, key), ROW_TEXT(struct sample, name)},
};

static const struct accum_field fields[] = {{OFFSET(narrow), 32}, {OFFSET(wide), 64}};
static const struct accum_type type = {
	.row = &row_type,
	.fields = fields,
	.field_count = COUNT_OF(fields),
	.stamp = OFFSET(stamp),
};

static struct accum *accum;
static struct rows rows;

static void begin(void)
{
	accum = accum_new(&type);
	ck_assert_ptr_nonnull(accum);
	rows_init(&rows, &row_type);
}

static void end(void)
{
	rows_clear(&rows);
	accum_free(accum);
}

static void read_row(uint64_t key, const char *name, uint64_t narrow, uint64_t wide)
{
	struct sample *row = rows_add(&rows);

	if (!row)
		ck_abort_msg("no memory");
	row->key = key;
	row->narrow = narrow;
	row->wide = wide;
	row->gauge = 77;
	ROW_SET_TEXT(row->name, name);
}

/* Applies what was read; the totals are then in rows until apply_row() or rows_clear(). */
static void apply(uint64_t now)
{
	ck_assert_uint_eq(rows_sort(&rows), 0);
	ck_assert_int_eq(accum_apply(accum, &rows, now), 0);
}

/* Reads and applies one row, and says what came out. */
static struct sample apply_row(uint64_t now, uint64_t narrow, uint64_t wide)
{
	rows_clear(&rows);
	read_row(1, "", narrow, wide);
	apply(now);
	ck_assert_uint_eq(rows.count, 1);
	return *(struct sample *)rows_at(&rows, 0);
}

static void expect(struct sample row, uint64_t narrow, uint64_t wide, uint64_t stamp)
{
	ck_assert_uint_eq(row.narrow, narrow);
	ck_assert_uint_eq(row.wide, wide);
	ck_assert_uint_eq(row.stamp, stamp);
	ck_assert_uint_eq(row.gauge, 77);
}

START_TEST(counts_on)
{
	begin();
	expect(apply_row(SECOND, 100, 1000), 100, 1000, SECOND);
	expect(apply_row(2 * SECOND, 100, 1500), 100, 1500, SECOND);
	expect(apply_row(3 * SECOND, 150, TWO_32 * 5), 150, TWO_32 * 5, SECOND);
	end();
}
END_TEST

START_TEST(wraps_continue)
{
	begin();
	apply_row(SECOND, UINT32_MAX - 9, 5);
	expect(apply_row(2 * SECOND, 10, 5), TWO_32 + 10, 5, SECOND);
	expect(apply_row(3 * SECOND, 20, 6), TWO_32 + 20, 6, SECOND);
	/* And once more, as slowly as that takes. */
	for (uint64_t i = 1; i <= 4; i++)
		apply_row(HOUR * i, UINT32_MAX / 4 * i, 6);
	expect(apply_row(HOUR * 4 + SECOND, 40, 6), 2 * TWO_32 + 40, 6, SECOND);
	end();
}
END_TEST

/* 2^32 - 1 is a value, not the end of the world; and a step of just the range is none. */
START_TEST(limits_of_the_range)
{
	begin();
	apply_row(SECOND, UINT32_MAX, 0);
	expect(apply_row(2 * SECOND, 0, 0), TWO_32, 0, SECOND);
	expect(apply_row(3 * SECOND, 0, 0), TWO_32, 0, SECOND);
	end();
}
END_TEST

START_TEST(resets_stand_still_and_move_the_stamp)
{
	begin();
	apply_row(SECOND, 1000, 2000);
	/* To have wrapped it would have had to count 4 billion in a second. */
	expect(apply_row(2 * SECOND, 10, 2000), 1000, 2000, 2 * SECOND);
	expect(apply_row(3 * SECOND, 15, 2001), 1005, 2001, 2 * SECOND);
	/* A wide counter never wraps. */
	expect(apply_row(4 * SECOND, 15, 1), 1005, 2001, 4 * SECOND);
	expect(apply_row(5 * SECOND, 16, 3), 1006, 2003, 4 * SECOND);
	end();
}
END_TEST

/* After a long pause a wrap is plausible that is none after a second. */
START_TEST(a_wrap_must_be_plausible)
{
	const uint64_t from = UINT32_MAX - 200000000;

	begin();
	apply_row(SECOND, from, 0);
	expect(apply_row(2 * SECOND, 0, 0), from, 0, 2 * SECOND);
	end();
	begin();
	apply_row(SECOND, from, 0);
	expect(apply_row(11 * SECOND, 0, 0), TWO_32, 0, SECOND);
	end();
	/* But never one of more than half the range. */
	begin();
	apply_row(SECOND, 1000, 0);
	expect(apply_row(100 * HOUR, 10, 0), 1000, 0, 100 * HOUR);
	end();
}
END_TEST

/* A field that was thought to have 32 bits and has more does not wrap at 2^32. */
START_TEST(wider_than_thought)
{
	begin();
	apply_row(SECOND, TWO_32 * 3 - 1, 0);
	expect(apply_row(2 * SECOND, TWO_32 * 3 + 4, 0), TWO_32 * 3 + 4, 0, SECOND);
	expect(apply_row(3 * SECOND, 1, 0), TWO_32 * 3 + 4, 0, 3 * SECOND);
	end();
}
END_TEST

/* Another object under the same key has its own counts, whether they are more or fewer. */
START_TEST(forgotten_starts_at_its_own_values)
{
	begin();
	apply_row(SECOND, 1000, 2000);
	accum_forget(accum, 1);
	expect(apply_row(2 * SECOND, 1500, 3000), 1500, 3000, 2 * SECOND);
	expect(apply_row(3 * SECOND, 1501, 3002), 1501, 3002, 2 * SECOND);
	accum_forget(accum, 1);
	expect(apply_row(4 * SECOND, 5, 6), 5, 6, 4 * SECOND);
	/* The wrap of one object is not the next one's. */
	apply_row(5 * SECOND, UINT32_MAX, 6);
	accum_forget(accum, 1);
	expect(apply_row(6 * SECOND, 3, 6), 3, 6, 6 * SECOND);
	/* One that was never seen. */
	accum_forget(accum, 2);
	expect(apply_row(7 * SECOND, 3, 6), 3, 6, 6 * SECOND);
	end();
}
END_TEST

/* The one 64-bit value that stands for an absent one is neither made by adding up nor left. */
START_TEST(the_last_value_is_not_absent)
{
	begin();
	apply_row(SECOND, 10, UINT64_MAX - 4);
	/* A reset leaves the total, which then reaches the end. */
	expect(apply_row(2 * SECOND, 10, 1), 10, UINT64_MAX - 4, 2 * SECOND);
	expect(apply_row(3 * SECOND, 10, 5), 10, UINT64_MAX - 1, 2 * SECOND);
	expect(apply_row(4 * SECOND, 10, 5), 10, UINT64_MAX - 1, 2 * SECOND);
	end();
	ck_assert_uint_eq(row_present(UINT64_MAX), UINT64_MAX - 1);
	ck_assert_uint_eq(row_present(UINT64_MAX - 1), UINT64_MAX - 1);
	ck_assert_uint_eq(row_present(0), 0);
}
END_TEST

static bool gauge_is_same(const void *before, const void *now)
{
	const struct sample *x = before, *y = now;

	return x->gauge == y->gauge;
}

/* The row says itself that it is of another object, also when it was away meanwhile. */
START_TEST(another_object)
{
	static const uint64_t gauge[] = {5, 5, 6, 6, 6, 7};
	static const uint64_t total[] = {1000, 1100, 1200, 1300, 1400, 1500};
	static const bool here[] = {true, true, true, true, false, true};
	static const bool moved[] = {true, false, true, false, false, true};
	struct accum_type with_same = type;
	uint64_t stamp = 0;

	with_same.same = gauge_is_same;
	accum = accum_new(&with_same);
	ck_assert_ptr_nonnull(accum);
	rows_init(&rows, &row_type);
	for (size_t i = 0; i < COUNT_OF(gauge); i++) {
		uint64_t now = (i + 1) * SECOND;
		struct sample *row;

		rows_clear(&rows);
		if (here[i])
			read_row(1, "", 1000 + i * 100, 0);
		if (here[i])
			((struct sample *)rows_at(&rows, 0))->gauge = gauge[i];
		apply(now);
		if (!here[i])
			continue;
		row = rows_at(&rows, 0);
		stamp = moved[i] ? now : stamp;
		ck_assert_msg(row->narrow == total[i], "%zu: %" PRIu64, i, row->narrow);
		ck_assert_uint_eq(row->stamp, stamp);
	}
	end();
}
END_TEST

START_TEST(forgetting_concerns_all_rows_of_the_object)
{
	static const char *const names[] = {"a", "b", "cc"};

	begin();
	for (uint64_t key = 1; key <= 5; key++)
		for (size_t n = 0; n < COUNT_OF(names); n++)
			read_row(key, names[n], 100, 100);
	apply(SECOND);
	accum_forget(accum, 3);
	rows_clear(&rows);
	for (uint64_t key = 1; key <= 5; key++)
		for (size_t n = 0; n < COUNT_OF(names); n++)
			read_row(key, names[n], 150, 150);
	apply(2 * SECOND);
	ck_assert_uint_eq(rows.count, 5 * COUNT_OF(names));
	for (size_t i = 0; i < rows.count; i++) {
		const struct sample *row = rows_at(&rows, i);

		ck_assert_uint_eq(row->narrow, 150);
		ck_assert_uint_eq(row->wide, 150);
		ck_assert_uint_eq(row->stamp, row->key == 3 ? 2 * SECOND : SECOND);
	}
	end();
}
END_TEST

START_TEST(gone_and_back)
{
	begin();
	apply_row(SECOND, 1000, 2000);
	rows_clear(&rows);
	apply(2 * SECOND);
	/* The same object: it counts on from what it had. */
	expect(apply_row(3 * SECOND, 1010, 2010), 1010, 2010, 3 * SECOND);
	rows_clear(&rows);
	apply(4 * SECOND);
	/* Reset meanwhile: nothing is taken for a wrap. */
	expect(apply_row(5 * SECOND, 5, 6), 1010, 2010, 5 * SECOND);
	expect(apply_row(6 * SECOND, 6, 8), 1011, 2012, 5 * SECOND);
	/* Forgotten while it was gone. */
	rows_clear(&rows);
	apply(7 * SECOND);
	accum_forget(accum, 1);
	apply(8 * SECOND);
	expect(apply_row(9 * SECOND, 100, 100), 100, 100, 9 * SECOND);
	end();
}
END_TEST

START_TEST(gone_for_long_is_forgotten)
{
	begin();
	apply_row(SECOND, 1000, 2000);
	rows_clear(&rows);
	apply(2 * SECOND);
	apply(HOUR + 2 * SECOND);
	expect(apply_row(HOUR + 3 * SECOND, 5, 6), 5, 6, HOUR + 3 * SECOND);
	end();
}
END_TEST

/* A field that cannot be read for a while is absent meanwhile, and then goes on from where it was;
 * never back. */
START_TEST(absent_for_a_while)
{
	begin();
	apply_row(SECOND, UINT32_MAX, 500);
	expect(apply_row(2 * SECOND, 9, 500), TWO_32 + 9, 500, SECOND);
	expect(apply_row(3 * SECOND, ROW_ABSENT, ROW_ABSENT), ROW_ABSENT, ROW_ABSENT, SECOND);
	expect(apply_row(4 * SECOND, ROW_ABSENT, 600), ROW_ABSENT, 600, SECOND);
	expect(apply_row(5 * SECOND, 20, 700), TWO_32 + 20, 700, SECOND);
	/* Gone back meanwhile: a reset. */
	expect(apply_row(6 * SECOND, 30, ROW_ABSENT), TWO_32 + 30, ROW_ABSENT, SECOND);
	expect(apply_row(7 * SECOND, 30, 1), TWO_32 + 30, 700, 7 * SECOND);
	/* First seen later than the row. */
	end();
	begin();
	expect(apply_row(SECOND, ROW_ABSENT, 1), ROW_ABSENT, 1, SECOND);
	expect(apply_row(2 * SECOND, 70, 1), 70, 1, SECOND);
	end();
}
END_TEST

START_TEST(forgotten_while_absent)
{
	begin();
	apply_row(SECOND, 100, 1000);
	accum_forget(accum, 1);
	expect(apply_row(2 * SECOND, 5, ROW_ABSENT), 5, ROW_ABSENT, 2 * SECOND);
	expect(apply_row(3 * SECOND, 6, 2000), 6, 2000, 2 * SECOND);
	end();
}
END_TEST

START_TEST(rows_come_and_go_between_others)
{
	begin();
	for (uint64_t key = 1; key <= 9; key++)
		read_row(key, "", 100 * key, 0);
	apply(SECOND);
	rows_clear(&rows);
	for (uint64_t key = 0; key <= 12; key += 2)
		read_row(key, "", 100 * key + 1, 0);
	apply(2 * SECOND);
	for (size_t i = 0; i < rows.count; i++) {
		const struct sample *row = rows_at(&rows, i);

		ck_assert_uint_eq(row->narrow, 100 * row->key + 1);
		ck_assert_uint_eq(row->stamp, row->key >= 2 && row->key <= 8 ? SECOND : 2 * SECOND);
	}
	end();
}
END_TEST

START_TEST(without_a_stamp)
{
	static const struct accum_type unstamped = {
		.row = &row_type,
		.fields = fields,
		.field_count = COUNT_OF(fields),
		.stamp = ACCUM_NO_STAMP,
	};

	accum = accum_new(&unstamped);
	rows_init(&rows, &row_type);
	expect(apply_row(SECOND, 1000, 5), 1000, 5, ROW_ABSENT);
	expect(apply_row(2 * SECOND, 5, 6), 1000, 6, ROW_ABSENT);
	end();
}
END_TEST

/* Drivers count in 16, 32 or 64 bits: the row says it, here in its gauge. */
START_TEST(width_in_the_row)
{
	static const struct accum_field field[] = {{OFFSET(wide), 0}};
	static const struct accum_type by_row = {
		.row = &row_type,
		.fields = field,
		.field_count = COUNT_OF(field),
		.stamp = OFFSET(stamp),
		.row_bits = OFFSET(gauge),
	};
	static const struct {
		uint64_t bits, before, after, total;
	} cases[] = {
		{16, 65530, 4, 65540},
		{16, 1000, 4, 1000}, /* too far for a wrap: a reset */
		{32, UINT32_MAX, 1, TWO_32 + 1},
		{64, UINT32_MAX, 1, UINT32_MAX},
		{0, UINT32_MAX, 1, UINT32_MAX},
		{ROW_ABSENT, UINT32_MAX, 1, UINT32_MAX},
		/* A sum of 32-bit ones, one of which wrapped. */
		{32, TWO_32 + 9, 11, TWO_32 + 11},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct sample *row;

		accum = accum_new(&by_row);
		rows_init(&rows, &row_type);
		for (uint64_t turn = 1; turn <= 2; turn++) {
			rows_clear(&rows);
			read_row(1, "", 0, turn == 1 ? cases[i].before : cases[i].after);
			((struct sample *)rows_at(&rows, 0))->gauge = cases[i].bits;
			apply(turn * SECOND);
		}
		row = rows_at(&rows, 0);
		ck_assert_msg(row->wide == cases[i].total, "case %zu: %" PRIu64, i, row->wide);
		ck_assert_uint_eq(row->stamp,
				  cases[i].total == cases[i].before ? 2 * SECOND : SECOND);
		end();
	}
}
END_TEST

/*
 * 20,000 rows, all of them others the next time: it takes linear time (a quadratic merge or
 * search would not end), and what is kept of those that are gone is bounded.
 */
START_TEST(many_rows)
{
	size_t kept = 0, wrong = 0; /* an assertion for each row would take most of the time */
	bool is_new;

	begin();
	for (uint64_t round = 0; round < 3; round++) {
		rows_clear(&rows);
		for (uint64_t key = 0; key < MANY; key++)
			read_row(round * MANY + key, "", 9, 9);
		apply((round + 1) * SECOND);
		for (uint64_t key = 0; key < MANY; key += 100)
			accum_forget(accum, round * MANY + key);
	}
	rows_clear(&rows);
	for (uint64_t key = 0; key < 3 * MANY; key++)
		read_row(key, "", 6, 6);
	apply(4 * SECOND);
	for (size_t i = 0; i < rows.count; i++) {
		const struct sample *row = rows_at(&rows, i);

		/* What was kept stands at 9, what counts as new at 6. */
		is_new = row->wide == 6;
		wrong += row->wide != 6 && row->wide != 9;
		if (row->key < 2 * MANY)
			kept += !is_new;
		else
			wrong += is_new != (row->key % MANY % 100 == 0);
	}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_gt(kept, 0);
	ck_assert_uint_le(kept, 4096);
	end();
}
END_TEST

/* Long random series against a model that knows how much was really counted. */
START_TEST(random_series)
{
	uint64_t truth = 0, base, shown = 0;

	srand(20);
	begin();
	base = truth = (uint64_t)rand();
	for (uint64_t i = 1; i < 20000; i++) {
		struct sample row = apply_row(i * SECOND, (uint32_t)truth, truth);

		ck_assert_uint_ge(row.narrow, shown);
		shown = row.narrow;
		ck_assert_uint_eq(row.narrow - (uint32_t)base, truth - base);
		ck_assert_uint_eq(row.wide, truth);
		ck_assert_uint_eq(row.stamp, SECOND);
		truth += (uint64_t)rand() % 50000000;
	}
	ck_assert_uint_gt(truth, 100 * TWO_32);
	end();
}
END_TEST

UNIT_MAIN("accum", counts_on, wraps_continue, limits_of_the_range,
	  resets_stand_still_and_move_the_stamp, a_wrap_must_be_plausible, wider_than_thought,
	  forgotten_starts_at_its_own_values, the_last_value_is_not_absent, another_object,
	  forgetting_concerns_all_rows_of_the_object, gone_and_back, gone_for_long_is_forgotten,
	  absent_for_a_while, forgotten_while_absent, rows_come_and_go_between_others,
	  without_a_stamp, width_in_the_row, many_rows, random_series)
