/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Turns raw kernel counters into 64-bit totals that continue past wraps and resets. Pure: it works
 * on the rows that a collector has read.
 */
#include <config.h>

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/clock.h"

/* No path counts faster: a 32-bit counter that would have to have run faster than this to have
 * wrapped was reset. */
#define WRAP_PER_SECOND UINT64_C(50000000)

/* How long the totals of missing rows are kept, and of how many. */
#define KEEP_NS	 (UINT64_C(3600) * SECOND_NS)
#define KEEP_MAX 4096

/* What is remembered of a row. A field that is absent for a while keeps its last values in here. */
struct accum_entry {
	uint64_t seen; /* monotonic ns: when the row was last there */
	bool missing;  /* it was not there the last time */
	bool forgotten;
	alignas(uint64_t) unsigned char rows[]; /* the raw row, then the published one */
};

struct accum {
	const struct accum_type *type;
	size_t entry_size;
	size_t count;
	unsigned char *entries; /* in the order of the rows' keys */
};

static struct accum_entry *entry_at(const struct accum *accum, size_t i)
{
	return (struct accum_entry *)(accum->entries + i * accum->entry_size);
}

static unsigned char *entry_total(const struct accum *accum, struct accum_entry *entry)
{
	return entry->rows + accum->type->row->size;
}

static uint64_t *number_at(void *row, size_t offset)
{
	return (uint64_t *)((unsigned char *)row + offset);
}

struct accum *accum_new(const struct accum_type *type)
{
	struct accum *accum = calloc(1, sizeof(*accum));

	if (!accum)
		return NULL;
	accum->type = type;
	accum->entry_size = sizeof(struct accum_entry) + 2 * type->row->size;
	return accum;
}

void accum_free(struct accum *accum)
{
	if (!accum)
		return;
	free(accum->entries);
	free(accum);
}

void accum_forget(struct accum *accum, uint64_t key)
{
	size_t offset = accum->type->row->key[0].offset;

	for (size_t i = 0; i < accum->count; i++) {
		struct accum_entry *entry = entry_at(accum, i);

		if (row_number(entry->rows, offset) == key)
			entry->forgotten = true;
	}
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
		return 64; /* the old value exceeds the declared width */
	return bits && bits < 64 ? (unsigned)bits : 64;
}

/* How much a field counted since old_raw. Sets *reset, and counts nothing, when it was reset. */
static uint64_t field_step(unsigned bits, const struct accum_entry *entry, uint64_t now,
			   uint64_t raw, uint64_t old_raw, bool *reset)
{
	if (raw >= old_raw)
		return raw - old_raw;
	if (bits < 64 && !entry->missing) {
		uint64_t step = (raw - old_raw) & ((UINT64_C(1) << bits) - 1);

		if (step <= wrap_limit(bits, now - entry->seen))
			return step;
	}
	*reset = true;
	return 0;
}

/* Whether an entry is about the object that a raw row with the same key is about. */
static bool accum_is_same(const struct accum *accum, const struct accum_entry *entry,
			  const void *raw)
{
	const struct accum_type *type = accum->type;

	return !entry->forgotten && (!type->same || type->same(entry->rows, raw));
}

/* Turns a row's raw values into totals, and remembers both in next. before: what was remembered of
 * the same object; NULL for another one. */
static void continue_row(struct accum *next, struct accum_entry *before, void *row, uint64_t now)
{
	const struct accum_type *type = next->type;
	struct accum_entry *entry = entry_at(next, next->count++);
	unsigned char *total = entry_total(next, entry);
	bool moved = !before || before->missing;

	*entry = (struct accum_entry){.seen = now};
	memcpy(entry->rows, row, type->row->size);
	memcpy(total, row, type->row->size);
	for (size_t i = 0; before && i < type->field_count; i++) {
		const struct accum_field *field = &type->fields[i];
		uint64_t *value = number_at(row, field->offset), raw = *value;
		uint64_t old_raw = row_number(before->rows, field->offset);
		uint64_t old_total = row_number(entry_total(next, before), field->offset);

		if (old_raw == ROW_ABSENT)
			continue;
		if (raw == ROW_ABSENT) {
			*number_at(entry->rows, field->offset) = old_raw;
			*number_at(total, field->offset) = old_total;
			continue;
		}
		old_total += field_step(field_bits(type, field, row, old_raw), before, now, raw,
					old_raw, &moved);
		*value = *number_at(total, field->offset) = row_present(old_total);
	}
	if (type->stamp != ACCUM_NO_STAMP)
		*number_at(row, type->stamp) = *number_at(total, type->stamp) =
			moved ? now : row_number(entry_total(next, before), type->stamp);
}

/* Keeps what is missing, for a while. */
static void keep_missing(struct accum *next, const struct accum_entry *entry, uint64_t now,
			 size_t *kept)
{
	if (entry->forgotten || now - entry->seen > KEEP_NS || *kept == KEEP_MAX)
		return;
	++*kept;
	memcpy(entry_at(next, next->count), entry, next->entry_size);
	entry_at(next, next->count++)->missing = true;
}

int accum_apply(struct accum *accum, struct rows *rows, uint64_t now)
{
	const struct row_type *type = accum->type->row;
	struct accum next = *accum;
	size_t old = 0, kept = 0;

	next.count = 0;
	next.entries = reallocarray(NULL, accum->count + rows->count + 1, accum->entry_size);
	if (!next.entries)
		return -ENOMEM;
	/* Both are sorted. */
	for (size_t i = 0; i < rows->count; i++) {
		void *row = rows_at(rows, i);
		struct accum_entry *before = NULL;
		int order = 1;

		while (old < accum->count &&
		       (order = row_compare(type, entry_at(accum, old)->rows, row)) < 0)
			keep_missing(&next, entry_at(accum, old++), now, &kept);
		if (!order)
			before = entry_at(accum, old++);
		if (before && !accum_is_same(accum, before, row))
			before = NULL;
		continue_row(&next, before, row, now);
	}
	for (; old < accum->count; old++)
		keep_missing(&next, entry_at(accum, old), now, &kept);
	free(accum->entries);
	*accum = next;
	return 0;
}
