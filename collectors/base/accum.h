/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accumulators: turn what the kernel counts, in 32 or 64 bits and with resets, into 64-bit
 * counters that continue.
 *
 * Totals continue for as long as a row is about the same object. A narrow field is continued past
 * its wrap if it can have counted that much in the time; a field that went back otherwise was
 * reset: its total stays where it is, counts on from there, and the row's discontinuity stamp
 * moves. Another object under the same key starts at its own raw values with a new stamp. Which
 * of the two it is, the caller decides: by accum_forget() or accum_type.same.
 *
 * The totals of a row that is missing are kept for an hour (of 4096 rows at most), so that it
 * continues when it comes back, with its stamp moved: a CPU that was offline, or an interface whose
 * driver refused to answer.
 */
#ifndef NETDIAG_BASE_ACCUM_H
#define NETDIAG_BASE_ACCUM_H

#include <stdbool.h>
#include <stdint.h>
#include "collectors/base/rows.h"

struct accum_field {
	size_t offset; /* of a uint64_t in the row */
	unsigned bits; /* width of the kernel's counter: 32 or 64; 0: row_bits has it */
};

#define ACCUM_NO_STAMP SIZE_MAX

struct accum_type {
	const struct row_type *row;
	const struct accum_field *fields;
	size_t field_count;
	size_t stamp; /* offset of the discontinuity stamp (monotonic ns), or ACCUM_NO_STAMP */
	/* Where a field's bits is 0: offset of the uint64_t in the row that holds the width, from 1
	 * to 64. For a sum of counters it is the narrowest one's. */
	size_t row_bits;
	/* Whether two raw rows with equal keys are about the same object. NULL: they are. */
	bool (*same)(const void *before, const void *now);
};

struct accum;

/* NULL when out of memory. The type must outlive it. */
struct accum *accum_new(const struct accum_type *type);
void accum_free(struct accum *accum);

/* Forgets all rows that have this number as their first key: what the next accum_apply() finds
 * there is another object. */
void accum_forget(struct accum *accum, uint64_t key);

/*
 * Replaces the raw values in the rows (sorted, keys unique) by continued totals and sets the
 * discontinuity stamps. now: monotonic ns, of this reading. Absent values stay absent, and
 * continue when they are there again. A new object's totals are its raw values, its stamp is now.
 * Returns 0 or -ENOMEM (the rows are then unchanged).
 */
int accum_apply(struct accum *accum, struct rows *rows, uint64_t now);

#endif
