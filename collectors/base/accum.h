/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Accumulators: turn what the kernel counts, in 32 or 64 bits and with resets, into 64-bit
 * counters that continue.
 *
 * A 32-bit field is continued past its wrap, when it can have counted that much since. A field that
 * went back otherwise was reset: the total stays where it is and the row's discontinuity stamp
 * moves. Totals of rows that are gone are kept for an hour (of 4096 of them at most), so that a row
 * that comes back continues too, with its stamp moved.
 */
#ifndef NETDIAG_BASE_ACCUM_H
#define NETDIAG_BASE_ACCUM_H

#include <stdbool.h>
#include <stdint.h>
#include "collectors/base/rows.h"

struct accum_field {
	size_t offset; /* of a uint64_t in the row */
	unsigned bits; /* width of the kernel's counter: 32 or 64; 0: each row says it itself */
};

#define ACCUM_NO_STAMP SIZE_MAX

struct accum_type {
	const struct row_type *row;
	const struct accum_field *fields;
	size_t field_count;
	size_t stamp; /* offset of the discontinuity stamp (monotonic ns), or ACCUM_NO_STAMP */
	/* Where a field's bits is 0: offset of the uint64_t in the row that holds the width, from 1
	 * to 64. Of a sum of counters it is the narrowest one's. */
	size_t row_bits;
	/* Whether two raw rows with equal keys are of the same object: if not, it was made anew, as
	 * with accum_renewed(). May be NULL. */
	bool (*same)(const void *before, const void *now);
};

struct accum;

/* NULL when memory is short. The type must outlive it. */
struct accum *accum_new(const struct accum_type *type);
void accum_free(struct accum *accum);

/* The object with this number as its first key was made anew since the last accum_apply(): its
 * counters start from 0 there, however large they are now. Applies to all rows of that object. */
void accum_renewed(struct accum *accum, uint64_t key);

/*
 * Replaces the raw values in the rows (sorted, keys unique) by continued totals and sets the
 * discontinuity stamps. now: monotonic ns, of this reading. Absent values stay absent, and
 * continue when they are there again. A new row's totals are its raw values, its stamp is now.
 * Returns 0 or -ENOMEM (the rows are then unchanged).
 */
int accum_apply(struct accum *accum, struct rows *rows, uint64_t now);

#endif
