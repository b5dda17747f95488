/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/clock.h"

/* More than any path counts: a 32-bit counter that would have to have run faster than this to have
 * wrapped was reset. */
#define WRAP_PER_SECOND UINT64_C(50000000)

/* How long the totals of a row that is gone are kept. */
#define KEEP_NS (UINT64_C(3600) * SECOND_NS)
/* And of how many at most. */
#define KEEP_MAX 4096

/*
 * The memory holds two copies of each row: the raw one as the kernel gave it and the one that was
 * published. Both sorted, with the same keys. A field that is absent for a while keeps its last
 * values in there, so that it continues too.
 */
struct entry_times {
	uint64_t seen; /* when the row was last there */
	bool renewed;  /* accum_renewed() since */
	bool gone;     /* was not there the last time */
};

struct accum {
	const struct accum_type *type;
	struct rows raw;
	struct rows total;
	struct entry_times *times;
};

struct accum *accum_new(const struct accum_type *type)
{
	struct accum *accum = calloc(1, sizeof(*accum));

	if (!accum)
		return NULL;
	accum->type = type;
	rows_init(&accum->raw, type->row);
	rows_init(&accum->total, type->row);
	return accum;
}

void accum_free(struct accum *accum)
{
	if (!accum)
		return;
	rows_clear(&accum->raw);
	rows_clear(&accum->total);
	free(accum->times);
	free(accum);
}

void accum_renewed(struct accum *accum, uint64_t key)
{
	size_t offset = accum->type->row->key[0].offset;
	size_t low = 0, high = accum->raw.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (row_number(rows_at(&accum->raw, middle), offset) < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < accum->raw.count && row_number(rows_at(&accum->raw, low), offset) == key;
	     low++)
		accum->times[low].renewed = true;
}

static uint64_t *number_at(void *row, size_t offset)
{
	return (uint64_t *)((unsigned char *)row + offset);
}

/* How far a counter of this width can have gone past its wrap within a time. After a long time
 * anything could have happened: half the range. */
static uint64_t wrap_limit(unsigned bits, uint64_t elapsed)
{
	uint64_t half = UINT64_C(1) << (bits - 1);
	uint64_t limit = (elapsed / SECOND_NS + 1) * WRAP_PER_SECOND;

	return limit < half ? limit : half;
}

/* The width of a field in a row whose raw value was old_raw: 1 to 64. */
static unsigned field_bits(const struct accum_type *type, const struct accum_field *field,
			   const void *row, uint64_t old_raw)
{
	uint64_t bits = field->bits;

	if (!bits)
		bits = row_number(row, type->row_bits);
	else if (bits < 64 && old_raw >> bits)
		return 64; /* what it held is wider */
	return bits && bits < 64 ? (unsigned)bits : 64;
}

/* Continues one field. Returns whether it was reset. */
static bool continue_field(unsigned bits, const struct entry_times *times, uint64_t now,
			   uint64_t raw, uint64_t old_raw, uint64_t old_total, uint64_t *total)
{
	if (old_raw == ROW_ABSENT || old_total == ROW_ABSENT) {
		*total = raw;
		return false;
	}
	if (times->renewed) {
		*total = old_total + raw;
		return true;
	}
	if (raw >= old_raw) {
		*total = old_total + (raw - old_raw);
		return false;
	}
	if (bits < 64 && !times->gone) {
		uint64_t step = (raw - old_raw) & ((UINT64_C(1) << bits) - 1);

		if (step <= wrap_limit(bits, now - times->seen)) {
			*total = old_total + step;
			return false;
		}
	}
	*total = old_total;
	return true;
}

/* row: raw values on entry, totals on return. */
static void continue_row(const struct accum_type *type, void *row, const void *raw,
			 const void *total, const struct entry_times *times, uint64_t now)
{
	bool reset = times->renewed || times->gone;

	for (size_t i = 0; i < type->field_count; i++) {
		const struct accum_field *field = &type->fields[i];
		uint64_t *value = number_at(row, field->offset);
		uint64_t old_raw = row_number(raw, field->offset);

		if (*value == ROW_ABSENT)
			continue;
		if (continue_field(field_bits(type, field, row, old_raw), times, now, *value,
				   old_raw, row_number(total, field->offset), value))
			reset = true;
	}
	if (type->stamp != ACCUM_NO_STAMP)
		*number_at(row, type->stamp) = reset ? now : row_number(total, type->stamp);
}

/* The next state of the memory while it is being made. */
struct memory {
	struct rows raw;
	struct rows total;
	struct entry_times *times;
	size_t gone;
};

static int remember(struct memory *next, const void *raw, const void *total, uint64_t seen)
{
	size_t size = next->raw.type->size;
	void *r = rows_add(&next->raw), *t = rows_add(&next->total);

	if (!r || !t)
		return -ENOMEM;
	memcpy(r, raw, size);
	memcpy(t, total, size);
	next->times[next->raw.count - 1] = (struct entry_times){.seen = seen};
	return 0;
}

/* The newest row of the memory is entry i of the old one. What it lacks stays as it was there; of
 * an object made anew it would start from 0. */
static void remember_absent(struct memory *next, const struct accum *accum, size_t i)
{
	void *raw = rows_at(&next->raw, next->raw.count - 1);
	void *total = rows_at(&next->total, next->total.count - 1);

	for (size_t f = 0; f < accum->type->field_count; f++) {
		size_t offset = accum->type->fields[f].offset;
		uint64_t old_raw = row_number(rows_at(&accum->raw, i), offset);

		if (row_number(raw, offset) != ROW_ABSENT || old_raw == ROW_ABSENT)
			continue;
		*number_at(raw, offset) = accum->times[i].renewed ? 0 : old_raw;
		*number_at(total, offset) = row_number(rows_at(&accum->total, i), offset);
	}
}

/* Keeps what is gone, for a while. A renewed mark stays with it. */
static int keep_gone(struct memory *next, const struct accum *accum, size_t i, uint64_t now)
{
	int err;

	if (now - accum->times[i].seen > KEEP_NS || next->gone >= KEEP_MAX)
		return 0;
	next->gone++;
	err = remember(next, rows_at(&accum->raw, i), rows_at(&accum->total, i),
		       accum->times[i].seen);
	if (!err) {
		struct entry_times *times = &next->times[next->raw.count - 1];

		times->renewed = accum->times[i].renewed;
		times->gone = true;
	}
	return err;
}

/* Merges the sorted rows into the sorted memory. totals has a row for each of rows, in order. */
static int merge(const struct accum *accum, const struct rows *rows, struct rows *totals,
		 struct memory *next, uint64_t now)
{
	const struct accum_type *type = accum->type;
	size_t old = 0;
	int err = 0;

	for (size_t i = 0; i < rows->count && !err; i++) {
		const void *raw = rows_at(rows, i);
		void *total = rows_at(totals, i);
		int order = 1;

		while (!err && old < accum->raw.count &&
		       (order = row_compare(type->row, rows_at(&accum->raw, old), raw)) < 0)
			err = keep_gone(next, accum, old++, now);
		if (err)
			break;
		if (old < accum->raw.count && !order) {
			if (type->same && !type->same(rows_at(&accum->raw, old), raw))
				accum->times[old].renewed = true;
			continue_row(type, total, rows_at(&accum->raw, old),
				     rows_at(&accum->total, old), &accum->times[old], now);
			err = remember(next, raw, total, now);
			if (!err)
				remember_absent(next, accum, old++);
			continue;
		}
		if (type->stamp != ACCUM_NO_STAMP)
			*number_at(total, type->stamp) = now;
		err = remember(next, raw, total, now);
	}
	while (!err && old < accum->raw.count)
		err = keep_gone(next, accum, old++, now);
	return err;
}

int accum_apply(struct accum *accum, struct rows *rows, uint64_t now)
{
	const struct row_type *type = accum->type->row;
	struct memory next = {.gone = 0};
	struct rows totals;
	int err = -ENOMEM;

	rows_init(&next.raw, type);
	rows_init(&next.total, type);
	rows_init(&totals, type);
	next.times = calloc(rows->count + accum->raw.count + 1, sizeof(*next.times));
	if (!next.times)
		goto out;
	for (size_t i = 0; i < rows->count; i++) {
		void *row = rows_add(&totals);

		if (!row)
			goto out;
		memcpy(row, rows_at(rows, i), type->size);
	}
	err = merge(accum, rows, &totals, &next, now);
	if (err)
		goto out;
	if (rows->count)
		memcpy(rows->data, totals.data, rows->count * type->size);
	rows_clear(&accum->raw);
	rows_clear(&accum->total);
	free(accum->times);
	accum->raw = next.raw;
	accum->total = next.total;
	accum->times = next.times;
	rows_clear(&totals);
	return 0;
out:
	rows_clear(&next.raw);
	rows_clear(&next.total);
	rows_clear(&totals);
	free(next.times);
	return err;
}
