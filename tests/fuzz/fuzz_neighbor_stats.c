/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/protocol/neighbor_stats.c: arp_cache and ndisc_cache. */
#include <config.h>

#include <string.h>

#include "collectors/protocol/counters.h"
#include "collectors/protocol/neighbor_stats.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct faults faults = {0};
	struct rows rows;

	rows_init(&rows, &counter_row_type);
	fuzz_check(!neighbor_stats_parse_ndisc(text, &rows, &faults));
	fuzz_check(!faults.count == !faults.first[0]);
	fuzz_check(!faults.count || !rows.count);
	for (size_t i = 0; i < rows.count; i++) {
		const struct counter_row *row = rows_at(&rows, i);
		size_t len = strnlen(row->name, sizeof(row->name));

		fuzz_check(!strcmp(row->group, "Ndisc"));
		fuzz_check(len && len < sizeof(row->name));
		fuzz_check(memmem(text.start, text.len, row->name, len));
	}
	rows_clear(&rows);
	return 0;
}
