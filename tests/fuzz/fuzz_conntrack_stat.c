/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/protocol/conntrack.c: /proc/net/stat/nf_conntrack and the list of possible CPUs. */
#include <config.h>

#include <stdbool.h>

#include "collectors/protocol/conntrack.h"
#include "tests/fuzz/fuzz.h"

/* All numbers of a row but its CPU and stamp are absent or have 32 bits, and the same ones are
 * absent in all rows. */
static void check_row(const struct conntrack_cpu_row *row, const struct conntrack_cpu_row *first)
{
	for (size_t at = offsetof(struct conntrack_cpu_row, found);
	     at < offsetof(struct conntrack_cpu_row, discontinuity); at += sizeof(uint64_t)) {
		uint64_t number = row_number(row, at);

		fuzz_check(number == ROW_ABSENT || number <= UINT32_MAX);
		fuzz_check((number == ROW_ABSENT) == (row_number(first, at) == ROW_ABSENT));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct conntrack_row sum;
	struct rows rows;
	bool good;

	rows_init(&rows, &conntrack_cpu_row_type);
	good = !conntrack_parse_stat(text, &rows);
	fuzz_check(good == (rows.count > 0));
	for (size_t i = 0; i < rows.count; i++) {
		const struct conntrack_cpu_row *row = rows_at(&rows, i);

		fuzz_check(row->cpu == i);
		check_row(row, rows_at(&rows, 0));
	}
	row_reset(&conntrack_row_type, &sum);
	conntrack_sum(&rows, &sum);
	fuzz_check(good || sum.drops == ROW_ABSENT);
	if (!conntrack_number_cpus(&rows, text))
		fuzz_check(!rows_sort(&rows));
	rows_clear(&rows);
	return 0;
}
